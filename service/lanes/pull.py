"""Ledger to billing: hints are read afresh, the change feed is swept, what is found is applied.

A hint (webhook) says that something changed, never what is true now. Each slice reads the objects it names and applies
them in one transaction with marking the hints as done, so a kill in between repeats the reading and changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlmodel import col, select

from connectors.protocol import Ledger
from contracts.books import Gone, Observed, RecordKind
from contracts.connections import ConnectionSettings
from service.clock import utc_now
from service.lanes.apply import Applier
from service.lanes.holdings import observed_of
from service.lanes.lane import HeldLane
from service.store.database import Session
from service.store.tables import Change, Connection, Link

HINTS_AT_ONCE = 100
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
            read += await ledger.read(kind, sorted(wanted[kind]))
    if wanted[RecordKind.INVOICE]:
        read += await ledger.payments_of(sorted(wanted[RecordKind.INVOICE]))
    async with held.write() as (session, lane):
        lane.calls += sum(1 for kind in KINDS if wanted[kind])
        applier = Applier(session, await session.get_one(Connection, connection_id), ledger.name)
        for hint in hints:
            if hint.merged_into:
                await applier.merged(hint.remote_id, hint.merged_into)
        await applier.apply(read)
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
    """The hint is about a state we hold already: most often our own write coming back.

    Times that are equal to the whole second prove nothing, since two changes can share one.
    """
    if hint.occurred_at is None or held_since is None or hint.operation in ("deleted", "merged"):
        return False
    if hint.occurred_at == held_since:
        return hint.occurred_at.microsecond != 0
    return hint.occurred_at < held_since


async def sweep_changes(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    """Read the change feed from the cursor when it is due: enough alone, if every webhook were lost."""
    async with held.database.read() as session:
        connection = await session.get_one(Connection, connection_id)
        due, since = connection.pull_due_at, connection.pulled_until
    if due is None or due > utc_now():
        return False
    changes = await ledger.changes(since or utc_now())
    async with held.write() as (session, lane):
        lane.calls += 1
        connection = await session.get_one(Connection, connection_id)
        await Applier(session, connection, ledger.name).apply([*changes.observed, *changes.gone])
        connection.pulled_until = changes.until
        connection.last_pulled_at = utc_now()
        connection.pull_due_at = utc_now() if not changes.complete else _next_pull(connection)
        session.add(connection)
    return True


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
