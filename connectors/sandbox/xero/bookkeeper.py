"""What a person does in Xero's web app: the same books, without the rules that only the API has.

Everything here emits webhooks as a person's change, which the own-write switch does not silence.
Source: Xero reference 6.3 (un-archiving is UI only), 9.1, 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import contacts, credits, documents, listings, payments
from connectors.sandbox.xero.body import Fields, canonical
from connectors.sandbox.xero.books import Books, Contact, Document
from connectors.sandbox.xero.errors import Refused
from connectors.sandbox.xero.show_documents import show_document

_PERSON = "person"
Shown = JsonObject


def act(books: Books, action: str, order: JsonObject) -> Shown:
    """Carry out one action by name. Raises Refused for what the books refuse, KeyError for an unknown action."""
    with _as_person(books), books.transaction():
        return ACTIONS[action](books, order)


@contextmanager
def _as_person(books: Books) -> Iterator[None]:
    books.acting_person = True
    try:
        yield
    finally:
        books.acting_person = False


def record_payment(books: Books, order: JsonObject) -> Shown:
    """{invoice_id | credit_note_id | overpayment_id, amount, date?, reference?, account_code?, reconciled?}"""
    document = _document(books, order)
    account = books.account_by_code(str(order.get("account_code", "")))
    account_id = account.id if account is not None else _bank(books, document.currency)
    body: JsonObject = {
        document.kind: {f"{document.kind}ID": document.id},
        "Account": {"AccountID": account_id},
        "Amount": order.get("amount"),
        "Date": order.get("date") or books.today().isoformat(),
        "Reference": order.get("reference") or "",
        "IsReconciled": bool(order.get("reconciled")),
    }
    return payments.show(books, payments.create(books, Fields(canonical(body), "Payment")).payment)


def delete_payment(books: Books, order: JsonObject) -> Shown:
    """{payment_id}; a reconciled one too, as "Remove & Redo" does."""
    payment = books.payments.get(str(order.get("payment_id")))
    if payment is None:
        raise Refused("There is no such payment.")
    return payments.show(books, payments.delete(books, payment))


def void(books: Books, order: JsonObject) -> Shown:
    """{invoice_id | credit_note_id | overpayment_id}: AUTHORISED becomes VOIDED, a draft DELETED."""
    document = _document(books, order)
    if document.kind in {"Overpayment", "Prepayment"}:
        credits.void_credit(books, document, books.today())
    else:
        documents.set_status(books, document, "DELETED" if document.status in {"DRAFT", "SUBMITTED"} else "VOIDED")
    return show_document(books, document, context="single")


def edit(books: Books, order: JsonObject) -> Shown:
    """{contact_id | invoice_id | credit_note_id, changes}: changes in the API's names; archived contacts too."""
    changes = order.get("changes")
    if not isinstance(changes, dict):
        raise Refused("changes: an object in the API's field names is needed.")
    fields = Fields(canonical(changes), "changes")
    if order.get("contact_id"):
        return contacts.show(books, contacts.save(books, fields, _contact(books, order)))
    document = _document(books, order)
    saved = documents.save(books, document.kind, fields, document, unitdp=4, client_id=_PERSON)
    return show_document(books, saved.document, context="single")


def create(books: Books, order: JsonObject) -> Shown:
    """{entity: Contact | Invoice | CreditNote | BankTransaction, object}: something typed into the web app."""
    body = Fields(canonical(order.get("object") or {}), "object")
    entity = order.get("entity")
    if entity == "Contact":
        return contacts.show(books, contacts.save(books, body, None))
    if entity == "Invoice" or entity == "CreditNote":
        saved = documents.save(books, entity, body, None, unitdp=4, client_id=_PERSON)
        return show_document(books, saved.document, context="single")
    if entity == "BankTransaction":
        return dict(credits.create_bank_transaction(books, body, unitdp=4).data)
    raise Refused("entity: Contact, Invoice, CreditNote or BankTransaction")


def archive_contact(books: Books, order: JsonObject) -> Shown:
    """{contact_id}"""
    contact = _contact(books, order)
    contacts.archive(books, contact, "ARCHIVED")
    return contacts.show(books, contact)


def restore_contact(books: Books, order: JsonObject) -> Shown:
    """{contact_id}; the API has no way to do this."""
    contact = _contact(books, order)
    if any(other.status == "ACTIVE" for other in books.contacts_named(contact.name) if other is not contact):
        raise Refused("An active contact of that name exists.")
    contacts.archive(books, contact, "ACTIVE")
    return contacts.show(books, contact)


def merge_contacts(books: Books, order: JsonObject) -> Shown:
    """{survivor, loser}: documents move, the loser is archived with MergedToContactID. Source: reference 6.3."""
    survivor = _contact(books, {"contact_id": order.get("survivor")})
    loser = _contact(books, {"contact_id": order.get("loser")})
    if survivor is loser:
        raise Refused("A contact cannot be merged with itself.")
    for document in books.documents.values():
        if document.contact_id == loser.id:
            books.edit(document)
            document.contact_id = survivor.id
            books.touch_document(document)
    books.edit(loser)
    loser.merged_to = survivor.id
    contacts.archive(books, loser, "ARCHIVED")
    contacts.mark_used(books, survivor.id, is_sales=True)
    return contacts.show(books, survivor)


def allocate_credit(books: Books, order: JsonObject) -> Shown:
    """{credit_note_id | overpayment_id | prepayment_id, invoice_id, amount}"""
    credit = _document(books, {key: value for key, value in order.items() if key != "invoice_id"})
    body = {"Amount": order.get("amount"), "Invoice": {"InvoiceID": order.get("invoice_id")}}
    return credits.show_allocation(books, credits.allocate(books, credit, Fields(body, "Allocation")))


def remove_allocation(books: Books, order: JsonObject) -> Shown:
    """{allocation_id}"""
    allocation = books.allocations.get(str(order.get("allocation_id")))
    if allocation is None or allocation.is_deleted:
        raise Refused("There is no such allocation.")
    credits.remove_allocation(books, allocation)
    return credits.show_allocation(books, allocation)


def set_lock_dates(books: Books, order: JsonObject) -> Shown:
    """{period?, end_of_year?}: ISO dates, empty opens again. Source: Xero reference 7.6."""
    for key, attribute in (("period", "period_lock"), ("end_of_year", "year_lock")):
        if key in order:
            setattr(books, attribute, date.fromisoformat(str(order[key])) if order[key] else None)
    return {"PeriodLockDate": books.period_lock, "EndOfYearLockDate": books.year_lock}


def archive_account(books: Books, order: JsonObject) -> Shown:
    """{code}"""
    entry = books.account_by_code(str(order.get("code")))
    if entry is None:
        raise Refused("There is no such account.")
    return listings.show_account(books, listings.save_account(books, Fields({"Status": "ARCHIVED"}, "Account"), entry))


def archive_tax_rate(books: Books, order: JsonObject) -> Shown:
    """{tax_type}: system rates too, which the API refuses."""
    entry = books.tax_rates.get(str(order.get("tax_type")))
    if entry is None:
        raise Refused("There is no such tax rate.")
    books.edit(entry)
    entry.data, entry.updated = {**entry.data, "Status": "ARCHIVED"}, books.now()
    return dict(entry.data)


def reconcile(books: Books, order: JsonObject) -> Shown:
    """{payment_id}: matched to a bank statement line; no document changes."""
    payment = books.payments.get(str(order.get("payment_id")))
    if payment is None:
        raise Refused("There is no such payment.")
    books.edit(payment)
    payment.is_reconciled, payment.updated = True, books.now()
    return payments.show(books, payment)


def _document(books: Books, order: JsonObject) -> Document:
    for key in ("invoice_id", "credit_note_id", "overpayment_id", "prepayment_id"):
        document = books.documents.get(str(order.get(key)))
        if document is not None:
            return document
    raise Refused("There is no such document.")


def _contact(books: Books, order: JsonObject) -> Contact:
    contact = books.contacts.get(str(order.get("contact_id")))
    if contact is None:
        raise Refused("There is no such contact.")
    return contact


def _bank(books: Books, currency: str) -> str:
    rows = [
        entry for entry in books.accounts.values() if entry.data["Type"] == "BANK" and entry.data["Status"] == "ACTIVE"
    ]
    same = [entry for entry in rows if entry.data["CurrencyCode"] == currency]
    return (same or rows)[0].id


ACTIONS: dict[str, Callable[[Books, JsonObject], Shown]] = {
    "payment": record_payment,
    "delete-payment": delete_payment,
    "void": void,
    "edit": edit,
    "create": create,
    "archive-contact": archive_contact,
    "restore-contact": restore_contact,
    "merge-contacts": merge_contacts,
    "allocate-credit": allocate_credit,
    "remove-allocation": remove_allocation,
    "lock-dates": set_lock_dates,
    "archive-account": archive_account,
    "archive-tax-rate": archive_tax_rate,
    "reconcile": reconcile,
}
