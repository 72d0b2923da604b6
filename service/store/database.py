"""The database: one place that opens transactions.

SQLite: WAL, BEGIN IMMEDIATE (without it a read-then-write loses updates silently), one write connection per process
so that writers queue fairly, and a pool of read-only connections beside it. Figures in the reference on engines.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlmodel.ext.asyncio.session import AsyncSession

Session = AsyncSession


class Database:
    """Sessions that commit at the end of their block or not at all."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            Path(url.split("///", 1)[1]).parent.mkdir(parents=True, exist_ok=True)
        self._writer = _engine(url, pool_size=1 if self.is_sqlite else 10, read_only=False)
        self._reader = _engine(url, pool_size=5, read_only=True) if self.is_sqlite else self._writer
        self._after_commit: list[Callable[[], None]] = []

    def on_commit(self, hook: Callable[[], None]) -> None:
        """Call this after every committed write: a hint to look for work, never the truth."""
        self._after_commit.append(hook)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """One short transaction: committed when the block ends, rolled back when it raises."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session:
            yield session
            await _to_its_end(asyncio.ensure_future(session.commit()))
        for hook in self._after_commit:
            hook()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """A consistent view; nothing written here is kept."""
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    async def close(self) -> None:
        """Give every connection back."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


async def _to_its_end(commit: asyncio.Future[None]) -> None:
    """A request whose client went away must not tear a commit in two: finish it, then hand on the cancellation."""
    cancelled = False
    while not commit.done():
        try:
            await asyncio.wait([commit])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled and commit.exception() is None:
        raise asyncio.CancelledError
    commit.result()


def _engine(url: str, *, pool_size: int, read_only: bool) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=pool_size, pool_pre_ping=True)
    engine = create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=pool_size, max_overflow=0, pool_timeout=60
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
