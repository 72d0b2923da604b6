"""Records: what billing sent or the ledger told, where each stands, and everything that was tried."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response, Stream
from sqlmodel import col, select

from contracts.api import RecordState, RecordSummary
from contracts.books import RecordKind
from contracts.problems import Reason
from service.api.import_files import CSV, defused
from service.console.causes import causes_of
from service.console.comparison import compare
from service.console.connections import address, first_of, frame
from service.console.rendering import HEADERS, Ask, go, page
from service.console.sessions import Missing, connection_of, service_of
from service.console.words import amount_text
from service.lanes.holdings import observed_of
from service.records import parse, retry
from service.store.database import Session
from service.store.tables import Connection, Link, Record
from service.views.connections import lane_status
from service.views.paging import LARGEST_PAGE, CursorInvalid
from service.views.records import RecordFilter, list_records, view_record_detail

FILTERS = ("kind", "state", "reason", "q")
LISTED = (RecordKind.INVOICE, RecordKind.CREDIT_MEMO, RecordKind.PAYMENT, RecordKind.CUSTOMER)
RETRIED = (RecordState.BLOCKED, RecordState.RETRYING, RecordState.WAITING, RecordState.IN_SYNC)
COLUMNS = (
    "Kind", "Billing id", "Number", "Name", "Customer id", "Date", "Total", "Currency", "Billing status",
    "Payment status", "State", "Ledger id", "Reasons", "What is wrong", "What to do", "Link",
)  # fmt: skip


@get("/connections/{connection_id:str}/documents")
async def records_page(request: Ask, connection_id: FromPath[str]) -> Response[str]:
    """The list, with what holds the blocked ones up above it."""
    asked = _asked(request)
    service = service_of(request)
    async with service.database.read() as session:
        row = await connection_of(request, session, connection_id)
        wanted = record_filter(asked)
        cursor = request.query_params.get("cursor", "")
        try:
            found = await list_records(session, service.ledgers, row, wanted, cursor=cursor)
        except CursorInvalid:
            found, cursor = await list_records(session, service.ledgers, row, wanted), ""
        lane = await lane_status(session, row)
        causes = await causes_of(session, row)
        names = await _customer_names(session, row, found.items)
    return page(
        request,
        "documents.html",
        **frame(row),
        rows=found.items,
        more=found.next_cursor or "",
        first=first_of(request) if cursor else 1,
        filters=asked,
        states=lane.states,
        reasons=lane.reasons,
        causes=causes,
        names=names,
        kinds=LISTED,
    )


@get("/connections/{connection_id:str}/documents.csv")
async def records_csv(request: Ask, connection_id: FromPath[str]) -> Stream:
    """The same list as a file, all pages of it."""
    async with service_of(request).database.read() as session:
        row = await connection_of(request, session, connection_id)
    headers = HEADERS | {"content-disposition": f'attachment; filename="records-{row.id}.csv"'}
    return Stream(
        _csv(request, row, record_filter(_asked(request))), media_type=f"{CSV}; charset=utf-8", headers=headers
    )


@get("/connections/{connection_id:str}/documents/{record_id:str}")
async def record_page(request: Ask, connection_id: FromPath[str], record_id: FromPath[str]) -> Response[str]:
    """One record: both books side by side, its problems, its versions and what was tried."""
    service = service_of(request)
    async with service.database.read() as session:
        row = await connection_of(request, session, connection_id)
        record = await _record_of(session, row, record_id)
        detail = await view_record_detail(session, service.ledgers, row, record)
        links = await session.exec(select(Link).where(col(Link.record_id) == record.id, col(Link.part) == ""))
        link = links.first()
        names = await _customer_names(session, row, [detail])
    held = observed_of(link) if link is not None and link.gone_at is None else None
    return page(
        request,
        "document.html",
        **frame(row),
        record=detail,
        name=names.get(detail.customer_id, ""),
        lines=compare(parse(record.kind, detail.body), held) if detail.body else [],
        held=held is not None,
        retried=detail.state in RETRIED and row.status == "connected",
    )


@post("/connections/{connection_id:str}/documents/{record_id:str}/retry")
async def retry_now(request: Ask, connection_id: FromPath[str], record_id: FromPath[str]) -> Redirect:
    """Try one record again at once."""
    async with service_of(request).database.write() as session:
        row = await connection_of(request, session, connection_id)
        record = await _record_of(session, row, record_id)
        await retry(session, record)
    return go(f"{address(row.id)}/documents/{record.id}", "It is being tried again. Reload this page in a moment.")


def record_filter(asked: dict[str, str]) -> RecordFilter:
    """The filter of a query; a kind, state or reason nobody knows filters nothing."""
    return RecordFilter(
        kind=RecordKind(asked["kind"]) if asked["kind"] in set(RecordKind) else None,
        state=RecordState(asked["state"]) if asked["state"] in set(RecordState) else None,
        reason=Reason(asked["reason"]) if asked["reason"] in set(Reason) else None,
        search=asked["q"][:200],
    )


def _asked(request: Ask) -> dict[str, str]:
    return {name: request.query_params.get(name, "").strip() for name in FILTERS}


async def _record_of(session: Session, connection: Connection, record_id: str) -> Record:
    record = await session.get(Record, record_id)
    if record is None or record.connection_id != connection.id:
        raise Missing("record")
    return record


async def _customer_names(session: Session, connection: Connection, records: Iterable[RecordSummary]) -> dict[str, str]:
    """Names of the customers the records are for, by billing id."""
    ids = {record.customer_id for record in records if record.customer_id}
    statement = select(Record.external_id, Record.name).where(
        col(Record.connection_id) == connection.id,
        col(Record.kind) == RecordKind.CUSTOMER,
        col(Record.external_id).in_(sorted(ids)),
    )
    return dict((await session.exec(statement)).all()) if ids else {}


async def _csv(request: Ask, connection: Connection, wanted: RecordFilter) -> AsyncIterator[bytes]:
    """A page of the list at a time, each in its own transaction: a slow reader holds nothing."""
    service = service_of(request)
    yield _csv_lines([COLUMNS], mark=True)
    cursor: str | None = ""
    while cursor is not None:
        async with service.database.read() as session:
            found = await list_records(session, service.ledgers, connection, wanted, limit=LARGEST_PAGE, cursor=cursor)
        yield _csv_lines([_csv_row(record) for record in found.items])
        cursor = found.next_cursor


def _csv_lines(rows: Iterable[Iterable[str]], *, mark: bool = False) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([[defused(cell.replace("\x00", "")) for cell in row] for row in rows])
    # Without the mark Excel reads UTF-8 as something else.
    return (("\ufeff" if mark else "") + buffer.getvalue()).encode()


def _csv_row(record: RecordSummary) -> list[str]:
    return [
        record.kind,
        record.id,
        record.number,
        record.name,
        record.customer_id,
        record.document_date,
        amount_text(record.total, record.currency).removesuffix(record.currency).strip(),
        record.currency,
        record.status,
        record.payment_status or "",
        record.state,
        record.ledger.id if record.ledger else "",
        ", ".join(problem.reason for problem in record.problems),
        " ".join(problem.message for problem in record.problems),
        " ".join(problem.fix for problem in record.problems),
        record.ledger.url if record.ledger else "",
    ]


HANDLERS: list[Any] = [records_page, records_csv, record_page, retry_now]
