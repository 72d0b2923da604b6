"""What invoices and credit memos share on their way to QuickBooks and back.

Source: QuickBooks reference 2.10, 9, 12.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import ValidationError

from contracts.base import plain
from contracts.books import ObservedDocument, RecordKind, RemoteRef
from contracts.invoices import DocumentStatus, Invoice
from contracts.problems import Problem, Reason
from contracts.taxes import TaxMode
from mappings.plan import Books
from mappings.quickbooks.catalog import TaxModel
from mappings.quickbooks.contacts import BILLING, check_pushed_emails, joined_emails, usable_emails
from mappings.quickbooks.currencies import check_currency
from mappings.quickbooks.customers import MARKER_ROOM, too_long
from mappings.quickbooks.document_lines import check_lines, document_discount_fits, to_quickbooks_lines
from mappings.quickbooks.document_tax import Document, TaxPlan, plan_tax, tax_detail
from mappings.quickbooks.wire import (
    NOTE_READ,
    Fields,
    UnreadableRecord,
    fingerprint,
    identity,
    make,
    marker_in,
    ref,
    says_voided,
    with_marker,
)

NUMBER_MAX, NOTE_MAX = 21, 4000
MEMO_MAX = 1000


def label(document: Document) -> str:
    """How a person knows it: "invoice INV-1042"."""
    noun = "invoice" if isinstance(document, Invoice) else "credit memo"
    return f"{noun} {document.number or document.id}"


def check_document(document: Document, books: Books) -> list[Problem]:
    """Every reason this document cannot go to QuickBooks yet, closed books apart (they depend on what would change).

    Where its own totals contradict each other, it is not also said that the ledger's would differ.
    """
    where = label(document)
    plan = plan_tax(document, books, where=where)
    own_totals = _check_totals(document, where)
    of_tax = [problem for problem in plan.problems if not (own_totals and problem.reason is Reason.TOTALS_DIFFER)]
    return [
        *_check_number(document, where),
        *check_customer_link(document.customer_id, books, where=where),
        *_check_currency(document, books, where),
        *check_lines(document, books, where=where),
        *own_totals,
        *_check_discount(document, plan, books, where),
        *_check_texts(document, where),
        *check_pushed_emails(document.bill_to_emails, where=where, field="bill_to_emails"),
        *of_tax,
    ]


def common_fields(document: Document, books: Books, marker: str) -> dict[str, Any]:
    """The fields an invoice and a credit memo share, as arguments of wire.make."""
    plan = plan_tax(document, books, where=label(document))
    company = books.catalog.company
    emails = bill_emails(document, books)
    us = company.tax_model in (TaxModel.US, TaxModel.US_AUTOMATED)
    return {
        "CustomerRef": ref(books.customers[document.customer_id].remote_id),
        "DocNumber": document.number or None,
        "TxnDate": document.issue_date,
        "CurrencyRef": ref(document.currency) if company.multi_currency else None,
        "Line": to_quickbooks_lines(document, plan, books),
        "TxnTaxDetail": tax_detail(plan, books),
        "GlobalTaxCalculation": plan.calculation.value if plan.calculation else None,
        "ApplyTaxAfterDiscount": True if us else None,
        "BillEmail": make("EmailAddress", Address=emails) if emails else None,
        "CustomerMemo": make("CustomerMemo", value=document.memo),
        "PrivateNote": note_of(document, marker),
    }


def bill_emails(document: Document, books: Books) -> str:
    """Where the customer gets it: the document's own addresses, else the customer's. Never Cc: that is mailed."""
    customer = books.customers.get(document.customer_id)
    emails = document.bill_to_emails or (usable_emails(customer.emails) if customer else [])
    text = joined_emails(emails)
    return text if len(text) <= 100 else joined_emails(emails[:1])


def note_of(document: Document, marker: str) -> str:
    """The private note and the customer's reference, our mark on the last line."""
    return with_marker(_note(document), marker)


def check_customer_link(customer_id: str, books: Books, *, where: str) -> list[Problem]:
    """The customer is known, in QuickBooks, active and itself without problems."""
    customer = books.customers.get(customer_id)
    if customer is None or (not customer.remote_id and not customer.blocked):
        state = "is unknown" if customer is None else "is not in QuickBooks yet"
        text = f"Customer {customer_id!r} {state}."
        return [
            _link_problem(Reason.CUSTOMER_UNKNOWN, where, text, f"Send the customer from {BILLING} first.", customer_id)
        ]
    if customer.blocked:
        text = f"Customer {customer_id!r} has problems of its own."
        fix = "Put the customer's problems right; the document follows by itself."
        return [_link_problem(Reason.CUSTOMER_BLOCKED, where, text, fix, customer_id)]
    if not customer.active:
        text = f"Customer {customer_id!r} is inactive in QuickBooks."
        fix = "Make the customer active in QuickBooks (Sales, Customers, include inactive)."
        return [_link_problem(Reason.CUSTOMER_INACTIVE, where, text, fix, customer_id)]
    return []


def closed_books(day: date, books: Books, *, where: str, field: str) -> list[Problem]:
    """A change dated on or before the closing date is refused (6210)."""
    closed = books.catalog.company.books_closed_until
    if closed is None or day > closed:
        return []
    return [
        Problem(
            reason=Reason.DATE_IN_CLOSED_PERIOD,
            where=where,
            field=field,
            message=f"It is dated {day} and the books are closed until {closed}.",
            fix="Date it later in billing, or move the closing date in QuickBooks (Account and settings, Advanced).",
            value=day.isoformat(),
        )
    ]


def from_quickbooks_document(
    raw: Mapping[str, Any], kind: Literal[RecordKind.INVOICE, RecordKind.CREDIT_MEMO]
) -> ObservedDocument:
    """An invoice or credit memo as QuickBooks holds it. raw: parsed with parse_float=Decimal.

    voided: total 0 and a note that begins with "Voided" (12.3); a localised company writes another word, which only
    the document's history can tell. Raises UnreadableRecord.
    """
    fields = Fields(raw)
    remote_id, version = identity(fields)
    total, tax = fields.amount("TotalAmt"), fields.part("TxnTaxDetail").amount("TotalTax")
    note = fields.text("PrivateNote", NOTE_READ)
    try:
        return ObservedDocument(
            ref=RemoteRef(kind=kind, id=remote_id, version=version),
            number=fields.text("DocNumber", 255),
            customer_ref=fields.ref("CustomerRef"),
            currency=fields.ref("CurrencyRef"),
            issue_date=fields.day("TxnDate"),
            due_date=fields.day("DueDate"),
            net=total - tax,
            tax=tax,
            total=total,
            balance=_balance(fields, kind),
            voided=total == 0 and says_voided(note),
            sent=fields.word("EmailStatus") == "EmailSent",
            bill_email=fields.part("BillEmail").text("Address"),
            settled_by=_payments(fields),
            exchange_rate=fields.maybe_amount("ExchangeRate"),
            updated_at=fields.part("MetaData").moment("LastUpdatedTime"),
            fingerprint=_fingerprint(fields),
            marker=marker_in(note),
        )
    except ValidationError as error:
        raise UnreadableRecord(f"{kind.value} {remote_id}: {error.errors()[0]['msg']}") from None


def _balance(fields: Fields, kind: RecordKind) -> Decimal:
    """Still owed, or of a credit memo still to use."""
    if kind is RecordKind.CREDIT_MEMO and "RemainingCredit" in fields:
        return fields.amount("RemainingCredit")
    return fields.amount("Balance")


def _payments(fields: Fields) -> list[str]:
    linked = [entry.text("TxnId", 100) for entry in fields.parts("LinkedTxn") if entry.word("TxnType") == "Payment"]
    return [payment for payment in dict.fromkeys(linked) if payment]


def _fingerprint(fields: Fields) -> str:
    """Of what a bookkeeper could edit: not the customer's name (it follows renames), what the ledger adds by itself,
    nor the bill e-mail, which sending replaces."""
    return fingerprint(
        {
            "number": fields.text("DocNumber"),
            "customer": fields.ref("CustomerRef"),
            "dates": [fields.text("TxnDate"), fields.text("DueDate")],
            "total": fields.amount("TotalAmt"),
            "tax": fields.part("TxnTaxDetail").amount("TotalTax"),
            "memo": fields.part("CustomerMemo").text("value"),
            "note": fields.text("PrivateNote", NOTE_READ),
            "lines": [_line_print(line) for line in fields.parts("Line") if _kept(line)],
        }
    )


def _kept(line: Fields) -> bool:
    return line.word("DetailType").casefold() != "subtotallinedetail"


def _line_print(line: Fields) -> dict[str, Any]:
    detail = line.part("SalesItemLineDetail")
    return {
        "amount": line.amount("Amount"),
        "description": line.text("Description"),
        "item": detail.ref("ItemRef"),
        "tax": detail.ref("TaxCodeRef"),
        "quantity": detail.amount("Qty"),
        "price": detail.amount("UnitPrice"),
    }


def _note(document: Document) -> str:
    reference = f"Reference: {document.reference}" if document.reference else ""
    return "\n".join(part for part in (document.private_note, reference) if part)


def _check_number(document: Document, where: str) -> list[Problem]:
    if not document.number:
        if document.status is DocumentStatus.DRAFT:
            return []
        text = "The document has no number."
        fix = f"Give it a number in {BILLING}; QuickBooks would choose its own."
        return [Problem(reason=Reason.NUMBER_MISSING, where=where, field="number", message=text, fix=fix)]
    if len(document.number) <= NUMBER_MAX:
        return []
    return [
        Problem(
            reason=Reason.NUMBER_TOO_LONG,
            where=where,
            field="number",
            message=f"The number {document.number!r} has {len(document.number)} characters; {NUMBER_MAX} are allowed.",
            fix=f"Use a shorter number series in {BILLING}.",
            value=document.number,
        )
    ]


def _check_currency(document: Document, books: Books, where: str) -> list[Problem]:
    customer = books.customers.get(document.customer_id)
    theirs = [customer.currency] if customer else []
    return check_currency(document.currency, books.catalog, where=where, customers=theirs)


def _check_totals(document: Document, where: str) -> list[Problem]:
    totals, problems = document.totals, []
    if totals.net + totals.tax != totals.total:
        text = f"Net {plain(totals.net)} plus tax {plain(totals.tax)} is not the total {plain(totals.total)}."
        problems.append(_inconsistent("totals.total", text, where))
    if document.tax_mode is TaxMode.NONE and totals.tax != 0:
        text = f"The document has no tax by its mode and {plain(totals.tax)} tax in its totals."
        problems.append(_inconsistent("totals.tax", text, where))
    if not document_discount_fits(document):
        lines = sum((line.amount for line in document.lines()), Decimal(0))
        kind, wanted = ("total", totals.total) if document.tax_mode is TaxMode.INCLUSIVE else ("net", totals.net)
        text = f"The lines add up to {plain(lines)}, which less discounts is not the {kind} {plain(wanted)}."
        problems.append(_inconsistent(f"totals.{kind}", text, where))
    if totals.total < 0:
        problems.append(_negative(document, where))
    return problems


def _inconsistent(field: str, text: str, where: str) -> Problem:
    fix = f"Correct the document in {BILLING}; its own figures contradict each other."
    return Problem(reason=Reason.TOTALS_INCONSISTENT, where=where, field=field, message=text, fix=fix)


def _negative(document: Document, where: str) -> Problem:
    other = "a credit memo" if isinstance(document, Invoice) else "an invoice"
    return Problem(
        reason=Reason.TOTAL_NEGATIVE,
        where=where,
        field="totals.total",
        message=f"The total is {plain(document.totals.total)} {document.currency}; QuickBooks takes none below zero.",
        fix=f"Issue {other} for the difference in {BILLING}.",
        value=plain(document.totals.total),
    )


def _check_discount(document: Document, plan: TaxPlan, books: Books, where: str) -> list[Problem]:
    if not document.discounts or plan.discount == 0:
        return []
    if not books.catalog.company.discounts_allowed:
        text = f"The document has a discount of {plain(plan.discount)} and the company has discounts switched off."
        fix = "Switch on Discount in QuickBooks under Account and settings, Sales; or put the discount on the lines."
    elif plan.discount < 0:
        text = f"The discount comes to {plain(plan.discount)}, which raises the total; QuickBooks only takes one off."
        fix = f"Put it on a line of its own in {BILLING}."
    else:
        return []
    return [Problem(reason=Reason.DISCOUNT_UNSUPPORTED, where=where, field="discounts", message=text, fix=fix)]


def _check_texts(document: Document, where: str) -> list[Problem]:
    texts = {"memo": (document.memo, MEMO_MAX), "private_note": (_note(document), NOTE_MAX - MARKER_ROOM)}
    return [
        too_long(text, limit, where=where, field=field) for field, (text, limit) in texts.items() if len(text) > limit
    ]


def _link_problem(reason: Reason, where: str, text: str, fix: str, value: str) -> Problem:
    return Problem(reason=reason, where=where, field="customer_id", message=text, fix=fix, value=value)
