"""The API's description, OpenAPI 3.1, made from the handlers and the contracts.

Paths and parameters come from the framework, schemas from pydantic itself: the framework's own copy of them loses
patterns and says `number` where a string is sent. What no annotation can say is added here: problem+json answers and
the key. `contracts/openapi.json` is this document, committed; the service answers /openapi.json with that file.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import License
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

import contracts.api
import contracts.books
import contracts.connections
import contracts.credit_memos
import contracts.customers
import contracts.events
import contracts.imports
import contracts.invoices
import contracts.payments
import contracts.problems
from contracts.base import DECIMAL_PATTERN, Contract
from service.api.routes import route_handlers

Json = dict[str, Any]

CORE: list[type[Contract]] = [
    contracts.customers.Customer,
    contracts.invoices.Invoice,
    contracts.credit_memos.CreditMemo,
    contracts.payments.Payment,
    contracts.payments.Refund,
    contracts.connections.ConnectionSettings,
    contracts.books.Catalog,
    contracts.imports.ImportRow,
    contracts.events.CloudEvent,
    contracts.problems.Problem,
]
"""The contracts that get a schema file of their own."""

_MODULES = (
    contracts.api,
    contracts.books,
    contracts.connections,
    contracts.credit_memos,
    contracts.customers,
    contracts.events,
    contracts.imports,
    contracts.invoices,
    contracts.payments,
    contracts.problems,
)
_BATCHES = {"CustomerBatch", "InvoiceBatch", "CreditMemoBatch", "PaymentBatch"}
"""Pydantic repeats the whole schema of an item it does not validate; a reference says the same."""
_SIGNATURES = (
    ("intuit-signature", "QuickBooks", "HMAC-SHA256 of the raw body under the verifier token, in base64."),
    ("x-xero-signature", "Xero", "HMAC-SHA256 of the raw body under the webhook key, in base64."),
)
_OPEN = ("/webhooks/", "/oauth/", "/health/", "/problems/")
_PROBLEM_TEXT = {
    "400": "The request does not have the documented shape; every field that is wrong is named.",
    "401": "The key or signature is missing or wrong.",
    "404": "There is no such thing, or it is another platform's.",
    "409": "The request contradicts what is already recorded, or cannot be done here.",
    "413": "The request is too large.",
    "415": "The body is not JSON.",
    "503": "Not at the moment; try again.",
}


class ContractSchema(GenerateJsonSchema):
    """Pydantic's generator, for which a decimal is a string: what we send, and the form we ask for."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Amounts and quantities."""
        return {"type": "string", "pattern": DECIMAL_PATTERN}


def document() -> Json:
    """The whole description, in a stable order."""
    config = OpenAPIConfig(
        title="Ledgerlane",
        version="1",
        description="Keeps a billing platform and its merchants' books in agreement. Amounts are decimal strings, "
        "times are UTC, ids are yours wherever you sent one.",
        use_handler_docstrings=True,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
    )
    app = Litestar(route_handlers=route_handlers(), openapi_config=config, logging_config=None)
    made = cast("Json", json.loads(json.dumps(app.openapi_schema.to_schema(), default=str)))
    named = _contracts_by_name()
    asked = _reachable(made, _body_names(made))
    for path, item in made["paths"].items():
        for method, operation in item.items():
            _finish_operation(path, method, operation)
    made["components"] = {
        "schemas": _component_schemas(made["components"]["schemas"], named, asked),
        "responses": {code: _problem_answer(text) for code, text in _PROBLEM_TEXT.items()},
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key, ll_..."}},
    }
    made["servers"] = [{"url": "/"}]
    made["paths"] = dict(sorted(made["paths"].items()))
    return made


def contract_schemas() -> dict[str, Json]:
    """One JSON Schema for each core contract, by file name."""
    return {
        f"{_snake(model.__name__)}.json": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **model.model_json_schema(schema_generator=ContractSchema),
        }
        for model in CORE
    }


def _finish_operation(path: str, method: str, operation: Json) -> None:
    is_open = path.startswith(_OPEN)
    answers = {code: answer for code, answer in operation["responses"].items() if code < "400"}
    for code in _problem_codes(path, method, operation, is_open=is_open):
        answers[code] = {"$ref": f"#/components/responses/{code}"}
    if path == "/health/ready":
        answers["503"] = {**answers["200"], "description": "The database does not answer."}
    operation["responses"] = dict(sorted(answers.items()))
    operation["security"] = [] if is_open else [{"key": []}]
    operation["operationId"] = _operation_id(path, method)
    operation["summary"] = operation.get("description", "").split(". ")[0].split("\n")[0].rstrip(".")
    for answer in answers.values():
        if answer.get("headers") == {}:
            del answer["headers"]
    operation.pop("deprecated", None)
    for parameter in operation.get("parameters", []):
        parameter["schema"].pop("description", None)
        for silent in ("deprecated", "allowEmptyValue", "allowReserved"):
            parameter.pop(silent, None)
    operation.get("parameters", []).sort(key=lambda parameter: (parameter["in"] != "path", parameter["name"]))
    if path == "/webhooks/{ledger}":
        _describe_webhook(operation)


def _describe_webhook(operation: Json) -> None:
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": {}}}}
    operation["responses"]["200"] = {"description": "Stored."}
    operation["parameters"] += [
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": f"{ledger}: {text}"}
        for name, ledger, text in _SIGNATURES
    ]


def _problem_codes(path: str, method: str, operation: Json, *, is_open: bool) -> list[str]:
    if path == "/webhooks/{ledger}":
        return ["400", "401", "413", "503"]
    codes = ["400"]
    if not is_open:
        codes.append("401")
    if "{" in path:
        codes.append("404")
    if "requestBody" in operation:
        codes += ["413", "415"]
    if method == "put" and not path.endswith("/settings"):
        codes.append("409")
    if (path == "/v1/connections" and method == "post") or path.endswith("/authorize"):
        codes.append("409")
    return codes


def _component_schemas(drawn: Json, named: dict[str, type[BaseModel]], asked: set[str]) -> Json:
    wanted = sorted({name for name in drawn if name in named} | {"ProblemDetails"})
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (named[name], "validation" if name in asked else "serialization") for name in wanted
    ]
    _, generated = models_json_schema(
        models, ref_template="#/components/schemas/{model}", schema_generator=ContractSchema
    )
    schemas = {name: drawn[name] for name in drawn if name not in named}
    schemas |= generated["$defs"]
    for name in _BATCHES & schemas.keys():
        schemas[name]["properties"]["items"]["items"] = {"$ref": f"#/components/schemas/{name.removesuffix('Batch')}"}
    return dict(sorted(schemas.items()))


def _contracts_by_name() -> dict[str, type[BaseModel]]:
    return {
        name: value
        for module in _MODULES
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == module.__name__
    }


def _body_names(made: Json) -> set[str]:
    names: set[str] = set()
    for item in made["paths"].values():
        for operation in item.values():
            names |= _refs(operation.get("requestBody", {}))
    return names


def _reachable(made: Json, names: set[str]) -> set[str]:
    found: set[str] = set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            names |= _refs(made["components"]["schemas"].get(name, {}))
    return found


def _refs(node: object) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(node)))


def _problem_answer(text: str) -> Json:
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}


def _operation_id(path: str, method: str) -> str:
    words = [part for part in re.split(r"[^a-z_]+", re.sub(r"\{[^}]*\}", "one", path.removeprefix("/v1"))) if part]
    return "_".join([method, *words])


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
