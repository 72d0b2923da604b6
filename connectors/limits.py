"""A limiter that is exact: never more than N calls in any window, however the calls fall.

A leaky bucket lets nearly twice its rate into one window (19 calls into one second of a limit of 10); this keeps the
moments of the last N calls instead. One limiter belongs to one connection and lives with its lane: nothing is shared.

Our windows and the provider's are not aligned, and calls do not take equally long to arrive: what left here a full
second apart can arrive in one second there. So the defaults count over a little more time than the provider does, and
allow a little less. A 429 can still come (another app of the same company, a take-over); `pause_until` is for that.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from connectors.protocol import TryLater

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Window:
    """At most `calls` calls start in any `seconds`. With `only`, just turns of that name count."""

    calls: int
    seconds: float
    only: str = ""


QUICKBOOKS_WINDOWS = (Window(480, 61), Window(9, 1.2), Window(38, 61, only="batch"))
"""QuickBooks allows 500 a minute and 10 a second for a company, and 40 batches a minute for a company and app.

9 in 1.0 s was tried: two bursts of nine a second apart made 11 in one second of the server's clock, and a 429.
"""


class Limiter:
    """Turns at one connection, first come first served.

    taken_over: another process may have used the windows a moment ago. They count as used up, evenly, so that this
    process starts at the steady rate instead of with a burst on top of the other's.
    longest_wait: a turn that would have to wait longer raises TryLater instead, since waiting is a time in a row of the
    lane and never a sleeping task. None waits for ever.
    """

    def __init__(
        self,
        windows: Sequence[Window] = QUICKBOOKS_WINDOWS,
        *,
        parallel: int = 4,
        taken_over: bool = False,
        longest_wait: float | None = 20.0,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._windows = tuple(windows)
        self._starts: list[deque[float]] = [deque(maxlen=window.calls) for window in self._windows]
        self._clock, self._sleep, self._longest_wait = clock, sleep, longest_wait
        self._gate = asyncio.Lock()
        self._parallel = asyncio.Semaphore(parallel)
        self._paused_until = float("-inf")
        if taken_over:
            now = clock()
            for window, starts in zip(self._windows, self._starts, strict=True):
                step = window.seconds / window.calls
                starts.extend(now - window.seconds + step * (position + 1) for position in range(window.calls))

    @property
    def paused_seconds(self) -> float:
        """How long no call may start because the provider asked for a rest; 0 when it did not."""
        return max(0.0, self._paused_until - self._clock())

    def pause_until(self, moment: float) -> None:
        """Start nothing before `moment` of this limiter's clock. A shorter pause never shortens a longer one."""
        self._paused_until = max(self._paused_until, moment)

    def pause(self, seconds: float) -> None:
        """Start nothing for a while from now."""
        self.pause_until(self._clock() + seconds)

    @asynccontextmanager
    async def turn(self, name: str = "") -> AsyncIterator[None]:
        """Wait for a place among the parallel calls and in every window, then hold it. Raises TryLater (see above)."""
        async with self._parallel:
            # Both primitives queue in order of arrival, and the gate is held while waiting: nobody overtakes.
            async with self._gate:
                await self._wait_for_room(name)
            yield

    async def _wait_for_room(self, name: str) -> None:
        started = self._clock()
        while (wait := self._ready_at(name) - (now := self._clock())) > 0:
            if self._longest_wait is not None and now - started + wait > self._longest_wait:
                raise TryLater(f"no room for {wait:.0f} s more", wait_seconds=wait, limited=True)
            await self._sleep(wait)
        for window, starts in zip(self._windows, self._starts, strict=True):
            if window.only in ("", name):
                starts.append(now)

    def _ready_at(self, name: str) -> float:
        full = [
            starts[0] + window.seconds
            for window, starts in zip(self._windows, self._starts, strict=True)
            if window.only in ("", name) and len(starts) == window.calls
        ]
        return max(self._paused_until, *full) if full else self._paused_until
