"""Whether amounts may be applied to invoices, by payments and credit memos. Source: QuickBooks reference 11.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from contracts.base import plain
from contracts.credit_memos import Allocation
from contracts.problems import Problem, Reason
from mappings.plan import Books, LinkedDocument


def check_allocations(
    allocations: Sequence[Allocation],
    books: Books,
    *,
    customer_id: str,
    currency: str,
    applied: Mapping[str, Decimal],
    where: str,
) -> list[Problem]:
    """Each invoice is known, open enough, and of the same customer and currency.

    applied: billing invoice id -> what this record has applied to it already, which its open balance lacks.
    """
    problems = []
    for position, allocation in enumerate(allocations):
        field = f"allocations.{position}"
        invoice = books.invoices.get(allocation.invoice_id)
        if invoice is None or not invoice.remote_id:
            problems.append(_not_there(allocation, invoice, where, field))
            continue
        problems += _check_invoice(allocation, invoice, customer_id, currency, where, field)
        problems += _check_open(allocation, invoice, applied.get(allocation.invoice_id, Decimal(0)), where, field)
    return problems


def over_allocated(text: str, *, where: str, field: str, value: str = "") -> Problem:
    """More is applied than there is."""
    fix = "Reduce the allocations in the billing platform, or undo what else was applied in QuickBooks."
    return Problem(reason=Reason.OVER_ALLOCATED, where=where, field=field, message=text, fix=fix, value=value)


def _not_there(allocation: Allocation, invoice: LinkedDocument | None, where: str, field: str) -> Problem:
    if invoice is not None and invoice.blocked:
        reason, state = Reason.DOCUMENT_BLOCKED, "has problems of its own"
        fix = "Put the invoice's problems right; this follows by itself."
    else:
        reason, state = Reason.INVOICE_UNKNOWN, "is unknown" if invoice is None else "is not in QuickBooks yet"
        fix = "Send the invoice from the billing platform first."
    text = f"Invoice {allocation.invoice_id!r} {state}."
    return Problem(reason=reason, where=where, field=field, message=text, fix=fix, value=allocation.invoice_id)


def _check_invoice(
    allocation: Allocation, invoice: LinkedDocument, customer_id: str, currency: str, where: str, field: str
) -> list[Problem]:
    name, problems = repr(allocation.invoice_id), []
    if invoice.voided:
        text = f"Invoice {name} is voided in QuickBooks."
        fix = "Remove the allocation in the billing platform."
        problems.append(_problem(Reason.VOIDED_IN_LEDGER, where, field, text, fix))
    if invoice.customer_id != customer_id:
        text = (
            f"Invoice {name} belongs to customer {invoice.customer_id!r}; QuickBooks settles within one customer (620)."
        )
        fix = "Allocate to invoices of the same customer in the billing platform."
        problems.append(_problem(Reason.NOT_SUPPORTED_BY_LEDGER, where, field, text, fix))
    if invoice.currency != currency:
        text = f"Invoice {name} is in {invoice.currency}, this is in {currency}."
        fix = "Allocate to invoices of the same currency in the billing platform."
        problems.append(_problem(Reason.CURRENCY_MISMATCH, where, field, text, fix))
    return problems


def _check_open(
    allocation: Allocation, invoice: LinkedDocument, applied: Decimal, where: str, field: str
) -> list[Problem]:
    if not invoice.open_balance:
        return []
    room = Decimal(invoice.open_balance) + applied
    if allocation.amount <= room:
        return []
    text = (
        f"{plain(allocation.amount)} is allocated to invoice {allocation.invoice_id!r}, which has {plain(room)} open."
    )
    return [over_allocated(text, where=where, field=field, value=plain(allocation.amount))]


def _problem(reason: Reason, where: str, field: str, text: str, fix: str) -> Problem:
    return Problem(reason=reason, where=where, field=field, message=text, fix=fix)
