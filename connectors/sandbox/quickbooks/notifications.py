"""Intuit's webhook bodies, signature and retry ladder. Source: QuickBooks reference 8."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.sandbox.common.exact_json import JsonObject, dump_bytes
from connectors.sandbox.common.webhooks import WebhookConfig
from connectors.sandbox.quickbooks.company import ChangeEvent, stamp
from connectors.sandbox.quickbooks.settings import Switches

ANSWER_WITHIN_SECONDS = 3.0

# Source: QuickBooks reference 8.5.
_CURRENT_LADDER = [timedelta(seconds=s) for s in (10, 20, 30, 300, 1200, 7200, 14400, 21600)]
_OLD_LADDER = [timedelta(minutes=m) for m in (20, 30, 50)]
_OLD_RETRIED = frozenset({"500", "502", "503", "504", "408"})

_PAST = {
    "Create": "created",
    "Update": "updated",
    "Delete": "deleted",
    "Merge": "merged",
    "Void": "voided",
    "Emailed": "emailed",
}


def signature(body: bytes, verifier_token: str) -> str:
    """base64(HMAC-SHA256(verifier token, raw body))."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()


def build(
    events: Sequence[ChangeEvent], config: WebhookConfig, switches: Switches
) -> list[tuple[bytes, dict[str, str]]]:
    """One call for all events of the window, signed."""
    if not events:
        return []
    body = dump_bytes(cloud_events(events) if switches.webhook_format == "cloudevents" else classic(events))
    headers = {
        "content-type": "application/json; charset=utf-8",
        "intuit-signature": signature(body, config.verifier_token),
        "intuit-created-time": stamp(max(event.at for event in events)),
        "intuit-t-id": str(uuid.uuid4()),
        "intuit-notification-schema-version": "0.1",
        "user-agent": "intuit_notification_server/0.1",
    }
    return [(body, headers)]


def classic(events: Sequence[ChangeEvent]) -> JsonObject:
    """{"eventNotifications":[{"realmId":..,"dataChangeEvent":{"entities":[..]}}]}, one entry per realm."""
    by_realm: dict[str, list[JsonObject]] = {}
    for event in events:
        entity: JsonObject = {
            "name": event.entity,
            "id": event.id,
            "operation": event.operation,
            "lastUpdated": _milliseconds(event.at),
        }
        if event.deleted_id:
            entity["deletedId"] = event.deleted_id
        by_realm.setdefault(event.realm_id, []).append(entity)
    return {
        "eventNotifications": [
            {"realmId": realm_id, "dataChangeEvent": {"entities": entities}} for realm_id, entities in by_realm.items()
        ]
    }


def cloud_events(events: Sequence[ChangeEvent]) -> list[JsonObject]:
    """The array form announced in November 2025."""
    return [
        {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": "intuit.ledgerlane-sandbox",
            "type": f"qbo.{event.entity.lower()}.{_PAST[event.operation]}.v1",
            "datacontenttype": "application/json",
            "time": event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
            "intuitentityid": event.id,
            "intuitaccountid": event.realm_id,
            "data": {"deletedid": event.deleted_id} if event.deleted_id else {},
        }
        for event in events
    ]


def retry_wait(ladder: str, attempts: int, outcome: str) -> timedelta | None:
    """The wait before the next attempt, or None to give up."""
    if ladder == "current":
        return _CURRENT_LADDER[min(attempts, len(_CURRENT_LADDER)) - 1]
    if ladder == "old" and (outcome in _OLD_RETRIED or not outcome.isdigit()) and attempts <= len(_OLD_LADDER):
        return _OLD_LADDER[attempts - 1]
    return None


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
