"""Reasons and problems: what is wrong, where, and what to do about it.

A reason code is stable; its wording is not. Whether a reason blocks a record is written once, in `REASONS`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from contracts.base import Contract


class Reason(StrEnum):
    """Why a record is not in both books. Every member is explained in REASONS."""

    # Customers
    NAME_MISSING = "name_missing"
    NAME_INVALID = "name_invalid"
    NAME_TAKEN = "name_taken"
    EMAIL_MISSING = "email_missing"
    EMAIL_INVALID = "email_invalid"
    EMAIL_SEVERAL = "email_several"
    EMAIL_LOOKS_MISTYPED = "email_looks_mistyped"
    ADDRESS_MISSING = "address_missing"
    ADDRESS_LINE_MISSING = "address_line_missing"
    CITY_MISSING = "city_missing"
    POSTAL_CODE_MISSING = "postal_code_missing"
    POSTAL_CODE_INVALID = "postal_code_invalid"
    REGION_MISSING = "region_missing"
    COUNTRY_MISSING = "country_missing"
    COUNTRY_UNKNOWN = "country_unknown"
    CUSTOMER_INACTIVE = "customer_inactive"
    CUSTOMER_IS_PROJECT = "customer_is_project"
    CUSTOMER_IS_SUPPLIER = "customer_is_supplier"
    CUSTOMER_UNKNOWN = "customer_unknown"
    CUSTOMER_BLOCKED = "customer_blocked"
    CUSTOMER_ALREADY_LINKED = "customer_already_linked"
    TAX_ID_INVALID = "tax_id_invalid"
    # Documents
    NUMBER_MISSING = "number_missing"
    NUMBER_TOO_LONG = "number_too_long"
    NUMBER_TAKEN = "number_taken"
    LINES_MISSING = "lines_missing"
    LINES_TOO_MANY = "lines_too_many"
    LINE_UNMAPPED = "line_unmapped"
    LINE_AMOUNT_MISMATCH = "line_amount_mismatch"
    TEXT_TOO_LONG = "text_too_long"
    TOTAL_NEGATIVE = "total_negative"
    TOTALS_INCONSISTENT = "totals_inconsistent"
    TOTALS_DIFFER = "totals_differ"
    DISCOUNT_UNSUPPORTED = "discount_unsupported"
    DATE_IN_CLOSED_PERIOD = "date_in_closed_period"
    DUE_DATE_BEFORE_ISSUE = "due_date_before_issue"
    INVOICE_UNKNOWN = "invoice_unknown"
    CREDIT_MEMO_UNKNOWN = "credit_memo_unknown"
    DOCUMENT_BLOCKED = "document_blocked"
    OVER_ALLOCATED = "over_allocated"
    HAS_PAYMENTS = "has_payments"
    VOIDED_IN_LEDGER = "voided_in_ledger"
    DELETED_IN_LEDGER = "deleted_in_ledger"
    CHANGED_IN_LEDGER = "changed_in_ledger"
    STATUS_BACKWARDS = "status_backwards"
    NOT_SUPPORTED_BY_LEDGER = "not_supported_by_ledger"
    # Tax and currency
    TAX_CODE_UNMAPPED = "tax_code_unmapped"
    TAX_CODE_AMBIGUOUS = "tax_code_ambiguous"
    TAX_RATE_DIFFERS = "tax_rate_differs"
    TAX_IS_OFF = "tax_is_off"
    CURRENCY_MISMATCH = "currency_mismatch"
    CURRENCY_NOT_ENABLED = "currency_not_enabled"
    # The connection
    NOT_CONNECTED = "not_connected"
    SIGN_IN_NEEDED = "sign_in_needed"
    CATALOG_MISSING = "catalog_missing"
    ITEM_MISSING = "item_missing"
    DEPOSIT_ACCOUNT_MISSING = "deposit_account_missing"
    DISCOUNT_ACCOUNT_MISSING = "discount_account_missing"
    MERCHANT_EMAIL_MISSING = "merchant_email_missing"
    NUMBERS_AUTOMATIC = "numbers_automatic"
    COMPANY_ALREADY_CONNECTED = "company_already_connected"
    # What the ledger said
    REFERENCE_INACTIVE = "reference_inactive"
    REFERENCE_NOT_FOUND = "reference_not_found"
    STALE = "stale"
    PERIOD_CLOSED = "period_closed"
    PERMISSION_DENIED = "permission_denied"
    SUBSCRIPTION_INACTIVE = "subscription_inactive"
    LINKED_TO_DEPOSIT = "linked_to_deposit"
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    RATE_LIMITED = "rate_limited"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REFUSED_UNEXPLAINED = "refused_unexplained"
    ANSWER_UNREADABLE = "answer_unreadable"
    # The request
    MALFORMED = "malformed"
    NOT_FOUND = "not_found"
    UNAUTHENTICATED = "unauthenticated"
    CONFLICT = "conflict"
    INTERNAL = "internal"


class Meaning(NamedTuple):
    """The one explanation of a reason: does it block, and what does it mean to a bookkeeper."""

    blocks: bool
    title: str


REASONS: dict[Reason, Meaning] = {
    Reason.NAME_MISSING: Meaning(True, "The customer has no name"),
    Reason.NAME_INVALID: Meaning(True, "The name has characters or a length the ledger refuses"),
    Reason.NAME_TAKEN: Meaning(True, "Another customer, vendor or employee already has this name"),
    Reason.EMAIL_MISSING: Meaning(True, "There is no e-mail address"),
    Reason.EMAIL_INVALID: Meaning(True, "The e-mail address cannot receive mail as written"),
    Reason.EMAIL_SEVERAL: Meaning(False, "Several e-mail addresses stand in one field"),
    Reason.EMAIL_LOOKS_MISTYPED: Meaning(False, "The e-mail address is close to a well-known one"),
    Reason.ADDRESS_MISSING: Meaning(True, "There is no billing address"),
    Reason.ADDRESS_LINE_MISSING: Meaning(True, "The billing address has no street line"),
    Reason.CITY_MISSING: Meaning(True, "The billing address has no town or city"),
    Reason.POSTAL_CODE_MISSING: Meaning(True, "The country uses postal codes and the address has none"),
    Reason.POSTAL_CODE_INVALID: Meaning(True, "The postal code does not have the shape its country uses"),
    Reason.REGION_MISSING: Meaning(True, "The country needs a state or province and the address has none"),
    Reason.COUNTRY_MISSING: Meaning(True, "The billing address has no country"),
    Reason.COUNTRY_UNKNOWN: Meaning(True, "The country cannot be recognised"),
    Reason.CUSTOMER_INACTIVE: Meaning(True, "The customer is inactive in the ledger"),
    Reason.CUSTOMER_IS_PROJECT: Meaning(True, "The entry is a project, not a customer"),
    Reason.CUSTOMER_IS_SUPPLIER: Meaning(True, "The entry is a supplier who is never billed, not a customer"),
    Reason.CUSTOMER_UNKNOWN: Meaning(True, "The document names a customer that was never sent or imported"),
    Reason.CUSTOMER_BLOCKED: Meaning(True, "The document's customer is itself blocked"),
    Reason.CUSTOMER_ALREADY_LINKED: Meaning(True, "The ledger's customer is linked to another billing customer"),
    Reason.TAX_ID_INVALID: Meaning(False, "The tax id fails its check digits"),
    Reason.NUMBER_MISSING: Meaning(True, "A final document needs a number"),
    Reason.NUMBER_TOO_LONG: Meaning(True, "The document number is longer than the ledger holds"),
    Reason.NUMBER_TAKEN: Meaning(True, "The number is already used by another document in the ledger"),
    Reason.LINES_MISSING: Meaning(True, "The document has no line"),
    Reason.LINES_TOO_MANY: Meaning(True, "The document has more lines than the ledger holds"),
    Reason.LINE_UNMAPPED: Meaning(True, "A line has no item in the ledger to post to"),
    Reason.LINE_AMOUNT_MISMATCH: Meaning(True, "A line's amount is not its quantity times its price less discount"),
    Reason.TEXT_TOO_LONG: Meaning(True, "A text is longer than the ledger holds"),
    Reason.TOTAL_NEGATIVE: Meaning(True, "The document's total is below zero"),
    Reason.TOTALS_INCONSISTENT: Meaning(True, "The document's own totals do not add up"),
    Reason.TOTALS_DIFFER: Meaning(True, "The ledger would compute another total"),
    Reason.DISCOUNT_UNSUPPORTED: Meaning(True, "The discount cannot be expressed in the ledger"),
    Reason.DATE_IN_CLOSED_PERIOD: Meaning(True, "The date lies in a period the books are closed for"),
    Reason.DUE_DATE_BEFORE_ISSUE: Meaning(True, "The due date is before the issue date"),
    Reason.INVOICE_UNKNOWN: Meaning(True, "The record names an invoice that was never sent"),
    Reason.CREDIT_MEMO_UNKNOWN: Meaning(True, "The record names a credit memo that was never sent"),
    Reason.DOCUMENT_BLOCKED: Meaning(True, "A document this record depends on is itself blocked"),
    Reason.OVER_ALLOCATED: Meaning(True, "More is allocated than there is"),
    Reason.HAS_PAYMENTS: Meaning(True, "The document has payments or credits applied to it"),
    Reason.VOIDED_IN_LEDGER: Meaning(True, "The document was voided in the ledger"),
    Reason.DELETED_IN_LEDGER: Meaning(True, "The document was deleted in the ledger"),
    Reason.CHANGED_IN_LEDGER: Meaning(False, "The document was edited in the ledger"),
    Reason.STATUS_BACKWARDS: Meaning(True, "A document cannot go back to an earlier status"),
    Reason.NOT_SUPPORTED_BY_LEDGER: Meaning(True, "The ledger has no way to do this"),
    Reason.TAX_CODE_UNMAPPED: Meaning(True, "No tax code in the ledger fits this tax code"),
    Reason.TAX_CODE_AMBIGUOUS: Meaning(True, "Several tax codes in the ledger fit this tax code"),
    Reason.TAX_RATE_DIFFERS: Meaning(True, "The ledger's tax code has another rate"),
    Reason.TAX_IS_OFF: Meaning(True, "Sales tax is switched off in the ledger"),
    Reason.CURRENCY_MISMATCH: Meaning(True, "The currency is not the customer's currency"),
    Reason.CURRENCY_NOT_ENABLED: Meaning(True, "The company does not use this currency"),
    Reason.NOT_CONNECTED: Meaning(True, "The connection has not been authorised"),
    Reason.SIGN_IN_NEEDED: Meaning(True, "A person has to connect the company again"),
    Reason.CATALOG_MISSING: Meaning(True, "The company's lists have not been read yet"),
    Reason.ITEM_MISSING: Meaning(True, "No default item or account is chosen"),
    Reason.DEPOSIT_ACCOUNT_MISSING: Meaning(True, "No account is chosen for payments to land in"),
    Reason.DISCOUNT_ACCOUNT_MISSING: Meaning(False, "Discounts are not switched on or have no account"),
    Reason.MERCHANT_EMAIL_MISSING: Meaning(False, "There is no merchant address for the ledger's own e-mails"),
    Reason.NUMBERS_AUTOMATIC: Meaning(False, "The ledger numbers documents by itself"),
    Reason.COMPANY_ALREADY_CONNECTED: Meaning(True, "This company is already connected elsewhere"),
    Reason.REFERENCE_INACTIVE: Meaning(True, "Something the record refers to was made inactive or deleted"),
    Reason.REFERENCE_NOT_FOUND: Meaning(True, "Something the record refers to does not exist in the ledger"),
    Reason.STALE: Meaning(True, "Somebody else changed the document at the same moment, several times"),
    Reason.PERIOD_CLOSED: Meaning(True, "The books are closed for this date"),
    Reason.PERMISSION_DENIED: Meaning(True, "The connected user may not do this"),
    Reason.SUBSCRIPTION_INACTIVE: Meaning(True, "The company's subscription has ended"),
    Reason.LINKED_TO_DEPOSIT: Meaning(True, "The payment is part of a bank deposit"),
    Reason.LEDGER_UNAVAILABLE: Meaning(False, "The ledger does not answer at the moment"),
    Reason.RATE_LIMITED: Meaning(False, "The ledger asks to slow down"),
    Reason.OUTCOME_UNKNOWN: Meaning(False, "The ledger's answer was lost; it is being looked up"),
    Reason.REFUSED_UNEXPLAINED: Meaning(True, "The ledger refused without a reason known to us"),
    Reason.ANSWER_UNREADABLE: Meaning(True, "The ledger answered something that cannot be read"),
    Reason.MALFORMED: Meaning(True, "The request does not have the documented shape"),
    Reason.NOT_FOUND: Meaning(True, "There is no such thing here"),
    Reason.UNAUTHENTICATED: Meaning(True, "The key or signature is missing or wrong"),
    Reason.CONFLICT: Meaning(True, "The request contradicts what is already recorded"),
    Reason.INTERNAL: Meaning(True, "A fault on our side"),
}


class Problem(Contract):
    """One thing to put right. `fix` says what to do and in which system, in a bookkeeper's words."""

    reason: Reason
    where: str = Field(description="What it is about, for a person: 'invoice INV-1042, line 2'.")
    field: str = Field(
        default="", description="Path of the field, dotted: 'lines.1.tax_code'. Empty: the whole record."
    )
    message: str = Field(description="What is wrong, quoting the value that is wrong.")
    fix: str = Field(description="What to do about it, and in which system.")
    value: str = Field(default="", description="The offending value as text.")
    suggestion: str = Field(default="", description="A value that would be right, only where it is certain.")

    @property
    def blocks(self) -> bool:
        """True when the record cannot be synced until this is put right; else it is a warning."""
        return REASONS[self.reason].blocks


def blocking(problems: list[Problem]) -> list[Problem]:
    """Those of the problems that stop a record."""
    return [problem for problem in problems if problem.blocks]
