"""One company's books as the simulator keeps them: objects, id sequences, deletions, what changed and when."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.common.clock import VirtualClock
from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.faults import bad_reference
from connectors.sandbox.quickbooks.settings import CompanyOptions, Environment, Switches, TaxMode

# Every time is printed in US Pacific, wherever the company is. Source: QuickBooks reference 2.4 (REC, AU).
PACIFIC = ZoneInfo("America/Los_Angeles")

# What a 2500 fault calls the list a reference points into. Source: QuickBooks reference 7.2 ("Accounts element id").
_COLLECTIONS = {
    "Customer": "Names",
    "Vendor": "Names",
    "Employee": "Names",
    "Item": "Items",
    "Account": "Accounts",
    "Term": "Terms",
    "PaymentMethod": "PaymentMethods",
    "TaxCode": "TaxCodes",
    "TaxRate": "TaxRates",
    "TaxAgency": "TaxAgencies",
}


@dataclass(frozen=True)
class ChangeEvent:
    """Something a webhook reports. `own` = made through the API, not by a person."""

    realm_id: str
    entity: str
    id: str
    operation: str  # Create, Update, Delete, Merge, Void, Emailed
    at: datetime
    own: bool
    deleted_id: str = ""


@dataclass
class Record:
    """One stored object. `data` holds wire names; reference names are filled in when it is shown."""

    entity: str
    data: JsonObject
    changed_at: datetime
    created_at: datetime
    order: int
    is_voided: bool = False
    is_deposited: bool = False

    @property
    def id(self) -> str:
        return str(self.data["Id"])


@dataclass(frozen=True)
class Deletion:
    entity: str
    id: str
    at: datetime


@dataclass
class World:
    """What all companies of one simulator share."""

    clock: VirtualClock
    switches: Switches
    rng: random.Random
    notify: Callable[[ChangeEvent], None]


@dataclass
class Company:
    """The state of one realm."""

    realm_id: str
    name: str
    country: str
    currency: str
    multicurrency: bool
    tax_mode: TaxMode
    environment: Environment
    language: str
    world: World
    options: CompanyOptions
    tables: dict[str, dict[str, Record]] = field(default_factory=lambda: defaultdict(dict))
    sequences: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    deletions: list[Deletion] = field(default_factory=list)
    applied: dict[tuple[str, str], dict[str, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    transactions_of: dict[str, dict[tuple[str, str], None]] = field(default_factory=lambda: defaultdict(dict))
    doc_numbers: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    names_taken: dict[str, tuple[str, str]] = field(default_factory=dict)  # folded display name -> (entity, id)
    used_doc_numbers: set[tuple[str, str]] = field(default_factory=set)
    rates: dict[tuple[str, str], JsonObject] = field(default_factory=dict)  # (code, ISO date) -> ExchangeRate
    replays: dict[str, Any] = field(default_factory=dict)
    emails: list[JsonObject] = field(default_factory=list)
    subscription_lapsed: bool = False
    connecting_user_removed: bool = False
    name_writer: object | None = None
    user_id: str = ""
    acting_person: bool = False  # a bookkeeper, not an app, is doing what happens now
    _order: int = 0

    # time ------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self.world.clock.now()

    def today(self) -> date:
        return self.now().astimezone(PACIFIC).date()

    @property
    def switches(self) -> Switches:
        return self.world.switches

    # objects ---------------------------------------------------------------------------------------------------

    def find(self, entity: str, object_id: str) -> Record | None:
        return self.tables[entity].get(object_id)

    def referenced(self, entity: str, reference: JsonObject, element: str = "") -> Record:
        """The record a reference names. Raises 2500 when there is none."""
        record = self.find(entity, str(reference["value"]))
        if record is None:
            raise bad_reference(_COLLECTIONS[entity], str(reference["value"]), element)
        return record

    def rows(self, entity: str) -> Iterator[Record]:
        yield from self.tables[entity].values()

    def next_id(self, sequence: str) -> str:
        self.sequences[sequence] += 1
        return str(self.sequences[sequence])

    def add(self, entity: str, sequence: str, data: JsonObject, *, object_id: str = "") -> Record:
        """Store a new object: Id, SyncToken "0" and MetaData are set here."""
        moment = self.now()
        self._order += 1
        data["Id"] = object_id or self.next_id(sequence)
        data["SyncToken"] = "0"
        data["domain"] = "QBO"
        data["sparse"] = False
        data["MetaData"] = {"CreateTime": stamp(moment), "LastUpdatedTime": stamp(moment)}
        if entity == "Invoice":
            # Source: QuickBooks reference 2.4: only invoices were seen with it.
            data["MetaData"]["LastModifiedByRef"] = {"value": self.user_id}
        record = Record(entity, data, changed_at=moment, created_at=moment, order=self._order)
        self.tables[entity][record.id] = record
        return record

    def touch(self, record: Record, *, bump: bool = True) -> None:
        """A change happened: LastUpdatedTime moves, and the SyncToken too unless `bump` is False.

        Source: QuickBooks reference 2.5 (a customer's time moves with its transactions, its SyncToken does not).
        """
        record.changed_at = self.now()
        record.data["MetaData"] = {**record.data["MetaData"], "LastUpdatedTime": stamp(record.changed_at)}
        if bump:
            record.data["SyncToken"] = str(int(record.data["SyncToken"]) + 1)

    def forget(self, record: Record) -> None:
        """Delete for good, leaving a stub for change data capture."""
        del self.tables[record.entity][record.id]
        self.deletions.append(Deletion(record.entity, record.id, self.now()))

    def emit(self, entity: str, object_id: str, operation: str, *, deleted_id: str = "") -> None:
        self.world.notify(
            ChangeEvent(
                self.realm_id,
                entity,
                object_id,
                operation,
                self.now(),
                own=not self.acting_person,
                deleted_id=deleted_id,
            )
        )

    # preferences -----------------------------------------------------------------------------------------------

    def preferences(self) -> JsonObject:
        return self.tables["Preferences"]["1"].data

    def preference(self, section: str, key: str, default: Any = None) -> Any:
        return self.preferences().get(section, {}).get(key, default)

    @property
    def book_close_date(self) -> str:
        return str(self.preference("AccountingInfoPrefs", "BookCloseDate", "") or "")

    @property
    def custom_txn_numbers(self) -> bool:
        return bool(self.preference("SalesFormsPrefs", "CustomTxnNumbers", False))

    # document numbers ------------------------------------------------------------------------------------------

    def next_doc_number(self) -> str:
        """The next number of the counter all sales forms share. Source: QuickBooks reference 2.10."""
        while True:
            number = self.next_id("DocNumber")
            if not any(self.doc_numbers.get((entity, number)) for entity in ("Invoice", "CreditMemo", "RefundReceipt")):
                return number


def stamp(moment: datetime) -> str:
    """Whole seconds in US Pacific: 2026-05-05T02:08:55-07:00."""
    return moment.astimezone(PACIFIC).replace(microsecond=0).isoformat()


def stamp_milliseconds(moment: datetime) -> str:
    """The envelope's `time`: 2026-05-05T02:08:54.543-07:00."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def days_later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
