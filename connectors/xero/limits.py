"""Xero's limits, kept on our side: 60 calls a minute and 5 at a time for a tenant, 10,000 a minute for the app, and a
day's allowance that only Xero's own headers know. Source: Xero reference 8.1.

Xero counts in fixed windows that begin at a moment nobody tells; ours slide, so any window of theirs sees no more than
ours allow. The counters on every answer show what others used: another process of ours, or another app's share.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from connectors.limits import Limiter, Window

XERO_WINDOWS = (Window(57, 60),)
XERO_APP_WINDOWS = (Window(9_500, 60),)
AT_ONCE = 4
DAY_RESERVE = 250
"""Calls of a day kept for documents: with fewer left, the sweep of changes waits for tomorrow."""

_NEARLY_USED_UP = 2
_SLOWED_SECONDS = 15.0
_APP_NEARLY_USED_UP = 100
_APP_SLOWED_SECONDS = 5.0


class XeroLimiter(Limiter):
    """Turns at one tenant, each of which is also a turn of the app that all tenants share."""

    def __init__(self, *args: Any, app: Limiter | None = None, **more: Any) -> None:
        if not args:
            more.setdefault("windows", XERO_WINDOWS)
        more.setdefault("parallel", AT_ONCE)
        super().__init__(*args, **more)
        self._app = app
        self.day_left: int | None = None
        """Calls left today for this app and tenant, as Xero last said; None before its first answer."""

    @asynccontextmanager
    async def turn(self, name: str = "") -> AsyncIterator[None]:
        """A place in the tenant's windows, then in the app's."""
        async with super().turn(name):
            if self._app is None:
                yield
                return
            async with self._app.turn():
                yield

    @property
    def spares_calls(self) -> bool:
        """True while there are calls to spend on what can wait."""
        return self.day_left is None or self.day_left > DAY_RESERVE

    def note(self, headers: Mapping[str, str]) -> None:
        """Take in what an answer's counters say. Slows down when somebody else uses the same allowance."""
        day = _count(headers.get("x-daylimit-remaining"))
        self.day_left = self.day_left if day is None else day
        minute = _count(headers.get("x-minlimit-remaining"))
        if minute is not None and minute <= _NEARLY_USED_UP:
            self.pause(_SLOWED_SECONDS)
        app = _count(headers.get("x-appminlimit-remaining"))
        if self._app is not None and app is not None and app <= _APP_NEARLY_USED_UP:
            self._app.pause(_APP_SLOWED_SECONDS)


def app_limiter() -> Limiter:
    """One for each process: what all tenants of the app may do together."""
    return Limiter(XERO_APP_WINDOWS, parallel=1_000)


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdigit() else None
