"""How a wish becomes a step. One canonical wish is hashed: equal wishes have equal fingerprints, new or updated."""

from __future__ import annotations

from typing import Any

from contracts.books import RecordKind
from mappings.plan import Held, Step, Verb
from mappings.quickbooks.wire import encode, fingerprint


def create(kind: RecordKind, wish: dict[str, Any], marker: str, *, number: str = "", allocation_of: str = "") -> Step:
    """The wish itself."""
    return Step(Verb.CREATE, kind, marker, encode(wish), fingerprint(wish), number=number, allocation_of=allocation_of)


def update(wish: dict[str, Any], held: Held, marker: str, *, number: str = "", allocation_of: str = "") -> Step:
    """Sparse, with the whole Line array: QuickBooks replaces it as a whole (2.6, 11.2)."""
    body = {"Id": held.ref.id, "SyncToken": held.ref.version, "sparse": True} | wish
    return Step(
        Verb.UPDATE,
        held.ref.kind,
        marker,
        encode(body),
        fingerprint(wish),
        target=held.ref,
        number=number,
        allocation_of=allocation_of,
    )


def removal(verb: Verb, held: Held, marker: str, *, number: str = "", allocation_of: str = "") -> Step:
    """A void or delete: Id and SyncToken; a payment is voided by a sparse update (2.1)."""
    body: dict[str, Any] = {"Id": held.ref.id, "SyncToken": held.ref.version}
    if verb is Verb.VOID and held.ref.kind in (RecordKind.PAYMENT, RecordKind.ALLOCATION):
        body["sparse"] = True
    print_of_this = fingerprint({"verb": verb.value, "id": held.ref.id})
    return Step(
        verb,
        held.ref.kind,
        marker,
        encode(body),
        print_of_this,
        target=held.ref,
        number=number,
        allocation_of=allocation_of,
    )


def is_as_sent(wish: dict[str, Any], held: Held) -> bool:
    """True when the wish is what we last wrote. What follows a "+" tells steps of one wish apart."""
    return held.sent_fingerprint.partition("+")[0] == fingerprint(wish)
