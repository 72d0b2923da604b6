"""Builders with defaults: a test shows only what it is about.

The company of `a_catalog()` is British, so that every line has a numeric tax code; `a_us_catalog()` has the old US
engine. Amounts default to one line of 100.00 at 20 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from contracts.addresses import Address
from contracts.books import (
    Account,
    Catalog,
    Company,
    Item,
    LedgerCurrency,
    LedgerTaxCode,
    PaymentMethod,
    RateComponent,
    RecordKind,
    RemoteRef,
    Term,
)
from contracts.connections import ConnectionSettings
from contracts.credit_memos import CreditMemo
from contracts.customers import Customer
from contracts.documents import DocumentLine, Section, Totals
from contracts.invoices import DocumentStatus, Invoice
from contracts.payments import Payment
from contracts.taxes import TaxCode, TaxKind
from mappings.plan import Books, LinkedCustomer, LinkedDocument

ISSUED = date(2026, 3, 15)
VAT = TaxCode(id="vat-20", name="VAT", rate=Decimal(20))
REDUCED = TaxCode(id="vat-5", name="Reduced VAT", kind=TaxKind.REDUCED, rate=Decimal(5))
ZERO = TaxCode(id="zero", name="Zero-rated", kind=TaxKind.ZERO, rate=Decimal(0))
EXEMPT = TaxCode(id="exempt", name="Exempt", kind=TaxKind.EXEMPT, rate=Decimal(0))
SALES_TAX = TaxCode(id="ca-8", name="California", rate=Decimal(8))
TAX_CODES = [VAT, REDUCED, ZERO, EXEMPT, SALES_TAX]


def an_address(**changes: Any) -> Address:
    defaults = {"line1": "1 Infinite Loop", "city": "London", "postal_code": "EC1Y 8SY", "country": "GB"}
    return Address(**{**defaults, **changes})


def a_customer(**changes: Any) -> Customer:
    defaults: dict[str, Any] = {
        "id": "cus_1",
        "name": "Acme Ltd",
        "emails": ["billing@acme.example"],
        "billing_address": an_address(),
    }
    return Customer(**{**defaults, **changes})


def a_line(**changes: Any) -> DocumentLine:
    """One of something at 100.00; `amount` follows quantity and price unless given."""
    defaults: dict[str, Any] = {
        "description": "Pro plan",
        "quantity": "1",
        "unit_price": "100.00",
        "product": "pro",
        "tax_code": "vat-20",
    }
    values = {**defaults, **changes}
    exact = Decimal(values["quantity"]) * Decimal(values["unit_price"])
    values.setdefault("amount", exact.quantize(Decimal("0.01"), "ROUND_HALF_UP"))
    return DocumentLine(**values)


def totals(net: str, tax: str, total: str = "") -> Totals:
    return Totals(net=Decimal(net), tax=Decimal(tax), total=Decimal(total or str(Decimal(net) + Decimal(tax))))


def _document(lines: list[DocumentLine] | None, changes: Mapping[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "customer_id": "cus_1",
        "status": DocumentStatus.FINAL,
        "currency": "GBP",
        "issue_date": ISSUED,
        "tax_codes": TAX_CODES,
        "sections": [Section(lines=lines if lines is not None else [a_line()])],
        "totals": totals("100.00", "20.00"),
    }
    return {**defaults, **changes}


def an_invoice(lines: list[DocumentLine] | None = None, **changes: Any) -> Invoice:
    return Invoice(**{"id": "inv_1", "number": "INV-1042", "due_date": date(2026, 4, 14), **_document(lines, changes)})


def a_credit_memo(lines: list[DocumentLine] | None = None, **changes: Any) -> CreditMemo:
    return CreditMemo(**{"id": "cm_1", "number": "CM-7", **_document(lines, changes)})


def a_payment(**changes: Any) -> Payment:
    defaults: dict[str, Any] = {
        "id": "pay_1",
        "customer_id": "cus_1",
        "currency": "GBP",
        "amount": "120.00",
        "paid_on": ISSUED,
        "allocations": [{"invoice_id": "inv_1", "amount": "120.00"}],
    }
    return Payment(**{**defaults, **changes})


def a_company(**changes: Any) -> Company:
    defaults: dict[str, Any] = {
        "id": "4620816365000000001",
        "name": "Merchant Ltd",
        "country": "GB",
        "home_currency": "GBP",
        "email": "books@merchant.example",
        "tax_model": "global",
        "discounts_allowed": True,
    }
    return Company(**{**defaults, **changes})


def a_ledger_tax_code(code_id: str, name: str, percent: str, kind: TaxKind = TaxKind.STANDARD) -> LedgerTaxCode:
    """A code with one rate, whose id is the code's with an r: code 3 has rate r3."""
    rate = RateComponent(rate_id=f"r{code_id}", name=name, percent=Decimal(percent))
    return LedgerTaxCode(id=code_id, name=name, kind=kind, components=[rate])


UK_TAX_CODES = [
    a_ledger_tax_code("3", "20.0% S", "20"),
    a_ledger_tax_code("4", "5.0% R", "5", TaxKind.REDUCED),
    a_ledger_tax_code("5", "0.0% Z", "0", TaxKind.ZERO),
    a_ledger_tax_code("6", "Exempt", "0", TaxKind.EXEMPT),
]
US_TAX_CODES = [
    LedgerTaxCode(id="TAX", name="TAX", kind=TaxKind.STANDARD),
    LedgerTaxCode(id="NON", name="NON", kind=TaxKind.EXEMPT),
    a_ledger_tax_code("2", "California", "8"),
]


def a_catalog(*, company: Mapping[str, Any] | None = None, **changes: Any) -> Catalog:
    """A British company; `company=` changes fields of the company itself."""
    defaults: dict[str, Any] = {
        "company": a_company(**(company or {})),
        "currencies": [LedgerCurrency(code="GBP"), LedgerCurrency(code="EUR")],
        "accounts": [Account(id="35", name="Current account", type="Bank")],
        "tax_codes": UK_TAX_CODES,
        "terms": [Term(id="3", name="Net 30", due_days=30), Term(id="1", name="Due on receipt", due_days=0)],
        "items": [Item(id="1", name="Services", type="Service", income_account="79")],
        "payment_methods": [PaymentMethod(id="2", name="Bank transfer")],
        "read_at": datetime(2026, 3, 1, tzinfo=UTC),
    }
    return Catalog(**{**defaults, **changes})


def a_us_catalog(*, company: Mapping[str, Any] | None = None, **changes: Any) -> Catalog:
    """The sample company of Intuit's sandbox: old engine, California 8 %."""
    ours = {"country": "US", "home_currency": "USD", "tax_model": "us", **(company or {})}
    return a_catalog(company=ours, **{"tax_codes": US_TAX_CODES, "currencies": [], **changes})


def some_settings(**changes: Any) -> ConnectionSettings:
    return ConnectionSettings(**{"default_item": "1", **changes})


def books(
    catalog: Catalog | None = None,
    *,
    customers: Mapping[str, LinkedCustomer] | None = None,
    invoices: Mapping[str, LinkedDocument] | None = None,
    credit_memos: Mapping[str, LinkedDocument] | None = None,
    **settings: Any,
) -> Books:
    """A connected company that knows customer cus_1 (60 there) and invoice inv_1 (145 there, 120.00 open)."""
    catalog = catalog or a_catalog()
    home = catalog.company.home_currency
    customer = LinkedCustomer(remote_id="60", currency=home, emails=("billing@acme.example",))
    invoice = LinkedDocument(remote_id="145", customer_id="cus_1", currency=home, open_balance="120.00")
    return Books(
        catalog=catalog,
        settings=some_settings(**settings),
        customers={"cus_1": customer} if customers is None else customers,
        invoices={"inv_1": invoice} if invoices is None else invoices,
        credit_memos=credit_memos or {},
    )


def a_ref(kind: RecordKind, remote_id: str = "145", version: str = "0") -> RemoteRef:
    return RemoteRef(kind=kind, id=remote_id, version=version)
