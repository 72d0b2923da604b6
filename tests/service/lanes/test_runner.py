"""The runner: a trouble of the moment costs a moment, and the writer's connection comes back whatever is cancelled."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.store.database import Database
from service.store.tables import Lane
from tests.service.lanes.conftest import World


async def test_a_write_whose_caller_goes_away_during_the_commit_is_finished_and_others_can_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is one writing connection: were it lost, nobody could write again."""
    commit = AsyncSession.commit
    committing = asyncio.Event()

    async def slowly(self: AsyncSession) -> None:
        committing.set()
        await asyncio.sleep(0.2)
        await commit(self)

    monkeypatch.setattr(AsyncSession, "commit", slowly)

    async def change() -> None:
        async with world.database.write() as session:
            session.add(Lane(id="lane_test", kind="endpoint", subject_id="whe_1"))

    task = asyncio.create_task(change())
    await committing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    monkeypatch.undo()
    database: Database = world.database
    async with asyncio.timeout(5), database.write() as session:
        found = (await session.exec(select(Lane).where(col(Lane.id) == "lane_test"))).all()
    assert len(found) == 1
