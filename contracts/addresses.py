"""A postal address of the core model."""

from __future__ import annotations

from typing import Annotated, Literal

from contracts.base import Contract, CountryCode, Line, bounded


class Address(Contract):
    """Lines as printed; region is a state or province (ISO 3166-2 subdivision code where there is one, as "CA")."""

    line1: Line = ""
    line2: Line = ""
    line3: Line = ""
    city: Annotated[str, bounded(255)] = ""
    region: Annotated[str, bounded(255)] = ""
    postal_code: Annotated[str, bounded(30)] = ""
    country: CountryCode | Literal[""] = ""


class NamedAddress(Address):
    """A further address and what it is for."""

    purpose: Literal["shipping", "office", "other"] = "other"
    name: Annotated[str, bounded(200)] = ""
