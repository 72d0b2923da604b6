"""requestid replay and batch. Source: QuickBooks reference 2.7, 5."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.sandbox.quickbooks.settings import UK_REALM
from tests.sandbox.conftest import Books, connect, line

BODY: Any = {"CustomerRef": {"value": "1"}, "Line": [line(10)]}


def _count(us: Books) -> int:
    return int(us.query("select count(*) from Invoice")["totalCount"])


def test_the_same_requestid_twice_creates_one_object_and_gives_the_first_answer(us: Books) -> None:
    before = _count(us)
    first = us.call("POST", "invoice", BODY, requestid="key-1")
    second = us.call("POST", "invoice", BODY, requestid="key-1")

    assert first.body == second.body
    assert _count(us) == before + 1
    assert [call["replayed"] for call in us.control("GET", "calls?limit=3")["recent"]] == [False, True, False]


def test_requestids_belong_to_one_realm(us: Books, base: str) -> None:
    uk = connect(base, UK_REALM)
    us.post("customer", {"DisplayName": "Same key"}, requestid="key-1")

    assert uk.post("customer", {"DisplayName": "Same key too"}, requestid="key-1")["DisplayName"] == "Same key too"


def test_another_payload_under_an_old_id_is_a_switch(us: Books) -> None:
    """Source: QuickBooks reference 17.4."""
    first = us.post("customer", {"DisplayName": "A"}, requestid="key-1")
    assert us.post("customer", {"DisplayName": "B"}, requestid="key-1")["Id"] == first["Id"]

    us.switch(requestid_other_payload="fault_600")
    assert us.refused("customer", {"DisplayName": "B"}, requestid="key-1").codes == ["600"]


def test_whether_a_failed_answer_is_replayed_is_a_switch(us: Books) -> None:
    body = {"DisplayName": "Later", "SalesTermRef": {"value": "6"}}
    us.refused("customer", body, requestid="key-1")
    us.post("term", {"Name": "Net 90", "DueDays": 90})
    assert us.post("customer", body, requestid="key-1")["DisplayName"] == "Later"

    us.switch(requestid_replays_failures=True)
    worse = {"DisplayName": "Later", "Job": True}
    us.refused("customer", worse, requestid="key-2")
    assert us.refused("customer", worse, requestid="key-2").codes == ["6240"]


def test_ids_are_forgotten_after_a_while(us: Books) -> None:
    us.switch(requestid_remembered_hours=0)
    first = us.post("invoice", BODY, requestid="key-1")
    us.control("POST", "clock/advance", {"seconds": 1})

    assert us.post("invoice", BODY, requestid="key-1")["Id"] != first["Id"]


def test_a_requestid_has_at_most_fifty_characters(us: Books) -> None:
    assert us.refused("invoice", BODY, requestid="x" * 51).codes == ["2130"]
    assert us.refused("batch", {"BatchItemRequest": []}, requestid="x" * 37).codes == ["2130"]


def test_a_lost_answer_is_recovered_by_its_requestid(us: Books) -> None:
    """The connection drops after the commit; the retry gets the object that was made."""
    us.control("POST", "faults", {"kind": "drop", "when": "after", "method": "POST", "path": "/invoice"})
    before = _count(us)
    with pytest.raises(httpx.RemoteProtocolError):
        us.call("POST", "invoice", BODY, requestid="key-1")
    assert _count(us) == before + 1

    us.post("invoice", BODY, requestid="key-1")
    assert _count(us) == before + 1


def test_each_batch_item_succeeds_or_fails_alone(us: Books) -> None:
    customer = us.customer("C")
    paid = us.pay(customer, 5)
    items = [
        {"bId": "a", "operation": "create", "Invoice": BODY},
        {"bId": "b", "operation": "create", "Invoice": {"CustomerRef": {"value": "1"}}},
        {"bId": "c", "operation": "update", "Customer": {**customer, "sparse": True, "Notes": "n"}},
        {
            "bId": "d",
            "operation": "update",
            "optionsData": "void",
            "Payment": {"Id": paid["Id"], "SyncToken": "0", "sparse": True},
        },
        {"bId": "e", "Query": "select * from Term maxresults 2"},
    ]

    answered = us.call("POST", "batch", {"BatchItemRequest": items})

    by_id = {answer["bId"]: answer for answer in answered.body["BatchItemResponse"]}
    assert answered.status == 200
    assert by_id["a"]["Invoice"]["TotalAmt"] == 10
    assert by_id["b"]["Fault"]["Error"][0]["code"] == "2020"
    assert by_id["c"]["Customer"]["Notes"] == "n"
    assert by_id["d"]["Payment"]["PrivateNote"] == "Voided"
    assert by_id["e"]["QueryResponse"]["maxResults"] == 2


def test_more_than_thirty_items_are_1040(us: Books) -> None:
    items = [{"bId": str(number), "Query": "select count(*) from Term"} for number in range(31)]

    assert us.refused("batch", {"BatchItemRequest": items}).codes == ["1040"]


def test_a_batch_is_replayed_by_requestid_and_bid(us: Books) -> None:
    before = _count(us)
    items = [{"bId": bid, "operation": "create", "Invoice": BODY} for bid in ("1", "2")]
    first = us.call("POST", "batch", {"BatchItemRequest": items}, requestid="key-1")
    second = us.call("POST", "batch", {"BatchItemRequest": items}, requestid="key-1")

    assert first.body["BatchItemResponse"] == second.body["BatchItemResponse"]
    assert _count(us) == before + 2
    long_ids = [{**items[0], "bId": "12345678901"}]
    assert us.refused("batch", {"BatchItemRequest": long_ids}, requestid="key-2").codes == ["2130"]


def test_answers_may_come_in_another_order(us: Books) -> None:
    us.switch(batch_shuffles_answers=True)
    sent = [str(number) for number in range(20)]
    items = [{"bId": bid, "Query": "select count(*) from Term"} for bid in sent]

    answered = us.call("POST", "batch", {"BatchItemRequest": items})

    got = [answer["bId"] for answer in answered.body["BatchItemResponse"]]
    assert got != sent
    assert sorted(got) == sorted(sent)
