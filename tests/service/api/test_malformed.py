"""Bad input gets 400 and every field by name; never 500, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from service.views.paging import encode_cursor
from tests.service.api.conftest import Caller, a_customer, an_invoice

JSON = {"content-type": "application/json"}


def _changed(path: str, value: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.dumps(an_invoice()))
    here: Any = body
    *parents, last = path.split(".")
    for part in parents:
        here = here[int(part) if part.isdigit() else part]
    if value is MISSING:
        del here[last]
    else:
        here[last] = value
    return body


MISSING = object()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("totals", MISSING),
        ("totals.total", MISSING),
        ("totals.total", 24.0),
        ("totals.total", "24,00"),
        ("totals.total", "NaN"),
        ("totals.total", "Infinity"),
        ("totals.total", "1e400"),
        ("totals.total", "9" * 40),
        ("totals.total", 10**40),
        ("totals.total", "0.0000001"),
        ("totals.total", True),
        ("totals.total", None),
        ("totals.total", {}),
        ("currency", "EURO"),
        ("currency", "XXZ"),
        ("currency", 7),
        ("status", "paid"),
        ("issue_date", "2026-02-30"),
        ("issue_date", "yesterday"),
        ("customer_id", ""),
        ("customer_id", "x" * 101),
        ("customer_id", "a/b"),
        ("number", "9" * 256),
        ("number", ["1"]),
        ("sections", {}),
        ("sections.0.lines.0.amount", 20.5),
        ("sections.0.lines.0.tax_code", "!!"),
        ("sections.0.lines.0.quantity", "two"),
        ("tax_codes.0.rate", "-1"),
        ("bill_to_emails", ["x" * 321]),
        ("metadata", {"a": 1}),
        ("colour", "red"),
        ("memo", "\u0000"),
        ("metadata", {"k": "a\u0000b"}),
    ],
)
async def test_a_wrong_field_is_named_with_its_value_and_its_fix(platform: Caller, path: str, value: Any) -> None:
    answer = await platform.put("~/invoices/inv_1", _changed(path, value))

    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/malformed"
    problem = answer.json()["problems"][0]
    assert problem["field"].startswith(path)
    assert problem["reason"] == "malformed"
    assert problem["message"]
    assert problem["fix"]
    assert (await platform.get("~/invoices/inv_1")).status_code == 404


async def test_every_wrong_field_is_named_at_once(platform: Caller) -> None:
    """A person correcting one field at a time would need an afternoon."""
    body = _changed("currency", "EURO") | {"issue_date": "soon", "surprise": 1}
    body["sections"][0]["lines"][0]["amount"] = 20.0
    answer = await platform.put("~/invoices/inv_1", body)

    assert {problem["field"] for problem in answer.json()["problems"]} == {
        "currency",
        "issue_date",
        "surprise",
        "sections.0.lines.0.amount",
    }


async def test_the_path_of_a_field_with_two_allowed_forms_is_its_own(platform: Caller) -> None:
    """Pydantic names the branches of a union in its paths; nobody else knows these names."""
    answer = await platform.put("~/customers/cus_1", a_customer(default_tax_code="?", language="xyzzy!"))

    assert sorted(problem["field"] for problem in answer.json()["problems"]) == ["default_tax_code", "language"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"id": NaN}',
        b'{"id": Infinity}',
        b'{"id": "\xff\xfe"}',
        b'{"id": "\\ud800"}',
        b'{"id": 1e999}',
        b'{"id": ' + b"9" * 6000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"\xef\xbb\xbf{}",
        b"{}",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("PUT", "~/invoices/inv_1"), ("POST", "~/customers")])
async def test_a_body_that_cannot_be_read_is_refused(platform: Caller, raw: bytes, method: str, path: str) -> None:
    answer = await platform.call(method, path, content=raw, headers=JSON)

    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "/problems/malformed"
    assert answer.json()["problems"]


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
async def test_only_json_is_read(platform: Caller, media: str) -> None:
    raw = json.dumps(a_customer()).encode()
    answer = await platform.call("PUT", "~/customers/cus_1", content=raw, headers={"content-type": media})

    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_request_that_is_too_large_is_refused(platform: Caller) -> None:
    raw = b'{"items": ["' + b"x" * (33 * 1024 * 1024) + b'"]}'
    answer = await platform.call("POST", "~/customers", content=raw, headers=JSON)

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("~/invoices", {"limit": "0"}, "limit"),
        ("~/invoices", {"limit": "501"}, "limit"),
        ("~/invoices", {"limit": "ten"}, "limit"),
        ("~/invoices", {"limit": "9" * 30}, "limit"),
        ("~/invoices", {"state": "happy"}, "state"),
        ("~/invoices", {"reason": "because"}, "reason"),
        ("~/invoices", {"cursor": "nonsense"}, "cursor"),
        ("~/invoices", {"cursor": "é"}, "cursor"),
        ("~/invoices", {"cursor": encode_cursor("a", "b")}, "cursor"),
        ("~/invoices", {"cursor": "W10"}, "cursor"),
        ("~/invoices", {"search": "x" * 201}, "search"),
        ("/v1/events", {"after": "-1"}, "after"),
        ("/v1/events", {"after": "abc"}, "after"),
        ("/v1/events", {"after": "9" * 20}, "after"),
        ("/v1/events", {"after": "²"}, "after"),
        ("/v1/events", {"types": "nothing"}, "types"),
        ("/v1/connections", {"cursor": "?"}, "cursor"),
    ],
)
async def test_a_wrong_parameter_is_named(platform: Caller, path: str, params: dict[str, str], field: str) -> None:
    answer = await platform.get(path, params=params)

    assert answer.status_code == 400, answer.text
    assert answer.json()["problems"][0]["field"].split(".")[0] == field


@pytest.mark.parametrize(
    "path", ["~/invoices/%00", "~/invoices?search=%00", "/v1/events?after=%00", "~/customers/a%00b/retry"]
)
async def test_a_nul_in_the_address_is_refused(platform: Caller, path: str) -> None:
    """PostgreSQL stores no NUL; asking it would be a fault of ours."""
    answer = await platform.get(path)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["~/invoices/%FF%FE", "~/invoices/" + "x" * 200, "/v1/nothing", "/nothing"])
async def test_what_does_not_exist_is_404(platform: Caller, path: str) -> None:
    answer = await platform.get(path)

    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not_found"


async def test_a_wrong_method_is_405_as_a_problem(platform: Caller) -> None:
    answer = await platform.call("PATCH", "~/invoices/inv_1", json={})

    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_fault_of_ours_tells_an_id_and_nothing_else(platform: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("service.views.connections.list_connections", broken)
    answer = await platform.get("/v1/connections", headers={"x-request-id": "from-billing-1"})

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "from-billing-1"


async def test_every_answer_has_a_request_id_of_its_own(client: AsyncTestClient[Litestar], platform: Caller) -> None:
    answers = [
        await platform.get("/v1/connections"),
        await platform.get("/v1/nothing"),
        await client.get("/v1/connections"),
        await client.get("/health/live"),
        await client.get("/health/live", headers={"x-request-id": "two words"}),
    ]
    ids = [answer.headers["x-request-id"] for answer in answers]

    assert len(set(ids)) == len(ids)
    assert "two words" not in ids
