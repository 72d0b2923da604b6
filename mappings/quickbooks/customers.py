"""Customers to QuickBooks. Source: QuickBooks reference 2.10, 9.2, 13.1. The way back: observed_customers.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError as BadTaxId

from contracts.books import Catalog, ObservedCustomer, RecordKind, Term
from contracts.customers import Customer, PaymentTerms, TaxClass, TaxId
from contracts.problems import Problem, Reason
from mappings.plan import Books, Held, Step, Verb
from mappings.quickbooks.catalog import TaxModel
from mappings.quickbooks.contacts import (
    BILLING,
    check_pushed_emails,
    joined_emails,
    to_quickbooks_address,
    web_address,
)
from mappings.quickbooks.currencies import check_currency
from mappings.quickbooks.wire import body_of, encode, fingerprint, make, ref, with_marker
from mappings.rules.countries import folded
from mappings.rules.names import check_name, same_name

NAME_MAX, COMPANY_MAX, PHONE_MAX, NOTES_MAX, RESALE_MAX = 500, 100, 30, 2000, 16
MARKER_ROOM = 60
"""Characters kept for our mark on the last line of a note."""

EXEMPTION_REASONS: Mapping[str, str] = {
    "federal government": "1", "state government": "2", "local government": "3", "tribal government": "4",
    "charitable": "5", "charitable organization": "5", "religious": "6", "religious organization": "6",
    "educational": "7", "educational organization": "7", "hospital": "8", "resale": "9", "reseller": "9",
    "direct pay permit": "10", "multiple points of use": "11", "direct mail": "12", "agricultural production": "13",
    "industrial": "14", "manufacturing": "14", "industrial manufacturing": "14",
    "industrial production manufacturing": "14", "foreign diplomat": "15",
}  # fmt: skip
"""TaxExemptionReasonId by its text. Source: QuickBooks reference 9.2."""

_CLEARED: Mapping[str, Any] = {
    **dict.fromkeys(("CompanyName", "Title", "GivenName", "MiddleName", "FamilyName", "Suffix", "ResaleNum"), ""),
    **{name: {"FreeFormNumber": ""} for name in ("PrimaryPhone", "Mobile", "Fax")},
    "PrimaryEmailAddr": {"Address": ""},
    "WebAddr": {"URI": ""},
}
"""How a field is emptied in a sparse update. Source: QuickBooks reference 2.6 (recalled)."""


def display_name(customer: Customer) -> str:
    """The name QuickBooks lists the customer under: its own, else the company's, else the person's."""
    person = customer.person
    return customer.name or customer.company_name or " ".join(filter(None, (person.given, person.family)))


def check_customer(customer: Customer, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this customer cannot go to QuickBooks yet. An address is not needed to push one, only to import."""
    where = f"customer {display_name(customer) or customer.id}"
    return [
        *check_name(display_name(customer), where=where, system=BILLING, max_length=NAME_MAX),
        *_check_person(customer, where),
        *check_pushed_emails(customer.emails, where=where),
        *_check_lengths(customer, where),
        *_check_website(customer, where),
        *_check_tax_ids(customer, where),
        *_check_money(customer, books, held, where),
    ]


def to_quickbooks_customer(customer: Customer, books: Books, held: Held | None, marker: str) -> dict[str, Any]:
    """What QuickBooks should hold, without Id and SyncToken.

    The note (with our mark) is left out for a customer somebody else made, the currency for one that exists: it is
    settable at create only (10). Precondition: check_customer returned nothing that blocks.
    """
    wish = _wish(customer, books)
    if held is None or _made_by_us(held):
        wish["Notes"] = with_marker(customer.notes, marker)
    if held is None and customer.currency and books.catalog.company.multi_currency:
        wish["CurrencyRef"] = {"value": customer.currency}
    return wish


def next_customer_step(customer: Customer, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """Create it, bring it up to date, or None. A customer inactive in billing and unknown there is not created."""
    wish = to_quickbooks_customer(customer, books, held, marker)
    wished = fingerprint({name: value for name, value in wish.items() if name != "CurrencyRef"})
    if held is None:
        if not customer.active:
            return None
        return Step(Verb.CREATE, RecordKind.CUSTOMER, marker, encode(wish), wished)
    if wished == held.sent_fingerprint:
        return None
    changes = _changes(wish, books, held)
    if not changes:
        return None
    body = {"Id": held.ref.id, "SyncToken": held.ref.version, "sparse": True} | changes
    return Step(Verb.UPDATE, RecordKind.CUSTOMER, marker, encode(body), wished, target=held.ref)


def lost_in_translation(customer: Customer, books: Books | None = None) -> list[str]:
    """What QuickBooks has no field for, as words for a person: ["bank accounts", "language"]."""
    shipping = [address for address in customer.addresses if address.purpose == "shipping"]
    held = {
        "contact position": bool(customer.contact_position),
        "language": bool(customer.language),
        "bank accounts": bool(customer.bank_accounts),
        "e-invoicing network id": bool(customer.network_id),
        "further addresses": len(customer.addresses) > min(len(shipping), 1),
        "name of the shipping address": bool(shipping and shipping[0].name),
        "further tax ids": len(customer.tax_ids) > len(_tax_id_fields(customer)),
        "exemption reason": bool(customer.exemption_reason) and not _exemption_id(customer),
        "reverse charge": customer.tax_class is TaxClass.REVERSE_CHARGE,
    }
    if books is not None:
        held["payment terms"] = bool(customer.payment_terms) and not _term_id(customer.payment_terms, books.catalog)
    return [what for what, lost in held.items() if lost]


def _changes(wish: dict[str, Any], books: Books, held: Held) -> dict[str, Any]:
    """The fields to send. Of a customer of ours all of them, with those to be emptied; of one somebody else made only
    what billing fills in and QuickBooks holds differently."""
    there = _wish(held.observed.customer, books) if isinstance(held.observed, ObservedCustomer) else {}
    if _made_by_us(held) or held.sent_fingerprint:
        return wish | {name: empty for name, empty in _CLEARED.items() if name in there and name not in wish}
    return {name: value for name, value in wish.items() if there.get(name) != value}


def _made_by_us(held: Held) -> bool:
    """Our mark stands in its note. Without it the note is somebody else's and is left alone."""
    return isinstance(held.observed, ObservedCustomer) and bool(held.observed.marker)


def _wish(customer: Customer, books: Books) -> dict[str, Any]:
    """The mapped fields. The same function reads what is there, so that the two compare field by field."""
    person = customer.person
    shipping = next((address for address in customer.addresses if address.purpose == "shipping"), None)
    emails = joined_emails(customer.emails)
    website = web_address(customer.website)
    wished = make(
        "Customer",
        DisplayName=display_name(customer),
        CompanyName=customer.company_name or None,
        Title=person.title or None,
        GivenName=person.given or None,
        MiddleName=person.middle or None,
        FamilyName=person.family or None,
        Suffix=person.suffix or None,
        PrimaryEmailAddr=make("EmailAddress", Address=emails) if emails else None,
        PrimaryPhone=_phone(customer.phone),
        Mobile=_phone(customer.mobile),
        Fax=_phone(customer.fax),
        WebAddr=make("WebAddress", URI=website) if website else None,
        BillAddr=to_quickbooks_address(customer.billing_address),
        ShipAddr=to_quickbooks_address(shipping) if shipping else None,
        SalesTermRef=ref(_term_id(customer.payment_terms, books.catalog)),
        DefaultTaxCodeRef=ref(_default_tax_code(customer, books)),
        Active=customer.active,
        **_tax_class(customer, books.catalog),
        **_tax_id_fields(customer),
    )
    return dict(body_of(wished))


def _phone(number: str) -> Any:
    return make("PhoneNumber", FreeFormNumber=number) if number else None


def _tax_class(customer: Customer, catalog: Catalog) -> dict[str, Any]:
    """Taxable and the reason for an exemption; US companies only."""
    if catalog.company.tax_model not in (TaxModel.US, TaxModel.US_AUTOMATED):
        return {}
    if customer.tax_class is TaxClass.TAXABLE:
        return {"Taxable": True}
    return {"Taxable": False, "TaxExemptionReasonId": _exemption_id(customer) or None}


def _exemption_id(customer: Customer) -> str:
    return EXEMPTION_REASONS.get(folded(customer.exemption_reason), "")


def _tax_id_fields(customer: Customer) -> dict[str, str]:
    """The first registration number, and the first number of another kind as resale number."""
    found: dict[str, str] = {}
    for tax_id in customer.tax_ids:
        found.setdefault("ResaleNum" if tax_id.kind == "other" else "PrimaryTaxIdentifier", tax_id.value)
    return found


def _default_tax_code(customer: Customer, books: Books) -> str:
    """Only through the explicit mapping; Automated Sales Tax sets it by itself (9.2)."""
    if books.catalog.company.tax_model == TaxModel.US_AUTOMATED:
        return ""
    return books.settings.tax_codes.get(customer.default_tax_code, "")


def _term_id(terms: PaymentTerms | None, catalog: Catalog) -> str:
    """The term of that name, else the only one with that many days; "" where neither is certain."""
    if terms is None:
        return ""
    active = [term for term in catalog.terms if term.active]
    named = [term for term in active if terms.name and same_name(term.name, terms.name)]
    return _only(named) or _only([term for term in active if term.due_days == terms.due_days])


def _only(terms: list[Term]) -> str:
    return terms[0].id if len(terms) == 1 else ""


def _check_person(customer: Customer, where: str) -> list[Problem]:
    problems = []
    for part, name in customer.person.model_dump().items():
        if name:
            field = f"person.{part}"
            problems += check_name(name, where=where, system=BILLING, max_length=100, field=field)
    return problems


def _check_lengths(customer: Customer, where: str) -> list[Problem]:
    texts = {
        "company_name": (customer.company_name, COMPANY_MAX),
        "phone": (customer.phone, PHONE_MAX),
        "mobile": (customer.mobile, PHONE_MAX),
        "fax": (customer.fax, PHONE_MAX),
        "notes": (customer.notes, NOTES_MAX - MARKER_ROOM),
        "tax_ids": (_tax_id_fields(customer).get("ResaleNum", ""), RESALE_MAX),
    }
    return [
        too_long(text, limit, where=where, field=field) for field, (text, limit) in texts.items() if len(text) > limit
    ]


def too_long(text: str, limit: int, *, where: str, field: str) -> Problem:
    """A text QuickBooks would refuse (2050). Cutting it silently was rejected: nobody would notice."""
    return Problem(
        reason=Reason.TEXT_TOO_LONG,
        where=where,
        field=field,
        message=f"{field.replace('_', ' ')} has {len(text)} characters and QuickBooks holds {limit}: {text[:60]!r}...",
        fix=f"Shorten it in {BILLING}.",
        value=text[:500],
    )


def _check_website(customer: Customer, where: str) -> list[Problem]:
    if not any(character.isspace() for character in customer.website):
        return []
    return [
        Problem(
            reason=Reason.NOT_SUPPORTED_BY_LEDGER,
            where=where,
            field="website",
            message=f"{customer.website!r} is not a web address; QuickBooks refuses it.",
            fix=f"Correct the web address in {BILLING}, such as https://example.com.",
            value=customer.website,
        )
    ]


def _check_tax_ids(customer: Customer, where: str) -> list[Problem]:
    """A warning: the check digits are wrong, QuickBooks takes it all the same."""
    return [
        Problem(
            reason=Reason.TAX_ID_INVALID,
            where=where,
            field=f"tax_ids.{position}",
            message=f"The tax id {tax_id.value!r} is not a valid {tax_id.country} number.",
            fix=f"Check the number in {BILLING}.",
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


def _check_money(customer: Customer, books: Books, held: Held | None, where: str) -> list[Problem]:
    if not customer.currency:
        return []
    observed = held.observed if held else None
    theirs = [observed.currency] if isinstance(observed, ObservedCustomer) else []
    return check_currency(customer.currency, books.catalog, where=where, customers=theirs, adds_itself=held is None)
