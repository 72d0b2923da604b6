"""A limiter that is exact: never more than N calls in any window, however the calls fall.

A leaky bucket lets nearly twice its rate into one window (19 calls into one second of a limit of 10); this remembers
the last N calls instead. One limiter belongs to one connection and lives with its lane: nothing is shared.

The provider counts a call when it arrives there, which is some time between our start and our answer. So a call counts
from its start until a whole window after its end: then the calls that arrived in any one of the provider's windows are
never more than N, however long each was under way. Counting starts alone was tried: two bursts of nine, a second apart,
arrived as eleven within one second and cost a 429. A little is left unused for other apps of the same company; a 429
can still come from those or after a take-over, and `pause_until` is for that.
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
    """At most `calls` calls arrive in any `seconds`. With `only`, just turns of that name count."""

    calls: int
    seconds: float
    only: str = ""


QUICKBOOKS_WINDOWS = (Window(490, 60), Window(9, 1), Window(39, 60, only="batch"))
"""QuickBooks allows 500 a minute and 10 a second for a company, and 40 batches a minute for a company and app."""


_GUESS = 0.05


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
        parallel: int = 6,
        taken_over: bool = False,
        longest_wait: float | None = 20.0,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._logs = [_Log(window) for window in windows]
        self._clock, self._sleep, self._longest_wait = clock, sleep, longest_wait
        self._gate = asyncio.Lock()
        self._parallel = asyncio.Semaphore(parallel)
        self._paused_until = float("-inf")
        if taken_over:
            for log in self._logs:
                log.fill(clock())

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
        logs = [log for log in self._logs if log.window.only in ("", name)]
        async with self._parallel:
            # Both primitives queue in order of arrival, and the gate is held while waiting: nobody overtakes.
            async with self._gate:
                await self._wait_for_room(logs)
                for log in logs:
                    log.under_way += 1
            try:
                yield
            finally:
                for log in logs:
                    log.end(self._clock())

    async def _wait_for_room(self, logs: Sequence[_Log]) -> None:
        started = self._clock()
        while True:
            now = self._clock()
            wait = max([self._paused_until - now, *(log.wait(now) for log in logs)])
            if wait <= 0:
                return
            if self._longest_wait is not None and now - started + wait > self._longest_wait:
                raise TryLater(f"no room for {wait:.0f} s more", wait_seconds=wait, limited=True)
            await self._sleep(wait)


class _Log:
    """The calls that count in one window: those under way, and those that ended less than a window ago."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.under_way = 0
        self._ends: deque[float] = deque()

    def fill(self, now: float) -> None:
        """As if the window had just been used up, evenly."""
        step = self.window.seconds / self.window.calls
        self._ends.extend(now - self.window.seconds + step * (each + 1) for each in range(self.window.calls))

    def end(self, now: float) -> None:
        """One that was under way has its answer, or will never have one."""
        self.under_way -= 1
        self._ends.append(now)

    def wait(self, now: float) -> float:
        """Seconds until one more may start; 0 when it may. A guess while everything that counts is under way."""
        while self._ends and self._ends[0] + self.window.seconds <= now:
            self._ends.popleft()
        if self.under_way + len(self._ends) < self.window.calls:
            return 0.0
        if self._ends:
            return self._ends[0] + self.window.seconds - now
        return _GUESS
