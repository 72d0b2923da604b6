"""Both books carry the same cent, in every tax model. Source: QuickBooks reference 9."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.connections import TotalsPolicy
from contracts.documents import Section
from contracts.invoices import Invoice
from contracts.problems import Reason
from contracts.taxes import TaxMode
from mappings.plan import LinkedCustomer
from tests.builders import (
    UK_TAX_CODES,
    US_TAX_CODES,
    a_catalog,
    a_ledger_tax_code,
    a_line,
    a_us_catalog,
    an_invoice,
    books,
    totals,
)
from tests.mappings.quickbooks.asking import body, reasons_of

D = Decimal


# Tax outside the US


def test_a_difference_by_rounding_is_overridden_so_that_both_books_carry_the_same_cent() -> None:
    """Three lines of 0.33 at 5 %: QuickBooks rounds 0.0165 to 0.02 three times; billing taxes the sum, 0.05."""
    lines = [a_line(unit_price="0.33", tax_code="vat-5")] * 3
    sent = body(an_invoice(lines, totals=totals("0.99", "0.05")))

    assert sent["TxnTaxDetail"] == {
        "TotalTax": D("0.05"),
        "TaxLine": [
            {
                "Amount": D("0.05"),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": "r4"},
                    "PercentBased": True,
                    "TaxPercent": 5,
                    "NetAmountTaxable": D("0.99"),
                },
            }
        ],
    }


def test_equal_tax_is_left_for_quickbooks_to_compute() -> None:
    assert "TxnTaxDetail" not in body(an_invoice())


def test_a_difference_that_is_not_rounding_blocks_unless_the_ledgers_tax_is_accepted() -> None:
    invoice = an_invoice(totals=totals("100.00", "19.00"))
    accepting = books(on_totals_differ=TotalsPolicy.ACCEPT_LEDGER_TAX)

    assert reasons_of(invoice) == [Reason.TOTALS_DIFFER]
    assert "TxnTaxDetail" not in body(invoice, accepting)


def test_every_line_has_a_code_also_where_nothing_is_added() -> None:
    lines = [a_line(), a_line(tax_code="zero"), a_line(tax_code="exempt")]
    sent = body(an_invoice(lines, totals=totals("300.00", "20.00")))

    assert [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in sent["Line"]] == ["3", "5", "6"]


@pytest.mark.parametrize(
    "changes",
    [{"tax_mode": TaxMode.NONE}, {"sections": [Section(lines=[a_line(tax_code="")])]}],
)
def test_a_document_without_tax_says_so_and_carries_no_codes(changes: dict[str, Any]) -> None:
    """NotApplicable together with TxnTaxDetail is refused (6170)."""
    sent = body(an_invoice(totals=totals("100.00", "0"), **changes))

    assert sent["GlobalTaxCalculation"] == "NotApplicable"
    assert "TxnTaxDetail" not in sent
    assert "TaxCodeRef" not in sent["Line"][0]["SalesItemLineDetail"]


def test_a_tax_inclusive_document_sends_net_and_gross() -> None:
    """The recorded Australian line: net 277.69, gross 305.46, unit price of 7 decimals (9.3)."""
    gst = a_ledger_tax_code("5", "GST", "10")
    line = a_line(quantity="3", unit_price="101.82", tax_code="gst")
    invoice = an_invoice(
        [line],
        tax_mode=TaxMode.INCLUSIVE,
        tax_codes=[{"id": "gst", "rate": "10"}],
        totals=totals("277.69", "27.77"),
    )
    sent = body(invoice, books(a_catalog(tax_codes=[gst])))

    assert sent["GlobalTaxCalculation"] == "TaxInclusive"
    assert sent["Line"][0]["Amount"] == D("277.69")
    assert sent["Line"][0]["SalesItemLineDetail"] == {
        "ItemRef": {"value": "1"},
        "Qty": 3,
        "UnitPrice": D("92.5633333"),
        "TaxInclusiveAmt": D("305.46"),
        "TaxCodeRef": {"value": "5"},
    }
    assert "TxnTaxDetail" not in sent


def test_net_amounts_of_gross_lines_add_up_to_billings_net() -> None:
    """Three lines of 9.99 gross at 20 %: 1.665 each; billing's tax is 5.00 on the whole, not 3 * 1.67."""
    lines = [a_line(unit_price="9.99")] * 3
    sent = body(an_invoice(lines, tax_mode=TaxMode.INCLUSIVE, totals=totals("24.97", "5.00")))

    assert sum(line["Amount"] for line in sent["Line"]) == D("24.97")
    assert sum(line["SalesItemLineDetail"]["TaxInclusiveAmt"] for line in sent["Line"]) == D("29.97")


def test_a_discount_on_a_tax_inclusive_document_is_taken_off_net_amounts() -> None:
    invoice = an_invoice(
        [a_line(unit_price="120.00")],
        tax_mode=TaxMode.INCLUSIVE,
        discounts=[{"percent": "10"}],
        totals=totals("90.00", "18.00"),
    )
    sent = body(invoice)

    assert sent["GlobalTaxCalculation"] == "TaxExcluded"
    assert [line["Amount"] for line in sent["Line"]] == [100, 10]


@pytest.mark.parametrize(
    ("totals_", "mode", "reasons"),
    [
        (totals("100.00", "20.00"), TaxMode.EXCLUSIVE, [Reason.TAX_IS_OFF]),
        (totals("100.00", "0.00"), TaxMode.NONE, []),
    ],
)
def test_a_company_without_sales_tax_takes_documents_without_tax(
    totals_: Any, mode: TaxMode, reasons: list[Reason]
) -> None:
    off = books(a_catalog(company={"sales_tax": False}))

    assert reasons_of(an_invoice(totals=totals_, tax_mode=mode), off) == reasons


def test_an_ambiguous_tax_code_asks_and_a_mapping_answers() -> None:
    catalog = a_catalog(tax_codes=[*UK_TAX_CODES, a_ledger_tax_code("30", "20% services", "20")])

    assert reasons_of(an_invoice(), books(catalog)) == [Reason.TAX_CODE_AMBIGUOUS]
    assert reasons_of(an_invoice(), books(catalog, tax_codes={"vat-20": "30"})) == []


def test_the_customers_own_tax_code_decides_where_it_fits() -> None:
    catalog = a_catalog(tax_codes=[*UK_TAX_CODES, a_ledger_tax_code("30", "20% services", "20")])
    customer = LinkedCustomer(remote_id="60", currency="GBP", default_tax_code="30")
    sent = body(an_invoice(), books(catalog, customers={"cus_1": customer}))

    assert sent["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "30"}


# Tax in the US

US = books(a_us_catalog())


def us_invoice(*lines: Any, tax: str, **changes: Any) -> Invoice:
    net = sum((line.amount for line in lines), D(0))
    return an_invoice(list(lines), **{"currency": "USD", "totals": totals(str(net), tax), **changes})


def test_a_us_line_is_tax_or_non_and_the_document_names_the_group() -> None:
    """The recorded invoice of 9.2: 335.25 at 8 % is 26.82."""
    sent = body(us_invoice(a_line(unit_price="335.25", tax_code="ca-8"), a_line(tax_code="zero"), tax="26.82"), US)

    assert [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in sent["Line"]] == ["TAX", "NON"]
    assert sent["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "2"}}
    assert sent["ApplyTaxAfterDiscount"] is True
    assert "GlobalTaxCalculation" not in sent


def test_a_us_document_without_tax_needs_no_code() -> None:
    sent = body(us_invoice(a_line(tax_code=""), tax="0"), US)

    assert sent["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert sent["TxnTaxDetail"] == {"TotalTax": 0}


def test_a_us_document_has_one_rate() -> None:
    invoice = us_invoice(a_line(tax_code="ca-8"), a_line(tax_code="vat-5"), tax="13.00")

    assert reasons_of(invoice, US) == [Reason.NOT_SUPPORTED_BY_LEDGER]


def test_a_us_rounding_difference_is_sent_with_code_and_amount() -> None:
    """Billing rounds each of three lines of 0.20 at 8 % to 0.02; QuickBooks takes 0.60 * 8 % = 0.05."""
    sent = body(us_invoice(*[a_line(unit_price="0.20", tax_code="ca-8")] * 3, tax="0.06"), US)

    assert sent["TxnTaxDetail"]["TotalTax"] == D("0.06")
    assert sent["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "2"}
    assert [line["Amount"] for line in sent["TxnTaxDetail"]["TaxLine"]] == [D("0.06")]


def test_a_us_discount_comes_off_before_tax() -> None:
    invoice = us_invoice(
        a_line(unit_price="1005", tax_code="ca-8"),
        tax="76.38",
        discounts=[{"percent": "5"}],
        totals=totals("954.75", "76.38"),
    )
    sent = body(invoice, US)

    assert sent["Line"][-1]["Amount"] == D("50.25")
    assert sent["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "2"}}


@pytest.mark.parametrize("codes", [US_TAX_CODES, US_TAX_CODES[:2]])
def test_automated_sales_tax_is_always_given_the_amount(codes: list[Any]) -> None:
    """It would look the tax up by addresses; an explicit amount is honoured (9.2). The code may be unknown."""
    automated = books(a_us_catalog(company={"tax_model": "us_automated"}, tax_codes=codes))
    sent = body(us_invoice(a_line(tax_code="ca-8"), tax="8.88"), automated)

    assert sent["TxnTaxDetail"]["TotalTax"] == D("8.88")


def test_a_us_company_without_sales_tax_refuses_a_tax_and_takes_the_rest() -> None:
    off = books(a_us_catalog(company={"tax_model": "us_off", "sales_tax": False}))

    assert reasons_of(us_invoice(a_line(tax_code="ca-8"), tax="8.00"), off) == [Reason.TAX_IS_OFF]
    sent = body(us_invoice(a_line(tax_code=""), tax="0"), off)
    assert "TaxCodeRef" not in sent["Line"][0]["SalesItemLineDetail"]
    assert "TxnTaxDetail" not in sent


def test_gross_prices_reach_a_us_company_net() -> None:
    invoice = an_invoice(
        [a_line(unit_price="108.00", tax_code="ca-8")],
        currency="USD",
        tax_mode=TaxMode.INCLUSIVE,
        totals=totals("100.00", "8.00"),
    )
    sent = body(invoice, US)

    assert sent["Line"][0]["Amount"] == 100
    assert "TaxInclusiveAmt" not in sent["Line"][0]["SalesItemLineDetail"]


# Currency


@pytest.mark.parametrize(
    ("currency", "listed", "reasons"),
    [("EUR", True, []), ("CHF", True, []), ("CHF", False, [Reason.CURRENCY_NOT_ENABLED])],
)
def test_a_foreign_invoice_needs_a_currency_the_company_or_its_customer_has(
    currency: str, listed: bool, reasons: list[Reason]
) -> None:
    customer = LinkedCustomer(remote_id="60", currency=currency if listed else "")
    around = books(a_catalog(company={"multi_currency": True}), customers={"cus_1": customer})

    assert reasons_of(an_invoice(currency=currency), around) == reasons


def test_a_multi_currency_company_is_told_the_currency_but_never_a_rate() -> None:
    customer = LinkedCustomer(remote_id="60", currency="EUR")
    around = books(a_catalog(company={"multi_currency": True}), customers={"cus_1": customer})
    sent = body(an_invoice(currency="EUR"), around)

    assert sent["CurrencyRef"] == {"value": "EUR"}
    assert "ExchangeRate" not in sent


def test_amounts_with_more_decimals_than_quickbooks_keeps_are_refused() -> None:
    dinar = a_catalog(company={"home_currency": "KWD"})
    invoice = an_invoice([a_line(unit_price="1.234", amount="1.234")], currency="KWD", totals=totals("1.234", "0.247"))

    assert Reason.NOT_SUPPORTED_BY_LEDGER in reasons_of(invoice, books(dinar))


def test_yen_amounts_are_overridden_to_whole_yen() -> None:
    yen = a_catalog(company={"home_currency": "JPY"})
    sent = body(an_invoice([a_line(unit_price="123")], currency="JPY", totals=totals("123", "25")), books(yen))

    assert sent["TxnTaxDetail"]["TotalTax"] == 25
