"""Payments on invoices and refunds of credits: create, delete, show. Source: Xero reference 5.3."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import documents, errors
from connectors.sandbox.xero.body import Fields
from connectors.sandbox.xero.books import Books, Document, DocumentKind, Entry, Payment
from connectors.sandbox.xero.errors import Refused
from connectors.sandbox.xero.show_documents import invoice_stub, show_document
from connectors.sandbox.xero.wire import RATE, cents, updated_string

_KINDS: tuple[DocumentKind, ...] = ("Invoice", "CreditNote", "Prepayment", "Overpayment")
# Source: Xero reference 5.3 (PaymentType).
_TYPES = {
    ("Invoice", True): "ACCRECPAYMENT",
    ("Invoice", False): "ACCPAYPAYMENT",
    ("CreditNote", True): "ARCREDITPAYMENT",
    ("CreditNote", False): "APCREDITPAYMENT",
    ("Overpayment", True): "AROVERPAYMENTPAYMENT",
    ("Overpayment", False): "APOVERPAYMENTPAYMENT",
    ("Prepayment", True): "ARPREPAYMENTPAYMENT",
    ("Prepayment", False): "APPREPAYMENTPAYMENT",
}
# How a refunded credit appears under "Invoice". Source: Xero reference 5.1, 4.2 (Type).
_NESTED_TYPES = {
    "ACCRECCREDIT": "ACCRECCREDIT",
    "ACCPAYCREDIT": "ACCPAYCREDIT",
    "RECEIVE-OVERPAYMENT": "AROVERPAYMENT",
    "SPEND-OVERPAYMENT": "APOVERPAYMENT",
    "RECEIVE-PREPAYMENT": "ARPREPAYMENT",
    "SPEND-PREPAYMENT": "APPREPAYMENT",
}


@dataclass(frozen=True)
class Paid:
    payment: Payment
    warnings: list[str]


def create(books: Books, fields: Fields) -> Paid:
    """One payment or refund. Raises Refused with every reason at once."""
    document = _document(books, fields)
    amount = fields.number("Amount")
    day = fields.day("Date") or books.today()
    problems: list[str] = []
    outstanding = books.outstanding(document)
    if amount is None or amount <= 0:
        problems.append("The payment Amount must be greater than zero.")
    elif cents(amount) > outstanding or document.status == "PAID":
        problems.append(errors.OVERPAID)
    if document.status != "AUTHORISED":
        problems.append(errors.PAYMENT_NEEDS_AUTHORISED)
    account = _account(books, fields)
    if account is None:
        problems.append(errors.PAYMENT_ACCOUNT)
    locked = books.lock_problem(day)
    if locked:
        problems.append(locked)
    if problems or account is None or amount is None:
        raise Refused(*problems, echo=_echo(fields))
    warnings = [errors.PAYMENT_BEFORE_INVOICE] if day < document.day else []
    payment = _store(books, document, account, fields, cents(amount))
    payment.day = day
    books.settle(document, day, event=books.switches.webhook_payment_updates_invoice or document.kind != "Invoice")
    return Paid(payment, warnings)


def delete(books: Books, payment: Payment) -> Payment:
    """Status DELETED; the document gets its balance back. Source: Xero reference 5.3."""
    document = books.documents[payment.document_id]
    if payment.status == "DELETED":
        raise Refused(errors.NOT_VALID_FOR_MODIFICATION.replace("Invoice", "Payment"), echo=show(books, payment))
    if payment.is_reconciled and books.switches.delete_reconciled_payment == "refused" and not books.acting_person:
        raise Refused("The payment has been reconciled and cannot be deleted.", echo=show(books, payment))
    locked = books.lock_problem(payment.day)
    if locked:
        raise Refused(locked, echo=show(books, payment))
    books.edit(payment)
    payment.status, payment.updated = "DELETED", books.now()
    books.note(payment.id, "Deleted")
    books.note(document.id, "Payment removed")
    books.settle(
        document, payment.day, event=books.switches.webhook_payment_updates_invoice or document.kind != "Invoice"
    )
    return payment


def _document(books: Books, fields: Fields) -> Document:
    """Exactly one of the four targets, by id or number. Source: Xero reference 5.3."""
    for kind in _KINDS:
        named = fields.object(kind)
        number = fields.text(f"{kind}Number")
        if named is None and not number:
            continue
        document_id = named.guid(f"{kind}ID") if named is not None else None
        number = (named.text(f"{kind}Number") if named is not None else None) or number
        found = books.documents.get(document_id or "")
        if found is None and number:
            found = documents.by_number(books, kind, number)
        if found is None or found.kind != kind:
            raise Refused(errors.DOCUMENT_NOT_FOUND, echo=_echo(fields))
        return found
    raise Refused("A payment must name an Invoice, CreditNote, Prepayment or Overpayment.", echo=_echo(fields))


def _account(books: Books, fields: Fields) -> Entry | None:
    """Type BANK, or enabled for payments; by id or code. Source: Xero reference 5.3."""
    named = fields.object("Account")
    if named is None:
        found = books.account_by_code(fields.text("Code") or "")
    else:
        account_id = named.guid("AccountID")
        found = books.accounts.get(account_id) if account_id else books.account_by_code(named.text("Code") or "")
    if found is None or found.data["Status"] != "ACTIVE":
        return None
    usable = found.data["Type"] == "BANK" or bool(found.data.get("EnablePaymentsToAccount"))
    return found if usable else None


def _store(books: Books, document: Document, account: Entry, fields: Fields, amount: Decimal) -> Payment:
    rate = fields.number("CurrencyRate") if document.currency != books.base_currency else None
    rate = (rate or books.day_rate(document.currency)).quantize(RATE)
    sent = fields.number("BankAmount")
    account_currency = str(account.data.get("CurrencyCode") or books.base_currency)
    same = account_currency == document.currency
    derived = amount if same else cents(amount / rate * books.day_rate(account_currency))
    payment = Payment(
        id=books.new_id(),
        document_id=document.id,
        account_id=account.id,
        day=document.day,
        amount=amount,
        bank_amount=cents(sent) if sent is not None and not same else derived,
        rate=rate,
        type=_TYPES[(document.kind, document.is_sales)],
        reference=fields.text("Reference") or "",
        is_reconciled=bool(fields.flag("IsReconciled")),
        updated=books.now(),
        order=books.next_order(),
    )
    books.add(books.payments, payment.id, payment)
    books.append(books.payments_of[document.id], payment.id)
    books.note(payment.id, "Created")
    books.note(document.id, "Paid", f"Payment of {amount:f}")
    return payment


def show(books: Books, payment: Payment, *, is_listed: bool = False) -> JsonObject:
    """Lists carry stubs, single reads and write answers the whole document. Source: Xero reference 5.3."""
    document = books.documents[payment.document_id]
    account = books.accounts[payment.account_id].data
    shown: JsonObject = {
        "PaymentID": payment.id,
        "Date": payment.day,
        "BankAmount": payment.bank_amount,
        "Amount": payment.amount,
    }
    if payment.reference:
        shown["Reference"] = payment.reference
    shown.update(
        CurrencyRate=payment.rate,
        PaymentType=payment.type,
        Status=payment.status,
        UpdatedDateUTC=payment.updated,
        UpdatedDateUTCString=updated_string(payment.updated),
        HasAccount=True,
        IsReconciled=payment.is_reconciled,
    )
    names = ("AccountID", "Code") if is_listed else ("AccountID", "Code", "Name")
    shown["Account"] = {name: account[name] for name in names if account.get(name)}
    shown["Invoice"] = _nested_document(books, document, is_listed=is_listed)
    shown["HasValidationErrors"] = False
    return shown


def _nested_document(books: Books, document: Document, *, is_listed: bool) -> JsonObject:
    if document.kind == "Invoice" and not is_listed:
        return show_document(books, document, context="single")
    stub = invoice_stub(books, document)
    stub["Type"] = _NESTED_TYPES.get(document.type, document.type)
    return stub


def _echo(fields: Fields) -> JsonObject:
    return {
        "PaymentID": errors.ZERO_GUID,
        **fields.data,
        "HasAccount": "Account" in fields,
        "HasValidationErrors": True,
    }
