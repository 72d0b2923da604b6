"""Customer imports: the runs, and the report row by row."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from contracts.api import ImportPage, ImportRowPage
from contracts.books import RecordKind, RemoteRef
from contracts.customers import Customer
from contracts.imports import CustomerImport, ImportRow, ImportState, RowState
from contracts.problems import REASONS, Problem, Reason
from service.store.database import Database, Session
from service.store.tables import Connection, ImportRun, StoredImportRow
from service.views.paging import DEFAULT_PAGE, DeepLinks, cut, decode_cursor, encode_cursor
from service.views.reasons import has_reason

STREAM_CHUNK = 500


@dataclass(frozen=True)
class RowFilter:
    """Which rows. `search` looks into everything the run indexed of the customer: name, e-mail, country, ids."""

    state: RowState | None = None
    reason: Reason | None = None
    search: str = ""

    def clauses(self) -> list[sa.ColumnElement[bool]]:
        """The filter as SQL."""
        clauses: list[sa.ColumnElement[bool]] = []
        if self.state is not None:
            clauses.append(col(StoredImportRow.state) == self.state)
        if self.reason is not None:
            clauses.append(has_reason(StoredImportRow.reasons, self.reason))
        if self.search:
            needle = self.search.casefold()
            clauses.append(
                sa.or_(
                    col(StoredImportRow.search).contains(needle, autoescape=True),
                    sa.func.lower(StoredImportRow.country_text).contains(needle, autoescape=True),
                )
            )
        return clauses


async def find_run(session: Session, connection_id: str, run_id: str) -> ImportRun | None:
    """A run of this connection. Another connection's does not exist."""
    row = await session.get(ImportRun, run_id)
    return row if row is not None and row.connection_id == connection_id else None


async def list_runs(session: Session, connection_id: str, *, limit: int = DEFAULT_PAGE, cursor: str = "") -> ImportPage:
    """Newest first."""
    query = select(ImportRun).where(col(ImportRun.connection_id) == connection_id)
    if cursor:
        query = query.where(col(ImportRun.id) < decode_cursor(cursor, 1)[0])
    rows = (await session.exec(query.order_by(col(ImportRun.id).desc()).limit(limit + 1))).all()
    page, more = cut(rows, limit)
    return ImportPage(
        items=await _views(session, page),
        next_cursor=encode_cursor(page[-1].id) if more else None,
    )


async def view_run(session: Session, run: ImportRun) -> CustomerImport:
    """One run with its counts as they are now."""
    return (await _views(session, [run]))[0]


async def list_rows(
    session: Session,
    ledgers: DeepLinks,
    connection: Connection,
    run: ImportRun,
    wanted: RowFilter,
    *,
    limit: int = DEFAULT_PAGE,
    cursor: str = "",
) -> ImportRowPage:
    """By name, as a person looks for them."""
    name = sa.func.lower(StoredImportRow.name)
    place = sa.tuple_(name, col(StoredImportRow.remote_id))
    query = select(StoredImportRow).where(col(StoredImportRow.run_id) == run.id, *wanted.clauses())
    if cursor:
        last = decode_cursor(cursor, 2)
        query = query.where(place > sa.tuple_(*(sa.literal(key) for key in last)))
    rows = (await session.exec(query.order_by(name, col(StoredImportRow.remote_id)).limit(limit + 1))).all()
    page, more = cut(rows, limit)
    last_keys = await _row_place(session, page[-1]) if more else None
    return ImportRowPage(
        items=[row_view(row, ledgers, connection) for row in page],
        next_cursor=encode_cursor(*last_keys) if last_keys else None,
    )


async def find_row(session: Session, run_id: str, row_id: str) -> StoredImportRow | None:
    """One row, by the ledger's id of the customer."""
    return await session.get(StoredImportRow, (run_id, row_id))


async def stream_rows(
    database: Database, ledgers: DeepLinks, connection: Connection, run: ImportRun, wanted: RowFilter
) -> AsyncIterator[ImportRow]:
    """Every row for a download, in the ledger's order of ids.

    Each chunk is a transaction of its own, so a slow reader holds no connection and no snapshot.
    """
    last = ""
    while True:
        query = (
            select(StoredImportRow)
            .where(col(StoredImportRow.run_id) == run.id, col(StoredImportRow.remote_id) > last, *wanted.clauses())
            .order_by(col(StoredImportRow.remote_id))
            .limit(STREAM_CHUNK)
        )
        async with database.read() as session:
            rows = (await session.exec(query)).all()
        for row in rows:
            yield row_view(row, ledgers, connection)
        if len(rows) < STREAM_CHUNK:
            return
        last = rows[-1].remote_id


def row_view(row: StoredImportRow, ledgers: DeepLinks, connection: Connection) -> ImportRow:
    """The contract's shape of a row. Its body is the customer as observed: `customer` and `problems` stand in it."""
    customer = Customer.model_validate(row.body["customer"])
    return ImportRow(
        row_id=row.remote_id,
        state=RowState(row.state),
        selected=row.selected,
        name=row.name or customer.name,
        emails=list(customer.emails),
        country_text=row.country_text,
        url=ledgers.deep_link(connection, RemoteRef(kind=RecordKind.CUSTOMER, id=row.remote_id)),
        customer_id=row.customer_id or row.wanted_customer_id,
        customer=customer,
        problems=_problems(row),
        read_at=row.read_at,
    )


def _problems(row: StoredImportRow) -> list[Problem]:
    """What was observed, and what was found out since: a code that came after the reading has no text of its own."""
    observed = [Problem.model_validate(problem) for problem in row.body.get("problems", [])]
    explained = {problem.reason for problem in observed}
    later = [Reason(code) for code in row.reasons if Reason(code) not in explained]
    return observed + [
        Problem(
            reason=reason,
            where=f"customer {row.name}",
            message=f"{REASONS[reason].title}.",
            fix="Choose another id for it in billing, or keep the customer that is linked.",
        )
        for reason in later
    ]


async def _row_place(session: Session, row: StoredImportRow) -> tuple[str, str]:
    """The place of a row as the database sees it: its lower() need not be Python's."""
    lowered = (await session.exec(select(sa.func.lower(sa.literal(row.name))))).one()
    return lowered, row.remote_id


async def _views(session: Session, runs: Sequence[ImportRun]) -> list[CustomerImport]:
    ids = [run.id for run in runs]
    states: dict[str, dict[str, int]] = {run_id: {} for run_id in ids}
    reasons: dict[str, dict[str, int]] = {run_id: {} for run_id in ids}
    # Rows fall into few combinations of reasons, so that grouping by the whole list is small and portable.
    codes = sa.cast(col(StoredImportRow.reasons), sa.Text)
    query = (
        select(col(StoredImportRow.run_id), col(StoredImportRow.state), codes, sa.func.count())
        .where(col(StoredImportRow.run_id).in_(ids))
        .group_by(col(StoredImportRow.run_id), col(StoredImportRow.state), codes)
    )
    for run_id, state, text, count in (await session.exec(query)).all():
        states[run_id][state] = states[run_id].get(state, 0) + count
        for code in set(json.loads(text)):
            reasons[run_id][code] = reasons[run_id].get(code, 0) + count
    return [
        CustomerImport(
            id=run.id,
            connection_id=run.connection_id,
            state=ImportState(run.state),
            total=run.total,
            read=run.read,
            valid=states[run.id].get(RowState.VALID, 0),
            invalid=states[run.id].get(RowState.INVALID, 0),
            linked=states[run.id].get(RowState.LINKED, 0),
            imported=states[run.id].get(RowState.IMPORTED, 0),
            reasons=dict(sorted(reasons[run.id].items(), key=lambda pair: (-pair[1], pair[0]))),
            error=run.error,
            started_at=run.started_at,
            finished_at=run.finished_at,
        )
        for run in runs
    ]
