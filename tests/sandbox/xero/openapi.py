"""Checks an answer of the simulator, or a request of ours, against Xero's own OpenAPI document, unknown names included.

The document describes names and types well and behaviour badly (Xero reference 13), so what the live API is known to
send beyond it is listed in UNDOCUMENTED with its evidence, and nothing else may appear.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml  # type: ignore[import-untyped]

DOCUMENT = Path(__file__).parents[2] / "reference" / "xero_accounting.yaml"

# Envelope of every answer. Source: Xero reference 2.2 (real wire); the document knows only `pagination` and Warnings.
ENVELOPE = frozenset({"Id", "Status", "ProviderName", "DateTimeUTC"})
# Schema -> names the live API sends and the document lacks. Source: Xero reference, the sections named.
UNDOCUMENTED: dict[str, frozenset[str]] = {
    "Invoice": frozenset({"DateString", "DueDateString", "InvoicePaymentServices"}),  # 3, 4.2, 4.5
    "CreditNote": frozenset({"ID", "DateString", "DueDateString", "Attachments"}),  # 5.1
    "Overpayment": frozenset({"DateString"}),  # 3
    "Prepayment": frozenset({"DateString"}),  # 3
    "BankTransaction": frozenset({"DateString"}),  # 3
    "LineItem": frozenset({"DiscountEnteredAsPercent", "ValidationErrors"}),  # 4.3, 4.5
    "Allocation": frozenset({"DateString"}),  # 5.2
    "HistoryRecord": frozenset({"DateUTCString", "ValidationErrors"}),  # 7.8
    "Organisation": frozenset({"TaxNumberName"}),  # 7.6
    # Strict refusals echo the whole element, of any type. Source: 8.3.
    "Element": frozenset({"*"}),
}
# Required by the document, absent on the wire: a nested or deleted allocation, an item's stub. Source: 5.2.
NOT_REALLY_REQUIRED = frozenset({"Allocation", "Item"})
# Operations answered with another schema than the document says. DELETE of an allocation: one bare object. Source: 5.2.
BARE_ALLOCATION = re.compile(r"/Allocations/[^/]+$")


# What we send although the document does not have it: (path, query parameter) -> why.
SENT_ALL_THE_SAME: dict[tuple[str, str], str] = {
    ("/Overpayments/{OverpaymentID}", "unitdp"): "as on the list: every reading of prices asks for four places (2.6)",
    ("/Prepayments/{PrepaymentID}", "unitdp"): "the same",
}


@cache
def document() -> Any:
    with DOCUMENT.open(encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def _schemas() -> dict[str, Any]:
    return {name: _closed(name, schema) for name, schema in document()["components"]["schemas"].items()}


@cache
def _request_schemas() -> dict[str, Any]:
    """As for answers, but nothing undocumented, and nothing that only Xero may write."""
    schemas = document()["components"]["schemas"]
    found = {name: _closed(name, schema, undocumented={}) for name, schema in schemas.items()}
    for schema in found.values():
        for each, prop in list(schema.get("properties", {}).items()):
            if isinstance(prop, dict) and prop.get("readOnly"):
                del schema["properties"][each]
    return found


def _closed(name: str, schema: Any, undocumented: Any = None) -> Any:
    """The schema with unknown names refused, the undocumented ones allowed."""
    schema = json.loads(json.dumps(schema, default=str))
    if "properties" in schema:
        extra = (UNDOCUMENTED if undocumented is None else undocumented).get(name, frozenset())
        for each in extra:
            schema["properties"].setdefault(each, {})
        schema["additionalProperties"] = "*" in extra
    if name in NOT_REALLY_REQUIRED:
        schema.pop("required", None)
    for prop in schema.get("properties", {}).values():
        if isinstance(prop, dict):
            prop.pop("example", None)
    return schema


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    """Path templates, those with the fewest placeholders first; names match in any case (Xero reference 2.1)."""
    templates = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", path) + "$", re.IGNORECASE), path) for path in templates]


def schema_name(method: str, path: str, status: int) -> str | None:
    """The component an answer must fit, None when the document promises no body."""
    template = next((template for pattern, template in _paths() if pattern.match(path)), None)
    assert template is not None, f"the OpenAPI document has no path {path}"
    operation = document()["paths"][template].get(method.lower())
    if operation is None:
        # PUT and POST on lists share one schema; the document leaves out some of the pairs it describes in prose.
        return None
    if status == 400:
        return "Error"
    answer = operation["responses"].get(status) or operation["responses"].get(str(status))
    assert answer is not None, f"the OpenAPI document has no {status} for {method} {template}"
    if "$ref" in answer:
        answer = document()["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return schema["$ref"].rsplit("/", 1)[1] if "$ref" in schema else None


def check(method: str, path: str, status: int, body: Any) -> None:
    """Fails with every violation. `path` is below /api.xro/2.0, `body` the parsed JSON (Decimals welcome)."""
    if method == "DELETE" and BARE_ALLOCATION.search(path) and status == 200:
        name: str | None = "Allocation"
    else:
        name = schema_name(method, path, status)
    if name is None:
        return
    plain = json.loads(json.dumps(body, default=float))
    if name not in {"Allocation", "Error"}:
        missing = ENVELOPE - set(plain)
        assert not missing, f"{method} {path}: the envelope lacks {sorted(missing)}"
        plain = {key: value for key, value in plain.items() if key not in ENVELOPE}
    root = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": _schemas()}}
    found = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in _validator(root).iter_errors(plain)]
    assert not found, f"{method} {path} {status} does not fit {name}:\n" + "\n".join(found[:20])


def check_request(method: str, path: str, params: Any, headers: Any, body: str) -> tuple[str, list[str]]:
    """The operation's name, and every violation. `path` is below /api.xro/2.0, `params` a list of pairs."""
    template = next(
        (one for pattern, one in _paths() if pattern.match(path) and method.lower() in document()["paths"][one]), None
    )
    assert template is not None, f"the OpenAPI document has no {method} {path}"
    operation = document()["paths"][template][method.lower()]
    both = [*document()["paths"][template].get("parameters", []), *operation.get("parameters", [])]
    named = [_resolved(one) for one in both]
    by_place = {
        place: {one["name"].lower(): one for one in named if one["in"] == place} for place in ("query", "header")
    }
    problems: list[str] = []
    for name, value in params:
        known = by_place["query"].get(name.lower())
        if known is None:
            if (template, name) not in SENT_ALL_THE_SAME:
                problems.append(f"query parameter {name} is not documented")
        elif not _fits(known["schema"], value):
            problems.append(f"query parameter {name}={value!r} is no {known['schema']}")
    lower = {name.lower(): value for name, value in headers.items()}
    for name in ("idempotency-key", "if-modified-since"):
        if name in lower and name not in by_place["header"]:
            problems.append(f"header {name} is not documented")
    problems += [
        f"header {one} is missing"
        for one, each in by_place["header"].items()
        if each.get("required") and one not in lower
    ]
    if len(lower.get("idempotency-key", "")) > 128:
        problems.append("the idempotency key is longer than 128 characters")
    wanted = _resolved(operation.get("requestBody", {})).get("content", {}).get("application/json", {}).get("schema")
    if (wanted is None) is not (body == ""):
        problems.append(f"a body of {len(body)} characters where the document has {wanted}")
    elif wanted is not None:
        root = {**wanted, "components": {"schemas": _request_schemas()}}
        found = _validator(root).iter_errors(json.loads(body))
        problems += [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]
    return f"{method} {template}", problems


def _resolved(part: Any) -> Any:
    """What a $ref points to."""
    while "$ref" in part:
        _, _, *names = part["$ref"].split("/")
        part = document()["components"][names[0]][names[1]]
    return part


def _fits(schema: Any, value: str) -> bool:
    kind = schema["type"]
    if kind == "integer":
        return value.isdigit()
    if kind == "boolean":
        return value in ("true", "false")
    if kind == "array":
        return bool(value) and all(value.split(","))
    return bool(value)


def _validator(root: Any) -> Any:
    return jsonschema.Draft4Validator(root)
