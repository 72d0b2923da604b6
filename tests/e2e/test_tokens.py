"""Refresh tokens rotate without ever being lost, and a grant that is gone stops everything at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.oauth.tokens import TokenSource
from service.cli.demo.actors import Browser
from service.settings import QuickBooksSettings, Settings
from service.store.database import Database
from service.wiring import build_service
from tests.e2e.children import Child, KillPlan
from tests.e2e.scene import Scene, a_scene, an_invoice


@pytest.fixture
def strict(quiet_simulator: Child, tmp_path: Path) -> Iterator[Scene]:
    """A ledger whose refresh tokens are single use: the old one is dead once a new one was given."""
    scene = a_scene(quiet_simulator, tmp_path)
    scene.control("switches", {"refresh_rotation": "strict"})
    scene.start()
    scene.connect()
    scene.import_customers()
    yield scene
    scene.stop()
    scene.control("switches", {"refresh_rotation": "same_for_24h"})


def test_expired_access_is_renewed_on_the_way_and_the_new_pair_is_kept(strict: Scene) -> None:
    """Three times over, with a restart in between: each pair must have been stored."""
    for number in range(3):
        strict.control("tokens/expire-access", {"realm": strict.realm})
        strict.put("invoices", an_invoice(f"inv_{number}", strict.customers[0]))
        assert strict.settled("invoices", f"inv_{number}")["state"] == "in_sync"
        if number == 1:
            strict.kill()
            strict.start()

    assert strict.platform.get(strict.path)["status"] == "connected"


async def test_two_lanes_that_renew_at_once_make_one_renewal(quiet_simulator: Child, tmp_path: Path) -> None:
    """Two processes with a store in common: the second waits, reads again, and finds it done."""
    scene = await asyncio.to_thread(_prepared, quiet_simulator, tmp_path)
    await asyncio.to_thread(scene.stop)
    scene.control("tokens/expire-access", {"realm": scene.realm})
    scene.control("calls", None, method="DELETE")
    sources = [await _source(scene) for _ in range(4)]
    refused = (await sources[0]._load()).grant.access_token
    tokens = await asyncio.gather(*(source.access_token(not_this=refused) for source in sources))

    renewals = scene.calls()["by_route"].get("POST /oauth2/v1/tokens/bearer", 0)
    assert (len(set(tokens)), refused in tokens, renewals) == (1, False, 1)
    scene.control("switches", {"refresh_rotation": "same_for_24h"})


@pytest.mark.parametrize("at", range(1, 5))
def test_a_kill_around_the_renewal_never_loses_the_grant(strict: Scene, at: int) -> None:
    """Before the answer: renewed after the restart. Once it is stored: used after the restart.

    Between the two nobody but the ledger knows the new pair. There the ledger's own rule decides: while it still
    takes the old one (as documented for the first day), the connection goes on.
    """
    strict.control("switches", {"refresh_rotation": "same_for_24h"})
    strict.stop()
    plan = KillPlan(at, strict.environment.folder / "armed", strict.environment.folder / "boundaries")
    strict.start(plan)
    strict.until(lambda: strict.platform.get(f"{strict.path}/status")["due"] == 0)
    strict.control("tokens/expire-access", {"realm": strict.realm})
    plan.armed.touch()
    _send_and_ignore(strict)
    strict.kill()
    strict.start()
    strict.put("invoices", an_invoice("inv_1", strict.customers[0]))

    assert strict.settled("invoices", "inv_1")["state"] == "in_sync"
    assert len([one for one in strict.book("Invoice") if one["DocNumber"] == "INV-1"]) == 1


def test_a_revoked_grant_stops_calls_says_so_and_everything_waits(strict: Scene) -> None:
    """A person connects again; what waited goes out."""
    strict.control("tokens/disconnect", {"realm": strict.realm, "client_id": "sandbox-client"})
    strict.put("invoices", an_invoice("inv_1", strict.customers[0]))
    strict.until(lambda: strict.platform.get(strict.path)["status"] == "sign_in_needed")
    assert len(strict.events("connection.sign_in_needed")) == 1
    strict.control("calls", None, method="DELETE")
    strict.put("invoices", an_invoice("inv_2", strict.customers[0]))
    assert strict.calls()["total"] == 0

    url = strict.platform.post(f"{strict.path}/authorize")["authorize_url"]
    assert Browser().consent(url, realm=strict.realm)["result"] == "connected"
    assert [strict.settled("invoices", id_)["state"] for id_ in ("inv_1", "inv_2")] == ["in_sync", "in_sync"]


def test_no_token_stands_in_the_database_or_the_log(strict: Scene) -> None:
    """Encrypted at rest; never written to a log."""
    strict.put("invoices", an_invoice("inv_1", strict.customers[0]))
    strict.settled("invoices", "inv_1")
    strict.stop()
    tokens = asyncio.run(_tokens(strict))
    kept = b"".join(file.read_bytes() for file in strict.environment.folder.iterdir() if file.is_file())

    assert all(len(token) > 20 for token in tokens)
    assert [token for token in tokens if token.encode() in kept] == []


def _prepared(simulator: Child, folder: Path) -> Scene:
    scene = a_scene(simulator, folder)
    scene.control("switches", {"refresh_rotation": "strict"})
    scene.start()
    scene.connect()
    return scene


def _send_and_ignore(scene: Scene) -> None:
    try:
        scene.put("invoices", an_invoice("inv_1", scene.customers[0]))
        scene.until(lambda: not scene.service or not scene.service.process.is_alive(), seconds=5)
    except Exception:
        return


def _settings(scene: Scene) -> Settings:
    names = scene.environment.variables()
    app = QuickBooksSettings(
        client_id="sandbox-client",
        client_secret=names["LEDGERLANE_QUICKBOOKS_CLIENT_SECRET"],
        api_url=scene.environment.ledger,
        discovery_url=names["LEDGERLANE_QUICKBOOKS_DISCOVERY_URL"],
    )
    return Settings(
        database_url=names["LEDGERLANE_DATABASE_URL"],
        secret_key=names["LEDGERLANE_SECRET_KEY"],
        quickbooks=app,
    )


async def _source(scene: Scene) -> TokenSource:
    service = build_service(_settings(scene))
    await service.ledgers.start()
    provider = service.ledgers.provider("quickbooks")
    assert provider is not None
    return TokenSource(service.ledgers.grants(scene.connection_id), provider.oauth)


async def _tokens(scene: Scene) -> list[str]:
    service = build_service(_settings(scene))
    stored = await service.ledgers.grants(scene.connection_id).load()
    assert stored is not None
    assert isinstance(service.database, Database)
    await service.database.close()
    return [stored.grant.access_token, stored.grant.refresh_token]
