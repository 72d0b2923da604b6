"""A company's lists, tax rates by kind above all (Xero reference 7)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.taxes import TaxKind
from mappings.rules.taxes import percent_of
from mappings.xero import build_catalog
from mappings.xero.currencies import usable_currencies
from mappings.xero.tax_codes import from_xero_tax_rate
from mappings.xero.wire import UnreadableRecord
from tests.mappings.xero.samples import READ_AT, a_tax_rate, a_xero_catalog, an_organisation

TODAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("country", "tax_type", "name", "percent", "kind"),
    [
        ("GB", "OUTPUT2", "20% (VAT on Income)", "20", TaxKind.STANDARD),
        ("GB", "RROUTPUT", "5% (VAT on Income)", "5", TaxKind.REDUCED),
        ("GB", "ZERORATEDOUTPUT", "Zero Rated Income", "0", TaxKind.ZERO),
        ("GB", "EXEMPTOUTPUT", "Exempt Income", "0", TaxKind.EXEMPT),
        ("GB", "ECZROUTPUT", "Zero Rated EC Goods Income", "0", TaxKind.REVERSE_CHARGE),
        ("GB", "ECZROUTPUTSERVICES", "Zero Rated EC Services", "0", TaxKind.REVERSE_CHARGE),
        ("GB", "DRCHARGE20", "Domestic Reverse Charge (VAT on Income)", "0", TaxKind.REVERSE_CHARGE),
        ("GB", "NONE", "No VAT", "0", TaxKind.OUTSIDE_SCOPE),
        ("AU", "OUTPUT", "GST on Income", "10", TaxKind.STANDARD),
        ("AU", "EXEMPTOUTPUT", "GST Free Income", "0", TaxKind.ZERO),
        ("AU", "EXEMPTEXPORT", "GST Free Exports", "0", TaxKind.ZERO),
        ("AU", "INPUTTAXED", "Input Taxed", "0", TaxKind.EXEMPT),
        ("AU", "BASEXCLUDED", "BAS Excluded", "0", TaxKind.OUTSIDE_SCOPE),
        ("NZ", "ZERORATED", "Zero Rated", "0", TaxKind.ZERO),
        ("US", "NONE", "Tax Exempt", "0", TaxKind.EXEMPT),
        ("US", "OUTPUT", "Tax on Sales", "8.25", TaxKind.STANDARD),
        ("CA", "CAN030", "Exempt", "0", TaxKind.EXEMPT),
        ("SG", "ES33OUTPUT", "Regulation 33 Exempt", "0", TaxKind.EXEMPT),
        ("SG", "OSOUTPUT2", "Out Of Scope", "0", TaxKind.OUTSIDE_SCOPE),
    ],
)
def test_the_shipped_tax_types_say_their_kind(
    country: str, tax_type: str, name: str, percent: str, kind: TaxKind
) -> None:
    """Exempt, zero-rated and reverse charge add nothing alike and differ in the books."""
    assert from_xero_tax_rate(a_tax_rate(tax_type, name, percent), country=country).kind is kind


def test_a_rate_a_company_made_says_its_kind_by_its_report_type() -> None:
    """TAX001 says nothing and its name is anybody's to change."""
    ours = a_tax_rate("TAX001", "Our Europe rate", "0", ReportTaxType="ECOUTPUTSERVICES")

    assert from_xero_tax_rate(ours, country="GB").kind is TaxKind.REVERSE_CHARGE


@pytest.mark.parametrize(
    ("changes", "usable"),
    [
        ({}, True),
        ({"Status": "DELETED"}, False),
        ({"Status": "ARCHIVED"}, False),
        ({"CanApplyToRevenue": False}, False),
        ({"ReportTaxType": "AVALARA"}, False),
        ({"ReportTaxType": "USSALESTAX"}, False),
    ],
)
def test_only_active_revenue_rates_an_application_may_name_are_for_sales(changes: dict[str, Any], usable: bool) -> None:
    code = from_xero_tax_rate(a_tax_rate("OUTPUT", "Tax on Sales", "8.25", **changes), country="US")

    assert (code.active and code.for_sales) is usable


def test_components_are_kept_where_they_come_to_the_effective_rate() -> None:
    parts = [
        {"Name": "QST", "Rate": Decimal("9.9750"), "IsCompound": True},
        {"Name": "GST", "Rate": Decimal("5.0000"), "IsCompound": False},
    ]
    code = from_xero_tax_rate(a_tax_rate("TAX002", "Old Quebec", "15.4738", TaxComponents=parts))

    assert [part.name for part in code.components] == ["GST", "QST"]
    assert percent_of(code, TODAY) == Decimal("15.47375")


def test_a_reverse_charge_that_shows_20_percent_adds_what_is_in_effect() -> None:
    """DisplayTaxRate 20, EffectiveRate 0: Xero computes with the effective rate (4.4)."""
    raw = a_tax_rate("DRCHARGE20", "Domestic Reverse Charge", "20", EffectiveRate=Decimal(0))

    assert percent_of(from_xero_tax_rate(raw), TODAY) == 0


def test_the_later_lock_date_closes_the_books() -> None:
    locks = {"PeriodLockDate": "/Date(1767139200000+0000)/", "EndOfYearLockDate": "/Date(1751241600000+0000)/"}
    company = a_xero_catalog(organisation=an_organisation(**locks)).company

    assert company.books_closed_until == date(2025, 12, 31)
    assert a_xero_catalog().company.books_closed_until is None


def test_the_company() -> None:
    catalog = build_catalog(
        an_organisation(), read_at=READ_AT, tenant_id="t-1", actions=[{"Name": "UseMulticurrency", "Status": "ALLOWED"}]
    )
    company = catalog.company

    assert (company.id, company.country, company.home_currency) == ("t-1", "GB", "GBP")
    assert (company.short_code, company.multi_currency, company.sales_tax) == ("!mBdtL", True, True)
    assert company.sales_tax_basis == "ACCRUALS"


def test_accounts_say_what_they_may_take() -> None:
    """Sales go to revenue accounts with a code that Xero does not keep; payments to banks and where enabled (7.4)."""
    accounts = {account.code: account for account in a_xero_catalog().accounts}

    assert [code for code, account in accounts.items() if account.takes_sales] == ["200", "260", "299"]
    assert [code for code, account in accounts.items() if account.takes_payments] == ["090", "970"]
    assert not accounts["299"].active


def test_items_themes_and_currencies() -> None:
    catalog = a_xero_catalog()

    assert [(item.code, item.income_account, item.usable) for item in catalog.items] == [
        ("PRO", "260", True),
        ("BARE", "", True),
        ("BOUGHT", "", False),
    ]
    assert [(theme.id, theme.default) for theme in catalog.branding_themes] == [("theme-1", True), ("theme-2", False)]
    assert usable_currencies(catalog) == {"GBP", "EUR", "USD"}


def test_one_odd_row_costs_nobody_elses() -> None:
    """xero-python would lose the whole page (T15)."""
    rates: list[Any] = [
        a_tax_rate("OUTPUT2", "20%", "20"),
        {"TaxType": None},
        None,
        {"TaxType": "X", "TaxComponents": 3},
    ]
    catalog = a_xero_catalog(tax_rates=rates, currencies=[{"Code": "XCG"}, {"Code": ""}, {}], accounts=[{}, 7])

    assert [code.id for code in catalog.tax_codes] == ["OUTPUT2"]
    assert [currency.code for currency in catalog.currencies] == ["XCG"]
    assert catalog.accounts == []


def test_without_an_organisation_there_is_no_catalogue() -> None:
    with pytest.raises(UnreadableRecord):
        build_catalog({}, read_at=READ_AT)
