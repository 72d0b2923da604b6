"""Payments of billing."""

from __future__ import annotations

from contracts.api import PaymentBatch
from contracts.books import RecordKind
from contracts.payments import Payment
from service.api.records import RecordController


class PaymentController(RecordController[Payment, PaymentBatch]):
    """Money that was received."""

    path = "/connections/{connection_id:str}/payments"
    tags = ("Payments",)
    kind = RecordKind.PAYMENT
    contract = Payment
    signature_namespace = {"Body": Payment, "Batch": PaymentBatch}
