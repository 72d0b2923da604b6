"""What a ledger can do, in core words: the one seam between the service and a provider.

HTTP, OAuth headers, paging, batches and rate limits end here. A caller sees core types and ConnectorError and cannot
tell one ledger from another.

    ConnectorError            something the whole call came to
    |- TryLater               nothing was written (429, 503, connect time-out): repeat it after `wait_seconds`
    |- OutcomeUnknown         the request left and no clear answer came (read time-out, reset, 500, 502, 504, HTML):
    |                         look before sending again
    |- SignInNeeded           the grant is gone: only a person can reconnect the company
    `- Refused                understood and declined as a whole: repeating cannot help; see `problems`

What one member of a batch came to is a value, `Outcome`: one bad record never stops its neighbours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from connectors.oauth.grants import Grant, GrantStore, OAuthProvider
from contracts.base import Contract
from contracts.books import (
    Catalog,
    ChangeHint,
    Gone,
    LedgerName,
    Observed,
    ObservedCustomer,
    RecordKind,
    RemoteRef,
)
from contracts.connections import ConnectionSettings
from contracts.problems import Problem
from mappings.plan import Books, CoreRecord, Held, Step, Verb


class ConnectorError(Exception):
    """A call that did not work. `trace_id` is the provider's own request id, for its support."""

    def __init__(self, message: str, *, trace_id: str = "", status: int | None = None, body: str = "") -> None:
        super().__init__(message)
        self.trace_id = trace_id
        self.status = status
        self.body = body
        """The raw answer, redacted and cut, kept for ops."""


class TryLater(ConnectorError):
    """Nothing was written. Safe to repeat after `wait_seconds`."""

    def __init__(self, message: str, *, wait_seconds: float, limited: bool = False, **more: Any) -> None:
        super().__init__(message, **more)
        self.wait_seconds = wait_seconds
        self.limited = limited
        """True when the provider asked to slow down: the whole connection pauses, not just this call."""


class OutcomeUnknown(ConnectorError):
    """The request left, no clear answer came. Look before resending."""


class SignInNeeded(ConnectorError):
    """The grant was refused, revoked or has expired: only a person can reconnect the company."""


class Refused(ConnectorError):
    """The provider understood and said no to the whole call. Repeating cannot help."""

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), code: str = "", **more: Any) -> None:
        super().__init__(message, **more)
        self.problems = list(problems)
        self.code = code


class Member(Contract):
    """One step inside a stored call: enough to send it again, and to look for what it made."""

    key: str
    """Derived from connection, record, version, generation, verb and fingerprint; unique for ever."""
    kind: RecordKind
    verb: Verb
    marker: str
    number: str = ""
    target: RemoteRef | None = None
    body: str
    options: dict[str, str] = {}


class Call(Contract):
    """One request to the ledger, stored before it leaves. Sending it again sends the same bytes and the same key."""

    request_id: str
    members: list[Member]


class Result(StrEnum):
    """What one member came to."""

    DONE = "done"
    REFUSED = "refused"
    STALE = "stale"
    """Somebody else changed the object first: read it, plan again."""
    GONE = "gone"
    """The object to change was deleted in the ledger."""
    TRY_LATER = "try_later"
    """This member was not carried out and may be repeated under a new call."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """What one member came to. `observed` is what the ledger answered; None after a delete."""

    key: str
    result: Result
    observed: Observed | None = None
    problems: list[Problem] = field(default_factory=list)
    code: str = ""
    trace_id: str = ""
    existing_id: str = ""
    """The ledger's id of the object that already has this name or number, where its refusal says so."""


@dataclass(frozen=True)
class Changes:
    """A slice of the change feed. `until` is where the next one starts (an overlap is already taken off)."""

    observed: list[Observed]
    gone: list[Gone]
    until: datetime
    complete: bool = True
    """False: more waits behind `until`; ask again before anything else."""


@dataclass(frozen=True)
class CustomerPage:
    """One page of the ledger's customers, inactive ones included. `cursor` continues after it ("" at the end)."""

    customers: list[ObservedCustomer]
    cursor: str
    total: int | None = None


class Ledger(Protocol):
    """One company's books at one provider."""

    name: ClassVar[LedgerName]
    batch_size: ClassVar[int]
    """How many steps one call may carry."""
    key_trusted_seconds: ClassVar[float]
    """How long the ledger is trusted to remember the key of a call, so that the same call again is not carried out."""

    # Reading
    async def catalog(self) -> Catalog:
        """Company, preferences and every list a mapping looks things up in."""
        ...

    def customers(self, *, cursor: str = "") -> AsyncIterator[CustomerPage]:
        """Every customer, page by page, in an order that changes while paging cannot skip or repeat."""
        ...

    async def read(self, kind: RecordKind, ids: Sequence[str]) -> list[Observed | Gone]:
        """These objects as they are now, one query rather than one call each. A deletion is confirmed by a read."""
        ...

    async def payments_of(self, invoices: Sequence[str]) -> list[Observed | Gone]:
        """The payments of invoices that were noticed, in a ledger that has no notices of payments; [] in others."""
        ...

    async def changes(self, since: datetime) -> Changes:
        """What changed since a time, customers, invoices, credit memos and payments."""
        ...

    # Deciding: no I/O
    def check(self, record: CoreRecord, books: Books, held: Held | None) -> list[Problem]:
        """Every reason this record cannot be brought to the ledger yet."""
        ...

    def next_step(self, record: CoreRecord, books: Books, held: Held | None, *, marker: str) -> Step | None:
        """The change to make next, or None when the ledger holds what is wanted. Assumes a clean check."""
        ...

    def deep_link(self, ref: RemoteRef) -> str:
        """Where a person opens the object, in the right company."""
        ...

    # Writing
    def compose(self, members: Sequence[Member]) -> list[Call]:
        """Group members into calls. Deterministic: the same members give the same calls."""
        ...

    async def send(self, call: Call) -> list[Outcome]:
        """Carry a call out: one outcome for each member, in any order. Raises ConnectorError for the whole call."""
        ...

    async def look(self, members: Sequence[Member]) -> dict[str, Observed | None]:
        """What the ledger holds for each member, by our marker; None where it holds nothing of ours."""
        ...


class Provider(Protocol):
    """A provider as a whole: how its companies are connected and its notices are read. One for each ledger."""

    name: ClassVar[LedgerName]
    signature_header: ClassVar[str]
    """The header of a notice that carries its signature, in lower case."""

    @property
    def oauth(self) -> OAuthProvider:
        """Consent and tokens."""
        ...

    async def start(self) -> None:
        """Get ready: called once before anything else."""
        ...

    async def stop(self) -> None:
        """Give connections back."""
        ...

    def open(self, *, connection: str, company_id: str, store: GrantStore) -> Ledger:
        """The books of one company. Keep it: its rate limits live in it."""
        ...

    async def connect(self, query: Mapping[str, str], *, company_id: str = "") -> Grant:
        """The grant a consent gave, from the callback's parameters. Raises ConnectorError.

        company_id: the company this connection has had so far, "" for a new one; it decides nothing on its own.
        """
        ...

    async def disconnect(self, grant: Grant) -> None:
        """End our access to the grant's company, and to no other. One that has ended already is no error."""
        ...

    def deep_link(self, company: str, ref: RemoteRef) -> str:
        """Where a person opens an object. company: its short code where the ledger has one, else its id."""
        ...

    def readiness(self, catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
        """What a company and its settings still miss before documents can go there."""
        ...

    def verify_notice(self, raw: bytes, signature: str) -> bool:
        """Whether a webhook's raw body carries the provider's own signature."""
        ...

    def parse_notice(self, raw: bytes) -> list[ChangeHint]:
        """What a webhook says may have changed. Raises ValueError when it cannot be read."""
        ...
