"""Payments to and from QuickBooks. Source: QuickBooks reference 11."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import ValidationError

from contracts.base import plain
from contracts.books import ObservedAllocation, ObservedPayment, RecordKind, RemoteRef
from contracts.money import minor_units, round_half_up
from contracts.payments import MoneyStatus, Payment
from contracts.problems import Problem, Reason
from mappings.plan import Books, Held, Step, Verb
from mappings.quickbooks.allocations import Use, check_uses, invoice_uses, over_allocated
from mappings.quickbooks.credit_memos import applied_line
from mappings.quickbooks.currencies import check_currency
from mappings.quickbooks.customers import MARKER_ROOM, too_long
from mappings.quickbooks.documents import NOTE_MAX, check_customer_link, closed_books
from mappings.quickbooks.steps import create, is_as_sent, removal, update
from mappings.quickbooks.wire import (
    NOTE_READ,
    Fields,
    UnreadableRecord,
    body_of,
    identity,
    make,
    marker_in,
    ref,
    says_voided,
    with_marker,
    without_marker,
)
from mappings.rules.names import same_name

REFERENCE_MAX = 21
_SETTLES: Mapping[str, Literal[RecordKind.INVOICE, RecordKind.CREDIT_MEMO]] = {
    "Invoice": RecordKind.INVOICE,
    "CreditMemo": RecordKind.CREDIT_MEMO,
}


def check_payment(payment: Payment, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this payment cannot be brought to QuickBooks yet; [] means next_payment_step will work."""
    where = label(payment)
    if payment.status is MoneyStatus.VOIDED:
        if held is None or _voided_there(held):
            return []
        return closed_books(payment.paid_on, books, where=where, field="paid_on")
    customer = books.customers.get(payment.customer_id)
    problems = [
        *check_customer_link(payment.customer_id, books, where=where),
        *check_currency(
            payment.currency, books.catalog, where=where, customers=[customer.currency] if customer else []
        ),
        *_check_amount(payment, where),
        *_check_credits(payment, where),
        *_check_lists(payment, books, where),
        *check_uses(
            [*invoice_uses(payment.allocations), *_credit_uses(payment)],
            books,
            customer_id=payment.customer_id,
            currency=payment.currency,
            applied=_applied_there(payment, books, held),
            where=where,
        ),
    ]
    if len(_note(payment)) > NOTE_MAX - MARKER_ROOM:
        problems.append(too_long(_note(payment), NOTE_MAX - MARKER_ROOM, where=where, field="note"))
    if _would_change(payment, books, held, problems):
        problems += closed_books(payment.paid_on, books, where=where, field="paid_on")
    return problems


def label(payment: Payment) -> str:
    """How a person knows it."""
    return f"payment {payment.reference or payment.id}"


def to_quickbooks_payment(payment: Payment, books: Books, marker: str) -> dict[str, Any]:
    """The payment QuickBooks should hold, without Id and SyncToken, with every application.

    Lines are all or nothing: one left out would open its invoice again (11.2). A reference longer than 21 characters
    is cut in PaymentRefNum and whole in the note.
    """
    lines = [
        applied_line(allocation.amount, books.invoices[allocation.invoice_id].remote_id, "Invoice")
        for allocation in payment.allocations
        if allocation.amount
    ] + [
        applied_line(credit.amount, books.credit_memos[credit.credit_memo_id].remote_id, "CreditMemo")
        for credit in payment.credits
        if credit.amount
    ]
    wish = make(
        "Payment",
        CustomerRef=ref(books.customers[payment.customer_id].remote_id),
        TotalAmt=payment.amount,
        TxnDate=payment.paid_on,
        PaymentRefNum=payment.reference[:REFERENCE_MAX] or None,
        PaymentMethodRef=ref(_method(payment, books)),
        DepositToAccountRef=ref(payment.deposit_account or books.settings.deposit_account),
        CurrencyRef=ref(payment.currency) if books.catalog.company.multi_currency else None,
        PrivateNote=with_marker(_note(payment), marker),
        Line=lines,
    )
    return dict(body_of(wish))


def next_payment_step(payment: Payment, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """Create, update or void it; None when QuickBooks holds what is wanted."""
    if payment.status is MoneyStatus.VOIDED:
        return None if held is None or _voided_there(held) else removal(Verb.VOID, held, marker)
    if held is not None and _voided_there(held):
        return None
    wish = to_quickbooks_payment(payment, books, marker)
    if held is None:
        return create(RecordKind.PAYMENT, wish, marker)
    return None if is_as_sent(wish, held) else update(wish, held, marker)


def from_quickbooks_payment(raw: Mapping[str, Any]) -> ObservedPayment:
    """A payment as QuickBooks holds it. raw: parsed with parse_float=Decimal. Raises UnreadableRecord.

    applies_credit: nothing was paid, a credit settles an invoice (11.3). whole: False when a line settles something
    else, such as a journal entry. voided: total 0, no lines and a note that begins with "Voided" (11.4).
    """
    fields = Fields(raw)
    remote_id, version = identity(fields)
    amount, note = fields.amount("TotalAmt"), fields.text("PrivateNote", NOTE_READ)
    try:
        allocations, whole = _allocations(fields)
        kinds = {allocation.kind for allocation in allocations}
        return ObservedPayment(
            ref=RemoteRef(kind=RecordKind.PAYMENT, id=remote_id, version=version),
            customer_ref=fields.ref("CustomerRef"),
            currency=fields.ref("CurrencyRef"),
            amount=amount,
            unapplied=fields.amount("UnappliedAmt"),
            paid_on=fields.day("TxnDate"),
            method=fields.ref("PaymentMethodRef"),
            reference=fields.text("PaymentRefNum", 100),
            note=without_marker(note)[:4000],
            allocations=allocations,
            applies_credit=amount == 0 and kinds == {RecordKind.INVOICE, RecordKind.CREDIT_MEMO},
            whole=whole,
            voided=amount == 0 and not allocations and whole and says_voided(note),
            exchange_rate=fields.maybe_amount("ExchangeRate"),
            updated_at=fields.part("MetaData").moment("LastUpdatedTime"),
            marker=marker_in(note),
        )
    except ValidationError as error:
        raise UnreadableRecord(f"payment {remote_id}: {error.errors()[0]['msg']}") from None


def _allocations(fields: Fields) -> tuple[list[ObservedAllocation], bool]:
    """What the lines settle, and whether that is all of it. LineEx is an artefact and ignored (11.1)."""
    found, whole = [], True
    for line in fields.parts("Line"):
        linked = list(line.parts("LinkedTxn"))
        kind = _SETTLES.get(linked[0].word("TxnType")) if len(linked) == 1 else None
        if kind is None:
            whole = False
            continue
        found.append(
            ObservedAllocation(kind=kind, remote_id=linked[0].text("TxnId", 100), amount=line.amount("Amount"))
        )
    return found, whole


def _voided_there(held: Held) -> bool:
    return isinstance(held.observed, ObservedPayment) and held.observed.voided


def _note(payment: Payment) -> str:
    reference = f"Reference: {payment.reference}" if len(payment.reference) > REFERENCE_MAX else ""
    return "\n".join(part for part in (payment.note, reference) if part)


def _method(payment: Payment, books: Books) -> str:
    """The mapped method, else the only active one of that name; left out where neither is."""
    if mapped := books.settings.payment_methods.get(payment.method, ""):
        return mapped
    named = [
        method.id
        for method in books.catalog.payment_methods
        if method.active and payment.method and same_name(method.name, payment.method)
    ]
    return named[0] if len(named) == 1 else ""


def _applied_there(payment: Payment, books: Books, held: Held | None) -> dict[str, Decimal]:
    """Billing id of an invoice or credit memo -> what this payment uses of it already."""
    if held is None or not isinstance(held.observed, ObservedPayment):
        return {}
    there = {part.remote_id: part.amount for part in held.observed.allocations}
    known = {**books.invoices, **books.credit_memos}
    used = [use.document_id for use in (*invoice_uses(payment.allocations), *_credit_uses(payment))]
    return {name: there.get(known[name].remote_id, Decimal(0)) for name in used if name in known}


def _credit_uses(payment: Payment) -> list[Use]:
    return [
        Use("credit memo", credit.credit_memo_id, credit.amount, f"credits.{position}")
        for position, credit in enumerate(payment.credits)
    ]


def _check_credits(payment: Payment, where: str) -> list[Problem]:
    """Credit that settles nothing would turn into money nobody paid."""
    credit = sum((used.amount for used in payment.credits), Decimal(0))
    settled = sum((allocation.amount for allocation in payment.allocations), Decimal(0))
    if credit <= settled:
        return []
    text = f"{plain(credit)} of credit is taken along and only {plain(settled)} is settled."
    return [over_allocated(text, where=where, field="credits", value=plain(credit))]


def _check_amount(payment: Payment, where: str) -> list[Problem]:
    if payment.amount == 0 and not payment.credits:
        text, fix = "A payment of 0 records nothing; QuickBooks refuses it.", "Remove the payment in billing."
    elif payment.amount != round_half_up(payment.amount, min(2, minor_units(payment.currency))):
        text = f"The amount {plain(payment.amount)} {payment.currency} has more decimals than QuickBooks keeps."
        fix = "Round the amount in billing."
    else:
        return []
    value = plain(payment.amount)
    reason = Reason.NOT_SUPPORTED_BY_LEDGER
    return [Problem(reason=reason, where=where, field="amount", message=text, fix=fix, value=value)]


def _check_lists(payment: Payment, books: Books, where: str) -> list[Problem]:
    """The account and the method it names exist and are active."""
    account = payment.deposit_account or books.settings.deposit_account
    accounts = {entry.id: entry.active for entry in books.catalog.accounts}
    methods = {entry.id: entry.active for entry in books.catalog.payment_methods}
    mapped = books.settings.payment_methods.get(payment.method, "")
    return [
        *_check_entry(account, accounts, "deposit account", where, "deposit_account"),
        *_check_entry(mapped, methods, "payment method", where, "method"),
    ]


def _check_entry(entry: str, known: Mapping[str, bool], what: str, where: str, field: str) -> list[Problem]:
    if not entry or known.get(entry):
        return []
    missing = entry not in known
    state = "does not exist" if missing else "is inactive"
    return [
        Problem(
            reason=Reason.REFERENCE_NOT_FOUND if missing else Reason.REFERENCE_INACTIVE,
            where=where,
            field=field,
            message=f"The {what} {entry!r} {state} in QuickBooks.",
            fix=f"Choose another {what} in the connection's settings.",
            value=entry,
        )
    ]


def _would_change(payment: Payment, books: Books, held: Held | None, problems: list[Problem]) -> bool:
    if any(problem.blocks for problem in problems) or held is None:
        return True
    marker = held.observed.marker if held.observed else ""
    return next_payment_step(payment, books, held, marker=marker) is not None
