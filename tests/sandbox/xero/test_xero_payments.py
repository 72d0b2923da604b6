"""Payments, refunds, allocations, overpayments. Source: Xero reference 5."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.xero.conftest import Books, invoice, payment


def read(uk: Books, document: Any) -> Any:
    kind = "CreditNote" if "CreditNoteID" in document else "Invoice"
    return uk.get(f"{kind}s/{document[f'{kind}ID']}").row


def test_a_payment_moves_the_invoice_and_its_deletion_moves_it_back(uk: Books) -> None:
    made = uk.invoice(uk.contact("Pay Ltd"))
    first = uk.pay(made, 20, Reference="pi_1")
    assert (first["PaymentType"], first["Invoice"]["AmountDue"]) == ("ACCRECPAYMENT", 100)
    second = uk.pay(made, 100, Date="2026-09-20")

    paid = read(uk, made)
    assert (paid["Status"], paid["AmountPaid"], paid["AmountDue"]) == ("PAID", 120, 0)
    assert paid["FullyPaidOnDate"] == "/Date(1789862400000+0000)/"
    assert [(p["Amount"], p.get("Reference")) for p in paid["Payments"]] == [(20, "pi_1"), (100, None)]
    uk.post(f"Payments/{second['PaymentID']}", {"Status": "DELETED"})
    assert (read(uk, made)["Status"], read(uk, made)["AmountDue"]) == ("AUTHORISED", 100)
    listed = {row["PaymentID"]: row["Status"] for row in uk.get("Payments").rows}
    assert listed[second["PaymentID"]] == "DELETED"
    assert uk.call("POST", f"Payments/{first['PaymentID']}", {"Amount": 5}).status == 400


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"Amount": Decimal("120.01")}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Amount": 0}, "The payment Amount must be greater than zero."),
        ({"Account": {"Code": "200"}}, "Account could not be found"),
        ({"Account": {"Code": "zzz"}}, "Account could not be found"),
        ({"Invoice": {"InvoiceNumber": "none"}}, "The document with the supplied id was not found for this endpoint."),
    ],
)
def test_payments_are_refused(uk: Books, more: dict[str, Any], message: str) -> None:
    body = payment(uk.invoice(uk.contact("Refuse Ltd")), 10, **more)

    assert uk.refused("PUT", "Payments", body) == [message]


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED", "PAID", "VOIDED"])
def test_only_authorised_documents_are_paid(uk: Books, status: str) -> None:
    made = uk.invoice(uk.contact("Status Ltd"), Status=status if status in {"DRAFT", "SUBMITTED"} else "AUTHORISED")
    if status == "PAID":
        uk.pay(made, 120)
    elif status == "VOIDED":
        uk.post("Invoices", {"InvoiceID": made["InvoiceID"], "Status": "VOIDED"})

    assert "Payments can only be made against authorised documents" in uk.refused("PUT", "Payments", payment(made, 1))


def test_an_early_payment_is_only_warned_about(uk: Books) -> None:
    made = uk.invoice(uk.contact("Early Ltd"))

    assert uk.pay(made, 5, Date="2026-08-01")["Warnings"] == [
        {"Message": "The payment date is prior to the invoice date."}
    ]


def test_an_account_enabled_for_payments_takes_them(uk: Books) -> None:
    made = uk.invoice(uk.contact("Owner Ltd"))

    assert uk.pay(made, 5, Account={"Code": "970"})["Account"]["Code"] == "970"


def test_a_foreign_payment_is_in_the_documents_currency(uk: Books) -> None:
    """BankAmount is in the bank account's. Source: Xero reference 5.3."""
    made = uk.invoice(uk.contact("Euro Pay"), CurrencyCode="EUR")
    paid = uk.pay(made, 23, CurrencyRate=Decimal("1.15"))

    assert (paid["Amount"], paid["BankAmount"]) == (23, 20)


def test_a_reconciled_payment_resists_deletion(uk: Books) -> None:
    made = uk.invoice(uk.contact("Reconciled Ltd"))
    paid = uk.pay(made, 5, IsReconciled=True)
    path = f"Payments/{paid['PaymentID']}"

    assert uk.call("POST", path, {"Status": "DELETED"}).status == 400
    uk.switch(delete_reconciled_payment="allowed")
    assert uk.post(path, {"Status": "DELETED"})["Status"] == "DELETED"


def test_a_credit_note_is_refunded(uk: Books) -> None:
    note = uk.credit_note(uk.contact("Refund Ltd"))
    refund = uk.pay(note, 120)

    assert (refund["PaymentType"], refund["Invoice"]["Type"]) == ("ARCREDITPAYMENT", "ACCRECCREDIT")
    assert (read(uk, note)["Status"], read(uk, note)["RemainingCredit"]) == ("PAID", 0)


def allocate(uk: Books, note: Any, made: Any, amount: Any) -> Any:
    body = {"Allocations": [{"Amount": amount, "Date": "2026-09-09", "Invoice": {"InvoiceID": made["InvoiceID"]}}]}
    return uk.call("PUT", f"CreditNotes/{note['CreditNoteID']}/Allocations", body)


def test_credit_is_allocated_and_taken_off_again(uk: Books) -> None:
    contact = uk.contact("Credit Ltd")
    made, note = uk.invoice(contact), uk.credit_note(contact)
    row = allocate(uk, note, made, 120).row

    # The later of the two documents' dates, not the one sent. Source: Xero reference 5.2.
    assert row["Date"] == "/Date(1788566400000+0000)/"
    paid, used = read(uk, made), read(uk, note)
    assert (paid["Status"], paid["AmountCredited"], paid["CreditNotes"][0]["AppliedAmount"]) == ("PAID", 120, 120)
    assert (used["Status"], used["RemainingCredit"]) == ("PAID", 0)
    gone = uk.call("DELETE", f"CreditNotes/{note['CreditNoteID']}/Allocations/{row['AllocationID']}")
    assert (gone.status, gone.body["IsDeleted"]) == (200, True)
    assert (read(uk, made)["Status"], read(uk, note)["RemainingCredit"]) == ("AUTHORISED", 120)
    assert uk.call("DELETE", f"CreditNotes/{note['CreditNoteID']}/Allocations/{row['AllocationID']}").status == 404


def test_allocations_are_refused(uk: Books) -> None:
    """Source: Xero reference 5.2."""
    contact = uk.contact("Wrong Ltd")
    made, note = uk.invoice(contact), uk.credit_note(contact, 500)
    bill = uk.invoice(
        contact, {"Description": "x", "Quantity": 1, "UnitAmount": 5, "AccountCode": "429"}, Type="ACCPAY"
    )
    other = uk.invoice(uk.contact("Other Ltd"))
    paid = uk.invoice(contact)
    uk.pay(paid, 120)

    too_big = "Credit Note cannot be allocated as amount is greater than amount outstanding"
    assert allocate(uk, note, made, Decimal("120.01")).messages == [too_big]
    assert allocate(uk, note, bill, 1).messages == ["Credit Note cannot be allocated to an incorrect invoice type"]
    already = "The invoice you are trying to allocate to has already been paid off"
    assert allocate(uk, note, paid, 1).messages == [already]
    assert allocate(uk, note, other, 1).status == 400
    wrong_name = {"Allocations": [{"AppliedAmount": 5, "Invoice": {"InvoiceID": made["InvoiceID"]}}]}
    refused = uk.call("PUT", f"CreditNotes/{note['CreditNoteID']}/Allocations", wrong_name)
    assert refused.messages == ["The allocation amount must be greater than 0"]


def test_allocations_inside_a_new_credit_note_are_ignored(uk: Books) -> None:
    contact = uk.contact("Two Calls Ltd")
    made = uk.invoice(contact)
    note = uk.credit_note(contact, 10, Allocations=[{"Amount": 5, "Invoice": {"InvoiceID": made["InvoiceID"]}}])

    assert note["Allocations"] == []


@pytest.mark.parametrize("kind", ["Overpayment", "Prepayment"])
def test_credit_received_at_the_bank(uk: Books, kind: str) -> None:
    """Made through BankTransactions; allocated and refunded like a credit note. Source: Xero reference 5.4."""
    contact = uk.contact("Bank Ltd")
    body = {
        "Type": f"RECEIVE-{kind.upper()}",
        "Contact": {"ContactID": contact["ContactID"]},
        "BankAccount": {"Code": "090"},
        "Reference": "R-1",
        "Date": "2026-09-01",
        "LineItems": [{"Description": "Money", "Quantity": 1, "UnitAmount": 60, "AccountCode": "200"}],
    }
    bank = uk.put("BankTransactions", body)
    path = f"{kind}s/{bank[f'{kind}ID']}"
    credit = uk.get(path).row
    assert (credit["Total"], credit["RemainingCredit"], credit["Type"]) == (60, 60, f"RECEIVE-{kind.upper()}")
    assert credit["LineItems"][0]["AccountCode"] == ("610" if kind == "Overpayment" else "200")

    made = uk.invoice(contact)
    uk.put(f"{path}/Allocations", {"Amount": 40, "Date": "2026-09-02", "Invoice": {"InvoiceID": made["InvoiceID"]}})
    assert read(uk, made)[f"{kind}s"][0]["AppliedAmount"] == 40
    uk.put(
        "Payments",
        {kind: {f"{kind}ID": bank[f"{kind}ID"]}, "Account": {"Code": "090"}, "Date": "2026-09-03", "Amount": 20},
    )
    assert uk.get(path).row["Status"] == "PAID"
    name = "references" if kind == "Overpayment" else "invoiceNumbers"
    assert len(uk.get(f"{kind}s", **{name: "R-1"}).rows) == 1


def test_a_plain_bank_entry_is_not_modelled(uk: Books) -> None:
    answered = uk.call("PUT", "BankTransactions", {"Type": "RECEIVE", "Contact": {"Name": "X"}})

    assert answered.status == 501
    assert "not model" in answered.body["message"]


def test_several_payments_in_one_call_get_their_own_verdicts(uk: Books) -> None:
    made = uk.invoice(uk.contact("Many Ltd"))
    body = {"Payments": [payment(made, 50), payment(made, 500)]}
    answered = uk.call("PUT", "Payments", body, summarizeErrors="false")

    assert [row["StatusAttributeString"] for row in answered.rows] == ["OK", "ERROR"]
    assert answered.rows[1]["HasValidationErrors"] is True
    assert read(uk, made)["AmountDue"] == 70
    assert uk.call("PUT", "Payments", body).status == 400
    assert read(uk, made)["AmountDue"] == 70


def test_a_number_names_the_invoice_too(uk: Books) -> None:
    made = uk.put("Invoices", invoice(uk.contact("Number Ltd"), InvoiceNumber="PAY-ME"))

    assert uk.pay(made, 1, Invoice={"InvoiceNumber": "PAY-ME"})["Invoice"]["InvoiceID"] == made["InvoiceID"]
