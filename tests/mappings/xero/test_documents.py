"""Lines, tax and discounts of a document on their way to Xero (Xero reference 4.3, 4.4)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from contracts.connections import TotalsPolicy
from contracts.documents import Discount, DocumentLine, Section, ServicePeriod, TaxTotal
from contracts.invoices import Invoice
from contracts.problems import Reason
from contracts.taxes import TaxMode
from mappings.plan import Books, LinkedCustomer
from mappings.xero import check, next_step
from tests.builders import a_credit_memo, a_line, an_invoice, totals
from tests.mappings.xero.oracle import books_of
from tests.mappings.xero.samples import MARK, a_xero_catalog, an_organisation, xero_books

D = Decimal


def body(document: Any, books: Books | None = None) -> dict[str, Any]:
    step = next_step(document, books or xero_books(), None, marker=MARK)
    assert step is not None
    return dict(json.loads(step.body, parse_float=Decimal))


def lines(document: Any, books: Books | None = None) -> list[dict[str, Any]]:
    return list(body(document, books)["LineItems"])


def reasons(document: Any, books: Books | None = None) -> list[Reason]:
    return [problem.reason for problem in check(document, books or xero_books())]


def total_there(document: Any, books: Books | None = None) -> Decimal:
    step = next_step(document, books or xero_books(), None, marker=MARK)
    assert step is not None
    return books_of(step.body)[2]


def test_a_line_carries_quantity_price_account_and_tax_type() -> None:
    """LineAmount never: one that is not Xero's own product to the cent is refused (11, number 3)."""
    line = a_line(quantity="12", unit_price="19.99", amount="239.88")
    invoice = an_invoice([line], totals=totals("239.88", "47.98"))

    assert lines(invoice) == [
        {
            "AccountCode": "200",
            "Description": "Pro plan",
            "Quantity": 12,
            "TaxType": "OUTPUT2",
            "UnitAmount": D("19.99"),
        }
    ]


@pytest.mark.parametrize(
    ("line", "sent", "description"),
    [
        ({"quantity": "1000", "unit_price": "0.1648", "amount": "164.80"}, ("1000", "0.1648"), "Pro plan"),
        (
            {"quantity": "1000", "unit_price": "0.16484", "amount": "164.84"},
            ("1", "164.84"),
            "Pro plan (1000 x 0.16484)",
        ),
        ({"quantity": "0.33333", "unit_price": "9", "amount": "3.00"}, ("1", "3"), "Pro plan (0.33333 x 9)"),
        ({"quantity": "3", "unit_price": "0.335", "amount": "1.00"}, ("1", "1"), "Pro plan (3 x 0.335)"),
        ({"quantity": "-2", "unit_price": "5", "amount": "-10"}, ("-2", "5"), "Pro plan"),
        ({"quantity": "0", "unit_price": "5", "amount": "0"}, ("0", "5"), "Pro plan"),
        ({"description": "", "amount": "100"}, ("1", "100"), "pro"),
    ],
)
def test_quantity_and_price_go_out_only_where_xero_multiplies_them_to_the_very_amount(
    line: dict[str, str], sent: tuple[str, str], description: str
) -> None:
    """Else the line is one of its amount, and its description says how billing got there."""
    built = a_line(**line)
    other = a_line(description="Rest", amount="1000", unit_price="1000")
    invoice = an_invoice([built, other], totals=totals(str(built.amount + 1000), str((built.amount + 1000) / 5)))
    first = lines(invoice)[0]

    assert (first["Quantity"], first["UnitAmount"]) == (D(sent[0]), D(sent[1]))
    assert first["Description"] == description


@pytest.mark.parametrize(
    ("discount", "amount", "sent"),
    [
        (Discount(percent=D(10)), "90.00", {"DiscountRate": 10, "UnitAmount": 100}),
        (Discount(amount=D("12.50")), "87.50", {"DiscountAmount": D("12.5"), "UnitAmount": 100}),
        (Discount(percent=D("33.333")), "66.67", {"UnitAmount": D("66.67")}),
    ],
)
def test_a_line_discount_is_xeros_own_on_an_invoice(discount: Discount, amount: str, sent: dict[str, Any]) -> None:
    line = a_line(discount=discount, amount=amount)
    invoice = an_invoice([line], totals=totals(amount, str((D(amount) / 5).quantize(D("0.01"), "ROUND_HALF_UP"))))
    first = lines(invoice)[0]

    assert reasons(invoice) == []
    assert {name: first[name] for name in first if name.startswith(("Disc", "Unit"))} == sent


def test_a_credit_note_has_no_line_discounts() -> None:
    """Xero refuses them there: the line is one of its amount and says why (5.1)."""
    memo = a_credit_memo([a_line(discount=Discount(percent=D(10)), amount="90.00")], totals=totals("90.00", "18.00"))
    first = lines(memo)[0]

    assert (first["Quantity"], first["UnitAmount"]) == (1, 90)
    assert first["Description"] == "Pro plan (1 x 100; less 10 % discount)"
    assert "DiscountRate" not in first


def test_titles_and_the_memo_are_lines_with_a_description_only() -> None:
    sections = [Section(title="January", lines=[a_line()]), Section(title="February", lines=[a_line()])]
    invoice = an_invoice(sections=sections, totals=totals("200", "40"), memo="Thank you")

    assert [line["Description"] for line in lines(invoice)] == [
        "January",
        "Pro plan",
        "February",
        "Pro plan",
        "Thank you",
    ]
    assert lines(invoice)[0] == {"Description": "January"}


def test_the_service_period_is_printed() -> None:
    period = ServicePeriod.model_validate({"start": "2026-03-01", "end": "2026-03-31"})

    assert lines(an_invoice([a_line(service_period=period)]))[0]["Description"] == "Pro plan (2026-03-01 to 2026-03-31)"


# --- where a line posts to


@pytest.mark.parametrize(
    ("settings", "product", "posted", "reason"),
    [
        ({"default_account": "200"}, "pro", ("", "200"), None),
        ({"default_account": "acc-200"}, "pro", ("", "200"), None),
        ({"default_account": "", "default_item": "PRO"}, "pro", ("PRO", "260"), None),
        ({"default_account": "", "default_item": "item-1"}, "", ("PRO", "260"), None),
        ({"items": {"pro": "PRO"}}, "pro", ("PRO", "260"), None),
        ({"items": {"pro": "260"}}, "pro", ("", "260"), None),
        ({"items": {"pro": "260"}}, "other", ("", "200"), None),
        ({"items": {"pro": "BARE"}}, "pro", ("BARE", "200"), None),
        ({"items": {"pro": "BARE"}, "default_account": ""}, "pro", None, Reason.LINE_UNMAPPED),
        ({"default_account": ""}, "pro", None, Reason.LINE_UNMAPPED),
        ({"items": {"pro": "nowhere"}}, "pro", None, Reason.REFERENCE_NOT_FOUND),
        ({"items": {"pro": "BOUGHT"}}, "pro", None, Reason.REFERENCE_INACTIVE),
        ({"default_account": "299"}, "pro", None, Reason.REFERENCE_INACTIVE),
        ({"default_account": "400"}, "pro", None, Reason.LINE_UNMAPPED),
        ({"default_account": "610"}, "pro", None, Reason.LINE_UNMAPPED),
    ],
)
def test_a_line_posts_to_an_item_or_an_account(
    settings: dict[str, Any], product: str, posted: tuple[str, str] | None, reason: Reason | None
) -> None:
    """The whole rule: what is named for the product, else the default; items first, then accounts, by id or code."""
    books = xero_books(**settings)
    invoice = an_invoice([a_line(product=product)])

    assert reasons(invoice, books) == ([reason] if reason else [])
    if posted:
        line = lines(invoice, books)[0]
        assert (line.get("ItemCode", ""), line["AccountCode"]) == posted


def test_one_unmapped_product_is_reported_once() -> None:
    invoice = an_invoice([a_line(), a_line(), a_line(product="b")], totals=totals("300", "60"))

    assert reasons(invoice, xero_books(default_account="")) == [Reason.LINE_UNMAPPED] * 2


# --- tax


def taxed_lines(*amounts: str, code: str = "vat-20") -> list[DocumentLine]:
    return [a_line(unit_price=amount, amount=amount, tax_code=code) for amount in amounts]


def test_equal_tax_is_left_to_xero() -> None:
    """Certification asks applications not to post tax amounts (4.3): none is sent where Xero computes the same."""
    invoice = an_invoice(taxed_lines("25.06", "25.61", "25.63"), totals=totals("76.30", "15.26"))

    assert reasons(invoice) == []
    assert all("TaxAmount" not in line for line in lines(invoice))


def test_a_cent_of_rounding_is_overridden_on_the_line_that_was_rounded_furthest() -> None:
    """Billing rounds once, on the sum: 0.39 at 20 % is 0.08. Xero rounds three times 0.026 up to 0.09."""
    invoice = an_invoice(taxed_lines("0.13", "0.13", "0.13"), totals=totals("0.39", "0.08"))
    given = [line.get("TaxAmount") for line in lines(invoice)]

    assert reasons(invoice) == []
    assert given == [D("0.02"), None, None]
    assert total_there(invoice) == D("0.47")


def test_billings_tax_for_each_code_decides_where_the_cent_goes() -> None:
    document_lines = [*taxed_lines("0.13", "0.13"), *taxed_lines("0.30", "0.30", code="vat-5")]
    wanted = totals("0.86", "0.08").model_copy(
        update={
            "taxes": [
                TaxTotal(tax_code="vat-20", taxable=D("0.26"), tax=D("0.05")),
                TaxTotal(tax_code="vat-5", taxable=D("0.60"), tax=D("0.03")),
            ]
        }
    )
    given = [line.get("TaxAmount") for line in lines(an_invoice(document_lines, totals=wanted))]

    assert given == [D("0.02"), None, D("0.01"), None]


def test_more_than_rounding_is_a_problem_unless_the_connection_accepts_it() -> None:
    invoice = an_invoice(totals=totals("100.00", "19.00"))
    accepting = xero_books(on_totals_differ=TotalsPolicy.ACCEPT_LEDGER_TAX)

    assert reasons(invoice) == [Reason.TOTALS_DIFFER]
    assert reasons(invoice, accepting) == []
    assert total_there(invoice, accepting) == D("120.00")


@pytest.mark.parametrize(
    ("mode", "line_code", "net", "tax", "sent", "tax_type"),
    [
        (TaxMode.EXCLUSIVE, "vat-20", "100", "20", "Exclusive", "OUTPUT2"),
        (TaxMode.INCLUSIVE, "vat-20", "83.33", "16.67", "Inclusive", "OUTPUT2"),
        (TaxMode.EXCLUSIVE, "zero", "100", "0", "Exclusive", "ZERORATEDOUTPUT"),
        (TaxMode.EXCLUSIVE, "exempt", "100", "0", "Exclusive", "EXEMPTOUTPUT"),
        (TaxMode.NONE, "", "100", "0", "NoTax", None),
        (TaxMode.EXCLUSIVE, "", "100", "0", "NoTax", None),
    ],
)
def test_the_mode_is_xeros_own(
    mode: TaxMode, line_code: str, net: str, tax: str, sent: str, tax_type: str | None
) -> None:
    """Gross lines go out gross: Xero takes the tax out itself."""
    invoice = an_invoice([a_line(tax_code=line_code)], tax_mode=mode, totals=totals(net, tax))

    assert reasons(invoice) == []
    assert body(invoice)["LineAmountTypes"] == sent
    assert lines(invoice)[0].get("TaxType") == tax_type
    assert total_there(invoice) == D(net) + D(tax)


@pytest.mark.parametrize(
    ("line_code", "settings", "reason"),
    [
        ("ca-8", {}, Reason.TAX_CODE_UNMAPPED),
        ("ca-8", {"tax_codes": {"ca-8": "OUTPUT2"}}, Reason.TAX_RATE_DIFFERS),
        ("vat-20", {"tax_codes": {"vat-20": "INPUT2"}}, Reason.REFERENCE_INACTIVE),
        ("vat-20", {"tax_codes": {"vat-20": "GONE"}}, Reason.REFERENCE_NOT_FOUND),
        ("undefined", {}, Reason.TAX_CODE_UNMAPPED),
    ],
)
def test_a_tax_code_without_a_fitting_rate_is_refused(line_code: str, settings: dict[str, Any], reason: Reason) -> None:
    """A rate for purchases is never taken for sales."""
    invoice = an_invoice([a_line(tax_code=line_code)], totals=totals("100", "8"))

    assert reasons(invoice, xero_books(**settings)) == [reason]


def test_a_line_without_a_code_beside_taxed_ones_is_a_question_outside_the_us() -> None:
    """Xero would take the account's default; exempt or zero-rated is billing's to say."""
    invoice = an_invoice([a_line(), a_line(tax_code="")], totals=totals("200", "20"))
    american = a_xero_catalog(organisation=an_organisation(CountryCode="US"))

    assert reasons(invoice) == [Reason.TAX_CODE_UNMAPPED]
    assert reasons(invoice, xero_books(american)) == []
    assert [line["TaxType"] for line in lines(invoice, xero_books(american))] == ["OUTPUT2", "NONE"]


def test_a_company_that_is_not_registered_charges_no_tax() -> None:
    catalog = a_xero_catalog(organisation=an_organisation(PaysTax=False))
    free = an_invoice([a_line(tax_code="zero")], totals=totals("100", "0"))

    assert reasons(an_invoice(), xero_books(catalog)) == [Reason.TAX_IS_OFF]
    assert reasons(free, xero_books(catalog)) == []
    assert body(free, xero_books(catalog))["LineAmountTypes"] == "NoTax"


# --- discounts on the whole document


def test_a_discount_on_the_whole_is_one_negative_line_for_each_tax_code() -> None:
    """So that every rate is taken on what is left: 10 off 100 at 20 % and 50 at 5 % is 6.67 and 3.33 off."""
    invoice = an_invoice(
        [a_line(), a_line(unit_price="50", amount="50", tax_code="vat-5")],
        discounts=[Discount(amount=D(10), description="Loyalty")],
        totals=totals("140.00", "21.00"),
    )
    sent = lines(invoice)

    assert reasons(invoice) == []
    assert [(line["Description"], line["UnitAmount"], line["TaxType"]) for line in sent[2:]] == [
        ("Loyalty", D("-6.67"), "OUTPUT2"),
        ("Loyalty", D("-3.33"), "RROUTPUT"),
    ]
    assert total_there(invoice) == D("161.00")


def test_a_discount_posts_to_the_account_of_what_it_is_taken_from_without_its_item() -> None:
    invoice = an_invoice([a_line()], discounts=[Discount(percent=D(10))], totals=totals("90.00", "18.00"))
    sent = lines(invoice, xero_books(items={"pro": "PRO"}))

    assert (sent[1]["AccountCode"], "ItemCode" in sent[1]) == ("260", False)
    assert sent[1]["Description"] == "Discount"


def test_a_gross_document_takes_its_discount_gross() -> None:
    invoice = an_invoice(
        [a_line(unit_price="120", amount="120")],
        tax_mode=TaxMode.INCLUSIVE,
        discounts=[Discount(percent=D(10))],
        totals=totals("90.00", "18.00"),
    )

    assert reasons(invoice) == []
    assert total_there(invoice) == D("108.00")


# --- what is refused as a whole


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"number": ""}, Reason.NUMBER_MISSING),
        ({"number": "INV–1"}, Reason.NOT_SUPPORTED_BY_LEDGER),
        ({"currency": "CHF"}, Reason.CURRENCY_NOT_ENABLED),
        ({"customer_id": "nobody"}, Reason.CUSTOMER_UNKNOWN),
        ({"sections": []}, Reason.LINES_MISSING),
        ({"totals": totals("100", "20", "121")}, Reason.TOTALS_INCONSISTENT),
        ({"totals": totals("99", "20")}, Reason.TOTALS_INCONSISTENT),
        ({"due_date": "2026-03-01"}, Reason.DUE_DATE_BEFORE_ISSUE),
        ({"private_note": "x" * 2501}, Reason.TEXT_TOO_LONG),
    ],
)
def test_what_stands_in_the_way_of_a_document(changes: dict[str, Any], reason: Reason) -> None:
    invoice = Invoice.model_validate(an_invoice().model_dump() | changes)

    assert reason in reasons(invoice)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"amount": "99.00"}, Reason.LINE_AMOUNT_MISMATCH),
        ({"description": "x" * 4000, "quantity": "1.00001", "amount": "100"}, Reason.TEXT_TOO_LONG),
        ({"unit_price": "1.2345", "amount": "1.2345"}, Reason.NOT_SUPPORTED_BY_LEDGER),
        ({"unit_price": "10000000000", "amount": "10000000000"}, Reason.NOT_SUPPORTED_BY_LEDGER),
    ],
)
def test_what_stands_in_the_way_of_a_line(line: dict[str, Any], reason: Reason) -> None:
    assert reason in reasons(an_invoice([a_line(**line)]))


@pytest.mark.parametrize(
    ("customer", "reason"),
    [
        (LinkedCustomer(remote_id=""), Reason.CUSTOMER_UNKNOWN),
        (LinkedCustomer(remote_id="", blocked=True), Reason.CUSTOMER_BLOCKED),
        (LinkedCustomer(remote_id="c", active=False), Reason.CUSTOMER_INACTIVE),
    ],
)
def test_the_customer_has_to_be_usable(customer: LinkedCustomer, reason: Reason) -> None:
    assert reasons(an_invoice(), xero_books(customers={"cus_1": customer})) == [reason]


def test_a_contact_takes_documents_in_any_of_the_companys_currencies() -> None:
    """Unlike QuickBooks: DefaultCurrency is only what Xero's screen proposes."""
    books = xero_books(customers={"cus_1": LinkedCustomer(remote_id="c", currency="USD")})

    assert reasons(an_invoice(currency="EUR"), books) == []
    assert body(an_invoice(currency="EUR"), books)["CurrencyCode"] == "EUR"
    assert "CurrencyRate" not in body(an_invoice(currency="EUR"), books)


def test_yen_are_whole_in_billing_and_xeros_halves_are_overridden() -> None:
    """Xero keeps two decimals in any currency: 105 at 5 % would be 5.25 there."""
    catalog = a_xero_catalog(currencies=[{"Code": "JPY"}])
    invoice = an_invoice(taxed_lines("105", code="vat-5"), currency="JPY", totals=totals("105", "5"))

    assert reasons(invoice, xero_books(catalog)) == []
    assert total_there(invoice, xero_books(catalog)) == 110
