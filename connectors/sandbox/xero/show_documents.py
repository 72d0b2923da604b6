"""How documents look, by context: list row, single read, write answer, error echo. Source: Xero reference 4.5, 5.1."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import contacts
from connectors.sandbox.xero.books import Allocation, Books, Document, Line, Payment
from connectors.sandbox.xero.errors import ZERO_GUID
from connectors.sandbox.xero.lines import unit_price
from connectors.sandbox.xero.wire import cents, day_string, updated_string

Context = Literal["unpaged", "paged", "summary", "single", "write", "error"]
_LISTS = frozenset({"unpaged", "paged", "summary"})
_GONE = frozenset({"VOIDED", "DELETED"})


def show_document(books: Books, document: Document, *, context: Context, unitdp: int = 2) -> JsonObject:
    if document.kind == "Invoice":
        return _invoice(books, document, context, unitdp)
    return _credit(books, document, context, unitdp)


def _invoice(books: Books, document: Document, context: Context, unitdp: int) -> JsonObject:
    listed = context in _LISTS
    shown: JsonObject = {"Type": document.type, "InvoiceID": document.id}
    if document.number:
        shown["InvoiceNumber"] = document.number
    shown["Reference"] = document.reference
    if document.url:
        shown["Url"] = document.url
    payments, allocations = books.payments_on(document.id), books.allocations_on(document.id)
    credits = [(a, books.documents[a.credit_id]) for a in allocations]
    if context != "summary":
        rows = [_nested_payment(books, document, each) for each in payments]
        if context in {"unpaged", "paged", "error"} or (rows and context == "single"):
            shown["Payments"] = rows
    notes = [_nested_credit(a, c) for a, c in credits if c.kind == "CreditNote"]
    if listed or context == "error" or (notes and context == "single"):
        shown["CreditNotes"] = notes
    shown["Prepayments"] = [_nested_credit(a, c) for a, c in credits if c.kind == "Prepayment"]
    shown["Overpayments"] = [_nested_credit(a, c) for a, c in credits if c.kind == "Overpayment"]
    _invoice_amounts(books, document, context, shown)
    shown["IsDiscounted"] = bool(document.total_discount)
    if document.total_discount:
        shown["TotalDiscount"] = document.total_discount
    if listed and context != "summary":
        shown["HasAttachments"] = False
    if context == "single":
        shown["HasAttachments"] = False
        shown["Attachments"] = []
    if listed or context == "error":
        shown["InvoiceAddresses"] = []
    shown["HasErrors"] = context == "error"
    shown["InvoicePaymentServices"] = []
    _common_tail(books, document, context, unitdp, shown)
    return shown


def _invoice_amounts(books: Books, document: Document, context: Context, shown: JsonObject) -> None:
    """After a void the write answer still shows the total as due; later reads show 0. Source: Xero reference 4.1."""
    paid, credited = cents(books.paid(document)), cents(books.allocated(document))
    is_gone = document.status in _GONE and context not in {"write", "error"}
    shown["AmountDue"] = Decimal("0.00") if is_gone else document.total - paid - credited
    shown["AmountPaid"] = paid
    if context in _LISTS or (credited and context == "single"):
        shown["AmountCredited"] = credited
    if document.is_sent is not None:
        shown["SentToContact"] = document.is_sent
    elif context in {"single", "write"}:
        shown["SentToContact"] = False


def _credit(books: Books, document: Document, context: Context, unitdp: int) -> JsonObject:
    id_name = f"{document.kind}ID"
    shown: JsonObject = {id_name: document.id}
    if document.kind == "CreditNote":
        if document.number:
            shown["CreditNoteNumber"] = document.number
        shown["ID"] = document.id
        shown["HasErrors"] = context == "error"
        if document.is_sent is not None:
            shown["SentToContact"] = document.is_sent
    elif document.kind == "Prepayment" and document.reference:
        shown["InvoiceNumber"] = document.reference
    shown["Type"], shown["Reference"] = document.type, document.reference
    shown["Payments"] = [_nested_payment(books, document, each) for each in books.payments_on(document.id)]
    left = document.total if document.status not in _GONE else Decimal("0.00")
    if document.status not in _GONE:
        left = document.total - books.paid(document) - books.allocated(document)
    shown["RemainingCredit"] = cents(left)
    shown["Allocations"] = [_nested_allocation(books, each) for each in books.allocations_on(document.id)]
    shown["HasAttachments"] = False
    if context == "single":
        shown["Attachments"] = []
    _common_tail(books, document, context, unitdp, shown)
    return shown


def _common_tail(books: Books, document: Document, context: Context, unitdp: int, shown: JsonObject) -> None:
    contact = books.contacts.get(document.contact_id)
    if contact is not None:
        shown["Contact"] = contacts.summary(contact) if context in _LISTS else contacts.show(books, contact)
        if context == "error":
            shown["Contact"] = {**contacts.summary(contact), "ValidationErrors": []}
    shown["DateString"], shown["Date"] = day_string(document.day), document.day
    if document.due_day is not None:
        shown["DueDateString"], shown["DueDate"] = day_string(document.due_day), document.due_day
    if document.expected_payment_day is not None:
        shown["ExpectedPaymentDate"] = document.expected_payment_day
    if document.planned_payment_day is not None:
        shown["PlannedPaymentDate"] = document.planned_payment_day
    if document.fully_paid_on is not None and document.kind in {"Invoice", "CreditNote"}:
        shown["FullyPaidOnDate"] = document.fully_paid_on
    if document.branding_theme_id:
        shown["BrandingThemeID"] = document.branding_theme_id
    shown["Status"], shown["LineAmountTypes"] = document.status, document.line_amount_types
    if context != "summary":
        with_errors = context in {"single", "write", "error"}
        lines = () if context == "unpaged" else document.lines
        shown["LineItems"] = [_line(books, line, unitdp, with_errors=with_errors) for line in lines]
    shown["SubTotal"], shown["TotalTax"], shown["Total"] = document.sub_total, document.total_tax, document.total
    if document.id != ZERO_GUID:
        shown["UpdatedDateUTC"], shown["UpdatedDateUTCString"] = document.updated, updated_string(document.updated)
    shown["CurrencyCode"] = document.currency
    if context not in {"unpaged", "error"} or document.currency != books.base_currency:
        shown["CurrencyRate"] = document.rate


def _line(books: Books, line: Line, unitdp: int, *, with_errors: bool) -> JsonObject:
    shown: JsonObject = {}
    if line.item_code:
        shown["ItemCode"] = line.item_code
    if line.description:
        shown["Description"] = line.description
    price = unit_price(line.unit_amount, unitdp)
    if price is not None:
        shown["UnitAmount"] = price
    if line.tax_type:
        shown["TaxType"] = line.tax_type
    shown["TaxAmount"], shown["LineAmount"] = line.tax_amount, line.line_amount
    if line.account_code:
        shown["AccountCode"] = line.account_code
    item = books.item_by_code(line.item_code) if line.item_code else None
    if item is not None:
        shown["Item"] = {"ItemID": item.id, "Name": item.data.get("Name", ""), "Code": item.data["Code"]}
    shown["Tracking"] = [dict(row) for row in line.tracking]
    if line.quantity is not None:
        shown["Quantity"] = line.quantity
    if line.discount_rate is not None:
        shown["DiscountRate"], shown["DiscountEnteredAsPercent"] = line.discount_rate, True
    if line.discount_amount is not None:
        shown["DiscountAmount"], shown["DiscountEnteredAsPercent"] = line.discount_amount, False
    shown["LineItemID"] = line.id
    if line.account_id:
        shown["AccountID"] = line.account_id
    if with_errors:
        shown["ValidationErrors"] = []
    return shown


def _nested_payment(books: Books, document: Document, payment: Payment) -> JsonObject:
    shown: JsonObject = {"PaymentID": payment.id, "Date": payment.day, "Amount": payment.amount}
    if payment.reference:
        shown["Reference"] = payment.reference
    if document.currency != books.base_currency:
        shown["CurrencyRate"] = payment.rate
    return {**shown, "HasAccount": False, "HasValidationErrors": False}


def _nested_credit(allocation: Allocation, credit: Document) -> JsonObject:
    """Source: Xero reference 4.5 (credit note in an invoice)."""
    shown: JsonObject = {f"{credit.kind}ID": credit.id}
    if credit.kind == "CreditNote":
        shown.update(CreditNoteNumber=credit.number, ID=credit.id, HasErrors=False, InvoiceAddresses=[])
    shown.update(
        AppliedAmount=allocation.amount,
        DateString=day_string(credit.day),
        Date=credit.day,
        LineItems=[],
        Total=credit.total,
    )
    return shown


def _nested_allocation(books: Books, allocation: Allocation) -> JsonObject:
    invoice = books.documents[allocation.invoice_id]
    return {
        "AllocationID": allocation.id,
        "Amount": allocation.amount,
        "DateString": day_string(allocation.day),
        "Date": allocation.day,
        "Invoice": invoice_stub(books, invoice),
    }


def invoice_stub(books: Books, invoice: Document) -> JsonObject:
    """Type, ids, number, contact, currency: the stub of lists. Source: Xero reference 5.3."""
    stub: JsonObject = {"Type": invoice.type, "InvoiceID": invoice.id}
    if invoice.number:
        stub["InvoiceNumber"] = invoice.number
    stub.update(
        Payments=[],
        CreditNotes=[],
        Prepayments=[],
        Overpayments=[],
        HasErrors=False,
        IsDiscounted=False,
        InvoiceAddresses=[],
        InvoicePaymentServices=[],
        Contact=contacts.summary(books.contacts[invoice.contact_id]),
        LineItems=[],
        CurrencyCode=invoice.currency,
    )
    return stub
