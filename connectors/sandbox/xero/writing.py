"""Writes of one or many elements: summarizeErrors both ways, echoes, warnings. Source: Xero reference 2.4, 2.5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero.body import Fields, elements
from connectors.sandbox.xero.errors import Refused, no_data, validation
from connectors.sandbox.xero.reading import Call

_HAS_ERRORS = frozenset({"Invoices", "CreditNotes"})
_HAS_VALIDATION_ERRORS = frozenset({"Contacts", "Payments"})


@dataclass(frozen=True)
class Written:
    """One saved element. `show` is called after all are saved, so that the answer shows the final state."""

    show: Callable[[], JsonObject]
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Reply:
    """An answer before the envelope: the rows under their plural key, or raw bytes, or nothing (204)."""

    collection: str = ""
    rows: list[Any] = field(default_factory=list)
    pagination: JsonObject | None = None
    status: int = 200
    raw: bytes | None = None
    media_type: str = ""
    bare: JsonObject | None = None


def write_all(
    call: Call,
    collection: str,
    singular: str,
    save: Callable[[Fields], Written],
    *,
    at_most: int | None = None,
    has_summarize: bool = True,
) -> Reply:
    """Save every element in order. Strict: any refusal refuses all and nothing is saved."""
    rows = elements(call.exchange, collection, singular)
    if at_most is not None and len(rows) > at_most:
        raise no_data(collection)
    strict = call.is_strict or not has_summarize
    outcomes: list[Written | Refused] = []
    books = call.books
    with books.transaction():
        for position, row in enumerate(rows):
            try:
                with books.transaction():
                    outcomes.append(save(Fields(row, f"{collection}[{position}]")))
            except Refused as refused:
                outcomes.append(refused)
        if strict and any(isinstance(outcome, Refused) for outcome in outcomes):
            raise validation(_strict_elements(call, collection, outcomes, rows))
    return Reply(collection, [_lenient(collection, o, r, strict) for o, r in zip(outcomes, rows, strict=True)])


def _strict_elements(
    call: Call, collection: str, outcomes: list[Written | Refused], rows: list[JsonObject]
) -> list[JsonObject]:
    """Only the failing ones [recalled], or all by a switch."""
    found = []
    for outcome, row in zip(outcomes, rows, strict=True):
        if isinstance(outcome, Refused):
            found.append(_failed(collection, outcome, row))
        elif call.books.switches.strict_elements == "all":
            found.append({**row, "ValidationErrors": []})
    return found


def _lenient(collection: str, outcome: Written | Refused, row: JsonObject, strict: bool) -> JsonObject:
    if isinstance(outcome, Refused):
        return {**_failed(collection, outcome, row), "StatusAttributeString": "ERROR"}
    shown = outcome.show()
    if outcome.warnings:
        shown["Warnings"] = _messages(outcome.warnings)
    if not strict:
        shown["StatusAttributeString"] = "WARNING" if outcome.warnings else "OK"
    return shown


def _failed(collection: str, refused: Refused, row: JsonObject) -> JsonObject:
    """The merged request with its errors; never what is stored. Source: Xero reference 2.5."""
    echo = dict(refused.echo if refused.echo is not None else row)
    if collection in _HAS_ERRORS:
        echo["HasErrors"] = True
    if collection in _HAS_VALIDATION_ERRORS:
        echo["HasValidationErrors"] = True
    echo["ValidationErrors"] = _messages(refused.messages)
    if refused.warnings:
        echo["Warnings"] = _messages(refused.warnings)
    return echo


def _messages(texts: list[str]) -> list[JsonObject]:
    return [{"Message": text} for text in dict.fromkeys(texts)]
