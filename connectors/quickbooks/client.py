"""One company's QuickBooks API: paths, headers, the token, and what an answer must look like to count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.http import Answer, LedgerHttp, Request, unclear
from connectors.limits import Limiter
from connectors.oauth.tokens import TokenSource
from connectors.protocol import TryLater
from connectors.quickbooks import faults
from connectors.quickbooks.query import Condition
from connectors.quickbooks.query import count as count_of
from contracts.books import RecordKind

Raw = dict[str, Any]
"""An object as QuickBooks gives it, numbers as Decimal."""

MINOR_VERSION = "75"

ENTITIES: Mapping[RecordKind, str] = {
    RecordKind.CUSTOMER: "Customer",
    RecordKind.INVOICE: "Invoice",
    RecordKind.CREDIT_MEMO: "CreditMemo",
    RecordKind.PAYMENT: "Payment",
    RecordKind.ALLOCATION: "Payment",
}
"""A credit memo settles an invoice through a payment of zero, so an allocation is a Payment there."""

KINDS: Mapping[str, RecordKind] = {
    "Customer": RecordKind.CUSTOMER,
    "Invoice": RecordKind.INVOICE,
    "CreditMemo": RecordKind.CREDIT_MEMO,
    "Payment": RecordKind.PAYMENT,
}


@dataclass(frozen=True)
class Rows:
    """The rows of a query, and the server's time of it (None where it could not be read)."""

    rows: list[Raw]
    at: datetime | None


class QuickBooksClient:
    """Requests to one company. Every method raises ConnectorError.

    A refused access token is renewed once and the request repeated with the same requestid, which QuickBooks carries
    out once however often it arrives.
    """

    def __init__(
        self, http: LedgerHttp, tokens: TokenSource, limiter: Limiter, *, company_id: str, connection: str = ""
    ) -> None:
        self._http, self._tokens, self._limiter = http, tokens, limiter
        self.company_id, self.connection = company_id, connection

    async def get(
        self, path: str, *, values: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        """GET /v3/company/{realm}/<path>."""
        return await self._send(self._request("GET", path, values, params))

    async def post(
        self,
        path: str,
        content: bytes,
        *,
        request_id: str,
        values: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        turn: str = "",
    ) -> Answer:
        """A write. Never repeated in here, save for a token that was refused before anything was done."""
        request = self._request("POST", path, values, {**(params or {}), "requestid": request_id})
        headers = {**request.headers, "Content-Type": content_type}
        return await self._send(replace(request, content=content, headers=headers, writes=True, turn=turn))

    async def ask_batch(self, content: bytes) -> Answer:
        """A batch of queries alone: a read, so it may be repeated."""
        request = self._request("POST", "batch", None, None)
        headers = {**request.headers, "Content-Type": "application/json"}
        return await self._send(replace(request, content=content, headers=headers, turn="batch"))

    async def query(self, statement: str) -> Answer:
        """Run a statement. It travels in a body, so its length is no concern. A fault raises Refused."""
        request = self._request("POST", "query", None, None)
        headers = {**request.headers, "Content-Type": "application/text"}
        answer = await self._send(replace(request, content=statement.encode(), headers=headers))
        self._no_faults(answer, "a query")
        if not isinstance(answer.data, dict) or not isinstance(answer.data.get("QueryResponse"), dict):
            raise unclear("a query's answer has no QueryResponse", False, answer)
        return answer

    async def rows(self, entity: str, statement: str) -> Rows:
        """The rows a statement gives; none at all when the entity's key is missing."""
        answer = await self.query(statement)
        return Rows(objects(answer.data["QueryResponse"].get(entity)), time_of(answer.data))

    async def count(self, entity: str, *where: Condition) -> int:
        """How many there are."""
        answer = await self.query(count_of(entity, *where))
        return int(answer.data["QueryResponse"].get("totalCount") or 0)

    async def read(self, entity: str, identifier: str) -> Raw | None:
        """One object as it is now, or None when QuickBooks says it does not exist (610)."""
        answer = await self.get(entity.lower() + "/{id}", values={"id": identifier})
        found = faults.faults_in(answer.data)
        if found and faults.decisive(found).code == "610":
            return None
        self._no_faults(answer, f"reading a {entity.lower()}")
        if isinstance(answer.data, dict) and isinstance(row := answer.data.get(entity), dict) and row.get("Id"):
            return row
        raise unclear(f"the answer holds no {entity}", False, answer)

    async def single(self, path: str, entity: str) -> Raw:
        """An object of which there is one, such as Preferences."""
        answer = await self.get(path)
        self._no_faults(answer, f"reading {entity}")
        if isinstance(answer.data, dict) and isinstance(row := answer.data.get(entity), dict):
            return row
        raise unclear(f"the answer holds no {entity}", False, answer)

    def _request(
        self, method: str, path: str, values: Mapping[str, str] | None, params: Mapping[str, str] | None
    ) -> Request:
        return Request(
            method,
            "/v3/company/{realm}/" + path,
            values={"realm": self.company_id, **(values or {})},
            params={**(params or {}), "minorversion": MINOR_VERSION},
            headers={"Accept": "application/json"},
        )

    async def _send(self, request: Request) -> Answer:
        token = await self._tokens.access_token()
        try:
            return await self._send_with(token, request)
        except faults.TokenRefused:
            token = await self._tokens.access_token(not_this=token)
        try:
            return await self._send_with(token, request)
        except faults.TokenRefused as error:
            # A grant that is really gone shows at the next renewal. A token that was issued a moment ago and is refused
            # all the same is their trouble: sending every merchant to sign in again would be wrong.
            raise TryLater(
                "a fresh access token is not accepted",
                wait_seconds=300,
                trace_id=error.trace_id,
                status=error.status,
                body=error.body,
            ) from None

    async def _send_with(self, token: str, request: Request) -> Answer:
        def judge(answer: Answer) -> None:
            faults.judge(answer, writes=request.writes)

        signed = replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})
        return await self._http.send(signed, connection=self.connection, limiter=self._limiter, judge=judge)

    def _no_faults(self, answer: Answer, what: str) -> None:
        if found := faults.faults_in(answer.data):
            raise faults.refused(found, what, answer)


def objects(value: Any) -> list[Raw]:
    """The objects in a list, leaving out whatever else is in it."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def time_of(data: Any) -> datetime | None:
    """The server's time of an answer; that of the request, so slightly early, which is the safe side."""
    return read_time(data.get("time")) if isinstance(data, dict) else None


def read_time(value: Any) -> datetime | None:
    """An aware time, or None: one without an offset could mean any zone."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time if time is not None and time.tzinfo is not None else None


def meta_time(row: Raw, name: str) -> datetime | None:
    """MetaData.CreateTime or MetaData.LastUpdatedTime of an object."""
    meta = row.get("MetaData")
    return read_time(meta.get(name)) if isinstance(meta, dict) else None
