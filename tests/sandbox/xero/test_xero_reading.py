"""Lists: deltas, filters, order, pages, summaries, and how values look. Source: Xero reference 2.2, 2.7, 3, 4.5."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import pytest

from tests.sandbox.xero.conftest import HTTP, Books, connect, line

DATE = re.compile(r"^/Date\(-?\d+\+0000\)/$")


def names(uk: Books, where: str, **params: str) -> set[str]:
    return {row["Name"] for row in uk.get("Contacts", where=where, **params).rows}


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ('Name=="alder & finch LTD"', 1),
        ('Name=="Iberica de Diseno SL"', 1),
        ('Name.StartsWith("Har")', 2),
        ('Name.Contains("street")', 2),
        ('Name.ToLower().EndsWith("ltd") AND IsSupplier==true', 1),
        ('EmailAddress!=null AND EmailAddress.Contains("whitcombe")', 1),
        ('(Name=="Lomas Dental Care" OR Name=="Caldbeck Outdoor") && IsCustomer==true', 2),
        ('ContactNumber="CUST-1001" || ContactNumber="CUST-1002"', 2),
        ('Name=="nobody"', 0),
        ("DefaultCurrency==null AND IsCustomer==false", 2),
    ],
)
def test_where_on_contacts(uk: Books, where: str, count: int) -> None:
    """Text compares without case and accents."""
    assert len(uk.get("Contacts", where=where).rows) == count


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ('Status=="VOIDED"', {"INV-0007"}),
        ('Type=="ACCREC" AND AmountPaid>1000', {"INV-0003", "INV-0004"}),
        ('Total>=2000 AND Total<3000 AND Type=="ACCREC"', {"INV-0001", "INV-0011"}),
        ('Contact.Name=="Alder & Finch Ltd"', {"INV-0001"}),
        ('Contact.ContactNumber=="CUST-1002"', {"INV-0002"}),
        ('InvoiceNumber=="inv-0005"', {"INV-0005"}),
        ('Reference=="PO 4711"', {"INV-0009"}),
        ("Date>=DateTime(2000, 01, 01) AND Date<DateTime(2000, 02, 01)", set[str]()),
        ('CurrencyCode=="USD"', {"INV-0011"}),
    ],
)
def test_where_on_invoices(uk: Books, where: str, numbers: set[str]) -> None:
    assert {row["InvoiceNumber"] for row in uk.get("Invoices", where=where).rows} == numbers


def test_where_by_guid(uk: Books) -> None:
    made = uk.invoice(uk.contact("Guid Ltd"))
    uk.pay(made, 5)
    by_contact = f'Contact.ContactID==guid("{made["Contact"]["ContactID"].upper()}")'

    assert uk.get("Invoices", where=by_contact).row["InvoiceID"] == made["InvoiceID"]
    assert uk.get("Payments", where=f'Invoice.InvoiceID==Guid("{made["InvoiceID"]}")').row["Amount"] == 5


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ('Name=="The ""Blue Door"" Gallery"', "Syntax error"),
        (r'Name=="The \"Blue', "Syntax error"),
        ('Name=="unclosed', "Unterminated string literal"),
        ('Bat=="x"', "No property or field 'Bat' exists in type 'Contact'"),
        ("Name==", "Expression expected"),
        ('ContactID==guid("x")', "Guid should contain 32 digits with 4 dashes"),
    ],
)
def test_where_refuses_what_it_cannot_parse(uk: Books, where: str, message: str) -> None:
    """A double quote cannot be escaped. Source: Xero reference 2.7, 8.3."""
    answered = uk.call("GET", "Contacts", where=where)

    assert answered.status == 400
    assert answered.body == {"ErrorNumber": 16, "Type": "QueryParseException", "Message": message}


def test_an_unencoded_ampersand_cuts_the_expression(uk: Books) -> None:
    url = f'{uk.base}/api.xro/2.0/Contacts?where=Name=="Alder & Finch Ltd"'
    headers = {"Authorization": f"Bearer {uk.access}", "Xero-tenant-id": uk.tenant, "Accept": "application/json"}

    assert HTTP.get(url, headers=headers).json()["Message"] == "Unterminated string literal"


def test_paging_is_announced_clamped_and_complete(uk: Books) -> None:
    first = uk.get("Contacts", page="1", pageSize="7")
    total = first.body["pagination"]["itemCount"]
    pages = [uk.get("Contacts", page=str(n), pageSize="7") for n in range(1, first.body["pagination"]["pageCount"] + 1)]

    assert first.body["pagination"] == {"page": 1, "pageSize": 7, "pageCount": -(-total // 7), "itemCount": total}
    assert len({row["ContactID"] for page in pages for row in page.rows}) == total
    assert uk.get("Contacts", page="999", pageSize="7").rows == []
    assert uk.get("Contacts", page="1", pageSize="5000").body["pagination"]["pageSize"] == 1000
    assert "pagination" not in uk.get("Contacts").body
    assert "pagination" not in uk.get("Contacts", page_size="5").body


def test_unpaged_lists_are_summaries(uk: Books) -> None:
    """No lines, no e-mail in the nested contact. Source: Xero reference 2.7, 4.5."""
    unpaged = uk.get("Invoices", IDs=uk.get("Invoices").rows[0]["InvoiceID"]).row
    paged = uk.get("Invoices", IDs=unpaged["InvoiceID"], page="1").row
    single = uk.get(f"Invoices/{unpaged['InvoiceID']}").row

    assert (unpaged["LineItems"], len(paged["LineItems"])) == ([], 1)
    assert "EmailAddress" not in paged["Contact"]
    assert "EmailAddress" in single["Contact"]
    for row in (unpaged, paged):
        assert {"AmountCredited", "Payments", "CreditNotes", "HasAttachments", "InvoiceAddresses"} <= set(row)
    for key in ("AmountCredited", "Payments", "CreditNotes", "InvoiceAddresses"):
        assert key not in single
    contact = uk.get("Contacts", where='Name=="Caldbeck Outdoor"').row
    assert contact["ContactPersons"] == []
    assert len(uk.get("Contacts", where='Name=="Caldbeck Outdoor"', page="1").row["ContactPersons"]) == 2


def test_summary_only_pages_and_drops(uk: Books) -> None:
    invoices = uk.get("Invoices", summaryOnly="true")
    contacts = uk.get("Contacts", summaryOnly="true")

    assert "pagination" in invoices.body
    assert not {"LineItems", "Payments", "HasAttachments"} & set(invoices.rows[0])
    assert not {"Addresses", "ContactPersons", "IsCustomer", "Balances"} & set(contacts.rows[0])
    assert uk.call("GET", "Contacts", summaryOnly="true", where="IsCustomer==true").body["ErrorNumber"] == 16


def test_list_filters_combine_and_statuses_force_paging(uk: Books) -> None:
    rows = uk.get("Invoices", Statuses="DRAFT,VOIDED")
    assert {row["Status"] for row in rows.rows} == {"DRAFT", "VOIDED"}
    assert "pagination" in rows.body
    both = uk.get("Invoices", Statuses="DRAFT,VOIDED", InvoiceNumbers="INV-0005,INV-0001")
    assert [row["InvoiceNumber"] for row in both.rows] == ["INV-0005"]
    contact = both.rows[0]["Contact"]["ContactID"]
    assert {row["InvoiceNumber"] for row in uk.get("Invoices", ContactIDs=contact).rows} == {"INV-0005"}


def test_voided_and_deleted_documents_are_listed_and_archived_contacts_are_not(uk: Books) -> None:
    assert {"VOIDED", "DELETED"} <= {row["Status"] for row in uk.get("Invoices").rows}
    assert {row["ContactStatus"] for row in uk.get("Contacts").rows} == {"ACTIVE"}
    assert "ARCHIVED" in {row["ContactStatus"] for row in uk.get("Contacts", includeArchived="true").rows}


def test_search_and_created_by_my_app(uk: Books) -> None:
    made = uk.invoice(uk.contact("Search Ltd"), Reference="Needle in hay")

    assert uk.get("Invoices", searchTerm="NEEDLE").row["InvoiceID"] == made["InvoiceID"]
    assert uk.get("Contacts", SearchTerm="blue door").row["Name"] == 'The "Blue Door" Gallery'
    assert [row["InvoiceID"] for row in uk.get("Invoices", createdByMyApp="true").rows] == [made["InvoiceID"]]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_order(uk: Books, direction: str) -> None:
    rows = uk.get("Contacts", order=f"Name {direction}", page="1", pageSize="10", where='Name.Contains("o")').rows
    found = [row["Name"].casefold() for row in rows]

    assert found == sorted(found, reverse=direction == "DESC")


def test_order_is_by_change_unless_said_otherwise(uk: Books) -> None:
    first = uk.get("Contacts").rows[0]
    uk.post(f"Contacts/{first['ContactID']}", {"FirstName": "Moved"})

    assert uk.get("Contacts").rows[-1]["ContactID"] == first["ContactID"]
    assert uk.call("GET", "Contacts", order="Bat ASC").body["ErrorNumber"] == 16


@pytest.mark.parametrize("form", ["plain", "offset", "rfc1123"])
def test_three_spellings_of_if_modified_since(uk: Books, form: str) -> None:
    uk.control("POST", "clock/set", {"now": "2026-12-01T10:00:00.500+00:00"})
    uk.access = connect(uk.base, uk.tenant).access
    made = uk.contact("Delta Ltd")
    moment = datetime.fromisoformat("2026-12-01T10:00:00+00:00")
    text = {
        "plain": "2026-12-01T10:00:00",
        "offset": "2026-12-01T02:00:00.123-08:00",
        "rfc1123": format_datetime(moment, usegmt=True),
    }[form]

    rows = uk.call("GET", "Contacts", headers={"If-Modified-Since": text}).rows
    assert [row["ContactID"] for row in rows] == [made["ContactID"]]
    later = uk.call("GET", "Contacts", headers={"If-Modified-Since": "2026-12-01T10:05:00"})
    assert (later.status, later.rows) == (200, [])


def test_what_does_not_move_the_date_of_change(uk: Books) -> None:
    """DueDate and SentToContact of a part-paid invoice stay out of every delta. Source: Xero reference 2.7."""
    made = uk.invoice(uk.contact("Quiet Ltd"))
    uk.pay(made, 5)
    path = f"Invoices/{made['InvoiceID']}"
    before = uk.get(path).row["UpdatedDateUTC"]
    uk.post(path, {"DueDate": "2026-12-24", "SentToContact": True})
    after = uk.get(path).row

    assert (after["UpdatedDateUTC"], after["SentToContact"]) == (before, True)
    uk.post(path, {"Reference": "loud"})
    assert uk.get(path).row["UpdatedDateUTC"] != before


def test_how_values_look(uk: Books) -> None:
    """Dates, zeros, CRLF, the envelope. Source: Xero reference 2.2, 3."""
    made = uk.invoice(uk.contact("Wire Ltd"), line(10, Quantity=2))
    headers = {"Authorization": f"Bearer {uk.access}", "Xero-tenant-id": uk.tenant, "Accept": "application/json"}
    response = HTTP.get(f"{uk.base}/api.xro/2.0/invoices/{made['InvoiceNumber']}", headers=headers)
    text, row = response.text, response.json()["Invoices"][0]

    assert text.startswith('{\r\n  "Id": "')
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert {"xero-correlation-id", "x-minlimit-remaining", "x-daylimit-remaining"} <= set(response.headers)
    for raw in ('"Total": 24.00', '"Quantity": 2.0000', '"UnitAmount": 10.00', '"CurrencyRate": 1.0000000000'):
        assert raw in text
    assert (row["Date"], row["DateString"]) == ("/Date(1788220800000+0000)/", "2026-09-01T00:00:00")
    assert DATE.match(row["UpdatedDateUTC"])
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", row["UpdatedDateUTCString"])
    assert re.match(r"^/Date\(\d+\)/$", response.json()["DateTimeUTC"])


def test_xml_is_the_default_answer(uk: Books) -> None:
    headers = {"Authorization": f"Bearer {uk.access}", "Xero-tenant-id": uk.tenant}
    for accept in ("*/*", "application/xml"):
        response = HTTP.get(f"{uk.base}/api.xro/2.0/Currencies", headers={**headers, "Accept": accept})
        assert response.headers["content-type"] == "text/xml; charset=utf-8"
        assert b"<Currencies><Currency><Code>EUR</Code>" in response.content


@pytest.mark.parametrize("path", ["Users", "TrackingCategories", "Reports/AgedReceivablesByContact", "BatchPayments"])
def test_what_is_not_modelled_says_so(uk: Books, path: str) -> None:
    answered = uk.call("GET", path)

    assert answered.status == 501
    assert f"GET /{path}" in answered.body["message"]


def test_unknown_paths_and_methods(uk: Books) -> None:
    """404 is never JSON; a method Xero lacks is its own 501. Source: Xero reference 8.2."""
    missing = uk.call("GET", "Nonsense")
    assert (missing.status, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"cannot be found" in missing.body
    refused: Any = uk.call("DELETE", "Contacts")
    assert (refused.status, refused.body["ErrorNumber"]) == (501, 20)


def test_a_result_over_the_cap_is_refused(uk: Books) -> None:
    uk.switch(row_cap=5)

    assert uk.call("GET", "Contacts").status == 400
    assert len(uk.get("Contacts", searchTerm="Harlow").rows) == 1
