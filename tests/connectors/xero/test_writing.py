"""Members grouped into calls, what each came to, and looking after a lost answer."""

from __future__ import annotations

import json

import pytest

from connectors.protocol import Call, Member, Outcome, OutcomeUnknown, Result, TryLater
from connectors.xero.batch import BATCH_SIZE, compose, send
from connectors.xero.look import look
from connectors.xero.reading import read
from contracts.books import Gone, Observed, ObservedDocument, RecordKind
from contracts.problems import Reason
from mappings.plan import Verb
from tests.connectors.xero.scene import Scene, a_change, a_member, an_invoice, line, plain_observe

NOBODY = "11111111-2222-4333-8444-555555555555"


async def carry_out(scene: Scene, *members: Member) -> list[Outcome]:
    (call,) = compose(members)
    return await send(scene.client, plain_observe, call)


async def made(scene: Scene, member: Member) -> Observed:
    (outcome,) = await carry_out(scene, member)
    assert outcome.result is Result.DONE, outcome
    assert outcome.observed is not None
    return outcome.observed


def a_payment(number: int, invoice: Observed, amount: float = 10, **more: object) -> Member:
    body = {
        "Invoice": {"InvoiceID": invoice.ref.id},
        "Account": {"Code": "090"},
        "Date": "2026-09-10",
        "Amount": amount,
        "Reference": f"ledgerlane:rec_{number}",
        **more,
    }
    return a_member(number, RecordKind.PAYMENT, body)


def an_end(held: Observed, verb: Verb = Verb.VOID, **options: str) -> Member:
    member = a_change(99, held, {"Status": "VOIDED"}, verb=verb)
    return member.model_copy(update={"options": member.options | options})


def reasons(outcome: Outcome) -> list[Reason]:
    return [problem.reason for problem in outcome.problems]


# --- grouping


def test_fifty_creates_of_one_kind_travel_together_and_kinds_apart() -> None:
    """3,000 invoices are 60 calls: what the minute of 60 allows."""
    members = [an_invoice(number, "c") for number in range(3000)]
    contact = a_member(1, RecordKind.CUSTOMER, {"Name": "Buyer"})

    calls = compose([*members, contact])

    assert [len(call.members) for call in calls] == [1] + [BATCH_SIZE] * 60
    assert len({call.request_id for call in calls}) == 61
    assert calls == compose([*members, contact])
    assert all(len(call.request_id) <= 128 for call in calls)


def test_two_members_that_could_be_confused_travel_apart() -> None:
    """Answers are matched by what a member alone can have."""
    twins = [an_invoice(1, "c"), an_invoice(1, "c").model_copy(update={"key": "other"})]

    assert [len(call.members) for call in compose(twins)] == [1, 1]


def test_a_call_stays_below_the_size_xero_advises() -> None:
    members = [an_invoice(number, "c", Reference="x" * 400_000) for number in range(10)]

    assert max(len(call.members) for call in compose(members)) < 8


# --- creating


async def test_one_bad_member_does_not_hold_its_neighbours(scene: Scene) -> None:
    """Xero answers 200 and marks the bad one: it is never stored as done."""
    contact = await scene.contact()
    members = [
        an_invoice(1, contact),
        an_invoice(2, contact, LineItems=[line(AccountCode="nope")]),
        an_invoice(3, contact),
    ]

    outcomes = {one.key: one for one in await carry_out(scene, *members)}

    assert [outcomes[member.key].result for member in members] == [Result.DONE, Result.REFUSED, Result.DONE]
    assert outcomes[members[1].key].observed is None
    assert {row["InvoiceNumber"] for row in await scene.held("Invoices", searchTerm="LL-")} == {"LL-1", "LL-3"}


async def test_the_same_call_again_creates_nothing_again(scene: Scene) -> None:
    contact = await scene.contact()
    (call,) = compose([an_invoice(number, contact) for number in range(5)])

    first = await send(scene.client, plain_observe, call)
    again = await send(scene.client, plain_observe, call)

    assert [one.observed for one in first] == [one.observed for one in again]
    assert len(await scene.held("Invoices", searchTerm="LL-")) == 5


async def test_a_number_that_is_taken_shows_who_has_it(scene: Scene) -> None:
    """If it is ours, the service links it; if not, a person decides. It is never overwritten: creating is PUT."""
    contact = await scene.contact()
    typed = await made(scene, an_invoice(1, contact, Url="https://elsewhere.example/", InvoiceNumber="LL-7"))
    member = an_invoice(7, contact, LineItems=[line("5")])

    (outcome,) = await carry_out(scene, member)

    assert (outcome.result, reasons(outcome)) == (Result.REFUSED, [Reason.NUMBER_TAKEN])
    assert outcome.existing_id == typed.ref.id
    assert outcome.observed is not None
    assert outcome.observed.marker != member.marker
    held = await read(scene.client, plain_observe, RecordKind.INVOICE, [typed.ref.id])
    assert isinstance(held[0], ObservedDocument)
    assert held[0].total == 120


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"CurrencyCode": "JPY"}, Reason.CURRENCY_NOT_ENABLED),
        ({"Date": "2010-01-01", "DueDate": "2010-01-31"}, Reason.PERIOD_CLOSED),
        ({"LineItems": [line(TaxType="NOPE")]}, Reason.TAX_CODE_UNMAPPED),
        ({"LineItems": []}, Reason.LINES_MISSING),
        ({"DueDate": None}, Reason.REFUSED_UNEXPLAINED),
    ],
)
async def test_a_refusal_is_said_in_a_bookkeepers_words(
    scene: Scene, change: dict[str, object], reason: Reason
) -> None:
    scene.act("lock-dates", period="2020-12-31")
    contact = await scene.contact()

    (outcome,) = await carry_out(scene, an_invoice(1, contact, **change))

    assert (outcome.result, reason in reasons(outcome)) == (Result.REFUSED, True), outcome
    assert all(problem.message.startswith("Xero says: ") for problem in outcome.problems)


async def test_an_archived_contact_is_told(scene: Scene) -> None:
    contact = await scene.contact()
    scene.act("archive-contact", contact_id=contact)

    (outcome,) = await carry_out(scene, an_invoice(1, contact))

    assert reasons(outcome) == [Reason.CUSTOMER_INACTIVE]


async def test_a_member_xero_cannot_parse_is_found_by_halving(scene: Scene) -> None:
    """Such a request is refused as a whole, without saying whose fault it was, and nothing of it is saved."""
    contact = await scene.contact()
    members = [an_invoice(number, contact) for number in range(1, 8)]
    members[4] = an_invoice(5, contact, LineAmountTypes="NO_TAX")

    outcomes = {one.key: one.result for one in await carry_out(scene, *members)}

    assert [outcomes[one.key] for one in members] == [Result.DONE] * 4 + [Result.REFUSED] + [Result.DONE] * 2


async def test_members_in_any_order_are_matched_by_what_they_are(scene: Scene) -> None:
    """By number where there is one, by mark or name where not."""
    contact = await scene.contact()
    numberless = [an_invoice(number, contact, InvoiceNumber=None) for number in (1, 2, 3)]
    contacts = [a_member(n, RecordKind.CUSTOMER, {"Name": f"Firm {n}"}) for n in range(3)]

    outcomes = await carry_out(scene, *numberless)
    names = await carry_out(scene, *contacts)

    assert {one.key: one.observed.marker for one in outcomes if one.observed} == {
        one.key: one.marker for one in numberless
    }
    assert [one.result for one in names] == [Result.DONE] * 3


# --- changing


async def test_a_change_to_what_somebody_else_changed_first_is_stale(scene: Scene) -> None:
    """Xero would overwrite; we read before we write, and give back what is there now."""
    contact = await scene.contact()
    held = [await made(scene, an_invoice(number, contact)) for number in (1, 2)]
    scene.control("POST", "clock/advance", {"seconds": 5})
    scene.act("edit", invoice_id=held[0].ref.id, changes={"Reference": "by hand"})

    outcomes = await carry_out(scene, *(a_change(n, one, {"Reference": "ours"}) for n, one in enumerate(held)))
    results = {one.key: one for one in outcomes}

    assert results["change-0-update"].result is Result.STALE
    assert results["change-0-update"].observed is not None
    assert results["change-1-update"].result is Result.DONE
    rows = {row["InvoiceID"]: row["Reference"] for row in await scene.held("Invoices", searchTerm="LL-")}
    assert rows == {held[0].ref.id: "by hand", held[1].ref.id: "ours"}


async def test_a_void_is_done_and_a_second_one_is_stale(scene: Scene) -> None:
    contact = await scene.contact()
    held = await made(scene, an_invoice(1, contact))
    scene.control("POST", "clock/advance", {"seconds": 5})

    (done,) = await carry_out(scene, an_end(held))
    (again,) = await carry_out(scene, an_end(held).model_copy(update={"key": "again"}))

    assert done.result is Result.DONE
    assert isinstance(done.observed, ObservedDocument)
    assert done.observed.voided
    assert again.result is Result.STALE


async def test_a_paid_invoice_is_voided_after_what_the_plan_names_was_taken_off(scene: Scene) -> None:
    contact = await scene.contact()
    held = await made(scene, an_invoice(1, contact))
    paid = await made(scene, a_payment(2, held))
    note = await made(scene, a_credit_note(3, contact))
    await made(scene, an_allocation(3, note, held, 20))
    (now,) = await read(scene.client, plain_observe, RecordKind.INVOICE, [held.ref.id])

    assert isinstance(now, ObservedDocument)
    (refused,) = await carry_out(scene, an_end(now))
    named = f"{paid.ref.id} CreditNotes/{note.ref.id}"
    (done,) = await carry_out(scene, an_end(now, take_back=named).model_copy(update={"key": "with"}))

    assert (refused.result, Reason.HAS_PAYMENTS in reasons(refused)) == (Result.REFUSED, True)
    assert done.result is Result.DONE
    (credit,) = await read(scene.client, plain_observe, RecordKind.CREDIT_MEMO, [note.ref.id])
    assert isinstance(credit, ObservedDocument)
    assert credit.balance == 120


async def test_a_draft_that_was_deleted_is_gone_and_a_read_confirms_it(scene: Scene) -> None:
    contact = await scene.contact()
    held = await made(scene, an_invoice(1, contact, Status="DRAFT"))
    (deleted,) = await carry_out(scene, a_change(1, held, {"Status": "DELETED"}, verb=Verb.DELETE))
    seen = await read(scene.client, plain_observe, RecordKind.INVOICE, [held.ref.id, NOBODY])

    assert (deleted.result, deleted.observed) == (Result.DONE, None)
    assert [type(one) for one in seen] == [Gone, Gone]


# --- payments and credit


def a_credit_note(number: int, contact: str) -> Member:
    body = {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": contact},
        "CreditNoteNumber": f"LLC-{number}",
        "Date": "2026-09-05",
        "Reference": f"ledgerlane:rec_{number}",
        "LineItems": [line()],
    }
    return a_member(number, RecordKind.CREDIT_MEMO, body)


def an_allocation(number: int, note: Observed, invoice: Observed, amount: float) -> Member:
    body = {"Amount": amount, "Date": "2026-09-10", "Invoice": {"InvoiceID": invoice.ref.id}}
    path = f"CreditNotes/{note.ref.id}/Allocations"
    return a_member(number, RecordKind.ALLOCATION, body, path=path)


async def test_payments_travel_together_and_fail_alone(scene: Scene) -> None:
    contact = await scene.contact()
    held = [await made(scene, an_invoice(number, contact)) for number in (1, 2)]
    members = [a_payment(11, held[0]), a_payment(12, held[1], 5000), a_payment(13, held[1])]

    outcomes = {one.key: one for one in await carry_out(scene, *members)}

    assert [outcomes[one.key].result for one in members] == [Result.DONE, Result.REFUSED, Result.DONE]
    assert reasons(outcomes[members[1].key]) == [Reason.OVER_ALLOCATED]


async def test_a_payment_is_taken_back_by_its_status(scene: Scene) -> None:
    contact = await scene.contact()
    held = await made(scene, an_invoice(1, contact))
    paid = await made(scene, a_payment(2, held))
    options = {"method": "POST", "path": f"Payments/{paid.ref.id}", "elements": ""}
    member = Member(
        key="back",
        kind=RecordKind.PAYMENT,
        verb=Verb.VOID,
        marker="ledgerlane:rec_2",
        target=paid.ref,
        body='{"Status":"DELETED"}',
        options=options,
    )

    (outcome,) = await carry_out(scene, member)

    assert outcome.result is Result.DONE
    assert getattr(outcome.observed, "voided", False)


async def test_an_allocation_is_read_back_with_its_id_and_taken_off_by_it(scene: Scene) -> None:
    """Its answer may lack the id; without it nobody could take it off again."""
    contact = await scene.contact()
    held = await made(scene, an_invoice(1, contact))
    note = await made(scene, a_credit_note(2, contact))
    member = an_allocation(2, note, held, 20)
    applied = await made(scene, member)
    assert applied.ref.id.startswith(f"CreditNotes/{note.ref.id}/Allocations/")
    found = (await look(scene.client, plain_observe, [member]))[member.key]
    assert found is not None
    assert (found.ref.id, found.marker) == (applied.ref.id, member.marker)

    options = {"method": "DELETE", "path": applied.ref.id, "elements": ""}
    update = {"key": "off", "verb": Verb.DELETE, "target": applied.ref, "body": "", "options": options}
    (off,) = await carry_out(scene, member.model_copy(update=update))

    assert (off.result, off.observed) == (Result.DONE, None)
    (gone,) = await read(scene.client, plain_observe, RecordKind.ALLOCATION, [applied.ref.id])
    assert isinstance(gone, Gone)


# --- when the answer is lost


@pytest.mark.parametrize("kind", ["drop", "gateway_timeout", "bad_gateway", "truncated"])
async def test_a_lost_answer_is_uncertain_and_a_look_finds_what_landed(scene: Scene, kind: str) -> None:
    contact = await scene.contact()
    members = [an_invoice(number, contact) for number in (1, 2)]
    (call,) = compose(members)
    scene.fault(kind, when="after", method="PUT", path="/Invoices")

    with pytest.raises(OutcomeUnknown):
        await send(scene.client, plain_observe, call)
    found = await look(scene.client, plain_observe, [*members, an_invoice(3, contact)])

    assert [one.number for one in found.values() if isinstance(one, ObservedDocument)] == ["LL-1", "LL-2"]
    assert found["key-3-invoice"] is None


async def test_a_look_goes_by_our_mark_never_by_number_alone(scene: Scene) -> None:
    """A bookkeeper may have typed their own LL-1; and ours may have been given another number."""
    contact = await scene.contact()
    await made(scene, an_invoice(1, contact, Url="https://elsewhere.example/"))
    renumbered = await made(scene, an_invoice(2, contact))
    scene.act("edit", invoice_id=renumbered.ref.id, changes={"InvoiceNumber": "BY-HAND"})

    found = await look(scene.client, plain_observe, [an_invoice(1, contact), an_invoice(2, contact)])

    assert found["key-1-invoice"] is None
    assert found["key-2-invoice"] is not None


async def test_a_look_finds_contacts_payments_and_credit_notes(scene: Scene) -> None:
    """A name with a quote in it cannot stand in a filter: it is searched for."""
    customer = {"Name": 'Bar & "Grill" O\'Neill', "ContactNumber": "ledgerlane:rec_1"}
    named = a_member(1, RecordKind.CUSTOMER, customer)
    contact = await made(scene, named)
    held = await made(scene, an_invoice(2, contact.ref.id))
    payment, note = a_payment(3, held), a_credit_note(4, contact.ref.id)
    made_there = [contact, await made(scene, payment), await made(scene, note)]

    found = await look(scene.client, plain_observe, [named, payment, note])

    assert [one.ref.id for one in found.values() if one] == [one.ref.id for one in made_there]


async def test_asked_to_slow_down_pauses_the_connection_and_writes_nothing(scene: Scene) -> None:
    contact = await scene.contact()
    (call,) = compose([an_invoice(1, contact)])
    scene.fault("throttle", method="PUT", path="/Invoices", retry_after=26)

    with pytest.raises(TryLater) as later:
        await send(scene.client, plain_observe, call)

    assert later.value.limited
    assert 26 <= later.value.wait_seconds < 28
    assert scene.client.limiter.paused_seconds > 20


async def test_a_private_note_goes_to_the_history_and_fails_nothing(scene: Scene) -> None:
    contact = await scene.contact()
    member = an_invoice(1, contact)
    noted = member.model_copy(update={"options": member.options | {"history": "agreed by phone"}})
    held = await made(scene, noted)
    scene.fault("server_error", path="/History", when="before", method="PUT", count=0)
    other = an_invoice(2, contact)
    unnoted = await carry_out(scene, other.model_copy(update={"options": other.options | {"history": "lost"}}))

    kept = scene.peek(f"Invoices/{held.ref.id}/History")
    assert "agreed by phone" in [record["Details"] for record in kept["HistoryRecords"]]
    assert unnoted[0].result is Result.DONE


def test_a_call_survives_being_stored() -> None:
    (call,) = compose([an_invoice(1, "c")])

    assert Call.model_validate(json.loads(call.model_dump_json())) == call
