"""Asked with any record: what stands in the way, and the one change to make next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contracts.books import Observed
from contracts.credit_memos import CreditMemo
from contracts.customers import Customer
from contracts.invoices import Invoice
from contracts.problems import Problem
from mappings.plan import Books, CoreRecord, Held, Step
from mappings.xero.allocations import from_xero_allocation
from mappings.xero.contacts import check_contact, next_contact_step
from mappings.xero.credit_memos import check_credit_memo, next_credit_memo_step
from mappings.xero.invoices import check_invoice, next_invoice_step
from mappings.xero.observed_contacts import from_xero_contact
from mappings.xero.observed_documents import from_xero_credit_note, from_xero_invoice
from mappings.xero.observed_payments import (
    from_xero_bank_transaction,
    from_xero_overpayment,
    from_xero_payment,
    from_xero_prepayment,
)
from mappings.xero.payments import check_payment, next_payment_step
from mappings.xero.wire import UnreadableRecord

_READERS: Mapping[str, Callable[[Mapping[str, Any]], Observed]] = {
    "Contact": from_xero_contact,
    "Invoice": from_xero_invoice,
    "CreditNote": from_xero_credit_note,
    "Payment": from_xero_payment,
    "Overpayment": from_xero_overpayment,
    "Prepayment": from_xero_prepayment,
    "BankTransaction": from_xero_bank_transaction,
    "Allocation": from_xero_allocation,
}


def check(record: CoreRecord, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this record cannot be brought to Xero yet, all at once. Never raises."""
    if isinstance(record, Customer):
        return check_contact(record, books, held)
    if isinstance(record, Invoice):
        return check_invoice(record, books, held)
    if isinstance(record, CreditMemo):
        return check_credit_memo(record, books, held)
    return check_payment(record, books, held)


def next_step(record: CoreRecord, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """The change to make next; None when Xero holds what is wanted. Assumes a check without blocking problems."""
    if isinstance(record, Customer):
        return next_contact_step(record, books, held, marker=marker)
    if isinstance(record, Invoice):
        return next_invoice_step(record, books, held, marker=marker)
    if isinstance(record, CreditMemo):
        return next_credit_memo_step(record, books, held, marker=marker)
    return next_payment_step(record, books, held, marker=marker)


def observe(entity_name: str, raw: Mapping[str, Any]) -> Observed:
    """One object of an answer, by its element's name in the singular; parsed with parse_float=Decimal.

    Raises UnreadableRecord for an object that cannot be read, for one that is not about a sale (a bill, money spent),
    and for an element this connector does not know.
    """
    if reader := _READERS.get(entity_name):
        return reader(raw)
    raise UnreadableRecord(f"no mapping for {entity_name!r}")
