"""What billing wants beside what the ledger holds, figure by figure, with every difference flagged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from contracts.books import Observed, ObservedCustomer, ObservedDocument, ObservedPayment
from contracts.credit_memos import CreditMemo
from contracts.customers import Customer
from contracts.invoices import DocumentStatus, Invoice
from contracts.payments import MoneyStatus, Payment
from mappings.plan import CoreRecord
from service.console.words import amount_text, date_text

Value: TypeAlias = Decimal | date | str | bool | None


@dataclass(frozen=True)
class Line:
    """One figure in both books, as text. difference: the ledger's amount less billing's, with its sign."""

    label: str
    wanted: str
    held: str
    differs: bool
    difference: str = ""
    number: bool = False


def compare(core: CoreRecord, held: Observed | None) -> list[Line]:
    """Every figure that both books have; the ledger's column is empty when it holds nothing."""
    match core:
        case Invoice() | CreditMemo():
            return list(_document(core, held if isinstance(held, ObservedDocument) else None))
        case Payment():
            return list(_payment(core, held if isinstance(held, ObservedPayment) else None))
        case Customer():
            return list(_customer(core, held if isinstance(held, ObservedCustomer) else None))
    raise TypeError(type(core).__name__)


def _document(core: Invoice | CreditMemo, held: ObservedDocument | None) -> Iterator[Line]:
    money = core.currency
    yield _line("Number", core.number, held.number if held else None, compared=bool(held and core.number))
    yield _line("Issue date", core.issue_date, held.issue_date if held else None, compared=held is not None)
    if isinstance(core, Invoice):
        yield _line("Due date", core.due_date, held.due_date if held else None, compared=bool(held and core.due_date))
    yield _line("Currency", core.currency, held.currency if held else None, compared=bool(held and held.currency))
    yield _line("Net", core.totals.net, held.net if held else None, currency=money, compared=held is not None)
    yield _line("Tax", core.totals.tax, held.tax if held else None, currency=money, compared=held is not None)
    yield _line("Total", core.totals.total, held.total if held else None, currency=money, compared=held is not None)
    yield _line("Open", None, held.balance if held else None, currency=money, compared=False)
    voided = core.status == DocumentStatus.VOIDED
    yield _line("Voided", voided, held.voided if held else None, compared=held is not None)
    if isinstance(core, Invoice):
        sent = core.status == DocumentStatus.SENT
        yield _line("Sent", sent, held.sent if held else None, compared=bool(held and sent))


def _payment(core: Payment, held: ObservedPayment | None) -> Iterator[Line]:
    money = core.currency
    yield _line("Date", core.paid_on, held.paid_on if held else None, compared=held is not None)
    yield _line("Currency", core.currency, held.currency if held else None, compared=bool(held and held.currency))
    yield _line("Amount", core.amount, held.amount if held else None, currency=money, compared=held is not None)
    applied = sum((one.amount for one in core.allocations), Decimal(0)) - sum(
        (one.amount for one in core.credits), Decimal(0)
    )
    yield _line(
        "Not applied",
        core.amount - applied,
        held.unapplied if held else None,
        currency=money,
        compared=held is not None,
    )
    yield _line("Reference", core.reference, held.reference if held else None, compared=bool(held and core.reference))
    voided = core.status == MoneyStatus.VOIDED
    yield _line("Voided", voided, held.voided if held else None, compared=held is not None)


def _customer(core: Customer, held: ObservedCustomer | None) -> Iterator[Line]:
    seen = held.customer if held else None
    yield _line("Name", core.name, seen.name if seen else None, compared=bool(seen and core.name))
    yield _line(
        "Company", core.company_name, seen.company_name if seen else None, compared=bool(seen and core.company_name)
    )
    emails = ", ".join(core.emails)
    yield _line("E-mail", emails, ", ".join(seen.emails) if seen else None, compared=bool(seen and emails))
    yield _line("Currency", core.currency, held.currency if held else None, compared=bool(held and core.currency))
    for label, part in (("Street", "line1"), ("City", "city"), ("Postal code", "postal_code"), ("Country", "country")):
        mine = getattr(core.billing_address, part)
        theirs = getattr(seen.billing_address, part) if seen else None
        yield _line(label, mine, theirs, compared=bool(seen and mine))
    yield _line("Active", core.active, held.active if held else None, compared=held is not None)


def _line(label: str, wanted: Value, held: Value, *, compared: bool, currency: str = "") -> Line:
    differs = compared and wanted != held
    difference = ""
    if differs and isinstance(wanted, Decimal) and isinstance(held, Decimal):
        gap = held - wanted
        difference = f"{'+' if gap > 0 else ''}{amount_text(gap, currency)}"
    return Line(
        label=label,
        wanted=_text(wanted, currency),
        held=_text(held, currency),
        differs=differs,
        difference=difference,
        number=bool(currency),
    )


def _text(value: Value, currency: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return amount_text(value, currency)
    if isinstance(value, date):
        return date_text(value)
    return value or ""
