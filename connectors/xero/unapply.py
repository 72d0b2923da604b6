"""Payments and credits on a document: taking them off, and reading back what was applied.

Xero refuses to void a document that has any. Payments first, then allocations, then the void (Xero reference 4.1, 10).
Each of these is harmless to repeat: what was taken off already is not there any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from connectors.protocol import Member
from connectors.xero import faults
from connectors.xero.client import IDS, Raw, XeroClient, objects
from connectors.xero.labels import parsed
from connectors.xero.reading import allocations_of
from connectors.xero.seen import ENTITIES, OWNERS, Observe, seen
from contracts.books import Gone, Observed
from contracts.problems import Problem, Reason


async def take_back(client: XeroClient, member: Member, named: Sequence[str], where: str, *, key: str) -> list[Problem]:
    """Take off a member's document what is named: payments by id, credit by what it is of ("CreditNotes/{id}").

    Only that: what somebody else applied meanwhile stays, and Xero refuses the void. Problems name what only a person
    can remove.
    """
    assert member.target is not None
    problems: list[Problem] = []
    for one in named:
        collection, _, owner = one.rpartition("/")
        if not collection:
            problems += await _take_back(client, one, where, key)
        elif collection in OWNERS:
            await _remove(client, collection, owner, member.target.id, key)
        else:
            problems.append(_only_by_hand(where, f"It is settled by {one}, which may settle other documents as well."))
    return problems


async def _take_back(client: XeroClient, identifier: str, where: str, key: str) -> list[Problem]:
    values = {"id": identifier}
    try:
        answer = await client.write(
            "POST", "Payments/{id}", b'{"Status":"DELETED"}', key=f"{key}-{identifier}", values=values
        )
    except faults.NotFound:
        return []
    if (fault := faults.fault_in(answer)) is None:
        return []
    payment = await client.read("Payments", identifier)
    if payment is None or payment.get("Status") == "DELETED":
        return []
    said = "; ".join(faults.messages_of(fault.elements)) or fault.message
    return [_only_by_hand(where, f"Xero does not remove its payment {identifier}: {said}")]


async def _remove(client: XeroClient, collection: str, owner: str, invoice: str, key: str) -> None:
    """Every allocation of a credit note or overpayment to one invoice."""
    row = await client.read(collection, owner)
    for allocation in objects(row.get("Allocations")) if row is not None else []:
        about = allocation.get("Invoice")
        if not isinstance(about, dict) or str(about.get("InvoiceID") or "").lower() != invoice.lower():
            continue
        values = {"owner": owner, "id": str(allocation.get("AllocationID") or "")}
        try:
            answer = await client.write("DELETE", collection + "/{owner}/Allocations/{id}", key=key, values=values)
        except faults.NotFound:
            continue
        if (fault := faults.fault_in(answer)) is not None:
            raise faults.refused(fault, "an allocation", answer)


async def allocation_of(client: XeroClient, observe: Observe, member: Member) -> Observed | None:
    """The allocation a member made, read with its owner: the newest of this amount to this invoice; None without one.

    An allocation has no field for a mark: owner, invoice and amount are what makes it this member's.
    """
    collection, owner = owner_of(member)
    wanted = _settles(parsed(member))
    row = await client.read(collection, owner) if collection else None
    for allocation in reversed(allocations_of(collection, row) if row is not None else []):
        if _settles(allocation) == wanted:
            return allocation_in(observe, member, allocation)
    return None


def allocation_in(observe: Observe, member: Member, row: Raw) -> Observed | None:
    """A row in core words under the member's mark; None for one without an id."""
    collection, owner = owner_of(member)
    if not collection:
        return None
    one = seen(observe, "Allocations", {**row, ENTITIES[collection]: {IDS[collection]: owner}}, kind=member.kind)
    return None if one is None or isinstance(one, Gone) else one.model_copy(update={"marker": member.marker})


def _settles(row: Raw) -> tuple[str, Decimal]:
    invoice = row.get("Invoice")
    identifier = str(invoice.get("InvoiceID") or "").lower() if isinstance(invoice, dict) else ""
    amount = row.get("Amount", row.get("AppliedAmount", 0))
    return identifier, Decimal(amount) if isinstance(amount, int | str | Decimal) else Decimal(0)


def owner_of(member: Member) -> tuple[str, str]:
    """Whose allocation a member makes, from its path: CreditNotes/{id}/Allocations."""
    parts = member.options.get("path", "").split("/")
    return (parts[0], parts[1]) if len(parts) >= 3 and parts[0] in OWNERS else ("", "")


def _only_by_hand(where: str, message: str) -> Problem:
    return Problem(
        reason=Reason.HAS_PAYMENTS, where=where, message=message, fix="Remove the payment in Xero first, then retry."
    )
