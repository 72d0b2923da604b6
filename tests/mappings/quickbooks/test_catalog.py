"""A company and its lists in core words (9.1, 10, 13.2)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from contracts.books import Catalog
from contracts.problems import Reason
from mappings.quickbooks import UnreadableRecord, build_catalog
from mappings.quickbooks.catalog import TaxModel
from mappings.quickbooks.currencies import check_currency, usable_currencies
from tests.builders import a_catalog
from tests.mappings.quickbooks.samples import raw_tax_code, raw_tax_rate

INFO: dict[str, Any] = {
    "Id": "1",
    "CompanyName": "Merchant",
    "LegalName": "Merchant Ltd",
    "Country": "GB",
    "Email": {"Address": "books@merchant.example"},
    "DefaultTimeZone": "Europe/London",
    "NameValue": [{"Name": "OfferingSku", "Value": "Plus"}, {"Name": "SubscriptionStatus", "Value": "PAID"}],
}
PREFERENCES: dict[str, Any] = {
    "Id": "1",
    "AccountingInfoPrefs": {"BookCloseDate": "2015-12-31"},
    "SalesFormsPrefs": {"CustomTxnNumbers": True, "AllowDiscount": True, "AutoApplyCredit": True},
    "TaxPrefs": {"UsingSalesTax": True},
    "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "GBP"}},
}


def build(info: dict[str, Any] | None = None, prefs: dict[str, Any] | None = None, **lists: Any) -> Catalog:
    return build_catalog(
        INFO | (info or {}),
        PREFERENCES | (prefs or {}),
        realm_id="4620816365000000001",
        read_at=datetime(2026, 3, 1, tzinfo=UTC),
        **lists,
    )


def test_a_company_is_read_with_what_its_preferences_decide() -> None:
    company = build().company

    assert company.id == "4620816365000000001"  # CompanyInfo.Id is always "1"
    assert (company.name, company.legal_name, company.country) == ("Merchant", "Merchant Ltd", "GB")
    assert (company.home_currency, company.multi_currency) == ("GBP", True)
    assert (company.email, company.timezone, company.subscription) == (
        "books@merchant.example",
        "Europe/London",
        "PAID",
    )
    assert (company.books_closed_until, company.numbers_automatic) == (date(2015, 12, 31), False)
    assert (company.discounts_allowed, company.applies_credit_by_itself) == (True, True)


@pytest.mark.parametrize(
    ("country", "tax_prefs", "model", "sales_tax"),
    [
        ("GB", {"UsingSalesTax": True}, TaxModel.GLOBAL, True),
        ("GB", {"UsingSalesTax": False}, TaxModel.GLOBAL, False),
        ("AU", {"UsingSalesTax": True, "PartnerTaxEnabled": False}, TaxModel.GLOBAL, True),
        ("US", {"UsingSalesTax": True}, TaxModel.US, True),
        ("US", {"UsingSalesTax": True, "PartnerTaxEnabled": True}, TaxModel.US_AUTOMATED, True),
        ("US", {"UsingSalesTax": True, "PartnerTaxEnabled": False}, TaxModel.US_OFF, True),
        ("US", {"UsingSalesTax": False}, TaxModel.US_OFF, False),
        ("US", {}, TaxModel.US_OFF, False),
    ],
)
def test_the_tax_model_follows_country_and_preferences(
    country: str, tax_prefs: dict[str, Any], model: TaxModel, sales_tax: bool
) -> None:
    company = build({"Country": country}, {"TaxPrefs": tax_prefs}).company

    assert (company.tax_model, company.sales_tax) == (model, sales_tax)


def test_lists_are_read_and_what_cannot_be_read_is_left_out() -> None:
    catalog = build(
        currencies=[{"Code": "GBP"}, {"Code": "EUR", "Active": False}],
        accounts=[{"Id": "35", "Name": "Bank", "AccountType": "Bank"}, {"Name": "no id"}],
        items=[
            {"Id": "1", "Name": "Services", "Type": "Service", "IncomeAccountRef": {"value": "79"}},
            {"Id": "2", "Name": "Folder", "Type": "Category"},
            "not an item",
        ],
        terms=[
            {"Id": "3", "Name": "Net 30", "Type": "STANDARD", "DueDays": 30},
            {"Id": "4", "Name": "15th", "Type": "DATE_DRIVEN", "DayOfMonthDue": 15},
        ],
        payment_methods=[{"Id": "2", "Name": "Check"}],
        tax_codes=[raw_tax_code("3", "20.0% S", "r3"), {"Name": "no id"}],
        tax_rates=[raw_tax_rate("r3", "VAT", "20"), "not a rate"],
    )

    assert [account.id for account in catalog.accounts] == ["35"]
    assert [(item.id, item.usable) for item in catalog.items] == [("1", True), ("2", False)]
    assert [(term.id, term.due_days) for term in catalog.terms] == [("3", 30), ("4", None)]
    assert [code.id for code in catalog.tax_codes] == ["3"]
    assert usable_currencies(catalog) == {"GBP"}


def test_a_company_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(UnreadableRecord):
        build({"Email": "text"})


@pytest.mark.parametrize(
    ("currency", "multi", "customers", "adds_itself", "reasons"),
    [
        ("GBP", False, [], False, []),
        ("EUR", False, [], False, [Reason.CURRENCY_NOT_ENABLED]),
        ("EUR", False, [], True, [Reason.CURRENCY_NOT_ENABLED]),
        ("EUR", True, [], False, []),
        ("CHF", True, [], False, [Reason.CURRENCY_NOT_ENABLED]),
        ("CHF", True, [], True, []),
        ("CHF", True, ["CHF"], False, []),
        ("GBP", True, ["EUR"], False, [Reason.CURRENCY_MISMATCH]),
        ("GBP", True, [""], False, []),
    ],
)
def test_which_currencies_a_record_may_have(
    currency: str, multi: bool, customers: list[str], adds_itself: bool, reasons: list[Reason]
) -> None:
    catalog = a_catalog(company={"multi_currency": multi})
    problems = check_currency(currency, catalog, where="x", customers=customers, adds_itself=adds_itself)

    assert [problem.reason for problem in problems] == reasons
