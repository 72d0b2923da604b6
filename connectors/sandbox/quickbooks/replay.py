"""requestid: the first answer is remembered per realm and given again. Source: QuickBooks reference 2.7, 17.4."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.common.exact_json import dumps
from connectors.sandbox.quickbooks.company import Company
from connectors.sandbox.quickbooks.faults import fault

MAX_LENGTH = 50
MAX_LENGTH_ON_BATCH = 36


@dataclass(frozen=True)
class Remembered:
    value: Any
    fingerprint: str
    at: datetime


def check_format(request_id: str, *, on_batch: bool) -> None:
    limit = MAX_LENGTH_ON_BATCH if on_batch else MAX_LENGTH
    if len(request_id) > limit:
        raise fault("2130", f"requestid has at most {limit} characters. Supplied length:{len(request_id)}", "requestid")


def fingerprint(payload: Any) -> str:
    text = payload if isinstance(payload, bytes) else dumps(payload).encode()
    return hashlib.sha256(text).hexdigest()


def recall(company: Company, key: str, print_now: str) -> Remembered | None:
    """The first answer under this key, or None. Another payload: per the switch the old answer, or fault 600."""
    found = company.replays.get(key) if key else None
    if found is None:
        return None
    remembered: Remembered = found
    if company.now() - remembered.at > timedelta(hours=company.switches.requestid_remembered_hours):
        del company.replays[key]
        return None
    if remembered.fingerprint != print_now and company.switches.requestid_other_payload == "fault_600":
        raise fault("600", "This requestid was used before with a different request.", "requestid")
    return remembered


def remember(company: Company, key: str, print_now: str, value: Any, *, failed: bool) -> None:
    if key and (not failed or company.switches.requestid_replays_failures):
        company.replays[key] = Remembered(value, print_now, company.now())
