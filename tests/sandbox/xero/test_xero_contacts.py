"""Contacts: names, numbers, slots, persons, archiving. Source: Xero reference 6."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.xero.conftest import Books, invoice


def test_the_sample_holds_every_gap_a_real_book_has(uk: Books) -> None:
    rows = uk.get("Contacts", page="1", pageSize="1000", includeArchived="true").rows

    def pobox(row: Any) -> Any:
        return next(address for address in row["Addresses"] if address["AddressType"] == "POBOX")

    assert len(rows) >= 36
    sound = [r for r in rows if "@" in r["EmailAddress"] and pobox(r).get("AddressLine1") and r["IsCustomer"]]
    assert len(sound) >= 12
    assert any(not any(a.get("AddressLine1") for a in r["Addresses"]) for r in rows)
    assert any(not r["EmailAddress"] for r in rows)
    assert any(";" in r["EmailAddress"] for r in rows)
    assert {"U.S.A.", "BRD", "Éire", "Gr. Britain"} <= {pobox(r)["Country"] for r in rows}
    assert any(r["IsSupplier"] and not r["IsCustomer"] for r in rows)
    assert any(r["ContactStatus"] == "ARCHIVED" for r in rows)
    assert any(ord(r["Name"][0]) > 0x2000 for r in rows)
    assert any(len(r["ContactPersons"]) == 5 for r in rows)


def test_names_are_unique_among_active_contacts_in_any_case(uk: Books) -> None:
    uk.contact("Same Name Ltd")
    message = (
        "The contact name same name LTD is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    )
    assert uk.refused("PUT", "Contacts", {"Name": "same name LTD"}) == [message]

    archived = uk.get("Contacts", where='Name=="Brindle Consulting"', includeArchived="true").row
    fresh = uk.contact("Brindle Consulting")
    assert fresh["ContactID"] != archived["ContactID"]


def test_the_refusal_echoes_the_element_with_the_zero_id(uk: Books) -> None:
    """Source: Xero reference 6.3, the recorded refusal."""
    uk.contact("Echo Ltd")
    refused = uk.call("PUT", "Contacts", {"Name": "Echo Ltd", "EmailAddress": "e@echo.example"})

    assert (refused.status, refused.body["Type"]) == (400, "ValidationException")
    element = refused.body["Elements"][0]
    assert element["ContactID"] == "00000000-0000-0000-0000-000000000000"
    assert (element["HasValidationErrors"], element["EmailAddress"]) == (True, "e@echo.example")


@pytest.mark.parametrize("key", ["ContactNumber", "AccountNumber"])
def test_numbers_are_unique(uk: Books, key: str) -> None:
    uk.contact("First", **{key: "N-1"})

    assert len(uk.refused("PUT", "Contacts", {"Name": "Second", key: "n-1"})) == 1


def test_post_finds_its_target_by_id_then_number_then_name(uk: Books) -> None:
    by_name, by_number = uk.contact("By Name"), uk.contact("By Number", ContactNumber="77")

    assert uk.post("Contacts", {"Name": "by name", "FirstName": "A"})["ContactID"] == by_name["ContactID"]
    renamed = uk.post("Contacts", {"ContactNumber": "77", "Name": "Renamed"})
    assert (renamed["ContactID"], renamed["Name"]) == (by_number["ContactID"], "Renamed")
    assert uk.get("Contacts/77").row["Name"] == "Renamed"
    assert uk.post("Contacts", {"Name": "By Number"})["ContactID"] != by_number["ContactID"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"EmailAddress": "a@b.example"}, "Name must be specified"),
        ({"Name": "A < B"}, "< and >"),
        ({"Name": " Padded"}, "spaces"),
        ({"Name": "Two  Spaces"}, "spaces"),
        ({"Name": "x" * 256}, "must not exceed 255"),
        ({"Name": "E", "EmailAddress": "grüße@b.example"}, "Email address must be valid."),
        ({"Name": "E", "EmailAddress": "a@b"}, "Email address must be valid."),
        ({"Name": "E", "ContactNumber": "x" * 51}, "must not exceed 50"),
        ({"Name": "E", "Addresses": [{"AddressType": "POBOX", "PostalCode": "x" * 51}]}, "must not exceed 50"),
        ({"Name": "E", "ContactPersons": [{"FirstName": str(n)} for n in range(6)]}, "up to 5"),
        ({"Name": "E", "DefaultCurrency": "JPY"}, "Organisation is not subscribed to currency JPY"),
    ],
)
def test_what_a_contact_may_not_be(uk: Books, body: dict[str, Any], text: str) -> None:
    assert text in uk.refused("PUT", "Contacts", body)[0]


def test_one_address_slot_leaves_the_other_alone(uk: Books) -> None:
    """Write answers always carry both address and all four phone slots. Source: Xero reference 6.2."""
    made = uk.contact("Slots", Addresses=[{"AddressType": "POBOX", "AddressLine1": "1 Lane", "City": "York"}])
    changed = uk.post(
        f"Contacts/{made['ContactID']}",
        {"Addresses": [{"AddressType": "STREET", "City": "Hull"}, {"AddressType": "POBOX", "PostalCode": "YO1"}]},
    )
    street, pobox = changed["Addresses"]

    assert (street["City"], pobox["City"], pobox["AddressLine1"], pobox["PostalCode"]) == (
        "Hull",
        "York",
        "1 Lane",
        "YO1",
    )
    assert [phone["PhoneType"] for phone in changed["Phones"]] == ["DEFAULT", "DDI", "FAX", "MOBILE"]
    assert (
        uk.call("PUT", "Contacts", {"Name": "D", "Addresses": [{"AddressType": "DELIVERY"}]}).body["ErrorNumber"] == 14
    )


def test_persons_are_replaced_as_a_set_and_kept_when_not_sent(uk: Books) -> None:
    made = uk.contact("Persons", ContactPersons=[{"FirstName": "A"}, {"FirstName": "B"}])
    path = f"Contacts/{made['ContactID']}"

    assert len(uk.post(path, {"FirstName": "X"})["ContactPersons"]) == 2
    assert [p["FirstName"] for p in uk.post(path, {"ContactPersons": [{"FirstName": "C"}]})["ContactPersons"]] == ["C"]


def test_a_nested_contact_with_more_than_its_id_is_an_edit(uk: Books) -> None:
    """Posting a Contact inside an invoice changes the contact and drops its persons. Source: Xero reference 4.2."""
    made = uk.contact("Nested", ContactPersons=[{"FirstName": "A"}])
    uk.invoice(made)
    assert len(uk.get(f"Contacts/{made['ContactID']}").row["ContactPersons"]) == 1
    uk.put("Invoices", invoice(made, Contact={"ContactID": made["ContactID"], "EmailAddress": "new@nested.example"}))

    after = uk.get(f"Contacts/{made['ContactID']}").row
    assert (after["EmailAddress"], after["ContactPersons"]) == ("new@nested.example", [])


def test_an_invoice_by_name_makes_a_contact_when_nobody_has_it(uk: Books) -> None:
    made = uk.put("Invoices", invoice({"ContactID": ""}, Contact={"Name": "Brand New Ltd"}))
    again = uk.put("Invoices", invoice({"ContactID": ""}, Contact={"Name": "brand new ltd"}))

    assert made["Contact"]["ContactID"] == again["Contact"]["ContactID"]


def test_archived_contacts_are_frozen_for_the_api(uk: Books) -> None:
    """Archiving works with open invoices; nothing works afterwards but the bookkeeper. Source: Xero reference 6.3."""
    made = uk.contact("Archive Me")
    uk.invoice(made)
    path = f"Contacts/{made['ContactID']}"
    assert uk.post(path, {"ContactStatus": "ARCHIVED"})["ContactStatus"] == "ARCHIVED"

    frozen = (
        "The specified contact details matched an archived contact. "
        "Archived contacts cannot currently be edited via the API."
    )
    for change in ({"FirstName": "X"}, {"ContactStatus": "ARCHIVED"}, {"ContactStatus": "ACTIVE"}):
        assert uk.refused("POST", path, change) == [frozen]
    assert "has been archived" in uk.refused("PUT", "Invoices", invoice(made))[0]
    assert made["ContactID"] not in {row["ContactID"] for row in uk.get("Contacts").rows}
    uk.act("restore-contact", contact_id=made["ContactID"])
    uk.invoice(made)


def test_the_first_document_makes_a_customer_without_moving_the_contacts_date(uk: Books) -> None:
    made = uk.contact("Fresh")
    assert (made["IsCustomer"], made["IsSupplier"]) == (False, False)
    before = uk.get(f"Contacts/{made['ContactID']}").row["UpdatedDateUTC"]
    uk.invoice(made)

    after = uk.get(f"Contacts/{made['ContactID']}").row
    assert (after["IsCustomer"], after["UpdatedDateUTC"]) == (True, before)
    assert after["Balances"]["AccountsReceivable"]["Outstanding"] == 120


def test_payment_terms_supply_a_missing_due_date(uk: Books) -> None:
    made = uk.contact("Terms", PaymentTerms={"Sales": {"Day": 20, "Type": "DAYSAFTERBILLMONTH"}})
    body = invoice(made)
    del body["DueDate"]

    assert uk.put("Invoices", body)["DueDateString"] == "2026-10-20T00:00:00"


def test_merging_archives_the_loser(uk: Books) -> None:
    survivor, loser = uk.contact("Survivor"), uk.contact("Loser")
    made = uk.invoice(loser)
    uk.act("merge-contacts", survivor=survivor["ContactID"], loser=loser["ContactID"])

    gone = uk.get(f"Contacts/{loser['ContactID']}").row
    assert (gone["ContactStatus"], gone["MergedToContactID"]) == ("ARCHIVED", survivor["ContactID"])
    assert uk.get(f"Invoices/{made['InvoiceID']}").row["Contact"]["ContactID"] == survivor["ContactID"]
