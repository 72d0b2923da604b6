"""Connections over HTTP: asked for, configured, watched, ended."""

from __future__ import annotations

import pytest

from service.runtime import Service
from service.security.keys import digest
from service.store.tables import ConsoleSession
from tests.service.api.conftest import Caller


async def test_a_connection_is_asked_for_and_comes_with_the_address_to_consent_at(platform: Caller) -> None:
    made = await platform.post("/v1/connections", {"name": "Books", "return_url": "https://billing.example/done"})
    read = await platform.get(f"/v1/connections/{made.json()['id']}")
    again = await platform.post(f"/v1/connections/{made.json()['id']}/authorize")

    assert made.status_code == 201
    assert made.json()["authorize_url"].startswith("https://ledger.example/consent?state=")
    assert (read.json()["status"], read.json()["authorize_url"]) == ("pending", "")
    assert again.json()["authorize_url"] != made.json()["authorize_url"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x", "//evil.example", "https://a b", "done"])
async def test_a_return_url_is_a_web_address(platform: Caller, url: str) -> None:
    """A browser is sent there after consent."""
    answer = await platform.post("/v1/connections", {"return_url": url})

    assert answer.status_code == 400
    assert answer.json()["problems"][0]["field"] == "return_url"


async def test_a_ledger_without_credentials_cannot_be_connected(platform: Caller) -> None:
    answer = await platform.post("/v1/connections", {"ledger": "xero"})

    assert answer.status_code == 409
    assert answer.json()["problems"][0]["field"] == "ledger"
    assert len((await platform.get("/v1/connections")).json()["items"]) == 1


async def test_settings_are_replaced_or_patched(platform: Caller) -> None:
    """PUT forgets what is left out, PATCH keeps it."""
    put = await platform.put("~/settings", {"default_item": "7", "tax_codes": {"vat": "3"}, "mark_sent": False})
    patched = await platform.call("PATCH", "~/settings", json={"tax_codes": {"vat": "4"}})
    read = await platform.get("~/settings")
    replaced = await platform.put("~/settings", {"default_item": "8"})

    assert put.status_code == patched.status_code == 200
    assert read.json() == patched.json()
    assert (read.json()["default_item"], read.json()["tax_codes"], read.json()["mark_sent"]) == (
        "7",
        {"vat": "4"},
        False,
    )
    assert (replaced.json()["tax_codes"], replaced.json()["mark_sent"]) == ({}, True)


async def test_what_is_missing_is_said_before_documents_are_sent(platform: Caller) -> None:
    readiness = await platform.get("~/readiness")
    catalog = await platform.get("~/catalog")
    asked = await platform.post("~/catalog/refresh")

    assert (readiness.json()["ready"], readiness.json()["problems"][0]["reason"]) == (False, "catalog_missing")
    assert catalog.status_code == 404
    assert asked.status_code == 202


async def test_a_connection_is_ended_and_stays_readable(platform: Caller) -> None:
    first = await platform.call("DELETE", "~")
    second = await platform.call("DELETE", "~")
    read = await platform.get("~")

    assert (first.status_code, second.status_code) == (204, 204)
    assert read.json()["status"] == "disconnected"


async def test_a_console_link_is_made_for_one_browser(platform: Caller, service: Service) -> None:
    """The database holds its digest only, for the caller's platform, and it ends."""
    link = await platform.post("/v1/console-links")
    url, code = link.json()["url"].split("?code=")
    async with service.database.read() as session:
        row = await session.get(ConsoleSession, digest(code))

    assert link.status_code == 201
    assert url == "http://ledgerlane.test/console/enter"
    assert row is not None
    assert (row.platform_id, row.one_time) == (platform.platform_id, True)
