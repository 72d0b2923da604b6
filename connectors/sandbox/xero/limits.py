"""Xero's request limits: fixed windows that reset at a different moment for every tenant. Source: reference 8.1."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from connectors.sandbox.xero.settings import Switches, XeroApp

Problem = Literal["minute", "day", "appminute", "concurrent"]
_TIER_DAY = {"starter": 1000}
_OTHER_DAY = 5000
_MINUTE, _DAY = 60, 86_400


@dataclass(frozen=True)
class Verdict:
    """What the limit headers say. `problem` is set when the call is refused; concurrency has no Retry-After."""

    minute_left: int
    day_left: int
    app_minute_left: int
    problem: Problem | None = None
    retry_after: int | None = None

    def headers(self) -> dict[str, str]:
        found = {
            "X-AppMinLimit-Remaining": str(self.app_minute_left),
            "X-MinLimit-Remaining": str(self.minute_left),
            "X-DayLimit-Remaining": str(self.day_left),
        }
        if self.problem is not None:
            found["X-Rate-Limit-Problem"] = self.problem
        if self.retry_after is not None:
            found["Retry-After"] = str(self.retry_after)
        return found


class FixedLimits:
    """Counts calls by window. A refused call is not counted."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._used: Counter[tuple[str, str, int]] = Counter()
        self._in_flight: Counter[str] = Counter()

    def reset(self) -> None:
        self._used.clear()

    def enter(self, key: str) -> None:
        """A call of `key` (app and tenant) began."""
        self._in_flight[key] += 1

    def leave(self, key: str) -> None:
        self._in_flight[key] -= 1

    def admit(self, app: XeroApp, tenant_id: str, now: datetime) -> Verdict:
        """Count one call, or say which limit it breaks. Without limits nothing is counted, and nothing runs low."""
        pair = f"{app.client_id}:{tenant_id}"
        day_limit = self._switches.calls_per_day or _TIER_DAY.get(app.tier, _OTHER_DAY)
        minute, minute_resets = _window("minute", pair, _MINUTE, now)
        day, day_resets = _window("day", pair, _DAY, now)
        app_minute, app_resets = _window("appminute", app.client_id, _MINUTE, now)
        problem: Problem | None = None
        wait: int | None = None
        if self._switches.limits:
            if self._in_flight[pair] > self._switches.calls_at_once:
                problem = "concurrent"
            elif self._used[day] >= day_limit:
                problem, wait = "day", day_resets
            elif self._used[minute] >= self._switches.calls_per_minute:
                problem, wait = "minute", minute_resets
            elif self._used[app_minute] >= self._switches.app_calls_per_minute:
                problem, wait = "appminute", app_resets
        if problem is None and self._switches.limits:
            for window in (minute, day, app_minute):
                self._used[window] += 1
        return Verdict(
            minute_left=max(0, self._switches.calls_per_minute - self._used[minute]),
            day_left=max(0, day_limit - self._used[day]),
            app_minute_left=max(0, self._switches.app_calls_per_minute - self._used[app_minute]),
            problem=problem,
            retry_after=wait,
        )


def _window(kind: str, key: str, seconds: int, now: datetime) -> tuple[tuple[str, str, int], int]:
    """The window `now` falls in and the whole seconds until it ends (at least 1)."""
    shifted = int(now.timestamp()) + zlib.crc32(key.encode()) % seconds
    return (kind, key, shifted // seconds), seconds - shifted % seconds
