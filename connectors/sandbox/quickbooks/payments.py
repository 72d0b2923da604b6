"""Payments: what may be applied to what, and the complete stored form. Source: QuickBooks reference 11."""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks import ledger
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.currencies import check_currency
from connectors.sandbox.quickbooks.faults import QboFault, business, fault, made_inactive, missing
from connectors.sandbox.quickbooks.lists import DEPOSIT_TYPES, account_by_subtype, check_account_type
from connectors.sandbox.quickbooks.names import ancestors
from connectors.sandbox.quickbooks.tax import cents

AUTO_LINK_NOTE = "Created by QB Online to link credits to charges."


def prepare_payment(company: Company, old: Record | None, data: JsonObject) -> JsonObject:
    """Check and complete the merged data of a payment. Nothing is changed elsewhere yet."""
    absent = [key for key in ("CustomerRef", "TotalAmt") if data.get(key) is None]
    if absent:
        raise missing(*absent)
    if old is not None and old.is_deposited:
        raise deposited()
    data.setdefault("TxnDate", company.today().isoformat())
    check_books_open(company, data["TxnDate"], old.data["TxnDate"] if old is not None else None)
    customer = usable_customer(company, data["CustomerRef"], old)
    check_transaction_currency(company, data, customer)
    data["TotalAmt"] = cents(data["TotalAmt"])
    if data["TotalAmt"] < 0:
        raise business("Transaction amount must be 0 or greater.")
    data["Line"] = _checked_lines(company, old, data, customer)
    if data["TotalAmt"] == 0 and not data["Line"] and old is None:
        raise business("You must set a transaction amount.")
    data["UnappliedAmt"] = ledger.unapplied(data["TotalAmt"], data["Line"])
    if data["UnappliedAmt"] < 0:
        raise business("The amount applied to invoices is more than the amount received.")
    _complete_accounts(company, data)
    data["ProcessPayment"] = False
    ledger.complete_currency(company, data)
    return data


def after_payment_written(company: Company, payment: Record, touched_before: list[ledger.Target]) -> None:
    """Put the stored lines on their targets and let every balance follow. `touched_before` came off already."""
    touched = touched_before + ledger.put_on_targets(company, payment)
    ledger.refresh_targets(company, touched)
    for line in payment.data["Line"]:
        line["LineEx"] = ledger.line_artefact(company, ledger.line_target(line), Decimal(line["Amount"]))
    ledger.refresh_customer(company, payment.data["CustomerRef"]["value"])
    for entity, object_id in touched:
        record = company.find(entity, object_id)
        if record is not None and record.data["CustomerRef"] != payment.data["CustomerRef"]:
            ledger.refresh_customer(company, record.data["CustomerRef"]["value"])


def deposited() -> QboFault:
    return fault(
        "6540",
        "Deposited Transaction cannot be changed : This transaction has been deposited. "
        "If you want to change or delete it, you must edit the deposit it appears on and remove it first.",
    )


def check_books_open(company: Company, *days: str | None) -> None:
    """6210 for a date on or before the closing date. A person in the web app is asked for the password instead."""
    closed_until = company.book_close_date
    if closed_until and not company.acting_person and any(day is not None and day <= closed_until for day in days):
        raise fault(
            "6210",
            "The account period has closed and the account books cannot be updated through the QBO Services API. "
            "Please use the QBO website to make these changes.",
        )


def usable_customer(company: Company, reference: JsonObject, old: Record | None) -> Record:
    """The customer named. Inactive ones are refused on new transactions. Source: QuickBooks reference 2.9."""
    customer = company.referenced("Customer", reference, "CustomerRef")
    unchanged = old is not None and old.data.get("CustomerRef") == reference
    if not customer.data["Active"] and not unchanged:
        if company.switches.inactive_customer_code == "6000":
            raise business("Something you're trying to use has been made inactive.")
        raise made_inactive()
    return customer


def check_transaction_currency(company: Company, data: JsonObject, customer: Record | None) -> None:
    """2220 for an unknown code; 6000 unless it is the customer's currency. Source: reference 10, 17.1."""
    sent = data.get("CurrencyRef")
    code = sent["value"] if sent else company.currency
    if sent:
        check_currency(code)
    expected = customer.data["CurrencyRef"]["value"] if customer is not None else company.currency
    if code != expected:
        if company.switches.currency_mismatch == "6000_foreign":
            raise business("You can only use one foreign currency per transaction")
        raise business("The transaction needs to be in the same currency as the A/R and A/P accounts you use.")


def _complete_accounts(company: Company, data: JsonObject) -> None:
    if data.get("PaymentMethodRef"):
        company.referenced("PaymentMethod", data["PaymentMethodRef"], "PaymentMethodRef")
    if data.get("DepositToAccountRef"):
        check_account_type(company, data["DepositToAccountRef"], DEPOSIT_TYPES, "DepositToAccountRef")
    elif data["TotalAmt"] > 0:
        undeposited = account_by_subtype(company, "UndepositedFunds")
        if undeposited is not None:
            data["DepositToAccountRef"] = {"value": undeposited.id}


def _checked_lines(company: Company, old: Record | None, data: JsonObject, customer: Record) -> list[JsonObject]:
    lines: list[JsonObject] = []
    asked: dict[ledger.Target, Decimal] = {}
    for position, line in enumerate(data.get("Line") or []):
        if line.get("Amount") is None:
            raise missing(f"Line[{position}].Amount")
        linked = line.get("LinkedTxn")
        if not isinstance(linked, list) or not linked or not isinstance(linked[0], dict):
            raise missing(f"Line[{position}].LinkedTxn")
        amount = cents(Decimal(line["Amount"]))
        if amount < 0:
            raise business("Transaction amount must be 0 or greater.")
        target = (str(linked[0].get("TxnType", "")), str(linked[0].get("TxnId", "")))
        _check_target(company, target, customer)
        if amount == 0:
            continue
        asked[target] = asked.get(target, Decimal(0)) + amount
        lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": target[1], "TxnType": target[0]}]})
    for target, amount in asked.items():
        _check_room(company, old, target, amount)
    return lines


def _check_target(company: Company, target: ledger.Target, customer: Record) -> None:
    """620 when the linked transaction is missing or another customer's, unless that one bills with this parent."""
    entity, object_id = target
    record = company.find(entity, object_id) if entity in {"Invoice", "CreditMemo"} else None
    if record is None:
        raise _cannot_link(object_id)
    owner = company.referenced("Customer", record.data["CustomerRef"])
    if owner.id == customer.id:
        return
    bills_with_payer = owner.data.get("BillWithParent") and customer.id in [
        each.id for each in ancestors(company, owner)
    ]
    if not bills_with_payer:
        raise _cannot_link(object_id)


def _check_room(company: Company, old: Record | None, target: ledger.Target, amount: Decimal) -> None:
    record = company.tables[target[0]][target[1]]
    own = company.applied[target].get(old.id, Decimal(0)) if old is not None else Decimal(0)
    room = Decimal(record.data["Balance"]) + own
    if room <= 0:
        raise _cannot_link(target[1])
    if amount > room:
        if company.switches.overapplied_payment_code == "620":
            raise _cannot_link(target[1])
        raise business("The amount applied is more than the open balance of the linked transaction.")


def _cannot_link(object_id: str) -> QboFault:
    return fault("620", f"TxnID Cannot Be Linked : {object_id}")


def void_payment(company: Company, payment: Record) -> None:
    """TotalAmt and UnappliedAmt 0, no lines, a note; invoices open again. Source: QuickBooks reference 11.4."""
    if payment.is_deposited:
        raise deposited()
    check_books_open(company, payment.data["TxnDate"])
    touched = ledger.take_off_targets(company, payment)
    payment.data.update(TotalAmt=Decimal(0), UnappliedAmt=Decimal(0), Line=[])
    payment.data["PrivateNote"] = voided_note(payment.data.get("PrivateNote"))
    payment.is_voided = True
    company.touch(payment)
    after_payment_written(company, payment, touched)


def voided_note(earlier: object) -> str:
    return f"Voided - {earlier}" if earlier else "Voided"
