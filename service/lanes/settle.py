"""Settling a call: link, what the ledger answered, record state and event in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import structlog
from sqlmodel import col, select

from connectors.protocol import Ledger, Outcome, Result
from contracts.base import plain
from contracts.books import Observed, ObservedDocument, ObservedPayment, RecordKind
from contracts.connections import ConnectionSettings, TotalsPolicy
from contracts.events import EventType
from contracts.problems import Problem, Reason
from mappings.plan import Verb, marker_of
from service.clock import new_id, utc_now
from service.events.feed import emit
from service.lanes.backoff import retry_at
from service.lanes.hints import ask_to_read_settled
from service.lanes.holdings import links_of, observed_of, store_observed
from service.lanes.ledger_changes import tell_deletion, tell_edit
from service.lanes.settlement_status import update_payment_status
from service.records import release_dependents, release_dependents_of
from service.store.database import Session
from service.store.tables import (
    Attempt,
    AttemptState,
    Connection,
    Link,
    LinkOrigin,
    Record,
    RecordState,
    StoredCall,
)

log = structlog.get_logger(__name__)

STALE_TRIES = 3
UNKNOWN_TRIES = 5


class Settlement:
    """Closes attempts with what they came to. Attempts that are closed already are left alone: answers repeat."""

    def __init__(self, session: Session, connection: Connection, ledger: Ledger) -> None:
        self._session = session
        self._connection = connection
        self._ledger = ledger
        self._links: dict[tuple[str, str], Link] = {}
        self._written: list[Record] = []

    async def settle(
        self, call: StoredCall, outcomes: Sequence[Outcome], *, set_aside: Collection[str] = ()
    ) -> list[Attempt]:
        """Apply the outcomes; returns the attempts nobody knows the outcome of yet."""
        attempts = {attempt.key: attempt for attempt in await self._open_attempts(call)}
        records = await self._records(list(attempts.values()))
        links = await links_of(self._session, list(records))
        self._links = {(link.record_id, link.part): link for some in links.values() for link in some}
        for outcome in outcomes:
            attempt = attempts.get(outcome.key)
            if attempt is None or outcome.result == Result.UNKNOWN:
                continue
            await self._one(attempt, records[attempt.record_id], outcome)
            del attempts[outcome.key]
        for key in set_aside:
            if attempt := attempts.pop(key, None):
                await self._set_aside(attempt, records[attempt.record_id])
        for attempt in attempts.values():
            records[attempt.record_id].state = RecordState.UNCERTAIN
        await self._session.flush()
        await release_dependents_of(self._session, self._connection.id, self._written)
        return list(attempts.values())

    async def uncertain(self, call: StoredCall) -> None:
        """Say so on every record whose outcome nobody knows."""
        attempts = await self._open_attempts(call)
        for record in (await self._records(attempts)).values():
            record.state = RecordState.UNCERTAIN
            self._session.add(record)

    async def _open_attempts(self, call: StoredCall) -> list[Attempt]:
        statement = select(Attempt).where(col(Attempt.call_id) == call.id, col(Attempt.closed_at).is_(None))
        return list((await self._session.exec(statement)).all())

    async def _records(self, attempts: Sequence[Attempt]) -> dict[str, Record]:
        ids = [attempt.record_id for attempt in attempts]
        found = await self._session.exec(select(Record).where(col(Record.id).in_(ids)))
        return {record.id: record for record in found.all()}

    async def _one(self, attempt: Attempt, record: Record, outcome: Outcome) -> None:
        attempt.closed_at = utc_now()
        attempt.trace_id = outcome.trace_id
        attempt.code = outcome.code
        record.urgent = True
        match outcome.result:
            case Result.DONE:
                attempt.state = AttemptState.DONE
                await self._done(attempt, record, outcome.observed)
            case Result.STALE:
                attempt.state = AttemptState.STALE
                await self._stale(attempt, record, outcome)
            case Result.GONE:
                attempt.state = AttemptState.GONE
                await self._gone(attempt, record)
            case Result.TRY_LATER:
                attempt.state = AttemptState.RETRY
                self._later(record)
            case _:
                attempt.state = AttemptState.REFUSED
                await self._refused(attempt, record, outcome)
        self._session.add(attempt)
        self._session.add(record)

    async def _done(self, attempt: Attempt, record: Record, observed: Observed | None) -> None:
        record.failures = 0
        record.alone = False
        if attempt.verb == Verb.DELETE:
            await self._unlink(attempt, record)
        elif observed is not None:
            link = self._link(attempt, record, observed)
            before = observed_of(link)
            if isinstance(before, ObservedPayment):
                # A void or a changed allocation frees what was settled before.
                settled = before.model_copy(update={"ref": observed.ref})
                await ask_to_read_settled(self._session, self._connection.id, settled)
            store_observed(link, observed)
            link.updated_at = utc_now()
            if attempt.verb in (Verb.CREATE, Verb.UPDATE):
                link.sent_fingerprint = attempt.fingerprint
            self._session.add(link)
            if isinstance(observed, ObservedDocument) and attempt.part == "":
                await update_payment_status(self._session, self._connection, record, observed)
            if isinstance(observed, ObservedPayment):
                await ask_to_read_settled(self._session, self._connection.id, observed)
        if attempt.verb in (Verb.CREATE, Verb.UPDATE) and attempt.part == "":
            # Those who wait for it can go on, and a payment that was too large for it may have room now.
            self._written.append(record)
        # What is left to do (send it, apply it, a newer version) is planned afresh from what the ledger holds now.
        record.state = RecordState.WAITING
        record.due_at = utc_now()

    def _link(self, attempt: Attempt, record: Record, observed: Observed) -> Link:
        link = self._links.get((record.id, attempt.part))
        if link is None:
            link = Link(
                id=new_id("lnk"),
                connection_id=record.connection_id,
                record_id=record.id,
                part=attempt.part,
                kind=attempt.kind,
                remote_id=observed.ref.id,
                origin=LinkOrigin.PUSHED,
            )
            self._links[(record.id, attempt.part)] = link
        link.remote_id = observed.ref.id
        link.gone_at = None
        return link

    async def _unlink(self, attempt: Attempt, record: Record) -> None:
        if link := self._links.pop((record.id, attempt.part), None):
            held = observed_of(link)
            if isinstance(held, ObservedPayment):
                await ask_to_read_settled(self._session, self._connection.id, held, removed=True)
            await self._session.delete(link)
        record.generation += 1

    async def _stale(self, attempt: Attempt, record: Record, outcome: Outcome) -> None:
        """Somebody changed the object first. Take what is there now and plan again, a few times at most."""
        if outcome.observed is not None:
            link = self._link(attempt, record, outcome.observed)
            before, seen = observed_of(link), outcome.observed
            refused = outcome.code != "looked"
            if refused and isinstance(before, ObservedDocument) and isinstance(seen, ObservedDocument):
                # Billing's version goes over it next, so nobody would ever see what stood there.
                await tell_edit(self._session, self._connection, record, before, seen)
            store_observed(link, seen)
            self._session.add(link)
        if outcome.code != "looked":
            record.failures += 1
        if record.failures > STALE_TRIES:
            await block(self._session, self._connection, record, [_stale_problem(record)])
            return
        record.state = RecordState.RETRYING
        record.due_at = utc_now() if record.failures == 0 else retry_at(record.failures, first_seconds=0.2)

    async def _gone(self, attempt: Attempt, record: Record) -> None:
        if link := self._links.get((record.id, attempt.part)):
            held = observed_of(link)
            if isinstance(held, ObservedPayment):
                await ask_to_read_settled(self._session, self._connection.id, held)
            if attempt.part or attempt.verb == Verb.DELETE:
                del self._links[(record.id, attempt.part)]
                await self._session.delete(link)
            elif link.gone_at is None:
                link.gone_at = utc_now()
                self._session.add(link)
                await tell_deletion(self._session, self._connection, record, link.remote_id)
        record.generation += 1
        record.state = RecordState.WAITING
        record.due_at = utc_now()

    def _later(self, record: Record) -> None:
        record.failures += 1
        record.generation += 1
        record.state = RecordState.RETRYING
        record.due_at = retry_at(record.failures)

    async def _refused(self, attempt: Attempt, record: Record, outcome: Outcome) -> None:
        """The ledger said no. Unless what it has already is ours: then our answer was lost, and this is it."""
        record.generation += 1
        if await self._is_ours_already(attempt, record, outcome):
            return
        attempt.detail = "; ".join(problem.message for problem in outcome.problems)[:1000]
        log.warning(
            "unpredicted_refusal",
            connection=record.connection_id,
            record=record.id,
            verb=attempt.verb,
            code=outcome.code,
            trace_id=outcome.trace_id,
        )
        if attempt.version != record.wanted_version:
            # A newer version came while this one was on its way, and may be the very correction.
            record.state, record.due_at = RecordState.WAITING, utc_now()
            return
        await block(self._session, self._connection, record, outcome.problems or [_unexplained(record, outcome)])

    async def _is_ours_already(self, attempt: Attempt, record: Record, outcome: Outcome) -> bool:
        if attempt.verb != Verb.CREATE or outcome.observed is None:
            return False
        marker = marker_of(record.id) + (f"/{attempt.part}" if attempt.part else "")
        if outcome.observed.marker != marker:
            return False
        attempt.state = AttemptState.DONE
        await self._done(attempt, record, outcome.observed)
        return True

    async def _set_aside(self, attempt: Attempt, record: Record) -> None:
        """Nobody could say what came of it, and it is not there: on its own, under a new key."""
        attempt.state = AttemptState.UNKNOWN
        attempt.closed_at = utc_now()
        self._session.add(attempt)
        record.failures += 1
        record.generation += 1
        record.alone = True
        record.state = RecordState.RETRYING
        record.due_at = retry_at(record.failures)
        if record.failures >= UNKNOWN_TRIES:
            await block(self._session, self._connection, record, [_unknown_problem(record)])
        self._session.add(record)


async def block(session: Session, connection: Connection, record: Record, problems: Sequence[Problem]) -> None:
    """Set a record aside with its reasons, tell billing once, and let those who wait for it know."""
    bodies = [problem.model_dump(mode="json") for problem in problems]
    news = record.state != RecordState.BLOCKED or record.problems != bodies
    record.problems = bodies
    record.state = RecordState.BLOCKED
    record.waits_for = ""
    record.due_at = None
    record.updated_at = utc_now()
    session.add(record)
    if news:
        await emit(
            session,
            connection,
            EventType.RECORD_BLOCKED,
            subject_of(record),
            {"id": record.external_id, "kind": record.kind, "version": record.wanted_version, "problems": bodies},
        )
        await session.flush()
        await release_dependents(session, record)


async def mark_in_sync(session: Session, connection: Connection, record: Record, links: Sequence[Link]) -> None:
    """Both books agree on the wanted version. A total that differs is never passed over."""
    link = next((one for one in links if not one.part and one.gone_at is None), None)
    observed = observed_of(link) if link is not None else None
    if isinstance(observed, ObservedDocument) and not observed.voided and record.status != "voided":
        difference = _total_difference(record, observed)
        settings = ConnectionSettings.model_validate(connection.settings)
        if difference is not None and settings.on_totals_differ == TotalsPolicy.BLOCK:
            await block(session, connection, record, [difference])
            return
        record.problems = [difference.model_dump(mode="json")] if difference else record.problems
    news = record.ledger_version != record.wanted_version
    record.ledger_version = record.wanted_version
    record.state = RecordState.IN_SYNC
    record.due_at = None
    record.waits_for = ""
    record.failures = 0
    record.updated_at = utc_now()
    session.add(record)
    if news:
        await emit(session, connection, EventType.RECORD_SYNCED, subject_of(record), _synced(record, link, observed))
        if link is None:
            # Voided before it ever left: those who wait for it must be judged now.
            await session.flush()
            await release_dependents(session, record)


def subject_of(record: Record) -> str:
    """How an event names a record: "invoice/inv_1"."""
    return f"{record.kind}/{record.external_id}"


def _synced(record: Record, link: Link | None, observed: Observed | None) -> dict[str, Any]:
    data: dict[str, Any] = {"id": record.external_id, "kind": record.kind, "version": record.wanted_version}
    if link is not None:
        data["ledger"] = {"id": link.remote_id, "version": link.remote_version, "origin": link.origin}
    if isinstance(observed, ObservedDocument):
        data["total"] = plain(observed.total)
        data["currency"] = observed.currency
        data["number"] = observed.number
    return data


def _total_difference(record: Record, observed: ObservedDocument) -> Problem | None:
    if record.total is None or record.total == observed.total:
        return None
    noun = "Credit memo" if record.kind == RecordKind.CREDIT_MEMO else "Invoice"
    return Problem(
        reason=Reason.TOTALS_DIFFER,
        where=f"{noun.lower()} {record.number}",
        field="totals.total",
        message=(
            f"{noun} {record.number} is {plain(record.total)} {record.currency} in billing and "
            f"{plain(observed.total)} {record.currency} in the ledger."
        ),
        fix="Compare the tax of both documents; correct the tax mapping or the document, then retry.",
        value=plain(observed.total),
    )


def _stale_problem(record: Record) -> Problem:
    return Problem(
        reason=Reason.STALE,
        where=f"{record.kind.replace('_', ' ')} {record.number or record.external_id}",
        message="Somebody changed it in the ledger each time we tried to.",
        fix="Wait until nobody has it open in the ledger, then retry.",
    )


def _unknown_problem(record: Record) -> Problem:
    return Problem(
        reason=Reason.OUTCOME_UNKNOWN,
        where=f"{record.kind.replace('_', ' ')} {record.number or record.external_id}",
        message="The ledger broke off every time this record was sent, and nothing of it is to be found there.",
        fix="Look for it in the ledger; if it is not there, retry. If it fails again, report it with the record's id.",
        value=record.id,
    )


def _unexplained(record: Record, outcome: Outcome) -> Problem:
    return Problem(
        reason=Reason.REFUSED_UNEXPLAINED,
        where=f"{record.kind.replace('_', ' ')} {record.number or record.external_id}",
        message=f"The ledger refused it with code {outcome.code or 'none'}.",
        fix="Report it with the request id; the ledger's support can look it up.",
        value=outcome.trace_id,
    )
