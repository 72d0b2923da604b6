"""Lists page by page, what changed since a time, and single objects by their ids."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors.protocol import TryLater
from connectors.xero.deltas import OVERLAP, read_changes
from connectors.xero.paging import customer_pages
from connectors.xero.reading import payments_of, read
from connectors.xero.times import read_time, written
from contracts.books import Gone, ObservedCustomer, ObservedDocument, ObservedPayment, RecordKind
from tests.connectors.xero.scene import Scene, an_invoice, plain_observe
from tests.connectors.xero.test_writing import a_credit_note, a_payment, an_allocation, made

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def simulated_now(scene: Scene) -> datetime:
    now = read_time(scene.control("GET", "clock")["now"])
    assert now is not None
    return now


async def many_contacts(scene: Scene, count: int) -> None:
    names = [{"Name": f"Firm {number:03}"} for number in range(count)]
    await scene.client.write("PUT", "Contacts", json.dumps({"Contacts": names}).encode(), key=f"many-{count}")


# --- contacts page by page


async def test_every_contact_comes_once_archived_ones_included(scene: Scene) -> None:
    await many_contacts(scene, 25)
    archived = await scene.contact("Closed Ltd")
    scene.act("archive-contact", contact_id=archived)

    pages = [page async for page in customer_pages(scene.client, plain_observe, cursor="", now=NOW, page=10)]
    given = [one for page in pages for one in page.customers]

    assert len({one.ref.id for one in given}) == len(given)
    assert len(given) == pages[0].total
    assert [one.active for one in given if one.ref.id == archived] == [False]
    assert pages[-1].cursor == ""


async def test_reading_goes_on_from_a_cursor_in_another_process(scene: Scene) -> None:
    await many_contacts(scene, 25)
    whole = [page async for page in customer_pages(scene.client, plain_observe, cursor="", now=NOW, page=10)]

    rest = [
        page async for page in customer_pages(scene.client, plain_observe, cursor=whole[0].cursor, now=NOW, page=10)
    ]

    first = {one.ref.id for one in whole[0].customers}
    later = {one.ref.id for page in rest for one in page.customers}
    assert first | later == {one.ref.id for page in whole for one in page.customers}


async def test_a_contact_added_or_renamed_while_we_read_is_given_by_the_closing_sweep(scene: Scene) -> None:
    await many_contacts(scene, 25)
    reading = customer_pages(scene.client, plain_observe, cursor="", now=simulated_now(scene), page=10)
    first = await anext(reading)
    added = await scene.contact("Late Ltd")
    renamed = first.customers[0].ref.id
    scene.act("edit", contact_id=renamed, changes={"Name": "Renamed Ltd"})

    rest = [one async for page in reading for one in page.customers]

    assert added in {one.ref.id for one in rest}
    assert "Renamed Ltd" in {one.customer.name for one in rest if one.ref.id == renamed}


async def test_a_cursor_that_cannot_be_read_starts_again(scene: Scene) -> None:
    await many_contacts(scene, 5)

    pages = [page async for page in customer_pages(scene.client, plain_observe, cursor="{half", now=NOW)]

    assert sum(len(page.customers) for page in pages) == pages[0].total


# --- changes


async def test_the_sweep_sees_edits_voids_payments_and_allocations(scene: Scene) -> None:
    contact = await scene.contact()
    held = [await made(scene, an_invoice(number, contact)) for number in (1, 2)]
    note = await made(scene, a_credit_note(3, contact))
    scene.control("POST", "clock/advance", {"minutes": 10})
    since = simulated_now(scene)
    scene.act("payment", invoice_id=held[0].ref.id, amount=30)
    scene.act("void", invoice_id=held[1].ref.id)
    await made(scene, an_allocation(3, note, held[0], 20))

    changes = await read_changes(scene.client, plain_observe, since=since, now=NOW)

    seen = {(one.ref.kind, one.ref.id): one for one in changes.observed}
    paid, voided = seen[(RecordKind.INVOICE, held[0].ref.id)], seen[(RecordKind.INVOICE, held[1].ref.id)]
    assert isinstance(paid, ObservedDocument)
    assert isinstance(voided, ObservedDocument)
    assert paid.balance == 70
    assert voided.voided
    kinds = {one.ref.kind for one in changes.observed}
    assert kinds == {RecordKind.INVOICE, RecordKind.CREDIT_MEMO, RecordKind.PAYMENT, RecordKind.ALLOCATION}
    assert changes.complete
    assert timedelta(0) <= changes.until - since or changes.until == since


async def test_the_cursor_follows_xeros_clock_with_an_overlap(scene: Scene) -> None:
    """Our own clock may be wrong by minutes; theirs is on every answer."""
    scene.control("POST", "clock/advance", {"days": 3})
    now = simulated_now(scene)

    changes = await read_changes(scene.client, plain_observe, since=now - timedelta(hours=1), now=NOW)

    assert abs(changes.until - (now - OVERLAP)) < timedelta(seconds=5)


async def test_a_payment_taken_back_in_xero_is_seen_as_void_and_a_deleted_draft_as_gone(scene: Scene) -> None:
    contact = await scene.contact()
    held = await made(scene, an_invoice(1, contact))
    paid = await made(scene, a_payment(2, held))
    draft = await made(scene, an_invoice(3, contact, Status="DRAFT"))
    since = simulated_now(scene) - timedelta(minutes=1)
    scene.act("delete-payment", payment_id=paid.ref.id)
    scene.act("void", invoice_id=draft.ref.id)

    changes = await read_changes(scene.client, plain_observe, since=since, now=NOW)

    assert [one.ref.id for one in changes.gone] == [draft.ref.id]
    (payment,) = [one for one in changes.observed if isinstance(one, ObservedPayment)]
    assert (payment.ref.id, payment.voided) == (paid.ref.id, True)


async def test_rows_of_one_second_are_walked_by_page_and_none_is_lost(scene: Scene) -> None:
    """Xero filters by whole seconds: a second can be longer than a page."""
    since = simulated_now(scene) - timedelta(seconds=5)
    await many_contacts(scene, 35)

    changes = await read_changes(scene.client, plain_observe, since=since, now=NOW, size=10)

    names = {one.customer.name for one in changes.observed if isinstance(one, ObservedCustomer)}
    assert names >= {f"Firm {number:03}" for number in range(35)}


async def test_a_long_list_is_given_in_parts_that_join(scene: Scene) -> None:
    since = simulated_now(scene) - timedelta(minutes=1)
    for start in range(30):
        await scene.contact(f"Part {start}")
        scene.control("POST", "clock/advance", {"seconds": 2})
    names: set[str] = set()
    parts, complete = 0, False
    while not complete:
        changes = await read_changes(scene.client, plain_observe, since=since, now=NOW, size=2)
        names |= {one.customer.name for one in changes.observed if isinstance(one, ObservedCustomer)}
        since, complete, parts = changes.until, changes.complete, parts + 1

    assert names >= {f"Part {number}" for number in range(30)}
    assert parts > 1


async def test_bills_and_odd_records_are_left_out(scene: Scene) -> None:
    contact = await scene.contact()
    since = simulated_now(scene) - timedelta(minutes=1)
    held = await made(scene, an_invoice(1, contact))
    await scene.client.write(
        "PUT",
        "Invoices",
        json.dumps({"Invoices": [{"Type": "ACCPAY", "Contact": {"ContactID": contact}, "LineItems": []}]}).encode(),
        key="bill",
    )

    changes = await read_changes(scene.client, plain_observe, since=since, now=NOW)

    assert [one.ref.id for one in changes.observed if isinstance(one, ObservedDocument)] == [held.ref.id]


async def test_with_the_day_nearly_used_up_the_sweep_waits_and_the_cursor_stays(scene: Scene) -> None:
    """Documents go first: what is left of the day's calls is theirs."""
    scene.client.limiter.note({"x-daylimit-remaining": "200"})
    since = simulated_now(scene)

    changes = await read_changes(scene.client, plain_observe, since=since, now=NOW)

    assert (changes.observed, changes.until, changes.complete) == ([], since, True)


@pytest.mark.parametrize("answer", ["200", "304"])
async def test_an_empty_delta_is_no_change_whatever_its_status(scene: Scene, answer: str) -> None:
    scene.control("POST", "switches", {"empty_delta": answer})
    since = simulated_now(scene) + timedelta(hours=1)

    changes = await read_changes(scene.client, plain_observe, since=since, now=NOW)

    assert (changes.observed, changes.gone) == ([], [])


# --- single objects


async def test_objects_are_read_many_at_a_time_and_what_is_missing_is_gone(scene: Scene) -> None:
    contact = await scene.contact()
    held = [await made(scene, an_invoice(number, contact)) for number in range(1, 6)]
    scene.control("DELETE", "calls")
    ids = [one.ref.id for one in held]

    seen = await read(scene.client, plain_observe, RecordKind.INVOICE, [*ids, "not-an-id"])

    assert [one.ref.id for one in seen] == [*ids, "not-an-id"]
    assert [isinstance(one, Gone) for one in seen] == [False] * 5 + [True]
    assert scene.control("GET", "calls")["total"] == 1


async def test_an_archived_contact_is_read_like_any_other(scene: Scene) -> None:
    contact = await scene.contact()
    scene.act("archive-contact", contact_id=contact)

    (one,) = await read(scene.client, plain_observe, RecordKind.CUSTOMER, [contact])

    assert isinstance(one, ObservedCustomer)
    assert not one.active


async def test_the_payments_of_a_noticed_invoice_are_asked_for(scene: Scene) -> None:
    """Xero has no notice of a payment: the invoice's is all there is."""
    contact = await scene.contact()
    held = [await made(scene, an_invoice(number, contact)) for number in (1, 2)]
    paid = [await made(scene, a_payment(number, held[0])) for number in (11, 12)]
    scene.act("delete-payment", payment_id=paid[1].ref.id)

    seen = await payments_of(scene.client, plain_observe, [one.ref.id for one in held])

    assert {one.ref.id: getattr(one, "voided", None) for one in seen} == {paid[0].ref.id: False, paid[1].ref.id: True}


@pytest.mark.parametrize("kind", ["offline", "gateway_timeout", "truncated", "unavailable_html"])
async def test_a_reading_that_fails_may_be_repeated(scene: Scene, kind: str) -> None:
    scene.fault(kind, method="GET", path="/Organisation", count=0)

    with pytest.raises(TryLater):
        await scene.client.rows("Organisation")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/Date(1439434356790+0000)/", datetime(2015, 8, 13, 2, 52, 36, 790_000, tzinfo=UTC)),
        ("/Date(1439434356790)/", datetime(2015, 8, 13, 2, 52, 36, 790_000, tzinfo=UTC)),
        ("/Date(-1000+1300)/", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-04-20T11:47:10.3365440", datetime(2026, 4, 20, 11, 47, 10, 336_544, tzinfo=UTC)),
        ("2026-09-14T09:29:59Z", datetime(2026, 9, 14, 9, 29, 59, tzinfo=UTC)),
        ("yesterday", None),
        ("/Date(99999999999999999999)/", None),
        (None, None),
    ],
)
def test_every_form_of_a_time_is_read_as_utc(text: str | None, expected: datetime | None) -> None:
    assert read_time(text) == expected


def test_a_time_is_written_in_whole_seconds_rounded_down() -> None:
    """Otherwise what changed later in the same second would fall between two readings."""
    assert written(datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC)) == "2026-01-02T03:04:05"
