"""Customers from QuickBooks, with every reason one cannot be imported. Source: QuickBooks reference 13.1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from contracts.addresses import Address, NamedAddress
from contracts.books import ObservedCustomer, RecordKind, RemoteRef
from contracts.customers import Customer, CustomerKind, PersonName, TaxClass, TaxId
from contracts.money import is_currency
from contracts.problems import Problem, Reason
from mappings.quickbooks.contacts import from_quickbooks_address
from mappings.quickbooks.wire import Fields, UnreadableRecord, fingerprint, identity, marker_in, without_marker
from mappings.rules.addresses import check_address, is_empty
from mappings.rules.emails import check_emails, email_missing, email_several, split_emails
from mappings.rules.names import check_name

SYSTEM = "QuickBooks"
_MASKED = re.compile(r"^[Xx*•.\- ]{2,}")
_DELETED = re.compile(r" \(deleted\)$")


def from_quickbooks_customer(raw: Mapping[str, Any]) -> ObservedCustomer:
    """A customer as QuickBooks holds it. raw: parsed with parse_float=Decimal.

    The fingerprint covers the mapped fields, so balances and times do not move it. Raises UnreadableRecord.
    """
    fields = Fields(raw)
    remote_id, version = identity(fields)
    try:
        address, country_text = _billing_address(fields)
        customer = _customer(fields, remote_id, address)
        observed = ObservedCustomer(
            ref=RemoteRef(kind=RecordKind.CUSTOMER, id=remote_id, version=version),
            customer=customer,
            active=customer.active,
            is_project=fields.flag("IsProject"),
            parent_id=fields.ref("ParentRef"),
            currency=fields.ref("CurrencyRef"),
            country_text=country_text,
            default_tax_code=fields.ref("DefaultTaxCodeRef"),
            balance=fields.amount("Balance"),
            updated_at=fields.part("MetaData").moment("LastUpdatedTime"),
            fingerprint="",
            marker=marker_in(fields.text("Notes")),
        )
    except ValidationError as error:
        raise UnreadableRecord(f"customer {remote_id}: {error.errors()[0]['msg']}") from None
    return observed.model_copy(
        update={
            "fingerprint": _fingerprint(observed),
            "problems": _problems(observed, fields.part("PrimaryEmailAddr").text("Address")),
        }
    )


def _customer(fields: Fields, remote_id: str, address: Address) -> Customer:
    company = fields.text("CompanyName", 500)
    person = PersonName(
        title=fields.text("Title", 16),
        given=fields.text("GivenName", 100),
        middle=fields.text("MiddleName", 100),
        family=fields.text("FamilyName", 100),
        suffix=fields.text("Suffix", 16),
    )
    currency = fields.ref("CurrencyRef")
    taxable = fields.flag("Taxable", True) and "TaxExemptionReasonId" not in fields
    return Customer(
        id=remote_id,
        kind=CustomerKind.INDIVIDUAL if not company and (person.given or person.family) else CustomerKind.COMPANY,
        name=fields.text("DisplayName", 500),
        company_name=company,
        person=person,
        emails=[email[:320] for email in split_emails(fields.part("PrimaryEmailAddr").text("Address"))][:20],
        phone=fields.part("PrimaryPhone").text("FreeFormNumber", 50),
        mobile=fields.part("Mobile").text("FreeFormNumber", 50),
        fax=fields.part("Fax").text("FreeFormNumber", 50),
        website=fields.part("WebAddr").text("URI", 1000),
        tax_ids=_tax_ids(fields, address.country),
        billing_address=address,
        addresses=_shipping(fields, address),
        currency=currency if is_currency(currency) else "",
        tax_class=TaxClass.TAXABLE if taxable else TaxClass.EXEMPT,
        exemption_reason=_exemption_reason(fields),
        notes=without_marker(fields.text("Notes")),
        active=fields.flag("Active", True),
    )


def _billing_address(fields: Fields) -> tuple[Address, str]:
    """Leading free lines that repeat the customer's names are not part of the street."""
    person = f"{fields.text('GivenName')} {fields.text('FamilyName')}".strip()
    names = [person, fields.text("CompanyName"), fields.text("DisplayName"), fields.text("PrintOnCheckName")]
    return from_quickbooks_address(fields.part("BillAddr"), names)


def _shipping(fields: Fields, billing: Address) -> list[NamedAddress]:
    """The shipping address where there is one of its own."""
    shipping, _ = from_quickbooks_address(fields.part("ShipAddr"))
    if is_empty(shipping) or shipping == billing:
        return []
    return [NamedAddress(purpose="shipping", **shipping.model_dump())]


def _tax_ids(fields: Fields, country: str) -> list[TaxId]:
    """A masked number (XXXXXX56789) says nothing and is left out; a number needs its country to mean anything."""
    if not country:
        return []
    number, resale = fields.text("PrimaryTaxIdentifier", 50), fields.text("ResaleNum", 50)
    found = []
    if number and not _MASKED.match(number):
        found.append(TaxId(country=country, kind="ein" if country == "US" else "vat", value=number))
    if resale and not _MASKED.match(resale):
        found.append(TaxId(country=country, kind="other", value=resale))
    return found


_EXEMPTIONS = (
    "federal government", "state government", "local government", "tribal government", "charitable", "religious",
    "educational", "hospital", "resale", "direct pay permit", "multiple points of use", "direct mail",
    "agricultural production", "industrial/manufacturing", "foreign diplomat",
)  # fmt: skip
"""TaxExemptionReasonId 1 to 15. Source: QuickBooks reference 9.2."""


def _exemption_reason(fields: Fields) -> str:
    number = fields.text("TaxExemptionReasonId", 10)
    return _EXEMPTIONS[int(number) - 1] if number.isdecimal() and 1 <= int(number) <= len(_EXEMPTIONS) else ""


def _fingerprint(observed: ObservedCustomer) -> str:
    """Of the mapped fields and nothing else (14, number 18)."""
    mapped = observed.model_dump(mode="json", exclude={"ref", "balance", "updated_at", "fingerprint", "problems"})
    return fingerprint(mapped)


def _problems(observed: ObservedCustomer, email_text: str) -> list[Problem]:
    """Everything that stands in the way of importing it, at once."""
    customer = observed.customer
    where = f"customer {customer.name or observed.ref.id}"
    problems = check_name(customer.name, where=where, system=SYSTEM, max_length=500)
    problems += _email_problems(customer, email_text, where)
    problems += check_address(customer.billing_address, observed.country_text, where=where, system=SYSTEM)
    if not observed.active:
        problems.append(_inactive(customer, where))
    if observed.is_project:
        problems.append(_project(customer, where))
    return problems


def _email_problems(customer: Customer, text: str, where: str) -> list[Problem]:
    if not customer.emails:
        return [email_missing(where=where, system=SYSTEM)]
    several = [email_several(text, where=where, system=SYSTEM)] if len(customer.emails) > 1 else []
    return [*check_emails(customer.emails, where=where, system=SYSTEM), *several]


def _inactive(customer: Customer, where: str) -> Problem:
    name = _DELETED.sub("", customer.name)
    return Problem(
        reason=Reason.CUSTOMER_INACTIVE,
        where=where,
        field="active",
        message=f"{name!r} is inactive in QuickBooks.",
        fix="Make the customer active in QuickBooks (Sales, Customers, include inactive), then read it again.",
    )


def _project(customer: Customer, where: str) -> Problem:
    return Problem(
        reason=Reason.CUSTOMER_IS_PROJECT,
        where=where,
        field="is_project",
        message=f"{customer.name!r} is a project, not a customer who is billed.",
        fix="Import the customer the project belongs to instead.",
    )
