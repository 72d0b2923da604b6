"""Invoices to Xero: create, update, mark as sent, void. Source: Xero reference 4.

An invoice of ours is always AUTHORISED: a draft stays in billing until it is final. Xero writes to nobody by that, nor
by SentToContact, which is only a mark.

The marker stands in Url, the one field of an invoice that survives edits, is not printed, and is allowed even on paid
documents: the address of the document in billing (settings.document_link), our mark after its #. Url cannot be searched
for, but InvoiceNumber is unique among sales invoices: the connector reads by number and then compares the mark, so
that a bookkeeper's own INV-1042 is never taken for ours. Reference belongs to the customer, a history note cannot be
searched and takes a second call, and a line would be printed.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from contracts.books import ObservedDocument, RecordKind
from contracts.connections import ConnectionSettings, PaidVoidPolicy
from contracts.invoices import DocumentStatus, Invoice
from contracts.problems import Problem, Reason
from mappings.plan import Books, Held, Step, Verb
from mappings.xero.documents import (
    check_document,
    check_edit,
    closed_books,
    common_fields,
    dates_of,
    is_settled,
    label,
    update_step,
    voided_there,
    wish_of,
    wish_print,
    write_options,
)
from mappings.xero.steps import change, create, void
from mappings.xero.wire import make

NOWHERE = "https://ledgerlane.invalid/"
"""A web address that by its nature leads nowhere, where billing has no page to link to (RFC 2606)."""


def check_invoice(invoice: Invoice, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this invoice cannot be brought to Xero yet; [] means next_invoice_step will work.

    A voided one needs nothing but the void. A lock date stands in the way only of what would change something.
    """
    where = label(invoice)
    if invoice.status is DocumentStatus.VOIDED:
        if held is None or voided_there(held):
            return []
        locked = closed_books(dates_of(invoice, held)[1:], books, where=where, field="issue_date")
        return [*_check_void(held, books, where), *locked]
    problems = [*check_document(invoice, books), *_check_due_date(invoice, where)]
    blocked = any(problem.blocks for problem in problems)
    if held is not None and not blocked and not voided_there(held):
        problems += check_edit(to_xero_invoice(invoice, books, _marker(held)), held, where=where)
    if held is None or blocked or _would_change(invoice, books, held):
        problems += closed_books(dates_of(invoice, held), books, where=where, field="issue_date")
    return problems


def to_xero_invoice(invoice: Invoice, books: Books, marker: str) -> dict[str, Any]:
    """The invoice Xero should hold, without its id: one canonical wish for create and update.

    DueDate is required to approve it (4.1): an invoice without one is due when it is issued.
    Precondition: check_invoice returned nothing that blocks.
    """
    return wish_of(
        make(
            "Invoice",
            type="ACCREC",
            invoice_number=invoice.number,
            reference=invoice.reference,
            due_date=invoice.due_date or invoice.issue_date,
            url=link_of(invoice, books.settings, marker),
            **common_fields(invoice, books),
        )
    )


def next_invoice_step(invoice: Invoice, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """Create (and mark as sent at once), update, mark as sent, or void; None when Xero holds what is wanted."""
    if invoice.status is DocumentStatus.DRAFT:
        return None
    if invoice.status is DocumentStatus.VOIDED:
        return None if held is None or voided_there(held) else _void(invoice, held, marker)
    if held is not None and voided_there(held):
        return None
    wish = to_xero_invoice(invoice, books, marker)
    sent = {"SentToContact": True} if _is_sent(invoice, books) else {}
    if held is None:
        return create(
            RecordKind.INVOICE,
            wish,
            marker,
            path="Invoices",
            wished=wish_print(wish),
            number=invoice.number,
            extra=sent,
            options=write_options(invoice),
        )
    if step := update_step(wish, invoice, held, marker):
        return step
    if sent and not (isinstance(held.observed, ObservedDocument) and held.observed.sent):
        options = {"unitdp": "4"}
        return change(Verb.SEND, held, sent, marker, wished=wish_print(wish), number=invoice.number, options=options)
    return None


def link_of(invoice: Invoice, settings: ConnectionSettings, marker: str) -> str:
    """The address of the document in billing with our mark after a #.

    Xero refuses an address that is not absolute or contains its own name (4.2); then the mark alone has to do.
    """
    link = settings.document_link.replace("{id}", quote(invoice.id, safe="")).partition("#")[0]
    usable = link.isascii() and "xero" not in link.casefold() and not any(letter.isspace() for letter in link)
    return f"{link if usable and is_absolute(link) else NOWHERE}#{marker}"


def is_absolute(link: str) -> bool:
    """True for a web address with a host."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _is_sent(invoice: Invoice, books: Books) -> bool:
    return invoice.status is DocumentStatus.SENT and books.settings.mark_sent


def _void(invoice: Invoice, held: Held, marker: str) -> Step:
    """What is applied to it is taken off first: options["take_back"] names it, parted by blanks.

    One step, so that a kill half-way is planned again from what is then left: payments are taken back by status,
    credit by deleting its allocations to this invoice (10, number 7).
    """
    settled_by = held.observed.settled_by if isinstance(held.observed, ObservedDocument) else []
    return void(held, marker, number=invoice.number, options={"take_back": " ".join(settled_by), "unitdp": "4"})


def _marker(held: Held) -> str:
    return held.observed.marker if held.observed else ""


def _would_change(invoice: Invoice, books: Books, held: Held) -> bool:
    step = next_invoice_step(invoice, books, held, marker=_marker(held))
    return step is not None and step.verb is Verb.UPDATE


def _check_due_date(invoice: Invoice, where: str) -> list[Problem]:
    if invoice.due_date is None or invoice.due_date >= invoice.issue_date:
        return []
    return [
        Problem(
            reason=Reason.DUE_DATE_BEFORE_ISSUE,
            where=where,
            field="due_date",
            message=f"It is due on {invoice.due_date}, before it is issued on {invoice.issue_date}.",
            fix="Correct the due date in the billing platform.",
            value=invoice.due_date.isoformat(),
        )
    ]


def _check_void(held: Held, books: Books, where: str) -> list[Problem]:
    """Nothing may be applied to it (4.1). A batch is never taken back: it may settle other invoices as well."""
    observed = held.observed
    if not isinstance(observed, ObservedDocument) or not (observed.settled_by or is_settled(held)):
        return []
    if observed.total == 0 and not observed.settled_by:
        return []
    removable = bool(observed.settled_by) and not any(one.startswith("BatchPay") for one in observed.settled_by)
    if books.settings.on_void_with_payments is PaidVoidPolicy.VOID and removable:
        return []
    batch = " One of them is part of a batch, which only a person can undo." if not removable else ""
    return [
        Problem(
            reason=Reason.HAS_PAYMENTS,
            where=where,
            field="status",
            message=f"It is to be voided and has payments or credits applied to it in Xero.{batch}",
            fix="Remove the payments and credits from the invoice in Xero, or let the connection void paid invoices: "
            "their payments are then deleted and their credit is free again.",
        )
    ]
