"""After a lost answer: what does QuickBooks hold of ours?

By our marker, never by number alone: a bookkeeper may have typed their own INV-1042. The marker stands in a note, and
notes cannot be queried, so rows are narrowed by what can be (number, customer and date, name) and matched here.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

import structlog

from connectors.protocol import Member, TryLater
from connectors.quickbooks.batch import of_kind
from connectors.quickbooks.client import ENTITIES, QuickBooksClient, Raw
from connectors.quickbooks.paging import Observe, observe_or_skip
from connectors.quickbooks.query import ANY_ACTIVITY, MOST_ROWS, Condition, at_least, at_most, one_of, select
from contracts.books import Gone, Observed, RecordKind

log = structlog.get_logger("ledgerlane.quickbooks")

T = TypeVar("T")

Read = Callable[[RecordKind, Sequence[str]], Awaitable[list[Observed | Gone]]]

_CHUNK = 50


async def look(
    client: QuickBooksClient, observe: Observe, read: Read, members: Sequence[Member]
) -> dict[str, Observed | None]:
    """For each member's key what QuickBooks holds: the object changed as it is now, or the one made with our marker.

    TryLater, besides what a query raises: an object of ours is there and cannot be read.
    """
    found: dict[str, Observed | None] = {member.key: None for member in members}
    for kind in RecordKind:
        aimed = [member for member in members if member.kind is kind and member.target is not None]
        made = [member for member in members if member.kind is kind and member.target is None]
        if aimed:
            found.update(await _targets(read, kind, aimed))
        if made:
            found.update(await _by_marker(client, observe, kind, made))
    return found


async def _targets(read: Read, kind: RecordKind, members: Sequence[Member]) -> dict[str, Observed | None]:
    ids = list(dict.fromkeys(member.target.id for member in members if member.target))
    now = {seen.ref.id: None if isinstance(seen, Gone) else seen for seen in await read(kind, ids)}
    if unread := [identifier for identifier in ids if identifier not in now]:
        raise _unreadable(kind, unread[0])
    return {member.key: now[member.target.id] for member in members if member.target}


def _unreadable(kind: RecordKind, identifier: str) -> TryLater:
    """It exists: "nothing of ours" would be a lie and make a second one, so nobody goes on until it is read."""
    return TryLater(f"the {kind.value} {identifier} is there and cannot be read", wait_seconds=300)


async def _by_marker(
    client: QuickBooksClient, observe: Observe, kind: RecordKind, members: Sequence[Member]
) -> dict[str, Observed | None]:
    by_marker: dict[str, Observed] = {}
    wanted = {member.marker for member in members}

    async def search(rows: AsyncIterator[Raw]) -> None:
        async for row in rows:
            seen = observe_or_skip(observe, ENTITIES[kind], row)
            if seen is None and any(marker in _note(row) for marker in wanted):
                raise _unreadable(kind, str(row.get("Id")))
            if seen is not None and seen.marker in wanted:
                seen = of_kind(seen, kind)
                by_marker[seen.marker] = _first(by_marker.get(seen.marker), seen)

    if kind is RecordKind.CUSTOMER:
        names = [str(_body(member).get("DisplayName") or "") for member in members]
        await search(_rows(client, kind, "DisplayName", names))
    else:
        if kind in (RecordKind.INVOICE, RecordKind.CREDIT_MEMO):
            await search(_rows(client, kind, "DocNumber", [member.number for member in members]))
        # A payment has no number, and a document's may have been changed or given by QuickBooks itself.
        missing = [member for member in members if member.marker not in by_marker]
        for where in _customer_and_date(missing):
            await search(_paged(client, kind, *where))
    return {member.key: by_marker.get(member.marker) for member in members}


def _first(known: Observed | None, seen: Observed) -> Observed:
    """Two objects with one marker should not be; the older one is the one that was linked first."""
    if known is None or known.ref.id == seen.ref.id:
        return seen
    log.error("marker_twice", marker=seen.marker, ids=[known.ref.id, seen.ref.id])
    return min(known, seen, key=lambda each: (len(each.ref.id), each.ref.id))


def _customer_and_date(members: Iterable[Member]) -> list[list[Condition]]:
    """For each fifty customers: their documents between the first and the last date of the members."""
    conditions = []
    for some in _chunks([body for member in members if (body := _body(member))]):
        customers = {str(reference.get("value") or "") for body in some if (reference := body.get("CustomerRef"))}
        customers.discard("")
        if not customers:
            continue
        where = [one_of("CustomerRef", sorted(customers))]
        dates = [_date(body.get("TxnDate")) for body in some]
        days = [day for day in dates if day is not None]
        if len(days) == len(dates):
            # Without a date QuickBooks takes its own today, so then no date can be asked for.
            where += [at_least("TxnDate", min(days)), at_most("TxnDate", max(days))]
        conditions.append(where)
    return conditions


async def _rows(client: QuickBooksClient, kind: RecordKind, prop: str, values: Iterable[str]) -> AsyncIterator[Raw]:
    for some in _chunks(dict.fromkeys(value for value in values if value)):
        where = [one_of(prop, some)]
        async for row in _paged(client, kind, *where):
            yield row


async def _paged(client: QuickBooksClient, kind: RecordKind, *where: Condition) -> AsyncIterator[Raw]:
    if kind is RecordKind.CUSTOMER:
        where = (*where, ANY_ACTIVITY)
    start = 1
    while True:
        statement = select(ENTITIES[kind], *where, order_by=("Id",), start=start, most=MOST_ROWS)
        rows = (await client.rows(ENTITIES[kind], statement)).rows
        for row in rows:
            yield row
        if len(rows) < MOST_ROWS:
            return
        start += len(rows)


def _chunks(values: Iterable[T]) -> list[list[T]]:
    rest = iter(values)
    chunks = []
    while chunk := list(islice(rest, _CHUNK)):
        chunks.append(chunk)
    return chunks


def _note(row: Raw) -> str:
    """Where our marker stands: the private note of a document or payment, the notes of a customer."""
    return f"{row.get('PrivateNote') or ''}\n{row.get('Notes') or ''}"


def _body(member: Member) -> dict[str, Any]:
    body = json.loads(member.body, parse_float=Decimal) if member.body else {}
    return body if isinstance(body, dict) else {}


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
