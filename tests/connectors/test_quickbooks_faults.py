"""Faults in all their shapes, decided by code."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from connectors.protocol import ConnectorError, OutcomeUnknown, Refused, SignInNeeded, TryLater
from connectors.quickbooks.faults import QUICKBOOKS_FAULTS, Course, Fault, faults_in
from contracts.problems import Reason
from tests.connectors.fakes import a_client, answer, entity_fault, gateway_fault, html, xml_fault


def in_a_200(code: str) -> httpx.Response:
    return entity_fault(code, status=200, type_="SystemFault")


Make = Callable[[], httpx.Response]

SHAPES: list[tuple[str, Make, type[ConnectorError]]] = [
    ("entity JSON", lambda: entity_fault("2020"), Refused),
    ("inside a 200", lambda: in_a_200("2020"), Refused),
    ("XML in spite of Accept", lambda: xml_fault("2020", 400, "ValidationFault"), Refused),
    ("XML inside a 200", lambda: xml_fault("2020", 200, "ValidationFault"), Refused),
    ("403, not authorised for the company", lambda: gateway_fault("3100", 403), SignInNeeded),
    ("the same with 500", lambda: gateway_fault("3100", 500), SignInNeeded),
    ("user removed", lambda: entity_fault("120", status=401, type_="AuthorizationFault"), SignInNeeded),
    ("429 in lower-case JSON", lambda: gateway_fault("3001", 429), TryLater),
    ("429 in XML", lambda: xml_fault("003001", 429), TryLater),
    ("throttle in XML with 403", lambda: xml_fault("003001", 403), TryLater),
    ("504 in XML", lambda: xml_fault("006002", 504), OutcomeUnknown),
    ("application error", lambda: entity_fault("10000", status=500, type_="SystemFault"), OutcomeUnknown),
    ("application error in a 200", lambda: in_a_200("10000"), OutcomeUnknown),
    ("under maintenance", lambda: entity_fault("150"), TryLater),
    ("fault without an error", lambda: answer({"Fault": {"type": "SystemFault", "Error": []}}), Refused),
    ("sorry page with 200", lambda: html(200), OutcomeUnknown),
    ("unlisted code", lambda: entity_fault("9999"), Refused),
]


@pytest.mark.parametrize(("what", "make", "error"), SHAPES, ids=[row[0] for row in SHAPES])
async def test_a_fault_means_the_same_in_every_shape(what: str, make: Make, error: type[ConnectorError]) -> None:
    """Content type and status lie; the code does not."""
    client, server = a_client(lambda request: make())

    async def write() -> None:
        response = await client.post("invoice", b"{}", request_id="r")
        if found := faults_in(response.data):
            raise Refused("as the caller would", code=found[0].code)

    with pytest.raises(ConnectorError) as raised:
        await write()

    assert (type(raised.value), len(server.requests)) == (error, 1)


async def test_a_refused_token_is_renewed_once_and_the_same_request_repeated() -> None:
    """With the same requestid: should the first have been carried out after all, it is not carried out again."""
    answers = iter([gateway_fault("3200", 401), answer({"Invoice": {"Id": "1"}})])
    client, server = a_client(lambda request: next(answers))

    await client.post("invoice", b'{"a":1}', request_id="key-1")

    first, second = server.requests
    assert (first.url, first.content) == (second.url, second.content)
    assert first.url.params["requestid"] == "key-1"
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer access-1", "Bearer access-2"]


@pytest.mark.parametrize("refusal", [lambda: gateway_fault("3200", 401), lambda: httpx.Response(401)])
async def test_a_fresh_token_that_is_refused_is_their_trouble(refusal: Make) -> None:
    """An outage of their sign-in must not send every merchant to reconnect; a dead grant shows at the renewal."""
    client, server = a_client(lambda request: refusal())

    with pytest.raises(TryLater):
        await client.post("invoice", b"{}", request_id="r")

    assert len(server.requests) == 2


async def test_every_request_names_version_company_and_json() -> None:
    """Without Accept the answer is XML; without minorversion its shape is theirs to choose."""
    client, server = a_client(lambda request: answer({"QueryResponse": {}}))

    await client.query("SELECT * FROM Invoice")

    request = server.requests[0]
    assert request.url.path == "/v3/company/4620816365000000001/query"
    assert request.url.params["minorversion"] == "75"
    assert request.headers["accept"] == "application/json"
    assert (request.headers["content-type"], request.content) == ("application/text", b"SELECT * FROM Invoice")


@pytest.mark.parametrize(
    ("code", "detail", "existing"),
    [
        (
            "6140",
            "This number has already been used. DocNumber=INV-1 is assigned to TxnType=Invoice with TxnId=17984",
            "17984",
        ),
        ("6140", "Numéro de document en double : TxnType=Invoice with TxnId=42", "42"),
        ("6240", "Ce nom existe déjà. : Id=425", "425"),
        ("6240", "The name supplied already exists. : Another customer is already using this name.", ""),
        ("2020", "TxnId=5", ""),
    ],
)
def test_the_holder_of_a_name_or_number_is_read_from_the_text(code: str, detail: str, existing: str) -> None:
    """The one thing text is good for, in any language."""
    assert Fault(code, detail=detail).existing_id == existing


@pytest.mark.parametrize(
    ("written", "code"), [("003200", "3200"), ("3200", "3200"), (" 610", "610"), ("", ""), (None, "")]
)
def test_codes_lose_their_zeros(written: str | None, code: str) -> None:
    """The gateway writes 003200, the entity layer 3200."""
    assert [fault.code for fault in faults_in({"Fault": {"Error": [{"code": written}]}})] == [code]


def test_an_answer_without_a_fault_has_none() -> None:
    """The gateway's shape has "fault": null in good answers."""
    assert faults_in({"Invoice": {"Id": "1"}, "fault": None}) == []
    assert faults_in(None) == []
    assert faults_in([1]) == []


def test_every_listed_fault_tells_a_bookkeeper_what_to_do() -> None:
    """The table is the only place where a code is explained."""
    assert all(meaning.fix for meaning in QUICKBOOKS_FAULTS.values())
    assert all(code == code.lstrip("0") for code in QUICKBOOKS_FAULTS)


def test_an_unlisted_code_is_refused_and_shown_as_it_came() -> None:
    """Guessing at an unknown code would hide it."""
    meaning = Fault("7777").meaning

    assert (meaning.reason, meaning.course) == (Reason.REFUSED_UNEXPLAINED, Course.REFUSED)
