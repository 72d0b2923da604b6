"""How a document's tax is put to Xero, and what Xero will make of it.

Billing decides what the customer owes. What Xero would compute is predicted with its own algorithm (4.4): each line's
tax at the effective rate, rounded half up, then added. Equal: nothing more is sent. Different by rounding only: the
TaxAmount of some lines is given, so that both books carry the same cent. Different for another cause: TOTALS_DIFFER,
unless the connection accepts the ledger's tax. Mixed with a discount on the whole document, which Xero does not have:
one negative line for each tax code, so that every rate is taken on what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.base import plain
from contracts.books import RateComponent
from contracts.connections import TotalsPolicy
from contracts.credit_memos import CreditMemo
from contracts.documents import DocumentLine
from contracts.invoices import Invoice
from contracts.money import minor_units, round_half_up
from contracts.problems import Problem, Reason
from contracts.taxes import TaxMode
from mappings.plan import Books
from mappings.rules.rounding import (
    Prediction,
    TaxedLine,
    by_rounding_only,
    predict_per_line,
    spread,
    tax_of_line,
)
from mappings.rules.taxes import TaxChoice, TaxRefusal, choose_tax_code
from mappings.xero.tax_codes import NO_TAX

Document = Invoice | CreditMemo
PLACES = 2
"""Totals and line amounts have two decimals whatever the currency (2.6)."""
_ZERO = Decimal(0)


@dataclass(frozen=True)
class DiscountShare:
    """The part of the document's discount that falls on one tax code. like: the line it posts as, the largest one."""

    amount: Decimal
    tax_code: str
    like: int


@dataclass(frozen=True)
class TaxPlan:
    """What each line says about tax, and what Xero is expected to report.

    mode: LineAmountTypes. tax_types and tax_amounts: one for each line, then one for each discount share; a tax type
    "" and an amount None are not sent.
    """

    mode: str
    tax_types: tuple[str, ...]
    tax_amounts: tuple[Decimal | None, ...]
    discounts: tuple[DiscountShare, ...]
    predicted: Prediction
    because: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def plan_tax(document: Document, books: Books, *, where: str) -> TaxPlan:
    """Decide tax types, discount lines and overrides. Total: what cannot be decided is among its problems."""
    lines = list(document.lines())
    choices, problems = _choices(document, books, where)
    shares = _shares(document, lines)
    inclusive = document.tax_mode is TaxMode.INCLUSIVE
    codes = [line.tax_code for line in lines] + [share.tax_code for share in shares]
    amounts = [round_half_up(line.amount, PLACES) for line in lines] + [-share.amount for share in shares]
    rates = {code_id: _rates(books, choice, document) for code_id, choice in choices.items()}
    taxed = [TaxedLine(amount, rates.get(code, ())) for amount, code in zip(amounts, codes, strict=True)]
    predicted = predict_per_line(taxed, inclusive=inclusive, places=PLACES)
    given: list[Decimal | None] = [None] * len(taxed)
    if not problems and predicted.tax != document.totals.tax:
        exact = [tax_of_line(line, inclusive=inclusive) for line in taxed]
        wanted = _override(document, codes, exact, taxed)
        if wanted is None:
            problems = _differing(document, books, predicted, where)
        else:
            given = [
                tax if tax != round_half_up(before, PLACES) else None for tax, before in zip(wanted, exact, strict=True)
            ]
    return TaxPlan(
        mode=_mode(document, books),
        tax_types=tuple(_tax_type(code, document, books, choices) for code in codes),
        tax_amounts=tuple(given),
        discounts=tuple(shares),
        predicted=predicted,
        because=tuple(choice.because for choice in choices.values()),
        problems=tuple(problems),
    )


def untaxed(document: Document) -> bool:
    """True for a document without tax: its mode says so, or no line names a code and nothing is charged."""
    return document.tax_mode is TaxMode.NONE or (
        document.totals.tax == 0 and not any(line.tax_code for line in document.lines())
    )


def document_discount(document: Document) -> Decimal:
    """What the discounts on the whole document come to: the lines less the net (of gross lines: less the total)."""
    if not document.discounts:
        return _ZERO
    lines = sum((round_half_up(line.amount, PLACES) for line in document.lines()), _ZERO)
    return lines - (document.totals.total if document.tax_mode is TaxMode.INCLUSIVE else document.totals.net)


def _mode(document: Document, books: Books) -> str:
    if untaxed(document) or not books.catalog.company.sales_tax:
        return "NoTax"
    return "Inclusive" if document.tax_mode is TaxMode.INCLUSIVE else "Exclusive"


def _shares(document: Document, lines: Sequence[DocumentLine]) -> list[DiscountShare]:
    """The discount over the tax codes, by what their lines come to; the cents placed so that it adds up."""
    discount = document_discount(document)
    if discount == 0:
        return []
    untaxed_document = untaxed(document)
    by_code: dict[str, list[int]] = {}
    for position, line in enumerate(lines):
        by_code.setdefault("" if untaxed_document else line.tax_code, []).append(position)
    sums = {code: sum((lines[position].amount for position in held), _ZERO) for code, held in by_code.items()}
    whole = sum(sums.values(), _ZERO)
    if whole == 0:
        first = next(iter(by_code), "")
        return [DiscountShare(discount, first, 0)] if lines else []
    parts = spread(discount, [discount * amount / whole for amount in sums.values()], PLACES)
    return [
        DiscountShare(part, code, max(by_code[code], key=lambda position: abs(lines[position].amount)))
        for code, part in zip(sums, parts, strict=True)
        if part != 0
    ]


def _choices(document: Document, books: Books, where: str) -> tuple[dict[str, TaxChoice], list[Problem]]:
    """Billing code id -> Xero's, for the codes on lines, and what is wrong with the rest."""
    if untaxed(document):
        return {}, []
    defined = {code.id: code for code in document.tax_codes}
    problems = _undefined(document, where)
    used = [defined[code_id] for code_id in _codes_used(document) if code_id in defined]
    if not books.catalog.company.sales_tax:
        off = document.totals.tax != 0 or any(code.rate != 0 for code in used)
        return {}, problems + (_tax_is_off(document, where) if off else [])
    choices: dict[str, TaxChoice] = {}
    for code in used:
        customer = books.customers.get(document.customer_id)
        answer = choose_tax_code(
            code,
            books.catalog.tax_codes,
            mapped=books.settings.tax_codes.get(code.id, ""),
            customer_default=customer.default_tax_code if customer else "",
            on=document.issue_date,
            any_rate=books.settings.on_totals_differ is TotalsPolicy.ACCEPT_LEDGER_TAX,
        )
        if isinstance(answer, TaxRefusal):
            problems.append(_refused(answer, code.id, document, where))
        else:
            choices[code.id] = answer
    if any(not line.tax_code for line in document.lines()) and not _no_tax_type(books):
        problems.append(_no_code(document, where))
    return choices, problems


def _codes_used(document: Document) -> list[str]:
    return list(dict.fromkeys(line.tax_code for line in document.lines() if line.tax_code))


def _rates(books: Books, choice: TaxChoice, document: Document) -> tuple[RateComponent, ...]:
    code = next((code for code in books.catalog.tax_codes if code.id == choice.code_id), None)
    return tuple(code.components_on(document.issue_date)) if code else ()


def _no_tax_type(books: Books) -> str:
    """The type of a line that billing leaves without one. Only in the US does that say "not taxable"; elsewhere
    leaving it out would take the account's default, and choosing one would decide between exempt and zero-rated."""
    usable = any(code.id == NO_TAX and code.active and code.for_sales for code in books.catalog.tax_codes)
    return NO_TAX if usable and books.catalog.company.country == "US" else ""


def _tax_type(code: str, document: Document, books: Books, choices: Mapping[str, TaxChoice]) -> str:
    if untaxed(document) or not books.catalog.company.sales_tax:
        return ""
    return choices[code].code_id if code in choices else _no_tax_type(books)


def _override(
    document: Document, codes: Sequence[str], exact: Sequence[Decimal], taxed: Sequence[TaxedLine]
) -> list[Decimal] | None:
    """Each line's tax so that billing's cents are kept; None where rounding does not explain the difference.

    Where billing gives its tax for each code, each code's lines are made to add up to it; else the whole document's.
    """
    places = minor_units(document.currency)
    given = {total.tax_code: total.tax for total in document.totals.taxes}
    groups = {code: [at for at, other in enumerate(codes) if other == code] for code in dict.fromkeys(codes)}
    if given and sum(given.values(), _ZERO) == document.totals.tax and set(groups) <= set(given):
        wanted = list(exact)
        for code, held in groups.items():
            parts = _within([exact[at] for at in held], given[code], places)
            if parts is None:
                break
            for at, part in zip(held, parts, strict=True):
                wanted[at] = part
        else:
            return wanted
    return _within(exact, document.totals.tax, places)


def _within(exact: Sequence[Decimal], target: Decimal, places: int) -> list[Decimal] | None:
    rounded = sum((round_half_up(tax, PLACES) for tax in exact), _ZERO)
    count = sum(1 for tax in exact if tax != 0)
    if not count and target != 0:
        return None
    if not by_rounding_only(rounded, target, lines=count, places=places):
        return None
    parts = spread(target, exact, PLACES)
    return parts if sum(parts, _ZERO) == target else None


def _differing(document: Document, books: Books, predicted: Prediction, where: str) -> list[Problem]:
    if books.settings.on_totals_differ is TotalsPolicy.ACCEPT_LEDGER_TAX:
        return []
    return [
        Problem(
            reason=Reason.TOTALS_DIFFER,
            where=where,
            field="totals.tax",
            message=f"Billing charges {plain(document.totals.tax)} {document.currency} tax; Xero would compute "
            f"{plain(predicted.tax)}. That is more than rounding explains.",
            fix="Check the tax rate of each line in billing and the tax codes chosen in the tax mapping; or let the "
            "connection accept the ledger's tax.",
            value=plain(document.totals.tax),
        )
    ]


def _undefined(document: Document, where: str) -> list[Problem]:
    defined = {code.id for code in document.tax_codes}
    return [
        Problem(
            reason=Reason.TAX_CODE_UNMAPPED,
            where=f"{where}, line {position}",
            field=f"lines.{position - 1}.tax_code",
            message=f"Tax code {line.tax_code!r} is not defined in the document's tax_codes.",
            fix=f"Send the definition of {line.tax_code!r} (rate and kind) with the document.",
            value=line.tax_code,
        )
        for position, line in enumerate(document.lines(), start=1)
        if line.tax_code and line.tax_code not in defined
    ]


def _refused(answer: TaxRefusal, code_id: str, document: Document, where: str) -> Problem:
    return Problem(
        reason=answer.reason,
        where=f"{where}, {_lines_with(document, code_id)}",
        field="tax_codes",
        message=answer.message,
        fix=answer.fix,
        value=code_id,
    )


def _no_code(document: Document, where: str) -> Problem:
    return Problem(
        reason=Reason.TAX_CODE_UNMAPPED,
        where=f"{where}, {_lines_with(document, '')}",
        field="tax_codes",
        message="A line has no tax code; Xero would take the default of its account.",
        fix="Give the line a tax code in billing, such as zero-rated or exempt.",
    )


def _tax_is_off(document: Document, where: str) -> list[Problem]:
    return [
        Problem(
            reason=Reason.TAX_IS_OFF,
            where=where,
            field="totals.tax",
            message=f"The document charges {plain(document.totals.tax)} {document.currency} tax and the company is not "
            "registered for it.",
            fix="Enter the registration in Xero under Settings, Financial settings; or issue the document without tax.",
            value=plain(document.totals.tax),
        )
    ]


def _lines_with(document: Document, code_id: str) -> str:
    """ "line 2", "line 2 and 3 more"."""
    positions = [position for position, line in enumerate(document.lines(), start=1) if line.tax_code == code_id]
    more = f" and {len(positions) - 1} more" if len(positions) > 1 else ""
    return f"line {positions[0]}{more}" if positions else "a line"
