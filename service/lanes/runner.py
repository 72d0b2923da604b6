"""The runner for one machine: no engine, the process that holds a file lock runs due lanes in its loop.

The kernel frees the lock when the process dies, so a standby takes over at once. The truth is in the lane rows: a lost
notice costs one sweep interval and never a document.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from filelock import FileLock, Timeout
from sqlalchemy import update
from sqlmodel import col, select

from contracts.connections import ConnectionStatus
from service.clock import utc_now
from service.events.delivery import drain_endpoint
from service.lanes import connection_lane
from service.lanes.backoff import retry_at
from service.lanes.lane import LaneLost, take
from service.lanes.waking import wake
from service.store.tables import Connection, Lane, LaneKind, TokenGrant

if TYPE_CHECKING:
    from service.runtime import Service

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0
STANDBY_SECONDS = 0.2
FINISH_SECONDS = 10.0


class LocalRunner:
    """Runs every due lane of one SQLite file."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._news = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}

    def notice(self) -> None:
        """Something was committed in this process."""
        self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for the lock, then run lanes until stopped; then let each finish its slice."""
        path = self._service.settings.sqlite_path()
        lock = FileLock(f"{path}.lanes") if path else None
        if lock is not None and not await _acquired(lock, stop):
            return
        log.info("lanes_started", at_once=self._service.settings.lanes_at_once)
        swept = False
        try:
            while not stop.is_set():
                try:
                    if not swept:
                        await self._sweep_everything()
                        swept = True
                    await self._start_due()
                except Exception:
                    # A full disk, a pool that is used up: whoever looks for lanes must not be the one to give up.
                    log.exception("lanes_not_looked_for")
                await self._wait(stop)
        finally:
            await self._finish()
            if lock is not None:
                lock.release()
            log.info("lanes_stopped")

    async def _finish(self) -> None:
        """Let each lane end the call it is in. One that takes longer is let go: its call is looked for next time."""
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=FINISH_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _sweep_everything(self) -> None:
        """Nobody listened while no lanes ran: every connection's change feed is read from its last checkpoint.

        Nobody renews access either while this process holds the lock, so a lease left by a killed one is void.
        """
        async with self._service.database.write() as session:
            await session.exec(update(TokenGrant).values(refreshing_until=None))
            connected = select(Connection).where(col(Connection.status) == ConnectionStatus.CONNECTED)
            for connection in (await session.exec(connected)).all():
                if connection.pull_due_at is not None:
                    connection.pull_due_at = utc_now()
                    session.add(connection)
                await wake(session, LaneKind.CONNECTION, connection.id)

    async def _start_due(self) -> None:
        self._news.clear()
        free = self._service.settings.lanes_at_once - len(self._running)
        if free <= 0:
            return
        async with self._service.database.read() as session:
            statement = (
                select(Lane)
                .where(col(Lane.due_at) <= utc_now(), col(Lane.id).not_in(list(self._running)))
                .order_by(col(Lane.due_at))
                .limit(free)
            )
            lanes = (await session.exec(statement)).all()
        for lane in lanes:
            task = asyncio.create_task(self._drain(lane), name=f"lane {lane.id}")
            self._running[lane.id] = task
            task.add_done_callback(partial(self._ended, lane.id))

    def _ended(self, lane_id: str, task: asyncio.Task[None]) -> None:
        self._running.pop(lane_id, None)
        if task.cancelled() or task.exception() is None:
            self._news.set()
        else:
            # Not even its back-off could be written. The next sweep finds it; at once would be a loop.
            log.error("lane_not_backed_off", lane=lane_id, error=type(task.exception()).__name__)

    async def _wait(self, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(self._news.wait()), asyncio.create_task(stop.wait())]
        await asyncio.wait(waits, timeout=SWEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _drain(self, lane: Lane) -> None:
        held = await take(self._service.database, lane.id, lane.epoch)
        if held is None:
            return
        try:
            if lane.kind == LaneKind.CONNECTION:
                await connection_lane.drain(self._service, held)
            else:
                await drain_endpoint(self._service, held)
        except LaneLost:
            return
        except Exception as error:
            log.exception("lane_failed", lane=lane.id, kind=lane.kind, subject=lane.subject_id)
            await self._back_off(lane, error)

    async def _back_off(self, lane: Lane, error: Exception) -> None:
        """A fault of ours must not spin: the lane comes back later, the others go on."""
        async with self._service.database.write() as session:
            row = await session.get_one(Lane, lane.id)
            row.failures += 1
            row.last_error = f"{type(error).__name__}"
            row.due_at = retry_at(row.failures, first_seconds=1.0, longest_seconds=300.0)
            row.paused_until = row.due_at
            row.epoch += 1
            session.add(row)


async def _acquired(lock: FileLock, stop: asyncio.Event) -> bool:
    """Poll for the lock: the kernel gives it away the moment its holder dies."""
    waiting_since = utc_now()
    told = False
    while not stop.is_set():
        try:
            lock.acquire(blocking=False)
            return True
        except Timeout:
            if not told and utc_now() - waiting_since > timedelta(seconds=2):
                log.info("lanes_standing_by")
                told = True
            await asyncio.sleep(STANDBY_SECONDS)
    return False
