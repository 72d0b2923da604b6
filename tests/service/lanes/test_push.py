"""Billing to ledger: exactly once, whatever is lost, and one bad record never stops its neighbours."""

from __future__ import annotations

import pytest

from connectors.protocol import Call, OutcomeUnknown, SignInNeeded, TryLater
from contracts.invoices import DocumentStatus
from contracts.problems import Reason
from service.lanes import push
from service.lanes.lane import LaneLost
from tests.fakes.ledger import a_problem
from tests.service.lanes.conftest import World, a_customer, an_invoice


def lose_the_answer(_: Call) -> None:
    """The ledger did it; nobody heard."""
    raise OutcomeUnknown("read time-out")


def never_arrives(_: Call) -> None:
    """The connection broke before the ledger saw it, and nobody can tell."""
    raise OutcomeUnknown("reset")


def slow_down(_: Call) -> None:
    """Nothing was written."""
    raise TryLater("429", wait_seconds=60, limited=True)


async def test_a_customer_goes_before_the_invoice_that_names_it(world: World) -> None:
    """Both arrive in any order; the invoice waits by itself and is pushed in the same drain."""
    await world.accept(an_invoice(), a_customer())
    await world.work()

    assert world.invoices() == ["INV_1"]
    assert (await world.record("inv_1")).state == "in_sync"


async def test_five_edits_before_the_lane_runs_cost_one_call(world: World) -> None:
    """Desired state, not a queue of messages."""
    await world.accept(a_customer())
    await world.work()
    for number in range(5):
        await world.accept(an_invoice(memo=f"edit {number}"))
    before = len(world.ledger.calls)
    await world.work()

    assert len(world.ledger.calls) - before == 1


async def test_a_lost_answer_is_looked_up_and_nothing_is_filed_twice(world: World) -> None:
    """The ledger holds it by our marker, so it is linked and not sent again."""
    await world.accept(a_customer())
    await world.work()
    sent = len(world.ledger.calls)
    world.ledger.after.append(lose_the_answer)
    await world.accept(an_invoice())
    await world.work()
    assert (await world.record("inv_1")).state == "uncertain"

    await world.make_due()
    await world.work()

    assert world.invoices() == ["INV_1"]
    assert len(world.ledger.calls) - sent == 1
    assert (await world.record("inv_1")).state == "in_sync"


async def test_a_call_that_never_arrived_is_sent_again_with_the_same_bytes(world: World) -> None:
    """Looked for, not found: the same members under the same key."""
    await world.accept(a_customer())
    await world.work()
    world.ledger.before.append(never_arrives)
    await world.accept(an_invoice("inv_1"), an_invoice("inv_2"))
    await world.work()
    first = world.ledger.calls[-1]
    await world.make_due()
    await world.work()

    assert world.ledger.calls[-1] == first
    assert world.invoices() == ["INV_1", "INV_2"]


async def test_another_worker_looks_before_it_sends_what_may_have_left(world: World) -> None:
    """A kill after the call was marked as leaving: nobody knows whether it arrived."""
    await world.accept(a_customer())
    await world.work()
    await world.accept(an_invoice())
    killed = await world.take()
    await push._plan(killed, world.ledger, world.connection.id)
    stored = await push._next_call(killed, world.connection.id)
    assert stored is not None
    await push._mark_left(killed, stored)
    looks = world.ledger.looks
    await world.work(await world.take())

    assert world.ledger.looks == looks + 1
    assert world.invoices() == ["INV_1"]


async def test_a_worker_that_lost_its_lane_cannot_write(world: World) -> None:
    """Taken for dead, it wakes up: its fence is old."""
    await world.accept(a_customer())
    zombie = await world.take()
    await world.take()

    with pytest.raises(LaneLost):
        await world.work(zombie)


async def test_a_poisoned_document_is_set_aside_and_its_neighbours_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that keeps breaking is taken apart; only the one that breaks it stays behind."""
    monkeypatch.setattr(push, "SETTLING_SECONDS", 0)
    world.ledger.poison = {"INV_2"}
    await world.accept(a_customer())
    await world.work()
    await world.accept(an_invoice("inv_1"), an_invoice("inv_2"), an_invoice("inv_3"))
    for _ in range(40):
        await world.work()
        await world.make_due()

    assert world.invoices() == ["INV_1", "INV_3"]
    bad = await world.record("inv_2")
    assert (bad.state, [problem["reason"] for problem in bad.problems]) == ("blocked", [Reason.OUTCOME_UNKNOWN])


async def test_a_refused_document_is_blocked_with_its_reason_and_told_once(world: World) -> None:
    """Retry asks again as something new: the ledger must not answer from memory."""
    world.ledger.refuse = {"INV_2": a_problem(Reason.PERIOD_CLOSED)}
    await world.accept(a_customer())
    await world.work()
    await world.accept(an_invoice("inv_1"), an_invoice("inv_2"))
    await world.work()
    refused = await world.record("inv_2")
    assert (refused.state, refused.problems[0]["reason"]) == ("blocked", Reason.PERIOD_CLOSED)
    assert len(await world.events("record.blocked")) == 1

    world.ledger.refuse = {}
    async with world.database.write() as session:
        from service.records import retry
        from service.store.tables import Record

        await retry(session, await session.get_one(Record, refused.id))
    await world.work()

    assert world.invoices() == ["INV_1", "INV_2"]


async def test_a_blocked_customer_blocks_its_invoices_until_it_is_put_right(world: World) -> None:
    """Fixing one cause releases everything it blocked."""
    await world.accept(a_customer(emails=()), an_invoice("inv_1"), an_invoice("inv_2"))
    await world.work()
    assert {(await world.record(id_)).state for id_ in ("cus_1", "inv_1", "inv_2")} == {"blocked"}

    await world.accept(a_customer())
    await world.work()

    assert world.invoices() == ["INV_1", "INV_2"]


async def test_slow_down_pauses_the_connection_and_loses_no_try(world: World) -> None:
    """429 is not a failure of the document."""
    await world.accept(a_customer())
    await world.work()
    world.ledger.before.append(slow_down)
    await world.accept(an_invoice())
    await world.work()
    assert world.invoices() == []

    await world.make_due()
    await world.work()

    assert (world.invoices(), world.ledger.looks) == (["INV_1"], 0)


async def test_a_stale_version_is_read_and_planned_again(world: World) -> None:
    """A bookkeeper saved first."""
    await world.accept(a_customer(), an_invoice())
    await world.work()
    (key,) = [key for key in world.ledger.holds if key[0] == "invoice"]
    held = world.ledger.holds[key]
    world.ledger.holds[key] = held.model_copy(update={"ref": held.ref.model_copy(update={"version": "7"})})
    await world.accept(an_invoice(memo="changed"))
    for _ in range(3):
        await world.work()
        await world.make_due()

    assert world.ledger.holds[key].ref.version == "8"
    assert (await world.record("inv_1")).state == "in_sync"


async def test_the_life_of_an_invoice(world: World) -> None:
    """Draft: not sent. Final: created. Sent: marked. Voided: void. Never backwards."""
    await world.accept(a_customer(), an_invoice(status=DocumentStatus.DRAFT))
    await world.work()
    assert world.invoices() == []
    for status in (DocumentStatus.FINAL, DocumentStatus.SENT, DocumentStatus.VOIDED):
        await world.accept(an_invoice(status=status))
        await world.work()
    (back,) = await world.accept(an_invoice(status=DocumentStatus.FINAL))

    (document,) = [one for (kind, _), one in world.ledger.holds.items() if kind == "invoice"]
    assert getattr(document, "voided", None) is True
    assert [problem.reason for problem in back.problems] == [Reason.STATUS_BACKWARDS]


async def test_the_same_body_again_changes_nothing(world: World) -> None:
    """A platform may repeat every request."""
    await world.accept(a_customer(), an_invoice())
    await world.work()
    calls = len(world.ledger.calls)
    (again,) = await world.accept(an_invoice())
    await world.work()

    assert (again.changed, len(world.ledger.calls)) == (False, calls)


async def test_a_grant_that_is_gone_stops_the_lane_at_once(world: World) -> None:
    """Only a person can help; everything waits."""

    def gone(_: Call) -> None:
        raise SignInNeeded("revoked")

    world.ledger.before.append(gone)
    await world.accept(a_customer(), a_customer("cus_2"))

    with pytest.raises(SignInNeeded):
        await world.work()


async def test_a_thousand_invoices_take_thirty_four_calls(world: World) -> None:
    """Thirty to a call."""
    await world.accept(a_customer())
    await world.work()
    before = len(world.ledger.calls)
    await world.accept(*[an_invoice(f"inv_{number}") for number in range(1000)])
    await world.work(rounds=200)

    assert len(world.ledger.calls) - before == 34
    assert len(world.invoices()) == 1000


async def test_what_came_from_the_ledger_is_never_sent_back(world: World) -> None:
    """Retry on a payment that a bookkeeper recorded must not overwrite it."""
    from contracts.payments import Payment
    from service.records import add_version, new_record, retry
    from service.store.tables import Origin, Record

    payment = Payment.model_validate(
        {"id": "p_1", "customer_id": "cus_1", "currency": "USD", "amount": "5.00", "paid_on": "2026-01-05"}
    )
    await world.accept(a_customer())
    await world.work()
    sent = len(world.ledger.calls)
    async with world.database.write() as session:
        record = new_record(world.connection, payment, origin=Origin.LEDGER)
        add_version(session, record, payment, origin=Origin.LEDGER)
    async with world.database.write() as session:
        await retry(session, await session.get_one(Record, record.id))
    await world.work()

    assert (len(world.ledger.calls), (await world.record("p_1")).state) == (sent, "in_sync")


async def test_a_draft_has_nothing_to_retry(world: World) -> None:
    """Retry on a draft neither sends it nor says that the books agree on it."""
    from service.records import retry
    from service.store.tables import Record

    await world.accept(a_customer(), an_invoice(status=DocumentStatus.DRAFT))
    await world.work()
    async with world.database.write() as session:
        await retry(session, await session.get_one(Record, (await world.record("inv_1")).id))
    await world.work()

    assert (world.invoices(), (await world.record("inv_1")).state) == ([], "waiting")
