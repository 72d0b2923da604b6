"""What stands in an invoice's way, and the steps of its life."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.books import RecordKind
from contracts.connections import PaidVoidPolicy
from contracts.invoices import DocumentStatus, Invoice
from contracts.problems import Reason
from mappings.plan import Held, Verb
from mappings.quickbooks import check, decode
from tests.builders import (
    ISSUED,
    a_catalog,
    a_line,
    a_ref,
    an_invoice,
    books,
    totals,
)
from tests.mappings.quickbooks.asking import held_after, reasons_of, step


@pytest.mark.parametrize(
    ("status", "held", "verb"),
    [
        ("draft", False, None),
        ("final", False, Verb.CREATE),
        ("sent", False, Verb.CREATE),
        ("voided", False, None),
        ("final", True, None),
        ("sent", True, Verb.SEND),
        ("voided", True, Verb.VOID),
    ],
)
def test_the_next_step_of_an_invoice(status: str, held: bool, verb: Verb | None) -> None:
    found = step(an_invoice(status=status), held_after(an_invoice()) if held else None)

    assert (found.verb if found else None) is verb


def test_an_edit_is_a_sparse_update_with_every_line() -> None:
    edited = an_invoice([a_line(), a_line()], totals=totals("200.00", "40.00"))
    found = step(edited, held_after(an_invoice()))
    assert found is not None
    sent = decode(found.body)

    assert found.verb is Verb.UPDATE
    assert (sent["Id"], sent["SyncToken"], sent["sparse"], len(sent["Line"])) == ("145", "0", True, 2)


def test_created_or_updated_equal_wishes_have_equal_fingerprints() -> None:
    created = step(an_invoice(), None)
    updated = step(an_invoice(), Held(a_ref(RecordKind.INVOICE, version="9")))

    assert created is not None
    assert updated is not None
    assert created.fingerprint == updated.fingerprint


def test_marking_as_sent_writes_to_the_merchant_never_to_the_customer() -> None:
    found = step(an_invoice(status="sent"), held_after(an_invoice()))

    assert found is not None
    assert (found.verb, found.body, dict(found.options)) == (Verb.SEND, "", {"send_to": "books@merchant.example"})


@pytest.mark.parametrize(
    ("company", "settings", "send_to"),
    [
        ({}, {"merchant_email": "ledger@merchant.example"}, "ledger@merchant.example"),
        ({"email": ""}, {}, None),  # without an address QuickBooks would fall back to the customer's
        ({}, {"mark_sent": False}, None),
    ],
)
def test_who_receives_quickbooks_own_mail(
    company: dict[str, Any], settings: dict[str, Any], send_to: str | None
) -> None:
    around = books(a_catalog(company=company), **settings)
    found = step(an_invoice(status="sent"), held_after(an_invoice(), around), around)

    assert (found.options["send_to"] if found else None) == send_to


def test_a_missing_merchant_address_warns() -> None:
    problems = check(an_invoice(status="sent"), books(a_catalog(company={"email": ""})))

    assert [(problem.reason, problem.blocks) for problem in problems] == [(Reason.MERCHANT_EMAIL_MISSING, False)]


@pytest.mark.parametrize(
    ("bill_email", "restored"),
    [
        ("books@merchant.example", True),
        ("BOOKS@merchant.example", True),
        ("billing@acme.example", False),
        ("Billing@Acme.example", False),
        ("typed@by-a-bookkeeper.example", False),
    ],
)
def test_after_sending_the_customers_address_is_put_back(bill_email: str, restored: bool) -> None:
    """QuickBooks stores where it sent to (12.2); an address a bookkeeper typed is theirs."""
    held = held_after(an_invoice(), sent=True, bill_email=bill_email)
    found = step(an_invoice(status="sent"), held)

    assert (found is not None) is restored
    if found:
        assert found.verb is Verb.UPDATE
        assert decode(found.body)["BillEmail"] == {"Address": "billing@acme.example"}


def test_putting_the_address_back_comes_to_rest() -> None:
    sent = held_after(an_invoice(), sent=True, bill_email="books@merchant.example")
    restoring = step(an_invoice(status="sent"), sent)
    assert restoring is not None
    after = held_after(an_invoice(), sent=True, bill_email="billing@acme.example")

    assert restoring.fingerprint != sent.sent_fingerprint  # another key than an earlier update's
    assert step(an_invoice(status="sent"), Held(after.ref, after.observed, restoring.fingerprint)) is None


@pytest.mark.parametrize(
    ("policy", "settled_by", "reasons"),
    [
        (PaidVoidPolicy.BLOCK, [], []),
        (PaidVoidPolicy.BLOCK, ["180"], [Reason.HAS_PAYMENTS]),
        (PaidVoidPolicy.VOID, ["180"], []),
    ],
)
def test_voiding_a_paid_invoice_is_the_connections_choice(
    policy: PaidVoidPolicy, settled_by: list[str], reasons: list[Reason]
) -> None:
    held = held_after(an_invoice(), settled_by=settled_by)

    assert reasons_of(an_invoice(status="voided"), books(on_void_with_payments=policy), held) == reasons


def test_a_void_is_id_and_version_only() -> None:
    found = step(an_invoice(status="voided"), held_after(an_invoice()))

    assert found is not None
    assert decode(found.body) == {"Id": "145", "SyncToken": "0"}


@pytest.mark.parametrize("status", list(DocumentStatus))
def test_an_invoice_voided_in_quickbooks_is_left_alone(status: DocumentStatus) -> None:
    """What to do about it is not a mapping's decision."""
    assert step(an_invoice(status=status), held_after(an_invoice(), voided=True, total=0)) is None


@pytest.mark.parametrize(
    ("invoice", "held", "blocked"),
    [
        (an_invoice(), None, True),
        (an_invoice(), held_after(an_invoice()), False),  # nothing would change
        (an_invoice(status="sent"), held_after(an_invoice()), False),  # sending changes no figure
        (an_invoice(memo="new"), held_after(an_invoice()), True),
        (an_invoice(status="voided"), held_after(an_invoice()), True),
        (an_invoice(status="voided"), None, False),
    ],
)
def test_closed_books_block_only_what_would_change_them(invoice: Invoice, held: Held | None, blocked: bool) -> None:
    closed = books(a_catalog(company={"books_closed_until": ISSUED}))

    assert reasons_of(invoice, closed, held) == ([Reason.DATE_IN_CLOSED_PERIOD] if blocked else [])


def test_a_problem_is_written_for_a_bookkeeper() -> None:
    problem = check(an_invoice(number="INV-2026-03-0000000001042"), books())[0]

    assert problem.where == "invoice INV-2026-03-0000000001042"
    assert "'INV-2026-03-0000000001042' has 25 characters" in problem.message
    assert "billing platform" in problem.fix
