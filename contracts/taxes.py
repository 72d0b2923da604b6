"""Tax codes: what a line is taxed as, and what kind of tax that is in the books."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.base import Contract, Id, NotNegative, bounded


class TaxKind(StrEnum):
    """Kinds differ in the books even where they add nothing: exempt is not zero-rated is not reverse charge."""

    STANDARD = "standard"
    REDUCED = "reduced"
    ZERO = "zero"
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"
    OUTSIDE_SCOPE = "outside_scope"


ADDS_NO_TAX = frozenset({TaxKind.ZERO, TaxKind.EXEMPT, TaxKind.REVERSE_CHARGE, TaxKind.OUTSIDE_SCOPE})


class TaxCode(Contract):
    """A tax code of billing. `rate` is a percentage: 20 is 20 %."""

    id: Id
    name: Annotated[str, bounded(100)] = ""
    kind: TaxKind = TaxKind.STANDARD
    rate: NotNegative = Field(description="Percentage: 20 means 20 %. Must be 0 for a kind that adds no tax.")


class TaxMode(StrEnum):
    """Whether line amounts exclude tax, include it, or the document has none."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"
    NONE = "none"
