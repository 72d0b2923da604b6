"""How Xero says no: API exceptions, refusals of single elements, problem documents. Source: Xero reference 8.2-8.4."""

from __future__ import annotations

from connectors.sandbox.common.exact_json import JsonObject

ZERO_GUID = "00000000-0000-0000-0000-000000000000"

NOT_FOUND_TEXT = "The resource you're looking for cannot be found"

# Literal texts. Source: Xero reference 8.3 and the sections it cites.
NUMBER_TAKEN = "Invoice # must be unique."
NOT_VALID_FOR_MODIFICATION = "Invoice not of valid status for modification"
NOT_VALID_FOR_CREATION = "Invoice not of valid status for creation"
HAS_PAYMENT = "This document cannot be edited as it has a payment or credit note allocated to it."
DUE_DATE_MISSING = "The document DueDate field must be specified."
NO_LINES = "One or more line items must be specified"
NO_CONTACT = "A Contact must be specified for this type of transaction"
CONTACT_UNIDENTIFIED = (
    "The Contact must contain at least 1 of the following elements to identify the contact: "
    "Name, ContactID, ContactNumber"
)
CONTACT_ARCHIVED_EDIT = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)
CONTACT_ARCHIVED_DOCUMENT = (
    "The contact with the specified contact details has been archived. "
    "The contact must be un-archived before creating new invoices or credit notes."
)
CONTACT_NUMBER_TAKEN = "Another contact has this contact number. Please enter a different contact number."
ACCOUNT_NUMBER_TAKEN = "The Account Number already exists. Please enter a different Account Number."
EMAIL_INVALID = "Email address must be valid."
URL_INVALID = "Url must be a valid absolute url"
ACCOUNT_INVALID = "Account must be valid."
TAX_INVALID = "Tax rate must be valid."
OVERPAID = "Payment amount exceeds the amount outstanding on this document"
PAYMENT_NEEDS_AUTHORISED = "Payments can only be made against authorised documents"
PAYMENT_ACCOUNT = "Account could not be found"
PAYMENT_BEFORE_INVOICE = "The payment date is prior to the invoice date."
SENT_ONLY_AUTHORISED = "Only AUTHORISED invoices may have SentToContact updated."
TOTAL_DIFFERS = "The invoice total does not equal the sum of the lines."
ALREADY_PAID_OFF = "The invoice you are trying to allocate to has already been paid off"
ALLOCATION_TOO_BIG = "{credit} cannot be allocated as amount is greater than amount outstanding"
ALLOCATION_WRONG_TYPE = "{credit} cannot be allocated to an incorrect invoice type"
DOCUMENT_NOT_FOUND = "The document with the supplied id was not found for this endpoint."
EMAIL_STATUS = "Draft, voided or deleted invoices cannot be emailed"
EMAIL_NO_ADDRESS = "Invoices for contacts with no email address assigned cannot be emailed"


def name_taken(name: str) -> str:
    return (
        f"The contact name {name} is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    )


def status_blocked(status: str) -> str:
    return (
        f"The status {status} cannot be applied to the invoice because it has payments or credit notes allocated to it."
    )


def currency_missing(code: str) -> str:
    return f"Organisation is not subscribed to currency {code}"


def too_long(name: str, limit: int) -> str:
    """Wording of this simulator; the reference has the limits, not the text."""
    return f"The {name} field must not exceed {limit} characters."


class Refused(Exception):
    """One element is refused: why, what else was noticed, and the element as Xero would echo it."""

    def __init__(self, *messages: str, warnings: list[str] | None = None, echo: JsonObject | None = None) -> None:
        super().__init__("; ".join(messages))
        self.messages = list(messages)
        self.warnings = warnings or []
        self.echo = echo


class ApiException(Exception):
    """The whole request is refused with ErrorNumber, Type and Message. Source: Xero reference 8.3."""

    def __init__(
        self, number: int, kind: str, message: str, *, status: int = 400, elements: list[JsonObject] | None = None
    ) -> None:
        super().__init__(message)
        self.number, self.kind, self.message, self.status, self.elements = number, kind, message, status, elements

    def as_json(self) -> JsonObject:
        body: JsonObject = {"ErrorNumber": self.number, "Type": self.kind, "Message": self.message}
        return body if self.elements is None else {**body, "Elements": self.elements}


class NotFound(Exception):
    """404, text/html, never JSON. Source: Xero reference 8.2."""


class NotModelled(Exception):
    """The real service does something here that this simulator refuses to guess."""


def validation(elements: list[JsonObject]) -> ApiException:
    return ApiException(10, "ValidationException", "A validation exception occurred", elements=elements)


def request_refused(message: str) -> ApiException:
    """A validation exception about the request rather than one element (emails, idempotency, row cap)."""
    return validation([{"ValidationErrors": [{"Message": message}]}])


def bad_data(message: str) -> ApiException:
    return ApiException(14, "PostDataInvalidException", message)


def bad_value(value: object, type_name: str, path: str) -> ApiException:
    """Source: Xero reference 8.3, the recorded NO_TAX refusal."""
    return bad_data(f"Error converting value \"{value}\" to type 'Xero.API.Library..{type_name}'. Path '{path}'.")


def bad_query(message: str) -> ApiException:
    return ApiException(16, "QueryParseException", message)


def no_data(collection: str) -> ApiException:
    return ApiException(17, "NoDataProcessedException", f"No data has been processed for this endpoint: {collection}")


def not_implemented() -> ApiException:
    """An HTTP method Xero itself does not offer. Source: Xero reference 8.2."""
    return ApiException(20, "ApiMethodNotImplementedException", "The Api Method called is not implemented", status=501)


def problem(status: int, detail: str, instance: str) -> JsonObject:
    """The 401 and 403 bodies. Source: Xero reference 8.4."""
    title = {401: "Unauthorized", 403: "Forbidden"}[status]
    return {
        "Type": None, "Title": title, "Status": status, "Detail": detail, "Instance": instance, "Extensions": {},
    }  # fmt: skip
