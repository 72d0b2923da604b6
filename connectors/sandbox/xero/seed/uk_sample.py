"""Thistle & Quay Studio Ltd: a UK design studio with VAT that also sells in euros and dollars. Invented."""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import contacts, credits, documents
from connectors.sandbox.xero.body import Fields
from connectors.sandbox.xero.books import Books, Contact
from connectors.sandbox.xero.listings import save_item
from connectors.sandbox.xero.seed.foundation import add_account
from connectors.sandbox.xero.seed.samples import add_contact, add_document, bank_account, pay
from connectors.sandbox.xero.seed.uk_contacts import VALID, WITH_GAPS


def fill_uk_sample(books: Books) -> None:
    add_account(books, "201", "Sales before 2019", "REVENUE", "OUTPUT2", status="ARCHIVED")
    for item in _items():
        save_item(books, Fields(item, "Items"), None, unitdp=4)
    people = {row.name: add_contact(books, row) for row in (*VALID, *WITH_GAPS)}
    _sales(books, people)
    _foreign(books, people)
    _credits(books, people)
    _bills(books, people)


def _items() -> list[JsonObject]:
    rows = [
        ("DES-DAY", "Design day", "A day of design work", "640.00", "OUTPUT2"),
        ("SEAT", "Studio desk, month", "One desk for one month", "19.9900", "OUTPUT2"),
        ("BOOK", "Printed monograph", "Monograph, hardback", "35.00", "ZERORATEDOUTPUT"),
    ]
    return [
        {
            "Code": code,
            "Name": name,
            "Description": text,
            "SalesDetails": {"UnitPrice": Decimal(price), "AccountCode": "200", "TaxType": tax},
        }
        for code, name, text, price, tax in rows
    ]


def _sales(books: Books, people: dict[str, Contact]) -> None:
    """Overdue, due, paid, part-paid, draft, submitted, voided and deleted."""
    add_document(books, people["Alder & Finch Ltd"], ("Brand guidelines", "1", "2400.00"), days_ago=95)
    add_document(
        books,
        people["Bellwether Interiors Ltd"],
        ("Showroom signs", "3", "185.50"),
        ("Delivery", "1", "42.00"),
        days_ago=20,
    )
    paid = add_document(books, people["Caldbeck Outdoor"], ("Catalogue layout", "2.5", "640.00"), days_ago=70)
    pay(books, paid, "1920.00", days_ago=41, reference="BACS CALDBECK")
    part = add_document(books, people["Dovecote Veterinary Practice"], ("Website", "1", "3600.00"), days_ago=50)
    pay(books, part, "1500.00", days_ago=30)
    add_document(books, people["Evergreen Energy Advice CIC"], ("Workshop", "1", "450.00"), status="DRAFT", days_ago=3)
    add_document(books, people["Falkirk Ironworks"], ("Logo", "1", "900.00"), status="SUBMITTED", days_ago=5)
    voided = add_document(books, people["Glanmor Holiday Homes"], ("Leaflet", "500", "0.3275"), days_ago=33)
    documents.set_status(books, voided, "VOIDED")
    deleted = add_document(books, people["Lomas Dental Care"], ("Cards", "1", "80.00"), status="DRAFT", days_ago=30)
    documents.set_status(books, deleted, "DELETED")
    add_document(books, people["Oakhurst Events"], ("Poster", "1", "240.00"), days_ago=15, Reference="PO 4711")


def _foreign(books: Books, people: dict[str, Contact]) -> None:
    euro = add_document(
        books, people["Hansen Möbel GmbH"], ("Produktfotos", "1", "1150.00"), CurrencyCode="EUR", days_ago=44
    )
    pay(books, euro, "380.00", days_ago=20)
    add_document(
        books,
        people["Juniper Lake Outfitters Inc"],
        ("Line sheet", "1", "2000.00"),
        CurrencyCode="USD",
        LineAmountTypes="NoTax",
        days_ago=25,
    )


def _credits(books: Books, people: dict[str, Contact]) -> None:
    invoice = add_document(books, people["Kilburn Community Theatre"], ("Season brochure", "1", "500.00"), days_ago=28)
    note = add_document(
        books,
        people["Kilburn Community Theatre"],
        ("Misprint", "1", "100.00"),
        kind="CreditNote",
        type_name="ACCRECCREDIT",
        days_ago=20,
    )
    body = {"Amount": Decimal("60.00"), "Invoice": {"InvoiceID": invoice.id}}
    credits.allocate(books, note, Fields(body, "Allocation"))
    over = {
        "Type": "RECEIVE-OVERPAYMENT",
        "Contact": {"ContactID": people["Northgate Primary School"].id},
        "BankAccount": {"AccountID": bank_account(books, "GBP")},
        "LineItems": [{"Description": "Paid twice", "Quantity": 1, "UnitAmount": Decimal("75.00")}],
    }
    credits.create_bank_transaction(books, Fields(over, "BankTransaction"), unitdp=2)


def _bills(books: Books, people: dict[str, Contact]) -> None:
    """What makes a contact a supplier."""
    for name, price in (("Paper Mill Supplies Ltd", "310.40"), ("Harbour Print Co", "125.00")):
        add_document(
            books,
            people[name],
            ("Materials", "1", price),
            type_name="ACCPAY",
            account="429",
            days_ago=18,
            InvoiceNumber=f"S-{price}",
        )
    contacts.mark_used(books, people["Stratus Hosting BV"].id, is_sales=False)
