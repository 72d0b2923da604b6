"""Xero objects on the wire: named and limited by xero-python's models, written and read exactly by us.

Writing: the models carry Xero's spelling, enums and lengths, so `make` builds with them and refuses what they refuse.
Their own serialiser is not used: it turns Decimal into float (1234567890123.4567 ends in 8), dates into /Date()/ and
adds booleans nobody set (dependency reference 3). `body_of` sends exactly what was set, digit by digit.

Reading: their deserialiser loses a whole page for one odd record: a currency or status it does not know, an empty
date, a null list (T15). So each object is read on its own through `Fields`, which takes any word for an enum, knows
absent from empty, and raises only UnreadableRecord.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from xero_python.accounting import models

from contracts.base import plain

MARKER = re.compile(r"ledgerlane:[A-Za-z0-9._:@+/-]+")
ZERO_GUID = "00000000-0000-0000-0000-000000000000"
_DATE = re.compile(r"^\\?/?\\?/?Date\((-?\d+)([+-]\d{4})?\)\\?/?$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnreadableRecord(ValueError):
    """One object of an answer cannot be read. Its neighbours can; the raw object is worth keeping."""


def make(kind: str, /, **fields: Any) -> Any:
    """A xero-python model with exactly these fields, in Python spelling; None leaves one out.

    Raises AttributeError for a field Xero does not have, ValueError for a value its model refuses (too long, not in an
    enum): both are slips of ours, since what people enter is checked before.
    """
    model = getattr(models, kind)
    if unknown := fields.keys() - model.attribute_map.keys():
        raise AttributeError(f"Xero's {kind} has no {', '.join(sorted(unknown))}")
    chosen = {name: value for name, value in fields.items() if value is not None}
    thing = model(**chosen)
    thing._chosen = tuple(chosen)
    return thing


def body_of(thing: Any) -> Any:
    """What was set on the object and its parts, under Xero's names."""
    if isinstance(thing, list | tuple):
        return [body_of(part) for part in thing]
    if hasattr(thing, "_chosen"):
        return {thing.attribute_map[name]: body_of(getattr(thing, name)) for name in thing._chosen}
    return thing.value if isinstance(thing, Enum) else thing


def encode(value: Any) -> str:
    """JSON text with sorted keys and exact numbers: Decimal("100.00") is 100, never 100.0 or "100.00"."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_text(key)}:{encode(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(encode(part) for part in value) + "]"
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, float):
        raise TypeError(f"a float has lost digits: {value!r}")
    if isinstance(value, datetime) or not isinstance(value, date):
        return _text(value)
    return _text(value.isoformat())


def number(value: Decimal) -> str:
    """A JSON number with the digits the value has: 1E+2 is 100, 0.10 is 0.1, -0 is 0."""
    if not value.is_finite():
        raise ValueError(f"{value} is not a number Xero can hold")
    text = plain(value)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def fingerprint(value: Any) -> str:
    """128 bits of SHA-256 over the canonical text: equal wishes have equal fingerprints."""
    return hashlib.sha256(encode(value).encode()).hexdigest()[:32]


def decode(text: str | bytes) -> Any:
    """JSON with every number exact. Raises UnreadableRecord for what is not JSON."""
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise UnreadableRecord(f"not JSON: {error}") from None


def marker_in(*texts: str) -> str:
    """Our mark in the first of the texts that carries one, "" without."""
    found = (MARKER.search(text) for text in texts)
    return next((match.group(0) for match in found if match), "")


def without_marker(text: str) -> str:
    """The text as a person wrote it."""
    return " ".join(MARKER.sub(" ", text).split()) if MARKER.search(text) else text


def with_marker(text: str, marker: str) -> str:
    """Our mark first, so that a ledger that cuts the text cuts the rest: "ledgerlane:rec_1 pi_3Nx" (10, number 6)."""
    return f"{marker} {text}" if text else marker


def from_xero_moment(text: str) -> datetime | None:
    """An instant from "/Date(1439434356790+0000)/" (milliseconds of UTC; the offset says nothing) or ISO text.

    None where nothing is meant: an empty text, and /Date(0)/ (section 3).
    """
    if match := _DATE.match(text):
        try:
            moment = _EPOCH + timedelta(milliseconds=int(match[1]))
        except OverflowError:
            return None
        return None if moment == _EPOCH else moment
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


class Fields:
    """A tolerant reader over one JSON object: absent and null read as empty, a wrong type raises UnreadableRecord."""

    def __init__(self, raw: Any, path: str = "") -> None:
        if not isinstance(raw, Mapping):
            raise UnreadableRecord(f"{path or 'the record'} is {type(raw).__name__}, not an object")
        self.raw = raw
        self.path = path

    def __contains__(self, name: str) -> bool:
        return self.raw.get(name) is not None

    def text(self, name: str, limit: int = 4000) -> str:
        """A string (or a number as text), trimmed and cut to what the core model holds."""
        value = self.raw.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self._wrong(name, value, "text")
        return _storable(str(value))[:limit].strip()

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean; old examples quote it (section 3)."""
        value = self.raw.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.casefold() in ("true", "false"):
            return value.casefold() == "true"
        raise self._wrong(name, value, "true or false")

    def amount(self, name: str, places: int = 6) -> Decimal:
        """A number, 0 when absent, kept to the places the core model holds."""
        return self.maybe_amount(name, places) or Decimal(0)

    def maybe_amount(self, name: str, places: int = 6) -> Decimal | None:
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self._wrong(name, value, "a number")
        try:
            exact = Decimal(value)
            return exact if -_exponent(exact) <= places else exact.quantize(Decimal(1).scaleb(-places))
        except (InvalidOperation, TypeError):
            raise self._wrong(name, value, "a number") from None

    def day(self, name: str) -> date | None:
        """A calendar date: `DateString` where Xero sends one, else the UTC day of `Date`, never a local one (11, 4)."""
        for key in (f"{name}String", name):
            if text := self.text(key):
                if moment := from_xero_moment(text):
                    return moment.astimezone(UTC).date() if _DATE.match(text) else moment.date()
                if not _DATE.match(text):
                    raise self._wrong(key, text, "a date")
        return None

    def moment(self, name: str) -> datetime | None:
        """An instant; None when absent or unreadable: times decide nothing here."""
        return from_xero_moment(self.text(name))

    def part(self, name: str) -> Fields:
        """A sub-object, empty when absent or null."""
        value = self.raw.get(name)
        return Fields({} if value is None else value, f"{self.path}{name}.")

    def parts(self, name: str) -> Iterator[Fields]:
        """The objects of a list; a null or absent list is empty (4.5) and a null entry is left out."""
        value = self.raw.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise self._wrong(name, value, "a list")
        for position, entry in enumerate(value):
            if entry is not None:
                yield Fields(entry, f"{self.path}{name}.{position}.")

    def _wrong(self, name: str, value: object, wanted: str) -> UnreadableRecord:
        return UnreadableRecord(f"{self.path}{name} is {str(value)[:80]!r}, not {wanted}")


def identity(fields: Fields, name: str) -> tuple[str, str]:
    """The object's GUID and its version: Xero has no concurrency token, so the time of its last change stands for one.

    Raises UnreadableRecord without a GUID, for the zero GUID of a refused create, and for an element marked ERROR: it
    echoes what was asked for, not what is stored (2.5).
    """
    remote_id = fields.text(name, 100)
    if fields.text("StatusAttributeString").upper() == "ERROR":
        raise UnreadableRecord(f"{name} {remote_id} was refused: what it echoes is not stored")
    if not remote_id or remote_id == ZERO_GUID:
        raise UnreadableRecord(f"the record has no {name}")
    return remote_id, version(fields)


def version(fields: Fields) -> str:
    """UpdatedDateUTC in milliseconds, "" without: it tells two readings apart and protects no write."""
    moment = fields.moment("UpdatedDateUTC")
    return "" if moment is None else str((moment - _EPOCH) // timedelta(milliseconds=1))


def _storable(text: str) -> str:
    """Text without lone surrogates, which no database or socket takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise InvalidOperation
    return exponent
