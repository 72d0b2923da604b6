"""Invoices to Xero: the status machine, what may still change, and the mark (Xero reference 4)."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.books import ObservedDocument
from contracts.connections import PaidVoidPolicy
from contracts.invoices import DocumentStatus, Invoice
from contracts.problems import Reason
from mappings.plan import Books, Held, LinkedCustomer, Step, Verb
from mappings.xero import UnreadableRecord, check, next_step, observe
from tests.builders import a_line, an_invoice
from tests.mappings.xero.samples import (
    CONTACT,
    INVOICE,
    MARK,
    a_raw_invoice,
    a_xero_catalog,
    an_organisation,
    xero_books,
)

BOOKS = xero_books()
PAID: dict[str, Any] = {
    "Status": "PAID",
    "AmountDue": Decimal(0),
    "Payments": [{"PaymentID": "payment-1", "Amount": Decimal(120)}],
}
CREDITED: dict[str, Any] = {
    "AmountDue": Decimal(20),
    "CreditNotes": [{"CreditNoteID": "credit-7", "AppliedAmount": Decimal(100)}],
}
BATCHED: dict[str, Any] = {"AmountDue": Decimal(0), "Payments": [{"PaymentID": "b", "BatchPaymentID": "batch-1"}]}


def step(invoice: Invoice, held: Held | None = None, books: Books = BOOKS) -> Step:
    made = next_step(invoice, books, held, marker=MARK)
    assert made is not None
    return made


def held(sent: str = "", **changes: Any) -> Held:
    observed = observe("Invoice", a_raw_invoice(**changes))
    return Held(observed.ref, observed, sent_fingerprint=sent)


def as_sent(invoice: Invoice | None = None, **changes: Any) -> Held:
    """What we wrote stands there."""
    return held(step(invoice or an_invoice()).fingerprint, **changes)


def reasons(invoice: Invoice, there: Held | None = None, books: Books = BOOKS) -> list[Reason]:
    return [problem.reason for problem in check(invoice, books, there)]


def locked(until: str) -> Books:
    return xero_books(a_xero_catalog(organisation=an_organisation(PeriodLockDate=until)))


# --- creating


def test_a_final_invoice_is_created_approved_by_put() -> None:
    """POST with a number that is taken would overwrite somebody's invoice (2.3)."""
    made = step(an_invoice(reference="PO 4711"))
    sent = json.loads(made.body)

    assert (made.verb, made.number, made.marker) == (Verb.CREATE, "INV-1042", MARK)
    assert dict(made.options) == {"method": "PUT", "path": "Invoices", "elements": "Invoices", "unitdp": "4"}
    assert {name: sent[name] for name in sent if name != "LineItems"} == {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "LineAmountTypes": "Exclusive",
        "Contact": {"ContactID": CONTACT},
        "InvoiceNumber": "INV-1042",
        "Reference": "PO 4711",
        "Date": "2026-03-15",
        "DueDate": "2026-04-14",
        "CurrencyCode": "GBP",
        "Url": f"https://ledgerlane.invalid/#{MARK}",
    }


def test_a_draft_stays_in_billing() -> None:
    assert next_step(an_invoice(status=DocumentStatus.DRAFT), BOOKS, None, marker=MARK) is None


def test_an_invoice_without_a_due_date_is_due_when_it_is_issued() -> None:
    """Xero approves none without one (4.1)."""
    assert json.loads(step(an_invoice(due_date=None)).body)["DueDate"] == "2026-03-15"


def test_a_private_note_goes_to_the_history() -> None:
    """No field of an invoice is private; history is seen by people in Xero only."""
    made = step(an_invoice(private_note="Agreed with Ada"))

    assert made.options["history"] == "Agreed with Ada"
    assert "Agreed" not in made.body


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("", "https://ledgerlane.invalid/"),
        ("https://billing.example/invoices/{id}", "https://billing.example/invoices/inv_1"),
        ("https://billing.example/i?no={id}#top", "https://billing.example/i?no=inv_1"),
        ("billing.example/{id}", "https://ledgerlane.invalid/"),
        ("https://my-xero.example/{id}", "https://ledgerlane.invalid/"),
    ],
)
def test_the_invoice_links_to_billing_and_carries_our_mark(link: str, url: str) -> None:
    """Xero refuses an address that is not absolute or has its name in it (4.2): then the mark alone has to do."""
    made = step(an_invoice(), books=xero_books(document_link=link))

    assert json.loads(made.body)["Url"] == f"{url}#{MARK}"


def test_a_branding_theme_may_be_chosen() -> None:
    made = step(an_invoice(), books=xero_books(branding_theme="theme-2"))

    assert json.loads(made.body)["BrandingThemeID"] == "theme-2"


# --- marking as sent


def test_an_invoice_sent_by_billing_is_marked_and_not_mailed() -> None:
    """SentToContact writes to nobody (4.2). A new invoice is marked in the same call."""
    sent = an_invoice(status=DocumentStatus.SENT)
    final = step(an_invoice())

    assert json.loads(step(sent).body)["SentToContact"] is True
    assert "SentToContact" not in final.body
    assert step(sent).fingerprint == final.fingerprint


def test_one_sent_later_is_marked_later() -> None:
    made = step(an_invoice(status=DocumentStatus.SENT), as_sent())

    assert made.verb is Verb.SEND
    assert json.loads(made.body) == {"InvoiceID": INVOICE, "SentToContact": True}
    assert made.options["method"] == "POST"


def test_marking_can_be_switched_off_and_is_done_once() -> None:
    sent = an_invoice(status=DocumentStatus.SENT)

    assert next_step(sent, BOOKS, as_sent(SentToContact=True), marker=MARK) is None
    assert next_step(sent, xero_books(mark_sent=False), as_sent(), marker=MARK) is None
    assert "SentToContact" not in step(sent, books=xero_books(mark_sent=False)).body


# --- changing


def test_nothing_to_do_when_it_is_as_sent() -> None:
    assert next_step(an_invoice(), BOOKS, as_sent(), marker=MARK) is None
    assert reasons(an_invoice(), as_sent()) == []


def test_a_change_carries_the_ids_of_the_lines_it_keeps() -> None:
    """A line without its id is a new one, one that is not listed is deleted (4.3)."""
    changed = an_invoice([a_line(description="Plus"), a_line()], totals={"net": "200", "tax": "40", "total": "240"})
    made = step(changed, as_sent())
    sent = json.loads(made.body)

    assert (made.verb, made.options["method"]) == (Verb.UPDATE, "POST")
    assert sent["InvoiceID"] == INVOICE
    assert [line.get("LineItemID") for line in sent["LineItems"]] == ["line-1", None]


@pytest.mark.parametrize(
    ("changes", "sent_fields"),
    [
        ({"due_date": date(2026, 5, 1)}, {"DueDate"}),
        ({"reference": "PO 9"}, {"Reference"}),
        ({"number": "INV-1042b"}, {"InvoiceNumber"}),
        ({"lines": [a_line(description="Pro plan, March")]}, {"LineItems"}),
    ],
)
def test_on_a_paid_invoice_some_fields_may_change(changes: dict[str, Any], sent_fields: set[str]) -> None:
    """4.7: number, reference, due date, link, theme, contact, and words of the lines. Nothing frozen is sent along."""
    there = as_sent(**PAID)
    changed = an_invoice(**changes)
    sent = json.loads(step(changed, there).body)

    assert reasons(changed, there) == []
    assert sent_fields <= set(sent) <= {"InvoiceID", "InvoiceNumber", "Reference", "DueDate", "Url", "LineItems"}
    assert ("LineItems" in sent) == (sent_fields == {"LineItems"})


@pytest.mark.parametrize(
    "changes",
    [
        {"issue_date": date(2026, 3, 16)},
        {"currency": "EUR"},
        {"lines": [a_line(unit_price="90")], "totals": {"net": "90", "tax": "18", "total": "108"}},
        {"lines": [a_line(tax_code="zero")], "totals": {"net": "100", "tax": "0", "total": "100"}},
        {"lines": [a_line(), a_line(unit_price="0")]},
    ],
)
@pytest.mark.parametrize("state", [PAID, CREDITED, BATCHED])
def test_on_a_settled_invoice_everything_else_is_frozen(changes: dict[str, Any], state: dict[str, Any]) -> None:
    changed = an_invoice(**changes)

    assert reasons(changed, as_sent(**state)) == [Reason.HAS_PAYMENTS]
    assert reasons(changed, as_sent()) == []


def test_the_contact_moves_unless_a_credit_note_is_on_it() -> None:
    moved = xero_books(customers={"cus_1": LinkedCustomer(remote_id="contact-61")})

    assert reasons(an_invoice(), as_sent(**PAID), moved) == []
    assert json.loads(step(an_invoice(), as_sent(**PAID), moved).body)["Contact"] == {"ContactID": "contact-61"}
    assert reasons(an_invoice(), as_sent(**CREDITED), moved) == [Reason.HAS_PAYMENTS]


def test_a_settled_invoice_somebody_else_wrote_is_left_alone() -> None:
    assert next_step(an_invoice(), BOOKS, held(**PAID), marker=MARK) is None
    assert reasons(an_invoice(), held(**PAID)) == []


def test_what_was_voided_there_is_not_made_again() -> None:
    assert next_step(an_invoice(), BOOKS, as_sent(Status="VOIDED"), marker=MARK) is None


@pytest.mark.parametrize(
    ("until", "there", "blocked"),
    [
        ("/Date(1773446400000+0000)/", False, False),  # 14 March
        ("/Date(1773532800000+0000)/", False, True),  # 15 March, the day itself
        ("/Date(1773532800000+0000)/", True, False),  # it stands there already: nothing changes
    ],
)
def test_a_lock_date_stops_what_would_change_something(until: str, there: bool, blocked: bool) -> None:
    books = locked(until)
    found = reasons(an_invoice(), as_sent() if there else None, books)

    assert found == ([Reason.DATE_IN_CLOSED_PERIOD] if blocked else [])


def test_a_document_in_a_locked_period_cannot_be_dated_out_of_it() -> None:
    later = an_invoice(issue_date=date(2026, 3, 20))

    assert reasons(later, as_sent(), locked("/Date(1773532800000+0000)/")) == [Reason.DATE_IN_CLOSED_PERIOD]


# --- voiding


VOIDED = an_invoice(status=DocumentStatus.VOIDED)


def test_an_open_invoice_is_voided_by_its_status() -> None:
    made = step(VOIDED, as_sent())

    assert made.verb is Verb.VOID
    assert json.loads(made.body) == {"InvoiceID": INVOICE, "Status": "VOIDED"}
    assert made.options["take_back"] == ""


@pytest.mark.parametrize(
    ("state", "policy", "blocked", "take_back"),
    [
        (PAID, PaidVoidPolicy.BLOCK, True, ""),
        (PAID, PaidVoidPolicy.VOID, False, "payment-1"),
        (CREDITED, PaidVoidPolicy.VOID, False, "CreditNotes/credit-7"),
        (BATCHED, PaidVoidPolicy.VOID, True, ""),
    ],
)
def test_a_settled_invoice_is_voided_only_where_allowed(
    state: dict[str, Any], policy: PaidVoidPolicy, blocked: bool, take_back: str
) -> None:
    """Xero voids none with anything applied to it (4.1): the step names what has to go first. A batch may settle
    other invoices and is never taken back."""
    books = xero_books(on_void_with_payments=policy)

    assert reasons(VOIDED, as_sent(**state), books) == ([Reason.HAS_PAYMENTS] if blocked else [])
    if not blocked:
        assert step(VOIDED, as_sent(**state), books).options["take_back"] == take_back


def test_what_never_left_or_is_voided_needs_nothing() -> None:
    assert next_step(VOIDED, BOOKS, None, marker=MARK) is None
    assert next_step(VOIDED, BOOKS, as_sent(Status="VOIDED"), marker=MARK) is None
    assert reasons(VOIDED) == []


# --- reading


def seen(**changes: Any) -> ObservedDocument:
    observed = observe("Invoice", a_raw_invoice(**changes))
    assert isinstance(observed, ObservedDocument)
    return observed


def test_an_invoice_as_xero_holds_it() -> None:
    observed = seen()

    assert (observed.number, observed.customer_ref, observed.marker) == ("INV-1042", CONTACT, MARK)
    assert (observed.issue_date, observed.due_date) == (date(2026, 3, 15), date(2026, 4, 14))
    assert [observed.net, observed.tax, observed.total, observed.balance] == [100, 20, 120, 120]
    assert observed.line_refs == ["line-1"]


def test_a_void_owes_nothing_whatever_the_answer_says() -> None:
    """The answer to the void still shows AmountDue equal to the total (4.1)."""
    assert seen(Status="VOIDED").voided
    assert seen(Status="VOIDED").balance == 0
    assert seen(Status="DELETED").voided


def test_keys_that_come_and_go_make_no_difference() -> None:
    """Lists carry empty arrays a single read leaves out (4.5)."""
    listed = seen(Payments=[], CreditNotes=[], Overpayments=[], Prepayments=[], AmountCredited=Decimal("0.00"))

    assert listed == seen()


def test_what_settles_it_is_named_by_its_path() -> None:
    """The nested id of a batched payment can be the batch's: it is named by its batch (4.5)."""
    observed = seen(
        Payments=[{"PaymentID": "p-1"}, {"PaymentID": "b", "BatchPaymentID": "batch-1"}],
        CreditNotes=[{"CreditNoteID": "c-1"}],
        Overpayments=[{"OverpaymentID": "o-1"}],
    )

    assert observed.settled_by == ["p-1", "BatchPayments/batch-1", "CreditNotes/c-1", "Overpayments/o-1"]


def test_the_fingerprint_moves_with_what_a_bookkeeper_edits() -> None:
    line = dict(a_raw_invoice()["LineItems"][0])

    assert seen().fingerprint == seen(**PAID, SentToContact=True, UpdatedDateUTC="/Date(1)/").fingerprint
    assert seen().fingerprint != seen(LineItems=[line | {"AccountCode": "260"}]).fingerprint
    assert seen().fingerprint != seen(Reference="PO 12").fingerprint


@pytest.mark.parametrize(
    "odd",
    [
        {"Type": "ACCPAY"},
        {"InvoiceID": ""},
        {"Total": "a lot"},
        {"StatusAttributeString": "ERROR"},
        {"LineItems": "none"},
    ],
)
def test_what_is_not_a_readable_sales_invoice_is_refused_alone(odd: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        seen(**odd)


@pytest.mark.parametrize(
    "odd", [{"CurrencyCode": "XCG"}, {"Status": "PONDERED"}, {"DueDate": None}, {"LineItems": None}]
)
def test_odd_values_are_read_all_the_same(odd: dict[str, Any]) -> None:
    assert seen(**odd).total == 120
