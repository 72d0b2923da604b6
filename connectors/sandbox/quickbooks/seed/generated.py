"""Companies of any size for load tests. Deterministic: the same options give the same records."""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.company import Company
from connectors.sandbox.quickbooks.seed.foundation import make


def fill_generated(company: Company) -> None:
    """`options.customers` customers with full addresses and `options.invoices` one-line invoices spread over them."""
    item = make(company, "Item", {"Name": "Services", "Type": "Service", "IncomeAccountRef": {"value": "1"}})
    customers = [make(company, "Customer", _customer(number)) for number in range(1, company.options.customers + 1)]
    for number in range(company.options.invoices if customers else 0):
        make(company, "Invoice", _invoice(company, item, customers[number % len(customers)], number))


def _customer(number: int) -> JsonObject:
    return {
        "DisplayName": f"Generated Customer {number:05d}",
        "GivenName": "Robin",
        "FamilyName": f"Number{number}",
        "PrimaryEmailAddr": {"Address": f"customer{number}@example.com"},
        "BillAddr": {
            "Line1": f"{number} Test Street",
            "City": "Monterey",
            "CountrySubDivisionCode": "CA",
            "PostalCode": "93940",
            "Country": "USA",
        },
    }


def _invoice(company: Company, item: str, customer: str, number: int) -> JsonObject:
    amount = Decimal(10 + number % 990) + Decimal("0.25")
    detail: JsonObject = {"ItemRef": {"value": item}, "Qty": 1, "UnitPrice": amount}
    if company.tax_mode == "global":
        detail["TaxCodeRef"] = {"value": "1"}
    return {
        "CustomerRef": {"value": customer},
        "DocNumber": f"G{number + 1:07d}",
        "Line": [{"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": detail}],
    }
