"""Turning a request body into clean field values, or into the faults QuickBooks raises for it.

Source: QuickBooks reference 2.6 (read-only ignored, unknown refused), 2.10 (limits), 7.2 (codes 2010-2220).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject, plain_number
from connectors.sandbox.quickbooks.faults import FaultError, QboFault
from connectors.sandbox.quickbooks.fields import ADDRESS_LIMITS, DETAIL_KEYS, DETAIL_TYPES, LINE_KEYS, Entity, Field
from connectors.sandbox.quickbooks.settings import Switches

_EMAIL = re.compile(r"[^@\s,;<>()\[\]\\\"]+@[^@\s,;<>()\[\]\\\"]+\.[^@\s,;<>()\[\]\\\".]{2,}")
_URI = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#]+\.[^\s/?#]+.*", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(T.*)?")
_CLEARED = object()


class _Refusals:
    """Errors of one request, gathered so that they are answered together."""

    def __init__(self) -> None:
        self.errors: list[FaultError] = []

    def add(self, code: str, detail: str, element: str = "") -> None:
        self.errors.append(FaultError(code, detail, element))


def accept(entity: Entity, body: JsonObject, switches: Switches, *, creating: bool) -> JsonObject:
    """The writable values of `body`. An empty string or null stays in the result as None: "clear this field".

    Raises QboFault with every error of the body.
    """
    refusals = _Refusals()
    clean: JsonObject = {}
    for key, value in body.items():
        field = entity.fields.get(key)
        if field is None:
            refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
            continue
        if field.is_read_only or field.kind in {"id", "token"} or (field.is_create_only and not creating):
            continue
        accepted = _accept_value(key, field, value, switches, refusals)
        clean[key] = None if accepted is _CLEARED else accepted
    if refusals.errors:
        raise QboFault(*refusals.errors)
    return clean


def sent_id(body: JsonObject) -> str:
    """The Id of an update or delete. Raises 2030 when it is not a number, 2020 when absent."""
    value = str(body.get("Id", "") or "")
    if not value:
        raise QboFault(FaultError("2020", "Required parameter Id is missing in the request", "Id"))
    check_id(value)
    return value


def check_id(value: str) -> None:
    if not value.isdigit():
        raise QboFault(FaultError("2030", f"Id should be a valid number. Supplied value:{value}", "Id"))


def _accept_value(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    if value is None or value == "":
        return _CLEARED
    return _ACCEPTORS[field.kind](key, field, value, switches, refusals)


def _text(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    text = value if isinstance(value, str) else _number_as_text(value)
    if text is None:
        refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
        return _CLEARED
    check_length(text, int(field.limit), key, refusals.errors) if field.limit else None
    return text


def check_length(text: str, limit: int, element: str, errors: list[FaultError]) -> None:
    """2050 with thousands separators. Source: QuickBooks reference 7.2 (LOG)."""
    if len(text) > limit:
        errors.append(
            FaultError(
                "2050",
                "String length specified does not match the supported length. "
                f"Min:0 Max:{limit:,} supported. Supplied length:{len(text):,}",
                element,
            )
        )


def _number_as_text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return plain_number(Decimal(value))


def _name(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    text = _text(key, field, value, switches, refusals)
    if isinstance(text, str):
        if switches.trim_names:
            text = text.strip(" ")
        if any(forbidden in text for forbidden in ":\t\n"):
            _forbidden(text, key, switches, refusals)
        if not text:
            return _CLEARED
    return text


def _account_name(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    text = _text(key, field, value, switches, refusals)
    if isinstance(text, str) and any(forbidden in text for forbidden in '":'):
        _forbidden(text, key, switches, refusals)
    return text


def _forbidden(text: str, key: str, switches: Switches, refusals: _Refusals) -> None:
    detail = f"Property Name:{key} contains characters that are not supported. Supplied value:{text}"
    if switches.forbidden_character_code == "6000":
        detail = f"Business Validation Error: {detail}"
    refusals.add(switches.forbidden_character_code, detail, key)


def to_decimal(value: Any, switches: Switches) -> Decimal | None:
    """The number a JSON value stands for, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and switches.numbers_as_strings:
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    return None


def _number(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    number = to_decimal(value, switches)
    if number is None:
        refusals.add("2100", f"Property Name:{key} is not a valid decimal. Supplied value:{value}", key)
        return _CLEARED
    exponent = number.as_tuple().exponent
    whole_digits = len(str(abs(int(number))))
    if whole_digits > 15 or (isinstance(exponent, int) and exponent < -20):
        refusals.add("2110", f"Property Name:{key} is out of range. Supplied value:{value}", key)
    return number


def _price(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    number = _number(key, field, value, switches, refusals)
    if isinstance(number, Decimal) and number > Decimal(99999999999):
        refusals.add("2110", f"Property Name:{key} is above the maximum 99,999,999,999. Supplied value:{value}", key)
    return number


def _int(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    number = to_decimal(value, switches)
    if number is None or number != number.to_integral_value():
        refusals.add("2080", f"Property Name:{key} is not a valid number. Supplied value:{value}", key)
        return _CLEARED
    if field.limit and not 0 <= number <= int(field.limit):
        refusals.add("2090", f"Property Name:{key} must be between 0 and {field.limit}. Supplied value:{value}", key)
    return int(number)


def _bool(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
    return _CLEARED


def _date(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        refusals.add("2060", f"Date format should be yyyy-mm-dd. Supplied value:{value}", key)
        return _CLEARED
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        refusals.add("2070", f"Date value is not valid. Supplied value:{value}", key)
        return _CLEARED


def _enum(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    plain = str(value).replace("_", "").lower()
    for choice in field.limit.split("|"):
        if choice.replace("_", "").lower() == plain:
            return choice
    refusals.add("2170", f"Invalid Enumeration : {value}", key)
    return _CLEARED


def _ref(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    if not isinstance(value, dict):
        refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
        return _CLEARED
    if value.get("value") in (None, ""):
        return _CLEARED
    return {"value": str(value["value"])}


def _memo(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    if not isinstance(value, dict):
        refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
        return _CLEARED
    text = value.get("value")
    if text in (None, ""):
        return _CLEARED
    check_length(str(text), int(field.limit), key, refusals.errors)
    return {"value": str(text)}


def _email(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    address = value.get("Address") if isinstance(value, dict) else None
    if address in (None, ""):
        return _CLEARED
    check_length(str(address), int(field.limit), key, refusals.errors)
    check_email(str(address), key, switches, refusals.errors)
    return {"Address": str(address)}


def check_email(text: str, element: str, switches: Switches, errors: list[FaultError]) -> None:
    """2210 unless every address in the field is one. Source: QuickBooks reference 7.2, 13.1, 17.9."""
    parts = [part.strip() for part in text.split(",")] if switches.several_emails_accepted else [text.strip()]
    if not all(_EMAIL.fullmatch(part) for part in parts):
        errors.append(
            FaultError(
                "2210",
                f"Email Address does not conform to the syntax rules of RFC 822. Supplied value:{text}",
                element,
            )
        )


def _phone(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    number = value.get("FreeFormNumber") if isinstance(value, dict) else None
    if number in (None, ""):
        return _CLEARED
    check_length(str(number), int(field.limit), key, refusals.errors)
    return {"FreeFormNumber": str(number)}


def _uri(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    uri = value.get("URI") if isinstance(value, dict) else None
    if uri in (None, ""):
        return _CLEARED
    check_length(str(uri), int(field.limit), key, refusals.errors)
    if not _URI.fullmatch(str(uri)):
        refusals.add("2200", f"Web Address does not conform to the syntax rules. Supplied value:{uri}", key)
    return {"URI": str(uri)}


def _address(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    if not isinstance(value, dict):
        refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
        return _CLEARED
    kept: JsonObject = {}
    for part, text in value.items():
        limit = ADDRESS_LIMITS.get(part)
        if limit is None:
            refusals.add("2010", f"Property Name:{key}.{part} specified is unsupported or invalid", f"{key}.{part}")
        elif text not in (None, ""):
            check_length(str(text), limit, f"{key}.{part}", refusals.errors)
            kept[part] = str(text)
    lines = sum(len(kept.get(f"Line{number}", "")) for number in range(1, 6))
    if lines > 2000:
        check_length("x" * lines, 2000, key, refusals.errors)
    return kept if set(kept) - {"Id"} else _CLEARED


def _custom_fields(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
        return _CLEARED
    for entry in value:
        if isinstance(entry, dict):
            check_length(str(entry.get("StringValue", "")), 31, key, refusals.errors)
    return value


def _lines(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    if not isinstance(value, list) or not all(isinstance(line, dict) for line in value):
        refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
        return _CLEARED
    if len(value) > 10_000:
        refusals.add("6000", "Business Validation Error: A transaction holds at most 10,000 lines.", key)
    return [_line(line, position, switches, refusals) for position, line in enumerate(value)]


def _line(line: JsonObject, position: int, switches: Switches, refusals: _Refusals) -> JsonObject:
    where = f"Line[{position}]"
    for unknown in set(line) - LINE_KEYS:
        refusals.add("2010", f"Property Name:{unknown} specified is unsupported or invalid", f"{where}.{unknown}")
    kept = {name: item for name, item in line.items() if item not in (None, "") and name in LINE_KEYS}
    detail_type = str(kept.get("DetailType", ""))
    normal = {name.upper(): name for name in DETAIL_TYPES}.get(detail_type.replace("_", "").upper())
    if not detail_type:
        refusals.add("2020", "Required parameter DetailType is missing in the request", f"{where}.DetailType")
    elif normal is None:
        refusals.add("2170", f"Invalid Enumeration : {detail_type}", f"{where}.DetailType")
    else:
        kept["DetailType"] = normal
    if "Description" in kept:
        check_length(str(kept["Description"]), 4000, f"{where}.Description", refusals.errors)
    _numbers_in(kept, ("Amount",), where, switches, refusals)
    for detail, known in DETAIL_KEYS.items():
        if isinstance(kept.get(detail), dict):
            kept[detail] = _detail(kept[detail], known, f"{where}.{detail}", switches, refusals)
    return kept


def _detail(
    detail: JsonObject, known: frozenset[str], where: str, switches: Switches, refusals: _Refusals
) -> JsonObject:
    for unknown in set(detail) - known:
        refusals.add("2010", f"Property Name:{unknown} specified is unsupported or invalid", f"{where}.{unknown}")
    kept = {name: item for name, item in detail.items() if item not in (None, "") and name in known}
    numbers = ("Qty", "UnitPrice", "TaxInclusiveAmt", "DiscountPercent", "DiscountRate", "DiscountAmt")
    _numbers_in(kept, numbers, where, switches, refusals)
    for name in [name for name in kept if name.endswith("Ref")]:
        reference = kept[name]
        if isinstance(reference, dict) and reference.get("value") not in (None, ""):
            kept[name] = {"value": str(reference["value"])}
        else:
            del kept[name]
    if "ServiceDate" in kept:
        accepted = _date(f"{where}.ServiceDate", Field("date"), kept["ServiceDate"], switches, refusals)
        kept["ServiceDate"] = None if accepted is _CLEARED else accepted
    return kept


def _numbers_in(
    target: JsonObject, names: tuple[str, ...], where: str, switches: Switches, refusals: _Refusals
) -> None:
    for name in names:
        if name in target:
            accepted = _number(f"{where}.{name}", Field("number"), target[name], switches, refusals)
            target[name] = Decimal(0) if accepted is _CLEARED else accepted


def _payment_lines(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    if not isinstance(value, list) or not all(isinstance(line, dict) for line in value):
        refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
        return _CLEARED
    kept_lines = []
    for position, line in enumerate(value):
        where = f"Line[{position}]"
        for unknown in set(line) - {"Amount", "LinkedTxn", "LineEx", "Id", "LineNum", "DetailType", "Description"}:
            refusals.add("2010", f"Property Name:{unknown} specified is unsupported or invalid", f"{where}.{unknown}")
        kept: JsonObject = {name: line[name] for name in ("Amount", "LinkedTxn") if line.get(name) not in (None, "")}
        _numbers_in(kept, ("Amount",), where, switches, refusals)
        kept_lines.append(kept)
    return kept_lines


def _tax_detail(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    if not isinstance(value, dict):
        refusals.add("2010", f"Property Name:{key} specified is unsupported or invalid", key)
        return _CLEARED
    for unknown in set(value) - {"TxnTaxCodeRef", "TotalTax", "TaxLine", "TaxReviewStatus", "DefaultTaxCodeRef"}:
        refusals.add("2010", f"Property Name:{unknown} specified is unsupported or invalid", f"{key}.{unknown}")
    kept = {name: item for name, item in value.items() if item not in (None, "", [])}
    _numbers_in(kept, ("TotalTax",), key, switches, refusals)
    for line in kept.get("TaxLine", []):
        if isinstance(line, dict):
            _numbers_in(line, ("Amount",), f"{key}.TaxLine", switches, refusals)
    return kept


def _object(key: str, field: Field, value: Any, switches: Switches, refusals: _Refusals) -> Any:
    return value


_Acceptor = Callable[[str, Field, Any, Switches, _Refusals], Any]
_ACCEPTORS: dict[str, _Acceptor] = {
    "text": _text,
    "name": _name,
    "account_name": _account_name,
    "money": _number,
    "number": _number,
    "price": _price,
    "int": _int,
    "bool": _bool,
    "date": _date,
    "enum": _enum,
    "ref": _ref,
    "memo": _memo,
    "email": _email,
    "phone": _phone,
    "uri": _uri,
    "address": _address,
    "customfields": _custom_fields,
    "lines": _lines,
    "paymentlines": _payment_lines,
    "taxdetail": _tax_detail,
    "linked": _object,
    "object": _object,
}
