"""Where a person opens an object, in the right company.

The company-safe form: the short one opens in whatever company the browser last used, which for an accountant with many
companies is the wrong one. Source: QuickBooks reference 12.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from contracts.books import RecordKind, RemoteRef

PRODUCTION = "https://qbo.intuit.com"
SANDBOX = "https://sandbox.qbo.intuit.com"

_PAGES: Mapping[RecordKind, str] = {
    RecordKind.CUSTOMER: "customerdetail?nameId=",
    RecordKind.INVOICE: "invoice?txnId=",
    RecordKind.CREDIT_MEMO: "creditmemo?txnId=",
    RecordKind.PAYMENT: "recvpayment?txnId=",
    RecordKind.ALLOCATION: "recvpayment?txnId=",
}


def deep_link(ref: RemoteRef, *, company_id: str, base: str = PRODUCTION) -> str:
    """The page of an object. base: PRODUCTION, SANDBOX, or a simulator such as http://127.0.0.1:9000."""
    page = quote(f"{_PAGES[ref.kind]}{ref.id}", safe="")
    return f"{base.rstrip('/')}/app/login?pagereq={page}&deeplinkcompanyid={quote(company_id, safe='')}"
