"""The limiter never lets more calls into any window than it says."""

from __future__ import annotations

import asyncio
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.limits import QUICKBOOKS_WINDOWS, Limiter, Window
from connectors.protocol import TryLater
from tests.connectors.fakes import FakeClock

windows = st.lists(st.builds(Window, st.integers(1, 6), st.sampled_from([0.5, 1.0, 3.0])), min_size=1, max_size=3)
gaps = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.01, 0.3, 0.9, 2.0]), st.sampled_from([0.0, 0.05, 0.4, 1.5]), st.floats(0, 1)
    ),
    min_size=1,
    max_size=40,
)
"""For each call: the gap before it, how long it is under way, and when within that it arrives."""


def most_in_any_window(arrivals: list[float], seconds: float) -> int:
    return max(sum(first <= other < first + seconds - 1e-6 for other in arrivals) for first in arrivals)


@settings(max_examples=150, deadline=None)
@given(windows, gaps, st.booleans())
def test_no_window_ever_holds_more_calls_than_it_may(
    limits: list[Window], calls: list[tuple[float, float, float]], taken_over: bool
) -> None:
    """Counted on the provider's side, whenever between start and answer a call arrives there.

    A leaky bucket fails this with nearly twice its rate, a log of starts by what is under way.
    """

    async def run() -> list[float]:
        clock = FakeClock()
        limiter = Limiter(limits, taken_over=taken_over, longest_wait=None, clock=clock, sleep=clock.sleep)
        arrivals = []
        for gap, under_way, share in calls:
            clock.now += gap
            async with limiter.turn():
                arrivals.append(clock.now + under_way * share)
                clock.now += under_way
        return arrivals

    arrivals = asyncio.run(run())

    for limit in limits:
        assert most_in_any_window(arrivals, limit.seconds) <= limit.calls


async def test_parallel_calls_that_are_held_up_do_not_arrive_too_many_at_once() -> None:
    """In real time: each call is under way for a while and arrives at some moment of it."""
    chance = random.Random(7)
    limiter = Limiter([Window(5, 0.2)], parallel=4, longest_wait=None)
    arrivals: list[float] = []

    async def one() -> None:
        async with limiter.turn():
            await asyncio.sleep(chance.uniform(0, 0.1))
            arrivals.append(time.monotonic())
            await asyncio.sleep(chance.uniform(0, 0.05))

    await asyncio.gather(*(one() for _ in range(30)))

    assert most_in_any_window(arrivals, 0.2) <= 5


async def test_many_tasks_at_once_go_in_the_order_they_came() -> None:
    """Fair: a busy lane cannot starve a call that came first."""
    clock = FakeClock()
    limiter = Limiter([Window(3, 1.0)], parallel=2, longest_wait=None, clock=clock, sleep=clock.sleep)
    order: list[int] = []

    async def one(number: int) -> None:
        async with limiter.turn():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(20)))

    assert order == list(range(20))


async def test_no_more_calls_run_at_once_than_allowed() -> None:
    """Earlier texts of Intuit limit concurrency rather than rate."""
    limiter = Limiter([], parallel=3)
    running = most = 0

    async def one() -> None:
        nonlocal running, most
        async with limiter.turn():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1

    await asyncio.gather(*(one() for _ in range(12)))

    assert most == 3


async def test_a_named_window_counts_only_turns_of_that_name() -> None:
    """Batches have a limit of their own on top of the common one."""
    clock = FakeClock()
    limiter = Limiter([Window(2, 60, only="batch")], longest_wait=None, clock=clock, sleep=clock.sleep)

    for name in ("batch", "", "", "batch", ""):
        async with limiter.turn(name):
            pass
    before = clock.now
    async with limiter.turn("batch"):
        pass

    assert (before, clock.now) == (1000.0, 1060.0)


async def test_a_pause_holds_everything_and_a_shorter_one_does_not_cut_it_short() -> None:
    """Two answers of 429 can arrive with different waits."""
    clock = FakeClock()
    limiter = Limiter([], longest_wait=None, clock=clock, sleep=clock.sleep)
    limiter.pause(60)
    limiter.pause(5)

    async with limiter.turn():
        started = clock.now

    assert started == 1060.0


async def test_a_long_wait_is_told_to_the_lane_instead_of_slept() -> None:
    """Waiting is a time in a row of the lane; a sleeping task would hold it."""
    clock = FakeClock()
    limiter = Limiter([], longest_wait=20, clock=clock, sleep=clock.sleep)
    limiter.pause(61)

    with pytest.raises(TryLater) as later:
        async with limiter.turn():
            pytest.fail("the call must not start")

    assert (later.value.wait_seconds, later.value.limited, clock.slept) == (61.0, True, [])


async def test_after_a_take_over_calls_start_at_the_steady_rate() -> None:
    """The process before us may have used every window a moment ago."""
    clock = FakeClock()
    limiter = Limiter([Window(10, 10.0)], taken_over=True, clock=clock, sleep=clock.sleep)
    starts = []
    for _ in range(4):
        async with limiter.turn():
            starts.append(clock.now - 1000.0)

    assert starts == pytest.approx([1.0, 2.0, 3.0, 4.0])


def test_the_defaults_stay_under_what_quickbooks_allows() -> None:
    """Other apps of the company share the limits."""
    assert [(window.calls, window.seconds, window.only) for window in QUICKBOOKS_WINDOWS] == [
        (490, 60, ""),  # of 500
        (9, 1, ""),  # of 10
        (39, 60, "batch"),  # of 40
    ]
