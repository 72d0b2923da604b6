"""Holding a lane: taken by epoch, proved by fence, closed only when there is nothing left to do.

Liveness by time-out is always wrong sometimes, so a worker that was taken for dead must not be able to write: every
write of a drain first checks, under the lane's row lock, that its fence is still the newest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select

from service.clock import utc_now
from service.store.database import Database, Session
from service.store.tables import Lane


class LaneLost(Exception):
    """Another worker has the lane now: stop silently, it will go on from the rows."""


@dataclass(frozen=True)
class HeldLane:
    """A lane this worker may write for, as long as the fence holds."""

    database: Database
    lane_id: str
    kind: str
    subject_id: str
    epoch: int
    fence: int

    @asynccontextmanager
    async def write(self) -> AsyncIterator[tuple[Session, Lane]]:
        """One short transaction under the fence. Raises LaneLost before anything is written."""
        async with self.database.write() as session:
            statement = select(Lane).where(col(Lane.id) == self.lane_id).with_for_update()
            lane = (await session.exec(statement)).one()
            if lane.fence != self.fence:
                raise LaneLost(self.lane_id)
            yield session, lane
            session.add(lane)


async def take(database: Database, lane_id: str, epoch: int) -> HeldLane | None:
    """Take a lane in one epoch; None when somebody closed that epoch already."""
    async with database.write() as session:
        result = await session.exec(
            update(Lane)
            .where(col(Lane.id) == lane_id, col(Lane.epoch) == epoch)
            .values(fence=col(Lane.fence) + 1, updated_at=utc_now())
        )
        if result.rowcount == 0:
            return None
        lane = (await session.exec(select(Lane).where(col(Lane.id) == lane_id))).one()
        return HeldLane(database, lane.id, lane.kind, lane.subject_id, lane.epoch, lane.fence)


def close(lane: Lane, earliest: datetime | None) -> bool:
    """Close the epoch if nothing is due now; False means go on. Call with what is earliest due, under the lock."""
    if earliest is not None and lane.paused_until is not None:
        earliest = max(earliest, lane.paused_until)
    if earliest is not None and earliest <= utc_now():
        return False
    lane.due_at = earliest
    lane.epoch += 1
    lane.failures = 0
    lane.last_error = ""
    return True
