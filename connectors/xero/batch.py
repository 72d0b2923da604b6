"""Writing: members grouped into calls, and what each member came to.

The mapping says in each step's options how it is sent: `method`, `path` and `elements`, the key its body is wrapped in.
Members of one route travel together, up to 50, with summarizeErrors=false: each succeeds or fails alone inside an
answer of 200 (Xero reference 2.5). Answers are matched by id, number, name or our mark, never by position, because a
failed element echoes what was asked and carries no id. Creating is PUT, always: POST overwrites by number.

Xero has no token of concurrency. A change whose target has a version is preceded by one reading of all targets, and
what moved meanwhile comes back stale instead of being overwritten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from connectors.http import Answer, unclear
from connectors.protocol import Call, ConnectorError, Member, Outcome, OutcomeUnknown, Result, TryLater
from connectors.xero import faults, unapply
from connectors.xero.client import PRICED, Raw, XeroClient, elements_in
from connectors.xero.faults import Course, Fault
from connectors.xero.history import write_histories
from connectors.xero.labels import match
from connectors.xero.look import find_taken
from connectors.xero.reading import read
from connectors.xero.seen import Observe, id_of, seen
from connectors.xero.where import is_guid
from contracts.books import Gone, Observed, ObservedDocument, ObservedPayment, RecordKind
from contracts.problems import Problem, Reason
from mappings.plan import Verb

log = structlog.get_logger("ledgerlane.xero")

BATCH_SIZE = 50
LARGEST_BODY = 3_000_000
"""Bytes. Xero takes 10 MB and advises 3.5 (reference 2.4)."""

METHOD, PATH, ELEMENTS, TAKE_BACK = "method", "path", "elements", "take_back"
"""Options of a step: where it is sent, and what is taken off the document before it is voided, parted by blanks."""

_CHECKED = (RecordKind.CUSTOMER, RecordKind.INVOICE, RecordKind.CREDIT_MEMO)
_ENDINGS = (Verb.VOID, Verb.DELETE)


@dataclass(frozen=True)
class Route:
    """Where members are sent. `together`: several may travel in one request."""

    method: str
    path: str
    elements: str

    @property
    def collection(self) -> str:
        """What the answer's objects are: for a request without elements, the collection of its path."""
        return self.elements or self.path.split("/")[-2]


def route_of(member: Member) -> Route:
    """From the step's options. Raises ValueError for a step that does not say."""
    try:
        return Route(member.options[METHOD], member.options[PATH], member.options.get(ELEMENTS, ""))
    except KeyError as missing:
        raise ValueError(f"{member.verb} of a {member.kind} has no option {missing}") from None


def compose(members: Sequence[Member]) -> list[Call]:
    """Customers first, then documents, then money, each route in calls of up to 50; what stands alone last.

    Within a route the order is the members'. Two members that change one object, or share a number, never share a
    call: the second could not be told from the first.
    """
    rank = {RecordKind.CUSTOMER: 0, RecordKind.INVOICE: 1, RecordKind.CREDIT_MEMO: 1}
    groups: list[list[Member]] = []
    for member in sorted(members, key=lambda one: rank.get(one.kind, 2)):
        group = None if _alone(member) else next((group for group in groups if _fits(group, member)), None)
        if group is None:
            groups.append([member])
        else:
            group.append(member)
    return [Call(request_id=request_id(group), members=group) for group in groups]


def _alone(member: Member) -> bool:
    return not member.options.get(ELEMENTS) or bool(member.options.get(TAKE_BACK))


def _fits(group: list[Member], member: Member) -> bool:
    first = group[0]
    if _alone(first) or route_of(first) != route_of(member) or first.kind is not member.kind:
        return False
    if len(group) >= BATCH_SIZE or sum(len(one.body) for one in group) + len(member.body) > LARGEST_BODY:
        return False
    if (first.target is None) is not (member.target is None):
        return False
    return all(not _same_object(other, member) for other in group)


def _same_object(one: Member, other: Member) -> bool:
    if one.target is not None and other.target is not None:
        return one.target.id == other.target.id
    return bool(one.number) and one.number.casefold() == other.number.casefold()


def request_id(members: Sequence[Member]) -> str:
    """The same members give the same key. A member's key names its connection: Xero remembers keys per app."""
    return "lx" + hashlib.sha256("\n".join(member.key for member in members).encode()).hexdigest()[:46]


async def send(client: XeroClient, observe: Observe, call: Call) -> list[Outcome]:
    """Carry a call out. Raises ConnectorError when the call as a whole came to nothing certain, or to a refusal."""
    members, outcomes = await _unmoved(client, observe, call.members)
    if not members:
        return outcomes
    if named := members[0].options.get(TAKE_BACK, "").split():
        problems = await unapply.take_back(client, members[0], named, where_of(members[0]), key=call.request_id)
        if problems:
            return [Outcome(members[0].key, Result.REFUSED, problems=problems, code="has_payments")]
    whole = len(members) == len(call.members)
    key = call.request_id if whole else request_id(members)
    outcomes += await _send(client, observe, members, key, first=not outcomes)
    await write_histories(client, members, outcomes)
    return outcomes


async def _unmoved(
    client: XeroClient, observe: Observe, members: Sequence[Member]
) -> tuple[list[Member], list[Outcome]]:
    """The members whose targets are as they were read, and the outcomes of the others."""
    checked = [one for one in members if one.kind in _CHECKED and one.target is not None and one.target.version]
    if not checked:
        return list(members), []
    now = {
        one.ref.id: one
        for one in await read(client, observe, checked[0].kind, [one.target.id for one in checked if one.target])
    }
    moved: dict[str, Outcome] = {}
    for member in checked:
        assert member.target is not None
        there = now.get(member.target.id)
        if isinstance(there, Gone):
            moved[member.key] = Outcome(member.key, Result.GONE)
        elif there is not None and there.ref.version != member.target.version:
            moved[member.key] = Outcome(member.key, Result.STALE, there)
    return [one for one in members if one.key not in moved], list(moved.values())


async def _send(
    client: XeroClient, observe: Observe, members: list[Member], key: str, *, first: bool = True
) -> list[Outcome]:
    """One request. `first`: nothing of this call was written yet, so an error may still speak for the whole call."""
    try:
        return await _request(client, observe, members, key)
    except _OneSpoilsAll:
        # Xero could not read the request and does not say whose fault it was. Nothing was written: halves tell.
        middle = len(members) // 2
        halves = (members[:middle], members[middle:])
        outcomes = await _send(client, observe, halves[0], request_id(halves[0]), first=first)
        return outcomes + await _send(client, observe, halves[1], request_id(halves[1]), first=False)
    except OutcomeUnknown:
        if first:
            raise
        return [Outcome(member.key, Result.UNKNOWN) for member in members]
    except TryLater:
        if first:
            raise
        return [Outcome(member.key, Result.TRY_LATER) for member in members]


class _OneSpoilsAll(Exception):
    """A request of several was refused as unreadable because of one of them."""


async def _request(client: XeroClient, observe: Observe, members: list[Member], key: str) -> list[Outcome]:
    route = route_of(members[0])
    params = {"summarizeErrors": "false"} if route.elements else {}
    params |= {"unitdp": "4"} if route.path in PRICED else {}
    bodies = ",".join(member.body for member in members)
    # Bodies are pasted as they are: parsing them here and writing them again could change a figure.
    content = f'{{"{route.elements}":[{bodies}]}}' if route.elements else bodies
    path, values = template(route.path)
    try:
        answer = await client.write(route.method, path, content.encode(), key=key, values=values, params=params)
    except faults.NotFound as error:
        return await _missing(client, observe, members, error)
    if (fault := faults.fault_in(answer)) is not None:
        return await _declined(client, observe, members, fault, answer)
    rows = elements_in(route.collection, answer)
    if rows is None and not route.elements and isinstance(answer.data, dict):
        # Taking an allocation off answers with the bare object (reference 5.2).
        rows = [answer.data]
    if rows is None:
        raise unclear(f"the answer holds no {route.collection}", True, answer)
    found = match(members, rows, route.collection, observe)
    return [await _outcome(client, observe, member, found.get(member.key), route, answer) for member in members]


async def _outcome(
    client: XeroClient, observe: Observe, member: Member, row: Raw | None, route: Route, answer: Answer
) -> Outcome:
    unknown = Outcome(member.key, Result.UNKNOWN, trace_id=answer.trace_id)
    if row is None:
        return unknown
    if faults.failed(row):
        return await _refusal(client, observe, member, faults.messages_of(row), answer.trace_id)
    done = Outcome(member.key, Result.DONE, trace_id=answer.trace_id)
    if route.method == "DELETE":
        return done if row.get("IsDeleted", True) is not False else unknown
    if route.collection == "Allocations":
        return await _allocated(client, observe, member, row, done, unknown)
    ended = row.get("Status") == "DELETED"
    if member.verb is Verb.DELETE:
        return done if ended else unknown
    if member.verb is Verb.CREATE and not id_of(route.collection, row):
        return unknown
    observed = seen(observe, route.collection, row, kind=member.kind)
    if observed is None or isinstance(observed, Gone):
        problem = _unreadable(member, id_of(route.collection, row))
        return replace(unknown, problems=[problem], code="unreadable")
    return replace(done, observed=observed) if _is_what_was_asked(member, row, observed) else unknown


def _is_what_was_asked(member: Member, row: Raw, observed: Observed) -> bool:
    """An answer can be 200 and be another member's, or leave the document as it was."""
    if member.verb is Verb.CREATE:
        return not observed.marker or observed.marker == member.marker
    if member.verb in _ENDINGS and isinstance(observed, ObservedDocument | ObservedPayment):
        return observed.voided or row.get("Status") in ("VOIDED", "DELETED")
    return True


async def _allocated(
    client: XeroClient, observe: Observe, member: Member, row: Raw, done: Outcome, unknown: Outcome
) -> Outcome:
    """An allocation's answer may lack its id: then it is read back with its owner, by what it settles."""
    try:
        observed = unapply.allocation_in(observe, member, row) or await unapply.allocation_of(client, observe, member)
    except ConnectorError as error:
        log.warning("allocation_not_read_back", outcome=type(error).__name__, trace_id=error.trace_id)
        return unknown
    return replace(done, observed=observed) if observed is not None else unknown


async def _refusal(
    client: XeroClient, observe: Observe, member: Member, messages: Sequence[str], trace_id: str
) -> Outcome:
    """What a refusal of one element comes to. Where the sentence leaves open what is there, it is read."""
    refused = Outcome(
        member.key,
        Result.REFUSED,
        problems=faults.problems_of(messages, where_of(member)),
        code=faults.VALIDATION,
        trace_id=trace_id,
    )
    course = faults.course_of(messages)
    try:
        if course is Course.TAKEN and member.verb is Verb.CREATE:
            holder = await find_taken(client, observe, member)
            return replace(refused, observed=holder, existing_id=holder.ref.id) if holder is not None else refused
        if course in (Course.MOVED, Course.MISSING) and member.target is not None:
            return await _as_it_is_now(client, observe, member, refused)
    except ConnectorError:
        # It was refused, so nothing was written; why exactly can be asked again.
        return Outcome(member.key, Result.TRY_LATER, code=faults.VALIDATION, trace_id=trace_id)
    return refused


async def _as_it_is_now(client: XeroClient, observe: Observe, member: Member, refused: Outcome) -> Outcome:
    assert member.target is not None
    for there in await read(client, observe, member.kind, [member.target.id]):
        if isinstance(there, Gone):
            return Outcome(member.key, Result.GONE, code=refused.code, trace_id=refused.trace_id)
        if there.ref.version and there.ref.version != member.target.version:
            return Outcome(member.key, Result.STALE, there, code=refused.code, trace_id=refused.trace_id)
    return refused


async def _declined(
    client: XeroClient, observe: Observe, members: list[Member], fault: Fault, answer: Answer
) -> list[Outcome]:
    """A refusal of the whole request: nothing was saved. With elements it says whose fault it was."""
    if len(members) == 1:
        messages = faults.messages_of(fault.elements) or [fault.message]
        return [await _refusal(client, observe, members[0], messages, answer.trace_id)]
    collection = route_of(members[0]).collection
    found = match(members, [row for row in fault.elements if faults.messages_of(row)], collection, observe)
    if not found:
        raise _OneSpoilsAll
    again = Outcome("", Result.TRY_LATER, code=fault.number, trace_id=answer.trace_id)
    return [
        await _refusal(client, observe, member, faults.messages_of(found[member.key]), answer.trace_id)
        if member.key in found
        else replace(again, key=member.key)
        for member in members
    ]


async def _missing(client: XeroClient, observe: Observe, members: list[Member], error: ConnectorError) -> list[Outcome]:
    """404 for the whole request: one of the targets is not there, and nothing was saved."""
    targets = [member.target.id for member in members if member.target is not None]
    if not targets:
        problem = Problem(
            reason=Reason.REFERENCE_NOT_FOUND,
            where=where_of(members[0]),
            message="Xero no longer has the object this is applied to.",
            fix="Look for the document in Xero; if it was deleted, void it in billing.",
        )
        return [
            Outcome(one.key, Result.REFUSED, problems=[problem], code="404", trace_id=error.trace_id) for one in members
        ]
    there = {one.ref.id: one for one in await read(client, observe, members[0].kind, targets)}
    return [
        Outcome(
            one.key,
            Result.GONE if one.target and isinstance(there.get(one.target.id), Gone) else Result.TRY_LATER,
            code="404",
            trace_id=error.trace_id,
        )
        for one in members
    ]


def template(path: str) -> tuple[str, dict[str, str]]:
    """A path without its ids, which logs do not show, and the ids: Payments/{id1}."""
    parts = path.split("/")
    values = {f"id{place}": part for place, part in enumerate(parts) if is_guid(part)}
    return "/".join(f"{{id{place}}}" if f"id{place}" in values else part for place, part in enumerate(parts)), values


def where_of(member: Member) -> str:
    """What a problem is about, for a person."""
    kind = member.kind.value.replace("_", " ")
    return f"{kind} {member.number}" if member.number else kind


def _unreadable(member: Member, identifier: str) -> Problem:
    return Problem(
        reason=Reason.ANSWER_UNREADABLE,
        where=where_of(member),
        message=f"Xero answered object {identifier or 'without an id'} in a form that cannot be read.",
        fix="Show the record and its trace id to support; the object in Xero is there.",
    )
