"""The tables: what is wanted, what is held, what was tried, what was noticed, what must be told.

Every row hangs on a connection, except what a platform owns. Money is scaled integers (see types.py), bodies are the
contracts' JSON with amounts as strings. A table row does not validate: it is only ever built from a contract.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from service.clock import utc_now
from service.store.types import JsonColumn, Micros

Json = dict[str, Any]


def _json(default: type = dict) -> Any:
    return Field(default_factory=default, sa_type=JsonColumn, nullable=False)


def _money() -> Any:
    return Field(default=None, sa_type=Micros, nullable=True)


class Platform(SQLModel, table=True):
    """A billing system that calls us. Owns keys, endpoints and connections; never sees another's."""

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = Field(default_factory=utc_now)


class ApiKey(SQLModel, table=True):
    """A key of a platform, as a digest."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    platform_id: str = Field(foreign_key="platform.id", index=True)
    name: str
    digest: str = Field(unique=True)
    hint: str
    created_at: datetime = Field(default_factory=utc_now)
    revoked_at: datetime | None = None


class ConsoleSession(SQLModel, table=True):
    """A browser that signed in to the console, or a one-time link that has not been used yet."""

    __tablename__ = "console_session"
    digest: str = Field(primary_key=True)
    platform_id: str = Field(foreign_key="platform.id")
    one_time: bool = False
    expires_at: datetime
    created_at: datetime = Field(default_factory=utc_now)


class Connection(SQLModel, table=True):
    """One merchant's company in one ledger. A company is connected at most once at a time."""

    __table_args__ = (
        sa.Index(
            "one_live_connection_per_company",
            "ledger",
            "company_id",
            unique=True,
            sqlite_where=sa.text("company_id <> '' AND status <> 'disconnected'"),
            postgresql_where=sa.text("company_id <> '' AND status <> 'disconnected'"),
        ),
    )
    id: str = Field(primary_key=True)
    platform_id: str = Field(foreign_key="platform.id", index=True)
    ledger: str
    name: str = ""
    status: str
    company_id: str = ""
    company_code: str = ""
    """What the ledger's own addresses name the company by, where that is not its id."""
    company_name: str = ""
    country: str = ""
    home_currency: str = ""
    settings: Json = _json()
    return_url: str = ""
    catalog_read_at: datetime | None = None
    catalog_wanted: bool = False
    pulled_until: datetime | None = None
    last_pulled_at: datetime | None = None
    pull_due_at: datetime | None = None
    last_error: str = ""
    created_at: datetime = Field(default_factory=utc_now)


class OAuthState(SQLModel, table=True):
    """The state of one consent under way: single use, short-lived, kept as a digest."""

    __tablename__ = "oauth_state"
    digest: str = Field(primary_key=True)
    connection_id: str = Field(foreign_key="connection.id", index=True)
    expires_at: datetime
    used_at: datetime | None = None


class TokenGrant(SQLModel, table=True):
    """The tokens of a connection, sealed. `generation` counts rotations: a save names the one it replaces."""

    __tablename__ = "token_grant"
    connection_id: str = Field(primary_key=True, foreign_key="connection.id")
    generation: int = 0
    sealed: bytes
    access_expires_at: datetime
    refresh_expires_at: datetime | None = None
    refreshing_until: datetime | None = None
    updated_at: datetime = Field(default_factory=utc_now)


class StoredCatalog(SQLModel, table=True):
    """The last catalogue read from a company."""

    __tablename__ = "catalog"
    connection_id: str = Field(primary_key=True, foreign_key="connection.id")
    body: Json = _json()
    read_at: datetime


class RecordState(StrEnum):
    """Where a record stands between billing and the ledger."""

    IN_SYNC = "in_sync"
    WAITING = "waiting"
    SENDING = "sending"
    RETRYING = "retrying"
    BLOCKED = "blocked"
    UNCERTAIN = "uncertain"


class Origin(StrEnum):
    """Who brought something about."""

    BILLING = "billing"
    LEDGER = "ledger"


class Record(SQLModel, table=True):
    """What billing wants to be true, and how far the ledger is from it."""

    __table_args__ = (
        sa.UniqueConstraint("connection_id", "kind", "external_id"),
        sa.Index("record_due", "connection_id", "due_at", sqlite_where=sa.text("due_at IS NOT NULL")),
        sa.Index("record_of_customer", "connection_id", "customer_id"),
        sa.Index("records_newest", "connection_id", "id"),
        sa.Index("records_waiting", "connection_id", "waits_for", sqlite_where=sa.text("waits_for <> ''")),
        sa.Index("record_by_state", "connection_id", "state"),
    )
    id: str = Field(primary_key=True)
    connection_id: str = Field(foreign_key="connection.id")
    kind: str
    external_id: str
    origin: str = Origin.BILLING
    wanted_version: int
    ledger_version: int | None = None
    generation: int = 0
    state: str = RecordState.WAITING
    waits_for: str = ""
    due_at: datetime | None = None
    urgent: bool = True
    alone: bool = False
    failures: int = 0
    problems: list[Json] = _json(list)
    # Copies of the wanted version's head, so that lists and dependencies need no JSON.
    customer_id: str = ""
    number: str = ""
    status: str = ""
    name: str = ""
    currency: str = ""
    total: Decimal | None = _money()
    document_date: str = ""
    # What the ledger says of an invoice's settlement.
    payment_status: str = ""
    amount_paid: Decimal | None = _money()
    created_at: datetime = Field(default_factory=utc_now)
    updated_at: datetime = Field(default_factory=utc_now)


class RecordVersion(SQLModel, table=True):
    """One immutable version of a record."""

    __tablename__ = "record_version"
    record_id: str = Field(primary_key=True, foreign_key="record.id")
    version: int = Field(primary_key=True)
    body: Json = _json()
    fingerprint: str
    origin: str = Origin.BILLING
    created_at: datetime = Field(default_factory=utc_now)


class LinkOrigin(StrEnum):
    """How a link came about."""

    PUSHED = "pushed"
    IMPORTED = "imported"
    MATCHED = "matched"
    OBSERVED = "observed"


class Link(SQLModel, table=True):
    """Record <-> remote object, unique in both directions.

    part: "" for the record's own object; a billing invoice id for the object that applies a credit memo to it.
    """

    __table_args__ = (
        sa.UniqueConstraint("connection_id", "kind", "remote_id"),
        sa.UniqueConstraint("record_id", "part"),
    )
    id: str = Field(primary_key=True)
    connection_id: str = Field(foreign_key="connection.id")
    record_id: str = Field(foreign_key="record.id")
    part: str = ""
    kind: str
    remote_id: str
    remote_version: str = ""
    origin: str
    sent_fingerprint: str = ""
    observed: Json = _json()
    gone_at: datetime | None = None
    created_at: datetime = Field(default_factory=utc_now)
    updated_at: datetime = Field(default_factory=utc_now)


class CallState(StrEnum):
    """Where a stored call stands. `ready` has not left, for certain; `sending` may have arrived: only looking tells."""

    READY = "ready"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    DONE = "done"


class StoredCall(SQLModel, table=True):
    """One request to the ledger as the bytes it sends, committed before it leaves."""

    __tablename__ = "call"
    __table_args__ = (
        sa.Index("open_calls", "connection_id", "state", "sequence", sqlite_where=sa.text("state <> 'done'")),
    )
    id: str = Field(primary_key=True)
    connection_id: str = Field(foreign_key="connection.id")
    sequence: int = 0
    request_id: str
    body: Json = _json()
    state: str = CallState.READY
    tries: int = 0
    next_at: datetime = Field(default_factory=utc_now)
    error: str = ""
    opened_at: datetime = Field(default_factory=utc_now)
    first_left_at: datetime | None = None
    last_left_at: datetime | None = None
    closed_at: datetime | None = None


class AttemptState(StrEnum):
    """What one try came to."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    STALE = "stale"
    GONE = "gone"
    RETRY = "retry"
    UNKNOWN = "unknown"


class Attempt(SQLModel, table=True):
    """One try to change the ledger for one record: committed before the call, closed after the answer."""

    __table_args__ = (sa.Index("attempts_of_record", "record_id", "opened_at"), sa.Index("attempts_of_call", "call_id"))
    id: str = Field(primary_key=True)
    connection_id: str = Field(foreign_key="connection.id")
    record_id: str = Field(foreign_key="record.id")
    call_id: str = Field(foreign_key="call.id")
    key: str
    version: int
    generation: int
    verb: str
    kind: str
    part: str = ""
    fingerprint: str
    state: str = AttemptState.OPEN
    code: str = ""
    detail: str = ""
    trace_id: str = ""
    opened_at: datetime = Field(default_factory=utc_now)
    closed_at: datetime | None = None


class Change(SQLModel, table=True):
    """Something noticed in the ledger, kept once however often it is said."""

    __table_args__ = (
        sa.UniqueConstraint("connection_id", "dedupe_key"),
        sa.Index("changes_open", "connection_id", "seq", sqlite_where=sa.text("applied_at IS NULL")),
    )
    seq: int | None = Field(default=None, primary_key=True)
    connection_id: str = Field(foreign_key="connection.id")
    dedupe_key: str
    source: str
    kind: str
    remote_id: str
    operation: str
    merged_into: str = ""
    occurred_at: datetime | None = None
    received_at: datetime = Field(default_factory=utc_now)
    applied_at: datetime | None = None


class Event(SQLModel, table=True):
    """Something billing must learn, in the order it was decided."""

    __table_args__ = (sa.Index("events_of_platform", "platform_id", "seq"),)
    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    platform_id: str = Field(foreign_key="platform.id")
    connection_id: str = Field(foreign_key="connection.id")
    type: str
    subject: str
    time: datetime = Field(default_factory=utc_now)
    data: Json = _json()


class WebhookEndpoint(SQLModel, table=True):
    """Where a platform wants its events. types: [] means all."""

    __tablename__ = "webhook_endpoint"
    id: str = Field(primary_key=True)
    platform_id: str = Field(foreign_key="platform.id", index=True)
    url: str
    sealed_secret: bytes
    types: list[str] = _json(list)
    active: bool = True
    created_at: datetime = Field(default_factory=utc_now)


class DeliveryState(StrEnum):
    """Where one event stands on its way to one endpoint."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(SQLModel, table=True):
    """One event on its way to one endpoint."""

    __table_args__ = (
        sa.UniqueConstraint("endpoint_id", "event_seq"),
        sa.Index("deliveries_due", "endpoint_id", "state", "next_at"),
    )
    id: str = Field(primary_key=True)
    endpoint_id: str = Field(foreign_key="webhook_endpoint.id")
    event_seq: int = Field(foreign_key="event.seq")
    state: str = DeliveryState.PENDING
    tries: int = 0
    next_at: datetime = Field(default_factory=utc_now)
    last_status: int | None = None
    last_error: str = ""
    delivered_at: datetime | None = None


class LaneKind(StrEnum):
    """What a lane works for."""

    CONNECTION = "connection"
    ENDPOINT = "endpoint"


class Lane(SQLModel, table=True):
    """All work of one connection or endpoint: one worker at a time, proved by `fence`.

    due_at: None when there is nothing to do. epoch: one period of being due; closed when the lane runs dry.
    """

    __table_args__ = (sa.UniqueConstraint("kind", "subject_id"), sa.Index("lanes_due", "due_at"))
    id: str = Field(primary_key=True)
    kind: str
    subject_id: str
    due_at: datetime | None = None
    epoch: int = 0
    fence: int = 0
    paused_until: datetime | None = None
    failures: int = 0
    last_error: str = ""
    calls: int = 0
    updated_at: datetime = Field(default_factory=utc_now)


class ImportRun(SQLModel, table=True):
    """One reading of the ledger's customers. `cursor` is where it continues after a restart."""

    __tablename__ = "import_run"
    id: str = Field(primary_key=True)
    connection_id: str = Field(foreign_key="connection.id", index=True)
    state: str
    cursor: str = ""
    total: int | None = None
    read: int = 0
    error: str = ""
    started_at: datetime = Field(default_factory=utc_now)
    finished_at: datetime | None = None


class StoredImportRow(SQLModel, table=True):
    """One customer of the ledger in a run."""

    __tablename__ = "import_row"
    __table_args__ = (
        sa.Index("import_rows_by_state", "run_id", "state"),
        # Between two indexes that fit equally SQLite takes the one made last, and they are made in the order of names.
        sa.Index("import_rows_wanted", "run_id", "remote_id", sqlite_where=sa.text("selected IS 1 OR reload IS 1")),
    )
    run_id: str = Field(primary_key=True, foreign_key="import_run.id")
    remote_id: str = Field(primary_key=True)
    state: str
    selected: bool = False
    reload: bool = False
    wanted_customer_id: str = ""
    customer_id: str = ""
    name: str = ""
    email: str = ""
    country_text: str = ""
    search: str = ""
    reasons: list[str] = _json(list)
    body: Json = _json()
    read_at: datetime = Field(default_factory=utc_now)


def _check_references_at_commit() -> None:
    """Foreign keys are checked when a transaction commits, so that rows may be written in any order within it."""
    for table in SQLModel.metadata.tables.values():
        for constraint in table.foreign_key_constraints:
            constraint.deferrable = True
            constraint.initially = "DEFERRED"


_check_references_at_commit()
