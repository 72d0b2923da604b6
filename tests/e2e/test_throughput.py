"""A backlog costs as few calls as the ledger's batches allow, and stays inside its limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.children import Child
from tests.e2e.scene import Scene, a_scene, an_invoice


@pytest.fixture
def strictly_limited(quiet_simulator: Child, tmp_path: Path) -> Iterator[Scene]:
    """The ledger's real limits: 10 a second, 500 a minute, 40 batches a minute."""
    scene = a_scene(quiet_simulator, tmp_path)
    scene.control("switches", {"limits": True})
    scene.start()
    scene.connect()
    scene.import_customers()
    yield scene
    scene.stop()
    scene.control("switches", {"limits": False})


@pytest.mark.parametrize("count", [1000])
def test_a_thousand_invoices_take_at_most_forty_calls_and_no_429_at_the_real_limits(
    strictly_limited: Scene, count: int
) -> None:
    """Thirty to a batch: thirty-four calls, which just fit into a minute's forty batches."""
    scene = strictly_limited
    scene.control("calls", None, method="DELETE")
    batch = [an_invoice(f"inv_{n}", scene.customers[n % 3], lines=(("1", "100.00", True),)) for n in range(count)]
    answer = scene.platform.post(f"{scene.path}/invoices", {"items": batch})
    assert all(item["accepted"] for item in answer["items"])
    deadline = time.monotonic() + 180
    while scene.platform.get(f"{scene.path}/status")["states"].get("in_sync", 0) < count + 3:
        assert time.monotonic() < deadline, scene.platform.get(f"{scene.path}/status")
        time.sleep(0.5)

    calls = scene.calls()
    assert calls["total"] <= 40, calls["by_route"]
    assert set(calls["by_status"]) == {"200"}
    assert len(scene.book("Invoice")) == count


def test_one_invoice_does_not_wait_for_a_backlog(scene: Scene) -> None:
    """A person's document goes before backfill within a connection."""
    backlog = [an_invoice(f"old_{n}", scene.customers[n % 3]) for n in range(600)]
    scene.platform.post(f"{scene.path}/invoices", {"items": backlog})
    scene.put("invoices", an_invoice("inv_now", scene.customers[0]))
    scene.settled("invoices", "inv_now")

    states = scene.platform.get(f"{scene.path}/status")["states"]
    assert states["in_sync"] < 300, "the backlog was done first"
