"""Postal addresses as Xero holds them: two slots, told apart by type. Source: Xero reference 6.2."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from contracts.addresses import Address
from mappings.rules.addresses import is_empty
from mappings.rules.countries import certain_country, country_name
from mappings.xero.wire import Fields, make

BILLING, DELIVERY = "POBOX", "STREET"
"""POBOX is printed on invoices, whatever its name says; STREET is where the contact is."""
LINE_MAX, CITY_MAX, REGION_MAX, POSTAL_CODE_MAX, COUNTRY_MAX = 500, 255, 255, 50, 50


def to_xero_address(address: Address, kind: str) -> Any:
    """One slot; None for an empty address, since a slot that is not sent keeps what it has.

    Every line is sent, so that a line taken away in billing does not stay.
    """
    if is_empty(address):
        return None
    return make(
        "Address",
        address_type=kind,
        address_line1=address.line1,
        address_line2=address.line2,
        address_line3=address.line3,
        city=address.city,
        region=address.region,
        postal_code=address.postal_code,
        country=plain_country(address.country),
    )


def plain_country(code: str) -> str:
    """The English name in plain letters, all that Xero documents for the field: CI is "Cote d Ivoire"."""
    if not code:
        return ""
    letters = unicodedata.normalize("NFKD", country_name(code))
    ascii_only = "".join(character for character in letters if not unicodedata.combining(character))
    return " ".join(re.sub(r"[^A-Za-z ]+", " ", ascii_only).split())[:COUNTRY_MAX]


def from_xero_addresses(fields: Fields) -> tuple[Address, str, Address, str]:
    """Billing address, its country as typed, the other address, and why this one is for billing.

    A slot may hold nothing but its type, and a contact may have either slot twice or not at all.
    """
    slots: dict[str, Fields] = {}
    for slot in fields.parts("Addresses"):
        kind = slot.text("AddressType", 20).upper()
        if kind not in slots or _says_nothing(slots[kind]):
            slots[kind] = slot
    printed, street = slots.get(BILLING, Fields({})), slots.get(DELIVERY, Fields({}))
    if not _says_nothing(printed):
        return *_address(printed), _address(street)[0], "POBOX, the address Xero prints on invoices"
    if not _says_nothing(street):
        return *_address(street), Address(), "STREET, because POBOX, which Xero prints on invoices, is empty"
    return Address(), "", Address(), ""


def _says_nothing(slot: Fields) -> bool:
    address, typed = _address(slot)
    return is_empty(address) and not typed


def _address(slot: Fields) -> tuple[Address, str]:
    typed = slot.text("Country", 255)
    lines = [line for line in (slot.text(f"AddressLine{number}", 500) for number in range(1, 5)) if line]
    padded = [*lines[:2], ", ".join(lines[2:])[:500], "", ""]
    address = Address(
        line1=padded[0],
        line2=padded[1],
        line3=padded[2],
        city=slot.text("City", 255),
        region=slot.text("Region", 255),
        postal_code=slot.text("PostalCode", 30),
        country=certain_country(typed),
    )
    return address, typed
