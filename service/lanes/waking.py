"""Waking a lane: the last statement of the transaction that made it work.

The lane row is locked first and unconditionally, then looked at. An UPDATE that only touches a lane which is not due
takes no lock when it matches nothing, and that loses wake-ups: the running drain may close between our write and our
commit. On SQLite the transaction began IMMEDIATE, which is the same lock.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from service.clock import new_id, utc_now
from service.store.database import Session
from service.store.tables import Lane, LaneKind


async def wake(session: Session, kind: LaneKind, subject_id: str, *, at: datetime | None = None) -> Lane:
    """Make the lane due (now, or at a time). A lane that is due already will look again by itself."""
    when = at or utc_now()
    lane = await locked_lane(session, kind, subject_id)
    if lane.due_at is None or lane.due_at > when:
        lane.due_at = when
        session.add(lane)
    return lane


async def locked_lane(session: Session, kind: LaneKind, subject_id: str) -> Lane:
    """The lane's row under its lock, made on first use."""
    statement = select(Lane).where(col(Lane.kind) == kind, col(Lane.subject_id) == subject_id).with_for_update()
    lane = (await session.exec(statement)).first()
    if lane is None:
        lane = Lane(id=new_id("lane"), kind=kind, subject_id=subject_id)
        session.add(lane)
        await session.flush()
    return lane
