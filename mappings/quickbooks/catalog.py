"""A QuickBooks company's lists in core words. Source: QuickBooks reference 9.1, 13.2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import ValidationError

from contracts.books import Account, Catalog, Company, Item, PaymentMethod, Term
from mappings.quickbooks.currencies import from_quickbooks_currency
from mappings.quickbooks.tax_codes import from_quickbooks_tax_code
from mappings.quickbooks.wire import Fields, UnreadableRecord
from mappings.rules.countries import certain_country

Raw = Mapping[str, Any]
Row = TypeVar("Row")


class TaxModel(StrEnum):
    """How a company computes sales tax."""

    US = "us"
    """The old US engine: TAX or NON on a line, one group for the document."""
    US_AUTOMATED = "us_automated"
    """US Automated Sales Tax: computed by addresses; an explicit amount is honoured."""
    US_OFF = "us_off"
    """A US company without sales tax, or with Automated Sales Tax not set up."""
    GLOBAL = "global"
    """Outside the US: a tax code on every line."""


def build_catalog(
    company_info: Raw,
    preferences: Raw,
    *,
    realm_id: str,
    read_at: datetime,
    currencies: Iterable[Raw] = (),
    accounts: Iterable[Raw] = (),
    tax_codes: Iterable[Raw] = (),
    tax_rates: Iterable[Raw] = (),
    terms: Iterable[Raw] = (),
    items: Iterable[Raw] = (),
    payment_methods: Iterable[Raw] = (),
) -> Catalog:
    """Everything a mapping looks up, from the raw objects (parsed with parse_float=Decimal).

    A list entry that cannot be read is left out: nothing can refer to it. Company and preferences must be readable,
    else UnreadableRecord.
    """
    rates = _readable(tax_rates, Fields)
    return Catalog(
        company=from_quickbooks_company(company_info, preferences, realm_id=realm_id),
        currencies=_readable(currencies, from_quickbooks_currency),
        accounts=_readable(accounts, from_quickbooks_account),
        tax_codes=_readable(tax_codes, lambda raw: from_quickbooks_tax_code(raw, [rate.raw for rate in rates])),
        terms=_readable(terms, from_quickbooks_term),
        items=_readable(items, from_quickbooks_item),
        payment_methods=_readable(payment_methods, from_quickbooks_payment_method),
        read_at=read_at,
    )


def from_quickbooks_company(company_info: Raw, preferences: Raw, *, realm_id: str) -> Company:
    """The company, with what its preferences decide. Its id is the realm: CompanyInfo.Id is always "1" (2.4)."""
    info, prefs = Fields(company_info), Fields(preferences)
    sales, currency = prefs.part("SalesFormsPrefs"), prefs.part("CurrencyPrefs")
    country = info.text("Country", 100)
    return Company(
        id=realm_id,
        name=info.text("CompanyName", 500),
        legal_name=info.text("LegalName", 500),
        country=certain_country(country) or country,
        home_currency=currency.ref("HomeCurrency") or ("USD" if certain_country(country) == "US" else ""),
        multi_currency=currency.flag("MultiCurrencyEnabled"),
        email=info.part("Email").text("Address", 100)
        or info.part("CustomerCommunicationEmailAddr").text("Address", 100),
        timezone=info.text("DefaultTimeZone", 100),
        subscription=_named(info, "SubscriptionStatus"),
        sales_tax=prefs.part("TaxPrefs").flag("UsingSalesTax"),
        tax_model=tax_model(certain_country(country), prefs.part("TaxPrefs")),
        books_closed_until=prefs.part("AccountingInfoPrefs").day("BookCloseDate"),
        numbers_automatic=not sales.flag("CustomTxnNumbers"),
        discounts_allowed=sales.flag("AllowDiscount"),
        applies_credit_by_itself=sales.flag("AutoApplyCredit") or sales.flag("AutoApplyPayments"),
    )


def tax_model(country: str, tax_prefs: Fields) -> TaxModel:
    """PartnerTaxEnabled: true is Automated Sales Tax, false is not set up, absent is the old engine. Source: 9.1."""
    if country != "US":
        return TaxModel.GLOBAL
    if not tax_prefs.flag("UsingSalesTax"):
        return TaxModel.US_OFF
    if "PartnerTaxEnabled" not in tax_prefs:
        return TaxModel.US
    return TaxModel.US_AUTOMATED if tax_prefs.flag("PartnerTaxEnabled") else TaxModel.US_OFF


def from_quickbooks_account(raw: Raw) -> Account:
    fields = Fields(raw)
    return Account(
        id=_id(fields),
        name=fields.text("FullyQualifiedName", 500) or fields.text("Name", 500),
        type=fields.text("AccountType", 100),
        currency=fields.ref("CurrencyRef"),
        active=fields.flag("Active", True),
    )


def from_quickbooks_item(raw: Raw) -> Item:
    """An item; categories and bundles cannot stand on a line. Source: 13.2."""
    fields = Fields(raw)
    kind = fields.word("Type")
    return Item(
        id=_id(fields),
        name=fields.text("FullyQualifiedName", 500) or fields.text("Name", 500),
        type=kind,
        income_account=fields.ref("IncomeAccountRef"),
        active=fields.flag("Active", True),
        usable=kind not in ("Category", "Group"),
    )


def from_quickbooks_term(raw: Raw) -> Term:
    """A term; one that falls on a day of the month has no number of days."""
    fields = Fields(raw)
    standard = fields.text("Type").casefold() in ("", "standard") and "DueDays" in fields
    return Term(
        id=_id(fields),
        name=fields.text("Name", 100),
        due_days=int(fields.amount("DueDays")) if standard else None,
        active=fields.flag("Active", True),
    )


def from_quickbooks_payment_method(raw: Raw) -> PaymentMethod:
    fields = Fields(raw)
    return PaymentMethod(id=_id(fields), name=fields.text("Name", 100), active=fields.flag("Active", True))


def _readable(rows: Iterable[Raw], read: Callable[[Raw], Row]) -> list[Row]:
    found = []
    for raw in rows:
        try:
            found.append(read(raw))
        except (UnreadableRecord, ValidationError):
            continue
    return found


def _named(info: Fields, name: str) -> str:
    values = (pair.text("Value", 100) for pair in info.parts("NameValue") if pair.text("Name") == name)
    return next(values, "")


def _id(fields: Fields) -> str:
    found = fields.text("Id", 100)
    if not found:
        raise UnreadableRecord("a list entry has no Id")
    return found
