"""Which tax code of the ledger a billing tax code becomes, and why.

In this order: the explicit mapping of the connection; the customer's default code in the ledger, where rate and kind
fit; the one active sales code with that rate and kind. The choice carries its reason, so that it can be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from contracts.base import plain
from contracts.books import LedgerTaxCode
from contracts.problems import Reason
from contracts.taxes import TaxCode, TaxKind
from mappings.rules.names import same_name
from mappings.rules.rounding import effective_percent

_TAXED = frozenset({TaxKind.STANDARD, TaxKind.REDUCED})


@dataclass(frozen=True)
class TaxChoice:
    """The ledger's code to use. because: "it is mapped to 20.0% S in the settings"."""

    code_id: str
    because: str


@dataclass(frozen=True)
class TaxRefusal:
    """Why no code can be chosen. `candidates` are ids a person may choose from."""

    reason: Reason
    message: str
    fix: str
    candidates: tuple[str, ...] = ()


def choose_tax_code(
    code: TaxCode,
    codes: Sequence[LedgerTaxCode],
    *,
    mapped: str,
    customer_default: str,
    on: date,
    any_rate: bool = False,
) -> TaxChoice | TaxRefusal:
    """The ledger's code for a billing code on a day.

    mapped: the ledger's code of the explicit mapping, or "". customer_default: the customer's own code there, or "".
    any_rate: a mapped code may have another rate (the connection accepts the ledger's tax).
    """
    if mapped:
        return _as_mapped(code, codes, mapped, on, any_rate)
    usable = [candidate for candidate in codes if candidate.active and candidate.for_sales]
    fitting = [candidate for candidate in usable if fits(code, candidate, on)]
    for candidate in fitting:
        if candidate.id == customer_default:
            return TaxChoice(candidate.id, f"{candidate.name!r} is the customer's own tax code and has rate and kind")
    return _the_only(code, fitting)


def fits(code: TaxCode, candidate: LedgerTaxCode, on: date) -> bool:
    """Same rate on the day, and the same kind; standard and reduced are told apart by their rate alone."""
    if percent_of(candidate, on) != code.rate:
        return False
    return code.kind == candidate.kind or {code.kind, candidate.kind} <= _TAXED


def percent_of(candidate: LedgerTaxCode, on: date) -> Decimal:
    """What the code adds on a day, compound rates included."""
    return effective_percent(candidate.components_on(on))


def _as_mapped(
    code: TaxCode, codes: Sequence[LedgerTaxCode], mapped: str, on: date, any_rate: bool
) -> TaxChoice | TaxRefusal:
    found = next((candidate for candidate in codes if candidate.id == mapped), None)
    again = f"Choose another tax code for {code.id!r} in the connection's tax mapping."
    if found is None:
        return TaxRefusal(
            Reason.REFERENCE_NOT_FOUND, f"{code.id!r} is mapped to tax code {mapped!r}, which is not there.", again
        )
    if not found.active or not found.for_sales:
        state = "cannot be used for sales" if found.active else "is inactive"
        return TaxRefusal(Reason.REFERENCE_INACTIVE, f"{code.id!r} is mapped to {found.name!r}, which {state}.", again)
    if percent_of(found, on) != code.rate and not any_rate:
        there = plain(percent_of(found, on).normalize())
        return TaxRefusal(
            Reason.TAX_RATE_DIFFERS,
            f"{code.id!r} is {plain(code.rate.normalize())} % in billing; {found.name!r} is {there} % on {on}.",
            again,
        )
    return TaxChoice(found.id, f"{code.id!r} is mapped to {found.name!r} in the settings")


def _the_only(code: TaxCode, fitting: Sequence[LedgerTaxCode]) -> TaxChoice | TaxRefusal:
    rate = f"{plain(code.rate.normalize())} % ({code.kind.value.replace('_', ' ')})"
    if len(fitting) == 1:
        return TaxChoice(fitting[0].id, f"{fitting[0].name!r} is the only active sales code with {rate}")
    if narrowed := _narrowed(code, fitting):
        return narrowed
    if not fitting:
        return TaxRefusal(
            Reason.TAX_CODE_UNMAPPED,
            f"Tax code {code.id!r}, {rate}, has no counterpart in the ledger.",
            f"Choose a tax code for {code.id!r} in the connection's tax mapping, or create one in the ledger.",
        )
    return TaxRefusal(
        Reason.TAX_CODE_AMBIGUOUS,
        f"Tax code {code.id!r}, {rate}, could be {', '.join(repr(candidate.name) for candidate in fitting)}.",
        f"Choose one of them for {code.id!r} in the connection's tax mapping.",
        tuple(candidate.id for candidate in fitting),
    )


def _narrowed(code: TaxCode, fitting: Sequence[LedgerTaxCode]) -> TaxChoice | None:
    """Several fit: one of the very same kind, or of the very same name, decides."""
    ways = {
        "kind": [candidate for candidate in fitting if candidate.kind == code.kind],
        "name": [candidate for candidate in fitting if code.name and same_name(candidate.name, code.name)],
    }
    for way, same in ways.items():
        if len(same) == 1:
            return TaxChoice(same[0].id, f"of the codes with that rate only {same[0].name!r} has the same {way}")
    return None
