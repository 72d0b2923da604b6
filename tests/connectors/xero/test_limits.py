"""Xero's limits kept on our side, at the real figures, by a clock that does not wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from connectors.limits import Limiter
from connectors.protocol import Result
from connectors.sandbox.xero import XeroSettings
from connectors.xero.batch import compose, send
from connectors.xero.limits import DAY_RESERVE, XERO_WINDOWS, XeroLimiter
from connectors.xero.where import LONGEST, any_of, lists_of, text_is
from tests.connectors.fakes import FakeClock
from tests.connectors.xero.scene import Scene, an_invoice, connected, plain_observe
from tests.sandbox.xero.conftest import running


@pytest.fixture(scope="module")
def limited() -> Iterator[str]:
    """A simulator with Xero's own limits."""
    with running(XeroSettings()) as url:
        yield url


@pytest.fixture
async def strict(limited: str) -> AsyncIterator[Scene]:
    one = await connected(limited)
    yield one
    await one.provider.stop()


async def test_three_thousand_invoices_take_sixty_calls_and_none_is_turned_away(strict: Scene) -> None:
    """At the real limits. The clock is the simulator's: when we wait, its minute goes on as well."""
    contact = await strict.contact()
    clock = FakeClock()

    async def wait(seconds: float) -> None:
        strict.control("POST", "clock/advance", {"seconds": int(seconds) + 1})
        await clock.sleep(seconds)

    strict.control("DELETE", "calls")
    limiter = XeroLimiter(XERO_WINDOWS, longest_wait=None, clock=clock, sleep=wait)
    client = strict.a_client(limiter)
    members = [an_invoice(number, contact) for number in range(3000)]

    done = 0
    for call in compose(members):
        outcomes = await send(client, plain_observe, call)
        done += sum(outcome.result is Result.DONE for outcome in outcomes)

    calls = strict.control("GET", "calls")
    assert done == 3000
    assert calls["total"] == 60
    assert calls["by_status"] == {"200": 60}
    assert 55 <= sum(clock.slept) <= 65


async def test_no_window_of_a_minute_sees_sixty_calls() -> None:
    clock = FakeClock()
    limiter = XeroLimiter(longest_wait=None, clock=clock, sleep=clock.sleep)
    starts = []
    for _ in range(200):
        async with limiter.turn():
            starts.append(clock.now)

    assert max(sum(start <= other < start + 60 for other in starts) for start in starts) < 60


async def test_an_allowance_somebody_else_uses_slows_us_down() -> None:
    """Another process of ours, or the one this lane was taken over from: only the headers know."""
    clock = FakeClock()
    limiter = XeroLimiter(clock=clock, sleep=clock.sleep)

    limiter.note({"x-minlimit-remaining": "30"})
    assert limiter.paused_seconds == 0
    limiter.note({"x-minlimit-remaining": "1"})
    assert limiter.paused_seconds > 0


async def test_the_app_is_paused_for_every_organisation_together() -> None:
    clock = FakeClock()
    app = Limiter((), clock=clock, sleep=clock.sleep)
    first, second = (XeroLimiter(clock=clock, sleep=clock.sleep, app=app) for _ in range(2))

    first.note({"x-appminlimit-remaining": "50"})
    before = clock.now
    async with second.turn():
        pass

    assert clock.now > before


@pytest.mark.parametrize(("left", "spares"), [(None, True), (DAY_RESERVE, False), (DAY_RESERVE + 1, True), (0, False)])
def test_the_last_calls_of_a_day_are_kept_for_documents(left: int | None, spares: bool) -> None:
    limiter = XeroLimiter()
    limiter.note({} if left is None else {"x-daylimit-remaining": str(left)})
    limiter.note({"x-daylimit-remaining": "many"})

    assert limiter.spares_calls is spares


def test_filters_are_cut_to_what_an_address_carries() -> None:
    values = [f"INV-{number:06}" for number in range(500)]

    wheres = list(any_of(text_is("InvoiceNumber", value) for value in values))
    lists = list(lists_of([*values, "with, comma"]))

    assert all(len(where) <= LONGEST + 200 for where in wheres)
    assert sum(where.count("==") for where in wheres) == 500
    assert [value for some in lists for value in some.split(",")] == values
    assert text_is("Name", 'Bar "Grill"') is None
