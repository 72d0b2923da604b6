"""Xero's filter expressions, and lists of values cut to what an address can carry. Source: Xero reference 2.7."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
LONGEST = 1_500
IDS_AT_ONCE = 40


def is_guid(text: str) -> bool:
    """Whether Xero can have issued this id. Any other text makes a filter fail as a whole."""
    return bool(GUID.match(text))


def guid_is(field: str, value: str) -> str:
    """One id."""
    return f'{field}==guid("{value}")'


def text_is(field: str, value: str) -> str | None:
    """One text; None for one that cannot be written, since a quote has no escape."""
    return None if '"' in value or "\\" in value else f'{field}=="{value}"'


def any_of(conditions: Iterable[str | None]) -> Iterator[str]:
    """Expressions that together hold for every condition, each short enough for an address."""
    group: list[str] = []
    for condition in dict.fromkeys(one for one in conditions if one):
        if group and (len(group) >= IDS_AT_ONCE or sum(map(len, group)) + len(condition) > LONGEST):
            yield " OR ".join(group)
            group = []
        group.append(condition)
    if group:
        yield " OR ".join(group)


def lists_of(values: Iterable[str]) -> Iterator[str]:
    """Comma-separated lists for IDs= and InvoiceNumbers=; a value with a comma in it cannot be in one."""
    group: list[str] = []
    for value in dict.fromkeys(one for one in values if one and "," not in one):
        if group and (len(group) >= IDS_AT_ONCE or sum(map(len, group)) + len(value) > LONGEST):
            yield ",".join(group)
            group = []
        group.append(value)
    if group:
        yield ",".join(group)
