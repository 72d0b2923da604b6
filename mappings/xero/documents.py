"""What invoices and credit notes share on their way to Xero. The way back: observed_documents.py.

A wish has a fingerprint in three parts, "frozen.words.header", because a document with payments is almost frozen (4.7):
- header: number, reference, contact, due date, link, theme: still allowed;
- words: descriptions and account codes of the lines: still allowed, sent with every line and its id;
- frozen: everything else. A change there is HAS_PAYMENTS.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.base import plain
from contracts.books import ObservedDocument
from contracts.invoices import DocumentStatus, Invoice
from contracts.problems import Problem, Reason
from contracts.taxes import TaxMode
from mappings.plan import Books, Held, Step, Verb
from mappings.xero.contacts import SYSTEM, too_long
from mappings.xero.currencies import check_currency
from mappings.xero.document_lines import check_lines, document_discount_fits, to_xero_lines
from mappings.xero.document_tax import Document, plan_tax
from mappings.xero.steps import change
from mappings.xero.wire import body_of, fingerprint, make

NUMBER_MAX, REFERENCE_MAX, HISTORY_MAX, UNITDP = 255, 255, 2500, "4"
_HEADER = ("InvoiceNumber", "CreditNoteNumber", "Reference", "Contact", "DueDate", "Url", "BrandingThemeID")
_WORDS = ("Description", "AccountCode")


def label(document: Document) -> str:
    """How a person knows it: "invoice INV-1042"."""
    noun = "invoice" if isinstance(document, Invoice) else "credit memo"
    return f"{noun} {document.number or document.id}"


def check_document(document: Document, books: Books) -> list[Problem]:
    """Every reason this document cannot go to Xero yet, but for what depends on what Xero holds already."""
    where = label(document)
    return [
        *_check_number(document, where),
        *check_customer_link(document.customer_id, books, where=where),
        *check_currency(document.currency, books.catalog, where=where),
        *check_lines(document, books, where=where),
        *_check_totals(document, where),
        *_check_notes(document, where),
        *plan_tax(document, books, where=where).problems,
    ]


def common_fields(document: Document, books: Books) -> dict[str, Any]:
    """The fields an invoice and a credit note share, as arguments of wire.make.

    Of the contact only its id: any more would change the contact itself and drop its people (11, number 22). No
    CurrencyRate: Xero takes the rate of the day. No totals: they are Xero's to compute.
    """
    plan = plan_tax(document, books, where=label(document))
    return {
        "status": "AUTHORISED",
        "line_amount_types": plan.mode,
        "contact": make("Contact", contact_id=books.customers[document.customer_id].remote_id),
        "date": document.issue_date,
        "currency_code": document.currency,
        "branding_theme_id": books.settings.branding_theme or None,
        "line_items": to_xero_lines(document, plan, books),
    }


def write_options(document: Document) -> dict[str, str]:
    """unitdp goes with every call that touches the document, else its prices are rounded again (2.6).

    history: a private note has no field; it is added to the document's history, which only people in Xero see. A note
    that cannot be written is no reason to fail the document.
    """
    history = document.private_note[:HISTORY_MAX]
    return {"unitdp": UNITDP, **({"history": history} if history else {})}


def wish_print(wish: Mapping[str, Any]) -> str:
    """The fingerprint in its three parts."""
    header = {name: wish[name] for name in _HEADER if name in wish}
    lines = wish["LineItems"]
    words = [{name: line[name] for name in _WORDS if name in line} for line in lines]
    frozen = {name: value for name, value in wish.items() if name not in _HEADER and name != "LineItems"}
    frozen["LineItems"] = [{name: value for name, value in line.items() if name not in _WORDS} for line in lines]
    return ".".join(fingerprint(part)[:20] for part in (frozen, words, header))


def wish_of(thing: Any) -> dict[str, Any]:
    """A built model as the body it becomes."""
    return dict(body_of(thing))


def update_step(wish: dict[str, Any], document: Document, held: Held, marker: str) -> Step | None:
    """Bring it up to date, with as much as its state allows; None when nothing more can or need be sent.

    Lines carry the ids they have in Xero, by position: one without an id would be a new line, one not listed is
    deleted (4.3). A settled document nobody of us wrote is left as it is.
    """
    wished = wish_print(wish)
    if held.sent_fingerprint == wished:
        return None
    fields = wish | {"LineItems": _with_ids(wish["LineItems"], held)}
    if is_settled(held):
        sent = held.sent_fingerprint.split(".")
        now = wished.split(".")
        if len(sent) != len(now) or sent[0] != now[0]:
            return None
        fields = {name: value for name, value in fields.items() if name in _HEADER or name == "LineItems"}
        if sent[1] == now[1]:
            del fields["LineItems"]
        if _contact_there(held) == wish["Contact"]["ContactID"]:
            del fields["Contact"]
    return change(
        Verb.UPDATE,
        held,
        fields,
        marker,
        wished=wished,
        number=document.number,
        options={"unitdp": UNITDP},
    )


def check_edit(wish: dict[str, Any], held: Held, *, where: str) -> list[Problem]:
    """A settled document takes header and words only; a contact not even that once a credit note is on it (4.7)."""
    sent = held.sent_fingerprint.split(".")
    now = wish_print(wish).split(".")
    if not is_settled(held) or len(sent) != len(now) or sent == now:
        return []
    observed = held.observed
    credited = isinstance(observed, ObservedDocument) and any(one.startswith("CreditN") for one in observed.settled_by)
    moved = _contact_there(held) not in ("", wish["Contact"]["ContactID"])
    if sent[0] == now[0] and not (credited and moved):
        return []
    what = "its customer" if sent[0] == now[0] else "its lines, amounts, date or currency"
    return [
        Problem(
            reason=Reason.HAS_PAYMENTS,
            where=where,
            field="status",
            message=f"Billing changed {what}; Xero forbids that while payments or credits are applied to it.",
            fix="Remove the payments and credits from it in Xero, then retry; or correct it with a credit memo.",
        )
    ]


def is_settled(held: Held) -> bool:
    """Something is applied to it. One of nothing counts as paid at once (4.1)."""
    observed = held.observed
    if not isinstance(observed, ObservedDocument) or observed.voided:
        return False
    return observed.balance < observed.total or observed.total == 0


def voided_there(held: Held) -> bool:
    """VOIDED and DELETED are the end of a document: nothing can be changed any more."""
    return isinstance(held.observed, ObservedDocument) and held.observed.voided


def check_customer_link(customer_id: str, books: Books, *, where: str) -> list[Problem]:
    """The customer is known, in Xero, not archived and itself without problems."""
    customer = books.customers.get(customer_id)
    if customer is None or (not customer.remote_id and not customer.blocked):
        state = "is unknown" if customer is None else "is not in Xero yet"
        text, fix = f"Customer {customer_id!r} {state}.", f"Send the customer from {SYSTEM} first."
        reason = Reason.CUSTOMER_UNKNOWN
    elif customer.blocked:
        text = f"Customer {customer_id!r} has problems of its own."
        fix = "Put the customer's problems right; the document follows by itself."
        reason = Reason.CUSTOMER_BLOCKED
    elif not customer.active:
        text = f"Customer {customer_id!r} is archived in Xero, which takes no new document for it."
        fix = "Restore the contact in Xero (Contacts, Archived)."
        reason = Reason.CUSTOMER_INACTIVE
    else:
        return []
    return [Problem(reason=reason, where=where, field="customer_id", message=text, fix=fix, value=customer_id)]


def closed_books(days: list[date | None], books: Books, *, where: str, field: str) -> list[Problem]:
    """Nothing dated on or before a lock date may be written or changed (7.6). days: as wanted, and as held."""
    closed = books.catalog.company.books_closed_until
    locked = [day for day in days if day is not None and closed is not None and day <= closed]
    if not locked:
        return []
    return [
        Problem(
            reason=Reason.DATE_IN_CLOSED_PERIOD,
            where=where,
            field=field,
            message=f"It is dated {locked[0]} and the books are locked until {closed}.",
            fix="Date it later in billing, or move the lock date in Xero (Accounting, Advanced, Financial settings).",
            value=locked[0].isoformat(),
        )
    ]


def dates_of(document: Document, held: Held | None) -> list[date | None]:
    """The date as wanted, and as Xero holds it."""
    observed = held.observed if held else None
    return [document.issue_date, observed.issue_date if isinstance(observed, ObservedDocument) else None]


def _with_ids(lines: list[dict[str, Any]], held: Held) -> list[dict[str, Any]]:
    refs = held.observed.line_refs if isinstance(held.observed, ObservedDocument) else []
    ids = [*refs, *([""] * len(lines))]
    return [line | ({"LineItemID": ids[at]} if ids[at] else {}) for at, line in enumerate(lines)]


def _contact_there(held: Held) -> str:
    return held.observed.customer_ref if isinstance(held.observed, ObservedDocument) else ""


def _check_number(document: Document, where: str) -> list[Problem]:
    number = document.number
    if not number:
        if document.status is DocumentStatus.DRAFT:
            return []
        text, reason = "The document has no number.", Reason.NUMBER_MISSING
        fix = f"Give it a number in {SYSTEM}; Xero would choose its own."
    elif not (number.isascii() and number.isprintable()):
        text, reason = (
            f"The number {number!r} has letters that Xero refuses in numbers.",
            Reason.NOT_SUPPORTED_BY_LEDGER,
        )
        fix = f"Use letters A to Z, digits and signs in the number series in {SYSTEM}."
    elif len(number) > NUMBER_MAX:
        text, reason = f"The number {number!r} has more than {NUMBER_MAX} characters.", Reason.NUMBER_TOO_LONG
        fix = f"Use a shorter number series in {SYSTEM}."
    else:
        return []
    return [Problem(reason=reason, where=where, field="number", message=text, fix=fix, value=number)]


def _check_totals(document: Document, where: str) -> list[Problem]:
    totals, problems = document.totals, []
    if totals.net + totals.tax != totals.total:
        text = f"Net {plain(totals.net)} plus tax {plain(totals.tax)} is not the total {plain(totals.total)}."
        problems.append(_inconsistent("totals.total", text, where))
    if document.tax_mode is TaxMode.NONE and totals.tax != 0:
        text = f"The document has no tax by its mode and {plain(totals.tax)} tax in its totals."
        problems.append(_inconsistent("totals.tax", text, where))
    if not document_discount_fits(document):
        lines = sum((line.amount for line in document.lines()), Decimal(0))
        kind, wanted = ("total", totals.total) if document.tax_mode is TaxMode.INCLUSIVE else ("net", totals.net)
        text = f"The lines add up to {plain(lines)}, which less discounts is not the {kind} {plain(wanted)}."
        problems.append(_inconsistent(f"totals.{kind}", text, where))
    if totals.total < 0:
        other = "a credit memo" if isinstance(document, Invoice) else "an invoice"
        problems.append(
            Problem(
                reason=Reason.TOTAL_NEGATIVE,
                where=where,
                field="totals.total",
                message=f"The total is {plain(totals.total)} {document.currency}; Xero takes none below zero.",
                fix=f"Issue {other} for the difference in {SYSTEM}.",
                value=plain(totals.total),
            )
        )
    return problems


def _inconsistent(field: str, text: str, where: str) -> Problem:
    fix = f"Correct the document in {SYSTEM}; its own figures contradict each other."
    return Problem(reason=Reason.TOTALS_INCONSISTENT, where=where, field=field, message=text, fix=fix)


def _check_notes(document: Document, where: str) -> list[Problem]:
    if len(document.private_note) <= HISTORY_MAX:
        return []
    return [too_long(document.private_note, HISTORY_MAX, where=where, field="private_note")]
