"""Deep links open a read-only page. Source: Xero reference 4.8."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.xero.conftest import HTTP, Books


@pytest.fixture
def made(uk: Books) -> dict[str, Any]:
    contact = uk.contact('Page <script> & "Co"'.replace("<script>", "Script"))
    invoice = uk.invoice(contact)
    return {"contact": contact, "invoice": invoice, "note": uk.credit_note(contact), "payment": uk.pay(invoice, 5)}


@pytest.mark.parametrize(
    ("path", "kind", "key"),
    [
        ("/AccountsReceivable/View.aspx?InvoiceID={}", "invoice", "InvoiceID"),
        ("/AccountsReceivable/ViewCreditNote.aspx?creditNoteID={}", "note", "CreditNoteID"),
        ("/Contacts/View/{}", "contact", "ContactID"),
        ("/Bank/ViewTransaction.aspx?bankTransactionID={}", "payment", "PaymentID"),
    ],
)
def test_the_legacy_form(uk: Books, made: dict[str, Any], path: str, kind: str, key: str) -> None:
    code = uk.get("Organisation").row["ShortCode"]
    target = path.format(made[kind][key])
    page = HTTP.get(f"{uk.base}/organisationlogin/default.aspx", params={"shortcode": code, "redirecturl": target})

    assert page.status_code == 200
    assert "read-only" in page.text
    assert "<form" not in page.text


@pytest.mark.parametrize(
    ("path", "kind", "key", "text"),
    [
        ("invoicing/view", "invoice", "InvoiceID", "Invoice INV-"),
        ("contacts/contact", "contact", "ContactID", "Page Script &amp;"),
    ],
)
def test_the_new_form(uk: Books, made: dict[str, Any], path: str, kind: str, key: str, text: str) -> None:
    code = uk.get("Organisation").row["ShortCode"]

    assert text in HTTP.get(f"{uk.base}/app/{code}/{path}/{made[kind][key]}").text
    assert HTTP.get(f"{uk.base}/app/!wrong/{path}/{made[kind][key]}").status_code == 404


def test_pages_that_are_not_modelled(uk: Books) -> None:
    assert HTTP.get(f"{uk.base}/app/!tQ7sd/dashboard").status_code == 501
    assert HTTP.get(f"{uk.base}/files.xro/1.0/Files").status_code == 501
