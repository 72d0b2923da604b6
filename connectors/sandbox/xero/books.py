"""One organisation's books as the simulator keeps them, with an undo log so that a refused write leaves no trace.

Records are edited through `Books.edit` and added through `Books.add`; nested containers are replaced, never changed
in place, so that undoing is restoring the attributes.
"""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from connectors.sandbox.common.clock import VirtualClock
from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero.settings import Switches

ZERO = Decimal(0)
UNSET = datetime.min.replace(tzinfo=UTC)
DocumentKind = Literal["Invoice", "CreditNote", "Overpayment", "Prepayment"]
# Statuses in which a document has reached the ledger.
LIVE = frozenset({"AUTHORISED", "PAID"})


@dataclass(frozen=True)
class ChangeEvent:
    """Something a webhook reports. `own` = made through the API, not by a person. Source: Xero reference 9.1."""

    tenant_id: str
    category: str
    resource: str
    id: str
    event_type: Literal["CREATE", "UPDATE"]
    at: datetime
    own: bool
    data: tuple[tuple[str, str], ...] = ()


@dataclass
class Line:
    id: str
    description: str = ""
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None
    item_code: str = ""
    account_code: str = ""
    account_id: str = ""
    tax_type: str = ""
    tax_amount: Decimal = ZERO
    tax_is_sent: bool = False
    line_amount: Decimal = ZERO
    discount_rate: Decimal | None = None
    discount_amount: Decimal | None = None
    tracking: tuple[JsonObject, ...] = ()

    @property
    def is_comment(self) -> bool:
        """Only a description. Source: Xero reference 4.3."""
        return self.quantity is None and self.unit_amount is None and not self.account_code and not self.account_id


@dataclass
class Document:
    """An invoice, a credit note, an overpayment or a prepayment; they differ in which fields they use."""

    kind: DocumentKind
    id: str
    type: str
    contact_id: str = ""
    status: str = "DRAFT"
    number: str = ""
    reference: str = ""
    day: date = date.min
    due_day: date | None = None
    line_amount_types: str = "Exclusive"
    lines: tuple[Line, ...] = ()
    currency: str = ""
    rate: Decimal = Decimal(1)
    branding_theme_id: str = ""
    url: str = ""
    is_sent: bool | None = None
    expected_payment_day: date | None = None
    planned_payment_day: date | None = None
    fully_paid_on: date | None = None
    sub_total: Decimal = ZERO
    total_tax: Decimal = ZERO
    total: Decimal = ZERO
    total_discount: Decimal = ZERO
    updated: datetime = UNSET
    created_by: str = ""
    order: int = 0

    @property
    def is_sales(self) -> bool:
        return self.type.startswith(("ACCREC", "AR", "RECEIVE"))


@dataclass
class Payment:
    id: str
    document_id: str
    account_id: str
    day: date
    amount: Decimal
    bank_amount: Decimal
    rate: Decimal
    type: str
    reference: str = ""
    is_reconciled: bool = False
    status: str = "AUTHORISED"
    updated: datetime = UNSET
    order: int = 0


@dataclass
class Allocation:
    id: str
    credit_id: str
    invoice_id: str
    amount: Decimal
    day: date
    is_deleted: bool = False


@dataclass
class Contact:
    """`data` holds the plain fields under their wire names."""

    id: str
    data: JsonObject
    addresses: JsonObject = field(default_factory=dict)  # STREET, POBOX -> fields
    phones: JsonObject = field(default_factory=dict)  # DEFAULT, DDI, FAX, MOBILE -> fields
    persons: tuple[JsonObject, ...] = ()
    payment_terms: JsonObject | None = None
    status: str = "ACTIVE"
    is_customer: bool = False
    is_supplier: bool = False
    merged_to: str = ""
    updated: datetime = UNSET
    order: int = 0

    @property
    def name(self) -> str:
        return str(self.data.get("Name", ""))


@dataclass
class Entry:
    """A row of a settings list (account, tax rate, item, branding theme) or a bank transaction, in wire names."""

    id: str
    data: JsonObject
    updated: datetime = UNSET
    order: int = 0


@dataclass(frozen=True)
class HistoryNote:
    record_id: str
    changes: str
    details: str
    user: str
    at: datetime


@dataclass
class World:
    """What all organisations of one simulator share."""

    clock: VirtualClock
    switches: Switches
    notify: Callable[[ChangeEvent], None]


@dataclass
class Books:
    """The state of one tenant."""

    tenant_id: str
    info: JsonObject  # the Organisation object, in wire names
    base_currency: str
    timezone: ZoneInfo
    world: World
    rng: random.Random
    currencies: list[str] = field(default_factory=list)
    exchange_rates: dict[str, Decimal] = field(default_factory=dict)
    period_lock: date | None = None
    year_lock: date | None = None
    documents: dict[str, Document] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    allocations: dict[str, Allocation] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    accounts: dict[str, Entry] = field(default_factory=dict)
    tax_rates: dict[str, Entry] = field(default_factory=dict)  # by TaxType
    items: dict[str, Entry] = field(default_factory=dict)
    branding_themes: dict[str, Entry] = field(default_factory=dict)
    bank_transactions: dict[str, Entry] = field(default_factory=dict)
    history: list[HistoryNote] = field(default_factory=list)
    emails: list[JsonObject] = field(default_factory=list)
    payments_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    allocations_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # both ends
    by_number: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sequences: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    is_offline: bool = False
    acting_person: bool = False
    _order: int = 0
    _undo: list[Callable[[], None]] = field(default_factory=list)
    _depth: int = 0
    _events: list[ChangeEvent] = field(default_factory=list)

    # time and ids ----------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Whole milliseconds, the resolution of UpdatedDateUTC. Source: Xero reference 3."""
        moment = self.world.clock.now()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def today(self) -> date:
        """The default document date: today in the organisation's time zone. Source: Xero reference 3."""
        return self.now().astimezone(self.timezone).date()

    @property
    def switches(self) -> Switches:
        return self.world.switches

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def next_order(self) -> int:
        self._order += 1
        return self._order

    def next_number(self, kind: str, prefix: str) -> str:
        """INV-0001, CN-0001. Source: Xero reference 4.2, 5.1."""
        while True:
            self.sequences[kind] += 1
            number = f"{prefix}{self.sequences[kind]:04d}"
            if not self.by_number.get((kind, number.casefold())):
                return number

    # transactions ----------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens or, on an exception, nothing does. Events leave when the outermost one ends."""
        mark, events = len(self._undo), len(self._events)
        self._depth += 1
        try:
            yield
        except BaseException:
            while len(self._undo) > mark:
                self._undo.pop()()
            del self._events[events:]
            raise
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._undo.clear()
                self._send_events()

    def undo_with(self, action: Callable[[], None]) -> None:
        if self._depth:
            self._undo.append(action)

    def edit(self, record: Any) -> None:
        """Remember a record's attributes before they change."""
        before = dict(record.__dict__)

        def restore() -> None:
            record.__dict__.clear()
            record.__dict__.update(before)

        self.undo_with(restore)

    def add(self, table: dict[str, Any], key: str, record: Any) -> None:
        table[key] = record
        self.undo_with(lambda: table.pop(key, None))

    def remove(self, table: dict[str, Any], key: str) -> None:
        record = table.pop(key)
        self.undo_with(lambda: table.__setitem__(key, record))

    def append(self, rows: list[Any], value: Any) -> None:
        rows.append(value)
        self.undo_with(lambda: rows.remove(value))

    def drop(self, rows: list[Any], value: Any) -> None:
        if value in rows:
            rows.remove(value)
            self.undo_with(lambda: rows.append(value))

    # events and history ----------------------------------------------------------------------------------------

    def emit(
        self, category: str, resource: str, record_id: str, event_type: Literal["CREATE", "UPDATE"], **data: str
    ) -> None:
        event = ChangeEvent(
            self.tenant_id,
            category,
            resource,
            record_id,
            event_type,
            self.now(),
            not self.acting_person,
            tuple(data.items()),
        )
        self._events.append(event)
        if self._depth == 0:
            self._send_events()

    def _send_events(self) -> None:
        events, self._events = self._events, []
        seen: set[tuple[str, str, str]] = set()
        for event in events:
            key = (event.category, event.id, event.event_type)
            if key not in seen:
                seen.add(key)
                self.world.notify(event)

    def note(self, record_id: str, changes: str, details: str = "") -> None:
        """One line of history. API changes are shown as "System Generated". Source: Xero reference 7.8."""
        user = "Robin Hale" if self.acting_person else "System Generated"
        self.append(self.history, HistoryNote(record_id, changes, details, user, self.now()))

    # documents -------------------------------------------------------------------------------------------------

    def payments_on(self, document_id: str) -> list[Payment]:
        found = (self.payments[each] for each in self.payments_of.get(document_id, ()))
        return [payment for payment in found if payment.status == "AUTHORISED"]

    def allocations_on(self, document_id: str) -> list[Allocation]:
        found = (self.allocations[each] for each in self.allocations_of.get(document_id, ()))
        return [allocation for allocation in found if not allocation.is_deleted]

    def paid(self, document: Document) -> Decimal:
        return sum((payment.amount for payment in self.payments_on(document.id)), ZERO)

    def allocated(self, document: Document) -> Decimal:
        return sum((allocation.amount for allocation in self.allocations_on(document.id)), ZERO)

    def outstanding(self, document: Document) -> Decimal:
        """AmountDue of an invoice, RemainingCredit of a credit. Source: Xero reference 4.2, 5.1."""
        return document.total - self.paid(document) - self.allocated(document)

    def has_applications(self, document: Document) -> bool:
        return bool(self.payments_on(document.id) or self.allocations_on(document.id))

    def touch_document(self, document: Document, *, event: bool = True) -> None:
        document.updated = self.now()
        if event:
            self.emit_document(document, "UPDATE")

    def emit_document(self, document: Document, event_type: Literal["CREATE", "UPDATE"]) -> None:
        if document.kind == "Invoice":
            self.emit("INVOICE", "Invoices", document.id, event_type)
            return
        resource = f"{document.kind}s"
        self.emit(document.kind.upper(), resource, document.id, event_type, Type=document.type, Status=document.status)

    def settle(self, document: Document, day: date, *, event: bool = True) -> None:
        """PAID when nothing is outstanding, back to AUTHORISED when something is. Source: Xero reference 4.1, 5.1."""
        self.edit(document)
        left = self.outstanding(document)
        if left <= 0 and document.status == "AUTHORISED":
            document.status, document.fully_paid_on = "PAID", day
        elif left > 0 and document.status == "PAID":
            document.status, document.fully_paid_on = "AUTHORISED", None
        self.touch_document(document, event=event)

    def number_key(self, kind: str, number: str) -> tuple[str, str]:
        shared = self.switches.credit_notes_share_invoice_numbers and kind == "CreditNote"
        return ("Invoice" if shared else kind, number.casefold())

    # look-ups --------------------------------------------------------------------------------------------------

    def account_by_code(self, code: str) -> Entry | None:
        wanted = code.casefold()
        return next(
            (e for e in self.accounts.values() if str(e.data.get("Code", "")).casefold() == wanted and code), None
        )

    def item_by_code(self, code: str) -> Entry | None:
        wanted = code.casefold()
        return next((e for e in self.items.values() if str(e.data["Code"]).casefold() == wanted), None)

    def default_theme_id(self) -> str:
        return next((e.id for e in self.branding_themes.values() if e.data["SortOrder"] == 0), "")

    def contacts_named(self, name: str) -> list[Contact]:
        return [self.contacts[each] for each in self.by_name.get(name.casefold(), ())]

    def day_rate(self, currency: str) -> Decimal:
        """Foreign units for one base unit, the "XE.com day rate" of this world. Source: Xero reference 4.6."""
        return Decimal(1) if currency == self.base_currency else self.exchange_rates.get(currency, Decimal(1))

    def lock_problem(self, day: date) -> str | None:
        """Source: Xero reference 7.6, 8.3. The printed form of the date is not verified."""
        for lock, name in ((self.year_lock, "end of year lock date"), (self.period_lock, "period lock date")):
            if lock is not None and day <= lock:
                shown = f"{lock.day} {lock:%B} {lock.year}"
                return f"The document date cannot be before the {name}, currently set at {shown}"
        return None
