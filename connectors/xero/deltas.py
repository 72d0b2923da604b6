"""What changed since a time, by If-Modified-Since on each list.

Xero compares whole seconds and does not say whether the second itself is included, so every boundary overlaps by one
(reference 2.7). Rows are ordered by the time they changed and the page is always the first one after a moving time: a
row that changes while we read moves towards the end, where it is met again, and none is skipped. Only a second that
fills a whole page is walked by page number.

Six lists are read: there is no change feed over all of them, and a payment has no notice of its own. Allocations of a
credit note are inside it; those of money not used up are its own allocations in core words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from connectors.protocol import Changes
from connectors.xero.client import Raw, XeroClient
from connectors.xero.reading import MOST_ROWS, allocations_of
from connectors.xero.seen import Observe, id_of, seen
from connectors.xero.times import updated_at
from contracts.books import Gone, Observed

log = structlog.get_logger("ledgerlane.xero")

OVERLAP = timedelta(minutes=5)
ONE_SECOND = timedelta(seconds=1)
SLICES_AT_A_TIME = 10
"""A list longer than this many pages is given so far, and the answer says that it is not complete."""

FOLLOWED: Mapping[str, Mapping[str, str]] = {
    "Contacts": {"includeArchived": "true"},
    "Invoices": {"where": 'Type=="ACCREC"'},
    "CreditNotes": {"where": 'Type=="ACCRECCREDIT"'},
    "Payments": {},
    "Overpayments": {},
    "Prepayments": {},
}


@dataclass(frozen=True)
class Slice:
    """One page of a walk by time. `following` is the time and page the next begins at; None at the end."""

    rows: list[Raw]
    at: datetime | None
    following: tuple[datetime, int] | None


async def by_time(
    client: XeroClient, collection: str, since: datetime, *, page: int = 1, size: int = MOST_ROWS
) -> AsyncIterator[Slice]:
    """Rows in the order they changed. A row may come twice, at the border of two slices; none is left out."""
    place: tuple[datetime, int] | None = (since, page)
    while place is not None:
        start, number = place
        params = {
            **FOLLOWED[collection],
            "order": "UpdatedDateUTC ASC",
            "page": str(number),
            "pageSize": str(size),
        }
        found = await client.rows(collection, params, since=start)
        place = _next_place(start, number, found.rows, size)
        yield Slice(found.rows, found.at, place)


def _next_place(start: datetime, number: int, rows: list[Raw], size: int) -> tuple[datetime, int] | None:
    if len(rows) < size:
        return None
    last = updated_at(rows[-1])
    moved = last.replace(microsecond=0) - ONE_SECOND if last is not None else start
    return (moved, 1) if moved > start else (start, number + 1)


@dataclass
class _Found:
    """The latest of each object, and where an unfinished list stands."""

    rows: dict[tuple[str, str], Raw] = field(default_factory=dict)
    at: datetime | None = None
    cut_at: datetime | None = None

    def add(self, collection: str, slice_: Slice) -> None:
        self.at = self.at or slice_.at
        for row in slice_.rows:
            if identifier := id_of(collection, row):
                self.rows[(collection, identifier)] = row

    def cut(self, at: datetime) -> None:
        self.cut_at = at if self.cut_at is None else min(self.cut_at, at)


async def read_changes(
    client: XeroClient, observe: Observe, *, since: datetime, now: datetime, size: int = MOST_ROWS
) -> Changes:
    """The changes from `since` on. `until` is the server's time of the first answer, less five minutes of overlap.

    When the day's calls are nearly used up nothing is asked: documents go first, and the cursor stays where it is.
    """
    if not client.limiter.spares_calls:
        log.warning("sweep_put_off", connection=client.connection, calls_left=client.limiter.day_left)
        return Changes([], [], since)
    found = _Found()
    for collection in FOLLOWED:
        await _sweep(client, collection, since, size, found)
    observed: list[Observed] = []
    gone: list[Gone] = []
    for (collection, _), row in found.rows.items():
        parts = [("Allocations", one) for one in allocations_of(collection, row)] if collection == "CreditNotes" else []
        for name, part in [(collection, row), *parts]:
            one = seen(observe, name, part)
            if isinstance(one, Gone):
                gone.append(one)
            elif one is not None:
                observed.append(one)
    until = found.cut_at or (found.at or now) - OVERLAP
    return Changes(observed, gone, max(since, until), found.cut_at is None)


async def _sweep(client: XeroClient, collection: str, since: datetime, size: int, found: _Found) -> None:
    """One list. Stops after some pages, but never within one second of time."""
    slices = 0
    async for slice_ in by_time(client, collection, since, size=size):
        found.add(collection, slice_)
        slices += 1
        if slice_.following is None:
            return
        reached, number = slice_.following
        if slices >= SLICES_AT_A_TIME and number == 1 and reached > since:
            found.cut(reached)
            return
