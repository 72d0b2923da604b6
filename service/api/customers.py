"""Customers of billing."""

from __future__ import annotations

from contracts.api import CustomerBatch
from contracts.books import RecordKind
from contracts.customers import Customer
from service.api.records import RecordController


class CustomerController(RecordController[Customer, CustomerBatch]):
    """Whom documents are for."""

    path = "/connections/{connection_id:str}/customers"
    tags = ("Customers",)
    kind = RecordKind.CUSTOMER
    contract = Customer
    signature_namespace = {"Body": Customer, "Batch": CustomerBatch}
