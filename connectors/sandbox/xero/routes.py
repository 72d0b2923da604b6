"""The routes of the Accounting API and the scopes they need. Source: Xero reference 1.7, 2.1, 8.2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

from connectors.sandbox.xero import api_contacts, api_documents, api_payments, api_settings
from connectors.sandbox.xero.books import DocumentKind
from connectors.sandbox.xero.errors import NotFound, NotModelled, not_implemented
from connectors.sandbox.xero.reading import Call
from connectors.sandbox.xero.settings import XeroSettings
from connectors.sandbox.xero.writing import Reply

Handler = Callable[[Call], Reply]
_INVOICES, _PAYMENTS, _CONTACTS, _SETTINGS, _BANK = (
    f"accounting.{name}" for name in ("invoices", "payments", "contacts", "settings", "banktransactions")
)
_BROAD = "accounting.transactions"

# Resources of the real API this simulator does not have. Source: the OpenAPI document's paths.
NOT_MODELLED = frozenset(
    [
        "banktransfers",
        "batchpayments",
        "budgets",
        "contactgroups",
        "employees",
        "expenseclaims",
        "invoicereminders",
        "journals",
        "linkedtransactions",
        "manualjournals",
        "paymentservices",
        "purchaseorders",
        "quotes",
        "receipts",
        "repeatinginvoices",
        "reports",
        "setup",
        "taxtypes",
        "trackingcategories",
        "users",
    ]
)


@dataclass(frozen=True)
class Route:
    method: str
    parts: tuple[str, ...]  # lower case; {name} binds
    scopes: tuple[str, ...]  # any of these, or their .read form for GET
    handler: Handler


def build_routes(settings: XeroSettings) -> list[Route]:
    found: list[Route] = []

    def add(method: str, path: str, handler: Handler, *scopes: str) -> None:
        found.append(Route(method, tuple(path.lower().split("/")), scopes, handler))

    _add_contacts(add)
    _add_documents(add, settings)
    _add_money(add)
    _add_settings(add)
    return found


_Add = Callable[..., None]


def _add_contacts(add: _Add) -> None:
    add("GET", "Contacts", api_contacts.list_contacts, _CONTACTS)
    add("PUT", "Contacts", api_contacts.put_contacts, _CONTACTS)
    add("POST", "Contacts", api_contacts.post_contacts, _CONTACTS)
    add("GET", "Contacts/{id}", api_contacts.get_contact, _CONTACTS)
    add("POST", "Contacts/{id}", api_contacts.post_contact, _CONTACTS)


def _add_documents(add: _Add, settings: XeroSettings) -> None:
    add("GET", "Invoices", api_documents.list_invoices, _INVOICES)
    add("GET", "CreditNotes", partial(api_documents.list_credits, kind="CreditNote"), _INVOICES)
    kinds: tuple[tuple[str, DocumentKind], ...] = (("Invoices", "Invoice"), ("CreditNotes", "CreditNote"))
    for plural, kind in kinds:
        add("PUT", plural, partial(api_documents.put_documents, kind=kind), _INVOICES)
        add("POST", plural, partial(api_documents.post_documents, kind=kind), _INVOICES)
        add("GET", f"{plural}/{{id}}", partial(api_documents.get_document, kind=kind), _INVOICES)
        add("POST", f"{plural}/{{id}}", partial(api_documents.post_document, kind=kind), _INVOICES)
    online = partial(api_documents.online_invoice, host=settings.online_invoice_host)
    add("GET", "Invoices/{id}/OnlineInvoice", online, _INVOICES)
    add("POST", "Invoices/{id}/Email", api_documents.email_invoice, _INVOICES)


def _add_money(add: _Add) -> None:
    add("GET", "Payments", api_payments.list_payments, _PAYMENTS)
    add("PUT", "Payments", api_payments.put_payments, _PAYMENTS)
    add("POST", "Payments", api_payments.post_payments, _PAYMENTS)
    add("GET", "Payments/{id}", api_payments.get_payment, _PAYMENTS)
    add("POST", "Payments/{id}", api_payments.post_payment, _PAYMENTS)
    credits: tuple[tuple[str, DocumentKind, str], ...] = (
        ("CreditNotes", "CreditNote", _INVOICES),
        ("Overpayments", "Overpayment", _PAYMENTS),
        ("Prepayments", "Prepayment", _PAYMENTS),
    )
    for plural, kind, scope in credits:
        if kind != "CreditNote":
            add("GET", plural, partial(api_documents.list_credits, kind=kind), scope)
            add("GET", f"{plural}/{{id}}", partial(api_documents.get_document, kind=kind), scope)
        add("PUT", f"{plural}/{{id}}/Allocations", partial(api_payments.put_allocations, kind=kind), scope)
        remove = partial(api_payments.delete_allocation, kind=kind)
        add("DELETE", f"{plural}/{{id}}/Allocations/{{allocation}}", remove, scope)
    add("GET", "BankTransactions", api_payments.list_bank_transactions, _BANK)
    add("GET", "BankTransactions/{id}", api_payments.get_bank_transaction, _BANK)
    add("PUT", "BankTransactions", api_payments.write_bank_transactions, _BANK)
    add("POST", "BankTransactions", api_payments.write_bank_transactions, _BANK)
    for plural, scope in (
        ("Contacts", _CONTACTS), ("Invoices", _INVOICES), ("CreditNotes", _INVOICES), ("Items", _INVOICES),
        ("Payments", _PAYMENTS), ("Overpayments", _PAYMENTS), ("Prepayments", _PAYMENTS),
    ):  # fmt: skip
        add("GET", f"{plural}/{{id}}/History", partial(_with_parent, plural, api_documents.get_history), scope)
        add("PUT", f"{plural}/{{id}}/History", partial(_with_parent, plural, api_documents.put_history), scope)


def _with_parent(parent: str, handler: Handler, call: Call) -> Reply:
    call.args["parent"] = parent
    return handler(call)


def _add_settings(add: _Add) -> None:
    add("GET", "Organisation", api_settings.get_organisation, _SETTINGS)
    add("GET", "Organisation/Actions", api_settings.get_actions, _SETTINGS)
    add("GET", "Accounts", api_settings.list_accounts, _SETTINGS)
    add("PUT", "Accounts", api_settings.put_account, _SETTINGS)
    add("GET", "Accounts/{id}", api_settings.get_account, _SETTINGS)
    add("POST", "Accounts/{id}", api_settings.post_account, _SETTINGS)
    add("DELETE", "Accounts/{id}", api_settings.delete_account, _SETTINGS)
    add("GET", "TaxRates", api_settings.list_tax_rates, _SETTINGS)
    add("PUT", "TaxRates", api_settings.put_tax_rate, _SETTINGS)
    add("POST", "TaxRates", api_settings.post_tax_rate, _SETTINGS)
    add("GET", "TaxRates/{id}", api_settings.get_tax_rate, _SETTINGS)
    add("GET", "Currencies", api_settings.list_currencies, _SETTINGS)
    add("PUT", "Currencies", api_settings.put_currencies, _SETTINGS)
    add("GET", "BrandingThemes", api_settings.list_themes, _SETTINGS)
    add("GET", "BrandingThemes/{id}", api_settings.get_theme, _SETTINGS)
    add("GET", "Items", api_settings.list_items, _INVOICES, _SETTINGS)
    add("PUT", "Items", api_settings.put_items, _INVOICES, _SETTINGS)
    add("POST", "Items", api_settings.post_items, _INVOICES, _SETTINGS)
    add("GET", "Items/{id}", api_settings.get_item, _INVOICES, _SETTINGS)
    add("POST", "Items/{id}", api_settings.post_item, _INVOICES, _SETTINGS)
    add("DELETE", "Items/{id}", api_settings.delete_item, _INVOICES, _SETTINGS)


def match(routes: list[Route], method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a path below the API base. Raises NotFound, NotModelled, or Xero's own 501."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    head = parts[0].lower()
    if head in NOT_MODELLED:
        raise NotModelled(f"{method} /{path.strip('/')}")
    known_path = False
    for route in routes:
        args = _bind(route.parts, parts)
        if args is None:
            continue
        known_path = True
        if route.method == method:
            return route, args
    if known_path:
        raise not_implemented()
    if len(parts) > 2 and any(route.parts[0] == head for route in routes):
        raise NotModelled(f"{method} /{path.strip('/')}")  # Attachments, CISSettings, PaymentServices, ...
    raise NotFound


def _bind(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    args = {}
    for expected, given in zip(pattern, parts, strict=True):
        if expected.startswith("{"):
            args[expected[1:-1]] = given
        elif expected != given.lower():
            return None
    return args


def allows(route: Route, granted: frozenset[str]) -> bool:
    """Granular scopes, or the broad one that covers them. Source: Xero reference 1.7."""
    wanted = set(route.scopes)
    if wanted & {_INVOICES, _PAYMENTS, _BANK}:
        wanted.add(_BROAD)
    if route.method == "GET":
        wanted |= {f"{scope}.read" for scope in wanted}
    return bool(wanted & granted)
