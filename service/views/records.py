"""Records: what billing wants, what the ledger holds, and what was tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from contracts.api import (
    AttemptView,
    LedgerObject,
    LinkOrigin,
    RecordDetail,
    RecordPage,
    RecordState,
    RecordSummary,
    RecordVersionView,
    RecordView,
    Side,
)
from contracts.books import RecordKind, RemoteRef
from contracts.invoices import PaymentStatus
from contracts.money import is_currency, round_to_currency
from contracts.problems import Problem, Reason
from service.store.database import Session
from service.store.tables import Attempt, Connection, Link, Record, RecordVersion, StoredCall
from service.views.paging import DEFAULT_PAGE, DeepLinks, cut, decode_cursor, encode_cursor
from service.views.reasons import has_problem


@dataclass(frozen=True)
class RecordFilter:
    """Which records. None or "" leaves a filter out; `search` looks into number, name and billing's id."""

    kind: RecordKind | None = None
    state: RecordState | None = None
    customer_id: str = ""
    search: str = ""
    reason: Reason | None = None

    def clauses(self) -> list[sa.ColumnElement[bool]]:
        """The filter as SQL."""
        clauses: list[sa.ColumnElement[bool]] = []
        if self.kind is not None:
            clauses.append(col(Record.kind) == self.kind)
        if self.state is not None:
            clauses.append(col(Record.state) == self.state)
        if self.customer_id:
            clauses.append(col(Record.customer_id) == self.customer_id)
        if self.search:
            needle = self.search.lower()
            clauses.append(
                sa.or_(
                    *(
                        sa.func.lower(column).contains(needle, autoescape=True)
                        for column in (Record.number, Record.name, Record.external_id)
                    )
                )
            )
        if self.reason is not None:
            clauses.append(has_problem(self.reason))
        return clauses


async def list_records(
    session: Session,
    ledgers: DeepLinks,
    connection: Connection,
    wanted: RecordFilter,
    *,
    limit: int = DEFAULT_PAGE,
    cursor: str = "",
) -> RecordPage:
    """Newest first; ids sort by the time they were made."""
    query = select(Record).where(col(Record.connection_id) == connection.id, *wanted.clauses())
    if cursor:
        query = query.where(col(Record.id) < decode_cursor(cursor, 1)[0])
    rows = (await session.exec(query.order_by(col(Record.id).desc()).limit(limit + 1))).all()
    page, more = cut(rows, limit)
    links = await _links(session, [row.id for row in page])
    return RecordPage(
        items=[RecordSummary(**_head(row, links.get(row.id, []), ledgers, connection)) for row in page],
        next_cursor=encode_cursor(page[-1].id) if more else None,
    )


async def find_record(session: Session, connection_id: str, kind: RecordKind, external_id: str) -> Record | None:
    """The row of one record, by billing's id."""
    query = select(Record).where(
        col(Record.connection_id) == connection_id, col(Record.kind) == kind, col(Record.external_id) == external_id
    )
    return (await session.exec(query)).one_or_none()


async def view_record(session: Session, ledgers: DeepLinks, connection: Connection, row: Record) -> RecordView:
    """One record with the body billing last sent."""
    links = await _links(session, [row.id])
    version = await session.get(RecordVersion, (row.id, row.wanted_version))
    return RecordView(
        **_head(row, links.get(row.id, []), ledgers, connection), body=version.body if version is not None else {}
    )


async def view_record_detail(
    session: Session, ledgers: DeepLinks, connection: Connection, row: Record, *, versions: int = 50
) -> RecordDetail:
    """One record with its newest versions, every attempt, and the objects that apply it."""
    links = (await _links(session, [row.id])).get(row.id, [])
    query = (
        select(RecordVersion)
        .where(col(RecordVersion.record_id) == row.id)
        .order_by(col(RecordVersion.version).desc())
        .limit(versions)
    )
    bodies = (await session.exec(query)).all()
    wanted = next((body.body for body in bodies if body.version == row.wanted_version), {})
    return RecordDetail(
        **_head(row, links, ledgers, connection),
        body=wanted,
        versions=[
            RecordVersionView(
                version=body.version, origin=Side(body.origin), body=body.body, created_at=body.created_at
            )
            for body in bodies
        ],
        attempts=await list_attempts(session, row),
        parts=[_ledger_object(link, ledgers, connection) for link in links if link.part],
    )


async def list_attempts(session: Session, row: Record, *, limit: int = 200) -> list[AttemptView]:
    """Newest first."""
    query = (
        select(Attempt, StoredCall.request_id)
        .join(StoredCall, col(StoredCall.id) == col(Attempt.call_id), isouter=True)
        .where(col(Attempt.record_id) == row.id)
        .order_by(col(Attempt.opened_at).desc(), col(Attempt.id).desc())
        .limit(limit)
    )
    return [
        AttemptView(
            id=attempt.id,
            version=attempt.version,
            verb=attempt.verb,
            kind=RecordKind(attempt.kind),
            part=attempt.part,
            state=attempt.state,
            code=attempt.code,
            detail=attempt.detail,
            trace_id=attempt.trace_id,
            request_id=request_id or "",
            opened_at=attempt.opened_at,
            closed_at=attempt.closed_at,
        )
        for attempt, request_id in (await session.exec(query)).all()
    ]


async def _links(session: Session, record_ids: Sequence[str]) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = {}
    for link in (await session.exec(select(Link).where(col(Link.record_id).in_(record_ids)))).all():
        found.setdefault(link.record_id, []).append(link)
    return found


def _head(row: Record, links: Sequence[Link], ledgers: DeepLinks, connection: Connection) -> dict[str, Any]:
    own = next((link for link in links if link.part == ""), None)
    return {
        "id": row.external_id,
        "record_id": row.id,
        "kind": RecordKind(row.kind),
        "state": RecordState(row.state),
        "waits_for": row.waits_for,
        "problems": [Problem.model_validate(problem) for problem in row.problems],
        "origin": Side(row.origin),
        "wanted_version": row.wanted_version,
        "ledger_version": row.ledger_version,
        "customer_id": row.customer_id,
        "number": row.number,
        "name": row.name,
        "status": row.status,
        "currency": row.currency,
        "total": _in_places(row.total, row.currency),
        "document_date": row.document_date,
        "payment_status": PaymentStatus(row.payment_status) if row.payment_status else None,
        "amount_paid": _in_places(row.amount_paid, row.currency),
        "ledger": None if own is None else _ledger_object(own, ledgers, connection),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _in_places(amount: Decimal | None, currency: str) -> Decimal | None:
    """The amount written as its currency is: the column keeps the value and not how many zeros it was sent with."""
    if amount is None or not is_currency(currency):
        return amount
    rounded = round_to_currency(amount, currency)
    return rounded if rounded == amount else amount


def _ledger_object(link: Link, ledgers: DeepLinks, connection: Connection) -> LedgerObject:
    ref = RemoteRef(kind=RecordKind(link.kind), id=link.remote_id, version=link.remote_version)
    seen = link.observed
    return LedgerObject(
        id=link.remote_id,
        kind=ref.kind,
        url=ledgers.deep_link(connection, ref),
        origin=LinkOrigin(link.origin),
        version=link.remote_version,
        number=seen.get("number") or "",
        total=seen.get("total", seen.get("amount")),
        balance=seen.get("balance", seen.get("unapplied")),
        voided=bool(seen.get("voided")),
        sent=bool(seen.get("sent")),
        gone_at=link.gone_at,
        updated_at=seen.get("updated_at"),
    )
