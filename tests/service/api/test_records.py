"""Records over HTTP: say what you want to be true, one by one or many at once."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.books import RecordKind
from service.clock import new_id
from service.runtime import Service
from service.store.tables import Link, Record
from service.views.records import find_record
from tests.service.api.conftest import Caller, a_customer, an_invoice

A_CREDIT_MEMO = an_invoice("crm_1") | {"allocations": []}
A_PAYMENT = {
    "id": "pay_1",
    "customer_id": "cus_1",
    "currency": "EUR",
    "amount": "24.00",
    "paid_on": "2026-11-05",
    "allocations": [{"invoice_id": "inv_1", "amount": "24.00"}],
}


@pytest.mark.parametrize(
    ("noun", "kind", "body"),
    [
        ("customers", "customer", a_customer()),
        ("invoices", "invoice", an_invoice()),
        ("credit-memos", "credit_memo", A_CREDIT_MEMO),
        ("payments", "payment", A_PAYMENT),
    ],
)
async def test_each_noun_is_put_and_read_back(platform: Caller, noun: str, kind: str, body: dict[str, Any]) -> None:
    """The body comes back as it is kept, with what stands between it and the ledger."""
    stored = await platform.put(f"~/{noun}/{body['id']}", body)
    read = await platform.get(f"~/{noun}/{body['id']}")

    assert stored.status_code == 200, stored.text
    assert read.json() == stored.json()
    assert read.json()["kind"] == kind
    assert read.json()["state"] == "waiting"
    assert read.json()["body"] | body == read.json()["body"] | body
    assert read.json()["ledger"] is None


async def test_the_same_body_again_changes_nothing(platform: Caller) -> None:
    """A platform may repeat itself after a lost answer."""
    first = (await platform.put("~/invoices/inv_1", an_invoice())).json()
    second = (await platform.put("~/invoices/inv_1", an_invoice())).json()
    third = (await platform.put("~/invoices/inv_1", an_invoice(memo="Thank you"))).json()

    assert second == first
    assert (first["wanted_version"], third["wanted_version"]) == (1, 2)


async def test_an_id_in_the_body_that_is_not_the_address_is_refused(platform: Caller) -> None:
    answer = await platform.put("~/invoices/inv_2", an_invoice("inv_1"))

    assert answer.status_code == 400
    assert [problem["field"] for problem in answer.json()["problems"]] == ["id"]


async def test_a_final_invoice_does_not_become_a_draft_again(platform: Caller) -> None:
    """A contradiction is 409 with its reason, and what was recorded stays."""
    await platform.put("~/invoices/inv_1", an_invoice())
    answer = await platform.put("~/invoices/inv_1", an_invoice(status="draft"))

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/status_backwards"
    assert answer.json()["problems"][0]["reason"] == "status_backwards"
    assert (await platform.get("~/invoices/inv_1")).json()["status"] == "final"


async def test_one_bad_item_does_not_stop_its_neighbours(platform: Caller) -> None:
    """Each item of a batch is judged alone, and the bad field is named with its place in the batch."""
    bad = an_invoice("inv_2")
    bad["sections"][0]["lines"].append({"quantity": "1", "unit_price": "1.00", "amount": 1.1})
    answer = await platform.post("~/invoices", {"items": [an_invoice("inv_1"), bad, an_invoice("inv_3"), "what"]})
    again = await platform.post("~/invoices", {"items": [an_invoice("inv_1")]})

    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [(item["id"], item["accepted"], item["changed"]) for item in items] == [
        ("inv_1", True, True),
        ("inv_2", False, False),
        ("inv_3", True, True),
        ("", False, False),
    ]
    assert [problem["field"] for problem in items[1]["problems"]] == ["items.1.sections.0.lines.1.amount"]
    assert items[1]["problems"][0]["reason"] == "malformed"
    assert items[3]["problems"][0]["field"] == "items.3"
    assert (await platform.get("~/invoices/inv_2")).status_code == 404
    assert (await platform.get("~/invoices/inv_3")).status_code == 200
    assert [(item["accepted"], item["changed"]) for item in again.json()["items"]] == [(True, False)]


async def test_a_record_stands_in_a_batch_once(platform: Caller) -> None:
    """Which of two should hold is not ours to guess."""
    answer = await platform.post("~/customers", {"items": [a_customer(), a_customer(name="Other")]})

    assert [item["accepted"] for item in answer.json()["items"]] == [True, False]
    assert answer.json()["items"][1]["problems"][0]["field"] == "items.1.id"


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_batch_has_between_one_and_a_thousand_items(platform: Caller, count: int) -> None:
    answer = await platform.post("~/customers", {"items": [a_customer(f"c{n}") for n in range(count)]})

    assert answer.status_code == 400
    assert answer.json()["problems"][0]["field"] == "items"


async def test_a_thousand_customers_go_in_at_once(platform: Caller) -> None:
    answer = await platform.post("~/customers", {"items": [a_customer(f"c{n}") for n in range(1000)]})

    assert answer.status_code == 200
    assert all(item["accepted"] for item in answer.json()["items"])


async def test_lists_are_paged_newest_first_without_gaps(platform: Caller) -> None:
    """A cursor is a place, not a count: what arrives meanwhile shifts nothing."""
    for number in range(7):
        await platform.put(f"~/customers/c{number}", a_customer(f"c{number}"))
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        page = (await platform.get("~/customers", params={"limit": 3, "cursor": cursor})).json()
        seen += [item["id"] for item in page["items"]]
        await platform.put(f"~/customers/late{len(seen)}", a_customer(f"late{len(seen)}"))
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]

    assert seen == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["inv_b", "inv_a"]),
        ({"search": "n-INV_A"}, ["inv_a"]),
        ({"search": "100%"}, []),
        ({"search": "_nv"}, []),
        ({"customer_id": "cus_2"}, ["inv_b"]),
        ({"state": "waiting"}, ["inv_a"]),
        ({"state": "blocked"}, ["inv_b"]),
        ({"reason": "tax_code_unmapped"}, ["inv_b"]),
        ({"reason": "name_taken"}, []),
    ],
)
async def test_lists_are_filtered(platform: Caller, service: Service, query: dict[str, str], found: list[str]) -> None:
    await platform.put("~/invoices/inv_a", an_invoice("inv_a"))
    await platform.put("~/invoices/inv_b", an_invoice("inv_b", customer_id="cus_2"))
    async with service.database.write() as session:
        row = await find_record(session, platform.connection_id, RecordKind.INVOICE, "inv_b")
        assert row is not None
        row.state = "blocked"
        row.problems = [
            {"reason": "tax_code_unmapped", "where": "line 1", "message": 'says "name_taken"', "fix": "Choose one."}
        ]
        session.add(row)

    page = (await platform.get("~/invoices", params=query)).json()

    assert [item["id"] for item in page["items"]] == found


async def test_a_linked_record_shows_what_the_ledger_holds_and_where_to_open_it(
    platform: Caller, service: Service
) -> None:
    await platform.put("~/invoices/inv_1", an_invoice())
    async with service.database.write() as session:
        row = await find_record(session, platform.connection_id, RecordKind.INVOICE, "inv_1")
        assert row is not None
        session.add(_link(row, total="24.00", balance="4.00"))

    ledger = (await platform.get("~/invoices/inv_1")).json()["ledger"]

    assert ledger["id"] == "145"
    assert ledger["url"] == "https://ledger.example/realm-acme/invoice/145"
    assert (ledger["total"], ledger["balance"], ledger["origin"]) == ("24.00", "4.00", "pushed")


async def test_a_blocked_record_is_tried_again_on_request(platform: Caller, service: Service) -> None:
    await platform.put("~/invoices/inv_1", an_invoice())
    async with service.database.write() as session:
        row = await find_record(session, platform.connection_id, RecordKind.INVOICE, "inv_1")
        assert row is not None
        row.state, row.due_at = "blocked", None
        session.add(row)

    answer = await platform.post("~/invoices/inv_1/retry")
    attempts = await platform.get("~/invoices/inv_1/attempts")

    assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
    assert attempts.json() == {"items": []}


async def test_the_status_counts_what_waits(platform: Caller) -> None:
    await platform.put("~/invoices/inv_1", an_invoice())
    await platform.put("~/customers/cus_1", a_customer())

    status = (await platform.get("~/status")).json()

    assert status["states"] == {"waiting": 2}
    assert status["kinds"] == {"customer": 1, "invoice": 1}
    assert status["due"] == 2
    assert status["oldest_due_at"] is not None


def _link(row: Record, **observed: str) -> Link:
    return Link(
        id=new_id("lnk"),
        connection_id=row.connection_id,
        record_id=row.id,
        kind=row.kind,
        remote_id="145",
        origin="pushed",
        observed=dict(observed),
    )
