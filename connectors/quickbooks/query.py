"""Statements of the QuickBooks query language, built so that no value can become part of the statement.

Quoted values escape with a backslash, and the backslash itself has to be escaped too: the SDK forgets that, so a name
that ends in one leaves the literal open and the rest of the statement is the value's to write.
Numbers and dates are quoted (unquoted comparison fails with 4000); only true and false are bare.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

MOST_ROWS = 1000
"""The largest MAXRESULTS. More is rejected or silently cut."""

Value = str | int | Decimal | date | datetime | bool

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Condition(str):
    """A finished condition. Only the functions below make one, which is what keeps statements safe."""

    __slots__ = ()


def equals(prop: str, value: Value) -> Condition:
    """prop = value"""
    return _compare(prop, "=", value)


def at_least(prop: str, value: Value) -> Condition:
    """prop >= value"""
    return _compare(prop, ">=", value)


def at_most(prop: str, value: Value) -> Condition:
    """prop <= value"""
    return _compare(prop, "<=", value)


def one_of(prop: str, values: Iterable[Value]) -> Condition:
    """prop IN (values). At least one value: an empty list is a syntax error there."""
    listed = ",".join(literal(value) for value in values)
    if not listed:
        raise ValueError("IN needs at least one value")
    return Condition(f"{_name(prop)} IN ({listed})")


ANY_ACTIVITY = Condition("Active IN (true,false)")
"""Lists answer with active rows only unless this is said."""


def select(
    entity: str,
    *where: Condition,
    order_by: Sequence[str] = (),
    start: int | None = None,
    most: int | None = None,
) -> str:
    """SELECT * FROM entity. `start` counts from 1, `most` is at most 1000."""
    if start is not None and start < 1:
        raise ValueError("STARTPOSITION counts from 1")
    if most is not None and not 1 <= most <= MOST_ROWS:
        raise ValueError(f"MAXRESULTS lies between 1 and {MOST_ROWS}")
    parts = ["SELECT * FROM", _name(entity), *_where(where)]
    if order_by:
        parts.append("ORDERBY " + ", ".join(_name(prop) for prop in order_by))
    if start is not None:
        parts.append(f"STARTPOSITION {start}")
    if most is not None:
        parts.append(f"MAXRESULTS {most}")
    return " ".join(parts)


def count(entity: str, *where: Condition) -> str:
    """SELECT COUNT(*) FROM entity; paging does not matter to it."""
    return " ".join(["SELECT COUNT(*) FROM", _name(entity), *_where(where)])


def literal(value: Value) -> str:
    """A value as it stands in a statement.

    Control characters become spaces: the names and numbers compared here cannot contain one.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without its offset would be read in the company's zone")
        return f"'{value.isoformat(timespec='seconds')}'"
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    if isinstance(value, int | Decimal):
        return f"'{value:f}'" if isinstance(value, Decimal) else f"'{value}'"
    text = _CONTROL.sub(" ", value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def _compare(prop: str, operator: str, value: Value) -> Condition:
    return Condition(f"{_name(prop)} {operator} {literal(value)}")


def _where(where: Sequence[Condition]) -> list[str]:
    for condition in where:
        if not isinstance(condition, Condition):
            raise TypeError("conditions are made by equals, at_least, at_most and one_of")
    return ["WHERE " + " AND ".join(where)] if where else []


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of an entity or property")
    return name
