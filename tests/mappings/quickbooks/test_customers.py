"""Customers to QuickBooks."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.books import ObservedCustomer, RecordKind
from contracts.customers import Customer, PersonName, TaxClass
from contracts.problems import Reason
from mappings.plan import Held, Step, Verb
from mappings.quickbooks import check, decode, lost_in_translation, next_step
from mappings.quickbooks.observed_customers import from_quickbooks_customer
from tests.builders import a_catalog, a_customer, a_ref, a_us_catalog, an_address, books
from tests.mappings.quickbooks.samples import raw_customer

MARK = "ledgerlane:rec_1"
MULTI = a_catalog(company={"multi_currency": True})


def step_for(customer: Customer, *, held: Held | None = None, **lookups: Any) -> Step:
    step = next_step(customer, books(**lookups), held, marker=MARK)
    assert step is not None
    return step


def body(customer: Customer, **lookups: Any) -> dict[str, Any]:
    return dict(decode(step_for(customer, **lookups).body))


def held_as(customer: Customer, *, ours: bool = True, sent: str = "") -> Held:
    """What QuickBooks would hold of a customer: made by us, or by a bookkeeper."""
    observed = ObservedCustomer(
        ref=a_ref(RecordKind.CUSTOMER, "60", "3"),
        customer=customer,
        fingerprint="",
        currency=customer.currency,
        marker=MARK if ours else "",
    )
    return Held(observed.ref, observed, sent)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"name": "", "company_name": "Acme"}, []),
        ({"name": "", "person": PersonName(given="Amy")}, []),
        ({"name": ""}, [Reason.NAME_MISSING]),
        ({"name": "Acme: Ops"}, [Reason.NAME_INVALID]),
        ({"person": PersonName(family="O:Neill")}, [Reason.NAME_INVALID]),
        ({"company_name": "x" * 101}, [Reason.TEXT_TOO_LONG]),
        ({"phone": "1" * 31}, [Reason.TEXT_TOO_LONG]),
        ({"notes": "x" * 2000}, [Reason.TEXT_TOO_LONG]),
        ({"emails": ["amy@"]}, [Reason.EMAIL_INVALID]),
        ({"emails": ["jörg@acme.com"]}, [Reason.EMAIL_INVALID]),
        ({"emails": ["info@müller.de"]}, []),
        ({"emails": [f"address-number-{i}@acme.com" for i in range(5)]}, [Reason.TEXT_TOO_LONG]),
        ({"emails": []}, []),
        ({"billing_address": {}}, []),
        ({"website": "not a site"}, [Reason.NOT_SUPPORTED_BY_LEDGER]),
        ({"tax_ids": [{"country": "GB", "value": "GB999999999"}]}, [Reason.TAX_ID_INVALID]),
        ({"tax_ids": [{"country": "GB", "value": "GB980780684"}]}, []),
        ({"tax_ids": [{"country": "US", "kind": "other", "value": "x" * 17}]}, [Reason.TEXT_TOO_LONG]),
        ({"currency": "GBP"}, []),
        ({"currency": "EUR"}, [Reason.CURRENCY_NOT_ENABLED]),
        (
            {"name": "a:b", "emails": ["x"], "phone": "1" * 40},
            [Reason.NAME_INVALID, Reason.EMAIL_INVALID, Reason.TEXT_TOO_LONG],
        ),
    ],
)
def test_what_quickbooks_would_refuse_is_found_first(changes: dict[str, Any], reasons: list[Reason]) -> None:
    assert [problem.reason for problem in check(a_customer(**changes), books())] == reasons


def test_a_customer_keeps_its_currency() -> None:
    """Settable at create only (10); the fix offers a second customer."""
    there = held_as(a_customer(currency="EUR"))
    problems = check(a_customer(currency="USD"), books(MULTI), there)

    assert [problem.reason for problem in problems] == [Reason.CURRENCY_MISMATCH]
    assert "second customer" in problems[0].fix


def test_a_new_customer_brings_its_currency_to_a_multi_currency_company() -> None:
    assert check(a_customer(currency="CHF"), books(MULTI)) == []
    assert body(a_customer(currency="CHF"), catalog=MULTI)["CurrencyRef"] == {"value": "CHF"}


def test_every_mapped_field_has_its_place() -> None:
    customer = a_customer(
        company_name="Acme Limited",
        person=PersonName(title="Dr", given="Amy", middle="B", family="Lee", suffix="PhD"),
        emails=["billing@acme.com", "amy@acme.com"],
        phone="1",
        mobile="2",
        fax="3",
        website="acme.com",
        notes="Pays late.",
        payment_terms={"due_days": 30},
        tax_ids=[{"country": "GB", "value": "GB980780684"}, {"country": "GB", "kind": "other", "value": "R-1"}],
        addresses=[{"purpose": "shipping", "line1": "Warehouse", "country": "FR"}],
        default_tax_code="vat-20",
    )

    assert body(customer, tax_codes={"vat-20": "3"}) == {
        "DisplayName": "Acme Ltd",
        "CompanyName": "Acme Limited",
        "Title": "Dr",
        "GivenName": "Amy",
        "MiddleName": "B",
        "FamilyName": "Lee",
        "Suffix": "PhD",
        "PrimaryEmailAddr": {"Address": "billing@acme.com, amy@acme.com"},
        "PrimaryPhone": {"FreeFormNumber": "1"},
        "Mobile": {"FreeFormNumber": "2"},
        "Fax": {"FreeFormNumber": "3"},
        "WebAddr": {"URI": "https://acme.com"},
        "Notes": f"Pays late.\n{MARK}",
        "SalesTermRef": {"value": "3"},
        "PrimaryTaxIdentifier": "GB980780684",
        "ResaleNum": "R-1",
        "BillAddr": {
            "Line1": "1 Infinite Loop",
            "City": "London",
            "PostalCode": "EC1Y 8SY",
            "Country": "United Kingdom",
        },
        "ShipAddr": {"Line1": "Warehouse", "Country": "France"},
        "DefaultTaxCodeRef": {"value": "3"},
        "Active": True,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"Taxable": True}),
        ({"tax_class": TaxClass.EXEMPT}, {"Taxable": False}),
        (
            {"tax_class": TaxClass.EXEMPT, "exemption_reason": "Resale"},
            {"Taxable": False, "TaxExemptionReasonId": "9"},
        ),
        (
            {"tax_class": TaxClass.EXEMPT, "exemption_reason": "federal government"},
            {"Taxable": False, "TaxExemptionReasonId": "1"},
        ),
        ({"tax_class": TaxClass.EXEMPT, "exemption_reason": "friend of the house"}, {"Taxable": False}),
    ],
)
def test_a_us_customer_is_taxable_or_exempt_with_a_reason(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    sent = body(a_customer(**changes), catalog=a_us_catalog())

    assert {name: sent[name] for name in ("Taxable", "TaxExemptionReasonId") if name in sent} == expected


@pytest.mark.parametrize(
    ("terms", "term"),
    [
        ({"due_days": 30}, "3"),
        ({"due_days": 5, "name": "net 30"}, "3"),  # the name decides
        ({"due_days": 0, "name": "Immediately"}, "1"),
        ({"due_days": 45}, None),
    ],
)
def test_terms_are_found_by_name_or_by_days(terms: dict[str, Any], term: str | None) -> None:
    sent = body(a_customer(payment_terms=terms))

    assert sent.get("SalesTermRef", {}).get("value") == term


def test_what_cannot_be_kept_is_said() -> None:
    customer = a_customer(
        language="de",
        contact_position="CFO",
        network_id="0088:1",
        bank_accounts=[{"iban": "DE02120300000000202051"}],
        payment_terms={"due_days": 45},
        tax_class=TaxClass.REVERSE_CHARGE,
    )

    assert lost_in_translation(customer, books()) == [
        "contact position",
        "language",
        "bank accounts",
        "e-invoicing network id",
        "reverse charge",
        "payment terms",
    ]
    assert lost_in_translation(a_customer(), books()) == []


def test_a_customer_is_created_once_and_then_left_in_peace() -> None:
    created = step_for(a_customer())
    held = held_as(a_customer(), sent=created.fingerprint)

    assert (created.verb, created.kind, created.target) == (Verb.CREATE, RecordKind.CUSTOMER, None)
    assert next_step(a_customer(), books(), held, marker=MARK) is None


def test_a_change_is_a_sparse_update_of_the_version_seen() -> None:
    held = held_as(a_customer(phone="1"), sent=step_for(a_customer(phone="1")).fingerprint)
    step = step_for(a_customer(name="Acme PLC"), held=held)
    sent = decode(step.body)

    assert step.verb is Verb.UPDATE
    assert (sent["Id"], sent["SyncToken"], sent["sparse"]) == ("60", "3", True)
    assert sent["DisplayName"] == "Acme PLC"
    assert sent["PrimaryPhone"] == {"FreeFormNumber": ""}  # gone in billing, so emptied there
    assert "CurrencyRef" not in sent


def test_the_currency_of_create_does_not_make_an_update() -> None:
    created = step_for(a_customer(currency="EUR"), catalog=MULTI)
    held = held_as(a_customer(currency="EUR"), sent=created.fingerprint)

    assert next_step(a_customer(currency="EUR"), books(MULTI), held, marker=MARK) is None


def test_a_customer_somebody_else_made_keeps_what_billing_does_not_say() -> None:
    """Linked by matching: only what billing fills in and QuickBooks holds differently is sent, never the note."""
    theirs = a_customer(name="Acme Ltd", phone="020 7946", notes="Old friend", website="https://acme.example")
    step = step_for(a_customer(mobile="07700"), held=held_as(theirs, ours=False))

    assert decode(step.body) == {
        "Id": "60",
        "SyncToken": "3",
        "sparse": True,
        "Mobile": {"FreeFormNumber": "07700"},
    }


def test_a_matched_customer_that_agrees_is_not_written_to() -> None:
    theirs = a_customer(phone="020 7946", notes="Old friend")

    assert next_step(a_customer(), books(), held_as(theirs, ours=False), marker=MARK) is None


def test_a_matched_customer_comes_to_rest_after_one_update() -> None:
    wanted = a_customer(mobile="07700")
    step = step_for(wanted, held=held_as(a_customer(), ours=False))

    assert next_step(wanted, books(), held_as(wanted, ours=False, sent=step.fingerprint), marker=MARK) is None


def test_an_imported_customer_that_did_not_change_is_not_written_to() -> None:
    """Taken from QuickBooks as it is: nothing to say back."""
    observed = from_quickbooks_customer(raw_customer())
    imported = observed.customer.model_copy(update={"id": "cus_9"})
    held = Held(observed.ref, observed)

    assert check(imported, books(a_us_catalog()), held) == []
    assert next_step(imported, books(a_us_catalog()), held, marker=MARK) is None


@pytest.mark.parametrize(("held", "verb"), [(None, None), (held_as(a_customer()), Verb.UPDATE)])
def test_an_inactive_customer_is_made_inactive_and_never_created(held: Held | None, verb: Verb | None) -> None:
    step = next_step(a_customer(active=False), books(), held, marker=MARK)

    assert (step.verb if step else None) is verb
    assert step is None or decode(step.body)["Active"] is False


def test_the_address_that_goes_out_reads_back_the_same() -> None:
    sent = body(a_customer(billing_address=an_address(line2="Floor 2", region="Greater London")))
    observed = from_quickbooks_customer({**sent, "Id": "60"})

    assert observed.customer.billing_address == an_address(line2="Floor 2", region="Greater London")
    assert observed.problems == []
