"""What every organisation has: accounts, tax rates by region, currencies, a branding theme. Source: reference 7, 12."""

from __future__ import annotations

import random
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero.books import Books, Entry, World
from connectors.sandbox.xero.listings import ACCOUNT_CLASSES
from connectors.sandbox.xero.seed.tax_rates import TAX_RATES
from connectors.sandbox.xero.settings import OrganisationOptions

# country -> (version, currency, zone, Xero's name of it, default sales tax type, default purchase tax type, tax name)
_COUNTRIES = {
    "GB": ("UK", "GBP", "Europe/London", "GMTSTANDARDTIME", "OUTPUT2", "INPUT2", "VAT"),
    "US": ("US", "USD", "America/New_York", "EASTERNSTANDARDTIME", "OUTPUT", "INPUT", "Sales Tax"),
    "NZ": ("NZ", "NZD", "Pacific/Auckland", "NEWZEALANDSTANDARDTIME", "OUTPUT2", "INPUT2", "GST"),
    "AU": ("AU", "AUD", "Australia/Sydney", "AUSEASTERNSTANDARDTIME", "OUTPUT", "INPUT", "GST"),
}
# code, name, type, tax ("S" sales default, "P" purchases default, "N" none), system account. Source: reference 12.
_ACCOUNTS = [
    ("090", "Business Bank Account", "BANK", "N", ""),
    ("", "Business Savings Account", "BANK", "N", ""),
    ("200", "Sales", "REVENUE", "S", ""),
    ("260", "Other Revenue", "REVENUE", "S", ""),
    ("270", "Interest Income", "REVENUE", "N", ""),
    ("310", "Cost of Goods Sold", "DIRECTCOSTS", "P", ""),
    ("400", "Advertising", "OVERHEADS", "P", ""),
    ("404", "Bank Fees", "OVERHEADS", "N", ""),
    ("429", "General Expenses", "OVERHEADS", "P", ""),
    ("430", "Bad Debts", "OVERHEADS", "N", ""),
    ("493", "Travel", "OVERHEADS", "P", ""),
    ("497", "Bank Revaluations", "EXPENSE", "N", "BANKCURRENCYGAIN"),
    ("498", "Unrealised Currency Gains", "EXPENSE", "N", "UNREALISEDCURRENCYGAIN"),
    ("499", "Realised Currency Gains", "EXPENSE", "N", "REALISEDCURRENCYGAIN"),
    ("610", "Accounts Receivable", "CURRENT", "N", "DEBTORS"),
    ("720", "Computer Equipment", "FIXED", "N", ""),
    ("800", "Accounts Payable", "CURRLIAB", "N", "CREDITORS"),
    ("801", "Unpaid Expense Claims", "CURRLIAB", "N", "UNPAIDEXPCLM"),
    ("820", "Tax", "CURRLIAB", "N", "GST"),
    ("835", "Deferred Income", "CURRLIAB", "N", ""),
    ("840", "Historical Adjustment", "CURRLIAB", "N", "HISTORICAL"),
    ("860", "Rounding", "CURRLIAB", "N", "ROUNDING"),
    ("877", "Tracking Transfers", "CURRLIAB", "N", "TRACKINGTRANSFERS"),
    ("960", "Retained Earnings", "EQUITY", "N", "RETAINEDEARNINGS"),
    ("970", "Owner A Funds Introduced", "EQUITY", "N", ""),
    ("980", "Owner A Drawings", "EQUITY", "N", ""),
]
_PAYMENTS_ENABLED = frozenset({"970"})


def found_organisation(options: OrganisationOptions, world: World, rng: random.Random) -> Books:
    version, currency, zone, xero_zone, sales_tax, purchase_tax, tax_name = _COUNTRIES[options.country]
    books = Books(
        tenant_id=options.tenant_id,
        info={},
        base_currency=currency,
        timezone=ZoneInfo(zone),
        world=world,
        rng=rng,
        currencies=[currency, *(code for code in options.currencies if code != currency)],
        exchange_rates=dict(options.exchange_rates),
    )
    books.info = _info(options, books, version, xero_zone, tax_name)
    _add_tax_rates(books, version)
    for code, name, kind, tax, system in _ACCOUNTS:
        tax_type = {"S": sales_tax, "P": purchase_tax, "N": "NONE"}[tax]
        add_account(books, code, tax_name if system == "GST" else name, kind, tax_type, system_account=system)
    for foreign in books.currencies[1:]:
        add_account(books, "", f"{foreign} Account", "BANK", "NONE", currency=foreign)
    for order, name in enumerate(("Standard", "Reminder letterhead")):
        _add_theme(books, name, order)
    return books


def add_account(
    books: Books, code: str, name: str, kind: str, tax_type: str, *, system_account: str = "", currency: str = "",
    status: str = "ACTIVE",
) -> Entry:  # fmt: skip
    data: JsonObject = {"AccountID": books.new_id()}
    if code:
        data["Code"] = code
    data |= {"Name": name, "Status": status, "Type": kind, "TaxType": tax_type, "Class": ACCOUNT_CLASSES[kind]}
    data["EnablePaymentsToAccount"] = code in _PAYMENTS_ENABLED
    data["ShowInExpenseClaims"] = False
    if kind == "BANK":
        data |= {"BankAccountNumber": f"20105{len(books.accounts):09d}", "BankAccountType": "BANK"}
        data["CurrencyCode"] = currency or books.base_currency
    if system_account:
        data["SystemAccount"] = system_account
    data |= {"ReportingCode": kind[:3], "HasAttachments": False, "AddToWatchlist": False}
    entry = Entry(str(data["AccountID"]), data, books.now(), books.next_order())
    books.accounts[entry.id] = entry
    return entry


def _info(options: OrganisationOptions, books: Books, version: str, zone: str, tax_name: str) -> JsonObject:
    digits = "".join(books.rng.choices("23456789abcdefghjkmnpqrstuvwxyz", k=5))
    return {
        "OrganisationID": options.tenant_id,
        "Name": options.name,
        "LegalName": options.name,
        "PaysTax": True,
        "Version": version,
        "OrganisationType": "COMPANY",
        "BaseCurrency": books.base_currency,
        "CountryCode": options.country,
        "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE",
        "TaxNumber": {"GB": "GB239462910", "NZ": "101-2-303", "AU": "11 111 111 138"}.get(
            options.country, "98-7654321"
        ),
        "TaxNumberName": tax_name,
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 12 if options.country == "US" else 3,
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "QUARTERLY",
        "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive",
        "CreatedDateUTC": books.now().replace(microsecond=0),
        "OrganisationEntityType": "COMPANY",
        "Timezone": zone,
        "ShortCode": options.short_code or f"!{digits}",
        "Edition": "BUSINESS",
        "Class": "ULTRA" if len(books.currencies) > 1 else "GROW",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }


def _add_tax_rates(books: Books, version: str) -> None:
    for row in TAX_RATES[version]:
        flags = {f"CanApplyTo{name}": letter in row.applies for letter, name in zip("AELXR", _KINDS, strict=True)}
        rate = Decimal(row.rate).quantize(Decimal("0.0001"))
        data: JsonObject = {"Name": row.name, "TaxType": row.tax_type, "ReportTaxType": row.report}
        data |= {"CanApplyToAssets": False, **flags, "DisplayTaxRate": rate, "EffectiveRate": rate, "Status": "ACTIVE"}
        component: JsonObject = {"Name": row.name, "Rate": rate, "IsCompound": False, "IsNonRecoverable": False}
        data["TaxComponents"] = [component]
        books.tax_rates[row.tax_type] = Entry(row.tax_type, data, books.now(), books.next_order())


_KINDS = ("Assets", "Equity", "Liabilities", "Expenses", "Revenue")


def _add_theme(books: Books, name: str, order: int) -> None:
    data: JsonObject = {
        "BrandingThemeID": books.new_id(),
        "Name": name,
        "Type": "INVOICE",
        "SortOrder": order,
        "CreatedDateUTC": books.now().replace(microsecond=0),
    }
    books.branding_themes[data["BrandingThemeID"]] = Entry(
        data["BrandingThemeID"], data, books.now(), books.next_order()
    )
