"""The lines of an invoice or credit note. Source: Xero reference 4.3, 4.4.

A section's title and the document's memo are lines of their own with a description only, which Xero prints and does
not count. LineAmount is never sent: one that is not Xero's own product to the cent is refused (11, number 3). Instead
quantity, price and discount are sent only where they come to billing's amount in Xero's own arithmetic; where they do
not (a price finer than 4 decimals, a discount on a credit note), the line is one of its amount, and its description
says how billing got there.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contracts.base import plain
from contracts.documents import DocumentLine
from contracts.invoices import Invoice
from contracts.money import minor_units, round_half_up, round_to_currency
from contracts.problems import Problem, Reason
from contracts.taxes import TaxMode
from mappings.plan import Books
from mappings.rules.rounding import unit_price_times
from mappings.xero.document_tax import PLACES, DiscountShare, Document, TaxPlan
from mappings.xero.postings import Posting, Unpostable, posting_for
from mappings.xero.wire import make, number

DESCRIPTION_MAX = 4000
QUANTITY_PLACES, PRICE_PLACES, QUANTITY_LENGTH = 4, 4, 13
LINE_AMOUNT_MAX = Decimal("9999999999.99")


@dataclass(frozen=True)
class Pricing:
    """What a line multiplies. `whole` when that is billing's own quantity, price and discount."""

    quantity: Decimal
    unit_amount: Decimal
    discount_rate: Decimal | None = None
    discount_amount: Decimal | None = None
    whole: bool = True


def check_lines(document: Document, books: Books, *, where: str) -> list[Problem]:
    """Everything wrong with single lines, and having none. One unmapped product is reported once."""
    lines = list(document.lines())
    if not lines:
        text, fix = "The document has no line.", "Add a line in billing."
        return [Problem(reason=Reason.LINES_MISSING, where=where, field="sections", message=text, fix=fix)]
    problems: list[Problem] = []
    reported: set[str] = set()
    for position, line in enumerate(lines, start=1):
        at, field = f"{where}, line {position}", f"lines.{position - 1}"
        found = posting_for(line.product, books)
        if isinstance(found, Unpostable) and line.product not in reported:
            reported.add(line.product)
            problems.append(_unpostable(found, line, at, field))
        problems += _check_amount(line, document, at, field)
        problems += _check_places(line, document, at, field)
        if len(text := description_of(line, pricing_of(line, document))) > DESCRIPTION_MAX:
            problems.append(_description_too_long(text, at, field))
    return problems


def to_xero_lines(document: Document, plan: TaxPlan, books: Books) -> list[Any]:
    """Section titles, their lines, the discount on the whole, and the memo, in print order."""
    lines: list[Any] = []
    position = 0
    for section in document.sections:
        if section.title:
            lines.append(make("LineItem", description=section.title))
        for line in section.lines:
            lines.append(_sales_line(line, position, document, plan, books))
            position += 1
    all_lines = list(document.lines())
    for at, share in enumerate(plan.discounts, start=position):
        lines.append(_discount_line(share, all_lines[share.like], at, document, plan, books))
    if document.memo:
        lines.append(make("LineItem", description=document.memo))
    return lines


def pricing_of(line: DocumentLine, document: Document) -> Pricing:
    """Billing's own figures where Xero comes to the same amount with them, else one of the amount."""
    amount = round_half_up(line.amount, PLACES)
    one = Pricing(Decimal(1), amount, whole=_says_all(line, amount))
    if not _fits(line.quantity, QUANTITY_PLACES) or not _fits(line.unit_price, PRICE_PLACES):
        return one
    if len(number(line.quantity)) > QUANTITY_LENGTH:
        return one
    if line.discount is None:
        plain_product = unit_price_times(line.quantity, line.unit_price)
        return Pricing(line.quantity, line.unit_price) if plain_product == amount else one
    if not isinstance(document, Invoice) or line.quantity * line.unit_price <= 0:
        return one
    percent, off = line.discount.percent, line.discount.amount
    if percent is not None:
        discounted = unit_price_times(line.quantity, line.unit_price, percent_off=percent)
        fits = _fits(percent, 2) and discounted == amount
        return Pricing(line.quantity, line.unit_price, discount_rate=percent) if fits else one
    if off is None or not _fits(off, 2) or off > line.quantity * line.unit_price:
        return one
    fits = unit_price_times(line.quantity, line.unit_price, off=off) == amount
    return Pricing(line.quantity, line.unit_price, discount_amount=off) if fits else one


def description_of(line: DocumentLine, pricing: Pricing) -> str:
    """The description with the service period and, where quantity and price are not sent, how the amount came about.

    Xero needs at least one character: a line that says nothing is named after its product.
    """
    notes = []
    if period := line.service_period:
        notes.append(f"{period.start} to {period.end}")
    if not pricing.whole:
        notes.append(f"{number(line.quantity)} x {number(line.unit_price)}")
        if discount := line.discount:
            percent = discount.percent
            less = f"{number(percent)} %" if percent is not None else plain(discount.amount or Decimal(0))
            notes.append(f"less {less} discount")
    text = line.description or line.product or "-"
    return f"{text} ({'; '.join(notes)})" if notes else text


def gross_of_line(line: DocumentLine) -> Decimal:
    """quantity * unit_price - discount, unrounded."""
    full = line.quantity * line.unit_price
    if line.discount is None:
        return full
    if line.discount.percent is not None:
        return full - full * line.discount.percent / 100
    return full - (line.discount.amount or Decimal(0)).copy_sign(full)


def document_discount_fits(document: Document) -> bool:
    """True when lines less discounts are the document's net (gross in a tax-inclusive one).

    Several percentages are taken either each on the whole or one after the other; both ways are in use.
    """
    lines = sum((line.amount for line in document.lines()), Decimal(0))
    wanted = document.totals.total if document.tax_mode is TaxMode.INCLUSIVE else document.totals.net
    return wanted in {_discounted(document, lines, chained=chained) for chained in (False, True)}


def _discounted(document: Document, lines: Decimal, *, chained: bool) -> Decimal:
    left = lines
    for discount in document.discounts:
        if discount.percent is not None:
            base = left if chained else lines
            left -= round_to_currency(base * discount.percent / 100, document.currency)
        else:
            left -= discount.amount or Decimal(0)
    return left


def _sales_line(line: DocumentLine, position: int, document: Document, plan: TaxPlan, books: Books) -> Any:
    pricing = pricing_of(line, document)
    posting = posting_for(line.product, books)
    assert isinstance(posting, Posting), posting
    return make(
        "LineItem",
        description=description_of(line, pricing),
        quantity=pricing.quantity,
        unit_amount=pricing.unit_amount,
        discount_rate=pricing.discount_rate,
        discount_amount=pricing.discount_amount,
        item_code=posting.item_code or None,
        account_code=posting.account_code,
        tax_type=plan.tax_types[position] or None,
        tax_amount=plan.tax_amounts[position],
    )


def _discount_line(
    share: DiscountShare, like: DocumentLine, position: int, document: Document, plan: TaxPlan, books: Books
) -> Any:
    """One negative line, on the account of the largest line it is taken from. Without the item: nothing was sold."""
    posting = posting_for(like.product, books)
    assert isinstance(posting, Posting), posting
    said = ", ".join(dict.fromkeys(discount.description for discount in document.discounts if discount.description))
    return make(
        "LineItem",
        description=said or "Discount",
        quantity=Decimal(1),
        unit_amount=-share.amount,
        account_code=posting.account_code,
        tax_type=plan.tax_types[position] or None,
        tax_amount=plan.tax_amounts[position],
    )


def _says_all(line: DocumentLine, amount: Decimal) -> bool:
    return line.discount is None and line.quantity == 1 and line.unit_price == amount


def _fits(value: Decimal, places: int) -> bool:
    return value == round_half_up(value, places)


def _unpostable(found: Unpostable, line: DocumentLine, at: str, field: str) -> Problem:
    return Problem(
        reason=found.reason,
        where=at,
        field=f"{field}.product",
        message=found.message,
        fix=found.fix,
        value=line.product,
    )


def _check_amount(line: DocumentLine, document: Document, at: str, field: str) -> list[Problem]:
    """Within one smallest unit: billing may round a line as it likes, Xero then gets the amount alone."""
    exact = gross_of_line(line)
    unit = Decimal(1).scaleb(-minor_units(document.currency))
    if abs(line.amount - exact) < unit:
        return []
    return [
        Problem(
            reason=Reason.LINE_AMOUNT_MISMATCH,
            where=at,
            field=f"{field}.amount",
            message=f"The line's amount is {plain(line.amount)}; {plain(line.quantity)} x {plain(line.unit_price)} "
            f"less discount is {plain(round_to_currency(exact, document.currency))}.",
            fix="Correct quantity, price, discount or amount in billing.",
            value=plain(line.amount),
        )
    ]


def _check_places(line: DocumentLine, document: Document, at: str, field: str) -> list[Problem]:
    fits = line.amount == round_half_up(line.amount, min(PLACES, minor_units(document.currency)))
    if fits and abs(line.amount) <= LINE_AMOUNT_MAX:
        return []
    why = "is larger than" if fits else "has more decimals than"
    return [
        Problem(
            reason=Reason.NOT_SUPPORTED_BY_LEDGER,
            where=at,
            field=f"{field}.amount",
            message=f"The amount {plain(line.amount)} {document.currency} {why} Xero keeps.",
            fix="Split the line in billing." if fits else "Round the line's amount in billing.",
            value=plain(line.amount),
        )
    ]


def _description_too_long(text: str, at: str, field: str) -> Problem:
    return Problem(
        reason=Reason.TEXT_TOO_LONG,
        where=at,
        field=f"{field}.description",
        message=f"The description has {len(text)} characters and Xero holds {DESCRIPTION_MAX}: {text[:60]!r}...",
        fix="Shorten the description in billing.",
        value=text[:500],
    )
