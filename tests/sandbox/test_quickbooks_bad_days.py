"""Limits, injected faults, metering and the call log. Source: QuickBooks reference 6, 7.1, 7.4."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.sandbox.quickbooks import SandboxSettings
from connectors.sandbox.quickbooks.settings import US_REALM
from tests.sandbox.conftest import Books, connect, line, running


@pytest.fixture(scope="module")
def strict_base() -> Iterator[str]:
    with running(SandboxSettings()) as url:
        yield url


@pytest.fixture
def strict(strict_base: str) -> Books:
    books = connect(strict_base, US_REALM)
    books.control("POST", "clock/advance", {"minutes": 2})
    return books


def test_the_eleventh_call_in_a_second_is_429_without_retry_after(strict: Books) -> None:
    answers = [strict.call("GET", "customer/1") for _ in range(11)]

    refused = answers[-1]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert refused.body["fault"] == {
        "error": [
            {
                "message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
                "detail": "The request limit was reached.  Try again later",
                "code": "3001",
                "element": None,
            }
        ],
        "type": "SERVICE",
    }
    assert "retry-after" not in refused.headers


def test_five_hundred_calls_a_minute_and_the_window_slides(strict: Books) -> None:
    strict.switch(requests_per_minute=15)
    statuses = []
    for _ in range(16):
        statuses.append(strict.call("GET", "customer/1").status)
        strict.control("POST", "clock/advance", {"seconds": 1})
    assert statuses == [200] * 15 + [429]

    strict.control("POST", "clock/advance", {"seconds": 50})
    assert strict.call("GET", "customer/1").status == 200
    strict.switch(requests_per_minute=500)


def test_batches_have_a_limit_of_their_own(strict: Books) -> None:
    strict.switch(batches_per_minute=2)
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select count(*) from Term"}]}

    assert [strict.call("POST", "batch", body).status for _ in range(3)] == [200, 200, 429]
    assert strict.call("GET", "customer/1").status == 200
    strict.switch(batches_per_minute=40)


def test_limits_can_be_turned_off(us: Books) -> None:
    assert {us.call("GET", "customer/1").status for _ in range(30)} == {200}


@pytest.mark.parametrize(
    ("plan", "status", "media_type", "start"),
    [
        ({"kind": "throttle"}, 429, "application/json", b'{"warnings":null'),
        ({"kind": "throttle", "format": "xml"}, 429, "application/xml", b"<?xml"),
        ({"kind": "unavailable_html"}, 503, "text/html", b"<html>"),
        ({"kind": "bad_gateway"}, 502, "", b""),
        ({"kind": "gateway_timeout"}, 504, "application/xml", b"<?xml"),
        ({"kind": "server_error"}, 500, "application/json", b'{"Fault"'),
        ({"kind": "fault_in_200"}, 200, "application/json", b'{"Fault"'),
        ({"kind": "html_in_200"}, 200, "text/html", b"<html>"),
        ({"kind": "empty_xml"}, 200, "application/xml", b"<?xml"),
        ({"kind": "truncated"}, 200, "application/json", b'{"Customer"'),
        ({"kind": "unauthorised"}, 401, "application/json", b'{"warnings"'),
        ({"kind": "stale"}, 400, "application/json", b'{"Fault"'),
    ],
)
def test_each_kind_of_fault(us: Books, plan: Any, status: int, media_type: str, start: bytes) -> None:
    us.control("POST", "faults", {**plan, "path": "/customer"})
    headers = {"Authorization": f"Bearer {us.access}", "Accept": "application/json"}
    url = f"{us.base}/v3/company/{us.realm}/customer/1"

    suffered = us.http.get(url, headers=headers)

    assert suffered.status_code == status
    assert suffered.headers.get("content-type", "").startswith(media_type)
    assert suffered.content.startswith(start)
    assert us.http.get(url, headers=headers).status_code == 200


def test_a_proxy_may_add_retry_after(us: Books) -> None:
    us.control("POST", "faults", {"kind": "throttle", "retry_after": 7, "path": "/customer"})

    assert us.call("GET", "customer/1").headers["retry-after"] == "7"


def _customers(us: Books) -> int:
    return len(us.control("GET", f"companies/{us.realm}/customer")["Customer"])


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("kind", ["drop", "gateway_timeout"])
def test_the_work_is_done_or_not(us: Books, kind: str, when: str, made: int) -> None:
    us.control("POST", "faults", {"kind": kind, "when": when, "method": "POST", "path": "/customer"})
    before = _customers(us)

    if kind == "drop":
        with pytest.raises(httpx.RemoteProtocolError):
            us.call("POST", "customer", {"DisplayName": "Lost"})
    else:
        assert us.call("POST", "customer", {"DisplayName": "Lost"}).status == 504

    assert _customers(us) - before == made


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_may_hang(us: Books, when: str) -> None:
    us.control("POST", "faults", {"kind": "hang", "when": when, "seconds": 1, "path": "/customer"})
    start = time.monotonic()

    assert us.call("GET", "customer/1").status == 200
    assert time.monotonic() - start >= 1


def test_a_fault_can_strike_the_nth_matching_call_some_times(us: Books) -> None:
    us.control("POST", "faults", {"kind": "server_error", "path": "/customer", "nth": 2, "count": 2})

    assert [us.call("GET", "customer/1").status for _ in range(4)] == [200, 500, 500, 200]
    assert us.control("DELETE", "faults") == {"faults": []}


def test_calls_are_counted_by_route_and_metered(us: Books) -> None:
    us.control("DELETE", "calls")
    us.call("GET", "customer/1")
    us.call("POST", "invoice", {"CustomerRef": {"value": "1"}, "Line": [line(1)]}, requestid="k-1")
    us.call("GET", "customer/999")

    calls = us.control("GET", "calls?limit=2")

    assert calls["by_route"] == {
        "GET /v3/company/{realm}/customer/{id}": 2,
        "POST /v3/company/{realm}/invoice": 1,
    }
    assert calls["metering"] == {"CorePlus": 1, "Core": 1}
    assert [(call["request_id"], call["status"]) for call in calls["recent"]] == [("k-1", 200), ("", 400)]
