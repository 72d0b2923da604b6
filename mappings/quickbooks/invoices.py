"""Invoices to QuickBooks: create, update, mark as sent, void. Source: QuickBooks reference 2.6, 12.1 to 12.3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.books import ObservedDocument, RecordKind
from contracts.connections import PaidVoidPolicy
from contracts.invoices import DocumentStatus, Invoice
from contracts.problems import Problem, Reason
from mappings.plan import Books, Held, Step, Verb
from mappings.quickbooks.documents import (
    bill_emails,
    check_document,
    closed_books,
    common_fields,
    from_quickbooks_document,
    label,
)
from mappings.quickbooks.steps import create, is_as_sent, removal, update
from mappings.quickbooks.wire import body_of, encode, fingerprint, make


def check_invoice(invoice: Invoice, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this invoice cannot be brought to QuickBooks yet; [] means next_invoice_step will work.

    A voided one needs nothing but the void. Closed books stand in the way only of what would change them.
    """
    where = label(invoice)
    if invoice.status is DocumentStatus.VOIDED:
        if held is None or _voided_there(held):
            return []
        return [
            *_check_void(held, books, where),
            *closed_books(invoice.issue_date, books, where=where, field="issue_date"),
        ]
    problems = [*check_document(invoice, books), *_check_due_date(invoice, where)]
    if _would_change(invoice, books, held, problems):
        problems += closed_books(invoice.issue_date, books, where=where, field="issue_date")
    return problems + _check_sending(invoice, books, where)


def to_quickbooks_invoice(invoice: Invoice, books: Books, marker: str) -> dict[str, Any]:
    """The invoice QuickBooks should hold, without Id and SyncToken: one canonical wish for create and update.

    EmailStatus is never part of it: NeedToSend would write to the customer a second time. ExchangeRate is left out, so
    that QuickBooks takes the company's rate of the day (10). Precondition: check_invoice returned nothing that blocks.
    """
    wish = make("Invoice", DueDate=invoice.due_date, **common_fields(invoice, books, marker))
    return dict(body_of(wish))


def from_quickbooks_invoice(raw: Mapping[str, Any]) -> ObservedDocument:
    """An invoice as QuickBooks holds it. Raises UnreadableRecord."""
    return from_quickbooks_document(raw, RecordKind.INVOICE)


def next_invoice_step(invoice: Invoice, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """Create, update, send, put the customer's address back, or void; None when QuickBooks holds what is wanted.

    Sending goes to the merchant: billing has written to the customer already. QuickBooks then stores the merchant as
    BillEmail (12.2), so the customer's address is put back afterwards.
    """
    if invoice.status is DocumentStatus.DRAFT:
        return None
    if invoice.status is DocumentStatus.VOIDED:
        if held is None or _voided_there(held):
            return None
        return removal(Verb.VOID, held, marker, number=invoice.number)
    if held is not None and _voided_there(held):
        return None
    wish = to_quickbooks_invoice(invoice, books, marker)
    if held is None:
        return create(RecordKind.INVOICE, wish, marker, number=invoice.number)
    if not is_as_sent(wish, held):
        return update(wish, held, marker, number=invoice.number)
    if _to_be_sent(invoice, books, held):
        return _send(invoice, wish, books, held, marker)
    return _restore_bill_email(invoice, wish, books, held, marker)


def merchant_email(books: Books) -> str:
    """Where QuickBooks' own e-mail goes."""
    return books.settings.merchant_email or books.catalog.company.email


def _voided_there(held: Held) -> bool:
    return isinstance(held.observed, ObservedDocument) and held.observed.voided


def _sent_there(held: Held) -> bool:
    return isinstance(held.observed, ObservedDocument) and held.observed.sent


def _to_be_sent(invoice: Invoice, books: Books, held: Held) -> bool:
    """Never without a merchant's address: QuickBooks would fall back to the customer's."""
    wanted = invoice.status is DocumentStatus.SENT and books.settings.mark_sent
    return wanted and not _sent_there(held) and bool(merchant_email(books))


def _send(invoice: Invoice, wish: dict[str, Any], books: Books, held: Held, marker: str) -> Step:
    return Step(
        Verb.SEND,
        RecordKind.INVOICE,
        marker,
        body="",
        fingerprint=fingerprint(wish),
        target=held.ref,
        number=invoice.number,
        options={"send_to": merchant_email(books)},
    )


def _restore_bill_email(invoice: Invoice, wish: dict[str, Any], books: Books, held: Held, marker: str) -> Step | None:
    """Only what sending put there is replaced; an address a bookkeeper typed is theirs.

    The fingerprint names the version it is for, so that this update never carries the key of an earlier one.
    """
    observed = held.observed
    if not isinstance(observed, ObservedDocument) or not observed.sent or not books.settings.mark_sent:
        return None
    wanted, there = bill_emails(invoice, books), observed.bill_email.casefold()
    ours = {books.settings.merchant_email.casefold(), books.catalog.company.email.casefold()} - {""}
    if not wanted or there == wanted.casefold() or there not in ours:
        return None
    body = {
        "Id": held.ref.id,
        "SyncToken": held.ref.version,
        "sparse": True,
        "BillEmail": wish["BillEmail"],
    }
    print_of_this = f"{fingerprint(wish)}+bill_email.{held.ref.version}"
    return Step(
        Verb.UPDATE, RecordKind.INVOICE, marker, encode(body), print_of_this, target=held.ref, number=invoice.number
    )


def _would_change(invoice: Invoice, books: Books, held: Held | None, problems: list[Problem]) -> bool:
    if any(problem.blocks for problem in problems) or held is None:
        return True
    step = next_invoice_step(invoice, books, held, marker=held.observed.marker if held.observed else "")
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


def _check_sending(invoice: Invoice, books: Books, where: str) -> list[Problem]:
    """A warning: the invoice goes through, only the mark is missing."""
    wanted = invoice.status is DocumentStatus.SENT and books.settings.mark_sent
    if not wanted or merchant_email(books):
        return []
    return [
        Problem(
            reason=Reason.MERCHANT_EMAIL_MISSING,
            where=where,
            field="status",
            message="It cannot be marked as sent: QuickBooks marks by e-mailing, and there is no merchant address.",
            fix="Enter a merchant e-mail in the connection's settings, or the company e-mail in QuickBooks.",
        )
    ]


def _check_void(held: Held, books: Books, where: str) -> list[Problem]:
    observed = held.observed
    paid = isinstance(observed, ObservedDocument) and bool(observed.settled_by)
    if not paid or books.settings.on_void_with_payments is PaidVoidPolicy.VOID:
        return []
    return [
        Problem(
            reason=Reason.HAS_PAYMENTS,
            where=where,
            field="status",
            message="It is to be voided and has payments or credits applied to it in QuickBooks.",
            fix="Remove the payments from the invoice in QuickBooks, or let the connection void paid invoices; the "
            "money then stays with the customer as credit.",
        )
    ]
