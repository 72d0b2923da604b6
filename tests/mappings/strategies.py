"""Documents, customers and payments as a billing platform could send them, sane and odd, for both ledgers' tests."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st

from contracts.documents import Discount, DocumentLine, Section, Totals
from contracts.invoices import DocumentStatus
from contracts.taxes import TaxMode
from tests.builders import TAX_CODES

CENT = Decimal("0.01")
RATES = {code.id: code.rate for code in TAX_CODES}
STATUSES = st.sampled_from(list(DocumentStatus))
TEXT = st.text(max_size=60)
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


@st.composite
def lines(draw: st.DrawFn, codes: list[str]) -> DocumentLine:
    """A line whose amount is its own product, rounded half up, as billing must send it."""
    quantity = draw(st.decimals(min_value=Decimal("0.01"), max_value=500, places=draw(st.integers(0, 4))))
    price = draw(st.decimals(min_value=Decimal("0.01"), max_value=2000, places=draw(st.integers(2, 6))))
    discount = draw(
        st.none()
        | st.decimals(min_value=0, max_value=100, places=draw(st.integers(0, 3))).map(lambda p: Discount(percent=p))
    )
    full = quantity * price
    amount = cents(full - full * (discount.percent or 0) / 100) if discount else cents(full)
    return DocumentLine(
        description=draw(TEXT),
        quantity=quantity,
        unit_price=price,
        discount=discount,
        amount=amount,
        product="pro",
        tax_code=draw(st.sampled_from(codes)),
    )


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of a document whose totals are right in billing's own way: tax by line, or on each code's sum."""
    mode = draw(st.sampled_from(list(TaxMode)))
    codes = [""] if mode is TaxMode.NONE else ["vat-20", "vat-5", "zero", "exempt"]
    made = draw(st.lists(lines(codes), min_size=1, max_size=8))
    percent = draw(st.sampled_from([None, None, Decimal(5), Decimal("12.5")]))
    whole = sum((line.amount for line in made), Decimal(0))
    off = cents(whole * percent / 100) if percent else Decimal(0)
    return {
        "tax_mode": mode,
        "sections": [Section(title=draw(st.sampled_from(["", "March"])), lines=made)],
        "discounts": [Discount(percent=percent)] if percent else [],
        "totals": _totals(made, mode, whole, off, by_line=draw(st.booleans())),
        "memo": draw(TEXT),
    }


def _totals(made: list[DocumentLine], mode: TaxMode, whole: Decimal, off: Decimal, *, by_line: bool) -> Totals:
    kept = (whole - off) / whole if whole else Decimal(1)
    bases: dict[str, list[Decimal]] = {}
    for line in made:
        bases.setdefault(line.tax_code, []).append(line.amount * kept)
    tax = Decimal(0)
    for code, amounts in bases.items():
        rate = RATES.get(code, Decimal(0))
        below = 100 + rate if mode is TaxMode.INCLUSIVE else Decimal(100)
        parts = amounts if by_line else [sum(amounts, Decimal(0))]
        tax += sum((cents(part * rate / below) for part in parts), Decimal(0))
    if mode is TaxMode.INCLUSIVE:
        return Totals(net=whole - off - tax, tax=tax, total=whole - off)
    return Totals(net=whole - off, tax=tax, total=whole - off + tax)
