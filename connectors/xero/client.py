"""One tenant's Xero API: paths, headers, the token, and what an answer must look like to count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.http import Answer, LedgerHttp, Request, unclear
from connectors.oauth.tokens import TokenSource
from connectors.protocol import Refused, SignInNeeded, TryLater
from connectors.xero import faults
from connectors.xero.limits import XeroLimiter
from connectors.xero.times import read_time, written
from contracts.books import RecordKind
from contracts.problems import Problem, Reason

Raw = dict[str, Any]
"""An object as Xero gives it, numbers as Decimal."""

API = "/api.xro/2.0/"
CONNECTIONS = "/connections"

COLLECTIONS: Mapping[RecordKind, str] = {
    RecordKind.CUSTOMER: "Contacts",
    RecordKind.INVOICE: "Invoices",
    RecordKind.CREDIT_MEMO: "CreditNotes",
    RecordKind.PAYMENT: "Payments",
    RecordKind.ALLOCATION: "Allocations",
}

IDS: Mapping[str, str] = {
    "Contacts": "ContactID",
    "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID",
    "Payments": "PaymentID",
    "BankTransactions": "BankTransactionID",
    "Overpayments": "OverpaymentID",
    "Prepayments": "PrepaymentID",
    "Allocations": "AllocationID",
}
"""The field that holds an object's id, by collection."""

PRICED = frozenset({"Invoices", "CreditNotes", "BankTransactions", "Overpayments", "Prepayments", "Items"})
"""Collections with unit prices: without unitdp=4 on every call Xero rounds them to cents (reference 2.6)."""

_PLURALS: Mapping[str, str] = {"Organisation": "Organisations", "Organisation/Actions": "Actions"}


@dataclass(frozen=True)
class Rows:
    """The rows of one answer, the server's time of it, and how many there are over all pages (None when not paged)."""

    rows: list[Raw]
    at: datetime | None
    total: int | None = None


class XeroClient:
    """Requests to one tenant. Every method raises ConnectorError.

    A refused access token is renewed once and the request repeated under the same Idempotency-Key.
    """

    def __init__(
        self, http: LedgerHttp, tokens: TokenSource, limiter: XeroLimiter, *, tenant_id: str, connection: str = ""
    ) -> None:
        self._http, self._tokens, self.limiter = http, tokens, limiter
        self.tenant_id, self.connection = tenant_id, connection

    async def rows(
        self, collection: str, params: Mapping[str, str] | None = None, *, since: datetime | None = None
    ) -> Rows:
        """The rows of a list. A fault raises Refused."""
        headers = {"If-Modified-Since": written(since)} if since is not None else {}
        request = self._request("GET", collection, {}, _with_places(collection, params), headers)
        try:
            answer = await self._send(request)
        except faults.NotModified:
            return Rows([], None)
        return _rows_in(collection, answer)

    async def read(self, collection: str, identifier: str) -> Raw | None:
        """One object as it is now, or None when Xero knows none with this id or number."""
        request = self._request("GET", collection + "/{id}", {"id": identifier}, _with_places(collection, None))
        try:
            found = _rows_in(collection, await self._send(request)).rows
        except faults.NotFound:
            return None
        return found[0] if found else None

    async def write(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        key: str,
        values: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """A write. Never repeated in here, save for a token that was refused before anything was done.

        A refusal of the whole request is an answer; NotFound is raised, since only the caller knows what it means.
        """
        headers = {"Idempotency-Key": key} if method != "DELETE" else {}
        if content:
            headers["Content-Type"] = "application/json"
        request = self._request(method, path, values or {}, params or {}, headers)
        return await self._send(replace(request, content=content, writes=True))

    async def is_connected(self) -> bool:
        """Whether the app is still connected to this tenant. Costs none of the tenant's calls."""
        token = await self._tokens.access_token()
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        answer = await self._http.send(Request("GET", CONNECTIONS, headers=headers), connection=self.connection)
        if answer.status != 200 or not isinstance(answer.data, list):
            raise unclear("the list of connections cannot be read", False, answer)
        return any(isinstance(one, dict) and one.get("tenantId") == self.tenant_id for one in answer.data)

    def _request(
        self,
        method: str,
        path: str,
        values: Mapping[str, str],
        params: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> Request:
        fixed = {"Accept": "application/json", "Xero-tenant-id": self.tenant_id}
        return Request(method, API + path, values=values, params=params, headers={**fixed, **(headers or {})})

    async def _send(self, request: Request) -> Answer:
        token = await self._tokens.access_token()
        try:
            return await self._send_with(token, request)
        except faults.TokenRefused:
            token = await self._tokens.access_token(not_this=token)
        try:
            return await self._send_with(token, request)
        except faults.TokenRefused as error:
            evidence: dict[str, Any] = {"trace_id": error.trace_id, "status": error.status, "body": error.body}
            if error.expired:
                raise TryLater("a fresh access token counts as expired", wait_seconds=300, **evidence) from None
            # Renewing works and the token does not: the user was removed, or the app was disconnected.
            raise SignInNeeded("Xero no longer accepts this sign-in", **evidence) from None

    async def _send_with(self, token: str, request: Request) -> Answer:
        def judge(answer: Answer) -> None:
            self.limiter.note(answer.headers)
            faults.judge(answer)

        signed = replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})
        try:
            return await self._http.send(signed, connection=self.connection, limiter=self.limiter, judge=judge)
        except faults.Forbidden as error:
            await self._explain(error)
            raise AssertionError("unreachable: _explain raises") from error

    async def _explain(self, error: faults.Forbidden) -> None:
        """403 says that the tenant is not connected, or that the user may not. The list of connections tells which."""
        evidence: dict[str, Any] = {"trace_id": error.trace_id, "status": error.status, "body": error.body}
        if not await self.is_connected():
            raise SignInNeeded("the organisation is no longer connected to the app", **evidence) from error
        problem = Problem(
            reason=Reason.PERMISSION_DENIED,
            where="the connection",
            message="Xero does not let the connected user do this.",
            fix="Let a user with the right to do this in Xero connect the organisation, then retry.",
        )
        raise Refused(
            "Xero does not let the connected user do this", problems=[problem], code="403", **evidence
        ) from error


def objects(value: Any) -> list[Raw]:
    """The objects in a list, leaving out whatever else is in it."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def elements_in(collection: str, answer: Answer) -> list[Raw] | None:
    """The elements under the plural key of an answer, or None when the key is not there."""
    data = answer.data
    if not isinstance(data, dict) or not isinstance(data.get(collection), list):
        return None
    return objects(data[collection])


def _with_places(collection: str, params: Mapping[str, str] | None) -> dict[str, str]:
    return {**(params or {}), **({"unitdp": "4"} if collection in PRICED else {})}


def _rows_in(collection: str, answer: Answer) -> Rows:
    if (fault := faults.fault_in(answer)) is not None:
        raise faults.refused(fault, f"reading {collection}", answer)
    rows = elements_in(_PLURALS.get(collection, collection), answer)
    if rows is None:
        raise unclear(f"the answer holds no {collection}", False, answer)
    pagination = answer.data.get("pagination")
    total = pagination.get("itemCount") if isinstance(pagination, dict) else None
    return Rows(rows, time_of(answer), total if isinstance(total, int) else None)


def time_of(answer: Answer) -> datetime | None:
    """The server's time of an answer: in the envelope, else in the Date header."""
    data = answer.data
    if isinstance(data, dict) and (time := read_time(data.get("DateTimeUTC"))) is not None:
        return time
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return None
