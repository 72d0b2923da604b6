"""What every list has in common: If-Modified-Since, where, order, paging. Source: Xero reference 2.7."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.common.http import Exchange
from connectors.sandbox.xero.books import UNSET, Books
from connectors.sandbox.xero.errors import bad_query, request_refused
from connectors.sandbox.xero.settings import XeroApp
from connectors.sandbox.xero.where import FIELDS, compile_where, folded
from connectors.sandbox.xero.wire import parse_modified_since

Record = TypeVar("Record")

_DEFAULT_PAGE, _LARGEST_PAGE = 100, 1000


# Every query parameter of the modelled routes. The real API ignores others (switch unknown_parameters).
_PARAMETERS = frozenset(
    {"where", "order", "page", "pagesize", "ids", "invoicenumbers", "contactids", "statuses", "includearchived",
     "createdbymyapp", "unitdp", "summaryonly", "searchterm", "summarizeerrors", "references", "allowbackorders"}
)  # fmt: skip


class NotModified(Exception):
    """An empty delta, answered 304 by a switch."""


@dataclass
class Call:
    """One authorised call on one organisation's API. Parameter names are lower case: their case does not matter."""

    books: Books
    app: XeroApp
    exchange: Exchange
    args: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.params = {key.lower(): value for key, value in self.exchange.params.items()}

        if self.books.switches.unknown_parameters == "refused":
            unknown = sorted(set(self.params) - _PARAMETERS)
            if unknown:
                raise request_refused(f"Unknown query parameter: {unknown[0]}")

    @property
    def unitdp(self) -> int:
        """Source: Xero reference 2.6."""
        return 4 if self.params.get("unitdp") == "4" else 2

    @property
    def is_strict(self) -> bool:
        """One bad element refuses all, unless summarizeErrors=false. Source: Xero reference 2.5."""
        return self.params.get("summarizeerrors", "true").lower() != "false"

    def flag(self, name: str) -> bool:
        return self.params.get(name, "").lower() == "true"

    def listed(self, name: str) -> list[str] | None:
        """A comma-separated filter, plain values."""
        text = self.params.get(name)
        return None if not text else [part.strip() for part in text.split(",") if part.strip()]

    @property
    def is_paged(self) -> bool:
        return "page" in self.params or "pagesize" in self.params


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    pagination: JsonObject | None = None


def modified_since(call: Call) -> datetime | None:
    text = call.exchange.headers.get("if-modified-since")
    return parse_modified_since(text) if text else None


def changed_only(call: Call, rows: Iterable[Record], updated: Callable[[Record], datetime]) -> list[Record]:
    """Rows changed at or after the header's second. Resolution: one second."""
    since = modified_since(call)
    if since is None:
        return list(rows)
    inclusive = call.books.switches.modified_since_inclusive
    found = [
        row
        for row in rows
        if (moment := updated(row).replace(microsecond=0)) > since or (inclusive and moment == since)
    ]
    if not found and call.books.switches.empty_delta == "304":
        raise NotModified
    return found


def select(
    call: Call,
    rows: list[Record],
    type_name: str,
    view: Callable[[Record], JsonObject],
    *,
    force_paging: bool = False,
    id_name: str = "",
    has_paging: bool = True,
    capped: bool = False,
    blocked: frozenset[str] = frozenset(),
) -> Page:
    """where, then order, then the page. The rows come back as records.

    view: the object a filter sees. blocked: fields that summaryOnly drops and no filter may name.
    """
    where, order = call.params.get("where"), call.params.get("order")
    if blocked and (used := [name for name in blocked if name.lower() in f"{where or ''} {order or ''}".lower()]):
        raise bad_query(f"Filtering by {used[0]} is not allowed with summaryOnly")
    if where:
        keep = compile_where(where, type_name)
        rows = [row for row in rows if keep(view(row))]
    if capped and len(rows) > call.books.switches.row_cap:
        raise request_refused(f"The request returns more than {call.books.switches.row_cap} records; narrow it down.")
    rows = _ordered(rows, order, type_name, view, id_name or f"{type_name}ID")
    if not has_paging or not (call.is_paged or force_paging):
        return Page(rows)
    return _page(call, rows)


def _ordered(
    rows: list[Record], order: str | None, type_name: str, view: Callable[[Record], JsonObject], id_name: str
) -> list[Record]:
    """UpdatedDateUTC ASC, id ASC by default; the id always breaks ties."""
    clauses = _order_clauses(order, type_name) if order and order.strip() else [("UpdatedDateUTC", False)]
    if [name for name, _ in clauses] == ["UpdatedDateUTC"] and all(hasattr(row, "updated") for row in rows):
        # The usual order, without showing every record first.
        rows = sorted(rows, key=lambda row: str(getattr(row, "id", "")))
        return sorted(rows, key=lambda row: getattr(row, "updated", UNSET), reverse=clauses[0][1])
    shown = [(view(row), row) for row in rows]
    shown.sort(key=lambda pair: str(pair[0].get(id_name, "")))
    for name, descending in reversed(clauses):
        shown.sort(key=lambda pair: _sortable(_dotted(pair[0], name)), reverse=descending)
    return [row for _, row in shown]


def _order_clauses(order: str, type_name: str) -> list[tuple[str, bool]]:
    clauses = []
    for part in order.split(","):
        words = part.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1].upper() not in {"ASC", "DESC"}):
            raise bad_query("Syntax error")
        path, kind = [], type_name
        for step in words[0].split("."):
            found = FIELDS.get(kind, {}).get(step.lower())
            if found is None:
                raise bad_query(f"No property or field '{step}' exists in type '{kind}'")
            path.append(found)
            kind = found
        clauses.append((".".join(path), len(words) == 2 and words[1].upper() == "DESC"))
    return clauses


def _dotted(shown: JsonObject, path: str) -> Any:
    value: Any = shown
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _sortable(value: Any) -> tuple[int, Any]:
    """None first; calendar dates and instants share one scale."""
    if value is None:
        return (0, "")
    if isinstance(value, datetime):
        return (2, value)
    if isinstance(value, date):
        return (2, datetime(value.year, value.month, value.day, tzinfo=UTC))
    if isinstance(value, bool | int | Decimal):
        return (3, Decimal(value))
    return (1, folded(str(value)))


def _page(call: Call, rows: list[Record]) -> Page:
    """Out-of-range values are clamped silently; a page past the end is empty."""
    page = max(1, _whole(call.params.get("page"), 1))
    size = min(_LARGEST_PAGE, max(1, _whole(call.params.get("pagesize"), _DEFAULT_PAGE)))
    count = len(rows)
    pagination: JsonObject = {
        "page": page,
        "pageSize": size,
        "pageCount": (count + size - 1) // size,
        "itemCount": count,
    }
    return Page(rows[(page - 1) * size : page * size], pagination)


def _whole(text: str | None, default: int) -> int:
    try:
        return int(text) if text else default
    except ValueError:
        return default


def search(call: Call, rows: list[Record], texts: Callable[[Record], Iterable[str]]) -> list[Record]:
    """searchTerm: case-insensitive, over a few fields."""
    term = call.params.get("searchterm")
    if not term:
        return rows
    wanted = folded(term)
    return [row for row in rows if any(wanted in folded(text) for text in texts(row))]
