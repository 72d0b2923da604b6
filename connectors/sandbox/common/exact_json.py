"""JSON in which a number keeps every digit: Decimals in, Decimals out, never a float."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

JsonObject = dict[str, Any]

_quote = json.encoder.encode_basestring_ascii


def loads(text: str | bytes) -> Any:
    """Parse; fractions become Decimal. Raises ValueError on anything that is not JSON (NaN included)."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def dumps(value: Any) -> str:
    """Write compact JSON; a Decimal becomes a bare number without trailing zeros (`100`, never `100.00`)."""
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def dump_bytes(value: Any) -> bytes:
    """`dumps` as UTF-8."""
    return dumps(value).encode()


def plain_number(value: Decimal) -> str:
    """12.50 -> '12.5', 1E+2 -> '100', -0 -> '0'."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _write(value: Any, parts: list[str]) -> None:
    if isinstance(value, str):
        parts.append(_quote(value))
    elif value is None:
        parts.append("null")
    elif value is True:
        parts.append("true")
    elif value is False:
        parts.append("false")
    elif isinstance(value, Decimal):
        parts.append(plain_number(value))
    elif isinstance(value, int):
        parts.append(str(value))
    elif isinstance(value, dict):
        _write_object(value, parts)
    elif isinstance(value, list | tuple):
        _write_list(value, parts)
    else:
        raise TypeError(f"{type(value).__name__} has no exact JSON form; floats are refused on purpose")


def _write_object(value: dict[str, Any], parts: list[str]) -> None:
    parts.append("{")
    for position, (key, item) in enumerate(value.items()):
        parts.append("," if position else "")
        parts.append(_quote(key))
        parts.append(":")
        _write(item, parts)
    parts.append("}")


def _write_list(value: list[Any] | tuple[Any, ...], parts: list[str]) -> None:
    parts.append("[")
    for position, item in enumerate(value):
        parts.append("," if position else "")
        _write(item, parts)
    parts.append("]")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number a ledger can hold")
