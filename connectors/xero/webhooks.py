"""Xero's notices: whether one is genuine, and what it hints at. Source: Xero reference 9.

A notice is thin: an object of this category may have changed. Sales and purchases come alike; the lane reads the object
afresh and leaves a bill alone. There is no notice of a payment, so an invoice's notice also asks for its payments.

The handshake ("intent to receive") is an ordinary notice without events, signed rightly or wrongly: it needs no code.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Literal

from connectors.xero.times import read_time
from contracts.books import ChangeHint, RecordKind

SIGNATURE_HEADER = "x-xero-signature"

KINDS: Mapping[str, RecordKind] = {
    "CONTACT": RecordKind.CUSTOMER,
    "INVOICE": RecordKind.INVOICE,
    "CREDITNOTE": RecordKind.CREDIT_MEMO,
    "OVERPAYMENT": RecordKind.PAYMENT,
    "PREPAYMENT": RecordKind.PAYMENT,
}
_PATHS: Mapping[str, str] = {"OVERPAYMENT": "Overpayments/", "PREPAYMENT": "Prepayments/"}
"""Money that is not used up is no Payment in Xero: its id says where it is read."""

_OPERATIONS: Mapping[str, Literal["created", "updated"]] = {"CREATE": "created", "UPDATE": "updated"}


class MalformedNotice(ValueError):
    """The signature was right and the body still is not a notice: Xero changed something. Keep it for ops."""


def verify(raw_body: bytes, signature: str, key: str) -> bool:
    """True for a body Xero signed with this key. Never raises; compares in constant time.

    The raw bytes, before any parsing, and the key as the text it is: it looks like base64 and is not decoded.
    """
    if not key or not signature:
        return False
    try:
        claimed = base64.b64decode(signature.strip(), validate=True)
    except (binascii.Error, ValueError, TypeError):
        return False
    return hmac.compare_digest(claimed, hmac.new(key.encode(), raw_body, hashlib.sha256).digest())


def parse(raw_body: bytes) -> list[ChangeHint]:
    """The hints in a notice, without repeats; categories we do not follow are left out. Raises MalformedNotice."""
    try:
        document = json.loads(raw_body)
    except (ValueError, RecursionError) as error:
        raise MalformedNotice("the body is not JSON") from error
    events = document.get("events") if isinstance(document, dict) else None
    if not isinstance(events, list):
        raise MalformedNotice("there is no list of events")
    hints = [hint for event in events if (hint := _hint(event)) is not None]
    return list({hint.dedupe_key: hint for hint in hints}.values())


def _hint(event: Any) -> ChangeHint | None:
    if not isinstance(event, dict):
        raise MalformedNotice("an event is not an object")
    category, happened = _text(event, "eventCategory").upper(), _text(event, "eventType").upper()
    tenant, identifier = _text(event, "tenantId").lower(), _text(event, "resourceId").lower()
    kind, operation = KINDS.get(category), _OPERATIONS.get(happened)
    if kind is None or operation is None or not identifier:
        return None
    if _is_purchase(event.get("data")):
        return None
    when = event.get("eventDateUtc")
    return ChangeHint(
        kind=kind,
        remote_id=_PATHS.get(category, "") + identifier,
        operation=operation,
        company=tenant,
        at=read_time(when),
        dedupe_key=f"xero:{tenant}:{category}:{identifier}:{happened}:{when}",
    )


def _is_purchase(data: Any) -> bool:
    return isinstance(data, dict) and str(data.get("Type") or "").startswith(("ACCPAY", "SPEND", "APOVER", "APPRE"))


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str):
        raise MalformedNotice(f"an event has no {name}")
    return value
