"""A ledger in memory that keeps the Ledger protocol's promises, and breaks down when told to.

It remembers request ids as a ledger does: the same call again gives the first answers and does nothing. Faults are
programmed per call, so a test says exactly what went wrong and when.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from connectors.protocol import (
    Call,
    Changes,
    CustomerPage,
    Member,
    Outcome,
    OutcomeUnknown,
    Result,
)
from contracts.books import (
    Catalog,
    Company,
    Gone,
    LedgerName,
    Observed,
    ObservedCustomer,
    ObservedDocument,
    ObservedPayment,
    RecordKind,
    RemoteRef,
)
from contracts.customers import Customer
from contracts.invoices import DocumentStatus, Invoice
from contracts.payments import Payment
from contracts.problems import Problem, Reason
from mappings.plan import KIND_OF, Books, CoreRecord, Held, Step, Verb

Fault = Callable[[Call], None]


class FakeLedger:
    """Implements connectors.protocol.Ledger. `calls` counts what was sent; `holds` is what a bookkeeper would see."""

    name: ClassVar[LedgerName] = LedgerName.QUICKBOOKS
    batch_size: ClassVar[int] = 30
    key_trusted_seconds: ClassVar[float] = 900.0

    def __init__(self) -> None:
        self.holds: dict[tuple[RecordKind, str], Observed] = {}
        self.calls: list[Call] = []
        self.looks = 0
        self.before: list[Fault] = []
        """Taken one a call, before anything is written."""
        self.after: list[Fault] = []
        """Taken one a call, after everything is written: the answer is lost."""
        self.poison: set[str] = set()
        """Numbers that break the whole call they travel in."""
        self.refuse: dict[str, Problem] = {}
        self.taken: set[str] = set()
        """Numbers that are refused because a document has them already, as the ledger says with its id."""
        self._answers: dict[str, list[Outcome]] = {}
        self._next_id = 100

    # Reading

    async def catalog(self) -> Catalog:
        """A small company."""
        company = Company(id="9", name="Fake & Co", country="US", home_currency="USD")
        return Catalog(company=company, read_at=datetime.now(UTC))

    async def customers(self, *, cursor: str = "") -> AsyncIterator[CustomerPage]:
        """All on one page."""
        held = [one for one in self.holds.values() if isinstance(one, ObservedCustomer)]
        yield CustomerPage(customers=held, cursor="", total=len(held))

    async def read(self, kind: RecordKind, ids: Sequence[str]) -> list[Observed | Gone]:
        """As it is now."""
        return [self.holds.get((kind, id_)) or Gone(ref=RemoteRef(kind=kind, id=id_)) for id_ in ids]

    async def payments_of(self, invoices: Sequence[str]) -> list[Observed | Gone]:
        """Its payments are noticed by themselves."""
        return []

    async def changes(self, since: datetime) -> Changes:
        """Everything, every time: an overlap as large as it can be."""
        return Changes(observed=list(self.holds.values()), gone=[], until=datetime.now(UTC))

    # Deciding

    def check(self, record: CoreRecord, books: Books, held: Held | None) -> list[Problem]:
        """A customer that is unknown or blocked stops a document; nothing else does."""
        if isinstance(record, Customer):
            return [a_problem(Reason.EMAIL_MISSING)] if not record.emails else []
        customer = books.customers.get(record.customer_id)
        if customer is None:
            return [a_problem(Reason.CUSTOMER_UNKNOWN)]
        return [a_problem(Reason.CUSTOMER_BLOCKED)] if customer.blocked else []

    def next_step(self, record: CoreRecord, books: Books, held: Held | None, *, marker: str) -> Step | None:
        """Create, update, send or void, as the record wants."""
        kind = KIND_OF[type(record)]
        body = record.model_dump_json()
        wish = json.dumps({**json.loads(body), "status": ""}, sort_keys=True)
        fingerprint = hashlib.sha256(wish.encode()).hexdigest()
        voided = getattr(record, "status", "") == DocumentStatus.VOIDED

        def step(verb: Verb) -> Step:
            target = held.ref if held else None
            number = getattr(record, "number", "")
            return Step(verb, kind, marker, body, fingerprint, target, number)

        if held is None:
            return None if voided else step(Verb.CREATE)
        observed = held.observed
        if voided:
            return None if isinstance(observed, ObservedDocument) and observed.voided else step(Verb.VOID)
        if held.sent_fingerprint and held.sent_fingerprint != fingerprint:
            return step(Verb.UPDATE)
        wants_sent = isinstance(record, Invoice) and record.status == DocumentStatus.SENT
        if wants_sent and isinstance(observed, ObservedDocument) and not observed.sent:
            return step(Verb.SEND)
        return None

    def deep_link(self, ref: RemoteRef) -> str:
        """An address that names the object."""
        return f"http://ledger.example/{ref.kind}/{ref.id}"

    # Writing

    def compose(self, members: Sequence[Member]) -> list[Call]:
        """Thirty at a time."""
        return [
            Call(request_id=hashlib.sha256("".join(m.key for m in some).encode()).hexdigest()[:36], members=list(some))
            for start in range(0, len(members), self.batch_size)
            if (some := members[start : start + self.batch_size])
        ]

    async def send(self, call: Call) -> list[Outcome]:
        """Carry out once, however often it is sent."""
        self.calls.append(call)
        if self.before:
            self.before.pop(0)(call)
        if any(member.number in self.poison for member in call.members):
            raise OutcomeUnknown("500", status=500)
        if call.request_id not in self._answers:
            self._answers[call.request_id] = [self._carry_out(member) for member in call.members]
        if self.after:
            self.after.pop(0)(call)
        return self._answers[call.request_id]

    async def look(self, members: Sequence[Member]) -> dict[str, Observed | None]:
        """By our marker; a change's target by its id."""
        self.looks += 1
        found: dict[str, Observed | None] = {}
        for member in members:
            if member.target is not None:
                found[member.key] = self.holds.get((member.kind, member.target.id))
            else:
                found[member.key] = next((one for one in self.holds.values() if one.marker == member.marker), None)
        return found

    def _carry_out(self, member: Member) -> Outcome:
        if problem := self.refuse.get(member.number):
            return Outcome(member.key, Result.REFUSED, problems=[problem], code="6000")
        if member.verb == Verb.CREATE and member.number in self.taken:
            existing = next(id_ for (_, id_), one in self.holds.items() if getattr(one, "number", "") == member.number)
            taken = a_problem(Reason.NUMBER_TAKEN)
            return Outcome(member.key, Result.REFUSED, problems=[taken], code="6140", existing_id=existing)
        if member.verb == Verb.CREATE:
            self._next_id += 1
            ref = RemoteRef(kind=member.kind, id=str(self._next_id), version="0")
        else:
            assert member.target is not None
            held = self.holds.get((member.kind, member.target.id))
            if held is None:
                return Outcome(member.key, Result.GONE)
            if held.ref.version != member.target.version:
                return Outcome(member.key, Result.STALE)
            ref = held.ref.model_copy(update={"version": str(int(held.ref.version) + 1)})
        observed = _observed(member, ref)
        self.holds[(ref.kind, ref.id)] = observed
        return Outcome(member.key, Result.DONE, observed, trace_id="t-1")


def a_problem(reason: Reason) -> Problem:
    """A problem of a reason."""
    return Problem(reason=reason, where="somewhere", message="something is wrong", fix="put it right")


def _observed(member: Member, ref: RemoteRef) -> Observed:
    now = datetime.now(UTC)
    if member.kind == RecordKind.CUSTOMER:
        customer = Customer.model_validate_json(member.body)
        return ObservedCustomer(
            ref=ref, customer=customer, fingerprint=member.body, marker=member.marker, updated_at=now
        )
    if member.kind == RecordKind.PAYMENT:
        payment = Payment.model_validate_json(member.body)
        return ObservedPayment(ref=ref, amount=payment.amount, marker=member.marker, updated_at=now)
    document = Invoice.model_validate_json(member.body)
    voided = member.verb == Verb.VOID
    total = Decimal(0) if voided else document.totals.total
    return ObservedDocument(
        ref=ref,
        number=document.number,
        customer_ref="1",
        currency=document.currency,
        issue_date=document.issue_date,
        total=total,
        balance=total,
        voided=voided,
        sent=member.verb == Verb.SEND or (document.status == DocumentStatus.SENT and member.verb == Verb.UPDATE),
        fingerprint=f"{document.number}{total}",
        marker=member.marker,
        updated_at=now,
    )
