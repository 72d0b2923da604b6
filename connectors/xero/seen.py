"""From Xero's objects to core words: what is ours to look at, what is gone, and what cannot be read.

Sales only: bills, supplier credits and their payments come in the same lists and are left out. What was deleted stays
in every list for ever, with `Status: DELETED`. A document of that status is gone; a payment was taken back, which is
all that can be done to one, so it is seen as void.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from connectors.xero.client import IDS, Raw
from connectors.xero.times import updated_at
from contracts.books import Gone, Observed, RecordKind, RemoteRef

log = structlog.get_logger("ledgerlane.xero")

Observe = Callable[[str, Raw], Observed]

ENTITIES: Mapping[str, str] = {
    "Contacts": "Contact",
    "Invoices": "Invoice",
    "CreditNotes": "CreditNote",
    "Payments": "Payment",
    "Allocations": "Allocation",
    "BankTransactions": "BankTransaction",
    "Overpayments": "Overpayment",
    "Prepayments": "Prepayment",
}
"""What a mapping calls one object of a collection."""

KINDS: Mapping[str, RecordKind] = {
    "Contacts": RecordKind.CUSTOMER,
    "Invoices": RecordKind.INVOICE,
    "CreditNotes": RecordKind.CREDIT_MEMO,
    "Payments": RecordKind.PAYMENT,
    "Allocations": RecordKind.ALLOCATION,
    "BankTransactions": RecordKind.PAYMENT,
    "Overpayments": RecordKind.PAYMENT,
    "Prepayments": RecordKind.PAYMENT,
}

HELD = ("Overpayments", "Prepayments")
"""Money that is not used up: payments in core words, which are named by their path, as it says where they are read."""

OWNERS = ("CreditNotes", *HELD)
"""Collections whose objects are applied to invoices by allocations."""

NO_ID = "00000000-0000-0000-0000-000000000000"
"""What an element that was not saved carries."""

_TAKEN_BACK = frozenset({"Payments", *HELD})
_SALES: Mapping[str, frozenset[str]] = {
    "Invoices": frozenset({"ACCREC"}),
    "CreditNotes": frozenset({"ACCRECCREDIT"}),
    "Overpayments": frozenset({"RECEIVE-OVERPAYMENT", "AROVERPAYMENT"}),
    "Prepayments": frozenset({"RECEIVE-PREPAYMENT", "ARPREPAYMENT"}),
}
_PURCHASE_PAYMENTS = ("ACCPAY", "APCREDIT", "APOVERPAYMENT", "APPREPAYMENT")


def id_of(collection: str, row: Mapping[str, Any]) -> str:
    """The object's id; "" for one that has none or was not saved. An allocation's is its path."""
    identifier = str(row.get(IDS[collection]) or "").lower()
    if identifier in ("", NO_ID):
        return ""
    if collection == "Allocations":
        return f"{_owner_path(row)}/Allocations/{identifier}"
    return f"{collection}/{identifier}" if collection in HELD else identifier


def _owner_path(allocation: Mapping[str, Any]) -> str:
    for collection in OWNERS:
        owner = allocation.get(ENTITIES[collection])
        if isinstance(owner, dict) and (identifier := owner.get(IDS[collection])):
            return f"{collection}/{str(identifier).lower()}"
    return "unknown"


def is_sale(collection: str, row: Mapping[str, Any]) -> bool:
    """False for what belongs to purchases."""
    if collection in _SALES:
        return row.get("Type", next(iter(_SALES[collection]))) in _SALES[collection]
    if collection == "Payments":
        return not str(row.get("PaymentType") or "").startswith(_PURCHASE_PAYMENTS)
    return True


def seen(observe: Observe, collection: str, row: Raw, *, kind: RecordKind | None = None) -> Observed | Gone | None:
    """The object in core words; None for one that is not ours to look at or cannot be read, which is logged."""
    kind = kind or KINDS[collection]
    identifier = id_of(collection, row)
    if not identifier or not is_sale(collection, row):
        return None
    gone = Gone(ref=RemoteRef(kind=kind, id=identifier), at=updated_at(row))
    deleted = row.get("Status") == "DELETED" or row.get("IsDeleted") is True
    if deleted and collection not in _TAKEN_BACK:
        return gone
    try:
        observed = of_kind(observe(ENTITIES[collection], row), kind)
        return gone if deleted and not getattr(observed, "voided", False) else observed
    except Exception as error:
        log.error("object_unreadable", entity=collection, id=identifier[:80], error=type(error).__name__)
        return None


def of_kind(observed: Observed, kind: RecordKind) -> Observed:
    """The same object under the kind it was asked for."""
    if observed.ref.kind is kind:
        return observed
    return observed.model_copy(update={"ref": observed.ref.model_copy(update={"kind": kind})})
