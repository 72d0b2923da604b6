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
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from service.cli.demo.actors import Unexpected

START_SECONDS = 60


@dataclass(frozen=True)
class Stage:
    """Where everything runs."""

    ledgerlane: str
    ledger: str
    key: str
    folder: Path


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Start the simulator and the service with an empty database; stop both at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("demo.sqlite3*"):
        old.unlink()
    ports = _free_ports(2)
    ledger, ledgerlane = (f"http://127.0.0.1:{port}" for port in ports)
    verifier = secrets.token_urlsafe(24)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LEDGERLANE_")},
        "LEDGERLANE_HOST": "127.0.0.1",
        "LEDGERLANE_PORT": str(ports[1]),
        "LEDGERLANE_PUBLIC_URL": ledgerlane,
        "LEDGERLANE_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'demo.sqlite3'}",
        "LEDGERLANE_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "LEDGERLANE_QUICKBOOKS_CLIENT_ID": "sandbox-client",
        "LEDGERLANE_QUICKBOOKS_CLIENT_SECRET": "sandbox-secret",
        "LEDGERLANE_QUICKBOOKS_ENVIRONMENT": "sandbox",
        "LEDGERLANE_QUICKBOOKS_VERIFIER_TOKEN": verifier,
        "LEDGERLANE_QUICKBOOKS_API_URL": ledger,
        "LEDGERLANE_QUICKBOOKS_DISCOVERY_URL": f"{ledger}/.well-known/openid_sandbox_configuration",
        "LEDGERLANE_QUICKBOOKS_APP_URL": ledger,
    }
    simulator = ["sandbox", "quickbooks", "--port", str(ports[0]), "--verifier-token", verifier]
    simulator += ["--webhook-url", f"{ledgerlane}/webhooks/quickbooks"]
    with ExitStack() as running:
        running.enter_context(_process(folder / "simulator.log", simulator, environment))
        _wait_for(f"{ledger}/.well-known/openid_sandbox_configuration", folder / "simulator.log")
        _run(["migrate"], environment)
        key = _run(["platforms", "add", "Demo platform", "--quiet"], environment).strip().splitlines()[-1]
        running.enter_context(_process(folder / "ledgerlane.log", ["serve"], environment))
        _wait_for(f"{ledgerlane}/health/ready", folder / "ledgerlane.log")
        yield Stage(ledgerlane=ledgerlane, ledger=ledger, key=key, folder=folder)


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
