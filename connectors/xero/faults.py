"""Xero's refusals: read from the shapes they come in, and what each means to us and to a bookkeeper.

Xero numbers requests it cannot read (ErrorNumber) and says the rest in English sentences, the same in every region.
There is nothing else to go by, so the sentences are matched by the part of them that has no value in it, in one table,
longest first; one that is not in it is "refused, unexplained" and is shown as it came. Source: Xero reference 8.2-8.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connectors.http import Answer
from connectors.protocol import ConnectorError, Refused, SignInNeeded, TryLater
from contracts.problems import Problem, Reason

VALIDATION = "10"


class Course(StrEnum):
    """What the caller does about one element's refusal."""

    REFUSED = "refused"
    TAKEN = "taken"
    """Somebody has the name or number already: look who; it may be us."""
    MOVED = "moved"
    """The document is not in a state for this: read it, it may have changed or gone."""
    MISSING = "missing"
    """The object itself is not there."""


@dataclass(frozen=True)
class Meaning:
    """What a sentence means."""

    reason: Reason
    fix: str
    course: Course = Course.REFUSED


def _in_billing(what: str) -> str:
    return f"Correct {what} in billing, then retry."


_OURS = "This is a fault in what we sent. Show the text and the trace id to support."
_UNDO = "Remove the payments and credits from the document in Xero first, then retry."
_TAX = "Choose another Xero tax rate in the tax mapping, then retry."
_ACCOUNT = "Choose another Xero account or item for the line in the connection's settings, then retry."
_LOCKED = "Move the lock date in Xero (Accounting, Advanced, Financial settings), or date the document later."
_RESTORE = "Restore the contact in Xero, then retry."
_LESS = "Reduce the amount in billing, or undo what else was applied in Xero."
_CURRENCY = "Add the currency in Xero (Settings, Currencies; it needs a plan with several currencies), then retry."

XERO_SENTENCES: Mapping[str, Meaning] = {
    "invoice # must be unique": Meaning(
        Reason.NUMBER_TAKEN,
        "Link the document that has this number in Xero, or change the number in billing.",
        Course.TAKEN,
    ),
    "credit note # must be unique": Meaning(
        Reason.NUMBER_TAKEN,
        "Link the document that has this number in Xero, or change the number in billing.",
        Course.TAKEN,
    ),
    "is already assigned to another contact": Meaning(
        Reason.NAME_TAKEN, "Link the contact that exists in Xero, or change one of the names.", Course.TAKEN
    ),
    "another contact has this contact number": Meaning(
        Reason.CONFLICT, "Link the contact that has this contact code in Xero, or clear the code there.", Course.TAKEN
    ),
    "the account number already exists": Meaning(
        Reason.CONFLICT, "Clear the account number of the other contact in Xero, or change it in billing."
    ),
    "not of valid status for modification": Meaning(Reason.HAS_PAYMENTS, _UNDO, Course.MOVED),
    "not of valid status for creation": Meaning(Reason.REFUSED_UNEXPLAINED, _OURS),
    "cannot be edited as it has a payment or credit note": Meaning(Reason.HAS_PAYMENTS, _UNDO, Course.MOVED),
    "cannot be applied to the invoice because it has payments": Meaning(Reason.HAS_PAYMENTS, _UNDO, Course.MOVED),
    "cannot be applied to the credit note because it has": Meaning(Reason.HAS_PAYMENTS, _UNDO, Course.MOVED),
    "with the specified invoiceid could not be found": Meaning(Reason.DELETED_IN_LEDGER, _OURS, Course.MISSING),
    "with the specified creditnoteid could not be found": Meaning(Reason.DELETED_IN_LEDGER, _OURS, Course.MISSING),
    "document with the supplied id was not found": Meaning(Reason.DELETED_IN_LEDGER, _OURS, Course.MISSING),
    "duedate field must be specified": Meaning(Reason.REFUSED_UNEXPLAINED, _in_billing("the due date: there is none")),
    "one or more line items must be specified": Meaning(
        Reason.LINES_MISSING, _in_billing("the document: it has no line")
    ),
    "a contact must be specified": Meaning(Reason.CUSTOMER_UNKNOWN, "Send the customer first, then retry."),
    "to identify the contact": Meaning(Reason.CUSTOMER_UNKNOWN, "Send the customer first, then retry."),
    "archived contacts cannot currently be edited": Meaning(Reason.CUSTOMER_INACTIVE, _RESTORE),
    "the contact must be un-archived": Meaning(Reason.CUSTOMER_INACTIVE, _RESTORE),
    "email address must be valid": Meaning(Reason.EMAIL_INVALID, _in_billing("the e-mail address")),
    "url must be a valid": Meaning(Reason.REFUSED_UNEXPLAINED, _OURS),
    "is not a valid code for this document": Meaning(Reason.LINE_UNMAPPED, _ACCOUNT),
    "has been archived, or deleted": Meaning(Reason.REFERENCE_INACTIVE, _ACCOUNT),
    "does not match a recognised account": Meaning(Reason.REFERENCE_NOT_FOUND, _ACCOUNT),
    "account must be valid": Meaning(Reason.LINE_UNMAPPED, _ACCOUNT),
    "tax rate must be valid": Meaning(Reason.TAX_CODE_UNMAPPED, _TAX),
    "does not exist or cannot be used for this type of transaction": Meaning(Reason.TAX_CODE_UNMAPPED, _TAX),
    "cannot be used with account code": Meaning(
        Reason.TAX_CODE_UNMAPPED, "Choose a tax rate that fits the account, or another account, then retry."
    ),
    "is not subscribed to currency": Meaning(Reason.CURRENCY_NOT_ENABLED, _CURRENCY),
    "cannot be before the period lock date": Meaning(Reason.PERIOD_CLOSED, _LOCKED),
    "cannot be before the end of year lock date": Meaning(Reason.PERIOD_CLOSED, _LOCKED),
    "lock date": Meaning(Reason.PERIOD_CLOSED, _LOCKED),
    "does not match the expected line total": Meaning(
        Reason.LINE_AMOUNT_MISMATCH, _in_billing("the line: amount is not quantity times price")
    ),
    "does not equal the sum of the lines": Meaning(Reason.TOTALS_INCONSISTENT, _in_billing("the document's totals")),
    "discount must not be greater than the line total": Meaning(
        Reason.DISCOUNT_UNSUPPORTED, _in_billing("the discount: it is larger than the line")
    ),
    "exceeds the amount outstanding on this document": Meaning(Reason.OVER_ALLOCATED, _LESS),
    "amount is greater than amount outstanding": Meaning(Reason.OVER_ALLOCATED, _LESS),
    "has already been paid off": Meaning(Reason.OVER_ALLOCATED, _LESS),
    "cannot be allocated to an incorrect invoice type": Meaning(Reason.NOT_SUPPORTED_BY_LEDGER, _OURS),
    "only be made against authorised documents": Meaning(
        Reason.REFERENCE_INACTIVE, "Approve the document in Xero, or remove the payment in billing."
    ),
    "account could not be found": Meaning(
        Reason.REFERENCE_NOT_FOUND,
        "Choose a bank account, or one that takes payments, as deposit account in the connection's settings.",
    ),
    "reached the limit of invoices you can approve": Meaning(
        Reason.SUBSCRIPTION_INACTIVE, "Move to a Xero plan with more invoices, or wait for the next month; then retry."
    ),
    "must not exceed": Meaning(Reason.TEXT_TOO_LONG, _in_billing("the text that is too long")),
    "is used with a different request": Meaning(Reason.CONFLICT, _OURS),
    "already exists": Meaning(Reason.CONFLICT, "Link the object that exists in Xero, or change ours in billing."),
}
"""By the part of the sentence that stays the same, in lower case. A longer part wins over a shorter one."""

_BY_LENGTH = sorted(XERO_SENTENCES.items(), key=lambda entry: -len(entry[0]))
_UNEXPLAINED = Meaning(
    Reason.REFUSED_UNEXPLAINED, "Read what Xero says. If it does not help, show the text and trace id to support."
)
_COURSES = (Course.REFUSED, Course.TAKEN, Course.MOVED, Course.MISSING)


def meaning_of(message: str) -> Meaning:
    """What a sentence means; unexplained when it is not in the table."""
    text = " ".join(message.casefold().split())
    return next((meaning for part, meaning in _BY_LENGTH if part in text), _UNEXPLAINED)


def course_of(messages: Iterable[str]) -> Course:
    """Of several refusals the one that needs a look decides."""
    return max((meaning_of(message).course for message in messages), key=_COURSES.index, default=Course.REFUSED)


def messages_of(element: Any) -> list[str]:
    """Every validation error of an element and of what is inside it, each once; documentation spells the key twice."""
    return list(dict.fromkeys(_messages(element)))


def _messages(element: Any) -> Iterator[str]:
    if isinstance(element, list):
        for part in element:
            yield from _messages(part)
    if not isinstance(element, dict):
        return
    errors = element.get("ValidationErrors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict) and (text := error.get("Message") or error.get("Description")):
            yield str(text)
    for name, part in element.items():
        if name not in ("ValidationErrors", "Warnings") and isinstance(part, dict | list):
            yield from _messages(part)


def failed(element: Mapping[str, Any]) -> bool:
    """True for an element that was not saved, also inside an answer of 200 (reference 2.5)."""
    return (
        element.get("StatusAttributeString") == "ERROR"
        or element.get("HasErrors") is True
        or element.get("HasValidationErrors") is True
        or bool(element.get("ValidationErrors"))
    )


def problems_of(messages: Sequence[str], where: str) -> list[Problem]:
    """Every sentence in a bookkeeper's words."""
    return [
        Problem(
            reason=(meaning := meaning_of(message)).reason,
            where=where,
            message=f"Xero says: {message}",
            fix=meaning.fix,
        )
        for message in messages or ["no"]
    ]


@dataclass(frozen=True)
class Fault:
    """A request that was refused as a whole (ApiException). `elements` are there for validation errors only."""

    number: str
    type: str
    message: str
    elements: list[dict[str, Any]]


def fault_in(answer: Answer) -> Fault | None:
    """The exception in an answer, or None when it is none."""
    data = answer.data
    if answer.status < 400 or not isinstance(data, dict):
        return None
    elements = data.get("Elements")
    return Fault(
        number=str(data.get("ErrorNumber") or answer.status),
        type=str(data.get("Type") or ""),
        message=str(data.get("Message") or detail_of(data) or ""),
        elements=[one for one in elements if isinstance(one, dict)] if isinstance(elements, list) else [],
    )


def refused(fault: Fault, where: str, answer: Answer) -> Refused:
    """The error for a call that was declined as a whole."""
    messages = messages_of(fault.elements) or [fault.message]
    return Refused(
        f"Xero refused (number {fault.number})",
        problems=problems_of(messages, where),
        code=fault.number,
        **answer.evidence,
    )


class TokenRefused(ConnectorError):
    """The access token is not accepted. Never leaves this package: the client renews it once and repeats."""

    expired: bool = False


class Forbidden(ConnectorError):
    """403: the tenant is not connected, or the user may not. The client finds out which."""


class NotFound(ConnectorError):
    """404, as plain text: there is no such object. What was asked decides what that means."""


class NotModified(ConnectorError):
    """304: nothing changed since the time that was asked for."""


def judge(answer: Answer) -> None:
    """Raise what an answer's status and detail mean for the call as a whole; leave the rest to the caller."""
    match answer.status:
        case 304:
            raise NotModified("nothing changed", **answer.evidence)
        case 401:
            _unauthorised(answer)
        case 403:
            raise Forbidden(f"Xero does not let us in ({detail_of(answer.data) or 403})", **answer.evidence)
        case 404:
            raise NotFound("Xero knows no such object", **answer.evidence)
        case 429 if answer.headers.get("x-rate-limit-problem", "") == "concurrent" and answer.retry_after is None:
            raise TryLater("too many calls at once", wait_seconds=2, limited=True, **answer.evidence)
        case 501 if isinstance(answer.data, dict) and answer.data.get("ErrorNumber"):
            fault = fault_in(answer)
            assert fault is not None
            raise refused(fault, "the call", answer)
        case 503 if b"offline" in answer.raw[:200].lower():
            raise TryLater("the organisation is offline", wait_seconds=300, **answer.evidence)


def detail_of(data: Any) -> str:
    """The Detail of a problem document; some gateways write its keys in lower case."""
    if not isinstance(data, dict):
        return ""
    return str(data.get("Detail") or data.get("detail") or "")


def _unauthorised(answer: Answer) -> None:
    detail = detail_of(answer.data)
    if "authorizationunsuccessful" in detail.casefold():
        # The token is good and lacks a scope: renewing it cannot add one.
        raise SignInNeeded(
            "the consent does not cover this; connect again and grant every permission", **answer.evidence
        )
    refusal = TokenRefused("the access token is not accepted", **answer.evidence)
    refusal.expired = "tokenexpired" in detail.casefold()
    raise refusal
