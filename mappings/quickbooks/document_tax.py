"""How a document's tax is put to QuickBooks, and what QuickBooks will make of it.

Billing decides what the customer owes. What QuickBooks would compute is predicted with its own algorithm (9.5). Equal:
nothing more is sent. Different by rounding only: the amounts are sent as an override, so that both books carry the same
cent. Different for another cause: TOTALS_DIFFER, unless the connection accepts the ledger's tax.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from contracts.base import plain
from contracts.books import LedgerTaxCode, RateComponent
from contracts.connections import TotalsPolicy
from contracts.credit_memos import CreditMemo
from contracts.documents import DocumentLine
from contracts.invoices import Invoice
from contracts.money import minor_units, round_half_up
from contracts.problems import Problem, Reason
from contracts.taxes import TaxCode, TaxMode
from mappings.plan import Books
from mappings.quickbooks.catalog import TaxModel
from mappings.quickbooks.tax_codes import NOT_TAXABLE, TAXABLE, US_PSEUDO_CODES
from mappings.quickbooks.wire import make, ref
from mappings.rules.rounding import (
    Prediction,
    RateTotal,
    TaxedLine,
    TaxRounding,
    by_rounding_only,
    predict,
    shifted,
    spread,
    tax_inside,
)
from mappings.rules.taxes import TaxChoice, TaxRefusal, choose_tax_code

Document = Invoice | CreditMemo
PLACES = 2
"""QuickBooks computes with two decimals whatever the currency (10, recalled)."""
_ZERO = Decimal(0)


class Calculation(StrEnum):
    """GlobalTaxCalculation, outside the US. Source: QuickBooks reference 9.3."""

    EXCLUDED = "TaxExcluded"
    INCLUSIVE = "TaxInclusive"
    NOT_APPLICABLE = "NotApplicable"


@dataclass(frozen=True)
class TaxPlan:
    """What each line and the document say about tax, and what the ledger is expected to report.

    line_codes and nets are one for each line; a line code "" is not sent. gross: the lines' amounts with tax, only
    where they are sent. override: send tax and rates explicitly.
    """

    calculation: Calculation | None
    line_codes: tuple[str, ...]
    nets: tuple[Decimal, ...]
    gross: tuple[Decimal, ...] | None
    discount: Decimal
    document_code: str
    predicted: Prediction
    tax: Decimal
    override: bool
    because: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def plan_tax(document: Document, books: Books, *, where: str) -> TaxPlan:
    """Decide codes, net amounts and override for a document. Total: what cannot be decided is among its problems."""
    lines = list(document.lines())
    codes, problems = _choices(document, books, where)
    rates = {code_id: _rates(books, choice, document) for code_id, choice in codes.items()}
    nets = _nets(document, lines)
    discount = sum(nets, _ZERO) - document.totals.net
    gross = _gross(document, lines, books) if codes and discount == 0 else None
    taxed = [
        TaxedLine(net, rates.get(line.tax_code, ()), gross[position] if gross else None)
        for position, (net, line) in enumerate(zip(nets, lines, strict=True))
    ]
    predicted = predict(taxed, discount=discount, rounding=_rounding(books), places=PLACES)
    clean = not problems
    override = clean and _override(document, books, predicted, lines)
    if clean and not override:
        problems = _differing(document, books, predicted, where)
    return TaxPlan(
        calculation=_calculation(document, books, gross=gross is not None),
        line_codes=tuple(_line_code(line, document, books, codes) for line in lines),
        nets=tuple(nets),
        gross=gross,
        discount=discount,
        document_code=_document_code(books, codes),
        predicted=predicted,
        tax=document.totals.tax,
        override=override,
        because=tuple(choice.because for choice in codes.values()),
        problems=tuple(problems),
    )


def tax_detail(plan: TaxPlan, books: Books) -> Any:
    """TxnTaxDetail, or None where QuickBooks computes from the lines alone.

    Left out when an amount changed and nothing overrides it, so that it is recomputed (9.3); forbidden with
    NotApplicable (6170).
    """
    if _model(books) is TaxModel.GLOBAL:
        return make("TxnTaxDetail", TotalTax=plan.tax, TaxLine=_tax_lines(plan)) if plan.override else None
    if TAXABLE not in plan.line_codes:
        return make("TxnTaxDetail", TotalTax=_ZERO) if _model(books) is not TaxModel.US_OFF else None
    if not plan.override:
        return make("TxnTaxDetail", TxnTaxCodeRef=ref(plan.document_code))
    return make(
        "TxnTaxDetail",
        TxnTaxCodeRef=ref(plan.document_code),
        TotalTax=plan.tax,
        TaxLine=_tax_lines(plan) or None,
    )


def untaxed(document: Document) -> bool:
    """True for a document without tax: its mode says so, or no line names a code and nothing is charged."""
    return document.tax_mode is TaxMode.NONE or (
        document.totals.tax == 0 and not any(line.tax_code for line in document.lines())
    )


def _model(books: Books) -> TaxModel:
    """The company's model; one we do not know is treated as outside the US, which demands the most."""
    name = books.catalog.company.tax_model
    return TaxModel(name) if name in set(TaxModel) else TaxModel.GLOBAL


def _rounding(books: Books) -> TaxRounding:
    return TaxRounding.PER_LINE_AND_RATE if _model(books) is TaxModel.GLOBAL else TaxRounding.PER_RATE_ON_SUM


def _choices(document: Document, books: Books, where: str) -> tuple[dict[str, TaxChoice], list[Problem]]:
    """Billing code id -> the ledger's code, for the codes that need one, and what is wrong with the rest."""
    model = _model(books)
    defined = {code.id: code for code in document.tax_codes}
    if untaxed(document):
        return {}, []
    problems = _undefined(document, defined, where)
    used = [defined[code_id] for code_id in _codes_used(document) if code_id in defined]
    taxed = [code for code in used if code.rate != 0]
    if not books.catalog.company.sales_tax or model is TaxModel.US_OFF:
        return {}, problems + _tax_is_off(document, taxed, where)
    if model is not TaxModel.GLOBAL:
        return _us_choices(taxed, document, books, where, problems)
    choices = {code.id: _choose(code, document, books) for code in used}
    problems += [_refused(answer, code_id, document, where) for code_id, answer in _refusals(choices)]
    if any(not line.tax_code for line in document.lines()):
        problems.append(_no_code(document, where))
    return _chosen(choices), problems


def _us_choices(
    taxed: Sequence[TaxCode], document: Document, books: Books, where: str, problems: list[Problem]
) -> tuple[dict[str, TaxChoice], list[Problem]]:
    """One rate a document; with Automated Sales Tax the amount is given, so a missing code does not matter (9.2)."""
    if len({code.rate for code in taxed}) > 1:
        return {}, [*problems, _several_rates(taxed, where)]
    choices = {code.id: _choose(code, document, books) for code in taxed}
    if _model(books) is TaxModel.US_AUTOMATED:
        return _chosen(choices), problems
    problems += [_refused(answer, code_id, document, where) for code_id, answer in _refusals(choices)]
    chosen = _chosen(choices)
    if len({choice.code_id for choice in chosen.values()}) > 1:
        problems.append(_several_rates(taxed, where))
    return chosen, problems


def _choose(code: TaxCode, document: Document, books: Books) -> TaxChoice | TaxRefusal:
    customer = books.customers.get(document.customer_id)
    return choose_tax_code(
        code,
        [candidate for candidate in books.catalog.tax_codes if candidate.id not in US_PSEUDO_CODES],
        mapped=books.settings.tax_codes.get(code.id, ""),
        customer_default=customer.default_tax_code if customer else "",
        on=document.issue_date,
        any_rate=books.settings.on_totals_differ is TotalsPolicy.ACCEPT_LEDGER_TAX,
    )


def _chosen(choices: dict[str, TaxChoice | TaxRefusal]) -> dict[str, TaxChoice]:
    return {code_id: answer for code_id, answer in choices.items() if isinstance(answer, TaxChoice)}


def _refusals(choices: dict[str, TaxChoice | TaxRefusal]) -> list[tuple[str, TaxRefusal]]:
    return [(code_id, answer) for code_id, answer in choices.items() if isinstance(answer, TaxRefusal)]


def _codes_used(document: Document) -> list[str]:
    return list(dict.fromkeys(line.tax_code for line in document.lines() if line.tax_code))


def _rates(books: Books, choice: TaxChoice, document: Document) -> tuple[RateComponent, ...]:
    code = _ledger_code(books, choice.code_id)
    return tuple(code.components_on(document.issue_date)) if code else ()


def _ledger_code(books: Books, code_id: str) -> LedgerTaxCode | None:
    return next((code for code in books.catalog.tax_codes if code.id == code_id), None)


def _nets(document: Document, lines: Sequence[DocumentLine]) -> list[Decimal]:
    """Net amounts; of gross lines gross minus the tax inside, the cents placed so that they add up to billing's net.

    With a document discount the lines are netted one by one; the discount line makes up the difference. Amounts of
    another document are net already.
    """
    if document.tax_mode is not TaxMode.INCLUSIVE:
        return [round_half_up(line.amount, PLACES) for line in lines]
    percents = {code.id: code.rate for code in document.tax_codes}
    inside = [tax_inside(line.amount, percents.get(line.tax_code, _ZERO)) for line in lines]
    taxes = [round_half_up(tax, PLACES) for tax in inside]
    gross = sum((line.amount for line in lines), _ZERO)
    if gross == document.totals.total and _rounds_to(taxes, document, len(lines)):
        taxes = spread(document.totals.tax, inside, PLACES)
    return [round_half_up(line.amount, PLACES) - tax for line, tax in zip(lines, taxes, strict=True)]


def _gross(document: Document, lines: Sequence[DocumentLine], books: Books) -> tuple[Decimal, ...] | None:
    """The amounts with tax of a tax-inclusive document outside the US; nobody else is told them."""
    if document.tax_mode is not TaxMode.INCLUSIVE or _model(books) is not TaxModel.GLOBAL:
        return None
    return tuple(round_half_up(line.amount, PLACES) for line in lines)


def _rounds_to(taxes: Sequence[Decimal], document: Document, lines: int) -> bool:
    return by_rounding_only(sum(taxes, _ZERO), document.totals.tax, lines=lines, places=_places(document))


def _places(document: Document) -> int:
    return minor_units(document.currency)


def _calculation(document: Document, books: Books, *, gross: bool) -> Calculation | None:
    if _model(books) is not TaxModel.GLOBAL:
        return None
    if untaxed(document) or not books.catalog.company.sales_tax:
        return Calculation.NOT_APPLICABLE
    return Calculation.INCLUSIVE if gross else Calculation.EXCLUDED


def _line_code(line: DocumentLine, document: Document, books: Books, codes: dict[str, TaxChoice]) -> str:
    model = _model(books)
    if model is TaxModel.US_OFF:
        return ""
    if model is not TaxModel.GLOBAL:
        rates = {code.id: code.rate for code in document.tax_codes}
        return TAXABLE if not untaxed(document) and rates.get(line.tax_code, _ZERO) else NOT_TAXABLE
    return codes[line.tax_code].code_id if line.tax_code in codes else ""


def _document_code(books: Books, codes: dict[str, TaxChoice]) -> str:
    if _model(books) is TaxModel.GLOBAL:
        return ""
    return next((choice.code_id for choice in codes.values()), "")


def _override(document: Document, books: Books, predicted: Prediction, lines: Sequence[DocumentLine]) -> bool:
    """True when the tax has to be given: it differs by rounding, or Automated Sales Tax would look it up."""
    if untaxed(document) or not _codes_used(document):
        return False
    if _model(books) is TaxModel.US_AUTOMATED:
        return True
    if predicted.tax == document.totals.tax or not predicted.rates:
        return False
    taxed = sum(1 for line in lines if line.tax_code)
    return by_rounding_only(predicted.tax, document.totals.tax, lines=taxed, places=_places(document))


def _tax_lines(plan: TaxPlan) -> list[Any]:
    return [_tax_line(rate) for rate in shifted(plan.predicted.rates, plan.tax)]


def _tax_line(rate: RateTotal) -> Any:
    detail = make(
        "TaxLineDetail",
        TaxRateRef=ref(rate.rate_id),
        PercentBased=True,
        TaxPercent=rate.percent,
        NetAmountTaxable=rate.taxable,
    )
    return make("TaxLine", Amount=rate.tax, DetailType="TaxLineDetail", TaxLineDetail=detail)


def _differing(document: Document, books: Books, predicted: Prediction, where: str) -> list[Problem]:
    accepted = books.settings.on_totals_differ is TotalsPolicy.ACCEPT_LEDGER_TAX
    if accepted or predicted.tax == document.totals.tax:
        return []
    if _model(books) is TaxModel.US_AUTOMATED:
        return []
    return [
        Problem(
            reason=Reason.TOTALS_DIFFER,
            where=where,
            field="totals.tax",
            message=f"Billing charges {plain(document.totals.tax)} {document.currency} tax; QuickBooks would compute "
            f"{plain(predicted.tax)}. That is more than rounding explains.",
            fix="Check the tax rate of each line in billing and the tax codes chosen in the tax mapping; or let the "
            "connection accept the ledger's tax.",
            value=plain(document.totals.tax),
        )
    ]


def _undefined(document: Document, defined: dict[str, TaxCode], where: str) -> list[Problem]:
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
        where=f"{where}, {_lines_text(_lines_with(document, code_id))}",
        field="tax_codes",
        message=answer.message,
        fix=answer.fix,
        value=code_id,
    )


def _no_code(document: Document, where: str) -> Problem:
    return Problem(
        reason=Reason.TAX_CODE_UNMAPPED,
        where=f"{where}, {_lines_text(_lines_with(document, ''))}",
        field="tax_codes",
        message="A line has no tax code; outside the US QuickBooks needs one on every line, even for no tax.",
        fix="Give the line a tax code in billing, such as zero-rated or exempt.",
    )


def _tax_is_off(document: Document, taxed: Sequence[TaxCode], where: str) -> list[Problem]:
    if not taxed and document.totals.tax == 0:
        return []
    return [
        Problem(
            reason=Reason.TAX_IS_OFF,
            where=where,
            field="totals.tax",
            message=f"The document charges {plain(document.totals.tax)} {document.currency} tax and the company does "
            "not use sales tax.",
            fix="Switch sales tax on in QuickBooks under Taxes, or issue the document without tax in billing.",
            value=plain(document.totals.tax),
        )
    ]


def _several_rates(taxed: Iterable[TaxCode], where: str) -> Problem:
    rates = ", ".join(f"{plain(code.rate.normalize())} % ({code.id})" for code in taxed)
    return Problem(
        reason=Reason.NOT_SUPPORTED_BY_LEDGER,
        where=where,
        field="tax_codes",
        message=f"A US document in QuickBooks has one sales tax rate; this one has {rates}.",
        fix="Split it in billing into one document for each rate.",
    )


def _lines_with(document: Document, code_id: str) -> list[int]:
    return [position for position, line in enumerate(document.lines(), start=1) if line.tax_code == code_id]


def _lines_text(positions: Sequence[int]) -> str:
    """ "line 2", "line 2 and 3 more"."""
    more = f" and {len(positions) - 1} more" if len(positions) > 1 else ""
    return f"line {positions[0]}{more}" if positions else "a line"
