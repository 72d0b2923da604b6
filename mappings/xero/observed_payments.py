"""Payments, overpayments and prepayments from Xero. Source: Xero reference 5.3, 5.4.

A Payment settles one document. One that is part of a batch is read as the single payment it is: a batch may hold many
customers' payments, and it is the payments that settle invoices. Overpayments and prepayments are payments with what is
left of them unapplied; their id is their path, "Overpayments/{id}", since their kind decides where they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from contracts.books import ObservedAllocation, ObservedPayment, RecordKind, RemoteRef
from mappings.xero.wire import Fields, UnreadableRecord, identity, marker_in, without_marker

_RECEIVED = frozenset({"", "ACCRECPAYMENT"})
_OVER = frozenset({"VOIDED", "DELETED"})


def from_xero_payment(raw: Mapping[str, Any]) -> ObservedPayment:
    """A payment as Xero holds it. raw: parsed with parse_float=Decimal. Raises UnreadableRecord.

    whole is False for a refund (of a credit note, prepayment or overpayment) and for a bill's payment: money that did
    not come from a customer. voided: Status DELETED; it stays readable, with the amount it had.
    """
    fields = Fields(raw)
    remote_id, seen = identity(fields, "PaymentID")
    invoice = fields.part("Invoice")
    received = fields.text("PaymentType").upper() in _RECEIVED and invoice.text("Type").upper() in ("", "ACCREC")
    invoice_id = invoice.text("InvoiceID", 100) if received else ""
    voided = fields.text("Status").upper() in _OVER
    amount, reference = fields.amount("Amount"), fields.text("Reference")
    try:
        settles = [_settles(invoice_id, amount)] if invoice_id else []
        return ObservedPayment(
            ref=RemoteRef(kind=RecordKind.PAYMENT, id=remote_id, version=seen),
            customer_ref=invoice.part("Contact").text("ContactID", 100),
            currency=invoice.text("CurrencyCode", 10),
            amount=amount,
            paid_on=fields.day("Date"),
            reference=without_marker(reference)[:100],
            allocations=[] if voided else settles,
            whole=bool(settles),
            voided=voided,
            exchange_rate=fields.maybe_amount("CurrencyRate"),
            updated_at=fields.moment("UpdatedDateUTC"),
            marker=marker_in(reference),
        )
    except ValidationError as error:
        raise UnreadableRecord(f"payment {remote_id}: {error.errors()[0]['msg']}") from None


def from_xero_overpayment(raw: Mapping[str, Any]) -> ObservedPayment:
    """An overpayment received. Raises UnreadableRecord, also for one that was spent."""
    return _credit_held(raw, "Overpayment")


def from_xero_prepayment(raw: Mapping[str, Any]) -> ObservedPayment:
    """A prepayment received. Raises UnreadableRecord, also for one that was spent."""
    return _credit_held(raw, "Prepayment")


def from_xero_bank_transaction(raw: Mapping[str, Any]) -> ObservedPayment:
    """The answer to a RECEIVE-OVERPAYMENT: the overpayment it made, of which nothing is applied yet.

    Any other bank transaction is UnreadableRecord: it settles nothing of ours.
    """
    name = next((name for name in ("Overpayment", "Prepayment") if Fields(raw).text(f"{name}ID")), "")
    if not name:
        raise UnreadableRecord("the bank transaction is neither an overpayment nor a prepayment")
    return _credit_held({"RemainingCredit": Fields(raw).amount("Total"), **raw}, name)


def _credit_held(raw: Mapping[str, Any], name: str) -> ObservedPayment:
    fields = Fields(raw)
    remote_id, seen = identity(fields, f"{name}ID")
    if not fields.text("Type").upper().startswith(("RECEIVE", "AR")):
        raise UnreadableRecord(f"{name} {remote_id} is {fields.text('Type')!r}, not money received")
    voided = fields.text("Status").upper() in _OVER
    lines = [line.text("Description") for line in fields.parts("LineItems")]
    texts = [fields.text("Reference"), *lines]
    try:
        applied = [
            _settles(entry.part("Invoice").text("InvoiceID", 100), _applied(entry))
            for entry in fields.parts("Allocations")
            if not entry.flag("IsDeleted")
        ]
        return ObservedPayment(
            ref=RemoteRef(kind=RecordKind.PAYMENT, id=f"{name}s/{remote_id}", version=seen),
            customer_ref=fields.part("Contact").text("ContactID", 100),
            currency=fields.text("CurrencyCode", 10),
            amount=fields.amount("Total"),
            unapplied=Decimal(0) if voided else fields.amount("RemainingCredit"),
            paid_on=fields.day("Date"),
            reference=without_marker(next((text for text in texts if text), ""))[:100],
            allocations=[] if voided else applied,
            whole=not any(True for _ in fields.parts("Payments")) and all(one.remote_id for one in applied),
            voided=voided,
            exchange_rate=fields.maybe_amount("CurrencyRate"),
            updated_at=fields.moment("UpdatedDateUTC"),
            marker=marker_in(*texts),
        )
    except ValidationError as error:
        raise UnreadableRecord(f"{name} {remote_id}: {error.errors()[0]['msg']}") from None


def _settles(invoice_id: str, amount: Decimal) -> ObservedAllocation:
    return ObservedAllocation(kind=RecordKind.INVOICE, remote_id=invoice_id, amount=amount)


def _applied(entry: Fields) -> Decimal:
    """Amount in JSON; AppliedAmount is its name in XML and in old examples (5.2)."""
    return entry.amount("Amount") or entry.amount("AppliedAmount")
