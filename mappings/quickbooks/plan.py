"""Asked with any record: what stands in the way, and the one change to make next."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import localcontext
from typing import Any

from contracts.books import Observed
from contracts.credit_memos import CreditMemo
from contracts.customers import Customer
from contracts.invoices import Invoice
from contracts.problems import Problem
from mappings.plan import Books, CoreRecord, Held, Step
from mappings.quickbooks.credit_memos import check_credit_memo, from_quickbooks_credit_memo, next_credit_memo_step
from mappings.quickbooks.customers import check_customer, next_customer_step
from mappings.quickbooks.invoices import check_invoice, from_quickbooks_invoice, next_invoice_step
from mappings.quickbooks.observed_customers import from_quickbooks_customer
from mappings.quickbooks.payments import check_payment, from_quickbooks_payment, next_payment_step
from mappings.quickbooks.wire import UnreadableRecord

WIDE = 100
"""Digits of intermediate results: quantity times price times rate of the largest numbers accepted, without loss."""


def check(record: CoreRecord, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this record cannot be brought to QuickBooks yet, all at once. Never raises."""
    with localcontext(prec=WIDE):
        if isinstance(record, Customer):
            return check_customer(record, books, held)
        if isinstance(record, Invoice):
            return check_invoice(record, books, held)
        if isinstance(record, CreditMemo):
            return check_credit_memo(record, books, held)
        return check_payment(record, books, held)


def next_step(record: CoreRecord, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """The change to make next; None when QuickBooks holds what is wanted. Assumes a check without blocking problems."""
    with localcontext(prec=WIDE):
        if isinstance(record, Customer):
            return next_customer_step(record, books, held, marker=marker)
        if isinstance(record, Invoice):
            return next_invoice_step(record, books, held, marker=marker)
        if isinstance(record, CreditMemo):
            return next_credit_memo_step(record, books, held, marker=marker)
        return next_payment_step(record, books, held, marker=marker)


def observe(entity_name: str, raw: Mapping[str, Any]) -> Observed:
    """One object of an answer, by the entity name it came under; parsed with parse_float=Decimal.

    Raises UnreadableRecord for an object that cannot be read, and for an entity this connector does not know.
    """
    if entity_name == "Customer":
        return from_quickbooks_customer(raw)
    if entity_name == "Invoice":
        return from_quickbooks_invoice(raw)
    if entity_name == "CreditMemo":
        return from_quickbooks_credit_memo(raw)
    if entity_name == "Payment":
        return from_quickbooks_payment(raw)
    raise UnreadableRecord(f"no mapping for {entity_name!r}")
