"""The rules. Each is a sentence about every ledger; its docstring says what books would suffer if it did not hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.protocol import OutcomeUnknown, Result, SignInNeeded, TryLater
from contracts.books import Gone, Observed, ObservedCustomer, ObservedDocument, ObservedPayment, RecordKind
from contracts.invoices import DocumentStatus
from mappings.plan import Verb
from tests.builders import a_customer, an_invoice
from tests.conformance.world import NOBODY, World, outcomes_by_key

Rule = Callable[[World], Awaitable[None]]


async def the_same_call_again_creates_nothing_again(world: World) -> None:
    """A worker is killed after sending and sends again: the merchant would bill twice."""
    (call,) = world.ledger.compose(world.members(an_invoice()))

    first = await world.ledger.send(call)
    again = await world.ledger.send(call)

    assert [one.result for one in first + again] == [Result.DONE, Result.DONE]
    assert first[0].observed is not None
    assert again[0].observed is not None
    assert first[0].observed.ref.id == again[0].observed.ref.id
    assert await world.numbered("INV-1042") == 1


async def a_lost_answer_is_uncertain_and_a_look_finds_what_landed(world: World) -> None:
    """Taken for a failure it would be sent again under a new key; taken for done it might be missing."""
    landed, never_sent = world.members(an_invoice(), an_invoice(id="inv_2", number="INV-2"))
    (call,) = world.ledger.compose([landed])
    world.lose_next_answer()

    with pytest.raises(OutcomeUnknown):
        await world.ledger.send(call)
    found = await world.ledger.look([landed, never_sent])

    observed = found[landed.key]
    assert isinstance(observed, ObservedDocument)
    assert (observed.number, observed.marker) == ("INV-1042", landed.marker)
    assert found[never_sent.key] is None
    assert await world.numbered("INV-1042") == 1


async def a_look_never_takes_somebody_elses_document_for_ours(world: World) -> None:
    """A bookkeeper may have typed their own INV-1042: linking it would lose ours."""
    world.type_invoice(world.books.customers["cus_1"].remote_id, "INV-1042")
    (member,) = world.members(an_invoice())

    assert await world.ledger.look([member]) == {member.key: None}


async def every_member_has_one_outcome_and_a_bad_one_fails_alone(world: World) -> None:
    """One customer that was deleted must not hold a morning's invoices."""
    world.pretend_customer("cus_gone")
    records = [
        an_invoice(id="inv_1", number="INV-1"),
        an_invoice(id="inv_2", number="INV-2", customer_id="cus_gone"),
        an_invoice(id="inv_3", number="INV-3"),
    ]
    members = world.members(*records)
    (call,) = world.ledger.compose(members)

    outcomes = await world.ledger.send(call)

    by_key = outcomes_by_key(outcomes)
    assert len(outcomes) == len(by_key) == 3
    results = [by_key[member.key].result for member in members]
    assert results == [Result.DONE, Result.REFUSED, Result.DONE]
    assert by_key[members[1].key].problems
    assert [await world.numbered(f"INV-{number}") for number in (1, 2, 3)] == [1, 0, 1]


async def composing_loses_no_member_and_is_repeatable(world: World) -> None:
    """The members of a call are stored before it leaves: a rebuilt call must be the same call."""
    members = world.members(*(an_invoice(id=f"inv_{n}", number=f"INV-{n}") for n in range(120)))

    calls = world.ledger.compose(members)

    assert sorted(one.key for call in calls for one in call.members) == sorted(one.key for one in members)
    assert calls == world.ledger.compose(members)
    assert len({call.request_id for call in calls}) == len(calls)
    assert all(len(call.members) <= world.ledger.batch_size for call in calls)


async def a_change_to_what_somebody_changed_first_is_stale(world: World) -> None:
    """A bookkeeper's edit would be overwritten without anybody being told."""
    observed = await world.bring(an_invoice())
    world.pass_time(5)
    world.redate(observed.ref.id, "2026-12-24")
    (member,) = world.members(an_invoice(due_date=date(2026, 6, 30)))
    assert member.verb is Verb.UPDATE
    (call,) = world.ledger.compose([member])

    (outcome,) = await world.ledger.send(call)

    assert outcome.result is Result.STALE
    (now,) = await world.ledger.read(RecordKind.INVOICE, [observed.ref.id])
    assert isinstance(now, ObservedDocument)
    assert now.due_date == date(2026, 12, 24)


async def an_update_changes_what_was_asked_and_its_version(world: World) -> None:
    """Every later change names the version it was planned on."""
    before = await world.bring(an_invoice())
    world.pass_time(5)

    after = await world.bring(an_invoice(due_date=date(2026, 6, 30)))

    assert isinstance(after, ObservedDocument)
    assert after.due_date == date(2026, 6, 30)
    assert after.ref.id == before.ref.id
    assert after.ref.version != before.ref.version


async def a_void_is_seen_as_void_by_answer_and_by_read(world: World) -> None:
    """A receivable that is gone in billing must not stay open in the books."""
    await world.bring(an_invoice())
    world.pass_time(5)

    voided = await world.bring(an_invoice(status=DocumentStatus.VOIDED))

    (read,) = await world.ledger.read(RecordKind.INVOICE, [voided.ref.id])
    for observed in (voided, read):
        assert isinstance(observed, ObservedDocument)
        assert observed.voided
        assert observed.balance == 0


async def paging_gives_every_customer_once_inactive_ones_included(world: World) -> None:
    """One left out would be invoiced under a second entry; one given twice would be imported twice."""
    ids = []
    for number in range(7):
        observed = await world.bring(a_customer(id=f"cus_p{number}", name=f"Paging {number} Ltd"))
        ids.append(observed.ref.id)
    world.retire(ids[3])
    ledger = world.open(page=3)

    pages = [page async for page in ledger.customers()]

    given = [one for page in pages for one in page.customers]
    seen = {one.ref.id: one.active for one in given}
    assert set(ids) <= set(seen)
    assert [seen[one] for one in ids] == [True, True, True, False, True, True, True]
    assert pages[-1].cursor == ""
    resumed = [one async for page in ledger.customers(cursor=pages[0].cursor) for one in page.customers]
    assert {one.ref.id for one in [*pages[0].customers, *resumed]} == set(seen)


async def the_change_feed_sees_edits_payments_and_deletions(world: World) -> None:
    """Enough alone, if every notice were lost."""
    edited = await world.bring(an_invoice())
    paid = await world.bring(an_invoice(id="inv_2", number="INV-2"))
    doomed = await world.bring(an_invoice(id="inv_3", number="INV-3"))
    world.pass_time(600)
    since = world.now()
    world.redate(edited.ref.id, "2026-12-24")
    world.pay(paid.ref.id, 50)
    deleted = world.delete_invoice(doomed.ref.id)

    changes = await world.ledger.changes(since - timedelta(seconds=1))

    seen = {(one.ref.kind, one.ref.id): one for one in changes.observed}
    edit, payment_on = seen[(RecordKind.INVOICE, edited.ref.id)], seen[(RecordKind.INVOICE, paid.ref.id)]
    assert isinstance(edit, ObservedDocument)
    assert isinstance(payment_on, ObservedDocument)
    assert edit.due_date == date(2026, 12, 24)
    assert payment_on.balance == 70
    (payment,) = [one for one in changes.observed if isinstance(one, ObservedPayment)]
    assert {one.remote_id: one.amount for one in payment.allocations} == {paid.ref.id: Decimal(50)}
    assert deleted in {one.ref.id for one in changes.gone}
    assert changes.until <= world.now()


async def a_customer_edited_there_comes_with_another_fingerprint(world: World) -> None:
    """By it a change is told from an echo of our own write."""
    held = await world.bring(a_customer(id="cus_2", name="Before Ltd"))
    assert isinstance(held, ObservedCustomer)
    world.pass_time(600)
    since = world.now()
    await world.bring(a_customer(id="cus_2", name="After Ltd"))

    changes = await world.ledger.changes(since - timedelta(seconds=1))

    (seen,) = [one for one in changes.observed if one.ref.id == held.ref.id]
    assert isinstance(seen, ObservedCustomer)
    assert seen.customer.name == "After Ltd"
    assert seen.fingerprint != held.fingerprint


async def a_read_confirms_a_deletion_and_tells_what_never_was(world: World) -> None:
    """A document is declared gone on this word alone."""
    kept = await world.bring(an_invoice())
    other = await world.bring(an_invoice(id="inv_2", number="INV-2"))
    deleted = world.delete_invoice(other.ref.id)

    seen: list[Observed | Gone] = await world.ledger.read(
        RecordKind.INVOICE, [kept.ref.id, deleted, NOBODY[world.name]]
    )

    assert [(one.ref.id, isinstance(one, Gone)) for one in seen] == [
        (kept.ref.id, False),
        (deleted, True),
        (NOBODY[world.name], True),
    ]


async def a_revoked_grant_needs_a_person(world: World) -> None:
    """Anything else would be tried for ever."""
    await world.revoke()

    with pytest.raises(SignInNeeded):
        await world.ledger.catalog()


async def asked_to_slow_down_the_whole_connection_waits_and_nothing_is_written(world: World) -> None:
    """A ledger that is ignored locks the app out."""
    (call,) = world.ledger.compose(world.members(an_invoice()))
    world.slow_down()

    with pytest.raises(TryLater) as later:
        await world.ledger.send(call)

    assert later.value.limited
    assert later.value.wait_seconds > 0
    assert await world.numbered("INV-1042") == 0


async def a_deep_link_opens_the_object_in_its_company(world: World) -> None:
    """An accountant with forty companies would look at another one's invoice."""
    observed = await world.bring(an_invoice())
    company = world.books.catalog.company

    link = world.ledger.deep_link(observed.ref)

    assert link.startswith(world.base)
    assert observed.ref.id in link
    assert (company.short_code or company.id) in link
    assert link == world.provider.deep_link(company.short_code or company.id, observed.ref)


RULES: list[Rule] = [
    the_same_call_again_creates_nothing_again,
    a_lost_answer_is_uncertain_and_a_look_finds_what_landed,
    a_look_never_takes_somebody_elses_document_for_ours,
    every_member_has_one_outcome_and_a_bad_one_fails_alone,
    composing_loses_no_member_and_is_repeatable,
    a_change_to_what_somebody_changed_first_is_stale,
    an_update_changes_what_was_asked_and_its_version,
    a_void_is_seen_as_void_by_answer_and_by_read,
    paging_gives_every_customer_once_inactive_ones_included,
    the_change_feed_sees_edits_payments_and_deletions,
    a_customer_edited_there_comes_with_another_fingerprint,
    a_read_confirms_a_deletion_and_tells_what_never_was,
    a_revoked_grant_needs_a_person,
    asked_to_slow_down_the_whole_connection_waits_and_nothing_is_written,
    a_deep_link_opens_the_object_in_its_company,
]
