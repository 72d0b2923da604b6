"""Every connector is a Ledger, checked by the type checker and by name."""

from __future__ import annotations

import inspect

import pytest

from connectors.oauth.grants import OAuthProvider
from connectors.oauth.intuit import IntuitOAuth
from connectors.protocol import Ledger
from connectors.quickbooks.connector import QuickBooksLedger

LEDGERS: list[type[Ledger]] = [QuickBooksLedger]
PROVIDERS: list[type[OAuthProvider]] = [IntuitOAuth]


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_ledger_offers_everything_the_service_asks(ledger: type[Ledger]) -> None:
    """A method that is missing, or a parameter of another name, shows here and not at a merchant's."""
    for name, promised in inspect.getmembers(Ledger, inspect.isfunction):
        if name.startswith("_"):
            continue
        assert list(inspect.signature(promised).parameters) == list(
            inspect.signature(getattr(ledger, name)).parameters
        ), name
