"""The simulators' README lists every switch with its values, default first."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sandbox.quickbooks.settings import Switches

README = (Path(__file__).parents[2] / "connectors" / "sandbox" / "README.md").read_text()


@pytest.mark.parametrize("name", Switches.model_fields)
def test_every_switch_is_documented(name: str) -> None:
    assert any(name in row for row in README.splitlines() if row.startswith("| "))
