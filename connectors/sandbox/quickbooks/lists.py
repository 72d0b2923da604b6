"""Items, accounts, terms, payment methods, currencies, agencies: defaults and checks. Source: reference 13.2."""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.currencies import CURRENCY_NAMES, check_currency
from connectors.sandbox.quickbooks.faults import NotModelled, business, fault, missing

CLASSIFICATION = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Cost of Goods Sold": "Expense",
}
INCOME_TYPES = frozenset({"Income", "Other Income"})
DEPOSIT_TYPES = frozenset({"Bank", "Other Current Asset"})
DISCOUNT_TYPES = INCOME_TYPES | {"Expense", "Other Expense", "Cost of Goods Sold"}
_DELETED = " (deleted)"


def prepare_list(company: Company, entity: str, old: Record | None, data: JsonObject) -> JsonObject:
    """Check and complete the merged data of a list object."""
    if entity == "Item":
        _prepare_item(company, data)
    elif entity == "Account":
        _prepare_account(company, data)
    elif entity == "Term":
        _prepare_term(data)
    elif entity == "PaymentMethod":
        data.setdefault("Type", "NON_CREDIT_CARD")
    elif entity == "CompanyCurrency":
        _prepare_currency(company, old, data)
    elif entity == "TaxAgency":
        data.setdefault("TaxTrackedOnSales", True)
        data.setdefault("TaxTrackedOnPurchases", False)
        data.setdefault("TaxAgencyConfig", "USER_DEFINED")
    if entity not in {"CompanyInfo", "Preferences"}:
        _check_unique(company, entity, old, data)
    return data


def check_account_type(company: Company, reference: JsonObject, allowed: frozenset[str], element: str) -> Record:
    """6430 unless the account is of an allowed type. Source: QuickBooks reference 13.2."""
    account = company.referenced("Account", reference, element)
    if account.data["AccountType"] not in allowed:
        raise fault("6430", f"Invalid account type used : {account.data['AccountType']}", element)
    return account


def account_by_subtype(company: Company, subtype: str) -> Record | None:
    return next((row for row in company.rows("Account") if row.data.get("AccountSubType") == subtype), None)


def _check_unique(company: Company, entity: str, old: Record | None, data: JsonObject) -> None:
    key = {"TaxAgency": "DisplayName", "CompanyCurrency": "Code"}.get(entity, "Name")
    if "Active" in data or entity in {"Item", "Account", "Term", "PaymentMethod"}:
        data.setdefault("Active", True)
        was_active = old is None or bool(old.data.get("Active", True))
        if was_active and not data["Active"] and key == "Name" and not str(data[key]).endswith(_DELETED):
            data[key] = f"{data[key]}{_DELETED}"
            if "FullyQualifiedName" in data:
                data["FullyQualifiedName"] = f"{data['FullyQualifiedName']}{_DELETED}"
    name = str(data[key]).casefold()
    for row in company.rows(entity):
        same_place = row.data.get("ParentRef") == data.get("ParentRef")
        if str(row.data[key]).casefold() == name and same_place and (old is None or row.id != old.id):
            raise fault("6240", f"The name supplied already exists. : Id={row.id}", key)


def _qualified(company: Company, entity: str, data: JsonObject, flag: str) -> None:
    if data.get("ParentRef"):
        parent = company.referenced(entity, data["ParentRef"], "ParentRef")
        data[flag] = True
        data["Level"] = int(parent.data.get("Level", 0)) + 1
        if data["Level"] > 4:
            raise fault("6180", "Nesting goes up to 5 levels, the top one included.", "ParentRef")
        data["FullyQualifiedName"] = f"{parent.data['FullyQualifiedName']}:{data['Name']}"
        return
    if data.get(flag):
        raise fault("6150", f"ParentRef is required when {flag} is true.", "ParentRef")
    data["FullyQualifiedName"] = data["Name"]


def _prepare_item(company: Company, data: JsonObject) -> None:
    data.setdefault("Type", "Service")
    if data["Type"] == "Group":
        raise NotModelled("bundles (Item Type Group)")
    _qualified(company, "Item", data, "SubItem")
    if data["Type"] == "Category":
        return
    if not data.get("IncomeAccountRef"):
        raise missing("IncomeAccountRef")
    check_account_type(company, data["IncomeAccountRef"], INCOME_TYPES, "IncomeAccountRef")
    if data["Type"] == "Inventory":
        absent = [key for key in ("QtyOnHand", "InvStartDate", "AssetAccountRef") if data.get(key) is None]
        if absent:
            raise missing(*absent)
    data.setdefault("UnitPrice", Decimal(0))
    data.setdefault("PurchaseCost", Decimal(0))
    data.setdefault("TrackQtyOnHand", data["Type"] == "Inventory")
    data.setdefault("Taxable", False)
    data["DeferredRevenue"] = False


def _prepare_account(company: Company, data: JsonObject) -> None:
    if not data.get("AccountType"):
        if not data.get("AccountSubType"):
            raise missing("AccountType")
        data["AccountType"] = _type_of_subtype(company, str(data["AccountSubType"]))
    if data["AccountType"] not in CLASSIFICATION:
        raise fault("2170", f"Invalid Enumeration : {data['AccountType']}", "AccountType")
    data["Classification"] = CLASSIFICATION[data["AccountType"]]
    data.setdefault("AccountSubType", _DEFAULT_SUBTYPE[data["AccountType"]])
    data.setdefault("CurrencyRef", {"value": company.currency})
    data.setdefault("CurrentBalance", Decimal(0))
    data.setdefault("CurrentBalanceWithSubAccounts", Decimal(0))
    _qualified(company, "Account", data, "SubAccount")
    data.setdefault("SubAccount", False)
    data.pop("Level", None)


_DEFAULT_SUBTYPE = {
    "Bank": "CashOnHand",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "EmployeeCashAdvances",
    "Fixed Asset": "FurnitureAndFixtures",
    "Other Asset": "Licenses",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": "OtherCurrentLiabilities",
    "Long Term Liability": "NotesPayable",
    "Equity": "OpeningBalanceEquity",
    "Income": "ServiceFeeIncome",
    "Other Income": "OtherMiscellaneousIncome",
    "Expense": "OtherMiscellaneousServiceCost",
    "Other Expense": "OtherMiscellaneousExpense",
    "Cost of Goods Sold": "SuppliesMaterialsCogs",
}


def _type_of_subtype(company: Company, subtype: str) -> str:
    for account_type, default in _DEFAULT_SUBTYPE.items():
        if default == subtype:
            return account_type
    known = account_by_subtype(company, subtype)
    if known is None:
        raise fault("2170", f"Invalid Enumeration : {subtype}", "AccountSubType")
    return str(known.data["AccountType"])


def _prepare_term(data: JsonObject) -> None:
    if "DayOfMonthDue" in data and "DueDays" not in data:
        data["Type"] = "DATE_DRIVEN"
        return
    if data.get("DueDays") is None:
        raise missing("DueDays")
    data["Type"] = "STANDARD"
    data.setdefault("DiscountPercent", Decimal(0))


def _prepare_currency(company: Company, old: Record | None, data: JsonObject) -> None:
    if not company.multicurrency:
        raise business("Multicurrency must be turned on before a foreign currency can be used.")
    if old is not None:
        data["Code"] = old.data["Code"]
    check_currency(str(data["Code"]), "Code")
    data.setdefault("Name", CURRENCY_NAMES[data["Code"]])
    data.setdefault("Active", True)
