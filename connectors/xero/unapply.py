"""Payments and credits on a document: taking them off, and reading back what was applied.

Xero refuses to void a document that has any. Payments first, then allocations, then the void (Xero reference 4.1, 10).
Each of these is harmless to repeat: what was taken off already is not there any more.
"""

from __future__ import annotations

from connectors.protocol import Member
from connectors.xero import faults
from connectors.xero.client import COLLECTIONS, IDS, Raw, XeroClient, objects
from connectors.xero.labels import parsed
from connectors.xero.reading import allocations_of, matching
from connectors.xero.seen import OWNERS, Observe, of_kind, seen
from connectors.xero.where import guid_is
from contracts.books import Gone, Observed, RecordKind
from contracts.problems import Problem, Reason


async def take_off(client: XeroClient, member: Member, where: str, *, key: str) -> list[Problem]:
    """Remove the payments and allocations of a member's document; problems for what only a person can remove."""
    assert member.target is not None
    collection, identifier = COLLECTIONS[member.kind], member.target.id
    problems: list[Problem] = []
    path = "Invoice.InvoiceID" if member.kind is RecordKind.INVOICE else "CreditNote.CreditNoteID"
    async for payment in matching(client, "Payments", guid_is(path, identifier)):
        if payment.get("Status") != "DELETED":
            problems += await _take_back(client, payment, where, key)
    if problems:
        return problems
    document = await client.read(collection, identifier)
    for owner_collection, owner in await _owners(client, collection, document):
        for allocation in objects(owner.get("Allocations")):
            invoice = allocation.get("Invoice")
            about = str(invoice.get("InvoiceID") if isinstance(invoice, dict) else "").lower()
            if member.kind is RecordKind.CREDIT_MEMO or about == identifier.lower():
                await _remove(client, owner_collection, owner, allocation, key)
    return []


async def _owners(client: XeroClient, collection: str, document: Raw | None) -> list[tuple[str, Raw]]:
    """Whose allocations are on the document: its own, for a credit note; those of what is applied to an invoice."""
    if document is None:
        return []
    if collection == "CreditNotes":
        return [(collection, document)]
    found = []
    for owners in OWNERS:
        for summary in objects(document.get(owners)):
            owner = await client.read(owners, str(summary.get(IDS[owners]) or ""))
            if owner is not None:
                found.append((owners, owner))
    return found


async def _take_back(client: XeroClient, payment: Raw, where: str, key: str) -> list[Problem]:
    identifier = str(payment.get("PaymentID") or "")
    if payment.get("BatchPaymentID") or payment.get("IsReconciled") is True:
        said = "part of a batch payment" if payment.get("BatchPaymentID") else "reconciled with the bank"
        return [_only_by_hand(where, f"Its payment {payment.get('Reference') or identifier} is {said}.")]
    try:
        answer = await client.write(
            "POST",
            "Payments/{id}",
            b'{"Status":"DELETED"}',
            key=f"{key}-{identifier}",
            values={"id": identifier},
        )
    except faults.NotFound:
        return []
    if (fault := faults.fault_in(answer)) is not None:
        said = "; ".join(faults.messages_of(fault.elements)) or fault.message
        return [_only_by_hand(where, f"Xero does not remove its payment {identifier}: {said}")]
    return []


async def _remove(client: XeroClient, collection: str, owner: Raw, allocation: Raw, key: str) -> None:
    values = {"owner": str(owner.get(IDS[collection])), "id": str(allocation.get("AllocationID") or "")}
    try:
        answer = await client.write("DELETE", collection + "/{owner}/Allocations/{id}", key=key, values=values)
    except faults.NotFound:
        return
    if (fault := faults.fault_in(answer)) is not None:
        raise faults.refused(fault, "an allocation", answer)


async def allocation_of(client: XeroClient, observe: Observe, member: Member) -> Observed | None:
    """The allocation a member made, found by its owner and the invoice it settles; None when there is none."""
    collection, owner = owner_of(member)
    invoice = parsed(member).get("Invoice")
    wanted = str(invoice.get("InvoiceID") if isinstance(invoice, dict) else "").lower()
    row = await client.read(collection, owner) if collection else None
    for allocation in reversed(allocations_of(collection, row) if row is not None else []):
        about = allocation.get("Invoice")
        if isinstance(about, dict) and str(about.get("InvoiceID") or "").lower() == wanted:
            one = seen(observe, "Allocations", allocation, kind=member.kind)
            if one is not None and not isinstance(one, Gone):
                # An allocation has no field for a mark: owner and invoice are what makes it this member's.
                return of_kind(one, member.kind).model_copy(update={"marker": member.marker})
    return None


def owner_of(member: Member) -> tuple[str, str]:
    """Whose allocation a member makes, from its path: CreditNotes/{id}/Allocations."""
    parts = member.options.get("path", "").split("/")
    return (parts[0], parts[1]) if len(parts) >= 3 and parts[0] in OWNERS else ("", "")


def _only_by_hand(where: str, message: str) -> Problem:
    return Problem(
        reason=Reason.HAS_PAYMENTS, where=where, message=message, fix="Remove the payment in Xero first, then retry."
    )
