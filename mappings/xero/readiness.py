"""What a connection lacks before documents can go to Xero."""

from __future__ import annotations

from contracts.books import Account, Catalog
from contracts.connections import ConnectionSettings
from contracts.problems import Problem, Reason
from mappings.plan import Books
from mappings.xero.invoices import is_absolute
from mappings.xero.postings import Unpostable, find, payment_account, posting_for

WHERE = "connection"


def readiness(catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
    """Every problem of the set-up; only those that block keep documents from being pushed."""
    books = Books(catalog=catalog, settings=settings)
    return [
        *_sales(books),
        *_deposits(books),
        *_lists(catalog, settings),
        *_tax(catalog, settings),
        *_link(settings),
    ]


def sensible_sales_accounts(catalog: Catalog) -> list[Account]:
    """Accounts a default could be."""
    return [account for account in catalog.accounts if account.active and account.takes_sales]


def _sales(books: Books) -> list[Problem]:
    """A line whose product is not mapped has somewhere to go: the default item, else the default account."""
    found = posting_for("", books)
    if not isinstance(found, Unpostable):
        return []
    field = "settings.default_item" if books.settings.default_item else "settings.default_account"
    sensible = sensible_sales_accounts(books.catalog)
    only = sensible[0] if len(sensible) == 1 else None
    if books.settings.default_item or books.settings.default_account:
        text, fix = found.message, found.fix
    else:
        text = "No default item or account is chosen: lines whose product is not mapped have nowhere to post to."
        fix = f"Choose {only.name!r}, the only revenue account." if only else "Choose a Xero sales account."
    return [_problem(Reason.ITEM_MISSING, field, text, fix, only.code if only else "")]


def _deposits(books: Books) -> list[Problem]:
    """Xero has no default account for payments."""
    _, problems = payment_account(books.settings.deposit_account, books, where=WHERE, field="settings.deposit_account")
    usable = [account for account in books.catalog.accounts if account.active and account.takes_payments]
    only = usable[0].id if len(usable) == 1 else ""
    return [problem.model_copy(update={"suggestion": only}) for problem in problems]


def _lists(catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
    """Mapped entries that are gone or inactive."""
    problems = []
    for entry in dict.fromkeys(settings.items.values()):
        item, account = find(entry, catalog.items), find(entry, catalog.accounts)
        usable = item.active and item.usable if item else bool(account and account.active and account.takes_sales)
        if not usable:
            problems.append(_gone("settings.items", entry, item is not None or account is not None))
    codes = {code.id: code.active and code.for_sales for code in catalog.tax_codes}
    for entry in dict.fromkeys(settings.tax_codes.values()):
        if entry and not codes.get(entry):
            problems.append(_gone("settings.tax_codes", entry, entry in codes))
    themes = {theme.id for theme in catalog.branding_themes}
    if settings.branding_theme and settings.branding_theme not in themes:
        problems.append(_gone("settings.branding_theme", settings.branding_theme, False))
    return problems


def _gone(field: str, entry: str, exists: bool) -> Problem:
    reason = Reason.REFERENCE_INACTIVE if exists else Reason.REFERENCE_NOT_FOUND
    text = f"{entry!r} in {field.removeprefix('settings.').replace('_', ' ')} "
    text += "is archived in Xero or not for sales." if exists else "does not exist in Xero."
    return _problem(reason, field, text, "Choose another in the connection's settings.")


def _tax(catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
    """A company that pays no tax is ready; one whose settings map tax codes evidently means to charge it."""
    if catalog.company.sales_tax or not settings.tax_codes:
        return []
    text = (
        "Tax codes are mapped and the company is not registered for tax in Xero: documents with tax cannot be pushed."
    )
    fix = "Enter the registration in Xero under Settings, Financial settings; or remove the tax mapping."
    return [_problem(Reason.TAX_IS_OFF, "company.sales_tax", text, fix)]


def _link(settings: ConnectionSettings) -> list[Problem]:
    link = settings.document_link
    if not link or (is_absolute(link) and "xero" not in link.casefold()):
        return []
    text = f"{link!r} cannot stand on an invoice: Xero wants a whole web address without its own name in it."
    fix = "Enter an address such as https://billing.example.com/invoices/{id}, or none."
    return [_problem(Reason.NOT_SUPPORTED_BY_LEDGER, "settings.document_link", text, fix)]


def _problem(reason: Reason, field: str, text: str, fix: str, suggestion: str = "") -> Problem:
    return Problem(reason=reason, where=WHERE, field=field, message=text, fix=fix, suggestion=suggestion)
