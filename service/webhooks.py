"""Notices from a ledger: verify, keep once, answer; work later, from a fresh reading."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import structlog
from sqlmodel import col, select

from contracts.books import ChangeHint
from contracts.connections import ConnectionStatus
from service.lanes.waking import wake
from service.store.database import Session
from service.store.tables import Change, Connection, LaneKind

if TYPE_CHECKING:
    from service.runtime import Service

log = structlog.get_logger(__name__)


async def receive(service: Service, ledger: str, raw: bytes, signature: str) -> bool:
    """Keep what a notice says. False for a forged one, which leaves nothing; True means committed."""
    provider = service.ledgers.provider(ledger)
    if provider is None or not provider.verify_notice(raw, signature):
        return False
    try:
        hints = provider.parse_notice(raw)
    except ValueError:
        # Signed and yet unreadable: the sweep finds what it meant. Refusing would only make it come again.
        log.error("notice_unreadable", ledger=ledger, bytes=len(raw))
        return True
    companies: dict[str, list[ChangeHint]] = defaultdict(list)
    for hint in hints:
        companies[hint.company].append(hint)
    if companies:
        async with service.database.write() as session:
            for connection in await _connections(session, ledger, list(companies)):
                await _keep(session, connection, companies[connection.company_id])
    return True


async def _connections(session: Session, ledger: str, companies: list[str]) -> list[Connection]:
    statement = select(Connection).where(
        col(Connection.ledger) == ledger,
        col(Connection.company_id).in_(companies),
        col(Connection.status).in_((ConnectionStatus.CONNECTED, ConnectionStatus.SIGN_IN_NEEDED)),
    )
    return list((await session.exec(statement)).all())


async def _keep(session: Session, connection: Connection, hints: list[ChangeHint]) -> None:
    unique = {hint.dedupe_key: hint for hint in hints}
    known = select(Change.dedupe_key).where(
        col(Change.connection_id) == connection.id, col(Change.dedupe_key).in_(list(unique))
    )
    for key in (await session.exec(known)).all():
        unique.pop(key, None)
    for hint in unique.values():
        session.add(
            Change(
                connection_id=connection.id,
                dedupe_key=hint.dedupe_key,
                source="webhook",
                kind=hint.kind,
                remote_id=hint.remote_id,
                operation=hint.operation,
                merged_into=hint.merged_into,
                occurred_at=hint.at,
            )
        )
    if unique:
        await session.flush()
        await wake(session, LaneKind.CONNECTION, connection.id)
