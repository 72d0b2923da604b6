"""Which currencies a QuickBooks company can use. Source: QuickBooks reference 10."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.books import Catalog, LedgerCurrency
from contracts.problems import Problem, Reason
from mappings.quickbooks.wire import Fields


def from_quickbooks_currency(raw: Mapping[str, Any]) -> LedgerCurrency:
    """One row of the company's currency list."""
    fields = Fields(raw)
    return LedgerCurrency(
        code=fields.text("Code", 10), name=fields.text("Name", 100), active=fields.flag("Active", True)
    )


def usable_currencies(catalog: Catalog) -> frozenset[str]:
    """The home currency, and with multi-currency the active ones of the list."""
    home = {catalog.company.home_currency}
    if not catalog.company.multi_currency:
        return frozenset(home)
    return frozenset(home | {currency.code for currency in catalog.currencies if currency.active})


def check_currency(
    currency: str, catalog: Catalog, *, where: str, customers: Iterable[str] = (), adds_itself: bool = False
) -> list[Problem]:
    """Why a record in this currency is refused.

    customers: the currency of the customer it is for, where known. adds_itself: a new customer adds its currency to
    the company's list (10), so with multi-currency any is right.
    """
    theirs = [known for known in customers if known]
    if any(known != currency for known in theirs):
        return [_mismatch(currency, theirs[0], where)]
    if currency in usable_currencies(catalog):
        return []
    if catalog.company.multi_currency and (adds_itself or theirs):
        return []
    return [_not_enabled(currency, catalog, where)]


def _mismatch(currency: str, theirs: str, where: str) -> Problem:
    return Problem(
        reason=Reason.CURRENCY_MISMATCH,
        where=where,
        field="currency",
        message=f"The record is in {currency} and its customer in {theirs}; QuickBooks keeps one currency each.",
        fix=f"Bill a second customer kept in {currency}, such as 'Name ({currency})', or issue the record in {theirs}.",
        value=currency,
    )


def _not_enabled(currency: str, catalog: Catalog, where: str) -> Problem:
    multi = catalog.company.multi_currency
    state = "is not in the company's currency list" if multi else "and the company keeps one currency only"
    home = catalog.company.home_currency
    return Problem(
        reason=Reason.CURRENCY_NOT_ENABLED,
        where=where,
        field="currency",
        message=f"The currency is {currency}; it {state}." if multi else f"The currency is {currency} {state}: {home}.",
        fix=f"Add {currency} in QuickBooks under Settings, Currencies"
        + ("." if multi else ", after switching on multi-currency under Account and settings, Advanced."),
        value=currency,
    )
