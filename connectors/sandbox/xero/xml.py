"""The XML forms of requests and answers. Source: Xero reference 1.6, 3 (default format, ISO dates), 12 (P2 19)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser, fromstring, tostring
from xml.etree.ElementTree import SubElement as add_element

from connectors.sandbox.common.exact_json import JsonObject

# Names whose children are rows rather than fields. In XML a tracking row is a TrackingCategory.
ROW_NAMES = {
    "Accounts": "Account",
    "Actions": "Action",
    "Addresses": "Address",
    "Allocations": "Allocation",
    "BankTransactions": "BankTransaction",
    "BrandingThemes": "BrandingTheme",
    "ContactGroups": "ContactGroup",
    "ContactPersons": "ContactPerson",
    "Contacts": "Contact",
    "CreditNotes": "CreditNote",
    "Currencies": "Currency",
    "HistoryRecords": "HistoryRecord",
    "Invoices": "Invoice",
    "Items": "Item",
    "LineItems": "LineItem",
    "OnlineInvoices": "OnlineInvoice",
    "Organisations": "Organisation",
    "Overpayments": "Overpayment",
    "Payments": "Payment",
    "Phones": "Phone",
    "Prepayments": "Prepayment",
    "TaxComponents": "TaxComponent",
    "TaxRates": "TaxRate",
    "Tracking": "TrackingCategory",
    "ValidationErrors": "ValidationError",
    "Warnings": "Warning",
}
_LOWER_ROWS = {plural.lower(): plural for plural in ROW_NAMES}


class XmlUnreadable(Exception):
    """The text is not XML this simulator reads."""


def from_xml(text: str, collection: str, singular: str) -> Any:
    """The same value JSON would have given: {"Invoices": [..]} or one bare object. Scalars stay text."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise XmlUnreadable("For security reasons DTD is prohibited in this XML document.")
    try:
        root = fromstring(text, parser=XMLParser())  # noqa: S314 - document types are refused above
    except ParseError as problem:
        raise XmlUnreadable(f"XML for post data was invalid, {problem}") from None
    name = _local(root)
    if name.lower() == collection.lower():
        return {collection: [_object(child) for child in root]}
    if name.lower() == singular.lower():
        return _object(root)
    return {name: _value(root)}


def _value(element: Element) -> Any:
    if _local(element).lower() in _LOWER_ROWS:
        return [_object(child) for child in element]
    return _object(element) if len(element) else (element.text or "")


def _object(element: Element) -> JsonObject:
    return {_local(child): _value(child) for child in element}


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def to_xml(body: JsonObject) -> bytes:
    """A <Response> (or <ApiException>) document; `pagination` keeps its lower-case name."""
    root = Element("ApiException" if "ErrorNumber" in body else "Response")
    for key, value in body.items():
        _append(root, key, value)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\r\n{text}'.encode()


def _append(parent: Element, key: str, value: Any) -> None:
    if value is None:
        return
    child = add_element(parent, key)
    if isinstance(value, list):
        row_name = "DataContractBase" if key == "Elements" else ROW_NAMES.get(key, key.removesuffix("s"))
        for row in value:
            _append(child, row_name, row)
    elif isinstance(value, dict):
        for name, each in value.items():
            _append(child, name, each)
    else:
        child.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00"
    return str(value)
