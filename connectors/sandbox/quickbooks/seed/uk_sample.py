"""Fenwick & Lowe Joinery Ltd: a UK company with VAT and customers in three currencies."""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.company import Company
from connectors.sandbox.quickbooks.seed.foundation import make

# Ids of the tax codes the foundation adds for GB, in order.
VAT_20, VAT_5, VAT_0, EXEMPT, REVERSE_CHARGE = "1", "2", "3", "4", "5"


def fill_uk_sample(company: Company) -> None:
    """Four items, ten customers, and one document per currency."""
    work = make(
        company,
        "Item",
        {
            "Name": "Joinery work",
            "Type": "Service",
            "IncomeAccountRef": {"value": "1"},
            "UnitPrice": 60,
            "SalesTaxCodeRef": {"value": VAT_20},
        },
    )
    for name, code in (("Oak staircase", VAT_20), ("Insulation fitting", VAT_5), ("Children's furniture", VAT_0)):
        make(
            company,
            "Item",
            {
                "Name": name,
                "Type": "Service",
                "IncomeAccountRef": {"value": "2"},
                "UnitPrice": 250,
                "SalesTaxCodeRef": {"value": code},
            },
        )
    ids = [make(company, "Customer", body) for body in _customers()]
    make(company, "Invoice", _invoice(ids[0], work, "GBP", VAT_20))
    make(company, "Invoice", _invoice(ids[5], work, "EUR", REVERSE_CHARGE))
    make(company, "Invoice", _invoice(ids[8], work, "USD", VAT_0))


def _customers() -> list[JsonObject]:
    rows = [
        ("Abbey Road Bakery", "abbey@bakery.example", "3 Abbey Rd", "London", "NW8 9AY", "United Kingdom", "GBP"),
        ("Bramble Cottage Lets", "office@bramble.example", "1 Church Ln", "Bath", "BA1 1AB", "UK", "GBP"),
        ("Catherine Doyle", "c.doyle@example.com", "22 Queen St", "Cardiff", "CF10 2BY", "", "GBP"),
        ("Dunmore Estates", "", "Dunmore House", "Stirling", "FK2 8LY", "Scotland", "GBP"),
        ("Eastgate Parish Council", "clerk@eastgate.example", "Eastgate Hall", "Lincoln", "LN2 4AA", "GB", "GBP"),
        ("Fischer Möbel GmbH", "rechnung@fischer.example", "Lindenstr. 8", "Hamburg", "20095", "Germany", "EUR"),
        ("Galerie Blanche", "compta@blanche.example", "14 Rue du Lac", "Lyon", "69003", "France", "EUR"),
        ("Hartwell Interiors", "ap@hartwell.example", "19 High St", "Oxford", "90210", "United Kingdom", "GBP"),
        ("Ivy League Fixtures Inc", "ap@ivyleague.example", "700 Chapel St", "New Haven", "06510", "USA", "USD"),
        ("Jansen & Zonen BV", "info@jansen.example", "Keizersgracht 40", "Amsterdam", "1015 CR", "Nederland", "EUR"),
    ]
    return [_customer(*row) for row in rows]


def _customer(name: str, email: str, line1: str, city: str, postcode: str, country: str, currency: str) -> JsonObject:
    address = {"Line1": line1, "City": city, "PostalCode": postcode, "Country": country}
    body: JsonObject = {"DisplayName": name, "BillAddr": address, "CurrencyRef": {"value": currency}}
    return {**body, "PrimaryEmailAddr": {"Address": email}} if email else body


def _invoice(customer: str, item: str, currency: str, code: str) -> JsonObject:
    price = Decimal("61.25")
    return {
        "CustomerRef": {"value": customer},
        "CurrencyRef": {"value": currency},
        "TxnDate": "2026-09-02",
        "GlobalTaxCalculation": "TaxExcluded",
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": price * 8,
                "SalesItemLineDetail": {
                    "ItemRef": {"value": item},
                    "Qty": 8,
                    "UnitPrice": price,
                    "TaxCodeRef": {"value": code},
                },
            }
        ],
    }
