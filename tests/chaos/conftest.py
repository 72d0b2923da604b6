"""A connected installation to copy, so that every kill starts from the same state."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.children import Environment, free_port, start_simulator
from tests.e2e.ledgers import SIDES, LedgerSide
from tests.e2e.scene import Scene, a_scene

Copies = Callable[[], Scene]


@pytest.fixture(scope="session", params=list(SIDES))
def side(request: pytest.FixtureRequest) -> LedgerSide:
    return SIDES[request.param]


@pytest.fixture(scope="session")
def template(side: LedgerSide, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Connected, customers imported, stopped. The ledger has no limits: a kill test makes many calls in a row."""
    folder = tmp_path_factory.mktemp(side.name)
    simulator = start_simulator(side.name, folder, {"switches": {"limits": False}}, free_port())
    simulator.wait_until_up("/_control/health")
    scene = a_scene(simulator, folder, side)
    scene.start()
    scene.connect()
    scene.import_customers()
    scene.until_pulled()
    scene.stop()
    yield scene
    simulator.stop()


@pytest.fixture
def copies(template: Scene, tmp_path: Path) -> Iterator[Copies]:
    """Copies of the template: own database, own port, the same company."""
    made: list[Scene] = []

    def copy() -> Scene:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        for file in template.environment.folder.glob("ledgerlane.sqlite3*"):
            shutil.copy(file, folder)
        environment = Environment(folder, template.side, template.environment.ledger)
        made.append(replace(template, environment=environment, service=None))
        return made[-1]

    yield copy
    for scene in made:
        scene.stop()
