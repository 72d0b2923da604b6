"""A simulator for the whole run, and an installation with a company of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.e2e.children import Child, free_port, start_simulator
from tests.e2e.scene import Scene, a_scene


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    child = start_simulator(tmp_path_factory.mktemp("simulator"), {}, free_port())
    child.wait_until_up("/_control/health")
    yield child
    child.stop()


@pytest.fixture
def quiet_simulator(simulator: Child) -> Iterator[Child]:
    """Without limits, faults and notices left over from another test."""
    requests.delete(f"{simulator.url}/_control/faults", timeout=10)
    requests.delete(f"{simulator.url}/_control/calls", timeout=10)
    requests.post(f"{simulator.url}/_control/webhooks/clear", timeout=10)
    requests.post(f"{simulator.url}/_control/webhooks", json={"url": "", "paused": False}, timeout=10)
    requests.post(f"{simulator.url}/_control/switches", json={"limits": False}, timeout=10)
    yield simulator


@pytest.fixture
def scene(quiet_simulator: Child, tmp_path: Path) -> Iterator[Scene]:
    """Started, connected, customers imported, notices on."""
    scene = a_scene(quiet_simulator, tmp_path)
    scene.start()
    scene.connect()
    scene.import_customers()
    scene.webhooks()
    yield scene
    scene.stop()
