"""What somebody did to our objects in the ledger, told to billing: the feed shows it, or our own call meets it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.base import plain
from contracts.books import ObservedDocument, RecordKind
from contracts.events import EventType
from contracts.problems import Problem, Reason
from service.events.feed import emit
from service.records import dependency_key
from service.store.database import Session
from service.store.tables import Connection, Record

_DRIFT = ("number", "customer_ref", "currency", "issue_date", "due_date", "net", "tax", "total")
_DELETED = {
    RecordKind.INVOICE: EventType.INVOICE_DELETED,
    RecordKind.CREDIT_MEMO: EventType.CREDIT_MEMO_DELETED,
    RecordKind.PAYMENT: EventType.PAYMENT_DELETED,
}


async def tell_edit(
    session: Session, connection: Connection, record: Record, before: ObservedDocument, seen: ObservedDocument
) -> None:
    """A document was edited in the ledger: keep the differences as a problem, and tell them."""
    if not before.fingerprint or before.fingerprint == seen.fingerprint:
        return
    differences = [
        {"field": name, "before": _text(getattr(before, name)), "now": _text(getattr(seen, name))}
        for name in _DRIFT
        if getattr(before, name) != getattr(seen, name)
    ]
    if not differences:
        return
    record.problems = [_edited(record, differences).model_dump(mode="json")]
    session.add(record)
    invoice = record.kind == RecordKind.INVOICE
    type_ = EventType.INVOICE_CHANGED if invoice else EventType.CREDIT_MEMO_CHANGED
    data = {"id": record.external_id, "ledger_id": seen.ref.id, "differences": differences}
    await emit(session, connection, type_, dependency_key(record.kind, record.external_id), data)


async def tell_deletion(session: Session, connection: Connection, record: Record, remote_id: str) -> None:
    """A document or payment of billing's was deleted in the ledger."""
    if type_ := _DELETED.get(RecordKind(record.kind)):
        data = {"id": record.external_id, "number": record.number, "ledger_id": remote_id}
        await emit(session, connection, type_, dependency_key(record.kind, record.external_id), data)


def _text(value: Any) -> str:
    return "" if value is None else plain(value) if hasattr(value, "as_tuple") else str(value)


def _edited(record: Record, differences: Sequence[dict[str, str]]) -> Problem:
    said = ", ".join(f"{one['field'].replace('_', ' ')} {one['before']} -> {one['now']}" for one in differences)
    return Problem(
        reason=Reason.CHANGED_IN_LEDGER,
        where=f"{record.kind.replace('_', ' ')} {record.number or record.external_id}",
        message=f"It was edited in the ledger: {said}.",
        fix="Make the same change in billing, or undo it in the ledger; then retry.",
    )
