"""The one place that imports httpx: how a request leaves and how its answer is sorted.

An answer is parsed by its content type and then sorted by what the caller does next (see connectors.protocol):

    connect error, pool exhausted, 408, 503         TryLater: nothing was written
    429, or any Retry-After                         TryLater(limited): the whole connection pauses
    read time-out, reset, 500, 502, 504, HTML,
    half a JSON, a redirect                         OutcomeUnknown for a write, TryLater for a read
    JSON or XML with any other status               an Answer: the provider's own code reads it

A read is always safe to repeat, so reads are retried in here, a few times and not for long. A write never is.
Nothing personal is logged: the path template, the status, the time and the provider's trace id.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_after_delay

from connectors.limits import Clock, Limiter, Sleep
from connectors.protocol import ConnectorError, OutcomeUnknown, Refused, TryLater
from connectors.redaction import redact
from contracts.problems import Problem, Reason

log = structlog.get_logger("ledgerlane.http")


@dataclass(frozen=True)
class TimeOuts:
    """Seconds. A ledger may take two minutes over one request, so `read` is long; `total` is the cap on everything."""

    connect: float = 5.0
    read: float = 120.0
    write: float = 30.0
    pool: float = 10.0
    total: float = 150.0


@dataclass(frozen=True)
class ReadRetries:
    """How reads are repeated in here: this many attempts, not longer than this, not when asked to wait longer."""

    attempts: int = 3
    seconds: float = 60.0
    first_wait: float = 0.5
    longest_wait: float = 10.0


class Shape(StrEnum):
    """What a body turned out to be."""

    JSON = "json"
    XML = "xml"
    HTML = "html"
    EMPTY = "empty"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Request:
    """One request. `path` is a template ("/v3/company/{realm}/invoice"), so that logs show no ids.

    turn: the name of the limiter's turn it takes, for endpoints with a limit of their own.
    may_be_empty: success without a body is a clear answer (204, or a revocation).
    """

    method: str
    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    writes: bool = False
    turn: str = ""
    may_be_empty: bool = False

    @property
    def url(self) -> str:
        """The path with its values, each quoted so that none can change the path."""
        return self.path.format_map({name: quote(value, safe="") for name, value in self.values.items()})


@dataclass(frozen=True)
class Answer:
    """An answer, parsed. `data` is the JSON value (numbers as Decimal), or the XML root element."""

    status: int
    shape: Shape
    data: Any = field(repr=False)
    raw: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    trace_id: str = ""

    @property
    def retry_after(self) -> float | None:
        """Seconds from now, if a Retry-After was given as a number or as a date."""
        text = self.headers.get("retry-after", "").strip()
        if text.replace(".", "", 1).isdigit():
            return min(float(text), 86_400.0)
        try:
            return min(max(0.0, parsedate_to_datetime(text).timestamp() - time.time()), 86_400.0)
        except (ValueError, TypeError):
            return None

    @property
    def evidence(self) -> dict[str, Any]:
        """What a ConnectorError keeps of it."""
        return {"trace_id": self.trace_id, "status": self.status, "body": redact(self.raw)}


@dataclass(frozen=True)
class CallInfo:
    """What is counted of a call. `outcome` is "answered" or the name of the ConnectorError."""

    provider: str
    connection: str
    method: str
    path: str
    status: int | None
    seconds: float
    attempt: int
    outcome: str
    trace_id: str


Judge = Callable[[Answer], None]
"""The provider's own reading of an answer: raises a ConnectorError, or leaves the answer to the rules above."""


class LedgerHttp:
    """HTTP to one provider, shared by all its connections: one pool, no cookies, no redirects.

    Close it with `aclose` when the process ends. `on_call` is told of every call, retries included.
    """

    def __init__(
        self,
        base_url: str,
        *,
        provider: str = "quickbooks",
        trace_header: str = "intuit_tid",
        transport: httpx.AsyncBaseTransport | None = None,
        time_outs: TimeOuts | None = None,
        retries: ReadRetries | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        on_call: Callable[[CallInfo], None] | None = None,
        connections: int = 100,
        largest_answer: int = 64_000_000,
    ) -> None:
        self.provider = provider
        self._trace_header = trace_header
        self._time_outs = time_outs or TimeOuts()
        self._retries = retries or ReadRetries()
        self._clock, self._sleep, self._on_call = clock, sleep, on_call
        self._largest_answer = largest_answer
        wait = self._time_outs
        self._client = httpx.AsyncClient(
            base_url=base_url,
            transport=transport,
            timeout=httpx.Timeout(connect=wait.connect, read=wait.read, write=wait.write, pool=wait.pool),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections // 2),
            follow_redirects=False,
            headers={"User-Agent": "ledgerlane/0.1", "Accept-Encoding": "gzip"},
        )
        # One client serves many merchants: a cookie set for one must never travel with another's request.
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    async def aclose(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def send(
        self, request: Request, *, connection: str = "", limiter: Limiter | None = None, judge: Judge | None = None
    ) -> Answer:
        """Carry a request out. Raises ConnectorError as in the table above."""
        if request.writes:
            return await self._once(request, connection, limiter, judge, attempt=1)
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(self._retries.attempts) | stop_after_delay(self._retries.seconds),
            retry=retry_if_exception(self._worth_repeating),
            wait=self._wait_before_repeating,
            sleep=self._sleep,
            reraise=True,
        ):
            with attempt:
                number = attempt.retry_state.attempt_number
                return await self._once(request, connection, limiter, judge, attempt=number)
        raise AssertionError("tenacity either returns or raises")

    def _worth_repeating(self, error: BaseException) -> bool:
        if not isinstance(error, TryLater):
            return False
        return not error.limited or error.wait_seconds <= self._retries.longest_wait

    def _wait_before_repeating(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TryLater) and error.limited:
            return error.wait_seconds * random.uniform(1.0, 1.1)
        return self._retries.first_wait * 2.0 ** (state.attempt_number - 1) * random.uniform(0.5, 1.5)

    async def _once(
        self, request: Request, connection: str, limiter: Limiter | None, judge: Judge | None, *, attempt: int
    ) -> Answer:
        if limiter is None:
            return await self._timed(request, connection, None, judge, attempt)
        async with limiter.turn(request.turn):
            return await self._timed(request, connection, limiter, judge, attempt)

    async def _timed(
        self, request: Request, connection: str, limiter: Limiter | None, judge: Judge | None, attempt: int
    ) -> Answer:
        started, answer, outcome = self._clock(), None, "cancelled"
        try:
            answer = await self._exchange(request)
            if judge is not None:
                judge(answer)
            sort_answer(answer, writes=request.writes, may_be_empty=request.may_be_empty)
            outcome = "answered"
            return answer
        except ConnectorError as error:
            outcome = type(error).__name__
            if limiter is not None and isinstance(error, TryLater) and error.limited:
                limiter.pause(error.wait_seconds)
            raise
        finally:
            info = CallInfo(
                provider=self.provider,
                connection=connection,
                method=request.method,
                path=request.path,
                status=answer.status if answer else None,
                seconds=round(self._clock() - started, 4),
                attempt=attempt,
                outcome=outcome,
                trace_id=answer.trace_id if answer else "",
            )
            log.info("ledger_call", **vars(info))
            if self._on_call is not None:
                self._on_call(info)

    async def _exchange(self, request: Request) -> Answer:
        """One request and its whole answer. Transport trouble is sorted by whether anything can have been written."""
        try:
            async with asyncio.timeout(self._time_outs.total):
                async with self._client.stream(
                    request.method,
                    request.url,
                    params=dict(request.params) or None,
                    headers=dict(request.headers),
                    content=request.content or None,
                ) as response:
                    raw = bytearray()
                    async for piece in response.aiter_bytes():
                        raw += piece
                        if len(raw) > self._largest_answer:
                            raise unclear("the answer is larger than can be read", writes=request.writes)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise TryLater(f"{self.provider} cannot be reached ({type(error).__name__})", wait_seconds=15) from error
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise unclear(f"no clear answer from {self.provider} ({type(error).__name__})", request.writes) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        shape, data = parse(bytes(raw), headers.get("content-type", ""))
        return Answer(response.status_code, shape, data, bytes(raw), headers, headers.get(self._trace_header, "")[:200])


def parse(raw: bytes, content_type: str) -> tuple[Shape, Any]:
    """What a body is, and its value. Numbers become Decimal; a half answer is UNREADABLE, never half a value."""
    text = raw.strip().removeprefix(b"\xef\xbb\xbf")
    if not text:
        return Shape.EMPTY, None
    kind = content_type.partition(";")[0].strip().lower()
    if text[:1] in (b"{", b"[") or kind.endswith("json"):
        try:
            return Shape.JSON, json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return Shape.UNREADABLE, None
    start = text[:200].lower()
    if "html" in kind or start.startswith((b"<!doctype html", b"<html")):
        return Shape.HTML, None
    if text[:1] == b"<":
        # No fault has a document type; without one there are no entities to expand, so the plain parser is safe.
        if b"<!doctype" in text.lower() or b"<!entity" in text.lower():
            return Shape.UNREADABLE, None
        try:
            return Shape.XML, ElementTree.fromstring(text)  # noqa: S314 - see above
        except ElementTree.ParseError:
            return Shape.UNREADABLE, None
    return Shape.UNREADABLE, None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def sort_answer(answer: Answer, *, writes: bool, may_be_empty: bool = False) -> None:
    """Raise what the answer means by status and shape alone; return when the provider's code should read it."""
    if answer.status == 429:
        wait = answer.retry_after
        raise TryLater(
            "asked to slow down",
            wait_seconds=60 + random.uniform(0, 15) if wait is None else wait + random.uniform(0, 1),
            limited=True,
            **answer.evidence,
        )
    if answer.status in (408, 425, 503):
        wait = answer.retry_after
        raise TryLater(
            "not available", wait_seconds=30 if wait is None else wait, limited=wait is not None, **answer.evidence
        )
    if answer.status >= 500 or answer.status < 200 or 300 <= answer.status < 400:
        raise unclear(f"answered {answer.status}", writes, answer)
    if answer.shape in (Shape.JSON, Shape.XML):
        return
    if may_be_empty and answer.shape is Shape.EMPTY:
        return
    if answer.status < 300:
        raise unclear(f"answered {answer.status} with a body that is {answer.shape}", writes, answer)
    raise Refused(
        f"answered {answer.status} with a body that is {answer.shape}",
        problems=[
            Problem(
                reason=Reason.ANSWER_UNREADABLE,
                where="the ledger's answer",
                message=f"The ledger answered {answer.status} with something that cannot be read.",
                fix="Retry later. If it stays, show the raw answer and its trace id to support.",
            )
        ],
        code=str(answer.status),
        **answer.evidence,
    )


def unclear(message: str, writes: bool, answer: Answer | None = None) -> ConnectorError:
    """The error for an answer that says nothing certain: a write may have happened, a read may be repeated."""
    evidence = answer.evidence if answer else {}
    if writes:
        return OutcomeUnknown(message, **evidence)
    return TryLater(message, wait_seconds=15, **evidence)


@dataclass(frozen=True)
class Delivered:
    """What came of sending an event. `status` is None when there was no answer; `error` then says why."""

    status: int | None
    seconds: float
    error: str = ""
    retry_after: float | None = None

    @property
    def accepted(self) -> bool:
        """The endpoint took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300


class EventSender:
    """Sends signed events to billing's own endpoints: no redirects, ten seconds, the answer's body is not read."""

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        seconds: float = 10.0,
        connections: int = 50,
        clock: Clock = time.monotonic,
    ) -> None:
        self._seconds, self._clock = seconds, clock
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(seconds, connect=min(5.0, seconds)),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections // 2),
            follow_redirects=False,
            headers={"User-Agent": "ledgerlane/0.1", "Content-Type": "application/json"},
        )
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    async def aclose(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def post_json(self, url: str, body: bytes, headers: Mapping[str, str]) -> Delivered:
        """Post these exact bytes, since they are what was signed. Never raises for what the endpoint does."""
        started = self._clock()

        def came_to(status: int | None, error: str = "", wait: float | None = None) -> Delivered:
            return Delivered(status, round(self._clock() - started, 4), error, wait)

        try:
            async with asyncio.timeout(self._seconds):
                async with self._client.stream("POST", url, content=body, headers=dict(headers)) as response:
                    answer_headers = {name.lower(): value for name, value in response.headers.items()}
                    answer = Answer(response.status_code, Shape.EMPTY, None, b"", answer_headers)
                    return came_to(response.status_code, wait=answer.retry_after)
        except (httpx.TimeoutException, TimeoutError):
            return came_to(None, "time-out")
        except (httpx.TransportError, httpx.InvalidURL, ValueError) as error:
            return came_to(None, type(error).__name__)
