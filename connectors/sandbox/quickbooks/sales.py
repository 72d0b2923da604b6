"""Invoices, credit memos and refund receipts: numbers, dates, addresses, totals. Source: QuickBooks reference 12."""

from __future__ import annotations

import calendar
from datetime import date
from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks import ledger
from connectors.sandbox.quickbooks.company import Company, Record, days_later
from connectors.sandbox.quickbooks.faults import FaultError, QboFault, business, fault, missing
from connectors.sandbox.quickbooks.lists import DEPOSIT_TYPES, check_account_type
from connectors.sandbox.quickbooks.names import numbered_address
from connectors.sandbox.quickbooks.payments import (
    check_books_open,
    check_transaction_currency,
    usable_customer,
    voided_note,
)
from connectors.sandbox.quickbooks.sale_lines import settle_lines, stored_lines
from connectors.sandbox.quickbooks.sale_tax import settle_tax
from connectors.sandbox.quickbooks.tax import cents

_DEFAULT_DUE_DAYS = 30


def prepare_sale(
    company: Company, entity: str, old: Record | None, data: JsonObject, *, allow_duplicate_number: bool
) -> JsonObject:
    """Check and complete the merged data of a sales form. Nothing is changed elsewhere yet."""
    required = ("DepositToAccountRef", "Line") if entity == "RefundReceipt" else ("CustomerRef", "Line")
    absent = [key for key in required if not data.get(key)]
    if absent:
        raise missing(*absent)
    data["TxnDate"] = data.get("TxnDate") or company.today().isoformat()
    check_books_open(company, data["TxnDate"], old.data["TxnDate"] if old is not None else None)
    customer = usable_customer(company, data["CustomerRef"], old) if data.get("CustomerRef") else None
    check_transaction_currency(company, data, customer)
    ledger.complete_currency(company, data)
    _complete_addresses(company, old, data, customer)
    _complete_mail(data, customer)
    if company.tax_mode == "global":
        data.setdefault("GlobalTaxCalculation", "TaxExcluded")
    else:
        data.pop("GlobalTaxCalculation", None)
        data.setdefault("ApplyTaxAfterDiscount", False)
    lines = settle_lines(company, data, old, customer)
    total_tax = settle_tax(company, data, lines, customer)
    data["Line"] = stored_lines(lines)
    data["TotalAmt"] = lines.subtotal - lines.discount_amount + total_tax
    if data["TotalAmt"] < 0:
        raise business("Transaction amount must be 0 or greater.")
    _complete_dates(company, entity, data, customer)
    _check_deposit_account(company, entity, data)
    check_number(company, entity, old, data, allow_duplicate_number=allow_duplicate_number)
    _check_total_covers_applications(company, entity, old, data)
    data.setdefault("CustomField", [])
    data.setdefault("PrintStatus", "NeedToPrint")
    data.setdefault("EmailStatus", "NotSet")
    if entity == "Invoice":
        data.setdefault("AllowOnlineCreditCardPayment", False)
        data.setdefault("AllowOnlineACHPayment", False)
        data.update(AllowIPNPayment=False, AllowOnlinePayment=False)
    return data


def assign_number(company: Company, data: JsonObject) -> None:
    """An omitted number comes from the counter all sales forms share, unless the company numbers itself."""
    if not data.get("DocNumber") and not company.custom_txn_numbers:
        data["DocNumber"] = company.next_doc_number()


def check_number(
    company: Company, entity: str, old: Record | None, data: JsonObject, *, allow_duplicate_number: bool
) -> None:
    """6140 names the holder. Source: QuickBooks reference 2.10, 7.2 (LOG)."""
    number = data.get("DocNumber")
    if not number or (old is not None and old.data.get("DocNumber") == number):
        return
    if allow_duplicate_number or not company.options.warn_duplicate_numbers:
        return
    start = "Duplicate Document Number Error"
    for holder in company.doc_numbers.get((entity, number), []):
        raise fault(
            "6140",
            f"{start} : You must specify a different number. This number has already been used. "
            f"DocNumber={number} is assigned to TxnType={entity} with TxnId={holder}",
        )
    if not company.switches.doc_number_free_after_delete and (entity, number) in company.used_doc_numbers:
        raise fault("6140", f"{start} : You must specify a different number. This number has already been used.")


def register_number(company: Company, record: Record, earlier: str | None) -> None:
    if earlier:
        holders = company.doc_numbers[(record.entity, earlier)]
        if record.id in holders:
            holders.remove(record.id)
    number = record.data.get("DocNumber")
    if number:
        company.doc_numbers[(record.entity, number)].append(record.id)
        company.used_doc_numbers.add((record.entity, number))


def _complete_dates(company: Company, entity: str, data: JsonObject, customer: Record | None) -> None:
    """DueDate as sent, else from the term, else the customer's term, else 30 days. Source: reference 12.1 (REC)."""
    if entity != "Invoice":
        return
    if data.get("SalesTermRef"):
        company.referenced("Term", data["SalesTermRef"], "SalesTermRef")
    elif customer is not None and customer.data.get("SalesTermRef"):
        data["SalesTermRef"] = dict(customer.data["SalesTermRef"])
    if data.get("DueDate"):
        return
    term = company.find("Term", data["SalesTermRef"]["value"]) if data.get("SalesTermRef") else None
    data["DueDate"] = due_date(data["TxnDate"], term.data if term is not None else None)


def due_date(day: str, term: JsonObject | None) -> str:
    """STANDARD: DueDays later. DATE_DRIVEN: the given day of this month, or of the next one when it is too near."""
    if term is None:
        return days_later(day, _DEFAULT_DUE_DAYS)
    if term.get("Type") != "DATE_DRIVEN":
        return days_later(day, int(term["DueDays"]))
    start = date.fromisoformat(day)
    due = _day_of_month(start.year, start.month, int(term["DayOfMonthDue"]))
    if due <= start or (due - start).days < int(term.get("DueNextMonthDays") or 0):
        following = start.month % 12 + 1
        due = _day_of_month(start.year + (1 if following == 1 else 0), following, int(term["DayOfMonthDue"]))
    return due.isoformat()


def _day_of_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _complete_addresses(company: Company, old: Record | None, data: JsonObject, customer: Record | None) -> None:
    """Copied from the customer when omitted, with the geocoder's "INVALID". Source: QuickBooks reference 12.1 (REC)."""
    copied = False
    for key in ("BillAddr", "ShipAddr"):
        if data.get(key):
            data[key] = numbered_address(company, data[key], old.data.get(key) if old is not None else None)
            continue
        source = (customer.data.get(key) or customer.data.get("BillAddr")) if customer is not None else None
        if source and old is None:
            data[key] = {**source, "Lat": "INVALID", "Long": "INVALID"}
            copied = True
    if copied or data.get("BillAddr"):
        data.setdefault("FreeFormAddress", True)
    if old is None and "ShipFromAddr" not in data and company.country == "US":
        home = company.tables["CompanyInfo"]["1"].data["CompanyAddr"]
        line2 = f"{home['City']}, {home['CountrySubDivisionCode']}  {home['PostalCode']}"
        data["ShipFromAddr"] = {"Id": company.next_id("Address"), "Line1": home["Line1"], "Line2": line2}


def _complete_mail(data: JsonObject, customer: Record | None) -> None:
    """NeedToSend needs an address. Source: QuickBooks reference 12.1, 7.2 (6420)."""
    if data.get("EmailStatus") == "NeedToSend" and not data.get("BillEmail"):
        raise fault("6420", "The delivery type is email and no address is given.", "BillEmail")


def _check_deposit_account(company: Company, entity: str, data: JsonObject) -> None:
    if data.get("PaymentMethodRef"):
        company.referenced("PaymentMethod", data["PaymentMethodRef"], "PaymentMethodRef")
    if data.get("DepositToAccountRef"):
        check_account_type(company, data["DepositToAccountRef"], DEPOSIT_TYPES, "DepositToAccountRef")
    if Decimal(data.get("Deposit") or 0) > data["TotalAmt"]:
        raise business("The deposit cannot be more than the total of the transaction.")


def _check_total_covers_applications(company: Company, entity: str, old: Record | None, data: JsonObject) -> None:
    """What payments already put on a document cannot exceed its new total; what is too much becomes unapplied later."""
    if old is None or entity == "RefundReceipt":
        return
    if old.data["CustomerRef"] != data["CustomerRef"] and company.applied.get((entity, old.id)):
        raise fault("620", "Txn ID cannot be linked : the customer of a transaction with payments cannot change.")


def release_excess(company: Company, record: Record) -> None:
    """A total lowered below what was applied: the newest payments give back the excess as unapplied money."""
    target = (record.entity, record.id)
    room = Decimal(record.data["TotalAmt"]) - Decimal(record.data.get("Deposit") or 0)
    excess = sum(company.applied.get(target, {}).values(), Decimal(0)) - room
    for payment_id in list(company.applied.get(target, {}))[::-1]:
        if excess <= 0:
            return
        payment = company.tables["Payment"][payment_id]
        taken = min(excess, company.applied[target][payment_id])
        excess -= taken
        touched = ledger.take_off_targets(company, payment)
        for line in payment.data["Line"]:
            if ledger.line_target(line) == target and taken > 0:
                part = min(taken, Decimal(line["Amount"]))
                line["Amount"] = Decimal(line["Amount"]) - part
                taken -= part
        payment.data["Line"] = [line for line in payment.data["Line"] if Decimal(line["Amount"]) > 0]
        payment.data["UnappliedAmt"] = ledger.unapplied(Decimal(payment.data["TotalAmt"]), payment.data["Line"])
        ledger.put_on_targets(company, payment)
        company.touch(payment)
        ledger.refresh_targets(company, [each for each in touched if each != target])


def void_invoice(company: Company, record: Record) -> None:
    """Amounts and quantities 0, the note, links emptied; payments get their money back. Source: reference 12.3."""
    check_books_open(company, record.data["TxnDate"])
    target = (record.entity, record.id)
    for payment_id in list(company.applied.get(target, {})):
        ledger.drop_application(company, company.tables["Payment"][payment_id], target)
    for line in record.data["Line"]:
        if "Amount" in line:
            line["Amount"] = Decimal(0)
        detail = line.get("SalesItemLineDetail")
        if detail and "Qty" in detail:
            detail["Qty"] = Decimal(0)
        if detail and "TaxInclusiveAmt" in detail:
            detail["TaxInclusiveAmt"] = Decimal(0)
    record.data.pop("Deposit", None)
    record.data["TotalAmt"] = Decimal(0)
    record.data["TxnTaxDetail"] = {"TotalTax": Decimal(0)}
    record.data["PrivateNote"] = voided_note(record.data.get("PrivateNote"))
    record.is_voided = True
    ledger.refresh_sale(company, record, bump=True)
    ledger.refresh_customer(company, record.data["CustomerRef"]["value"])


def check_deletable(company: Company, record: Record) -> None:
    """Linked transactions must be unlinked first. Source: QuickBooks reference 12.3, 7.2 (800)."""
    linked = company.applied.get((record.entity, record.id))
    if linked:
        holders = ", ".join(linked)
        raise QboFault(
            FaultError("800", f"Object In Use : The transaction is linked to other transactions. TxnId={holders}")
        )


def round_deposit(data: JsonObject) -> None:
    if data.get("Deposit") is not None:
        data["Deposit"] = cents(Decimal(data["Deposit"]))
