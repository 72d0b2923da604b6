"""QuickBooks tax codes and rates in core words.

A rate's value is the entry of EffectiveTaxRate that covers the day, not RateValue. The kind is not stored anywhere: it
is read from SpecialTaxType, then from the name. Source: QuickBooks reference 9.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contracts.books import LedgerTaxCode, RateComponent
from contracts.taxes import TaxKind
from mappings.quickbooks.wire import Fields, UnreadableRecord
from mappings.rules.tax_kinds import kind_with_tax, kind_without_tax

TAXABLE, NOT_TAXABLE = "TAX", "NON"
US_PSEUDO_CODES = frozenset({TAXABLE, NOT_TAXABLE})
"""Rows of a US company's list that a line names; they have no rate of their own. Source: 9.2."""


def from_quickbooks_tax_code(raw: Mapping[str, Any], rates: Iterable[Mapping[str, Any]]) -> LedgerTaxCode:
    """A tax code as it applies to sales.

    A code naming a rate that was not read, or a rate on tax alone, is kept as inactive: its tax cannot be predicted.

    Raises UnreadableRecord.
    """
    code = Fields(raw)
    known = _rates_by_id(rates)
    details = list(code.part("SalesTaxRateList").parts("TaxRateDetail"))
    named = [known.get(detail.ref("TaxRateRef")) for detail in details]
    on_tax_alone = any(detail.word("TaxTypeApplicable") == "TaxOnTax" for detail in details)
    components = [
        component
        for detail, rate in zip(details, named, strict=True)
        if rate
        for component in _components(detail, rate)
    ]
    code_id = code.text("Id", 100)
    if not code_id:
        raise UnreadableRecord("the tax code has no Id")
    return LedgerTaxCode(
        id=code_id,
        name=code.text("Name", 100),
        description=code.text("Description", 200),
        active=code.flag("Active", True) and not code.flag("Hidden") and None not in named and not on_tax_alone,
        for_sales=bool(details) or code_id in US_PSEUDO_CODES,
        kind=_kind(code, [rate for rate in named if rate], components),
        components=components,
    )


def _rates_by_id(rates: Iterable[Mapping[str, Any]]) -> dict[str, Fields]:
    fields = [Fields(rate) for rate in rates]
    return {rate.text("Id", 100): rate for rate in fields}


def _components(detail: Fields, rate: Fields) -> list[RateComponent]:
    """One component for each period a rate's value held."""
    rate_id, name = rate.text("Id", 100), rate.text("Name", 100)
    on_tax = detail.word("TaxTypeApplicable") == "TaxOnAmountPlusTax"
    order = int(detail.amount("TaxOrder"))
    periods = list(rate.parts("EffectiveTaxRate"))
    if not periods:
        return [RateComponent(rate_id=rate_id, name=name, percent=rate.amount("RateValue"), on_tax=on_tax, order=order)]
    return [
        RateComponent(
            rate_id=rate_id,
            name=name,
            percent=period.amount("RateValue"),
            starts=period.day("EffectiveDate"),
            ends=period.day("EndDate"),
            on_tax=on_tax,
            order=order,
        )
        for period in periods
    ]


def _kind(code: Fields, rates: Sequence[Fields], components: Sequence[RateComponent]) -> TaxKind:
    """Special types first, then what the name says, and only where nothing is added; else by the rate."""
    code_id = code.text("Id", 100)
    if code_id in US_PSEUDO_CODES:
        return TaxKind.STANDARD if code_id == TAXABLE else TaxKind.EXEMPT
    special = {rate.text("SpecialTaxType").casefold().replace("_", "") for rate in rates}
    if "reversecharge" in special:
        return TaxKind.REVERSE_CHARGE
    said = f"{code.text('Name')} {code.text('Description')}"
    if any(component.percent != 0 for component in components):
        if _adds_nothing(components) and len(components) > 1:
            return TaxKind.REVERSE_CHARGE
        return kind_with_tax(said)
    return kind_without_tax(said)


def _adds_nothing(components: Sequence[RateComponent]) -> bool:
    """A reverse charge has two opposite rates: its net effect is nothing (9.4)."""
    return sum(component.percent for component in components) == 0
