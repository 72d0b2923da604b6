"""Payments and refunds: money that moved."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.base import Contract, Id, LongText, Metadata, NotNegative, bounded
from contracts.credit_memos import Allocation
from contracts.money import CurrencyCode


class MoneyStatus(StrEnum):
    """A payment or refund is recorded, or was taken back."""

    RECORDED = "recorded"
    VOIDED = "voided"


class CreditUsed(Contract):
    """Part of a credit memo that a payment takes along to settle its invoices."""

    credit_memo_id: Id
    amount: NotNegative


class Payment(Contract):
    """Money received from one customer, settling any number of invoices; the rest is unapplied credit.

    amount 975 with allocations of 1000 and a credit of 25 is one payment: no money is counted twice.
    """

    id: Id
    customer_id: Id
    status: MoneyStatus = MoneyStatus.RECORDED
    currency: CurrencyCode
    amount: NotNegative
    paid_on: date
    method: Annotated[str, bounded(31)] = ""
    reference: Annotated[str, bounded(100)] = ""
    allocations: Annotated[list[Allocation], Field(max_length=1000)] = []
    credits: Annotated[list[CreditUsed], Field(max_length=1000)] = []
    deposit_account: Id | Literal[""] = ""
    note: LongText = ""
    metadata: Metadata = {}

    @model_validator(mode="after")
    def _not_over_allocated(self) -> Self:
        invoices = [allocation.invoice_id for allocation in self.allocations]
        if len(invoices) != len(set(invoices)):
            raise ValueError("allocations name an invoice more than once; add the amounts together")
        available = self.amount + sum(credit.amount for credit in self.credits)
        if sum(allocation.amount for allocation in self.allocations) > available:
            raise ValueError("allocations add up to more than the amount and the credits")
        return self


class Refund(Contract):
    """Money given back to a customer, from a payment's unapplied part or from a credit memo."""

    id: Id
    customer_id: Id
    status: MoneyStatus = MoneyStatus.RECORDED
    currency: CurrencyCode
    amount: NotNegative
    refunded_on: date
    credit_memo_id: Id | None = None
    payment_id: Id | None = None
    method: Annotated[str, bounded(31)] = ""
    reference: Annotated[str, bounded(100)] = ""
    from_account: Id | Literal[""] = ""
    note: LongText = ""
    metadata: Metadata = {}
