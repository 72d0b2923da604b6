"""Payments to Xero. Source: Xero reference 5.3 to 5.5. The way back: observed_payments.py.

A Payment of Xero settles one invoice. What one payment of billing becomes:

- settling one invoice: one Payment.
- settling several: one Payment for each, of the same date and account; the first is the record's own object, the others
  are its parts, by billing's invoice id. A BatchPayment would be one line on the bank statement, yet it keeps a
  reference of ours in New Zealand only, so that a lost answer could not be looked up, and it can only be deleted whole;
  a bank line can be matched with several payments in Xero (Find & Match).
- more than it settles: an Overpayment of the whole amount, the one thing Xero has for money not used up; it is the line
  on the bank statement. Made by a RECEIVE-OVERPAYMENT bank transaction; every invoice is then settled by an allocation
  of it (parts again). It cannot be changed or removed by an application, only allocated.
- taking credit along: an allocation of the credit note, part "{credit memo}/{invoice}". Credit is used before money.

Payments cannot be edited (5.3): another amount, date or account is a deletion and a new one, its parts first.
Reference and note are no reason for that, nor is another default account later.

The marker stands first in Reference, which can be searched for; of an Overpayment, whose Reference is not writable, in
the description of its only line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contracts.base import plain
from contracts.books import Account, ObservedPayment, RecordKind
from contracts.money import minor_units, round_half_up
from contracts.payments import MoneyStatus, Payment
from contracts.problems import Problem, Reason
from mappings.plan import Books, Held, Step, Verb
from mappings.xero.allocations import (
    allocation_print,
    allocation_step,
    applied_by,
    check_allocations,
    over_allocated,
    part_marker,
)
from mappings.xero.currencies import check_currency
from mappings.xero.documents import HISTORY_MAX, check_customer_link, closed_books
from mappings.xero.postings import payment_account
from mappings.xero.steps import create, take_back
from mappings.xero.wire import body_of, fingerprint, make, with_marker

REFERENCE_MAX = 255
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Use:
    """A part of the payment on one invoice: money, or credit of a memo."""

    invoice_id: str
    amount: Decimal
    credit_memo_id: str = ""

    @property
    def part(self) -> str:
        return f"{self.credit_memo_id}/{self.invoice_id}" if self.credit_memo_id else self.invoice_id


@dataclass(frozen=True)
class Wanted:
    """What Xero should hold: an over-payment, or a Payment on `first`; and the parts beside it."""

    first: Use | None
    parts: Mapping[str, Use]


def check_payment(payment: Payment, books: Books, held: Held | None = None) -> list[Problem]:
    """Every reason this payment cannot be brought to Xero yet; [] means next_payment_step will work."""
    where = label(payment)
    if payment.status is MoneyStatus.VOIDED:
        if held is None or _voided_there(held):
            return []
        locked = closed_books([_paid_on(held) or payment.paid_on], books, where=where, field="paid_on")
        return [*_check_immovable(payment, held, where), *locked]
    account, problems = payment_account(_account(payment, books), books, where=where, field="deposit_account")
    problems += [
        *check_customer_link(payment.customer_id, books, where=where),
        *check_currency(payment.currency, books.catalog, where=where),
        *_check_amount(payment, where),
        *_check_account(payment, account, books, held, where),
        *_check_credits(payment, books, held, where),
        *check_allocations(
            payment.allocations,
            books,
            customer_id=payment.customer_id,
            currency=payment.currency,
            applied=applied_by(held),
            where=where,
        ),
    ]
    blocked = any(problem.blocks for problem in problems)
    if held is not None and not blocked:
        problems += _check_immovable(payment, held, where, books)
    if blocked or held is None or next_payment_step(payment, books, held, marker="") is not None:
        problems += closed_books([payment.paid_on, _paid_on(held)], books, where=where, field="paid_on")
    return problems


def label(payment: Payment) -> str:
    """How a person knows it."""
    return f"payment {payment.reference or payment.id}"


def uses_of(payment: Payment) -> tuple[list[Use], Decimal]:
    """What settles which invoice, credit first, and the money left over.

    975 and a credit of 25 on an invoice of 1000: the credit on it, then 975 of money; nothing is left over.
    """
    left = {credit.credit_memo_id: credit.amount for credit in payment.credits}
    uses: list[Use] = []
    for allocation in payment.allocations:
        open_amount = allocation.amount
        for memo_id in left:
            taken = min(open_amount, left[memo_id])
            if taken > 0:
                uses.append(Use(allocation.invoice_id, taken, memo_id))
                left[memo_id] -= taken
                open_amount -= taken
        if open_amount > 0:
            uses.append(Use(allocation.invoice_id, open_amount))
    money = sum((use.amount for use in uses if not use.credit_memo_id), _ZERO)
    return uses, payment.amount - money


def next_payment_step(payment: Payment, books: Books, held: Held | None, *, marker: str) -> Step | None:
    """Create its own object, then its parts; take back what is no longer wanted first; or take it all back."""
    if held is None:
        if payment.status is MoneyStatus.VOIDED:
            return None
        return _create_own(payment, _wanted(payment, books, None), books, marker)
    if _voided_there(held):
        return None
    if payment.status is MoneyStatus.VOIDED:
        return _take_back_parts(held, marker) or take_back(Verb.VOID, held, marker)
    wanted = _wanted(payment, books, held)
    if not _own_is_right(payment, wanted, books, held):
        return _take_back_parts(held, marker) or take_back(Verb.DELETE, held, marker)
    return _next_part(payment, wanted, books, held, marker)


def is_overpayment(held: Held) -> bool:
    """Its id is a path: "Overpayments/{id}"; a prepayment of a bookkeeper's serves as well."""
    return held.ref.id.startswith(("Overpayments/", "Prepayments/"))


def _wanted(payment: Payment, books: Books, held: Held | None) -> Wanted:
    """An over-payment stays one when all of it is allocated later; the own Payment stays on its invoice."""
    uses, left = uses_of(payment)
    money = [use for use in uses if not use.credit_memo_id]
    if left > 0 or not money or (held is not None and is_overpayment(held)):
        return Wanted(None, {use.part: use for use in uses})
    there = held.observed.allocations if held and isinstance(held.observed, ObservedPayment) else []
    settled = {one.remote_id for one in there}
    first = next((use for use in money if books.invoices[use.invoice_id].remote_id in settled), money[0])
    return Wanted(first, {use.part: use for use in uses if use is not first})


def _create_own(payment: Payment, wanted: Wanted, books: Books, marker: str) -> Step:
    if wanted.first is not None:
        return _payment_step(payment, wanted.first, books, marker, part="")
    wish = make(
        "BankTransaction",
        type="RECEIVE-OVERPAYMENT",
        contact=make("Contact", contact_id=books.customers[payment.customer_id].remote_id),
        bank_account=make("Account", account_id=_account_id(payment, books)),
        date=payment.paid_on,
        currency_code=payment.currency,
        line_amount_types="NoTax",
        line_items=[
            make(
                "LineItem",
                description=with_marker(_reference(payment), marker),
                quantity=Decimal(1),
                unit_amount=payment.amount,
            )
        ],
    )
    return create(
        RecordKind.PAYMENT,
        dict(body_of(wish)),
        marker,
        path="BankTransactions",
        wished=_overpayment_print(payment, books),
        options=_history(payment),
    )


def _payment_step(payment: Payment, use: Use, books: Books, marker: str, *, part: str) -> Step:
    mark = part_marker(marker, part)
    wish = make(
        "Payment",
        invoice=make("Invoice", invoice_id=books.invoices[use.invoice_id].remote_id),
        account=make("Account", account_id=_account_id(payment, books)),
        date=payment.paid_on,
        amount=use.amount,
        reference=with_marker(_reference(payment), mark)[:REFERENCE_MAX],
    )
    return create(
        RecordKind.PAYMENT,
        dict(body_of(wish)),
        mark,
        path="Payments",
        wished=_payment_print(payment, use, books),
        part=part,
        options=_history(payment) if not part else None,
    )


def _take_back_parts(held: Held, marker: str) -> Step | None:
    for part, one in held.allocations.items():
        if not _voided_there(one):
            return take_back(Verb.DELETE, one, part_marker(marker, part), part=part)
    return None


def _next_part(payment: Payment, wanted: Wanted, books: Books, held: Held, marker: str) -> Step | None:
    for part, one in held.allocations.items():
        use = wanted.parts.get(part)
        if _voided_there(one) or (use is not None and _part_is_right(payment, use, books, held, one)):
            continue
        return take_back(Verb.DELETE, one, part_marker(marker, part), part=part)
    for part, use in wanted.parts.items():
        if part in held.allocations:
            continue
        source = _source(use, books, held)
        if not source:
            return _payment_step(payment, use, books, marker, part=part)
        invoice_ref = books.invoices[use.invoice_id].remote_id
        return allocation_step(source, invoice_ref, use.amount, payment.paid_on, books, marker, part)
    return None


def _source(use: Use, books: Books, held: Held) -> str:
    """The document a part is an allocation of; "" for a Payment."""
    if use.credit_memo_id:
        return f"CreditNotes/{books.credit_memos[use.credit_memo_id].remote_id}"
    return held.ref.id if is_overpayment(held) else ""


def _own_is_right(payment: Payment, wanted: Wanted, books: Books, held: Held) -> bool:
    """As last sent; of one somebody else recorded, the same money on the same day."""
    if (wanted.first is None) != is_overpayment(held):
        return False
    if held.sent_fingerprint:
        first = wanted.first
        wished = _payment_print(payment, first, books) if first else _overpayment_print(payment, books)
        return held.sent_fingerprint == wished
    amount = wanted.first.amount if wanted.first else payment.amount
    there = held.observed
    return not isinstance(there, ObservedPayment) or (there.amount, there.paid_on) == (amount, payment.paid_on)


def _part_is_right(payment: Payment, use: Use, books: Books, held: Held, one: Held) -> bool:
    if not one.sent_fingerprint:
        return True
    source = _source(use, books, held)
    invoice_ref = books.invoices[use.invoice_id].remote_id
    wished = allocation_print(source, invoice_ref, use.amount) if source else _payment_print(payment, use, books)
    return one.sent_fingerprint == wished


def _payment_print(payment: Payment, use: Use, books: Books) -> str:
    return fingerprint(
        {
            "invoice": books.invoices[use.invoice_id].remote_id,
            "amount": use.amount,
            "date": payment.paid_on,
            "account": payment.deposit_account,
        }
    )


def _overpayment_print(payment: Payment, books: Books) -> str:
    return fingerprint(
        {
            "contact": books.customers[payment.customer_id].remote_id,
            "amount": payment.amount,
            "date": payment.paid_on,
            "account": payment.deposit_account,
        }
    )


def _account(payment: Payment, books: Books) -> str:
    return payment.deposit_account or books.settings.deposit_account


def _account_id(payment: Payment, books: Books) -> str:
    account, _ = payment_account(_account(payment, books), books, where="", field="")
    assert account is not None
    return account.id


def _reference(payment: Payment) -> str:
    return payment.reference or payment.method


def _history(payment: Payment) -> dict[str, str]:
    return {"history": payment.note[:HISTORY_MAX]} if payment.note else {}


def _voided_there(held: Held) -> bool:
    return isinstance(held.observed, ObservedPayment) and held.observed.voided


def _paid_on(held: Held | None) -> Any:
    return held.observed.paid_on if held and isinstance(held.observed, ObservedPayment) else None


def _check_amount(payment: Payment, where: str) -> list[Problem]:
    if payment.amount == 0:
        text, fix = "A payment of 0 records nothing; Xero refuses it.", "Remove the payment in billing."
    elif payment.amount != round_half_up(payment.amount, min(2, minor_units(payment.currency))):
        text = f"The amount {plain(payment.amount)} {payment.currency} has more decimals than Xero keeps."
        fix = "Round the amount in billing."
    else:
        return []
    value, reason = plain(payment.amount), Reason.NOT_SUPPORTED_BY_LEDGER
    return [Problem(reason=reason, where=where, field="amount", message=text, fix=fix, value=value)]


def _check_account(
    payment: Payment, account: Account | None, books: Books, held: Held | None, where: str
) -> list[Problem]:
    """The account's currency is the payment's or the base currency; an over-payment needs a bank account."""
    if account is None:
        return []
    problems = []
    if account.currency not in ("", payment.currency, books.catalog.company.home_currency):
        text = f"The payment is in {payment.currency} and the account {account.name!r} in {account.currency}."
        fix = f"Choose an account in {payment.currency} or {books.catalog.company.home_currency} for it."
        problems.append(_problem(Reason.CURRENCY_MISMATCH, where, "deposit_account", text, fix))
    _, left = uses_of(payment)
    if left > 0 and held is None and account.type != "BANK":
        text = f"{plain(left)} of it settles nothing yet, and Xero keeps such money on bank accounts only; "
        text += f"{account.name!r} is none."
        fix = "Choose a bank account as deposit account, or allocate all of the payment in billing."
        problems.append(_problem(Reason.NOT_SUPPORTED_BY_LEDGER, where, "deposit_account", text, fix))
    return problems


def _check_credits(payment: Payment, books: Books, held: Held | None, where: str) -> list[Problem]:
    """Each credit memo is there, of the same customer and currency, and has that much left."""
    problems = []
    ours = [key.partition("/")[0] for key in (held.allocations if held else {}) if "/" in key]
    for position, credit in enumerate(payment.credits):
        field, name = f"credits.{position}", repr(credit.credit_memo_id)
        memo = books.credit_memos.get(credit.credit_memo_id)
        if memo is None or not memo.remote_id:
            blocked = memo is not None and memo.blocked
            reason = Reason.DOCUMENT_BLOCKED if blocked else Reason.CREDIT_MEMO_UNKNOWN
            text = f"Credit memo {name} " + ("has problems of its own." if blocked else "is not in Xero yet.")
            problems.append(_problem(reason, where, field, text, "Put the credit memo right or send it first."))
            continue
        if memo.voided:
            text = f"Credit memo {name} is voided in Xero."
            problems.append(_problem(Reason.VOIDED_IN_LEDGER, where, field, text, "Remove it from the payment."))
        if (memo.customer_id, memo.currency) != (payment.customer_id, payment.currency):
            text = f"Credit memo {name} is of customer {memo.customer_id!r} in {memo.currency}."
            fix = "Use credit of the same customer and currency in billing."
            problems.append(_problem(Reason.NOT_SUPPORTED_BY_LEDGER, where, field, text, fix))
        if memo.open_balance and credit.amount > Decimal(memo.open_balance) and credit.credit_memo_id not in ours:
            text = f"{plain(credit.amount)} of credit memo {name} is used, which has {memo.open_balance} left."
            problems.append(over_allocated(text, where=where, field=field, value=plain(credit.amount)))
    return problems


def _check_immovable(payment: Payment, held: Held, where: str, books: Books | None = None) -> list[Problem]:
    """An over-payment can be neither changed nor removed by an application (5.4)."""
    if not is_overpayment(held) or _voided_there(held):
        return []
    if books is not None and _own_is_right(payment, _wanted(payment, books, held), books, held):
        return []
    what = "voided" if payment.status is MoneyStatus.VOIDED else "changed"
    text = f"It is to be {what}; in Xero it is an overpayment, which applications cannot change."
    fix = "Delete the overpayment in Xero (its bank transaction, Options, Remove), then retry."
    return [_problem(Reason.NOT_SUPPORTED_BY_LEDGER, where, "status", text, fix)]


def _problem(reason: Reason, where: str, field: str, text: str, fix: str) -> Problem:
    return Problem(reason=reason, where=where, field=field, message=text, fix=fix)
