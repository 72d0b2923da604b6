"""The running service: its parts, and the one object that is handed around."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import update
from sqlmodel import col, or_

from connectors.http import EventSender
from connectors.oauth.grants import Grant, StoredGrant
from connectors.protocol import Ledger, Provider, TryLater
from contracts.books import LedgerName, RemoteRef
from contracts.problems import Problem, Reason
from service.clock import utc_now
from service.security.grants import open_grant, seal_grant
from service.security.secrets import SecretBox
from service.settings import Settings
from service.store.database import Database
from service.store.migrate import upgrade_async
from service.store.tables import Connection, TokenGrant

log = structlog.get_logger(__name__)

LEASE_SECONDS = 60
"""Longer than a renewal can take, connect and read time-outs included: a holder that was killed is passed over then."""


class Runner(Protocol):
    """What runs due lanes. Correctness never depends on it, only latency does."""

    def notice(self) -> None:
        """A transaction was committed in this process: look for due lanes now rather than at the next sweep."""
        ...

    async def run(self, stop: asyncio.Event) -> None:
        """Run due lanes until told to stop, then let each finish the slice it is in."""
        ...


class Ledgers:
    """The providers this installation is set up for, and one open ledger for each connection."""

    def __init__(self, providers: Mapping[LedgerName, Provider], database: Database, secrets: SecretBox) -> None:
        self._providers = providers
        self._database, self._secrets = database, secrets
        self._open: dict[tuple[str, str], Ledger] = {}

    def provider(self, ledger: str) -> Provider | None:
        """The provider of that name, or None when it is not set up here."""
        return next((provider for name, provider in self._providers.items() if name == ledger), None)

    @property
    def names(self) -> list[LedgerName]:
        """The ledgers that are set up here, in the order people are shown them."""
        return [name for name in LedgerName if name in self._providers]

    def open(self, connection: Connection) -> Ledger:
        """The connection's books; the same object every time, because its rate limits live in it."""
        key = (connection.id, connection.company_id)
        if key not in self._open:
            provider = self._providers[LedgerName(connection.ledger)]
            store = SealedGrants(self._database, self._secrets, connection.id)
            self._open[key] = provider.open(connection=connection.id, company_id=connection.company_id, store=store)
        return self._open[key]

    def forget(self, connection_id: str) -> None:
        """Read its tokens afresh next time: it was connected again, or disconnected."""
        for key in [key for key in self._open if key[0] == connection_id]:
            del self._open[key]

    def grants(self, connection_id: str) -> SealedGrants:
        """Where the connection's tokens are kept."""
        return SealedGrants(self._database, self._secrets, connection_id)

    def deep_link(self, connection: Connection, ref: RemoteRef) -> str:
        """Where a person opens an object; "" when its provider is not set up here."""
        provider = self.provider(connection.ledger)
        company = connection.company_code or connection.company_id
        return provider.deep_link(company, ref) if provider and company else ""

    async def start(self) -> None:
        """Let every provider get ready."""
        for provider in self._providers.values():
            await provider.start()

    async def stop(self) -> None:
        """Give every pool back."""
        for provider in self._providers.values():
            await provider.stop()


class SealedGrants:
    """Implements GrantStore on our tables: encrypted, compare-and-set, locked by a lease across processes."""

    def __init__(self, database: Database, secrets: SecretBox, connection_id: str) -> None:
        self._database, self._secrets, self._connection_id = database, secrets, connection_id

    async def load(self) -> StoredGrant | None:
        """The stored grant, read afresh."""
        async with self._database.read() as session:
            row = await session.get(TokenGrant, self._connection_id)
        if row is None:
            return None
        return StoredGrant(open_grant(self._secrets, self._connection_id, row.sealed), row.generation)

    async def save(self, grant: Grant, *, expected_generation: int) -> bool:
        """Keep the pair if nobody saved since that generation. Durable when this returns True."""
        async with self._database.write() as session:
            result = await session.exec(
                update(TokenGrant)
                .where(
                    col(TokenGrant.connection_id) == self._connection_id,
                    col(TokenGrant.generation) == expected_generation,
                )
                .values(
                    generation=expected_generation + 1,
                    sealed=seal_grant(self._secrets, self._connection_id, grant),
                    access_expires_at=grant.access_expires_at,
                    refresh_expires_at=grant.refresh_expires_at,
                    updated_at=utc_now(),
                )
            )
            return bool(result.rowcount)

    async def put(self, grant: Grant) -> None:
        """The first grant of a consent: whatever was there before is dead."""
        async with self._database.write() as session:
            row = await session.get(TokenGrant, self._connection_id)
            sealed = seal_grant(self._secrets, self._connection_id, grant)
            if row is None:
                row = TokenGrant(
                    connection_id=self._connection_id, sealed=sealed, access_expires_at=grant.access_expires_at
                )
            row.sealed, row.access_expires_at = sealed, grant.access_expires_at
            row.refresh_expires_at = grant.refresh_expires_at
            row.generation += 1
            row.updated_at = utc_now()
            session.add(row)

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """A lease in the row: a holder that was killed is passed over when it ends."""
        token = await self._lease()
        try:
            yield
        finally:
            async with self._database.write() as session:
                await session.exec(
                    update(TokenGrant)
                    .where(
                        col(TokenGrant.connection_id) == self._connection_id,
                        col(TokenGrant.refreshing_until) == token,
                    )
                    .values(refreshing_until=None)
                )

    async def _lease(self) -> datetime:
        for _ in range(LEASE_SECONDS * 10):
            now = utc_now()
            until = now + timedelta(seconds=LEASE_SECONDS)
            async with self._database.write() as session:
                free = or_(col(TokenGrant.refreshing_until).is_(None), col(TokenGrant.refreshing_until) < now)
                result = await session.exec(
                    update(TokenGrant)
                    .where(col(TokenGrant.connection_id) == self._connection_id, free)
                    .values(refreshing_until=until)
                )
                taken = bool(result.rowcount)
                exists = taken or await session.get(TokenGrant, self._connection_id) is not None
            if taken or not exists:
                return until
            await asyncio.sleep(0.1)
        raise TryLater("another process is renewing the access and does not finish", wait_seconds=30)


class Service:
    """Everything a request or a lane needs, wired once in service/app.py."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        secrets: SecretBox,
        ledgers: Ledgers,
        sender: EventSender,
        lanes: Callable[[Service], Runner],
    ) -> None:
        self.settings = settings
        self.database = database
        self.secrets = secrets
        self.ledgers = ledgers
        self.sender = sender
        self.stopping = asyncio.Event()
        self.lanes = lanes(self)
        self._running: asyncio.Task[None] | None = None
        database.on_commit(self.lanes.notice)

    async def start(self) -> None:
        """Migrate the database, get the providers ready, start the lanes."""
        await upgrade_async(self.settings.database_url)
        await self.ledgers.start()
        if self.settings.lanes:
            self._running = asyncio.create_task(self.lanes.run(self.stopping))

    async def stop(self) -> None:
        """Finish the slices under way, then give everything back. What is left is in the rows."""
        self.stopping.set()
        if self._running is not None:
            await self._running
        await self.ledgers.stop()
        await self.sender.aclose()
        await self.database.close()


def not_set_up(ledger: str) -> Problem:
    """What to say when a provider has no credentials here."""
    return Problem(
        reason=Reason.NOT_CONNECTED,
        where="the connection",
        field="ledger",
        message=f"This installation has no credentials for {ledger}.",
        fix=f"Set LEDGERLANE_{ledger.upper()}_CLIENT_ID and _CLIENT_SECRET, then start the service again.",
        value=ledger,
    )
