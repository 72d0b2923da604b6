"""Writing: members grouped into calls, and what each member came to.

What may travel together (sections 2.9 and 5 of reference/quickbooks-online.md): creating, updating and deleting
documents and payments, up to 30 in a call. On its own travels a customer, because QuickBooks edits one name at a time;
and a void or a send, whose form inside a batch is not documented. Calls are sent one after another, never in parallel.

A batch is not a transaction: each member succeeds or fails alone, answers come in any order and are matched by bId.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import structlog

from connectors.http import Answer, unclear
from connectors.protocol import Call, ConnectorError, Member, Outcome, Result
from connectors.quickbooks import faults
from connectors.quickbooks.client import ENTITIES, QuickBooksClient, Raw, objects
from connectors.quickbooks.faults import Course, Fault
from connectors.quickbooks.paging import Observe
from contracts.books import Observed, ObservedDocument, ObservedPayment, RecordKind
from contracts.problems import Problem, Reason
from mappings.plan import Verb

log = structlog.get_logger("ledgerlane.quickbooks")

BATCH_SIZE = 30
SEND_TO = "send_to"
INCLUDE = "include"
"""Options of a step: whom QuickBooks' e-mail goes to, and the `include` of the request."""

_TOGETHER = {Verb.CREATE: "create", Verb.UPDATE: "update", Verb.DELETE: "delete"}
_COURSES: Mapping[Course, Result] = {
    Course.STALE: Result.STALE,
    Course.LATER: Result.TRY_LATER,
    Course.LIMITED: Result.TRY_LATER,
    # Its neighbours were carried out, so this is one member's result; the next call finds out and raises.
    Course.TOKEN: Result.TRY_LATER,
    Course.SIGN_IN: Result.TRY_LATER,
    Course.UNSURE: Result.UNKNOWN,
}


def compose(members: Sequence[Member]) -> list[Call]:
    """Customers one by one, then documents and payments in batches, then voids and sends one by one.

    Within each group the order is the members'. Two members that change one object never share a batch: the second
    would be stale.
    """
    names, rest = _parted(members, lambda member: member.kind is RecordKind.CUSTOMER)
    together, alone = _parted(rest, lambda member: member.verb in _TOGETHER and not member.options)
    batches: list[list[Member]] = []
    for member in together:
        batch = next((batch for batch in batches if _fits(batch, member)), None)
        if batch is None:
            batches.append([member])
        else:
            batch.append(member)
    groups = [[member] for member in names] + batches + [[member] for member in alone]
    return [Call(request_id=_request_id(group), members=group) for group in groups]


def _parted(members: Sequence[Member], test: Callable[[Member], bool]) -> tuple[list[Member], list[Member]]:
    return [member for member in members if test(member)], [member for member in members if not test(member)]


def _fits(batch: list[Member], member: Member) -> bool:
    if len(batch) >= BATCH_SIZE:
        return False
    return member.target is None or all(other.target is None or other.target.id != member.target.id for other in batch)


def _request_id(members: Sequence[Member]) -> str:
    """The same members give the same id: at most 50 characters for one, 36 for a batch."""
    digest = hashlib.sha256("\n".join(member.key for member in members).encode()).hexdigest()
    return f"ll{digest[:40]}" if len(members) == 1 else f"lb{digest[:34]}"


async def send(client: QuickBooksClient, observe: Observe, call: Call) -> list[Outcome]:
    """Carry a call out. Raises ConnectorError when the call as a whole came to nothing certain, or to a refusal."""
    if len(call.members) == 1:
        outcomes = [await _send_alone(client, observe, call.members[0], call.request_id)]
    else:
        outcomes = await _send_together(client, observe, call)
    return [await _settled(client, member, outcome) for member, outcome in zip(call.members, outcomes, strict=True)]


async def _send_alone(client: QuickBooksClient, observe: Observe, member: Member, request_id: str) -> Outcome:
    entity = ENTITIES[member.kind]
    params = {INCLUDE: member.options[INCLUDE]} if INCLUDE in member.options else {}
    if member.verb is Verb.SEND:
        params |= {"sendTo": member.options[SEND_TO]} if member.options.get(SEND_TO) else {}
        answer = await client.post(
            entity.lower() + "/{id}/send",
            b"",
            request_id=request_id,
            values={"id": member.target.id if member.target else ""},
            params=params,
            content_type="application/octet-stream",
        )
        return _outcome(observe, member, answer.data, answer)
    if member.verb in (Verb.VOID, Verb.DELETE):
        operation = _ending(member)
        if operation is None:
            return _not_offered(member)
        params |= operation
    answer = await client.post(entity.lower(), body_of(member).encode(), request_id=request_id, params=params)
    return _outcome(observe, member, answer.data, answer)


def _ending(member: Member) -> dict[str, str] | None:
    """The parameters that delete or void, where QuickBooks offers it."""
    if member.kind is RecordKind.CUSTOMER:
        return None
    if member.verb is Verb.DELETE:
        return {"operation": "delete"}
    if member.kind is RecordKind.INVOICE:
        return {"operation": "void"}
    if member.kind in (RecordKind.PAYMENT, RecordKind.ALLOCATION):
        return {"operation": "update", "include": "void"}
    return None


async def _send_together(client: QuickBooksClient, observe: Observe, call: Call) -> list[Outcome]:
    labels = [f"m{position}" for position in range(1, len(call.members) + 1)]
    # Bodies are pasted as they are: parsing them here and writing them again could change a figure.
    items = ",".join(
        f'{{"bId":"{label}","operation":"{_TOGETHER[member.verb]}","{ENTITIES[member.kind]}":{body_of(member)}}}'
        for label, member in zip(labels, call.members, strict=True)
    )
    answer = await client.post(
        "batch", f'{{"BatchItemRequest":[{items}]}}'.encode(), request_id=call.request_id, turn="batch"
    )
    if found := faults.faults_in(answer.data):
        raise faults.refused(found, f"a call with {len(labels)} records", answer)
    responses = answer.data.get("BatchItemResponse") if isinstance(answer.data, dict) else None
    if not isinstance(responses, list):
        raise unclear("the batch's answer has no BatchItemResponse", True, answer)
    answered = objects(responses)
    times = Counter(str(item.get("bId")) for item in answered)
    by_label = {str(item.get("bId")): item for item in answered}
    return [
        _outcome(observe, member, by_label.get(label) if times[label] == 1 else None, answer)
        for label, member in zip(labels, call.members, strict=True)
    ]


def body_of(member: Member) -> str:
    """The member's JSON object; for a delete or void without one, the id and version of its target."""
    if member.body:
        return member.body
    target = member.target
    if target is None:
        raise ValueError(f"{member.verb} of a {member.kind} needs a target or a body")
    body: dict[str, Any] = {"Id": target.id, "SyncToken": target.version}
    if member.verb is Verb.VOID and member.kind is not RecordKind.INVOICE:
        body["sparse"] = True
    return json.dumps(body)


def where_of(member: Member) -> str:
    """What a problem is about, for a person."""
    kind = member.kind.value.replace("_", " ")
    return f"{kind} {member.number}" if member.number else kind


def _outcome(observe: Observe, member: Member, item: Any, answer: Answer) -> Outcome:
    if found := faults.faults_in(item):
        return _refusal(member, found, answer.trace_id)
    unknown = Outcome(key=member.key, result=Result.UNKNOWN, trace_id=answer.trace_id)
    row = item.get(ENTITIES[member.kind]) if isinstance(item, dict) else None
    if not isinstance(row, dict) or not row.get("Id"):
        return unknown
    if member.target is not None and str(row["Id"]) != member.target.id:
        return unknown
    if member.verb is Verb.DELETE:
        done = row.get("status") == "Deleted"
        return Outcome(key=member.key, result=Result.DONE, trace_id=answer.trace_id) if done else unknown
    try:
        observed = of_kind(observe(ENTITIES[member.kind], row), member.kind)
    except Exception as error:
        log.error("own_object_unreadable", id=str(row["Id"])[:50], error=type(error).__name__)
        return Outcome(
            key=member.key,
            result=Result.UNKNOWN,
            problems=[_unreadable(member, str(row["Id"]))],
            code="unreadable",
            trace_id=answer.trace_id,
        )
    if not _is_what_was_asked(member, row, observed):
        return unknown
    return Outcome(key=member.key, result=Result.DONE, observed=observed, trace_id=answer.trace_id)


def _is_what_was_asked(member: Member, row: Raw, observed: Observed) -> bool:
    """An answer can be 200 for something that did not happen (a void that is not offered), or be another member's."""
    if member.verb is Verb.CREATE:
        return not observed.marker or observed.marker == member.marker
    if member.verb is Verb.VOID and isinstance(observed, ObservedDocument | ObservedPayment):
        total = row.get("TotalAmt")
        return observed.voided or (isinstance(total, int | Decimal) and total == 0)
    return True


def of_kind(observed: Observed, kind: RecordKind) -> Observed:
    """The same object under the kind it was asked for: an allocation is read as a payment."""
    if observed.ref.kind is kind:
        return observed
    ref = observed.ref.model_copy(update={"kind": kind})
    return observed.model_copy(update={"ref": ref})


def _refusal(member: Member, found: list[Fault], trace_id: str) -> Outcome:
    fault = faults.decisive(found)
    result = _COURSES.get(fault.meaning.course, Result.REFUSED)
    return Outcome(
        key=member.key,
        result=result,
        problems=faults.problems_of(found, where_of(member)),
        code=fault.code,
        trace_id=trace_id,
        existing_id=next((each.existing_id for each in found if each.existing_id), ""),
    )


async def _settled(client: QuickBooksClient, member: Member, outcome: Outcome) -> Outcome:
    """610 says that the object is gone or that something it names is inactive. Reading the object tells which."""
    if outcome.code != "610" or outcome.result is not Result.REFUSED or member.target is None:
        return outcome
    read: Callable[[str, str], Awaitable[Raw | None]] = client.read
    try:
        exists = await read(ENTITIES[member.kind], member.target.id) is not None
    except ConnectorError:
        # It was refused, so nothing was written; which of the two can be asked again.
        return Outcome(key=member.key, result=Result.TRY_LATER, code="610", trace_id=outcome.trace_id)
    if exists:
        return outcome
    return Outcome(key=member.key, result=Result.GONE, code="610", trace_id=outcome.trace_id)


def _not_offered(member: Member) -> Outcome:
    problem = Problem(
        reason=Reason.NOT_SUPPORTED_BY_LEDGER,
        where=where_of(member),
        message=f"QuickBooks cannot {member.verb} a {member.kind.value.replace('_', ' ')}.",
        fix="Make this change by hand in QuickBooks.",
    )
    return Outcome(key=member.key, result=Result.REFUSED, problems=[problem], code="not_offered")


def _unreadable(member: Member, identifier: str) -> Problem:
    return Problem(
        reason=Reason.ANSWER_UNREADABLE,
        where=where_of(member),
        message=f"QuickBooks answered object {identifier} in a form that cannot be read.",
        fix="Show the record and its trace id to support; the object in QuickBooks is there.",
    )
