"""Connections and how their lanes do."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from contracts.api import ConnectionPage, LaneStatus
from contracts.books import LedgerName
from contracts.connections import Connection, ConnectionSettings, ConnectionStatus
from service.clock import utc_now
from service.store.database import Session
from service.store.tables import CallState, Change, Lane, LaneKind, Record, RecordState, StoredCall
from service.store.tables import Connection as ConnectionRow
from service.views.paging import DEFAULT_PAGE, cut, decode_cursor, encode_cursor
from service.views.reasons import count_problems


async def find_connection(session: Session, platform_id: str, connection_id: str) -> ConnectionRow | None:
    """The platform's own connection. Another platform's does not exist."""
    row = await session.get(ConnectionRow, connection_id)
    return row if row is not None and row.platform_id == platform_id else None


async def list_connections(
    session: Session, platform_id: str, *, limit: int = DEFAULT_PAGE, cursor: str = ""
) -> ConnectionPage:
    """Newest first."""
    wanted = select(ConnectionRow).where(col(ConnectionRow.platform_id) == platform_id)
    if cursor:
        wanted = wanted.where(col(ConnectionRow.id) < decode_cursor(cursor, 1)[0])
    rows = (await session.exec(wanted.order_by(col(ConnectionRow.id).desc()).limit(limit + 1))).all()
    page, more = cut(rows, limit)
    lanes = await _lanes(session, [row.id for row in page])
    return ConnectionPage(
        items=[connection_view(row, lanes.get(row.id)) for row in page],
        next_cursor=encode_cursor(page[-1].id) if more else None,
    )


async def view_connection(session: Session, row: ConnectionRow, *, authorize_url: str = "") -> Connection:
    """One connection. authorize_url is known only right after it was made: its state is kept as a digest."""
    return connection_view(row, (await _lanes(session, [row.id])).get(row.id), authorize_url=authorize_url)


def connection_view(row: ConnectionRow, lane: Lane | None = None, *, authorize_url: str = "") -> Connection:
    """The contract's shape of a row."""
    return Connection(
        id=row.id,
        ledger=LedgerName(row.ledger),
        name=row.name,
        status=ConnectionStatus(row.status),
        company_id=row.company_id,
        company_name=row.company_name,
        country=row.country,
        home_currency=row.home_currency,
        authorize_url=authorize_url,
        catalog_read_at=row.catalog_read_at,
        last_pulled_at=row.last_pulled_at,
        last_error=row.last_error,
        paused_until=_still_ahead(lane),
        created_at=row.created_at,
    )


def settings_view(row: ConnectionRow) -> ConnectionSettings:
    """The settings in force."""
    return ConnectionSettings.model_validate(row.settings)


async def lane_status(session: Session, row: ConnectionRow) -> LaneStatus:
    """Queue sizes, the oldest work, and what the lane last stumbled over."""
    lane = (await _lanes(session, [row.id])).get(row.id)
    ours = col(Record.connection_id) == row.id
    counted = (
        await session.exec(
            select(col(Record.kind), col(Record.state), sa.func.count())
            .where(ours)
            .group_by(col(Record.kind), col(Record.state))
        )
    ).all()
    states: dict[str, int] = {}
    kinds: dict[str, int] = {}
    for kind, state, count in counted:
        states[state] = states.get(state, 0) + count
        if state != RecordState.IN_SYNC:
            kinds[kind] = kinds.get(kind, 0) + count
    due, oldest = (
        await session.exec(
            select(sa.func.count(), sa.func.min(Record.due_at)).where(ours, col(Record.due_at) <= utc_now())
        )
    ).one()
    return LaneStatus(
        connection_id=row.id,
        states=states,
        kinds=kinds,
        reasons=await count_problems(session, ours),
        due=due,
        oldest_due_at=oldest,
        open_calls=await _open_calls(session, row.id),
        open_changes=await _open_changes(session, row.id),
        calls=lane.calls if lane else 0,
        lane_due_at=lane.due_at if lane else None,
        paused_until=_still_ahead(lane),
        failures=lane.failures if lane else 0,
        last_error=(lane.last_error if lane else "") or row.last_error,
        last_pulled_at=row.last_pulled_at,
        pulled_until=row.pulled_until,
    )


async def _lanes(session: Session, connection_ids: list[str]) -> dict[str, Lane]:
    wanted = select(Lane).where(col(Lane.kind) == LaneKind.CONNECTION, col(Lane.subject_id).in_(connection_ids))
    return {lane.subject_id: lane for lane in (await session.exec(wanted)).all()}


def _still_ahead(lane: Lane | None) -> datetime | None:
    """A pause that is over is no pause."""
    if lane is None or lane.paused_until is None or lane.paused_until <= utc_now():
        return None
    return lane.paused_until


async def _open_calls(session: Session, connection_id: str) -> int:
    wanted = select(sa.func.count()).where(
        col(StoredCall.connection_id) == connection_id, col(StoredCall.state) != CallState.DONE
    )
    return (await session.exec(wanted)).one()


async def _open_changes(session: Session, connection_id: str) -> int:
    wanted = select(sa.func.count()).where(col(Change.connection_id) == connection_id, col(Change.applied_at).is_(None))
    return (await session.exec(wanted)).one()
