"""The whole simulated service: organisations, tokens, clock, limits, planned faults, call log, webhooks."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, timedelta

from connectors.sandbox.common.calls import Call, CallLog
from connectors.sandbox.common.clock import VirtualClock
from connectors.sandbox.common.faults import FaultPlan
from connectors.sandbox.common.http import Answer, Exchange
from connectors.sandbox.common.webhook_http import post_webhook
from connectors.sandbox.common.webhooks import WebhookDispatcher
from connectors.sandbox.xero import notifications
from connectors.sandbox.xero.body import is_guid
from connectors.sandbox.xero.books import Books, ChangeEvent, World
from connectors.sandbox.xero.limits import FixedLimits
from connectors.sandbox.xero.replay import Replays
from connectors.sandbox.xero.seed import build_organisation
from connectors.sandbox.xero.settings import OrganisationOptions, XeroApp, XeroSettings, XeroWebhookConfig
from connectors.sandbox.xero.tokens import TokenStore


class Simulator:
    """One instance per running server. Everything lives in memory."""

    def __init__(self, settings: XeroSettings) -> None:
        self.settings = settings
        self.clock = VirtualClock()
        self.switches = settings.switches.model_copy()
        self.apps: dict[str, XeroApp] = {app.client_id: app for app in settings.apps}
        self.tokens = TokenStore(self.clock)
        self.limits = FixedLimits(self.switches)
        self.replays = Replays()
        self.faults = FaultPlan()
        self.calls = CallLog()
        self.webhook_config: XeroWebhookConfig = settings.webhooks.model_copy()
        self.subscription = self._new_subscription()
        self.webhooks: WebhookDispatcher[ChangeEvent] = WebhookDispatcher(
            clock=self.clock,
            config=self.webhook_config,
            build=lambda events, config: self.subscription.build(events, config, settings.api_host),
            ladder=self._wait_or_disable,
            send=self._deliver,
        )
        self.organisations: dict[str, Books] = {}
        self._build_organisations()

    def reset(self) -> None:
        """Everything as it was at the start: books, tokens, switches, apps, clock, faults, counters, webhooks."""
        self.clock.reset()
        for name, value in self.settings.switches:
            setattr(self.switches, name, value)
        self.apps = {app.client_id: app for app in self.settings.apps}
        self.tokens.reset()
        self.limits.reset()
        self.replays.reset()
        self.faults.clear()
        self.calls.reset()
        self.webhooks.reset()
        for name, value in self.settings.webhooks:
            setattr(self.webhook_config, name, value)
        self.subscription = self._new_subscription()
        self._build_organisations()

    def add_organisation(self, options: OrganisationOptions) -> Books:
        """Raises ValueError when the tenant id is taken."""
        tenant_id = options.tenant_id or str(uuid.uuid4())
        if tenant_id in self.organisations:
            raise ValueError(f"tenant {tenant_id} exists already")
        world = World(self.clock, self.switches, _ignore_event)
        rng = random.Random(f"{self.settings.seed}:{tenant_id}")
        books = build_organisation(options.model_copy(update={"tenant_id": tenant_id}), world, rng)
        world.notify = self._notify
        self.organisations[tenant_id] = books
        return books

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
                realm=note.get("realm", exchange.headers.get("xero-tenant-id", "")),
                request_id=exchange.headers.get("idempotency-key", ""),
                fault=fault,
                replayed=note.get("replayed") == "yes",
            )
        )

    # webhooks --------------------------------------------------------------------------------------------------

    async def prove_intent(self) -> dict[str, object]:
        """Run the handshake now; passing it enables (again) what was disabled and replays what waited."""
        found = await self.subscription.prove_intent(self.webhook_config, self._post)
        if found["passed"]:
            self.webhook_config.paused = False
            self.webhooks.retry_given_up()
        return found

    def _new_subscription(self) -> notifications.Subscription:
        state: notifications.IntentState = "required" if self.settings.switches.webhook_require_intent else "ok"
        return notifications.Subscription(random.Random(self.settings.seed), state)

    def _notify(self, event: ChangeEvent) -> None:
        if event.category not in self.webhook_config.categories or self.subscription.state in {"none", "required"}:
            return
        if event.own and not self.switches.webhook_own_writes:
            return
        self.webhooks.notify(event)

    def _wait_or_disable(self, ladder: str, attempts: int, outcome: str) -> timedelta | None:
        """After 24 hours of failing the subscription is disabled; events wait for it. Source: reference 9.2."""
        wait = notifications.retry_wait(ladder, attempts, outcome)
        if wait is None and ladder != "none":
            self.subscription.state = "disabled"
            self.webhook_config.paused = True
        return wait

    async def _deliver(self, url: str, body: bytes, headers: dict[str, str]) -> str:
        """Any 2xx accepts. Source: Xero reference 9.2."""
        outcome = await self._post(url, body, headers)
        return "200" if outcome.isdigit() and outcome.startswith("2") else outcome

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> str:
        return await post_webhook(url, body, headers, timeout_seconds=notifications.ANSWER_WITHIN_SECONDS)

    def _build_organisations(self) -> None:
        self.organisations = {}
        for options in self.settings.organisations:
            self.add_organisation(options)


def _ignore_event(event: ChangeEvent) -> None:
    """While an organisation is being built nobody is told."""


def route_of(path: str) -> str:
    """/api.xro/2.0/Invoices/9341.../Email -> /api.xro/2.0/invoices/{id}/email."""
    parts = path.strip("/").split("/")
    if parts[:2] == ["api.xro", "2.0"]:
        tail = ["{id}" if position % 2 else part.lower() for position, part in enumerate(parts[2:])]
        if tail[:2] == ["organisation", "{id}"]:
            tail[1] = parts[3].lower()
        return "/" + "/".join([*parts[:2], *tail])
    return "/" + "/".join("{id}" if is_guid(part) else part for part in parts)
