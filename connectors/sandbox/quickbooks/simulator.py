"""The whole simulated service: companies, connections, clock, limits, planned faults, call log, webhooks."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC

from connectors.sandbox.common.calls import Call, CallLog
from connectors.sandbox.common.clock import VirtualClock
from connectors.sandbox.common.faults import FaultPlan
from connectors.sandbox.common.http import Answer, Exchange
from connectors.sandbox.common.limits import SlidingLimits
from connectors.sandbox.common.webhook_http import post_webhook
from connectors.sandbox.common.webhooks import WebhookDispatcher
from connectors.sandbox.quickbooks import notifications
from connectors.sandbox.quickbooks.catalogue import BY_NAME
from connectors.sandbox.quickbooks.company import ChangeEvent, Company, World
from connectors.sandbox.quickbooks.seed import build_company
from connectors.sandbox.quickbooks.settings import CompanyOptions, OAuthClient, SandboxSettings
from connectors.sandbox.quickbooks.tokens import TokenStore

_FIRST_GENERATED_REALM = 9341450000001000


class Simulator:
    """One instance per running server. Everything lives in memory."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.clock = VirtualClock()
        self.switches = settings.switches.model_copy()
        self.clients: dict[str, OAuthClient] = {client.client_id: client for client in settings.clients}
        self.tokens = TokenStore(self.clock, self.switches)
        self.limits = SlidingLimits()
        self.faults = FaultPlan()
        self.calls = CallLog()
        self.metering: Counter[str] = Counter()
        self.webhooks: WebhookDispatcher[ChangeEvent] = WebhookDispatcher(
            clock=self.clock,
            config=settings.webhooks.model_copy(),
            build=lambda events, config: notifications.build(events, config, self.switches),
            ladder=notifications.retry_wait,
            send=lambda url, body, headers: post_webhook(
                url, body, headers, timeout_seconds=notifications.ANSWER_WITHIN_SECONDS
            ),
        )
        self.companies: dict[str, Company] = {}
        self._build_companies()

    def reset(self) -> None:
        """Everything as at the start: companies, tokens, switches, clients, clock, faults, counters, webhooks."""
        self.clock.reset()
        for name, value in self.settings.switches:
            setattr(self.switches, name, value)
        self.clients = {client.client_id: client for client in self.settings.clients}
        self.tokens.reset()
        self.limits.reset()
        self.faults.clear()
        self.calls.reset()
        self.metering.clear()
        self.webhooks.reset()
        for name, value in self.settings.webhooks:
            setattr(self.webhooks.config, name, value)
        self._build_companies()

    def add_company(self, options: CompanyOptions) -> Company:
        """Raises ValueError when the realm id is taken."""
        realm_id = options.realm_id or self._free_realm()
        if realm_id in self.companies:
            raise ValueError(f"realm {realm_id} exists already")
        world = World(self.clock, self.switches, random.Random(f"{self.settings.seed}:{realm_id}"), _ignore_event)
        company = build_company(options.model_copy(update={"realm_id": realm_id}), world)
        world.notify = self._notify
        self.companies[realm_id] = company
        return company

    def log(self, exchange: Exchange, answer: Answer | None, fault: str) -> None:
        note = answer.note if answer is not None else {}
        self.calls.add(
            Call(
                at=self.clock.now().astimezone(UTC).isoformat(timespec="milliseconds"),
                method=exchange.method,
                path=exchange.path,
                query=exchange.query_string,
                route=route_of(exchange.path),
                status=answer.status if answer is not None else 0,
                realm=note.get("realm", realm_of(exchange.path)),
                request_id=exchange.params.get("requestid", ""),
                fault=fault,
                replayed=note.get("replayed") == "yes",
            )
        )

    def _build_companies(self) -> None:
        self.companies = {}
        for options in self.settings.companies:
            self.add_company(options)

    def _free_realm(self) -> str:
        number = _FIRST_GENERATED_REALM
        while str(number) in self.companies:
            number += 1
        return str(number)

    def _notify(self, event: ChangeEvent) -> None:
        entity = BY_NAME.get(event.entity)
        if entity is None or not entity.has_webhook:
            return
        if event.own and not self.switches.webhook_own_writes:
            return
        self.webhooks.notify(event)


def _ignore_event(event: ChangeEvent) -> None:
    """While a company is being built nobody is told."""


def realm_of(path: str) -> str:
    parts = path.strip("/").split("/")
    return parts[2] if len(parts) > 2 and parts[:2] == ["v3", "company"] else ""


def route_of(path: str) -> str:
    """/v3/company/9341.../invoice/7 -> /v3/company/{realm}/invoice/{id}."""
    parts = path.strip("/").split("/")
    if realm_of(path):
        parts[2] = "{realm}"
        parts[3:] = ["{id}" if part.isdigit() else part.lower() for part in parts[3:]]
    return "/" + "/".join(parts)
