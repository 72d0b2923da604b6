"""Xero's webhooks: bodies, signature, retries, and the intent-to-receive handshake. Source: Xero reference 9."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import random
import string
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from connectors.sandbox.common.exact_json import JsonObject, dump_bytes
from connectors.sandbox.common.webhooks import WebhookConfig
from connectors.sandbox.xero.books import ChangeEvent

ANSWER_WITHIN_SECONDS = 5.0
_EVERY = timedelta(minutes=15)
_FOR = timedelta(hours=24)
_BAD_BEFORE_GOOD = 3
Sender = Callable[[str, bytes, dict[str, str]], Awaitable[str]]
IntentState = Literal["none", "required", "ok", "disabled"]


def signature(body: bytes, key: str) -> str:
    """base64(HMAC-SHA256(raw body, the key's literal UTF-8 bytes))."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def headers(body: bytes, key: str) -> dict[str, str]:
    return {
        "x-xero-signature": signature(body, key),
        "Content-Type": "application/json; charset=utf-8",
        "Accept": "*/*",
        "Accept-Encoding": "gzip,deflate",
    }


def retry_wait(ladder: str, attempts: int, outcome: str) -> timedelta | None:
    """At once, then every 15 minutes for 24 hours. Source: Xero reference 9.2. `ladder` "none" never retries."""
    if ladder == "none":
        return None
    if attempts == 1:
        return timedelta(0)
    return _EVERY if (attempts - 1) * _EVERY <= _FOR else None


@dataclass
class Subscription:
    """The one webhook subscription of the app: its state, its sequence, its handshake."""

    rng: random.Random
    state: IntentState = "none"
    sequence: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    handshakes: list[JsonObject] = field(default_factory=list)

    def build(
        self, events: Sequence[ChangeEvent], config: WebhookConfig, api_host: str
    ) -> list[tuple[bytes, dict[str, str]]]:
        """One signed call for the events of a window."""
        if not events:
            return []
        numbers = [next(self.sequence) for _ in events]
        body = dump_bytes(
            {
                "events": [_event(event, api_host) for event in events],
                "lastEventSequence": numbers[-1],
                "firstEventSequence": numbers[0],
                "entropy": self._entropy(),
            }
        )
        return [(body, headers(body, config.verifier_token))]

    async def prove_intent(self, config: WebhookConfig, send: Sender) -> JsonObject:
        """Three calls with one altered character in the signature, then a good one. Source: Xero reference 9.3."""
        results: list[JsonObject] = []
        for number in range(_BAD_BEFORE_GOOD + 1):
            is_good = number == _BAD_BEFORE_GOOD
            body = (
                '{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "' + self._entropy() + '"}'
            ).encode()
            sent = headers(body, config.verifier_token)
            if not is_good:
                sent["x-xero-signature"] = _altered(sent["x-xero-signature"])
            outcome = await send(config.url, body, sent)
            accepted = outcome.startswith("2") if is_good else outcome == "401"
            results.append(
                {"signed": "correctly" if is_good else "incorrectly", "answer": outcome, "accepted": accepted}
            )
        passed = all(row["accepted"] for row in results)
        self.state = "ok" if passed else "required"
        found: JsonObject = {"passed": passed, "calls": results}
        if not passed:
            bad = any(not row["accepted"] for row in results if row["signed"] == "incorrectly")
            kind, status = ("incorrectly", "401") if bad else ("correctly", "2xx")
            found["problem"] = f"Response to {kind} signed payload not {status}"
        self.handshakes.append(found)
        return found

    def _entropy(self) -> str:
        return "".join(self.rng.choices(string.ascii_uppercase, k=20))


def _event(event: ChangeEvent, api_host: str) -> JsonObject:
    shown: dict[str, Any] = {
        "resourceUrl": f"{api_host}/api.xro/2.0/{event.resource}/{event.id}",
        "resourceId": event.id,
        "eventDateUtc": _stamp(event.at),
        "eventType": event.event_type,
        "eventCategory": event.category,
        "tenantId": event.tenant_id,
        "tenantType": "ORGANISATION",
    }
    return {**shown, "data": dict(event.data)} if event.data else shown


def _stamp(moment: datetime) -> str:
    """2025-12-02T00:44:09.923, no zone. Source: Xero reference 3."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def _altered(text: str) -> str:
    first = "A" if text[0] != "A" else "B"
    return first + text[1:]
