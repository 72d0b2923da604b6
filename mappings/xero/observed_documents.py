"""Invoices and credit notes from Xero. Source: Xero reference 4.5, 5.1."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import ValidationError

from contracts.books import ObservedDocument, RecordKind, RemoteRef
from mappings.xero.wire import Fields, UnreadableRecord, fingerprint, identity, marker_in, without_marker

_SALES = {RecordKind.INVOICE: "ACCREC", RecordKind.CREDIT_MEMO: "ACCRECCREDIT"}
_OVER = frozenset({"VOIDED", "DELETED"})


def from_xero_invoice(raw: Mapping[str, Any]) -> ObservedDocument:
    """A sales invoice as Xero holds it. A bill is UnreadableRecord: it is nobody's customer's."""
    return _document(raw, RecordKind.INVOICE, "Invoice")


def from_xero_credit_note(raw: Mapping[str, Any]) -> ObservedDocument:
    """A credit note to a customer as Xero holds it. Raises UnreadableRecord."""
    return _document(raw, RecordKind.CREDIT_MEMO, "CreditNote")


def _document(
    raw: Mapping[str, Any], kind: Literal[RecordKind.INVOICE, RecordKind.CREDIT_MEMO], name: str
) -> ObservedDocument:
    """raw: parsed with parse_float=Decimal, from a single or paged read (an unpaged list has no lines).

    balance: nothing once voided, whatever the answer to the void still says (4.1). settled_by: see `_settlements`.
    """
    fields = Fields(raw)
    remote_id, version = identity(fields, f"{name}ID")
    if (theirs := fields.text("Type").upper()) not in ("", _SALES[kind]):
        raise UnreadableRecord(f"{name} {remote_id} is {theirs}, not a sales document")
    voided = fields.text("Status").upper() in _OVER
    open_name = "AmountDue" if kind is RecordKind.INVOICE else "RemainingCredit"
    try:
        return ObservedDocument(
            ref=RemoteRef(kind=kind, id=remote_id, version=version),
            number=fields.text(f"{name}Number", 255),
            customer_ref=fields.part("Contact").text("ContactID", 100),
            currency=fields.text("CurrencyCode", 10),
            issue_date=fields.day("Date"),
            due_date=fields.day("DueDate"),
            net=fields.amount("SubTotal"),
            tax=fields.amount("TotalTax"),
            total=fields.amount("Total"),
            balance=Decimal(0) if voided else fields.amount(open_name),
            voided=voided,
            sent=fields.flag("SentToContact"),
            settled_by=_settlements(fields),
            line_refs=[line.text("LineItemID", 100) for line in fields.parts("LineItems")],
            exchange_rate=fields.maybe_amount("CurrencyRate"),
            updated_at=fields.moment("UpdatedDateUTC"),
            fingerprint=_fingerprint(fields, name),
            marker=marker_in(fields.text("Url"), fields.text("Reference")),
        )
    except ValidationError as error:
        raise UnreadableRecord(f"{name} {remote_id}: {error.errors()[0]['msg']}") from None


def _settlements(fields: Fields) -> list[str]:
    """What is applied to it: payments by their id, everything else by its path ("CreditNotes/{id}").

    The nested id of a payment made in a batch can be the batch's (4.5), so such a one is named by its batch.
    """
    found = []
    for payment in fields.parts("Payments"):
        batch = payment.text("BatchPaymentID", 100) or payment.part("BatchPayment").text("BatchPaymentID", 100)
        found.append(f"BatchPayments/{batch}" if batch else payment.text("PaymentID", 100))
    for name, key in (
        ("CreditNotes", "CreditNoteID"),
        ("Overpayments", "OverpaymentID"),
        ("Prepayments", "PrepaymentID"),
    ):
        found += [f"{name}/{entry.text(key, 100)}" for entry in fields.parts(name) if entry.text(key)]
    found += [f"Invoices/{entry.part('Invoice').text('InvoiceID', 100)}" for entry in fields.parts("Allocations")]
    return [one for one in dict.fromkeys(found) if one and not one.endswith("/")]


def _fingerprint(fields: Fields, name: str) -> str:
    """Of what a bookkeeper could edit: no balance, no time, no sent flag, not the contact's name."""
    return fingerprint(
        {
            "number": fields.text(f"{name}Number"),
            "reference": without_marker(fields.text("Reference")),
            "customer": fields.part("Contact").text("ContactID"),
            "dates": [fields.day("Date"), fields.day("DueDate")],
            "totals": [fields.amount("SubTotal"), fields.amount("TotalTax"), fields.amount("Total")],
            "mode": fields.text("LineAmountTypes"),
            "lines": [_line_print(line) for line in fields.parts("LineItems")],
        }
    )


def _line_print(line: Fields) -> dict[str, Any]:
    texts = {name: line.text(name) for name in ("Description", "ItemCode", "AccountCode", "TaxType")}
    amounts = ("Quantity", "UnitAmount", "DiscountRate", "DiscountAmount", "LineAmount", "TaxAmount")
    return texts | {name: line.amount(name) for name in amounts}
