"""After a lost answer: what does Xero hold of ours?

By our mark, never by number alone: a bookkeeper may have typed their own INV-1042. Rows are narrowed by what Xero
filters well (number, name, the invoice a payment settles) and matched here. Where that finds nothing, a document's
contact and date are asked for, since its number may have been changed or given by Xero.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date
from typing import Any

import structlog

from connectors.protocol import Member
from connectors.xero.client import Raw, XeroClient
from connectors.xero.labels import parsed
from connectors.xero.reading import MOST_ROWS, matching, read
from connectors.xero.seen import Observe, seen
from connectors.xero.unapply import allocation_of
from connectors.xero.where import any_of, guid_is, is_guid, lists_of, text_is
from contracts.books import Gone, Observed, RecordKind

log = structlog.get_logger("ledgerlane.xero")


async def look(client: XeroClient, observe: Observe, members: Sequence[Member]) -> dict[str, Observed | None]:
    """For each member's key what Xero holds: the object changed as it is now, or the one made with our mark."""
    found: dict[str, Observed | None] = {member.key: None for member in members}
    for kind in RecordKind:
        aimed = [member for member in members if member.kind is kind and member.target is not None]
        if aimed:
            found.update(await _targets(client, observe, kind, aimed))
    made: dict[str, list[Member]] = {}
    for member in members:
        if member.target is None:
            made.setdefault(_collection(member), []).append(member)
    for collection, some in made.items():
        if collection == "Allocations":
            found.update({member.key: await allocation_of(client, observe, member) for member in some})
        else:
            found.update(await _by_marker(client, observe, collection, some))
    return found


async def find_taken(client: XeroClient, observe: Observe, member: Member) -> Observed | None:
    """Who has the number or name a create was refused for. It may be us: compare the marker before trusting it."""
    collection, body = _collection(member), parsed(member)
    candidates: list[Observed] = []
    async for row in _by_natural_key(client, collection, [member]):
        same = any(
            _folded(row.get(name)) == _folded(body.get(name))
            for name in ("InvoiceNumber", "CreditNoteNumber", "ContactNumber", "Name")
            if body.get(name)
        )
        one = seen(observe, collection, row, kind=member.kind) if same else None
        if one is not None and not isinstance(one, Gone):
            candidates.append(one)
    return next((one for one in candidates if one.marker == member.marker), candidates[0] if candidates else None)


async def _targets(
    client: XeroClient, observe: Observe, kind: RecordKind, members: Sequence[Member]
) -> dict[str, Observed | None]:
    ids = list(dict.fromkeys(member.target.id for member in members if member.target))
    now = {one.ref.id: one for one in await read(client, observe, kind, ids) if not isinstance(one, Gone)}
    return {member.key: now.get(member.target.id) for member in members if member.target}


async def _by_marker(
    client: XeroClient, observe: Observe, collection: str, members: Sequence[Member]
) -> dict[str, Observed | None]:
    kinds = {member.marker: member.kind for member in members}
    by_marker: dict[str, Observed] = {}

    async def search(rows: AsyncIterator[Raw]) -> None:
        async for row in rows:
            one = seen(observe, collection, row)
            if one is None or isinstance(one, Gone) or one.marker not in kinds:
                continue
            one = seen(observe, collection, row, kind=kinds[one.marker])
            if one is not None and not isinstance(one, Gone):
                by_marker[one.marker] = _first(by_marker.get(one.marker), one)

    await search(_by_natural_key(client, collection, members))
    missing = [member for member in members if member.marker not in by_marker]
    for where in _contact_and_date(collection, missing):
        await search(matching(client, collection, where))
    return {member.key: by_marker.get(member.marker) for member in members}


def _first(known: Observed | None, one: Observed) -> Observed:
    """Two objects with one mark should not be; the one that is not void, then the lesser id, is taken every time."""
    if known is None or known.ref.id == one.ref.id:
        return one
    log.error("marker_twice", marker=one.marker, ids=[known.ref.id, one.ref.id])
    return min(known, one, key=lambda each: (getattr(each, "voided", False), each.ref.id))


async def _by_natural_key(client: XeroClient, collection: str, members: Sequence[Member]) -> AsyncIterator[Raw]:
    bodies = [parsed(member) for member in members]
    if collection == "Invoices":
        numbers = [str(body.get("InvoiceNumber") or "") for body in bodies]
        for some in lists_of(numbers):
            params = {"InvoiceNumbers": some, "page": "1", "pageSize": str(MOST_ROWS)}
            for row in (await client.rows(collection, params)).rows:
                yield row
        async for row in _texts(client, collection, "InvoiceNumber", [one for one in numbers if "," in one]):
            yield row
    elif collection == "CreditNotes":
        numbers = [str(body.get("CreditNoteNumber") or "") for body in bodies]
        async for row in _texts(client, collection, "CreditNoteNumber", numbers):
            yield row
    elif collection == "Contacts":
        for field in ("ContactNumber", "Name"):
            texts = [str(body.get(field) or "") for body in bodies]
            async for row in _texts(client, collection, field, texts):
                yield row
    elif collection == "Payments":
        settled = [_id_in(body, "Invoice", "InvoiceID") for body in bodies]
        for where in any_of(guid_is("Invoice.InvoiceID", one) for one in settled if is_guid(one)):
            async for row in matching(client, collection, where):
                yield row
        others = [str(body.get("Reference") or "") for body, one in zip(bodies, settled, strict=True) if not one]
        async for row in _texts(client, collection, "Reference", others):
            yield row


async def _texts(client: XeroClient, collection: str, field: str, values: Iterable[str]) -> AsyncIterator[Raw]:
    """Rows where a field has one of these texts. One that a filter cannot hold is searched for, and compared by us."""
    known = [value for value in values if value]
    archived = {"includeArchived": "true"} if collection == "Contacts" else {}
    for where in any_of(text_is(field, value) for value in known):
        # A field without a value makes a comparison fail on some rows, so it is guarded.
        async for row in matching(client, collection, f"{field}!=null AND ({where})", **archived):
            yield row
    if collection in ("Contacts", "Invoices"):
        for value in dict.fromkeys(value for value in known if text_is(field, value) is None):
            params = {"searchTerm": value, "page": "1", "pageSize": str(MOST_ROWS), **archived}
            for row in (await client.rows(collection, params)).rows:
                if _folded(row.get(field)) == _folded(value):
                    yield row


def _contact_and_date(collection: str, members: Iterable[Member]) -> list[str]:
    """For documents: those of the same contact on the same day, one expression for each pair."""
    if collection not in ("Invoices", "CreditNotes", "Overpayments"):
        return []
    wheres: dict[str, None] = {}
    for body in map(parsed, members):
        contact, day = _id_in(body, "Contact", "ContactID"), _day(body.get("Date"))
        if is_guid(contact) and day is not None:
            when = f"Date==DateTime({day.year}, {day.month:02}, {day.day:02})"
            wheres[f"{guid_is('Contact.ContactID', contact)} AND {when}"] = None
    return list(wheres)


def _collection(member: Member) -> str:
    """Where what a member made is found: a bank transaction of ours made an overpayment."""
    collection = member.options.get("path", "").rpartition("/")[2]
    return "Overpayments" if collection == "BankTransactions" else collection


def _id_in(body: dict[str, Any], part: str, name: str) -> str:
    value = body.get(part)
    return str(value.get(name) or "") if isinstance(value, dict) else ""


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _folded(value: Any) -> str:
    return " ".join(str(value or "").split()).casefold()
