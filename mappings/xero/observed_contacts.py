"""Customers from Xero, with every reason one cannot be imported. Source: Xero reference 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from contracts.addresses import Address, NamedAddress
from contracts.books import ObservedCustomer, RecordKind, RemoteRef
from contracts.customers import Customer, CustomerKind, PaymentTerms, PersonName, TaxId
from contracts.money import is_currency
from contracts.problems import Problem, Reason
from mappings.rules.addresses import check_address, is_empty
from mappings.rules.emails import check_emails, email_missing, email_several, split_emails
from mappings.rules.names import ANGLES, check_name, same_name
from mappings.xero.addresses import from_xero_addresses
from mappings.xero.wire import Fields, UnreadableRecord, fingerprint, identity, marker_in

SYSTEM = "Xero"


def from_xero_contact(raw: Mapping[str, Any]) -> ObservedCustomer:
    """A contact as Xero holds it. raw: parsed with parse_float=Decimal.

    customer.addresses holds the other address as shipping. The fingerprint covers the mapped fields, so balances,
    times and which document came last do not move it. Raises UnreadableRecord.
    """
    fields = Fields(raw)
    remote_id, version = identity(fields, "ContactID")
    try:
        address, country_text, other, why = from_xero_addresses(fields)
        currency = fields.text("DefaultCurrency", 10)
        observed = ObservedCustomer(
            ref=RemoteRef(kind=RecordKind.CUSTOMER, id=remote_id, version=version),
            customer=_customer(fields, remote_id, address, other),
            active=_is_active(fields),
            currency=currency,
            country_text=country_text,
            address_from=why,
            default_tax_code=fields.text("AccountsReceivableTaxType", 100),
            balance=fields.part("Balances").part("AccountsReceivable").amount("Outstanding"),
            updated_at=fields.moment("UpdatedDateUTC"),
            fingerprint="",
            marker=marker_in(fields.text("ContactNumber")),
        )
    except ValidationError as error:
        raise UnreadableRecord(f"contact {remote_id}: {error.errors()[0]['msg']}") from None
    return observed.model_copy(update={"fingerprint": _fingerprint(observed), "problems": _problems(observed, fields)})


def _customer(fields: Fields, remote_id: str, address: Address, other: Address) -> Customer:
    name = fields.text("Name", 500)
    person = PersonName(given=fields.text("FirstName", 100), family=fields.text("LastName", 100))
    currency = fields.text("DefaultCurrency", 10)
    phones = _phones(fields)
    shipping = [] if is_empty(other) or other == address else [NamedAddress(purpose="shipping", **other.model_dump())]
    return Customer(
        id=remote_id,
        kind=CustomerKind.INDIVIDUAL if _is_the_person(name, person) else CustomerKind.COMPANY,
        name=name,
        person=person,
        emails=[email[:320] for email in _emails(fields)][:20],
        phone=phones.get("DEFAULT", "") or phones.get("DDI", ""),
        mobile=phones.get("MOBILE", ""),
        fax=phones.get("FAX", ""),
        website=fields.text("Website", 1000),
        tax_ids=_tax_ids(fields, address.country),
        billing_address=address,
        addresses=shipping,
        currency=currency if is_currency(currency) else "",
        payment_terms=_payment_terms(fields),
        active=_is_active(fields),
    )


def _is_active(fields: Fields) -> bool:
    """ARCHIVED and GDPRREQUEST cannot be used in new documents (6.1); one merged away is archived."""
    return fields.text("ContactStatus").upper() in ("", "ACTIVE") and not fields.text("MergedToContactID")


def _is_the_person(name: str, person: PersonName) -> bool:
    """Xero does not say whether a contact is a company: one named after its own person is an individual."""
    both = f"{person.given} {person.family}".strip()
    return bool(both) and same_name(name, both)


def _emails(fields: Fields) -> list[str]:
    """The contact's own first, then those of its persons who are sent invoices (IncludeInEmails)."""
    own = split_emails(fields.text("EmailAddress"))
    persons = [
        email
        for person in fields.parts("ContactPersons")
        if person.flag("IncludeInEmails")
        for email in split_emails(person.text("EmailAddress"))
    ]
    return list(dict.fromkeys([*own, *persons]))


def _phones(fields: Fields) -> dict[str, str]:
    """By type, country and area code put before the number."""
    found: dict[str, str] = {}
    for phone in fields.parts("Phones"):
        if phone.text("PhoneNumber"):
            parts = (phone.text(f"Phone{part}", 50) for part in ("CountryCode", "AreaCode", "Number"))
            found.setdefault(phone.text("PhoneType").upper(), " ".join(part for part in parts if part)[:50])
    return found


def _tax_ids(fields: Fields, country: str) -> list[TaxId]:
    """A number needs its country to mean anything."""
    number = fields.text("TaxNumber", 50)
    if not country or not number:
        return []
    return [TaxId(country=country, kind="ein" if country == "US" else "vat", value=number)]


def _payment_terms(fields: Fields) -> PaymentTerms | None:
    """Only days after the invoice's own date; the other three types count from a month (6.1)."""
    sales = fields.part("PaymentTerms").part("Sales")
    days = sales.maybe_amount("Day")
    if sales.text("Type").upper() != "DAYSAFTERBILLDATE" or days is None or not 0 <= days <= 999:
        return None
    return PaymentTerms(due_days=int(days))


def _fingerprint(observed: ObservedCustomer) -> str:
    kept = observed.model_dump(mode="json", exclude={"ref", "balance", "updated_at", "fingerprint", "problems"})
    return fingerprint(kept)


def _problems(observed: ObservedCustomer, fields: Fields) -> list[Problem]:
    """Everything that stands in the way of importing it, at once."""
    customer = observed.customer
    where = f"customer {customer.name or observed.ref.id}"
    problems = check_name(customer.name, where=where, system=SYSTEM, max_length=500, forbidden=ANGLES)
    problems += _email_problems(customer, fields.text("EmailAddress"), where)
    problems += check_address(customer.billing_address, observed.country_text, where=where, system=SYSTEM)
    if not observed.active:
        problems.append(_inactive(customer, fields, where))
    if fields.flag("IsSupplier") and not fields.flag("IsCustomer"):
        problems.append(_supplier(customer, where))
    return problems


def _email_problems(customer: Customer, text: str, where: str) -> list[Problem]:
    if not customer.emails:
        return [email_missing(where=where, system=SYSTEM)]
    in_one_field = len(split_emails(text)) > 1
    several = [email_several(text, where=where, system=SYSTEM)] if in_one_field else []
    return [*check_emails(customer.emails, where=where, system=SYSTEM), *several]


def _inactive(customer: Customer, fields: Fields, where: str) -> Problem:
    merged = fields.text("MergedToContactID", 100)
    text = (
        f"{customer.name!r} was merged into contact {merged}." if merged else f"{customer.name!r} is archived in Xero."
    )
    fix = "Import the contact it was merged into." if merged else "Restore the contact in Xero, then read it again."
    return Problem(
        reason=Reason.CUSTOMER_INACTIVE, where=where, field="active", message=text, fix=fix, suggestion=merged
    )


def _supplier(customer: Customer, where: str) -> Problem:
    return Problem(
        reason=Reason.CUSTOMER_IS_SUPPLIER,
        where=where,
        field="name",
        message=f"{customer.name!r} has bills and no sales invoice in Xero: it is a supplier.",
        fix="Leave it out; or, if it is to be billed too, send it from billing and link it to the contact.",
    )
