"""Documents: what is checked, what a body carries, and how an answer is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.books import Item, ObservedDocument
from contracts.documents import Section
from contracts.problems import Reason
from mappings.plan import LinkedCustomer
from mappings.quickbooks import check, observe
from mappings.quickbooks.wire import UnreadableRecord
from tests.builders import (
    ISSUED,
    a_catalog,
    a_line,
    an_invoice,
    books,
    totals,
)
from tests.mappings.quickbooks.asking import body, reasons_of
from tests.mappings.quickbooks.samples import raw_invoice

D = Decimal


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"number": ""}, [Reason.NUMBER_MISSING]),
        ({"number": "", "status": "draft"}, []),
        ({"number": "x" * 21}, []),
        ({"number": "x" * 22}, [Reason.NUMBER_TOO_LONG]),
        ({"customer_id": "cus_9"}, [Reason.CUSTOMER_UNKNOWN]),
        ({"currency": "EUR"}, [Reason.CURRENCY_MISMATCH]),
        ({"due_date": date(2026, 3, 14)}, [Reason.DUE_DATE_BEFORE_ISSUE]),
        ({"due_date": ISSUED}, []),
        ({"due_date": None}, []),
        ({"sections": [], "totals": totals("0", "0")}, [Reason.LINES_MISSING]),
        ({"private_note": "x" * 4000}, [Reason.TEXT_TOO_LONG]),
        ({"bill_to_emails": ["amy@"]}, [Reason.EMAIL_INVALID]),
        ({"totals": totals("100.00", "20.00", "121.00")}, [Reason.TOTALS_INCONSISTENT]),
        ({"totals": totals("99.00", "20.00")}, [Reason.TOTALS_INCONSISTENT]),
        ({"totals": totals("100.00", "20.50")}, [Reason.TOTALS_DIFFER]),
        ({"tax_codes": []}, [Reason.TAX_CODE_UNMAPPED]),
        ({"tax_mode": "none"}, [Reason.TOTALS_INCONSISTENT]),
    ],
)
def test_what_stands_in_an_invoices_way(changes: dict[str, Any], reasons: list[Reason]) -> None:
    assert reasons_of(an_invoice(**changes)) == reasons


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        ({"description": "x" * 4000}, []),
        ({"description": "x" * 4000, "discount": {"percent": "0"}}, [Reason.TEXT_TOO_LONG]),
        ({"quantity": "2"}, [Reason.LINE_AMOUNT_MISMATCH]),
        ({"quantity": "3", "unit_price": "33.333"}, []),
        ({"tax_code": "nowhere"}, [Reason.TAX_CODE_UNMAPPED]),
        ({"tax_code": ""}, [Reason.TAX_CODE_UNMAPPED]),
    ],
)
def test_what_stands_in_a_lines_way(line: dict[str, Any], reasons: list[Reason]) -> None:
    invoice = an_invoice([a_line(**{"amount": "100.00", **line})])

    assert [reason for reason in reasons_of(invoice) if reason is not Reason.TOTALS_DIFFER] == reasons


@pytest.mark.parametrize(
    ("customer", "reason"),
    [
        (LinkedCustomer(remote_id="60", active=False), Reason.CUSTOMER_INACTIVE),
        (LinkedCustomer(remote_id="60", blocked=True), Reason.CUSTOMER_BLOCKED),
        (LinkedCustomer(remote_id=""), Reason.CUSTOMER_UNKNOWN),
        (LinkedCustomer(remote_id="", blocked=True), Reason.CUSTOMER_BLOCKED),
        (LinkedCustomer(remote_id="60", currency="EUR"), Reason.CURRENCY_MISMATCH),
    ],
)
def test_an_invoice_waits_for_its_customer(customer: LinkedCustomer, reason: Reason) -> None:
    assert reasons_of(an_invoice(), books(customers={"cus_1": customer})) == [reason]


@pytest.mark.parametrize(
    ("settings", "items", "reason"),
    [
        ({"default_item": ""}, None, Reason.LINE_UNMAPPED),
        ({"default_item": "9"}, None, Reason.REFERENCE_NOT_FOUND),
        ({}, [Item(id="1", name="Services", active=False)], Reason.REFERENCE_INACTIVE),
        ({}, [Item(id="1", name="Bundle", type="Group", usable=False)], Reason.LINE_UNMAPPED),
        ({"items": {"pro": "9"}}, None, Reason.REFERENCE_NOT_FOUND),
        ({"default_item": "", "items": {"pro": "1"}}, None, None),
    ],
)
def test_a_line_needs_an_item_to_post_to(
    settings: dict[str, Any], items: list[Item] | None, reason: Reason | None
) -> None:
    catalog = a_catalog(items=items) if items else a_catalog()

    assert reasons_of(an_invoice(), books(catalog, **settings)) == ([reason] if reason else [])


def test_one_missing_item_is_one_problem_however_many_lines_need_it() -> None:
    invoice = an_invoice([a_line()] * 50, totals=totals("5000.00", "1000.00"))

    assert reasons_of(invoice, books(default_item="")) == [Reason.LINE_UNMAPPED]


@pytest.mark.parametrize(("lines", "tax_code", "allowed"), [(750, "vat-20", True), (751, "vat-20", False)])
def test_a_taxable_document_holds_750_lines(lines: int, tax_code: str, allowed: bool) -> None:
    net = D(lines) * 100
    invoice = an_invoice([a_line(tax_code=tax_code)] * lines, totals=totals(str(net), str(net / 5)))

    assert (Reason.LINES_TOO_MANY not in reasons_of(invoice)) is allowed


def test_a_body_carries_what_billing_wants_and_nothing_else() -> None:
    invoice = an_invoice(
        memo="Thank you", private_note="Deal 7", reference="PO-1", bill_to_emails=["ap@acme.com", "amy@acme.com"]
    )

    assert body(invoice) == {
        "CustomerRef": {"value": "60"},
        "DocNumber": "INV-1042",
        "TxnDate": "2026-03-15",
        "DueDate": "2026-04-14",
        "GlobalTaxCalculation": "TaxExcluded",
        "BillEmail": {"Address": "ap@acme.com, amy@acme.com"},
        "CustomerMemo": {"value": "Thank you"},
        "PrivateNote": "Deal 7\nReference: PO-1\nledgerlane:rec_1",
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": 100,
                "Description": "Pro plan",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "1"},
                    "Qty": 1,
                    "UnitPrice": 100,
                    "TaxCodeRef": {"value": "3"},
                },
            }
        ],
    }


def test_the_customers_addresses_stand_in_for_the_invoices_own() -> None:
    customer = LinkedCustomer(remote_id="60", emails=("broken", "billing@acme.com"))

    assert body(an_invoice(), books(customers={"cus_1": customer}))["BillEmail"] == {"Address": "billing@acme.com"}


def test_a_section_title_is_a_line_of_text() -> None:
    invoice = an_invoice(sections=[Section(title="March", lines=[a_line()])])

    assert body(invoice)["Line"][0] == {
        "DetailType": "DescriptionOnly",
        "Description": "March",
        "DescriptionLineDetail": {},
    }


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ({"quantity": "14.50", "unit_price": "128.350", "amount": "1861.08"}, ("14.5", "128.35")),
        ({"quantity": "14.50", "unit_price": "128.350", "amount": "1861.07"}, None),
        ({"quantity": "3", "unit_price": "33.333", "amount": "100.00"}, ("3", "33.333")),
        ({"quantity": "0", "unit_price": "5", "amount": "0.00"}, ("0", "5")),
        ({"quantity": "1", "unit_price": "100", "discount": {"percent": "10"}, "amount": "90.00"}, None),
    ],
)
def test_quantity_and_price_go_out_only_where_quickbooks_agrees_on_the_amount(
    line: dict[str, Any], sent: tuple[str, str] | None
) -> None:
    """Else 6070: the amount alone is always accepted (9.5)."""
    net = D(line["amount"])
    tax = (net / 5).quantize(D("0.01"), "ROUND_HALF_UP")
    detail = body(an_invoice([a_line(**line)], totals=totals(str(net), str(tax))))["Line"][0]["SalesItemLineDetail"]
    found = (str(detail["Qty"]), str(detail["UnitPrice"])) if "Qty" in detail else None

    assert found == sent


@pytest.mark.parametrize(
    ("line", "description"),
    [
        ({}, "Pro plan"),
        ({"discount": {"percent": "10"}, "amount": "90.00"}, "Pro plan (less 10 % discount)"),
        ({"discount": {"amount": "5.00"}, "amount": "95.00"}, "Pro plan (less 5.00 discount)"),
        (
            {"service_period": {"start": "2026-03-01", "end": "2026-03-31"}},
            "Pro plan (2026-03-01 to 2026-03-31)",
        ),
    ],
)
def test_what_has_no_field_is_said_in_the_description(line: dict[str, Any], description: str) -> None:
    net = D(line.get("amount", "100.00"))
    sent = body(an_invoice([a_line(**line)], totals=totals(str(net), str(net / 5))))

    assert sent["Line"][0]["Description"] == description


@pytest.mark.parametrize(
    ("discounts", "net", "amount", "detail"),
    [
        ([{"percent": "5"}], "95.00", "5", {"PercentBased": True, "DiscountPercent": 5}),
        ([{"amount": "12.50"}], "87.50", "12.5", {"PercentBased": False}),
        ([{"percent": "10"}, {"percent": "10"}], "80.00", "20", {"PercentBased": False}),
        ([{"percent": "10"}, {"percent": "10"}], "81.00", "19", {"PercentBased": False}),  # one after the other
    ],
)
def test_document_discounts_become_one_line(
    discounts: list[dict[str, str]], net: str, amount: str, detail: dict[str, Any]
) -> None:
    tax = str((D(net) / 5).quantize(D("0.01")))
    sent = body(an_invoice(discounts=discounts, totals=totals(net, tax)))

    assert sent["Line"][-1] == {
        "DetailType": "DiscountLineDetail",
        "Amount": D(amount),
        "DiscountLineDetail": detail,
    }


def test_a_discount_needs_a_company_that_allows_one() -> None:
    invoice = an_invoice(discounts=[{"percent": "5"}], totals=totals("95.00", "19.00"))

    assert reasons_of(invoice, books(a_catalog(company={"discounts_allowed": False}))) == [Reason.DISCOUNT_UNSUPPORTED]


def test_a_discount_that_does_not_lead_to_the_net_is_a_contradiction() -> None:
    problems = check(an_invoice(discounts=[{"percent": "5"}]), books())

    assert [problem.reason for problem in problems] == [Reason.TOTALS_INCONSISTENT]
    assert "100.00" in problems[0].message


def test_a_recorded_invoice_is_read_whole() -> None:
    observed = observe("Invoice", raw_invoice(TxnTaxDetail={"TotalTax": D("26.82")}, TotalAmt=D("126.82")))

    assert isinstance(observed, ObservedDocument)
    assert (observed.ref.id, observed.number, observed.customer_ref, observed.currency) == ("155", "1042", "1", "USD")
    assert (observed.net, observed.tax, observed.total, observed.balance) == (D(100), D("26.82"), D("126.82"), D(100))
    assert (observed.issue_date, observed.due_date) == (date(2024, 1, 15), date(2024, 2, 14))
    assert (observed.voided, observed.sent, observed.settled_by, observed.exchange_rate) == (False, False, [], None)


@pytest.mark.parametrize(
    ("changes", "voided", "sent"),
    [
        ({}, False, False),
        ({"EmailStatus": "EmailSent"}, False, True),
        ({"EmailStatus": "EMAIL_SENT"}, False, True),
        ({"EmailStatus": "NeedToSend"}, False, False),
        ({"TotalAmt": 0, "PrivateNote": "Voided"}, True, False),
        ({"TotalAmt": 0, "PrivateNote": "Voided - ledgerlane:rec_1"}, True, False),
        ({"TotalAmt": 0}, False, False),
        ({"PrivateNote": "Voided cheque enclosed"}, False, False),
    ],
)
def test_sent_and_voided_are_read_from_what_quickbooks_shows(changes: dict[str, Any], voided: bool, sent: bool) -> None:
    observed = observe("Invoice", raw_invoice(**changes))

    assert isinstance(observed, ObservedDocument)
    assert (observed.voided, observed.sent) == (voided, sent)


def test_payments_that_settle_it_are_listed_once() -> None:
    linked = [{"TxnId": "180", "TxnType": "Payment"}, {"TxnId": "9", "TxnType": "Estimate"}]
    observed = observe("Invoice", raw_invoice(LinkedTxn=[*linked, linked[0]]))

    assert isinstance(observed, ObservedDocument)
    assert observed.settled_by == ["180"]


@pytest.mark.parametrize(
    ("changes", "moves"),
    [
        ({"SyncToken": "5", "Balance": 0, "LinkedTxn": [{"TxnId": "180", "TxnType": "Payment"}]}, False),
        ({"MetaData": {"LastUpdatedTime": "2027-01-01T00:00:00-08:00"}}, False),
        ({"CustomerRef": {"value": "1", "name": "Renamed"}}, False),
        ({"EmailStatus": "EmailSent", "BillEmail": {"Address": "a@b.example"}}, False),
        ({"CustomerRef": {"value": "2"}}, True),
        ({"DocNumber": "1043"}, True),
        ({"TxnDate": "2024-01-16"}, True),
        ({"TotalAmt": 101}, True),
        ({"Line": []}, True),
        ({"PrivateNote": "changed"}, True),
    ],
)
def test_only_what_a_bookkeeper_could_edit_moves_the_fingerprint(changes: dict[str, Any], moves: bool) -> None:
    before, after = observe("Invoice", raw_invoice()), observe("Invoice", raw_invoice(**changes))

    assert isinstance(before, ObservedDocument)
    assert isinstance(after, ObservedDocument)
    assert (before.fingerprint != after.fingerprint) is moves


@pytest.mark.parametrize(
    "changes",
    [
        {"Line": [{"DetailType": "HologramLineDetail", "Amount": 1}, None]},
        {"Line": None, "LinkedTxn": None, "TxnTaxDetail": None, "CustomerRef": None, "BillEmail": None},
        {"Line": [{"DetailType": "SALES_ITEM_LINE_DETAIL", "Amount": 0, "SalesItemLineDetail": None}]},
        {"ExchangeRate": D("1.0834521987")},
        {"PrintStatus": "NEED_TO_PRINT", "SomethingNew": {"a": [1]}},
    ],
)
def test_surprises_are_read_all_the_same(changes: dict[str, Any]) -> None:
    assert isinstance(observe("Invoice", raw_invoice(**changes)), ObservedDocument)


@pytest.mark.parametrize(
    ("entity", "raw"),
    [
        ("Invoice", {}),
        ("Invoice", raw_invoice(TotalAmt="lots")),
        ("Invoice", raw_invoice(Line="none")),
        ("Invoice", raw_invoice(TxnDate="tomorrow")),
        ("Invoice", raw_invoice(TotalAmt=D("1E+20"))),
        ("Vendor", {"Id": "1"}),
    ],
)
def test_what_cannot_be_read_is_one_kind_of_error(entity: str, raw: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        observe(entity, raw)
