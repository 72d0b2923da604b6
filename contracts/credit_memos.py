"""The credit memo (Xero: credit note): what a customer no longer owes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.base import Contract, Email, Id, LongText, Metadata, NotNegative, bounded
from contracts.documents import Discount, DocumentLine, Number, Section, TaxCodes, Totals
from contracts.invoices import DocumentStatus, refuse_doubled_codes
from contracts.money import CurrencyCode
from contracts.taxes import TaxMode


class Allocation(Contract):
    """How much of a credit memo or payment settles which invoice, in the document's currency."""

    invoice_id: Id
    amount: NotNegative


class CreditMemo(Contract):
    """One credit memo. Amounts are positive: 100 means the customer owes 100 less."""

    id: Id
    number: Number = ""
    customer_id: Id
    status: DocumentStatus
    currency: CurrencyCode
    issue_date: date
    tax_mode: TaxMode = TaxMode.EXCLUSIVE
    tax_codes: TaxCodes = []
    sections: Annotated[list[Section], Field(max_length=500)]
    discounts: Annotated[list[Discount], Field(max_length=10, description="On the whole document, before tax.")] = []
    totals: Totals
    allocations: Annotated[list[Allocation], Field(max_length=1000)] = []
    corrects_invoice_id: Id | None = None
    bill_to_emails: Annotated[list[Email], Field(max_length=20)] = []
    memo: Annotated[str, bounded(1000)] = ""
    private_note: LongText = ""
    reference: Annotated[str, bounded(255)] = ""
    metadata: Metadata = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_doubled_codes([code.id for code in self.tax_codes])
        invoices = [allocation.invoice_id for allocation in self.allocations]
        if len(invoices) != len(set(invoices)):
            raise ValueError("allocations name an invoice more than once; add the amounts together")
        return self

    def lines(self) -> Iterator[DocumentLine]:
        """Every line of every section, in print order."""
        return (line for section in self.sections for line in section.lines)
