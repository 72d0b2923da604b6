"""Sliding-window request limits, exact: at most `calls` in any stretch of `seconds`."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Window:
    """At most `calls` calls that share `key` within any `seconds` seconds."""

    key: Hashable
    calls: int
    seconds: int


class SlidingLimits:
    """Admits a call only when every window it falls in has room; a refused call uses none of them up."""

    def __init__(self) -> None:
        self._admitted: dict[tuple[Hashable, int], deque[datetime]] = {}

    def admit(self, windows: Iterable[Window], now: datetime) -> Window | None:
        """None when admitted, else the first full window."""
        logs = []
        for window in windows:
            log = self._admitted.setdefault((window.key, window.seconds), deque())
            horizon = now - timedelta(seconds=window.seconds)
            while log and log[0] <= horizon:
                log.popleft()
            if len(log) >= window.calls:
                return window
            logs.append(log)
        for log in logs:
            log.append(now)
        return None

    def reset(self) -> None:
        """Forget every admitted call."""
        self._admitted.clear()
