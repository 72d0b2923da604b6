"""The Contacts endpoints. Source: Xero reference 2.1, 2.3, 2.7, 6."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import contacts
from connectors.sandbox.xero.body import Fields, guid, is_guid
from connectors.sandbox.xero.books import Books, Contact, Document
from connectors.sandbox.xero.errors import NotFound, Refused, name_taken
from connectors.sandbox.xero.reading import Call, changed_only, search, select
from connectors.sandbox.xero.writing import Reply, Written, write_all

_SEARCHED = ("Name", "FirstName", "LastName", "ContactNumber", "CompanyNumber", "EmailAddress")
# Dropped by summaryOnly. Source: Xero reference 2.7.
_DROPPED = frozenset({"IsCustomer", "IsSupplier", "SalesDefaultAccountCode"})


def list_contacts(call: Call) -> Reply:
    """ARCHIVED ones only with includeArchived=true."""
    books = call.books
    with_archived = call.flag("includearchived")
    rows = [c for c in books.contacts.values() if with_archived or c.status == "ACTIVE"]
    ids = call.listed("ids")
    if ids is not None:
        wanted = {each.lower() for each in ids}
        rows = [c for c in rows if c.id in wanted]
    rows = changed_only(call, rows, lambda c: c.updated)
    rows = search(call, rows, lambda c: [str(c.data.get(key, "")) for key in _SEARCHED])
    is_summary = call.flag("summaryonly")
    page = select(
        call,
        rows,
        "Contact",
        partial(contacts.show, books),
        force_paging=is_summary,
        capped=True,
        blocked=_DROPPED if is_summary else frozenset(),
    )
    if page.pagination is None:
        return Reply("Contacts", [contacts.show(books, row, is_listed=True) for row in page.rows])
    documents: dict[str, list[Document]] = defaultdict(list)
    for document in books.documents.values():
        documents[document.contact_id].append(document)
    shown = [
        contacts.show(books, row, is_summary=is_summary, balances_from=documents.get(row.id, ())) for row in page.rows
    ]
    return Reply("Contacts", shown, page.pagination)


def get_contact(call: Call) -> Reply:
    return Reply("Contacts", [_single(call.books, _find(call))])


def _single(books: Books, contact: Contact) -> JsonObject:
    return {**contacts.show(books, contact, balances_from=books.documents.values()), "Attachments": []}


def _find(call: Call) -> Contact:
    """By ContactID or ContactNumber."""
    key = call.args["id"]
    found = call.books.contacts.get(guid(key)) if is_guid(key) else None
    found = found or contacts.by_number(call.books, key)
    if found is None:
        raise NotFound
    return found


def put_contacts(call: Call) -> Reply:
    """Creates only: a Name or ContactNumber in use is refused. Source: Xero reference 6.3."""

    def create(fields: Fields) -> Written:
        if fields.guid("ContactID"):
            known = contacts.find_target(call.books, fields)
            if known is not None:
                raise Refused(name_taken(known.name), echo=contacts.show(call.books, known))
        contact = contacts.save(call.books, fields, None)
        return Written(partial(_written, call.books, contact))

    return write_all(call, "Contacts", "Contact", create)


def post_contacts(call: Call) -> Reply:
    """Creates or updates by ContactID, ContactNumber, Name."""

    def upsert(fields: Fields) -> Written:
        contact = contacts.save(call.books, fields, contacts.find_target(call.books, fields))
        return Written(partial(_written, call.books, contact))

    return write_all(call, "Contacts", "Contact", upsert)


def post_contact(call: Call) -> Reply:
    target = _find(call)
    return write_all(
        call,
        "Contacts",
        "Contact",
        lambda fields: Written(partial(_written, call.books, contacts.save(call.books, fields, target))),
        at_most=1,
    )


def _written(books: Books, contact: Contact) -> JsonObject:
    return {**contacts.show(books, contact), "ValidationErrors": []}
