"""What a ledger holds, in core words: catalogues, observed documents, changes.

Mappings build these from provider objects; the service compares them with what billing wants. Nothing here names a
provider's field.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import Field

from contracts.base import Contract, Exact
from contracts.customers import Customer
from contracts.problems import Problem
from contracts.taxes import TaxKind


class LedgerName(StrEnum):
    """The ledgers a connection can be for."""

    QUICKBOOKS = "quickbooks"
    XERO = "xero"


class RecordKind(StrEnum):
    """What can be wanted by billing and held by a ledger."""

    CUSTOMER = "customer"
    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
    PAYMENT = "payment"
    ALLOCATION = "allocation"
    """Credit settling an invoice: part of the credit memo or payment in billing, an object of its own in the ledger."""


class RemoteRef(Contract):
    """One object in the ledger. `version` is the ledger's own concurrency token ("" where it has none)."""

    kind: RecordKind
    id: str
    version: str = ""


class ObservedCustomer(Contract):
    """A customer as the ledger holds it.

    `customer.id` is the ledger's id. `problems` is what stands in the way of importing it. `country_text` is the
    country as typed there; `customer.billing_address.country` is set only where it is certain.
    """

    ref: RemoteRef
    customer: Customer
    active: bool = True
    is_project: bool = False
    parent_id: str = ""
    currency: str = ""
    country_text: str = ""
    address_from: str = Field(default="", description="Which of several addresses became the billing one, and why.")
    default_tax_code: str = ""
    balance: Exact = Decimal(0)
    updated_at: datetime | None = None
    fingerprint: str = Field(description="Hash of the mapped fields; balances and times do not move it.")
    marker: str = ""
    problems: list[Problem] = []


class ObservedDocument(Contract):
    """An invoice or credit memo as the ledger holds it, with the figures that have to agree."""

    ref: RemoteRef
    number: str = ""
    customer_ref: str = Field(default="", description="The ledger's id of the customer.")
    currency: str = ""
    issue_date: date | None = None
    due_date: date | None = None
    net: Exact = Decimal(0)
    tax: Exact = Decimal(0)
    total: Exact = Decimal(0)
    balance: Exact = Field(default=Decimal(0), description="Open: still owed (invoice) or still to use (credit memo).")
    voided: bool = False
    sent: bool = False
    bill_email: str = ""
    settled_by: list[str] = Field(default=[], description="The ledger's ids of payments applied to it.")
    line_refs: list[str] = Field(default=[], description="The ledger's ids of its lines in print order, if any.")
    exchange_rate: Exact | None = None
    updated_at: datetime | None = None
    fingerprint: str = Field(default="", description="Hash of what a bookkeeper could edit, times and balance aside.")
    marker: str = ""


class ObservedAllocation(Contract):
    """A part of a payment used for one document in the ledger."""

    kind: Literal[RecordKind.INVOICE, RecordKind.CREDIT_MEMO]
    remote_id: str
    amount: Exact


class ObservedPayment(Contract):
    """A payment as the ledger holds it.

    `applies_credit` marks the amount-less payment by which a credit memo settles an invoice: no money moved.
    `whole` is False when an allocation is to something we cannot represent: then the payment maps not at all.
    """

    ref: RemoteRef
    customer_ref: str = ""
    currency: str = ""
    amount: Exact = Decimal(0)
    unapplied: Exact = Decimal(0)
    paid_on: date | None = None
    method: str = ""
    reference: str = ""
    note: str = ""
    allocations: list[ObservedAllocation] = []
    applies_credit: bool = False
    whole: bool = True
    voided: bool = False
    exchange_rate: Exact | None = None
    updated_at: datetime | None = None
    marker: str = ""


class Gone(Contract):
    """An object the ledger says was deleted, confirmed by reading it."""

    ref: RemoteRef
    at: datetime | None = None


Observed = ObservedCustomer | ObservedDocument | ObservedPayment


class ChangeHint(Contract):
    """Something may have changed: read it afresh, a hint says nothing about what is true now."""

    kind: RecordKind
    remote_id: str
    operation: Literal["created", "updated", "deleted", "merged", "voided", "emailed"]
    company: str = Field(description="The ledger's id of the company: QuickBooks realm id, Xero tenant id.")
    at: datetime | None = None
    merged_into: str = ""
    dedupe_key: str


class Company(Contract):
    """The merchant's company in the ledger."""

    id: str
    name: str
    legal_name: str = ""
    country: str = ""
    home_currency: str
    multi_currency: bool = False
    email: str = ""
    timezone: str = ""
    subscription: str = ""
    sales_tax: bool = True
    tax_model: str = Field(default="", description="How the ledger computes tax: a name of the provider's mapping.")
    sales_tax_basis: str = Field(default="", description="Accruals, payments or none, in the ledger's own words.")
    books_closed_until: date | None = None
    numbers_automatic: bool = False
    discounts_allowed: bool = False
    short_code: str = Field(default="", description="The ledger's name of the company in web addresses, if any.")
    applies_credit_by_itself: bool = False


class Account(Contract):
    """An account of the books. `code` is what people know it by ("200"); `id` never changes."""

    id: str
    name: str
    type: str
    code: str = ""
    currency: str = ""
    active: bool = True
    takes_sales: bool = Field(default=True, description="False where a sales line cannot post to it.")
    takes_payments: bool = Field(default=True, description="False where a payment cannot land in it.")


class Item(Contract):
    """A product or service of the ledger, which says where a line posts to."""

    id: str
    name: str
    type: str = ""
    code: str = ""
    income_account: str = ""
    active: bool = True
    usable: bool = Field(default=True, description="False for categories and bundles: a line cannot name them.")


class RateComponent(Contract):
    """One rate inside a ledger's tax code, valid between two dates (both inclusive, None is open)."""

    rate_id: str
    name: str = ""
    percent: Exact
    starts: date | None = None
    ends: date | None = None
    on_tax: bool = Field(default=False, description="Computed on amount plus earlier tax (compound).")
    order: int = 0


class LedgerTaxCode(Contract):
    """A tax code of the ledger as it applies to sales."""

    id: str
    name: str
    description: str = ""
    active: bool = True
    for_sales: bool = True
    kind: TaxKind
    components: list[RateComponent] = []

    def percent_on(self, day: date) -> Decimal:
        """The sum of the simple rates in force on a day, as a percentage."""
        return sum(
            (part.percent for part in self.components_on(day) if not part.on_tax),
            Decimal(0),
        )

    def components_on(self, day: date) -> list[RateComponent]:
        """The rates in force on a day, in the order they are computed."""
        return sorted(
            (
                part
                for part in self.components
                if (part.starts is None or part.starts <= day) and (part.ends is None or day <= part.ends)
            ),
            key=lambda part: part.order,
        )


class Term(Contract):
    id: str
    name: str
    due_days: int | None = None
    active: bool = True


class PaymentMethod(Contract):
    id: str
    name: str
    active: bool = True


class BrandingTheme(Contract):
    """How a document looks when the ledger prints it."""

    id: str
    name: str
    default: bool = False


class LedgerCurrency(Contract):
    code: str
    name: str = ""
    active: bool = True


class Catalog(Contract):
    """Everything of a company that a mapping looks things up in."""

    company: Company
    currencies: list[LedgerCurrency] = []
    accounts: list[Account] = []
    tax_codes: list[LedgerTaxCode] = []
    terms: list[Term] = []
    items: list[Item] = []
    payment_methods: list[PaymentMethod] = []
    branding_themes: list[BrandingTheme] = []
    read_at: datetime
