"""Credit memos, and the amount-less payments by which they settle invoices (11.3, 12.4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.books import ObservedAllocation, ObservedDocument, ObservedPayment, RecordKind
from contracts.connections import PaidVoidPolicy
from contracts.credit_memos import CreditMemo
from contracts.problems import Reason
from mappings.plan import Books, Held, LinkedDocument, Step, Verb
from mappings.quickbooks import check, decode, next_step, observe
from tests.builders import ISSUED, a_catalog, a_credit_memo, a_ref, books
from tests.mappings.quickbooks.samples import raw_invoice

MARK = "ledgerlane:rec_2"


def settling(amount: str, invoice_id: str = "inv_1") -> dict[str, str]:
    return {"invoice_id": invoice_id, "amount": amount}


def an_open_invoice(**changes: Any) -> LinkedDocument:
    defaults = {"remote_id": "145", "customer_id": "cus_1", "currency": "GBP", "open_balance": "120.00"}
    return LinkedDocument(**{**defaults, **changes})


def applied(amount: str, *, sent: str = "ours", invoice: str = "145", remote_id: str = "200") -> Held:
    """A zero payment there that applies an amount of the credit."""
    parts = [
        ObservedAllocation(kind=RecordKind.INVOICE, remote_id=invoice, amount=amount),
        ObservedAllocation(kind=RecordKind.CREDIT_MEMO, remote_id="181", amount=amount),
    ]
    seen = ObservedPayment(ref=a_ref(RecordKind.ALLOCATION, remote_id, "4"), allocations=parts, applies_credit=True)
    return Held(seen.ref, seen, sent)


def step(memo: CreditMemo, held: Held | None, around: Books | None = None) -> Step | None:
    return next_step(memo, around or books(), held, marker=MARK)


def held_after(memo: CreditMemo, allocations: dict[str, Held] | None = None, **observed: Any) -> Held:
    created = step(memo, None)
    total = memo.totals.total
    seen = ObservedDocument(
        ref=a_ref(RecordKind.CREDIT_MEMO, "181"), **{"marker": MARK, "total": total, "balance": total, **observed}
    )
    return Held(seen.ref, seen, created.fingerprint if created else "", allocations or {})


def reasons_of(memo: CreditMemo, around: Books | None = None, held: Held | None = None) -> list[Reason]:
    return [problem.reason for problem in check(memo, around or books(), held)]


def test_a_credit_memo_goes_out_with_positive_amounts_and_no_due_date() -> None:
    created = step(a_credit_memo(), None)
    assert created is not None
    sent = decode(created.body)

    assert (created.verb, created.kind, created.number) == (Verb.CREATE, RecordKind.CREDIT_MEMO, "CM-7")
    assert (sent["Line"][0]["Amount"], sent["DocNumber"]) == (100, "CM-7")
    assert "DueDate" not in sent


def test_credit_is_applied_by_a_payment_of_nothing_with_two_equal_lines() -> None:
    memo = a_credit_memo(allocations=[settling("50.00")])
    found = step(memo, held_after(memo))

    assert found is not None
    assert (found.verb, found.kind, found.allocation_of) == (Verb.CREATE, RecordKind.ALLOCATION, "inv_1")
    assert found.marker == "ledgerlane:rec_2/inv_1"
    assert decode(found.body) == {
        "CustomerRef": {"value": "60"},
        "TotalAmt": 0,
        "TxnDate": "2026-03-15",
        "PrivateNote": "ledgerlane:rec_2/inv_1",
        "Line": [
            {"Amount": 50, "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]},
            {"Amount": 50, "LinkedTxn": [{"TxnId": "181", "TxnType": "CreditMemo"}]},
        ],
    }


def test_the_service_asks_until_every_allocation_is_there() -> None:
    """One credit a call: create the memo, then one payment for each invoice, then rest."""
    around = books(invoices={"inv_1": an_open_invoice(), "inv_2": an_open_invoice(remote_id="146")})
    memo = a_credit_memo(allocations=[settling("50.00"), settling("20.00", "inv_2")])
    held: Held | None = None
    taken = []
    while (found := step(memo, held, around)) is not None:
        taken.append((found.verb, found.kind, found.allocation_of))
        there = dict(held.allocations) if held else {}
        if found.allocation_of:
            there[found.allocation_of] = applied("1", sent=found.fingerprint)
        held = held_after(memo, there)

    assert taken == [
        (Verb.CREATE, RecordKind.CREDIT_MEMO, ""),
        (Verb.CREATE, RecordKind.ALLOCATION, "inv_1"),
        (Verb.CREATE, RecordKind.ALLOCATION, "inv_2"),
    ]


def test_what_is_no_longer_applied_is_removed_before_anything_new() -> None:
    """It frees the credit that the next allocation needs."""
    around = books(invoices={"inv_1": an_open_invoice(), "inv_2": an_open_invoice(remote_id="146")})
    memo = a_credit_memo(allocations=[settling("120.00", "inv_2")])
    found = step(memo, held_after(memo, {"inv_1": applied("120.00")}), around)

    assert found is not None
    assert (found.verb, found.kind, found.allocation_of) == (Verb.DELETE, RecordKind.ALLOCATION, "inv_1")
    assert decode(found.body) == {"Id": "200", "SyncToken": "4"}


def test_another_amount_is_an_update_with_both_lines() -> None:
    memo = a_credit_memo(allocations=[settling("70.00")])
    found = step(memo, held_after(memo, {"inv_1": applied("50.00")}))

    assert found is not None
    assert (found.verb, found.kind) == (Verb.UPDATE, RecordKind.ALLOCATION)
    assert [line["Amount"] for line in decode(found.body)["Line"]] == [70, 70]


def test_credit_a_bookkeeper_applied_is_left_as_it_is() -> None:
    memo = a_credit_memo(allocations=[settling("50.00")])

    assert step(memo, held_after(memo, {"inv_1": applied("50.00", sent="")})) is None


@pytest.mark.parametrize(
    ("allocations", "invoice", "reasons"),
    [
        ([settling("50.00")], {}, []),
        ([settling("120.00")], {}, []),
        ([settling("120.01")], {}, [Reason.OVER_ALLOCATED, Reason.OVER_ALLOCATED]),
        ([settling("50.00")], {"open_balance": "49.99"}, [Reason.OVER_ALLOCATED]),
        ([settling("50.00")], {"open_balance": ""}, []),
        ([settling("50.00", "inv_9")], {}, [Reason.INVOICE_UNKNOWN]),
        ([settling("50.00")], {"remote_id": ""}, [Reason.INVOICE_UNKNOWN]),
        ([settling("50.00")], {"remote_id": "", "blocked": True}, [Reason.DOCUMENT_BLOCKED]),
        ([settling("50.00")], {"voided": True}, [Reason.VOIDED_IN_LEDGER]),
        ([settling("50.00")], {"customer_id": "cus_2"}, [Reason.NOT_SUPPORTED_BY_LEDGER]),
        ([settling("50.00")], {"currency": "EUR"}, [Reason.CURRENCY_MISMATCH]),
    ],
)
def test_what_stands_in_the_way_of_applying(
    allocations: list[dict[str, str]], invoice: dict[str, Any], reasons: list[Reason]
) -> None:
    around = books(invoices={"inv_1": an_open_invoice(**invoice)})

    assert reasons_of(a_credit_memo(allocations=allocations), around) == reasons


def test_credit_already_applied_counts_as_open() -> None:
    """The invoice is paid by this very credit: asking again must not find it over-allocated."""
    around = books(invoices={"inv_1": an_open_invoice(open_balance="0.00")})
    memo = a_credit_memo(allocations=[settling("120.00")])

    assert reasons_of(memo, around, held_after(memo, {"inv_1": applied("120.00")}, balance=0)) == []


@pytest.mark.parametrize(
    ("policy", "allocations", "balance", "reasons", "verbs"),
    [
        (PaidVoidPolicy.BLOCK, {}, "120.00", [], Verb.DELETE),
        (PaidVoidPolicy.BLOCK, {}, "20.00", [Reason.HAS_PAYMENTS], None),
        (PaidVoidPolicy.BLOCK, {"inv_1": applied("100.00")}, "20.00", [Reason.HAS_PAYMENTS], None),
        (PaidVoidPolicy.VOID, {"inv_1": applied("100.00")}, "20.00", [], Verb.DELETE),
        (PaidVoidPolicy.VOID, {"inv_1": applied("50.00")}, "20.00", [Reason.HAS_PAYMENTS], None),
    ],
)
def test_a_voided_credit_memo_is_deleted_once_nothing_is_applied(
    policy: PaidVoidPolicy, allocations: dict[str, Held], balance: str, reasons: list[Reason], verbs: Verb | None
) -> None:
    """QuickBooks offers no void for it (2.1). Our own applications may be undone; a bookkeeper's never."""
    memo, around = a_credit_memo(status="voided"), books(on_void_with_payments=policy)
    held = held_after(a_credit_memo(), allocations, balance=balance)

    assert reasons_of(memo, around, held) == reasons
    if verbs:
        found = step(memo, held, around)
        assert found is not None
        assert found.verb is verbs
        assert found.kind is (RecordKind.ALLOCATION if allocations else RecordKind.CREDIT_MEMO)


@pytest.mark.parametrize(("status", "verb"), [("draft", None), ("final", Verb.CREATE), ("voided", None)])
def test_only_a_final_credit_memo_is_created(status: str, verb: Verb | None) -> None:
    found = step(a_credit_memo(status=status), None)

    assert (found.verb if found else None) is verb


@pytest.mark.parametrize(
    ("closed_until", "dated"), [(None, "2026-03-15"), (date(2026, 3, 14), "2026-03-15"), (ISSUED, None)]
)
def test_an_allocation_is_never_dated_into_closed_books(closed_until: date | None, dated: str | None) -> None:
    around = books(a_catalog(company={"books_closed_until": closed_until}))
    memo = a_credit_memo(allocations=[settling("50.00")])
    found = step(memo, held_after(memo), around)

    assert found is not None
    assert decode(found.body).get("TxnDate") == dated
    assert reasons_of(memo, around, held_after(memo)) == []


def test_what_is_left_of_a_credit_memo_is_its_balance() -> None:
    raw = raw_invoice(Id="181", RemainingCredit=40, Balance=40)
    del raw["LinkedTxn"]
    observed = observe("CreditMemo", raw)

    assert isinstance(observed, ObservedDocument)
    assert (observed.ref.kind, observed.balance, observed.settled_by) == (RecordKind.CREDIT_MEMO, Decimal(40), [])
