"""Stand-ins with state: a clock, a grant store, a provider that rotates, and a server that answers from a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from connectors.http import LedgerHttp, ReadRetries
from connectors.limits import Limiter
from connectors.oauth.grants import Grant, StoredGrant
from connectors.oauth.tokens import TokenSource
from connectors.protocol import SignInNeeded
from connectors.quickbooks.client import KINDS, QuickBooksClient, Raw
from contracts.books import Observed, ObservedCustomer, ObservedDocument, ObservedPayment, RecordKind, RemoteRef
from contracts.customers import Customer

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REALM = "4620816365000000001"


class FakeClock:
    """Time that moves only when somebody sleeps, or when a test says so."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def a_grant(number: int = 1, *, lives: timedelta = timedelta(hours=1), company_id: str = REALM) -> Grant:
    return Grant(
        access_token=f"access-{number}",
        refresh_token=f"refresh-{number}",
        access_expires_at=NOW + lives,
        refresh_expires_at=NOW + timedelta(days=100),
        company_id=company_id,
    )


class MemoryStore:
    """A GrantStore shared by every source that works for one connection."""

    def __init__(self, grant: Grant | None) -> None:
        self.stored = StoredGrant(grant, 1) if grant else None
        self.fail_saves = 0
        self._lock = asyncio.Lock()

    async def load(self) -> StoredGrant | None:
        await asyncio.sleep(0)
        return self.stored

    async def save(self, grant: Grant, *, expected_generation: int) -> bool:
        await asyncio.sleep(0)
        if self.fail_saves:
            self.fail_saves -= 1
            raise OSError("disk full")
        if self.stored is not None and self.stored.generation != expected_generation:
            return False
        self.stored = StoredGrant(grant, expected_generation + 1)
        return True

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        async with self._lock:
            yield

    def lock(self) -> Any:
        return self._held()


class UnlockedStore(MemoryStore):
    """A store whose lock was lost (a lease that ran out): only the generation protects."""

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        yield


class RotatingProvider:
    """Strict rotation: each refresh token works once."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.live = "refresh-1"
        self.refreshes = 0
        self.seen_when_used: list[str] = []
        self.error: Exception | None = None
        self.pause: Callable[[], Any] | None = None

    def authorize_url(self, state: str) -> str:
        return f"https://example.test/?state={state}"

    async def exchange(self, code: str, company_id: str) -> Grant:
        return a_grant()

    async def refresh(self, refresh_token: str) -> Grant:
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        if refresh_token != self.live:
            raise SignInNeeded("invalid_grant")
        self.refreshes += 1
        fresh = replace(a_grant(self.refreshes + 1), company_id="")
        self.live = fresh.refresh_token
        if self.pause:
            await self.pause()
        return fresh

    async def revoke(self, token: str) -> None:
        self.live = ""


Handler = Callable[[httpx.Request], httpx.Response]


class Server:
    """Answers from a handler and keeps what it was asked."""

    def __init__(self, handler: Handler) -> None:
        self.requests: list[httpx.Request] = []
        self._handler = handler
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._handler(request)


def a_http(handler: Handler, clock: FakeClock | None = None, **more: Any) -> tuple[LedgerHttp, Server]:
    server = Server(handler)
    clock = clock or FakeClock()
    http = LedgerHttp(
        "https://qbo.test",
        transport=server.transport,
        clock=clock,
        sleep=clock.sleep,
        retries=more.pop("retries", ReadRetries()),
        **more,
    )
    return http, server


def a_client(handler: Handler, *, grant: Grant | None = None) -> tuple[QuickBooksClient, Server]:
    http, server = a_http(handler)
    tokens = TokenSource(MemoryStore(grant or a_grant()), RotatingProvider(), now=lambda: NOW)
    limiter = Limiter((), parallel=4)
    return QuickBooksClient(http, tokens, limiter, company_id=REALM, connection="con_1"), server


def answer(body: Any, status: int = 200) -> httpx.Response:
    """A JSON answer with the headers QuickBooks sends."""
    return httpx.Response(
        status,
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/json;charset=UTF-8", "intuit_tid": "1-abc"},
    )


def entity_fault(code: str, detail: str = "", status: int = 400, type_: str = "ValidationFault") -> httpx.Response:
    return answer({"Fault": {"Error": [{"Message": "m", "Detail": detail, "code": code}], "type": type_}}, status)


def gateway_fault(code: str, status: int) -> httpx.Response:
    error = {"message": f"errorCode=00{code}", "detail": "Token expired: AB01secret", "code": code, "element": None}
    return answer({"warnings": None, "fault": {"error": [error], "type": "AUTHENTICATION"}, "time": 1}, status)


def xml_fault(code: str, status: int, type_: str = "SERVICE") -> httpx.Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3" '
        f'time="2026-11-20T04:00:00-08:00"><Fault type="{type_}"><Error code="{code}"><Message>m</Message>'
        "<Detail>d</Detail></Error></Fault></IntuitResponse>"
    )
    return httpx.Response(status, content=text.encode(), headers={"Content-Type": "application/xml"})


def html(status: int) -> httpx.Response:
    body = b"<!DOCTYPE html><html><body>We'll be back soon</body></html>"
    return httpx.Response(status, content=body, headers={"Content-Type": "text/html"})


def plain_observe(entity: str, row: Raw) -> Observed:
    """A reading good enough for tests of what carries the objects; the real one is the mapping's."""
    if row.get("Odd"):
        raise ValueError("odd record")
    kind = KINDS[entity]
    ref = RemoteRef(kind=kind, id=str(row["Id"]), version=str(row.get("SyncToken", "")))
    marker = str(row.get("PrivateNote") or row.get("Notes") or "").rpartition("ledgerlane:")[2]
    marker = f"ledgerlane:{marker}" if "ledgerlane:" in str(row.get("PrivateNote") or row.get("Notes")) else ""
    if kind is RecordKind.CUSTOMER:
        name = str(row.get("DisplayName", ""))
        return ObservedCustomer(ref=ref, customer=Customer(id=ref.id, name=name), fingerprint=name, marker=marker)
    if kind is RecordKind.PAYMENT:
        return ObservedPayment(ref=ref, amount=Decimal(row.get("TotalAmt", 0)), marker=marker)
    voided = str(row.get("PrivateNote", "")).startswith("Voided")
    return ObservedDocument(
        ref=ref,
        number=str(row.get("DocNumber", "")),
        total=row.get("TotalAmt", Decimal(0)),
        voided=voided,
        marker=marker,
    )
