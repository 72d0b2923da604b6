"""Where a sales line posts to: an item, an account, or an item and the account it names.

What the settings name for a product, and `default_item`, is looked up among the items (by id or code), then among the
accounts (by id or code). Without either, `default_account` takes the line: lines with an account alone suffice (7.5).
An item's own sales account is sent explicitly, so that a later change to the item does not move a document already
agreed; an item without one posts to `default_account`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from contracts.books import Account, Catalog, Item
from contracts.problems import Problem, Reason
from mappings.plan import Books

Entry = TypeVar("Entry", Account, Item)
AGAIN = "Choose an item or account for it, or a default account, in the connection's settings."


@dataclass(frozen=True)
class Posting:
    """What a line carries; "" is not sent."""

    item_code: str = ""
    account_code: str = ""


@dataclass(frozen=True)
class Unpostable:
    """Why a line has nowhere to go."""

    reason: Reason
    message: str
    fix: str = AGAIN


def posting_for(product: str, books: Books) -> Posting | Unpostable:
    """The posting of a billing product ("" for a line without one)."""
    settings, catalog = books.settings, books.catalog
    named = f"product {product!r}" if product else "a line without a product"
    entry = settings.items.get(product, "") or settings.default_item
    if not entry:
        if not settings.default_account:
            return Unpostable(Reason.LINE_UNMAPPED, f"There is no Xero item or account for {named}.")
        return _account(settings.default_account, named, catalog)
    item = find(entry, catalog.items)
    return _account(entry, named, catalog) if item is None else _item(item, named, books)


def find(entry: str, entries: Sequence[Entry]) -> Entry | None:
    """The one with this id, else with this code."""
    by_id = next((one for one in entries if one.id == entry), None)
    return by_id or next((one for one in entries if one.code == entry and entry), None)


def payment_account(entry: str, books: Books, *, where: str, field: str) -> tuple[Account | None, list[Problem]]:
    """The account a payment lands in. Xero has no default of its own, so one has to be named (5.3)."""
    if not entry:
        text = "No account is chosen for payments to land in; Xero has no default."
        fix = "Choose a bank account, or one with payments enabled, as deposit account in the connection's settings."
        return None, [Problem(reason=Reason.DEPOSIT_ACCOUNT_MISSING, where=where, field=field, message=text, fix=fix)]
    account = find(entry, books.catalog.accounts)
    reason, state = Reason.REFERENCE_NOT_FOUND, "is not in Xero"
    if account is not None and not account.active:
        reason, state = Reason.REFERENCE_INACTIVE, "is archived in Xero"
    elif account is not None and not account.takes_payments:
        reason, state = Reason.REFERENCE_NOT_FOUND, "is neither a bank account nor enabled for payments in Xero"
    elif account is not None:
        return account, []
    name = account.name if account else entry
    fix = "Choose another deposit account in the connection's settings, or enable payments to it in Xero."
    text = f"The deposit account {name!r} {state}."
    return None, [Problem(reason=reason, where=where, field=field, message=text, fix=fix, value=entry)]


def _item(item: Item, named: str, books: Books) -> Posting | Unpostable:
    if not item.active or not item.usable:
        return Unpostable(Reason.REFERENCE_INACTIVE, f"The item {item.name!r} chosen for {named} is not sold in Xero.")
    entry = item.income_account or books.settings.default_account
    if not entry:
        text = f"The item {item.name!r} chosen for {named} has no sales account in Xero."
        return Unpostable(Reason.LINE_UNMAPPED, text, "Give the item a sales account in Xero, or choose a default one.")
    found = _account(entry, named, books.catalog)
    return Posting(item.code, found.account_code) if isinstance(found, Posting) else found


def _account(entry: str, named: str, catalog: Catalog) -> Posting | Unpostable:
    account = find(entry, catalog.accounts)
    if account is None:
        text = f"{entry!r}, chosen for {named}, is neither an item nor an account of Xero."
        return Unpostable(Reason.REFERENCE_NOT_FOUND, text)
    if not account.active:
        fix = "Restore the account in Xero, or choose another in the connection's settings."
        return Unpostable(
            Reason.REFERENCE_INACTIVE, f"The account {account.name!r} chosen for {named} is archived in Xero.", fix
        )
    if not account.takes_sales:
        text = f"The account {account.name!r} chosen for {named} cannot take sales: it has to be a revenue account "
        return Unpostable(Reason.LINE_UNMAPPED, text + "with a code that Xero does not keep for itself.")
    return Posting("", account.code)
