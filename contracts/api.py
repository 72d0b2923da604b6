"""The shapes of the service's own HTTP API: what a platform asks, and what it is answered.

Records, problems, imports and events have contracts of their own; here is what goes around them. Lists are envelopes
{items, next_cursor}: hand next_cursor back as `cursor` for the next page, null means there is none.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SkipValidation

from contracts.base import Contract, Exact, bounded
from contracts.books import RecordKind
from contracts.connections import Connection
from contracts.credit_memos import CreditMemo
from contracts.customers import Customer
from contracts.events import CloudEvent, EventType
from contracts.imports import CustomerImport, ImportRow
from contracts.invoices import Invoice, PaymentStatus
from contracts.payments import Payment
from contracts.problems import Problem

MAX_BATCH = 1000
"""Records one batch may carry."""


class RecordState(StrEnum):
    """Where a record stands between billing and the ledger."""

    IN_SYNC = "in_sync"
    WAITING = "waiting"
    SENDING = "sending"
    RETRYING = "retrying"
    BLOCKED = "blocked"
    UNCERTAIN = "uncertain"


class Side(StrEnum):
    """Who brought something about."""

    BILLING = "billing"
    LEDGER = "ledger"


class LinkOrigin(StrEnum):
    """How a record came to be linked: we wrote it, imported it, matched it, or saw a bookkeeper make it."""

    PUSHED = "pushed"
    IMPORTED = "imported"
    MATCHED = "matched"
    OBSERVED = "observed"


class LedgerObject(Contract):
    """The object a record is linked to, as the ledger was last seen to hold it."""

    id: str = Field(description="The ledger's own id.")
    kind: RecordKind
    url: str = Field(default="", description="Opens it in the ledger, in the right company.")
    origin: LinkOrigin
    version: str = Field(default="", description="The ledger's own version token.")
    number: str = ""
    total: Exact | None = Field(default=None, description="The total or, of a payment, the amount.")
    balance: Exact | None = Field(default=None, description="Open amount; of a payment, what is not applied.")
    voided: bool = False
    sent: bool = False
    gone_at: datetime | None = Field(default=None, description="When it was found to be deleted there.")
    updated_at: datetime | None = Field(default=None, description="The ledger's own time of its last change.")


class RecordSummary(Contract):
    """A record in a list: what it is, and how far the ledger is from it. `id` is billing's, `record_id` is ours."""

    id: str
    record_id: str
    kind: RecordKind
    state: RecordState
    waits_for: str = Field(default="", description="What it waits for, as customer/cus_1. Empty: nothing.")
    problems: list[Problem] = []
    origin: Side = Side.BILLING
    wanted_version: int
    ledger_version: int | None = Field(default=None, description="The version the ledger holds; null: none yet.")
    customer_id: str = ""
    number: str = ""
    name: str = ""
    status: str = ""
    currency: str = ""
    total: Exact | None = None
    document_date: str = ""
    payment_status: PaymentStatus | None = Field(default=None, description="Of an invoice, as the ledger says.")
    amount_paid: Exact | None = None
    ledger: LedgerObject | None = None
    created_at: datetime
    updated_at: datetime


class RecordView(RecordSummary):
    """One record with the version billing last asked for."""

    body: dict[str, Any] = Field(description="The record as billing last sent it, in its own contract.")


class RecordVersionView(Contract):
    """One version of a record."""

    version: int
    origin: Side
    body: dict[str, Any]
    created_at: datetime


class AttemptView(Contract):
    """One try to change the ledger. `trace_id` is the ledger's own id of the request, for its support."""

    id: str
    version: int
    verb: str
    kind: RecordKind
    part: str = ""
    state: str
    code: str = ""
    detail: str = ""
    trace_id: str = ""
    request_id: str = Field(default="", description="The idempotency key the call carried.")
    opened_at: datetime
    closed_at: datetime | None = None


class RecordDetail(RecordView):
    """Everything known about a record, for a person who has to find out what happened."""

    versions: list[RecordVersionView]
    attempts: list[AttemptView]
    parts: list[LedgerObject] = Field(default=[], description="Further objects: what applies a credit memo there.")


class RecordPage(Contract):
    items: list[RecordSummary]
    next_cursor: str | None = None


class AttemptList(Contract):
    items: list[AttemptView]


class CustomerBatch(Contract):
    """Customers, each accepted or refused on its own."""

    items: Annotated[list[SkipValidation[Customer]], Field(min_length=1, max_length=MAX_BATCH)]


class InvoiceBatch(Contract):
    """Invoices, each accepted or refused on its own."""

    items: Annotated[list[SkipValidation[Invoice]], Field(min_length=1, max_length=MAX_BATCH)]


class CreditMemoBatch(Contract):
    """Credit memos, each accepted or refused on its own."""

    items: Annotated[list[SkipValidation[CreditMemo]], Field(min_length=1, max_length=MAX_BATCH)]


class PaymentBatch(Contract):
    """Payments, each accepted or refused on its own."""

    items: Annotated[list[SkipValidation[Payment]], Field(min_length=1, max_length=MAX_BATCH)]


class BatchItem(Contract):
    """What became of one record of a batch. A refused one leaves its neighbours alone."""

    id: str = Field(description="Billing's id as sent; empty when the item had none that could be read.")
    accepted: bool
    changed: bool = Field(default=False, description="False when the same body was already held.")
    state: RecordState | None = None
    problems: list[Problem] = []


class BatchAnswer(Contract):
    """One entry for each item, in the order sent."""

    items: list[BatchItem]


class ConnectionPage(Contract):
    items: list[Connection]
    next_cursor: str | None = None


class LaneStatus(Contract):
    """How the work of one connection goes."""

    connection_id: str
    states: dict[str, int] = Field(description="Records by state.")
    kinds: dict[str, int] = Field(description="Records not in sync, by kind.")
    reasons: dict[str, int] = Field(description="Records by reason code of their problems.")
    due: int = Field(description="Records whose time has come.")
    oldest_due_at: datetime | None = None
    open_calls: int = Field(default=0, description="Calls sent and not yet answered for certain.")
    open_changes: int = Field(default=0, description="Changes noticed in the ledger and not yet applied.")
    calls: int = Field(default=0, description="Calls to the ledger so far.")
    lane_due_at: datetime | None = None
    paused_until: datetime | None = None
    failures: int = 0
    last_error: str = ""
    last_pulled_at: datetime | None = None
    pulled_until: datetime | None = Field(default=None, description="Everything up to here has been seen.")


class ImportPage(Contract):
    items: list[CustomerImport]
    next_cursor: str | None = None


class ImportRowPage(Contract):
    items: list[ImportRow]
    next_cursor: str | None = None


class SelectionAnswer(Contract):
    """How many rows a selection came to."""

    rows: int


class EventPage(Contract):
    """Events in order. Ask again with `after` set to next_cursor, also when items is empty."""

    items: list[CloudEvent]
    next_cursor: str
    has_more: bool = False


def _web_address(value: str) -> str:
    scheme, _, rest = value.partition("://")
    host = rest.split("/", 1)[0].split("?", 1)[0]
    if scheme not in ("http", "https") or not host or "@" in host or not value.isprintable() or " " in value:
        raise ValueError("must be an address such as https://billing.example/hooks, without a user name")
    return value


class EndpointRequest(Contract):
    """Where a platform wants its events."""

    url: Annotated[str, bounded(2000, min_length=1, pattern=r"^https?://[^\s@]+$"), AfterValidator(_web_address)]
    types: Annotated[list[EventType], Field(max_length=100)] = Field(default=[], description="Empty: all of them.")


class Endpoint(Contract):
    """A webhook endpoint, and how its deliveries go."""

    id: str
    url: str
    types: list[EventType] = []
    active: bool = True
    pending: int = 0
    delivered: int = 0
    failed: int = 0
    oldest_pending_at: datetime | None = None
    last_delivered_at: datetime | None = None
    last_status: int | None = None
    last_error: str = ""
    created_at: datetime


class NewEndpoint(Endpoint):
    """The secret is shown this once. Signatures follow Standard Webhooks."""

    secret: str


class EndpointList(Contract):
    items: list[Endpoint]


class DeliveryState(StrEnum):
    """Where one event stands on its way to one endpoint."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryView(Contract):
    """One event on its way to one endpoint."""

    id: str
    event_id: str
    event_type: str
    subject: str
    state: DeliveryState
    tries: int = 0
    next_at: datetime | None = Field(default=None, description="When it is tried next; null once it is settled.")
    last_status: int | None = None
    last_error: str = ""
    delivered_at: datetime | None = None
    event_time: datetime


class DeliveryPage(Contract):
    items: list[DeliveryView]
    next_cursor: str | None = None


class ConsoleLink(Contract):
    """Signs one browser in to the console, once, for a person the platform trusts."""

    url: str
    expires_at: datetime


class Authorization(Contract):
    """Where a person grants access to the company; good for half an hour, once."""

    authorize_url: str


class Health(Contract):
    """`status` is "ok", or "failing" with what fails."""

    status: str
    detail: str = ""


class ProblemDetails(Contract):
    """Every answer that is not a success. Source: RFC 9457, Problem Details for HTTP APIs."""

    type: str = Field(description="A stable reference to the kind of problem, as /problems/malformed.")
    title: str
    status: int
    detail: str = ""
    instance: str = Field(default="", description="The path asked for.")
    request_id: str = Field(default="", description="Quote it when asking for help; it stands in our logs.")
    problems: list[Problem] = []
