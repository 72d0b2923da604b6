"""The worked figures of the reference, through the API. Source: QuickBooks reference 9.2, 9.3, 9.5."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.sandbox.quickbooks.tax import Rate, TaxedLine, tax_on_totals, tax_per_line
from connectors.sandbox.quickbooks.tax_lists import percent_on
from tests.sandbox.conftest import Books, connect, line


def D(text: str) -> Decimal:
    return Decimal(text)


def _sale(customer: Any, *lines: Any, **more: Any) -> Any:
    return {"CustomerRef": {"value": customer["Id"]}, "Line": list(lines), **more}


def _us_tax(group: str) -> Any:
    return {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": group}}}


def _company(us: Books, rates: dict[str, str], country: str = "CA", **more: Any) -> tuple[Books, dict[str, str]]:
    """A company outside the US with one tax code per rate; returns the code ids by name."""
    realm = us.control("POST", "companies", {"name": "Elsewhere", "country": country, **more})["realm"]
    books = connect(us.base, realm)
    ids = {}
    for name, percent in rates.items():
        rate = {"TaxRateName": name, "RateValue": percent, "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
        answer = books.call("POST", "taxservice/taxcode", {"TaxCode": name, "TaxRateDetails": [rate]})
        ids[name] = answer.body["TaxCodeId"]
    return books, ids


def test_us_lines_carry_tax_or_non_and_the_form_carries_the_group(us: Books) -> None:
    """The shape of 9.2: 8 % of 335.25 is 26.82."""
    invoice = us.post(
        "invoice", _sale(us.customer("C"), line(D("335.25"), TaxCodeRef={"value": "TAX"}), **_us_tax("2"))
    )

    assert invoice["TxnTaxDetail"] == {
        "TxnTaxCodeRef": {"value": "2"},
        "TotalTax": D("26.82"),
        "TaxLine": [
            {
                "Amount": D("26.82"),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": "3"},
                    "PercentBased": True,
                    "TaxPercent": 8,
                    "NetAmountTaxable": D("335.25"),
                },
            }
        ],
    }
    assert invoice["TotalAmt"] == D("362.07")


def test_the_us_engine_rounds_each_rate_once_on_the_sum(us: Books) -> None:
    """Invoice 1029 of the recordings: 75 + 72 + 275 at 7.1 % and 2 % is 29.96 and 8.44, total 460.40."""
    lines = [line(amount, TaxCodeRef={"value": "TAX"}) for amount in (75, 72, 275)]

    invoice = us.post("invoice", _sale(us.customer("C"), *lines, **_us_tax("1")))

    assert [each["Amount"] for each in invoice["TxnTaxDetail"]["TaxLine"]] == [D("29.96"), D("8.44")]
    assert invoice["TotalAmt"] == D("460.40")


def test_the_rounding_of_a_us_company_is_a_switch(us: Books) -> None:
    """One recording is thin evidence. Per line it would be 5.33 + 5.11 + 19.53 = 29.97."""
    us.switch(tax_rounding="per_line")
    lines = [line(amount, TaxCodeRef={"value": "TAX"}) for amount in (75, 72, 275)]

    invoice = us.post("invoice", _sale(us.customer("C"), *lines, **_us_tax("1")))

    assert invoice["TxnTaxDetail"]["TaxLine"][0]["Amount"] == D("29.97")


@pytest.mark.parametrize(
    ("item", "customer", "code"),
    [("5", {}, "TAX"), ("1", {}, "NON"), ("5", {"Taxable": False}, "NON"), ("5", {"TaxExemptionReasonId": "9"}, "NON")],
)
def test_an_omitted_us_code_follows_item_and_customer(us: Books, item: str, customer: Any, code: str) -> None:
    invoice = us.post("invoice", _sale(us.customer("C", **customer), line(10, ItemRef={"value": item})))

    assert invoice["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": code}
    assert invoice["TxnTaxDetail"] == {"TotalTax": 0}


def test_a_numeric_code_on_a_us_line_is_6100(us: Books) -> None:
    assert us.refused("invoice", _sale(us.customer("C"), line(10, TaxCodeRef={"value": "2"}))).codes == ["6100"]


@pytest.mark.parametrize(("after_discount", "tax"), [(False, "80"), (True, "72")])
def test_a_us_discount_comes_before_or_after_tax(us: Books, after_discount: bool, tax: str) -> None:
    discount = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    body = _sale(us.customer("C"), line(1000, TaxCodeRef={"value": "TAX"}), discount, **_us_tax("2"))

    invoice = us.post("invoice", {**body, "ApplyTaxAfterDiscount": after_discount})

    assert invoice["TxnTaxDetail"]["TotalTax"] == D(tax)
    assert invoice["TotalAmt"] == 900 + D(tax)


def test_a_discount_is_answered_after_the_subtotal_without_an_id(us: Books) -> None:
    """5 % on 1005 is 50.25, total 954.75."""
    discount = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 5}}

    invoice = us.post("invoice", _sale(us.customer("C"), line(1005), discount))

    assert invoice["Line"][1:] == [
        {"Amount": 1005, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        {
            "Amount": D("50.25"),
            "DetailType": "DiscountLineDetail",
            "DiscountLineDetail": {
                "PercentBased": True,
                "DiscountPercent": 5,
                "DiscountAccountRef": {"value": "7", "name": "Discounts given"},
            },
        },
    ]
    assert invoice["TotalAmt"] == D("954.75")


def test_automated_sales_tax_decides_by_ship_to_and_keeps_an_explicit_amount(us: Books) -> None:
    realm = us.control("POST", "companies", {"name": "AST Inc", "tax_mode": "us_ast"})["realm"]
    ast = connect(us.base, realm)
    goods = ast.post("item", {"Name": "Goods", "IncomeAccountRef": {"value": "2"}, "Taxable": True})
    sold = line(100, ItemRef={"value": goods["Id"]})
    here = ast.customer("Here", BillAddr={"Line1": "1 A St", "City": "Carmel", "CountrySubDivisionCode": "CA"})
    there = ast.customer("There", BillAddr={"Line1": "1 B St", "City": "Reno", "CountrySubDivisionCode": "NV"})

    assert ast.post("invoice", _sale(here, sold))["TxnTaxDetail"]["TotalTax"] == 8
    assert ast.post("invoice", _sale(there, sold))["TxnTaxDetail"]["TotalTax"] == 0
    override = ast.post("invoice", _sale(here, sold, TxnTaxDetail={"TotalTax": D("7.77")}))
    assert override["TotalAmt"] == D("107.77")


def test_outside_the_us_tax_is_rounded_per_line() -> None:
    """Per line and rate, half up, then added: the sum differs from the product on the total."""
    rate = Rate("7", D("9.975"))
    lines = [TaxedLine(D("10.10"), "9")] * 3

    assert [each.tax for each in tax_per_line(lines, {"9": [rate]}, inclusive=False)] == [D("3.03")]
    assert [each.tax for each in tax_on_totals(lines, [rate])] == [D("3.02")]


def test_excluded_mode_adds_tax_per_line_and_rate(us: Books) -> None:
    books, codes = _company(us, {"QST": "9.975"})
    lines = [line(D("10.10"), TaxCodeRef={"value": codes["QST"]}) for _ in range(3)]

    invoice = books.post("invoice", _sale(books.customer("C"), *lines, GlobalTaxCalculation="TaxExcluded"))

    detail = invoice["TxnTaxDetail"]
    assert (detail["TotalTax"], invoice["TotalAmt"]) == (D("3.03"), D("33.33"))
    assert "TxnTaxCodeRef" not in detail
    assert detail["TaxLine"][0]["TaxLineDetail"]["NetAmountTaxable"] == D("30.3")


def test_inclusive_tax_is_gross_minus_net(us: Books) -> None:
    """8.49 net in 9.60 gross is 1.11 tax, although 13 % of 8.49 is 1.10."""
    books, codes = _company(us, {"HST": "13"})
    gross = line(D("8.49"), TaxCodeRef={"value": codes["HST"]}, TaxInclusiveAmt=D("9.60"))

    invoice = books.post("invoice", _sale(books.customer("C"), gross, GlobalTaxCalculation="TaxInclusive"))

    assert (invoice["TxnTaxDetail"]["TotalTax"], invoice["TotalAmt"]) == (D("1.11"), D("9.60"))


def test_a_gross_amount_sent_as_amount_comes_out_too_high(us: Books) -> None:
    """The trap of 9.3: Amount is net in inclusive mode too."""
    books, codes = _company(us, {"GST": "10"}, country="AU")
    sent = line(D("110"), TaxCodeRef={"value": codes["GST"]})

    invoice = books.post("invoice", _sale(books.customer("C"), sent, GlobalTaxCalculation="TaxInclusive"))

    assert invoice["TotalAmt"] == 121
    assert invoice["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == 121


def test_the_recorded_australian_line(us: Books) -> None:
    """277.69 net, 305.46 gross, unit price back-computed to seven decimals."""
    books, codes = _company(us, {"GST": "10"}, country="AU")
    detail = {
        "TaxCodeRef": {"value": codes["GST"]},
        "TaxInclusiveAmt": D("305.46"),
        "Qty": 3,
        "UnitPrice": D("92.5633333"),
    }

    sent = _sale(books.customer("C"), line(D("277.69"), **detail), GlobalTaxCalculation="TaxInclusive")
    invoice = books.post("invoice", sent)

    assert invoice["TxnTaxDetail"]["TotalTax"] == D("27.77")
    assert invoice["Line"][1]["Amount"] == D("277.69")
    assert invoice["TotalAmt"] == D("305.46")


@pytest.mark.parametrize(
    ("country", "word"), [("CA", "GST/HST rate"), ("GB", "VAT rate"), ("AU", "GST rate"), ("FR", "sales tax rate")]
)
def test_a_missing_code_outside_the_us_is_6000_in_local_words(us: Books, country: str, word: str) -> None:
    books, _ = _company(us, {}, country=country)

    answered = books.refused("invoice", _sale(books.customer("C"), line(10)))

    assert answered.codes == ["6000"]
    assert f"Make sure all your transactions have a {word} before you save" in answered.detail


def test_not_applicable_needs_no_codes_and_refuses_tax_detail(us: Books) -> None:
    books, _ = _company(us, {})
    customer = books.customer("C")
    body = _sale(customer, line(10), GlobalTaxCalculation="NotApplicable")

    invoice = books.post("invoice", body)
    assert invoice["TotalAmt"] == 10
    noted = books.post("invoice", {"Id": invoice["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n"})
    assert noted["TotalAmt"] == 10

    assert books.refused("invoice", {**body, "TxnTaxDetail": {"TotalTax": 1}}).codes == ["6170"]


def test_a_uk_reverse_charge_has_two_rates_that_cancel(uk: Books) -> None:
    customer = uk.rows("SELECT * FROM Customer WHERE DisplayName = 'Abbey Road Bakery'")[0]

    invoice = uk.post(
        "invoice",
        _sale(customer, line(100, TaxCodeRef={"value": "5"}), line(50, TaxCodeRef={"value": "1"})),
    )

    assert [each["Amount"] for each in invoice["TxnTaxDetail"]["TaxLine"]] == [20, -20, 10]
    assert invoice["TotalAmt"] == 160


@pytest.mark.parametrize(("day", "percent"), [("2010-12-31", "17.5"), ("2011-01-04", "20")])
def test_the_effective_rate_of_the_day_wins_over_rate_value(day: str, percent: str) -> None:
    """Source: QuickBooks reference 9.4."""
    rate = {
        "RateValue": 99,
        "EffectiveTaxRate": [
            {
                "RateValue": D("17.5"),
                "EffectiveDate": "2000-01-01T00:00:00-08:00",
                "EndDate": "2011-01-03T00:00:00-08:00",
            },
            {"RateValue": 20, "EffectiveDate": "2011-01-04T00:00:00-08:00"},
        ],
    }

    assert percent_on(rate, day) == D(percent)


@pytest.mark.parametrize(("amount", "codes"), [("1861.08", []), ("1861.07", ["6070"])])
def test_amount_is_unit_price_times_quantity_half_up(us: Books, amount: str, codes: list[str]) -> None:
    """128.350 * 14.50 = 1861.075: QuickBooks wants 1861.08."""
    body = _sale(us.customer("C"), line(D(amount), Qty=D("14.50"), UnitPrice=D("128.350")))

    answered = us.call("POST", "invoice", body)

    assert codes == (answered.codes if "Fault" in answered.body else [])
    if codes:
        assert answered.detail == "Amount is not equal to UnitPrice * Qty. Supplied value:1,861.07"
