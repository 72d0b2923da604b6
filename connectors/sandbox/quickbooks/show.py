"""How a stored object looks in an answer: current names on references, and what only queries add.

Source: QuickBooks reference 2.4, 3.2, 12.1 (CustomerRef.name is the current display name).
"""

from __future__ import annotations

import base64
from typing import Any, Literal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.currencies import CURRENCY_NAMES

_NAMED = {
    "CustomerRef": ("Customer", "DisplayName"),
    "ItemRef": ("Item", "FullyQualifiedName"),
    "ItemAccountRef": ("Account", "FullyQualifiedName"),
    "IncomeAccountRef": ("Account", "FullyQualifiedName"),
    "ExpenseAccountRef": ("Account", "FullyQualifiedName"),
    "AssetAccountRef": ("Account", "FullyQualifiedName"),
    "DiscountAccountRef": ("Account", "FullyQualifiedName"),
}
# In a payment's answer, references other than the customer's carry no name. Source: reference 11.1 (REC).


def show(company: Company, record: Record, *, context: Literal["read", "query"] = "read") -> JsonObject:
    """The object as answered. `context="query"` adds and leaves out what query rows add and leave out."""
    shown = {key: _shown(company, key, value) for key, value in record.data.items() if value is not None}
    if record.entity == "TaxCode":
        _name_tax_rates(company, shown)
    if context == "query":
        shown.pop("InvoiceLink", None)
        if record.entity == "Customer":
            shown["ClientEntityId"] = "0"
            shown["V4IDPseudonym"] = pseudonym(record.id)
    return shown


def _shown(company: Company, key: str, value: Any) -> Any:
    if isinstance(value, dict):
        if key == "CurrencyRef":
            return {"value": value["value"], "name": CURRENCY_NAMES.get(value["value"], value["value"])}
        named = _NAMED.get(key)
        if named is not None:
            return _with_name(company, value, *named)
        return {inner: _shown(company, inner, item) for inner, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_shown(company, "", item) for item in value]
    return value


def _with_name(company: Company, reference: JsonObject, entity: str, name_key: str) -> JsonObject:
    record = company.find(entity, str(reference.get("value")))
    if record is None:
        return dict(reference)
    return {"value": reference["value"], "name": record.data.get(name_key, "")}


def _name_tax_rates(company: Company, shown: JsonObject) -> None:
    for key in ("SalesTaxRateList", "PurchaseTaxRateList"):
        for detail in shown.get(key, {}).get("TaxRateDetail", []):
            rate = company.find("TaxRate", detail["TaxRateRef"]["value"])
            if rate is not None:
                detail["TaxRateRef"]["name"] = rate.data["Name"]


def pseudonym(object_id: str) -> str:
    """A stable stand-in for V4IDPseudonym, which begins with 0020 in recordings."""
    return "0020" + base64.b32encode(object_id.encode()).decode().rstrip("=").lower()
