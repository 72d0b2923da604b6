"""Names: what a ledger's list of names can hold."""

from __future__ import annotations

import re
from collections.abc import Mapping

from contracts.problems import Problem, Reason

_BREAKS = {"\t": "a tab", "\n": "a line break", "\r": "a line break"}
COLON: Mapping[str, str] = {":": "a colon", **_BREAKS}
"""What QuickBooks refuses: a colon stands between a parent and its child there."""
ANGLES: Mapping[str, str] = {"<": "a < sign", ">": "a > sign", **_BREAKS}
"""What Xero refuses. Source: Xero reference 6.1."""


def check_name(
    name: str,
    *,
    where: str,
    system: str,
    max_length: int,
    field: str = "name",
    forbidden: Mapping[str, str] = COLON,
) -> list[Problem]:
    """Why a ledger would refuse this name; a name without forbidden characters is suggested."""
    if not name.strip():
        return [_problem(Reason.NAME_MISSING, where, field, "There is no name.", f"Enter a name in {system}.", name)]
    problems = []
    found = sorted({word for character, word in forbidden.items() if character in name})
    if found:
        text = f"The name {name!r} contains {' and '.join(found)}."
        better = storable_name(name, forbidden)
        fix = f"Rename the customer in {system}, for example to {better!r}."
        problems.append(_problem(Reason.NAME_INVALID, where, field, text, fix, name, better))
    if len(name) > max_length:
        text = f"The name has {len(name)} characters and the ledger holds {max_length}: {name[:60]!r}..."
        problems.append(_problem(Reason.NAME_INVALID, where, field, text, f"Shorten the name in {system}.", name))
    return problems


def storable_name(name: str, forbidden: Mapping[str, str] = COLON) -> str:
    """A name the ledger holds: "Acme: Ops" becomes "Acme - Ops" in QuickBooks, "Acme <Ops>" "Acme (Ops)" in Xero.

    Source: QuickBooks reference 2.10 and 14, number 6. A suggestion only; names are never changed silently.
    """
    if ":" in forbidden:
        name = re.sub(r"\s*:\s*", " - ", name)
    if "<" in forbidden:
        name = name.replace("<", "(").replace(">", ")")
    return re.sub(r"\s+", " ", name).strip()


def same_name(one: str, other: str) -> bool:
    """Names compare without case and with single spaces, as the ledgers do."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def _problem(
    reason: Reason, where: str, field: str, message: str, fix: str, value: str, suggestion: str = ""
) -> Problem:
    return Problem(
        reason=reason, where=where, field=field, message=message, fix=fix, value=value[:500], suggestion=suggestion
    )
