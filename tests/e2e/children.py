"""The processes of an end-to-end test: real servers on real ports, killed like real ones.

They are forked from a server process that has everything imported, so that a start takes a fraction of a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import requests
import uvicorn

from tests.e2e.ledgers import SIDES, LedgerSide

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.e2e.preload"])


@dataclass(frozen=True)
class KillPlan:
    """Kill -9 the process at the n-th boundary after the `armed` file appears; boundaries go to `report`.

    since: count from the first boundary of this name on, which is then number 1.
    """

    at: int
    armed: Path
    report: Path
    since: str = ""


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Child:
    """One server process."""

    process: BaseProcess
    url: str

    def kill(self) -> None:
        """Kill -9: no goodbye."""
        if self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(10)

    def stop(self) -> None:
        """Ask it to stop, as a supervisor would."""
        if self.process.is_alive():
            self.process.terminate()
        self.process.join(15)
        if self.process.is_alive():
            self.kill()

    def wait_until_up(self, path: str, *, seconds: float = 30.0) -> None:
        """Until it answers."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if requests.get(self.url + path, timeout=2).ok:
                    return
            except requests.RequestException:
                assert self.process.is_alive(), f"the server at {self.url} ended with {self.process.exitcode}"
            time.sleep(0.01)
        raise AssertionError(f"{self.url} did not come up")


@dataclass
class Environment:
    """Settings of one installation, as the service reads them. ledger: where its simulator is."""

    folder: Path
    side: LedgerSide
    ledger: str
    port: int = field(default_factory=free_port)
    notice_key: str = "sandbox-notice-key"
    more: Mapping[str, str] = field(default_factory=dict)
    recording: Path | None = None
    """Where the service writes down what it sends (see recording.py)."""

    def variables(self) -> dict[str, str]:
        """The environment variables."""
        return {
            "LEDGERLANE_HOST": "127.0.0.1",
            "LEDGERLANE_PORT": str(self.port),
            "LEDGERLANE_DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/ledgerlane.sqlite3",
            "LEDGERLANE_SECRET_KEY": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
            "LEDGERLANE_LOG_LEVEL": "warning",
            **self.side.variables(self.ledger, self.port, self.notice_key),
            **self.more,
        }


def start_service(environment: Environment, plan: KillPlan | None = None) -> Child:
    """Ledgerlane: API, lanes and console in one process."""
    arguments = (environment.variables(), str(environment.folder / "ledgerlane.log"), plan, environment.recording)
    process = CONTEXT.Process(target=_serve, args=arguments, daemon=True)
    process.start()
    return Child(process, f"http://127.0.0.1:{environment.port}")


def start_simulator(ledger: str, folder: Path, settings: Mapping[str, Any], port: int) -> Child:
    """The simulator of a ledger."""
    arguments = (ledger, dict(settings), port, str(folder / "simulator.log"))
    process = CONTEXT.Process(target=_simulate, args=arguments, daemon=True)
    process.start()
    return Child(process, f"http://127.0.0.1:{port}")


def _serve(variables: dict[str, str], log: str, plan: KillPlan | None, recording: Path | None) -> None:
    from service.app import create_app
    from service.console import console_handlers
    from service.settings import Settings
    from service.wiring import build_service

    _log_to(log)
    os.environ.update(variables)
    if plan is not None:
        from tests.chaos.boundaries import kill_at

        kill_at(plan)
    if recording is not None:
        from tests.e2e.recording import record_requests

        record_requests(recording)
    settings = Settings()

    async def run() -> None:
        app = create_app(build_service(settings), console_handlers())
        config = uvicorn.Config(
            app, host=settings.host, port=settings.port, log_level="warning", timeout_graceful_shutdown=5
        )
        await uvicorn.Server(config).serve()

    asyncio.run(run())


def _simulate(ledger: str, settings: dict[str, Any], port: int, log: str) -> None:
    _log_to(log)
    uvicorn.run(SIDES[ledger].application(settings), host="127.0.0.1", port=port, log_level="warning", lifespan="on")


def _log_to(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
