"""QuickBooks tax codes in core words (9.2, 9.4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.taxes import TaxKind
from mappings.quickbooks.tax_codes import from_quickbooks_tax_code
from tests.mappings.quickbooks.samples import raw_tax_code, raw_tax_rate

D = Decimal


@pytest.mark.parametrize(
    ("name", "percents", "special", "kind"),
    [
        ("20.0% S", ["20"], "NONE", TaxKind.STANDARD),
        ("California", ["8"], "NONE", TaxKind.STANDARD),
        ("GST/PST BC", ["5", "7"], "NONE", TaxKind.STANDARD),
        ("5.0% R", ["5"], "NONE", TaxKind.REDUCED),
        ("TVA taux réduit", ["5.5"], "NONE", TaxKind.REDUCED),
        ("0.0% Z", ["0"], "ZERO_RATE", TaxKind.ZERO),
        ("GST free", ["0"], "NONE", TaxKind.ZERO),
        ("Exempt", ["0"], "NONE", TaxKind.EXEMPT),
        ("Exonéré", ["0"], "NONE", TaxKind.EXEMPT),
        ("Umsatzsteuerfrei", ["0"], "NONE", TaxKind.EXEMPT),
        ("Input taxed", ["0"], "NONE", TaxKind.EXEMPT),
        ("No VAT", ["0"], "NONE", TaxKind.OUTSIDE_SCOPE),
        ("Out of Scope", ["0"], "NONE", TaxKind.OUTSIDE_SCOPE),
        ("BAS Excluded", ["0"], "NONE", TaxKind.OUTSIDE_SCOPE),
        ("20.0% RC", ["20", "-20"], "NONE", TaxKind.REVERSE_CHARGE),
        ("Domestic", ["20", "-20"], "REVERSE_CHARGE", TaxKind.REVERSE_CHARGE),
        ("Reverse charge", ["0"], "NONE", TaxKind.REVERSE_CHARGE),
        ("Autoliquidation", ["0"], "NONE", TaxKind.REVERSE_CHARGE),
        ("0.0% ECG", ["0"], "NONE", TaxKind.REVERSE_CHARGE),
        ("Something else", ["0"], "NONE", TaxKind.ZERO),
    ],
)
def test_the_kind_is_read_from_the_special_type_then_from_the_name(
    name: str, percents: list[str], special: str, kind: TaxKind
) -> None:
    rates = [raw_tax_rate(str(i), name, percent, SpecialTaxType=special) for i, percent in enumerate(percents)]
    code = from_quickbooks_tax_code(raw_tax_code("3", name, *[rate["Id"] for rate in rates]), rates)

    assert code.kind is kind


def test_the_rate_is_that_of_the_day_not_the_one_shown() -> None:
    """RateValue is what the rate is today; the document's date decides (9.4)."""
    periods = [
        {"RateValue": D("17.5"), "EffectiveDate": "2008-01-01T00:00:00-08:00", "EndDate": "2011-01-03T00:00:00-08:00"},
        {"RateValue": 20, "EffectiveDate": "2011-01-04T00:00:00-08:00"},
    ]
    rate = raw_tax_rate("3", "VAT", "99", EffectiveTaxRate=periods)
    code = from_quickbooks_tax_code(raw_tax_code("2", "VAT", "3"), [rate])

    assert [code.percent_on(day) for day in (date(2011, 1, 3), date(2011, 1, 4))] == [D("17.5"), D(20)]


@pytest.mark.parametrize(
    ("code", "active", "for_sales"),
    [
        (raw_tax_code("2", "VAT", "3"), True, True),
        (raw_tax_code("2", "VAT", "3", Active=False), False, True),
        (raw_tax_code("2", "VAT", "3", Hidden=True), False, True),
        (raw_tax_code("2", "VAT", "3", "missing"), False, True),  # its tax is unknown
        (raw_tax_code("2", "Purchases"), True, False),
        (raw_tax_code("2", "Purchases", SalesTaxRateList=None), True, False),
        (raw_tax_code("TAX", "TAX"), True, True),
        (raw_tax_code("NON", "NON"), True, True),
    ],
)
def test_whether_a_code_can_be_used(code: dict[str, Any], active: bool, for_sales: bool) -> None:
    read = from_quickbooks_tax_code(code, [raw_tax_rate("3", "VAT", "20")])

    assert (read.active, read.for_sales) == (active, for_sales)


def test_compound_rates_keep_their_order() -> None:
    raw = raw_tax_code("2", "GST/QST", "1", "2")
    raw["SalesTaxRateList"]["TaxRateDetail"][1]["TaxTypeApplicable"] = "TaxOnAmountPlusTax"
    code = from_quickbooks_tax_code(raw, [raw_tax_rate("1", "GST", "5"), raw_tax_rate("2", "QST", "9.975")])

    assert [(part.rate_id, part.on_tax, part.order) for part in code.components] == [("1", False, 0), ("2", True, 1)]


def test_a_rate_on_tax_alone_cannot_be_predicted_so_the_code_is_not_offered() -> None:
    raw = raw_tax_code("2", "Cess", "1")
    raw["SalesTaxRateList"]["TaxRateDetail"][0]["TaxTypeApplicable"] = "TaxOnTax"

    assert from_quickbooks_tax_code(raw, [raw_tax_rate("1", "Cess", "2")]).active is False
