"""Credit memos to QuickBooks, and the amount-less payments by which they settle invoices.

Source: QuickBooks reference 2.1, 11.3, 12.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from contracts.base import plain
from contracts.books import ObservedDocument, ObservedPayment, RecordKind
from contracts.connections import PaidVoidPolicy
from contracts.credit_memos import Allocation, CreditMemo
from contracts.invoices import DocumentStatus
from contracts.problems import Problem, Reason
from mappings.plan import Books, Held, Step, Verb
from mappings.quickbooks.allocations import check_uses, invoice_uses, over_allocated
from mappings.quickbooks.documents import (
    check_document,
    closed_books,
    common_fields,
    from_quickbooks_document,
    label,
)
from mappings.quickbooks.steps import create, is_as_sent, removal, update
from mappings.quickbooks.wire import body_of, make, ref


def check_credit_memo(memo: CreditMemo, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this credit memo cannot be brought to QuickBooks yet; [] means next_credit_memo_step will work."""
    where = label(memo)
    if memo.status is DocumentStatus.VOIDED:
        if held is None:
            return []
        return [
            *_check_removal(held, books, where),
            *closed_books(memo.issue_date, books, where=where, field="issue_date"),
        ]
    problems = [*check_document(memo, books), *_check_applying(memo, books, held, where)]
    if _would_change(memo, books, held, problems):
        problems += closed_books(memo.issue_date, books, where=where, field="issue_date")
    return problems


def to_quickbooks_credit_memo(memo: CreditMemo, books: Books, marker: str) -> dict[str, Any]:
    """The credit memo QuickBooks should hold, without Id and SyncToken. Amounts are positive (12.4)."""
    return dict(body_of(make("CreditMemo", **common_fields(memo, books, marker))))


def to_quickbooks_allocation(
    memo: CreditMemo, allocation: Allocation, credit_id: str, books: Books, marker: str
) -> dict[str, Any]:
    """A payment of 0 with two lines of equal amount: one credit a call (11.3)."""
    closed = books.catalog.company.books_closed_until
    is_open = closed is None or memo.issue_date > closed
    invoice = books.invoices[allocation.invoice_id]
    wish = make(
        "Payment",
        CustomerRef=ref(books.customers[memo.customer_id].remote_id),
        TotalAmt=Decimal(0),
        TxnDate=memo.issue_date if is_open else None,
        CurrencyRef=ref(memo.currency) if books.catalog.company.multi_currency else None,
        PrivateNote=allocation_marker(marker, allocation.invoice_id),
        Line=[
            applied_line(allocation.amount, invoice.remote_id, "Invoice"),
            applied_line(allocation.amount, credit_id, "CreditMemo"),
        ],
    )
    return dict(body_of(wish))


def allocation_marker(marker: str, invoice_id: str) -> str:
    """The credit memo's mark and the billing id of the invoice: "ledgerlane:rec_1/inv_2"."""
    return f"{marker}/{invoice_id}"


def applied_line(amount: Decimal, remote_id: str, kind: str) -> Any:
    """A payment line that settles one document. Source: 11.1."""
    linked = make("LinkedTxn", TxnId=remote_id, TxnType=kind)
    return make("PaymentLine", Amount=amount, LinkedTxn=[linked])


def from_quickbooks_credit_memo(raw: Mapping[str, Any]) -> ObservedDocument:
    """A credit memo as QuickBooks holds it. Raises UnreadableRecord."""
    return from_quickbooks_document(raw, RecordKind.CREDIT_MEMO)


def next_credit_memo_step(memo: CreditMemo, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """Create or update it, then its allocations one by one; a voided one is unapplied and deleted (2.1: no void)."""
    if memo.status is DocumentStatus.DRAFT:
        return None
    if memo.status is DocumentStatus.VOIDED:
        return _next_removal(memo, held, marker)
    wish = to_quickbooks_credit_memo(memo, books, marker)
    if held is None:
        return create(RecordKind.CREDIT_MEMO, wish, marker, number=memo.number)
    if isinstance(held.observed, ObservedDocument) and held.observed.voided:
        return None
    if not is_as_sent(wish, held):
        return update(wish, held, marker, number=memo.number)
    return _next_allocation(memo, books, held, marker)


def _next_removal(memo: CreditMemo, held: Held | None, marker: str) -> Step | None:
    if held is None or (isinstance(held.observed, ObservedDocument) and held.observed.voided):
        return None
    for invoice_id, applied in held.allocations.items():
        return _unapply(invoice_id, applied, marker)
    return removal(Verb.DELETE, held, marker, number=memo.number)


def _next_allocation(memo: CreditMemo, books: Books, held: Held, marker: str) -> Step | None:
    """What is no longer wanted first, since it frees credit; then what changed; then what is new."""
    wanted = {allocation.invoice_id: allocation for allocation in memo.allocations if allocation.amount}
    for invoice_id, applied in held.allocations.items():
        if invoice_id not in wanted:
            return _unapply(invoice_id, applied, marker)
    for in_place in (True, False):
        for invoice_id, allocation in wanted.items():
            if (invoice_id in held.allocations) is in_place:
                step = _apply(memo, allocation, books, held, marker)
                if step is not None:
                    return step
    return None


def _apply(memo: CreditMemo, allocation: Allocation, books: Books, held: Held, marker: str) -> Step | None:
    """One made by somebody else (no fingerprint of ours) is left as it is."""
    wish = to_quickbooks_allocation(memo, allocation, held.ref.id, books, marker)
    mark = allocation_marker(marker, allocation.invoice_id)
    there = held.allocations.get(allocation.invoice_id)
    if there is None:
        return create(RecordKind.ALLOCATION, wish, mark, allocation_of=allocation.invoice_id)
    if not there.sent_fingerprint or is_as_sent(wish, there):
        return None
    return update(wish, _as_allocation(there), mark, allocation_of=allocation.invoice_id)


def _unapply(invoice_id: str, applied: Held, marker: str) -> Step:
    mark = allocation_marker(marker, invoice_id)
    return removal(Verb.DELETE, _as_allocation(applied), mark, allocation_of=invoice_id)


def _as_allocation(held: Held) -> Held:
    """QuickBooks calls it a payment; to us it is an allocation."""
    target = held.ref.model_copy(update={"kind": RecordKind.ALLOCATION})
    return Held(target, held.observed, held.sent_fingerprint)


def _applied_by_us(held: Held | None) -> dict[str, Decimal]:
    """Billing invoice id -> what our allocations have applied there already."""
    if held is None:
        return {}
    return {invoice_id: _amount_of(applied) for invoice_id, applied in held.allocations.items()}


def _amount_of(applied: Held) -> Decimal:
    if not isinstance(applied.observed, ObservedPayment):
        return Decimal(0)
    parts = [part.amount for part in applied.observed.allocations if part.kind is RecordKind.INVOICE]
    return sum(parts, Decimal(0))


def _check_applying(memo: CreditMemo, books: Books, held: Held | None, where: str) -> list[Problem]:
    wanted = sum((allocation.amount for allocation in memo.allocations), Decimal(0))
    problems = check_uses(
        invoice_uses(memo.allocations),
        books,
        customer_id=memo.customer_id,
        currency=memo.currency,
        applied=_applied_by_us(held),
        where=where,
    )
    if wanted > memo.totals.total:
        text = f"{plain(wanted)} is allocated and the credit memo is for {plain(memo.totals.total)}."
        problems.append(over_allocated(text, where=where, field="allocations", value=plain(wanted)))
    return problems


def _check_removal(held: Held, books: Books, where: str) -> list[Problem]:
    """Our own allocations may be undone where the connection says so; anybody else's never."""
    ours = sum(_applied_by_us(held).values(), Decimal(0))
    observed = held.observed
    used = observed.total - observed.balance if isinstance(observed, ObservedDocument) else ours
    allowed = ours if books.settings.on_void_with_payments is PaidVoidPolicy.VOID else Decimal(0)
    bound_by_us = bool(held.allocations) and books.settings.on_void_with_payments is PaidVoidPolicy.BLOCK
    if used <= allowed and not bound_by_us:
        return []
    return [
        Problem(
            reason=Reason.HAS_PAYMENTS,
            where=where,
            field="status",
            message=f"It is to be voided and {plain(max(used, ours))} of it is applied to invoices in QuickBooks.",
            fix="Remove the credit from the invoices in QuickBooks. A credit memo cannot be voided there: it is then "
            "deleted.",
        )
    ]


def _would_change(memo: CreditMemo, books: Books, held: Held | None, problems: list[Problem]) -> bool:
    """An allocation posts nothing in a closed period: it is dated today there."""
    if any(problem.blocks for problem in problems) or held is None:
        return True
    step = next_credit_memo_step(memo, books, held, marker=held.observed.marker if held.observed else "")
    return step is not None and step.kind is RecordKind.CREDIT_MEMO
