"""Running a parsed query over one company. Source: QuickBooks reference 3.1, 3.2, 3.3."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.catalogue import BY_NAME
from connectors.sandbox.quickbooks.company import PACIFIC, Company, Record
from connectors.sandbox.quickbooks.currencies import read_rate
from connectors.sandbox.quickbooks.faults import QboFault, fault, system_failure
from connectors.sandbox.quickbooks.fields import Entity
from connectors.sandbox.quickbooks.query import Condition, Ordering, Statement, parse
from connectors.sandbox.quickbooks.show import show

_DEFAULT_LIMIT = 100
_MAX_LIMIT = 1000
# Source: QuickBooks reference 3.2: present for Invoice and five objects this simulator does not have.
_WITH_TOTAL_COUNT = frozenset({"Invoice"})
_LOWER_NAMES = {name.lower(): entity for name, entity in BY_NAME.items()}


def run_query(company: Company, text: str, *, at_most: int = _MAX_LIMIT) -> JsonObject:
    """The value of QueryResponse. `at_most` is what is left of a batch's 1000 objects."""
    if not text.strip():
        raise system_failure("query is required", status=200)
    switches = company.switches
    statement = parse(
        text,
        unquoted_numbers=switches.query_unquoted_numbers,
        not_equal=switches.query_not_equal,
        today=company.today().isoformat(),
    )
    if statement.entity.lower() == "exchangerate":
        return _exchange_rates(company, statement)
    entity = _LOWER_NAMES.get(statement.entity.lower())
    if entity is None:
        raise fault("4001", f"QueryValidationError: Entity {statement.entity} not found")
    _check_paging(company, statement)
    _check_columns(entity, statement)
    rows = _matching(company, entity, statement)
    if statement.is_count:
        return {"totalCount": len(rows)}
    rows = _ordered(entity, statement.orderings, rows)
    limit = min(statement.limit if statement.limit is not None else _DEFAULT_LIMIT, _MAX_LIMIT, at_most)
    page = rows[statement.start - 1 : statement.start - 1 + limit]
    if not page:
        return {}
    shown = [_projected(statement, show(company, row, context="query")) for row in page]
    answer: JsonObject = {entity.name: shown, "startPosition": statement.start, "maxResults": len(page)}
    if entity.name in _WITH_TOTAL_COUNT:
        answer["totalCount"] = len(rows)
    return answer


def default_order(entity: Entity, rows: list[Record]) -> list[Record]:
    """Source: QuickBooks reference 3.3 (REC). Lists without a recorded order come by Id."""
    if entity.is_transaction:
        return sorted(rows, key=lambda row: (row.changed_at, row.order), reverse=True)
    if entity.default_order != "Id":
        return sorted(rows, key=lambda row: str(row.data.get(entity.default_order, "")).casefold())
    return sorted(rows, key=_by_id)


def _by_id(row: Record) -> tuple[int, str]:
    return (int(row.id), "") if row.id.isdigit() else (10**18, row.id)


def _check_paging(company: Company, statement: Statement) -> None:
    if statement.start < 1:
        raise fault("4001", f"QueryValidationError: value {statement.start} is too small. Min allowed value is 1")
    if statement.limit is None:
        return
    if statement.limit < 1:
        raise fault("4001", f"QueryValidationError: value {statement.limit} is too small. Min allowed value is 1")
    if statement.limit > _MAX_LIMIT and company.switches.maxresults_over_1000 == "fault":
        raise fault("4001", f"QueryValidationError: value {statement.limit} is too large. Max allowed value is 1000")


def _check_columns(entity: Entity, statement: Statement) -> None:
    known = {name.lower() for name in entity.fields}
    for column in statement.columns:
        if column != "*" and column.split(".")[0].lower() not in known:
            raise _unknown_property(entity, column)
    for name in [c.property for c in statement.conditions] + [o.property for o in statement.orderings]:
        if name.lower() in {each.lower() for each in entity.filterable}:
            continue
        if name.split(".")[0].lower() in known:
            raise fault("4001", f"QueryValidationError: property '{name}' is not queryable")
        raise _unknown_property(entity, name)
    for condition in statement.conditions:
        if condition.property.lower() == "id" and condition.operator not in {"=", "IN", "NOT IN", "!="}:
            raise fault("4001", f"QueryValidationError: operator {condition.operator} is not allowed on property 'Id'")


def _unknown_property(entity: Entity, name: str) -> QboFault:
    return fault("4001", f"QueryValidationError: Property {name} not found for Entity {entity.name}")


def _matching(company: Company, entity: Entity, statement: Statement) -> list[Record]:
    tests = [_test(entity, condition) for condition in statement.conditions]
    names_active = any(condition.property.lower() == "active" for condition in statement.conditions)
    lag = company.switches.query_lag_seconds
    visible_until = company.now() - timedelta(seconds=lag)
    rows = []
    for row in company.rows(entity.name):
        if entity.has_active and not names_active and row.data.get("Active") is False:
            continue
        if lag and row.created_at > visible_until:
            continue
        if all(test(row) for test in tests):
            rows.append(row)
    return rows


def _test(entity: Entity, condition: Condition) -> Callable[[Record], bool]:
    """A predicate for one condition. Compared values are case-insensitive; ' ' means empty."""
    name = next(each for each in entity.filterable if each.lower() == condition.property.lower())
    if condition.operator == "LIKE":
        pattern = re.escape(str(condition.values[0])).replace("%", ".*")
        matcher = re.compile(pattern, re.IGNORECASE | re.DOTALL)
        return lambda row: matcher.fullmatch(str(value_of(row, name) or "")) is not None
    wanted = [_comparable(name, value) for value in condition.values]
    if condition.operator == "IN":
        return lambda row: any(_equal(_actual(row, name), each) for each in wanted)
    if condition.operator == "NOT IN":
        return lambda row: not any(_equal(_actual(row, name), each) for each in wanted)
    if condition.operator == "=":
        return lambda row: _equal(_actual(row, name), wanted[0])
    if condition.operator == "!=":
        return lambda row: not _equal(_actual(row, name), wanted[0])
    return functools.partial(_compare, name=name, operator=condition.operator, wanted=wanted[0])


def _compare(row: Record, *, name: str, operator: str, wanted: Any) -> bool:
    actual = _actual(row, name)
    if actual is None or isinstance(actual, str) != isinstance(wanted, str):
        return False
    if operator == "<":
        return bool(actual < wanted)
    if operator == ">":
        return bool(actual > wanted)
    if operator == "<=":
        return bool(actual <= wanted)
    return bool(actual >= wanted)


def _equal(actual: Any, wanted: Any) -> bool:
    if wanted is None:
        return actual in (None, "")
    return bool(actual == wanted)


def value_of(row: Record, name: str) -> Any:
    """The stored value behind a filterable property."""
    if name.startswith("MetaData."):
        return row.changed_at if name.endswith("LastUpdatedTime") else row.created_at
    value = row.data.get(name)
    if isinstance(value, dict):
        return value.get("value", value.get("Address"))
    return value


_NUMERIC = frozenset({"Balance", "TotalAmt", "RemainingCredit", "UnappliedAmt", "DueDays"})


def _actual(row: Record, name: str) -> Any:
    value = value_of(row, name)
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, bool) or value is None:
        return value
    if name in _NUMERIC:
        return Decimal(value)
    return str(value).casefold()


def _comparable(name: str, value: str | bool) -> Any:
    if isinstance(value, bool):
        return value
    if value == " ":
        return None
    if name.startswith("MetaData."):
        return parse_moment(value)
    if name in _NUMERIC:
        try:
            return Decimal(value)
        except InvalidOperation:
            raise fault("4001", f"QueryValidationError: Invalid value '{value}' for property '{name}'") from None
    if name == "Active":
        return value.lower() == "true"
    if name in {"TxnDate", "DueDate"}:
        return value[:10]
    return value.casefold()


def parse_moment(text: str) -> datetime:
    """A date, or a date-time with or without offset (then Pacific). Raises 4001."""
    try:
        if len(text) <= 10:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=PACIFIC)
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise fault("4001", f"QueryValidationError: Invalid date '{text}'") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)).astimezone(UTC)


def _ordered(entity: Entity, orderings: list[Ordering], rows: list[Record]) -> list[Record]:
    if not orderings:
        return default_order(entity, rows)
    for ordering in reversed(orderings):
        name = next(each for each in entity.filterable if each.lower() == ordering.property.lower())
        if name == "Id":
            rows = sorted(rows, key=_by_id, reverse=ordering.descending)
        else:
            rows = sorted(rows, key=functools.partial(_sort_key, name=name), reverse=ordering.descending)
    return rows


def _sort_key(row: Record, *, name: str) -> tuple[bool, Any]:
    value = value_of(row, name) if name.startswith("MetaData.") else _actual(row, name)
    return (value is not None, value if value is not None else "")


def _projected(statement: Statement, shown: JsonObject) -> JsonObject:
    """`SELECT Id, DisplayName` returns those, plus what every object carries. Source: QuickBooks reference 3.1 (NQ)."""
    if not statement.columns or "*" in statement.columns:
        return shown
    wanted = {column.split(".")[0].lower() for column in statement.columns} | {"domain", "sparse", "id"}
    kept = {key: value for key, value in shown.items() if key.lower() in wanted}
    kept["sparse"] = True
    return kept


def _exchange_rates(company: Company, statement: Statement) -> JsonObject:
    codes: list[str] = []
    day = company.today().isoformat()
    for condition in statement.conditions:
        if condition.property.lower() == "sourcecurrencycode" and condition.operator in {"=", "IN"}:
            codes = [str(value) for value in condition.values]
        elif condition.property.lower() == "asofdate" and condition.operator == "=":
            day = str(condition.values[0])
        else:
            raise fault("4001", f"QueryValidationError: property '{condition.property}' is not queryable")
    codes = codes or sorted({code for code, _ in company.rates})
    if statement.is_count:
        return {"totalCount": len(codes)}
    rates = [read_rate(company, code, day) for code in codes]
    return {"ExchangeRate": rates, "startPosition": 1, "maxResults": len(rates)} if rates else {}
