"""Customers from Xero, and every reason one cannot be imported."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.books import ObservedCustomer
from contracts.problems import Reason
from mappings.xero import UnreadableRecord, observe
from tests.mappings.xero.samples import MARK, a_contact

POBOX = {"AddressType": "POBOX", "AddressLine1": "PO Box 9", "City": "Leeds", "PostalCode": "LS1 1AA", "Country": "UK"}
STREET = {
    "AddressType": "STREET",
    "AddressLine1": "3 High St",
    "City": "York",
    "PostalCode": "YO1 7HH",
    "Country": "UK",
}
EMPTY = {"AddressType": "POBOX", "AddressLine1": "", "City": ""}


def seen(**changes: Any) -> ObservedCustomer:
    observed = observe("Contact", a_contact(**changes))
    assert isinstance(observed, ObservedCustomer)
    return observed


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"IsSupplier": True, "IsCustomer": True}, []),
        ({"IsSupplier": False, "IsCustomer": False}, []),
        ({"IsSupplier": True, "IsCustomer": False}, [Reason.CUSTOMER_IS_SUPPLIER]),
        ({"ContactStatus": "ARCHIVED"}, [Reason.CUSTOMER_INACTIVE]),
        ({"ContactStatus": "GDPRREQUEST"}, [Reason.CUSTOMER_INACTIVE]),
        ({"MergedToContactID": "other"}, [Reason.CUSTOMER_INACTIVE]),
        ({"EmailAddress": ""}, [Reason.EMAIL_MISSING]),
        ({"EmailAddress": "a@x.example; b@x.example"}, [Reason.EMAIL_SEVERAL]),
        ({"EmailAddress": "a@x,example"}, [Reason.EMAIL_INVALID, Reason.EMAIL_INVALID, Reason.EMAIL_SEVERAL]),
        ({"Addresses": []}, [Reason.ADDRESS_MISSING]),
        ({"Addresses": [{"AddressType": "POBOX"}]}, [Reason.ADDRESS_MISSING]),
        ({"Addresses": [POBOX | {"Country": ""}]}, [Reason.COUNTRY_MISSING]),
        ({"Addresses": [POBOX | {"PostalCode": ""}]}, [Reason.POSTAL_CODE_MISSING]),
        ({"Addresses": [POBOX | {"PostalCode": "12345"}]}, [Reason.POSTAL_CODE_INVALID]),
    ],
)
def test_what_keeps_a_contact_from_being_imported(changes: dict[str, Any], reasons: list[Reason]) -> None:
    """A supplier is told from a customer who has no document yet: the flags come with the first one (6.1)."""
    assert [problem.reason for problem in seen(**changes).problems] == reasons


@pytest.mark.parametrize(
    ("slots", "city", "other", "why"),
    [
        ([STREET, POBOX], "Leeds", "York", "POBOX, the"),
        ([POBOX], "Leeds", "", "POBOX, the"),
        ([STREET, EMPTY], "York", "", "STREET, because"),
        ([EMPTY], "", "", ""),
        ([EMPTY, POBOX, STREET], "Leeds", "York", "POBOX, the"),
    ],
)
def test_the_billing_address_is_the_one_xero_prints(
    slots: list[dict[str, str]], city: str, other: str, why: str
) -> None:
    """STREET stands in where POBOX is empty, and the reason is kept for the import report."""
    observed = seen(Addresses=slots)
    customer = observed.customer

    assert customer.billing_address.city == city
    assert [address.city for address in customer.addresses] == ([other] if other else [])
    assert observed.address_from.startswith(why)
    assert bool(observed.address_from) == bool(why)


def test_phones_are_put_together_from_their_parts() -> None:
    phones = [
        {"PhoneType": "DEFAULT", "PhoneNumber": "7946 0000", "PhoneAreaCode": "20", "PhoneCountryCode": "+44"},
        {"PhoneType": "MOBILE", "PhoneNumber": "07700 900000"},
        {"PhoneType": "FAX", "PhoneNumber": ""},
    ]
    customer = seen(Phones=phones).customer

    assert (customer.phone, customer.mobile, customer.fax) == ("+44 20 7946 0000", "07700 900000", "")


def test_people_who_get_invoices_add_their_addresses() -> None:
    people = [
        {"EmailAddress": "cfo@acme.example", "IncludeInEmails": True},
        {"EmailAddress": "ops@acme.example", "IncludeInEmails": False},
    ]

    assert seen(ContactPersons=people).customer.emails == ["billing@acme.example", "cfo@acme.example"]


def test_a_contact_named_after_its_person_is_an_individual() -> None:
    assert seen(Name="Ada Lovelace", FirstName="Ada", LastName="Lovelace").customer.kind == "individual"
    assert seen(FirstName="Ada", LastName="Lovelace").customer.kind == "company"


def test_the_fingerprint_follows_people_and_not_documents() -> None:
    """Balances, times and the customer flag move with every invoice."""
    before = seen()
    invoiced = seen(
        UpdatedDateUTC="/Date(1799999999999+0000)/",
        Balances={"AccountsReceivable": {"Outstanding": 12, "Overdue": 0}},
    )

    assert before.fingerprint == invoiced.fingerprint
    assert before.ref.version != invoiced.ref.version
    assert before.fingerprint != seen(Name="Acme Limited").fingerprint


def test_our_mark_is_the_contact_number() -> None:
    assert seen(ContactNumber=MARK).marker == MARK
    assert seen(ContactNumber="C-17").marker == ""


@pytest.mark.parametrize(
    "odd",
    [
        {"DefaultCurrency": "XCG"},
        {"DefaultCurrency": ""},
        {"DefaultCurrency": None},
        {"Addresses": None},
        {"ContactStatus": "SLEEPING"},
        {"Phones": None, "ContactPersons": None, "UpdatedDateUTC": None},
        {"PaymentTerms": {"Sales": {"Day": 20, "Type": "OFFOLLOWINGMONTH"}}},
    ],
)
def test_what_crashes_the_sdk_is_read_here(odd: dict[str, Any]) -> None:
    """An unknown currency, an empty one, a null list or an unknown status loses xero-python the whole page (T15)."""
    assert seen(**odd).customer.name == "Acme Ltd"


@pytest.mark.parametrize(
    "odd", [{"ContactID": None}, {"Addresses": "none"}, {"Name": {"a": 1}}, {"IsSupplier": "maybe"}]
)
def test_what_cannot_be_read_is_one_records_trouble(odd: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        seen(**odd)
