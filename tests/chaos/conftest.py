"""A connected installation to copy, so that every kill starts from the same state."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.children import Child, Environment, free_port, start_simulator
from tests.e2e.scene import Scene, a_scene

Copies = Callable[[], Scene]


@pytest.fixture(scope="session")
def chaos_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """Without limits: a kill test makes many calls in a row."""
    folder = tmp_path_factory.mktemp("simulator")
    child = start_simulator(folder, {"switches": {"limits": False}}, free_port())
    child.wait_until_up("/_control/health")
    yield child
    child.stop()


@pytest.fixture(scope="session")
def template(chaos_simulator: Child, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Connected, customers imported, stopped."""
    scene = a_scene(chaos_simulator, tmp_path_factory.mktemp("template"))
    scene.start()
    scene.connect()
    scene.import_customers()
    scene.stop()
    return scene


@pytest.fixture
def copies(template: Scene, tmp_path: Path) -> Iterator[Copies]:
    """Copies of the template: own database, own port, the same company."""
    made: list[Scene] = []

    def copy() -> Scene:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        for file in template.environment.folder.glob("ledgerlane.sqlite3*"):
            shutil.copy(file, folder)
        environment = Environment(folder, template.environment.ledger, free_port())
        made.append(replace(template, environment=environment, service=None))
        return made[-1]

    yield copy
    for scene in made:
        scene.stop()
