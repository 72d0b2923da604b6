"""Payments, both ways (11)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.books import Account, ObservedAllocation, ObservedPayment, PaymentMethod, RecordKind
from contracts.payments import Payment
from contracts.problems import Reason
from mappings.plan import Books, Held, LinkedDocument, Step, Verb
from mappings.quickbooks import UnreadableRecord, check, decode, next_step, observe
from tests.builders import ISSUED, a_catalog, a_payment, a_ref, books
from tests.mappings.quickbooks.samples import raw_payment

D = Decimal
MARK = "ledgerlane:rec_3"
CREDIT = LinkedDocument(remote_id="181", customer_id="cus_1", currency="GBP", open_balance="25.00")


def step(payment: Payment, held: Held | None = None, around: Books | None = None) -> Step | None:
    return next_step(payment, around or books(), held, marker=MARK)


def body(payment: Payment, around: Books | None = None) -> dict[str, Any]:
    found = step(payment, None, around)
    assert found is not None
    return dict(decode(found.body))


def held_after(payment: Payment, **observed: Any) -> Held:
    created = step(payment)
    seen = ObservedPayment(ref=a_ref(RecordKind.PAYMENT, "180"), marker=MARK, **observed)
    return Held(seen.ref, seen, created.fingerprint if created else "")


def reasons_of(payment: Payment, around: Books | None = None, held: Held | None = None) -> list[Reason]:
    return [problem.reason for problem in check(payment, around or books(), held)]


def test_a_payment_carries_every_application() -> None:
    """One line left out would open its invoice again (11.2)."""
    other = LinkedDocument(remote_id="146", customer_id="cus_1", currency="GBP", open_balance="50.00")
    around = books(
        invoices={**books().invoices, "inv_2": other}, deposit_account="35", payment_methods={"transfer": "2"}
    )
    payment = a_payment(
        amount="200.00",
        method="transfer",
        reference="CHK 1001",
        note="On account",
        allocations=[{"invoice_id": "inv_1", "amount": "120"}, {"invoice_id": "inv_2", "amount": "50"}],
    )

    assert body(payment, around) == {
        "CustomerRef": {"value": "60"},
        "TotalAmt": 200,
        "TxnDate": "2026-03-15",
        "PaymentRefNum": "CHK 1001",
        "PaymentMethodRef": {"value": "2"},
        "DepositToAccountRef": {"value": "35"},
        "PrivateNote": f"On account\n{MARK}",
        "Line": [
            {"Amount": 120, "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]},
            {"Amount": 50, "LinkedTxn": [{"TxnId": "146", "TxnType": "Invoice"}]},
        ],
    }


def test_a_payment_may_take_credit_along() -> None:
    """975 of money and 25 of credit settle 1000 (11.3)."""
    invoice = LinkedDocument(remote_id="145", customer_id="cus_1", currency="GBP", open_balance="1000")
    around = books(invoices={"inv_1": invoice}, credit_memos={"cm_1": CREDIT})
    payment = a_payment(
        amount="975.00",
        allocations=[{"invoice_id": "inv_1", "amount": "1000.00"}],
        credits=[{"credit_memo_id": "cm_1", "amount": "25.00"}],
    )

    assert reasons_of(payment, around) == []
    assert [(line["Amount"], line["LinkedTxn"][0]["TxnType"]) for line in body(payment, around)["Line"]] == [
        (1000, "Invoice"),
        (25, "CreditMemo"),
    ]


@pytest.mark.parametrize(
    ("credit", "linked", "reasons"),
    [
        ("20.00", CREDIT, []),
        ("25.01", CREDIT, [Reason.OVER_ALLOCATED]),
        ("20.00", None, [Reason.CREDIT_MEMO_UNKNOWN]),
        ("121.00", LinkedDocument(remote_id="181", customer_id="cus_1", currency="GBP"), [Reason.OVER_ALLOCATED]),
    ],
)
def test_credit_taken_along_has_to_be_there_and_settle_something(
    credit: str, linked: LinkedDocument | None, reasons: list[Reason]
) -> None:
    around = books(credit_memos={"cm_1": linked} if linked else {})
    payment = a_payment(credits=[{"credit_memo_id": "cm_1", "amount": credit}])

    assert reasons_of(payment, around) == reasons


def test_a_long_reference_is_cut_in_its_field_and_whole_in_the_note() -> None:
    sent = body(a_payment(reference="SEPA-2026-03-15-0000000001"))

    assert sent["PaymentRefNum"] == "SEPA-2026-03-15-00000"
    assert sent["PrivateNote"] == f"Reference: SEPA-2026-03-15-0000000001\n{MARK}"


@pytest.mark.parametrize(
    ("method", "settings", "sent"),
    [
        ("bank transfer", {}, "2"),
        ("card", {"payment_methods": {"card": "2"}}, "2"),
        ("card", {}, None),
        ("", {}, None),
    ],
)
def test_a_method_is_mapped_or_found_by_its_name(method: str, settings: dict[str, Any], sent: str | None) -> None:
    assert body(a_payment(method=method), books(**settings)).get("PaymentMethodRef", {}).get("value") == sent


@pytest.mark.parametrize(
    ("changes", "settings", "reasons"),
    [
        ({}, {}, []),
        ({"allocations": []}, {}, []),  # all of it unapplied
        ({"amount": "0", "allocations": []}, {}, [Reason.NOT_SUPPORTED_BY_LEDGER]),
        ({"amount": "0.001", "allocations": []}, {}, [Reason.NOT_SUPPORTED_BY_LEDGER]),
        ({"amount": "200", "allocations": [{"invoice_id": "inv_1", "amount": "121"}]}, {}, [Reason.OVER_ALLOCATED]),
        ({"allocations": [{"invoice_id": "inv_9", "amount": "1"}]}, {}, [Reason.INVOICE_UNKNOWN]),
        ({"customer_id": "cus_9", "allocations": []}, {}, [Reason.CUSTOMER_UNKNOWN]),
        ({"currency": "EUR", "allocations": []}, {}, [Reason.CURRENCY_MISMATCH]),
        ({"deposit_account": "99"}, {}, [Reason.REFERENCE_NOT_FOUND]),
        ({}, {"deposit_account": "36"}, [Reason.REFERENCE_INACTIVE]),
        ({"method": "card"}, {"payment_methods": {"card": "9"}}, [Reason.REFERENCE_INACTIVE]),
        ({"method": "card"}, {"payment_methods": {"card": "10"}}, [Reason.REFERENCE_NOT_FOUND]),
        ({"note": "x" * 4000}, {}, [Reason.TEXT_TOO_LONG]),
    ],
)
def test_what_stands_in_a_payments_way(
    changes: dict[str, Any], settings: dict[str, Any], reasons: list[Reason]
) -> None:
    catalog = a_catalog(
        accounts=[Account(id="35", name="Bank", type="Bank"), Account(id="36", name="Old", type="Bank", active=False)],
        payment_methods=[PaymentMethod(id="2", name="Bank transfer"), PaymentMethod(id="9", name="Card", active=False)],
    )

    assert reasons_of(a_payment(**changes), books(catalog, **settings)) == reasons


def test_what_a_payment_has_settled_itself_is_not_over_allocation() -> None:
    paid = LinkedDocument(remote_id="145", customer_id="cus_1", currency="GBP", open_balance="0.00")
    part = ObservedAllocation(kind=RecordKind.INVOICE, remote_id="145", amount=Decimal(120))
    around = books(invoices={"inv_1": paid})

    assert reasons_of(a_payment(), around, held_after(a_payment(), allocations=[part])) == []


@pytest.mark.parametrize(
    ("changes", "held", "verb"),
    [
        ({}, None, Verb.CREATE),
        ({}, held_after(a_payment()), None),
        ({"amount": "130.00"}, held_after(a_payment()), Verb.UPDATE),
        ({"status": "voided"}, None, None),
        ({"status": "voided"}, held_after(a_payment()), Verb.VOID),
        ({"status": "voided"}, held_after(a_payment(), voided=True), None),
        ({}, held_after(a_payment(), voided=True), None),
    ],
)
def test_the_next_step_of_a_payment(changes: dict[str, Any], held: Held | None, verb: Verb | None) -> None:
    found = step(a_payment(**changes), held)

    assert (found.verb if found else None) is verb


def test_a_payment_is_voided_by_a_sparse_update() -> None:
    found = step(a_payment(status="voided"), held_after(a_payment()))

    assert found is not None
    assert decode(found.body) == {"Id": "180", "SyncToken": "0", "sparse": True}


@pytest.mark.parametrize(
    ("changes", "held", "blocked"),
    [
        ({}, None, True),
        ({}, held_after(a_payment()), False),
        ({"status": "voided"}, held_after(a_payment()), True),
        ({"paid_on": date(2026, 3, 16)}, None, False),
    ],
)
def test_closed_books_block_only_what_would_change_them(
    changes: dict[str, Any], held: Held | None, blocked: bool
) -> None:
    closed = books(a_catalog(company={"books_closed_until": ISSUED}))

    assert reasons_of(a_payment(**changes), closed, held) == ([Reason.DATE_IN_CLOSED_PERIOD] if blocked else [])


INVOICE_LINE = {"Amount": 100, "LinkedTxn": [{"TxnId": "71", "TxnType": "Invoice"}]}
CREDIT_LINE = {"Amount": 100, "LinkedTxn": [{"TxnId": "73", "TxnType": "CreditMemo"}]}
JOURNAL_LINE = {"Amount": 100, "LinkedTxn": [{"TxnId": "74", "TxnType": "JournalEntry"}]}


def read(**changes: Any) -> ObservedPayment:
    observed = observe("Payment", raw_payment(**changes))
    assert isinstance(observed, ObservedPayment)
    return observed


def test_a_recorded_payment_is_read_whole() -> None:
    payment = read(PaymentRefNum="CHK 1", PrivateNote=f"Thanks\n{MARK}", PaymentMethodRef={"value": "2"})

    assert (payment.ref.id, payment.customer_ref, payment.amount, payment.unapplied) == ("180", "1", D(100), D(0))
    assert [(part.kind, part.remote_id, part.amount) for part in payment.allocations] == [
        (RecordKind.INVOICE, "71", D(100))
    ]
    assert (payment.reference, payment.note, payment.marker, payment.method) == ("CHK 1", "Thanks", MARK, "2")
    assert (payment.whole, payment.applies_credit, payment.voided) == (True, False, False)


@pytest.mark.parametrize(
    ("changes", "whole", "applies_credit", "voided"),
    [
        ({"Line": []}, True, False, False),
        ({"Line": None}, True, False, False),
        ({"TotalAmt": 0, "Line": [INVOICE_LINE, CREDIT_LINE]}, True, True, False),
        ({"TotalAmt": 75, "Line": [INVOICE_LINE, CREDIT_LINE]}, True, False, False),
        ({"Line": [INVOICE_LINE, JOURNAL_LINE]}, False, False, False),
        ({"TotalAmt": 0, "Line": [JOURNAL_LINE, CREDIT_LINE]}, False, False, False),
        ({"Line": [{"Amount": 100, "LinkedTxn": []}]}, False, False, False),
        ({"TotalAmt": 0, "Line": [], "PrivateNote": "Voided"}, True, False, True),
        ({"TotalAmt": 0, "Line": [], "PrivateNote": f"Voided - {MARK}"}, True, False, True),
        ({"TotalAmt": 0, "Line": []}, True, False, False),
    ],
)
def test_what_kind_of_payment_it_is(changes: dict[str, Any], whole: bool, applies_credit: bool, voided: bool) -> None:
    payment = read(**changes)

    assert (payment.whole, payment.applies_credit, payment.voided) == (whole, applies_credit, voided)


@pytest.mark.parametrize(
    "changes",
    [{"Id": ""}, {"Line": [{**INVOICE_LINE, "Amount": Decimal("1E+20")}]}, {"Line": "none"}, {"TotalAmt": "x"}],
)
def test_an_odd_payment_is_one_error_of_its_own(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        read(**changes)
