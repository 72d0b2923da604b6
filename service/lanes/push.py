"""Billing to ledger: plan, store the call, send it, settle it.

A kill at any line leaves one of four situations, and each is picked up from the rows alone:
- before the plan is committed: the records are still due;
- after it: the call is stored as `ready`, has not left, and is sent;
- after it was marked as leaving, before the answer is settled: the next worker looks in the ledger first, then sends
  the same bytes under the same key;
- after it is settled: the records are in sync, or due for their next step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlmodel import case, col, func, select

from connectors.protocol import (
    Call,
    ConnectorError,
    Ledger,
    Member,
    Outcome,
    OutcomeUnknown,
    Refused,
    Result,
    SignInNeeded,
    TryLater,
)
from contracts.books import Observed, RecordKind
from contracts.invoices import DocumentStatus
from contracts.problems import Problem, Reason, blocking
from mappings.plan import CoreRecord, Step, Verb, marker_of
from service.clock import new_id, utc_now
from service.lanes.backoff import retry_at
from service.lanes.holdings import Surroundings, held_of, links_of, surroundings
from service.lanes.lane import HeldLane
from service.lanes.settle import Settlement, block, mark_in_sync
from service.records import parse
from service.store.database import Session
from service.store.tables import (
    Attempt,
    AttemptState,
    CallState,
    Connection,
    Link,
    Origin,
    Record,
    RecordState,
    RecordVersion,
    StoredCall,
    StoredCatalog,
)

log = structlog.get_logger(__name__)

TRIES_BEFORE_ALONE = 3
"""A call that stays uncertain this often is taken apart: one poisoned document must not hold its neighbours."""
LOOK_AGAIN_SECONDS = 1.0
LOOK_REFUSED_SECONDS = 300.0
SETTLING_SECONDS = 20.0
"""The ledger may still be working on a call whose connection broke: nothing of it is sent under a new key earlier."""


@dataclass(frozen=True)
class _Planned:
    record: Record
    step: Step
    member: Member


async def push(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    """One slice: finish the oldest open call, else plan new ones. True when something was done."""
    call = await _next_call(held, connection_id)
    if call is not None:
        await _carry_out(held, ledger, call)
        return True
    return await _plan(held, ledger, connection_id)


async def _next_call(held: HeldLane, connection_id: str) -> StoredCall | None:
    async with held.database.read() as session:
        statement = (
            select(StoredCall)
            .where(
                col(StoredCall.connection_id) == connection_id,
                col(StoredCall.state) != CallState.DONE,
                col(StoredCall.next_at) <= utc_now(),
            )
            .order_by(col(StoredCall.next_at), col(StoredCall.sequence), col(StoredCall.id))
            .limit(1)
        )
        return (await session.exec(statement)).first()


# --- planning


async def _plan(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    async with held.write() as (session, _):
        connection = await session.get(Connection, connection_id)
        stored = await session.get(StoredCatalog, connection_id)
        if connection is None or stored is None:
            return False
        due = await _due_records(session, connection_id, at_most=ledger.batch_size)
        if not due:
            return False
        cores, from_ledger = await _wanted(session, due)
        around = await surroundings(session, connection, stored, list(cores.values()))
        links = await links_of(session, [record.id for record in due])
        planned: list[_Planned] = []
        for record in due:
            if record.id in from_ledger:
                # The ledger itself said so: there is nothing to tell it.
                await mark_in_sync(session, connection, record, links[record.id])
                continue
            made = await _plan_one(session, connection, ledger, record, cores[record.id], around, links[record.id])
            if made is not None:
                planned.append(made)
        _store_calls(session, held, ledger, planned, doubtful=await _doubtful(session, planned))
    return True


async def _due_records(session: Session, connection_id: str, *, at_most: int) -> list[Record]:
    """What is due: a person's single document before a backlog, customers before what names them.

    One batch at a time, so that what a person does meanwhile waits for one call and not for a backlog.
    """
    first = {RecordKind.CUSTOMER: 0, RecordKind.INVOICE: 1, RecordKind.CREDIT_MEMO: 1, RecordKind.PAYMENT: 2}
    rank = case({kind.value: place for kind, place in first.items()}, value=col(Record.kind), else_=3)
    statement = (
        select(Record)
        .where(
            col(Record.connection_id) == connection_id,
            col(Record.due_at) <= utc_now(),
            col(Record.state).not_in((RecordState.SENDING, RecordState.UNCERTAIN)),
        )
        .order_by(col(Record.urgent).desc(), rank, col(Record.due_at), col(Record.id))
        .limit(at_most)
    )
    return list((await session.exec(statement)).all())


async def _wanted(session: Session, records: Sequence[Record]) -> tuple[dict[str, CoreRecord], set[str]]:
    """The wanted versions, and which of them came from the ledger."""
    statement = select(RecordVersion, Record.kind).join(
        Record,
        (col(Record.id) == col(RecordVersion.record_id)) & (col(Record.wanted_version) == col(RecordVersion.version)),
    )
    found: dict[str, CoreRecord] = {}
    from_ledger: set[str] = set()
    ids = [record.id for record in records]
    for version, kind in (await session.exec(statement.where(col(Record.id).in_(ids)))).all():
        found[version.record_id] = parse(kind, version.body)
        if version.origin == Origin.LEDGER:
            from_ledger.add(version.record_id)
    return found, from_ledger


async def _plan_one(
    session: Session,
    connection: Connection,
    ledger: Ledger,
    record: Record,
    core: CoreRecord,
    around: Surroundings,
    links: Sequence[Link],
) -> _Planned | None:
    """Judge one record: blocked, waiting, in sync, or a step to take. A fault in here stays with this record."""
    held = held_of(links)
    gone = next((link for link in links if link.gone_at is not None and not link.part), None)
    if gone is not None and record.status != DocumentStatus.VOIDED:
        await block(session, connection, record, [_was_deleted(record)])
        return None
    if waits_for := around.unmet(core):
        record.waits_for, record.due_at, record.state = waits_for, None, RecordState.WAITING
        session.add(record)
        return None
    record.waits_for = ""
    try:
        problems = ledger.check(core, around.books, held)
        step = None if blocking(problems) else ledger.next_step(core, around.books, held, marker=marker_of(record.id))
    except Exception:
        log.exception("mapping_failed", record=record.id, connection=connection.id)
        problems, step = [_our_fault(record)], None
    if blocking(problems):
        await block(session, connection, record, problems)
        return None
    record.problems = [problem.model_dump(mode="json") for problem in problems]
    if step is None:
        await mark_in_sync(session, connection, record, links)
        return None
    return _Planned(record, step, _member(connection, record, step))


def _member(connection: Connection, record: Record, step: Step) -> Member:
    return Member(
        key=_key(connection, record, step),
        kind=step.kind,
        verb=step.verb,
        marker=step.marker,
        number=step.number,
        target=step.target,
        body=step.body,
        options=dict(step.options),
    )


def _key(connection: Connection, record: Record, step: Step) -> str:
    """From what makes this attempt this attempt, so that a retry of it carries the same key and nothing else does."""
    parts = (
        connection.id,
        record.id,
        str(record.wanted_version),
        str(record.generation),
        step.verb,
        step.kind,
        step.allocation_of,
        step.fingerprint,
        step.target.version if step.target else "",
        step.body,
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


async def _doubtful(session: Session, planned: Sequence[_Planned]) -> set[str]:
    """Records to be created of which an earlier try may have arrived after all, under another key."""
    created = [one.record.id for one in planned if one.step.verb == Verb.CREATE]
    statement = (
        select(Attempt.record_id)
        .join(StoredCall, col(StoredCall.id) == col(Attempt.call_id))
        .where(
            col(Attempt.record_id).in_(created),
            col(Attempt.verb) == Verb.CREATE,
            col(Attempt.state) != AttemptState.DONE,
            (col(Attempt.state) == AttemptState.UNKNOWN) | (col(StoredCall.tries) > 1),
        )
    )
    return set((await session.exec(statement)).all()) if created else set()


def _store_calls(
    session: Session, held: HeldLane, ledger: Ledger, planned: Sequence[_Planned], *, doubtful: Collection[str]
) -> None:
    together = [one for one in planned if not one.record.alone and one.record.id not in doubtful]
    in_doubt = [one for one in planned if not one.record.alone and one.record.id in doubtful]
    groups = [together, in_doubt, *([one] for one in planned if one.record.alone)]
    by_key = {one.member.key: one for one in planned}
    sequence = 0
    for group in groups:
        for call in ledger.compose([one.member for one in group]) if group else []:
            sequence += 1
            stored = StoredCall(
                id=new_id("call"),
                connection_id=held.subject_id,
                sequence=sequence,
                request_id=call.request_id,
                body=call.model_dump(mode="json"),
                # Looked for before it is sent, as if this very call had left before.
                state=CallState.UNCERTAIN if group[0].record.id in doubtful else CallState.READY,
            )
            session.add(stored)
            for member in call.members:
                session.add(_attempt(stored, by_key[member.key]))


def _attempt(call: StoredCall, planned: _Planned) -> Attempt:
    record, step = planned.record, planned.step
    record.state = RecordState.SENDING
    record.due_at = None
    return Attempt(
        id=new_id("att"),
        connection_id=call.connection_id,
        record_id=record.id,
        call_id=call.id,
        key=planned.member.key,
        version=record.wanted_version,
        generation=record.generation,
        verb=step.verb,
        kind=step.kind,
        part=step.allocation_of,
        fingerprint=step.fingerprint,
    )


# --- carrying out


async def _carry_out(held: HeldLane, ledger: Ledger, stored: StoredCall) -> None:
    call = Call.model_validate(stored.body)
    left_before = stored.state != CallState.READY
    outcomes: list[Outcome] = []
    missing: set[str] = set()
    try:
        if left_before:
            # It may have arrived: another process stored it, or its answer was lost. Look before sending again.
            outcomes, missing = await _look(held, ledger, stored, call)
        if missing and _exhausted(stored, ledger):
            await _settle(held, ledger, stored, outcomes, set_aside=missing if _settled(stored) else ())
            return
        if missing or not left_before:
            # The same bytes under the same key: members that did arrive are answered from the ledger's memory.
            await _mark_left(held, stored)
            outcomes = [*outcomes, *await _sent(ledger, call)]
        await _settle(held, ledger, stored, outcomes)
    except ConnectorError as error:
        await _failed(held, ledger, stored, call, error, left_before=left_before)


def _exhausted(stored: StoredCall, ledger: Ledger) -> bool:
    """Repeating the call as it is has had its chance: its members go on alone, under new keys."""
    return stored.tries >= TRIES_BEFORE_ALONE or _seconds_since(stored.first_left_at) >= ledger.key_trusted_seconds


def _settled(stored: StoredCall) -> bool:
    """The ledger has had time to finish what arrived last. How long the call waited before it left is no such time."""
    return _seconds_since(stored.last_left_at) >= SETTLING_SECONDS


def _seconds_since(moment: datetime | None) -> float:
    return 0.0 if moment is None else (utc_now() - moment).total_seconds()


async def _look(held: HeldLane, ledger: Ledger, stored: StoredCall, call: Call) -> tuple[list[Outcome], set[str]]:
    """What the ledger holds of a call that may have arrived: outcomes for what is settled by it, and the rest."""
    async with held.database.read() as session:
        statement = select(Attempt.key).where(col(Attempt.call_id) == stored.id, col(Attempt.closed_at).is_(None))
        open_keys = set((await session.exec(statement)).all())
    members = [member for member in call.members if member.key in open_keys]
    try:
        found = await ledger.look(members)
    except Refused as error:
        # That says nothing of the call itself: settled as refused, it would be filed a second time by a retry.
        raise TryLater(
            f"looking was refused: {error}",
            wait_seconds=LOOK_REFUSED_SECONDS,
            trace_id=error.trace_id,
            status=error.status,
            body=error.body,
        ) from error
    outcomes: list[Outcome] = []
    missing: set[str] = set()
    for member in members:
        observed = found.get(member.key)
        if _has_not_arrived(member, observed):
            missing.add(member.key)
        elif member.verb == Verb.CREATE:
            outcomes.append(Outcome(member.key, Result.DONE, observed))
        else:
            # A change can be planned again from what is there now: applied already, or still to do.
            result = Result.STALE if observed is not None else Result.GONE
            outcomes.append(Outcome(member.key, result, observed, code="looked"))
    return outcomes, missing


def _has_not_arrived(member: Member, observed: Observed | None) -> bool:
    """Nothing of ours is there; or what is to be changed still has the version it had when the call left."""
    if member.verb == Verb.CREATE:
        return observed is None
    before = member.target.version if member.target is not None else ""
    return observed is not None and before != "" and observed.ref.version == before


async def _sent(ledger: Ledger, call: Call) -> list[Outcome]:
    """Send it, and read what an answer only points to: the newer version of a stale one, the owner of a taken number.

    Without it a stale change would be repeated as it was, and our own document whose answer was lost stay unknown.
    """
    outcomes = await ledger.send(call)
    unread = {one.key for one in outcomes if one.observed is None and (one.result == Result.STALE or one.existing_id)}
    if not unread:
        return outcomes
    try:
        found = await ledger.look([member for member in call.members if member.key in unread])
    except ConnectorError as error:
        log.warning("not_read_again", outcome=type(error).__name__, trace_id=error.trace_id)
        return outcomes
    return [_with(outcome, found[outcome.key]) if outcome.key in unread else outcome for outcome in outcomes]


def _with(outcome: Outcome, observed: Observed | None) -> Outcome:
    if outcome.result == Result.STALE and observed is None:
        return replace(outcome, result=Result.GONE)
    return replace(outcome, observed=observed)


async def _mark_left(held: HeldLane, stored: StoredCall) -> None:
    """Count the try before the call, so that a call that kills the process runs out of tries as well."""
    async with held.write() as (session, lane):
        row = await session.get_one(StoredCall, stored.id)
        row.tries += 1
        row.state = CallState.SENDING
        row.last_left_at = utc_now()
        row.first_left_at = row.first_left_at or row.last_left_at
        lane.calls += 1
        session.add(row)
        stored.tries = row.tries


async def _settle(
    held: HeldLane,
    ledger: Ledger,
    stored: StoredCall,
    outcomes: Sequence[Outcome],
    *,
    set_aside: Collection[str] = (),
) -> None:
    async with held.write() as (session, _):
        row = await session.get_one(StoredCall, stored.id)
        connection = await session.get_one(Connection, stored.connection_id)
        settlement = Settlement(session, connection, ledger)
        still_open = await settlement.settle(row, outcomes, set_aside=set_aside)
        if still_open:
            row.state = CallState.UNCERTAIN
            row.next_at = retry_at(row.tries, first_seconds=LOOK_AGAIN_SECONDS, longest_seconds=60)
        else:
            row.state = CallState.DONE
            row.closed_at = utc_now()
        session.add(row)


async def _failed(
    held: HeldLane, ledger: Ledger, stored: StoredCall, call: Call, error: ConnectorError, *, left_before: bool
) -> None:
    """The call as a whole came to nothing, or nobody knows what it came to."""
    log.warning(
        "call_failed",
        connection=stored.connection_id,
        call=stored.id,
        outcome=type(error).__name__,
        status=error.status,
        trace_id=error.trace_id,
    )
    if isinstance(error, Refused):
        problems = error.problems or [_refused(error)]
        outcomes = [
            Outcome(member.key, Result.REFUSED, problems=problems, code=error.code, trace_id=error.trace_id)
            for member in call.members
        ]
        await _settle(held, ledger, stored, outcomes)
        return
    async with held.write() as (session, lane):
        row = await session.get_one(StoredCall, stored.id)
        row.error = f"{type(error).__name__}: {error}"[:500]
        if isinstance(error, OutcomeUnknown):
            row.state = CallState.UNCERTAIN
            row.next_at = retry_at(row.tries, first_seconds=LOOK_AGAIN_SECONDS, longest_seconds=60)
            connection = await session.get_one(Connection, row.connection_id)
            await Settlement(session, connection, ledger).uncertain(row)
        elif row.state == CallState.SENDING and not left_before:
            # Nothing was written, so this was no try at it.
            row.tries = max(0, row.tries - 1)
            row.state = CallState.READY
            row.first_left_at = row.last_left_at = None
        if isinstance(error, TryLater):
            row.next_at = utc_now() + timedelta(seconds=error.wait_seconds)
            if error.limited:
                lane.paused_until = row.next_at
        session.add(row)
    if isinstance(error, SignInNeeded):
        raise error


async def earliest_push(session: Session, connection_id: str) -> list[datetime | None]:
    """When there is something to push next: the earliest open call and the earliest due record."""
    calls = select(func.min(StoredCall.next_at)).where(
        col(StoredCall.connection_id) == connection_id, col(StoredCall.state) != CallState.DONE
    )
    records = select(func.min(Record.due_at)).where(
        col(Record.connection_id) == connection_id,
        col(Record.state).not_in((RecordState.SENDING, RecordState.UNCERTAIN)),
    )
    return [(await session.exec(calls)).one(), (await session.exec(records)).one()]


def _was_deleted(record: Record) -> Problem:
    return Problem(
        reason=Reason.DELETED_IN_LEDGER,
        where=f"{record.kind.replace('_', ' ')} {record.number or record.external_id}",
        message="It was deleted in the ledger.",
        fix="Void it in billing if that was right; or choose Retry to make it again in the ledger.",
    )


def _our_fault(record: Record) -> Problem:
    return Problem(
        reason=Reason.INTERNAL,
        where=f"{record.kind.replace('_', ' ')} {record.number or record.external_id}",
        message="Ledgerlane could not work out what to send for this record.",
        fix="Report it with the record's id; the log has the details. Retry after an update.",
        value=record.id,
    )


def _refused(error: Refused) -> Problem:
    return Problem(
        reason=Reason.REFUSED_UNEXPLAINED,
        where="the call to the ledger",
        message=f"The ledger refused the whole call: {error}",
        fix="Retry; if it is refused again, give the ledger's support the request id.",
        value=error.code or error.trace_id,
    )
