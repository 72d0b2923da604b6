"""How an answer, or the lack of one, is sorted by what the caller does next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
import structlog.testing

from connectors.http import CallInfo, EventSender, Request, Shape, TimeOuts, parse
from connectors.limits import Limiter
from connectors.protocol import ConnectorError, OutcomeUnknown, Refused, TryLater
from tests.connectors.fakes import FakeClock, Handler, a_http, answer, html

READ = Request("GET", "/v3/company/{realm}/invoice/{id}", values={"realm": "1", "id": "7"})
WRITE = Request("POST", "/v3/company/{realm}/invoice", values={"realm": "1"}, content=b"{}", writes=True)


def raising(error: Exception) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return handler


def giving(response: Callable[[], httpx.Response]) -> Handler:
    return lambda request: response()


def raw(body: bytes, kind: str, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=body, headers={"Content-Type": kind})


TROUBLE: list[tuple[str, Handler, type[ConnectorError]]] = [
    ("no connection", raising(httpx.ConnectError("x")), TryLater),
    ("connect time-out", raising(httpx.ConnectTimeout("x")), TryLater),
    ("pool exhausted", raising(httpx.PoolTimeout("x")), TryLater),
    ("read time-out", raising(httpx.ReadTimeout("x")), OutcomeUnknown),
    ("reset after sending", raising(httpx.ReadError("x")), OutcomeUnknown),
    ("reset while sending", raising(httpx.WriteError("x")), OutcomeUnknown),
    ("closed without an answer", raising(httpx.RemoteProtocolError("x")), OutcomeUnknown),
    ("500", giving(lambda: answer({}, 500)), OutcomeUnknown),
    ("502 with nothing", giving(lambda: raw(b"", "text/html", 502)), OutcomeUnknown),
    ("504", giving(lambda: raw(b"<x/>", "application/xml", 504)), OutcomeUnknown),
    ("503 of the edge", giving(lambda: html(503)), TryLater),
    ("429", giving(lambda: answer({}, 429)), TryLater),
    ("HTML with 200", giving(lambda: html(200)), OutcomeUnknown),
    ("half a JSON", giving(lambda: raw(b'{"Invoice":{"Id":"1', "application/json")), OutcomeUnknown),
    ("nothing with 200", giving(lambda: raw(b"", "application/json")), OutcomeUnknown),
    ("empty XML", giving(lambda: raw(b'<?xml version="1.0"?>', "application/xml")), OutcomeUnknown),
    ("XML with entities", giving(lambda: raw(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "text/xml")), OutcomeUnknown),
    ("NaN", giving(lambda: raw(b'{"a":NaN}', "application/json")), OutcomeUnknown),
    ("a redirect", giving(lambda: httpx.Response(302, headers={"Location": "https://evil.test"})), OutcomeUnknown),
    ("404 of a wall", giving(lambda: html(404)), Refused),
]


@pytest.mark.parametrize(("what", "handler", "error"), TROUBLE, ids=[row[0] for row in TROUBLE])
async def test_a_write_is_sorted_by_whether_something_may_have_been_written(
    what: str, handler: Handler, error: type[ConnectorError]
) -> None:
    """TryLater promises that nothing was written; everything doubtful is OutcomeUnknown. And it is sent once."""
    http, server = a_http(handler)

    with pytest.raises(ConnectorError) as raised:
        await http.send(WRITE)

    assert (type(raised.value), len(server.requests)) == (error, 1)


@pytest.mark.parametrize(("what", "handler", "error"), TROUBLE, ids=[row[0] for row in TROUBLE])
async def test_a_read_never_has_an_unknown_outcome(what: str, handler: Handler, error: type[ConnectorError]) -> None:
    """It wrote nothing, so the worst that can come of it is doing it again."""
    http, _ = a_http(handler)

    with pytest.raises(ConnectorError) as raised:
        await http.send(READ)

    assert type(raised.value) is (Refused if error is Refused else TryLater)


async def test_a_read_is_repeated_until_it_works() -> None:
    """Three attempts, with growing waits."""
    answers = iter([html(503), html(200), answer({"ok": 1})])
    clock = FakeClock()
    http, server = a_http(lambda request: next(answers), clock)

    found = await http.send(READ)

    assert (found.data, len(server.requests), len(clock.slept)) == ({"ok": 1}, 3, 2)


@pytest.mark.parametrize(("retry_after", "requests"), [("2", 2), ("60", 1), ("", 1)])
async def test_a_read_waits_out_a_short_limit_only(retry_after: str, requests: int) -> None:
    """A long one is for the lane: no task sleeps a minute."""
    answers = iter([httpx.Response(429, headers={"Retry-After": retry_after}), answer({})])
    http, server = a_http(lambda request: next(answers))

    if requests == 1:
        with pytest.raises(TryLater) as later:
            await http.send(READ)
        assert later.value.limited
        assert 60 <= later.value.wait_seconds <= 75
    else:
        await http.send(READ)

    assert len(server.requests) == requests


async def test_a_429_pauses_the_whole_connection() -> None:
    """The limit is the company's, not this call's."""
    clock = FakeClock()
    limiter = Limiter([], clock=clock, sleep=clock.sleep)
    http, server = a_http(lambda request: answer({}, 429), clock)

    with pytest.raises(TryLater):
        await http.send(WRITE, limiter=limiter)
    with pytest.raises(TryLater):
        await http.send(WRITE, limiter=limiter)

    assert len(server.requests) == 1
    assert limiter.paused_seconds >= 60


async def test_an_endless_answer_is_cut_off_by_the_total() -> None:
    """A read time-out alone never fires on a server that drips."""

    async def drip() -> Any:
        while True:
            await asyncio.sleep(0.01)
            yield b" "

    http, _ = a_http(lambda request: httpx.Response(200, content=drip()), time_outs=TimeOuts(total=0.1))

    with pytest.raises(OutcomeUnknown):
        await http.send(WRITE)


async def test_an_answer_too_large_to_read_is_unclear() -> None:
    """A decompressed flood must not take the process with it."""
    http, _ = a_http(lambda request: answer({"a": "x" * 5000}), largest_answer=1000)

    with pytest.raises(OutcomeUnknown):
        await http.send(WRITE)


def test_numbers_keep_their_digits() -> None:
    """A float would read 90071992547409.93 as ...94."""
    shape, data = parse(b'{"TotalAmt":90071992547409.93}', "application/json")

    assert (shape, data) == (Shape.JSON, {"TotalAmt": Decimal("90071992547409.93")})


async def test_no_value_can_change_the_path() -> None:
    """An id is the ledger's text; a slash in it must not reach another endpoint."""
    http, server = a_http(lambda request: answer({}))

    await http.send(Request("GET", "/v3/company/{realm}/x", values={"realm": "1/../2?a=b"}))

    assert server.requests[0].url.raw_path == b"/v3/company/1%2F..%2F2%3Fa%3Db/x"


async def test_cookies_of_one_company_never_travel_with_another() -> None:
    """One pool serves every merchant."""
    http, server = a_http(
        lambda request: httpx.Response(
            200, headers={"Set-Cookie": "who=merchant-1; Path=/", "Content-Type": "application/json"}, content=b"{}"
        )
    )

    await http.send(READ)
    await http.send(READ)

    assert "cookie" not in server.requests[1].headers


async def test_every_call_is_counted_and_logged_without_what_it_says() -> None:
    """Path template, status and trace id; never a query string, a body or a token."""
    seen: list[CallInfo] = []
    http, _ = a_http(lambda request: answer({"DisplayName": "Jo Doe"}), on_call=seen.append)
    request = Request(
        "POST",
        "/v3/company/{realm}/query",
        values={"realm": "9341"},
        params={"secret": "p4ram"},
        headers={"Authorization": "Bearer t0ken"},
        content=b"SELECT",
    )

    with structlog.testing.capture_logs() as logs:
        await http.send(request, connection="con_1")

    assert [(info.path, info.status, info.outcome, info.trace_id) for info in seen] == [
        ("/v3/company/{realm}/query", 200, "answered", "1-abc")
    ]
    assert not any(word in str(logs) for word in ("p4ram", "t0ken", "Jo Doe", "SELECT", "9341"))


class TestSendingEvents:
    """Signed notices to billing's own endpoints."""

    @pytest.mark.parametrize(
        ("status", "accepted"), [(200, True), (204, True), (302, False), (410, False), (500, False)]
    )
    async def test_only_a_2xx_is_an_acceptance(self, status: int, accepted: bool) -> None:
        """A redirect is not followed: the notice was signed for this endpoint."""
        sender = EventSender(
            transport=httpx.MockTransport(lambda request: httpx.Response(status, headers={"Location": "/elsewhere"}))
        )

        delivered = await sender.post_json("https://billing.test/hook", b'{"a":1}', {"webhook-id": "evt_1"})

        assert (delivered.accepted, delivered.status) == (accepted, status)

    async def test_the_bytes_that_were_signed_are_the_bytes_that_leave(self) -> None:
        """Serialising again would break the signature."""
        seen: list[bytes] = []

        def handler(request: httpx.Request) -> httpx.Response:
            seen.append(request.content)
            return httpx.Response(200)

        await EventSender(transport=httpx.MockTransport(handler)).post_json("https://b.test", b'{ "a" :1 }', {})

        assert seen == [b'{ "a" :1 }']

    @pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.ReadError("x")])
    async def test_an_endpoint_that_does_not_answer_is_a_value(self, error: Exception) -> None:
        """One dead endpoint is expected trouble, not an exception."""
        sender = EventSender(transport=httpx.MockTransport(raising(error)))

        delivered = await sender.post_json("https://b.test", b"{}", {})

        assert delivered.status is None
        assert delivered.error
