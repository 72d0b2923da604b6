"""One simulator for the folder; each test starts from a fresh set of organisations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from connectors.sandbox.xero import XeroSettings
from connectors.sandbox.xero.settings import Switches
from tests.connectors.xero.scene import Scene, connected
from tests.sandbox.xero.conftest import running


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    """A simulator without limits, on a real port."""
    with running(XeroSettings(switches=Switches(limits=False))) as url:
        yield url


@pytest.fixture
async def scene(base: str) -> AsyncIterator[Scene]:
    """One connected organisation, Thistle & Quay Studio."""
    one = await connected(base)
    yield one
    await one.provider.stop()
