"""The servers of the demo: the simulator and Ledgerlane itself, as processes on loopback ports."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from service.cli.demo.actors import Unexpected
from service.cli.demo.books import STAGES, LedgerOnStage

START_SECONDS = 60


@dataclass(frozen=True)
class Stage:
    """Where everything runs."""

    ledgerlane: str
    ledgers: list[LedgerOnStage]
    key: str


@contextmanager
def stage(folder: Path, names: Sequence[str]) -> Iterator[Stage]:
    """Start the simulators and the service with an empty database; stop them at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("demo.sqlite3*"):
        old.unlink()
    port, *others = _free_ports(1 + len(names))
    ledgerlane = f"http://127.0.0.1:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LEDGERLANE_")},
        "LEDGERLANE_HOST": "127.0.0.1",
        "LEDGERLANE_PORT": str(port),
        "LEDGERLANE_PUBLIC_URL": ledgerlane,
        "LEDGERLANE_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'demo.sqlite3'}",
        "LEDGERLANE_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    with ExitStack() as running:
        ledgers: list[LedgerOnStage] = []
        for name, ledger_port in zip(names, others, strict=True):
            kind, secret, url = STAGES[name], secrets.token_urlsafe(24), f"http://127.0.0.1:{ledger_port}"
            log = folder / f"{name}.log"
            running.enter_context(_process(log, kind.simulator(ledger_port, ledgerlane, secret), environment))
            _wait_for(f"{url}/_control/health", log)
            environment |= kind.environment(url, secret)
            ledgers.append(kind(url))
        _run(["migrate"], environment)
        key = _run(["platforms", "add", "Demo platform", "--quiet"], environment).strip().splitlines()[-1]
        running.enter_context(_process(folder / "ledgerlane.log", ["serve"], environment))
        _wait_for(f"{ledgerlane}/health/ready", folder / "ledgerlane.log")
        for ledger in ledgers:
            ledger.listen(ledgerlane)
        yield Stage(ledgerlane=ledgerlane, ledgers=ledgers, key=key)


@contextmanager
def _process(log: Path, arguments: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(_command(arguments), env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _run(arguments: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        _command(arguments), env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    if done.returncode:
        raise Unexpected(f"ledgerlane {' '.join(arguments)}: {done.stderr[-500:] or done.stdout[-500:]}")
    return done.stdout


def _command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "service.cli", *arguments]


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.05)
    raise Unexpected(f"{url} did not answer; its log ends with: {log.read_text(errors='replace')[-800:]}")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
