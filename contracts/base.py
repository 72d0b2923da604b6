"""The ground every contract stands on: frozen models, exact decimals, honest text."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints


class Contract(BaseModel):
    """A value that crosses our border: immutable, and an unknown field is an error that names its path."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


MAX_DIGITS = 18
"""Digits of the largest amount or quantity accepted, decimals included: what a 64-bit scaled integer holds."""
MAX_PLACES = 6
"""Decimals of a unit price or quantity. Both ledgers keep at least four; the store keeps exactly six."""


def exact_decimal(value: object) -> Decimal:
    """Read "12.30", an int or a Decimal. A float is refused: it has lost digits before we see it."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError('send numbers as strings, such as "12.30"; a JSON number has lost digits before we see it')
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, str):
        text = value.strip()
        if not text or not set(text) <= set("0123456789.-"):
            raise ValueError('must be a plain decimal number in a string, such as "12.30"')
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise ValueError('must be a plain decimal number in a string, such as "12.30"') from None
    if not value.is_finite():
        raise ValueError("must be a finite number")
    return value


def _bounded(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MAX_PLACES:
        value_without_zeros = value.normalize()
        exponent = value_without_zeros.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > MAX_PLACES:
            raise ValueError(f"has more than {MAX_PLACES} decimals")
        value = value_without_zeros
    if abs(value) >= Decimal(10) ** (MAX_DIGITS - MAX_PLACES):
        raise ValueError(f"is larger than {MAX_DIGITS - MAX_PLACES} digits before the decimal point")
    return value


def plain(value: Decimal) -> str:
    """A decimal as text without an exponent: Decimal("1E+2") is "100"."""
    return format(value, "f")


DECIMAL_PATTERN = r"^-?\d{1,12}(\.\d{1,6})?$"

Exact = Annotated[
    Decimal,
    BeforeValidator(exact_decimal),
    AfterValidator(_bounded),
    PlainSerializer(plain, return_type=str, when_used="json"),
    Field(json_schema_extra={"examples": ["12.30"]}),
]
"""An exact number: a string in JSON, a Decimal in Python."""


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError("must not be negative")
    return value


NotNegative = Annotated[Exact, AfterValidator(_not_negative)]


def bounded(max_length: int, *, min_length: int = 0, pattern: str | None = None) -> Any:
    """A trimmed string no longer than the ledgers could ever hold.

    A function, because pydantic's constraints are values; use as `Annotated[str, bounded(100)]`.
    """
    return StringConstraints(strip_whitespace=True, min_length=min_length, max_length=max_length, pattern=pattern)


Id = Annotated[str, bounded(100, min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+-]*$")]
"""An id of the billing platform: letters, digits and . _ : @ + -, starting with a letter or digit."""

Name = Annotated[str, bounded(500)]
Line = Annotated[str, bounded(500)]
LongText = Annotated[str, bounded(4000)]
Email = Annotated[str, bounded(320)]
"""Not checked for syntax here: a ledger's odd address must be representable; its check gives a Problem with a fix."""

CountryCode = Annotated[str, bounded(2, pattern=r"^[A-Z]{2}$")]
LanguageTag = Annotated[str, bounded(35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]

Metadata = Annotated[
    dict[Annotated[str, bounded(100, min_length=1)], Annotated[str, bounded(1000)]], Field(max_length=50)
]
"""Free for the platform; returned unchanged, never sent to a ledger."""
