"""Every contact, page by page, while people work in the list.

Pages are ordered by the contact's id, which never changes, and archived contacts are in it, so a row can only be added:
what comes in before the page we are at shows the neighbour twice, never not at all. A closing sweep by
If-Modified-Since gives what was added or edited since the walk began. If the list is longer than what was given all
the same, it is walked once more.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal

import structlog

from connectors.protocol import CustomerPage
from connectors.xero.client import Raw, XeroClient
from connectors.xero.deltas import OVERLAP, by_time
from connectors.xero.reading import MOST_ROWS
from connectors.xero.seen import Observe, id_of, seen
from connectors.xero.times import read_time
from contracts.books import ObservedCustomer

log = structlog.get_logger("ledgerlane.xero")

Phase = Literal["walk", "fill", "sweep"]


@dataclass(frozen=True)
class _Cursor:
    """Where reading stands, as text for the caller to keep. `at`: the moving time of the sweep."""

    since: str
    phase: Phase = "walk"
    page: int = 1
    at: str = ""
    given: int = 0

    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> _Cursor | None:
        try:
            cursor = cls(**json.loads(text))
            fits = cursor.phase in ("walk", "fill", "sweep") and int(cursor.page) > 0 and int(cursor.given) >= 0
            return cursor if fits and read_time(cursor.since) else None
        except (ValueError, TypeError):
            return None


class _Given:
    """Which contacts this process gave, and how they looked, so that none is given twice unchanged."""

    def __init__(self, observe: Observe, before: int) -> None:
        self._observe = observe
        self._looks: dict[str, str] = {}
        self.count = before

    def new(self, rows: Iterable[Raw], *, counting: bool = True) -> list[ObservedCustomer]:
        """Those that were not given yet, or look different now."""
        fresh: list[ObservedCustomer] = []
        for row in rows:
            identifier = id_of("Contacts", row)
            one = seen(self._observe, "Contacts", row)
            looks = one.fingerprint if isinstance(one, ObservedCustomer) else ""
            known = self._looks.get(identifier)
            self.count += counting and known is None
            self._looks[identifier] = looks
            if isinstance(one, ObservedCustomer) and looks != known:
                fresh.append(one)
        return fresh


async def customer_pages(
    client: XeroClient, observe: Observe, *, cursor: str, now: datetime, page: int = MOST_ROWS
) -> AsyncIterator[CustomerPage]:
    """Every contact, archived ones included. A cursor that cannot be read starts again from the beginning."""
    here = (_Cursor.read(cursor) if cursor else None) or _Cursor(since=(now - OVERLAP).isoformat())
    given = _Given(observe, here.given)
    total: int | None = None
    while here.phase in ("walk", "fill"):
        rows, total = await _page(client, here.page, page)
        # A second walk gives what the first one missed; what it gave is known by its looks, or given once more.
        customers = given.new(rows, counting=here.phase == "walk")
        if len(rows) == page:
            here = replace(here, page=here.page + 1, given=given.count)
        elif here.phase == "walk" and total is not None and given.count < total:
            log.warning("contacts_missing_from_walk", connection=client.connection, given=given.count, total=total)
            here = replace(here, phase="fill", page=1, given=given.count)
        else:
            here = replace(here, phase="sweep", page=1, at=here.since, given=given.count)
        yield CustomerPage(customers, here.text(), total)
    since = read_time(here.at) or read_time(here.since) or now - OVERLAP
    async for slice_ in by_time(client, "Contacts", since, page=here.page, size=page):
        customers = given.new(slice_.rows, counting=False)
        if slice_.following is not None:
            at, number = slice_.following
            here = replace(here, at=at.isoformat(), page=number)
        yield CustomerPage(customers, here.text() if slice_.following else "", total)


async def _page(client: XeroClient, number: int, size: int) -> tuple[list[Raw], int | None]:
    params = {
        "page": str(number),
        "pageSize": str(size),
        "order": "ContactID ASC",
        "includeArchived": "true",
    }
    found = await client.rows("Contacts", params)
    return found.rows, found.total
