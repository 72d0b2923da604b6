"""Xero's two ways to write a time, and the one it reads. Source: Xero reference 2.7, 3."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = re.compile(r"^\\?/Date\((?P<ms>-?\d+)(?:[+-]\d{4})?\)\\?/$")


def read_time(value: Any) -> datetime | None:
    """An instant from `/Date(1439434356790+0000)/`, where the offset says nothing, or from ISO text, UTC if bare."""
    if not isinstance(value, str):
        return None
    if found := _WRITTEN.match(value.strip()):
        try:
            return _EPOCH + timedelta(milliseconds=int(found["ms"]))
        except OverflowError:
            return None
    try:
        # Connections carry seven digits of a second; Python reads six.
        time = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.strip()))
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def written(time: datetime) -> str:
    """For If-Modified-Since: UTC, whole seconds, rounded down so that nothing falls between."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def updated_at(row: dict[str, Any]) -> datetime | None:
    """When an object last changed."""
    return read_time(row.get("UpdatedDateUTC"))
