"""One billing document, two ledgers: the same totals in both, or a problem that says why not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from contracts.documents import Discount
from contracts.invoices import Invoice
from contracts.problems import Reason, blocking
from contracts.taxes import TaxMode
from mappings import quickbooks, xero
from mappings.plan import Books
from mappings.quickbooks.document_tax import plan_tax as quickbooks_tax
from tests import builders
from tests.builders import a_line, an_invoice, totals
from tests.mappings.strategies import documents
from tests.mappings.xero.oracle import books_of
from tests.mappings.xero.samples import MARK, xero_books

D = Decimal
QUICKBOOKS, XERO = builders.books(), xero_books()


def in_quickbooks(invoice: Invoice, books: Books = QUICKBOOKS) -> Decimal | list[Reason]:
    """The total QuickBooks will report, or why the invoice cannot go there."""
    if problems := blocking(quickbooks.check(invoice, books, None)):
        return [problem.reason for problem in problems]
    plan = quickbooks_tax(invoice, books, where="invoice")
    return plan.predicted.net + (plan.tax if plan.override else plan.predicted.tax)


def in_xero(invoice: Invoice, books: Books = XERO) -> Decimal | list[Reason]:
    """The total Xero will report for the very body sent, by its own arithmetic; or why the invoice cannot go there."""
    if problems := blocking(xero.check(invoice, books, None)):
        return [problem.reason for problem in problems]
    step = xero.next_step(invoice, books, None, marker=MARK)
    assert step is not None
    return books_of(step.body)[2]


@pytest.mark.parametrize(
    "invoice",
    [
        an_invoice(),
        an_invoice([a_line(unit_price="0.13", amount="0.13")] * 3, totals=totals("0.39", "0.08")),
        an_invoice([a_line(unit_price="120")], tax_mode=TaxMode.INCLUSIVE, totals=totals("100", "20")),
        an_invoice([a_line(tax_code="")], tax_mode=TaxMode.NONE, totals=totals("100", "0")),
        an_invoice([a_line()], discounts=[Discount(percent=D(10))], totals=totals("90", "18")),
        an_invoice([a_line(), a_line(tax_code="exempt")], totals=totals("200", "20")),
        an_invoice([a_line(quantity="1000", unit_price="0.123456", amount="123.46")], totals=totals("123.46", "24.69")),
        an_invoice([a_line(discount=Discount(amount=D("0.01")), amount="99.99")], totals=totals("99.99", "20.00")),
    ],
    ids=["plain", "rounded once", "gross", "no tax", "discount", "mixed", "fine price", "line discount"],
)
def test_the_usual_documents_come_to_billings_total_in_both(invoice: Invoice) -> None:
    assert in_quickbooks(invoice) == invoice.totals.total
    assert in_xero(invoice) == invoice.totals.total


@pytest.mark.parametrize(
    ("changes", "in_the_one", "in_the_other"),
    [
        ({"number": "INVOICE-2026-00000001042"}, [Reason.NUMBER_TOO_LONG], D(120)),
        ({"number": "INV–1042"}, D(120), [Reason.NOT_SUPPORTED_BY_LEDGER]),
        ({"currency": "EUR"}, [Reason.CURRENCY_MISMATCH], D(120)),
        ({"totals": totals("100", "19")}, [Reason.TOTALS_DIFFER], [Reason.TOTALS_DIFFER]),
        ({"totals": totals("90", "18")}, [Reason.TOTALS_INCONSISTENT] * 1, [Reason.TOTALS_INCONSISTENT]),
    ],
)
def test_where_they_differ_a_problem_says_why(
    changes: dict[str, Any], in_the_one: object, in_the_other: object
) -> None:
    """QuickBooks, then Xero: each refuses what it cannot hold, and never holds another total silently."""
    found = in_quickbooks(an_invoice(**changes)), in_xero(an_invoice(**changes))

    for seen, wanted in zip(found, (in_the_one, in_the_other), strict=True):
        assert set(wanted) <= set(seen) if isinstance(seen, list) and isinstance(wanted, list) else seen == wanted


@settings(max_examples=200, deadline=None)
@given(documents())
def test_any_document_has_billings_total_in_both_or_a_reason(fields: dict[str, Any]) -> None:
    """Never a third figure; and in Xero rounding is never a reason to refuse: a cent a line is given as TaxAmount."""
    invoice = an_invoice(**fields)
    there = in_quickbooks(invoice)

    assert there == invoice.totals.total or (isinstance(there, list) and there)
    assert in_xero(invoice) == invoice.totals.total
