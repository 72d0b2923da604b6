"""The Invoices and CreditNotes endpoints. Source: Xero reference 2.1, 2.3, 2.7, 4, 5.1."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import contacts, documents, errors
from connectors.sandbox.xero.body import Fields, guid, is_guid
from connectors.sandbox.xero.books import Books, Document, DocumentKind
from connectors.sandbox.xero.errors import NotFound, Refused, request_refused
from connectors.sandbox.xero.pdf import one_line_pdf
from connectors.sandbox.xero.reading import Call, changed_only, search, select
from connectors.sandbox.xero.show_documents import Context, show_document
from connectors.sandbox.xero.writing import Reply, Written, write_all

_EMAILABLE = frozenset({"SUBMITTED", "AUTHORISED", "PAID"})
# Dropped by summaryOnly. Source: Xero reference 2.7.
_DROPPED = frozenset({"HasAttachments", "CISDeduction"})
_CODE_LENGTH = 40


def rows_of(books: Books, kind: DocumentKind) -> list[Document]:
    return [document for document in books.documents.values() if document.kind == kind]


def view(books: Books, document: Document) -> JsonObject:
    """What a filter sees: the whole document with the whole contact."""
    shown = show_document(books, document, context="paged", unitdp=4)
    return {**shown, "Contact": contacts.show(books, books.contacts[document.contact_id])}


def find(call: Call, kind: DocumentKind) -> Document:
    """By id or, for sales documents, number. 404 otherwise."""
    key = call.args["id"]
    found = call.books.documents.get(guid(key)) if is_guid(key) else None
    if found is None and kind in {"Invoice", "CreditNote"}:
        found = documents.by_number(call.books, kind, key)
    if found is None or found.kind != kind:
        raise NotFound
    return found


def list_invoices(call: Call) -> Reply:
    """VOIDED and DELETED documents are listed too. Source: Xero reference 2.7."""
    books = call.books
    rows = rows_of(books, "Invoice")
    filters: dict[str, Callable[[Document], str]] = {
        "ids": lambda d: d.id,
        "invoicenumbers": lambda d: d.number.casefold(),
        "contactids": lambda d: d.contact_id,
        "statuses": lambda d: d.status.casefold(),
    }
    for name, value in filters.items():
        wanted = call.listed(name)
        if wanted is not None:
            folded = {each.casefold() for each in wanted}
            rows = [row for row in rows if value(row) in folded]
    if call.flag("createdbymyapp"):
        rows = [row for row in rows if row.created_by == call.app.client_id]
    rows = changed_only(call, rows, lambda d: d.updated)
    rows = search(call, rows, lambda d: (d.number, d.reference))
    is_summary = call.flag("summaryonly")
    page = select(
        call,
        rows,
        "Invoice",
        partial(view, books),
        force_paging=is_summary or call.listed("statuses") is not None,
        capped=True,
        blocked=_DROPPED if is_summary else frozenset(),
    )
    context: Context = "summary" if is_summary else "paged" if page.pagination is not None else "unpaged"
    return Reply("Invoices", [_shown(call, row, context) for row in page.rows], page.pagination)


def list_credits(call: Call, kind: DocumentKind) -> Reply:
    """CreditNotes, Overpayments, Prepayments; the last two have one list filter each."""
    books = call.books
    rows = rows_of(books, kind)
    name = {"Overpayment": "references", "Prepayment": "invoicenumbers"}.get(kind, "")
    wanted = call.listed(name) if name else None
    if wanted is not None:
        folded = {each.casefold() for each in wanted}
        rows = [row for row in rows if row.reference.casefold() in folded]
    rows = changed_only(call, rows, lambda d: d.updated)
    page = select(call, rows, kind, partial(view, books), capped=True)
    context: Context = "paged" if page.pagination is not None else "unpaged"
    return Reply(f"{kind}s", [_shown(call, row, context) for row in page.rows], page.pagination)


def get_document(call: Call, kind: DocumentKind) -> Reply:
    document = find(call, kind)
    accept = call.exchange.headers.get("accept", "").lower()
    if "application/pdf" in accept and "json" not in accept:
        text = f"{call.books.info['Name']} - {kind} {document.number} - {document.total:f} {document.currency}"
        return Reply(raw=one_line_pdf(text), media_type="application/pdf")
    return Reply(f"{kind}s", [_shown(call, document, "single")])


def put_documents(call: Call, kind: DocumentKind) -> Reply:
    """Creates only. Source: Xero reference 2.3."""

    def create(fields: Fields) -> Written:
        if fields.guid(f"{kind}ID"):
            known = documents.find_target(
                call.books, kind, Fields({f"{kind}ID": fields.guid(f"{kind}ID")}, fields.path)
            )
            if known is not None:
                raise Refused(errors.NUMBER_TAKEN, echo=_shown(call, known, "error"))
        return _save(call, kind, fields, None)

    return write_all(call, f"{kind}s", kind, create)


def post_documents(call: Call, kind: DocumentKind) -> Reply:
    """Creates or updates by id, then by number: an existing invoice of that number is overwritten."""
    return write_all(
        call,
        f"{kind}s",
        kind,
        lambda fields: _save(call, kind, fields, documents.find_target(call.books, kind, fields)),
    )


def post_document(call: Call, kind: DocumentKind) -> Reply:
    target = find(call, kind)
    return write_all(call, f"{kind}s", kind, lambda fields: _save(call, kind, fields, target), at_most=1)


def _save(call: Call, kind: DocumentKind, fields: Fields, target: Document | None) -> Written:
    saved = documents.save(call.books, kind, fields, target, unitdp=call.unitdp, client_id=call.app.client_id)
    return Written(partial(_written, call, saved.document), saved.warnings)


def _written(call: Call, document: Document) -> JsonObject:
    return (
        {**_shown(call, document, "write"), "ValidationErrors": []}
        if not call.is_strict
        else _shown(call, document, "write")
    )


def _shown(call: Call, document: Document, context: Context) -> JsonObject:
    return show_document(call.books, document, context=context, unitdp=call.unitdp)


# beside the documents ------------------------------------------------------------------------------------------


def online_invoice(call: Call, host: str) -> Reply:
    """ACCREC only, not for drafts. Source: Xero reference 4.8."""
    invoice = find(call, "Invoice")
    if not invoice.is_sales or invoice.status == "DRAFT":
        raise request_refused("An online invoice url is only available for approved sales invoices")
    code = hashlib.sha512(invoice.id.encode()).hexdigest()[:_CODE_LENGTH]
    return Reply("OnlineInvoices", [{"OnlineInvoiceUrl": f"{host}/{code}"}])


def email_invoice(call: Call) -> Reply:
    """204; two refusals; no deduplication. Source: Xero reference 4.8."""
    books, invoice = call.books, find(call, "Invoice")
    contact = books.contacts[invoice.contact_id]
    if not invoice.is_sales or invoice.status not in _EMAILABLE:
        raise request_refused(errors.EMAIL_STATUS)
    if not contact.data.get("EmailAddress"):
        raise request_refused(errors.EMAIL_NO_ADDRESS)
    sent_today = sum(1 for email in books.emails if email["day"] == books.today().isoformat())
    if sent_today >= books.switches.emails_per_day:
        raise request_refused("The daily limit of emails has been reached")
    copies = [
        person["EmailAddress"] for person in contact.persons if person["IncludeInEmails"] and person["EmailAddress"]
    ]
    with books.transaction():
        books.append(
            books.emails,
            {
                "to": [contact.data["EmailAddress"], *copies],
                "invoice_id": invoice.id,
                "invoice_number": invoice.number,
                "day": books.today().isoformat(),
            },
        )
        books.edit(invoice)
        invoice.is_sent = True
        books.note(invoice.id, "Invoice sent", f"to {contact.data['EmailAddress']}")
        if not books.has_applications(invoice):
            books.touch_document(invoice)
    return Reply(status=204)


# history -------------------------------------------------------------------------------------------------------

_LONGEST_NOTE = 2500
_PARENTS = {
    "contacts": "contacts",
    "invoices": "documents",
    "creditnotes": "documents",
    "overpayments": "documents",
    "prepayments": "documents",
    "payments": "payments",
    "items": "items",
}


def _parent_id(call: Call) -> str:
    table: dict[str, Any] = getattr(call.books, _PARENTS[call.args["parent"].lower()])
    key = call.args["id"]
    if not is_guid(key) or guid(key) not in table:
        raise NotFound
    return guid(key)


def get_history(call: Call) -> Reply:
    record_id = _parent_id(call)
    rows = [
        {
            "Changes": note.changes,
            "DateUTCString": note.at.strftime("%Y-%m-%dT%H:%M:%S"),
            "DateUTC": note.at,
            "User": note.user,
            "Details": note.details,
        }
        for note in reversed(call.books.history)
        if note.record_id == record_id
    ]
    return Reply("HistoryRecords", rows)


def put_history(call: Call) -> Reply:
    """A note, shown as from "System Generated". Source: Xero reference 7.8."""
    record_id = _parent_id(call)

    def add(fields: Fields) -> Written:
        details = fields.text("Details") or ""
        if not details or len(details) > _LONGEST_NOTE:
            raise Refused(errors.too_long("Details", _LONGEST_NOTE) if details else "Details must be specified")
        call.books.note(record_id, "Note", details)
        note = call.books.history[-1]
        shown = {"DateUTCString": note.at.strftime("%Y-%m-%dT%H:%M:%S"), "DateUTC": note.at, "Details": details}
        return Written(lambda: {**shown, "ValidationErrors": []})

    return write_all(call, "HistoryRecords", "HistoryRecord", add)
