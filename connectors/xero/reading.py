"""Objects by their ids, as they are now: one call for forty where Xero lets lists of ids be asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from connectors.xero.client import COLLECTIONS, IDS, Raw, XeroClient, objects
from connectors.xero.seen import ENTITIES, HELD, OWNERS, Observe, id_of, seen
from connectors.xero.where import any_of, guid_is, is_guid, lists_of
from contracts.books import Gone, Observed, RecordKind, RemoteRef

MOST_ROWS = 1000
_BY_LIST = frozenset({"Contacts", "Invoices"})
_WITH_PAGES = frozenset({"Contacts", "Invoices", "CreditNotes", "Payments", *HELD})


async def read(client: XeroClient, observe: Observe, kind: RecordKind, ids: Sequence[str]) -> list[Observed | Gone]:
    """Each as it is now; what a list does not show is read alone, and is Gone only when Xero says 404."""
    if kind is RecordKind.ALLOCATION:
        return await _read_allocations(client, observe, list(dict.fromkeys(ids)))
    wanted = list(dict.fromkeys(ids))
    collection = COLLECTIONS[kind]
    rows = {id_of(collection, row): row async for row in by_ids(client, collection, wanted)}
    answers: list[Observed | Gone] = []
    for identifier in wanted:
        path, _, own = identifier.rpartition("/")
        place, row = path if path in HELD else collection, rows.get(identifier.lower())
        if row is None and is_guid(own):
            row = await client.read(place, own)
        if row is None:
            answers.append(Gone(ref=RemoteRef(kind=kind, id=identifier)))
        elif (one := seen(observe, place, row, kind=kind)) is not None:
            answers.append(one)
    return answers


async def by_ids(client: XeroClient, collection: str, ids: Iterable[str]) -> AsyncIterator[Raw]:
    """The rows with these ids, whole (only paged lists are), in no particular order."""
    known = [identifier for identifier in ids if is_guid(identifier)]
    if collection in _BY_LIST:
        for some in lists_of(known):
            params = {"IDs": some, "page": "1", "pageSize": str(MOST_ROWS)}
            if collection == "Contacts":
                params["includeArchived"] = "true"
            for row in (await client.rows(collection, params)).rows:
                yield row
        return
    for where in any_of(guid_is(IDS[collection], identifier) for identifier in known):
        async for row in matching(client, collection, where):
            yield row


async def matching(client: XeroClient, collection: str, where: str, **params: str) -> AsyncIterator[Raw]:
    """Every row a filter finds, whole, page by page in the order of their ids."""
    asked = {"where": where, **params}
    if collection not in _WITH_PAGES:
        for row in (await client.rows(collection, asked)).rows:
            yield row
        return
    page = 1
    while True:
        more = {"page": str(page), "pageSize": str(MOST_ROWS), "order": f"{IDS[collection]} ASC"}
        rows = (await client.rows(collection, {**asked, **more})).rows
        for row in rows:
            yield row
        if len(rows) < MOST_ROWS:
            return
        page += 1


async def payments_of(client: XeroClient, observe: Observe, invoices: Sequence[str]) -> list[Observed | Gone]:
    """The payments of these invoices, taken-back ones too: payments have no notices of their own.

    They are asked for by the invoice, since an invoice's own list can name a batch instead of a payment (4.5).
    """
    found: list[Observed | Gone] = []
    ids = [identifier for identifier in invoices if is_guid(identifier)]
    for where in any_of(guid_is("Invoice.InvoiceID", identifier) for identifier in ids):
        async for row in matching(client, "Payments", where):
            if (one := seen(observe, "Payments", row)) is not None:
                found.append(one)
    return found


def allocations_of(collection: str, owner: Raw) -> list[Raw]:
    """The allocations of a credit note or overpayment as objects of their own, each naming what is applied."""
    about = {name: owner[name] for name in (IDS[collection], *_OF_OWNER) if name in owner}
    inherited: Raw = {name: owner[name] for name in ("CurrencyCode", "UpdatedDateUTC") if name in owner}
    return [{**inherited, **row, ENTITIES[collection]: about} for row in objects(owner.get("Allocations"))]


_OF_OWNER = ("CreditNoteNumber", "Contact", "CurrencyCode", "CurrencyRate", "Reference", "Type", "Status")


async def _read_allocations(client: XeroClient, observe: Observe, ids: Sequence[str]) -> list[Observed | Gone]:
    """An allocation is read with what it belongs to; its id is its path: CreditNotes/{id}/Allocations/{id}."""
    kind = RecordKind.ALLOCATION
    live: dict[str, Observed] = {}
    for collection, owner in dict.fromkeys(path_of(identifier)[:2] for identifier in ids):
        row = await client.read(collection, owner) if collection in OWNERS and is_guid(owner) else None
        for allocation in allocations_of(collection, row) if row is not None else []:
            one = seen(observe, "Allocations", allocation, kind=kind)
            if one is not None and not isinstance(one, Gone):
                live[id_of("Allocations", allocation)] = one
    return [live.get(identifier) or Gone(ref=RemoteRef(kind=kind, id=identifier)) for identifier in ids]


def path_of(identifier: str) -> tuple[str, str, str]:
    """Collection, owner and allocation of an id that is a path; empty where it is none."""
    parts = identifier.split("/")
    return (parts[0], parts[1], parts[3]) if len(parts) == 4 and parts[2] == "Allocations" else ("", "", "")
