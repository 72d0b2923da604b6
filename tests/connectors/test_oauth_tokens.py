"""One renewal at a time, stored before it is used, and a refused token believed only after a second look."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from connectors.oauth.tokens import TokenSource
from connectors.protocol import OutcomeUnknown, SignInNeeded, TryLater
from tests.connectors.fakes import NOW, REALM, MemoryStore, RotatingProvider, UnlockedStore, a_grant

STALE = timedelta(minutes=1)


def a_source(store: MemoryStore, provider: RotatingProvider) -> TokenSource:
    return TokenSource(store, provider, connection="con_1", now=lambda: NOW)


async def test_a_fresh_token_is_used_as_it_is() -> None:
    """No call to Intuit while the stored token is good."""
    store, provider = MemoryStore(a_grant()), RotatingProvider()

    assert await a_source(store, provider).access_token() == "access-1"
    assert provider.refreshes == 0


async def test_a_token_is_renewed_some_minutes_before_it_dies() -> None:
    """One that dies under way costs a refused call."""
    store, provider = MemoryStore(a_grant(lives=STALE)), RotatingProvider()

    assert await a_source(store, provider).access_token() == "access-2"
    assert store.stored is not None
    assert store.stored.grant.refresh_token == "refresh-2"
    assert store.stored.grant.company_id == REALM


async def test_many_tasks_renew_once() -> None:
    """The loser of a race would be told invalid_grant, and the connection would look dead."""
    store, provider = MemoryStore(a_grant(lives=STALE)), RotatingProvider()
    source = a_source(store, provider)

    tokens = await asyncio.gather(*(source.access_token() for _ in range(20)))

    assert (set(tokens), provider.refreshes) == ({"access-2"}, 1)


async def test_two_processes_over_one_store_renew_once() -> None:
    """The second gets the lock, reads the store again and finds a fresh pair."""
    store, provider = MemoryStore(a_grant(lives=STALE)), RotatingProvider()
    here, there = a_source(store, provider), a_source(store, provider)

    tokens = await asyncio.gather(here.access_token(), there.access_token())

    assert (list(tokens), provider.refreshes) == (["access-2", "access-2"], 1)


async def test_a_lost_lock_does_not_lose_the_connection() -> None:
    """Both renew; the one told invalid_grant reads the store once more and finds the winner's pair."""
    store, provider = UnlockedStore(a_grant(lives=STALE)), RotatingProvider()
    here, there = a_source(store, provider), a_source(store, provider)

    async def slow_refusal() -> None:
        await asyncio.sleep(0)

    provider.pause = slow_refusal
    first = await here.access_token()
    late = StaleReads(store)
    second = await a_source(late, provider).access_token()

    assert (first, second, provider.refreshes) == ("access-2", "access-2", 1)
    assert await there.access_token() == "access-2"


class StaleReads(UnlockedStore):
    """The first read gives what was stored before the other process renewed."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(a_grant(lives=STALE))
        self._behind, self._reads = store, 0

    async def load(self):  # type: ignore[no-untyped-def]
        self._reads += 1
        return self.stored if self._reads == 1 else await self._behind.load()


async def test_a_pair_that_cannot_be_stored_is_not_used_and_not_lost() -> None:
    """The old refresh token is dead by then: the pair is kept here, unused, until the store takes it."""
    store, provider = MemoryStore(a_grant(lives=STALE)), RotatingProvider()
    source = a_source(store, provider)
    store.fail_saves = 1

    with pytest.raises(TryLater):
        await source.access_token()
    token = await source.access_token()

    assert (token, provider.refreshes) == ("access-2", 1)


async def test_a_cancelled_caller_does_not_take_the_new_pair_with_it() -> None:
    """A lane that is stopped between renewal and storing would lose the connection."""
    store, provider = MemoryStore(a_grant(lives=STALE)), RotatingProvider()
    rotated = asyncio.Event()

    async def stop_here() -> None:
        rotated.set()
        await asyncio.sleep(0.01)

    provider.pause = stop_here
    task = asyncio.ensure_future(a_source(store, provider).access_token())
    await rotated.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.05)

    assert store.stored is not None
    assert store.stored.grant.refresh_token == "refresh-2"


async def test_a_refused_access_token_is_replaced_even_if_it_looks_fresh() -> None:
    """Intuit ends tokens early, for example when the user disconnects and reconnects."""
    store, provider = MemoryStore(a_grant()), RotatingProvider()
    source = a_source(store, provider)
    token = await source.access_token()

    assert await source.access_token(not_this=token) == "access-2"


async def test_many_refusals_of_one_token_cause_one_renewal() -> None:
    """Parallel calls all come back with the same 401."""
    store, provider = MemoryStore(a_grant()), RotatingProvider()
    source = a_source(store, provider)
    token = await source.access_token()

    tokens = await asyncio.gather(*(source.access_token(not_this=token) for _ in range(5)))

    assert (set(tokens), provider.refreshes) == ({"access-2"}, 1)


async def test_a_refresh_token_refused_for_good_needs_a_person() -> None:
    """Final: it is never tried in a loop."""
    store, provider = MemoryStore(a_grant(lives=STALE)), RotatingProvider()
    provider.live = "somebody else's"

    with pytest.raises(SignInNeeded):
        await a_source(store, provider).access_token()


async def test_without_a_grant_a_person_is_needed() -> None:
    """Never connected, or disconnected."""
    with pytest.raises(SignInNeeded):
        await a_source(MemoryStore(None), RotatingProvider()).access_token()


async def test_a_renewal_without_a_clear_answer_wrote_nothing_for_the_caller() -> None:
    """The invoice has not left yet, so looking for it would be wrong."""
    store, provider = MemoryStore(a_grant(lives=STALE)), RotatingProvider()
    provider.error = OutcomeUnknown("time-out")

    with pytest.raises(TryLater):
        await a_source(store, provider).access_token()


def test_no_token_shows_in_a_log() -> None:
    """Grants end up in tracebacks and log lines."""
    assert "access-1" not in repr(a_grant())
    assert "refresh-1" not in repr(a_grant())
