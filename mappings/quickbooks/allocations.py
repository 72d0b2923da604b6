"""Whether amounts may be applied to invoices, and credit taken from credit memos.

Source: QuickBooks reference 11.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.base import plain
from contracts.credit_memos import Allocation
from contracts.problems import Problem, Reason
from mappings.plan import Books, LinkedDocument


@dataclass(frozen=True)
class Use:
    """An amount of another document that a record uses: an invoice it settles, a credit memo it consumes."""

    noun: str
    document_id: str
    amount: Decimal
    field: str


def invoice_uses(allocations: Sequence[Allocation]) -> list[Use]:
    """The invoices that allocations settle."""
    return [
        Use("invoice", allocation.invoice_id, allocation.amount, f"allocations.{position}")
        for position, allocation in enumerate(allocations)
    ]


def check_uses(
    uses: Iterable[Use], books: Books, *, customer_id: str, currency: str, applied: Mapping[str, Decimal], where: str
) -> list[Problem]:
    """Each document is known, in QuickBooks, open enough, and of the same customer and currency.

    applied: billing id of the document -> what this record uses of it already, which its open balance lacks.
    """
    problems = []
    for use in uses:
        document = (books.invoices if use.noun == "invoice" else books.credit_memos).get(use.document_id)
        if document is None or not document.remote_id:
            problems.append(_not_there(use, document, where))
            continue
        problems += _check_document(use, document, customer_id, currency, where)
        problems += _check_open(use, document, applied.get(use.document_id, Decimal(0)), where)
    return problems


def over_allocated(text: str, *, where: str, field: str, value: str = "") -> Problem:
    """More is applied than there is."""
    fix = "Reduce the allocations in the billing platform, or undo what else was applied in QuickBooks."
    return Problem(reason=Reason.OVER_ALLOCATED, where=where, field=field, message=text, fix=fix, value=value)


def _name(use: Use) -> str:
    return f"{use.noun.capitalize()} {use.document_id!r}"


def _not_there(use: Use, document: LinkedDocument | None, where: str) -> Problem:
    if document is not None and document.blocked:
        reason, state = Reason.DOCUMENT_BLOCKED, "has problems of its own"
        fix = f"Put the {use.noun}'s problems right; this follows by itself."
    else:
        reason = Reason.INVOICE_UNKNOWN if use.noun == "invoice" else Reason.CREDIT_MEMO_UNKNOWN
        state = "is unknown" if document is None else "is not in QuickBooks yet"
        fix = f"Send the {use.noun} from the billing platform first."
    return _problem(reason, use, f"{_name(use)} {state}.", fix, where)


def _check_document(use: Use, document: LinkedDocument, customer_id: str, currency: str, where: str) -> list[Problem]:
    problems = []
    if document.voided:
        fix = "Remove it from this record in the billing platform."
        problems.append(_problem(Reason.VOIDED_IN_LEDGER, use, f"{_name(use)} is voided in QuickBooks.", fix, where))
    if document.customer_id != customer_id:
        text = f"{_name(use)} belongs to customer {document.customer_id!r}; QuickBooks settles within one customer."
        fix = f"Use {use.noun}s of the same customer in the billing platform."
        problems.append(_problem(Reason.NOT_SUPPORTED_BY_LEDGER, use, text, fix, where))
    if document.currency != currency:
        text = f"{_name(use)} is in {document.currency}, this is in {currency}."
        fix = f"Use {use.noun}s of the same currency in the billing platform."
        problems.append(_problem(Reason.CURRENCY_MISMATCH, use, text, fix, where))
    return problems


def _check_open(use: Use, document: LinkedDocument, applied: Decimal, where: str) -> list[Problem]:
    if not document.open_balance:
        return []
    room = Decimal(document.open_balance) + applied
    if use.amount <= room:
        return []
    text = f"{plain(use.amount)} is used of {use.noun} {use.document_id!r}, which has {plain(room)} open."
    return [over_allocated(text, where=where, field=use.field, value=plain(use.amount))]


def _problem(reason: Reason, use: Use, text: str, fix: str, where: str) -> Problem:
    return Problem(reason=reason, where=where, field=use.field, message=text, fix=fix, value=use.document_id)
