"""The simulator's own time: real time plus an offset a test may move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Real time shifted by `offset`; everything that expires in a simulator asks this clock."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """The simulated instant, aware and in UTC."""
        return datetime.now(UTC) + self._offset

    @property
    def offset(self) -> timedelta:
        """How far simulated time is ahead of (or behind) real time."""
        return self._offset

    def advance(self, by: timedelta) -> datetime:
        """Move time and wake whoever waits for a moment that may now be past."""
        self._offset += by
        self._tell_listeners()
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Make the simulated present `moment` (aware); it keeps ticking from there."""
        self._offset = moment - datetime.now(UTC)
        self._tell_listeners()
        return self.now()

    def reset(self) -> None:
        """Back to real time."""
        self._offset = timedelta()
        self._tell_listeners()

    def on_jump(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every jump, so that sleeping loops look at the time again."""
        self._listeners.append(listener)

    def _tell_listeners(self) -> None:
        for listener in self._listeners:
            listener()
