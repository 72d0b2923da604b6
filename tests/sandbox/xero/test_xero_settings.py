"""Accounts, tax rates, currencies, items, the organisation. Source: Xero reference 7."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.xero.conftest import Books, invoice, line


def test_the_organisation(uk: Books, us: Books) -> None:
    row = us.get("Organisation").row

    assert (row["OrganisationID"], row["Version"], row["BaseCurrency"]) == (us.tenant, "US", "USD")
    assert row["ShortCode"].startswith("!")
    assert "PeriodLockDate" not in row
    actions = {action["Name"]: action["Status"] for action in us.get("Organisation/Actions").rows}
    assert actions["UseMulticurrency"] == "NOT-ALLOWED"


def test_the_uk_tax_rates(uk: Books) -> None:
    """Source: Xero reference 7.2."""
    rates = {row["TaxType"]: row for row in uk.get("TaxRates").rows}

    assert rates["OUTPUT2"]["EffectiveRate"] == Decimal("20.0000")
    assert rates["ECZROUTPUTSERVICES"]["ReportTaxType"] == "ECOUTPUTSERVICES"
    assert (rates["OUTPUT2"]["CanApplyToRevenue"], rates["INPUT2"]["CanApplyToRevenue"]) == (True, False)
    assert uk.get("TaxRates/NONE").row["Name"] == "No VAT"
    assert len(uk.get("TaxRates", where='Status=="ACTIVE" AND CanApplyToRevenue==true').rows) == 10


def test_tax_rates_of_ones_own(uk: Books) -> None:
    parts = [{"Name": "State", "Rate": 5}, {"Name": "City", "Rate": 10, "IsCompound": True}]
    made = uk.put("TaxRates", {"Name": "Two parts", "ReportTaxType": "OUTPUT", "TaxComponents": parts})

    assert (made["TaxType"], made["EffectiveRate"], made["DisplayTaxRate"]) == ("TAX001", Decimal("15.5"), 15)
    assert uk.post("TaxRates", {"Name": "Two parts", "Status": "DELETED"})["Status"] == "DELETED"
    body = invoice(uk.contact("Tax Ltd"), line(1, TaxType="TAX001"))
    assert "does not exist or cannot be used" in uk.refused("PUT", "Invoices", body)[0]


@pytest.mark.parametrize(
    "body",
    [
        {"Name": "No report", "TaxComponents": [{"Name": "a", "Rate": 1}]},
        {"Name": "20% (VAT on Income)", "ReportTaxType": "OUTPUT", "TaxComponents": [{"Name": "a", "Rate": 1}]},
        {"Name": "No parts", "ReportTaxType": "OUTPUT"},
    ],
)
def test_tax_rates_are_refused(uk: Books, body: Any) -> None:
    assert uk.call("PUT", "TaxRates", body).status == 400
    assert uk.call("POST", "TaxRates", {"TaxType": "OUTPUT2", "Status": "DELETED"}).status == 400


def test_the_accounts(uk: Books) -> None:
    rows = uk.get("Accounts").rows
    by_system = {row["SystemAccount"]: row for row in rows if "SystemAccount" in row}

    assert {"DEBTORS", "CREDITORS", "GST", "ROUNDING", "RETAINEDEARNINGS"} <= set(by_system)
    assert any(row["Type"] == "BANK" and "Code" not in row for row in rows)
    assert {row["Code"] for row in rows if row["EnablePaymentsToAccount"]} == {"970"}
    assert len(uk.get("Accounts", where='Status=="ARCHIVED"').rows) == 1


def test_a_rounding_line_may_use_the_rounding_account(uk: Books) -> None:
    rounding = uk.get("Accounts", where='SystemAccount=="ROUNDING"').row
    made = uk.invoice(
        uk.contact("Cent Ltd"), line(1), line(Decimal("0.01"), AccountCode=rounding["Code"], TaxType="NONE")
    )

    assert made["Total"] == Decimal("1.21")


def test_accounts_are_made_archived_and_deleted(uk: Books) -> None:
    made = uk.put("Accounts", {"Code": "206", "Name": "Licences", "Type": "SALES", "TaxType": "OUTPUT2"})
    path = f"Accounts/{made['AccountID']}"
    assert made["Class"] == "REVENUE"

    assert uk.refused("PUT", "Accounts", {"Code": "207", "Name": "licences", "Type": "SALES"}) == [
        "Please enter a unique Name."
    ]
    assert uk.refused("PUT", "Accounts", {"Code": "206", "Name": "Other", "Type": "SALES"}) == [
        "Please enter a unique Code."
    ]
    assert uk.post(path, {"Status": "ARCHIVED"})["Status"] == "ARCHIVED"
    gone = uk.call("DELETE", path)
    assert (gone.status, gone.row["Status"]) == (200, "DELETED")
    assert uk.call("GET", path).status == 404
    system = uk.get("Accounts", where='SystemAccount=="DEBTORS"').row
    assert uk.call("DELETE", f"Accounts/{system['AccountID']}").status == 400


def test_an_archived_account_breaks_a_working_mapping(uk: Books) -> None:
    uk.put("Accounts", {"Code": "208", "Name": "Soon gone", "Type": "SALES"})
    contact = uk.contact("Mapping Ltd")
    uk.invoice(contact, line(1, AccountCode="208", TaxType="OUTPUT2"))
    uk.act("archive-account", code="208")

    message = "Account code '208' has been archived, or deleted."
    assert message in uk.refused("PUT", "Invoices", invoice(contact, line(1, AccountCode="208")))


def test_an_archived_tax_rate_does_too(uk: Books) -> None:
    uk.act("archive-tax-rate", tax_type="RROUTPUT")

    body = invoice(uk.contact("Rate Ltd"), line(1, TaxType="RROUTPUT"))
    assert "does not exist or cannot be used" in uk.refused("PUT", "Invoices", body)[0]


def test_currencies(uk: Books, us: Books) -> None:
    assert us.call("PUT", "Currencies", {"Code": "EUR"}).status == 400
    books = Books(us.base, us.tenant, us.access)
    assert [row["Code"] for row in books.get("Currencies").rows] == ["USD"]


def test_a_currency_is_added_where_the_plan_allows(uk: Books) -> None:
    uk.put("Currencies", {"Code": "NOK"})

    assert {"Code": "NOK", "Description": "Norwegian Krone"} in uk.get("Currencies").rows
    assert uk.call("PUT", "Currencies", {"Code": "krona"}).body["ErrorNumber"] == 14


def test_items(uk: Books) -> None:
    made = uk.put(
        "Items",
        {"Code": "ABC", "Name": "A", "SalesDetails": {"UnitPrice": Decimal("1.2345"), "AccountCode": "200"}},
        unitdp="4",
    )
    assert made["SalesDetails"]["UnitPrice"] == Decimal("1.2345")
    assert uk.get("Items/abc").row["SalesDetails"]["UnitPrice"] == Decimal("1.23")

    assert uk.refused("PUT", "Items", {"Code": "ABC"}) == ["Price List Item with Code 'ABC' already exists"]
    assert uk.post("Items", {"Code": "ABC", "Name": "B"})["ItemID"] == made["ItemID"]
    assert uk.call("DELETE", f"Items/{made['ItemID']}").status == 204
    assert uk.call("GET", "Items/ABC").status == 404
    assert uk.call("PUT", "Items", {"Code": "T", "IsTrackedAsInventory": True}).status == 501


def test_branding_themes(uk: Books) -> None:
    themes = uk.get("BrandingThemes").rows
    default = next(theme for theme in themes if theme["SortOrder"] == 0)

    assert uk.invoice(uk.contact("Theme Ltd"))["BrandingThemeID"] == default["BrandingThemeID"]
    assert uk.get(f"BrandingThemes/{default['BrandingThemeID']}").row == default


def test_the_american_sample_charges_its_own_tax(us: Books) -> None:
    """650.00 at 8.25 % is 53.63. Source: Xero reference 4.4."""
    totals = {row["InvoiceNumber"]: (row["TotalTax"], row["Total"]) for row in us.get("Invoices").rows}

    assert totals["INV-0001"] == (Decimal("53.63"), Decimal("703.63"))
    assert totals["INV-0003"] == (Decimal("19.05"), Decimal("250.00"))
