"""The API's description: committed, fresh, valid, and true of what the service answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

import contracts.api
from service.cli.contracts import REPOSITORY, generated_files, stale_schemas
from service.store import tables
from tests.service.api.conftest import a_customer, an_invoice

SCHEMAS = sorted((REPOSITORY / "contracts" / "schemas").glob("*.json"))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_committed_files_are_what_the_code_says() -> None:
    """Run `ledgerlane contracts write` and commit when this fails."""
    wanted = generated_files()

    assert [path.name for path, text in wanted.items() if path.read_text(encoding="utf-8") != text] == []
    assert stale_schemas(wanted) == []


def test_the_description_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(read(REPOSITORY / "contracts" / "openapi.json")).validate()


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_each_schema_is_valid_json_schema(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(read(path))


@pytest.mark.parametrize(("name", "body"), [("customer", a_customer()), ("invoice", an_invoice())])
def test_what_is_accepted_fits_its_schema(name: str, body: dict[str, Any]) -> None:
    jsonschema.validate(body, read(REPOSITORY / "contracts" / "schemas" / f"{name}.json"))


def test_amounts_are_strings_in_every_schema() -> None:
    """A JSON number has lost digits before anybody sees it."""
    for path in SCHEMAS:
        assert '"number"' not in json.dumps(
            [part for part in _walk(read(path)) if isinstance(part.get("type"), str) and part["type"] == "number"]
        )


def test_every_operation_says_what_may_go_wrong() -> None:
    document = read(REPOSITORY / "contracts" / "openapi.json")
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["description"], f"{method} {path}"
            assert "400" in operation["responses"], f"{method} {path}"
            if path.startswith("/v1"):
                assert operation["security"] == [{"key": []}], f"{method} {path}"
                assert "401" in operation["responses"], f"{method} {path}"


async def test_the_service_hands_out_the_same_description(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.get("/openapi.json")

    assert answer.json() == read(REPOSITORY / "contracts" / "openapi.json")


@pytest.mark.parametrize(
    ("outside", "inside"),
    [
        (contracts.api.RecordState, tables.RecordState),
        (contracts.api.Side, tables.Origin),
        (contracts.api.LinkOrigin, tables.LinkOrigin),
        (contracts.api.DeliveryState, tables.DeliveryState),
    ],
)
def test_the_words_outside_are_the_words_in_the_database(outside: Any, inside: Any) -> None:
    """Contracts import nothing of ours, so the same words are said twice and held together here."""
    assert [one.value for one in outside] == [one.value for one in inside]


def _walk(node: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if isinstance(node, dict):
        found.append(node)
        for inner in node.values():
            found += _walk(inner)
    elif isinstance(node, list):
        for inner in node:
            found += _walk(inner)
    return found
