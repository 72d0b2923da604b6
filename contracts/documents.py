"""What invoices and credit memos share: sections, lines, discounts, totals."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.base import Contract, Exact, Id, LongText, Metadata, NotNegative, bounded
from contracts.taxes import TaxCode

Number = Annotated[str, bounded(255)]


class Discount(Contract):
    """Either a percentage (5 is 5 %) or an amount in the document's currency."""

    percent: NotNegative | None = None
    amount: NotNegative | None = None
    description: Annotated[str, bounded(200)] = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("give either percent or amount")
        if self.percent is not None and self.percent > 100:
            raise ValueError("percent must not be above 100")
        return self


class ServicePeriod(Contract):
    """First and last day of what the line is for."""

    start: date
    end: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise ValueError("end is before start")
        return self


class DocumentLine(Contract):
    """One line. `amount` is quantity * unit_price - discount, rounded to the currency's places.

    In a tax-inclusive document unit_price and amount are gross; otherwise net.
    """

    id: Id | Literal[""] = ""
    description: LongText = ""
    quantity: Exact
    unit_price: Exact
    discount: Discount | None = None
    amount: Exact
    product: Id | Literal[""] = ""
    tax_code: Id | Literal[""] = ""
    service_period: ServicePeriod | None = None
    metadata: Metadata = {}


class Section(Contract):
    """A group of lines under a heading; an invoice without headings has one section without a title."""

    title: Annotated[str, bounded(200)] = ""
    lines: Annotated[list[DocumentLine], Field(max_length=10_000)]


class TaxTotal(Contract):
    """Tax of one code over the whole document."""

    tax_code: Id
    taxable: Exact
    tax: Exact


class Totals(Contract):
    """What the customer owes, as billing computed it. total = net + tax; discounts are already in net."""

    net: Exact
    tax: Exact
    total: Exact
    taxes: Annotated[list[TaxTotal], Field(max_length=100)] = []


class PaymentInstructions(Contract):
    """How the customer is asked to pay; printed, not posted."""

    iban: Annotated[str, bounded(42)] = ""
    bic: Annotated[str, bounded(11)] = ""
    reference: Annotated[str, bounded(140)] = ""
    url: Annotated[str, bounded(1000)] = ""
    text: Annotated[str, bounded(1000)] = ""


TaxCodes = Annotated[list[TaxCode], Field(max_length=100, description="The tax codes the lines refer to.")]
