"""What every new company starts with: company info, preferences, accounts, terms, payment methods, tax codes."""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks import books
from connectors.sandbox.quickbooks.catalogue import BY_NAME
from connectors.sandbox.quickbooks.company import Company, World
from connectors.sandbox.quickbooks.currencies import HOME_CURRENCY, ensure_company_currency, set_rate
from connectors.sandbox.quickbooks.settings import CompanyOptions
from connectors.sandbox.quickbooks.tax_lists import add_agency, add_code, add_pseudo_codes, add_rate

# (name, type, subtype). The order fixes the ids: 4 is Undeposited Funds. Source: QuickBooks reference 11.1 (REC).
_ACCOUNTS = (
    ("Services", "Income", "ServiceFeeIncome"),
    ("Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("Checking", "Bank", "Checking"),
    ("Savings", "Bank", "Savings"),
    ("Discounts given", "Income", "DiscountsRefundsGiven"),
    ("Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses"),
    ("Sales Tax Payable", "Other Current Liability", "SalesTaxPayable"),
    ("Inventory Asset", "Other Current Asset", "Inventory"),
    ("Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
)
_TERMS = (("Due on receipt", 0), ("Net 10", 10), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
_PAYMENT_METHODS = (
    ("Cash", "NON_CREDIT_CARD"),
    ("Check", "NON_CREDIT_CARD"),
    ("Visa", "CREDIT_CARD"),
    ("MasterCard", "CREDIT_CARD"),
    ("Bank transfer", "NON_CREDIT_CARD"),
)
_ADDRESSES: dict[str, JsonObject] = {
    "US": {"Line1": "48 Harbour Lane", "City": "Monterey", "CountrySubDivisionCode": "CA", "PostalCode": "93940"},
    "GB": {"Line1": "7 Sawmill Yard", "City": "Bristol", "PostalCode": "BS1 6AA"},
}


def lay_foundation(options: CompanyOptions, world: World) -> Company:
    """An empty but usable company."""
    country = options.country
    currency = options.currency or HOME_CURRENCY.get(country, "EUR")
    company = Company(
        realm_id=options.realm_id,
        name=options.name,
        country=country,
        currency=currency,
        multicurrency=options.multicurrency,
        tax_mode=options.tax_mode or ("us_old" if country == "US" else "global"),
        environment=options.environment,
        language=options.language,
        world=world,
        options=options,
        user_id=str(int(options.realm_id) + 7000),
    )
    company.sequences["DocNumber"] = 1000
    _add_company_info(company)
    _add_preferences(company)
    for name, account_type, subtype in _ACCOUNTS:
        make(company, "Account", {"Name": name, "AccountType": account_type, "AccountSubType": subtype})
    for name, days in _TERMS:
        make(company, "Term", {"Name": name, "DueDays": days})
    for name, kind in _PAYMENT_METHODS:
        make(company, "PaymentMethod", {"Name": name, "Type": kind})
    _add_taxes(company)
    if company.multicurrency:
        _add_currencies(company)
    return company


def make(company: Company, entity: str, body: JsonObject) -> str:
    """Create through the same checks the API uses; returns the Id."""
    return books.create(company, BY_NAME[entity], body).id


def _add_company_info(company: Company) -> None:
    address = {"Id": company.next_id("Address"), **_ADDRESSES.get(company.country, {"Line1": "1 Main Street"})}
    address.setdefault("City", "Capital")
    company.add(
        "CompanyInfo",
        "CompanyInfo",
        {
            "CompanyName": company.name,
            "LegalName": company.name,
            "CompanyAddr": address,
            "LegalAddr": dict(address),
            "CustomerCommunicationAddr": dict(address),
            "Country": company.country,
            "Email": {"Address": "books@example.com"},
            "PrimaryPhone": {"FreeFormNumber": "(831) 555-0140"},
            "FiscalYearStartMonth": "April" if company.country == "GB" else "January",
            "CompanyStartDate": "2019-03-04",
            "SupportedLanguages": company.language,
            "DefaultTimeZone": "Europe/London" if company.country == "GB" else "America/Los_Angeles",
            "NameValue": [
                {"Name": "NeoEnabled", "Value": "true"},
                {"Name": "IndustryType", "Value": "Design services"},
                {"Name": "SubscriptionStatus", "Value": "PAID"},
                {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
                {"Name": "ItemCategoriesFeature", "Value": "true"},
            ],
        },
    )


def _add_preferences(company: Company) -> None:
    tax_preferences: JsonObject = {"UsingSalesTax": True}
    if company.tax_mode == "us_ast":
        tax_preferences["PartnerTaxEnabled"] = True
    company.add(
        "Preferences",
        "Preferences",
        {
            "AccountingInfoPrefs": {
                "FirstMonthOfFiscalYear": "January",
                "TrackDepartments": False,
                "ClassTrackingPerTxn": False,
                "CustomerTerminology": "Customers",
            },
            "SalesFormsPrefs": {
                "CustomTxnNumbers": company.options.custom_txn_numbers,
                "AllowDiscount": True,
                "AllowShipping": False,
                "AllowDeposit": True,
                "AllowServiceDate": False,
                "AutoApplyCredit": True,
                "AutoApplyPayments": True,
                "ETransactionPaymentEnabled": False,
                "DefaultTerms": {"value": "4"},
            },
            "TaxPrefs": tax_preferences,
            "CurrencyPrefs": {
                "MultiCurrencyEnabled": company.multicurrency,
                "HomeCurrency": {"value": company.currency},
            },
            "OtherPrefs": {
                "NameValue": [
                    {"Name": "WarnDuplicateInvoiceNumber", "Value": str(company.options.warn_duplicate_numbers).lower()}
                ]
            },
        },
    )


def _add_taxes(company: Company) -> None:
    if company.tax_mode != "global":
        _add_us_taxes(company)
    elif company.country == "GB":
        _add_uk_taxes(company)
    else:
        agency = add_agency(company, "Revenue Authority")
        add_code(company, "Standard", [add_rate(company, "Standard", Decimal(10), agency)])
        add_code(company, "Zero", [add_rate(company, "Zero", Decimal(0), agency, special="ZERO_RATE")])


def _add_us_taxes(company: Company) -> None:
    """TAX, NON, an 8 % group with id 2 and rate 3, and a group of two rates. Source: QuickBooks reference 9.2, 9.5."""
    add_pseudo_codes(company)
    arizona = add_agency(company, "Arizona Dept. of Revenue")
    california = add_agency(company, "California Board of Equalization")
    state = add_rate(company, "AZ State tax", Decimal("7.1"), arizona)
    city = add_rate(company, "Tucson City", Decimal("2"), arizona)
    eight = add_rate(company, "California", Decimal(8), california)
    add_code(company, "Tucson", [state, city])
    group = add_code(company, "California", [eight])
    company.preferences()["TaxPrefs"]["TaxGroupCodeRef"] = {"value": group}


def _add_uk_taxes(company: Company) -> None:
    """20 %, 5 %, 0 %, exempt, and a reverse charge whose two opposite rates cancel. Source: reference 9.4."""
    hmrc = add_agency(company, "HM Revenue & Customs (VAT)")
    standard = add_rate(company, "Standard 20%", Decimal(20), hmrc)
    reduced = add_rate(company, "Reduced 5%", Decimal(5), hmrc)
    zero = add_rate(company, "Zero 0%", Decimal(0), hmrc, special="ZERO_RATE")
    charge = add_rate(company, "Reverse charge 20%", Decimal(20), hmrc, special="REVERSE_CHARGE")
    opposite = add_rate(company, "Reverse charge -20%", Decimal(20), hmrc, special="REVERSE_CHARGE", sign=-1)
    add_code(company, "20.0% S", [standard])
    add_code(company, "5.0% R", [reduced])
    add_code(company, "0.0% Z", [zero])
    add_code(company, "Exempt", [], taxable=False)
    add_code(company, "20.0% RC", [charge, opposite])


def _add_currencies(company: Company) -> None:
    rates = company.options.exchange_rates or {"EUR": Decimal("0.86"), "USD": Decimal("0.79"), "GBP": Decimal("1.27")}
    for code, rate in rates.items():
        if code != company.currency:
            ensure_company_currency(company, code)
            set_rate(company, code, "2020-01-01", rate)
