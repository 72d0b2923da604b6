"""Customers to Xero, where they are contacts. Source: Xero reference 6. The way back: observed_contacts.py.

The marker is the ContactNumber: 50 characters, unique in the company, written only through the API. A contact can be
read by it (GET /Contacts/{ContactNumber}), so that a create whose answer was lost is found with one call (10, 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError as BadTaxId

from contracts.books import ObservedCustomer, RecordKind
from contracts.customers import Customer, PaymentTerms, TaxClass, TaxId
from contracts.problems import Problem, Reason
from mappings.plan import Books, Held, Step, Verb
from mappings.rules.addresses import is_empty
from mappings.rules.emails import ascii_form, check_emails, judge_email
from mappings.rules.names import ANGLES, check_name
from mappings.xero.addresses import BILLING, DELIVERY, POSTAL_CODE_MAX, to_xero_address
from mappings.xero.currencies import check_currency, usable_currencies
from mappings.xero.steps import change, create
from mappings.xero.wire import body_of, fingerprint, make

SYSTEM = "the billing platform"
NAME_MAX, PERSON_MAX, EMAIL_MAX, NUMBER_MAX, TAX_NUMBER_MAX, PHONE_MAX = 255, 255, 255, 50, 50, 50
LONGEST_TERM_DAYS = 31
"""PaymentTerms.Sales.Day. Source: Xero reference 6.1."""
_PHONES = {"DEFAULT": "phone", "MOBILE": "mobile", "FAX": "fax"}


def contact_name(customer: Customer) -> str:
    """The one name of a contact, with the single spaces Xero insists on: the customer's own, its company's, or its
    person's."""
    person = customer.person
    name = customer.name or customer.company_name or " ".join(filter(None, (person.given, person.family)))
    return " ".join(name.split())


def check_contact(customer: Customer, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this customer cannot go to Xero yet. An address is not needed to push one, only to import."""
    where = f"customer {contact_name(customer) or customer.id}"
    problems = [
        *check_name(contact_name(customer), where=where, system=SYSTEM, max_length=NAME_MAX, forbidden=ANGLES),
        *_check_email(customer, where),
        *_check_lengths(customer, where),
        *_check_tax_ids(customer, where),
    ]
    if customer.currency:
        problems += check_currency(customer.currency, books.catalog, where=where)
    return problems + _check_archived(customer, books, held, where)


def to_xero_contact(customer: Customer, books: Books, held: Held | None, marker: str) -> dict[str, Any]:
    """What Xero should hold, without ContactID and status.

    ContactNumber, our mark, is left out for a contact somebody else made. ContactPersons are never sent: they are
    replaced as a set, and other people's would go. Precondition: check_contact returned nothing that blocks.
    """
    wish = _wish(customer, books)
    if held is None or _made_by_us(held):
        wish["ContactNumber"] = marker
    return wish


def next_contact_step(customer: Customer, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """Create it, bring it up to date, archive it, or None. One inactive in billing and unknown there is not created.

    Changes go before archiving: an archived contact is frozen for every application (6.3).
    """
    wish = to_xero_contact(customer, books, held, marker)
    wished = fingerprint(wish)
    if held is None:
        if not customer.active:
            return None
        return create(RecordKind.CUSTOMER, wish, marker, path="Contacts", wished=wished)
    if _archived_there(held):
        return None
    if wished != held.sent_fingerprint and (changes := _changes(wish, books, held)):
        return change(Verb.UPDATE, held, changes, marker, wished=wished)
    if not customer.active:
        return change(Verb.UPDATE, held, {"ContactStatus": "ARCHIVED"}, marker, wished=wished)
    return None


def lost_in_translation(customer: Customer, books: Books | None = None) -> list[str]:
    """What Xero has no field for, or none an application may write, as words for a person."""
    shipping = [address for address in customer.addresses if address.purpose == "shipping"]
    terms = customer.payment_terms
    held = {
        "contact position": bool(customer.contact_position),
        "title, middle name or suffix": any((customer.person.title, customer.person.middle, customer.person.suffix)),
        "company name": bool(customer.company_name) and customer.company_name != contact_name(customer),
        "further e-mail addresses": len(customer.emails) > 1,
        "website": bool(customer.website),
        "notes": bool(customer.notes),
        "language": bool(customer.language),
        "bank accounts": bool(customer.bank_accounts),
        "e-invoicing network id": bool(customer.network_id),
        "further addresses": len(customer.addresses) > min(len(shipping), 1),
        "name of the shipping address": bool(shipping and shipping[0].name),
        "further tax ids": len(customer.tax_ids) > min(len(customer.tax_ids), 1),
        "exemption reason": bool(customer.exemption_reason),
        "tax class": customer.tax_class is not TaxClass.TAXABLE,
        "payment terms": terms is not None and terms.due_days > LONGEST_TERM_DAYS,
    }
    if books is not None:
        held["default tax code"] = bool(customer.default_tax_code) and not _default_tax_type(customer, books)
    return [what for what, lost in held.items() if lost]


def _changes(wish: dict[str, Any], books: Books, held: Held) -> dict[str, Any]:
    """The fields to send. Of a contact of ours all of them, with those to be emptied; of one somebody else made only
    what billing fills in and Xero holds differently."""
    there = _wish(held.observed.customer, books) if isinstance(held.observed, ObservedCustomer) else {}
    if _made_by_us(held) or held.sent_fingerprint:
        return wish | {name: _EMPTY[name] for name in there if name in _EMPTY and name not in wish}
    return {name: value for name, value in wish.items() if there.get(name) != value}


_EMPTY: Mapping[str, Any] = dict.fromkeys(("FirstName", "LastName", "EmailAddress", "TaxNumber"), "")
"""How a field is emptied: an update is a merge, so what is left out would stay (2.3)."""


def _made_by_us(held: Held) -> bool:
    """Our mark is its ContactNumber. Without it the number is somebody else's and is left alone."""
    return isinstance(held.observed, ObservedCustomer) and bool(held.observed.marker)


def _archived_there(held: Held) -> bool:
    return isinstance(held.observed, ObservedCustomer) and not held.observed.active


def _wish(customer: Customer, books: Books) -> dict[str, Any]:
    """The mapped fields. The same function reads what is there, so that the two compare field by field."""
    currency = customer.currency if customer.currency in usable_currencies(books.catalog) else ""
    email = customer.emails[0] if customer.emails else ""
    wished = make(
        "Contact",
        name=contact_name(customer)[:NAME_MAX],
        first_name=customer.person.given or None,
        last_name=customer.person.family or None,
        email_address=(ascii_form(email) or email)[:EMAIL_MAX] or None,
        tax_number=customer.tax_ids[0].value[:TAX_NUMBER_MAX] if customer.tax_ids else None,
        accounts_receivable_tax_type=_default_tax_type(customer, books) or None,
        default_currency=currency or None,
        payment_terms=_payment_terms(customer.payment_terms),
        addresses=_addresses(customer) or None,
        phones=_phones(customer) or None,
    )
    return dict(body_of(wished))


def _addresses(customer: Customer) -> list[Any]:
    shipping = next((address for address in customer.addresses if address.purpose == "shipping"), None)
    slots = [to_xero_address(customer.billing_address, BILLING)]
    if shipping is not None and not is_empty(shipping):
        slots.append(to_xero_address(shipping, DELIVERY))
    return [slot for slot in slots if slot is not None]


def _phones(customer: Customer) -> list[Any]:
    """A number goes out whole: billing does not know which digits are the area's."""
    numbers = {kind: getattr(customer, field) for kind, field in _PHONES.items()}
    return [
        make("Phone", phone_type=kind, phone_number=number, phone_area_code="", phone_country_code="")
        for kind, number in numbers.items()
        if number
    ]


def _payment_terms(terms: PaymentTerms | None) -> Any:
    if terms is None or terms.due_days > LONGEST_TERM_DAYS:
        return None
    return make("PaymentTerm", sales=make("Bill", day=terms.due_days, type="DAYSAFTERBILLDATE"))


def _default_tax_type(customer: Customer, books: Books) -> str:
    """Only through the explicit mapping."""
    return books.settings.tax_codes.get(customer.default_tax_code, "") if customer.default_tax_code else ""


def _check_email(customer: Customer, where: str) -> list[Problem]:
    """The first address is the contact's; it needs an ASCII form, since Xero takes no umlauts (6.1)."""
    problems = check_emails(customer.emails, where=where, system=SYSTEM)
    for email in customer.emails[:1]:
        if judge_email(email).valid and not ascii_form(email):
            problems.append(
                Problem(
                    reason=Reason.EMAIL_INVALID,
                    where=where,
                    field="emails.0",
                    message=f"{email!r} has letters before the @ that Xero refuses.",
                    fix=f"Use an address without accents before the @ in {SYSTEM}.",
                    value=email,
                )
            )
    return problems


def _check_lengths(customer: Customer, where: str) -> list[Problem]:
    texts = {
        "emails.0": (customer.emails[0] if customer.emails else "", EMAIL_MAX),
        "billing_address.postal_code": (customer.billing_address.postal_code, POSTAL_CODE_MAX),
    }
    return [
        too_long(text, limit, where=where, field=field) for field, (text, limit) in texts.items() if len(text) > limit
    ]


def too_long(text: str, limit: int, *, where: str, field: str) -> Problem:
    """A text Xero would refuse. Cutting it silently was rejected: nobody would notice."""
    return Problem(
        reason=Reason.TEXT_TOO_LONG,
        where=where,
        field=field,
        message=f"{field.replace('_', ' ')} has {len(text)} characters and Xero holds {limit}: {text[:60]!r}...",
        fix=f"Shorten it in {SYSTEM}.",
        value=text[:500],
    )


def _check_tax_ids(customer: Customer, where: str) -> list[Problem]:
    """A warning: the check digits are wrong, Xero takes it all the same."""
    return [
        Problem(
            reason=Reason.TAX_ID_INVALID,
            where=where,
            field=f"tax_ids.{position}",
            message=f"The tax id {tax_id.value!r} is not a valid {tax_id.country} number.",
            fix=f"Check the number in {SYSTEM}.",
            value=tax_id.value,
        )
        for position, tax_id in enumerate(customer.tax_ids)
        if not _valid_tax_id(tax_id)
    ]


def _valid_tax_id(tax_id: TaxId) -> bool:
    module = get_cc_module(tax_id.country.lower(), tax_id.kind) if tax_id.kind == "vat" else None
    if module is None:
        return True
    try:
        module.validate(tax_id.value)
    except BadTaxId:
        return False
    return True


def _check_archived(customer: Customer, books: Books, held: Held | None, where: str) -> list[Problem]:
    """An archived contact is frozen: only a person can bring it back, in Xero itself (6.3)."""
    if held is None or not customer.active or not _archived_there(held):
        return []
    return [
        Problem(
            reason=Reason.CUSTOMER_INACTIVE,
            where=where,
            field="active",
            message=f"{contact_name(customer)!r} is archived in Xero; applications can neither change nor restore it.",
            fix="Restore the contact in Xero (Contacts, Archived), then retry.",
        )
    ]
