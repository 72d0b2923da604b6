"""A fresh access token for one connection, whoever else asks at the same time.

A refresh token is treated as single use. So: one lock per connection over all processes; inside it the stored grant is
read again, because somebody else may have renewed it meanwhile; the new pair is stored durably before anyone uses it;
and a refused refresh token is believed only after the store was read once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from connectors.oauth.grants import Grant, GrantStore, OAuthProvider, StoredGrant
from connectors.protocol import OutcomeUnknown, SignInNeeded, TryLater

log = structlog.get_logger("ledgerlane.oauth")

EARLY = timedelta(minutes=5)


class TokenSource:
    """The access token of one connection."""

    def __init__(
        self,
        store: GrantStore,
        provider: OAuthProvider,
        *,
        connection: str = "",
        early: timedelta = EARLY,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._provider, self._connection = store, provider, connection
        self._early, self._now = early, now
        self._here = asyncio.Lock()
        self._held: StoredGrant | None = None
        self._unsaved: tuple[Grant, int] | None = None

    async def access_token(self, *, not_this: str | None = None) -> str:
        """A token that is good for some minutes. `not_this` is one the provider just refused: get another.

        SignInNeeded: a person has to reconnect. TryLater: the provider or the store did not answer.
        """
        if self._held is not None and self._is_good(self._held.grant, not_this):
            return self._held.grant.access_token
        # A caller that is cancelled must not take a renewed pair with it: it was not stored yet, and the old is dead.
        renewal = asyncio.ensure_future(self._renewed(not_this))
        try:
            return await asyncio.shield(renewal)
        except asyncio.CancelledError:
            renewal.add_done_callback(_notice)
            raise

    def forget(self) -> None:
        """Read the store again next time: the company was reconnected or disconnected."""
        self._held = None

    def _is_good(self, grant: Grant, not_this: str | None) -> bool:
        return grant.access_token != not_this and self._now() < grant.access_expires_at - self._early

    async def _renewed(self, not_this: str | None) -> str:
        async with self._here:
            if self._held is not None and self._is_good(self._held.grant, not_this):
                return self._held.grant.access_token
            if self._unsaved is None and self._is_good((stored := await self._load()).grant, not_this):
                # Reading needs no lock: whoever renews saves a pair as a whole.
                self._held = stored
                return stored.grant.access_token
            async with self._store.lock():
                stored = await self._save_what_is_left() or await self._load()
                if not self._is_good(stored.grant, not_this):
                    stored = await self._renew(stored, not_this)
                self._held = stored
                return stored.grant.access_token

    async def _load(self) -> StoredGrant:
        stored = await self._store.load()
        if stored is None or not stored.grant.refresh_token:
            self._held = None
            raise SignInNeeded("no grant is stored for this connection")
        return stored

    async def _renew(self, stored: StoredGrant, not_this: str | None) -> StoredGrant:
        try:
            fresh = await self._provider.refresh(stored.grant.refresh_token)
        except SignInNeeded:
            again = await self._load()
            if again.generation != stored.generation and self._is_good(again.grant, not_this):
                return again
            log.warning("grant_refused", connection=self._connection, generation=stored.generation)
            raise
        except OutcomeUnknown as error:
            # What the caller wanted to send has not left, so for the caller nothing was written.
            raise TryLater("the token's renewal had no clear answer", wait_seconds=30) from error
        self._unsaved = (replace(fresh, company_id=stored.grant.company_id), stored.generation)
        return await self._save_what_is_left() or await self._load()

    async def _save_what_is_left(self) -> StoredGrant | None:
        """Store a renewed pair. Kept in memory while the store fails, unused, and tried again at the next call."""
        if self._unsaved is None:
            return None
        grant, generation = self._unsaved
        try:
            saved = await self._store.save(grant, expected_generation=generation)
        except Exception as error:
            log.error("grant_not_saved", connection=self._connection, generation=generation)
            raise TryLater("the renewed grant could not be stored", wait_seconds=5) from error
        self._unsaved = None
        log.info("grant_renewed", connection=self._connection, generation=generation, saved=saved)
        # Not saved: somebody reconnected or renewed meanwhile, and what they stored is what counts.
        return await self._load()


def _notice(renewal: asyncio.Future[str]) -> None:
    if not renewal.cancelled():
        renewal.exception()
