"""A backlog costs as few calls as the ledger's batches allow, and stays inside its limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.children import Child
from tests.e2e.ledgers import LedgerSide, on
from tests.e2e.scene import Scene, a_scene


@pytest.fixture
def strictly_limited(quiet_simulator: Child, side: LedgerSide, tmp_path: Path) -> Iterator[Scene]:
    """The ledger's real limits, and ours that keep inside them.

    QuickBooks: 10 a second, 500 a minute, 40 batches a minute. Xero: 60 a minute, 5 at once.
    """
    scene = a_scene(quiet_simulator, tmp_path, side, **{f"LEDGERLANE_{side.name.upper()}_LIMITS": "real"})
    scene.control("switches", {"limits": True})
    scene.start()
    scene.connect()
    scene.import_customers()
    yield scene
    scene.stop()
    scene.control("switches", {"limits": False})


@on("quickbooks")
@pytest.mark.parametrize("count", [1000])
def test_a_thousand_invoices_take_at_most_forty_calls_and_no_429_at_the_real_limits(
    strictly_limited: Scene, count: int
) -> None:
    """Thirty to a batch: thirty-four calls, which just fit into a minute's forty batches."""
    _backlog(strictly_limited, count, at_most=40)


@on("xero")
@pytest.mark.parametrize(("count", "at_most"), [(200, 5), pytest.param(3000, 65, marks=pytest.mark.slow)])
@pytest.mark.timeout(400)
def test_three_thousand_invoices_take_at_most_sixty_five_calls_and_no_429_at_the_real_limits(
    strictly_limited: Scene, count: int, at_most: int
) -> None:
    """Fifty to a call: sixty calls, what Xero allows in a minute, and no more than that in any minute."""
    _backlog(strictly_limited, count, at_most=at_most)


def _backlog(scene: Scene, count: int, *, at_most: int) -> None:
    scene.forget_calls()
    documents = [scene.invoice(f"inv_{n}", scene.customers[n % 3]) for n in range(count)]
    for start in range(0, count, 1000):
        answer = scene.platform.post(f"{scene.path}/invoices", {"items": documents[start : start + 1000]})
        assert all(item["accepted"] for item in answer["items"])
    deadline = time.monotonic() + 300
    while scene.platform.get(f"{scene.path}/status")["states"].get("in_sync", 0) < count + 3:
        assert time.monotonic() < deadline, scene.platform.get(f"{scene.path}/status")
        time.sleep(0.5)

    calls = scene.calls()
    assert calls["total"] <= at_most, calls["by_route"]
    assert set(calls["by_status"]) == {"200"}
    assert len(scene.book("invoices")) == count


def test_one_invoice_does_not_wait_for_a_backlog(scene: Scene) -> None:
    """A person's document goes before backfill within a connection."""
    backlog = [scene.invoice(f"old_{n}", scene.customers[n % 3]) for n in range(600)]
    scene.platform.post(f"{scene.path}/invoices", {"items": backlog})
    scene.put("invoices", scene.invoice("inv_now"))
    scene.settled("invoices", "inv_now")

    states = scene.platform.get(f"{scene.path}/status")["states"]
    assert states["in_sync"] < 300, "the backlog was done first"
