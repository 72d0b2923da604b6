"""QuickBooks' faults: read from the four shapes they come in, decided by their code alone.

Messages are in the company's language, so nothing is decided on text; only ids are taken out of it ("TxnId=17984").
Sources: Intuit, "Error codes" and "Handling common errors"; section 7 of reference/quickbooks-online.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from xml.etree.ElementTree import Element

from connectors.http import Answer
from connectors.protocol import ConnectorError, OutcomeUnknown, Refused, SignInNeeded, TryLater
from contracts.problems import Problem, Reason


class Course(IntEnum):
    """What the caller does next. Of several faults in one answer the highest decides."""

    REFUSED = 1
    MISSING = 2
    """610: the object itself is gone, or something it names is inactive; what was asked decides which."""
    STALE = 3
    LATER = 4
    UNSURE = 5
    """A failure inside QuickBooks: whether anything was kept is not known."""
    LIMITED = 6
    TOKEN = 7
    """The access token is not accepted: renew it once and repeat."""
    SIGN_IN = 8


@dataclass(frozen=True)
class Meaning:
    """What a code means to us and to a bookkeeper."""

    reason: Reason
    fix: str
    course: Course = Course.REFUSED


def _in_billing(what: str) -> str:
    return f"Correct {what} in billing, then retry."


_RECONNECT = "Ask an administrator of the QuickBooks company to connect it again."
_WAIT = "Nothing to do: it is tried again by itself."
_REFERENCE = "Make the customer, item, account or tax code active again in QuickBooks, or choose another one here."
_HUMAN_VOID = "Undo the payment, deposit or bank match in QuickBooks first, then retry."
_OURS = "This is a fault in what we sent. Show the code and the trace id to support."

QUICKBOOKS_FAULTS: Mapping[str, Meaning] = {
    "100": Meaning(Reason.SIGN_IN_NEEDED, _RECONNECT, Course.TOKEN),
    "110": Meaning(Reason.SIGN_IN_NEEDED, _RECONNECT, Course.TOKEN),
    "120": Meaning(Reason.SIGN_IN_NEEDED, _RECONNECT, Course.SIGN_IN),
    "130": Meaning(Reason.LEDGER_UNAVAILABLE, _WAIT, Course.LATER),
    "140": Meaning(Reason.LEDGER_UNAVAILABLE, _WAIT, Course.LATER),
    "150": Meaning(Reason.LEDGER_UNAVAILABLE, _WAIT, Course.LATER),
    "500": Meaning(Reason.NOT_SUPPORTED_BY_LEDGER, "Make this change by hand in QuickBooks."),
    "600": Meaning(Reason.CONFLICT, _OURS),
    "610": Meaning(Reason.REFERENCE_INACTIVE, _REFERENCE, Course.MISSING),
    "620": Meaning(
        Reason.OVER_ALLOCATED,
        "Check in QuickBooks that the invoice or credit memo is open and belongs to the same customer.",
    ),
    "630": Meaning(Reason.NUMBER_TAKEN, "Link the object that exists in QuickBooks, or change the number in billing."),
    "700": Meaning(Reason.REFERENCE_NOT_FOUND, "Choose another parent customer in QuickBooks."),
    "800": Meaning(Reason.HAS_PAYMENTS, _HUMAN_VOID),
    "900": Meaning(Reason.REFERENCE_NOT_FOUND, "Choose another parent customer in QuickBooks."),
    "1040": Meaning(Reason.REFUSED_UNEXPLAINED, _OURS),
    "2020": Meaning(Reason.REFUSED_UNEXPLAINED, _OURS),
    "2040": Meaning(Reason.NAME_INVALID, _in_billing("the unusual characters")),
    "2050": Meaning(Reason.TEXT_TOO_LONG, _in_billing("the text that is too long")),
    "2210": Meaning(Reason.EMAIL_INVALID, _in_billing("the e-mail address")),
    "2220": Meaning(Reason.CURRENCY_NOT_ENABLED, "Add the currency under Currencies in QuickBooks, then retry."),
    "2250": Meaning(Reason.LINES_MISSING, _in_billing("the document: it has no line")),
    "2290": Meaning(Reason.TOTAL_NEGATIVE, _in_billing("the negative amount")),
    "2500": Meaning(Reason.REFERENCE_NOT_FOUND, "Read the company's lists again, then choose the mapping anew."),
    "3001": Meaning(Reason.RATE_LIMITED, _WAIT, Course.LIMITED),
    "3100": Meaning(Reason.SIGN_IN_NEEDED, _RECONNECT, Course.SIGN_IN),
    "3200": Meaning(Reason.SIGN_IN_NEEDED, _RECONNECT, Course.TOKEN),
    "3202": Meaning(Reason.SIGN_IN_NEEDED, _RECONNECT, Course.TOKEN),
    "4002": Meaning(Reason.LEDGER_UNAVAILABLE, _WAIT, Course.LATER),
    "5010": Meaning(Reason.STALE, _WAIT, Course.STALE),
    "5020": Meaning(Reason.PERMISSION_DENIED, "Let a user with the right to do this connect the company."),
    "5030": Meaning(Reason.NOT_SUPPORTED_BY_LEDGER, "Switch the feature on in QuickBooks, or change the mapping."),
    "6002": Meaning(Reason.OUTCOME_UNKNOWN, _WAIT, Course.UNSURE),
    "6070": Meaning(Reason.LINE_AMOUNT_MISMATCH, _in_billing("the line: amount is not quantity times price")),
    "6080": Meaning(Reason.NAME_MISSING, _in_billing("the customer: it has no name")),
    "6090": Meaning(Reason.DISCOUNT_UNSUPPORTED, _in_billing("the discount: it has no amount")),
    "6100": Meaning(Reason.TAX_CODE_UNMAPPED, "Choose another QuickBooks tax code in the tax mapping, then retry."),
    "6130": Meaning(Reason.REFUSED_UNEXPLAINED, "Change in QuickBooks who the customer's bills go to."),
    "6140": Meaning(Reason.NUMBER_TAKEN, "Link the document that has this number, or change the number in billing."),
    "6160": Meaning(Reason.TAX_CODE_UNMAPPED, "Choose a tax code other than CustomSalesTax, then retry."),
    "6170": Meaning(Reason.TAX_IS_OFF, "Check the company's tax settings in QuickBooks, then retry."),
    "6190": Meaning(Reason.SUBSCRIPTION_INACTIVE, "Renew the QuickBooks subscription, then retry."),
    "6200": Meaning(Reason.PERIOD_CLOSED, "Move the closing date in QuickBooks, or date the document later."),
    "6210": Meaning(Reason.PERIOD_CLOSED, "Move the closing date in QuickBooks, or date the document later."),
    "6220": Meaning(Reason.HAS_PAYMENTS, "Bring the customer's balance to zero in QuickBooks, then retry."),
    "6230": Meaning(Reason.TAX_CODE_UNMAPPED, "Choose a tax code other than CustomSalesTax, then retry."),
    "6240": Meaning(
        Reason.NAME_TAKEN,
        "Link the customer that exists in QuickBooks, or change one of the names; vendors and employees count too.",
    ),
    "6250": Meaning(Reason.CUSTOMER_INACTIVE, "Make the customer active again in QuickBooks, then retry."),
    "6280": Meaning(Reason.HAS_PAYMENTS, "Bill or remove the customer's open charges in QuickBooks, then retry."),
    "6420": Meaning(Reason.EMAIL_MISSING, "Set the merchant's e-mail address in the connection's settings."),
    "6430": Meaning(Reason.ITEM_MISSING, "Choose an item with an income account, or another account, then retry."),
    "6440": Meaning(Reason.LINE_UNMAPPED, "Choose a QuickBooks item for the product, then retry."),
    "6450": Meaning(Reason.HAS_PAYMENTS, _HUMAN_VOID),
    "6470": Meaning(Reason.TAX_CODE_UNMAPPED, "Choose a QuickBooks tax code with a rate, then retry."),
    "6480": Meaning(Reason.LINKED_TO_DEPOSIT, _HUMAN_VOID),
    "6540": Meaning(Reason.LINKED_TO_DEPOSIT, "Take the payment out of its bank deposit in QuickBooks, then retry."),
    "6560": Meaning(Reason.CUSTOMER_UNKNOWN, "Send the customer first, then retry."),
    "10000": Meaning(Reason.LEDGER_UNAVAILABLE, _WAIT, Course.UNSURE),
    "10200": Meaning(Reason.REFUSED_UNEXPLAINED, "The company was reset in QuickBooks: connect it anew."),
}
"""Every code we know. One that is not here is "refused, unexplained", and its text is shown as it came."""

_UNEXPLAINED = Meaning(
    Reason.REFUSED_UNEXPLAINED, "Read what QuickBooks says. If it does not help, show the code and trace id to support."
)
_TXN_ID = re.compile(r"TxnId\s*=\s*(\d+)")
_NAME_ID = re.compile(r"\bId\s*=\s*(\d+)")


@dataclass(frozen=True)
class Fault:
    """One error of a fault. `code` is normalised: "003200" is "3200"."""

    code: str
    message: str = ""
    detail: str = ""
    element: str = ""
    type: str = ""

    @property
    def meaning(self) -> Meaning:
        """What the table says of the code."""
        return QUICKBOOKS_FAULTS.get(self.code, _UNEXPLAINED)

    @property
    def existing_id(self) -> str:
        """Who has the number (6140) or the name (6240) already, where the text says so.

        The name may be a vendor's or an employee's: read the customer with this id before trusting it.
        """
        pattern = {"6140": _TXN_ID, "6240": _NAME_ID}.get(self.code)
        found = pattern.search(self.detail) if pattern else None
        return found[1] if found else ""


def faults_in(data: Any) -> list[Fault]:
    """The faults in an answer or in one item of it, whichever shape they have; [] when there is none."""
    if isinstance(data, Element):
        return _from_xml(data)
    if not isinstance(data, dict):
        return []
    fault = data.get("Fault") or data.get("fault")
    if not isinstance(fault, dict):
        return []
    errors = fault.get("Error") or fault.get("error") or []
    found = [_from_json(error, str(fault.get("type") or "")) for error in errors if isinstance(error, dict)]
    return found or [Fault(code="", type=str(fault.get("type") or ""), message="a fault without an error")]


def _from_json(error: Mapping[str, Any], type_: str) -> Fault:
    def text(*names: str) -> str:
        return next((str(error[name]) for name in names if error.get(name) is not None), "")

    return Fault(
        code=_code(text("code", "Code")),
        message=text("Message", "message"),
        detail=text("Detail", "detail"),
        element=text("element", "Element"),
        type=type_,
    )


def _from_xml(root: Element) -> list[Fault]:
    found = []
    for fault in (element for element in root.iter() if _local(element) == "Fault"):
        for error in (element for element in fault if _local(element) == "Error"):
            texts = {_local(part): (part.text or "").strip() for part in error}
            found.append(
                Fault(
                    code=_code(error.get("code", "")),
                    message=texts.get("Message", ""),
                    detail=texts.get("Detail", ""),
                    element=error.get("element", ""),
                    type=fault.get("type", ""),
                )
            )
        if not found:
            found.append(Fault(code="", type=fault.get("type", ""), message="a fault without an error"))
    return found


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _code(text: str) -> str:
    return text.strip().lstrip("0")


def decisive(faults: Sequence[Fault]) -> Fault:
    """The fault that decides what happens next: the first of the highest course."""
    return max(faults, key=lambda fault: fault.meaning.course)


def problems_of(faults: Iterable[Fault], where: str) -> list[Problem]:
    """Every fault in a bookkeeper's words."""
    return [
        Problem(
            reason=fault.meaning.reason,
            where=where,
            field=fault.element,
            message=f"QuickBooks says: {fault.detail or fault.message or 'no'} (code {fault.code or 'missing'})",
            fix=fault.meaning.fix,
        )
        for fault in faults
    ]


class TokenRefused(ConnectorError):
    """The access token is not accepted. Never leaves this package: the client renews it once and repeats."""


def judge(answer: Answer, *, writes: bool) -> None:
    """Raise what the faults of an answer mean for the call as a whole; leave those of one object to the caller.

    An authorisation fault comes with 401, 403 or 500, a throttle with 429 or, in XML, 403: the code says more than the
    status. A 401 without a readable fault is a refused token too.
    """
    faults = faults_in(answer.data)
    if not faults:
        if answer.status == 401:
            raise TokenRefused("the access token is not accepted", **answer.evidence)
        return
    fault = decisive(faults)
    about = f"code {fault.code}" if fault.code else f"a fault without a code, status {answer.status}"
    match fault.meaning.course:
        case Course.SIGN_IN:
            raise SignInNeeded(f"QuickBooks no longer lets us in ({about})", **answer.evidence)
        case Course.TOKEN:
            raise TokenRefused(f"the access token is not accepted ({about})", **answer.evidence)
        case Course.LIMITED if answer.status != 429:  # a 429 is sorted the same way for every ledger
            raise TryLater(f"asked to slow down ({about})", wait_seconds=60, limited=True, **answer.evidence)
        case Course.LATER:
            raise TryLater(f"QuickBooks is not available ({about})", wait_seconds=60, **answer.evidence)
        case Course.UNSURE if writes:
            raise OutcomeUnknown(f"QuickBooks failed ({about})", **answer.evidence)
        case Course.UNSURE:
            raise TryLater(f"QuickBooks failed ({about})", wait_seconds=15, **answer.evidence)
        case _ if answer.status == 401:
            raise TokenRefused(f"the access token is not accepted ({about})", **answer.evidence)


def refused(faults: Sequence[Fault], where: str, answer: Answer) -> Refused:
    """The error for a call that was declined as a whole."""
    fault = decisive(faults)
    return Refused(
        f"QuickBooks refused (code {fault.code or 'missing'})",
        problems=problems_of(faults, where),
        code=fault.code,
        **answer.evidence,
    )
