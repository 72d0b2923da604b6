"""Organisation, accounts, tax rates, currencies, items, branding themes. Source: Xero reference 2.1, 7."""

from __future__ import annotations

from functools import partial

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import listings
from connectors.sandbox.xero.body import Fields, guid, is_guid
from connectors.sandbox.xero.books import Books, Entry
from connectors.sandbox.xero.errors import NotFound, Refused, request_refused, validation
from connectors.sandbox.xero.reading import Call, changed_only, select
from connectors.sandbox.xero.writing import Reply, Written, write_all

# Source: Xero reference 7.6.
_ACTIONS = [
    "CreateDraftInvoice",
    "CreateApprovedInvoice",
    "CreateInvoicePayment",
    "CreateRepeatingInvoice",
    "CreateDraftBill",
    "CreateApprovedBill",
    "CreateRepeatingBill",
    "CreateDraftQuote",
    "CreateSentQuote",
    "CreateDraftPurchaseOrder",
    "CreateApprovedPurchaseOrder",
    "AttachFilesIntoInvoice",
]


def get_organisation(call: Call) -> Reply:
    """Lock dates are absent when unset. Source: Xero reference 7.6."""
    return Reply("Organisations", [show_organisation(call.books)])


def show_organisation(books: Books) -> JsonObject:
    shown = dict(books.info)
    if books.period_lock is not None:
        shown["PeriodLockDate"] = books.period_lock
    if books.year_lock is not None:
        shown["EndOfYearLockDate"] = books.year_lock
    return shown


def get_actions(call: Call) -> Reply:
    rows = [{"Name": name, "Status": "ALLOWED"} for name in _ACTIONS]
    many = "ALLOWED" if len(call.books.currencies) > 1 else "NOT-ALLOWED"
    rows += [{"Name": "UseMulticurrency", "Status": many}, {"Name": "CreateManualJournal", "Status": "ALLOWED"},
             {"Name": "ApproveTransactionsBeforePeriodLockDate", "Status": "NOT-ALLOWED"}]  # fmt: skip
    return Reply("Actions", rows)


# accounts ------------------------------------------------------------------------------------------------------


def list_accounts(call: Call) -> Reply:
    books = call.books
    rows = changed_only(call, list(books.accounts.values()), lambda e: e.updated)
    page = select(call, rows, "Account", partial(listings.show_account, books), has_paging=False)
    return Reply("Accounts", [listings.show_account(books, row) for row in page.rows])


def get_account(call: Call) -> Reply:
    return Reply("Accounts", [listings.show_account(call.books, _entry(call, call.books.accounts))])


def put_account(call: Call) -> Reply:
    return _save_account(call, None)


def post_account(call: Call) -> Reply:
    return _save_account(call, _entry(call, call.books.accounts))


def _save_account(call: Call, target: Entry | None) -> Reply:
    def save(fields: Fields) -> Written:
        entry = listings.save_account(call.books, fields, target)
        return Written(partial(listings.show_account, call.books, entry))

    return write_all(call, "Accounts", "Account", save, at_most=1, has_summarize=False)


def delete_account(call: Call) -> Reply:
    entry = _entry(call, call.books.accounts)
    try:
        with call.books.transaction():
            return Reply("Accounts", [listings.delete_account(call.books, entry)])
    except Refused as refused:
        element = {**(refused.echo or {}), "ValidationErrors": [{"Message": text} for text in refused.messages]}
        raise validation([element]) from None


# tax rates and currencies --------------------------------------------------------------------------------------


def list_tax_rates(call: Call) -> Reply:
    """Not filtered by If-Modified-Since. Source: Xero reference 7.1."""
    page = select(
        call, list(call.books.tax_rates.values()), "TaxRate", lambda e: e.data, id_name="Name", has_paging=False
    )
    return Reply("TaxRates", [dict(row.data) for row in page.rows])


def get_tax_rate(call: Call) -> Reply:
    entry = call.books.tax_rates.get(call.args["id"].upper())
    if entry is None:
        raise NotFound
    return Reply("TaxRates", [dict(entry.data)])


def put_tax_rate(call: Call) -> Reply:
    return _save_tax_rate(call, lambda fields: None)


def post_tax_rate(call: Call) -> Reply:
    return _save_tax_rate(call, lambda fields: listings.tax_rate_target(call.books, fields))


def _save_tax_rate(call: Call, target: listings.FindEntry) -> Reply:
    def save(fields: Fields) -> Written:
        entry = listings.save_tax_rate(call.books, fields, target(fields))
        return Written(lambda: dict(entry.data))

    return write_all(call, "TaxRates", "TaxRate", save, at_most=1, has_summarize=False)


def list_currencies(call: Call) -> Reply:
    rows = sorted(call.books.currencies)
    page = select(call, rows, "Currency", listings.show_currency, id_name="Code", has_paging=False)
    return Reply("Currencies", [listings.show_currency(code) for code in page.rows])


def put_currencies(call: Call) -> Reply:
    def save(fields: Fields) -> Written:
        shown = listings.add_currency(call.books, fields)
        return Written(lambda: shown)

    return write_all(call, "Currencies", "Currency", save, has_summarize=False)


# items ---------------------------------------------------------------------------------------------------------


def list_items(call: Call) -> Reply:
    rows = changed_only(call, list(call.books.items.values()), lambda e: e.updated)
    show = partial(listings.show_item, unitdp=call.unitdp)
    page = select(call, rows, "Item", show, has_paging=False)
    return Reply("Items", [show(row) for row in page.rows])


def get_item(call: Call) -> Reply:
    return Reply("Items", [listings.show_item(_item(call), unitdp=call.unitdp)])


def _item(call: Call) -> Entry:
    key = call.args["id"]
    found = call.books.items.get(guid(key)) if is_guid(key) else None
    found = found or call.books.item_by_code(key)
    if found is None:
        raise NotFound
    return found


def put_items(call: Call) -> Reply:
    return _save_items(call, lambda fields: None)


def post_items(call: Call) -> Reply:
    return _save_items(call, lambda fields: listings.item_target(call.books, fields))


def post_item(call: Call) -> Reply:
    target = _item(call)
    return _save_items(call, lambda fields: target)


def _save_items(call: Call, target: listings.FindEntry) -> Reply:
    def save(fields: Fields) -> Written:
        entry = listings.save_item(call.books, fields, target(fields), unitdp=call.unitdp)
        return Written(partial(listings.show_item, entry, unitdp=call.unitdp))

    return write_all(call, "Items", "Item", save, at_most=500)


def delete_item(call: Call) -> Reply:
    """204. Source: Xero reference 2.1."""
    entry = _item(call)
    used = any(line.item_code == entry.data["Code"] for d in call.books.documents.values() for line in d.lines)
    if used:
        raise request_refused("The item is in use and cannot be deleted.")
    call.books.remove(call.books.items, entry.id)
    return Reply(status=204)


# branding themes -----------------------------------------------------------------------------------------------


def list_themes(call: Call) -> Reply:
    rows = list(call.books.branding_themes.values())
    page = select(call, rows, "BrandingTheme", lambda e: e.data, has_paging=False)
    return Reply("BrandingThemes", [dict(row.data) for row in page.rows])


def get_theme(call: Call) -> Reply:
    return Reply("BrandingThemes", [dict(_entry(call, call.books.branding_themes).data)])


def _entry(call: Call, table: dict[str, Entry]) -> Entry:
    key = call.args["id"]
    if not is_guid(key) or guid(key) not in table:
        raise NotFound
    return table[guid(key)]
