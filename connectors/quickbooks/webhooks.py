"""QuickBooks' notices: whether one is genuine, and what it hints at.

A notice says that something may have changed, never what is true now; the lane reads it afresh. Two shapes are in use,
an object with eventNotifications and, since 2026, an array of CloudEvents; both are accepted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from contracts.books import ChangeHint, RecordKind

SIGNATURE_HEADER = "intuit-signature"

KINDS: Mapping[str, RecordKind] = {
    "customer": RecordKind.CUSTOMER,
    "invoice": RecordKind.INVOICE,
    "creditmemo": RecordKind.CREDIT_MEMO,
    "payment": RecordKind.PAYMENT,
}

Operation = Literal["created", "updated", "deleted", "merged", "voided", "emailed"]

OPERATIONS: Mapping[str, Operation] = {
    "create": "created",
    "created": "created",
    "update": "updated",
    "updated": "updated",
    "delete": "deleted",
    "deleted": "deleted",
    "merge": "merged",
    "merged": "merged",
    "void": "voided",
    "voided": "voided",
    "emailed": "emailed",
}

_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<part>\d+))?\s*(?P<zone>Z|z|[+-]\d\d:?\d\d)?"
)


class MalformedNotice(ValueError):
    """The signature was right and the body still is not a notice: Intuit changed something. Keep it for ops."""


def verify(raw_body: bytes, signature: str, verifier_token: str) -> bool:
    """True for a body Intuit signed with this verifier token. Never raises; compares in constant time.

    The raw bytes, before any parsing: HMAC-SHA256 keyed with the token, in base64.
    """
    if not verifier_token or not signature:
        return False
    try:
        claimed = base64.b64decode(signature.strip(), validate=True)
    except (binascii.Error, ValueError, TypeError):
        return False
    expected = hmac.new(verifier_token.encode(), raw_body, hashlib.sha256).digest()
    return hmac.compare_digest(claimed, expected)


def parse(raw_body: bytes) -> list[ChangeHint]:
    """The hints in a notice, without repeats; entities we do not follow are left out. Raises MalformedNotice."""
    try:
        document = json.loads(raw_body)
    except (ValueError, RecursionError) as error:
        raise MalformedNotice("the body is not JSON") from error
    if isinstance(document, list):
        hints = _cloud_events(document)
    elif isinstance(document, dict) and isinstance(document.get("eventNotifications"), list):
        hints = _classic(document["eventNotifications"])
    else:
        raise MalformedNotice("neither eventNotifications nor a list of CloudEvents")
    return list({hint.dedupe_key: hint for hint in hints}.values())


def _classic(notices: list[Any]) -> Iterator[ChangeHint]:
    for notice in notices:
        realm = _text(_field(notice, "realmId"))
        # A company's notice without changes is allowed: other sections than dataChangeEvent were announced.
        changes = notice.get("dataChangeEvent") or {}
        for entity in _list(changes.get("entities") if isinstance(changes, dict) else None):
            name, operation = _text(_field(entity, "name")), _text(_field(entity, "operation"))
            gone = _text(entity.get("deletedId") or entity.get("deletedID") or "")
            when = _text(entity.get("lastUpdated") or "")
            identifier = _text(_field(entity, "id"))
            yield from _hint(
                realm,
                name,
                operation,
                identifier,
                gone,
                when,
                key=":".join((realm, name.lower(), identifier, operation.lower(), gone, when)),
            )


def _cloud_events(events: list[Any]) -> Iterator[ChangeHint]:
    for event in events:
        kind = _text(_field(event, "type")).split(".")
        if len(kind) < 3 or kind[0] != "qbo":
            continue
        data = event.get("data")
        gone = ""
        if isinstance(data, dict):
            gone = _text(next((data[key] for key in ("deletedid", "deletedId", "deletedID") if data.get(key)), ""))
        yield from _hint(
            _text(_field(event, "intuitaccountid")),
            kind[1],
            kind[2],
            _text(_field(event, "intuitentityid")),
            gone,
            _text(event.get("time") or ""),
            key=f"{_text(_field(event, 'intuitaccountid'))}:{_text(_field(event, 'id'))}",
        )


def _hint(
    realm: str, name: str, operation: str, identifier: str, gone: str, when: str, *, key: str
) -> Iterator[ChangeHint]:
    """The hint for one change, or nothing. A merge hints at both: the one that is gone, and the one that grew."""
    kind = KINDS.get(name.lower())
    happened = OPERATIONS.get(operation.lower())
    if kind is None or happened is None or not identifier:
        return
    at = _time(when)
    if happened == "merged" and gone:
        yield ChangeHint(
            kind=kind,
            remote_id=gone,
            operation="merged",
            company=realm,
            at=at,
            merged_into=identifier,
            dedupe_key=f"qbo:{key}:gone",
        )
    yield ChangeHint(
        kind=kind,
        remote_id=identifier,
        operation="updated" if happened == "merged" else happened,
        company=realm,
        at=at,
        dedupe_key=f"qbo:{key}",
    )


def _time(text: str) -> datetime | None:
    """Samples differ: "-0700", "Z", milliseconds, nanoseconds, no zone (then UTC). Unreadable is None, not an error."""
    match = _TIME.match(text)
    if match is None:
        return None
    zone = (match["zone"] or "Z").upper().replace("Z", "+00:00")
    part = (match["part"] or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{match['day']}T{match['time']}.{part}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _field(value: Any, name: str) -> Any:
    if not isinstance(value, dict):
        raise MalformedNotice("an entry is not an object")
    if name not in value:
        raise MalformedNotice(f"an entry has no {name}")
    return value[name]


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise MalformedNotice("entities is not a list")
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MalformedNotice("a field that should be text is not")
    return str(value)
