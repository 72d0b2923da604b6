"""Delivering change notifications the way providers do: late, twice, out of order, and again until accepted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from connectors.sandbox.common.clock import VirtualClock

Event = TypeVar("Event")
Sender = Callable[[str, bytes, dict[str, str]], Awaitable[str]]


class WebhookConfig(BaseModel, extra="forbid"):
    """How notifications travel. Every field can be changed while the simulator runs."""

    url: str = ""
    verifier_token: str = "sandbox-verifier-token"  # noqa: S105
    paused: bool = False
    aggregation_seconds: int = Field(default=0, ge=0)  # changes within this window share one call
    delay_seconds: int = Field(default=0, ge=0)
    drop_next: int = Field(default=0, ge=0)  # this many calls are lost and never retried
    duplicate_next: int = Field(default=0, ge=0)  # this many calls are sent twice
    reorder: bool = False  # newest first, both between calls and inside one
    hold_back: bool = False  # nothing newer is sent while an older call still waits for acceptance
    retry_ladder: Literal["current", "old", "none"] = "current"
    retry_speed: int = Field(default=1, ge=1)  # 100 = a ladder step of 10 s takes 0.1 s of simulated time


@dataclass
class Delivery:
    """One HTTP call to the receiver, with its fate so far."""

    number: int
    body: bytes
    headers: dict[str, str]
    due_at: datetime
    events: list[Any]
    attempts: list[str] = field(default_factory=list)
    state: Literal["waiting", "delivered", "dropped", "given_up"] = "waiting"

    def summary(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "state": self.state,
            "attempts": list(self.attempts),
            "due_at": self.due_at.isoformat(),
            "body": self.body.decode(),
        }


class WebhookDispatcher(Generic[Event]):
    """Collects events, turns them into signed calls and keeps trying.

    build: events -> [(body, headers)], provider-specific, signature included.
    ladder: attempts already made -> wait before the next one, or None to give up.
    """

    def __init__(
        self,
        *,
        clock: VirtualClock,
        config: WebhookConfig,
        build: Callable[[Sequence[Event], WebhookConfig], list[tuple[bytes, dict[str, str]]]],
        ladder: Callable[[str, int, str], timedelta | None],
        send: Sender,
    ) -> None:
        self.config = config
        self._clock = clock
        self._build = build
        self._ladder = ladder
        self._send = send
        self._events: list[Event] = []
        self._window_ends: datetime | None = None
        self._deliveries: list[Delivery] = []
        self._numbers = itertools.count(1)
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        clock.on_jump(self.wake)

    def notify(self, event: Event) -> None:
        """Something changed. Without a receiver URL nothing is recorded, as with an app that registered none."""
        if not self.config.url:
            return
        self._events.append(event)
        if self._window_ends is None:
            self._window_ends = self._clock.now() + timedelta(seconds=self.config.aggregation_seconds)
        self.wake()

    def wake(self) -> None:
        """Look at the time again; safe from any thread."""
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._wake.set)

    def reset(self) -> None:
        self._events.clear()
        self._deliveries.clear()
        self._window_ends = None

    def state(self) -> dict[str, Any]:
        return {
            "config": self.config.model_dump(),
            "undelivered_events": len(self._events),
            "deliveries": [delivery.summary() for delivery in self._deliveries[-200:]],
        }

    async def run(self) -> None:
        """Deliver until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            await self.deliver_due()
            wait = self._seconds_to_next()
            if wait is None:
                await self._wake.wait()
            else:
                try:
                    await asyncio.wait_for(self._wake.wait(), timeout=wait)
                except TimeoutError:
                    continue

    def retry_given_up(self) -> None:
        """The receiver is back: what was given up waits again, in its old order."""
        for delivery in self._deliveries:
            if delivery.state == "given_up":
                delivery.state, delivery.due_at = "waiting", self._clock.now()
                delivery.attempts.clear()
        self.wake()

    async def deliver_now(self) -> dict[str, Any]:
        """Close the window and try everything that waits, whatever its due time."""
        self._window_ends = self._clock.now()
        self._package()
        for delivery in self._waiting():
            delivery.due_at = self._clock.now()
        await self.deliver_due(even_paused=True)
        return self.state()

    async def deliver_due(self, *, even_paused: bool = False) -> None:
        if self.config.paused and not even_paused:
            return
        self._package()
        for delivery in self._waiting():
            if delivery.due_at <= self._clock.now():
                await self._attempt(delivery)
            if self.config.hold_back and delivery.state == "waiting":
                break

    def _waiting(self) -> list[Delivery]:
        waiting = [delivery for delivery in self._deliveries if delivery.state == "waiting"]
        return waiting[::-1] if self.config.reorder else waiting

    def _package(self) -> None:
        now = self._clock.now()
        if not self._events or self._window_ends is None or self._window_ends > now:
            return
        events = self._events[::-1] if self.config.reorder else list(self._events)
        self._events.clear()
        self._window_ends = None
        for body, headers in self._build(events, self.config):
            copies = 1
            if self.config.duplicate_next:
                self.config.duplicate_next -= 1
                copies = 2
            for _ in range(copies):
                self._deliveries.append(
                    Delivery(
                        number=next(self._numbers),
                        body=body,
                        headers=headers,
                        due_at=now + timedelta(seconds=self.config.delay_seconds),
                        events=list(events),
                    )
                )

    async def _attempt(self, delivery: Delivery) -> None:
        if self.config.drop_next:
            self.config.drop_next -= 1
            delivery.state = "dropped"
            return
        delivery.due_at = self._clock.now() + timedelta(days=1)  # taken: a second loop must not send it too
        outcome = await self._send(self.config.url, delivery.body, delivery.headers)
        delivery.attempts.append(outcome)
        if outcome == "200":
            delivery.state = "delivered"
            return
        wait = self._ladder(self.config.retry_ladder, len(delivery.attempts), outcome)
        if wait is None:
            delivery.state = "given_up"
            return
        delivery.due_at = self._clock.now() + wait / self.config.retry_speed

    def _seconds_to_next(self) -> float | None:
        if self.config.paused:
            return None
        moments = [d.due_at for d in self._deliveries if d.state == "waiting"]
        if self._events and self._window_ends is not None:
            moments.append(self._window_ends)
        if not moments:
            return None
        return max(0.01, (min(moments) - self._clock.now()).total_seconds())
