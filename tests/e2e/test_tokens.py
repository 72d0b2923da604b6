"""Refresh tokens rotate without ever being lost, and a grant that is gone stops everything at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.oauth.tokens import TokenSource
from service.settings import Settings
from service.store.database import Database
from service.wiring import build_service
from tests.e2e.children import Child, KillPlan
from tests.e2e.ledgers import LedgerSide
from tests.e2e.scene import Scene, a_scene


@pytest.fixture
def strict(quiet_simulator: Child, side: LedgerSide, tmp_path: Path) -> Iterator[Scene]:
    """A ledger whose refresh tokens are single use: the old one is dead once a new one was given."""
    scene = a_scene(quiet_simulator, tmp_path, side)
    scene.strict_rotation(on=True)
    scene.start()
    scene.connect()
    scene.import_customers()
    yield scene
    scene.stop()
    scene.strict_rotation(on=False)


@pytest.fixture
def settings(strict: Scene, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The installation's settings, for a process of its own beside it."""
    for name, value in strict.environment.variables().items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_expired_access_is_renewed_on_the_way_and_the_new_pair_is_kept(strict: Scene) -> None:
    """Three times over, with a restart in between: each pair must have been stored."""
    for number in range(3):
        strict.expire_access()
        strict.put("invoices", strict.invoice(f"inv_{number}"))
        assert strict.settled("invoices", f"inv_{number}")["state"] == "in_sync"
        if number == 1:
            strict.kill()
            strict.start()

    assert strict.platform.get(strict.path)["status"] == "connected"


async def test_two_lanes_that_renew_at_once_make_one_renewal(strict: Scene, settings: Settings) -> None:
    """Two processes with a store in common: the second waits, reads again, and finds it done."""
    await asyncio.to_thread(strict.stop)
    await asyncio.to_thread(strict.expire_access)
    await asyncio.to_thread(strict.forget_calls)
    sources = [await _source(strict, settings) for _ in range(4)]
    refused = (await sources[0]._load()).grant.access_token
    tokens = await asyncio.gather(*(source.access_token(not_this=refused) for source in sources))

    renewals = strict.calls()["by_route"].get(strict.side.renewal_route, 0)
    assert (len(set(tokens)), refused in tokens, renewals) == (1, False, 1)


@pytest.mark.parametrize("at", range(1, 5))
def test_a_kill_around_the_renewal_never_loses_the_grant(strict: Scene, at: int) -> None:
    """At the moment the renewal leaves, after its answer, and before and after the new pair is stored.

    Between answer and store nobody but the ledger knows the new pair. There the ledger's own rule decides: while it
    still takes the old one (QuickBooks for a day, Xero for half an hour), the connection goes on.
    """
    strict.strict_rotation(on=False)
    strict.stop()
    folder = strict.environment.folder
    plan = KillPlan(at, folder / "armed", folder / "boundaries", since=strict.side.last_before_renewal)
    strict.start(plan)
    strict.until(lambda: strict.platform.get(f"{strict.path}/status")["due"] == 0)
    strict.expire_access()
    plan.armed.touch()
    strict.put("invoices", strict.invoice("inv_1"))
    assert strict.service is not None
    strict.service.process.join(30)
    assert not strict.service.process.is_alive(), "the renewal was never reached"
    strict.start()
    strict.put("invoices", strict.invoice("inv_1"))

    assert strict.settled("invoices", "inv_1")["state"] == "in_sync", plan.report.read_text()
    assert strict.only("invoices", "INV-1").number == "INV-1"


def test_a_revoked_grant_stops_calls_says_so_and_everything_waits(strict: Scene) -> None:
    """A person connects again; what waited goes out."""
    strict.disconnect()
    strict.put("invoices", strict.invoice("inv_1"))
    _stops_until_consent(strict)


def test_a_renewal_that_is_refused_stops_calls_as_well(strict: Scene, settings: Settings) -> None:
    """A person ended the grant itself: the refresh token is worth nothing any more."""
    asyncio.run(_revoke(strict, settings))
    strict.expire_access()
    strict.put("invoices", strict.invoice("inv_1"))
    _stops_until_consent(strict)


def _stops_until_consent(scene: Scene) -> None:
    scene.until(lambda: scene.platform.get(scene.path)["status"] == "sign_in_needed")
    assert len(scene.events("connection.sign_in_needed")) == 1
    scene.forget_calls()
    scene.put("invoices", scene.invoice("inv_2"))
    assert scene.calls()["total"] == 0

    url = scene.platform.post(f"{scene.path}/authorize")["authorize_url"]
    assert scene.consent(url)["result"] == "connected"
    assert [scene.settled("invoices", id_)["state"] for id_ in ("inv_1", "inv_2")] == ["in_sync", "in_sync"]


def test_no_token_stands_in_the_database_or_the_log(strict: Scene, settings: Settings) -> None:
    """Encrypted at rest; never written to a log."""
    strict.put("invoices", strict.invoice("inv_1"))
    strict.settled("invoices", "inv_1")
    strict.stop()
    tokens = asyncio.run(_tokens(strict, settings))
    kept = b"".join(file.read_bytes() for file in strict.environment.folder.iterdir() if file.is_file())

    assert all(len(token) > 20 for token in tokens)
    assert [token for token in tokens if token.encode() in kept] == []


async def _source(scene: Scene, settings: Settings) -> TokenSource:
    service = build_service(settings)
    await service.ledgers.start()
    provider = service.ledgers.provider(scene.side.name)
    assert provider is not None
    return TokenSource(service.ledgers.grants(scene.connection_id), provider.oauth)


async def _revoke(scene: Scene, settings: Settings) -> None:
    service = build_service(settings)
    await service.ledgers.start()
    provider = service.ledgers.provider(scene.side.name)
    stored = await service.ledgers.grants(scene.connection_id).load()
    assert provider is not None
    assert stored is not None
    await provider.oauth.revoke(stored.grant.refresh_token)
    assert isinstance(service.database, Database)
    await service.database.close()


async def _tokens(scene: Scene, settings: Settings) -> list[str]:
    service = build_service(settings)
    stored = await service.ledgers.grants(scene.connection_id).load()
    assert stored is not None
    assert isinstance(service.database, Database)
    await service.database.close()
    return [stored.grant.access_token, stored.grant.refresh_token]
