"""Every rule against every connector, over real HTTP; and against broken ones, to show that the rules can fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from connectors.protocol import Ledger
from connectors.sandbox.quickbooks import SandboxSettings
from connectors.sandbox.quickbooks.settings import Switches as QuickBooksSwitches
from connectors.sandbox.xero import XeroSettings
from connectors.sandbox.xero.settings import Switches as XeroSwitches
from tests.conformance import broken, rules
from tests.conformance.rules import RULES, Rule
from tests.conformance.world import QuickBooksWorld, World, XeroWorld
from tests.sandbox.conftest import running as running_quickbooks
from tests.sandbox.xero.conftest import running as running_xero

WORLDS: dict[str, type[World]] = {"quickbooks": QuickBooksWorld, "xero": XeroWorld}

CAUGHT: list[tuple[Callable[[Ledger], object], Rule]] = [
    (broken.ForgetsKeys, rules.the_same_call_again_creates_nothing_again),
    (broken.DropsAMember, rules.every_member_has_one_outcome_and_a_bad_one_fails_alone),
    (broken.LooksAway, rules.a_lost_answer_is_uncertain_and_a_look_finds_what_landed),
    (broken.Overwrites, rules.a_change_to_what_somebody_changed_first_is_stale),
    (broken.SeesNoDeletions, rules.the_change_feed_sees_edits_payments_and_deletions),
]


@pytest.fixture(scope="session")
def bases() -> Iterator[dict[str, str]]:
    """Both simulators, without limits, on real ports."""
    quickbooks = SandboxSettings(switches=QuickBooksSwitches(limits=False))
    xero = XeroSettings(switches=XeroSwitches(limits=False))
    with running_quickbooks(quickbooks) as first, running_xero(xero) as second:
        yield {"quickbooks": first, "xero": second}


@pytest.fixture(params=sorted(WORLDS))
def ledger_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def world(ledger_name: str, bases: dict[str, str]) -> AsyncIterator[World]:
    one = WORLDS[ledger_name](bases[ledger_name])
    await one.begin()
    yield one
    await one.end()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_a_ledger(world: World, rule: Rule) -> None:
    """The connector keeps the rule."""
    await rule(world)


@pytest.mark.parametrize(("wrap", "rule"), CAUGHT, ids=lambda one: one.__name__)
async def test_a_broken_connector_is_caught(
    ledger_name: str, bases: dict[str, str], wrap: Callable[[Ledger], Ledger], rule: Rule
) -> None:
    """A rule that cannot fail proves nothing."""
    one = WORLDS[ledger_name](bases[ledger_name], wrap)
    await one.begin()
    try:
        with pytest.raises(AssertionError):
            await rule(one)
    finally:
        await one.end()
