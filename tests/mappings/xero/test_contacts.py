"""Customers to Xero: what is sent, what is refused, what has no field (Xero reference 6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.addresses import NamedAddress
from contracts.customers import Customer, PaymentTerms, PersonName, TaxId
from contracts.problems import Reason
from mappings.plan import Held, Step, Verb
from mappings.xero import check, lost_in_translation, next_step, observe
from mappings.xero.addresses import plain_country
from tests.builders import a_customer, an_address
from tests.mappings.xero.samples import MARK, a_contact, xero_books

BOOKS = xero_books()


def step(customer: Customer, held: Held | None = None) -> Step:
    made = next_step(customer, BOOKS, held, marker=MARK)
    assert made is not None
    return made


def body(customer: Customer, held: Held | None = None) -> dict[str, Any]:
    return dict(json.loads(step(customer, held).body))


def held(sent: str = "", **changes: Any) -> Held:
    observed = observe("Contact", a_contact(**changes))
    return Held(observed.ref, observed, sent_fingerprint=sent)


def reasons(customer: Customer, there: Held | None = None) -> list[Reason]:
    return [problem.reason for problem in check(customer, BOOKS, there)]


def test_a_customer_becomes_a_contact() -> None:
    customer = a_customer(
        person=PersonName(given="Ada", family="Lovelace"),
        phone="+44 20 7946 0000",
        mobile="07700 900000",
        tax_ids=[TaxId(country="GB", value="GB123456782")],
        currency="EUR",
        payment_terms=PaymentTerms(due_days=30),
        addresses=[NamedAddress(purpose="shipping", line1="2 Dock Rd", city="Hull", country="GB")],
    )
    sent = body(customer)

    assert sent["Name"] == "Acme Ltd"
    assert sent["ContactNumber"] == MARK
    assert (sent["FirstName"], sent["LastName"]) == ("Ada", "Lovelace")
    assert sent["EmailAddress"] == "billing@acme.example"
    assert sent["TaxNumber"] == "GB123456782"
    assert sent["DefaultCurrency"] == "EUR"
    assert sent["PaymentTerms"] == {"Sales": {"Day": 30, "Type": "DAYSAFTERBILLDATE"}}
    assert [(slot["AddressType"], slot["City"]) for slot in sent["Addresses"]] == [
        ("POBOX", "London"),
        ("STREET", "Hull"),
    ]
    assert [(phone["PhoneType"], phone["PhoneNumber"]) for phone in sent["Phones"]] == [
        ("DEFAULT", "+44 20 7946 0000"),
        ("MOBILE", "07700 900000"),
    ]


def test_creating_is_put() -> None:
    """POST would overwrite a contact of the same name (2.3)."""
    made = step(a_customer())

    assert made.verb is Verb.CREATE
    assert dict(made.options) == {"method": "PUT", "path": "Contacts", "elements": "Contacts"}


def test_people_of_a_contact_are_never_sent() -> None:
    """ContactPersons are replaced as a set: those a bookkeeper entered would go."""
    assert "ContactPersons" not in body(a_customer(emails=["a@x.example", "b@x.example"]))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"name": "Acme: Ops"}, []),
        ({"name": "Acme <Ops>"}, [Reason.NAME_INVALID]),
        ({"name": "A" * 256}, [Reason.NAME_INVALID]),
        ({"name": ""}, [Reason.NAME_MISSING]),
        ({"name": "", "company_name": "Acme"}, []),
        ({"emails": ["no at sign"]}, [Reason.EMAIL_INVALID]),
        ({"emails": ["jürgen@acme.example"]}, [Reason.EMAIL_INVALID]),
        ({"emails": ["billing@gmial.com"]}, [Reason.EMAIL_LOOKS_MISTYPED]),
        ({"currency": "EUR"}, []),
        ({"currency": "CHF"}, [Reason.CURRENCY_NOT_ENABLED]),
        ({"tax_ids": [TaxId(country="GB", value="GB1")]}, [Reason.TAX_ID_INVALID]),
    ],
)
def test_what_stands_in_the_way(changes: dict[str, Any], expected: list[Reason]) -> None:
    """A colon is fine here: only QuickBooks gives it a meaning."""
    assert reasons(a_customer(**changes)) == expected


def test_single_spaces_are_all_a_name_may_have() -> None:
    assert body(a_customer(name="Acme   Ltd"))["Name"] == "Acme Ltd"


@pytest.mark.parametrize(
    ("code", "name"),
    [("GB", "United Kingdom"), ("CI", "Cote d Ivoire"), ("BA", "Bosnia Herzegovina"), ("", "")],
)
def test_a_country_goes_out_in_plain_letters(code: str, name: str) -> None:
    """50 letters A to Z is what the field documents (6.2)."""
    assert plain_country(code) == name


def test_nothing_to_do_when_it_is_as_sent() -> None:
    sent = step(a_customer()).fingerprint

    assert next_step(a_customer(), BOOKS, held(sent, ContactNumber=MARK), marker=MARK) is None


def test_a_field_emptied_in_billing_is_emptied_there() -> None:
    """An update is a merge: what is left out would stay."""
    there = held("older", ContactNumber=MARK, FirstName="Ada", TaxNumber="GB123456782")
    sent = body(a_customer(), there)

    assert (sent["FirstName"], sent["TaxNumber"]) == ("", "")
    assert sent["ContactID"] == there.ref.id


def test_of_somebody_elses_contact_only_differences_are_touched() -> None:
    """Its ContactNumber, and what billing does not know, stay as they are."""
    there = held(ContactNumber="their own")

    assert next_step(a_customer(), BOOKS, there, marker=MARK) is None
    assert body(a_customer(emails=["new@acme.example"]), there) == {
        "ContactID": there.ref.id,
        "EmailAddress": "new@acme.example",
    }


def test_an_inactive_customer_is_archived_after_its_last_change() -> None:
    """Archived contacts are frozen for every application, so the change goes first (6.3)."""
    gone = a_customer(active=False)
    there = held("older", ContactNumber=MARK)
    change = step(gone, there)
    after = held(change.fingerprint, ContactNumber=MARK)
    archived = held(change.fingerprint, ContactNumber=MARK, ContactStatus="ARCHIVED")

    assert "ContactStatus" not in json.loads(change.body)
    assert body(gone, after) == {"ContactID": there.ref.id, "ContactStatus": "ARCHIVED"}
    assert next_step(gone, BOOKS, archived, marker=MARK) is None
    assert next_step(gone, BOOKS, None, marker=MARK) is None


def test_an_archived_contact_can_only_be_restored_by_a_person() -> None:
    archived = held(ContactStatus="ARCHIVED")

    assert reasons(a_customer(), archived) == [Reason.CUSTOMER_INACTIVE]
    assert reasons(a_customer(active=False), archived) == []


def test_what_has_no_field_is_said() -> None:
    customer = a_customer(
        emails=["a@x.example", "b@x.example"],
        notes="Calls on Mondays",
        website="https://acme.example",
        language="de",
        payment_terms=PaymentTerms(due_days=45),
        billing_address=an_address(),
    )

    assert lost_in_translation(customer, BOOKS) == [
        "further e-mail addresses",
        "website",
        "notes",
        "language",
        "payment terms",
    ]
    assert lost_in_translation(a_customer()) == []
