"""Predictions against figures QuickBooks has been seen to compute. Source: QuickBooks reference 9.2, 9.3, 9.5, 9.6."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.books import RateComponent
from mappings.rules.rounding import (
    TaxedLine,
    TaxRounding,
    by_rate,
    by_rounding_only,
    effective_percent,
    line_amount,
    predict,
    spread,
    tax_inside,
)

D = Decimal


def rate(percent: str, rate_id: str = "3", *, on_tax: bool = False, order: int = 0) -> RateComponent:
    return RateComponent(rate_id=rate_id, percent=D(percent), on_tax=on_tax, order=order)


def lines(*nets: str, rates: tuple[RateComponent, ...]) -> list[TaxedLine]:
    return [TaxedLine(D(net), rates) for net in nets]


def test_a_line_is_rounded_half_up() -> None:
    """QuickBooks wants 1861.08 for 1861.075 and refuses 1861.07 (6070)."""
    assert line_amount(D("14.50"), D("128.350")) == D("1861.08")
    assert line_amount(D("-14.50"), D("128.350")) == D("-1861.08")


def test_a_us_company_takes_each_rate_on_the_sum_of_the_taxable_lines() -> None:
    """Sandbox invoice 1029: 29.96 and 8.44, 460.40 in total; line by line it would be 29.97."""
    both = (rate("7.1", "a"), rate("2", "b"))
    recorded = predict(lines("75", "72", "275", rates=both), rounding=TaxRounding.PER_RATE_ON_SUM)
    by_line = predict(lines("75", "72", "275", rates=both), rounding=TaxRounding.PER_LINE_AND_RATE)

    assert by_rate(recorded) == {"a": D("29.96"), "b": D("8.44")}
    assert recorded.total == D("460.40")
    assert by_rate(by_line)["a"] == D("29.97")


def test_the_recorded_californian_invoice() -> None:
    assert predict(lines("335.25", rates=(rate("8"),)), rounding=TaxRounding.PER_RATE_ON_SUM).tax == D("26.82")


def test_elsewhere_tax_is_rounded_for_each_line() -> None:
    """As in Quebec: the lines' rounded tax adds up to a cent more than the plain product."""
    qst = (rate("9.975"),)
    prediction = predict(lines("10.06", "10.06", "10.06", rates=qst), rounding=TaxRounding.PER_LINE_AND_RATE)

    assert prediction.tax == D("3.00")
    assert prediction.tax != (D("30.18") * D("0.09975")).quantize(D("0.01"))


def test_inclusive_tax_is_gross_minus_net() -> None:
    """Canadian fixture: net 8.49 in gross 9.60 is 1.11 tax, although 8.49 * 13 % is 1.10."""
    told = predict([TaxedLine(D("8.49"), (rate("13"),), D("9.60"))], rounding=TaxRounding.PER_LINE_AND_RATE)
    untold = predict([TaxedLine(D("8.49"), (rate("13"),))], rounding=TaxRounding.PER_LINE_AND_RATE)

    assert (told.tax, untold.tax) == (D("1.11"), D("1.10"))


def test_the_recorded_australian_line() -> None:
    """305.46 with 10 % GST holds 277.69 net."""
    assert D("305.46") - tax_inside(D("305.46"), D(10)).quantize(D("0.01")) == D("277.69")


def test_a_document_discount_comes_off_before_tax() -> None:
    """Recorded: 5 % of 1005 leaves 954.75; then tax is on that."""
    discounted = predict(lines("1005", rates=(rate("8"),)), discount=D("50.25"), rounding=TaxRounding.PER_RATE_ON_SUM)

    assert (discounted.net, discounted.tax) == (D("954.75"), D("76.38"))


def test_a_discount_takes_its_share_of_untaxed_lines_too() -> None:
    mixed = [TaxedLine(D(100), (rate("10"),)), TaxedLine(D(100))]

    assert predict(mixed, discount=D(20), rounding=TaxRounding.PER_RATE_ON_SUM).tax == D("9.00")


def test_a_reverse_charge_adds_nothing() -> None:
    both_ways = (rate("20", "out"), rate("-20", "in"))
    prediction = predict(lines("99.99", rates=both_ways), rounding=TaxRounding.PER_LINE_AND_RATE)

    assert prediction.tax == 0
    assert by_rate(prediction) == {"out": D("20.00"), "in": D("-20.00")}


def test_a_compound_rate_includes_the_tax_before_it() -> None:
    assert effective_percent([rate("5", "gst"), rate("9.975", "qst", on_tax=True, order=1)]) == D("15.47375")


@pytest.mark.parametrize(
    ("target", "exact", "parts"),
    [
        ("1.00", ["0.333", "0.333", "0.333"], ["0.34", "0.33", "0.33"]),
        ("0.98", ["0.333", "0.333", "0.333"], ["0.32", "0.33", "0.33"]),
        ("3.00", ["1", "1", "1"], ["1.00", "1.00", "1.00"]),
        ("1.00", ["0", "1.004"], ["0.00", "1.00"]),
        ("5.00", [], []),
    ],
)
def test_cents_are_placed_so_that_parts_add_up(target: str, exact: list[str], parts: list[str]) -> None:
    assert spread(D(target), [D(amount) for amount in exact]) == [D(part) for part in parts]


@given(st.lists(st.decimals(D("0.001"), D(10_000), places=3), min_size=1, max_size=30), st.integers(-30, 30))
def test_spread_parts_always_add_up(exact: list[Decimal], cents: int) -> None:
    target = sum(exact, D(0)).quantize(D("0.01")) + D(cents) / 100

    assert sum(spread(target, exact), D(0)) == target


@pytest.mark.parametrize(
    ("predicted", "wanted", "lines_", "places", "only_rounding"),
    [
        ("20.00", "20.00", 1, 2, True),
        ("20.01", "20.00", 1, 2, True),
        ("20.02", "20.00", 1, 2, False),
        ("20.02", "20.00", 2, 2, True),
        ("20.01", "20.00", 0, 2, True),
        ("1234.50", "1235", 1, 0, True),  # a yen amount against two decimals
    ],
)
def test_a_cent_a_line_is_rounding_and_more_is_not(
    predicted: str, wanted: str, lines_: int, places: int, only_rounding: bool
) -> None:
    assert by_rounding_only(D(predicted), D(wanted), lines=lines_, places=places) is only_rounding
