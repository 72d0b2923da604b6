"""Invoices of billing."""

from __future__ import annotations

from contracts.api import InvoiceBatch
from contracts.books import RecordKind
from contracts.invoices import Invoice
from service.api.records import RecordController


class InvoiceController(RecordController[Invoice, InvoiceBatch]):
    """What customers owe."""

    path = "/connections/{connection_id:str}/invoices"
    tags = ("Invoices",)
    kind = RecordKind.INVOICE
    contract = Invoice
    signature_namespace = {"Body": Invoice, "Batch": InvoiceBatch}
