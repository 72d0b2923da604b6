"""What Xero answers, as recorded: shapes from the Xero reference 4.5, 4.9, 5 to 7, ids shortened."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from contracts.books import Catalog
from mappings.plan import Books, LinkedCustomer, LinkedDocument
from mappings.xero import build_catalog
from tests.builders import some_settings

MARK = "ledgerlane:rec_1"
READ_AT = datetime(2026, 3, 1, tzinfo=UTC)
CONTACT, INVOICE, SECOND, CREDIT = "contact-60", "invoice-145", "invoice-146", "credit-7"


def a_tax_rate(tax_type: str, name: str, percent: str, **changes: Any) -> dict[str, Any]:
    rate = Decimal(percent)
    return {
        "Name": name,
        "TaxType": tax_type,
        "ReportTaxType": tax_type,
        "CanApplyToRevenue": True,
        "DisplayTaxRate": rate,
        "EffectiveRate": rate,
        "Status": "ACTIVE",
        "TaxComponents": [{"Name": name, "Rate": rate, "IsCompound": False, "IsNonRecoverable": False}],
        **changes,
    }


UK_RATES = [
    a_tax_rate("OUTPUT2", "20% (VAT on Income)", "20"),
    a_tax_rate("INPUT2", "20% (VAT on Expenses)", "20", CanApplyToRevenue=False),
    a_tax_rate("RROUTPUT", "5% (VAT on Income)", "5"),
    a_tax_rate("ZERORATEDOUTPUT", "Zero Rated Income", "0"),
    a_tax_rate("EXEMPTOUTPUT", "Exempt Income", "0"),
    a_tax_rate("ECZROUTPUTSERVICES", "Zero Rated EC Services", "0"),
    a_tax_rate("NONE", "No VAT", "0"),
]
ACCOUNTS = [
    {"AccountID": "acc-090", "Code": "090", "Name": "Business Bank Account", "Type": "BANK", "Status": "ACTIVE"},
    {"AccountID": "acc-200", "Code": "200", "Name": "Sales", "Type": "REVENUE", "Class": "REVENUE", "Status": "ACTIVE"},
    {"AccountID": "acc-260", "Code": "260", "Name": "Other Revenue", "Type": "REVENUE", "Class": "REVENUE"},
    {"AccountID": "acc-400", "Code": "400", "Name": "Advertising", "Type": "EXPENSE", "Class": "EXPENSE"},
    {"AccountID": "acc-610", "Code": "610", "Name": "AR", "Type": "CURRENT", "SystemAccount": "DEBTORS"},
    {"AccountID": "acc-970", "Code": "970", "Name": "Owner", "Type": "CURRLIAB", "EnablePaymentsToAccount": True},
    {"AccountID": "acc-old", "Code": "299", "Name": "Old", "Type": "REVENUE", "Status": "ARCHIVED"},
]
ITEMS = [
    {"ItemID": "item-1", "Code": "PRO", "Name": "Pro plan", "IsSold": True, "SalesDetails": {"AccountCode": "260"}},
    {"ItemID": "item-2", "Code": "BARE", "Name": "No account", "IsSold": True},
    {"ItemID": "item-3", "Code": "BOUGHT", "Name": "Paper", "IsSold": False},
]
THEMES = [
    {"BrandingThemeID": "theme-1", "Name": "Standard", "SortOrder": 0},
    {"BrandingThemeID": "theme-2", "Name": "Special", "SortOrder": 1},
]


def an_organisation(**changes: Any) -> dict[str, Any]:
    return {
        "OrganisationID": "org-1",
        "Name": "Merchant Ltd",
        "LegalName": "Merchant Limited",
        "PaysTax": True,
        "Version": "UK",
        "BaseCurrency": "GBP",
        "CountryCode": "GB",
        "SalesTaxBasis": "ACCRUALS",
        "Timezone": "GMTSTANDARDTIME",
        "ShortCode": "!mBdtL",
        "Class": "STANDARD",
        **changes,
    }


def a_xero_catalog(*, organisation: dict[str, Any] | None = None, **lists: Any) -> Catalog:
    """A British company with the rates Xero ships."""
    defaults: dict[str, Any] = {
        "currencies": [{"Code": "GBP", "Description": "British Pound"}, {"Code": "EUR"}, {"Code": "USD"}],
        "accounts": ACCOUNTS,
        "tax_rates": UK_RATES,
        "items": ITEMS,
        "branding_themes": THEMES,
    }
    return build_catalog(organisation or an_organisation(), read_at=READ_AT, **{**defaults, **lists})


def xero_books(
    catalog: Catalog | None = None,
    *,
    customers: dict[str, LinkedCustomer] | None = None,
    invoices: dict[str, LinkedDocument] | None = None,
    credit_memos: dict[str, LinkedDocument] | None = None,
    **settings: Any,
) -> Books:
    """A connected company that knows cus_1, inv_1 (120.00 open), inv_2 (80.00 open) and cm_1 (25.00 left)."""
    chosen = {"default_item": "", "default_account": "200", "deposit_account": "090", **settings}
    return Books(
        catalog=catalog or a_xero_catalog(),
        settings=some_settings(**chosen),
        customers={"cus_1": LinkedCustomer(remote_id=CONTACT)} if customers is None else customers,
        invoices={
            "inv_1": LinkedDocument(INVOICE, "cus_1", "GBP", open_balance="120.00"),
            "inv_2": LinkedDocument(SECOND, "cus_1", "GBP", open_balance="80.00"),
        }
        if invoices is None
        else invoices,
        credit_memos={"cm_1": LinkedDocument(CREDIT, "cus_1", "GBP", open_balance="25.00")}
        if credit_memos is None
        else credit_memos,
    )


def a_contact(**changes: Any) -> dict[str, Any]:
    slots = {"AddressLine1": "1 Infinite Loop", "City": "London", "PostalCode": "EC1Y 8SY", "Country": "United Kingdom"}
    return {
        "ContactID": CONTACT,
        "ContactStatus": "ACTIVE",
        "Name": "Acme Ltd",
        "FirstName": "",
        "LastName": "",
        "EmailAddress": "billing@acme.example",
        "Addresses": [
            {"AddressType": "STREET", "City": "", "Region": "", "PostalCode": "", "Country": ""},
            {"AddressType": "POBOX", **slots},
        ],
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""}],
        "UpdatedDateUTC": "/Date(1789378196227+0000)/",
        "IsSupplier": False,
        "IsCustomer": True,
        "ContactPersons": [],
        "HasValidationErrors": False,
        **changes,
    }


def a_raw_invoice(**changes: Any) -> dict[str, Any]:
    return {
        "Type": "ACCREC",
        "InvoiceID": INVOICE,
        "InvoiceNumber": "INV-1042",
        "Reference": "PO 4711",
        "Url": f"https://ledgerlane.invalid/#{MARK}",
        "AmountDue": Decimal("120.00"),
        "AmountPaid": Decimal("0.00"),
        "SentToContact": False,
        "CurrencyRate": Decimal("1.0000000000"),
        "Contact": {"ContactID": CONTACT, "Name": "Acme Ltd"},
        "DateString": "2026-03-15T00:00:00",
        "Date": "/Date(1773532800000+0000)/",
        "DueDate": "/Date(1776124800000+0000)/",
        "Status": "AUTHORISED",
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            {
                "Description": "Pro plan",
                "UnitAmount": Decimal("100.0000"),
                "TaxType": "OUTPUT2",
                "TaxAmount": Decimal("20.00"),
                "LineAmount": Decimal("100.00"),
                "AccountCode": "200",
                "Quantity": Decimal("1.0000"),
                "LineItemID": "line-1",
            }
        ],
        "SubTotal": Decimal("100.00"),
        "TotalTax": Decimal("20.00"),
        "Total": Decimal("120.00"),
        "UpdatedDateUTC": "/Date(1789378199100+0000)/",
        "CurrencyCode": "GBP",
        **changes,
    }


def a_raw_credit_note(**changes: Any) -> dict[str, Any]:
    raw = a_raw_invoice()
    for name in ("InvoiceID", "InvoiceNumber", "AmountDue", "AmountPaid", "Url", "DueDate"):
        del raw[name]
    ours = {
        "Type": "ACCRECCREDIT",
        "CreditNoteID": CREDIT,
        "CreditNoteNumber": "CM-7",
        "Reference": f"PO 4711 {MARK}",
        "RemainingCredit": Decimal("120.00"),
        "Allocations": [],
    }
    return {**raw, **ours, **changes}


def a_raw_payment(**changes: Any) -> dict[str, Any]:
    return {
        "PaymentID": "payment-1",
        "Date": "/Date(1773532800000+0000)/",
        "Amount": Decimal("120.00"),
        "BankAmount": Decimal("120.00"),
        "Reference": f"{MARK} pi_3Nx",
        "CurrencyRate": Decimal("1.0000000000"),
        "PaymentType": "ACCRECPAYMENT",
        "Status": "AUTHORISED",
        "UpdatedDateUTC": "/Date(1789378199100+0000)/",
        "Account": {"AccountID": "acc-090", "Code": "090"},
        "Invoice": {
            "Type": "ACCREC",
            "InvoiceID": INVOICE,
            "InvoiceNumber": "INV-1042",
            "Contact": {"ContactID": CONTACT, "Name": "Acme Ltd"},
            "CurrencyCode": "GBP",
        },
        **changes,
    }


def a_raw_overpayment(**changes: Any) -> dict[str, Any]:
    return {
        "OverpaymentID": "over-1",
        "Type": "RECEIVE-OVERPAYMENT",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": CONTACT},
        "DateString": "2026-03-15T00:00:00",
        "Date": "/Date(1773532800000+0000)/",
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": f"{MARK} pi_3Nx", "LineAmount": Decimal("500.00")}],
        "Total": Decimal("500.00"),
        "RemainingCredit": Decimal("500.00"),
        "CurrencyCode": "GBP",
        "Allocations": [],
        "UpdatedDateUTC": "/Date(1789378199100+0000)/",
        **changes,
    }
