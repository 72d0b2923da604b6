"""Who may ask: a key names a platform, and another platform's things do not exist."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlmodel import select

from service.platforms import add_platform, revoke_key
from service.runtime import Service
from service.store.tables import ApiKey
from tests.service.api.conftest import Caller, a_customer, an_invoice


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer ll_wrong", "Basic bGw6bGw=", "ll_wrong", "Bearer \u00e9", "Bearer null"],
)
async def test_without_a_good_key_the_answer_is_401(client: AsyncTestClient[Litestar], header: str | None) -> None:
    """The same for every way of being wrong, with what to send."""
    headers = {} if header is None else {"authorization": header.encode("latin-1")}
    answer = await client.get("/v1/connections", headers=headers)  # type: ignore[arg-type]

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/unauthenticated"


async def test_a_revoked_key_opens_nothing(service: Service, client: AsyncTestClient[Litestar]) -> None:
    async with service.database.write() as session:
        _, key = await add_platform(session, "short-lived")
    before = await client.get("/v1/connections", headers={"authorization": f"Bearer {key}"})
    async with service.database.write() as session:
        row = (await session.exec(select(ApiKey))).one()
        await revoke_key(session, row.id)
    after = await client.get("/v1/connections", headers={"authorization": f"Bearer {key}"})

    assert (before.status_code, after.status_code) == (200, 401)


ADDRESSES: list[tuple[str, str, Any]] = [
    ("GET", "~", None),
    ("DELETE", "~", None),
    ("POST", "~/authorize", None),
    ("GET", "~/settings", None),
    ("PUT", "~/settings", {}),
    ("PATCH", "~/settings", {}),
    ("GET", "~/catalog", None),
    ("POST", "~/catalog/refresh", None),
    ("GET", "~/readiness", None),
    ("GET", "~/status", None),
    ("GET", "~/customers", None),
    ("GET", "~/customers/cus_1", None),
    ("PUT", "~/customers/cus_1", a_customer()),
    ("POST", "~/customers", {"items": [a_customer()]}),
    ("PUT", "~/invoices/inv_1", an_invoice()),
    ("POST", "~/invoices/inv_1/retry", None),
    ("GET", "~/invoices/inv_1/attempts", None),
    ("POST", "~/customer-imports", None),
    ("GET", "~/customer-imports", None),
    ("GET", "~/customer-imports/x", None),
    ("GET", "~/customer-imports/x/rows", None),
    ("GET", "~/customer-imports/x/rows.csv", None),
    ("GET", "~/customer-imports/x/rows.xlsx", None),
    ("POST", "~/customer-imports/x/import", {"all_valid": True}),
    ("POST", "~/customer-imports/x/reload", {"all_invalid": True}),
]


@pytest.mark.parametrize(("method", "path", "body"), ADDRESSES)
async def test_another_platforms_connection_does_not_exist(
    platform: Caller, stranger: Caller, method: str, path: str, body: Any
) -> None:
    """404 and not 403: even that there is such a connection is nobody else's business."""
    await platform.put("~/customers/cus_1", a_customer())
    await platform.put("~/invoices/inv_1", an_invoice())

    answer = await stranger.call(method, path.replace("~", platform.base), **({} if body is None else {"json": body}))

    assert answer.status_code == 404, answer.text
    assert answer.json()["type"] == "/problems/not_found"


async def test_lists_and_feeds_hold_only_what_is_ones_own(platform: Caller, stranger: Caller) -> None:
    await platform.post("/v1/webhook-endpoints", {"url": "https://billing.example/hooks"})

    mine = (await stranger.get("/v1/connections")).json()["items"]
    endpoints = (await stranger.get("/v1/webhook-endpoints")).json()["items"]

    assert [connection["id"] for connection in mine] == [stranger.connection_id]
    assert endpoints == []


async def test_another_platforms_endpoint_does_not_exist(platform: Caller, stranger: Caller) -> None:
    made = (await platform.post("/v1/webhook-endpoints", {"url": "https://billing.example/hooks"})).json()

    answers = [
        await stranger.get(f"/v1/webhook-endpoints/{made['id']}"),
        await stranger.get(f"/v1/webhook-endpoints/{made['id']}/deliveries"),
        await stranger.post(f"/v1/webhook-endpoints/{made['id']}/deliveries/x/redeliver"),
        await stranger.call("DELETE", f"/v1/webhook-endpoints/{made['id']}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
