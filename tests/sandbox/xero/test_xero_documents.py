"""Invoices and credit notes: rounding, the status machine, what may be edited when. Source: Xero reference 4, 5.1."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.xero.conftest import Books, credit_note, invoice, line


def D(text: str) -> Decimal:
    return Decimal(text)


# Source: Xero reference 4.4, the table of real numbers; the rate is made with a user tax rate.
ROUNDING = [
    ("Exclusive", "15", [("1", "25.06"), ("1", "25.61"), ("1", "25.63")], ["3.76", "3.84", "3.84"], "11.44", "87.74"),
    ("Exclusive", "15", [("2", "10.50")], ["3.15"], "3.15", "24.15"),
    ("Exclusive", "8.25", [("1", "650")], ["53.63"], "53.63", "703.63"),
    ("Exclusive", "8.25", [("1", "39"), ("1", "29"), ("1", "55")], ["3.22", "2.39", "4.54"], "10.15", "133.15"),
    ("Inclusive", "8.25", [("1", "250")], ["19.05"], "19.05", "250.00"),
    ("Inclusive", "8.25", [("1", "550")], ["41.92"], "41.92", "550.00"),
    ("NoTax", "8.25", [("1", "550")], ["0.00"], "0.00", "550.00"),
    ("Exclusive", "15", [("1", "-25.06")], ["-3.76"], "-3.76", "-28.82"),
]


@pytest.mark.parametrize(("mode", "rate", "lines", "taxes", "total_tax", "total"), ROUNDING)
def test_tax_is_rounded_per_line_half_away_from_zero(
    uk: Books, mode: str, rate: str, lines: list[tuple[str, str]], taxes: list[str], total_tax: str, total: str
) -> None:
    """The table of section 4.4: 53.625 becomes 53.63, and three lines of 15 % make 11.44, not 11.45."""
    uk.switch(negative_totals="accepted")
    component = {"Name": "Rate", "Rate": D(rate)}
    made = uk.put("TaxRates", {"Name": f"Test {rate}", "ReportTaxType": "OUTPUT", "TaxComponents": [component]})
    rows = [line(D(price), Quantity=D(quantity), TaxType=made["TaxType"]) for quantity, price in lines]

    saved = uk.invoice(uk.contact("Rounded Ltd"), *rows, LineAmountTypes=mode)

    assert [D(text) for text in taxes] == [row["TaxAmount"] for row in saved["LineItems"]]
    assert (D(total_tax), D(total)) == (saved["TotalTax"], saved["Total"])
    assert saved["SubTotal"] + saved["TotalTax"] == saved["Total"]


@pytest.mark.parametrize(
    ("unitdp", "sent", "unit", "amount"),
    [("2", "0.1648", "0.16", "160.00"), ("4", "0.1648", "0.1648", "164.80"), ("2", "2.165", "2.17", "2170.00")],
)
def test_the_unit_price_is_rounded_before_it_is_multiplied(
    uk: Books, unitdp: str, sent: str, unit: str, amount: str
) -> None:
    """Without unitdp=4 a price of 0.1648 costs the merchant 4.80 on a thousand."""
    body = invoice(uk.contact("Prices Ltd"), line(D(sent), Quantity=1000))
    saved = uk.put("Invoices", body, unitdp=unitdp)

    assert (D(unit), D(amount)) == (saved["LineItems"][0]["UnitAmount"], saved["LineItems"][0]["LineAmount"])


@pytest.mark.parametrize(
    ("more", "amount", "message"),
    [
        ({"DiscountRate": 10}, "90.00", ""),
        ({"DiscountRate": D("33.3333")}, "66.67", ""),
        ({"DiscountAmount": D("12.34")}, "87.66", ""),
        ({"DiscountAmount": D("127.83")}, "", "is invalid. Discount must not be greater than the line total."),
        ({"LineAmount": D("99.99")}, "", "The line total 99.99 does not match the expected line total 100.00"),
    ],
)
def test_discounts_come_off_the_line_and_a_wrong_line_total_is_refused(
    uk: Books, more: dict[str, Any], amount: str, message: str
) -> None:
    body = invoice(uk.contact("Discount Ltd"), line(100, **more))
    if message:
        assert message in uk.refused("PUT", "Invoices", body)[0]
        return
    saved = uk.put("Invoices", body)

    assert D(amount) == saved["LineItems"][0]["LineAmount"]


def test_credit_notes_take_no_line_discount(uk: Books) -> None:
    """The field is not part of credit notes: ignored, so the sender must send net lines."""
    saved = uk.put("CreditNotes", {**credit_note(uk.contact("C")), "LineItems": [line(100, DiscountRate=50)]})

    assert D("120.00") == saved["Total"]


# Source: Xero reference 4.1.
@pytest.mark.parametrize(
    ("start", "target", "allowed"),
    [
        ("DRAFT", "SUBMITTED", True), ("DRAFT", "AUTHORISED", True), ("DRAFT", "DELETED", True),
        ("DRAFT", "VOIDED", False), ("DRAFT", "PAID", False),
        ("SUBMITTED", "DRAFT", True), ("SUBMITTED", "AUTHORISED", True), ("SUBMITTED", "DELETED", True),
        ("SUBMITTED", "VOIDED", False),
        ("AUTHORISED", "VOIDED", True), ("AUTHORISED", "DRAFT", False), ("AUTHORISED", "DELETED", False),
        ("AUTHORISED", "SUBMITTED", False), ("AUTHORISED", "PAID", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["Invoice", "CreditNote"])
def test_the_status_machine(uk: Books, kind: str, start: str, target: str, allowed: bool) -> None:
    contact = uk.contact("Status Ltd")
    build = uk.invoice if kind == "Invoice" else uk.credit_note
    made = build(contact, Status=start)
    order = {f"{kind}ID": made[f"{kind}ID"], "Status": target}
    if not allowed:
        assert "Invoice not of valid status for modification" in uk.refused("POST", f"{kind}s", order)
        return

    assert target == uk.post(f"{kind}s", order)["Status"]


@pytest.mark.parametrize("status", ["PAID", "VOIDED", "DELETED"])
def test_no_document_is_born_in_a_final_status(uk: Books, status: str) -> None:
    body = invoice(uk.contact("Born Ltd"), Status=status)

    assert uk.refused("PUT", "Invoices", body) == ["Invoice not of valid status for creation"]


@pytest.mark.parametrize("final", ["VOIDED", "DELETED"])
def test_what_is_void_or_deleted_stays_so_and_keeps_its_number(uk: Books, final: str) -> None:
    contact = uk.contact("Final Ltd")
    made = uk.invoice(contact, Status="AUTHORISED" if final == "VOIDED" else "DRAFT", InvoiceNumber="F-1")
    ended = uk.post(f"Invoices/{made['InvoiceID']}", {"Status": final})

    # The answer to the write still shows the total as due, later reads do not. Source: Xero reference 4.1.
    assert ended["AmountDue"] == made["Total"]
    assert uk.get("Invoices/F-1").row["AmountDue"] == 0
    assert uk.refused("POST", "Invoices/F-1", {"Reference": "x"}) == ["Invoice not of valid status for modification"]
    assert uk.refused("PUT", "Invoices", invoice(contact, InvoiceNumber="F-1")) == ["Invoice # must be unique."]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"DueDate": None}, "The document DueDate field must be specified."),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"LineItems": [line(100, AccountCode=None)]}, "Account must be valid."),
        ({"LineItems": [line(100, AccountCode="090")]}, "Account code '090' is not a valid code for this document"),
        ({"LineItems": [line(100, AccountCode="610")]}, "Account code '610' is not a valid code for this document"),
        ({"LineItems": [line(100, AccountCode="201")]}, "Account code '201' has been archived, or deleted."),
        ({"LineItems": [line(100, AccountCode="999")]}, "Account code '999' is not a valid code for this document"),
        (
            {"LineItems": [line(100, TaxType="INPUT2")]},
            "The TaxType code 'INPUT2' cannot be used with account code '200'.",
        ),
        (
            {"LineItems": [line(100, TaxType="20% (VAT on Income)")]},
            "The TaxType code 20% (VAT on Income) does not exist or cannot be used for this type of transaction.",
        ),
        ({"CurrencyCode": "JPY"}, "Organisation is not subscribed to currency JPY"),
        ({"Url": "invoices/1"}, "Url must be a valid absolute url"),
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        (
            {"Contact": {"EmailAddress": "a@b.example"}},
            "The Contact must contain at least 1 of the following elements to identify the contact: "
            "Name, ContactID, ContactNumber",
        ),
        ({"LineItems": [line(-100)]}, "The document total cannot be negative."),
    ],
)
def test_approval_needs_a_complete_document(uk: Books, more: dict[str, Any], message: str) -> None:
    """The same body as a draft is accepted wherever only completeness is missing."""
    body = {key: value for key, value in {**invoice(uk.contact("Complete Ltd")), **more}.items() if value is not None}

    assert message in uk.refused("PUT", "Invoices", body)


def test_an_unknown_account_is_stripped_from_a_draft_with_a_warning(uk: Books) -> None:
    body = invoice(uk.contact("Draft Ltd"), line(100, AccountCode="600"), Status="DRAFT")
    saved = uk.put("Invoices", body, summarizeErrors="false")

    assert saved["StatusAttributeString"] == "WARNING"
    assert saved["Warnings"] == [
        {"Message": "Account code '600' has been removed as it does not match a recognised account."}
    ]
    assert "AccountCode" not in saved["LineItems"][0]


def test_paid_documents_are_frozen_but_for_a_few_fields(uk: Books) -> None:
    """Source: Xero reference 4.7."""
    made = uk.invoice(uk.contact("Frozen Ltd"))
    uk.pay(made, 50)
    path, kept = f"Invoices/{made['InvoiceID']}", made["LineItems"][0]

    allowed: list[Any] = [
        {"Reference": "PO 1"}, {"DueDate": "2026-12-01"}, {"InvoiceNumber": "NEW-1"}, {"Url": "https://a.example/1"},
        {"LineItems": [{"LineItemID": kept["LineItemID"], "Description": "Other words", "AccountCode": "260"}]},
    ]  # fmt: skip
    for change in allowed:
        uk.post(path, change)
    blocked: list[Any] = [
        {"Date": "2026-08-01"}, {"LineAmountTypes": "Inclusive"}, {"CurrencyCode": "EUR"}, {"LineItems": [line(5)]},
        {"LineItems": [{"LineItemID": kept["LineItemID"], "UnitAmount": 5}]},
    ]  # fmt: skip
    for change in blocked:
        message = "This document cannot be edited as it has a payment or credit note allocated to it."
        assert message in uk.refused("POST", path, change), change

    voiding = uk.refused("POST", path, {"Status": "VOIDED"})
    assert "because it has payments or credit notes allocated to it." in voiding[0]
    assert uk.get(path).row["Total"] == D("120.00")


def test_lines_are_replaced_by_id(uk: Books) -> None:
    """With its id a line is updated, without one it is created, unlisted ones are gone. Source: reference 4.3."""
    made = uk.invoice(uk.contact("Lines Ltd"), line(10), line(20))
    first, second = made["LineItems"]
    changed = uk.post(
        f"Invoices/{made['InvoiceID']}",
        {"LineItems": [{"LineItemID": second["LineItemID"], "Quantity": 3}, line(5)]},
    )

    assert [(row["Quantity"], row["UnitAmount"]) for row in changed["LineItems"]] == [(3, 20), (1, 5)]
    assert changed["LineItems"][0]["LineItemID"] == second["LineItemID"]
    assert first["LineItemID"] not in {row["LineItemID"] for row in changed["LineItems"]}
    assert changed["Total"] == D("78.00")


def test_an_update_is_a_merge(uk: Books) -> None:
    made = uk.invoice(uk.contact("Merge Ltd"), Reference="PO 9")
    changed = uk.post("Invoices", {"InvoiceID": made["InvoiceID"], "DueDate": "2026-10-15"})

    assert (changed["Reference"], changed["Total"]) == ("PO 9", made["Total"])
    assert changed["LineItems"] == made["LineItems"]
    assert changed["DueDateString"] == "2026-10-15T00:00:00"


def test_put_creates_and_post_overwrites_by_number(uk: Books) -> None:
    """Source: Xero reference 2.3: the trap that overwrites somebody else's invoice."""
    contact = uk.contact("Upsert Ltd")
    made = uk.invoice(contact, InvoiceNumber="U-1")

    assert uk.refused("PUT", "Invoices", invoice(contact, InvoiceNumber="u-1")) == ["Invoice # must be unique."]
    overwritten = uk.post("Invoices", invoice(contact, line(7), InvoiceNumber="U-1"))
    assert (overwritten["InvoiceID"], overwritten["Total"]) == (made["InvoiceID"], D("8.40"))


def test_invoices_and_credit_notes_share_their_numbers(uk: Books) -> None:
    contact = uk.contact("Shared Ltd")
    uk.invoice(contact, InvoiceNumber="X-1")

    assert uk.refused("PUT", "CreditNotes", credit_note(contact, CreditNoteNumber="X-1")) == [
        "Invoice # must be unique."
    ]


def test_numbers_are_given_when_absent(uk: Books) -> None:
    contact = uk.contact("Numbers Ltd")

    assert uk.invoice(contact)["InvoiceNumber"].startswith("INV-0")
    assert uk.credit_note(contact)["CreditNoteNumber"].startswith("CN-0")


def test_unknown_ids(uk: Books) -> None:
    """Source: Xero reference 2.3."""
    missing = "11111111-2222-4333-8444-555555555555"

    assert uk.refused("POST", "Invoices", {"InvoiceID": missing, "Status": "VOIDED"}) == [
        "An existing Invoice with the specified InvoiceID could not be found"
    ]
    assert uk.refused("POST", "CreditNotes", {"CreditNoteID": missing, "Status": "VOIDED"}) == [
        "An existing Credit Note with the specified CreditNoteID could not be found"
    ]
    assert uk.call("GET", f"Invoices/{missing}").status == 404
    assert uk.call("POST", "Contacts", {"ContactID": missing, "Name": "X"}).status == 404


def test_a_zero_invoice_is_paid_at_once(uk: Books) -> None:
    assert uk.invoice(uk.contact("Zero Ltd"), line(0))["Status"] == "PAID"


@pytest.mark.parametrize(("kind", "text"), [("period", "period lock date"), ("end_of_year", "end of year lock date")])
def test_locked_periods_refuse_documents_and_payments(uk: Books, kind: str, text: str) -> None:
    """Source: Xero reference 7.6."""
    contact = uk.contact("Locked Ltd")
    before = uk.invoice(contact)
    uk.act("lock-dates", **{kind: "2026-09-30"})

    assert any(text in message for message in uk.refused("PUT", "Invoices", invoice(contact)))
    assert any(text in message for message in uk.refused("POST", f"Invoices/{before['InvoiceID']}", {"Reference": "x"}))
    uk.invoice(contact, Date="2026-10-01", DueDate="2026-10-31")
    assert "/Date(1790726400000+0000)/" in str(uk.get("Organisation").row)


def test_foreign_documents_carry_a_rate(uk: Books) -> None:
    """Foreign units for one base unit. Source: Xero reference 4.6."""
    contact = uk.contact("Euro SA")

    assert uk.invoice(contact, CurrencyCode="EUR")["CurrencyRate"] == D("1.15")
    assert uk.invoice(contact, CurrencyCode="EUR", CurrencyRate=D("1.2"))["CurrencyRate"] == D("1.2")
    assert uk.invoice(contact)["CurrencyRate"] == 1
    strange = uk.put("Invoices", invoice(contact, CurrencyCode="EUR", CurrencyRate=99), summarizeErrors="false")
    assert strange["StatusAttributeString"] == "WARNING"


def test_a_sent_tax_amount_is_kept_and_a_switch_recomputes_it(uk: Books) -> None:
    contact = uk.contact("Override Ltd")
    assert uk.invoice(contact, line(100, TaxAmount=D("19.99")))["TotalTax"] == D("19.99")

    uk.switch(tax_amount_sent="recomputed")
    assert uk.invoice(contact, line(100, TaxAmount=D("19.99")))["TotalTax"] == D("20.00")


def test_an_item_fills_what_is_left_out(uk: Books) -> None:
    made = uk.put("Invoices", invoice(uk.contact("Item Ltd"), {"ItemCode": "SEAT", "Quantity": 2}), unitdp="4")
    row = made["LineItems"][0]

    assert (row["Description"], row["UnitAmount"], row["AccountCode"]) == ("One desk for one month", D("19.99"), "200")
    assert row["Item"]["Code"] == "SEAT"


def test_a_comment_line_is_legal(uk: Books) -> None:
    made = uk.invoice(uk.contact("Comment Ltd"), line(10), {"Description": "Thank you"})

    assert made["Total"] == D("12.00")


def test_sent_to_contact_is_for_approved_documents(uk: Books) -> None:
    body = invoice(uk.contact("Sent Ltd"), Status="DRAFT", SentToContact=True)
    saved = uk.put("Invoices", body, summarizeErrors="false")

    assert saved["Warnings"] == [{"Message": "Only AUTHORISED invoices may have SentToContact updated."}]
