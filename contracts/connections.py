"""Connections and their settings: how one merchant's company is to be kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contracts.base import Contract, bounded
from contracts.books import LedgerName
from contracts.problems import Problem

RemoteId = Annotated[str, bounded(100)]


class ConnectionStatus(StrEnum):
    """Where a connection stands."""

    PENDING = "pending"
    CONNECTED = "connected"
    SIGN_IN_NEEDED = "sign_in_needed"
    DISCONNECTED = "disconnected"


class TotalsPolicy(StrEnum):
    """What to do when the ledger would compute another total for a reason that is not rounding."""

    BLOCK = "block"
    ACCEPT_LEDGER_TAX = "accept_ledger_tax"


class PaidVoidPolicy(StrEnum):
    """What to do when billing voids a document that has payments in the ledger."""

    BLOCK = "block"
    VOID = "void"


class ConnectionSettings(Contract):
    """How this merchant's books are to be kept. Ids are the ledger's own, as listed in the catalogue."""

    default_item: RemoteId = Field(default="", description="Item for lines whose product is not in `items`.")
    items: dict[str, RemoteId] = Field(
        default={},
        description="Billing product id -> ledger item id. In Xero an item's code, an account's id or code do as well: "
        "the entry is looked up among the items first, then among the accounts.",
    )
    default_account: RemoteId = Field(
        default="",
        description="Xero: sales account (id or code) for lines without an item, and for items without an account.",
    )
    tax_codes: dict[str, RemoteId] = Field(default={}, description="Billing tax code id -> ledger tax code id.")
    deposit_account: RemoteId = Field(
        default="", description="Where payments land. Empty: the ledger's own default; Xero has none and needs one."
    )
    branding_theme: RemoteId = Field(default="", description="Xero: how documents look. Empty: the company's default.")
    document_link: Annotated[str, bounded(500)] = Field(
        default="",
        description="Xero: absolute web address of a document in billing, `{id}` standing for its id; an invoice "
        "links to it. Our mark is added after a #. Empty: an address that carries the mark alone.",
    )
    payment_methods: dict[str, RemoteId] = Field(default={}, description="Billing method -> ledger payment method id.")
    merchant_email: Annotated[str, bounded(100)] = Field(
        default="",
        description="Where the ledger's own e-mail goes when an invoice is marked as sent, so that the customer is not "
        "written to twice. Empty: the company's address in the ledger.",
    )
    mark_sent: bool = Field(default=True, description="Mark an invoice as sent in the ledger when billing sends it.")
    on_totals_differ: TotalsPolicy = TotalsPolicy.BLOCK
    on_void_with_payments: PaidVoidPolicy = PaidVoidPolicy.BLOCK
    pull_every_seconds: Annotated[int, Field(ge=10, le=86_400)] = 300


class ConnectionRequest(Contract):
    """Ask for a connection."""

    ledger: LedgerName = LedgerName.QUICKBOOKS
    name: Annotated[str, bounded(200)] = Field(default="", description="A label for people; the company name if empty.")
    return_url: Annotated[str, bounded(1000)] = Field(default="", description="Where the browser goes after consent.")


class Connection(Contract):
    """One merchant's company in one ledger."""

    id: str
    ledger: LedgerName
    name: str
    status: ConnectionStatus
    company_id: str = Field(default="", description="QuickBooks realm id or Xero tenant id.")
    company_name: str = ""
    country: str = ""
    home_currency: str = ""
    authorize_url: str = Field(default="", description="Where a person grants access; only while it is needed.")
    catalog_read_at: datetime | None = None
    last_pulled_at: datetime | None = None
    last_error: str = ""
    paused_until: datetime | None = None
    created_at: datetime


class Readiness(Contract):
    """What is missing before documents can be pushed. `ready` is False while a problem blocks."""

    ready: bool
    state: Literal["pending", "reading", "ready", "blocked"]
    problems: list[Problem]
