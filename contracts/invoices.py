"""The invoice: what a customer owes for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.base import Contract, Email, Id, LongText, Metadata, bounded
from contracts.documents import Discount, DocumentLine, Number, PaymentInstructions, Section, TaxCodes, Totals
from contracts.money import CurrencyCode
from contracts.taxes import TaxMode


class DocumentStatus(StrEnum):
    """The life of a document in billing. Payment is another axis: see PaymentStatus."""

    DRAFT = "draft"
    FINAL = "final"
    SENT = "sent"
    VOIDED = "voided"


STATUS_ORDER = {
    DocumentStatus.DRAFT: 0,
    DocumentStatus.FINAL: 1,
    DocumentStatus.SENT: 2,
    DocumentStatus.VOIDED: 3,
}
"""A document moves forward only: a final one never becomes a draft again."""


class PaymentStatus(StrEnum):
    """How much of an invoice is settled, recomputed from the ledger's books, never added to."""

    UNPAID = "unpaid"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"


class Invoice(Contract):
    """One invoice as billing wants both books to hold it."""

    id: Id
    number: Number = ""
    customer_id: Id
    status: DocumentStatus
    currency: CurrencyCode
    issue_date: date
    due_date: date | None = None
    tax_mode: TaxMode = TaxMode.EXCLUSIVE
    tax_codes: TaxCodes = []
    sections: Annotated[list[Section], Field(max_length=500)]
    discounts: Annotated[list[Discount], Field(max_length=10, description="On the whole document, before tax.")] = []
    totals: Totals
    bill_to_emails: Annotated[list[Email], Field(max_length=20)] = []
    memo: Annotated[str, bounded(1000)] = Field(default="", description="Printed for the customer.")
    private_note: LongText = Field(default="", description="For the books only.")
    reference: Annotated[str, bounded(255)] = Field(
        default="", description="The customer's own reference, as a PO number."
    )
    payment_instructions: PaymentInstructions | None = None
    metadata: Metadata = {}

    @model_validator(mode="after")
    def _one_definition_a_code(self) -> Self:
        refuse_doubled_codes([code.id for code in self.tax_codes])
        return self

    def lines(self) -> Iterator[DocumentLine]:
        """Every line of every section, in print order."""
        return (line for section in self.sections for line in section.lines)


def refuse_doubled_codes(ids: list[str]) -> None:
    """Two definitions of one tax code would make its rate a matter of luck."""
    doubled = sorted({code for code in ids if ids.count(code) > 1})
    if doubled:
        raise ValueError(f"tax_codes defines {', '.join(doubled)} more than once")
