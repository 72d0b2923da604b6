"""Members grouped into calls, and what each came to."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectors.protocol import Call, Member, Outcome, OutcomeUnknown, Refused, Result, TryLater
from connectors.quickbooks.batch import BATCH_SIZE, compose, send
from connectors.quickbooks.client import ENTITIES
from contracts.books import RecordKind, RemoteRef
from contracts.problems import Reason
from mappings.plan import Verb
from tests.connectors.fakes import a_client, answer, entity_fault, gateway_fault, html, plain_observe, xml_fault

Item = dict[str, Any]


def a_member(
    number: int = 1,
    kind: RecordKind = RecordKind.INVOICE,
    verb: Verb = Verb.CREATE,
    *,
    target: str = "",
    **more: Any,
) -> Member:
    ref = RemoteRef(kind=kind, id=target, version="3") if target else None
    body = json.dumps({"DocNumber": f"INV-{number}", "PrivateNote": f"ledgerlane:rec_{number}"})
    if verb in (Verb.VOID, Verb.DELETE, Verb.SEND):
        body = ""
    return Member(
        key=f"key-{number}",
        kind=kind,
        verb=verb,
        marker=f"ledgerlane:rec_{number}",
        number=f"INV-{number}",
        target=ref,
        body=more.pop("body", body),
        **more,
    )


def made(item: Item, identifier: str = "500") -> Item:
    """What QuickBooks answers to one item of a batch that created something."""
    entity = next(name for name in ENTITIES.values() if name in item)
    return {"bId": item["bId"], entity: {**item[entity], "Id": identifier, "SyncToken": "0"}}


def fault_item(label: str, code: str, detail: str = "") -> Item:
    error = {"Message": "m", "Detail": detail, "code": code, "element": ""}
    return {"bId": label, "Fault": {"Error": [error], "type": "ValidationFault"}}


def batch_answering(change: Callable[[list[Item]], list[Item]]) -> Callable[[httpx.Request], httpx.Response]:
    """A server that carries every item out and then does this to its list of answers."""

    def handler(request: httpx.Request) -> httpx.Response:
        items = json.loads(request.content)["BatchItemRequest"]
        return answer({"BatchItemResponse": change([made(item, str(500 + n)) for n, item in enumerate(items)])})

    return handler


async def outcomes(handler: Callable[[httpx.Request], httpx.Response], *members: Member) -> dict[str, Outcome]:
    client, _ = a_client(handler)
    (call,) = compose(members)
    return {outcome.key: outcome for outcome in await send(client, plain_observe, call)}


class TestComposing:
    def test_documents_travel_together_thirty_at_a_time(self) -> None:
        """The limit is 30 items; one more would refuse them all with 1040."""
        calls = compose([a_member(number) for number in range(65)])

        assert [len(call.members) for call in calls] == [BATCH_SIZE, BATCH_SIZE, 5]

    def test_customers_travel_alone(self) -> None:
        """QuickBooks edits one name at a time, and says so with a fault when it is asked for two."""
        calls = compose([a_member(1), a_member(2, RecordKind.CUSTOMER), a_member(3), a_member(4, RecordKind.CUSTOMER)])

        assert [[member.key for member in call.members] for call in calls] == [["key-2"], ["key-4"], ["key-1", "key-3"]]

    def test_voids_and_sends_travel_alone(self) -> None:
        """Their form inside a batch is not documented."""
        members = [a_member(1, verb=Verb.VOID, target="7"), a_member(2, verb=Verb.SEND, target="8"), a_member(3)]

        assert [len(call.members) for call in compose(members)] == [1, 1, 1]

    def test_two_changes_of_one_object_are_never_in_one_batch(self) -> None:
        """The second would be stale."""
        calls = compose([a_member(1, verb=Verb.UPDATE, target="7"), a_member(2, verb=Verb.UPDATE, target="7")])

        assert len(calls) == 2

    def test_the_same_members_make_the_same_calls(self) -> None:
        """A retry carries the same id, so QuickBooks answers again instead of doing it again."""
        members = [a_member(number) for number in range(40)]

        assert compose(members) == compose(list(members))
        assert compose(members)[0].request_id != compose(members[1:])[0].request_id

    def test_ids_are_as_short_as_they_must_be(self) -> None:
        """50 characters for one, 36 for a batch."""
        alone, together = compose([a_member(1)]), compose([a_member(1), a_member(2)])

        assert len(alone[0].request_id) <= 50
        assert len(together[0].request_id) <= 36


class TestABatch:
    async def test_answers_are_matched_by_label_in_any_order(self) -> None:
        """Position means nothing there."""

        def shuffled(items: list[Item]) -> list[Item]:
            random.Random(4).shuffle(items)
            return items

        members = [a_member(number) for number in range(10)]
        found = await outcomes(batch_answering(shuffled), *members)

        assert {key: outcome.observed.marker for key, outcome in found.items() if outcome.observed} == {
            member.key: member.marker for member in members
        }

    async def test_one_bad_member_does_not_stop_its_neighbours(self) -> None:
        """A batch is not a transaction."""
        found = await outcomes(
            batch_answering(lambda items: [items[0], fault_item("m2", "6210", "closed"), items[2]]),
            *(a_member(number) for number in (1, 2, 3)),
        )

        assert [found[key].result for key in ("key-1", "key-2", "key-3")] == [
            Result.DONE,
            Result.REFUSED,
            Result.DONE,
        ]
        (problem,) = found["key-2"].problems
        assert (problem.reason, problem.where) == (Reason.PERIOD_CLOSED, "invoice INV-2")
        assert "closed" in problem.message

    @pytest.mark.parametrize(
        ("change", "result"),
        [
            (lambda items: items[:1], Result.UNKNOWN),
            (lambda items: [], Result.UNKNOWN),
            (lambda items: [items[0], {"bId": "m2"}], Result.UNKNOWN),
            (lambda items: [items[0], {"bId": "m2", "Invoice": {}}], Result.UNKNOWN),
            (lambda items: [items[0], {"bId": "m2", "Invoice": None}], Result.UNKNOWN),
            (lambda items: [items[0], items[1], items[1]], Result.UNKNOWN),
            (lambda items: [items[1] | {"bId": "m1"}, items[0] | {"bId": "m2"}], Result.UNKNOWN),
            (lambda items: [items[0], "?", items[1]], Result.DONE),
            (lambda items: [items[0], fault_item("m2", "5010")], Result.STALE),
            (lambda items: [items[0], fault_item("m2", "3001")], Result.TRY_LATER),
            (lambda items: [items[0], fault_item("m2", "150")], Result.TRY_LATER),
            (lambda items: [items[0], fault_item("m2", "10000")], Result.UNKNOWN),
            (lambda items: [items[0], fault_item("m2", "4711")], Result.REFUSED),
        ],
    )
    async def test_what_a_member_came_to(self, change: Callable[[list[Item]], list[Item]], result: Result) -> None:
        """Without an answer of its own nothing is certain: missing, empty, twice, or another member's."""
        found = await outcomes(batch_answering(change), a_member(1), a_member(2))

        assert found["key-2"].result is result

    @pytest.mark.parametrize(
        ("reply", "error"),
        [
            (lambda: entity_fault("2010"), Refused),
            (lambda: entity_fault("1040", status=200), Refused),
            (lambda: xml_fault("3001", 429), TryLater),
            (lambda: gateway_fault("3001", 429), TryLater),
            (lambda: html(200), OutcomeUnknown),
            (lambda: answer({}), OutcomeUnknown),
            (
                lambda: httpx.Response(
                    200,
                    content=b'{"BatchItemResponse":[{"bId":"m1","Invoi',
                    headers={"Content-Type": "application/json"},
                ),
                OutcomeUnknown,
            ),
        ],
    )
    async def test_trouble_with_the_whole_call_is_raised(
        self, reply: Callable[[], httpx.Response], error: type[Exception]
    ) -> None:
        """Half a JSON may well have been carried out in full."""
        with pytest.raises(error):
            await outcomes(lambda request: reply(), a_member(1), a_member(2))

    async def test_the_stored_bytes_are_the_bytes_sent(self) -> None:
        """No figure is parsed and written again on its way."""
        client, server = a_client(batch_answering(lambda items: items))
        body = '{"DocNumber":"A","TotalAmt":90071992547409.93,"Line":[{"Amount":0.10}]}'
        call = Call(request_id="lb1", members=[a_member(1, body=body), a_member(2)])

        await send(client, plain_observe, call)
        await send(client, plain_observe, Call.model_validate_json(call.model_dump_json()))

        assert body.encode() in server.requests[0].content
        assert server.requests[0].content == server.requests[1].content
        assert server.requests[0].url.params["requestid"] == "lb1"

    async def test_the_holder_of_a_taken_number_is_named(self) -> None:
        """After a lost answer our own document may hold it."""
        text = "DocNumber=INV-2 is assigned to TxnType=Invoice with TxnId=17984"
        found = await outcomes(
            batch_answering(lambda items: [items[0], fault_item("m2", "6140", text)]), a_member(1), a_member(2)
        )

        assert (found["key-2"].result, found["key-2"].existing_id) == (Result.REFUSED, "17984")

    async def test_an_object_of_ours_that_cannot_be_read_is_not_lost(self) -> None:
        """It exists there, so "refused" would be wrong and "done" would lack its id."""
        found = await outcomes(
            batch_answering(lambda items: [items[0], {**items[1], "Invoice": {**items[1]["Invoice"], "Odd": True}}]),
            a_member(1),
            a_member(2),
        )

        assert (found["key-2"].result, found["key-2"].code) == (Result.UNKNOWN, "unreadable")


class TestOneMember:
    @pytest.mark.parametrize(
        ("member", "path", "params"),
        [
            (a_member(), "/invoice", {}),
            (a_member(kind=RecordKind.ALLOCATION), "/payment", {}),
            (a_member(kind=RecordKind.CREDIT_MEMO, verb=Verb.UPDATE, target="7"), "/creditmemo", {}),
            (a_member(verb=Verb.VOID, target="7"), "/invoice", {"operation": "void"}),
            (a_member(verb=Verb.DELETE, target="7"), "/invoice", {"operation": "delete"}),
            (
                a_member(kind=RecordKind.PAYMENT, verb=Verb.VOID, target="7"),
                "/payment",
                {"operation": "update", "include": "void"},
            ),
            (
                a_member(verb=Verb.SEND, target="7", options={"send_to": "books+1@shop.example"}),
                "/invoice/7/send",
                {"sendTo": "books+1@shop.example"},
            ),
            (a_member(verb=Verb.SEND, target="7"), "/invoice/7/send", {}),
        ],
    )
    async def test_each_verb_has_its_own_form(self, member: Member, path: str, params: dict[str, str]) -> None:
        """Section 2.1 of the reference."""
        client, server = a_client(lambda request: answer({}))

        await send(client, plain_observe, compose([member])[0])

        request = server.requests[0]
        sent = dict(request.url.params)
        assert request.url.path.endswith("4620816365000000001" + path)
        assert {name: sent[name] for name in sent if name not in ("minorversion", "requestid")} == params
        assert sent["requestid"]
        if member.verb in (Verb.VOID, Verb.DELETE):
            body = json.loads(request.content)
            assert (body["Id"], body["SyncToken"]) == ("7", "3")
        if member.verb is Verb.SEND:
            assert (request.content, request.headers["content-type"]) == (b"", "application/octet-stream")

    @pytest.mark.parametrize(
        ("member", "reply", "result"),
        [
            (a_member(), {"Invoice": {"Id": "9"}}, Result.DONE),
            (a_member(), {"Invoice": {"Id": "9", "PrivateNote": "ledgerlane:rec_8"}}, Result.UNKNOWN),
            (a_member(), {"Payment": {"Id": "9"}}, Result.UNKNOWN),
            (a_member(), {}, Result.UNKNOWN),
            (a_member(), [], Result.UNKNOWN),
            (a_member(), {"BatchItemResponse": []}, Result.UNKNOWN),
            (a_member(verb=Verb.UPDATE, target="7"), {"Invoice": {"Id": "8"}}, Result.UNKNOWN),
            (a_member(verb=Verb.DELETE, target="7"), {"Invoice": {"Id": "7", "status": "Deleted"}}, Result.DONE),
            (a_member(verb=Verb.DELETE, target="7"), {"Invoice": {"Id": "7"}}, Result.UNKNOWN),
            (a_member(verb=Verb.VOID, target="7"), {"Invoice": {"Id": "7", "TotalAmt": 100}}, Result.UNKNOWN),
            (
                a_member(verb=Verb.VOID, target="7"),
                {"Invoice": {"Id": "7", "TotalAmt": 0, "PrivateNote": "Annulé"}},
                Result.DONE,
            ),
        ],
    )
    async def test_a_200_counts_when_it_shows_what_was_asked(self, member: Member, reply: Any, result: Result) -> None:
        """A void that is not offered is answered 200 and does nothing."""
        found = await outcomes(lambda request: answer(reply), member)

        assert found["key-1"].result is result

    async def test_an_allocation_is_reported_under_its_own_kind(self) -> None:
        """QuickBooks knows it as a payment."""
        found = await outcomes(
            lambda request: answer({"Payment": {"Id": "9", "TotalAmt": 0}}), a_member(kind=RecordKind.ALLOCATION)
        )

        observed = found["key-1"].observed
        assert observed is not None
        assert observed.ref == RemoteRef(kind=RecordKind.ALLOCATION, id="9")

    @pytest.mark.parametrize("kind", [RecordKind.CREDIT_MEMO, RecordKind.CUSTOMER])
    async def test_a_void_that_is_not_offered_is_refused_without_a_call(self, kind: RecordKind) -> None:
        """Asking would be answered 200."""
        client, server = a_client(lambda request: answer({}))

        (outcome,) = await send(client, plain_observe, compose([a_member(kind=kind, verb=Verb.VOID, target="7")])[0])

        assert (outcome.result, outcome.problems[0].reason, server.requests) == (
            Result.REFUSED,
            Reason.NOT_SUPPORTED_BY_LEDGER,
            [],
        )

    @pytest.mark.parametrize(
        ("read", "result"),
        [
            (lambda: entity_fault("610"), Result.GONE),
            (lambda: answer({"Invoice": {"Id": "7"}}), Result.REFUSED),
            (lambda: html(503), Result.TRY_LATER),
        ],
    )
    async def test_610_on_an_update_is_settled_by_a_read(
        self, read: Callable[[], httpx.Response], result: Result
    ) -> None:
        """One code for "deleted" and for "names something inactive", and texts are in the company's language."""

        def handler(request: httpx.Request) -> httpx.Response:
            return read() if request.method == "GET" else entity_fault("610")

        found = await outcomes(handler, a_member(verb=Verb.UPDATE, target="7"))

        assert found["key-1"].result is result

    async def test_610_on_a_create_names_something_inactive(self) -> None:
        """There is nothing of ours that could be gone."""
        found = await outcomes(lambda request: entity_fault("610"), a_member())

        assert (found["key-1"].result, found["key-1"].problems[0].reason) == (
            Result.REFUSED,
            Reason.REFERENCE_INACTIVE,
        )

    async def test_several_faults_are_all_shown(self) -> None:
        """A person fixes everything in one go."""
        errors = [{"code": "2050", "Detail": "too long"}, {"code": "6000", "Detail": "and this"}]
        found = await outcomes(lambda request: answer({"Fault": {"Error": errors}}, 400), a_member())

        assert [problem.reason for problem in found["key-1"].problems] == [
            Reason.TEXT_TOO_LONG,
            Reason.REFUSED_UNEXPLAINED,
        ]

    async def test_a_lost_answer_is_unknown_and_sent_once(self) -> None:
        """Looking comes before sending again."""

        def lost(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("x")

        client, server = a_client(lost)

        with pytest.raises(OutcomeUnknown):
            await send(client, plain_observe, compose([a_member()])[0])

        assert len(server.requests) == 1
