"""The simulator, started once, and companies connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from connectors.sandbox.quickbooks.settings import UK_REALM
from tests.builders import a_customer
from tests.connectors.simulated import Company, connected, simulator


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    with simulator() as url:
        yield url


@pytest.fixture
async def uk(base: str) -> AsyncIterator[Company]:
    async with connected(base, UK_REALM) as company:
        yield company


@pytest.fixture
async def shop(uk: Company) -> Company:
    """The company with our customer in it."""
    await uk.push(a_customer())
    uk.control("DELETE", "calls")
    return uk
