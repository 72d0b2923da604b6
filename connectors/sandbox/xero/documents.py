"""Writing invoices and credit notes: merge, status machine, what may be edited when. Source: Xero reference 4, 5.1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from connectors.sandbox.xero import contacts, errors
from connectors.sandbox.xero.body import Fields
from connectors.sandbox.xero.books import LIVE, ZERO, Books, Document, DocumentKind, Line
from connectors.sandbox.xero.errors import Refused
from connectors.sandbox.xero.lines import Findings, check_complete, compute, merge_lines
from connectors.sandbox.xero.show_documents import show_document
from connectors.sandbox.xero.wire import RATE, cents

_STATUSES = frozenset({"DRAFT", "SUBMITTED", "DELETED", "AUTHORISED", "PAID", "VOIDED"})
_LINE_AMOUNT_TYPES = frozenset({"Exclusive", "Inclusive", "NoTax"})
_TYPES = {"Invoice": frozenset({"ACCREC", "ACCPAY"}), "CreditNote": frozenset({"ACCRECCREDIT", "ACCPAYCREDIT"})}
_CREATABLE = frozenset({"DRAFT", "SUBMITTED", "AUTHORISED"})
# Source: Xero reference 4.1. PAID appears on the right only as "stays as it is".
TRANSITIONS = {
    "DRAFT": frozenset({"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"}),
    "SUBMITTED": frozenset({"SUBMITTED", "AUTHORISED", "DRAFT", "DELETED"}),
    "AUTHORISED": frozenset({"AUTHORISED", "VOIDED"}),
    "PAID": frozenset({"PAID"}),
    "VOIDED": frozenset[str](),
    "DELETED": frozenset[str](),
}
# Paid and part-paid documents. Source: Xero reference 4.7.
_PAID_WHITELIST = frozenset(
    {
        "reference",
        "due_day",
        "number",
        "branding_theme_id",
        "contact_id",
        "url",
        "lines",
        "is_sent",
        "planned_payment_day",
    }
)
_PAID_LINE_WHITELIST = frozenset({"description", "account_code", "account_id", "tracking"})
_LONGEST_TEXT = 255
_IMPLAUSIBLE = Decimal(5)  # a rate this many times off the day rate is warned about
_PREFIX = {"Invoice": "INV-", "CreditNote": "CN-"}


@dataclass(frozen=True)
class Saved:
    document: Document
    warnings: list[str]


def find_target(books: Books, kind: DocumentKind, fields: Fields) -> Document | None:
    """Whom a POST means: the id in the body, then the number of a sales document. Source: Xero reference 2.3."""
    document_id = fields.guid(f"{kind}ID")
    if document_id is not None and document_id != errors.ZERO_GUID:
        document = books.documents.get(document_id)
        if document is None or document.kind != kind:
            spoken = "Invoice" if kind == "Invoice" else "Credit Note"
            raise Refused(
                f"An existing {spoken} with the specified {kind}ID could not be found", echo=dict(fields.data)
            )
        return document
    number = fields.text(f"{kind}Number")
    kind_of_type = fields.text("Type") or ""
    if not number or kind_of_type.startswith("ACCPAY"):
        return None
    return by_number(books, kind, number)


def by_number(books: Books, kind: DocumentKind, number: str) -> Document | None:
    """The sales document with this number, whatever its status."""
    found = [books.documents[each] for each in books.by_number.get(books.number_key(kind, number), ())]
    return next((document for document in found if document.kind == kind and document.is_sales), None)


def save(
    books: Books, kind: DocumentKind, fields: Fields, target: Document | None, *, unitdp: int, client_id: str
) -> Saved:
    """Create (target None) or merge into `target`. Raises Refused with the merged echo; nothing is kept then."""
    found = Findings()
    draft = replace(target) if target is not None else _blank(books, kind, fields)
    try:
        _merge(books, draft, fields, unitdp, found, is_new=target is None)
        if target is None or (draft.lines, draft.line_amount_types) != (target.lines, target.line_amount_types):
            compute(books, draft)
    except Refused as early:
        raise Refused(*early.messages, warnings=found.warnings, echo=_echo(books, draft, unitdp)) from None
    if target is None:
        _check_creation(books, draft, found)
    else:
        _check_change(books, target, draft, fields, found)
    if draft.status not in {"VOIDED", "DELETED"} and not (target is not None and books.has_applications(target)):
        _check_content(books, draft, fields, found)
    _check_locks(books, target, draft, found)
    _check_number(books, target, draft, found)
    if found.problems:
        raise Refused(*found.problems, warnings=found.warnings, echo=_echo(books, draft, unitdp))
    saved = _store_new(books, draft, client_id) if target is None else _store_change(books, target, draft)
    return Saved(saved, found.warnings)


def set_status(books: Books, document: Document, status: str) -> None:
    """Void or delete, with the refusals of an API write; used by the bookkeeper."""
    fields = Fields({f"{document.kind}ID": document.id, "Status": status}, document.kind)
    save(books, document.kind, fields, document, unitdp=4, client_id="")


# merging -------------------------------------------------------------------------------------------------------


def _blank(books: Books, kind: DocumentKind, fields: Fields) -> Document:
    document_type = fields.choice("Type", _TYPES[kind], f"{kind}Type")
    if document_type is None:
        raise Refused(
            f"The {'Invoice' if kind == 'Invoice' else 'Credit Note'} Type must be specified.", echo=dict(fields.data)
        )
    return Document(
        kind=kind,
        id=errors.ZERO_GUID,
        type=document_type,
        day=books.today(),
        currency=books.base_currency,
        rate=Decimal(0),
    )


def _merge(books: Books, draft: Document, fields: Fields, unitdp: int, found: Findings, *, is_new: bool) -> None:
    draft.status = fields.choice("Status", _STATUSES, "InvoiceStatus") or draft.status
    draft.line_amount_types = (
        fields.choice("LineAmountTypes", _LINE_AMOUNT_TYPES, "LineAmountType") or draft.line_amount_types
    )
    if draft.status in {"VOIDED", "DELETED"} and not is_new:
        return
    _merge_header(books, draft, fields, found)
    _merge_contact(books, draft, fields)
    _merge_money(books, draft, fields, found, is_new=is_new)
    merge_lines(books, draft, fields, unitdp, found)
    sent = fields.flag("SentToContact")
    if sent is not None:
        if draft.status in LIVE:
            draft.is_sent = sent
        elif sent:
            found.warnings.append(errors.SENT_ONLY_AUTHORISED)


def _merge_header(books: Books, draft: Document, fields: Fields, found: Findings) -> None:
    number = fields.text(f"{draft.kind}Number")
    if number:
        draft.number = number
        if len(number) > _LONGEST_TEXT:
            found.problems.append(errors.too_long(f"{draft.kind}Number", _LONGEST_TEXT))
    reference = fields.text("Reference")
    if reference is not None and draft.is_sales:
        draft.reference = reference
        if len(reference) > _LONGEST_TEXT:
            found.problems.append(errors.too_long("Reference", _LONGEST_TEXT))
    draft.day = fields.day("Date") or draft.day
    draft.due_day = fields.day("DueDate") or draft.due_day
    draft.expected_payment_day = fields.day("ExpectedPaymentDate") or draft.expected_payment_day
    draft.planned_payment_day = fields.day("PlannedPaymentDate") or draft.planned_payment_day
    theme = fields.guid("BrandingThemeID")
    if theme is not None:
        if theme not in books.branding_themes:
            found.problems.append("The BrandingThemeID does not match an existing branding theme.")
        draft.branding_theme_id = theme
    url = fields.text("Url")
    if url is not None:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.netloc or "xero" in url.lower()):
            found.problems.append(errors.URL_INVALID)
        draft.url = url


def _merge_contact(books: Books, draft: Document, fields: Fields) -> None:
    sent = fields.object("Contact")
    if sent is None:
        if not draft.contact_id:
            raise Refused(errors.NO_CONTACT)
        return
    if draft.contact_id and sent.guid("ContactID") == draft.contact_id and draft.status in LIVE:
        contact = books.contacts[draft.contact_id]
        if contact.status != "ACTIVE" and not set(sent.data) - {"ContactID"}:
            return  # naming the contact the document already has is no new use of it
    draft.contact_id = contacts.of_document(books, sent).id


def _merge_money(books: Books, draft: Document, fields: Fields, found: Findings, *, is_new: bool) -> None:
    """Source: Xero reference 4.6."""
    code = fields.text("CurrencyCode")
    if code:
        if code not in books.currencies:
            found.problems.append(errors.currency_missing(code))
        if code != draft.currency:
            draft.currency, draft.rate = code, Decimal(0)
    rate = fields.number("CurrencyRate")
    if draft.currency == books.base_currency:
        draft.rate = Decimal(1)
    elif rate is not None and rate > 0:
        draft.rate = rate.quantize(Decimal("0.000001"))
        usual = books.day_rate(draft.currency)
        if not usual / _IMPLAUSIBLE <= draft.rate <= usual * _IMPLAUSIBLE:
            found.warnings.append(f"The currency rate {draft.rate:f} differs greatly from the rate of the day.")
    elif not draft.rate:
        draft.rate = books.day_rate(draft.currency)
    draft.rate = draft.rate.quantize(RATE)
    if is_new and not draft.branding_theme_id:
        draft.branding_theme_id = books.default_theme_id()


# checks --------------------------------------------------------------------------------------------------------


def _check_creation(books: Books, draft: Document, found: Findings) -> None:
    if draft.status not in _CREATABLE:
        found.problems.append(errors.NOT_VALID_FOR_CREATION)


def _check_change(books: Books, target: Document, draft: Document, fields: Fields, found: Findings) -> None:
    if books.has_applications(target):
        _check_paid_change(books, target, draft, fields, found)
        return
    if draft.status not in TRANSITIONS[target.status] or (target.status == "PAID" and _differs(target, draft)):
        found.problems.append(errors.NOT_VALID_FOR_MODIFICATION)


def _check_paid_change(books: Books, target: Document, draft: Document, fields: Fields, found: Findings) -> None:
    """Source: Xero reference 4.1 (voiding), 4.7 (the whitelist), 8.3."""
    if draft.status != target.status:
        found.problems.append(errors.status_blocked(draft.status))
        found.problems.append(errors.HAS_PAYMENT)
        return
    changed = {name for name in target.__dict__ if getattr(target, name) != getattr(draft, name)}
    blocked = changed - _PAID_WHITELIST
    if "lines" in changed and not _lines_only_relabelled(target.lines, draft.lines):
        blocked.add("lines")
    if "contact_id" in changed and books.allocations_on(target.id):
        blocked.add("contact_id")
    if target.kind == "CreditNote" and target.status == "PAID" and changed:
        blocked.add("status")
    if blocked:
        found.problems.append(errors.HAS_PAYMENT)
        if target.status == "PAID":
            found.problems.append(errors.NOT_VALID_FOR_MODIFICATION)


def _lines_only_relabelled(before: tuple[Line, ...], after: tuple[Line, ...]) -> bool:
    if [line.id for line in before] != [line.id for line in after]:
        return False
    # Whether a tax amount was sent or computed is not part of the document.
    ignored = {"tax_is_sent"}
    return all(
        {name for name in old.__dict__ if getattr(old, name) != getattr(new, name)} - ignored <= _PAID_LINE_WHITELIST
        for old, new in zip(before, after, strict=True)
    )


def _check_content(books: Books, draft: Document, fields: Fields, found: Findings) -> None:
    if draft.status in {"DRAFT"}:
        return
    check_complete(books, draft, found)
    if draft.status == "AUTHORISED" and draft.kind == "Invoice" and draft.due_day is None:
        _default_due_day(books, draft)
        if draft.due_day is None:
            found.problems.append(errors.DUE_DATE_MISSING)
    if draft.total < 0 and books.switches.negative_totals == "refused":
        found.problems.append("The document total cannot be negative.")
    sent_total = fields.number("Total")
    if books.switches.sent_totals == "compared" and sent_total is not None and cents(sent_total) != draft.total:
        found.problems.append(errors.TOTAL_DIFFERS)


def _default_due_day(books: Books, draft: Document) -> None:
    """The contact's or the organisation's default terms may supply it. Source: Xero reference 4.1 [recalled]."""
    side = "Sales" if draft.is_sales else "Bills"
    contact = books.contacts[draft.contact_id]
    terms = (contact.payment_terms or {}).get(side) or (books.info.get("PaymentTerms") or {}).get(side)
    if terms:
        draft.due_day = due_day(draft.day, int(terms["Day"]), str(terms["Type"]))


def due_day(day: date, days: int, kind: str) -> date:
    """The four payment terms. Source: Xero reference 6.1."""
    if kind == "DAYSAFTERBILLDATE":
        return date.fromordinal(day.toordinal() + days)
    months = {"OFCURRENTMONTH": 0, "OFFOLLOWINGMONTH": 1, "DAYSAFTERBILLMONTH": 1}[kind]
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    if kind == "DAYSAFTERBILLMONTH":
        return date.fromordinal(first.toordinal() - 1 + days)
    next_year, next_month = divmod(year * 12 + month + 1, 12)
    last = date(next_year, next_month + 1, 1).toordinal() - 1
    return date.fromordinal(min(first.toordinal() + max(days, 1) - 1, last))


def _check_locks(books: Books, target: Document | None, draft: Document, found: Findings) -> None:
    """Source: Xero reference 4.7, 7.6: nothing may change in a locked period."""
    days = {draft.day} | ({target.day} if target is not None else set())
    texts = {text for text in (books.lock_problem(day) for day in days) if text}
    found.problems.extend(sorted(texts))


def _check_number(books: Books, target: Document | None, draft: Document, found: Findings) -> None:
    if not draft.is_sales or not draft.number:
        return
    for other_id in books.by_number.get(books.number_key(draft.kind, draft.number), ()):
        other = books.documents[other_id]
        gone = other.status in {"VOIDED", "DELETED"} and not books.switches.voided_number_stays_taken
        if other_id != draft.id and other.is_sales and not gone:
            found.problems.append(errors.NUMBER_TAKEN)
            return


# storing -------------------------------------------------------------------------------------------------------


def _store_new(books: Books, draft: Document, client_id: str) -> Document:
    draft.id, draft.created_by, draft.order = books.new_id(), client_id, books.next_order()
    if not draft.number and draft.is_sales:
        draft.number = books.next_number(draft.kind, _PREFIX[draft.kind])
    draft.updated = books.now()
    if draft.status in LIVE and draft.kind == "Invoice" and draft.is_sales and draft.is_sent is None:
        draft.is_sent = False
    books.add(books.documents, draft.id, draft)
    _index_number(books, draft, "")
    contacts.mark_used(books, draft.contact_id, is_sales=draft.is_sales)
    books.note(draft.id, "Created" if draft.status != "AUTHORISED" else "Approved")
    books.emit_document(draft, "CREATE")
    _settle_zero(books, draft)
    return draft


def _store_change(books: Books, target: Document, draft: Document) -> Document:
    quiet = books.has_applications(target) and _only_quiet_changes(target, draft)
    books.edit(target)
    old_number, old_status = target.number, target.status
    target.__dict__.update(draft.__dict__)
    if target.status in LIVE and target.kind == "Invoice" and target.is_sales and target.is_sent is None:
        target.is_sent = False
    _index_number(books, target, old_number)
    contacts.mark_used(books, target.contact_id, is_sales=target.is_sales)
    changes = {"VOIDED": "Voided", "DELETED": "Deleted", "AUTHORISED": "Approved"}
    books.note(target.id, "Edited" if target.status == old_status else changes.get(target.status, "Edited"))
    if not quiet:
        books.touch_document(target)
    _settle_zero(books, target)
    return target


def _settle_zero(books: Books, document: Document) -> None:
    """A zero-total approved invoice is paid at once. Source: Xero reference 4.1 [recalled]."""
    if document.status == "AUTHORISED" and document.total == ZERO and books.switches.zero_total_is_paid:
        document.status, document.fully_paid_on = "PAID", document.day


def _only_quiet_changes(target: Document, draft: Document) -> bool:
    """DueDate and SentToContact of a part-paid document leave UpdatedDateUTC alone. Source: Xero reference 2.7."""
    changed = {name for name in target.__dict__ if getattr(target, name) != getattr(draft, name)}
    return changed <= {"due_day", "is_sent"}


def _index_number(books: Books, document: Document, old: str) -> None:
    if old == document.number and old:
        return
    if old:
        books.drop(books.by_number[books.number_key(document.kind, old)], document.id)
    if document.number:
        books.append(books.by_number[books.number_key(document.kind, document.number)], document.id)


def _differs(target: Document, draft: Document) -> bool:
    return any(getattr(target, name) != getattr(draft, name) for name in target.__dict__ if name not in _PAID_WHITELIST)


def _echo(books: Books, draft: Document, unitdp: int) -> dict[str, object]:
    return show_document(books, draft, context="error", unitdp=unitdp)
