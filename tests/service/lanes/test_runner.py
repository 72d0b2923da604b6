"""The runner: a trouble of the moment costs a moment, and the writer's connection comes back whatever is cancelled."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.lanes.runner import LocalRunner
from service.store.database import Database
from service.store.tables import Lane
from tests.service.lanes.conftest import World, a_customer


async def test_a_database_that_is_away_for_a_moment_does_not_end_the_lanes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, a pool that is used up: whoever looks for due lanes looks again."""
    settings = SimpleNamespace(sqlite_path=lambda: None, lanes_at_once=4)
    runner = LocalRunner(cast(Any, SimpleNamespace(database=world.database, settings=settings)))
    seen: list[str] = []
    stop = asyncio.Event()
    start_due, sweep = LocalRunner._start_due, LocalRunner._sweep_everything
    troubles = [OSError("disk full"), OSError("disk full")]

    async def drain(self: LocalRunner, lane: Lane) -> None:
        seen.append(lane.subject_id)
        stop.set()

    async def trip_start(self: LocalRunner) -> None:
        if len(troubles) == 1:
            raise troubles.pop()
        await start_due(self)

    async def trip_sweep(self: LocalRunner) -> None:
        if len(troubles) == 2:
            raise troubles.pop()
        await sweep(self)

    monkeypatch.setattr(LocalRunner, "_drain", drain)
    monkeypatch.setattr(LocalRunner, "_start_due", trip_start)
    monkeypatch.setattr(LocalRunner, "_sweep_everything", trip_sweep)
    await world.accept(a_customer())
    async with asyncio.timeout(10):
        await runner.run(stop)

    assert (seen, troubles) == ([world.connection.id], [])


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
