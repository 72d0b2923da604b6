"""Payments to and from Xero, where one settles one invoice (Xero reference 5.3, 5.4)."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.books import ObservedPayment, RecordKind
from contracts.payments import MoneyStatus, Payment
from contracts.problems import Reason
from mappings.plan import Books, Held, LinkedDocument, Step, Verb
from mappings.xero import UnreadableRecord, check, next_step, observe
from mappings.xero.payments import uses_of
from tests.builders import a_payment
from tests.mappings.xero.samples import (
    CONTACT,
    CREDIT,
    INVOICE,
    MARK,
    SECOND,
    a_raw_overpayment,
    a_raw_payment,
    a_xero_catalog,
    an_organisation,
    xero_books,
)

D = Decimal
BOOKS = xero_books()
ON_TWO = [{"invoice_id": "inv_1", "amount": "120"}, {"invoice_id": "inv_2", "amount": "80"}]
TWO = a_payment(amount="200", allocations=ON_TWO)
OVER = a_payment(amount="500", allocations=ON_TWO)
REFERENCES = {"inv_1": INVOICE, "inv_2": SECOND}


def step(payment: Payment, held: Held | None = None, books: Books = BOOKS) -> Step:
    made = next_step(payment, books, held, marker=MARK)
    assert made is not None
    return made


def body(made: Step) -> dict[str, Any]:
    return dict(json.loads(made.body, parse_float=Decimal))


def held(sent: str, parts: dict[str, Held] | None = None, **changes: Any) -> Held:
    observed = observe("Payment", a_raw_payment(**changes))
    return Held(observed.ref, observed, sent, parts or {})


def over(sent: str, parts: dict[str, Held] | None = None, **changes: Any) -> Held:
    observed = observe("Overpayment", a_raw_overpayment(**changes))
    return Held(observed.ref, observed, sent, parts or {})


def part_made_by(made: Step, remote_id: str = "payment-2") -> Held:
    """What stands in Xero once a part's step was carried out."""
    sent = body(made)
    invoice = {"Type": "ACCREC", "InvoiceID": sent["Invoice"]["InvoiceID"]}
    if made.kind is RecordKind.PAYMENT:
        observed = observe("Payment", a_raw_payment(PaymentID=remote_id, Amount=sent["Amount"], Invoice=invoice))
    else:
        name, source = made.options["path"].split("/")[:2]
        raw = {name[:-1]: {f"{name[:-1]}ID": source}, "AllocationID": remote_id, "Invoice": invoice}
        observed = observe("Allocation", {**raw, "Amount": sent["Amount"]})
    return Held(observed.ref, observed, made.fingerprint)


def reasons(payment: Payment, there: Held | None = None, books: Books = BOOKS) -> list[Reason]:
    return [problem.reason for problem in check(payment, books, there)]


# --- one invoice


def test_a_payment_on_one_invoice_is_one_payment() -> None:
    """The mark stands first in Reference, which can be searched for (10, number 6)."""
    made = step(a_payment(reference="pi_3Nx"))

    assert dict(made.options) == {"method": "PUT", "path": "Payments", "elements": "Payments"}
    assert body(made) == {
        "Invoice": {"InvoiceID": INVOICE},
        "Account": {"AccountID": "acc-090"},
        "Date": "2026-03-15",
        "Amount": 120,
        "Reference": f"{MARK} pi_3Nx",
    }
    assert next_step(a_payment(), BOOKS, held(made.fingerprint), marker=MARK) is None


@pytest.mark.parametrize(
    ("changes", "verb"),
    [
        ({"amount": "100", "allocations": [{"invoice_id": "inv_1", "amount": "100"}]}, Verb.DELETE),
        ({"paid_on": date(2026, 3, 16)}, Verb.DELETE),
        ({"deposit_account": "acc-970"}, Verb.DELETE),
        ({"allocations": [{"invoice_id": "inv_2", "amount": "80"}], "amount": "80"}, Verb.DELETE),
        ({"reference": "other"}, None),
        ({"note": "other"}, None),
        ({"method": "card"}, None),
    ],
)
def test_a_payment_cannot_be_edited(changes: dict[str, Any], verb: Verb | None) -> None:
    """Another amount, date or account is a deletion and a new one; words are no reason to undo a reconciled line."""
    there = held(step(a_payment()).fingerprint)
    made = next_step(a_payment(**changes), BOOKS, there, marker=MARK)

    assert (made.verb if made else None) == verb
    if made:
        assert dict(made.options) == {"method": "POST", "path": "Payments/payment-1", "elements": ""}
        assert body(made) == {"Status": "DELETED"}
        assert step(a_payment(**changes)).verb is Verb.CREATE


def test_another_default_account_later_moves_no_money() -> None:
    there = held(step(a_payment()).fingerprint)

    assert next_step(a_payment(), xero_books(deposit_account="970"), there, marker=MARK) is None


def test_a_voided_payment_is_taken_back_and_seen_as_void() -> None:
    voided = a_payment(status=MoneyStatus.VOIDED)
    there = held(step(a_payment()).fingerprint)

    assert step(voided, there).verb is Verb.VOID
    assert next_step(voided, BOOKS, held("x", Status="DELETED"), marker=MARK) is None
    assert next_step(voided, BOOKS, None, marker=MARK) is None
    assert reasons(voided, there) == []


def test_one_deleted_in_xero_is_not_made_again() -> None:
    assert next_step(a_payment(), BOOKS, held("x", Status="DELETED"), marker=MARK) is None


def test_a_bookkeepers_own_payment_is_left_as_it_is() -> None:
    assert next_step(a_payment(), BOOKS, held(""), marker=MARK) is None


# --- several invoices


def test_a_payment_on_several_invoices_is_one_payment_for_each() -> None:
    """The first is the record's own object, the others its parts, each with a mark of its own."""
    own = step(TWO)
    part = step(TWO, held(own.fingerprint))
    there = held(own.fingerprint, {"inv_2": part_made_by(part)})

    assert (own.allocation_of, own.marker, body(own)["Amount"]) == ("", MARK, 120)
    assert (part.kind, part.allocation_of, part.marker) == (RecordKind.PAYMENT, "inv_2", f"{MARK}/inv_2")
    assert (body(part)["Invoice"], body(part)["Amount"]) == ({"InvoiceID": SECOND}, 80)
    assert body(part)["Reference"] == f"{MARK}/inv_2"
    assert next_step(TWO, BOOKS, there, marker=MARK) is None


def test_their_order_does_not_matter() -> None:
    """The own object stays on its invoice: it would have to be deleted to move."""
    own = step(TWO)
    there = held(own.fingerprint, {"inv_2": part_made_by(step(TWO, held(own.fingerprint)))})
    turned = a_payment(amount="200", allocations=ON_TWO[::-1])

    assert next_step(turned, BOOKS, there, marker=MARK) is None


def test_a_change_to_one_part_leaves_the_others() -> None:
    own = step(TWO)
    there = held(own.fingerprint, {"inv_2": part_made_by(step(TWO, held(own.fingerprint)))})
    less = a_payment(amount="170", allocations=[ON_TWO[0], {"invoice_id": "inv_2", "amount": "50"}])
    made = step(less, there)

    assert (made.verb, made.allocation_of, made.options["path"]) == (Verb.DELETE, "inv_2", "Payments/payment-2")
    assert body(step(less, held(own.fingerprint)))["Amount"] == 50


def test_parts_are_taken_back_before_their_own_object() -> None:
    """Without it the service would not know them any more."""
    own = step(TWO)
    there = held(own.fingerprint, {"inv_2": part_made_by(step(TWO, held(own.fingerprint)))})

    for gone in (
        TWO.model_copy(update={"status": MoneyStatus.VOIDED}),
        a_payment(**{**TWO.model_dump(), "paid_on": date(2026, 3, 1)}),
    ):
        assert step(gone, there).allocation_of == "inv_2"
        assert step(gone, held(own.fingerprint)).allocation_of == ""


# --- more than it settles


def test_money_left_over_makes_an_overpayment_of_the_whole() -> None:
    """The bank statement shows the whole amount. Reference is not writable there: the line carries the mark."""
    made = step(a_payment(amount="500", allocations=ON_TWO, reference="pi_3Nx"))
    sent = body(made)

    assert dict(made.options) == {"method": "PUT", "path": "BankTransactions", "elements": "BankTransactions"}
    assert (sent["Type"], sent["LineAmountTypes"], sent["CurrencyCode"]) == ("RECEIVE-OVERPAYMENT", "NoTax", "GBP")
    assert (sent["Contact"], sent["BankAccount"]) == ({"ContactID": CONTACT}, {"AccountID": "acc-090"})
    assert sent["LineItems"] == [{"Description": f"{MARK} pi_3Nx", "Quantity": 1, "UnitAmount": 500}]


def test_its_invoices_are_settled_by_allocations_of_it() -> None:
    own = step(OVER)
    first = step(OVER, over(own.fingerprint))
    second = step(OVER, over(own.fingerprint, {"inv_1": part_made_by(first)}))
    done = over(own.fingerprint, {"inv_1": part_made_by(first), "inv_2": part_made_by(second, "alloc-2")})

    assert (first.kind, first.options["path"]) == (RecordKind.ALLOCATION, "Overpayments/over-1/Allocations")
    assert (body(first)["Invoice"], body(first)["Amount"]) == ({"InvoiceID": INVOICE}, 120)
    assert (second.allocation_of, body(second)["Amount"]) == ("inv_2", 80)
    assert next_step(OVER, BOOKS, done, marker=MARK) is None


def test_money_without_any_invoice_is_an_overpayment() -> None:
    assert step(a_payment(allocations=[])).options["path"] == "BankTransactions"


def test_the_rest_may_be_allocated_later_and_taken_off_again() -> None:
    """It stays an overpayment when all of it is used: it cannot become anything else."""
    own = step(a_payment(amount="200", allocations=[]))
    there = over(own.fingerprint, Total=Decimal(200))
    first = step(TWO, there)
    taken_off = step(a_payment(amount="200", allocations=[]), over(own.fingerprint, {"inv_1": part_made_by(first)}))

    assert first.options["path"] == "Overpayments/over-1/Allocations"
    assert (taken_off.verb, taken_off.options["method"]) == (Verb.DELETE, "DELETE")
    assert reasons(TWO, there) == []


def test_an_overpayment_can_only_be_removed_by_a_person() -> None:
    own = step(OVER)
    there = over(own.fingerprint)
    more = a_payment(amount="600", allocations=ON_TWO)

    assert reasons(OVER.model_copy(update={"status": MoneyStatus.VOIDED}), there) == [Reason.NOT_SUPPORTED_BY_LEDGER]
    assert reasons(more, there) == [Reason.NOT_SUPPORTED_BY_LEDGER]
    assert reasons(more, over(own.fingerprint, Status="VOIDED")) == []
    assert reasons(OVER, there) == []


def test_an_overpayment_needs_a_bank_account() -> None:
    """It is a bank transaction; an account with payments enabled takes payments only."""
    owner = xero_books(deposit_account="970")

    assert reasons(OVER, None, owner) == [Reason.NOT_SUPPORTED_BY_LEDGER]
    assert reasons(TWO, None, owner) == []


# --- credit taken along


def test_credit_is_used_before_money() -> None:
    """95 and a credit of 25 on an invoice of 120: nothing is left over, no money is counted twice."""
    payment = a_payment(amount="95", credits=[{"credit_memo_id": "cm_1", "amount": "25"}])
    uses, left = uses_of(payment)

    assert [(use.part, use.amount) for use in uses] == [("cm_1/inv_1", D(25)), ("inv_1", D(95))]
    assert left == 0


def test_credit_taken_along_is_an_allocation_of_the_credit_note() -> None:
    payment = a_payment(amount="95", credits=[{"credit_memo_id": "cm_1", "amount": "25"}])
    own = step(payment)
    part = step(payment, held(own.fingerprint, Amount=Decimal(95)))
    done = held(own.fingerprint, {"cm_1/inv_1": part_made_by(part)}, Amount=Decimal(95))

    assert (body(own)["Amount"], own.options["path"]) == (95, "Payments")
    assert (part.options["path"], body(part)["Amount"]) == (f"CreditNotes/{CREDIT}/Allocations", 25)
    assert part.allocation_of == "cm_1/inv_1"
    assert next_step(payment, BOOKS, done, marker=MARK) is None


@pytest.mark.parametrize(
    ("memo", "reason"),
    [
        (None, Reason.CREDIT_MEMO_UNKNOWN),
        (LinkedDocument("", "cus_1", "GBP", blocked=True), Reason.DOCUMENT_BLOCKED),
        (LinkedDocument("c", "cus_1", "GBP", voided=True), Reason.VOIDED_IN_LEDGER),
        (LinkedDocument("c", "cus_2", "GBP"), Reason.NOT_SUPPORTED_BY_LEDGER),
        (LinkedDocument("c", "cus_1", "GBP", open_balance="24"), Reason.OVER_ALLOCATED),
    ],
)
def test_the_credit_has_to_be_there(memo: LinkedDocument | None, reason: Reason) -> None:
    payment = a_payment(amount="95", credits=[{"credit_memo_id": "cm_1", "amount": "25"}])

    assert reasons(payment, None, xero_books(credit_memos={"cm_1": memo} if memo else {})) == [reason]


# --- what stands in the way


@pytest.mark.parametrize(
    ("changes", "settings", "expected"),
    [
        ({}, {}, []),
        ({}, {"deposit_account": ""}, [Reason.DEPOSIT_ACCOUNT_MISSING]),
        ({}, {"deposit_account": "acc-090"}, []),
        ({}, {"deposit_account": "970"}, []),
        ({}, {"deposit_account": "200"}, [Reason.REFERENCE_NOT_FOUND]),
        ({"deposit_account": "gone"}, {}, [Reason.REFERENCE_NOT_FOUND]),
        ({"amount": "0", "allocations": []}, {}, [Reason.NOT_SUPPORTED_BY_LEDGER]),
        ({"amount": "120.005"}, {}, [Reason.NOT_SUPPORTED_BY_LEDGER]),
        ({"customer_id": "cus_9"}, {}, [Reason.CUSTOMER_UNKNOWN, Reason.NOT_SUPPORTED_BY_LEDGER]),
        ({"currency": "CHF"}, {}, [Reason.CURRENCY_NOT_ENABLED, Reason.CURRENCY_MISMATCH]),
        ({"amount": "121", "allocations": [{"invoice_id": "inv_1", "amount": "121"}]}, {}, [Reason.OVER_ALLOCATED]),
    ],
)
def test_what_stands_in_the_way(changes: dict[str, Any], settings: dict[str, Any], expected: list[Reason]) -> None:
    assert reasons(a_payment(**changes), None, xero_books(**settings)) == expected


def test_the_accounts_currency_is_the_payments_or_the_base_one() -> None:
    accounts = [{"AccountID": "usd", "Name": "Dollars", "Type": "BANK", "CurrencyCode": "USD", "Status": "ACTIVE"}]
    books = xero_books(a_xero_catalog(accounts=accounts), deposit_account="usd")

    assert reasons(a_payment(), None, books) == [Reason.CURRENCY_MISMATCH]


def test_a_lock_date_stops_a_payment_that_would_be_new_or_taken_back() -> None:
    locked = xero_books(a_xero_catalog(organisation=an_organisation(PeriodLockDate="2026-03-15")))
    there = held(step(a_payment()).fingerprint)

    assert reasons(a_payment(), None, locked) == [Reason.DATE_IN_CLOSED_PERIOD]
    assert reasons(a_payment(), there, locked) == []
    assert reasons(a_payment(status=MoneyStatus.VOIDED), there, locked) == [Reason.DATE_IN_CLOSED_PERIOD]


# --- reading


def seen(entity: str, raw: dict[str, Any]) -> ObservedPayment:
    observed = observe(entity, raw)
    assert isinstance(observed, ObservedPayment)
    return observed


def test_a_payment_as_xero_holds_it() -> None:
    observed = seen("Payment", a_raw_payment())

    assert (observed.customer_ref, observed.currency, observed.amount) == (CONTACT, "GBP", D(120))
    assert (observed.paid_on, observed.reference, observed.marker) == (date(2026, 3, 15), "pi_3Nx", MARK)
    assert [(part.remote_id, part.amount) for part in observed.allocations] == [(INVOICE, D(120))]
    assert (observed.whole, observed.voided, observed.applies_credit) == (True, False, False)


def test_a_deleted_payment_stays_readable_and_settles_nothing() -> None:
    observed = seen("Payment", a_raw_payment(Status="DELETED"))

    assert observed.voided
    assert observed.amount == 120
    assert observed.allocations == []


@pytest.mark.parametrize(
    "changes",
    [
        {"PaymentType": "ARCREDITPAYMENT"},
        {"PaymentType": "ACCPAYPAYMENT"},
        {"Invoice": {"Type": "ACCRECCREDIT", "InvoiceID": "c"}},
        {"Invoice": None, "CreditNote": {"CreditNoteID": "c"}},
    ],
)
def test_money_that_did_not_come_from_a_customer_is_not_mapped(changes: dict[str, Any]) -> None:
    assert not seen("Payment", a_raw_payment(**changes)).whole


def test_a_payment_of_a_batch_is_the_single_payment_it_is() -> None:
    """A batch may hold many customers' payments; what settles an invoice is the payment."""
    assert seen("Payment", a_raw_payment(BatchPaymentID="batch-1")).ref.id == "payment-1"


def test_an_overpayment_is_a_payment_with_the_rest_unapplied() -> None:
    applied = [{"AllocationID": "a", "Amount": Decimal(120), "Invoice": {"InvoiceID": INVOICE}}]
    observed = seen("Overpayment", a_raw_overpayment(Allocations=applied, RemainingCredit=Decimal(380)))

    assert (observed.ref.id, observed.amount, observed.unapplied) == ("Overpayments/over-1", D(500), D(380))
    assert [(part.remote_id, part.amount) for part in observed.allocations] == [(INVOICE, D(120))]
    assert (observed.marker, observed.reference) == (MARK, "pi_3Nx")


def test_the_answer_to_an_overpayment_is_read_as_the_overpayment_it_made() -> None:
    raw = {name: value for name, value in a_raw_overpayment().items() if name not in ("RemainingCredit", "Allocations")}

    assert seen("BankTransaction", raw) == seen("Overpayment", a_raw_overpayment())
    with pytest.raises(UnreadableRecord):
        observe("BankTransaction", {"BankTransactionID": "b", "Type": "RECEIVE"})


def test_a_prepayment_is_read_alike_and_money_spent_is_not() -> None:
    raw = a_raw_overpayment(PrepaymentID="pre-1", Type="RECEIVE-PREPAYMENT")

    assert seen("Prepayment", raw).ref.id == "Prepayments/pre-1"
    with pytest.raises(UnreadableRecord):
        observe("Overpayment", a_raw_overpayment(Type="SPEND-OVERPAYMENT"))


def test_a_refunded_overpayment_maps_not_at_all() -> None:
    assert not seen("Overpayment", a_raw_overpayment(Payments=[{"PaymentID": "p"}])).whole
