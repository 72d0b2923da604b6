"""Importing customers: each ledger customer is one of billing's, and no choice of a person stops the lane."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects import sqlite
from sqlmodel import col, select

from connectors.protocol import Call, OutcomeUnknown
from contracts.books import ObservedCustomer, RecordKind, RemoteRef
from contracts.imports import ImportSelection, RowState, SelectedRow
from service.clock import utc_now
from service.imports import runs
from service.store.tables import Connection, ImportRun, Link, StoredImportRow
from tests.service.lanes.conftest import World, a_customer

LITERALLY = {"literal_binds": True}


async def a_read_run(world: World) -> ImportRun:
    """All customers of the ledger, read and judged."""
    async with world.database.write() as session:
        run = await runs.start(session, await session.get_one(Connection, world.connection.id))
    await world.work()
    return run


async def choose(world: World, run: ImportRun, remote_id: str, customer_id: str = "") -> StoredImportRow:
    """A person imports one row; returns what came of it."""
    async with world.database.write() as session:
        row = SelectedRow(row_id=remote_id, customer_id=customer_id)
        await runs.select_rows(session, run, ImportSelection(rows=[row]))
    await world.work()
    async with world.database.read() as session:
        return await session.get_one(StoredImportRow, (run.id, remote_id))


async def test_a_customer_whose_link_was_given_up_is_linked_still(world: World) -> None:
    """It was merged away, or taken for deleted; a second link to it would be refused by the database, every round."""
    await world.accept(a_customer())
    await world.work()
    async with world.database.write() as session:
        link = (await session.exec(select(Link))).one()
        await session.exec(update(Link).where(col(Link.id) == link.id).values(gone_at=utc_now()))
    run = await a_read_run(world)
    async with world.database.write() as session:
        # As a run that was read before the link was made.
        await session.exec(update(StoredImportRow).values(state=RowState.VALID, customer_id=""))

    row = await choose(world, run, link.remote_id, "cus_other")

    assert (row.state, row.customer_id) == (RowState.LINKED, "cus_1")


async def test_a_customer_that_is_being_sent_is_not_given_another_one_meanwhile(world: World) -> None:
    """Its answer was lost: it may be there already, and its link would then go over the imported one."""

    def break_off(_: Call) -> None:
        raise OutcomeUnknown("read time-out")

    ref = RemoteRef(kind=RecordKind.CUSTOMER, id="7", version="0")
    typed = ObservedCustomer(ref=ref, customer=a_customer("7"), fingerprint="typed")
    world.ledger.holds[(RecordKind.CUSTOMER, "7")] = typed
    run = await a_read_run(world)
    world.ledger.after.append(break_off)
    await world.accept(a_customer())
    await world.work()
    assert (await world.record("cus_1")).state == "uncertain"

    row = await choose(world, run, "7", "cus_1")
    await world.make_due()
    await world.work()

    async with world.database.read() as session:
        linked = (await session.exec(select(Link.remote_id))).all()
    assert row.state == RowState.INVALID
    assert list(linked) == ["101"]


async def test_a_lane_does_not_read_through_a_run_to_learn_that_nothing_was_asked_for(world: World) -> None:
    """A run of a hundred thousand rows stays where it is, and every round of the lane asks."""
    wanted = runs._waiting_rows(world.connection.id).compile(dialect=sqlite.dialect(), compile_kwargs=LITERALLY)
    async with world.database.read() as session:
        steps = (await session.connection()).exec_driver_sql(f"EXPLAIN QUERY PLAN {wanted}")
        plan = " ".join(str(step) for step in (await steps).all())

    assert "import_rows_wanted" in plan
