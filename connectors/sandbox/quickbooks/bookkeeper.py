"""What a person does in the QuickBooks web app: same books, no app's rules about linked or old transactions.

Everything here emits webhooks as a person's change, which the own-write switch does not silence.
Source: QuickBooks reference 8, 15 (P1 13, P2 21).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks import books, ledger
from connectors.sandbox.quickbooks.accept import to_decimal
from connectors.sandbox.quickbooks.catalogue import BY_NAME, ENTITIES
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.faults import bad_reference, fault, missing
from connectors.sandbox.quickbooks.fields import Entity
from connectors.sandbox.quickbooks.names import folded


def act(company: Company, action: str, order: JsonObject) -> Record | None:
    """Carry out one action by name. Raises QboFault for what the books refuse, KeyError for an unknown action."""
    with _as_person(company):
        return ACTIONS[action](company, order)


@contextmanager
def _as_person(company: Company) -> Iterator[None]:
    company.acting_person = True
    try:
        yield
    finally:
        company.acting_person = False


def record_payment(company: Company, order: JsonObject) -> Record:
    """A payment on one invoice: {invoice_id, amount, date?, ref?}; what exceeds the balance stays unapplied."""
    invoice = _find(company, BY_NAME["Invoice"], order.get("invoice_id"))
    amount = to_decimal(order.get("amount"), company.switches)
    if amount is None:
        raise missing("amount")
    applied = min(amount, Decimal(invoice.data["Balance"]))
    lines = [{"Amount": applied, "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]}] if applied > 0 else []
    body: JsonObject = {
        "CustomerRef": invoice.data["CustomerRef"],
        "CurrencyRef": invoice.data["CurrencyRef"],
        "TotalAmt": amount,
        "Line": lines,
    }
    if order.get("date"):
        body["TxnDate"] = order["date"]
    if order.get("ref"):
        body["PaymentRefNum"] = order["ref"]
    return books.create(company, BY_NAME["Payment"], body)


def void_invoice(company: Company, order: JsonObject) -> Record:
    """{invoice_id}"""
    record = _find(company, BY_NAME["Invoice"], order.get("invoice_id"))
    books.void_record(company, record)
    return record


def void_payment(company: Company, order: JsonObject) -> Record:
    """{payment_id}"""
    record = _find(company, BY_NAME["Payment"], order.get("payment_id"))
    books.void_record(company, record)
    return record


def edit(company: Company, order: JsonObject) -> Record:
    """{entity, id, changes}: changes as a sparse body; the newest SyncToken is used."""
    entity = _entity(order)
    object_id = "1" if entity.name in {"Preferences", "CompanyInfo"} else order.get("id")
    record = _find(company, entity, object_id)
    body = {**(order.get("changes") or {}), "Id": record.id, "SyncToken": record.data["SyncToken"], "sparse": True}
    return books.update(company, entity, body)


def create(company: Company, order: JsonObject) -> Record:
    """{entity, object}: something typed into the web app."""
    return books.create(company, _entity(order), order.get("object") or {})


def inactivate(company: Company, order: JsonObject) -> Record:
    """{entity, id}. In the web app an open balance does not stop it. Source: QuickBooks reference 2.9."""
    entity = _entity(order)
    record = _find(company, entity, order.get("id"))
    balance = record.data.get("Balance")
    if balance is not None:
        record.data["Balance"] = Decimal(0)
    try:
        return edit(company, {**order, "changes": {"Active": False}})
    finally:
        if balance is not None:
            record.data["Balance"] = balance


def delete(company: Company, order: JsonObject) -> None:
    """{entity, id}: linked payments let go first, as the web app does after its warning."""
    record = _find(company, _entity(order), order.get("id"))
    target = (record.entity, record.id)
    for payment_id in list(company.applied.get(target, {})):
        ledger.drop_application(company, company.tables["Payment"][payment_id], target)
    books.remove(company, record)


def merge_customers(company: Company, order: JsonObject) -> Record:
    """{survivor, loser}: the loser's documents move, the loser reads as 610, one Merge event names both."""
    customer = BY_NAME["Customer"]
    survivor = _find(company, customer, order.get("survivor"))
    loser = _find(company, customer, order.get("loser"))
    if survivor.id == loser.id:
        raise fault("6000", "Business Validation Error: A customer cannot be merged with itself.")
    for entity, object_id in list(company.transactions_of.pop(loser.id, {})):
        company.tables[entity][object_id].data["CustomerRef"] = {"value": survivor.id}
        company.transactions_of[survivor.id][(entity, object_id)] = None
    for child in company.rows("Customer"):
        if child.data.get("ParentRef", {}).get("value") == loser.id:
            child.data["ParentRef"] = {"value": survivor.id}
    company.names_taken.pop(folded(company, str(loser.data["DisplayName"])), None)
    company.forget(loser)
    company.touch(survivor)
    ledger.refresh_customer(company, survivor.id)
    company.emit("Customer", survivor.id, "Merge", deleted_id=loser.id)
    return survivor


def close_books(company: Company, order: JsonObject) -> Record:
    """{until: "YYYY-MM-DD"}; an empty date opens them again."""
    record = company.tables["Preferences"]["1"]
    section = {**record.data["AccountingInfoPrefs"]}
    section.pop("BookCloseDate", None)
    if order.get("until"):
        section["BookCloseDate"] = str(order["until"])
    record.data["AccountingInfoPrefs"] = section
    company.touch(record)
    company.emit("Preferences", record.id, "Update")
    return record


def deposit(company: Company, order: JsonObject) -> Record:
    """{payment_id}: put a payment into a bank deposit, which locks it (6540)."""
    record = _find(company, BY_NAME["Payment"], order.get("payment_id"))
    record.is_deposited = True
    company.touch(record)
    company.emit("Payment", record.id, "Update")
    return record


def undo_deposit(company: Company, order: JsonObject) -> Record:
    """{payment_id}: take it out of the deposit again."""
    record = _find(company, BY_NAME["Payment"], order.get("payment_id"))
    record.is_deposited = False
    company.touch(record)
    company.emit("Payment", record.id, "Update")
    return record


def _entity(order: JsonObject) -> Entity:
    entity = ENTITIES.get(str(order.get("entity", "")).lower())
    if entity is None:
        raise fault("2000", f"Invalid or unsupported object name : {order.get('entity')}", "entity")
    return entity


def _find(company: Company, entity: Entity, object_id: Any) -> Record:
    record = company.find(entity.name, str(object_id or ""))
    if record is None:
        raise bad_reference(entity.name, str(object_id))
    return record


ACTIONS: dict[str, Callable[[Company, JsonObject], Record | None]] = {
    "payment": record_payment,
    "void-invoice": void_invoice,
    "void-payment": void_payment,
    "edit": edit,
    "create": create,
    "inactivate": inactivate,
    "delete": delete,
    "merge-customers": merge_customers,
    "close-books": close_books,
    "deposit": deposit,
    "undo-deposit": undo_deposit,
}
