"""Routes without a key: what the ledger sends, where a browser returns, and whether we are well."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlmodel import select

from service.api.webhooks import LARGEST_WEBHOOK
from service.runtime import Service
from service.store.tables import Change
from tests.service.api.conftest import Caller, sign

WEBHOOK = "/webhooks/quickbooks"


def a_notice(company: str) -> bytes:
    hint = {"kind": "invoice", "remote_id": "145", "operation": "updated", "company": company, "dedupe_key": "k1"}
    return json.dumps([hint]).encode()


async def changes(service: Service) -> int:
    async with service.database.read() as session:
        return len((await session.exec(select(Change))).all())


async def test_a_genuine_notice_is_kept_once(platform: Caller, service: Service) -> None:
    """Intuit repeats itself; the second time changes nothing."""
    raw = a_notice("realm-acme")
    answers = [
        await platform.client.post(WEBHOOK, content=raw, headers={"intuit-signature": sign(raw)}) for _ in range(2)
    ]

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b""), (200, b"")]
    assert await changes(service) == 1


@pytest.mark.parametrize("signature", [None, "", "AAAA", "é", "x" * 5000, sign(b"something else")])
async def test_a_forged_notice_is_refused_and_leaves_nothing(
    platform: Caller, service: Service, signature: str | None
) -> None:
    headers: dict[str, Any] = {} if signature is None else {"intuit-signature": signature.encode("latin-1")}
    answer = await platform.client.post(WEBHOOK, content=a_notice("realm-acme"), headers=headers)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert await changes(service) == 0


async def test_a_changed_body_does_not_fit_its_signature(platform: Caller, service: Service) -> None:
    raw = a_notice("realm-acme")
    answer = await platform.client.post(WEBHOOK, content=raw + b" ", headers={"intuit-signature": sign(raw)})

    assert answer.status_code == 401
    assert await changes(service) == 0


@pytest.mark.parametrize("raw", [b"", b"not json", b"\x00\xff", b"[1]", b"{}"])
async def test_a_genuine_notice_that_cannot_be_read_is_not_sent_again(platform: Caller, raw: bytes) -> None:
    answer = await platform.client.post(WEBHOOK, content=raw, headers={"intuit-signature": sign(raw)})

    assert answer.status_code == 200


async def test_a_notice_that_is_too_large_is_refused(client: AsyncTestClient[Litestar]) -> None:
    raw = b" " * (LARGEST_WEBHOOK + 1)
    answer = await client.post(WEBHOOK, content=raw, headers={"intuit-signature": sign(raw)})

    assert answer.status_code == 413


async def test_a_fault_of_ours_makes_the_ledger_send_it_again(
    client: AsyncTestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> bool:
        raise RuntimeError("no database")

    monkeypatch.setattr("service.webhooks.receive", broken)
    answer = await client.post(WEBHOOK, content=b"{}", headers={"intuit-signature": "x"})

    assert answer.status_code == 503
    assert "database" not in answer.text


async def test_a_browser_that_comes_back_is_sent_on(platform: Caller) -> None:
    """To the platform's own page, with what came of it; the state works once."""
    made = (await platform.post("/v1/connections", {"return_url": "https://billing.example/done?tab=1"})).json()
    state = made["authorize_url"].split("state=")[1]
    path = "/oauth/quickbooks/callback"
    first = await platform.client.get(path, params={"state": state, "error": "access_denied"}, follow_redirects=False)
    second = await platform.client.get(path, params={"state": state, "code": "c"}, follow_redirects=False)

    assert first.status_code == 302
    assert first.headers["location"].startswith("https://billing.example/done?tab=1&connection=")
    assert first.headers["location"].endswith("result=not_connected")
    assert second.status_code == 400
    assert second.json()["problems"][0]["fix"]


async def test_health_says_whether_the_database_answers(
    client: AsyncTestClient[Litestar], service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, ready = await client.get("/health/live"), await client.get("/health/ready")

    def broken() -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(service.database, "read", broken)
    failing = await client.get("/health/ready")

    assert (live.json()["status"], ready.json()["status"]) == ("ok", "ok")
    assert (failing.status_code, failing.json()["status"]) == (503, "failing")


async def test_a_problem_type_explains_itself(client: AsyncTestClient[Litestar]) -> None:
    known, unknown = await client.get("/problems/malformed"), await client.get("/problems/bad_luck")

    assert known.json()["title"] == "The request does not have the documented shape"
    assert unknown.status_code == 404
