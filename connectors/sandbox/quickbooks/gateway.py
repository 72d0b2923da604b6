"""What stands before the books: authentication, realm check, throttling, metering, replay, the envelope.

Source: QuickBooks reference 2.4, 2.7, 6, 7.1.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.common.faults import PlannedFault
from connectors.sandbox.common.http import HTML, XML, Answer, Exchange
from connectors.sandbox.common.limits import Window
from connectors.sandbox.quickbooks import api, batch, replay
from connectors.sandbox.quickbooks.books import stale
from connectors.sandbox.quickbooks.catalogue import ENTITIES
from connectors.sandbox.quickbooks.company import Company, stamp_milliseconds
from connectors.sandbox.quickbooks.faults import (
    NotModelled,
    QboFault,
    business,
    fault,
    fault_xml,
    gateway_body,
    system_failure,
)
from connectors.sandbox.quickbooks.simulator import Simulator
from connectors.sandbox.quickbooks.tokens import AccessToken

_SHORTEST_TOKEN, _LONGEST_TOKEN = 20, 4096
_BATCHES_PER_MINUTE_ALL_APPS = 120


class Gateway:
    """Handles everything under /v3."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def handle(self, exchange: Exchange) -> Answer:
        received = self._simulator.clock.now()
        parts = exchange.path.strip("/").split("/")
        if parts[:2] != ["v3", "company"] or len(parts) < 4:
            return not_modelled(f"{exchange.method} {exchange.path}")
        realm, rest = parts[2], [part.lower() for part in parts[3:] if part]
        access = self._authenticated(exchange, received)
        if isinstance(access, Answer):
            return access
        company = self._simulator.companies.get(realm)
        if company is None or access.connection.realm_id != realm:
            return self._forbidden(received)
        throttled = self._throttled(access, realm, rest, received)
        if throttled is not None:
            return throttled
        answer = await self._entity_layer(company, exchange, rest, received)
        answer.headers.setdefault("intuit_tid", f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}")
        answer.headers.setdefault("QBO-Version", "1979.226")
        return answer

    def fault_answer(self, planned: PlannedFault, exchange: Exchange) -> Answer | None:
        """The body of a planned fault. Source: QuickBooks reference 6, 7.1, 7.2, 7.4."""
        now = self._simulator.clock.now()
        if planned.kind == "throttle":
            answer = self._throttle_answer(now, form="xml" if planned.format == "xml" else None)
            if planned.retry_after is not None:
                answer.headers["Retry-After"] = str(planned.retry_after)
            return answer
        if planned.kind == "unavailable_html":
            return Answer.html(
                "<html><head><title>503 Service Temporarily Unavailable</title></head><body><center>"
                "<h1>503 Service Temporarily Unavailable</h1></center><hr><center>nginx</center></body></html>",
                503,
            )
        if planned.kind == "bad_gateway":
            return Answer(502)
        if planned.kind == "gateway_timeout":
            text = "message=GatewayTimeout; errorCode=006002; statusCode=504"
            body = fault_xml(kind="SERVICE", code="6002", message=text, detail="", time=stamp_milliseconds(now))
            return Answer(504, body, XML)
        if planned.kind in {"server_error", "fault_in_200"}:
            status = 500 if planned.kind == "server_error" else 200
            return self._fault_reply(None, system_failure("Please try again later", status=status), now)
        if planned.kind == "html_in_200":
            return Answer(200, b"<html><body><h1>We'll be back soon</h1></body></html>", HTML)
        if planned.kind == "empty_xml":
            return Answer(200, b'<?xml version="1.0"?>', XML)
        if planned.kind == "unauthorised":
            return self._unauthorised(now, "Token expired: " + exchange.headers.get("authorization", "")[7:19])
        if planned.kind == "stale":
            company = next(iter(self._simulator.companies.values()))
            return self._fault_reply(company, stale(company), now)
        return None

    # before the books ------------------------------------------------------------------------------------------

    def _authenticated(self, exchange: Exchange, now: datetime) -> AccessToken | Answer:
        scheme, _, token = exchange.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not _SHORTEST_TOKEN <= len(token) <= _LONGEST_TOKEN:
            return self._unauthorised(now, "Malformed bearer token: too short or too long")
        access = self._simulator.tokens.look_up(token)
        if access is None:
            return self._unauthorised(now, f"Token invalid: {token[:12]}")
        ended = access.connection.ended
        if ended == "disconnected" and self._simulator.switches.disconnected_answer == "403_3100":
            return self._forbidden(now)
        if ended:
            return self._unauthorised(now, f"Token revoked: {token[:12]}")
        if access.expires_at <= now:
            return self._unauthorised(now, f"Token expired: {token[:12]}")
        return access

    def _unauthorised(self, now: datetime, detail: str) -> Answer:
        body = gateway_body(
            name="AuthenticationFailed", code="3200", status=401, detail=detail, kind="AUTHENTICATION", now=now
        )
        return Answer.json(body, 401)

    def _forbidden(self, now: datetime) -> Answer:
        body = gateway_body(
            name="ApplicationAuthorizationFailed",
            code="3100",
            status=403,
            detail="The application is not authorized to access this company.",
            kind="SERVICE",
            now=now,
        )
        return Answer.json(body, 403)

    def _throttled(self, access: AccessToken, realm: str, rest: list[str], now: datetime) -> Answer | None:
        switches = self._simulator.switches
        if not switches.limits:
            return None
        app = (access.connection.client_id, realm)
        windows = [
            Window(("realm", realm), switches.requests_per_minute, 60),
            Window(("app", *app), switches.requests_per_second, 1),
        ]
        if rest[:1] == ["batch"]:
            windows.append(Window(("batch", *app), switches.batches_per_minute, 60))
            windows.append(Window(("batch of all apps", realm), _BATCHES_PER_MINUTE_ALL_APPS, 60))
        full = self._simulator.limits.admit(windows, now)
        return self._throttle_answer(now, form=None) if full is not None else None

    def _throttle_answer(self, now: datetime, *, form: str | None) -> Answer:
        """429 without Retry-After. Source: QuickBooks reference 6 (LOG), 17.12."""
        form = form or self._simulator.switches.throttle_format
        detail = "The request limit was reached.  Try again later"
        if form == "xml":
            text = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
            body = fault_xml(kind="SERVICE", code="3001", message=text, detail=detail, time=stamp_milliseconds(now))
            return Answer(429, body, XML)
        envelope = gateway_body(
            name="ThrottleExceeded",
            code="3001",
            status=429,
            detail=detail,
            kind="SERVICE",
            now=now,
            upper=form == "json_upper",
        )
        return Answer.json(envelope, 429)

    # the books -------------------------------------------------------------------------------------------------

    async def _entity_layer(self, company: Company, exchange: Exchange, rest: list[str], received: datetime) -> Answer:
        try:
            _check_representation(exchange, rest)
            self._check_company(company, exchange, rest)
            if rest == ["batch"] and exchange.method == "POST":
                return self._batch(company, exchange, received)
            if not api.is_write(exchange, rest):
                return self._reply(api.answer(company, exchange, rest), received, company, "CorePlus")
            return await self._write(company, exchange, rest, received)
        except QboFault as refused:
            return self._fault_reply(company, refused, received)
        except NotModelled as absent:
            return not_modelled(str(absent))

    def _check_company(self, company: Company, exchange: Exchange, rest: list[str]) -> None:
        if company.connecting_user_removed:
            raise fault(
                "120",
                ": -11014-You do not have access to use QuickBooks Online Plus.",
                status=401,
                kind="AuthorizationFault",
            )
        if company.subscription_lapsed and (api.is_write(exchange, rest) or rest == ["batch"]):
            raise fault("6190", "Subscription period has ended or canceled or there was a billing problem")

    async def _write(self, company: Company, exchange: Exchange, rest: list[str], received: datetime) -> Answer:
        request_id = exchange.params.get("requestid", "")
        replay.check_format(request_id, on_batch=False)
        printed = replay.fingerprint(exchange.path.encode() + b"\n" + exchange.body)
        remembered = replay.recall(company, request_id, printed)
        if remembered is not None:
            first: Answer = remembered.value
            return Answer(first.status, first.body, first.media_type, dict(first.headers), {"replayed": "yes"})
        try:
            reply = await self._one_name_at_a_time(company, exchange, rest)
            answer = self._reply(reply, received, company, "Core")
        except QboFault as refused:
            answer = self._fault_reply(company, refused, received)
        replay.remember(company, request_id, printed, answer, failed=answer.status != 200)
        return answer

    async def _one_name_at_a_time(self, company: Company, exchange: Exchange, rest: list[str]) -> api.Reply:
        """Parallel name writes in one company fail. Source: reference 2.9 (switch names_one_at_a_time_ms)."""
        milliseconds = company.switches.names_one_at_a_time_ms
        entity = ENTITIES.get(rest[0]) if rest else None
        if not milliseconds or entity is None or not entity.is_name:
            return api.answer(company, exchange, rest)
        if company.name_writer is not None:
            raise business("You can only add or edit one name at a time. Please try again.")
        company.name_writer = exchange
        try:
            await asyncio.sleep(milliseconds / 1000)
            return api.answer(company, exchange, rest)
        finally:
            company.name_writer = None

    def _batch(self, company: Company, exchange: Exchange, received: datetime) -> Answer:
        request_id = exchange.params.get("requestid", "")
        replay.check_format(request_id, on_batch=True)
        body = api.json_body(exchange)
        answers = batch.run_batch(company, body, request_id)
        writes, queries = batch.counts(body.get("BatchItemRequest"))
        self._simulator.metering["Core"] += writes
        self._simulator.metering["CorePlus"] += queries
        return Answer.json({"BatchItemResponse": answers, "time": stamp_milliseconds(received)})

    def _reply(self, reply: api.Reply, received: datetime, company: Company, metered_as: str) -> Answer:
        self._simulator.metering[metered_as] += 1
        if isinstance(reply.body, bytes):
            return Answer(reply.status, reply.body, "application/pdf")
        if reply.is_bare:
            return Answer.json(reply.body, reply.status)
        return Answer.json({**reply.body, "time": stamp_milliseconds(received)}, reply.status)

    def _fault_reply(self, company: Company | None, refused: QboFault, received: datetime) -> Answer:
        language = company.language if company is not None else "en"
        body: JsonObject = {"Fault": refused.as_json(language), "time": stamp_milliseconds(received)}
        return Answer.json(body, refused.status)


def not_modelled(what: str) -> Answer:
    """501 naming the route: the simulator never guesses."""
    return Answer.json({"error": "not_modelled", "message": f"This simulator does not model {what}."}, 501)


def _check_representation(exchange: Exchange, rest: list[str]) -> None:
    """Without Accept: application/json QuickBooks answers XML, which is not modelled. Source: reference 2.3."""
    accept = exchange.headers.get("accept", "")
    wanted = "application/pdf" if rest[-1:] == ["pdf"] else "application/json"
    if wanted not in accept:
        raise NotModelled(f"XML answers; send Accept: {wanted} (got {accept or 'no Accept header'!r})")
