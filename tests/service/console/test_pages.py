"""Every page renders, empty and full, says nothing it was not told to, and carries its security headers."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook

from contracts.problems import REASONS
from service.console.words import WORDS
from service.store.tables import AttemptState, DeliveryState, RecordState
from tests.service.console.conftest import Browser

PAGES = ["", "/documents", "/imports", "/settings", "/lists", "/disconnect"]
STATIC = Path(__file__).parents[3] / "service" / "console" / "static"


async def link_of(browser: Browser, page: str, pattern: str) -> str:
    """The first address on a page that fits."""
    found = re.search(rf'href="({pattern})"', await browser.get(page))
    assert found, f"{page} has no link {pattern}"
    return found[1]


async def test_every_page_renders_full(browser: Browser, home: str) -> None:
    """No page may leak markup from a name, and none may bring script or style inline."""
    report = await link_of(browser, f"{home}/imports", r"/console/connections/[^\"]+/imports/imp_[^\"]+")
    document = await link_of(browser, f"{home}/documents", r"/console/connections/[^\"]+/documents/rec_[^\"]+")
    endpoint = await link_of(browser, "/console/events", r"/console/events/endpoints/[^\"]+")
    pages = ["/console/connections", "/console/events", endpoint, report, document, *(home + page for page in PAGES)]
    for path in pages:
        page = await browser.get(path)
        assert browser.status == 200, path
        assert "<script>alert" not in page, path
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", page), path
        assert re.search(r'<html lang="en">', page), path
        assert page.count("<h1>") == 1, path


@pytest.mark.parametrize("path", ["/console/connections", "/console/events"])
async def test_an_empty_platform_is_told_what_to_do(browser: Browser, key: str, path: str) -> None:
    await browser.sign_in(key)
    page = await browser.get(path)

    assert browser.status == 200
    assert 'class="empty"' in page


async def test_a_fresh_connection_has_pages_too(browser: Browser, key: str) -> None:
    """Before the first list is read there is nothing to show, and every page says what comes next."""
    await browser.sign_in(key)
    page = await browser.send("/console/connections", {"ledger": "quickbooks", "name": "Fresh"})
    home = re.search(r'href="(/console/connections/con_[0-9a-z]+)"', page)
    assert home

    assert "https://ledger.example/consent?state=" in page
    for path in PAGES:
        await browser.get(home[1] + path)
        assert browser.status == 200, path


async def test_security_headers_stand_on_every_answer(browser: Browser, home: str) -> None:
    for path in ("/console/sign-in", home, f"{home}/unknown/page", f"{home}/documents.csv"):
        await browser.get(path)
        assert browser.headers["content-security-policy"].startswith("default-src 'self'"), path
        assert browser.headers["x-frame-options"] == "DENY", path
        assert browser.headers["referrer-policy"] == "same-origin", path


@pytest.mark.parametrize(
    "path", ["/console/nowhere", "/console/connections/con_unknown", "/console/events/endpoints/unknown"]
)
async def test_an_unknown_address_is_a_page_not_json(browser: Browser, home: str, path: str) -> None:
    page = await browser.get(path)

    assert browser.status == 404
    assert "<h1>There is no such" in page


async def test_a_wrong_method_is_a_page_too(browser: Browser, home: str) -> None:
    """Somebody reloads the address of a form after signing in again."""
    page = await browser.get(f"{home}/connect")

    assert browser.status == 405
    assert "only takes forms" in page


async def test_static_files_are_cached_and_carry_no_cookie(browser: Browser) -> None:
    """A shared cache would hand one browser's form cookie to the next."""
    response = await browser.client.get("/console/static/console.css")

    assert "immutable" in response.headers["cache-control"]
    assert "set-cookie" not in response.headers
    assert (STATIC / "console.css").stat().st_size < 15_000


async def test_blocked_records_are_grouped_by_what_puts_them_right(browser: Browser, home: str) -> None:
    page = await browser.get(f"{home}/documents")

    assert "3 invoices" in page
    assert "<code>vat-5</code>" in page
    assert f'href="{home}/settings#tax-codes"' in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("?state=blocked", "INV-A4", "INV-A0"),
        ("?kind=payment", "BACS 8841", "INV-A0"),
        ("?reason=tax_code_unmapped", "INV-A5", "INV-A0"),
        ("?q=inv-a0", "INV-A0", "INV-A1"),
        ("?state=nonsense&reason=nonsense&kind=nonsense&cursor=nonsense&first=x", "INV-A0", "never"),
    ],
)
async def test_the_list_of_records_filters(browser: Browser, home: str, query: str, shown: str, hidden: str) -> None:
    page = await browser.get(f"{home}/documents{query}")

    assert f">{shown}</a>" in page
    assert f">{hidden}</a>" not in page


async def test_a_cent_between_the_books_is_flagged(browser: Browser, home: str) -> None:
    path = await link_of(browser, f"{home}/documents?q=inv-a1", r"/console/connections/[^\"]+/documents/rec_[^\"]+")
    page = await browser.get(path)

    assert "2 figures differ" in page
    assert "+0.01 GBP" in page
    assert "1500.00 GBP" in page
    assert "1500.01 GBP" in page
    assert "1-674f9a2b-0d3e" in page


async def test_the_records_download_cannot_run_as_a_formula(browser: Browser, home: str) -> None:
    text = await browser.get(f"{home}/documents.csv?state=blocked")
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))

    assert {row["State"] for row in rows} == {"blocked"}
    assert {row["Total"] for row in rows} == {"1500.00"}


async def test_the_report_downloads_as_the_filters_leave_it(browser: Browser, home: str) -> None:
    report = await link_of(browser, f"{home}/imports", r"/console/connections/[^\"]+/imports/imp_[^\"]+")
    text = await browser.get(f"{report}/report.csv?state=invalid")
    sheet = await browser.client.get(f"{report}/report.xlsx?state=invalid")

    assert len(list(csv.reader(io.StringIO(text)))) == 1 + 13
    assert len(list(load_workbook(io.BytesIO(sheet.content)).worksheets[0].rows)) == 1 + 13


def test_every_state_has_a_word() -> None:
    """A state without a word would still show, as its code; these are the ones people meet daily."""
    states = [*RecordState, *AttemptState, *DeliveryState]

    assert [state for state in states if state not in WORDS] == []
    assert all(meaning.title for meaning in REASONS.values())
