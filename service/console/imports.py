"""The customer-import report: which of the ledger's customers can be imported, and why the others cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from litestar import get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath
from litestar.response import Redirect, Response, Stream
from sqlmodel import col, select

from contracts.imports import ImportRow, ImportSelection, ImportState, ReloadSelection, RowState, SelectedRow
from contracts.problems import Reason
from service.api import import_files
from service.console.connections import address, first_of, frame
from service.console.rendering import HEADERS, Ask, field, fields, go, page, query
from service.console.sessions import Missing, connection_of, service_of
from service.console.words import plural
from service.imports.runs import reload_rows, select_rows, start
from service.store.database import Session
from service.store.tables import Connection, ImportRun, StoredImportRow
from service.views.imports import RowFilter, find_run, list_rows, list_runs, stream_rows, view_run
from service.views.paging import CursorInvalid

MOST_ROWS = 500
FILTERS = ("state", "reason", "q")


@get("/connections/{connection_id:str}/imports")
async def runs_page(request: Ask, connection_id: FromPath[str]) -> Response[str]:
    """Every run, and the button that starts one."""
    async with service_of(request).database.read() as session:
        row = await connection_of(request, session, connection_id)
        try:
            found = await list_runs(session, row.id, cursor=request.query_params.get("cursor", ""))
        except CursorInvalid:
            found = await list_runs(session, row.id)
    more = found.next_cursor or ""
    return page(request, "imports.html", **frame(row), runs=found.items, more=more, first=first_of(request))


@post("/connections/{connection_id:str}/imports")
async def start_run(request: Ask, connection_id: FromPath[str]) -> Redirect:
    """Read the ledger's customers. A run that is still reading is joined."""
    async with service_of(request).database.write() as session:
        row = await connection_of(request, session, connection_id)
        if row.status != "connected":
            return go(
                f"{address(row.id)}", "The company has to be connected before its customers can be read.", tone="bad"
            )
        run = await start(session, row)
    return go(_address(row, run), "The ledger's customers are being read.", tone="info")


@get("/connections/{connection_id:str}/imports/{run_id:str}")
async def report_page(request: Ask, connection_id: FromPath[str], run_id: FromPath[str]) -> Response[str]:
    """The report of one run."""
    asked = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    service = service_of(request)
    async with service.database.read() as session:
        row, run = await _run_of(request, session, connection_id, run_id)
        counts = await view_run(session, run)
        wanted = row_filter(asked)
        cursor = request.query_params.get("cursor", "")
        try:
            found = await list_rows(session, service.ledgers, row, run, wanted, cursor=cursor)
        except CursorInvalid:
            found, cursor = await list_rows(session, service.ledgers, row, run, wanted), ""
        pending = await _pending(session, run)
    first = first_of(request) if cursor else 1
    return page(
        request,
        "import_report.html",
        **frame(row),
        run=counts,
        rows=found.items,
        more=found.next_cursor or "",
        first=first,
        filters=asked,
        back=query(asked, cursor=cursor, first=first if cursor else ""),
        pending=pending,
        all_rows=counts.valid + counts.invalid + counts.linked + counts.imported,
        reading=counts.state == ImportState.READING,
        still=request.query_params.get("still", "") == "yes",
    )


@get("/connections/{connection_id:str}/imports/{run_id:str}/report.csv")
async def report_csv(request: Ask, connection_id: FromPath[str], run_id: FromPath[str]) -> Stream:
    """The rows the filters leave, as the API's own CSV."""
    rows, run = await _rows_to_download(request, connection_id, run_id)
    return _guarded(import_files.csv_download(rows, run.id))


@get("/connections/{connection_id:str}/imports/{run_id:str}/report.xlsx")
async def report_xlsx(request: Ask, connection_id: FromPath[str], run_id: FromPath[str]) -> Stream:
    """The rows the filters leave, as the API's own spreadsheet."""
    rows, run = await _rows_to_download(request, connection_id, run_id)
    return _guarded(await import_files.xlsx_download(rows, run.id))


@post("/connections/{connection_id:str}/imports/{run_id:str}")
async def act(request: Ask, connection_id: FromPath[str], run_id: FromPath[str]) -> Redirect:
    """Import or read again: the rows that are ticked, or all valid or invalid ones."""
    form = await request.form()
    async with service_of(request).database.write() as session:
        row, run = await _run_of(request, session, connection_id, run_id)
        notice, tone = await _do(session, run, form)
    return go(f"{_address(row, run)}{_back(form)}", notice, tone=tone)


def row_filter(asked: dict[str, str]) -> RowFilter:
    """The filter of a query; a state or reason nobody knows filters nothing."""
    return RowFilter(
        state=RowState(asked["state"]) if asked["state"] in set(RowState) else None,
        reason=Reason(asked["reason"]) if asked["reason"] in set(Reason) else None,
        search=asked["q"][:200],
    )


async def _do(session: Session, run: ImportRun, form: FormMultiDict) -> tuple[str, str]:
    ticked = fields(form, "row")[:MOST_ROWS]
    action = field(form, "action")
    if action in ("import", "reload") and not ticked:
        return "Nothing was done: tick at least one customer first.", "warn"
    match action:
        case "import":
            rows = [SelectedRow(row_id=row_id) for row_id in ticked if 0 < len(row_id) <= 100]
            count = await select_rows(session, run, ImportSelection(rows=rows))
            return _imported(count, left_out=len(ticked) - count)
        case "import_all":
            return _imported(await select_rows(session, run, ImportSelection(all_valid=True)), left_out=0)
        case "reload":
            count = await reload_rows(
                session, run, ReloadSelection(rows=[one for one in ticked if 0 < len(one) <= 100])
            )
            return _reloaded(count)
        case "reload_all":
            return _reloaded(await reload_rows(session, run, ReloadSelection(all_invalid=True)))
        case _:
            return "Nothing was done: choose one of the buttons.", "warn"


def _imported(count: int, *, left_out: int) -> tuple[str, str]:
    why = f" {plural(left_out, 'ticked customer')} left out: only valid ones can be imported." if left_out else ""
    if count == 0:
        return f"No customer is imported: none of them is valid.{why if left_out else ''}", "warn"
    return f"{plural(count, 'customer')} {'is' if count == 1 else 'are'} being imported.{why}", "good"


def _reloaded(count: int) -> tuple[str, str]:
    if count == 0:
        return "Nothing is read again: linked and imported customers need no check.", "warn"
    return f"{plural(count, 'customer')} {'is' if count == 1 else 'are'} being read again from the ledger.", "good"


def _back(form: FormMultiDict) -> str:
    """The filters and the page the action was taken on, rebuilt from their known names only."""
    given = dict(parse_qsl(field(form, "back").lstrip("?")))
    return query({name: given.get(name, "") for name in (*FILTERS, "cursor", "first")}).removesuffix("?")


def _address(connection: Connection, run: ImportRun) -> str:
    return f"{address(connection.id)}/imports/{run.id}"


async def _rows_to_download(
    request: Ask, connection_id: str, run_id: str
) -> tuple[AsyncIterator[ImportRow], ImportRun]:
    service = service_of(request)
    async with service.database.read() as session:
        row, run = await _run_of(request, session, connection_id, run_id)
    wanted = row_filter({name: request.query_params.get(name, "").strip() for name in FILTERS})
    return stream_rows(service.database, service.ledgers, row, run, wanted), run


def _guarded(download: Stream) -> Stream:
    download.headers.update(HEADERS)
    return download


async def _run_of(request: Ask, session: Session, connection_id: str, run_id: str) -> tuple[Connection, ImportRun]:
    row = await connection_of(request, session, connection_id)
    run = await find_run(session, row.id, run_id)
    if run is None:
        raise Missing("import")
    return row, run


async def _pending(session: Session, run: ImportRun) -> dict[str, int]:
    """Rows people chose that the lane has not got to yet."""
    flags: dict[str, Any] = {"selected": StoredImportRow.selected, "reload": StoredImportRow.reload}
    found = {}
    for name, flag in flags.items():
        statement = select(sa.func.count()).where(col(StoredImportRow.run_id) == run.id, col(flag).is_(True))
        found[name] = (await session.exec(statement)).one()
    return found


HANDLERS = [runs_page, start_run, report_page, report_csv, report_xlsx, act]
