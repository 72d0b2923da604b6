"""What billing learns: CloudEvents 1.0, delivered as signed webhooks and readable as a feed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from contracts.base import Contract


class EventType(StrEnum):
    """Stable names; `data` is documented beside each."""

    CONNECTION_CONNECTED = "ledgerlane.connection.connected"
    CONNECTION_SIGN_IN_NEEDED = "ledgerlane.connection.sign_in_needed"
    CONNECTION_DISCONNECTED = "ledgerlane.connection.disconnected"
    CATALOG_REFRESHED = "ledgerlane.catalog.refreshed"
    RECORD_SYNCED = "ledgerlane.record.synced"
    RECORD_BLOCKED = "ledgerlane.record.blocked"
    CUSTOMER_IMPORTED = "ledgerlane.customer.imported"
    CUSTOMER_CHANGED = "ledgerlane.customer.changed_in_ledger"
    CUSTOMER_MERGED = "ledgerlane.customer.merged_in_ledger"
    IMPORT_FINISHED = "ledgerlane.customer_import.finished"
    INVOICE_PAYMENT_STATUS = "ledgerlane.invoice.payment_status_changed"
    INVOICE_VOIDED = "ledgerlane.invoice.voided_in_ledger"
    INVOICE_DELETED = "ledgerlane.invoice.deleted_in_ledger"
    INVOICE_CHANGED = "ledgerlane.invoice.changed_in_ledger"
    CREDIT_MEMO_CHANGED = "ledgerlane.credit_memo.changed_in_ledger"
    CREDIT_MEMO_VOIDED = "ledgerlane.credit_memo.voided_in_ledger"
    CREDIT_MEMO_DELETED = "ledgerlane.credit_memo.deleted_in_ledger"
    PAYMENT_RECORDED = "ledgerlane.payment.recorded_in_ledger"
    PAYMENT_CHANGED = "ledgerlane.payment.changed_in_ledger"
    PAYMENT_VOIDED = "ledgerlane.payment.voided_in_ledger"
    PAYMENT_DELETED = "ledgerlane.payment.deleted_in_ledger"


class CloudEvent(Contract):
    """One event in CloudEvents 1.0 structured JSON. Source: CloudEvents specification 1.0.2.

    `sequence` orders the events of a platform and is the cursor of the feed. `id` is unique: deliveries repeat it.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = Field(description="/connections/{id}")
    type: EventType
    subject: str = Field(description="{kind}/{billing id}, as invoice/inv_1")
    time: datetime
    sequence: str
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]
