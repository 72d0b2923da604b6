"""QuickBooks objects on the wire: built with python-quickbooks, sent without its defaults, read without surprises.

Writing: a new python-quickbooks `Invoice()` carries 650 bytes of placeholders, among them ExchangeRate 1 and
GlobalTaxCalculation TaxExcluded, which post wrong books (dependency reference T3). `make` remembers what was set and
`body_of` sends exactly that. Numbers are written from Decimal digit by digit, as JSON numbers.

Reading: the same placeholders stand in for keys the ledger did not send (an absent ExchangeRate reads as 1), and a null
sub-object raises. So answers are read through `Fields`, which knows absent from empty and raises only UnreadableRecord.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import quickbooks.objects as qb

from contracts.base import plain

MARKER = re.compile(r"(ledgerlane:\S+)\s*$")
VOIDED = "voided"
NOTE_READ = 8000
"""Read more of a note than can be sent: "Voided" is put before it and our mark stands at its end."""
_LARGEST = 30
"""Digits of a number worth reading; 1E+999999999 would fill the memory when written out."""

_ALSO_KNOWN: Mapping[str, frozenset[str]] = {
    "Customer": frozenset({"TaxExemptionReasonId"}),
    "TaxLine": frozenset({"TaxLineDetail"}),
    "TaxLineDetail": frozenset({"TaxRateRef"}),
}
"""Fields of the API that python-quickbooks 0.9.12 does not declare. Source: QuickBooks reference 9.2, 13.1."""


class UnreadableRecord(ValueError):
    """One object of an answer cannot be read. Its neighbours can; the raw object is worth keeping."""


def make(kind: str, /, **fields: Any) -> Any:
    """A python-quickbooks object with exactly these fields; None leaves one out.

    A field the API does not know would be fault 2010, so a slip of the pen raises here.
    """
    thing = getattr(qb, kind)()
    unknown = fields.keys() - vars(thing).keys() - _ALSO_KNOWN.get(kind, frozenset())
    if unknown:
        raise AttributeError(f"QuickBooks' {kind} has no {', '.join(sorted(unknown))}")
    chosen = {name: value for name, value in fields.items() if value is not None}
    for name, value in chosen.items():
        setattr(thing, name, value)
    thing._chosen = tuple(chosen)
    return thing


def ref(value: str) -> Any:
    """A reference to a list entry; None for "", so that it is left out."""
    return make("Ref", value=value) if value else None


def body_of(thing: Any) -> Any:
    """What was set on the object and its parts, as plain dicts, lists and values."""
    if isinstance(thing, list | tuple):
        return [body_of(part) for part in thing]
    if hasattr(thing, "_chosen"):
        return {name: body_of(getattr(thing, name)) for name in thing._chosen}
    return thing


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
        raise ValueError(f"{value} is not a number QuickBooks can hold")
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


def marker_in(text: str) -> str:
    """Our mark at the end of a note, "" without one. It survives "Voided" being put before it (12.3)."""
    found = MARKER.search(text)
    return found.group(1) if found else ""


def without_marker(text: str) -> str:
    """The note as a person wrote it."""
    return MARKER.sub("", text).rstrip()


def with_marker(text: str, marker: str) -> str:
    """The note with our mark on a last line of its own."""
    return f"{text.rstrip()}\n{marker}" if text.strip() else marker


def says_voided(note: str) -> bool:
    """Void puts "Voided" before an older note. Source: QuickBooks reference 12.3, 11.4."""
    return note.strip().casefold().startswith(VOIDED)


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
            if exact.adjusted() > _LARGEST:
                raise self._wrong(name, value, "an amount")
            return exact if -_exponent(exact) <= places else exact.quantize(Decimal(1).scaleb(-places))
        except (InvalidOperation, TypeError):
            raise self._wrong(name, value, "a number") from None

    def day(self, name: str) -> date | None:
        """A date; of a date with a time only the day is meant: "2011-01-04T00:00:00-08:00" is 4 January."""
        value = self.text(name)
        if not value:
            return None
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            raise self._wrong(name, value, "a date") from None

    def moment(self, name: str) -> datetime | None:
        """An instant with its offset; None when absent, unreadable or without an offset: times decide nothing here."""
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            return None
        return moment if moment.tzinfo else None

    def part(self, name: str) -> Fields:
        """A sub-object, empty when absent or null."""
        value = self.raw.get(name)
        return Fields({} if value is None else value, f"{self.path}{name}.")

    def parts(self, name: str) -> Iterator[Fields]:
        """The objects of a list; a null list is empty and a null entry is left out."""
        value = self.raw.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise self._wrong(name, value, "a list")
        for position, entry in enumerate(value):
            if entry is not None:
                yield Fields(entry, f"{self.path}{name}.{position}.")

    def ref(self, name: str) -> str:
        """The id a reference points to, "" without one."""
        return self.part(name).text("value", 100)

    def word(self, name: str) -> str:
        """An enum value in the usual spelling: NEED_TO_PRINT and NeedToPrint are one. Source: 12.3."""
        value = self.text(name)
        return "".join(part.capitalize() for part in value.split("_")) if "_" in value or value.isupper() else value

    def _wrong(self, name: str, value: object, wanted: str) -> UnreadableRecord:
        return UnreadableRecord(f"{self.path}{name} is {str(value)[:80]!r}, not {wanted}")


def identity(fields: Fields) -> tuple[str, str]:
    """Id and SyncToken. Raises UnreadableRecord without an Id: nothing can be linked to it."""
    remote_id = fields.text("Id", 100)
    if not remote_id:
        raise UnreadableRecord("the record has no Id")
    return remote_id, fields.text("SyncToken", 100)


def _storable(text: str) -> str:
    """Text without lone surrogates, which no database or socket takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise InvalidOperation
    return exponent
