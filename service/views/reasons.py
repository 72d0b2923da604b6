"""Counting and finding by reason code, inside JSON columns, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col, select

from contracts.problems import Reason
from service.store.database import Session
from service.store.tables import Record


def has_problem(reason: Reason) -> sa.ColumnElement[bool]:
    """Records with a problem of this reason.

    Both databases write the pair with one space, and a quote inside a message is escaped: the text is exact.
    """
    return sa.cast(col(Record.problems), sa.Text).contains(f'"reason": "{reason}"', autoescape=True)


def has_reason(column: Any, reason: Reason) -> sa.ColumnElement[bool]:
    """Rows whose JSON list of codes holds this one."""
    return sa.cast(column, sa.Text).contains(f'"{reason}"', autoescape=True)


async def count_problems(session: Session, *where: sa.ColumnElement[bool]) -> dict[str, int]:
    """Records by reason, the commonest first. A record with two problems of one reason counts once."""
    if session.get_bind().dialect.name == "postgresql":
        problem: Any = sa.func.jsonb_array_elements(Record.problems).column_valued("problem")
        reason = sa.type_coerce(problem, JSONB)["reason"].astext
    else:
        problem = sa.func.json_each(Record.problems).table_valued("value")
        reason = sa.func.json_extract(problem.c.value, "$.reason")
    records = sa.func.count(sa.distinct(col(Record.id)))
    counted = await session.exec(
        select(reason, records)
        .select_from(sa.join(Record, problem, sa.true()))
        .where(*where)
        .group_by(reason)
        .order_by(records.desc())
    )
    return dict(counted.all())
