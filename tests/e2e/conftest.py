"""A simulator of each ledger for the whole run, and an installation with a company of its own for each test.

A test that asks for `scene`, `side` or `quiet_simulator` runs on every ledger; `on(...)` names the ledgers of one that
is about something only they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.children import Child, free_port, start_simulator
from tests.e2e.ledgers import SIDES, LedgerSide
from tests.e2e.ledgers.side import control
from tests.e2e.scene import Scene, a_scene

Simulators = Callable[[str], Child]


@pytest.fixture(scope="session")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    """The simulator of a ledger, started when it is first wanted."""
    running: dict[str, Child] = {}

    def of(ledger: str) -> Child:
        if ledger not in running:
            running[ledger] = start_simulator(ledger, tmp_path_factory.mktemp("simulator"), {}, free_port())
            running[ledger].wait_until_up("/_control/health")
        return running[ledger]

    yield of
    for child in running.values():
        child.stop()


@pytest.fixture(params=list(SIDES))
def side(request: pytest.FixtureRequest) -> LedgerSide:
    return SIDES[request.param]


@pytest.fixture
def quiet_simulator(simulators: Simulators, side: LedgerSide) -> Child:
    """Without limits, faults and notices left over from another test."""
    simulator = simulators(side.name)
    control(simulator.url, "faults", method="DELETE")
    control(simulator.url, "calls", method="DELETE")
    control(simulator.url, "webhooks/clear")
    control(simulator.url, "webhooks", {"url": "", "paused": False})
    control(simulator.url, "switches", {"limits": False})
    return simulator


@pytest.fixture
def scene(quiet_simulator: Child, side: LedgerSide, tmp_path: Path) -> Iterator[Scene]:
    """Started, connected, customers imported, notices on."""
    scene = a_scene(quiet_simulator, tmp_path, side)
    scene.start()
    scene.connect()
    scene.import_customers()
    scene.webhooks()
    yield scene
    scene.stop()
