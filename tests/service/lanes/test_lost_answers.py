"""Lost answers, refusals and changes that cross: nothing is filed twice or forgotten, and nobody holds the rest."""

from __future__ import annotations

import pytest

from connectors.protocol import Call, OutcomeUnknown
from service.lanes import push
from service.records import retry
from service.store.tables import Record
from tests.service.lanes.conftest import World, a_customer, an_invoice


def break_off(_: Call) -> None:
    """Nobody knows whether it arrived."""
    raise OutcomeUnknown("read time-out")


async def with_a_customer(world: World) -> None:
    await world.accept(a_customer())
    await world.work()


async def ask_again(world: World, external_id: str) -> None:
    """A person presses Retry."""
    async with world.database.write() as session:
        await retry(session, await session.get_one(Record, (await world.record(external_id)).id))


async def test_a_poisoned_update_is_set_aside_and_its_neighbours_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that breaks its call is found not made, and would be planned again with the same neighbours for ever."""
    monkeypatch.setattr(push, "SETTLING_SECONDS", 0)
    ids = ("inv_1", "inv_2", "inv_3")
    await world.accept(a_customer(), *[an_invoice(id_) for id_ in ids])
    await world.work()
    world.ledger.poison = {"INV_2"}
    await world.accept(*[an_invoice(id_, memo="changed") for id_ in ids])
    for _ in range(30):
        await world.work(rounds=10)
        await world.make_due()

    assert [(await world.record(id_)).state for id_ in ids] == ["in_sync", "blocked", "in_sync"]


async def test_a_change_that_landed_with_its_answer_lost_is_not_sent_again_as_it_was(world: World) -> None:
    """Its version has moved on, so it is planned again from what is there now."""
    await world.accept(a_customer(), an_invoice())
    await world.work()
    world.ledger.after.append(break_off)
    await world.accept(an_invoice(memo="changed"))
    for _ in range(3):
        await world.work()
        await world.make_due()

    assert (await world.record("inv_1")).state == "in_sync"
    assert world.invoices() == ["INV_1"]
