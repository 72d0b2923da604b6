"""Credit memos to Xero, where they are credit notes, and the allocations by which they settle invoices.

Created AUTHORISED, then allocated in further calls: allocations inside a create are ignored (5.1, 5.2). Line discounts
do not exist on them, so such a line is one of its amount.

The marker stands at the end of Reference, after the customer's own: a credit note has no Url, Reference is kept as
written and can be searched for, and CreditNoteNumber is unique. It is printed; there is no field that is not.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from contracts.base import plain
from contracts.books import ObservedDocument, ObservedPayment, RecordKind
from contracts.connections import PaidVoidPolicy
from contracts.credit_memos import Allocation, CreditMemo
from contracts.invoices import DocumentStatus
from contracts.problems import Problem, Reason
from mappings.plan import Books, Held, Step, Verb
from mappings.xero.allocations import (
    allocation_print,
    allocation_step,
    applied_by,
    check_allocations,
    over_allocated,
    part_marker,
)
from mappings.xero.contacts import too_long
from mappings.xero.documents import (
    REFERENCE_MAX,
    check_document,
    check_edit,
    closed_books,
    common_fields,
    dates_of,
    label,
    update_step,
    voided_there,
    wish_of,
    wish_print,
    write_options,
)
from mappings.xero.steps import create, take_back, void
from mappings.xero.wire import make

MARKER_ROOM = 60
"""Characters of Reference kept for our mark."""


def check_credit_memo(memo: CreditMemo, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this credit memo cannot be brought to Xero yet; [] means next_credit_memo_step will work."""
    where = label(memo)
    if memo.status is DocumentStatus.VOIDED:
        if held is None or voided_there(held):
            return []
        locked = closed_books(dates_of(memo, held)[1:], books, where=where, field="issue_date")
        return [*_check_removal(held, books, where), *locked]
    problems = [*check_document(memo, books), *_check_applying(memo, books, held, where)]
    if len(memo.reference) > REFERENCE_MAX - MARKER_ROOM:
        problems.append(too_long(memo.reference, REFERENCE_MAX - MARKER_ROOM, where=where, field="reference"))
    blocked = any(problem.blocks for problem in problems)
    if held is not None and not blocked and not voided_there(held):
        marker = held.observed.marker if held.observed else ""
        problems += check_edit(to_xero_credit_note(memo, books, marker), held, where=where)
    if held is None or blocked or _would_change(memo, books, held):
        problems += closed_books(dates_of(memo, held), books, where=where, field="issue_date")
    return problems


def to_xero_credit_note(memo: CreditMemo, books: Books, marker: str) -> dict[str, Any]:
    """The credit note Xero should hold, without its id. Amounts are positive (5.1)."""
    return wish_of(
        make(
            "CreditNote",
            type="ACCRECCREDIT",
            credit_note_number=memo.number,
            reference=f"{memo.reference} {marker}".strip(),
            **common_fields(memo, books),
        )
    )


def next_credit_memo_step(memo: CreditMemo, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """Create or update it, then its allocations one by one; a voided one is taken off its invoices, then voided."""
    if memo.status is DocumentStatus.DRAFT:
        return None
    if held is not None and voided_there(held):
        return None
    if memo.status is DocumentStatus.VOIDED:
        return _next_removal(memo, held, marker)
    wish = to_xero_credit_note(memo, books, marker)
    if held is None:
        return create(
            RecordKind.CREDIT_MEMO,
            wish,
            marker,
            path="CreditNotes",
            wished=wish_print(wish),
            number=memo.number,
            options=write_options(memo),
        )
    return update_step(wish, memo, held, marker) or _next_allocation(memo, books, held, marker)


def _next_removal(memo: CreditMemo, held: Held | None, marker: str) -> Step | None:
    if held is None:
        return None
    for invoice_id, applied in held.allocations.items():
        if _stands(applied):
            return take_back(Verb.DELETE, applied, part_marker(marker, invoice_id), part=invoice_id)
    return void(held, marker, number=memo.number, options={"unitdp": "4"})


def _next_allocation(memo: CreditMemo, books: Books, held: Held, marker: str) -> Step | None:
    """What is no longer wanted, or wanted in another amount, is taken off first, since it frees credit; then what is
    new. One made by somebody else (no fingerprint of ours) is left as it is."""
    wanted = {allocation.invoice_id: allocation for allocation in memo.allocations if allocation.amount}
    source = f"CreditNotes/{held.ref.id}"
    for invoice_id, applied in held.allocations.items():
        if _stands(applied) and not _still_wanted(wanted.get(invoice_id), applied, source, books):
            return take_back(Verb.DELETE, applied, part_marker(marker, invoice_id), part=invoice_id)
    for invoice_id, allocation in wanted.items():
        if invoice_id not in held.allocations:
            invoice_ref = books.invoices[invoice_id].remote_id
            return allocation_step(source, invoice_ref, allocation.amount, memo.issue_date, books, marker, invoice_id)
    return None


def _still_wanted(allocation: Allocation | None, applied: Held, source: str, books: Books) -> bool:
    if allocation is None:
        return False
    if not applied.sent_fingerprint:
        return True
    invoice_ref = books.invoices[allocation.invoice_id].remote_id
    return applied.sent_fingerprint == allocation_print(source, invoice_ref, allocation.amount)


def _stands(applied: Held) -> bool:
    """One that a person deleted in Xero is not deleted again, nor made again behind their back."""
    return not (isinstance(applied.observed, ObservedPayment) and applied.observed.voided)


def _check_applying(memo: CreditMemo, books: Books, held: Held | None, where: str) -> list[Problem]:
    wanted = sum((allocation.amount for allocation in memo.allocations), Decimal(0))
    problems = check_allocations(
        memo.allocations,
        books,
        customer_id=memo.customer_id,
        currency=memo.currency,
        applied=applied_by(held),
        where=where,
    )
    if wanted > memo.totals.total:
        text = f"{plain(wanted)} is allocated and the credit memo is for {plain(memo.totals.total)}."
        problems.append(over_allocated(text, where=where, field="allocations", value=plain(wanted)))
    return problems


def _check_removal(held: Held, books: Books, where: str) -> list[Problem]:
    """Our own allocations may be undone where the connection says so; anybody else's, and refunds, never."""
    ours = sum(applied_by(held).values(), Decimal(0))
    observed = held.observed
    used = observed.total - observed.balance if isinstance(observed, ObservedDocument) else ours
    allowed = ours if books.settings.on_void_with_payments is PaidVoidPolicy.VOID else Decimal(0)
    if used <= allowed and max(used, ours) <= allowed:
        return []
    return [
        Problem(
            reason=Reason.HAS_PAYMENTS,
            where=where,
            field="status",
            message=f"It is to be voided and {plain(max(used, ours))} of it is used in Xero.",
            fix="Remove the credit from the invoices in Xero, or let the connection undo what it applied itself.",
        )
    ]


def _would_change(memo: CreditMemo, books: Books, held: Held) -> bool:
    """An allocation posts nothing in a locked period: it is dated after it."""
    marker = held.observed.marker if held.observed else ""
    step = next_credit_memo_step(memo, books, held, marker=marker)
    return step is not None and step.kind is RecordKind.CREDIT_MEMO
