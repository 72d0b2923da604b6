"""What a ledger will compute, predicted in Decimal with the ledger's own algorithm.

QuickBooks rounds a line half up (9.5: 128.350 * 14.50 is 1861.08). Its old US engine takes each rate on the sum of the
taxable lines; elsewhere tax is rounded for each line and rate, then added. Tax-inclusive: tax is gross minus net.
Source: QuickBooks reference 9.5.

Xero rounds the unit price first (to 4 places with unitdp=4), then the line, then one tax for each line: the effective
rate, half up. Source: Xero reference 4.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from contracts.books import RateComponent
from contracts.money import round_half_up

_HUNDRED = Decimal(100)
_ZERO = Decimal(0)


class TaxRounding(StrEnum):
    """Where a ledger rounds tax."""

    PER_RATE_ON_SUM = "per_rate_on_sum"
    PER_LINE_AND_RATE = "per_line_and_rate"


@dataclass(frozen=True)
class TaxedLine:
    """One line's net amount and the rates on it, in the order they are computed."""

    net: Decimal
    rates: tuple[RateComponent, ...] = ()
    gross: Decimal | None = None
    """With tax, where the ledger is told it."""


@dataclass(frozen=True)
class RateTotal:
    """What one rate comes to over a document."""

    rate_id: str
    percent: Decimal
    taxable: Decimal
    tax: Decimal


@dataclass(frozen=True)
class Prediction:
    """The totals a ledger will report. total = net + tax."""

    net: Decimal
    tax: Decimal
    rates: tuple[RateTotal, ...] = field(default=())

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def line_amount(quantity: Decimal, unit_price: Decimal, places: int = 2) -> Decimal:
    """Quantity times price, half up: 14.50 * 128.350 is 1861.08."""
    return round_half_up(quantity * unit_price, places)


def effective_percent(rates: Sequence[RateComponent]) -> Decimal:
    """What the rates add to 100: 5 % and then 9.975 % on amount plus tax is 15.47375."""
    return sum((tax for _, _, tax in _taxes_on(_HUNDRED, rates)), _ZERO)


def predict(
    lines: Sequence[TaxedLine], *, discount: Decimal = _ZERO, rounding: TaxRounding, places: int = 2
) -> Prediction:
    """What the ledger reports for these lines. A document discount is taken off before tax, spread over all lines."""
    net = sum((line.net for line in lines), _ZERO)
    shares = spread(discount, [_ZERO if net == 0 else discount * line.net / net for line in lines], places)
    raw: dict[str, list[tuple[RateComponent, Decimal, Decimal]]] = {}
    for line, share in zip(lines, shares, strict=True):
        for rate, base, tax in _line_taxes(line, share, places):
            raw.setdefault(rate.rate_id, []).append((rate, base, tax))
    totals = tuple(_rate_total(parts, rounding, places) for parts in raw.values())
    return Prediction(net - discount, sum((total.tax for total in totals), _ZERO), totals)


def unit_price_times(
    quantity: Decimal,
    unit_price: Decimal,
    *,
    percent_off: Decimal = _ZERO,
    off: Decimal = _ZERO,
    price_places: int = 4,
    places: int = 2,
) -> Decimal:
    """A Xero line's amount: the price rounded first, then quantity times price less discount (4.4, steps 1 and 2)."""
    full = quantity * round_half_up(unit_price, price_places)
    return round_half_up(full * (_HUNDRED - percent_off) / _HUNDRED - off, places)


def tax_of_line(line: TaxedLine, *, inclusive: bool = False) -> Decimal:
    """One line's tax at its effective rate, unrounded. inclusive: `line.net` is the gross amount (4.4, step 3).

    650 at 8.25 % is 53.625, which Xero stores as 53.63; 250 gross at 8.25 % contains 19.05...
    """
    percent = effective_percent(line.rates)
    return tax_inside(line.net, percent) if inclusive else line.net * percent / _HUNDRED


def predict_per_line(lines: Sequence[TaxedLine], *, inclusive: bool = False, places: int = 2) -> Prediction:
    """What Xero reports: each line's tax rounded half away from zero, then added (4.4, steps 3 and 4).

    25.06, 25.61 and 25.63 at 15 % come to 3.76 + 3.84 + 3.84 = 11.44, not 11.45.
    """
    tax = sum((round_half_up(tax_of_line(line, inclusive=inclusive), places) for line in lines), _ZERO)
    amounts = sum((line.net for line in lines), _ZERO)
    return Prediction(amounts - tax if inclusive else amounts, tax)


def tax_inside(gross: Decimal, percent: Decimal) -> Decimal:
    """The tax a gross amount contains, unrounded: 9.60 at 13 % contains 1.1044..."""
    return gross * percent / (_HUNDRED + percent)


def spread(target: Decimal, exact: Sequence[Decimal], places: int = 2) -> list[Decimal]:
    """Rounded parts that add up to the target: the parts that were rounded furthest give way first, a cent each.

    Example: spread(1.00, [0.333, 0.333, 0.333]) is [0.34, 0.33, 0.33].
    """
    step = Decimal(1).scaleb(-places)
    parts = [round_half_up(amount, places) for amount in exact]
    owners = [index for index, amount in enumerate(exact) if amount != 0]
    units = int(((target - sum(parts, _ZERO)) / step).quantize(Decimal(1), ROUND_DOWN))
    if not owners or units == 0:
        return parts
    sign = 1 if units > 0 else -1
    owners.sort(key=lambda index: sign * (parts[index] - exact[index]))
    each, rest = divmod(abs(units), len(owners))
    for position, index in enumerate(owners):
        parts[index] += sign * step * (each + (1 if position < rest else 0))
    return parts


def by_rounding_only(predicted: Decimal, wanted: Decimal, *, lines: int, places: int = 2) -> bool:
    """True when two taxes differ by no more than one smallest unit a line: where each line was rounded otherwise."""
    unit = Decimal(1).scaleb(-min(places, 2))
    return abs(predicted - wanted) <= unit * max(1, lines)


def shifted(rates: Sequence[RateTotal], wanted: Decimal) -> tuple[RateTotal, ...]:
    """The per-rate amounts with the rounding difference put on the largest, so that they add up to the wanted tax."""
    if not rates:
        return ()
    difference = wanted - sum((rate.tax for rate in rates), _ZERO)
    largest = max(range(len(rates)), key=lambda index: abs(rates[index].tax))
    return tuple(
        RateTotal(rate.rate_id, rate.percent, rate.taxable, rate.tax + (difference if index == largest else 0))
        for index, rate in enumerate(rates)
    )


def by_rate(prediction: Prediction) -> Mapping[str, Decimal]:
    """Rate id -> tax."""
    return {rate.rate_id: rate.tax for rate in prediction.rates}


def _taxes_on(base: Decimal, rates: Sequence[RateComponent]) -> list[tuple[RateComponent, Decimal, Decimal]]:
    """Each rate with what it is computed on and what it comes to, unrounded. A compound rate includes earlier tax."""
    taxes: list[tuple[RateComponent, Decimal, Decimal]] = []
    before = _ZERO
    for rate in rates:
        on = base + before if rate.on_tax else base
        tax = on * rate.percent / _HUNDRED
        taxes.append((rate, on, tax))
        before += tax
    return taxes


def _line_taxes(line: TaxedLine, share: Decimal, places: int) -> list[tuple[RateComponent, Decimal, Decimal]]:
    """Of a line with a gross amount the tax is gross minus net, whatever rate times net says (9.5)."""
    taxes = _taxes_on(line.net - share, line.rates)
    if line.gross is None or not taxes:
        return taxes
    parts = spread(line.gross - line.net, [tax for _, _, tax in taxes], places)
    return [(rate, base, part) for (rate, base, _), part in zip(taxes, parts, strict=True)]


def _rate_total(
    parts: Sequence[tuple[RateComponent, Decimal, Decimal]], rounding: TaxRounding, places: int
) -> RateTotal:
    rate = parts[0][0]
    taxable = round_half_up(sum((base for _, base, _ in parts), _ZERO), places)
    if rounding is TaxRounding.PER_RATE_ON_SUM:
        tax = round_half_up(sum((tax for _, _, tax in parts), _ZERO), places)
    else:
        tax = sum((round_half_up(tax, places) for _, _, tax in parts), _ZERO)
    return RateTotal(rate.rate_id, rate.percent, taxable, tax)
