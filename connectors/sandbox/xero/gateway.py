"""What stands before the books: authentication, tenant, limits, scope, replay, the envelope.

Source: Xero reference 1.5-1.7, 2.2, 2.8, 8.
"""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.common.http import HTML, Answer, Exchange
from connectors.sandbox.xero.books import Books
from connectors.sandbox.xero.errors import NOT_FOUND_TEXT, ApiException, NotFound, NotModelled, problem
from connectors.sandbox.xero.faults import XeroFault
from connectors.sandbox.xero.limits import Verdict
from connectors.sandbox.xero.reading import Call, NotModified
from connectors.sandbox.xero.replay import key_of, store_down
from connectors.sandbox.xero.routes import allows, build_routes, match
from connectors.sandbox.xero.settings import XeroApp
from connectors.sandbox.xero.simulator import Simulator
from connectors.sandbox.xero.tokens import AccessToken
from connectors.sandbox.xero.wire import render
from connectors.sandbox.xero.writing import Reply
from connectors.sandbox.xero.xml import to_xml

API = "/api.xro/2.0"
JSON = "application/json; charset=utf-8"
XML = "text/xml; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
_BODY_TYPES = frozenset(
    {"", "application/json", "text/json", "application/xml", "text/xml", "application/x-www-form-urlencoded"}
)


class Gateway:
    """Handles /api.xro/2.0/... and /connections."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._routes = build_routes(simulator.settings)

    async def handle(self, exchange: Exchange) -> Answer:
        """One call of the Accounting API."""
        access = self._authenticated(exchange)
        if isinstance(access, Answer):
            return self._finished(access, None)
        app = self._simulator.apps[access.grant.client_id]
        books = self._tenant(access, exchange)
        if books is None:
            return self._finished(problem_answer(403, "AuthenticationUnsuccessful"), None)
        flight = f"{app.client_id}:{books.tenant_id}"
        self._simulator.limits.enter(flight)
        try:
            return await self._admitted(access, app, books, exchange)
        finally:
            self._simulator.limits.leave(flight)

    async def _admitted(self, access: AccessToken, app: XeroApp, books: Books, exchange: Exchange) -> Answer:
        verdict = self._simulator.limits.admit(app, books.tenant_id, self._simulator.clock.now())
        if verdict.problem is not None:
            return self._finished(Answer(429), verdict, books)
        if self._simulator.switches.latency_ms:
            await asyncio.sleep(self._simulator.switches.latency_ms / 1000)
        if books.is_offline:
            return self._finished(Answer(503, b"The Organisation is offline", PLAIN), verdict, books)
        return self._finished(self._answered(access, app, books, exchange), verdict, books)

    def _answered(self, access: AccessToken, app: XeroApp, books: Books, exchange: Exchange) -> Answer:
        """Replay, or do the work and remember the answer. Source: Xero reference 2.8."""
        try:
            route, args = match(self._routes, exchange.method, exchange.path.removeprefix(API))
        except (NotFound, NotModelled, ApiException) as refused:
            return self._refusal(refused, exchange)
        if not allows(route, frozenset(access.scopes)):
            return problem_answer(401, "AuthorizationUnsuccessful")
        if exchange.body and not _readable(exchange):
            return Answer(415, b"Unsupported Media Type", PLAIN)
        try:
            call = Call(books, app, exchange, args)
        except ApiException as refused:
            return self._refusal(refused, exchange)
        key = key_of(exchange)
        if key is None:
            return self._worked(call, route.handler)
        scope = app.client_id
        if books.switches.idempotency_scope == "app_and_tenant":
            scope += f":{books.tenant_id}"
        now = self._simulator.clock.now()
        try:
            if books.switches.idempotency_store_down:
                raise store_down()
            first = self._simulator.replays.recall(scope, key, exchange, now)
        except ApiException as refused:
            return self._refusal(refused, exchange)
        if first is not None:
            return first
        answer = self._worked(call, route.handler)
        self._simulator.replays.remember(scope, key, exchange, answer, now)
        return answer

    def _worked(self, call: Call, handler: Any) -> Answer:
        try:
            return self._enveloped(call, handler(call))
        except (NotFound, NotModelled, NotModified, ApiException) as refused:
            return self._refusal(refused, call.exchange)

    # answers ---------------------------------------------------------------------------------------------------

    def _enveloped(self, call: Call, reply: Reply) -> Answer:
        """Source: Xero reference 2.2."""
        if reply.status == 204:
            return Answer(204)
        if reply.raw is not None:
            return Answer(200, reply.raw, reply.media_type)
        if reply.bare is not None:
            return _formatted(reply.bare, call.exchange)
        body: JsonObject = {
            "Id": str(uuid.uuid4()),
            "Status": "OK",
            "ProviderName": call.app.name,
            "DateTimeUTC": self._simulator.clock.now(),
        }
        if reply.pagination is not None:
            body["pagination"] = reply.pagination
        body[reply.collection] = reply.rows
        return _formatted(body, call.exchange)

    def _refusal(self, refused: Exception, exchange: Exchange) -> Answer:
        if isinstance(refused, NotFound):
            return Answer(404, NOT_FOUND_TEXT.encode(), HTML)
        if isinstance(refused, NotModified):
            return Answer(304)
        if isinstance(refused, NotModelled):
            return not_modelled(str(refused))
        assert isinstance(refused, ApiException)
        return _formatted(refused.as_json(), exchange, status=refused.status)

    def _finished(self, answer: Answer, verdict: Verdict | None, books: Books | None = None) -> Answer:
        """The headers of every response. Source: Xero reference 2.2, 8.1."""
        answer.headers = {
            **answer.headers,
            "Server": "nginx",
            "Xero-Correlation-Id": str(uuid.uuid4()),
            "Cache-Control": "max-age=0, no-cache, no-store",
            "Pragma": "no-cache",
            "Expires": format_datetime(datetime.now(UTC), usegmt=True),
        }
        if verdict is not None:
            answer.headers.update(verdict.headers())
        if books is not None:
            answer.note["realm"] = books.tenant_id
        return answer

    # before the books ------------------------------------------------------------------------------------------

    def _authenticated(self, exchange: Exchange) -> AccessToken | Answer:
        """Source: Xero reference 8.4."""
        scheme, _, token = exchange.headers.get("authorization", "").partition(" ")
        access = self._simulator.tokens.look_up(token.strip()) if scheme.lower() == "bearer" else None
        if access is None or access.grant.is_revoked or access.grant.client_id not in self._simulator.apps:
            return problem_answer(401, "AuthenticationUnsuccessful")
        if access.expires_at <= self._simulator.clock.now():
            return problem_answer(401, expired_detail(access.expires_at))
        return access

    def _tenant(self, access: AccessToken, exchange: Exchange) -> Books | None:
        """The organisation of the header; a custom connection may leave it out. Source: Xero reference 1.6."""
        tenant_id = exchange.headers.get("xero-tenant-id", "").strip().lower()
        if not tenant_id and access.grant.tenant_id:
            tenant_id = access.grant.tenant_id
        if access.grant.tenant_id and tenant_id != access.grant.tenant_id:
            return None
        if not access.grant.is_tenanted or not self._simulator.tokens.is_connected(access.grant.client_id, tenant_id):
            return None
        return self._simulator.organisations.get(tenant_id)

    # connections -----------------------------------------------------------------------------------------------

    def connections(self, exchange: Exchange) -> Answer:
        """GET /connections[?authEventId=] and DELETE /connections/{id}. Source: Xero reference 1.5."""
        access = self._authenticated(exchange)
        if isinstance(access, Answer):
            return access
        rows = self._simulator.tokens.connections_of(access.grant.client_id)
        connection_id = exchange.path[len("/connections") :].strip("/")
        if connection_id:
            return self._one_connection(exchange, connection_id.lower())
        if exchange.method != "GET":
            return not_modelled(f"{exchange.method} /connections")
        event = exchange.params.get("authEventId")
        shown = [self._shown_connection(row) for row in rows if not event or row.auth_event_id == event.lower()]
        return Answer(200, render(shown), JSON)

    def _one_connection(self, exchange: Exchange, connection_id: str) -> Answer:
        access = self._authenticated(exchange)
        assert isinstance(access, AccessToken)
        rows = self._simulator.tokens.connections_of(access.grant.client_id)
        found = next((row for row in rows if row.id == connection_id), None)
        if exchange.method != "DELETE":
            return not_modelled(f"{exchange.method} /connections/{{id}}")
        if found is None:
            return Answer(404, NOT_FOUND_TEXT.encode(), HTML)
        found.is_live = False
        found.updated = self._simulator.clock.now()
        return Answer(204)

    def _shown_connection(self, row: Any) -> JsonObject:
        return {
            "id": row.id,
            "authEventId": row.auth_event_id,
            "tenantId": row.tenant_id,
            "tenantType": "ORGANISATION",
            "tenantName": self._simulator.organisations[row.tenant_id].info["Name"],
            "createdDateUtc": seven_digits(row.created),
            "updatedDateUtc": seven_digits(row.updated),
        }

    # planned faults --------------------------------------------------------------------------------------------

    def fault_answer(self, planned: Any, exchange: Exchange) -> Answer | None:
        """The body of a planned fault; None for kinds that need the true answer, or none. Source: reference 8."""
        kind = planned.kind
        now = self._simulator.clock.now()
        found: Answer | None = None
        if kind == "throttle":
            limit = planned.limit if isinstance(planned, XeroFault) else "minute"
            wait = planned.retry_after
            if wait is None and limit != "concurrent":
                wait = 26
            found = Answer(429, headers=Verdict(0, 344, 9000, limit, wait).headers())
        elif kind == "unavailable_html":
            found = Answer.html("<html><head><title>503 Service Temporarily Unavailable</title></head></html>", 503)
        elif kind == "offline":
            found = Answer(503, b"The Organisation is offline", PLAIN)
        elif kind == "not_found":
            found = Answer(404, NOT_FOUND_TEXT.encode(), HTML)
        elif kind == "bad_gateway":
            found = Answer.html("<html><head><title>502 Bad Gateway</title></head></html>", 502)
        elif kind == "gateway_timeout":
            found = Answer.html("<html><head><title>504 Gateway Time-out</title></head></html>", 504)
        elif kind == "server_error":
            found = Answer(500, b"An error occurred in Xero. Check the API Status page", PLAIN)
        elif kind == "unauthorised":
            found = problem_answer(401, expired_detail(now))
        elif kind == "forbidden":
            found = problem_answer(403, "AuthenticationUnsuccessful")
        return self._finished(found, None) if found is not None else None


def _formatted(body: JsonObject, exchange: Exchange, *, status: int = 200) -> Answer:
    """JSON only when asked for; the default is XML. Source: Xero reference 1.6, 3."""
    accept = exchange.headers.get("accept", "").lower()
    if "json" in accept:
        return Answer(status, render(body), JSON)
    return Answer(status, to_xml(body), XML)


def _readable(exchange: Exchange) -> bool:
    """JSON, XML or a form; a missing type is read as JSON. Source: Xero reference 1.6, 8.2 (415)."""
    kind = exchange.headers.get("content-type", "").split(";")[0].strip().lower()
    return kind in _BODY_TYPES


def problem_answer(status: int, detail: str) -> Answer:
    return Answer(status, render(problem(status, detail, str(uuid.uuid4()))), JSON)


def expired_detail(moment: datetime) -> str:
    """Source: Xero reference 8.4."""
    return f"TokenExpired: token expired at {moment.astimezone(UTC).strftime('%m/%d/%Y %H:%M:%S')}"


def seven_digits(moment: datetime) -> str:
    """2026-04-20T11:47:10.3365440, no zone. Source: Xero reference 1.5."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0"


def not_modelled(what: str) -> Answer:
    """501 naming the route: the simulator never guesses."""
    return Answer.json({"error": "not_modelled", "message": f"This simulator does not model {what}."}, 501)
