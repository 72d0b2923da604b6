"""What differs between the ledgers, for a test that is about neither: one object for each, found by name."""

from __future__ import annotations

import pytest

from tests.e2e.ledgers.quickbooks import QuickBooks
from tests.e2e.ledgers.side import Json, LedgerSide, Shown
from tests.e2e.ledgers.xero import Xero

SIDES: dict[str, LedgerSide] = {side.name: side for side in (QuickBooks(), Xero())}


def on(*ledgers: str) -> pytest.MarkDecorator:
    """For a test of what only these ledgers have."""
    return pytest.mark.parametrize("side", ledgers, indirect=True)


__all__ = ["SIDES", "Json", "LedgerSide", "Shown", "on"]
