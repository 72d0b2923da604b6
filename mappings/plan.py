"""What a mapping is asked and what it answers, the same for every ledger.

A mapping decides, without I/O, what stands between what billing wants and what the ledger holds: `check` lists every
problem, `next_step` names the one change to make next. The service repeats that until nothing is left, so a kill
between two steps loses nothing: the next plan starts from what the ledger holds then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.books import Catalog, ObservedCustomer, ObservedDocument, ObservedPayment, RecordKind, RemoteRef
from contracts.connections import ConnectionSettings
from contracts.credit_memos import CreditMemo
from contracts.customers import Customer
from contracts.invoices import Invoice
from contracts.payments import Payment

CoreRecord = Customer | Invoice | CreditMemo | Payment

KIND_OF: Mapping[type[CoreRecord], RecordKind] = {
    Customer: RecordKind.CUSTOMER,
    Invoice: RecordKind.INVOICE,
    CreditMemo: RecordKind.CREDIT_MEMO,
    Payment: RecordKind.PAYMENT,
}


class Verb(StrEnum):
    """One change to the ledger."""

    CREATE = "create"
    UPDATE = "update"
    SEND = "send"
    """Mark as sent. The ledger's own e-mail, if it insists on one, goes to the merchant."""
    VOID = "void"
    DELETE = "delete"


@dataclass(frozen=True)
class Held:
    """What the ledger is known to hold for one record, from our links.

    sent_fingerprint: of the body we last wrote, "" when the object was made by somebody else.
    allocations: further objects of the record, by part. For a credit memo, billing invoice id -> what applies it there.
    """

    ref: RemoteRef
    observed: ObservedCustomer | ObservedDocument | ObservedPayment | None = None
    sent_fingerprint: str = ""
    allocations: Mapping[str, Held] = field(default_factory=dict)


@dataclass(frozen=True)
class LinkedCustomer:
    """A customer a document may name: its id in the ledger and what the ledger says of it."""

    remote_id: str
    currency: str = ""
    active: bool = True
    default_tax_code: str = ""
    emails: tuple[str, ...] = ()
    blocked: bool = False


@dataclass(frozen=True)
class LinkedDocument:
    """An invoice or credit memo another record refers to. remote_id is "" while it waits to be pushed."""

    remote_id: str
    customer_id: str
    currency: str
    open_balance: str = ""
    voided: bool = False
    blocked: bool = False


@dataclass(frozen=True)
class Books:
    """Everything a mapping looks up, gathered before it is asked. Keys are billing's ids."""

    catalog: Catalog
    settings: ConnectionSettings
    customers: Mapping[str, LinkedCustomer] = field(default_factory=dict)
    invoices: Mapping[str, LinkedDocument] = field(default_factory=dict)
    credit_memos: Mapping[str, LinkedDocument] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """The one change to make next for a record.

    marker: our own mark, written into the ledger's object so that it can be found after a lost answer.
    body: what the ledger is sent, as JSON text with the ledger's own field names; for a verb without a body "".
    fingerprint: hash of the body less the ledger's version token: equal bodies are equal wishes.
    target: the object to change; None to create one.
    allocation_of: which part of the record it is for, "" for the record's own object; a billing invoice id.
    options: what the ledger's connector needs beside the body.
    """

    verb: Verb
    kind: RecordKind
    marker: str
    body: str
    fingerprint: str
    target: RemoteRef | None = None
    number: str = ""
    allocation_of: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def marker_of(record_id: str) -> str:
    """The mark we leave in the ledger: "ledgerlane:rec_01J...". Ours alone, so it never matches a typed document."""
    return f"ledgerlane:{record_id}"
