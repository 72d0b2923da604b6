"""Credit memos to Xero and their allocations (Xero reference 5.1, 5.2)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from contracts.books import ObservedDocument, ObservedPayment, RecordKind
from contracts.connections import PaidVoidPolicy
from contracts.credit_memos import CreditMemo
from contracts.invoices import DocumentStatus
from contracts.problems import Reason
from mappings.plan import Books, Held, LinkedDocument, Step, Verb
from mappings.xero import UnreadableRecord, allocations_in, check, next_step, observe
from tests.builders import a_credit_memo, a_line
from tests.mappings.xero.samples import (
    CREDIT,
    INVOICE,
    MARK,
    SECOND,
    a_raw_credit_note,
    a_xero_catalog,
    an_organisation,
    xero_books,
)

BOOKS = xero_books()
ON_ONE = [{"invoice_id": "inv_1", "amount": "60.50"}]
ON_TWO = [*ON_ONE, {"invoice_id": "inv_2", "amount": "10"}]
VOIDED = a_credit_memo(status=DocumentStatus.VOIDED)


def step(memo: CreditMemo, held: Held | None = None, books: Books = BOOKS) -> Step:
    made = next_step(memo, books, held, marker=MARK)
    assert made is not None
    return made


def applied(amount: str, invoice: str = INVOICE, allocation_id: str = "alloc-1") -> dict[str, Any]:
    return {"AllocationID": allocation_id, "Amount": Decimal(amount), "Invoice": {"InvoiceID": invoice}}


def as_sent(parts: dict[str, Held] | None = None, **changes: Any) -> Held:
    observed = observe("CreditNote", a_raw_credit_note(**changes))
    return Held(observed.ref, observed, step(a_credit_memo()).fingerprint, parts or {})


def an_allocation(amount: str, invoice_id: str = "inv_1", *, ours: bool = True) -> Held:
    """What an allocation of this amount looks like once its step was carried out."""
    memo = a_credit_memo(allocations=[{"invoice_id": invoice_id, "amount": amount}])
    remote = {"inv_1": INVOICE, "inv_2": SECOND}[invoice_id]
    observed = allocations_in("CreditNote", a_raw_credit_note(Allocations=[applied(amount, remote)]))[0]
    return Held(observed.ref, observed, step(memo, as_sent()).fingerprint if ours else "")


def reasons(memo: CreditMemo, held: Held | None = None, books: Books = BOOKS) -> list[Reason]:
    return [problem.reason for problem in check(memo, books, held)]


def test_a_credit_memo_becomes_an_approved_credit_note() -> None:
    """Amounts are positive: the document itself is the credit."""
    made = step(a_credit_memo(reference="PO 4711"))
    sent = json.loads(made.body)

    assert dict(made.options) == {"method": "PUT", "path": "CreditNotes", "elements": "CreditNotes", "unitdp": "4"}
    assert (sent["Type"], sent["Status"], sent["CreditNoteNumber"]) == ("ACCRECCREDIT", "AUTHORISED", "CM-7")
    assert sent["LineItems"][0]["UnitAmount"] == 100
    assert "DueDate" not in sent
    assert "Allocations" not in sent


def test_the_mark_stands_behind_the_customers_own_reference() -> None:
    """A credit note has no Url; its Reference is printed, so what the customer wrote comes first."""
    assert json.loads(step(a_credit_memo(reference="PO 4711")).body)["Reference"] == f"PO 4711 {MARK}"
    assert reasons(a_credit_memo(reference="x" * 200)) == [Reason.TEXT_TOO_LONG]


def test_it_is_allocated_after_it_was_made_one_invoice_at_a_time() -> None:
    """Allocations inside the create are ignored (5.2)."""
    memo = a_credit_memo(allocations=ON_TWO)
    first = step(memo, as_sent())
    second = step(memo, as_sent({"inv_1": an_allocation("60.50")}))
    done = as_sent({"inv_1": an_allocation("60.50"), "inv_2": an_allocation("10", "inv_2")})

    assert (first.kind, first.allocation_of, first.marker) == (RecordKind.ALLOCATION, "inv_1", f"{MARK}/inv_1")
    assert dict(first.options) == {
        "method": "PUT",
        "path": f"CreditNotes/{CREDIT}/Allocations",
        "elements": "Allocations",
    }
    assert json.loads(first.body, parse_float=Decimal) == {
        "Amount": Decimal("60.5"),
        "Date": "2026-03-15",
        "Invoice": {"InvoiceID": INVOICE},
    }
    assert second.allocation_of == "inv_2"
    assert next_step(memo, BOOKS, done, marker=MARK) is None


def test_another_amount_is_a_deletion_and_a_new_one() -> None:
    """An allocation cannot be changed, and one that stands is never sent again: it would be applied twice."""
    memo = a_credit_memo(allocations=[{"invoice_id": "inv_1", "amount": "50"}])
    there = an_allocation("60.50")
    made = step(memo, as_sent({"inv_1": there}))

    assert made.verb is Verb.DELETE
    assert dict(made.options) == {
        "method": "DELETE",
        "path": f"CreditNotes/{CREDIT}/Allocations/alloc-1",
        "elements": "",
    }
    assert made.body == ""
    assert step(memo, as_sent()).verb is Verb.CREATE


def test_what_is_no_longer_wanted_goes_first_since_it_frees_credit() -> None:
    memo = a_credit_memo(allocations=[{"invoice_id": "inv_2", "amount": "10"}])
    made = step(memo, as_sent({"inv_1": an_allocation("60.50")}))

    assert (made.verb, made.allocation_of) == (Verb.DELETE, "inv_1")


def test_somebody_elses_allocation_and_one_deleted_there_are_left_alone() -> None:
    memo = a_credit_memo(allocations=[{"invoice_id": "inv_1", "amount": "50"}])
    theirs = as_sent({"inv_1": an_allocation("60.50", ours=False)})
    gone = observe("Allocation", {"CreditNote": {"CreditNoteID": CREDIT}, **applied("50"), "IsDeleted": True})
    deleted = as_sent({"inv_1": Held(gone.ref, gone, "sent")})

    assert next_step(memo, BOOKS, theirs, marker=MARK) is None
    assert next_step(memo, BOOKS, deleted, marker=MARK) is None


def test_an_allocation_is_never_dated_into_a_locked_period() -> None:
    """Its date is Xero's own choice yet has to be sent (5.2); a lock that moves is no reason to apply it again."""
    books = xero_books(a_xero_catalog(organisation=an_organisation(PeriodLockDate="2026-03-31")))
    memo = a_credit_memo(allocations=ON_ONE)

    assert json.loads(step(memo, as_sent(), books).body)["Date"] == "2026-04-01"
    assert step(memo, as_sent(), books).fingerprint == step(memo, as_sent()).fingerprint
    assert reasons(memo, as_sent(), books) == []
    assert reasons(memo, None, books) == [Reason.DATE_IN_CLOSED_PERIOD]


@pytest.mark.parametrize(
    ("allocations", "invoices", "reason"),
    [
        ([{"invoice_id": "inv_1", "amount": "121"}], None, Reason.OVER_ALLOCATED),
        ([{"invoice_id": "inv_9", "amount": "1"}], None, Reason.INVOICE_UNKNOWN),
        (ON_ONE, LinkedDocument("", "cus_1", "GBP"), Reason.INVOICE_UNKNOWN),
        (ON_ONE, LinkedDocument("", "cus_1", "GBP", blocked=True), Reason.DOCUMENT_BLOCKED),
        (ON_ONE, LinkedDocument("i", "cus_2", "GBP"), Reason.NOT_SUPPORTED_BY_LEDGER),
        (ON_ONE, LinkedDocument("i", "cus_1", "EUR"), Reason.CURRENCY_MISMATCH),
        (ON_ONE, LinkedDocument("i", "cus_1", "GBP", voided=True), Reason.VOIDED_IN_LEDGER),
        (ON_ONE, LinkedDocument("i", "cus_1", "GBP", open_balance="60"), Reason.OVER_ALLOCATED),
    ],
)
def test_what_stands_in_the_way_of_applying_it(
    allocations: list[dict[str, str]], invoices: LinkedDocument | None, reason: Reason
) -> None:
    books = xero_books(invoices={"inv_1": invoices}) if invoices else BOOKS

    assert reason in reasons(a_credit_memo(allocations=allocations), None, books)


def test_what_is_applied_already_counts_as_room() -> None:
    """The open balance of the invoice lacks what this very memo took from it."""
    tight = xero_books(invoices={"inv_1": LinkedDocument(INVOICE, "cus_1", "GBP", open_balance="0")})
    memo = a_credit_memo(allocations=ON_ONE)

    assert reasons(memo, as_sent({"inv_1": an_allocation("60.50")}), tight) == []
    assert reasons(memo, as_sent(), tight) == [Reason.OVER_ALLOCATED]


def test_a_used_credit_note_is_frozen() -> None:
    """As paid invoices are: at RemainingCredit 0 it is PAID and nothing on it changes (5.1)."""
    used = as_sent(RemainingCredit=Decimal(0), Status="PAID")
    changed = a_credit_memo([a_line(unit_price="90")], totals={"net": "90", "tax": "18", "total": "108"})

    assert reasons(changed, used) == [Reason.HAS_PAYMENTS]
    assert reasons(changed, as_sent()) == []


def test_a_voided_memo_is_taken_off_its_invoices_first() -> None:
    used = as_sent({"inv_1": an_allocation("60.50")}, RemainingCredit=Decimal("59.50"))
    allowed = xero_books(on_void_with_payments=PaidVoidPolicy.VOID)

    assert reasons(VOIDED, used) == [Reason.HAS_PAYMENTS]
    assert reasons(VOIDED, used, allowed) == []
    assert step(VOIDED, used, allowed).verb is Verb.DELETE
    assert json.loads(step(VOIDED, as_sent()).body) == {"CreditNoteID": CREDIT, "Status": "VOIDED"}


def test_what_somebody_else_applied_is_never_undone() -> None:
    used = as_sent(RemainingCredit=Decimal(20))

    assert reasons(VOIDED, used, xero_books(on_void_with_payments=PaidVoidPolicy.VOID)) == [Reason.HAS_PAYMENTS]


def test_reading_a_credit_note() -> None:
    observed = observe("CreditNote", a_raw_credit_note(RemainingCredit=Decimal(20), Allocations=[applied("100")]))

    assert isinstance(observed, ObservedDocument)
    assert (observed.number, observed.marker) == ("CM-7", MARK)
    assert [observed.total, observed.balance] == [120, 20]
    assert observed.settled_by == [f"Invoices/{INVOICE}"]
    with pytest.raises(UnreadableRecord):
        observe("CreditNote", a_raw_credit_note(Type="ACCPAYCREDIT"))


def test_reading_its_allocations() -> None:
    """How an AllocationID is learned, which the answer to a create may lack (5.2)."""
    raw = a_raw_credit_note(Allocations=[applied("60.50"), {"Amount": Decimal(1), "Invoice": {"InvoiceID": "x"}}])
    (found,) = allocations_in("CreditNote", raw)

    assert isinstance(found, ObservedPayment)
    assert found.ref.id == f"CreditNotes/{CREDIT}/Allocations/alloc-1"
    assert found.applies_credit
    assert [(part.kind, part.remote_id, part.amount) for part in found.allocations] == [
        (RecordKind.INVOICE, INVOICE, Decimal("60.50")),
        (RecordKind.CREDIT_MEMO, CREDIT, Decimal("60.50")),
    ]
