"""A customer as QuickBooks holds it, and every reason it cannot be imported."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from contracts.customers import CustomerKind, TaxClass
from contracts.problems import Reason
from mappings.quickbooks.observed_customers import from_quickbooks_customer
from mappings.quickbooks.wire import UnreadableRecord
from tests.mappings.quickbooks.samples import raw_customer

ADDRESS = raw_customer()["BillAddr"]


def test_a_recorded_customer_is_read_whole() -> None:
    observed = from_quickbooks_customer(raw_customer(Balance=Decimal("-261.5")))
    customer = observed.customer

    assert (observed.ref.id, observed.ref.version, customer.id) == ("60", "0", "60")
    assert (customer.name, customer.kind) == ("Test Customer May 2026", CustomerKind.INDIVIDUAL)
    assert (customer.person.given, customer.person.family) == ("Test", "Customer")
    assert customer.emails == ["testcustomer@acme.com"]
    assert customer.phone == "(555) 555-1234"
    assert (customer.billing_address.city, customer.billing_address.country) == ("Mountain View", "US")
    assert (observed.country_text, observed.currency, observed.default_tax_code) == ("USA", "USD", "2")
    assert observed.balance == Decimal("-261.5")
    assert observed.updated_at == datetime(2026, 5, 5, 9, 8, 55, tzinfo=UTC)
    assert observed.problems == []


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"PrimaryEmailAddr": None}, [Reason.EMAIL_MISSING]),
        ({"PrimaryEmailAddr": {"Address": "amy@"}}, [Reason.EMAIL_INVALID]),
        ({"PrimaryEmailAddr": {"Address": "a@acme.com, b@acme.com"}}, [Reason.EMAIL_SEVERAL]),
        ({"PrimaryEmailAddr": {"Address": "amy@gmial.com"}}, [Reason.EMAIL_LOOKS_MISTYPED]),
        ({"BillAddr": None}, [Reason.ADDRESS_MISSING]),
        ({"BillAddr": {"Id": "1", "Lat": "INVALID", "Long": "INVALID"}}, [Reason.ADDRESS_MISSING]),
        ({"BillAddr": ADDRESS | {"Country": None}}, [Reason.COUNTRY_MISSING]),
        ({"BillAddr": ADDRESS | {"Country": "Atlantis"}}, [Reason.COUNTRY_UNKNOWN]),
        ({"BillAddr": ADDRESS | {"PostalCode": None}}, [Reason.POSTAL_CODE_MISSING]),
        ({"DisplayName": None}, [Reason.NAME_MISSING]),
        ({"Active": False, "DisplayName": "Amy (deleted)"}, [Reason.CUSTOMER_INACTIVE]),
        ({"IsProject": True, "Job": True, "ParentRef": {"value": "12"}}, [Reason.CUSTOMER_IS_PROJECT]),
        (
            {"PrimaryEmailAddr": None, "BillAddr": {"Country": "Germny"}, "Active": False},
            [
                Reason.EMAIL_MISSING,
                Reason.ADDRESS_LINE_MISSING,
                Reason.COUNTRY_UNKNOWN,
                Reason.CITY_MISSING,
                Reason.CUSTOMER_INACTIVE,
            ],
        ),
    ],
)
def test_everything_that_stands_in_the_way_of_importing_is_said_at_once(
    changes: dict[str, Any], reasons: list[Reason]
) -> None:
    assert [problem.reason for problem in from_quickbooks_customer(raw_customer(**changes)).problems] == reasons


def test_a_country_that_is_only_likely_is_suggested_and_not_filled_in() -> None:
    observed = from_quickbooks_customer(raw_customer(BillAddr=ADDRESS | {"Country": "Untied States"}))

    assert observed.customer.billing_address.country == ""
    assert [problem.suggestion for problem in observed.problems] == ["US"]


@pytest.mark.parametrize(
    "changes",
    [
        {"Balance": Decimal("12.5"), "BalanceWithJobs": Decimal("12.5")},
        {"MetaData": {"LastUpdatedTime": "2026-06-01T00:00:00-07:00"}},
        {"SyncToken": "7"},
        {"V4IDPseudonym": "other", "ClientEntityId": "0"},
        {"PrimaryTaxIdentifier": "XXXXXX56789"},
    ],
)
def test_what_is_not_mapped_does_not_move_the_fingerprint(changes: dict[str, Any]) -> None:
    """Every invoice changes its customer's balance and time: importing would never come to rest (14, number 18)."""
    before, after = from_quickbooks_customer(raw_customer()), from_quickbooks_customer(raw_customer(**changes))

    assert before.fingerprint == after.fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"DisplayName": "Renamed"},
        {"PrimaryPhone": None},
        {"Active": False},
        {"BillAddr": ADDRESS | {"City": "Palo Alto"}},
        {"BillAddr": ADDRESS | {"Country": "Atlantis"}},
        {"ParentRef": {"value": "12"}},
    ],
)
def test_what_is_mapped_moves_the_fingerprint(changes: dict[str, Any]) -> None:
    before, after = from_quickbooks_customer(raw_customer()), from_quickbooks_customer(raw_customer(**changes))

    assert before.fingerprint != after.fingerprint


def test_free_address_lines_are_taken_apart_where_it_is_certain() -> None:
    """Line1 person, Line2 company, Line3 street, Line4 city (12.1); lines repeating the names are not the street."""
    free = {"Line1": "Test Customer", "Line2": "Acme", "Line3": "4581 Finch St.", "Line4": "Bayshore, CA  94326"}
    observed = from_quickbooks_customer(raw_customer(BillAddr=free, CompanyName="Acme"))
    address = observed.customer.billing_address

    assert (address.line1, address.city, address.region, address.postal_code) == (
        "4581 Finch St.",
        "Bayshore",
        "CA",
        "94326",
    )
    assert [(problem.reason, problem.suggestion) for problem in observed.problems] == [(Reason.COUNTRY_MISSING, "US")]


def test_free_lines_that_are_not_certain_stay_as_they_are() -> None:
    free = {"Line1": "123 Sierra Way", "Line2": "San Pablo, CA  87999"}
    address = from_quickbooks_customer(raw_customer(BillAddr=free)).customer.billing_address

    assert (address.line1, address.line2, address.city) == ("123 Sierra Way", "San Pablo, CA  87999", "")


@pytest.mark.parametrize(
    ("changes", "values"),
    [
        ({"PrimaryTaxIdentifier": "XXXXXX56789"}, []),
        ({"PrimaryTaxIdentifier": "12-3456789"}, ["12-3456789"]),
        ({"PrimaryTaxIdentifier": "12-3456789", "ResaleNum": "R-1"}, ["12-3456789", "R-1"]),
        ({"ResaleNum": "R-1", "BillAddr": None}, []),  # a number means nothing without its country
    ],
)
def test_a_masked_tax_number_is_no_tax_number(changes: dict[str, Any], values: list[str]) -> None:
    customer = from_quickbooks_customer(raw_customer(**changes)).customer

    assert [tax_id.value for tax_id in customer.tax_ids] == values


@pytest.mark.parametrize(
    ("changes", "tax_class", "reason"),
    [
        ({}, TaxClass.TAXABLE, ""),
        ({"Taxable": False}, TaxClass.EXEMPT, ""),
        ({"TaxExemptionReasonId": "9"}, TaxClass.EXEMPT, "resale"),
        ({"Taxable": False, "TaxExemptionReasonId": 15}, TaxClass.EXEMPT, "foreign diplomat"),
        ({"TaxExemptionReasonId": "99"}, TaxClass.EXEMPT, ""),
    ],
)
def test_an_exemption_is_read_with_its_reason(changes: dict[str, Any], tax_class: TaxClass, reason: str) -> None:
    customer = from_quickbooks_customer(raw_customer(**changes)).customer

    assert (customer.tax_class, customer.exemption_reason) == (tax_class, reason)


def test_our_mark_is_kept_apart_from_the_note() -> None:
    observed = from_quickbooks_customer(raw_customer(Notes="Pays late.\nledgerlane:rec_1"))

    assert (observed.customer.notes, observed.marker) == ("Pays late.", "ledgerlane:rec_1")


def test_a_sub_customer_knows_its_parent() -> None:
    assert from_quickbooks_customer(raw_customer(Job=True, ParentRef={"value": "12"})).parent_id == "12"


def test_a_shipping_address_of_its_own_is_kept_and_a_copy_is_not() -> None:
    other = ADDRESS | {"Line1": "Warehouse 4"}

    assert from_quickbooks_customer(raw_customer(ShipAddr=ADDRESS)).customer.addresses == []
    shipped = from_quickbooks_customer(raw_customer(ShipAddr=other)).customer.addresses
    assert [(address.purpose, address.line1) for address in shipped] == [("shipping", "Warehouse 4")]


@pytest.mark.parametrize(
    "changes",
    [
        {"Id": None},
        {"BillAddr": "12 Main St"},
        {"Active": "perhaps"},
        {"Balance": "a lot"},
        {"Balance": Decimal("1E+29")},
    ],
)
def test_an_odd_record_is_one_error_of_its_own(changes: dict[str, Any]) -> None:
    """A page of a thousand customers must not be lost for one of them (trap T15)."""
    with pytest.raises(UnreadableRecord):
        from_quickbooks_customer(raw_customer(**changes))


def test_over_long_and_unknown_things_are_cut_or_ignored_not_fatal() -> None:
    odd = raw_customer(
        DisplayName="x" * 700,
        CurrencyRef={"value": "ZZZ"},
        GivenName="y" * 300,
        PrimaryEmailAddr={"Address": " ".join(f"a{i}@acme.com" for i in range(40))},
        SomethingNew={"deep": [1, {"deeper": None}]},
    )
    observed = from_quickbooks_customer(odd)

    assert (len(observed.customer.name), observed.customer.currency, observed.currency) == (500, "", "ZZZ")
    assert len(observed.customer.emails) == 20
