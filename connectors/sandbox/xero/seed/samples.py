"""Putting seeded contacts and documents into books, past the checks that an API write would meet."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import documents, payments
from connectors.sandbox.xero.body import Fields
from connectors.sandbox.xero.books import Books, Contact, Document, DocumentKind
from connectors.sandbox.xero.seed.uk_contacts import Row

SEEDED_BY = "seed"


def add_contact(books: Books, row: Row) -> Contact:
    data: JsonObject = {"Name": row.name, "EmailAddress": row.email}
    optional = {"ContactNumber": row.number, "AccountNumber": row.account_number, "TaxNumber": row.vat,
                "DefaultCurrency": row.currency, "FirstName": row.first, "LastName": row.last}  # fmt: skip
    data |= {key: value for key, value in optional.items() if value}
    contact = Contact(
        id=books.new_id(), data=data, status=row.status, is_customer=row.is_customer, is_supplier=row.is_supplier
    )
    names = ("AddressLine1", "City", "Region", "PostalCode", "Country")
    for slot, address in (("STREET", row.street), ("POBOX", row.pobox)):
        if address is not None:
            contact.addresses[slot] = dict(zip(names, address, strict=True))
    country, area, number = row.phone
    if number:
        contact.phones["DEFAULT"] = {"PhoneNumber": number, "PhoneAreaCode": area, "PhoneCountryCode": country}
    contact.persons = tuple(
        {"FirstName": first, "LastName": last, "EmailAddress": email, "IncludeInEmails": included}
        for first, last, email, included in row.persons
    )
    if row.terms_days:
        contact.payment_terms = {"Sales": {"Day": row.terms_days, "Type": "DAYSAFTERBILLDATE"}}
    contact.updated, contact.order = books.now(), books.next_order()
    books.contacts[contact.id] = contact
    books.by_name[contact.name.casefold()].append(contact.id)
    return contact


def add_document(
    books: Books,
    contact: Contact,
    *lines: tuple[str, str, str],
    kind: DocumentKind = "Invoice",
    type_name: str = "ACCREC",
    status: str = "AUTHORISED",
    days_ago: int = 60,
    due_in: int = 30,
    **more: object,
) -> Document:
    """lines: (description, quantity, unit amount), on account 200 unless `more` says otherwise."""
    day = books.today() - timedelta(days=days_ago)
    account = str(more.pop("account", "200"))
    body: JsonObject = {
        "Type": type_name,
        "Status": status,
        "Contact": {"ContactID": contact.id},
        "Date": day.isoformat(),
        "LineItems": [
            {"Description": text, "Quantity": Decimal(quantity), "UnitAmount": Decimal(price), "AccountCode": account}
            for text, quantity, price in lines
        ],
        **more,
    }
    if kind == "Invoice":
        body["DueDate"] = (day + timedelta(days=due_in)).isoformat()
    return documents.save(books, kind, Fields(body, kind), None, unitdp=4, client_id=SEEDED_BY).document


def pay(books: Books, document: Document, amount: str, *, days_ago: int, reference: str = "") -> None:
    day = books.today() - timedelta(days=days_ago)
    body: JsonObject = {
        document.kind: {f"{document.kind}ID": document.id},
        "Account": {"AccountID": bank_account(books, document.currency)},
        "Amount": Decimal(amount),
        "Date": day.isoformat(),
        "Reference": reference,
    }
    payments.create(books, Fields(body, "Payment"))


def bank_account(books: Books, currency: str) -> str:
    """The first bank account in a currency."""
    return next(
        e.id for e in books.accounts.values() if e.data["Type"] == "BANK" and e.data["CurrencyCode"] == currency
    )
