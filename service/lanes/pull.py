"""Ledger to billing: hints are read afresh, the change feed is swept, what is found is applied.

A hint (webhook) says that something changed, never what is true now. What is read is applied a hundred at a time, each
hundred in a transaction, and then the hints are marked or the cursor moves: a kill in between repeats the reading, and
applying the same again changes nothing. An object that cannot be read or applied is left out alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import func, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import col, select

from connectors.protocol import Ledger, Refused
from contracts.books import Gone, Observed, RecordKind
from contracts.connections import ConnectionSettings
from service.clock import utc_now
from service.lanes.apply import Applier, in_order
from service.lanes.holdings import observed_of
from service.lanes.lane import HeldLane, LaneLost
from service.store.database import Session
from service.store.tables import Change, Connection, Link

log = structlog.get_logger(__name__)

HINTS_AT_ONCE = 100
APPLIED_AT_ONCE = 100
"""One transaction's worth: more would hold the database's only writer while a long sweep is applied."""
NOT_THE_OBJECTS_FAULT = (LaneLost, OperationalError, InterfaceError, PoolTimeout)
KINDS = (RecordKind.CUSTOMER, RecordKind.INVOICE, RecordKind.CREDIT_MEMO, RecordKind.PAYMENT)


async def apply_hints(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    """One slice of noticed changes: one reading for each kind, however many hints name the same object."""
    async with held.database.read() as session:
        statement = (
            select(Change)
            .where(col(Change.connection_id) == connection_id, col(Change.applied_at).is_(None))
            .order_by(col(Change.seq))
            .limit(HINTS_AT_ONCE)
        )
        hints = list((await session.exec(statement)).all())
        known = await _held_since(session, connection_id, hints)
    if not hints:
        return False
    wanted: dict[RecordKind, set[str]] = defaultdict(set)
    for hint in hints:
        if not _is_known(hint, known.get((hint.kind, hint.remote_id))):
            wanted[RecordKind(hint.kind)].add(hint.remote_id)
    read: list[Observed | Gone] = []
    for kind in KINDS:
        if wanted[kind]:
            read += await read_shown(ledger, kind, sorted(wanted[kind]))
    if wanted[RecordKind.INVOICE]:
        read += await ledger.payments_of(sorted(wanted[RecordKind.INVOICE]))
    for hint in hints:
        if hint.merged_into:
            await _merge(held, ledger, connection_id, hint)
    await _apply(held, ledger, connection_id, read)
    async with held.write() as (session, lane):
        lane.calls += sum(1 for kind in KINDS if wanted[kind])
        await session.exec(
            update(Change).where(col(Change.seq).in_([hint.seq for hint in hints])).values(applied_at=utc_now())
        )
    return True


async def _held_since(session: Session, connection_id: str, hints: Sequence[Change]) -> dict[tuple[str, str], datetime]:
    """The ledger's own time of the state we hold of each object that is hinted at."""
    statement = select(Link).where(
        col(Link.connection_id) == connection_id,
        col(Link.remote_id).in_({hint.remote_id for hint in hints}),
        col(Link.gone_at).is_(None),
    )
    found: dict[tuple[str, str], datetime] = {}
    for link in (await session.exec(statement)).all():
        observed = observed_of(link)
        if observed is not None and observed.updated_at is not None:
            found[(link.kind, link.remote_id)] = observed.updated_at
    return found


def _is_known(hint: Change, held_since: datetime | None) -> bool:
    """The hint is about the very state we hold: most often our own write coming back.

    Only a time that is equal to the fraction of a second says so. An older one may be a wrong clock, and a whole second
    can be shared by two changes: then the object is read.
    """
    if hint.occurred_at is None or hint.operation in ("deleted", "merged"):
        return False
    return hint.occurred_at == held_since and hint.occurred_at.microsecond != 0


async def read_shown(ledger: Ledger, kind: RecordKind, ids: Sequence[str]) -> list[Observed | Gone]:
    """These objects as they are now. One that the ledger will not show must not hold the others."""
    try:
        return await ledger.read(kind, ids)
    except Refused as error:
        if len(ids) == 1:
            log.error("object_not_shown", kind=kind, remote_id=ids[0], code=error.code, trace_id=error.trace_id)
            return []
    return [seen for identifier in ids for seen in await read_shown(ledger, kind, [identifier])]


async def _apply(held: HeldLane, ledger: Ledger, connection_id: str, found: Sequence[Observed | Gone]) -> None:
    ordered = in_order(found)
    for start in range(0, len(ordered), APPLIED_AT_ONCE):
        some = ordered[start : start + APPLIED_AT_ONCE]
        if not await _done(held, ledger, connection_id, partial(Applier.apply, found=some)):
            for one in some:
                if not await _done(held, ledger, connection_id, partial(Applier.apply, found=[one])):
                    log.error("left_out", connection=connection_id, kind=one.ref.kind, remote_id=one.ref.id)


async def _merge(held: HeldLane, ledger: Ledger, connection_id: str, hint: Change) -> None:
    work = partial(Applier.merged, loser=hint.remote_id, survivor=hint.merged_into)
    if not await _done(held, ledger, connection_id, work):
        log.error("left_out", connection=connection_id, kind=hint.kind, remote_id=hint.remote_id)


async def _done(held: HeldLane, ledger: Ledger, connection_id: str, work: Callable[[Applier], Awaitable[None]]) -> bool:
    """Do it in one transaction. False when it cannot be done: nobody foresaw such an object, and nothing is kept."""
    try:
        async with held.write() as (session, _):
            await work(Applier(session, await session.get_one(Connection, connection_id), ledger.name))
    except NOT_THE_OBJECTS_FAULT:
        raise
    except Exception:
        log.exception("not_applied", connection=connection_id)
        return False
    return True


async def sweep_changes(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    """Read the change feed from the cursor when it is due: enough alone, if every webhook were lost."""
    async with held.database.read() as session:
        connection = await session.get_one(Connection, connection_id)
        due, since = connection.pull_due_at, connection.pulled_until
    if due is None or due > utc_now():
        return False
    try:
        changes = await ledger.changes(since or utc_now())
    except Refused as error:
        await _declined(held, connection_id, error)
        return True
    await _apply(held, ledger, connection_id, [*changes.observed, *changes.gone])
    async with held.write() as (session, lane):
        lane.calls += 1
        connection = await session.get_one(Connection, connection_id)
        connection.last_error = ""
        connection.pulled_until = changes.until
        connection.last_pulled_at = utc_now()
        connection.pull_due_at = utc_now() if not changes.complete else _next_pull(connection)
        session.add(connection)
    return True


async def _declined(held: HeldLane, connection_id: str, error: Refused) -> None:
    """The feed is asked again at its next time; what is to be pushed does not wait for it."""
    log.error("feed_declined", connection=connection_id, code=error.code, trace_id=error.trace_id)
    async with held.write() as (session, _):
        connection = await session.get_one(Connection, connection_id)
        connection.last_error = f"The change feed cannot be read: {error}"[:300]
        connection.pull_due_at = _next_pull(connection)
        session.add(connection)


async def earliest_pull(session: Session, connection: Connection) -> list[datetime | None]:
    """When there is something to pull next."""
    statement = select(func.min(Change.received_at)).where(
        col(Change.connection_id) == connection.id, col(Change.applied_at).is_(None)
    )
    oldest: Sequence[datetime | None] = (await session.exec(statement)).all()
    return [*oldest, connection.pull_due_at]


def _next_pull(connection: Connection) -> datetime:
    settings = ConnectionSettings.model_validate(connection.settings)
    return utc_now() + timedelta(seconds=settings.pull_every_seconds)
