"""The settings lists: accounts, tax rates, currencies, items. Source: Xero reference 7.1, 7.3, 7.4, 7.5."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import errors
from connectors.sandbox.xero.body import Fields
from connectors.sandbox.xero.books import Books, Entry
from connectors.sandbox.xero.errors import NotModelled, Refused
from connectors.sandbox.xero.lines import unit_price
from connectors.sandbox.xero.wire import four_places

# Type -> Class. Source: Xero reference 7.4.
ACCOUNT_CLASSES = {
    "BANK": "ASSET", "CURRENT": "ASSET", "FIXED": "ASSET", "INVENTORY": "ASSET", "NONCURRENT": "ASSET",
    "PREPAYMENT": "ASSET", "CURRLIAB": "LIABILITY", "LIABILITY": "LIABILITY", "TERMLIAB": "LIABILITY",
    "PAYG": "LIABILITY", "EQUITY": "EQUITY", "DEPRECIATN": "EXPENSE", "DIRECTCOSTS": "EXPENSE", "EXPENSE": "EXPENSE",
    "OVERHEADS": "EXPENSE", "OTHERINCOME": "REVENUE", "REVENUE": "REVENUE", "SALES": "REVENUE",
}  # fmt: skip
_ACCOUNT_TEXTS = ("Code", "Name", "Description", "BankAccountNumber", "TaxType")
_REPORT_TYPES_NEEDED = frozenset({"AU", "NZ", "UK"})
_COMPONENT_PLACES = Decimal("0.0001")

CURRENCY_NAMES = {
    "AUD": "Australian Dollar", "CAD": "Canadian Dollar", "CHF": "Swiss Franc", "DKK": "Danish Krone", "EUR": "Euro",
    "GBP": "British Pound", "HKD": "Hong Kong Dollar", "INR": "Indian Rupee", "JPY": "Japanese Yen",
    "KWD": "Kuwaiti Dinar", "NOK": "Norwegian Krone", "NZD": "New Zealand Dollar", "PLN": "Polish Zloty",
    "SEK": "Swedish Krona", "SGD": "Singapore Dollar", "USD": "United States Dollar", "ZAR": "South African Rand",
}  # fmt: skip


# Which entry a write means; None creates.
FindEntry = Callable[[Fields], Entry | None]

# accounts ------------------------------------------------------------------------------------------------------


def save_account(books: Books, fields: Fields, target: Entry | None) -> Entry:
    """Create or merge; archiving is a merge of Status. Source: Xero reference 7.4."""
    data = (
        dict(target.data)
        if target is not None
        else {"Status": "ACTIVE", "EnablePaymentsToAccount": False, "ShowInExpenseClaims": False}
    )
    if target is not None and data.get("SystemAccount") and fields.text("Status") == "ARCHIVED":
        raise Refused("System accounts cannot be archived.", echo=dict(data))
    for key in _ACCOUNT_TEXTS:
        value = fields.text(key)
        if value is not None:
            data[key] = value
    data["Type"] = fields.choice("Type", frozenset(ACCOUNT_CLASSES), "AccountType") or data.get("Type")
    data["Status"] = fields.choice("Status", frozenset({"ACTIVE", "ARCHIVED"}), "AccountStatus") or data["Status"]
    for key in ("EnablePaymentsToAccount", "ShowInExpenseClaims"):
        flag = fields.flag(key)
        data[key] = data[key] if flag is None else flag
    currency = fields.text("CurrencyCode")
    if currency:
        data["CurrencyCode"] = currency
    problems = _account_problems(books, data, target)
    if problems:
        raise Refused(*problems, echo={"AccountID": errors.ZERO_GUID, **data})
    return _store_account(books, data, target)


def _account_problems(books: Books, data: JsonObject, target: Entry | None) -> list[str]:
    problems = []
    code, name = str(data.get("Code", "")), str(data.get("Name", ""))
    others = [entry for entry in books.accounts.values() if entry is not target]
    if not name:
        problems.append("Name is required")
    if data["Type"] is None:
        problems.append("Type is required")
    if not code and data["Type"] != "BANK":
        problems.append("Code is required")
    if len(code) > 10:
        problems.append(errors.too_long("Code", 10))
    if len(name) > 150:
        problems.append(errors.too_long("Name", 150))
    if any(str(entry.data["Name"]).casefold() == name.casefold() for entry in others):
        problems.append("Please enter a unique Name.")
    if code and any(str(entry.data.get("Code", "")).casefold() == code.casefold() for entry in others):
        problems.append("Please enter a unique Code.")
    if data.get("CurrencyCode") and data["CurrencyCode"] not in books.currencies:
        problems.append(errors.currency_missing(str(data["CurrencyCode"])))
    if data.get("TaxType") and data["TaxType"] not in books.tax_rates:
        problems.append(
            f"The TaxType code {data['TaxType']} does not exist or cannot be used for this type of transaction."
        )
    return problems


def _store_account(books: Books, data: JsonObject, target: Entry | None) -> Entry:
    data["Class"] = ACCOUNT_CLASSES[str(data["Type"])]
    data.setdefault("TaxType", "NONE")
    data.setdefault("HasAttachments", False)
    data.setdefault("AddToWatchlist", False)
    if data["Type"] == "BANK":
        data.setdefault("BankAccountType", "BANK")
        data.setdefault("CurrencyCode", books.base_currency)
    if target is None:
        data = {"AccountID": books.new_id(), **data}
        entry = Entry(str(data["AccountID"]), data, books.now(), books.next_order())
        books.add(books.accounts, entry.id, entry)
        return entry
    books.edit(target)
    target.data, target.updated = data, books.now()
    return target


def delete_account(books: Books, entry: Entry) -> JsonObject:
    """Unused, non-system accounts only. Source: Xero reference 2.1 (DELETE), 7.4."""
    used = any(line.account_id == entry.id for document in books.documents.values() for line in document.lines)
    used = used or any(payment.account_id == entry.id for payment in books.payments.values())
    if entry.data.get("SystemAccount") or used:
        raise Refused("The account is in use and cannot be deleted.", echo=dict(entry.data))
    books.remove(books.accounts, entry.id)
    return {**entry.data, "Status": "DELETED"}


def show_account(books: Books, entry: Entry) -> JsonObject:
    return {**entry.data, "UpdatedDateUTC": entry.updated}


# tax rates -----------------------------------------------------------------------------------------------------


def save_tax_rate(books: Books, fields: Fields, target: Entry | None) -> Entry:
    """User-made rates get TAX001...; system rates cannot be changed. Source: Xero reference 7.1."""
    if target is not None and not target.data["TaxType"].startswith("TAX"):
        raise Refused("System tax rates cannot be updated.", echo=dict(target.data))
    data = dict(target.data) if target is not None else {}
    name = fields.text("Name")
    status = fields.choice("Status", frozenset({"ACTIVE", "DELETED", "ARCHIVED", "PENDING"}), "TaxRateStatus")
    report = fields.text("ReportTaxType")
    components = _components(fields)
    problems = []
    if name:
        data["Name"] = name
    if not data.get("Name"):
        problems.append("Name is required")
    if any(
        e is not target and e.data["Name"].casefold() == str(data.get("Name", "")).casefold()
        for e in books.tax_rates.values()
    ):
        problems.append("The tax rate name must be unique.")
    if report:
        data["ReportTaxType"] = report
    if not data.get("ReportTaxType") and books.info["Version"] in _REPORT_TYPES_NEEDED:
        problems.append("ReportTaxType is required")
    if components is not None:
        kept = {row["Name"] for row in components}
        if any(row["Name"] not in kept for row in data.get("TaxComponents", [])):
            problems.append("Tax components cannot be removed or renamed.")
        data["TaxComponents"] = components
    if not data.get("TaxComponents"):
        problems.append("TaxComponents are required")
    if problems:
        raise Refused(*problems, echo={**data, **fields.data})
    data["Status"] = status or data.get("Status", "ACTIVE")
    return _store_tax_rate(books, data, target)


def _components(fields: Fields) -> list[JsonObject] | None:
    rows = fields.objects("TaxComponents")
    if rows is None:
        return None
    return [
        {
            "Name": row.text("Name") or "",
            "Rate": four_places(row.number("Rate") or Decimal(0)),
            "IsCompound": bool(row.flag("IsCompound")),
            "IsNonRecoverable": bool(row.flag("IsNonRecoverable")),
        }
        for row in rows
    ]


def _store_tax_rate(books: Books, data: JsonObject, target: Entry | None) -> Entry:
    plain = sum((row["Rate"] for row in data["TaxComponents"] if not row["IsCompound"]), Decimal(0))
    compound = sum((row["Rate"] for row in data["TaxComponents"] if row["IsCompound"]), Decimal(0))
    effective = plain + compound * (1 + plain / 100)
    data["DisplayTaxRate"] = (plain + compound).quantize(_COMPONENT_PLACES)
    data["EffectiveRate"] = effective.quantize(_COMPONENT_PLACES)
    for name in ("Assets", "Equity", "Expenses", "Liabilities", "Revenue"):
        data.setdefault(f"CanApplyTo{name}", True)
    if target is None:
        books.sequences["TaxRate"] += 1
        data["TaxType"] = f"TAX{books.sequences['TaxRate']:03d}"
        entry = Entry(data["TaxType"], data, books.now(), books.next_order())
        books.add(books.tax_rates, entry.id, entry)
        return entry
    books.edit(target)
    target.data, target.updated = data, books.now()
    return target


def tax_rate_target(books: Books, fields: Fields) -> Entry | None:
    """By TaxType, else by Name. Source: Xero reference 7.1 (there is no id)."""
    tax_type, name = fields.text("TaxType"), fields.text("Name")
    if tax_type:
        return books.tax_rates.get(tax_type)
    return next((e for e in books.tax_rates.values() if e.data["Name"].casefold() == (name or "").casefold()), None)


# currencies ----------------------------------------------------------------------------------------------------


def add_currency(books: Books, fields: Fields) -> JsonObject:
    """Needs a plan with multi-currency. Source: Xero reference 7.3."""
    code = fields.text("Code") or ""
    if len(code) != 3 or not code.isalpha() or not code.isupper():
        raise errors.bad_value(code, "CurrencyCode", f"{fields.path}.Code")
    if len(books.currencies) < 2:
        raise Refused("The organisation's plan does not include multi-currency.", echo={"Code": code})
    if code not in books.currencies:
        books.append(books.currencies, code)
    return show_currency(code)


def show_currency(code: str) -> JsonObject:
    return {"Code": code, "Description": CURRENCY_NAMES.get(code, code)}


# items ---------------------------------------------------------------------------------------------------------


def item_target(books: Books, fields: Fields) -> Entry | None:
    """By ItemID, else by Code. Source: Xero reference 2.3."""
    item_id = fields.guid("ItemID")
    if item_id and item_id != errors.ZERO_GUID:
        entry = books.items.get(item_id)
        if entry is None:
            raise errors.NotFound
        return entry
    return books.item_by_code(fields.text("Code") or "")


def save_item(books: Books, fields: Fields, target: Entry | None, *, unitdp: int) -> Entry:
    """Source: Xero reference 7.5. Tracked inventory is not modelled."""
    if fields.text("InventoryAssetAccountCode") or fields.flag("IsTrackedAsInventory"):
        raise NotModelled("items tracked as inventory")
    data: JsonObject = dict(target.data) if target is not None else {"IsSold": True, "IsPurchased": True}
    limits = {"Code": 30, "Name": 50, "Description": 4000, "PurchaseDescription": 4000}
    problems = []
    for key, limit in limits.items():
        value = fields.text(key)
        if value is not None:
            data[key] = value
            if len(value) > limit:
                problems.append(errors.too_long(key, limit))
    code = str(data.get("Code", ""))
    if not code:
        problems.append("Price List Item Code must be specified")
    other = books.item_by_code(code)
    if other is not None and other is not target:
        problems.append(f"Price List Item with Code '{code}' already exists")
    for key in ("IsSold", "IsPurchased"):
        flag = fields.flag(key)
        data[key] = data[key] if flag is None else flag
    for key in ("SalesDetails", "PurchaseDetails"):
        row = fields.object(key)
        if row is not None:
            data[key] = {**data.get(key, {}), **_details(books, row, unitdp, problems)}
    if problems:
        raise Refused(*problems, echo={"ItemID": errors.ZERO_GUID, **data})
    data["IsTrackedAsInventory"] = False
    return _store_item(books, data, target)


def _details(books: Books, row: Fields, unitdp: int, problems: list[str]) -> JsonObject:
    found: JsonObject = {}
    price = unit_price(row.number("UnitPrice"), unitdp)
    if price is not None:
        found["UnitPrice"] = price
    code, tax_type = row.text("AccountCode"), row.text("TaxType")
    if code is not None:
        found["AccountCode"] = code
        if code and books.account_by_code(code) is None:
            problems.append(f"Account code '{code}' is not a valid code for this document")
    if tax_type is not None:
        found["TaxType"] = tax_type
        if tax_type and tax_type not in books.tax_rates:
            problems.append(
                f"The TaxType code {tax_type} does not exist or cannot be used for this type of transaction."
            )
    return found


def _store_item(books: Books, data: JsonObject, target: Entry | None) -> Entry:
    if target is None:
        data = {"ItemID": books.new_id(), **data}
        entry = Entry(str(data["ItemID"]), data, books.now(), books.next_order())
        books.add(books.items, entry.id, entry)
        books.note(entry.id, "Created")
        return entry
    books.edit(target)
    target.data, target.updated = data, books.now()
    books.note(target.id, "Edited")
    return target


def show_item(entry: Entry, *, unitdp: int) -> JsonObject:
    shown = {**entry.data, "UpdatedDateUTC": entry.updated}
    for key in ("PurchaseDetails", "SalesDetails"):
        details = dict(shown.get(key, {}))
        if "UnitPrice" in details:
            details["UnitPrice"] = unit_price(details["UnitPrice"], unitdp)
        shown[key] = details
    return shown
