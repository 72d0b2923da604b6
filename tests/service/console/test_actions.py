"""Every button works without JavaScript: it posts, redirects, and says what happened."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlmodel import col, func, select

from service.runtime import Service
from service.store.tables import Connection, Delivery, Record, StoredImportRow
from tests.service.console.conftest import Browser
from tests.service.console.test_pages import link_of

REPORT = r"/console/connections/[^\"]+/imports/imp_[^\"]+"


async def count(service: Service, *where: Any) -> int:
    async with service.database.read() as session:
        return (await session.exec(select(func.count()).select_from(StoredImportRow).where(*where))).one()


async def test_ticked_customers_are_imported_and_the_filters_stay(
    browser: Browser, home: str, service: Service
) -> None:
    report = await link_of(browser, f"{home}/imports", REPORT)
    page = await browser.get(f"{report}?q=Brighton&state=valid")
    ticked = re.findall(r'name="row" value="(\d+)"', page)[:3]
    back = re.search(r'name="back" value="([^"]+)"', page)
    assert back
    page = await browser.send(report, {"action": "import", "row": ticked, "back": back[1].replace("&amp;", "&")})

    assert "3 customers are being imported." in page
    assert 'value="Brighton"' in page
    assert "being imported" in page
    assert await count(service, col(StoredImportRow.selected).is_(True)) == 3
    assert "3 customers are being imported." not in await browser.get(report)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": "import"}, "tick at least one customer"),
        ({"action": "import", "row": ["101"]}, "none of them is valid"),
        ({"action": "import", "row": ["100", "101"]}, "1 customer is being imported. 1 ticked customer left out"),
        ({"action": "import_all"}, "26 customers are being imported."),
        ({"action": "reload", "row": ["101", "106"]}, "2 customers are being read again"),
        ({"action": "reload_all"}, "13 customers are being read again"),
        ({"action": "anything"}, "choose one of the buttons"),
        ({"action": "import", "row": ["100"], "back": "https://evil.example/?q=x"}, "1 customer is being imported."),
    ],
)
async def test_every_button_of_the_report_says_what_it_did(
    browser: Browser, home: str, fields: dict[str, Any], said: str
) -> None:
    report = await link_of(browser, f"{home}/imports", REPORT)
    await browser.get(report)
    page = await browser.send(report, {"back": "", **fields})

    assert said in page
    assert browser.path == report


async def test_a_run_is_started_and_followed_without_javascript(browser: Browser, home: str) -> None:
    await browser.get(f"{home}/imports")
    page = await browser.send(f"{home}/imports")

    assert '<meta http-equiv="refresh" content="5">' in page
    assert "<progress" in page
    assert 'http-equiv="refresh"' not in await browser.get(f"{browser.path}?still=yes")


async def test_pages_keep_the_filters(browser: Browser, home: str) -> None:
    report = await link_of(browser, f"{home}/imports", REPORT)
    page = await browser.get(f"{report}?q=customer")
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    page = await browser.get(following[1].replace("&amp;", "&"))

    assert "Customers 51 to 63 (end of list)" in page
    assert 'value="customer"' in page


async def test_settings_are_saved_from_the_form(browser: Browser, home: str, service: Service) -> None:
    """The blocked tax code has its row waiting; choosing a target is all there is to do."""
    page = await browser.get(f"{home}/settings")
    assert 'name="tax_codes_from" value="vat-5"' in page
    fields = {
        "default_item": "8",
        "items_from": ["prod_1", ""],
        "items_to": ["7", ""],
        "tax_codes_from": ["vat-20", "vat-5"],
        "tax_codes_to": ["20", "0"],
        "deposit_account": "35",
        "merchant_email": "books@harbour.example",
        "on_totals_differ": "accept_ledger_tax",
        "on_void_with_payments": "block",
        "pull_every_seconds": "60",
    }
    page = await browser.send(f"{home}/settings", fields)

    async with service.database.read() as session:
        row = await session.get_one(Connection, home.rsplit("/", 1)[1])
    assert "The settings are saved." in page
    assert row.settings["tax_codes"] == {"vat-20": "20", "vat-5": "0"}
    assert row.settings["items"] == {"prod_1": "7"}
    assert row.settings["mark_sent"] is False
    assert row.settings["pull_every_seconds"] == 60


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pull_every_seconds": "5"}, "pull_every_seconds"),
        ({"pull_every_seconds": "often"}, "pull_every_seconds"),
        ({"on_totals_differ": "shrug"}, "on_totals_differ"),
        ({"merchant_email": "x" * 101}, "merchant_email"),
        ({"items_from": ["p", "p"], "items_to": ["7", "8"]}, "items"),
        ({"tax_codes_from": [""], "tax_codes_to": ["20"]}, "tax_codes"),
    ],
)
async def test_a_wrong_setting_is_named_and_nothing_is_saved(
    browser: Browser, home: str, change: dict[str, Any], field: str
) -> None:
    await browser.get(f"{home}/settings")
    right = {
        "default_item": "9",
        "on_totals_differ": "block",
        "on_void_with_payments": "block",
        "pull_every_seconds": "60",
    }
    page = await browser.send(f"{home}/settings", {**right, **change})

    assert browser.status == 422
    assert f'id="{field}-error"' in page
    assert "Nothing was saved" in page
    assert '<option value="7" selected>Services' in await browser.get(f"{home}/settings")


async def test_retry_makes_a_blocked_document_due(browser: Browser, home: str, service: Service) -> None:
    path = await link_of(browser, f"{home}/documents?q=inv-a4", r"/console/connections/[^\"]+/documents/rec_[^\"]+")
    await browser.get(path)
    page = await browser.send(f"{path}/retry")

    async with service.database.read() as session:
        record = await session.get_one(Record, path.rsplit("/", 1)[1])
    assert "being tried again" in page
    assert record.state == "waiting"
    assert record.due_at is not None


async def test_disconnecting_asks_first(browser: Browser, home: str, service: Service) -> None:
    page = await browser.get(f"{home}/disconnect")
    assert "Nothing is deleted or changed there" in page
    page = await browser.send(f"{home}/disconnect")

    assert "is disconnected" in page
    async with service.database.read() as session:
        assert (await session.get_one(Connection, home.rsplit("/", 1)[1])).status == "disconnected"


async def test_lists_are_asked_for_again(browser: Browser, home: str, service: Service) -> None:
    await browser.get(f"{home}/lists")
    page = await browser.send(f"{home}/lists")

    assert "being read again" in page
    async with service.database.read() as session:
        assert (await session.get_one(Connection, home.rsplit("/", 1)[1])).catalog_wanted


async def test_failed_deliveries_are_sent_again(browser: Browser, home: str, service: Service) -> None:
    endpoint = await link_of(browser, "/console/events", r"/console/events/endpoints/[^\"]+")
    await browser.get(endpoint)
    page = await browser.send(f"{endpoint}/redeliver")

    async with service.database.read() as session:
        states = (await session.exec(select(Delivery.state).order_by(col(Delivery.event_seq)))).all()
    assert "2 events are being delivered again." in page
    assert sorted(states) == ["delivered", "delivered", "pending", "pending"]


async def test_a_company_is_connected_again_by_a_link(browser: Browser, home: str) -> None:
    page = await browser.get("/console/connections")
    form = re.search(r'action="(/console/connections/[^"]+/connect)"', page)
    assert form
    page = await browser.send(form[1])

    assert "https://ledger.example/consent?state=" in page
    assert "Continue to QuickBooks Online" in page


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("connected", "The company is connected."),
        ("company_already_connected", "This company is already connected elsewhere"),
        ("<script>", ""),
    ],
)
async def test_the_way_back_from_the_ledger_says_what_came_of_it(
    browser: Browser, home: str, result: str, said: str
) -> None:
    page = await browser.get(f"{home}?connection=con_1&result={result}")

    assert said in page
    assert ('role="status"' in page) == bool(said)


async def test_a_ledger_without_credentials_is_explained(browser: Browser, home: str) -> None:
    """An installation without a Xero app says which settings are missing, not that something broke."""
    await browser.get("/console/connections")
    page = await browser.send("/console/connections", {"ledger": "xero", "name": ""})

    assert "no credentials for xero" in page
