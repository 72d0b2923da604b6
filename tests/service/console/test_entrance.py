"""Getting in and out: a key or a one-time link, for one platform, and nobody else's pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from service.clock import utc_now
from service.platforms import add_platform
from service.runtime import Service
from service.security.keys import digest
from service.store.tables import ConsoleSession, Platform
from tests.service.console.conftest import Browser


async def test_a_key_opens_a_session_whose_token_is_not_stored(browser: Browser, key: str, service: Service) -> None:
    """A copy of the database must not let anyone in."""
    page = await browser.sign_in(key)

    token = browser.client.cookies["ledgerlane_console"]
    async with service.database.read() as session:
        stored = (await session.exec(select(ConsoleSession))).one()
    assert "No company is connected yet" in page
    assert stored.digest == digest(token)
    assert token not in stored.model_dump_json()


@pytest.mark.parametrize("wrong", ["", "ll_unknown", "' OR 1=1 --", "<script>"])
async def test_a_wrong_key_says_so_and_lets_nobody_in(browser: Browser, key: str, wrong: str) -> None:
    page = await browser.sign_in(wrong)

    assert browser.status == 422
    assert 'aria-invalid="true"' in page
    assert "ledgerlane_console" not in browser.client.cookies


async def test_a_page_asks_to_sign_in_and_then_shows_what_was_asked_for(browser: Browser, home: str) -> None:
    await browser.get(home)
    await browser.send("/console/sign-out")
    page = await browser.get(f"{home}/documents?state=blocked")

    assert browser.path == "/console/sign-in"
    assert f'value="{home}/documents?state=blocked"' in page


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/console//evil.example", "/v1"])
async def test_signing_in_never_leads_out_of_the_console(browser: Browser, key: str, elsewhere: str) -> None:
    await browser.get("/console/sign-in")
    await browser.send("/console/sign-in", {"key": key, "next": elsewhere})

    assert browser.path == "/console/connections"


async def test_signing_out_ends_the_session_in_the_database_too(browser: Browser, key: str, service: Service) -> None:
    """A copied cookie must be worth nothing afterwards."""
    await browser.sign_in(key)
    copied = browser.client.cookies["ledgerlane_console"]
    await browser.send("/console/sign-out")
    browser.client.cookies.set("ledgerlane_console", copied, domain="testserver.local", path="/console")
    page = await browser.get("/console/connections")

    assert browser.path == "/console/sign-in"
    assert "session has ended" in page


async def test_a_session_ends_after_eight_hours(browser: Browser, key: str, service: Service) -> None:
    await browser.sign_in(key)
    async with service.database.write() as session:
        stored = (await session.exec(select(ConsoleSession))).one()
        stored.expires_at = utc_now() - timedelta(seconds=1)
        session.add(stored)
    await browser.get("/console/connections")

    assert browser.path == "/console/sign-in"


async def a_link(service: Service, *, minutes: int = 5) -> str:
    """A one-time link as the API makes it."""
    async with service.database.write() as session:
        platform = (await session.exec(select(Platform))).one()
        session.add(
            ConsoleSession(
                digest=digest("code"),
                platform_id=platform.id,
                one_time=True,
                expires_at=utc_now() + timedelta(minutes=minutes),
            )
        )
    return "/console/enter?code=code"


async def test_a_one_time_link_survives_previews_and_works_once(browser: Browser, key: str, service: Service) -> None:
    """A mail program opens links before the person does."""
    link = await a_link(service)
    await browser.get(link)
    await browser.get(link)
    first = await browser.send("/console/enter", {"code": "code"})
    second = await browser.send("/console/enter", {"code": "code"})

    assert "Connections" in first
    assert browser.status == 410
    assert "can no longer be used" in second


@pytest.mark.parametrize("code", ["", "unknown"])
async def test_an_unknown_link_is_refused(browser: Browser, key: str, code: str) -> None:
    await browser.get("/console/enter")
    await browser.send("/console/enter", {"code": code})

    assert browser.status == 410


async def test_a_link_ends_by_itself(browser: Browser, key: str, service: Service) -> None:
    await browser.get(await a_link(service, minutes=-1))
    await browser.send("/console/enter", {"code": "code"})

    assert browser.status == 410


async def test_an_unused_link_is_no_session(browser: Browser, key: str, service: Service) -> None:
    """The code alone, put into the cookie, must not be a session."""
    await a_link(service)
    browser.client.cookies.set("ledgerlane_console", "code", domain="testserver.local", path="/console")
    await browser.get("/console/connections")

    assert browser.path == "/console/sign-in"


async def test_a_form_without_its_token_changes_nothing(browser: Browser, home: str) -> None:
    await browser.get(f"{home}/disconnect")
    page = await browser.send(f"{home}/disconnect", token=False)

    assert browser.status == 403
    assert "can no longer be used" in page
    assert "Connected" in await browser.get(home)


async def test_another_platform_finds_nothing_here(browser: Browser, home: str, service: Service) -> None:
    """Not forbidden: not there. A 403 would tell that the id is good."""
    async with service.database.write() as session:
        _, stranger = await add_platform(session, "Stranger")
    await browser.get("/console/connections")
    await browser.send("/console/sign-out")
    await browser.sign_in(stranger)

    for path in ("", "/documents", "/documents.csv", "/imports", "/settings", "/lists", "/disconnect"):
        await browser.get(home + path)
        assert browser.status == 404, path
    await browser.get("/console/connections")
    for path in ("/connect", "/disconnect", "/imports", "/settings", "/lists"):
        await browser.send(home + path)
        assert browser.status == 404, path
