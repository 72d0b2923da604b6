"""Statements that no value can escape from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.quickbooks.query import (
    ANY_ACTIVITY,
    Condition,
    Value,
    at_least,
    count,
    equals,
    literal,
    one_of,
    select,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("O'Brien", r"'O\'Brien'"),
        ("back\\", r"'back\\'"),
        (r"\' OR Id = '1", r"'\\\' OR Id = \'1'"),
        ("tab\tand\nline", "'tab and line'"),
        ("Zoë 🎉", "'Zoë 🎉'"),
        (True, "true"),
        (7, "'7'"),
        (Decimal("1E+3"), "'1000'"),
        (date(2026, 1, 31), "'2026-01-31'"),
        (datetime(2026, 1, 31, 10, 0, 0, 999, timezone(-timedelta(hours=8))), "'2026-01-31T10:00:00-08:00'"),
        (datetime(2026, 1, 31, tzinfo=UTC), "'2026-01-31T00:00:00+00:00'"),
    ],
)
def test_values_are_written_as_the_language_wants_them(value: Value, written: str) -> None:
    """Quotes and backslashes escaped, numbers and dates quoted, booleans bare."""
    assert literal(value) == written


@given(st.text())
def test_no_text_ends_its_literal_early(text: str) -> None:
    """Read back the way the server does: the only closing quote is the last character."""
    written, position = literal(text), 1
    while written[position] != "'":
        position += 2 if written[position] == "\\" else 1

    assert position == len(written) - 1


def test_a_statement_has_its_parts_in_order() -> None:
    """Paging last."""
    statement = select("Customer", ANY_ACTIVITY, one_of("Id", ["1", "2"]), order_by=("Id",), start=1, most=1000)

    assert statement == (
        "SELECT * FROM Customer WHERE Active IN (true,false) AND Id IN ('1','2') "
        "ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"
    )
    assert count("Invoice", equals("DocNumber", "1")) == "SELECT COUNT(*) FROM Invoice WHERE DocNumber = '1'"


def test_what_is_not_a_name_or_a_condition_is_refused() -> None:
    """A property or condition from outside is a way in."""
    with pytest.raises(ValueError):
        at_least("Id = '1' OR Id", 1)
    with pytest.raises(ValueError):
        select("Customer; DROP")
    with pytest.raises(TypeError):
        select("Customer", "Id = '1'")  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        one_of("Id", [])
    assert isinstance(ANY_ACTIVITY, Condition)


@pytest.mark.parametrize(("start", "most"), [(0, 10), (1, 0), (1, 1001)])
def test_pages_the_server_would_refuse_are_never_asked(start: int, most: int) -> None:
    """STARTPOSITION 0 is fault 4001; MAXRESULTS above 1000 is rejected or silently cut."""
    with pytest.raises(ValueError):
        select("Customer", start=start, most=most)


def test_a_time_without_its_offset_is_refused() -> None:
    """It would be read in the company's zone, hours away."""
    with pytest.raises(ValueError):
        literal(datetime(2026, 1, 1))  # noqa: DTZ001
