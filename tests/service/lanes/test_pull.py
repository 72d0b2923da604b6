"""Ledger to billing: what cannot be read or applied stays behind alone, and the lane goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlmodel import col, select

from connectors.protocol import Changes, Refused
from contracts.books import (
    Gone,
    Observed,
    ObservedAllocation,
    ObservedCustomer,
    ObservedDocument,
    ObservedPayment,
    RecordKind,
    RemoteRef,
)
from service.clock import utc_now
from service.lanes import apply
from service.lanes.hints import ask_to_read
from service.lanes.lane import HeldLane
from service.lanes.pull import apply_hints, sweep_changes
from service.store.tables import Change, Connection, Link
from tests.service.lanes.conftest import World, a_customer, an_invoice


async def lane_with_two_invoices(world: World) -> HeldLane:
    """Two invoices in agreement, and the lane that holds them."""
    await world.accept(a_customer(), an_invoice("inv_1"), an_invoice("inv_2"))
    held = await world.take()
    await world.work(held)
    return held


async def notice(world: World, kind: RecordKind, *remote_ids: str, merged_into: str = "") -> None:
    """The ledger says that these may have changed."""
    async with world.database.write() as session:
        for remote_id in remote_ids:
            await ask_to_read(session, world.connection.id, kind, remote_id, why=f"test {utc_now()}")
        if merged_into:
            await session.flush()
            change = (await session.exec(select(Change).order_by(col(Change.seq).desc()).limit(1))).one()
            change.merged_into = merged_into
            session.add(change)


async def link_of(world: World, external_id: str) -> Link:
    """The link of a record."""
    record = await world.record(external_id)
    async with world.database.read() as session:
        return (await session.exec(select(Link).where(col(Link.record_id) == record.id))).one()


async def paid(world: World, external_id: str) -> str:
    """Somebody pays the whole invoice in the ledger; returns its id there."""
    remote_id = (await link_of(world, external_id)).remote_id
    key = (RecordKind.INVOICE, remote_id)
    held = world.ledger.holds[key]
    world.ledger.holds[key] = held.model_copy(update={"balance": Decimal(0), "updated_at": utc_now()})
    return remote_id


async def test_a_notice_whose_object_may_not_be_read_does_not_hold_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger declines one reading for good; the lane would pause for a quarter of an hour each time."""
    held = await lane_with_two_invoices(world)
    bad, good = await paid(world, "inv_1"), await paid(world, "inv_2")
    read = world.ledger.read

    async def picky(kind: RecordKind, ids: Sequence[str]) -> list[Observed | Gone]:
        if bad in ids:
            raise Refused("no permission", code="5020")
        return await read(kind, ids)

    monkeypatch.setattr(world.ledger, "read", picky)
    await notice(world, RecordKind.INVOICE, bad, good)
    await apply_hints(held, world.ledger, world.connection.id)

    assert (await world.record("inv_2")).payment_status == "paid"
    assert not await apply_hints(held, world.ledger, world.connection.id)


async def test_an_odd_object_does_not_stop_the_feed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something nobody thought of: the others are applied, and the cursor moves on."""
    held = await lane_with_two_invoices(world)
    bad, good = await paid(world, "inv_1"), await paid(world, "inv_2")
    document = apply.Applier._document

    async def trip(self: apply.Applier, seen: ObservedDocument) -> None:
        await document(self, seen)
        if seen.ref.id == bad:
            raise KeyError("odd")

    monkeypatch.setattr(apply.Applier, "_document", trip)
    await notice(world, RecordKind.INVOICE, bad, good)
    await apply_hints(held, world.ledger, world.connection.id)
    assert not await apply_hints(held, world.ledger, world.connection.id)

    async with world.database.write() as session:
        connection = await session.get_one(Connection, world.connection.id)
        connection.pulled_until = connection.pull_due_at = datetime(2026, 1, 1, tzinfo=UTC)
    await sweep_changes(held, world.ledger, world.connection.id)
    assert not await sweep_changes(held, world.ledger, world.connection.id)

    assert [(await world.record(id_)).payment_status for id_ in ("inv_1", "inv_2")] == ["unpaid", "paid"]


async def test_a_payment_without_a_date_is_left_out_and_its_invoice_is_brought_up_to_date(world: World) -> None:
    """With all its parts or not at all; the balance tells what is owed either way."""
    held = await lane_with_two_invoices(world)
    invoice = await paid(world, "inv_1")
    part = ObservedAllocation(kind=RecordKind.INVOICE, remote_id=invoice, amount=Decimal(10))
    ref = RemoteRef(kind=RecordKind.PAYMENT, id="900", version="0")
    payment = ObservedPayment(ref=ref, customer_ref="1", currency="USD", amount=Decimal(10), allocations=[part])
    world.ledger.holds[(RecordKind.PAYMENT, "900")] = payment
    await notice(world, RecordKind.PAYMENT, "900")
    await world.work(held)

    assert (await world.record("inv_1")).payment_status == "paid"
    assert await world.events("payment.recorded_in_ledger") == []


@pytest.mark.parametrize("loser_is_gone", [False, True])
async def test_a_merged_customer_follows_the_survivor(world: World, loser_is_gone: bool) -> None:
    """The one that was merged away is inactive or gone, and that is nothing the survivor should be taken for."""
    await world.accept(a_customer(), an_invoice())
    held = await world.take()
    await world.work(held)
    loser = (await link_of(world, "cus_1")).remote_id
    before = world.ledger.holds.pop((RecordKind.CUSTOMER, loser))
    assert isinstance(before, ObservedCustomer)
    if not loser_is_gone:
        dead = before.model_copy(update={"active": False, "updated_at": utc_now()})
        world.ledger.holds[(RecordKind.CUSTOMER, loser)] = dead
    survivor = RemoteRef(kind=RecordKind.CUSTOMER, id="001", version="3")
    alive = before.model_copy(update={"ref": survivor, "marker": "", "updated_at": before.updated_at})
    world.ledger.holds[(RecordKind.CUSTOMER, "001")] = alive
    await notice(world, RecordKind.CUSTOMER, loser, merged_into="001")
    await world.work(held)

    link = await link_of(world, "cus_1")
    assert (link.remote_id, link.gone_at, link.observed["active"]) == ("001", None, True)
    assert (await world.record("cus_1")).state == "in_sync"


async def test_our_own_update_of_a_customer_is_no_change_in_the_ledger(world: World) -> None:
    """Its answer was lost and the feed shows it first: told as a bookkeeper's edit, it would echo."""
    await world.accept(a_customer())
    held = await world.take()
    await world.work(held)

    def break_off(_: object) -> None:
        from connectors.protocol import OutcomeUnknown

        raise OutcomeUnknown("read time-out")

    world.ledger.after.append(break_off)
    await world.accept(a_customer(emails=("b@example.com",)))
    await world.work(held)
    assert (await world.record("cus_1")).state == "uncertain"
    await notice(world, RecordKind.CUSTOMER, (await link_of(world, "cus_1")).remote_id)
    await world.work(held)

    assert await world.events("customer.changed_in_ledger") == []


async def test_what_was_taken_for_deleted_and_is_seen_again_is_released(world: World) -> None:
    """A reading may lag behind a write; the problem must not outlive it."""
    held = await lane_with_two_invoices(world)
    remote_id = (await link_of(world, "inv_1")).remote_id
    kept = world.ledger.holds.pop((RecordKind.INVOICE, remote_id))
    await notice(world, RecordKind.INVOICE, remote_id)
    await world.work(held)
    assert (await world.record("inv_1")).state == "blocked"

    world.ledger.holds[(RecordKind.INVOICE, remote_id)] = kept
    await notice(world, RecordKind.INVOICE, remote_id)
    await world.work(held)

    record = await world.record("inv_1")
    assert (record.state, record.problems) == ("in_sync", [])


async def test_a_payment_that_was_too_large_goes_on_when_the_invoice_has_room_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Billing corrects the invoice, or a bookkeeper takes back what was applied: nobody has to press Retry."""
    from contracts.credit_memos import Allocation
    from contracts.payments import Payment
    from contracts.problems import Problem, Reason
    from mappings.plan import Books, CoreRecord, Held
    from tests.fakes.ledger import FakeLedger, a_problem

    check = FakeLedger.check

    def with_room(self: FakeLedger, record: CoreRecord, books: Books, held: Held | None) -> list[Problem]:
        if isinstance(record, Payment) and any(
            part.amount > Decimal(books.invoices[part.invoice_id].open_balance) for part in record.allocations
        ):
            return [a_problem(Reason.OVER_ALLOCATED)]
        return check(self, record, books, held)

    monkeypatch.setattr(FakeLedger, "check", with_room)
    held = await lane_with_two_invoices(world)
    for number, id_ in enumerate(("inv_1", "inv_2")):
        part = Allocation(invoice_id=id_, amount=Decimal(20))
        payment = Payment(
            id=f"pay_{number}",
            customer_id="cus_1",
            currency="USD",
            amount=Decimal(20),
            paid_on=date(2026, 1, 6),
            allocations=[part],
        )
        await world.accept(payment)
    await world.work(held)
    assert [(await world.record(id_)).state for id_ in ("pay_0", "pay_1")] == ["blocked", "blocked"]

    await world.accept(an_invoice("inv_1", total="20.00"))
    await world.work(held)
    remote_id = (await link_of(world, "inv_2")).remote_id
    key = (RecordKind.INVOICE, remote_id)
    world.ledger.holds[key] = world.ledger.holds[key].model_copy(update={"balance": Decimal(20)})
    await notice(world, RecordKind.INVOICE, remote_id)
    await world.work(held)

    assert [(await world.record(id_)).state for id_ in ("pay_0", "pay_1")] == ["in_sync", "in_sync"]


async def test_a_feed_that_is_declined_does_not_hold_what_is_to_be_pushed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked again later; the connection says why."""
    await world.accept(a_customer())
    held = await world.take()
    async with world.database.write() as session:
        connection = await session.get_one(Connection, world.connection.id)
        connection.pulled_until = connection.pull_due_at = datetime(2026, 1, 1, tzinfo=UTC)

    async def declined(since: datetime) -> Changes:
        raise Refused("no permission", code="5020")

    monkeypatch.setattr(world.ledger, "changes", declined)
    await world.work(held)
    await world.accept(an_invoice())
    await world.work(held)

    async with world.database.read() as session:
        connection = await session.get_one(Connection, world.connection.id)
    assert world.invoices() == ["INV_1"]
    assert connection.pull_due_at is not None
    assert connection.pull_due_at > utc_now()
    assert "no permission" in connection.last_error
