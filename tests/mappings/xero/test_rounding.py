"""The worked table of Xero reference 4.4: figures that Xero has been seen to compute."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.books import RateComponent
from mappings.rules.rounding import TaxedLine, predict_per_line, tax_of_line, unit_price_times

D = Decimal


def taxed(amounts: list[str], percent: str) -> list[TaxedLine]:
    return [TaxedLine(D(amount), (RateComponent(rate_id="r", percent=D(percent)),)) for amount in amounts]


@pytest.mark.parametrize(
    ("inclusive", "amounts", "percent", "net", "tax", "total"),
    [
        (False, ["25.06", "25.61", "25.63"], "15", "76.30", "11.44", "87.74"),
        (False, ["21.00"], "15", "21.00", "3.15", "24.15"),
        (False, ["650"], "8.25", "650", "53.63", "703.63"),
        (False, ["39"], "8.25", "39", "3.22", "42.22"),
        (False, ["29"], "8.25", "29", "2.39", "31.39"),
        (False, ["55"], "8.25", "55", "4.54", "59.54"),
        (True, ["250"], "8.25", "230.95", "19.05", "250"),
        (True, ["550"], "8.25", "508.08", "41.92", "550"),
    ],
)
def test_the_worked_table(inclusive: bool, amounts: list[str], percent: str, net: str, tax: str, total: str) -> None:
    prediction = predict_per_line(taxed(amounts, percent), inclusive=inclusive)

    assert (prediction.net, prediction.tax, prediction.total) == (D(net), D(tax), D(total))


def test_each_line_is_rounded_before_the_sum() -> None:
    """Taken on the sum, 76.30 at 15 % would be 11.45 (11.445 rounded up)."""
    lines = taxed(["25.06", "25.61", "25.63"], "15")

    assert sum(tax_of_line(line) for line in lines) == D("11.445")
    assert predict_per_line(lines).tax == D("11.44")


def test_half_a_cent_goes_away_from_zero_on_both_sides() -> None:
    """A credit of what was charged takes exactly as much tax back; a banker's half would give 53.62."""
    assert predict_per_line(taxed(["650"], "8.25")).tax == D("53.63")
    assert predict_per_line(taxed(["-650"], "8.25")).tax == D("-53.63")


@pytest.mark.parametrize(
    ("quantity", "price", "percent_off", "off", "amount"),
    [
        ("2", "10.50", "0", "0", "21.00"),
        ("1", "2.165", "0", "0", "2.17"),
        ("1000", "0.16484", "0", "0", "164.80"),
        ("3", "33.33", "10", "0", "89.99"),
        ("3", "33.33", "0", "9.99", "90.00"),
    ],
)
def test_a_line_rounds_its_price_to_four_places_first(
    quantity: str, price: str, percent_off: str, off: str, amount: str
) -> None:
    assert unit_price_times(D(quantity), D(price), percent_off=D(percent_off), off=D(off)) == D(amount)


def test_a_compound_rate_is_applied_once_at_its_effective_rate() -> None:
    """5 % and 9.975 % on amount plus tax is 15.47375 %, rounded once a line."""
    rates = (RateComponent(rate_id="a", percent=D(5)), RateComponent(rate_id="b", percent=D("9.975"), on_tax=True))

    assert predict_per_line([TaxedLine(D("10.06"), rates)]).tax == D("1.56")
