"""Xero's tax rates in core words. A rate has no id: its TaxType is the key, its name is anybody's to change (7.1).

The kind is said by the TaxType of the rates Xero ships, by the ReportTaxType of those a company made, and only then by
the name; one TaxType means different things in different countries (7.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from contracts.books import LedgerTaxCode, RateComponent
from contracts.taxes import TaxKind
from mappings.rules.rounding import effective_percent
from mappings.rules.tax_kinds import kind_with_tax, kind_without_tax
from mappings.xero.wire import Fields, UnreadableRecord

NO_TAX = "NONE"
"""The TaxType of a line without tax, listed in most countries."""
_NOT_FOR_THE_API = frozenset({"AVALARA", "USSALESTAX"})
"""US rates that documents sent by an application cannot name (7.1)."""
_MADE_BY_THE_COMPANY = re.compile(r"^(TAX|CAN)\d+$")

_KINDS: Sequence[tuple[re.Pattern[str], TaxKind]] = (
    (re.compile(r"^(DRCHARGE|REVERSECHARGE|ECZROUTPUT|ECOUTPUT|ECZROUTPUTSERVICES)"), TaxKind.REVERSE_CHARGE),
    (re.compile(r"^(BASEXCLUDED|OSOUTPUT)"), TaxKind.OUTSIDE_SCOPE),
    (re.compile(r"^(INPUTTAXED|ESN?33OUTPUT)"), TaxKind.EXEMPT),
    (re.compile(r"^(ZERORATED|EXEMPTEXPORT)"), TaxKind.ZERO),
    (re.compile(r"^RROUTPUT"), TaxKind.REDUCED),
)


def from_xero_tax_rate(raw: Mapping[str, Any], *, country: str = "") -> LedgerTaxCode:
    """A tax rate as it applies to sales. country: of the company, by ISO code. Raises UnreadableRecord.

    for_sales: it may stand on a revenue account and an application may name it (7.1).
    """
    fields = Fields(raw)
    tax_type = fields.text("TaxType", 100)
    if not tax_type:
        raise UnreadableRecord("the tax rate has no TaxType")
    report = fields.text("ReportTaxType").upper()
    components = _components(fields, tax_type)
    return LedgerTaxCode(
        id=tax_type,
        name=fields.text("Name", 100),
        description=report,
        active=fields.text("Status").upper() == "ACTIVE",
        for_sales=fields.flag("CanApplyToRevenue") and not {tax_type.upper(), report} & _NOT_FOR_THE_API,
        kind=_kind(tax_type.upper(), report, fields.text("Name"), effective_percent(components), country),
        components=components,
    )


def _components(fields: Fields, tax_type: str) -> list[RateComponent]:
    """The parts of the rate where they come to what Xero computes with, else that as the only part.

    EffectiveRate is applied once to a line (4.4); a reverse charge shows a rate and has none in effect.
    """
    parts = [
        RateComponent(
            rate_id=f"{tax_type}/{position}",
            name=part.text("Name", 100),
            percent=part.amount("Rate"),
            on_tax=part.flag("IsCompound"),
            # Compound parts are taken on the amount and the tax of all the simple ones.
            order=position + (1000 if part.flag("IsCompound") else 0),
        )
        for position, part in enumerate(fields.parts("TaxComponents"), start=1)
    ]
    parts.sort(key=lambda part: part.order)
    effective = fields.maybe_amount("EffectiveRate")
    if effective is None:
        effective = fields.amount("DisplayTaxRate") if not parts else effective_percent(parts)
    if parts and abs(effective_percent(parts) - effective) < Decimal("0.0001"):
        return parts
    return [RateComponent(rate_id=f"{tax_type}/1", name=fields.text("Name", 100), percent=effective)]


def _kind(tax_type: str, report: str, name: str, percent: Decimal, country: str) -> TaxKind:
    key = report if _MADE_BY_THE_COMPANY.match(tax_type) and report else tax_type
    for pattern, kind in _KINDS:
        if pattern.match(key):
            return kind
    if percent != 0:
        return kind_with_tax(name)
    if key == NO_TAX:
        # "No VAT" and "No GST" are outside the scope; a US or global company's one rate without tax is "Tax Exempt".
        return TaxKind.EXEMPT if "exempt" in name.casefold() else TaxKind.OUTSIDE_SCOPE
    if key.startswith("EXEMPT"):
        # Australia's EXEMPTOUTPUT is GST-free income, which is zero-rated (7.2).
        return TaxKind.ZERO if country == "AU" else TaxKind.EXEMPT
    return kind_without_tax(name)
