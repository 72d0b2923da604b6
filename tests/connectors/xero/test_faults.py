"""What Xero's sentences mean, and what an answer means for the call as a whole."""

from __future__ import annotations

import json
import re

import pytest

from connectors.http import Answer, Shape
from connectors.protocol import ConnectorError, SignInNeeded, TryLater
from connectors.sandbox.xero import errors
from connectors.xero import faults
from connectors.xero.faults import XERO_SENTENCES, Course, Forbidden, NotFound, TokenRefused, judge, meaning_of
from contracts.problems import REASONS, Reason


def an_answer(status: int, body: object = None, **headers: str) -> Answer:
    raw = json.dumps(body).encode() if body is not None else b""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, Shape.JSON if raw else Shape.EMPTY, body, raw, named)


@pytest.mark.parametrize(
    ("message", "reason", "course"),
    [
        (errors.NUMBER_TAKEN, Reason.NUMBER_TAKEN, Course.TAKEN),
        (errors.name_taken("Is not subscribed to currency Ltd"), Reason.NAME_TAKEN, Course.TAKEN),
        (errors.HAS_PAYMENT, Reason.HAS_PAYMENTS, Course.MOVED),
        (errors.status_blocked("VOIDED"), Reason.HAS_PAYMENTS, Course.MOVED),
        (errors.DOCUMENT_NOT_FOUND, Reason.DELETED_IN_LEDGER, Course.MISSING),
        (errors.CONTACT_ARCHIVED_DOCUMENT, Reason.CUSTOMER_INACTIVE, Course.REFUSED),
        (errors.currency_missing("EUR"), Reason.CURRENCY_NOT_ENABLED, Course.REFUSED),
        ("Users Organisation is not subscribed to currency NZD", Reason.CURRENCY_NOT_ENABLED, Course.REFUSED),
        (
            "The document date cannot be before the end of year lock date, currently set at 31 March 2026",
            Reason.PERIOD_CLOSED,
            Course.REFUSED,
        ),
        (errors.OVERPAID, Reason.OVER_ALLOCATED, Course.REFUSED),
        ("Something nobody has seen", Reason.REFUSED_UNEXPLAINED, Course.REFUSED),
    ],
)
def test_what_a_sentence_means(message: str, reason: Reason, course: Course) -> None:
    meaning = meaning_of(message)

    assert (meaning.reason, meaning.course) == (reason, course)


def test_every_sentence_the_simulator_knows_is_explained() -> None:
    """One the table lacks reaches a bookkeeper as it came, which is a defect when it could have been known."""
    texts = [text for name, text in vars(errors).items() if name.isupper() and isinstance(text, str) and " " in text]
    warnings = {errors.PAYMENT_BEFORE_INVOICE, errors.SENT_ONLY_AUTHORISED}
    not_ours = {errors.NOT_FOUND_TEXT, errors.EMAIL_STATUS, errors.EMAIL_NO_ADDRESS}
    unknown = faults._UNEXPLAINED

    assert [text for text in texts if text not in warnings | not_ours and meaning_of(text) is unknown] == []


def test_the_table_is_written_as_it_is_compared() -> None:
    assert all(part == " ".join(part.casefold().split()) for part in XERO_SENTENCES)
    assert not any(re.search(r"\d", part) for part in XERO_SENTENCES)
    assert {meaning.reason for meaning in XERO_SENTENCES.values()} <= set(REASONS)


def test_errors_are_found_wherever_they_stand_under_either_name() -> None:
    element = {
        "ValidationErrors": [{"Message": "one"}, {"Message": "one"}],
        "LineItems": [{"ValidationErrors": [{"Description": "two"}]}],
        "Warnings": [{"Message": "only a warning"}],
    }

    assert faults.messages_of(element) == ["one", "two"]


@pytest.mark.parametrize(
    ("element", "failed"),
    [
        ({"StatusAttributeString": "ERROR"}, True),
        ({"HasErrors": True}, True),
        ({"HasValidationErrors": True}, True),
        ({"ValidationErrors": [{"Message": "no"}]}, True),
        ({"StatusAttributeString": "WARNING", "Warnings": [{"Message": "hm"}], "HasErrors": False}, False),
        ({"ValidationErrors": []}, False),
    ],
)
def test_which_elements_of_a_200_were_not_saved(element: dict[str, object], failed: bool) -> None:
    assert faults.failed(element) is failed


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (an_answer(401, {"Detail": "TokenExpired: token expired at 01/23/2020 18:21:16"}), TokenRefused),
        (an_answer(401, {"detail": "AuthenticationUnsuccessful"}), TokenRefused),
        (an_answer(401, {"Title": "Unauthorized", "Detail": "AuthorizationUnsuccessful"}), SignInNeeded),
        (an_answer(403, {"Detail": "AuthenticationUnsuccessful"}), Forbidden),
        (an_answer(404), NotFound),
        (an_answer(429, None, x_rate_limit_problem="concurrent"), TryLater),
    ],
)
def test_what_an_answer_means_for_the_call(answer: Answer, error: type[ConnectorError]) -> None:
    with pytest.raises(error):
        judge(answer)


def test_too_many_calls_at_once_waits_seconds_not_a_minute() -> None:
    """This breach is over as soon as a call ends, and comes without a Retry-After."""
    with pytest.raises(TryLater) as later:
        judge(an_answer(429, None, x_rate_limit_problem="concurrent"))

    assert later.value.wait_seconds < 5


def test_a_validation_error_is_left_to_who_knows_the_members() -> None:
    judge(an_answer(400, {"ErrorNumber": 10, "Elements": []}))
