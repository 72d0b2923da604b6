"""Connections: asked for, authorised by a person, configured, watched, ended."""

from __future__ import annotations

from litestar import Controller, delete, get, patch, post, put
from litestar.params import JSONBody

from contracts.api import Authorization, ConnectionPage, LaneStatus
from contracts.books import Catalog
from contracts.connections import Connection, ConnectionRequest, ConnectionSettings, Readiness
from service import connections
from service.api.errors import malformed_field, not_found, refused
from service.api.shared import PAGE, ApiRequest, Cursor, Limit, PathId, own_connection, service_of
from service.runtime import Service, not_set_up
from service.views import connections as views


class ConnectionController(Controller):
    """One merchant's company in one ledger."""

    path = "/connections"
    tags = ("Connections",)

    @post("/")
    async def create(self, request: ApiRequest, data: JSONBody[ConnectionRequest]) -> Connection:
        """Ask for a connection. Send a person to authorize_url; the connection works once they agreed."""
        _require_web_address(data.return_url)
        service = service_of(request)
        _require_set_up(service, data.ledger)
        async with service.database.write() as session:
            row = await connections.create(session, request.user.id, data)
            url = await connections.begin_authorization(service, session, row)
            return await views.view_connection(session, row, authorize_url=url)

    @get("/")
    async def list_many(self, request: ApiRequest, limit: Limit = PAGE, cursor: Cursor = "") -> ConnectionPage:
        """Newest first."""
        async with service_of(request).database.read() as session:
            return await views.list_connections(session, request.user.id, limit=limit, cursor=cursor)

    @get("/{connection_id:str}")
    async def get_one(self, request: ApiRequest, connection_id: PathId) -> Connection:
        """Where it stands."""
        async with service_of(request).database.read() as session:
            row = await own_connection(session, request.user, connection_id)
            return await views.view_connection(session, row)

    @delete("/{connection_id:str}")
    async def disconnect(self, request: ApiRequest, connection_id: PathId) -> None:
        """Give the grant back and stop. What was recorded stays readable; a second time changes nothing."""
        service = service_of(request)
        async with service.database.read() as session:
            row = await own_connection(session, request.user, connection_id)
        await connections.disconnect(service, row.id)

    @post("/{connection_id:str}/authorize", status_code=200)
    async def authorize(self, request: ApiRequest, connection_id: PathId) -> Authorization:
        """A fresh address to send a person to: the first time, after a refusal, or to connect again."""
        service = service_of(request)
        async with service.database.write() as session:
            row = await own_connection(session, request.user, connection_id)
            _require_set_up(service, row.ledger)
            return Authorization(authorize_url=await connections.begin_authorization(service, session, row))


class ConnectionBooksController(Controller):
    """How a connection's books are kept, and what they offer to choose from."""

    path = "/connections/{connection_id:str}"
    tags = ("Connections",)

    @get("/settings")
    async def get_settings(self, request: ApiRequest, connection_id: PathId) -> ConnectionSettings:
        """The settings in force."""
        async with service_of(request).database.read() as session:
            return views.settings_view(await own_connection(session, request.user, connection_id))

    @put("/settings")
    async def put_settings(
        self, request: ApiRequest, connection_id: PathId, data: JSONBody[ConnectionSettings]
    ) -> ConnectionSettings:
        """Replace them all: what is left out returns to its default. Blocked records are looked at again."""
        async with service_of(request).database.write() as session:
            row = await own_connection(session, request.user, connection_id)
            await connections.update_settings(session, row, data)
        return data

    @patch("/settings")
    async def patch_settings(
        self, request: ApiRequest, connection_id: PathId, data: JSONBody[ConnectionSettings]
    ) -> ConnectionSettings:
        """Replace the fields sent and keep the others; a map such as tax_codes is replaced as a whole."""
        async with service_of(request).database.write() as session:
            row = await own_connection(session, request.user, connection_id)
            sent = {name: getattr(data, name) for name in data.model_fields_set}
            settings = views.settings_view(row).model_copy(update=sent)
            await connections.update_settings(session, row, settings)
        return settings

    @get("/catalog")
    async def get_catalog(self, request: ApiRequest, connection_id: PathId) -> Catalog:
        """Accounts, items, tax codes and the rest, as last read. 404 until they were read once."""
        async with service_of(request).database.read() as session:
            row = await own_connection(session, request.user, connection_id)
            catalog = await connections.catalog_of(session, row.id)
        if catalog is None:
            raise not_found("catalogue yet: it is read after the connection was authorised")
        return catalog

    @post("/catalog/refresh", status_code=202)
    async def refresh_catalog(self, request: ApiRequest, connection_id: PathId) -> Connection:
        """Ask for the lists to be read again; catalog_read_at moves when they were."""
        async with service_of(request).database.write() as session:
            row = await own_connection(session, request.user, connection_id)
            await connections.refresh_catalog(session, row)
            return await views.view_connection(session, row)

    @get("/readiness")
    async def get_readiness(self, request: ApiRequest, connection_id: PathId) -> Readiness:
        """What is missing before documents can be pushed."""
        service = service_of(request)
        async with service.database.read() as session:
            row = await own_connection(session, request.user, connection_id)
            return await connections.readiness(service, session, row)

    @get("/status")
    async def get_status(self, request: ApiRequest, connection_id: PathId) -> LaneStatus:
        """Queue sizes, the oldest work, calls made, and whether the lane is paused."""
        async with service_of(request).database.read() as session:
            return await views.lane_status(session, await own_connection(session, request.user, connection_id))


def _require_web_address(url: str) -> None:
    if url and (not url.startswith(("https://", "http://")) or not url.isprintable() or " " in url):
        raise malformed_field(
            "the body",
            "return_url",
            "This is not a web address.",
            "Send an address such as https://billing.example/done, or leave it out.",
            url,
        )


def _require_set_up(service: Service, ledger: str) -> None:
    if service.ledgers.provider(ledger) is None:
        raise refused([not_set_up(ledger)])
