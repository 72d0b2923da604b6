"""Where a person opens an object, in the right company.

With the company's short code (Organisation.ShortCode, such as "!mBdtL"): without it Xero opens whatever company the
browser last used. Source: Xero reference 4.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from contracts.books import RecordKind, RemoteRef

PRODUCTION = "https://go.xero.com"

_NEW: Mapping[RecordKind, str] = {
    RecordKind.CUSTOMER: "contacts/contact/",
    RecordKind.INVOICE: "invoicing/view/",
}
_LEGACY: Mapping[RecordKind, str] = {
    RecordKind.CUSTOMER: "/Contacts/View/",
    RecordKind.INVOICE: "/AccountsReceivable/View.aspx?InvoiceID=",
    RecordKind.CREDIT_MEMO: "/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=",
    RecordKind.PAYMENT: "/Bank/ViewTransaction.aspx?bankTransactionID=",
    RecordKind.ALLOCATION: "/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=",
}


def deep_link(ref: RemoteRef, *, short_code: str, base: str = PRODUCTION) -> str:
    """The page of an object; an allocation opens the document it is of.

    short_code: Company.short_code of the catalogue; "" opens the object in the company last used. base: a simulator
    such as http://127.0.0.1:9000.
    """
    root, object_id = base.rstrip("/"), _page_id(ref)
    if short_code and ref.kind in _NEW:
        return f"{root}/app/{quote(short_code, safe='!-')}/{_NEW[ref.kind]}{quote(object_id, safe='')}"
    page = f"{_page(ref)}{quote(object_id, safe='')}"
    if not short_code:
        return f"{root}{page}"
    code = quote(short_code, safe="!-")
    return f"{root}/organisationlogin/default.aspx?shortcode={code}&redirecturl={quote(page, safe='/?=')}"


def _page(ref: RemoteRef) -> str:
    if ref.kind is RecordKind.ALLOCATION and not ref.id.startswith("CreditNotes/"):
        return _LEGACY[RecordKind.PAYMENT]
    return _LEGACY[ref.kind]


def _page_id(ref: RemoteRef) -> str:
    """ "Overpayments/{id}" and "CreditNotes/{id}/Allocations/{other}" are of the document {id}."""
    parts = ref.id.split("/")
    return parts[1] if len(parts) > 1 else ref.id
