"""Records: what billing wants, one immutable version after another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlmodel import col, or_, select

from contracts.books import RecordKind
from contracts.credit_memos import CreditMemo
from contracts.customers import Customer
from contracts.invoices import STATUS_ORDER, DocumentStatus, Invoice, PaymentStatus
from contracts.payments import Payment
from contracts.problems import Problem, Reason
from mappings.plan import KIND_OF, CoreRecord
from service.clock import new_id, utc_now
from service.lanes.waking import wake
from service.store.database import Session
from service.store.tables import Connection, LaneKind, Link, Origin, Record, RecordState, RecordVersion

MODEL_OF: dict[str, type[CoreRecord]] = {kind: model for model, kind in KIND_OF.items()}
URGENT_UP_TO = 50
"""Records accepted together up to this number go before backfill; more than that is backfill itself."""
FINALISATION = "finalisation"


@dataclass(frozen=True)
class Accepted:
    """What became of one record sent to us. Problems mean it was refused and nothing of it is stored."""

    external_id: str
    record: Record | None = None
    changed: bool = False
    problems: list[Problem] = field(default_factory=list)


async def accept(session: Session, connection: Connection, records: Sequence[CoreRecord]) -> list[Accepted]:
    """Store each record's new version and wake the lane. The same body again changes nothing.

    A record that contradicts what is recorded is refused alone; its neighbours are stored.
    """
    existing = await _existing(session, connection, records)
    urgent = len(records) <= URGENT_UP_TO
    answers: list[Accepted] = []
    for core in records:
        key = (KIND_OF[type(core)], core.id)
        answer = await _accept_one(session, connection, core, existing.get(key), urgent=urgent)
        if answer.record is not None:
            existing[key] = answer.record
        answers.append(answer)
    changed = [answer.record for answer in answers if answer.changed and answer.record is not None]
    if changed:
        await session.flush()
        customers = [record for record in changed if record.kind == RecordKind.CUSTOMER]
        await release_dependents_of(session, connection.id, customers)
        await wake(session, LaneKind.CONNECTION, connection.id)
    return answers


def add_version(session: Session, record: Record, core: CoreRecord, *, origin: Origin) -> None:
    """Append a version to a record and copy its head. The caller decides what is due."""
    body = core.model_dump(mode="json")
    record.wanted_version += 1
    record.updated_at = utc_now()
    _copy_head(record, core)
    session.add(record)
    session.add(
        RecordVersion(
            record_id=record.id,
            version=record.wanted_version,
            body=body,
            fingerprint=_fingerprint(body),
            origin=origin,
        )
    )


def new_record(connection: Connection, core: CoreRecord, *, origin: Origin) -> Record:
    """A record without a version yet."""
    return Record(
        id=new_id("rec"),
        connection_id=connection.id,
        kind=KIND_OF[type(core)],
        external_id=core.id,
        origin=origin,
        wanted_version=0,
    )


async def retry(session: Session, record: Record) -> None:
    """Try a record again at once, as something new: the ledger must not answer from memory.

    A document that was deleted in the ledger is made again. A draft has nothing to try: it goes when it is final.
    """
    if record.waits_for == FINALISATION:
        return
    gone = select(Link).where(col(Link.record_id) == record.id, col(Link.gone_at).is_not(None))
    for link in (await session.exec(gone)).all():
        await session.delete(link)
    if record.state in (RecordState.SENDING, RecordState.UNCERTAIN):
        return
    record.state = RecordState.WAITING
    record.generation += 1
    record.failures = 0
    record.alone = False
    record.urgent = True
    record.due_at = utc_now()
    session.add(record)
    await wake(session, LaneKind.CONNECTION, record.connection_id)


async def release_blocked(session: Session, connection_id: str) -> None:
    """Look at every blocked record again: a setting or list it may have waited for has changed."""
    await session.exec(
        update(Record)
        .where(col(Record.connection_id) == connection_id, col(Record.state) == RecordState.BLOCKED)
        .values(due_at=utc_now())
    )
    await wake(session, LaneKind.CONNECTION, connection_id)


async def release_dependents(session: Session, record: Record) -> None:
    """Look again at what waits for this record, or was blocked because of it."""
    await release_dependents_of(session, record.connection_id, [record])


async def release_dependents_of(session: Session, connection_id: str, records: Sequence[Record]) -> None:
    """The same for many records of one connection: a handful of statements however many there are."""
    for start in range(0, len(records), 200):
        some = records[start : start + 200]
        waits = [dependency_key(record.kind, record.external_id) for record in some]
        customers = [record.external_id for record in some if record.kind == RecordKind.CUSTOMER]
        owners = [record.customer_id for record in some if record.kind != RecordKind.CUSTOMER]
        blocked = col(Record.state) == RecordState.BLOCKED
        settles = col(Record.kind).in_((RecordKind.CREDIT_MEMO, RecordKind.PAYMENT))
        await session.exec(
            update(Record)
            .where(
                col(Record.connection_id) == connection_id,
                or_(
                    col(Record.waits_for).in_(waits),
                    blocked & col(Record.customer_id).in_(customers),
                    blocked & col(Record.customer_id).in_(owners) & settles,
                ),
                col(Record.id).not_in([record.id for record in some]),
            )
            .values(due_at=utc_now())
            .execution_options(synchronize_session="fetch")
        )


def dependency_key(kind: str, external_id: str) -> str:
    """How a waiting record names what it waits for: "customer/cus_1"."""
    return f"{kind}/{external_id}"


def parse(kind: str, body: dict[str, Any]) -> CoreRecord:
    """The core record of a stored version."""
    return MODEL_OF[kind].model_validate(body)


async def _existing(
    session: Session, connection: Connection, records: Sequence[CoreRecord]
) -> dict[tuple[str, str], Record]:
    found: dict[tuple[str, str], Record] = {}
    ids = sorted({core.id for core in records})
    for start in range(0, len(ids), 500):
        statement = select(Record).where(
            col(Record.connection_id) == connection.id, col(Record.external_id).in_(ids[start : start + 500])
        )
        for record in (await session.exec(statement)).all():
            found[(record.kind, record.external_id)] = record
    return found


async def _accept_one(
    session: Session, connection: Connection, core: CoreRecord, record: Record | None, *, urgent: bool
) -> Accepted:
    if record is None:
        record = new_record(connection, core, origin=Origin.BILLING)
    else:
        current = await session.get(RecordVersion, (record.id, record.wanted_version))
        if current is not None and current.fingerprint == _fingerprint(core.model_dump(mode="json")):
            return Accepted(core.id, record)
        if problems := _contradictions(core, record, current):
            return Accepted(core.id, record, problems=problems)
    add_version(session, record, core, origin=Origin.BILLING)
    _make_due(record, core, urgent=urgent)
    session.add(record)
    return Accepted(core.id, record, changed=True)


def _contradictions(core: CoreRecord, record: Record, current: RecordVersion | None) -> list[Problem]:
    """What a new version must not do. One answer fits, so the first that applies is given."""
    where = f"{record.kind.replace('_', ' ')} {record.number or record.external_id}"
    from_ledger = current is not None and current.origin == Origin.LEDGER
    if isinstance(core, Payment) and record.origin == Origin.LEDGER:
        return [
            Problem(
                reason=Reason.CONFLICT,
                where=where,
                field="id",
                message="This payment was recorded in the ledger.",
                fix="Change it in the ledger; the change arrives here by itself.",
                value=core.id,
            )
        ]
    if not isinstance(core, Invoice | CreditMemo):
        return []
    before, after = DocumentStatus(record.status), core.status
    if before == DocumentStatus.VOIDED and after != DocumentStatus.VOIDED:
        reason = Reason.VOIDED_IN_LEDGER if from_ledger else Reason.STATUS_BACKWARDS
        voided_where = "in the ledger" if from_ledger else "in billing"
        return [
            Problem(
                reason=reason,
                where=where,
                field="status",
                message=f"The document was voided {voided_where}; a void is final.",
                fix="Void it in billing too, and issue a new document under a new id and number.",
                value=after,
            )
        ]
    if STATUS_ORDER[after] < STATUS_ORDER[before]:
        return [
            Problem(
                reason=Reason.STATUS_BACKWARDS,
                where=where,
                field="status",
                message=f"The document is {before.value} and cannot become {after.value}.",
                fix=f"Send it with status {before.value} or a later one.",
                value=after,
            )
        ]
    return []


def _make_due(record: Record, core: CoreRecord, *, urgent: bool) -> None:
    record.failures = 0
    record.alone = False
    record.urgent = urgent
    record.problems = []
    draft = isinstance(core, Invoice | CreditMemo) and core.status == DocumentStatus.DRAFT
    record.waits_for = FINALISATION if draft else ""
    record.due_at = None if draft else utc_now()
    if record.state not in (RecordState.SENDING, RecordState.UNCERTAIN):
        record.state = RecordState.WAITING


def _copy_head(record: Record, core: CoreRecord) -> None:
    if isinstance(core, Customer):
        record.name = core.name or core.company_name or f"{core.person.given} {core.person.family}".strip()
        record.currency = core.currency
        record.customer_id = core.id
        return
    record.customer_id = core.customer_id
    record.currency = core.currency
    record.status = core.status
    if isinstance(core, Payment):
        record.number = core.reference
        record.total = core.amount
        record.document_date = core.paid_on.isoformat()
        return
    record.number = core.number
    record.total = core.totals.total
    record.document_date = core.issue_date.isoformat()
    if isinstance(core, Invoice) and not record.payment_status:
        record.payment_status = PaymentStatus.UNPAID


def _fingerprint(body: dict[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
