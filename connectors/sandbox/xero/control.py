"""The control endpoint: everything under /_control, plainly apart from the imitated API. JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from connectors.sandbox.common.exact_json import JsonObject, loads
from connectors.sandbox.common.http import Answer, Exchange
from connectors.sandbox.xero import bookkeeper, contacts, payments
from connectors.sandbox.xero.books import Books
from connectors.sandbox.xero.errors import ApiException, NotModelled, Refused
from connectors.sandbox.xero.faults import XeroFault
from connectors.sandbox.xero.settings import OrganisationOptions, XeroApp
from connectors.sandbox.xero.show_documents import show_document
from connectors.sandbox.xero.simulator import Simulator
from connectors.sandbox.xero.wire import render

_JSON = "application/json; charset=utf-8"
_NEEDS_INTENT = frozenset({"url", "verifier_token"})


class ControlRefused(Exception):
    """The order makes no sense; answered with its status and text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Control:
    """Dispatches /_control/... calls. Paths are listed by GET /_control/help."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._routes: dict[tuple[str, str], Callable[[JsonObject, dict[str, str]], Any]] = {
            ("GET", "help"): self._help,
            ("GET", "health"): lambda body, params: {"ok": True},
            ("POST", "reset"): self._reset,
            ("GET", "clock"): self._clock,
            ("POST", "clock/advance"): self._clock_advance,
            ("POST", "clock/set"): self._clock_set,
            ("GET", "switches"): lambda body, params: simulator.switches.model_dump(),
            ("POST", "switches"): self._set_switches,
            ("GET", "faults"): lambda body, params: {"faults": [f.model_dump() for f in simulator.faults.listing()]},
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): self._reset_calls,
            ("GET", "emails"): self._emails,
            ("GET", "webhooks"): lambda body, params: self._webhooks(),
            ("POST", "webhooks"): self._configure_webhooks,
            ("POST", "webhooks/clear"): self._clear_webhooks,
            ("GET", "organisations"): self._organisations,
            ("POST", "organisations"): self._add_organisation,
            ("POST", "organisations/status"): self._organisation_status,
            ("GET", "apps"): lambda body, params: {"apps": [app.model_dump() for app in simulator.apps.values()]},
            ("POST", "apps"): self._add_app,
            ("POST", "tokens/expire-access"): lambda body, params: {"expired": simulator.tokens.expire_access_tokens()},
            ("POST", "tokens/disconnect"): self._disconnect,
        }

    async def handle(self, exchange: Exchange) -> Answer:
        path = exchange.path.removeprefix("/_control").strip("/")
        try:
            body = _body(exchange)
            if exchange.method == "POST" and path == "webhooks/deliver-now":
                await self._simulator.webhooks.deliver_now()
                return _answer(self._webhooks())
            if exchange.method == "POST" and path == "webhooks/intent-to-receive":
                return await self._prove_intent()
            return _answer(self._dispatch(exchange.method, path, body, exchange.params))
        except ControlRefused as refused:
            return _answer({"error": str(refused)}, refused.status)
        except ValidationError as invalid:
            problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in invalid.errors()]
            return _answer({"error": "; ".join(problems)}, 400)
        except Refused as refused:
            return _answer({"error": "the books refuse", "messages": refused.messages}, 409)
        except (ApiException, NotModelled) as refused:
            return _answer({"error": str(refused)}, 400)

    def _dispatch(self, method: str, path: str, body: JsonObject, params: dict[str, str]) -> Any:
        route = self._routes.get((method, path))
        if route is not None:
            return route(body, params)
        parts = path.split("/")
        if parts[0] == "bookkeeper" and len(parts) == 3 and method == "POST":
            return self._bookkeeper(parts[1], parts[2], body)
        if parts[0] == "organisations" and len(parts) == 3 and method == "GET":
            return _dump(self._books(parts[1]), parts[2])
        raise ControlRefused(404, f"no control route {method} /_control/{path}; see GET /_control/help")

    def _books(self, tenant_id: str) -> Books:
        books = self._simulator.organisations.get(tenant_id)
        if books is None:
            raise ControlRefused(404, f"no organisation with tenant id {tenant_id}")
        return books

    def _help(self, body: JsonObject, params: dict[str, str]) -> Any:
        fixed = sorted(f"{method} /_control/{path}" for method, path in self._routes)
        actions = [f"POST /_control/bookkeeper/{{tenant}}/{action}" for action in bookkeeper.ACTIONS]
        others = [
            "POST /_control/webhooks/deliver-now",
            "POST /_control/webhooks/intent-to-receive",
            "GET /_control/organisations/{tenant}/{contacts|documents|payments|history}",
        ]
        return {"routes": [*fixed, *others, *actions]}

    def _reset(self, body: JsonObject, params: dict[str, str]) -> Any:
        self._simulator.reset()
        return {"ok": True}

    def _clock(self, body: JsonObject, params: dict[str, str]) -> Any:
        clock = self._simulator.clock
        return {"now": clock.now().isoformat(), "offset_seconds": int(clock.offset.total_seconds())}

    def _clock_advance(self, body: JsonObject, params: dict[str, str]) -> Any:
        amounts = {key: int(body.get(key, 0)) for key in ("seconds", "minutes", "hours", "days")}
        self._simulator.clock.advance(timedelta(**amounts))
        return self._clock(body, params)

    def _clock_set(self, body: JsonObject, params: dict[str, str]) -> Any:
        try:
            moment = datetime.fromisoformat(str(body.get("now")))
        except ValueError:
            raise ControlRefused(400, "now: an ISO date-time with offset is needed") from None
        if moment.tzinfo is None:
            raise ControlRefused(400, "now: the offset is missing")
        self._simulator.clock.set(moment)
        return self._clock(body, params)

    def _set_switches(self, body: JsonObject, params: dict[str, str]) -> Any:
        _update(self._simulator.switches, body)
        return self._simulator.switches.model_dump()

    def _add_fault(self, body: JsonObject, params: dict[str, str]) -> Any:
        return self._simulator.faults.add(XeroFault.model_validate(body)).model_dump()

    def _clear_faults(self, body: JsonObject, params: dict[str, str]) -> Any:
        self._simulator.faults.clear(params.get("id"))
        return {"faults": [fault.model_dump() for fault in self._simulator.faults.listing()]}

    def _calls(self, body: JsonObject, params: dict[str, str]) -> Any:
        limit = int(params.get("limit", "100"))
        return {**self._simulator.calls.summary(), "recent": self._simulator.calls.recent(limit)}

    def _reset_calls(self, body: JsonObject, params: dict[str, str]) -> Any:
        self._simulator.calls.reset()
        self._simulator.limits.reset()
        return {"ok": True}

    def _emails(self, body: JsonObject, params: dict[str, str]) -> Any:
        return {
            "emails": [{"tenant": b.tenant_id, **e} for b in self._simulator.organisations.values() for e in b.emails]
        }

    # webhooks --------------------------------------------------------------------------------------------------

    def _webhooks(self) -> JsonObject:
        subscription = self._simulator.subscription
        state = self._simulator.webhooks.state()
        config = {k: Decimal(str(v)) if isinstance(v, float) else v for k, v in state["config"].items()}
        state["config"] = config
        return {**state, "subscription": subscription.state, "handshakes": subscription.handshakes}

    def _configure_webhooks(self, body: JsonObject, params: dict[str, str]) -> Any:
        """A new URL or key needs the intent-to-receive handshake again. Source: Xero reference 9.3."""
        _update(self._simulator.webhook_config, body)
        if set(body) & _NEEDS_INTENT and self._simulator.switches.webhook_require_intent:
            self._simulator.subscription.state = "required"
        self._simulator.webhooks.wake()
        return self._webhooks()

    def _clear_webhooks(self, body: JsonObject, params: dict[str, str]) -> Any:
        self._simulator.webhooks.reset()
        return self._webhooks()

    async def _prove_intent(self) -> Answer:
        if not self._simulator.webhook_config.url:
            raise ControlRefused(409, "set the webhook url first")
        return _answer(await self._simulator.prove_intent())

    # organisations ---------------------------------------------------------------------------------------------

    def _organisations(self, body: JsonObject, params: dict[str, str]) -> Any:
        return {"organisations": [_summary(books) for books in self._simulator.organisations.values()]}

    def _add_organisation(self, body: JsonObject, params: dict[str, str]) -> Any:
        try:
            return _summary(self._simulator.add_organisation(OrganisationOptions.model_validate(body)))
        except ValueError as taken:
            if isinstance(taken, ValidationError):
                raise
            raise ControlRefused(409, str(taken)) from None

    def _organisation_status(self, body: JsonObject, params: dict[str, str]) -> Any:
        """{tenant, offline?, demo_reset?}: a reset demo company loses its connections silently (reference 1.1)."""
        books = self._books(str(body.get("tenant")))
        if "offline" in body:
            books.is_offline = bool(body["offline"])
        if body.get("demo_reset"):
            self._simulator.tokens.disconnect(books.tenant_id, None)
        return _summary(books)

    def _add_app(self, body: JsonObject, params: dict[str, str]) -> Any:
        app = XeroApp.model_validate(body)
        self._simulator.apps[app.client_id] = app
        return app.model_dump()

    def _disconnect(self, body: JsonObject, params: dict[str, str]) -> Any:
        return {"disconnected": self._simulator.tokens.disconnect(body.get("tenant"), body.get("client_id"))}

    def _bookkeeper(self, tenant_id: str, action: str, body: JsonObject) -> Any:
        books = self._books(tenant_id)
        if action not in bookkeeper.ACTIONS:
            raise ControlRefused(404, f"no bookkeeper action {action!r}; there are {', '.join(bookkeeper.ACTIONS)}")
        return bookkeeper.act(books, action, body)


def _answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, render(value), _JSON)


def _body(exchange: Exchange) -> JsonObject:
    if not exchange.body.strip():
        return {}
    try:
        body = loads(exchange.body)
    except ValueError as problem:
        raise ControlRefused(400, f"the body is not JSON: {problem}") from None
    if not isinstance(body, dict):
        raise ControlRefused(400, "the body must be a JSON object")
    return body


def _update(model: BaseModel, changes: JsonObject) -> None:
    """Change some fields; all are checked before any is set."""
    checked = type(model).model_validate({**model.model_dump(), **changes})
    for key in changes:
        setattr(model, key, getattr(checked, key))


def _dump(books: Books, table: str) -> Any:
    """Everything of one kind, archived and deleted included."""
    if table == "contacts":
        return {"contacts": [contacts.show(books, row) for row in books.contacts.values()]}
    if table == "documents":
        return {
            "documents": [show_document(books, row, context="single", unitdp=4) for row in books.documents.values()]
        }
    if table == "payments":
        return {"payments": [payments.show(books, row, is_listed=True) for row in books.payments.values()]}
    if table == "history":
        return {"history": [dict(vars(note)) for note in books.history]}
    raise ControlRefused(404, f"no table {table!r}")


def _summary(books: Books) -> JsonObject:
    tables = ("contacts", "documents", "payments", "items", "accounts", "tax_rates")
    return {
        "tenant": books.tenant_id,
        "name": books.info["Name"],
        "short_code": books.info["ShortCode"],
        "country": books.info["CountryCode"],
        "currencies": list(books.currencies),
        "offline": books.is_offline,
        "counts": {name: len(getattr(books, name)) for name in tables},
    }
