"""The customer: whom an invoice is for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contracts.addresses import Address, NamedAddress
from contracts.base import Contract, CountryCode, Email, Id, LanguageTag, LongText, Metadata, Name, bounded
from contracts.money import CurrencyCode


class CustomerKind(StrEnum):
    COMPANY = "company"
    INDIVIDUAL = "individual"


class PersonName(Contract):
    """A person's name in parts."""

    title: Annotated[str, bounded(16)] = ""
    given: Annotated[str, bounded(100)] = ""
    middle: Annotated[str, bounded(100)] = ""
    family: Annotated[str, bounded(100)] = ""
    suffix: Annotated[str, bounded(16)] = ""


class TaxId(Contract):
    """A registration number: VAT, GST, EIN. `value` as the platform holds it."""

    country: CountryCode
    kind: Literal["vat", "gst", "ein", "other"] = "vat"
    value: Annotated[str, bounded(50, min_length=1)]


class BankAccount(Contract):
    """Where the customer pays from or is refunded to. Never sent to a ledger that has no field for it."""

    iban: Annotated[str, bounded(42)] = ""
    bic: Annotated[str, bounded(11)] = ""
    account_number: Annotated[str, bounded(50)] = ""
    routing_number: Annotated[str, bounded(20)] = ""
    holder: Annotated[str, bounded(140)] = ""


class TaxClass(StrEnum):
    """How the customer is taxed; an exemption needs its reason."""

    TAXABLE = "taxable"
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"


class PaymentTerms(Contract):
    """Days from issue to due, and the name the ledger may know it by ("Net 30")."""

    due_days: Annotated[int, Field(ge=0, le=999)]
    name: Annotated[str, bounded(31)] = ""


class Customer(Contract):
    """One customer of the merchant, as billing wants the ledger to hold it."""

    id: Id
    kind: CustomerKind = CustomerKind.COMPANY
    name: Name = Field(default="", description="The name the customer is listed under; unique in QuickBooks.")
    company_name: Name = ""
    person: PersonName = PersonName()
    contact_position: Annotated[str, bounded(100)] = ""
    emails: Annotated[list[Email], Field(max_length=20, description="The first one receives invoices.")] = []
    phone: Annotated[str, bounded(50)] = ""
    mobile: Annotated[str, bounded(50)] = ""
    fax: Annotated[str, bounded(50)] = ""
    website: Annotated[str, bounded(1000)] = ""
    tax_ids: Annotated[list[TaxId], Field(max_length=10)] = []
    billing_address: Address = Address()
    addresses: Annotated[list[NamedAddress], Field(max_length=20)] = []
    language: LanguageTag | Literal[""] = ""
    currency: CurrencyCode | Literal[""] = ""
    payment_terms: PaymentTerms | None = None
    tax_class: TaxClass = TaxClass.TAXABLE
    exemption_reason: Annotated[str, bounded(200)] = ""
    default_tax_code: Id | Literal[""] = ""
    bank_accounts: Annotated[list[BankAccount], Field(max_length=10)] = []
    network_id: Annotated[str, bounded(100)] = Field(default="", description="E-invoicing network id, such as Peppol.")
    notes: LongText = ""
    active: bool = True
    metadata: Metadata = {}
