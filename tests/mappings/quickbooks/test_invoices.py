"""Invoices to QuickBooks and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.books import Item, ObservedDocument, RecordKind
from contracts.connections import PaidVoidPolicy, TotalsPolicy
from contracts.documents import Section
from contracts.invoices import DocumentStatus, Invoice
from contracts.problems import Reason
from contracts.taxes import TaxMode
from mappings.plan import Books, Held, LinkedCustomer, Step, Verb
from mappings.quickbooks import check, decode, next_step, observe
from mappings.quickbooks.wire import UnreadableRecord
from tests.builders import (
    ISSUED,
    TAX_CODES,
    UK_TAX_CODES,
    US_TAX_CODES,
    a_catalog,
    a_ledger_tax_code,
    a_line,
    a_ref,
    a_us_catalog,
    an_invoice,
    books,
    totals,
)
from tests.mappings.quickbooks.samples import raw_invoice

D = Decimal
MARK = "ledgerlane:rec_1"
CUSTOMER = LinkedCustomer(remote_id="60", currency="GBP")


def reasons_of(invoice: Invoice, around: Books | None = None, held: Held | None = None) -> list[Reason]:
    return [problem.reason for problem in check(invoice, around or books(), held)]


def body(invoice: Invoice, around: Books | None = None) -> dict[str, Any]:
    around = around or books()
    assert check(invoice, around) == []
    step = next_step(invoice, around, None, marker=MARK)
    assert step is not None
    return dict(decode(step.body))


def held_after(invoice: Invoice, around: Books | None = None, **observed: Any) -> Held:
    """What is known of an invoice after it was created as wished."""
    created = next_step(invoice, around or books(), None, marker=MARK)
    seen = ObservedDocument(
        ref=a_ref(RecordKind.INVOICE), **{"marker": MARK, "total": invoice.totals.total, **observed}
    )
    return Held(seen.ref, seen, created.fingerprint if created else "")


def step(invoice: Invoice, held: Held | None, around: Books | None = None) -> Step | None:
    return next_step(invoice, around or books(), held, marker=MARK)


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


# Tax outside the US


def test_a_difference_by_rounding_is_overridden_so_that_both_books_carry_the_same_cent() -> None:
    """Three lines of 0.33 at 5 %: QuickBooks rounds 0.0165 to 0.02 three times; billing taxes the sum, 0.05."""
    lines = [a_line(unit_price="0.33", tax_code="vat-5")] * 3
    sent = body(an_invoice(lines, totals=totals("0.99", "0.05")))

    assert sent["TxnTaxDetail"] == {
        "TotalTax": D("0.05"),
        "TaxLine": [
            {
                "Amount": D("0.05"),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": "r4"},
                    "PercentBased": True,
                    "TaxPercent": 5,
                    "NetAmountTaxable": D("0.99"),
                },
            }
        ],
    }


def test_equal_tax_is_left_for_quickbooks_to_compute() -> None:
    assert "TxnTaxDetail" not in body(an_invoice())


def test_a_difference_that_is_not_rounding_blocks_unless_the_ledgers_tax_is_accepted() -> None:
    invoice = an_invoice(totals=totals("100.00", "19.00"))
    accepting = books(on_totals_differ=TotalsPolicy.ACCEPT_LEDGER_TAX)

    assert reasons_of(invoice) == [Reason.TOTALS_DIFFER]
    assert "TxnTaxDetail" not in body(invoice, accepting)


def test_every_line_has_a_code_also_where_nothing_is_added() -> None:
    lines = [a_line(), a_line(tax_code="zero"), a_line(tax_code="exempt")]
    sent = body(an_invoice(lines, totals=totals("300.00", "20.00")))

    assert [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in sent["Line"]] == ["3", "5", "6"]


@pytest.mark.parametrize(
    "changes",
    [{"tax_mode": TaxMode.NONE}, {"sections": [Section(lines=[a_line(tax_code="")])]}],
)
def test_a_document_without_tax_says_so_and_carries_no_codes(changes: dict[str, Any]) -> None:
    """NotApplicable together with TxnTaxDetail is refused (6170)."""
    sent = body(an_invoice(totals=totals("100.00", "0"), **changes))

    assert sent["GlobalTaxCalculation"] == "NotApplicable"
    assert "TxnTaxDetail" not in sent
    assert "TaxCodeRef" not in sent["Line"][0]["SalesItemLineDetail"]


def test_a_tax_inclusive_document_sends_net_and_gross() -> None:
    """The recorded Australian line: net 277.69, gross 305.46, unit price of 7 decimals (9.3)."""
    gst = a_ledger_tax_code("5", "GST", "10")
    line = a_line(quantity="3", unit_price="101.82", tax_code="gst")
    invoice = an_invoice(
        [line],
        tax_mode=TaxMode.INCLUSIVE,
        tax_codes=[{"id": "gst", "rate": "10"}],
        totals=totals("277.69", "27.77"),
    )
    sent = body(invoice, books(a_catalog(tax_codes=[gst])))

    assert sent["GlobalTaxCalculation"] == "TaxInclusive"
    assert sent["Line"][0]["Amount"] == D("277.69")
    assert sent["Line"][0]["SalesItemLineDetail"] == {
        "ItemRef": {"value": "1"},
        "Qty": 3,
        "UnitPrice": D("92.5633333"),
        "TaxInclusiveAmt": D("305.46"),
        "TaxCodeRef": {"value": "5"},
    }
    assert "TxnTaxDetail" not in sent


def test_net_amounts_of_gross_lines_add_up_to_billings_net() -> None:
    """Three lines of 9.99 gross at 20 %: 1.665 each; billing's tax is 5.00 on the whole, not 3 * 1.67."""
    lines = [a_line(unit_price="9.99")] * 3
    sent = body(an_invoice(lines, tax_mode=TaxMode.INCLUSIVE, totals=totals("24.97", "5.00")))

    assert sum(line["Amount"] for line in sent["Line"]) == D("24.97")
    assert sum(line["SalesItemLineDetail"]["TaxInclusiveAmt"] for line in sent["Line"]) == D("29.97")


def test_a_discount_on_a_tax_inclusive_document_is_taken_off_net_amounts() -> None:
    invoice = an_invoice(
        [a_line(unit_price="120.00")],
        tax_mode=TaxMode.INCLUSIVE,
        discounts=[{"percent": "10"}],
        totals=totals("90.00", "18.00"),
    )
    sent = body(invoice)

    assert sent["GlobalTaxCalculation"] == "TaxExcluded"
    assert [line["Amount"] for line in sent["Line"]] == [100, 10]


@pytest.mark.parametrize(
    ("totals_", "mode", "reasons"),
    [
        (totals("100.00", "20.00"), TaxMode.EXCLUSIVE, [Reason.TAX_IS_OFF]),
        (totals("100.00", "0.00"), TaxMode.NONE, []),
    ],
)
def test_a_company_without_sales_tax_takes_documents_without_tax(
    totals_: Any, mode: TaxMode, reasons: list[Reason]
) -> None:
    off = books(a_catalog(company={"sales_tax": False}))

    assert reasons_of(an_invoice(totals=totals_, tax_mode=mode), off) == reasons


def test_an_ambiguous_tax_code_asks_and_a_mapping_answers() -> None:
    catalog = a_catalog(tax_codes=[*UK_TAX_CODES, a_ledger_tax_code("30", "20% services", "20")])

    assert reasons_of(an_invoice(), books(catalog)) == [Reason.TAX_CODE_AMBIGUOUS]
    assert reasons_of(an_invoice(), books(catalog, tax_codes={"vat-20": "30"})) == []


def test_the_customers_own_tax_code_decides_where_it_fits() -> None:
    catalog = a_catalog(tax_codes=[*UK_TAX_CODES, a_ledger_tax_code("30", "20% services", "20")])
    customer = LinkedCustomer(remote_id="60", currency="GBP", default_tax_code="30")
    sent = body(an_invoice(), books(catalog, customers={"cus_1": customer}))

    assert sent["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "30"}


# Tax in the US

US = books(a_us_catalog())


def us_invoice(*lines: Any, tax: str, **changes: Any) -> Invoice:
    net = sum((line.amount for line in lines), D(0))
    return an_invoice(list(lines), **{"currency": "USD", "totals": totals(str(net), tax), **changes})


def test_a_us_line_is_tax_or_non_and_the_document_names_the_group() -> None:
    """The recorded invoice of 9.2: 335.25 at 8 % is 26.82."""
    sent = body(us_invoice(a_line(unit_price="335.25", tax_code="ca-8"), a_line(tax_code="zero"), tax="26.82"), US)

    assert [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in sent["Line"]] == ["TAX", "NON"]
    assert sent["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "2"}}
    assert sent["ApplyTaxAfterDiscount"] is True
    assert "GlobalTaxCalculation" not in sent


def test_a_us_document_without_tax_needs_no_code() -> None:
    sent = body(us_invoice(a_line(tax_code=""), tax="0"), US)

    assert sent["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert sent["TxnTaxDetail"] == {"TotalTax": 0}


def test_a_us_document_has_one_rate() -> None:
    invoice = us_invoice(a_line(tax_code="ca-8"), a_line(tax_code="vat-5"), tax="13.00")

    assert reasons_of(invoice, US) == [Reason.NOT_SUPPORTED_BY_LEDGER]


def test_a_us_rounding_difference_is_sent_with_code_and_amount() -> None:
    """Billing rounds each of three lines of 0.20 at 8 % to 0.02; QuickBooks takes 0.60 * 8 % = 0.05."""
    sent = body(us_invoice(*[a_line(unit_price="0.20", tax_code="ca-8")] * 3, tax="0.06"), US)

    assert sent["TxnTaxDetail"]["TotalTax"] == D("0.06")
    assert sent["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "2"}
    assert [line["Amount"] for line in sent["TxnTaxDetail"]["TaxLine"]] == [D("0.06")]


def test_a_us_discount_comes_off_before_tax() -> None:
    invoice = us_invoice(
        a_line(unit_price="1005", tax_code="ca-8"),
        tax="76.38",
        discounts=[{"percent": "5"}],
        totals=totals("954.75", "76.38"),
    )
    sent = body(invoice, US)

    assert sent["Line"][-1]["Amount"] == D("50.25")
    assert sent["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "2"}}


@pytest.mark.parametrize("codes", [US_TAX_CODES, US_TAX_CODES[:2]])
def test_automated_sales_tax_is_always_given_the_amount(codes: list[Any]) -> None:
    """It would look the tax up by addresses; an explicit amount is honoured (9.2). The code may be unknown."""
    automated = books(a_us_catalog(company={"tax_model": "us_automated"}, tax_codes=codes))
    sent = body(us_invoice(a_line(tax_code="ca-8"), tax="8.88"), automated)

    assert sent["TxnTaxDetail"]["TotalTax"] == D("8.88")


def test_a_us_company_without_sales_tax_refuses_a_tax_and_takes_the_rest() -> None:
    off = books(a_us_catalog(company={"tax_model": "us_off", "sales_tax": False}))

    assert reasons_of(us_invoice(a_line(tax_code="ca-8"), tax="8.00"), off) == [Reason.TAX_IS_OFF]
    sent = body(us_invoice(a_line(tax_code=""), tax="0"), off)
    assert "TaxCodeRef" not in sent["Line"][0]["SalesItemLineDetail"]
    assert "TxnTaxDetail" not in sent


def test_gross_prices_reach_a_us_company_net() -> None:
    invoice = an_invoice(
        [a_line(unit_price="108.00", tax_code="ca-8")],
        currency="USD",
        tax_mode=TaxMode.INCLUSIVE,
        totals=totals("100.00", "8.00"),
    )
    sent = body(invoice, US)

    assert sent["Line"][0]["Amount"] == 100
    assert "TaxInclusiveAmt" not in sent["Line"][0]["SalesItemLineDetail"]


# Currency


@pytest.mark.parametrize(
    ("currency", "listed", "reasons"),
    [("EUR", True, []), ("CHF", True, []), ("CHF", False, [Reason.CURRENCY_NOT_ENABLED])],
)
def test_a_foreign_invoice_needs_a_currency_the_company_or_its_customer_has(
    currency: str, listed: bool, reasons: list[Reason]
) -> None:
    customer = LinkedCustomer(remote_id="60", currency=currency if listed else "")
    around = books(a_catalog(company={"multi_currency": True}), customers={"cus_1": customer})

    assert reasons_of(an_invoice(currency=currency), around) == reasons


def test_a_multi_currency_company_is_told_the_currency_but_never_a_rate() -> None:
    customer = LinkedCustomer(remote_id="60", currency="EUR")
    around = books(a_catalog(company={"multi_currency": True}), customers={"cus_1": customer})
    sent = body(an_invoice(currency="EUR"), around)

    assert sent["CurrencyRef"] == {"value": "EUR"}
    assert "ExchangeRate" not in sent


def test_amounts_with_more_decimals_than_quickbooks_keeps_are_refused() -> None:
    dinar = a_catalog(company={"home_currency": "KWD"})
    invoice = an_invoice([a_line(unit_price="1.234", amount="1.234")], currency="KWD", totals=totals("1.234", "0.247"))

    assert Reason.NOT_SUPPORTED_BY_LEDGER in reasons_of(invoice, books(dinar))


def test_yen_amounts_are_overridden_to_whole_yen() -> None:
    yen = a_catalog(company={"home_currency": "JPY"})
    sent = body(an_invoice([a_line(unit_price="123")], currency="JPY", totals=totals("123", "25")), books(yen))

    assert sent["TxnTaxDetail"]["TotalTax"] == 25


# The life of an invoice


@pytest.mark.parametrize(
    ("status", "held", "verb"),
    [
        ("draft", False, None),
        ("final", False, Verb.CREATE),
        ("sent", False, Verb.CREATE),
        ("voided", False, None),
        ("final", True, None),
        ("sent", True, Verb.SEND),
        ("voided", True, Verb.VOID),
    ],
)
def test_the_next_step_of_an_invoice(status: str, held: bool, verb: Verb | None) -> None:
    found = step(an_invoice(status=status), held_after(an_invoice()) if held else None)

    assert (found.verb if found else None) is verb


def test_an_edit_is_a_sparse_update_with_every_line() -> None:
    edited = an_invoice([a_line(), a_line()], totals=totals("200.00", "40.00"))
    found = step(edited, held_after(an_invoice()))
    assert found is not None
    sent = decode(found.body)

    assert found.verb is Verb.UPDATE
    assert (sent["Id"], sent["SyncToken"], sent["sparse"], len(sent["Line"])) == ("145", "0", True, 2)


def test_created_or_updated_equal_wishes_have_equal_fingerprints() -> None:
    created = step(an_invoice(), None)
    updated = step(an_invoice(), Held(a_ref(RecordKind.INVOICE, version="9")))

    assert created is not None
    assert updated is not None
    assert created.fingerprint == updated.fingerprint


def test_marking_as_sent_writes_to_the_merchant_never_to_the_customer() -> None:
    found = step(an_invoice(status="sent"), held_after(an_invoice()))

    assert found is not None
    assert (found.verb, found.body, dict(found.options)) == (Verb.SEND, "", {"send_to": "books@merchant.example"})


@pytest.mark.parametrize(
    ("company", "settings", "send_to"),
    [
        ({}, {"merchant_email": "ledger@merchant.example"}, "ledger@merchant.example"),
        ({"email": ""}, {}, None),  # without an address QuickBooks would fall back to the customer's
        ({}, {"mark_sent": False}, None),
    ],
)
def test_who_receives_quickbooks_own_mail(
    company: dict[str, Any], settings: dict[str, Any], send_to: str | None
) -> None:
    around = books(a_catalog(company=company), **settings)
    found = step(an_invoice(status="sent"), held_after(an_invoice(), around), around)

    assert (found.options["send_to"] if found else None) == send_to


def test_a_missing_merchant_address_warns() -> None:
    problems = check(an_invoice(status="sent"), books(a_catalog(company={"email": ""})))

    assert [(problem.reason, problem.blocks) for problem in problems] == [(Reason.MERCHANT_EMAIL_MISSING, False)]


@pytest.mark.parametrize(
    ("bill_email", "restored"),
    [
        ("books@merchant.example", True),
        ("BOOKS@merchant.example", True),
        ("billing@acme.example", False),
        ("Billing@Acme.example", False),
        ("typed@by-a-bookkeeper.example", False),
    ],
)
def test_after_sending_the_customers_address_is_put_back(bill_email: str, restored: bool) -> None:
    """QuickBooks stores where it sent to (12.2); an address a bookkeeper typed is theirs."""
    held = held_after(an_invoice(), sent=True, bill_email=bill_email)
    found = step(an_invoice(status="sent"), held)

    assert (found is not None) is restored
    if found:
        assert found.verb is Verb.UPDATE
        assert decode(found.body)["BillEmail"] == {"Address": "billing@acme.example"}


def test_putting_the_address_back_comes_to_rest() -> None:
    sent = held_after(an_invoice(), sent=True, bill_email="books@merchant.example")
    restoring = step(an_invoice(status="sent"), sent)
    assert restoring is not None
    after = held_after(an_invoice(), sent=True, bill_email="billing@acme.example")

    assert restoring.fingerprint != sent.sent_fingerprint  # another key than an earlier update's
    assert step(an_invoice(status="sent"), Held(after.ref, after.observed, restoring.fingerprint)) is None


@pytest.mark.parametrize(
    ("policy", "settled_by", "reasons"),
    [
        (PaidVoidPolicy.BLOCK, [], []),
        (PaidVoidPolicy.BLOCK, ["180"], [Reason.HAS_PAYMENTS]),
        (PaidVoidPolicy.VOID, ["180"], []),
    ],
)
def test_voiding_a_paid_invoice_is_the_connections_choice(
    policy: PaidVoidPolicy, settled_by: list[str], reasons: list[Reason]
) -> None:
    held = held_after(an_invoice(), settled_by=settled_by)

    assert reasons_of(an_invoice(status="voided"), books(on_void_with_payments=policy), held) == reasons


def test_a_void_is_id_and_version_only() -> None:
    found = step(an_invoice(status="voided"), held_after(an_invoice()))

    assert found is not None
    assert decode(found.body) == {"Id": "145", "SyncToken": "0"}


@pytest.mark.parametrize("status", list(DocumentStatus))
def test_an_invoice_voided_in_quickbooks_is_left_alone(status: DocumentStatus) -> None:
    """What to do about it is not a mapping's decision."""
    assert step(an_invoice(status=status), held_after(an_invoice(), voided=True, total=0)) is None


@pytest.mark.parametrize(
    ("invoice", "held", "blocked"),
    [
        (an_invoice(), None, True),
        (an_invoice(), held_after(an_invoice()), False),  # nothing would change
        (an_invoice(status="sent"), held_after(an_invoice()), False),  # sending changes no figure
        (an_invoice(memo="new"), held_after(an_invoice()), True),
        (an_invoice(status="voided"), held_after(an_invoice()), True),
        (an_invoice(status="voided"), None, False),
    ],
)
def test_closed_books_block_only_what_would_change_them(invoice: Invoice, held: Held | None, blocked: bool) -> None:
    closed = books(a_catalog(company={"books_closed_until": ISSUED}))

    assert reasons_of(invoice, closed, held) == ([Reason.DATE_IN_CLOSED_PERIOD] if blocked else [])


def test_a_problem_is_written_for_a_bookkeeper() -> None:
    problem = check(an_invoice(number="INV-2026-03-0000000001042"), books())[0]

    assert problem.where == "invoice INV-2026-03-0000000001042"
    assert "'INV-2026-03-0000000001042' has 25 characters" in problem.message
    assert "billing platform" in problem.fix


# Reading


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


def test_the_builders_tax_codes_are_known() -> None:
    assert {code.id for code in TAX_CODES} == {"vat-20", "vat-5", "zero", "exempt", "ca-8"}
