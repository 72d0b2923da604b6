"""The control endpoint: everything under /_control, plainly apart from the imitated API. JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from connectors.sandbox.common.exact_json import JsonObject, loads
from connectors.sandbox.common.faults import PlannedFault
from connectors.sandbox.common.http import Answer, Exchange
from connectors.sandbox.quickbooks import bookkeeper
from connectors.sandbox.quickbooks.catalogue import ENTITIES
from connectors.sandbox.quickbooks.company import Company
from connectors.sandbox.quickbooks.faults import NotModelled, QboFault
from connectors.sandbox.quickbooks.settings import CompanyOptions, OAuthClient
from connectors.sandbox.quickbooks.show import show
from connectors.sandbox.quickbooks.simulator import Simulator


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
            ("GET", "webhooks"): lambda body, params: simulator.webhooks.state(),
            ("POST", "webhooks"): self._configure_webhooks,
            ("POST", "webhooks/clear"): self._clear_webhooks,
            ("GET", "companies"): self._companies,
            ("POST", "companies"): self._add_company,
            ("POST", "companies/status"): self._company_status,
            ("GET", "clients"): lambda body, params: {"clients": [c.model_dump() for c in simulator.clients.values()]},
            ("POST", "clients"): self._add_client,
            ("POST", "tokens/expire-access"): self._expire_access,
            ("POST", "tokens/disconnect"): self._disconnect,
        }

    async def handle(self, exchange: Exchange) -> Answer:
        path = exchange.path.removeprefix("/_control").strip("/")
        try:
            body = _body(exchange)
            if exchange.method == "POST" and path == "webhooks/deliver-now":
                return Answer.json(await self._simulator.webhooks.deliver_now())
            return Answer.json(self._dispatch(exchange.method, path, body, exchange.params))
        except ControlRefused as refused:
            return Answer.json({"error": str(refused)}, refused.status)
        except ValidationError as invalid:
            problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in invalid.errors()]
            return Answer.json({"error": "; ".join(problems)}, 400)
        except QboFault as refused:
            return Answer.json({"error": "the books refuse", "Fault": refused.as_json()}, 409)
        except NotModelled as absent:
            return Answer.json({"error": f"not modelled: {absent}"}, 501)

    def _dispatch(self, method: str, path: str, body: JsonObject, params: dict[str, str]) -> Any:
        route = self._routes.get((method, path))
        if route is not None:
            return route(body, params)
        parts = path.split("/")
        if parts[0] == "bookkeeper" and len(parts) == 3 and method == "POST":
            return self._bookkeeper(parts[1], parts[2], body)
        if parts[0] == "companies" and len(parts) >= 3 and method == "GET":
            return self._dump(self._company(parts[1]), parts[2])
        raise ControlRefused(404, f"no control route {method} /_control/{path}; see GET /_control/help")

    def _company(self, realm_id: str) -> Company:
        company = self._simulator.companies.get(realm_id)
        if company is None:
            raise ControlRefused(404, f"no company with realm id {realm_id}")
        return company

    def _help(self, body: JsonObject, params: dict[str, str]) -> Any:
        fixed = sorted(f"{method} /_control/{path}" for method, path in self._routes)
        actions = [f"POST /_control/bookkeeper/{{realm}}/{action}" for action in bookkeeper.ACTIONS]
        others = ["POST /_control/webhooks/deliver-now", "GET /_control/companies/{realm}/{entity}"]
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
        return self._simulator.faults.add(PlannedFault.model_validate(body)).model_dump()

    def _clear_faults(self, body: JsonObject, params: dict[str, str]) -> Any:
        self._simulator.faults.clear(params.get("id"))
        return {"faults": [fault.model_dump() for fault in self._simulator.faults.listing()]}

    def _calls(self, body: JsonObject, params: dict[str, str]) -> Any:
        limit = int(params.get("limit", "100"))
        calls = self._simulator.calls
        return {**calls.summary(), "metering": dict(self._simulator.metering), "recent": calls.recent(limit)}

    def _reset_calls(self, body: JsonObject, params: dict[str, str]) -> Any:
        self._simulator.calls.reset()
        self._simulator.metering.clear()
        self._simulator.limits.reset()
        return {"ok": True}

    def _emails(self, body: JsonObject, params: dict[str, str]) -> Any:
        emails = [{"realm": c.realm_id, **email} for c in self._simulator.companies.values() for email in c.emails]
        return {"emails": emails}

    def _configure_webhooks(self, body: JsonObject, params: dict[str, str]) -> Any:
        _update(self._simulator.webhooks.config, body)
        self._simulator.webhooks.wake()
        return self._simulator.webhooks.state()

    def _clear_webhooks(self, body: JsonObject, params: dict[str, str]) -> Any:
        self._simulator.webhooks.reset()
        return self._simulator.webhooks.state()

    def _companies(self, body: JsonObject, params: dict[str, str]) -> Any:
        return {"companies": [_summary(company) for company in self._simulator.companies.values()]}

    def _add_company(self, body: JsonObject, params: dict[str, str]) -> Any:
        try:
            return _summary(self._simulator.add_company(CompanyOptions.model_validate(body)))
        except ValueError as taken:
            if isinstance(taken, ValidationError):
                raise
            raise ControlRefused(409, str(taken)) from None

    def _company_status(self, body: JsonObject, params: dict[str, str]) -> Any:
        """{realm, subscription_lapsed?, connecting_user_removed?, language?}"""
        company = self._company(str(body.get("realm")))
        for key in ("subscription_lapsed", "connecting_user_removed"):
            if key in body:
                setattr(company, key, bool(body[key]))
        if "language" in body:
            company.language = str(body["language"])
        return _summary(company)

    def _add_client(self, body: JsonObject, params: dict[str, str]) -> Any:
        client = OAuthClient.model_validate(body)
        self._simulator.clients[client.client_id] = client
        return client.model_dump()

    def _expire_access(self, body: JsonObject, params: dict[str, str]) -> Any:
        return {"expired": self._simulator.tokens.expire_access_tokens(body.get("realm"))}

    def _disconnect(self, body: JsonObject, params: dict[str, str]) -> Any:
        return {"disconnected": self._simulator.tokens.disconnect(body.get("realm"), body.get("client_id"))}

    def _bookkeeper(self, realm_id: str, action: str, body: JsonObject) -> Any:
        company = self._company(realm_id)
        if action not in bookkeeper.ACTIONS:
            raise ControlRefused(404, f"no bookkeeper action {action!r}; there are {', '.join(bookkeeper.ACTIONS)}")
        record = bookkeeper.act(company, action, body)
        return {"ok": True} if record is None else {record.entity: show(company, record)}

    def _dump(self, company: Company, entity_path: str) -> Any:
        entity = ENTITIES.get(entity_path.lower())
        if entity is None:
            raise ControlRefused(404, f"no entity {entity_path!r}")
        deleted = [deletion.id for deletion in company.deletions if deletion.entity == entity.name]
        return {entity.name: [show(company, row) for row in company.rows(entity.name)], "deleted": deleted}


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


def _summary(company: Company) -> JsonObject:
    return {
        "realm": company.realm_id,
        "name": company.name,
        "country": company.country,
        "currency": company.currency,
        "multicurrency": company.multicurrency,
        "tax_mode": company.tax_mode,
        "environment": company.environment,
        "language": company.language,
        "subscription_lapsed": company.subscription_lapsed,
        "connecting_user_removed": company.connecting_user_removed,
        "counts": {entity: len(rows) for entity, rows in sorted(company.tables.items()) if rows},
    }
