"""What holds for every record there can be, not only for the ones we thought of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.books import ObservedDocument, RecordKind
from contracts.connections import TotalsPolicy
from contracts.credit_memos import CreditMemo
from contracts.customers import Customer
from contracts.documents import DocumentLine, Section, Totals
from contracts.invoices import Invoice
from contracts.payments import Payment
from contracts.problems import REASONS, blocking
from contracts.taxes import TaxCode, TaxKind
from mappings.plan import Books, CoreRecord, Held, LinkedDocument, Verb
from mappings.quickbooks import check, decode, encode, next_step
from mappings.quickbooks.document_tax import plan_tax
from tests.builders import TAX_CODES, a_catalog, a_customer, a_ref, a_us_catalog, an_invoice, books

MARK = "ledgerlane:rec_1"
CURRENCIES = ("GBP", "USD", "EUR", "JPY", "KWD")


def numbers(low: str = "-999999999999", high: str = "999999999999") -> st.SearchStrategy[Decimal]:
    """Anything the contract accepts, with the awkward ones often."""
    odd = st.sampled_from(["0", "0.01", "-0.01", "0.005", "1", "33.333333", "999999999999.999999", "-1"])
    wide = st.decimals(Decimal(low), Decimal(high), places=6, allow_nan=False, allow_infinity=False)
    return st.one_of(odd.map(Decimal), wide).filter(lambda number: Decimal(low) <= number <= Decimal(high))


POSITIVE = numbers("0")
TEXT = st.text(max_size=40)
IDS = st.sampled_from(["cus_1", "cus_9", "inv_1", "inv_9", "cm_1"])
CODES = st.sampled_from(["", "vat-20", "vat-5", "zero", "exempt", "ca-8", "nowhere"])


def discounts() -> st.SearchStrategy[dict[str, Decimal]]:
    percents = numbers("0", "100").map(lambda percent: {"percent": percent})
    return st.one_of(percents, POSITIVE.map(lambda amount: {"amount": amount}))


LINES = st.builds(
    DocumentLine,
    description=TEXT,
    quantity=numbers(),
    unit_price=numbers(),
    amount=numbers(),
    product=st.sampled_from(["", "pro", "other"]),
    tax_code=CODES,
    discount=st.one_of(st.none(), discounts()),
)
TAXES: st.SearchStrategy[list[TaxCode]] = st.one_of(
    st.just(TAX_CODES),
    st.just([]),
    POSITIVE.map(lambda rate: [TaxCode(id="vat-20", rate=rate), TaxCode(id="zero", kind=TaxKind.ZERO, rate=rate)]),
)
DOCUMENT: dict[str, Any] = {
    "number": TEXT,
    "customer_id": IDS,
    "status": st.sampled_from(["draft", "final", "sent", "voided"]),
    "currency": st.sampled_from(CURRENCIES),
    "issue_date": st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    "tax_mode": st.sampled_from(["exclusive", "inclusive", "none"]),
    "tax_codes": TAXES,
    "sections": st.lists(st.builds(Section, title=TEXT, lines=st.lists(LINES, max_size=4)), max_size=3),
    "discounts": st.lists(discounts(), max_size=3),
    "totals": st.builds(Totals, net=numbers(), tax=numbers(), total=numbers()),
    "bill_to_emails": st.lists(st.one_of(st.emails(), TEXT), max_size=3),
    "memo": TEXT,
    "reference": TEXT,
}
INVOICES = st.builds(Invoice, id=st.just("inv_1"), due_date=st.one_of(st.none(), st.dates()), **DOCUMENT)
USES = st.lists(POSITIVE, max_size=1).map(lambda found: [{"invoice_id": "inv_1", "amount": each} for each in found])
CREDIT_MEMOS = st.builds(CreditMemo, id=st.just("cm_1"), allocations=USES, **DOCUMENT)
PAYMENTS = st.builds(
    Payment,
    id=st.just("pay_1"),
    customer_id=IDS,
    currency=st.sampled_from(CURRENCIES),
    amount=POSITIVE,
    paid_on=st.dates(),
    status=st.sampled_from(["recorded", "voided"]),
    method=TEXT.map(lambda text: text[:31]),
    reference=TEXT,
)
CUSTOMERS = st.builds(
    Customer,
    id=st.just("cus_1"),
    name=TEXT,
    company_name=TEXT,
    emails=st.lists(st.one_of(st.emails(), TEXT), max_size=4),
    website=TEXT,
    notes=TEXT,
    currency=st.sampled_from(("", *CURRENCIES)),
    tax_class=st.sampled_from(["taxable", "exempt", "reverse_charge"]),
    exemption_reason=TEXT,
    active=st.booleans(),
)
COMPANIES: list[Books] = [
    books(default_item="1"),
    books(a_us_catalog()),
    books(a_us_catalog(company={"tax_model": "us_automated"})),
    books(a_us_catalog(company={"tax_model": "us_off", "sales_tax": False}), on_totals_differ="accept_ledger_tax"),
    books(a_catalog(company={"multi_currency": True, "tax_model": "unheard of"}), on_totals_differ="accept_ledger_tax"),
]
PATIENT = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))


def held_somehow(record: CoreRecord) -> Held | None:
    """As if it were there already, written by us in another shape."""
    if isinstance(record, Invoice | CreditMemo):
        kind = RecordKind.INVOICE if isinstance(record, Invoice) else RecordKind.CREDIT_MEMO
        seen = ObservedDocument(ref=a_ref(kind), marker=MARK, total=Decimal(10), balance=Decimal(10))
        return Held(seen.ref, seen, "another")
    return None


@PATIENT
@given(st.one_of(INVOICES, CREDIT_MEMOS, PAYMENTS, CUSTOMERS), st.sampled_from(COMPANIES), st.booleans())
def test_check_never_raises_and_a_clean_check_means_the_step_works(
    record: CoreRecord, around: Books, there: bool
) -> None:
    """A preview cannot promise what a push refuses; one strange record cannot stop a lane."""
    held = held_somehow(record) if there else None
    problems = check(record, around, held)

    assert all(problem.message and problem.fix and problem.where for problem in problems)
    assert all(problem.reason in REASONS for problem in problems)
    if not blocking(problems):
        step = next_step(record, around, held, marker=MARK)
        if step is not None and step.verb is not Verb.SEND:
            assert encode(decode(step.body)) == step.body


CENTS = st.integers(0, 10_000_000).map(lambda cents: Decimal(cents) / 100)


def sound(amounts: list[Decimal], percent: Decimal, *, inclusive: bool, code: str, currency: str) -> Invoice:
    """An invoice whose own figures agree, taxed by billing on each line."""
    lines = [
        DocumentLine(description="x", quantity=1, unit_price=amount, amount=amount, tax_code=code) for amount in amounts
    ]
    base = Decimal(100) + (percent if inclusive else 0)
    cent = Decimal("0.01")
    tax = sum(((amount * percent / base).quantize(cent, "ROUND_HALF_UP") for amount in amounts), Decimal(0))
    whole = sum(amounts, Decimal(0))
    net = whole - tax if inclusive else whole
    return an_invoice(
        lines,
        currency=currency,
        tax_mode="inclusive" if inclusive else "exclusive",
        totals=Totals(net=net, tax=tax, total=net + tax),
    )


@PATIENT
@given(st.lists(CENTS, min_size=1, max_size=12), st.booleans(), st.booleans())
def test_both_books_carry_the_same_cent(amounts: list[Decimal], inclusive: bool, us: bool) -> None:
    """Whatever the lines: an invoice that is right in itself is pushed, and its lines, discount and tax come to
    billing's total, by QuickBooks' own arithmetic or by the override."""
    code, percent, currency = ("ca-8", Decimal(8), "USD") if us else ("vat-20", Decimal(20), "GBP")
    invoice = sound(amounts, percent, inclusive=inclusive, code=code, currency=currency)
    around = books(a_us_catalog() if us else a_catalog())
    plan = plan_tax(invoice, around, where="x")

    assert check(invoice, around) == []
    assert sum(plan.nets, Decimal(0)) == invoice.totals.net
    assert (plan.tax if plan.override else plan.predicted.tax) == invoice.totals.tax


@PATIENT
@given(INVOICES)
def test_equal_wishes_are_equal_bytes(invoice: Invoice) -> None:
    """The key of an attempt is derived from the body: the same wish planned twice must be the same text."""
    again = Invoice.model_validate_json(invoice.model_dump_json())
    around = books(on_totals_differ=TotalsPolicy.ACCEPT_LEDGER_TAX)
    if not blocking(check(invoice, around)):
        assert next_step(invoice, around, None, marker=MARK) == next_step(again, around, None, marker=MARK)


@pytest.mark.parametrize(
    ("record", "kind"),
    [(an_invoice(), RecordKind.INVOICE), (a_customer(), RecordKind.CUSTOMER)],
)
def test_every_noun_is_answered(record: CoreRecord, kind: RecordKind) -> None:
    step = next_step(record, books(), None, marker=MARK)

    assert step is not None
    assert step.kind is kind


def test_an_unknown_linked_document_is_never_a_crash() -> None:
    waiting = LinkedDocument(remote_id="", customer_id="cus_1", currency="GBP")
    payment = Payment(
        id="pay_1",
        customer_id="cus_1",
        currency="GBP",
        amount=Decimal(1),
        paid_on=date(2026, 1, 1),
        allocations=[{"invoice_id": "inv_1", "amount": "1"}],
    )

    assert blocking(check(payment, books(invoices={"inv_1": waiting})))
