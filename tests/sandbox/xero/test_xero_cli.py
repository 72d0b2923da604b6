"""The command line and the README. Source: connectors/sandbox/README.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.sandbox.xero.settings import Switches
from tests.sandbox.xero.conftest import HTTP

README = (Path(__file__).parents[3] / "connectors" / "sandbox" / "README.md").read_text()


@pytest.mark.parametrize("name", Switches.model_fields)
def test_every_switch_is_documented(name: str) -> None:
    section = README.partition("## Xero")[2]

    assert any(name in row for row in section.splitlines() if row.startswith("| "))


def test_the_command_serves_and_announces_itself() -> None:
    order = [sys.executable, "-m", "connectors.sandbox", "xero", "--port", "0", "--app", "me:secret:My App"]
    order += [
        "--switch",
        "calls_per_minute=7",
        "--tier",
        "starter",
        "--auto-consent",
        "--skip-intent",
        "--generate",
        "3",
    ]
    with subprocess.Popen(order, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            base = line.split(" on ")[1].split(" ")[0]
            apps = HTTP.get(f"{base}/_control/apps").json()["apps"]
            switches = HTTP.get(f"{base}/_control/switches").json()
        finally:
            server.terminate()

    assert [(app["client_id"], app["name"], app["tier"]) for app in apps] == [("me", "My App", "starter")]
    assert (switches["calls_per_minute"], switches["consent"]) == (7, "allow")


def test_a_wrong_switch_is_explained() -> None:
    order = [sys.executable, "-m", "connectors.sandbox", "xero", "--switch", "nonsense=1"]
    done = subprocess.run(order, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "calls_per_minute" in done.stderr
