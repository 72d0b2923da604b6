"""The Litestar application: the imitated hosts, the control endpoint and the pages, on one port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from litestar import Litestar, asgi

from connectors.sandbox.common.http import RAW_SEND, Answer, Exchange, asgi_edge, read_exchange, send_answer
from connectors.sandbox.xero import identity_http
from connectors.sandbox.xero.control import Control
from connectors.sandbox.xero.gateway import API, Gateway, not_modelled
from connectors.sandbox.xero.keys import key_set
from connectors.sandbox.xero.pages import Pages
from connectors.sandbox.xero.settings import XeroSettings
from connectors.sandbox.xero.simulator import Simulator

if TYPE_CHECKING:
    from litestar.types import Receive, Scope, Send

_DISCOVERY = "/.well-known/openid-configuration"


class _SandboxApp(Litestar):
    """Litestar that also hands on the server's own `send`, which a dropped connection needs."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        raw: Any = scope
        raw[RAW_SEND] = send
        await super().__call__(scope, receive, send)


def create_app(settings: XeroSettings) -> Litestar:
    """An application of its own: two of them share nothing. `app.state.simulator` gives tests the inside."""
    simulator = Simulator(settings)
    gateway, control, pages = Gateway(simulator), Control(simulator), Pages(simulator)

    async def imitated(exchange: Exchange) -> Answer:
        """login.xero.com, identity.xero.com, api.xero.com and go.xero.com, all on this port. Source: reference 1.1."""
        path = exchange.path.rstrip("/") or "/"
        base_url = settings.public_url or f"http://{exchange.headers.get('host', 'localhost')}"
        if path.startswith(f"{API}/"):
            return await gateway.handle(exchange)
        if path.lower() == "/connections" or path.lower().startswith("/connections/"):
            return gateway.connections(exchange)
        if path == _DISCOVERY and exchange.method == "GET":
            return Answer.json(identity_http.discovery_document(base_url))
        if path == f"{_DISCOVERY}/jwks" and exchange.method == "GET":
            return Answer.json(key_set())
        if path == "/identity/connect/authorize":
            return pages.authorise(exchange)
        if path == "/connect/token" and exchange.method == "POST":
            return identity_http.token_endpoint(simulator, exchange, base_url)
        if path == "/connect/revocation" and exchange.method == "POST":
            return identity_http.revocation_endpoint(simulator, exchange)
        if exchange.method == "GET" and path.lower().startswith(("/app/", "/organisationlogin/")):
            return pages.deep_link(exchange)
        return not_modelled(f"{exchange.method} {exchange.path}")

    edge = asgi_edge(
        imitated,
        plan=lambda exchange: simulator.faults.next_for(
            exchange.method, exchange.target, exchange.body.decode("utf-8", "replace")
        ),
        replacement=gateway.fault_answer,
        log=simulator.log,
        path_of=_path,
    )

    @asgi("/", is_mount=True, copy_scope=False)
    async def everything(scope: Scope, receive: Receive, send: Send) -> None:
        path = _path(scope)
        if path == "/_control" or path.startswith("/_control/"):
            exchange = await read_exchange(scope, receive, path=path)
            await send_answer(send, await _own(exchange))
            return
        await edge(scope, receive, send)

    async def _own(exchange: Exchange) -> Answer:
        """What is the simulator's and not Xero's."""
        given = exchange.headers.get("x-control-token", "")
        if settings.control_token and not compare_digest(given.encode(), settings.control_token.encode()):
            return Answer.json({"error": "send the control token in the header x-control-token"}, 401)
        return await control.handle(exchange)

    @asynccontextmanager
    async def deliver_webhooks(app: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(simulator.webhooks.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    app = _SandboxApp(
        route_handlers=[everything], lifespan=[deliver_webhooks], openapi_config=None, logging_config=None
    )
    app.state.simulator = simulator
    return app


def _path(scope: Scope) -> str:
    """The path as the caller wrote it; Litestar shortens scope["path"] under a mount."""
    raw: Any = scope
    return str(raw["raw_path"].decode("latin-1").partition("?")[0])
