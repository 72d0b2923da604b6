"""How values read on a page: states with an icon, times in UTC, amounts as stored. Nothing here touches a request."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from contracts.money import is_currency, minor_units
from contracts.problems import REASONS, Reason


class Word(NamedTuple):
    """A state as a person reads it; `tone` and `icon` repeat what `text` says, never replace it."""

    text: str
    tone: str = ""
    icon: str = "dot"


WORDS: dict[str, Word] = {
    # Connections
    "pending": Word("Waiting", "info", "wait"),
    "consent_pending": Word("Access not granted yet", "warn", "wait"),
    "connected": Word("Connected", "good", "ok"),
    "sign_in_needed": Word("Sign-in needed", "bad", "stop"),
    "disconnected": Word("Disconnected", "", "off"),
    # Records
    "in_sync": Word("In sync", "good", "ok"),
    "waiting": Word("Waiting", "info", "wait"),
    "sending": Word("Sending", "info", "wait"),
    "retrying": Word("Retrying", "warn", "again"),
    "blocked": Word("Blocked", "bad", "stop"),
    "uncertain": Word("Looking up", "warn", "ask"),
    # Attempts
    "open": Word("Under way", "info", "wait"),
    "done": Word("Done", "good", "ok"),
    "refused": Word("Refused", "bad", "stop"),
    "stale": Word("Changed meanwhile", "warn", "again"),
    "gone": Word("Gone in the ledger", "warn", "warn"),
    "retry": Word("To be repeated", "warn", "again"),
    "unknown": Word("Answer lost", "warn", "ask"),
    # Import runs and rows
    "reading": Word("Reading", "info", "wait"),
    "ready": Word("Ready", "good", "ok"),
    "failed": Word("Failed", "bad", "stop"),
    "valid": Word("Valid", "good", "ok"),
    "invalid": Word("Invalid", "bad", "stop"),
    "linked": Word("Linked", "info", "link"),
    "imported": Word("Imported", "good", "ok"),
    # Deliveries
    "delivered": Word("Delivered", "good", "ok"),
    "active": Word("Active", "good", "ok"),
    "inactive": Word("Off", "", "off"),
    # What billing says of a document
    "draft": Word("Draft", "", "dot"),
    "final": Word("Final", "", "dot"),
    "sent": Word("Sent", "", "dot"),
    "recorded": Word("Recorded", "", "dot"),
    "voided": Word("Voided", "", "off"),
    "unpaid": Word("Unpaid", "", "dot"),
    "partially_paid": Word("Partly paid", "info", "wait"),
    "paid": Word("Paid", "good", "ok"),
}

KINDS = {
    "invoice": ("Invoice", "Invoices"),
    "credit_memo": ("Credit memo", "Credit memos"),
    "payment": ("Payment", "Payments"),
    "allocation": ("Use of credit", "Uses of credit"),
    "customer": ("Customer", "Customers"),
    "refund": ("Refund", "Refunds"),
}

LEDGERS = {"quickbooks": "QuickBooks Online", "xero": "Xero"}


def word(state: str) -> Word:
    """The word for a state; one nobody wrote down reads as itself: "on_hold" is "On hold"."""
    return WORDS.get(state) or Word(state.replace("_", " ").capitalize())


def kind_name(kind: str, *, many: bool = False) -> str:
    """ "invoice" -> "Invoice" or "Invoices"."""
    one, several = KINDS.get(kind, (kind.replace("_", " ").capitalize(),) * 2)
    return several if many else one


def ledger_name(ledger: str) -> str:
    """ "quickbooks" -> "QuickBooks Online"."""
    return LEDGERS.get(ledger, ledger)


def reason_title(code: str) -> str:
    """What a reason code means to a bookkeeper; an unknown code reads as itself."""
    try:
        return REASONS[Reason(code)].title
    except ValueError:
        return code.replace("_", " ").capitalize()


def reason_blocks(code: str) -> bool:
    """Whether a reason stops a record; an unknown code is taken to."""
    try:
        return REASONS[Reason(code)].blocks
    except ValueError:
        return True


def as_utc(value: datetime | str) -> datetime:
    """An instant in UTC. SQLite hands instants back without a zone; they were stored in UTC."""
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def time_text(value: datetime | str) -> str:
    """ "3 Mar 2026, 14:05 UTC"."""
    instant = as_utc(value)
    return f"{instant.day} {instant:%b %Y, %H:%M} UTC"


def date_text(value: date | str) -> str:
    """ "3 Mar 2026"; a text that is no date reads as itself."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return f"{day.day} {day:%b %Y}"


def amount_text(value: Decimal | str | None, currency: str = "") -> str:
    """The exact amount, never rounded, padded to the currency's places: 12.3 -> "12.30 EUR", 500 -> "500 JPY"."""
    if value is None or value == "":
        return ""
    amount = Decimal(value)
    exponent = amount.normalize().as_tuple().exponent
    usual = minor_units(currency) if is_currency(currency) else 2
    places = max(usual, -exponent if isinstance(exponent, int) else 0)
    return f"{amount:.{places}f} {currency}".strip()


def plural(count: int, one: str, several: str = "") -> str:
    """ "1 customer", "12 customers"; thousands are set apart."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
