"""How much of an invoice is settled: recomputed from the ledger's open balance, never added to.

Because it is read afresh each time, a notice that comes twice, late or out of order changes nothing.
"""

from __future__ import annotations

from decimal import Decimal

from contracts.base import plain
from contracts.books import ObservedDocument, RecordKind
from contracts.events import EventType
from contracts.invoices import PaymentStatus
from service.clock import utc_now
from service.events.feed import emit
from service.store.database import Session
from service.store.tables import Connection, Record


def payment_status(observed: ObservedDocument) -> tuple[PaymentStatus, Decimal]:
    """The status and the amount settled. A void invoice is unpaid: nothing is owed and nothing was paid."""
    if observed.voided:
        return PaymentStatus.UNPAID, Decimal(0)
    paid = observed.total - observed.balance
    if observed.balance <= 0 and observed.total > 0:
        return PaymentStatus.PAID, paid
    return (PaymentStatus.PARTIALLY_PAID if paid > 0 else PaymentStatus.UNPAID), paid


async def update_payment_status(
    session: Session, connection: Connection, record: Record, observed: ObservedDocument
) -> None:
    """Bring an invoice's payment status up to what the ledger says, and tell billing if it moved."""
    if record.kind != RecordKind.INVOICE:
        return
    status, paid = payment_status(observed)
    if (record.payment_status, record.amount_paid or Decimal(0)) == (status, paid):
        return
    record.payment_status = status
    record.amount_paid = paid
    record.updated_at = utc_now()
    session.add(record)
    await emit(
        session,
        connection,
        EventType.INVOICE_PAYMENT_STATUS,
        f"{record.kind}/{record.external_id}",
        {
            "id": record.external_id,
            "number": record.number,
            "payment_status": status,
            "amount_paid": plain(paid),
            "open_balance": plain(observed.balance),
            "currency": observed.currency or record.currency,
            "ledger_id": observed.ref.id,
        },
    )
