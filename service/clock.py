"""Time and ids, in one place so that tests can hold them still."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present instant, aware and in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """An id that sorts by the time it was made: "rec_0199c5b2f1a4" and 14 random characters."""
    return f"{prefix}_{int(utc_now().timestamp() * 1000):012x}{secrets.token_hex(7)}"
