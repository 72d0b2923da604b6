"""Names: what a ledger's list of names can hold."""

from __future__ import annotations

import re

from contracts.problems import Problem, Reason

_FORBIDDEN = {":": "a colon", "\t": "a tab", "\n": "a line break", "\r": "a line break"}


def check_name(name: str, *, where: str, system: str, max_length: int, field: str = "name") -> list[Problem]:
    """Why a ledger would refuse this name; a name without forbidden characters is suggested."""
    if not name.strip():
        return [_problem(Reason.NAME_MISSING, where, field, "There is no name.", f"Enter a name in {system}.", name)]
    problems = []
    found = sorted({word for character, word in _FORBIDDEN.items() if character in name})
    if found:
        text = f"The name {name!r} contains {' and '.join(found)}."
        fix = f"Rename the customer in {system}, for example to {storable_name(name)!r}."
        problems.append(_problem(Reason.NAME_INVALID, where, field, text, fix, name, storable_name(name)))
    if len(name) > max_length:
        text = f"The name has {len(name)} characters and the ledger holds {max_length}: {name[:60]!r}..."
        problems.append(_problem(Reason.NAME_INVALID, where, field, text, f"Shorten the name in {system}.", name))
    return problems


def storable_name(name: str) -> str:
    """The name with a dash for a colon and single spaces: "Acme: Ops" becomes "Acme - Ops".

    Source: QuickBooks reference 2.10 and 14, number 6. A suggestion only; names are never changed silently.
    """
    return re.sub(r"\s+", " ", re.sub(r"\s*:\s*", " - ", name)).strip()


def same_name(one: str, other: str) -> bool:
    """Names compare without case and with single spaces, as the ledgers do."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def _problem(
    reason: Reason, where: str, field: str, message: str, fix: str, value: str, suggestion: str = ""
) -> Problem:
    return Problem(
        reason=reason, where=where, field=field, message=message, fix=fix, value=value[:500], suggestion=suggestion
    )
