"""Reading request bodies: JSON with names in any case, XML, and the `xml=` form; one object or the plural wrapper.

Source: Xero reference 1.6, 2.1 (names are accepted case-insensitively), 2.3 (bare object or wrapper).
"""

from __future__ import annotations

import re
import uuid
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs

from connectors.sandbox.common.exact_json import JsonObject, loads
from connectors.sandbox.common.http import Exchange
from connectors.sandbox.xero.errors import bad_data, bad_value, no_data
from connectors.sandbox.xero.wire import parse_day
from connectors.sandbox.xero.xml import XmlUnreadable, from_xml

_NAMES = {
    name.lower(): name
    for name in [
        "Account",
        "AccountCode",
        "AccountID",
        "AccountNumber",
        "AccountsPayableTaxType",
        "AccountsReceivableTaxType",
        "Accounts",
        "AddressLine1",
        "AddressLine2",
        "AddressLine3",
        "AddressLine4",
        "AddressType",
        "Addresses",
        "Allocation",
        "AllocationID",
        "Allocations",
        "Amount",
        "AppliedAmount",
        "AttentionTo",
        "BankAccount",
        "BankAccountDetails",
        "BankAccountNumber",
        "BankAccountType",
        "BankAmount",
        "BankTransactionID",
        "BankTransactions",
        "Bills",
        "BrandingThemeID",
        "COGSAccountCode",
        "City",
        "Code",
        "CompanyNumber",
        "Contact",
        "ContactID",
        "ContactNumber",
        "ContactPersons",
        "ContactStatus",
        "Contacts",
        "Country",
        "CreditNote",
        "CreditNoteID",
        "CreditNoteNumber",
        "CreditNotes",
        "Currencies",
        "Currency",
        "CurrencyCode",
        "CurrencyRate",
        "Date",
        "Day",
        "DefaultCurrency",
        "Description",
        "Details",
        "DiscountAmount",
        "DiscountRate",
        "DueDate",
        "EmailAddress",
        "EnablePaymentsToAccount",
        "EnteredTotal",
        "ExpectedPaymentDate",
        "FirstName",
        "HistoryRecords",
        "IncludeInEmails",
        "InventoryAssetAccountCode",
        "Invoice",
        "InvoiceID",
        "InvoiceNumber",
        "Invoices",
        "IsCompound",
        "IsNonRecoverable",
        "IsPurchased",
        "IsReconciled",
        "IsSold",
        "IsTrackedAsInventory",
        "Item",
        "ItemCode",
        "ItemID",
        "Items",
        "LastName",
        "LineAmount",
        "LineAmountTypes",
        "LineItemID",
        "LineItems",
        "Name",
        "Option",
        "Overpayment",
        "OverpaymentID",
        "Overpayments",
        "Payment",
        "PaymentID",
        "PaymentTerms",
        "Payments",
        "PhoneAreaCode",
        "PhoneCountryCode",
        "PhoneNumber",
        "PhoneType",
        "Phones",
        "PlannedPaymentDate",
        "PostalCode",
        "Prepayment",
        "PrepaymentID",
        "Prepayments",
        "PurchaseDescription",
        "PurchaseDetails",
        "PurchasesDefaultAccountCode",
        "PurchasesDefaultLineAmountType",
        "Quantity",
        "Rate",
        "Reference",
        "Region",
        "ReportTaxType",
        "RoundingAmount",
        "Sales",
        "SalesDefaultAccountCode",
        "SalesDefaultLineAmountType",
        "SalesDetails",
        "SentToContact",
        "ShowInExpenseClaims",
        "Status",
        "SubTotal",
        "SystemAccount",
        "TaxAmount",
        "TaxComponents",
        "TaxNumber",
        "TaxNumberType",
        "TaxRate",
        "TaxRates",
        "TaxType",
        "Total",
        "TotalTax",
        "Tracking",
        "TrackingCategoryID",
        "TrackingOptionID",
        "Type",
        "UnitAmount",
        "UnitPrice",
        "Url",
    ]
}
_GUID = re.compile(r"^\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?$")


def elements(exchange: Exchange, collection: str, singular: str) -> list[JsonObject]:
    """The objects a write carries. Raises 14 for unreadable data, 17 when the collection is not there."""
    value = _parsed(exchange, collection, singular)
    if isinstance(value, list):
        found: Any = value
    elif isinstance(value, dict) and collection in value:
        found = value[collection]
    elif isinstance(value, dict) and singular in value and len(value) == 1 and isinstance(value[singular], dict):
        found = value[singular]
    else:
        found = value
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        raise no_data(collection)
    wrappers = [key for key in rows[0] if isinstance(rows[0][key], list) and key in _COLLECTIONS]
    if len(rows) == 1 and len(rows[0]) == 1 and wrappers:
        raise no_data(collection)
    return rows


_COLLECTIONS = frozenset(
    {"Contacts", "Invoices", "CreditNotes", "Items", "Accounts", "TaxRates", "Currencies", "BankTransactions",
     "HistoryRecords"}
)  # fmt: skip


def _parsed(exchange: Exchange, collection: str, singular: str) -> Any:
    kind = exchange.headers.get("content-type", "").split(";")[0].strip().lower()
    try:
        text = exchange.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise bad_data("The request body is not valid UTF-8.") from None
    if kind == "application/x-www-form-urlencoded":
        form = parse_qs(text, keep_blank_values=True)
        text = (form.get("xml") or form.get("XML") or [text])[0]
    text = text.strip()
    if not text:
        raise no_data(collection)
    if text.startswith("<"):
        try:
            return canonical(from_xml(text, collection, singular))
        except XmlUnreadable as problem:
            raise bad_data(str(problem)) from None
    try:
        return canonical(loads(text))
    except (ValueError, RecursionError) as problem:
        raise bad_data(f"JSON for post data was invalid, {problem}") from None


def canonical(value: Any) -> Any:
    """Names in Xero's spelling, nulls left out (null leaves a field unchanged)."""
    if isinstance(value, dict):
        return {_NAMES.get(key.lower(), key): canonical(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [canonical(each) for each in value if each is not None]
    return value


class Fields:
    """Typed access to one object of a request; a value of the wrong type refuses the whole request with 14."""

    def __init__(self, data: JsonObject, path: str) -> None:
        self.data = data
        self.path = path

    def __contains__(self, name: str) -> bool:
        return name in self.data

    def text(self, name: str) -> str | None:
        value = self.data.get(name)
        if value is None:
            return None
        if isinstance(value, dict | list):
            raise bad_value(value, "String", self._at(name))
        return str(value).lower() if isinstance(value, bool) else str(value)

    def number(self, name: str) -> Decimal | None:
        value = self.data.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise bad_value(value, "Decimal", self._at(name))
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise bad_value(value, "Decimal", self._at(name)) from None
        if not number.is_finite():
            raise bad_value(value, "Decimal", self._at(name))
        return number

    def flag(self, name: str) -> bool | None:
        value = self.data.get(name)
        if value is None or isinstance(value, bool):
            return value
        if str(value).lower() in {"true", "false"}:
            return str(value).lower() == "true"
        raise bad_value(value, "Boolean", self._at(name))

    def day(self, name: str) -> date | None:
        value = self.data.get(name)
        return None if value in (None, "") else parse_day(value, self._at(name))

    def guid(self, name: str) -> str | None:
        value = self.data.get(name)
        if value in (None, ""):
            return None
        if not isinstance(value, str) or not _GUID.match(value):
            raise bad_value(value, "Guid", self._at(name))
        return str(uuid.UUID(value))

    def choice(self, name: str, allowed: frozenset[str], type_name: str) -> str | None:
        """Exact case: `NO_TAX` and `exclusive` are both refused. Source: Xero reference 4.2 (LineAmountTypes)."""
        value = self.text(name)
        if value in (None, ""):
            return None
        if value not in allowed:
            raise bad_value(value, type_name, self._at(name))
        return value

    def object(self, name: str) -> Fields | None:
        value = self.data.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise bad_value(value, name, self._at(name))
        return Fields(value, self._at(name))

    def objects(self, name: str) -> list[Fields] | None:
        value = self.data.get(name)
        if value is None:
            return None
        if isinstance(value, dict):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise bad_value(value, name, self._at(name))
        return [Fields(each, f"{self._at(name)}[{position}]") for position, each in enumerate(value)]

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}"


def is_guid(text: str) -> bool:
    return _GUID.match(text) is not None


def guid(text: str) -> str:
    """Lower case, no braces."""
    return str(uuid.UUID(text))
