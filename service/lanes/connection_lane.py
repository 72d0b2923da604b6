"""The work of one connection, in slices: every slice commits on its own, and any of them may be the last.

Order within a round: what people and billing push, what the ledger hints at, imports, the sweep. One slice of each, so
that a long import does not hold an invoice and a backlog of invoices does not hold a payment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from connectors.protocol import ConnectorError, Ledger, Refused, SignInNeeded, TryLater
from contracts.connections import ConnectionStatus
from contracts.events import EventType
from service.clock import utc_now
from service.events.feed import emit
from service.imports import runs
from service.lanes.backoff import retry_at
from service.lanes.lane import HeldLane, close
from service.lanes.pull import apply_hints, earliest_pull, sweep_changes
from service.lanes.push import earliest_push, push
from service.records import release_blocked
from service.store.database import Session
from service.store.tables import Connection, Lane, StoredCatalog, TokenGrant

if TYPE_CHECKING:
    from service.runtime import Service

log = structlog.get_logger(__name__)


async def drain(service: Service, held: HeldLane) -> None:
    """Work until nothing is due, the service stops, or the lane is lost."""
    connection_id = held.subject_id
    while not service.stopping.is_set():
        async with held.database.read() as session:
            connection = await session.get(Connection, connection_id)
            grant = await session.get(TokenGrant, connection_id)
        if connection is None or connection.status != ConnectionStatus.CONNECTED:
            await _close_for_good(held)
            return
        if await _is_paused(held):
            return
        try:
            worked = await _round(held, service.ledgers.open(connection), connection_id)
        except SignInNeeded as error:
            if await _sign_in_needed(held, connection_id, error, refused=grant.generation if grant else 0):
                return
        except ConnectorError as error:
            await _pause(held, connection_id, error)
            return
        if not worked and await _close_if_dry(held, connection_id):
            return


async def _round(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    worked = await _catalog(held, ledger, connection_id)
    worked |= await push(held, ledger, connection_id)
    worked |= await apply_hints(held, ledger, connection_id)
    worked |= await runs.advance(held, ledger, connection_id)
    worked |= await sweep_changes(held, ledger, connection_id)
    return worked


async def _catalog(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    """Read the company's lists when they are wanted, and look again at what may have waited for them."""
    async with held.database.read() as session:
        connection = await session.get_one(Connection, connection_id)
    if not connection.catalog_wanted:
        return False
    catalog = await ledger.catalog()
    async with held.write() as (session, lane):
        lane.calls += 1
        connection = await session.get_one(Connection, connection_id)
        first = connection.catalog_read_at is None
        stored = await session.get(StoredCatalog, connection_id)
        body = catalog.model_dump(mode="json")
        if stored is None:
            stored = StoredCatalog(connection_id=connection_id, body=body, read_at=catalog.read_at)
        stored.body, stored.read_at = body, catalog.read_at
        session.add(stored)
        connection.catalog_wanted = False
        connection.catalog_read_at = catalog.read_at
        connection.company_name = catalog.company.name
        connection.company_code = catalog.company.short_code
        connection.country = catalog.company.country
        connection.home_currency = catalog.company.home_currency
        connection.name = connection.name or catalog.company.name
        connection.last_error = ""
        if first:
            # The sweep starts where the connection does: what was in the books before is the import's business.
            connection.pulled_until = connection.pulled_until or catalog.read_at - timedelta(minutes=5)
            connection.pull_due_at = utc_now()
        session.add(connection)
        await session.flush()
        await release_blocked(session, connection_id)
        data = {"company": catalog.company.name, "read_at": catalog.read_at.isoformat()}
        await emit(session, connection, EventType.CATALOG_REFRESHED, f"connection/{connection_id}", data)
    return True


async def _close_if_dry(held: HeldLane, connection_id: str) -> bool:
    async with held.write() as (session, lane):
        connection = await session.get_one(Connection, connection_id)
        return close(lane, await _earliest(session, connection))


async def _earliest(session: Session, connection: Connection) -> datetime | None:
    if connection.catalog_wanted or await runs.has_work(session, connection.id):
        return utc_now()
    times = await earliest_pull(session, connection)
    if connection.catalog_read_at is not None:
        times += await earliest_push(session, connection.id)
    return min((time for time in times if time is not None), default=None)


async def _close_for_good(held: HeldLane) -> None:
    """Not connected: everything stays where it is until a person connects the company again."""
    async with held.write() as (_, lane):
        close(lane, None)


async def _is_paused(held: HeldLane) -> bool:
    """A wake-up during a pause changes nothing: the ledger asked for quiet, or did not answer."""
    async with held.write() as (_, lane):
        if lane.paused_until is None or lane.paused_until <= utc_now():
            return False
        _leave_until(lane, lane.paused_until)
        return True


async def _pause(held: HeldLane, connection_id: str, error: ConnectorError) -> None:
    """The ledger does not answer, or asks to slow down: the lane waits as a time in its row."""
    async with held.write() as (session, lane):
        lane.failures += 1
        lane.last_error = _said(error)
        if isinstance(error, TryLater):
            until = utc_now() + timedelta(seconds=error.wait_seconds)
        else:
            until = retry_at(lane.failures, first_seconds=2.0, longest_seconds=900.0)
        if isinstance(error, Refused):
            log.error("reading_refused", connection=connection_id, code=error.code, trace_id=error.trace_id)
        _leave_until(lane, until)
        connection = await session.get_one(Connection, connection_id)
        connection.last_error = lane.last_error
        session.add(connection)


def _leave_until(lane: Lane, until: datetime) -> None:
    lane.paused_until = until
    lane.due_at = until
    lane.epoch += 1


async def _sign_in_needed(held: HeldLane, connection_id: str, error: SignInNeeded, *, refused: int) -> bool:
    """The grant is gone: stop calling at once and say so.

    refused: generation of the grant the round began with. Another one stored meanwhile, by a person who connected
    again or by a renewal, has not been refused: False, go on with that.
    """
    async with held.write() as (session, lane):
        grant = await session.get(TokenGrant, connection_id)
        if grant is not None and grant.generation != refused:
            return False
        connection = await session.get_one(Connection, connection_id)
        lane.last_error = _said(error)
        close(lane, None)
        if connection.status != ConnectionStatus.CONNECTED:
            return True
        connection.status = ConnectionStatus.SIGN_IN_NEEDED
        connection.last_error = "The ledger no longer accepts our access. Connect the company again."
        session.add(connection)
        data = {"id": connection.id, "company_id": connection.company_id, "reason": "sign_in_needed"}
        await emit(session, connection, EventType.CONNECTION_SIGN_IN_NEEDED, f"connection/{connection.id}", data)
    return True


def _said(error: ConnectorError) -> str:
    return f"{type(error).__name__}: {error}"[:300]
