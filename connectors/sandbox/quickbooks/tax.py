"""Tax arithmetic: pure functions from taxed lines to tax lines. Source: QuickBooks reference 9.2, 9.3, 9.5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Rate:
    """One rate of a code. `applies` and the orders follow TaxTypeApplicable, TaxOrder and TaxOnTaxOrder."""

    id: str
    percent: Decimal
    applies: str = "TaxOnAmount"
    order: int = 0
    on_order: int = 0


@dataclass(frozen=True)
class TaxedLine:
    """A net amount, the code it carries and, in tax-inclusive mode, its gross amount if that was sent."""

    net: Decimal
    code: str
    gross: Decimal | None = None


@dataclass(frozen=True)
class RateTotal:
    rate: Rate
    net: Decimal
    tax: Decimal


def cents(amount: Decimal) -> Decimal:
    """Half up to two places; QuickBooks keeps two also for currencies without decimals. Source: reference 9.5, 10."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def tax_on_totals(lines: Sequence[TaxedLine], rates: Sequence[Rate]) -> list[RateTotal]:
    """US old engine: each rate once, on the sum of the taxable lines.

    75 + 72 + 275 at 7.1 % and 2 % gives 29.96 and 8.44. Source: QuickBooks reference 9.5 (REC, invoice 1029).
    """
    net = sum((line.net for line in lines), Decimal(0))
    taxes = _split(net, rates)
    return [RateTotal(rate, net, cents(taxes[rate.id])) for rate in rates]


def tax_per_line(
    lines: Sequence[TaxedLine], codes: Mapping[str, Sequence[Rate]], *, inclusive: bool
) -> list[RateTotal]:
    """Outside the US: rounded per line and rate, then added; one total per rate, in order of first use.

    Inclusive: the tax of a line is gross minus net, whatever rate * net says (8.49 net at 13 % in 9.60 gross is
    1.11 tax). A line without a gross amount gets net + tax. Source: QuickBooks reference 9.3, 9.5.
    """
    nets: dict[str, Decimal] = {}
    taxes: dict[str, Decimal] = {}
    known: dict[str, Rate] = {}
    for line in lines:
        for rate, tax in line_taxes(line, codes.get(line.code, ()), inclusive=inclusive):
            known[rate.id] = rate
            nets[rate.id] = nets.get(rate.id, Decimal(0)) + line.net
            taxes[rate.id] = taxes.get(rate.id, Decimal(0)) + tax
    return [RateTotal(known[key], nets[key], taxes[key]) for key in known]


def line_taxes(line: TaxedLine, rates: Sequence[Rate], *, inclusive: bool) -> list[tuple[Rate, Decimal]]:
    """The rounded tax of one line, per rate. With a gross amount the last rate takes what is left."""
    exact = _split(line.net, rates)
    rounded = [(rate, cents(exact[rate.id])) for rate in rates]
    if inclusive and line.gross is not None and rounded:
        others = sum((tax for _, tax in rounded[:-1]), Decimal(0))
        rounded[-1] = (rounded[-1][0], line.gross - line.net - others)
    return rounded


def tax_on_whole(lines: Sequence[TaxedLine], codes: Mapping[str, Sequence[Rate]]) -> list[RateTotal]:
    """The other value of the `tax_rounding` switch outside the US: per rate on the sum of its lines."""
    nets: dict[str, Decimal] = {}
    for line in lines:
        nets[line.code] = nets.get(line.code, Decimal(0)) + line.net
    sums: dict[str, tuple[Rate, Decimal, Decimal]] = {}
    for code, net in nets.items():
        exact = _split(net, codes.get(code, ()))
        for rate in codes.get(code, ()):
            _, earlier_net, earlier_tax = sums.get(rate.id, (rate, Decimal(0), Decimal(0)))
            sums[rate.id] = (rate, earlier_net + net, earlier_tax + exact[rate.id])
    return [RateTotal(rate, net, cents(tax)) for rate, net, tax in sums.values()]


def spread(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split an explicit tax total over lines in proportion; the last one takes the rounding rest."""
    whole = sum(weights, Decimal(0))
    if not weights or whole == 0:
        return [Decimal(0) for _ in weights]
    parts = [cents(total * weight / whole) for weight in weights[:-1]]
    return [*parts, total - sum(parts, Decimal(0))]


def _split(net: Decimal, rates: Sequence[Rate]) -> dict[str, Decimal]:
    """Unrounded tax per rate, honouring tax on tax. Source: QuickBooks reference 9.4."""
    by_order: dict[int, Decimal] = {}
    result: dict[str, Decimal] = {}
    for rate in sorted(rates, key=lambda each: each.order):
        base = net
        if rate.applies == "TaxOnAmountPlusTax":
            base = net + by_order.get(rate.on_order, Decimal(0))
        elif rate.applies == "TaxOnTax":
            base = by_order.get(rate.on_order, Decimal(0))
        tax = base * rate.percent / 100
        result[rate.id] = tax
        by_order[rate.order] = by_order.get(rate.order, Decimal(0)) + tax
    return result
