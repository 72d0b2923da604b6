"""What a connection lacks before documents can go to QuickBooks."""

from __future__ import annotations

from contracts.books import Catalog, Item
from contracts.connections import ConnectionSettings
from contracts.problems import Problem, Reason
from mappings.quickbooks.catalog import TaxModel

WHERE = "connection"


def readiness(catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
    """Every problem of the set-up; only those that block keep documents from being pushed."""
    return [
        *_items(catalog, settings),
        *_lists(catalog, settings),
        *_numbers(catalog),
        *_merchant_email(catalog, settings),
        *_discounts(catalog),
        *_tax(catalog, settings),
    ]


def sensible_items(catalog: Catalog) -> list[Item]:
    """Items a default could be: active services that post to an income account."""
    return [
        item
        for item in catalog.items
        if item.active and item.usable and item.type.casefold() == "service" and item.income_account
    ]


def _items(catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
    chosen = next((item for item in catalog.items if item.id == settings.default_item), None)
    if chosen is not None and chosen.active and chosen.usable:
        return []
    sensible = sensible_items(catalog)
    if settings.default_item:
        text = f"The default item {settings.default_item!r} is missing, inactive or cannot stand on a line."
    else:
        text = "No default item is chosen: lines whose product is not mapped have nowhere to post to."
    suggestion = sensible[0].id if len(sensible) == 1 else ""
    fix = f"Choose {sensible[0].name!r}, the only service item." if suggestion else "Choose a QuickBooks item."
    return [_problem(Reason.ITEM_MISSING, "settings.default_item", text, fix, suggestion)]


def _lists(catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
    """Mapped ids that are gone or inactive."""
    chosen = {
        "settings.items": (list(settings.items.values()), {item.id: item.active for item in catalog.items}),
        "settings.tax_codes": (list(settings.tax_codes.values()), {code.id: code.active for code in catalog.tax_codes}),
        "settings.deposit_account": (
            [settings.deposit_account],
            {account.id: account.active for account in catalog.accounts},
        ),
        "settings.payment_methods": (
            list(settings.payment_methods.values()),
            {method.id: method.active for method in catalog.payment_methods},
        ),
    }
    return [
        _gone(field, entry, entry in known)
        for field, (entries, known) in chosen.items()
        for entry in dict.fromkeys(entries)
        if entry and not known.get(entry)
    ]


def _gone(field: str, entry: str, exists: bool) -> Problem:
    reason = Reason.REFERENCE_INACTIVE if exists else Reason.REFERENCE_NOT_FOUND
    text = f"{entry!r} in {field.removeprefix('settings.').replace('_', ' ')} "
    text += "is inactive in QuickBooks." if exists else "does not exist in QuickBooks."
    return _problem(reason, field, text, "Choose another in the connection's settings.")


def _numbers(catalog: Catalog) -> list[Problem]:
    if not catalog.company.numbers_automatic:
        return []
    text = "QuickBooks numbers documents by itself; its numbers can collide with those of the billing platform."
    fix = "Switch on Custom transaction numbers in QuickBooks under Account and settings, Sales."
    return [_problem(Reason.NUMBERS_AUTOMATIC, "company.numbers_automatic", text, fix)]


def _merchant_email(catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
    if not settings.mark_sent or settings.merchant_email or catalog.company.email:
        return []
    text = "Invoices cannot be marked as sent: QuickBooks marks by e-mailing, and there is no merchant address for it."
    fix = "Enter a merchant e-mail in the connection's settings, or the company e-mail in QuickBooks."
    return [_problem(Reason.MERCHANT_EMAIL_MISSING, "settings.merchant_email", text, fix)]


def _discounts(catalog: Catalog) -> list[Problem]:
    if catalog.company.discounts_allowed:
        return []
    text = "Discounts are switched off: a document with a discount on the whole cannot be pushed."
    fix = "Switch on Discount in QuickBooks under Account and settings, Sales, if billing gives such discounts."
    return [_problem(Reason.DISCOUNT_ACCOUNT_MISSING, "company.discounts_allowed", text, fix)]


def _tax(catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
    """A company without sales tax is ready; one whose settings map tax codes evidently means to charge it."""
    off = not catalog.company.sales_tax or catalog.company.tax_model == TaxModel.US_OFF
    if not off or not settings.tax_codes:
        return []
    text = "Tax codes are mapped and sales tax is not set up in QuickBooks: documents with tax cannot be pushed."
    fix = "Set up sales tax in QuickBooks under Taxes, or remove the tax mapping."
    return [_problem(Reason.TAX_IS_OFF, "company.sales_tax", text, fix)]


def _problem(reason: Reason, field: str, text: str, fix: str, suggestion: str = "") -> Problem:
    return Problem(reason=reason, where=WHERE, field=field, message=text, fix=fix, suggestion=suggestion)
