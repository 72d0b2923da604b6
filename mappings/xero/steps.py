"""How a wish becomes a step, and what the connector has to send for it.

Every step says so itself: options["method"] and options["path"] (below /api.xro/2.0/), options["elements"] (the key
the body is wrapped in: {"Invoices": [body]}). Creating is PUT, always: POST would overwrite a document of the same
number (2.3). A step whose body is "" is sent without one.

| step | method and path | elements |
|---|---|---|
| create or change a contact | PUT, POST Contacts | Contacts |
| create; change, mark as sent, void an invoice | PUT, POST Invoices (unitdp=4) | Invoices |
| create; change, void a credit note | PUT, POST CreditNotes (unitdp=4) | CreditNotes |
| create a payment; take one back | PUT Payments; POST Payments/{id} | Payments; none: the body is bare |
| money that settles nothing yet | PUT BankTransactions | BankTransactions |
| apply credit; take it off | PUT {document}/Allocations; DELETE {document}/Allocations/{id} | Allocations; none |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.books import RecordKind
from mappings.plan import Held, Step, Verb
from mappings.xero.wire import encode, fingerprint

COLLECTIONS: Mapping[RecordKind, str] = {
    RecordKind.CUSTOMER: "Contacts",
    RecordKind.INVOICE: "Invoices",
    RecordKind.CREDIT_MEMO: "CreditNotes",
    RecordKind.PAYMENT: "Payments",
}
IDS: Mapping[RecordKind, str] = {
    RecordKind.CUSTOMER: "ContactID",
    RecordKind.INVOICE: "InvoiceID",
    RecordKind.CREDIT_MEMO: "CreditNoteID",
    RecordKind.PAYMENT: "PaymentID",
}


def create(
    kind: RecordKind,
    wish: dict[str, Any],
    marker: str,
    *,
    path: str,
    wished: str = "",
    number: str = "",
    part: str = "",
    extra: Mapping[str, Any] | None = None,
    options: Mapping[str, str] | None = None,
) -> Step:
    """The wish itself, by PUT. extra: fields of the body that are no part of the wish's fingerprint."""
    elements = path.rpartition("/")[2]
    return Step(
        Verb.CREATE,
        kind,
        marker,
        encode(wish | dict(extra or {})),
        wished or fingerprint(wish),
        number=number,
        allocation_of=part,
        options={"method": "PUT", "path": path, "elements": elements, **(options or {})},
    )


def change(
    verb: Verb,
    held: Held,
    fields: Mapping[str, Any],
    marker: str,
    *,
    wished: str,
    number: str = "",
    options: Mapping[str, str] | None = None,
) -> Step:
    """Some fields of an object that exists, by POST under its id: what is left out keeps its value (2.3)."""
    kind = held.ref.kind
    collection = COLLECTIONS[kind]
    return Step(
        verb,
        kind,
        marker,
        encode({IDS[kind]: held.ref.id, **fields}),
        wished,
        target=held.ref,
        number=number,
        options={"method": "POST", "path": collection, "elements": collection, **(options or {})},
    )


def void(held: Held, marker: str, *, number: str = "", options: Mapping[str, str] | None = None) -> Step:
    """An approved document is voided by its status; a minimal body is enough (4.1)."""
    wished = fingerprint({"verb": "void", "id": held.ref.id})
    return change(Verb.VOID, held, {"Status": "VOIDED"}, marker, wished=wished, number=number, options=options)


def take_back(verb: Verb, held: Held, marker: str, *, part: str = "") -> Step:
    """A payment by its status, an allocation by HTTP DELETE on its own path (5.2, 5.3).

    VOID leaves the link, so that it is seen as void; DELETE removes it, so that another may take its place.
    """
    is_payment = "/" not in held.ref.id
    options = (
        {"method": "POST", "path": f"Payments/{held.ref.id}", "elements": ""}
        if is_payment
        else {"method": "DELETE", "path": held.ref.id, "elements": ""}
    )
    return Step(
        verb,
        held.ref.kind,
        marker,
        encode({"Status": "DELETED"}) if is_payment else "",
        fingerprint({"verb": verb.value, "id": held.ref.id}),
        target=held.ref,
        allocation_of=part,
        options=options,
    )


def is_as_sent(wished: str, held: Held) -> bool:
    """True when the wish is what we last wrote."""
    return held.sent_fingerprint == wished
