"""Whatever happens in whichever order, the books stay in agreement with themselves. Source: Xero reference 4.2, 5.1."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.xero.conftest import Books, credit_note, invoice, line, payment


@pytest.mark.parametrize("seed", range(4))
def test_amounts_and_statuses_agree_after_any_sequence(uk: Books, seed: int) -> None:
    """AmountDue = Total - AmountPaid - AmountCredited, PAID means nothing is left, refusals change nothing."""
    rng = random.Random(seed)
    contact = uk.contact(f"Random {seed}")
    made = [uk.invoice(contact, line(rng.randint(1, 300))) for _ in range(4)]
    notes = [uk.credit_note(contact, rng.randint(1, 300)) for _ in range(2)]
    for _ in range(60):
        _one_step(uk, rng, contact, made, notes)

    rows = uk.get("Invoices", ContactIDs=contact["ContactID"], page="1").rows
    for row in rows:
        live = row["Status"] in {"AUTHORISED", "PAID"}
        assert row["AmountDue"] == (row["Total"] - row["AmountPaid"] - row["AmountCredited"] if live else 0)
        assert row["AmountDue"] >= 0
        assert (row["Status"] == "PAID") == (live and row["AmountDue"] == 0)
        assert row["AmountPaid"] == sum(p["Amount"] for p in row["Payments"])
        assert row["AmountCredited"] == sum(c["AppliedAmount"] for c in row["CreditNotes"])
    for note in notes:
        row = uk.get(f"CreditNotes/{note['CreditNoteID']}").row
        used = sum(a["Amount"] for a in row["Allocations"]) + sum(p["Amount"] for p in row["Payments"])
        assert row["RemainingCredit"] == (row["Total"] - used if row["Status"] in {"AUTHORISED", "PAID"} else 0)
        assert (row["Status"] == "PAID") == (row["RemainingCredit"] == 0 and row["Status"] != "VOIDED")


def _one_step(uk: Books, rng: random.Random, contact: Any, made: list[Any], notes: list[Any]) -> None:
    """One call that may well be refused."""
    target, note = rng.choice(made), rng.choice(notes)
    amount = Decimal(rng.randint(1, 20_000)) / 100
    path, note_path = f"Invoices/{target['InvoiceID']}", f"CreditNotes/{note['CreditNoteID']}"
    step = rng.randrange(8)
    if step <= 1:
        uk.call("PUT", "Payments", payment(rng.choice([target, note]), amount))
    elif step == 2:
        body = {"Amount": amount, "Date": "2026-09-09", "Invoice": {"InvoiceID": target["InvoiceID"]}}
        uk.call("PUT", f"{note_path}/Allocations", body)
    elif step == 3:
        for row in uk.get(note_path).row["Allocations"][:1]:
            uk.call("DELETE", f"{note_path}/Allocations/{row['AllocationID']}")
    elif step == 4:
        rows = uk.get("Payments", where=f'Invoice.InvoiceID==guid("{target["InvoiceID"]}")').rows
        if rows:
            uk.call("POST", f"Payments/{rng.choice(rows)['PaymentID']}", {"Status": "DELETED"})
    elif step == 5:
        uk.call("POST", path, {"LineItems": [line(rng.randint(0, 300))]})
    elif step == 6:
        uk.call("POST", rng.choice([path, note_path]), {"Status": "VOIDED"})
    else:
        uk.call("PUT", "Invoices", invoice(contact, line(rng.randint(1, 50))))
        uk.call("PUT", "CreditNotes", credit_note(contact, rng.randint(1, 50)))
