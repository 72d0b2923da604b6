"""summarizeErrors both ways, bodies of every shape, Idempotency-Key. Source: Xero reference 2.1, 2.3-2.5, 2.8, 8.3."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.xero.conftest import Books, credit_note, invoice, line


def test_one_bad_element_refuses_all_unless_asked_otherwise(uk: Books) -> None:
    """The specification says the default is false; the live API behaves as true. Source: reference 2.5, 13."""
    contact = uk.contact("Batch Ltd")
    good, bad = invoice(contact, InvoiceNumber="B-1"), invoice(contact, line(1, AccountCode="090"), InvoiceNumber="B-2")
    refused = uk.call("PUT", "Invoices", {"Invoices": [good, bad]})
    assert (refused.status, len(refused.body["Elements"])) == (400, 1)
    assert refused.body["Elements"][0]["InvoiceID"] == "00000000-0000-0000-0000-000000000000"
    assert uk.call("GET", "Invoices/B-1").status == 404

    mixed = uk.call("PUT", "Invoices", {"Invoices": [good, bad]}, SummarizeErrors="False")
    assert mixed.status == 200
    assert [row["StatusAttributeString"] for row in mixed.rows] == ["OK", "ERROR"]
    assert mixed.rows[1]["HasErrors"] is True
    assert mixed.rows[1]["ValidationErrors"][0]["Message"].startswith("Account code '090'")
    assert uk.get("Invoices/B-1").row["Status"] == "AUTHORISED"


def test_a_refused_element_echoes_the_merged_request_and_changes_nothing(uk: Books) -> None:
    """Source: Xero reference 2.5, the recorded element with Status DELETED."""
    made = uk.invoice(uk.contact("Echo Ltd"))
    order = {"InvoiceID": made["InvoiceID"], "Status": "DELETED"}
    row = uk.call("POST", "Invoices", order, summarizeErrors="false").row

    assert (row["Status"], row["StatusAttributeString"], row["HasErrors"]) == ("DELETED", "ERROR", True)
    assert row["Contact"]["ValidationErrors"] == []
    assert uk.get(f"Invoices/{made['InvoiceID']}").row["Status"] == "AUTHORISED"


def test_a_contact_made_by_a_refused_invoice_is_not_kept(uk: Books) -> None:
    body = invoice({"ContactID": ""}, line(1, AccountCode="090"), Contact={"Name": "Never Made Ltd"})
    uk.call("PUT", "Invoices", body, summarizeErrors="false")

    assert uk.get("Contacts", where='Name=="Never Made Ltd"').rows == []


def test_successes_carry_a_verdict_only_when_asked(uk: Books) -> None:
    contact = uk.contact("Verdict Ltd")

    assert "StatusAttributeString" not in uk.invoice(contact)
    assert uk.put("Invoices", invoice(contact), summarizeErrors="false")["StatusAttributeString"] == "OK"


@pytest.mark.parametrize(
    "body",
    [
        {"Name": "Shape 1"},
        {"Contacts": [{"Name": "Shape 1"}]},
        {"contacts": [{"name": "Shape 1", "emailaddress": "a@b.example"}]},
        [{"Name": "Shape 1"}],
        "<Contact><Name>Shape 1</Name></Contact>",
        "<Contacts><Contact><Name>Shape 1</Name><Phones><Phone><PhoneType>DDI</PhoneType></Phone></Phones></Contact>"
        "</Contacts>",
    ],
)
def test_bodies_of_every_shape(uk: Books, body: Any) -> None:
    kind = "application/xml" if isinstance(body, str) else "application/json"
    answered = uk.call("PUT", "Contacts", body, headers={"Content-Type": kind})

    assert (answered.status, answered.row["Name"]) == (200, "Shape 1")


def test_the_form_pyxero_sends(uk: Books) -> None:
    text = (
        "xml=%3CInvoices%3E%3CInvoice%3E%3CType%3EACCREC%3C%2FType%3E%3CContact%3E%3CName%3EForm+Ltd%3C%2FName%3E"
        "%3C%2FContact%3E%3CLineItems%3E%3CLineItem%3E%3CDescription%3Ex%3C%2FDescription%3E%3CQuantity%3E1.5"
        "%3C%2FQuantity%3E%3CUnitAmount%3E4%3C%2FUnitAmount%3E%3CAccountCode%3E200%3C%2FAccountCode%3E"
        "%3C%2FLineItem%3E%3C%2FLineItems%3E%3CDate%3E2026-09-01T00%3A00%3A00%3C%2FDate%3E%3C%2FInvoice%3E%3C%2FInvoices%3E"
    )
    answered = uk.call("PUT", "Invoices", text, headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert (answered.row["Status"], answered.row["Total"]) == ("DRAFT", Decimal("7.20"))


@pytest.mark.parametrize(
    ("body", "number", "text"),
    [
        ("{", 14, "JSON for post data was invalid"),
        ("<Contacts", 14, "XML for post data was invalid"),
        ("", 17, "No data has been processed"),
        ("{}", 17, "No data has been processed"),
        ('{"Invoices":[{"Type":"ACCREC"}]}', 17, "No data has been processed"),
        ('{"Name":"X","ContactID":"nope"}', 14, "Error converting value \"nope\" to type 'Xero.API.Library..Guid'"),
        ('{"Name":"X","ContactStatus":"Archived"}', 14, "Error converting value"),
        ('{"Name":{"a":1}}', 14, "Error converting value"),
    ],
)
def test_unreadable_bodies(uk: Books, body: str, number: int, text: str) -> None:
    answered = uk.call("PUT", "Contacts", body)

    assert (answered.status, answered.body["ErrorNumber"]) == (400, number)
    assert text in answered.body["Message"]
    assert "Elements" not in answered.body


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"LineAmountTypes": "NO_TAX"}, "LineAmountType"),
        ({"LineAmountTypes": "exclusive"}, "LineAmountType"),
        ({"Type": "INVOICE"}, "InvoiceType"),
        ({"Date": "20100510"}, "The string '20100510' is not a valid AllXsd value."),
        ({"Date": "2026-02-30"}, "not a valid AllXsd value"),
        ({"LineItems": [line("abc")]}, "Decimal"),
    ],
)
def test_values_of_the_wrong_type_refuse_the_whole_request(uk: Books, more: dict[str, Any], text: str) -> None:
    """Also with summarizeErrors=false, and nothing before them is kept."""
    contact = uk.contact("Typed Ltd")
    body = {"Invoices": [invoice(contact, InvoiceNumber="T-1"), invoice(contact, **more)]}
    answered = uk.call("PUT", "Invoices", body, summarizeErrors="false")

    assert (answered.status, answered.body["ErrorNumber"]) == (400, 14)
    assert text in answered.body["Message"]
    assert uk.call("GET", "Invoices/T-1").status == 404


@pytest.mark.parametrize(
    "text", ["2026-09-14", "2026-09-14T23:59:59", "/Date(1789344000000+0000)/", "/Date(1789344000000)/"]
)
def test_dates_are_read_in_three_forms(uk: Books, text: str) -> None:
    assert uk.invoice(uk.contact("Dates Ltd"), Date=text)["DateString"] == "2026-09-14T00:00:00"


# idempotency ---------------------------------------------------------------------------------------------------


def keyed(uk: Books, key: str, body: Any, path: str = "Contacts", method: str = "PUT") -> Any:
    return uk.call(method, path, body, headers={"Idempotency-Key": key})


def test_the_same_request_is_answered_once_more_and_done_once(uk: Books) -> None:
    first = keyed(uk, "k1", {"Name": "Once Ltd"})
    second = keyed(uk, "k1", {"Name": "Once Ltd"})

    assert first.body == second.body
    assert len(uk.get("Contacts", where='Name=="Once Ltd"').rows) == 1
    assert [call["replayed"] for call in uk.control("GET", "calls")["recent"] if call["request_id"]] == [False, True]


def test_a_key_refuses_another_request(uk: Books) -> None:
    keyed(uk, "k2", {"Name": "One"})

    for answered in (keyed(uk, "k2", {"Name": "Two"}), keyed(uk, "k2", {"Name": "One"}, method="POST")):
        assert answered.messages == ["Idempotency Key: k2 is used with a different request."]


def test_errors_are_remembered_for_six_minutes_too(uk: Books) -> None:
    """After expiry the key is new again and a duplicate can be made. Source: Xero reference 2.8."""
    uk.contact("Taken")
    assert keyed(uk, "k3", {"Name": "Taken"}).status == 400
    uk.post("Contacts", {"Name": "Taken", "ContactStatus": "ARCHIVED"})
    uk.control("POST", "clock/advance", {"minutes": 5, "seconds": 59})
    assert keyed(uk, "k3", {"Name": "Taken"}).status == 400
    uk.control("POST", "clock/advance", {"seconds": 2})
    assert keyed(uk, "k3", {"Name": "Taken"}).status == 200


def test_a_key_has_at_most_128_characters_and_does_not_touch_reads(uk: Books) -> None:
    assert keyed(uk, "k" * 128, {"Name": "Long key"}).status == 200
    assert keyed(uk, "k" * 129, {"Name": "Longer key"}).status == 400
    assert uk.call("GET", "Contacts", headers={"Idempotency-Key": "k" * 129}).status == 200


def test_the_store_can_be_down(uk: Books) -> None:
    uk.switch(idempotency_store_down=True)

    assert keyed(uk, "k4", {"Name": "Down"}).status == 500
    assert uk.get("Contacts", where='Name=="Down"').rows == []


# history, email ------------------------------------------------------------------------------------------------


def test_history_is_noted_and_written(uk: Books) -> None:
    made = uk.invoice(uk.contact("History Ltd"))
    path = f"Invoices/{made['InvoiceID']}/History"
    echoed = uk.put(path, {"HistoryRecords": [{"Details": "Synchronised by Ledgerlane"}]})
    rows = uk.get(path).rows

    assert echoed["Details"] == "Synchronised by Ledgerlane"
    assert [(row["Changes"], row["User"]) for row in rows] == [
        ("Note", "System Generated"),
        ("Approved", "System Generated"),
    ]
    assert uk.call("PUT", path, {"HistoryRecords": [{"Details": "x" * 2501}]}).status == 400


def test_emails_are_sent_refused_and_never_deduplicated(uk: Books) -> None:
    """Source: Xero reference 4.8."""
    contact = uk.contact("Mail Ltd", EmailAddress="m@mail.example")
    made = uk.invoice(contact)
    for _ in range(2):
        sent = uk.call("POST", f"Invoices/{made['InvoiceID']}/Email", {})
        assert (sent.status, sent.body) == (204, b"")
    assert len(uk.control("GET", "emails")["emails"]) == 2
    assert uk.get(f"Invoices/{made['InvoiceID']}").row["SentToContact"] is True

    draft = uk.invoice(contact, Status="DRAFT")
    refused = uk.call("POST", f"Invoices/{draft['InvoiceID']}/Email")
    assert refused.messages == ["Draft, voided or deleted invoices cannot be emailed"]
    silent = uk.invoice(uk.contact("No Mail Ltd"))
    refused = uk.call("POST", f"Invoices/{silent['InvoiceID']}/Email")
    assert refused.messages == ["Invoices for contacts with no email address assigned cannot be emailed"]


def test_online_invoice_and_pdf(uk: Books) -> None:
    contact = uk.contact("Online Ltd")
    made, note = uk.invoice(contact), uk.put("CreditNotes", credit_note(contact))
    url = uk.get(f"Invoices/{made['InvoiceID']}/OnlineInvoice").row["OnlineInvoiceUrl"]

    assert len(url) == len("https://in.xero.com/") + 40
    for path in (f"Invoices/{made['InvoiceID']}", f"CreditNotes/{note['CreditNoteID']}"):
        assert uk.call("GET", path, headers={"Accept": "application/pdf"}).body.startswith(b"%PDF-1.4")


def test_other_media_types_and_unknown_parameters(uk: Books) -> None:
    """The real API ignores unknown parameters, which is how `page_size` goes wrong unseen; a switch refuses them."""
    assert uk.call("PUT", "Contacts", {"Name": "X"}, headers={"Content-Type": "text/csv"}).status == 415
    uk.switch(unknown_parameters="refused")
    assert uk.call("GET", "Contacts", page_size="5").messages == ["Unknown query parameter: page_size"]
    assert uk.call("GET", "Contacts", pageSize="5").status == 200


@pytest.mark.parametrize(
    ("row", "quantity", "unit"),
    [
        ({"LineAmount": 30}, "1.0000", "30.00"),
        ({"LineAmount": 30, "Quantity": 4}, "4.0000", "7.50"),
        ({"LineAmount": 30, "UnitAmount": 12}, "2.5000", "12.00"),
        ({"UnitAmount": 30}, "1.0000", "30.00"),
    ],
)
def test_quantity_or_price_follow_from_the_line_total(uk: Books, row: Any, quantity: str, unit: str) -> None:
    """Source: Xero reference 4.3 (LineAmount)."""
    body = {"Description": "x", "AccountCode": "200", "TaxType": "OUTPUT2", **row}
    found = uk.invoice(uk.contact("Derived Ltd"), body)["LineItems"][0]

    assert (found["Quantity"], found["UnitAmount"], found["LineAmount"]) == (Decimal(quantity), Decimal(unit), 30)


def test_a_sent_tax_amount_survives_an_edit_of_the_words(uk: Books) -> None:
    made = uk.invoice(uk.contact("Words Ltd"), line(100, TaxAmount=Decimal("19.99")))
    kept = {"LineItemID": made["LineItems"][0]["LineItemID"], "Description": "New words"}

    assert uk.post(f"Invoices/{made['InvoiceID']}", {"LineItems": [kept]})["TotalTax"] == Decimal("19.99")
