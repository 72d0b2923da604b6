"""E-mail addresses, web addresses and postal addresses as QuickBooks holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.addresses import Address
from contracts.problems import Problem, Reason
from mappings.quickbooks.wire import Fields, make
from mappings.rules.addresses import is_empty, parse_us_city_line
from mappings.rules.countries import certain_country, country_name
from mappings.rules.emails import ascii_form, check_emails, judge_email
from mappings.rules.names import same_name

EMAIL_MAX = 100
"""All addresses of one field together. Source: QuickBooks reference 2.10, 13.1."""
BILLING = "the billing platform"


def joined_emails(emails: Sequence[str]) -> str:
    """Several addresses in QuickBooks' one field, comma-separated; an international domain in ASCII (RFC 822, 13.1)."""
    return ", ".join(ascii_form(email) or email for email in emails)


def usable_emails(emails: Sequence[str]) -> list[str]:
    """Those that QuickBooks would take."""
    return [email for email in emails if judge_email(email).valid and ascii_form(email)]


def check_pushed_emails(emails: Sequence[str], *, where: str, field: str = "emails") -> list[Problem]:
    """Syntax of each, an ASCII form for each, and all of them in 100 characters."""
    problems = check_emails(list(emails), where=where, system=BILLING, field=field)
    for position, email in enumerate(emails):
        if judge_email(email).valid and not ascii_form(email):
            problems.append(_not_ascii(email, where, f"{field}.{position}"))
    text = joined_emails(emails)
    if len(text) > EMAIL_MAX:
        problems.append(
            Problem(
                reason=Reason.TEXT_TOO_LONG,
                where=where,
                field=field,
                message=f"The e-mail addresses take {len(text)} characters and QuickBooks holds {EMAIL_MAX}: {text!r}.",
                fix=f"Remove addresses in {BILLING}, keeping the one that receives invoices.",
                value=text,
            )
        )
    return problems


def _not_ascii(email: str, where: str, field: str) -> Problem:
    return Problem(
        reason=Reason.EMAIL_INVALID,
        where=where,
        field=field,
        message=f"{email!r} has letters before the @ that QuickBooks refuses.",
        fix=f"Use an address without accents before the @ in {BILLING}.",
        value=email,
    )


def web_address(website: str) -> str:
    """With a scheme, which QuickBooks needs (13.1): example.com becomes https://example.com."""
    return website if not website or "://" in website else f"https://{website}"


def to_quickbooks_address(address: Address) -> Any:
    """A BillAddr or ShipAddr; None for an empty address. The country goes out by its English name."""
    if is_empty(address):
        return None
    return make(
        "Address",
        Line1=address.line1 or None,
        Line2=address.line2 or None,
        Line3=address.line3 or None,
        City=address.city or None,
        CountrySubDivisionCode=address.region or None,
        PostalCode=address.postal_code or None,
        Country=country_name(address.country) if address.country else None,
    )


def from_quickbooks_address(fields: Fields, names: Sequence[str] = ()) -> tuple[Address, str]:
    """The address, and the country as typed. Its `country` is set only where the text is certain.

    Some addresses are stored as free lines: person, company, street, then "City, ST  ZIP". The last line is taken
    apart only where state and ZIP agree, and leading lines only dropped where they repeat `names`. Source: 12.1.
    """
    typed = fields.text("Country", 255)
    country = certain_country(typed)
    lines = [line for line in (fields.text(f"Line{number}", 500) for number in range(1, 6)) if line]
    city, region = fields.text("City", 255), fields.text("CountrySubDivisionCode", 255)
    postal_code = fields.text("PostalCode", 30)
    free_form = lines and not (city or region or postal_code) and (country == "US" or not typed)
    if free_form and (parsed := parse_us_city_line(lines[-1])):
        city, region, postal_code = parsed
        lines = _without_names(lines[:-1], names)
    first, second, third = _three(lines)
    address = Address(
        line1=first, line2=second, line3=third, city=city, region=region, postal_code=postal_code, country=country
    )
    return address, typed


def _without_names(lines: list[str], names: Sequence[str]) -> list[str]:
    while len(lines) > 1 and any(name and same_name(lines[0], name) for name in names):
        lines = lines[1:]
    return lines


def _three(lines: Sequence[str]) -> tuple[str, str, str]:
    """QuickBooks has five lines and the core model three: the rest share the third."""
    padded = [*lines[:2], ", ".join(lines[2:])[:500], "", ""]
    return padded[0], padded[1], padded[2]
