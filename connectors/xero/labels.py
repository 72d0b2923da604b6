"""Which element of an answer is whose: by what only one member of a call can have, never by position."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.protocol import Member
from connectors.xero.client import IDS, Raw
from connectors.xero.seen import ENTITIES, NO_ID, Observe

_MARKER = re.compile(r"ledgerlane:[A-Za-z0-9._:@+/-]+")
_MARKED_FIELDS = ("Reference", "Url", "ContactNumber", "AccountNumber")
_NATURAL_KEYS = ("InvoiceNumber", "CreditNoteNumber", "ContactNumber", "Name")


def parsed(member: Member) -> dict[str, Any]:
    """The member's element, numbers exact; {} when it has none."""
    body = json.loads(member.body, parse_float=Decimal) if member.body else {}
    return body if isinstance(body, dict) else {}


def match(members: Sequence[Member], rows: Sequence[Raw], collection: str, observe: Observe) -> dict[str, Raw]:
    """Each member's element, by key. One that no element fits, or more than one, is left out."""
    if len(members) == 1 and len(rows) == 1:
        return {members[0].key: rows[0]}
    by_label: dict[str, list[Raw]] = {}
    for row in rows:
        for label in _labels(row, collection, observe):
            by_label.setdefault(label, []).append(row)
    found: dict[str, Raw] = {}
    for member in members:
        fitting = next((by_label[label] for label in _wanted(member, collection) if label in by_label), [])
        if len(fitting) == 1:
            found[member.key] = fitting[0]
    given = [id(row) for row in found.values()]
    return {key: row for key, row in found.items() if given.count(id(row)) == 1}


def _wanted(member: Member, collection: str) -> Iterable[str]:
    """The labels a member's element carries, the surest first."""
    if member.target is not None:
        yield f"id:{member.target.id.lower()}"
        return
    body = parsed(member)
    if collection == "Allocations":
        yield _settles(body)
        return
    if member.marker:
        yield f"marker:{member.marker}"
    yield from _natural(body)


def _labels(row: Raw, collection: str, observe: Observe) -> set[str]:
    labels = set(_natural(row))
    identifier = str(row.get(IDS.get(collection, "")) or "").lower()
    if identifier and identifier != NO_ID:
        labels.add(f"id:{identifier}")
    if collection == "Allocations":
        labels.add(_settles(row))
    for name in _MARKED_FIELDS:
        labels |= {f"marker:{found}" for found in _MARKER.findall(str(row.get(name) or ""))}
    if marker := _marker(row, collection, observe):
        labels.add(f"marker:{marker}")
    return labels


def _natural(row: Mapping[str, Any]) -> Iterable[str]:
    """Names as Xero compares them: without regard to case, repeated blanks as one."""
    for name in _NATURAL_KEYS:
        if text := " ".join(str(row.get(name) or "").split()).casefold():
            yield f"{name}:{text}"


def _settles(row: Mapping[str, Any]) -> str:
    invoice = row.get("Invoice")
    return f"settles:{str(invoice.get('InvoiceID') or '').lower()}" if isinstance(invoice, dict) else ""


def _marker(row: Raw, collection: str, observe: Observe) -> str:
    """As the mapping reads it, wherever it keeps it; "" for an element that was refused or cannot be read."""
    try:
        return observe(ENTITIES[collection], row).marker
    except Exception:
        return ""
