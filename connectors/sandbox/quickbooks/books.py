"""The write operations on one company: create, update, delete, void, send. Source: QuickBooks reference 2.

Every operation checks everything first and only then changes the books, so a fault leaves no trace.
"""

from __future__ import annotations

import copy
from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks import ledger
from connectors.sandbox.quickbooks.accept import accept, check_email, check_id, sent_id
from connectors.sandbox.quickbooks.auto_credits import apply_open_credits
from connectors.sandbox.quickbooks.catalogue import BY_NAME
from connectors.sandbox.quickbooks.company import Company, Record, stamp
from connectors.sandbox.quickbooks.faults import (
    FaultError,
    NotModelled,
    QboFault,
    business,
    fault,
    missing,
    not_found,
    unsupported,
)
from connectors.sandbox.quickbooks.fields import Entity
from connectors.sandbox.quickbooks.lists import prepare_list
from connectors.sandbox.quickbooks.names import check_currency_unchanged, prepare_name, register_name
from connectors.sandbox.quickbooks.payments import (
    after_payment_written,
    check_books_open,
    deposited,
    prepare_payment,
    void_payment,
)
from connectors.sandbox.quickbooks.sales import (
    assign_number,
    check_deletable,
    prepare_sale,
    register_number,
    release_excess,
    round_deposit,
    void_invoice,
)

# What a full update keeps although it was not sent. Source: QuickBooks reference 2.6 (REC: DocNumber kept);
# CurrencyRef cannot change after creation; Active is not cleared by leaving it out.
_KEPT_IN_FULL_UPDATE = frozenset({"DocNumber", "CurrencyRef", "Active"})
# These fall back to what creation would choose, so leaving them out of a full update must not erase the account type.
_KEPT_FOR = {"Account": frozenset({"AccountType", "AccountSubType"}), "Item": frozenset({"Type"})}


def read(company: Company, entity: Entity, object_id: str) -> Record:
    """The record, or 610 with HTTP 400. Source: QuickBooks reference 7.2."""
    if entity.name not in {"TaxCode"}:
        check_id(object_id)
    record = company.find(entity.name, object_id)
    if record is None:
        raise not_found()
    return record


def create(company: Company, entity: Entity, body: JsonObject, *, allow_duplicate_number: bool = False) -> Record:
    if "create" not in entity.operations:
        raise unsupported(f"create on {entity.name}")
    clean = accept(entity, body, company.switches, creating=True)
    data = {key: value for key, value in clean.items() if value is not None}
    absent = [key for key in entity.required if data.get(key) in (None, [])]
    if absent:
        raise missing(*absent)
    data = _prepare(company, entity, None, data, allow_duplicate_number)
    if entity.is_transaction and entity.name != "Payment":
        assign_number(company, data)
    record = company.add(entity.name, entity.sequence, data)
    _after_write(company, entity, record, None, [])
    company.emit(entity.name, record.id, "Create")
    if entity.name == "Invoice" and company.switches.auto_apply_credits:
        apply_open_credits(company, record, create_payment)
    return record


def update(company: Company, entity: Entity, body: JsonObject, *, allow_duplicate_number: bool = False) -> Record:
    """Full or sparse. A sparse update that changes nothing keeps SyncToken and time. Source: reference 2.5, 2.6."""
    if "update" not in entity.operations:
        raise unsupported(f"update on {entity.name}")
    record = current(company, entity, body)
    sparse = body.get("sparse") is True or str(body.get("sparse", "")).lower() == "true"
    clean = accept(entity, body, company.switches, creating=False)
    if entity.name == "Customer":
        check_currency_unchanged(company, record, body)
        if sparse and "DisplayName" in clean and clean["DisplayName"] is None:
            raise missing("DisplayName")
    if record.is_voided:
        raise NotModelled("changes to a voided transaction")
    merged = _merged(entity, record, clean, sparse=sparse)
    before = copy.deepcopy(record.data)
    data = _prepare(company, entity, record, merged, allow_duplicate_number)
    if sparse and _without_artefacts(data) == _without_artefacts(before):
        return record
    touched = ledger.take_off_targets(company, record) if entity.name == "Payment" else []
    record.data = data
    company.touch(record)
    _after_write(company, entity, record, before, touched)
    company.emit(entity.name, record.id, "Update")
    return record


def delete(company: Company, entity: Entity, body: JsonObject) -> JsonObject:
    """Transactions only; names and lists are made inactive instead. Source: QuickBooks reference 2.2, 2.9."""
    if "delete" not in entity.operations:
        raise unsupported("delete")
    record = current(company, entity, body)
    remove(company, record)
    return {"status": "Deleted", "domain": "QBO", "Id": record.id}


def remove(company: Company, record: Record) -> None:
    """Delete a transaction and undo what it did to balances."""
    check_books_open(company, record.data["TxnDate"])
    customer_id = str((record.data.get("CustomerRef") or {}).get("value", ""))
    if record.entity == "Payment":
        if record.is_deposited:
            raise deposited()
        touched = ledger.take_off_targets(company, record)
        company.transactions_of[customer_id].pop((record.entity, record.id), None)
        company.forget(record)
        ledger.refresh_targets(company, touched)
        for entity, object_id in touched:
            linked = company.find(entity, object_id)
            if linked is not None:
                ledger.refresh_customer(company, linked.data["CustomerRef"]["value"])
    else:
        check_deletable(company, record)
        number = record.data.get("DocNumber")
        if number and record.id in company.doc_numbers[(record.entity, number)]:
            company.doc_numbers[(record.entity, number)].remove(record.id)
        company.transactions_of[customer_id].pop((record.entity, record.id), None)
        company.forget(record)
    if customer_id:
        ledger.refresh_customer(company, customer_id)
    company.emit(record.entity, record.id, "Delete")


def void(company: Company, entity: Entity, body: JsonObject) -> Record | None:
    """Invoices and payments. None = answered 200, nothing done (switch unsupported_void). Source: reference 7.4."""
    if "void" not in entity.operations:
        if company.switches.unsupported_void == "ok_nothing":
            return None
        raise unsupported("void")
    record = current(company, entity, body)
    void_record(company, record)
    return record


def void_record(company: Company, record: Record) -> None:
    if record.is_voided:
        return
    if record.entity == "Payment":
        void_payment(company, record)
    else:
        void_invoice(company, record)
    company.emit(record.entity, record.id, "Void")


def send(company: Company, entity: Entity, object_id: str, send_to: str | None) -> Record:
    """EmailSent, BillEmail stored, SyncToken up; one message in the outbox. Source: QuickBooks reference 12.2."""
    if "send" not in entity.operations:
        raise unsupported("send")
    record = read(company, entity, object_id)
    address = send_to or (record.data.get("BillEmail") or {}).get("Address")
    if not address and entity.name == "Payment":
        customer = company.find("Customer", record.data["CustomerRef"]["value"])
        address = (customer.data.get("PrimaryEmailAddr") or {}).get("Address") if customer is not None else None
    if not address:
        raise fault("6420", "The delivery type is email and no address is given.", "BillEmail")
    errors: list[FaultError] = []
    check_email(address, "BillEmail", company.switches, errors)
    if errors:
        raise QboFault(*errors)
    if company.environment == "development" and _sent_today(company) >= company.switches.emails_per_day:
        raise business(f"A sandbox company sends at most {company.switches.emails_per_day} emails a day.")
    company.emails.append(
        {
            "to": address,
            "entity": entity.name,
            "id": record.id,
            "doc_number": record.data.get("DocNumber", ""),
            "at": stamp(company.now()),
        }
    )
    if entity.name != "Payment":
        record.data["EmailStatus"] = "EmailSent"
        record.data["BillEmail"] = {"Address": address}
    record.data["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": stamp(company.now())}
    company.touch(record)
    company.emit(entity.name, record.id, "Emailed")
    return record


def create_payment(company: Company, body: JsonObject) -> Record:
    """A payment the server makes by itself; same rules as one that is posted."""
    return create(company, BY_NAME["Payment"], body)


def current(company: Company, entity: Entity, body: JsonObject) -> Record:
    """The record an update names, provided its SyncToken is the newest: else 5010. Source: reference 2.5."""
    object_id = "1" if entity.name in {"CompanyInfo", "Preferences"} else sent_id(body)
    record = company.find(entity.name, object_id)
    if record is None:
        raise not_found()
    if body.get("SyncToken") in (None, ""):
        raise missing("SyncToken")
    if str(body["SyncToken"]) != record.data["SyncToken"]:
        raise stale(company)
    return record


def stale(company: Company) -> QboFault:
    person = "another user"
    return fault(
        "5010",
        f"Stale Object Error : You and {person} were working on this at the same time. "
        f"{person.capitalize()} finished before you did, so your work was not saved.",
    )


def _merged(entity: Entity, record: Record, clean: JsonObject, *, sparse: bool) -> JsonObject:
    stored = copy.deepcopy(record.data)
    kept = _KEPT_IN_FULL_UPDATE | _KEPT_FOR.get(entity.name, frozenset())
    if not sparse:
        stored = {
            key: value
            for key, value in stored.items()
            if key in kept or entity.fields[key].is_read_only or entity.fields[key].kind in {"id", "token"}
        }
    if "TxnTaxDetail" not in clean and ("Line" in clean or not stored.get("TxnTaxDetail", {}).get("TaxLine")):
        _drop_sent_tax(stored)
    for key, value in clean.items():
        if value is None:
            stored.pop(key, None)
        else:
            stored[key] = value
    return stored


def _without_artefacts(data: JsonObject) -> JsonObject:
    """LineEx is derived, so it does not make a payment different."""
    if "Line" not in data:
        return data
    lines = [{key: value for key, value in line.items() if key != "LineEx"} for line in data["Line"]]
    return {**data, "Line": lines}


def _drop_sent_tax(stored: JsonObject) -> None:
    """New lines without TxnTaxDetail: the tax is computed again, for the group chosen before. Source: reference 9.3."""
    earlier = stored.pop("TxnTaxDetail", None) or {}
    if "TxnTaxCodeRef" in earlier:
        stored["TxnTaxDetail"] = {"TxnTaxCodeRef": earlier["TxnTaxCodeRef"]}


def _prepare(
    company: Company, entity: Entity, old: Record | None, data: JsonObject, allow_duplicate_number: bool
) -> JsonObject:
    if entity.name == "Payment":
        return prepare_payment(company, old, data)
    if entity.is_transaction:
        round_deposit(data)
        return prepare_sale(company, entity.name, old, data, allow_duplicate_number=allow_duplicate_number)
    if entity.is_name:
        return prepare_name(company, entity.name, old, data)
    return prepare_list(company, entity.name, old, data)


def _after_write(
    company: Company, entity: Entity, record: Record, before: JsonObject | None, touched: list[ledger.Target]
) -> None:
    if entity.is_name:
        register_name(company, record, str(before["DisplayName"]) if before is not None else None)
        if entity.name == "Customer" and before is not None and before.get("ParentRef") != record.data.get("ParentRef"):
            _move_balance(company, record, before)
    if not entity.is_transaction:
        return
    customer_id = (record.data.get("CustomerRef") or {}).get("value")
    earlier_id = ((before or {}).get("CustomerRef") or {}).get("value")
    if earlier_id and earlier_id != customer_id:
        company.transactions_of[earlier_id].pop((record.entity, record.id), None)
        ledger.refresh_customer(company, earlier_id)
    if customer_id:
        company.transactions_of[customer_id][(record.entity, record.id)] = None
    if entity.name == "Payment":
        after_payment_written(company, record, touched)
        return
    register_number(company, record, before.get("DocNumber") if before is not None else None)
    if entity.name == "RefundReceipt":
        record.data["Balance"] = Decimal(0)
        return
    release_excess(company, record)
    ledger.refresh_sale(company, record)
    if customer_id:
        ledger.refresh_customer(company, customer_id)


def _move_balance(company: Company, record: Record, before: JsonObject) -> None:
    """A customer moved under another parent takes its balance along."""
    amount = Decimal(record.data["BalanceWithJobs"])
    for reference, sign in ((before.get("ParentRef"), -1), (record.data.get("ParentRef"), 1)):
        parent = company.find("Customer", reference["value"]) if reference else None
        if parent is not None:
            ledger.add_to_chain(company, parent, sign * amount)


def _sent_today(company: Company) -> int:
    today = stamp(company.now())[:10]
    return sum(1 for email in company.emails if email["at"][:10] == today)
