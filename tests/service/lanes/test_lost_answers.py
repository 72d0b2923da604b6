"""Lost answers, refusals and changes that cross: nothing is filed twice or forgotten, and nobody holds the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from connectors.protocol import Call, Member, OutcomeUnknown, Refused
from contracts.books import Observed
from contracts.invoices import DocumentStatus
from contracts.problems import Reason
from service.clock import utc_now
from service.lanes import push
from service.records import retry
from service.store.tables import Record, StoredCall
from tests.fakes.ledger import a_problem
from tests.service.lanes.conftest import World, a_customer, an_invoice


def break_off(_: Call) -> None:
    """Nobody knows whether it arrived."""
    raise OutcomeUnknown("read time-out")


async def with_a_customer(world: World) -> None:
    await world.accept(a_customer())
    await world.work()


async def ask_again(world: World, external_id: str) -> None:
    """A person presses Retry."""
    async with world.database.write() as session:
        await retry(session, await session.get_one(Record, (await world.record(external_id)).id))


async def test_a_call_that_waited_long_before_it_left_is_not_given_up_at_its_first_lost_answer(world: World) -> None:
    """A pause of an hour is no age of the call: the ledger may still be at work on it, under its key."""
    await with_a_customer(world)
    await world.accept(an_invoice())
    held = await world.take()
    await push._plan(held, world.ledger, world.connection.id)
    async with world.database.write() as session:
        hour_ago = utc_now() - timedelta(hours=1)
        await session.exec(update(StoredCall).where(col(StoredCall.state) == "ready").values(opened_at=hour_ago))
    world.ledger.before.append(break_off)
    await world.work(held)
    await world.make_due()
    await world.work(held)

    assert world.ledger.calls[-1] == world.ledger.calls[-2]
    assert (await world.record("inv_1")).state == "in_sync"


async def test_a_refusal_to_be_looked_into_is_no_refusal_of_what_was_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call landed and its answer was lost. If Retry sent it as something new, it would be filed twice."""
    await with_a_customer(world)
    world.ledger.after.append(break_off)
    await world.accept(an_invoice())
    await world.work()
    look = world.ledger.look

    async def closed(members: Sequence[Member]) -> dict[str, Observed | None]:
        raise Refused("answered 403 with a body that is html", status=403)

    monkeypatch.setattr(world.ledger, "look", closed)
    await world.make_due()
    await world.work()
    assert (await world.record("inv_1")).state == "uncertain"

    monkeypatch.setattr(world.ledger, "look", look)
    await ask_again(world, "inv_1")
    await world.make_due()
    await world.work()

    assert world.invoices() == ["INV_1"]
    assert (await world.record("inv_1")).state == "in_sync"


async def test_a_poisoned_update_is_set_aside_and_its_neighbours_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that breaks its call is found not made, and would be planned again with the same neighbours for ever."""
    monkeypatch.setattr(push, "SETTLING_SECONDS", 0)
    ids = ("inv_1", "inv_2", "inv_3")
    await world.accept(a_customer(), *[an_invoice(id_) for id_ in ids])
    await world.work()
    world.ledger.poison = {"INV_2"}
    await world.accept(*[an_invoice(id_, memo="changed") for id_ in ids])
    for _ in range(30):
        await world.work(rounds=10)
        await world.make_due()

    assert [(await world.record(id_)).state for id_ in ids] == ["in_sync", "blocked", "in_sync"]


async def test_a_change_that_landed_with_its_answer_lost_is_not_sent_again_as_it_was(world: World) -> None:
    """Its version has moved on, so it is planned again from what is there now."""
    await world.accept(a_customer(), an_invoice())
    await world.work()
    world.ledger.after.append(break_off)
    await world.accept(an_invoice(memo="changed"))
    for _ in range(3):
        await world.work()
        await world.make_due()

    assert (await world.record("inv_1")).state == "in_sync"
    assert world.invoices() == ["INV_1"]


async def test_a_version_accepted_while_the_last_one_is_refused_is_tried(world: World) -> None:
    """It may be the very correction; nobody should have to press Retry for it."""
    await with_a_customer(world)
    await world.accept(an_invoice())
    held = await world.take()
    await push._plan(held, world.ledger, world.connection.id)
    world.ledger.refuse = {"INV_1": a_problem(Reason.LINE_UNMAPPED)}

    await world.accept(an_invoice(memo="corrected"))
    stored = await push._next_call(held, world.connection.id)
    assert stored is not None
    await push._carry_out(held, world.ledger, stored)
    world.ledger.refuse = {}
    await world.work(held)

    record = await world.record("inv_1")
    assert (record.state, record.ledger_version, world.invoices()) == ("in_sync", 2, ["INV_1"])


async def test_billing_voids_what_the_ledger_deleted(world: World) -> None:
    """It is what the problem tells a person to do, so it has to end there."""
    await world.accept(a_customer(), an_invoice())
    await world.work()
    (key,) = [key for key in world.ledger.holds if key[0] == "invoice"]
    del world.ledger.holds[key]
    await world.accept(an_invoice(memo="changed"))
    await world.work()
    assert (await world.record("inv_1")).problems[0]["reason"] == Reason.DELETED_IN_LEDGER

    await world.accept(an_invoice(memo="changed", status=DocumentStatus.VOIDED))
    await world.work()

    assert (await world.record("inv_1")).state == "in_sync"
