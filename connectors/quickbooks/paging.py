"""Reading a whole list while people work in it.

QuickBooks pages by offset over live rows: a row that moves between two pages is skipped or given twice. So the list is
walked by time instead: ordered by a time, each page starts at the last row's time, and rows of that second that were
given already are left out. A row cannot be skipped, because its creation time never changes, and a row that is updated
only moves towards the end. Only a second that fills a whole page is walked by offset.

`customer_pages` closes with two checks: as many as COUNT(*) says (else an ordinary walk by Id finds the rest), and one
sweep over what was changed since the walk began.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

import structlog

from connectors.protocol import CustomerPage
from connectors.quickbooks import query
from connectors.quickbooks.client import QuickBooksClient, Raw, meta_time, read_time
from contracts.books import Observed, ObservedCustomer

log = structlog.get_logger("ledgerlane.quickbooks")

Observe = Callable[[str, Raw], Observed]

OVERLAP = timedelta(minutes=5)
_TAIL = 200


@dataclass(frozen=True)
class Place:
    """Where a walk by time goes on: rows from `at` (ISO text, "" from the beginning), less the first `start` - 1."""

    at: str = ""
    start: int = 1


@dataclass(frozen=True)
class Slice:
    """One page of a walk by time, and where the next begins; None at the end."""

    rows: list[Raw]
    following: Place | None


async def by_time(
    client: QuickBooksClient,
    entity: str,
    time: Literal["CreateTime", "LastUpdatedTime"],
    place: Place,
    *where: query.Condition,
    page: int = query.MOST_ROWS,
) -> AsyncIterator[Slice]:
    """Rows in the order of a time. A row may come twice, at the border of two slices; none is left out."""
    prop = f"MetaData.{time}"
    following: Place | None = place
    while following is not None:
        place = following
        at = read_time(place.at)
        conditions = where if at is None else (*where, query.at_least(prop, at))
        statement = query.select(entity, *conditions, order_by=(prop,), start=place.start, most=page)
        rows = (await client.rows(entity, statement)).rows
        following = _next_place(place, rows, time, page)
        yield Slice(rows, following)


def _next_place(place: Place, rows: list[Raw], time: str, page: int) -> Place | None:
    if len(rows) < page:
        return None
    last = meta_time(rows[-1], time)
    at = read_time(place.at)
    if last is None or (at is not None and last <= at):
        return replace(place, start=place.start + len(rows))
    return Place(at=last.isoformat())


Phase = Literal["walk", "fill", "sweep"]


@dataclass(frozen=True)
class _Cursor:
    """Where reading the customers stands, as text for the caller to keep. `tail`: ids given in the second of `at`."""

    since: str
    phase: Phase = "walk"
    place: Place = field(default_factory=Place)
    given: int = 0
    tail: tuple[str, ...] = ()

    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> _Cursor | None:
        try:
            value = json.loads(text)
            value["place"] = Place(at=str(value["place"]["at"]), start=int(value["place"]["start"]))
            value["tail"] = tuple(str(item) for item in value["tail"])
            cursor = cls(**value)
            return cursor if read_time(cursor.since) and cursor.phase in ("walk", "fill", "sweep") else None
        except (ValueError, TypeError, KeyError):
            return None


class _Given:
    """Which customers were given, and how they looked, so that none is given twice unchanged."""

    def __init__(self, observe: Observe, cursor: _Cursor) -> None:
        self._observe = observe
        self._looks: dict[str, str] = dict.fromkeys(cursor.tail, "?")
        self.count = cursor.given

    def new(self, rows: Iterable[Raw], *, changed: bool = False) -> list[ObservedCustomer]:
        """Those not given yet; with `changed` also those that look different now."""
        fresh: list[ObservedCustomer] = []
        for row in rows:
            identifier = str(row.get("Id") or "")
            known = self._looks.get(identifier)
            if known is not None and not changed:
                continue
            observed = observe_or_skip(self._observe, "Customer", row)
            looks = observed.fingerprint if isinstance(observed, ObservedCustomer) else ""
            self.count += known is None
            self._looks[identifier] = looks
            if isinstance(observed, ObservedCustomer) and looks != known:
                fresh.append(observed)
        return fresh


async def customer_pages(
    client: QuickBooksClient,
    observe: Observe,
    *,
    cursor: str,
    now: datetime,
    page: int = query.MOST_ROWS,
) -> AsyncIterator[CustomerPage]:
    """Every customer, inactive ones included. A cursor that cannot be read starts again from the beginning."""
    here = (_Cursor.read(cursor) if cursor else None) or _Cursor(since=(now - OVERLAP).isoformat())
    given = _Given(observe, here)
    total = await client.count("Customer", query.ANY_ACTIVITY)

    if here.phase == "walk":
        async for slice_ in by_time(client, "Customer", "CreateTime", here.place, query.ANY_ACTIVITY, page=page):
            customers = given.new(slice_.rows)
            if slice_.following is None:
                here = replace(here, phase="fill", place=Place(), given=given.count, tail=())
            else:
                tail = _ids_at(slice_.rows, slice_.following)
                here = replace(here, place=slice_.following, given=given.count, tail=tail)
            yield CustomerPage(customers, here.text(), total)

    if here.phase == "fill":
        total = await client.count("Customer", query.ANY_ACTIVITY)
        sweep = replace(here, phase="sweep", place=Place(at=here.since))
        if here.place.start > 1 or given.count < total:
            log.warning("customers_missing_from_walk", connection=client.connection, given=given.count, total=total)
            async for rows, following in _by_id(client, page, start=here.place.start):
                here = replace(here, place=Place(start=following)) if following else sweep
                yield CustomerPage(given.new(rows), here.text(), total)
        here = sweep

    changed_since = here.place
    async for slice_ in by_time(client, "Customer", "LastUpdatedTime", changed_since, query.ANY_ACTIVITY, page=page):
        customers = given.new(slice_.rows, changed=True)
        if slice_.following is not None:
            here = replace(here, place=slice_.following, given=given.count)
        yield CustomerPage(customers, here.text() if slice_.following else "", total)


async def _by_id(client: QuickBooksClient, page: int, *, start: int) -> AsyncIterator[tuple[list[Raw], int | None]]:
    """An ordinary walk by offset, each page overlapping the last, for rows that a walk by time cannot see.

    With each page where the next begins; None at the end.
    """
    overlap = min(50, page // 2)
    following: int | None = start
    while following is not None:
        statement = query.select("Customer", query.ANY_ACTIVITY, order_by=("Id",), start=following, most=page)
        rows = (await client.rows("Customer", statement)).rows
        following = following + len(rows) - overlap if len(rows) == page else None
        yield rows, following


def _ids_at(rows: list[Raw], place: Place) -> tuple[str, ...]:
    """Ids the next slice will give again, so that another process can leave them out; the last 200 do."""
    at = read_time(place.at)
    return tuple(str(row.get("Id")) for row in rows if meta_time(row, "CreateTime") == at)[-_TAIL:]


def observe_or_skip(observe: Observe, entity: str, row: Raw) -> Observed | None:
    """Read one object; an odd one is logged by its id and left out, so that it cannot stop its neighbours."""
    try:
        return observe(entity, row)
    except Exception as error:
        log.error("object_unreadable", entity=entity, id=str(row.get("Id", ""))[:50], error=type(error).__name__)
        return None
