"""The Litestar application: the imitated hosts, the control endpoint and the pages, on one port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from litestar import Litestar, asgi

from connectors.sandbox.common.http import RAW_SEND, Answer, Exchange, asgi_edge, read_exchange, send_answer
from connectors.sandbox.quickbooks import oauth_http
from connectors.sandbox.quickbooks.control import Control
from connectors.sandbox.quickbooks.gateway import Gateway, not_modelled
from connectors.sandbox.quickbooks.pages import Pages
from connectors.sandbox.quickbooks.settings import SandboxSettings
from connectors.sandbox.quickbooks.simulator import Simulator

if TYPE_CHECKING:
    from litestar.types import Receive, Scope, Send

_DISCOVERY = ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration")
_BOOKKEEPER_PAGES = ("/bookkeeper",)


class _SandboxApp(Litestar):
    """Litestar that also hands on the server's own `send`, which a dropped connection needs."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        raw: Any = scope
        raw[RAW_SEND] = send
        await super().__call__(scope, receive, send)


def create_app(settings: SandboxSettings) -> Litestar:
    """An application of its own: two of them share nothing. `app.state.simulator` gives tests the inside."""
    simulator = Simulator(settings)
    gateway, control, pages = Gateway(simulator), Control(simulator), Pages(simulator)

    async def imitated(exchange: Exchange) -> Answer:
        """Intuit's hosts, all on this port."""
        path = exchange.path.rstrip("/") or "/"
        base_url = settings.public_url or f"http://{exchange.headers.get('host', 'localhost')}"
        if path.startswith("/v3/"):
            return await gateway.handle(exchange)
        if path in _DISCOVERY and exchange.method == "GET":
            return Answer.json(oauth_http.discovery_document(base_url))
        if path == "/oauth2/v1/tokens/bearer" and exchange.method == "POST":
            return oauth_http.token_endpoint(simulator, exchange)
        if path == "/v2/oauth2/tokens/revoke" and exchange.method == "POST":
            return oauth_http.revoke_endpoint(simulator, exchange)
        if path == "/connect/oauth2":
            return pages.consent(exchange)
        if path.startswith("/app/") and exchange.method == "GET":
            return pages.document(exchange)
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
        if path.startswith("/_control") or path.startswith(_BOOKKEEPER_PAGES) or path == "/":
            exchange = await read_exchange(scope, receive, path=path)
            await send_answer(send, await _own(exchange))
            return
        await edge(scope, receive, send)

    async def _own(exchange: Exchange) -> Answer:
        """What is the simulator's and not Intuit's: control and the bookkeeper's pages."""
        is_page = exchange.path.rstrip("/") in {"", "/_control"} or exchange.path.startswith(_BOOKKEEPER_PAGES)
        if is_page:
            return pages.bookkeeper(exchange)
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
