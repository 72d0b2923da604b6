"""Customer imports: start one, read its report, take customers over, read rows again."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get, post
from litestar.params import JSONBody, QueryParameter
from litestar.response import Stream

from contracts.api import ImportPage, ImportRowPage, SelectionAnswer
from contracts.imports import CustomerImport, ImportSelection, ReloadSelection, RowState
from service.api import import_files
from service.api.errors import malformed_field, not_found
from service.api.shared import PAGE, ApiRequest, Cursor, Limit, PathId, Search, WithReason, own_connection, service_of
from service.imports import runs
from service.store.database import Session
from service.store.tables import ImportRun
from service.views import imports as views

InState = Annotated[RowState | None, QueryParameter(name="state", description="Only those in this state.")]


class CustomerImportController(Controller):
    """The report over a ledger's customers."""

    path = "/connections/{connection_id:str}/customer-imports"
    tags = ("Customer imports",)

    @post("/", status_code=202)
    async def start(self, request: ApiRequest, connection_id: PathId) -> CustomerImport:
        """Begin reading every customer of the ledger. The run fills in as it is read."""
        async with service_of(request).database.write() as session:
            connection = await own_connection(session, request.user, connection_id)
            run = await runs.start(session, connection)
            await session.flush()
            return await views.view_run(session, run)

    @get("/")
    async def list_many(
        self, request: ApiRequest, connection_id: PathId, limit: Limit = PAGE, cursor: Cursor = ""
    ) -> ImportPage:
        """Newest first."""
        async with service_of(request).database.read() as session:
            connection = await own_connection(session, request.user, connection_id)
            return await views.list_runs(session, connection.id, limit=limit, cursor=cursor)

    @get("/{import_id:str}")
    async def get_one(self, request: ApiRequest, connection_id: PathId, import_id: PathId) -> CustomerImport:
        """Its progress, and how many rows are valid, invalid, linked and imported."""
        async with service_of(request).database.read() as session:
            connection = await own_connection(session, request.user, connection_id)
            return await views.view_run(session, await _own_run(session, connection.id, import_id))

    @post("/{import_id:str}/import", status_code=202)
    async def import_rows(
        self, request: ApiRequest, connection_id: PathId, import_id: PathId, data: JSONBody[ImportSelection]
    ) -> SelectionAnswer:
        """Take customers over into billing: an event for each, and a link, so that documents find them."""
        if not data.rows and not data.all_valid:
            raise _nothing_chosen("all_valid")
        async with service_of(request).database.write() as session:
            connection = await own_connection(session, request.user, connection_id)
            run = await _own_run(session, connection.id, import_id)
            return SelectionAnswer(rows=await runs.select_rows(session, run, data))

    @post("/{import_id:str}/reload", status_code=202)
    async def reload_rows(
        self, request: ApiRequest, connection_id: PathId, import_id: PathId, data: JSONBody[ReloadSelection]
    ) -> SelectionAnswer:
        """Read rows again after somebody put them right in the ledger."""
        if not data.rows and not data.all_invalid:
            raise _nothing_chosen("all_invalid")
        async with service_of(request).database.write() as session:
            connection = await own_connection(session, request.user, connection_id)
            run = await _own_run(session, connection.id, import_id)
            return SelectionAnswer(rows=await runs.reload_rows(session, run, data))

    @get("/{import_id:str}/rows")
    async def list_rows(
        self,
        request: ApiRequest,
        connection_id: PathId,
        import_id: PathId,
        in_state: InState = None,
        reason: WithReason = None,
        search: Search = "",
        limit: Limit = PAGE,
        cursor: Cursor = "",
    ) -> ImportRowPage:
        """By name: each customer, whether it can be imported, and if not, why and what to do."""
        service = service_of(request)
        wanted = views.RowFilter(state=in_state, reason=reason, search=search)
        async with service.database.read() as session:
            connection = await own_connection(session, request.user, connection_id)
            run = await _own_run(session, connection.id, import_id)
            return await views.list_rows(session, service.ledgers, connection, run, wanted, limit=limit, cursor=cursor)

    @get("/{import_id:str}/rows.csv", media_type=import_files.CSV)
    async def download_csv(
        self,
        request: ApiRequest,
        connection_id: PathId,
        import_id: PathId,
        in_state: InState = None,
        reason: WithReason = None,
        search: Search = "",
    ) -> Stream:
        """The report as CSV, streamed. Cells that a spreadsheet would run are quoted."""
        service = service_of(request)
        wanted = views.RowFilter(state=in_state, reason=reason, search=search)
        async with service.database.read() as session:
            connection = await own_connection(session, request.user, connection_id)
            run = await _own_run(session, connection.id, import_id)
        rows = views.stream_rows(service.database, service.ledgers, connection, run, wanted)
        return import_files.csv_download(rows, run.id)

    @get("/{import_id:str}/rows.xlsx", media_type=import_files.XLSX)
    async def download_xlsx(
        self,
        request: ApiRequest,
        connection_id: PathId,
        import_id: PathId,
        in_state: InState = None,
        reason: WithReason = None,
        search: Search = "",
    ) -> Stream:
        """The report as a spreadsheet, written in constant memory. Every cell is text."""
        service = service_of(request)
        wanted = views.RowFilter(state=in_state, reason=reason, search=search)
        async with service.database.read() as session:
            connection = await own_connection(session, request.user, connection_id)
            run = await _own_run(session, connection.id, import_id)
        rows = views.stream_rows(service.database, service.ledgers, connection, run, wanted)
        return await import_files.xlsx_download(rows, run.id)


async def _own_run(session: Session, connection_id: str, run_id: str) -> ImportRun:
    run = await views.find_run(session, connection_id, run_id)
    if run is None:
        raise not_found("customer import")
    return run


def _nothing_chosen(flag: str) -> Exception:
    return malformed_field("the body", "rows", "No row is chosen.", f"Name rows, or send {flag} as true.")
