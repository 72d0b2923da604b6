"""Currency names and exchange rates. Source: QuickBooks reference 10."""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.company import Company, stamp
from connectors.sandbox.quickbooks.faults import business, fault, missing

CURRENCY_NAMES = {
    "AED": "United Arab Emirates Dirham",
    "AUD": "Australian Dollar",
    "BRL": "Brazilian Real",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "CNY": "Chinese Yuan",
    "CZK": "Czech Koruna",
    "DKK": "Danish Krone",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "HKD": "Hong Kong Dollar",
    "HUF": "Hungarian Forint",
    "ILS": "Israeli New Shekel",
    "INR": "Indian Rupee",
    "JPY": "Japanese Yen",
    "KRW": "South Korean Won",
    "MXN": "Mexican Peso",
    "NOK": "Norwegian Krone",
    "NZD": "New Zealand Dollar",
    "PLN": "Polish Zloty",
    "SEK": "Swedish Krona",
    "SGD": "Singapore Dollar",
    "THB": "Thai Baht",
    "TRY": "Turkish Lira",
    "UAH": "Ukrainian Hryvnia",
    "USD": "United States Dollar",
    "ZAR": "South African Rand",
}

HOME_CURRENCY = {"US": "USD", "GB": "GBP", "CA": "CAD", "AU": "AUD", "IN": "INR", "NZ": "NZD", "ZA": "ZAR"}


def check_currency(code: str, element: str = "CurrencyRef") -> None:
    """2220 for a code QuickBooks does not know."""
    if code not in CURRENCY_NAMES:
        raise fault("2220", f"Invalid Currency Type : {code}", element)


def ensure_company_currency(company: Company, code: str) -> None:
    """Add a currency to the company list if needed. Source: QuickBooks reference 10 (customer row)."""
    if code == company.currency or any(row.data["Code"] == code for row in company.rows("CompanyCurrency")):
        return
    company.add("CompanyCurrency", "CompanyCurrency", {"Code": code, "Name": CURRENCY_NAMES[code], "Active": True})


def rate_on(company: Company, code: str, day: str) -> Decimal:
    """Home units for one unit of `code`: the newest stored rate on or before `day`, else the oldest, else 1."""
    if code == company.currency:
        return Decimal(1)
    known = sorted(stored_day for stored, stored_day in company.rates if stored == code)
    usable = [stored_day for stored_day in known if stored_day <= day] or known[:1]
    return Decimal(company.rates[(code, usable[-1])]["Rate"]) if usable else Decimal(1)


def set_rate(company: Company, code: str, day: str, rate: Decimal) -> JsonObject:
    """Store the rate of one day; setting it again raises its SyncToken."""
    earlier = company.rates.get((code, day))
    entry: JsonObject = {
        "SyncToken": str(int(earlier["SyncToken"]) + 1) if earlier else "0",
        "domain": "QBO",
        "AsOfDate": day,
        "SourceCurrencyCode": code,
        "Rate": rate,
        "TargetCurrencyCode": company.currency,
        "sparse": False,
        "MetaData": {"LastUpdatedTime": stamp(company.now())},
    }
    company.rates[(code, day)] = entry
    return entry


def read_rate(company: Company, code: str, day: str) -> JsonObject:
    """The ExchangeRate object for a date. It has no Id."""
    if not code:
        raise missing("sourcecurrencycode")
    check_currency(code, "sourcecurrencycode")
    stored = company.rates.get((code, day))
    if stored is not None:
        return stored
    return {
        "SyncToken": "0",
        "domain": "QBO",
        "AsOfDate": day,
        "SourceCurrencyCode": code,
        "Rate": rate_on(company, code, day),
        "TargetCurrencyCode": company.currency,
        "sparse": False,
        "MetaData": {"LastUpdatedTime": stamp(company.now())},
    }


def write_rate(company: Company, code: str, day: str, rate: Decimal, target: str) -> JsonObject:
    """POST /exchangerate. A rate for the home currency is refused."""
    check_currency(code, "SourceCurrencyCode")
    if code == company.currency or (target and target != company.currency):
        raise business("You can only set the exchange rate of a foreign currency to the home currency.")
    if rate <= 0:
        raise fault("2110", f"Property Name:Rate is out of range. Supplied value:{rate}", "Rate")
    return set_rate(company, code, day, rate)
