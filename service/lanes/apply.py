"""Applying what the ledger holds now to what billing knows: a pure function of the two, so repeating it is harmless.

Our own writes come back in the feed. They are recognised by their link first, then by our marker; amount and date
never decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from pydantic import ValidationError
from sqlmodel import col, select

from contracts.base import plain
from contracts.books import (
    Gone,
    LedgerName,
    Observed,
    ObservedCustomer,
    ObservedDocument,
    ObservedPayment,
    RecordKind,
)
from contracts.credit_memos import Allocation, CreditMemo
from contracts.events import EventType
from contracts.invoices import DocumentStatus, Invoice
from contracts.payments import CreditUsed, MoneyStatus, Payment
from contracts.problems import Problem, Reason
from mappings.plan import marker_of
from service.clock import new_id, utc_now
from service.events.feed import emit
from service.lanes.hints import ask_to_read
from service.lanes.holdings import observed_of, store_observed
from service.lanes.ledger_changes import tell_deletion, tell_edit
from service.lanes.settle import block, subject_of
from service.lanes.settlement_status import update_payment_status
from service.records import add_version, new_record, parse, release_dependents
from service.store.database import Session
from service.store.tables import (
    Connection,
    Link,
    LinkOrigin,
    Origin,
    Record,
    RecordState,
    RecordVersion,
)

log = structlog.get_logger(__name__)

_UNDER_WAY = (RecordState.SENDING, RecordState.UNCERTAIN)
_DOCUMENTS = (RecordKind.INVOICE, RecordKind.CREDIT_MEMO)
_MONEY = (RecordKind.PAYMENT, RecordKind.ALLOCATION)


def in_order(found: Iterable[Observed | Gone]) -> list[Observed | Gone]:
    """Customers, documents, then payments."""
    order = {RecordKind.CUSTOMER: 0, RecordKind.INVOICE: 1, RecordKind.CREDIT_MEMO: 1}
    return sorted(found, key=lambda each: order.get(each.ref.kind, 2))


class Applier:
    """One transaction's worth of applying for one connection."""

    def __init__(self, session: Session, connection: Connection, ledger: LedgerName) -> None:
        self._session = session
        self._connection = connection
        self._ledger = ledger
        self._links: dict[tuple[str, str], tuple[Link, Record]] = {}

    async def apply(self, found: Sequence[Observed | Gone]) -> None:
        """Apply each object; documents before payments, so that a payment's event finds its invoices up to date."""
        await self._load([(one.ref.kind, one.ref.id) for one in found])
        for one in in_order(found):
            match one:
                case Gone():
                    await self._gone(one)
                case ObservedCustomer():
                    await self._customer(one)
                case ObservedDocument():
                    await self._document(one)
                case ObservedPayment():
                    await self._payment(one)

    async def merged(self, loser: str, survivor: str) -> None:
        """Two customers became one in the ledger: follow the survivor unless it is linked already."""
        await self._load([(RecordKind.CUSTOMER, loser), (RecordKind.CUSTOMER, survivor)])
        linked = self._links.pop((RecordKind.CUSTOMER, loser), None)
        if linked is None or linked[0].gone_at is not None:
            return
        link, record = linked
        if self._find((RecordKind.CUSTOMER,), survivor) is not None:
            link.gone_at = utc_now()
        else:
            link.remote_id, link.observed, link.remote_version = survivor, {}, ""
            self._links[(RecordKind.CUSTOMER, survivor)] = linked
            await self._hint(RecordKind.CUSTOMER, survivor, f"merge:{loser}:{survivor}")
        self._session.add(link)
        data = {"id": record.external_id, "ledger_id": survivor, "merged_ledger_id": loser}
        await emit(self._session, self._connection, EventType.CUSTOMER_MERGED, subject_of(record), data)

    # --- customers

    async def _customer(self, seen: ObservedCustomer) -> None:
        linked = self._find((RecordKind.CUSTOMER,), seen.ref.id)
        if linked is None or self._outdated(linked[0], seen):
            return
        link, record = linked
        if link.gone_at is not None and not seen.active:
            return
        before = observed_of(link)
        known = before.fingerprint if isinstance(before, ObservedCustomer) else ""
        store_observed(link, seen)
        self._is_there(link, record)
        # What is seen of a customer with a change of ours under way may be that very change.
        if known and known != seen.fingerprint and record.state not in _UNDER_WAY:
            data = {
                "id": record.external_id,
                "ledger_id": seen.ref.id,
                "active": seen.active,
                "customer": seen.customer.model_dump(mode="json"),
            }
            await emit(self._session, self._connection, EventType.CUSTOMER_CHANGED, subject_of(record), data)

    # --- documents

    async def _document(self, seen: ObservedDocument) -> None:
        linked = self._find(_DOCUMENTS, seen.ref.id)
        if linked is None or self._outdated(linked[0], seen):
            return
        link, record = linked
        before = observed_of(link)
        if not isinstance(before, ObservedDocument):
            before = None
        store_observed(link, seen)
        link.updated_at = utc_now()
        self._is_there(link, record)
        under_way = record.state in _UNDER_WAY
        if seen.voided and record.status != DocumentStatus.VOIDED:
            await self._voided_there(record, seen)
        elif before is not None and not under_way and not seen.voided:
            await tell_edit(self._session, self._connection, record, before, seen)
        await update_payment_status(self._session, self._connection, record, seen)
        if before is not None and seen.balance > before.balance:
            # There is room again for a payment or credit that was too large.
            await self._session.flush()
            await release_dependents(self._session, record)

    async def _voided_there(self, record: Record, seen: ObservedDocument) -> None:
        core = parse(record.kind, await self._wanted_body(record))
        assert isinstance(core, Invoice | CreditMemo)
        voided = core.model_copy(update={"status": DocumentStatus.VOIDED})
        add_version(self._session, record, voided, origin=Origin.LEDGER)
        record.ledger_version = record.wanted_version
        record.state = RecordState.IN_SYNC
        record.due_at = None
        record.problems = []
        self._session.add(record)
        data = {"id": record.external_id, "number": record.number, "ledger_id": seen.ref.id, "status": "voided"}
        invoice = record.kind == RecordKind.INVOICE
        type_ = EventType.INVOICE_VOIDED if invoice else EventType.CREDIT_MEMO_VOIDED
        await emit(self._session, self._connection, type_, subject_of(record), data)

    # --- payments

    async def _payment(self, seen: ObservedPayment) -> None:
        linked = self._find(_MONEY, seen.ref.id)
        if self._outdated(linked[0], seen) if linked else await self._is_ours(seen):
            return
        if linked is not None:
            self._is_there(*linked)
        before = observed_of(linked[0]) if linked else None
        touched = _invoices_of(seen) | (_invoices_of(before) if isinstance(before, ObservedPayment) else set())
        # Also for a payment that is known: what it names is told in billing's ids, each time in the same.
        await self._load([(one.kind, one.remote_id) for one in seen.allocations])
        await self._load([(RecordKind.INVOICE, remote_id) for remote_id in touched])
        await self._load([(RecordKind.CUSTOMER, seen.customer_ref)])
        if linked is None:
            ours = any(self._find((RecordKind.INVOICE,), remote_id) for remote_id in touched)
            if seen.voided or not (ours or self._find((RecordKind.CUSTOMER,), seen.customer_ref)):
                return
        if linked is not None and linked[0].remote_version == seen.ref.version and linked[1].origin != Origin.LEDGER:
            return
        if seen.applies_credit or (linked is not None and linked[0].kind == RecordKind.ALLOCATION):
            await self._credit_applied(linked, seen)
        elif linked is not None and linked[1].origin == Origin.BILLING:
            await self._our_payment_changed(*linked, seen)
        elif seen.whole and seen.paid_on is not None:
            await self._payment_there(linked, seen)
        else:
            log.info("payment_not_representable", connection=self._connection.id, remote_id=seen.ref.id)
        for remote_id in sorted(touched):
            if self._find((RecordKind.INVOICE,), remote_id):
                await self._hint(RecordKind.INVOICE, remote_id, f"payment:{seen.ref.id}:{seen.ref.version}")

    async def _credit_applied(self, linked: tuple[Link, Record] | None, seen: ObservedPayment) -> None:
        """Credit was used in the ledger. No money moved: the invoices it settles are read again, and that is all."""
        if linked is not None:
            store_observed(linked[0], seen)
            self._session.add(linked[0])

    async def _our_payment_changed(self, link: Link, record: Record, seen: ObservedPayment) -> None:
        before = observed_of(link)
        store_observed(link, seen)
        self._session.add(link)
        if record.state in _UNDER_WAY or not isinstance(before, ObservedPayment):
            return
        if seen.voided and not before.voided:
            await self._tell_payment(EventType.PAYMENT_VOIDED, record, seen)
        elif (before.amount, before.allocations, before.paid_on) != (seen.amount, seen.allocations, seen.paid_on):
            await self._tell_payment(EventType.PAYMENT_CHANGED, record, seen)

    async def _payment_there(self, linked: tuple[Link, Record] | None, seen: ObservedPayment) -> None:
        """A payment recorded in the ledger becomes a record of its own, with all its allocations."""
        record = linked[1] if linked else None
        previous = parse(record.kind, await self._wanted_body(record)) if record else None
        try:
            core = self._core_payment(seen, previous if isinstance(previous, Payment) else None)
        except ValidationError:
            # With all its allocations or not at all: the invoices it settles are still read and brought up to date.
            log.warning("payment_not_representable", connection=self._connection.id, remote_id=seen.ref.id)
            return
        if record is None:
            record = new_record(self._connection, core, origin=Origin.LEDGER)
        elif core == previous:
            return
        was_voided = record.status == MoneyStatus.VOIDED
        add_version(self._session, record, core, origin=Origin.LEDGER)
        record.ledger_version, record.state, record.due_at = record.wanted_version, RecordState.IN_SYNC, None
        self._session.add(record)
        link = linked[0] if linked else self._new_link(record, seen)
        store_observed(link, seen)
        self._session.add(link)
        await self._session.flush()
        type_ = EventType.PAYMENT_CHANGED if linked else EventType.PAYMENT_RECORDED
        if core.status == MoneyStatus.VOIDED and not was_voided:
            type_ = EventType.PAYMENT_VOIDED
        await self._tell_payment(type_, record, seen, core)

    def _new_link(self, record: Record, seen: ObservedPayment) -> Link:
        link = Link(
            id=new_id("lnk"),
            connection_id=record.connection_id,
            record_id=record.id,
            kind=RecordKind.PAYMENT,
            remote_id=seen.ref.id,
            origin=LinkOrigin.OBSERVED,
        )
        self._links[(RecordKind.PAYMENT, seen.ref.id)] = (link, record)
        return link

    def _core_payment(self, seen: ObservedPayment, previous: Payment | None) -> Payment:
        """The payment in billing's words. What billing does not know is named "quickbooks:invoice:210"."""
        assert seen.paid_on is not None
        voided = seen.voided
        return Payment(
            id=previous.id if previous else f"{self._ledger}:payment:{seen.ref.id}",
            customer_id=self._billing_id(RecordKind.CUSTOMER, seen.customer_ref),
            status=MoneyStatus.VOIDED if voided else MoneyStatus.RECORDED,
            currency=seen.currency,
            # A void payment is zero in the ledger; billing keeps what it was.
            amount=previous.amount if voided and previous else seen.amount,
            paid_on=seen.paid_on,
            method=seen.method[:31],
            reference=seen.reference[:100],
            allocations=_allocations(
                (self._billing_id(RecordKind.INVOICE, one.remote_id), one.amount)
                for one in seen.allocations
                if one.kind == RecordKind.INVOICE
            ),
            credits=[
                CreditUsed(credit_memo_id=self._billing_id(RecordKind.CREDIT_MEMO, one.remote_id), amount=one.amount)
                for one in seen.allocations
                if one.kind == RecordKind.CREDIT_MEMO
            ],
        )

    def _billing_id(self, kind: RecordKind, remote_id: str) -> str:
        linked = self._links.get((kind, remote_id))
        return linked[1].external_id if linked else f"{self._ledger}:{kind}:{remote_id}"

    async def _tell_payment(
        self, type_: EventType, record: Record, seen: ObservedPayment, core: Payment | None = None
    ) -> None:
        data: dict[str, Any] = {
            "id": record.external_id,
            "ledger_id": seen.ref.id,
            "amount": plain(core.amount if core else seen.amount),
            "currency": seen.currency or record.currency,
            "unapplied": plain(seen.unapplied),
        }
        if core is not None:
            data["payment"] = core.model_dump(mode="json")
        await emit(self._session, self._connection, type_, subject_of(record), data)

    # --- deletions

    async def _gone(self, gone: Gone) -> None:
        kinds = _MONEY if gone.ref.kind in _MONEY else (gone.ref.kind,)
        linked = self._find(kinds, gone.ref.id)
        if linked is None or linked[0].gone_at is not None:
            return
        link, record = linked
        before = observed_of(link)
        if isinstance(before, ObservedPayment):
            for remote_id in sorted(_invoices_of(before)):
                await self._hint(RecordKind.INVOICE, remote_id, f"payment-deleted:{gone.ref.id}")
        if link.part:
            await self._session.delete(link)
            record.generation += 1
            record.due_at = record.due_at or utc_now()
            self._session.add(record)
            return
        link.gone_at = utc_now()
        self._session.add(link)
        record.generation += 1
        await self._record_gone(record, gone, before)

    async def _record_gone(self, record: Record, gone: Gone, before: Observed | None) -> None:
        if record.origin == Origin.LEDGER and record.kind == RecordKind.PAYMENT:
            core = parse(record.kind, await self._wanted_body(record))
            voided = core.model_copy(update={"status": MoneyStatus.VOIDED, "allocations": [], "credits": []})
            add_version(self._session, record, voided, origin=Origin.LEDGER)
            record.ledger_version = record.wanted_version
            self._session.add(record)
            await tell_deletion(self._session, self._connection, record, gone.ref.id)
            return
        if record.status == DocumentStatus.VOIDED:
            return
        await tell_deletion(self._session, self._connection, record, gone.ref.id)
        if record.state not in _UNDER_WAY:
            await block(self._session, self._connection, record, [_deleted(record)])

    # --- finding

    async def _load(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Links of these objects, with their records, in one query for all of them."""
        ids = sorted({remote_id for _, remote_id in wanted if remote_id})
        for start in range(0, len(ids), 500):
            statement = (
                select(Link, Record)
                .join(Record, col(Record.id) == col(Link.record_id))
                .where(
                    col(Link.connection_id) == self._connection.id, col(Link.remote_id).in_(ids[start : start + 500])
                )
            )
            for link, record in (await self._session.exec(statement)).all():
                self._links[(link.kind, link.remote_id)] = (link, record)

    def _find(self, kinds: Sequence[RecordKind], remote_id: str) -> tuple[Link, Record] | None:
        for kind in kinds:
            if found := self._links.get((kind, remote_id)):
                return found
        return None

    async def _is_ours(self, seen: Observed) -> bool:
        """Carries our mark but has no link yet: its own call's answer, or the look after it, links it.

        Once our object is linked, another one with its mark is a copy a bookkeeper made, and theirs.
        """
        if not seen.marker.startswith(marker_of("")):
            return False
        record_id, _, part = seen.marker.removeprefix(marker_of("")).partition("/")
        record = await self._session.get(Record, record_id)
        if record is None or record.connection_id != self._connection.id:
            return False
        linked = select(Link.id).where(
            col(Link.record_id) == record_id, col(Link.part) == part, col(Link.gone_at).is_(None)
        )
        return (await self._session.exec(linked)).first() is None

    def _is_there(self, link: Link, record: Record) -> None:
        """Seen alive. Taken for deleted before, by a reading that lagged, it is judged again."""
        self._session.add(link)
        if link.gone_at is not None:
            link.gone_at = None
            record.due_at = utc_now() if record.state == RecordState.BLOCKED else record.due_at
            self._session.add(record)

    def _outdated(self, link: Link, seen: Observed) -> bool:
        """A reading older than what we know: a query may lag behind a write."""
        before = observed_of(link)
        if before is None or before.updated_at is None or seen.updated_at is None:
            return False
        return seen.updated_at < before.updated_at

    async def _hint(self, kind: RecordKind, remote_id: str, why: str) -> None:
        await ask_to_read(self._session, self._connection.id, kind, remote_id, why=why)

    async def _wanted_body(self, record: Record) -> dict[str, Any]:
        return (await self._session.get_one(RecordVersion, (record.id, record.wanted_version))).body


def _invoices_of(payment: ObservedPayment) -> set[str]:
    return {one.remote_id for one in payment.allocations if one.kind == RecordKind.INVOICE}


def _allocations(parts: Iterable[tuple[str, Any]]) -> list[Allocation]:
    """One allocation for each invoice: a ledger may list an invoice twice in one payment."""
    sums: dict[str, Any] = {}
    for invoice_id, amount in parts:
        sums[invoice_id] = sums.get(invoice_id, 0) + amount
    return [Allocation(invoice_id=invoice_id, amount=amount) for invoice_id, amount in sums.items()]


def _deleted(record: Record) -> Problem:
    return Problem(
        reason=Reason.DELETED_IN_LEDGER,
        where=f"{record.kind.replace('_', ' ')} {record.number or record.external_id}",
        message="It was deleted in the ledger.",
        fix="Void it in billing if that was right; or choose Retry to make it again in the ledger.",
    )
