"""QuickBooks faults: codes, texts and the two shapes they come in. Source: QuickBooks reference 7."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from connectors.sandbox.common.exact_json import JsonObject

# What the entity layer calls each code. Source: QuickBooks reference 7.2 (CODES, LOG); wording of the
# codes the reference gives without a quotation follows its description.
MESSAGES: dict[str, str] = {
    "120": "Authorization Failure",
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Txn ID cannot be linked",
    "700": "Invalid Parent Reference",
    "800": "Object In Use",
    "1040": "Maximum Batch Size Exceeded",
    "2000": "Invalid or unsupported object name",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String",
    "2050": "Invalid String Length",
    "2060": "Invalid Date Format",
    "2070": "Invalid Date",
    "2080": "Invalid Number Format",
    "2090": "Invalid Number",
    "2100": "Invalid Decimal Format",
    "2110": "Invalid Decimal",
    "2130": "Invalid Request Id Format",
    "2150": "Invalid Percent",
    "2170": "Invalid Enumeration",
    "2200": "Invalid Web Address",
    "2210": "Invalid Email Address format",
    "2220": "Invalid Currency Type",
    "2500": "Invalid Reference Id",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "6000": "A business validation error has occurred while processing your request",
    "6070": "Amount calculation incorrect in the request",
    "6080": "Name Required",
    "6090": "Discount Amount Or Percent Required",
    "6100": "Invalid Line Tax Code",
    "6130": "Bill With Parent Cannot Be Changed",
    "6140": "Duplicate Document Number Error",
    "6150": "Parent Reference Required",
    "6170": "TxnTaxDetail Not Allowed",
    "6180": "Maximum Number Of Levels Exceeded",
    "6190": "Invalid Company Status",
    "6210": "Account Period Closed, Password Needed",
    "6220": "Name To Be Inactivated Has A Balance",
    "6240": "Duplicate Name Exists Error",
    "6420": "Delivery Type Is Email And No Address Is Given",
    "6430": "Invalid account type used",
    "6440": "Item Or Account Required",
    "6450": "Void Failed",
    "6540": "Deposited Transaction cannot be changed",
    "6560": "Customer Required",
    "10000": "An application error has occurred while processing your request",
}

# A company whose language is French answers these in French. Source: QuickBooks reference 7.1 (LOG).
FRENCH_MESSAGES = {"6140": "Numéro de document en double"}


@dataclass(frozen=True)
class FaultError:
    """One entry of Fault.Error."""

    code: str
    detail: str
    element: str = ""

    def as_json(self, language: str = "en") -> JsonObject:
        message = MESSAGES[self.code]
        if language == "fr":
            message = FRENCH_MESSAGES.get(self.code, message)
        return {"Message": message, "Detail": self.detail, "code": self.code, "element": self.element}


class QboFault(Exception):
    """The entity layer refused. One or several errors, answered together."""

    def __init__(self, *errors: FaultError, status: int = 400, kind: str = "ValidationFault") -> None:
        super().__init__("; ".join(f"{error.code} {error.detail}" for error in errors))
        self.errors = errors
        self.status = status
        self.kind = kind

    def as_json(self, language: str = "en") -> JsonObject:
        return {"Error": [error.as_json(language) for error in self.errors], "type": self.kind}


class NotModelled(Exception):
    """The real service does something here that this simulator refuses to guess."""


def fault(code: str, detail: str, element: str = "", *, status: int = 400, kind: str = "ValidationFault") -> QboFault:
    return QboFault(FaultError(code, detail, element), status=status, kind=kind)


def missing(*names: str) -> QboFault:
    """2020 for every required name that is absent."""
    return QboFault(*(FaultError("2020", f"Required parameter {n} is missing in the request", n) for n in names))


def business(text: str) -> QboFault:
    """6000 with its prefix. Source: QuickBooks reference 7.3."""
    return fault("6000", f"Business Validation Error: {text}")


def not_found(text: str = "Another user has deleted this transaction.") -> QboFault:
    return fault("610", f"Object Not Found : {text}")


def made_inactive() -> QboFault:
    return not_found(
        "Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees."
    )


def bad_reference(collection: str, value: str, element: str = "") -> QboFault:
    return fault("2500", f"Invalid Reference Id : {collection} element id {value} not found", element)


def unsupported(what: str) -> QboFault:
    return fault("500", f"Operation {what} is not supported.")


def system_failure(text: str, *, status: int = 500) -> QboFault:
    return fault("10000", f"System Failure Error: {text}", status=status, kind="SystemFault")


def gateway_body(
    *, name: str, code: str, status: int, detail: str, kind: str, now: datetime, upper: bool = False
) -> JsonObject:
    """The lower-case envelope of the gateway (auth, throttle). Source: QuickBooks reference 7.1.

    upper: the same entry under the entity layer's keys, also reported for throttling (reference 17.12).
    """
    text = f"message={name}; errorCode={code.zfill(6)}; statusCode={status}"
    if upper:
        return {"Fault": {"Error": [{"Message": text, "Detail": detail, "code": code, "element": None}], "type": kind}}
    empty: list[Any] = []
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [{"message": text, "detail": detail, "code": code, "element": None}], "type": kind},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": empty,
        "attachableResponse": empty,
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(now.timestamp() * 1000),
        "status": None,
        "cdcresponse": empty,
    }


def fault_xml(*, kind: str, code: str, message: str, detail: str, time: str) -> bytes:
    """The XML form of one fault. Source: QuickBooks reference 7.1 (RUBY)."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<IntuitResponse time={quoteattr(time)} xmlns="http://schema.intuit.com/finance/v3">'
        f"<Fault type={quoteattr(kind)}><Error code={quoteattr(code)}>"
        f"<Message>{escape(message)}</Message><Detail>{escape(detail)}</Detail></Error></Fault></IntuitResponse>"
    ).encode()
