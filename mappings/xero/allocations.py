"""Credit applied to invoices: by credit notes and over-payments. Source: Xero reference 5.2, 5.4.

An allocation has no text of its own, so it carries no marker: it is known by its document, its invoice and its amount,
and by its AllocationID once the document is read again. Our id of it is its path,
"CreditNotes/{id}/Allocations/{AllocationID}", which is also what it is deleted by. It cannot be changed: another amount
is a deletion and a new one, and one that stands is never sent again, which would apply it twice (11, number 29).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from contracts.base import plain
from contracts.books import ObservedAllocation, ObservedPayment, RecordKind, RemoteRef
from contracts.credit_memos import Allocation
from contracts.problems import Problem, Reason
from mappings.plan import Books, Held, LinkedDocument, Step
from mappings.xero.steps import create
from mappings.xero.wire import Fields, UnreadableRecord, body_of, fingerprint, make

_SOURCES = {"CreditNote": "CreditNotes", "Overpayment": "Overpayments", "Prepayment": "Prepayments"}


def allocation_step(
    source: str, invoice_ref: str, amount: Decimal, day: date, books: Books, marker: str, part: str
) -> Step:
    """Apply an amount of a document ("CreditNotes/{id}") to an invoice.

    Xero sets the date itself, to the later of the two documents', yet wants one (5.2): outside a locked period.
    """
    closed = books.catalog.company.books_closed_until
    on = day if closed is None or day > closed else closed + timedelta(days=1)
    wish = dict(body_of(make("Allocation", invoice=make("Invoice", invoice_id=invoice_ref), amount=amount, date=on)))
    return create(
        RecordKind.ALLOCATION,
        wish,
        part_marker(marker, part),
        path=f"{source}/Allocations",
        wished=allocation_print(source, invoice_ref, amount),
        part=part,
    )


def allocation_print(source: str, invoice_ref: str, amount: Decimal) -> str:
    """The fingerprint of an allocation: its date is Xero's own, so it is no part of the wish."""
    return fingerprint({"source": source, "invoice": invoice_ref, "amount": amount})


def part_marker(marker: str, part: str) -> str:
    """The record's mark and which part of it: "ledgerlane:rec_1/inv_2"."""
    return f"{marker}/{part}" if part else marker


def allocations_in(entity_name: str, raw: Mapping[str, Any]) -> list[ObservedPayment]:
    """Every allocation of a credit note, overpayment or prepayment, as read; entity_name: "CreditNote" and so on.

    How the connector learns an AllocationID, which the answer to a create may lack, and looks for one after a lost
    answer: by the invoice and the amount. Raises UnreadableRecord.
    """
    fields = Fields(raw)
    source_id = fields.text(f"{entity_name}ID", 100)
    return [
        from_xero_allocation({entity_name: {f"{entity_name}ID": source_id}, **entry.raw})
        for entry in fields.parts("Allocations")
        if entry.text("AllocationID")
    ]


def from_xero_allocation(raw: Mapping[str, Any]) -> ObservedPayment:
    """An allocation with the document it is of. No money moves. Raises UnreadableRecord."""
    fields = Fields(raw)
    name = next((name for name in _SOURCES if fields.part(name).text(f"{name}ID")), "")
    allocation_id = fields.text("AllocationID", 100) or fields.text("AllocationId", 100)
    invoice_id = fields.part("Invoice").text("InvoiceID", 100)
    if not name or not allocation_id:
        raise UnreadableRecord("the allocation has no AllocationID or does not say what it is of")
    source_id = fields.part(name).text(f"{name}ID", 100)
    deleted = fields.flag("IsDeleted")
    amount = fields.amount("Amount")
    try:
        parts = [ObservedAllocation(kind=RecordKind.INVOICE, remote_id=invoice_id, amount=amount)]
        if name == "CreditNote":
            parts.append(ObservedAllocation(kind=RecordKind.CREDIT_MEMO, remote_id=source_id, amount=amount))
        return ObservedPayment(
            ref=RemoteRef(kind=RecordKind.ALLOCATION, id=f"{_SOURCES[name]}/{source_id}/Allocations/{allocation_id}"),
            paid_on=fields.day("Date"),
            allocations=[] if deleted else parts,
            applies_credit=True,
            voided=deleted,
        )
    except ValidationError as error:
        raise UnreadableRecord(f"allocation {allocation_id}: {error.errors()[0]['msg']}") from None


def applied_by(held: Held | None) -> dict[str, Decimal]:
    """Xero invoice id -> what this record's own objects there have applied to it."""
    found: dict[str, Decimal] = {}
    for one in [held, *held.allocations.values()] if held else []:
        if one is not None and isinstance(one.observed, ObservedPayment) and not one.observed.voided:
            for part in one.observed.allocations:
                if part.kind is RecordKind.INVOICE:
                    found[part.remote_id] = found.get(part.remote_id, Decimal(0)) + part.amount
    return found


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

    applied: Xero invoice id -> what this record has applied to it already, which its open balance lacks.
    """
    problems = []
    for position, allocation in enumerate(allocations):
        field = f"allocations.{position}"
        invoice = books.invoices.get(allocation.invoice_id)
        if invoice is None or not invoice.remote_id:
            problems.append(_not_there(allocation, invoice, where, field))
            continue
        problems += _check_invoice(allocation, invoice, customer_id, currency, where, field)
        room = Decimal(invoice.open_balance or 0) + applied.get(invoice.remote_id, Decimal(0))
        if invoice.open_balance and allocation.amount > room:
            text = f"{plain(allocation.amount)} is allocated to invoice {allocation.invoice_id!r}, which has "
            text += f"{plain(room)} open."
            problems.append(over_allocated(text, where=where, field=field, value=plain(allocation.amount)))
    return problems


def over_allocated(text: str, *, where: str, field: str, value: str = "") -> Problem:
    """More is applied than there is."""
    fix = "Reduce the allocations in the billing platform, or undo what else was applied in Xero."
    return Problem(reason=Reason.OVER_ALLOCATED, where=where, field=field, message=text, fix=fix, value=value)


def _not_there(allocation: Allocation, invoice: LinkedDocument | None, where: str, field: str) -> Problem:
    if invoice is not None and invoice.blocked:
        reason, state = Reason.DOCUMENT_BLOCKED, "has problems of its own"
        fix = "Put the invoice's problems right; this follows by itself."
    else:
        reason, state = Reason.INVOICE_UNKNOWN, "is unknown" if invoice is None else "is not in Xero yet"
        fix = "Send the invoice from the billing platform first."
    text = f"Invoice {allocation.invoice_id!r} {state}."
    return Problem(reason=reason, where=where, field=field, message=text, fix=fix, value=allocation.invoice_id)


def _check_invoice(
    allocation: Allocation, invoice: LinkedDocument, customer_id: str, currency: str, where: str, field: str
) -> list[Problem]:
    name, problems = repr(allocation.invoice_id), []
    if invoice.voided:
        text, fix = f"Invoice {name} is voided in Xero.", "Remove the allocation in the billing platform."
        problems.append(Problem(reason=Reason.VOIDED_IN_LEDGER, where=where, field=field, message=text, fix=fix))
    if invoice.customer_id != customer_id:
        text = f"Invoice {name} belongs to customer {invoice.customer_id!r}; Xero settles within one contact."
        fix = "Allocate to invoices of the same customer in the billing platform."
        reason = Reason.NOT_SUPPORTED_BY_LEDGER
        problems.append(Problem(reason=reason, where=where, field=field, message=text, fix=fix))
    if invoice.currency != currency:
        text = f"Invoice {name} is in {invoice.currency}, this is in {currency}."
        fix = "Allocate to invoices of the same currency in the billing platform."
        problems.append(Problem(reason=Reason.CURRENCY_MISMATCH, where=where, field=field, message=text, fix=fix))
    return problems
