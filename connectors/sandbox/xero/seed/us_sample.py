"""Cedar Ridge Supply Co: a US wholesaler, one currency, 8.25 % sales tax. Invented."""

from __future__ import annotations

from connectors.sandbox.xero.books import Books
from connectors.sandbox.xero.seed.samples import add_contact, add_document, pay
from connectors.sandbox.xero.seed.uk_contacts import Row

_ROWS = (
    Row(
        "Alpine Hardware LLC", "ap@alpinehardware.example", ("18 Summit Ave", "Boulder", "CO", "80302", "United States")
    ),
    Row("Bayou Catering", "billing@bayoucatering.example", ("700 Canal St", "New Orleans", "LA", "70130", "USA")),
    Row("Copper Kettle Diner", "owner@copperkettle.example", ("12 Main St", "Butte", "MT", "59701", "United States")),
    Row(
        "Delmar Schools",
        "accounts.payable@delmarschools.example",
        ("6430 Delmar Blvd", "St. Louis", "MO", "63130", "US"),
    ),
    Row("Evans & Ruiz PLLC", "", ("1 Court Sq", "Nashville", "TN", "37201", "United States")),
    Row("Fairbanks Outfitting", "sales@fairbanks", ("300 Cushman St", "Fairbanks", "AK", "99701", "U.S.")),
    Row(
        "Granite Supply (vendor)",
        "orders@granite.example",
        ("9 Quarry Rd", "Barre", "VT", "5641", "USA"),
        is_customer=False,
        is_supplier=True,
    ),
    Row("Hollis, Jane", status="ARCHIVED"),
)


def fill_us_sample(books: Books) -> None:
    people = {row.name: add_contact(books, row) for row in _ROWS}
    add_document(books, people["Alpine Hardware LLC"], ("Shelving", "1", "650.00"), days_ago=40)
    paid = add_document(books, people["Bayou Catering"], ("Serving trays", "20", "12.50"), days_ago=35)
    pay(books, paid, "270.63", days_ago=10, reference="CHK 1042")
    add_document(
        books, people["Copper Kettle Diner"], ("Kettle", "1", "250.00"), LineAmountTypes="Inclusive", days_ago=12
    )
    add_document(books, people["Delmar Schools"], ("Desks", "10", "99.95"), status="DRAFT", days_ago=2)
