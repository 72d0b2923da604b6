"""What changed since a time, from the change feed where it reaches and from queries where it does not.

The feed looks back 30 days, gives at most 1000 objects without saying that it cut, and cannot be asked for an end. So a
full answer is asked again entity by entity; an entity that fills an answer alone is read by a query over
LastUpdatedTime, and its deletions from ever later halves of the window. A deletion before that half, or more than 30
days ago, is not seen here: reconciliation finds it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from connectors.http import unclear
from connectors.protocol import Changes
from connectors.quickbooks import faults
from connectors.quickbooks.client import KINDS, QuickBooksClient, Raw, meta_time, objects, read_time, time_of
from connectors.quickbooks.paging import OVERLAP, Observe, Place, by_time, observe_or_skip
from connectors.quickbooks.query import ANY_ACTIVITY
from contracts.books import Gone, Observed, RecordKind

log = structlog.get_logger("ledgerlane.quickbooks")

FOLLOWED = ("Customer", "Invoice", "CreditMemo", "Payment")
REACH = timedelta(days=29)
FULL = 1000
SLICES_AT_A_TIME = 10
"""A sweep longer than this many pages gives what it has and says that it is not complete."""

Confirm = Callable[[RecordKind, Sequence[str]], Awaitable[list[Observed | Gone]]]


@dataclass
class _Found:
    """What was found so far, the latest of each object. `cut_at`: where an unfinished sweep stands."""

    live: dict[tuple[str, str], Raw] = field(default_factory=dict)
    stubs: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    cut_at: datetime | None = None

    def add(self, entity: str, rows: Sequence[Raw]) -> None:
        for row in rows:
            key = (entity, str(row.get("Id") or ""))
            if row.get("status") == "Deleted":
                self.stubs[key] = meta_time(row, "LastUpdatedTime")
            else:
                self.live[key] = row

    def cut(self, at: datetime) -> None:
        self.cut_at = at if self.cut_at is None else min(self.cut_at, at)


async def read_changes(
    client: QuickBooksClient, observe: Observe, confirm: Confirm, *, since: datetime, now: datetime
) -> Changes:
    """The changes from `since` on. `until` is the server's time of the first answer, less five minutes of overlap."""
    found = _Found()
    if now - since > REACH:
        until = now - OVERLAP
        for entity in FOLLOWED:
            await _sweep(client, entity, since, found)
    else:
        groups, at = await _ask(client, FOLLOWED, since)
        until = (at or now) - OVERLAP
        if _size(groups) >= FULL:
            log.info("change_feed_full", connection=client.connection, size=_size(groups))
            for entity in FOLLOWED:
                await _one_entity(client, entity, since, now, found)
        else:
            for entity, rows in groups.items():
                found.add(entity, rows)

    observed = [
        seen for (entity, _), row in found.live.items() if (seen := observe_or_skip(observe, entity, row)) is not None
    ]
    gone: list[Gone] = []
    for entity in FOLLOWED:
        stubs = {identifier: at for (name, identifier), at in found.stubs.items() if name == entity}
        # Live objects have been seen marked as deleted: only a read that answers 610 makes one gone.
        for answer in await confirm(KINDS[entity], list(stubs)) if stubs else []:
            if isinstance(answer, Gone):
                gone.append(answer.model_copy(update={"at": stubs.get(answer.ref.id)}))
            else:
                observed.append(answer)
    complete = found.cut_at is None
    return Changes(observed, gone, max(since, found.cut_at or until), complete)


async def _ask(
    client: QuickBooksClient, entities: Sequence[str], since: datetime
) -> tuple[dict[str, list[Raw]], datetime | None]:
    answer = await client.get(
        "cdc", params={"entities": ",".join(entities), "changedSince": since.isoformat(timespec="seconds")}
    )
    if found := faults.faults_in(answer.data):
        raise faults.refused(found, "the change feed", answer)
    responses = answer.data.get("CDCResponse") if isinstance(answer.data, dict) else None
    if not isinstance(responses, list):
        raise unclear("the change feed's answer has no CDCResponse", False, answer)
    groups: dict[str, list[Raw]] = {}
    for response in objects(responses):
        if found := faults.faults_in(response):
            raise faults.refused(found, "the change feed", answer)
        for group in objects(response.get("QueryResponse")):
            for entity in entities:
                groups.setdefault(entity, []).extend(objects(group.get(entity)))
    return groups, time_of(answer.data)


def _size(groups: dict[str, list[Raw]]) -> int:
    return sum(len(rows) for rows in groups.values())


async def _one_entity(client: QuickBooksClient, entity: str, since: datetime, now: datetime, found: _Found) -> None:
    groups, _ = await _ask(client, [entity], since)
    if _size(groups) < FULL:
        found.add(entity, groups[entity])
        return
    await _sweep(client, entity, since, found)
    later = since
    while _size(groups) >= FULL and now - later > timedelta(minutes=2):
        later += (now - later) / 2
        groups, _ = await _ask(client, [entity], later)
    log.warning("deletions_seen_from", connection=client.connection, entity=entity, since=later.isoformat())
    found.add(entity, [row for row in groups[entity] if row.get("status") == "Deleted"])


async def _sweep(client: QuickBooksClient, entity: str, since: datetime, found: _Found) -> None:
    """Live rows by LastUpdatedTime. Stops after some pages, but never within one second of time."""
    where = (ANY_ACTIVITY,) if entity == "Customer" else ()
    slices = 0
    async for slice_ in by_time(client, entity, "LastUpdatedTime", Place(at=since.isoformat()), *where):
        found.add(entity, slice_.rows)
        slices += 1
        reached = read_time(slice_.following.at) if slice_.following else None
        if reached is not None and slices >= SLICES_AT_A_TIME and reached > since:
            found.cut(reached)
            return
