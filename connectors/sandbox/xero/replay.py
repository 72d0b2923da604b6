"""Idempotency keys: six minutes of remembered answers, errors included. Source: Xero reference 2.8."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.sandbox.common.http import Answer, Exchange
from connectors.sandbox.xero.errors import ApiException, request_refused

LIFETIME = timedelta(minutes=6)
_LONGEST_KEY = 128
_METHODS = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True)
class _Remembered:
    fingerprint: str
    answer: Answer
    at: datetime


class Replays:
    """One store for all apps; keys are scoped per app (by a switch also per tenant)."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Remembered] = {}

    def reset(self) -> None:
        self._known.clear()

    def recall(self, scope: str, key: str, exchange: Exchange, now: datetime) -> Answer | None:
        """The first answer for the same request; a different request under the key is refused."""
        if not 1 <= len(key) <= _LONGEST_KEY:
            raise request_refused(f"Idempotency Key: the length must be between 1 and {_LONGEST_KEY} characters.")
        found = self._known.get((scope, key))
        if found is None or now - found.at >= LIFETIME:
            return None
        if found.fingerprint != _fingerprint(exchange):
            raise request_refused(f"Idempotency Key: {key} is used with a different request.")
        first = found.answer
        return Answer(first.status, first.body, first.media_type, dict(first.headers), {"replayed": "yes"})

    def remember(self, scope: str, key: str, exchange: Exchange, answer: Answer, now: datetime) -> None:
        """Counted from the first call."""
        self._known[(scope, key)] = _Remembered(_fingerprint(exchange), answer, now)


def key_of(exchange: Exchange) -> str | None:
    """The header of a write; ignored on GET and DELETE."""
    return exchange.headers.get("idempotency-key") if exchange.method in _METHODS else None


def _fingerprint(exchange: Exchange) -> str:
    return hashlib.sha256(f"{exchange.method} {exchange.target}\n".encode() + exchange.body).hexdigest()


def store_down() -> ApiException:
    """500 until the store recovers. Source: Xero reference 2.8; the text is this simulator's."""
    return ApiException(500, "InternalServerError", "The idempotency store is unavailable", status=500)
