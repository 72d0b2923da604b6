"""Asking for an object of the ledger to be read again, in the transaction that made that necessary."""

from __future__ import annotations

from sqlmodel import col, select

from contracts.books import ObservedPayment, RecordKind
from service.store.database import Session
from service.store.tables import Change


async def ask_to_read(session: Session, connection_id: str, kind: RecordKind, remote_id: str, *, why: str) -> None:
    """Keep one hint. why: what made it necessary, so that the same cause asks once."""
    key = f"derived:{why}:{kind}:{remote_id}"
    known = select(Change.seq).where(col(Change.connection_id) == connection_id, col(Change.dedupe_key) == key)
    if (await session.exec(known)).first() is None:
        session.add(
            Change(
                connection_id=connection_id,
                dedupe_key=key,
                source="derived",
                kind=kind,
                remote_id=remote_id,
                operation="updated",
            )
        )
        await session.flush()


async def ask_to_read_settled(
    session: Session, connection_id: str, payment: ObservedPayment, *, removed: bool = False
) -> None:
    """Read the documents a payment settles: the ledger need not say by itself that their balances moved.

    removed: it settles them no longer. That is another cause than its making, with the version it still had.
    """
    for part in payment.allocations:
        why = f"payment{'-removed' if removed else ''}:{payment.ref.id}:{payment.ref.version}"
        await ask_to_read(session, connection_id, RecordKind(part.kind), part.remote_id, why=why)
