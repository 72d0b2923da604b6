"""Volume on request: any number of plain contacts and invoices."""

from __future__ import annotations

from connectors.sandbox.xero.books import Books, Contact
from connectors.sandbox.xero.seed.samples import add_contact, add_document
from connectors.sandbox.xero.seed.uk_contacts import Row

_FIRST = ("Amber", "Birch", "Coral", "Dune", "Elm", "Fern", "Gale", "Heath", "Isle", "Jade")
_SECOND = ("Bakery", "Cycles", "Dental", "Events", "Foods", "Garage", "Homes", "Imports", "Joinery", "Kitchens")


def fill_generated(books: Books, *, contacts: int, invoices: int) -> None:
    """Invoices go round the generated contacts; one contact is made when invoices are asked for without any."""
    made: list[Contact] = [add_contact(books, _row(number)) for number in range(contacts or min(invoices, 1))]
    for number in range(invoices):
        contact = made[number % len(made)]
        price = f"{10 + number % 500}.{number % 100:02d}"
        add_document(books, contact, ("Generated", "1", price), days_ago=number % 300)


def _row(number: int) -> Row:
    name = f"{_FIRST[number % 10]} {_SECOND[number // 10 % 10]} {number + 1:05d}"
    return Row(
        name,
        f"ap{number + 1}@generated.example",
        (f"{number + 1} High Street", "Reading", "", "RG1 1AA", "United Kingdom"),
    )
