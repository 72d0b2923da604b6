"""How values look on Xero's wire: .NET dates, decimals with their zeros, pretty JSON, the three date spellings.

Inside the simulator a calendar date is a `date`, an instant an aware `datetime`, an amount a `Decimal`; only this
module and `xml` turn them into text. Source: Xero reference 2.2, 2.7, 3.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.sandbox.xero.errors import bad_data

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DOTNET = re.compile(r"^\\?/Date\((-?\d+)([+-]\d{4})?\)\\?/$")
_ISO_DAY = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$")
# Instants without a zone suffix. Source: Xero reference 3 (CreatedDateUTC, DateTimeUTC).
_NO_SUFFIX = frozenset({"DateTimeUTC", "CreatedDateUTC"})

CENTS = Decimal("0.01")
QUARTERS = Decimal("0.0001")
RATE = Decimal("0.0000000001")


def cents(value: Decimal) -> Decimal:
    """Two places, half away from zero. Source: Xero reference 4.4."""
    return value.quantize(CENTS, ROUND_HALF_UP)


def four_places(value: Decimal) -> Decimal:
    return value.quantize(QUARTERS, ROUND_HALF_UP)


def milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def dotnet(value: date | datetime, *, suffix: bool = True) -> str:
    """/Date(1789344000000+0000)/; a calendar date is midnight UTC of that day."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    return f"/Date({milliseconds(moment)}{'+0000' if suffix else ''})/"


def day_string(day: date) -> str:
    """2026-09-14T00:00:00, the value of DateString and DueDateString."""
    return f"{day.isoformat()}T00:00:00"


def updated_string(moment: datetime) -> str:
    """2026-09-14T09:29:59Z, the value of UpdatedDateUTCString."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_day(value: object, path: str) -> date:
    """A calendar date as clients spell it; the time part is ignored. Raises ErrorNumber 14."""
    text = str(value).strip()
    found = _DOTNET.match(text)
    if found:
        return (_EPOCH + timedelta(milliseconds=int(found[1]))).date()
    found = _ISO_DAY.match(text)
    if found:
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            pass
    raise bad_data(f"The string '{text}' is not a valid AllXsd value. Path '{path}'.")


def parse_modified_since(text: str) -> datetime | None:
    """yyyy-MM-ddTHH:mm:ss (UTC), ISO with fraction and offset, or RFC 1123; to the second. None when unreadable."""
    text = text.strip().strip('"')
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(microsecond=0)


def render(value: Any) -> bytes:
    """JSON as Xero prints it: two blanks per level, CRLF. Source: Xero reference 2.2."""
    parts: list[str] = []
    _write(value, parts, "", "\r\n")
    return "".join(parts).encode()


def _write(value: Any, parts: list[str], key: str, newline: str) -> None:
    if isinstance(value, dict):
        _write_block(parts, "{}", [(f"{json.dumps(name)}: ", name, each) for name, each in value.items()], newline)
    elif isinstance(value, list):
        _write_block(parts, "[]", [("", "", each) for each in value], newline)
    else:
        parts.append(_scalar(value, key))


def _write_block(parts: list[str], brackets: str, rows: list[tuple[str, str, Any]], newline: str) -> None:
    if not rows:
        parts.append(brackets)
        return
    inner = newline + "  "
    parts.append(brackets[0])
    for position, (lead, name, each) in enumerate(rows):
        parts.append(("," if position else "") + inner + lead)
        _write(each, parts, name, inner)
    parts.append(newline + brackets[1])


def _scalar(value: Any, key: str) -> str:
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, date):
        return json.dumps(dotnet(value, suffix=key not in _NO_SUFFIX))
    raise TypeError(f"{type(value).__name__} has no form on Xero's wire")
