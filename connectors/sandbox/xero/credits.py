"""Allocating credit to invoices, and the bank transactions that create overpayments and prepayments.

Source: Xero reference 5.2, 5.4.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import contacts, documents, errors
from connectors.sandbox.xero.body import Fields
from connectors.sandbox.xero.books import Allocation, Books, Document, DocumentKind, Entry
from connectors.sandbox.xero.errors import NotModelled, Refused
from connectors.sandbox.xero.lines import Findings, check_complete, compute, merge_lines
from connectors.sandbox.xero.show_documents import show_document
from connectors.sandbox.xero.wire import RATE, cents, day_string

_SPOKEN = {"CreditNote": "Credit Note", "Overpayment": "Overpayment", "Prepayment": "Prepayment"}
_KIND_OF: dict[str, DocumentKind] = {
    "RECEIVE-OVERPAYMENT": "Overpayment",
    "SPEND-OVERPAYMENT": "Overpayment",
    "RECEIVE-PREPAYMENT": "Prepayment",
    "SPEND-PREPAYMENT": "Prepayment",
}
_BANK_TYPES = frozenset({*_KIND_OF, "RECEIVE", "SPEND", "RECEIVE-TRANSFER", "SPEND-TRANSFER"})


def allocate(books: Books, credit: Document, fields: Fields) -> Allocation:
    """One new allocation. The date is overridden by the later of the two documents' dates."""
    spoken = _SPOKEN[credit.kind]
    invoice = _invoice(books, fields)
    amount = fields.number("Amount") or Decimal(0)
    fields.day("Date")
    problems = _refusals(books, credit, invoice, cents(amount), spoken)
    if problems:
        raise Refused(*problems, echo=dict(fields.data))
    day = max(credit.day, invoice.day)
    allocation = Allocation(books.new_id(), credit.id, invoice.id, cents(amount), day)
    books.add(books.allocations, allocation.id, allocation)
    books.append(books.allocations_of[credit.id], allocation.id)
    books.append(books.allocations_of[invoice.id], allocation.id)
    books.note(credit.id, "Credit applied", f"{allocation.amount:f} to {invoice.number}")
    books.note(invoice.id, "Credit applied", f"{allocation.amount:f} from {credit.number or credit.id}")
    books.settle(invoice, day)
    books.settle(credit, day)
    return allocation


def _invoice(books: Books, fields: Fields) -> Document:
    named = fields.object("Invoice")
    if named is None:
        raise Refused(errors.DOCUMENT_NOT_FOUND, echo=dict(fields.data))
    invoice = books.documents.get(named.guid("InvoiceID") or "")
    number = named.text("InvoiceNumber")
    if invoice is None and number:
        invoice = documents.by_number(books, "Invoice", number)
    if invoice is None or invoice.kind != "Invoice":
        raise Refused(errors.DOCUMENT_NOT_FOUND, echo=dict(fields.data))
    return invoice


def _refusals(books: Books, credit: Document, invoice: Document, amount: Decimal, spoken: str) -> list[str]:
    """Source: Xero reference 5.2. Contact and currency must agree [recalled]; those two texts are this simulator's."""
    if credit.is_sales != invoice.is_sales:
        return [errors.ALLOCATION_WRONG_TYPE.format(credit=spoken)]
    if invoice.status == "PAID":
        return [errors.ALREADY_PAID_OFF]
    problems = []
    if credit.status not in {"AUTHORISED", "PAID"} or invoice.status != "AUTHORISED":
        problems.append(f"{spoken} can only be allocated when both documents are AUTHORISED")
    if amount <= 0:
        problems.append("The allocation amount must be greater than 0")
    elif amount > min(books.outstanding(invoice), books.outstanding(credit)):
        problems.append(errors.ALLOCATION_TOO_BIG.format(credit=spoken))
    if credit.contact_id != invoice.contact_id:
        problems.append(f"{spoken} cannot be allocated to an invoice of another contact")
    if credit.currency != invoice.currency:
        problems.append(f"{spoken} cannot be allocated to an invoice in another currency")
    locked = books.lock_problem(max(credit.day, invoice.day))
    return [*problems, locked] if locked else problems


def remove_allocation(books: Books, allocation: Allocation) -> None:
    books.edit(allocation)
    allocation.is_deleted = True
    invoice, credit = books.documents[allocation.invoice_id], books.documents[allocation.credit_id]
    books.note(credit.id, "Credit removed")
    books.note(invoice.id, "Credit removed")
    books.settle(invoice, allocation.day)
    books.settle(credit, allocation.day)


def show_allocation(books: Books, allocation: Allocation) -> JsonObject:
    """Source: Xero reference 5.2 (responses of PUT and DELETE)."""
    if allocation.is_deleted:
        return {
            "AllocationID": allocation.id,
            "Date": allocation.day,
            "Invoice": {"InvoiceID": allocation.invoice_id},
            "IsDeleted": True,
        }
    credit, invoice = books.documents[allocation.credit_id], books.documents[allocation.invoice_id]
    nested: JsonObject = {f"{credit.kind}ID": credit.id}
    if credit.kind == "CreditNote":
        nested["ID"] = credit.id
    nested["LineItems"] = []
    return {
        "AllocationID": allocation.id,
        "Amount": allocation.amount,
        "Date": allocation.day,
        "DateString": day_string(allocation.day),
        "Invoice": {"InvoiceID": invoice.id, "InvoiceNumber": invoice.number, "ValidationErrors": []},
        credit.kind: nested,
        "ValidationErrors": [],
    }


# bank transactions ---------------------------------------------------------------------------------------------


def create_bank_transaction(books: Books, fields: Fields, *, unitdp: int) -> Entry:
    """RECEIVE- and SPEND-OVERPAYMENT or -PREPAYMENT only; plain bank entries are not modelled. Source: 5.4."""
    kind_of_bank = fields.choice("Type", _BANK_TYPES, "BankTransactionType")
    kind = _KIND_OF.get(kind_of_bank or "")
    if kind_of_bank is None or kind is None:
        raise NotModelled(f"bank transactions of type {kind_of_bank or '(none)'}; only overpayments and prepayments")
    if fields.guid("BankTransactionID"):
        raise NotModelled("changing a bank transaction")
    found = Findings()
    account = _bank_account(books, fields)
    if account is None:
        found.problems.append(errors.PAYMENT_ACCOUNT)
    sent_contact = fields.object("Contact")
    if sent_contact is None:
        raise Refused(errors.NO_CONTACT, echo=dict(fields.data))
    credit = Document(
        kind=kind,
        id=books.new_id(),
        type=kind_of_bank,
        contact_id=contacts.of_document(books, sent_contact).id,
        status="AUTHORISED",
        reference=fields.text("Reference") or "",
        day=fields.day("Date") or books.today(),
        currency=str(account.data.get("CurrencyCode") or books.base_currency) if account else books.base_currency,
        updated=books.now(),
        order=books.next_order(),
    )
    credit.rate = (fields.number("CurrencyRate") or books.day_rate(credit.currency)).quantize(RATE)
    _lines(books, credit, fields, unitdp, found)
    locked = books.lock_problem(credit.day)
    if locked:
        found.problems.append(locked)
    if found.problems or account is None:
        raise Refused(*found.problems, warnings=found.warnings, echo=dict(fields.data))
    books.add(books.documents, credit.id, credit)
    contacts.mark_used(books, credit.contact_id, is_sales=credit.is_sales)
    books.note(credit.id, "Created")
    books.emit_document(credit, "CREATE")
    return _store(books, credit, account)


def _bank_account(books: Books, fields: Fields) -> Entry | None:
    named = fields.object("BankAccount")
    if named is None:
        return None
    account_id = named.guid("AccountID")
    found = books.accounts.get(account_id) if account_id else books.account_by_code(named.text("Code") or "")
    return found if found is not None and found.data["Type"] == "BANK" and found.data["Status"] == "ACTIVE" else None


def _lines(books: Books, credit: Document, fields: Fields, unitdp: int, found: Findings) -> None:
    """An overpayment is coded to receivables or payables by Xero and bears no tax. Source: Xero reference 5.4."""
    types = frozenset({"Exclusive", "Inclusive", "NoTax"})
    credit.line_amount_types = fields.choice("LineAmountTypes", types, "LineAmountType") or "Inclusive"
    merge_lines(books, credit, fields, unitdp, found)
    if len(credit.lines) != 1:
        found.problems.append(errors.NO_LINES if not credit.lines else "Exactly one line item is allowed.")
        return
    if credit.kind == "Overpayment":
        credit.line_amount_types = "NoTax"
        wanted = "DEBTORS" if credit.is_sales else "CREDITORS"
        account = next(e for e in books.accounts.values() if e.data.get("SystemAccount") == wanted)
        line = credit.lines[0]
        line.account_id, line.account_code, line.tax_type = account.id, str(account.data.get("Code", "")), "NONE"
    else:
        check_complete(books, credit, found)
    compute(books, credit)
    if credit.total <= 0:
        found.problems.append("The total must be greater than zero.")


def _store(books: Books, credit: Document, account: Entry) -> Entry:
    shown = show_document(books, credit, context="write")
    names = ("Contact", "DateString", "Date", "Status", "LineAmountTypes", "LineItems", "SubTotal", "TotalTax", "Total",
             "UpdatedDateUTC", "CurrencyCode")  # fmt: skip
    data: JsonObject = {
        "BankTransactionID": books.new_id(),
        "BankAccount": {key: account.data[key] for key in ("AccountID", "Code", "Name") if account.data.get(key)},
        "Type": credit.type,
        "Reference": credit.reference,
        "IsReconciled": False,
        "HasAttachments": False,
        f"{credit.kind}ID": credit.id,
        **{name: shown[name] for name in names},
    }
    if credit.currency != books.base_currency:
        data["CurrencyRate"] = credit.rate
    entry = Entry(str(data["BankTransactionID"]), data, credit.updated, credit.order)
    books.add(books.bank_transactions, entry.id, entry)
    return entry


def void_credit(books: Books, credit: Document, day: date) -> None:
    """What the web app's "Void" does to an overpayment or prepayment without allocations."""
    if books.has_applications(credit):
        raise Refused(errors.HAS_PAYMENT)
    books.edit(credit)
    credit.status = "VOIDED"
    books.note(credit.id, "Voided", day.isoformat())
    books.touch_document(credit)
