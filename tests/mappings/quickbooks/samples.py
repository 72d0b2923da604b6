"""Answers as QuickBooks gives them, shortened from the recordings quoted in the reference (11.1, 12.1, 13.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

D = Decimal


def raw_customer(**changes: Any) -> dict[str, Any]:
    return {
        "Taxable": True,
        "BillAddr": {
            "Id": "99",
            "Line1": "123 Test Street",
            "City": "Mountain View",
            "Country": "USA",
            "CountrySubDivisionCode": "CA",
            "PostalCode": "94042",
        },
        "Job": False,
        "BillWithParent": False,
        "Balance": 0,
        "BalanceWithJobs": 0,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "PreferredDeliveryMethod": "Print",
        "IsProject": False,
        "domain": "QBO",
        "sparse": False,
        "Id": "60",
        "SyncToken": "0",
        "MetaData": {"CreateTime": "2026-05-05T02:08:55-07:00", "LastUpdatedTime": "2026-05-05T02:08:55-07:00"},
        "GivenName": "Test",
        "FamilyName": "Customer",
        "FullyQualifiedName": "Test Customer May 2026",
        "DisplayName": "Test Customer May 2026",
        "PrintOnCheckName": "Test Customer",
        "Active": True,
        "PrimaryPhone": {"FreeFormNumber": "(555) 555-1234"},
        "PrimaryEmailAddr": {"Address": "testcustomer@acme.com"},
        "DefaultTaxCodeRef": {"value": "2"},
        "V4IDPseudonym": "002098",
        **changes,
    }


def raw_invoice(**changes: Any) -> dict[str, Any]:
    return {
        "AllowIPNPayment": False,
        "domain": "QBO",
        "sparse": False,
        "Id": "155",
        "SyncToken": "0",
        "MetaData": {
            "CreateTime": "2026-05-05T02:08:55-07:00",
            "LastModifiedByRef": {"value": "9341457021722234"},
            "LastUpdatedTime": "2026-05-05T02:08:55-07:00",
        },
        "CustomField": [],
        "DocNumber": "1042",
        "TxnDate": "2024-01-15",
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "LinkedTxn": [],
        "Line": [
            {
                "Id": "1",
                "LineNum": 1,
                "Amount": 100,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "1", "name": "Services"},
                    "UnitPrice": 100,
                    "Qty": 1,
                    "TaxCodeRef": {"value": "NON"},
                },
                "CustomExtensions": [],
            },
            {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        ],
        "TxnTaxDetail": {"TotalTax": 0},
        "CustomerRef": {"value": "1", "name": "Amy's Bird Sanctuary"},
        "DueDate": "2024-02-14",
        "TotalAmt": 100,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
        "Balance": 100,
        **changes,
    }


def raw_payment(**changes: Any) -> dict[str, Any]:
    line = {
        "Amount": 100,
        "LinkedTxn": [{"TxnId": "71", "TxnType": "Invoice"}],
        "LineEx": {"any": [{"name": "{http://schema.intuit.com/finance/v3}NameValue", "value": {"Name": "txnId"}}]},
    }
    return {
        "CustomerRef": {"value": "1", "name": "Amy's Bird Sanctuary"},
        "DepositToAccountRef": {"value": "4"},
        "TotalAmt": 100,
        "UnappliedAmt": 0,
        "ProcessPayment": False,
        "domain": "QBO",
        "sparse": False,
        "Id": "180",
        "SyncToken": "0",
        "MetaData": {"CreateTime": "2026-05-05T03:11:46-07:00", "LastUpdatedTime": "2026-05-05T03:11:46-07:00"},
        "TxnDate": "2026-05-05",
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "Line": [line],
        **changes,
    }


def raw_tax_rate(rate_id: str, name: str, percent: str, **changes: Any) -> dict[str, Any]:
    return {
        "Id": rate_id,
        "Name": name,
        "Active": True,
        "RateValue": D(percent),
        "AgencyRef": {"value": "1"},
        "SpecialTaxType": "NONE",
        "DisplayType": "ReadOnly",
        **changes,
    }


def raw_tax_code(code_id: str, name: str, *rate_ids: str, **changes: Any) -> dict[str, Any]:
    details = [
        {"TaxRateRef": {"value": rate_id}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}
        for order, rate_id in enumerate(rate_ids)
    ]
    return {
        "Id": code_id,
        "Name": name,
        "Active": True,
        "Taxable": True,
        "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": details},
        "PurchaseTaxRateList": {"TaxRateDetail": []},
        **changes,
    }
