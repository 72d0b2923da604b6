"""QuickBooks linking open credits to a new invoice by itself. Source: QuickBooks reference 11.3, 17.6."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.payments import AUTO_LINK_NOTE


def apply_open_credits(
    company: Company, invoice: Record, create_payment: Callable[[Company, JsonObject], Record]
) -> None:
    """Oldest credit memo first, one payment of 0 per credit, until the invoice is settled or no credit is left."""
    if not company.preference("SalesFormsPrefs", "AutoApplyCredit", False):
        return
    customer = invoice.data["CustomerRef"]
    credits = [row for row in company.rows("CreditMemo") if row.data["CustomerRef"] == customer]
    for credit in sorted(credits, key=lambda row: (row.data["TxnDate"], row.order)):
        amount = min(Decimal(invoice.data["Balance"]), Decimal(credit.data["Balance"]))
        if amount <= 0:
            continue
        create_payment(
            company,
            {
                "CustomerRef": customer,
                "TotalAmt": 0,
                "CurrencyRef": invoice.data["CurrencyRef"],
                "PrivateNote": AUTO_LINK_NOTE,
                "Line": [
                    {"Amount": amount, "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]},
                    {"Amount": amount, "LinkedTxn": [{"TxnId": credit.id, "TxnType": "CreditMemo"}]},
                ],
            },
        )
