"""The lines of an invoice or credit memo. Source: QuickBooks reference 9.5, 9.6."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from contracts.base import plain
from contracts.documents import DocumentLine
from contracts.money import minor_units, round_half_up, round_to_currency
from contracts.problems import Problem, Reason
from contracts.taxes import TaxMode
from mappings.plan import Books
from mappings.quickbooks.document_tax import PLACES, Document, TaxPlan
from mappings.quickbooks.wire import make, ref
from mappings.rules.rounding import line_amount

DESCRIPTION_MAX = 4000
LINES_MAX, TAXED_LINES_MAX = 10_000, 750
"""Source: QuickBooks reference 2.10."""


def check_lines(document: Document, books: Books, *, where: str) -> list[Problem]:
    """Everything wrong with single lines, and with how many there are."""
    problems = _count(document, where)
    reported: set[str] = set()
    for position, line in enumerate(document.lines(), start=1):
        at = f"{where}, line {position}"
        field = f"lines.{position - 1}"
        item = item_of(line, books)
        if (cause := f"{line.product}|{item}") not in reported:
            item_problems = _check_item(line, item, books, at, field)
            problems += item_problems
            if item_problems:
                reported.add(cause)
        problems += _check_amount(line, document, at, field)
        problems += _check_places(line, document, at, field)
        if len(description_of(line)) > DESCRIPTION_MAX:
            problems.append(_description_too_long(line, at, field))
    return problems


def to_quickbooks_lines(document: Document, plan: TaxPlan, books: Books) -> list[Any]:
    """Section titles as description lines, then their lines; a document discount last."""
    lines: list[Any] = []
    position = 0
    for section in document.sections:
        if section.title:
            lines.append(_title(section.title))
        for line in section.lines:
            lines.append(_sales_line(line, position, plan, books))
            position += 1
    return lines + _discount_line(document, plan)


def item_of(line: DocumentLine, books: Books) -> str:
    """The ledger's item a line posts to: that of its product, else the default one; "" without either."""
    return books.settings.items.get(line.product, "") or books.settings.default_item


def description_of(line: DocumentLine) -> str:
    """The description, with the service period and the line's discount, which QuickBooks has no field for."""
    notes = []
    if period := line.service_period:
        notes.append(f"{period.start} to {period.end}")
    if discount := line.discount:
        less = f"{plain(discount.percent)} %" if discount.percent is not None else plain(discount.amount or Decimal(0))
        notes.append(f"less {less} discount")
    return f"{line.description} ({'; '.join(notes)})".strip() if notes else line.description


def gross_of_line(line: DocumentLine, currency: str) -> Decimal:
    """quantity * unit_price - discount, unrounded but for the discount's own amount."""
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


def _title(text: str) -> Any:
    return make(
        "DescriptionOnlyLine",
        DetailType="DescriptionOnly",
        Description=text,
        DescriptionLineDetail=make("DescriptionLineDetail"),
    )


def _sales_line(line: DocumentLine, position: int, plan: TaxPlan, books: Books) -> Any:
    net = plan.nets[position]
    quantity, price = _priced(line, net)
    detail = make(
        "SalesItemLineDetail",
        ItemRef=ref(item_of(line, books)),
        Qty=quantity,
        UnitPrice=price,
        TaxCodeRef=ref(plan.line_codes[position]),
        TaxInclusiveAmt=plan.gross[position] if plan.gross is not None else None,
    )
    return make(
        "SalesItemLine",
        DetailType="SalesItemLineDetail",
        Amount=net,
        Description=description_of(line) or None,
        SalesItemLineDetail=detail,
    )


def _priced(line: DocumentLine, net: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Quantity and unit price, only where QuickBooks multiplies them to the very amount; else 6070 (9.5).

    Of a line that was gross the net price has seven decimals, as QuickBooks computes it itself (9.3).
    """
    if line_amount(line.quantity, line.unit_price, PLACES) == net:
        return line.quantity, line.unit_price
    if line.discount is not None or line.quantity == 0:
        return None, None
    try:
        price = (net / line.quantity).quantize(Decimal("0.0000001"))
    except InvalidOperation:
        return None, None
    net_of_gross = line_amount(line.quantity, line.unit_price, PLACES) == round_half_up(line.amount, PLACES)
    fits = net_of_gross and line_amount(line.quantity, price, PLACES) == net
    return (line.quantity, price) if fits else (None, None)


def _discount_line(document: Document, plan: TaxPlan) -> list[Any]:
    """All document discounts as the one QuickBooks has; a percentage only where it comes to the same amount."""
    if plan.discount == 0:
        return []
    only = document.discounts[0] if len(document.discounts) == 1 else None
    percent = only.percent if only and document.tax_mode is not TaxMode.INCLUSIVE else None
    subtotal = sum(plan.nets, Decimal(0))
    if percent is not None and round_half_up(subtotal * percent / 100, PLACES) == plan.discount:
        detail = make("DiscountLineDetail", PercentBased=True, DiscountPercent=percent)
    else:
        detail = make("DiscountLineDetail", PercentBased=False)
    return [make("DiscountLine", DetailType="DiscountLineDetail", Amount=plan.discount, DiscountLineDetail=detail)]


def _count(document: Document, where: str) -> list[Problem]:
    lines = list(document.lines())
    limit = TAXED_LINES_MAX if any(line.tax_code for line in lines) else LINES_MAX
    titles = sum(1 for section in document.sections if section.title)
    if not lines:
        text, fix = "The document has no line.", "Add a line in billing."
        return [Problem(reason=Reason.LINES_MISSING, where=where, field="sections", message=text, fix=fix)]
    if len(lines) + titles <= limit:
        return []
    text = f"The document has {len(lines) + titles} lines; QuickBooks holds {limit} on one with tax codes."
    fix = "Group lines or split the document in billing."
    return [Problem(reason=Reason.LINES_TOO_MANY, where=where, field="sections", message=text, fix=fix)]


def _check_item(line: DocumentLine, item: str, books: Books, at: str, field: str) -> list[Problem]:
    product = f"product {line.product!r}" if line.product else "a line without a product"
    found = next((entry for entry in books.catalog.items if entry.id == item), None)
    again = "Choose an item for it, or a default item, in the connection's settings."
    if not item:
        return [
            _item_problem(Reason.LINE_UNMAPPED, f"There is no QuickBooks item for {product}.", again, line, at, field)
        ]
    if found is None:
        text = f"The item {item!r} chosen for {product} is not in QuickBooks."
        return [_item_problem(Reason.REFERENCE_NOT_FOUND, text, again, line, at, field)]
    if not found.active:
        text = f"The item {found.name!r} chosen for {product} is inactive in QuickBooks."
        fix = "Make the item active in QuickBooks, or choose another in the connection's settings."
        return [_item_problem(Reason.REFERENCE_INACTIVE, text, fix, line, at, field)]
    if not found.usable:
        text = f"{found.name!r}, chosen for {product}, is a {found.type or 'category'}: a line cannot post to it."
        return [_item_problem(Reason.LINE_UNMAPPED, text, again, line, at, field)]
    return []


def _item_problem(reason: Reason, text: str, fix: str, line: DocumentLine, at: str, field: str) -> Problem:
    return Problem(reason=reason, where=at, field=f"{field}.product", message=text, fix=fix, value=line.product)


def _check_amount(line: DocumentLine, document: Document, at: str, field: str) -> list[Problem]:
    """Within one smallest unit: billing may round a line as it likes, QuickBooks then gets the amount alone."""
    exact = gross_of_line(line, document.currency)
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
    if line.amount == round_half_up(line.amount, min(PLACES, minor_units(document.currency))):
        return []
    return [
        Problem(
            reason=Reason.NOT_SUPPORTED_BY_LEDGER,
            where=at,
            field=f"{field}.amount",
            message=f"The amount {plain(line.amount)} {document.currency} has more decimals than QuickBooks keeps.",
            fix="Round the line's amount in billing.",
            value=plain(line.amount),
        )
    ]


def _description_too_long(line: DocumentLine, at: str, field: str) -> Problem:
    text = description_of(line)
    return Problem(
        reason=Reason.TEXT_TOO_LONG,
        where=at,
        field=f"{field}.description",
        message=f"The description has {len(text)} characters and QuickBooks holds {DESCRIPTION_MAX}: {text[:60]!r}...",
        fix="Shorten the description in billing.",
        value=text[:500],
    )
