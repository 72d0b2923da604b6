"""The main job over real HTTP, one rule a test, on every ledger."""

from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal

import pytest

from service.cli.demo.actors import Json
from tests.e2e.ledgers import on
from tests.e2e.scene import TAXED, UNTAXED, Scene


def test_a_final_invoice_is_pushed_at_once_and_opens_in_the_ledger(scene: Scene) -> None:
    """The platform need not wait for a sweep, poll or retry. (How fast: the demo measures it.)"""
    scene.put("invoices", scene.invoice("inv_1"))
    view = scene.settled("invoices", "inv_1")

    there = scene.only("invoices", "INV-1")
    assert (view["state"], there.total, view["ledger"]["id"]) == ("in_sync", Decimal(scene.gross), there.id)
    assert scene.side.opens(view["ledger"]["url"], scene.company, there)


def test_sending_moves_the_date_and_never_writes_to_the_customer(scene: Scene) -> None:
    """The customer has had billing's mail. A ledger that insists on one to mark a document writes to the merchant."""
    invoice = scene.invoice("inv_1", bill_to_emails=["customer@example.com"])
    scene.put("invoices", invoice)
    scene.settled("invoices", "inv_1")
    later = (date.today() + timedelta(days=3)).isoformat()
    scene.put("invoices", {**invoice, "status": "sent", "issue_date": later})
    view = scene.settled("invoices", "inv_1")

    there = scene.only("invoices", "INV-1")
    assert (view["ledger"]["sent"], there.date, there.sent) == (True, later, True)
    assert scene.mails() == list(scene.side.mails_when_sent)


@on("quickbooks")
def test_the_customers_address_stands_on_an_invoice_that_was_sent_to_the_merchant(scene: Scene) -> None:
    """The merchant gets the mail, and a person who sends it again from the ledger still reaches the customer."""
    scene.put("invoices", scene.invoice("inv_1", status="sent", bill_to_emails=["customer@example.com"]))
    scene.settled("invoices", "inv_1")

    (there,) = scene.control(f"companies/{scene.company}/Invoice", None, method="GET")["Invoice"]
    assert there["BillEmail"]["Address"] == "customer@example.com"


def test_a_void_in_billing_is_a_void_in_the_ledger(scene: Scene) -> None:
    """The number stays, nothing is owed."""
    invoice = scene.invoice("inv_1")
    scene.put("invoices", invoice)
    scene.settled("invoices", "inv_1")
    scene.put("invoices", {**invoice, "status": "voided"})
    scene.settled("invoices", "inv_1")

    there = scene.only("invoices", "INV-1")
    assert there.voided
    assert there.balance == 0


def test_a_credit_note_arrives_and_settles_its_invoice(scene: Scene) -> None:
    """A credit memo, and what applies it; no money moves."""
    scene.put("invoices", scene.invoice("inv_1"))
    memo = scene.document("cm_1", lines=(("1", "50.00", False),))
    scene.put("credit-memos", {**memo, "allocations": [{"invoice_id": "inv_1", "amount": "50.00"}]})
    view = scene.settled("credit-memos", "cm_1")
    scene.until(lambda: scene.view("invoices", "inv_1")["payment_status"] == "partially_paid")

    there = scene.only("credit_memos", "CM-1")
    assert (view["state"], there.total, there.balance) == ("in_sync", Decimal(50), Decimal(0))
    assert scene.only("invoices", "INV-1").balance == Decimal(scene.gross) - 50
    assert sum(payment.total for payment in scene.book("payments")) == 0


def test_a_credit_note_moves_to_another_invoice_and_is_voided_without_a_notice_from_the_ledger(scene: Scene) -> None:
    """What we took off a document ourselves changed it: it is read again before it is judged."""
    scene.webhooks(paused=True)
    settings = scene.platform.get(f"{scene.path}/settings")
    scene.platform.put(f"{scene.path}/settings", {**settings, "on_void_with_payments": "void"})
    scene.put("invoices", scene.invoice("inv_1"))
    scene.put("invoices", scene.invoice("inv_2"))
    memo = scene.document("cm_1", lines=(("1", "50.00", False),))
    for id_ in ("inv_1", "inv_2"):
        scene.put("credit-memos", {**memo, "allocations": [{"invoice_id": id_, "amount": "50.00"}]})
        view = scene.settled("credit-memos", "cm_1")
        assert view["state"] == "in_sync", view["problems"]
    assert scene.only("invoices", "INV-1").balance == Decimal(scene.gross)
    assert scene.only("invoices", "INV-2").balance == Decimal(scene.gross) - 50

    scene.put("credit-memos", {**memo, "status": "voided"})
    view = scene.settled("credit-memos", "cm_1")
    assert view["state"] == "in_sync", view["problems"]
    assert [one for one in scene.book("credit_memos") if not one.voided] == []
    assert scene.only("invoices", "INV-2").balance == Decimal(scene.gross)
    scene.until_paid("inv_2", "unpaid")


def test_money_recorded_in_the_ledger_pays_the_invoice_in_billing(scene: Scene) -> None:
    """Partially, then in full, each told once."""
    scene.put("invoices", scene.invoice("inv_1"))
    remote = scene.settled("invoices", "inv_1")["ledger"]["id"]
    rest = str(Decimal(scene.gross) - 8)
    for amount, status in (("8.00", "partially_paid"), (rest, "paid")):
        scene.pay(remote, amount)
        scene.until_paid("inv_1", status)

    told = [event["data"]["payment_status"] for event in scene.events("payment_status_changed")]
    payments = [event["data"]["payment"] for event in scene.events("payment.recorded_in_ledger")]
    assert told == ["partially_paid", "paid"]
    assert [(one["invoice_id"], Decimal(one["amount"])) for p in payments for one in p["allocations"]] == [
        ("inv_1", Decimal(8)),
        ("inv_1", Decimal(rest)),
    ]


def test_a_payment_deleted_in_the_ledger_opens_the_invoice_again(scene: Scene) -> None:
    """Recomputed from what exists, never subtracted."""
    scene.put("invoices", scene.invoice("inv_1"))
    remote = scene.settled("invoices", "inv_1")["ledger"]["id"]
    scene.pay(remote, scene.gross)
    scene.until_paid("inv_1", "paid")
    (payment,) = scene.book("payments")
    scene.delete_payment(payment.id)

    scene.until_paid("inv_1", "unpaid")
    assert len(scene.payments_taken_back()) == 1


def test_an_invoice_voided_in_the_ledger_is_voided_in_billing(scene: Scene) -> None:
    """A void is taken over, and nothing is sent back."""
    scene.put("invoices", scene.invoice("inv_1"))
    scene.void_invoice(scene.settled("invoices", "inv_1")["ledger"]["id"])

    scene.until(lambda: scene.view("invoices", "inv_1")["status"] == "voided")
    assert [event["data"]["id"] for event in scene.events("invoice.voided_in_ledger")] == ["inv_1"]


@on("quickbooks")
def test_an_invoice_deleted_in_the_ledger_is_a_question_for_a_person(scene: Scene) -> None:
    """Retry makes it again. (An approved invoice cannot be deleted in Xero.)"""
    scene.put("invoices", scene.invoice("inv_1"))
    remote = scene.settled("invoices", "inv_1")["ledger"]["id"]
    scene.control(f"bookkeeper/{scene.company}/delete", {"entity": "Invoice", "id": remote})
    scene.until(lambda: scene.view("invoices", "inv_1")["state"] == "blocked")
    assert [p["reason"] for p in scene.view("invoices", "inv_1")["problems"]] == ["deleted_in_ledger"]

    scene.platform.post(f"{scene.path}/invoices/inv_1/retry")
    view = scene.until(lambda: (v := scene.view("invoices", "inv_1"))["state"] == "in_sync" and v)
    assert view["ledger"]["id"] != remote


def test_a_payment_made_in_billing_is_recorded_once_in_the_ledger(scene: Scene) -> None:
    """It comes back in the feed and is recognised as ours."""
    scene.put("invoices", scene.invoice("inv_1"))
    scene.put("payments", scene.payment("pay_1", "inv_1"))
    scene.settled("payments", "pay_1")
    scene.until_paid("inv_1", "paid")
    time.sleep(0.5)

    assert [one.total for one in scene.book("payments")] == [Decimal(scene.gross)]
    assert scene.events("payment.recorded_in_ledger") == []


def test_a_payment_taken_back_in_billing_is_taken_back_in_the_ledger(scene: Scene) -> None:
    """The invoice is open again on both sides."""
    scene.put("invoices", scene.invoice("inv_1"))
    payment = scene.payment("pay_1", "inv_1")
    scene.put("payments", payment)
    scene.settled("payments", "pay_1")
    scene.until_paid("inv_1", "paid")
    scene.put("payments", {**payment, "status": "voided"})
    assert scene.settled("payments", "pay_1")["state"] == "in_sync"

    scene.until_paid("inv_1", "unpaid")
    assert scene.only("invoices", "INV-1").balance == Decimal(scene.gross)


def test_a_customer_of_billing_is_made_in_the_ledger_before_its_invoice(scene: Scene) -> None:
    """New customers need no import."""
    customer = {
        "id": "cus_new",
        "name": "Nadia Fisk Ltd",
        "emails": ["nadia@fisk.example"],
        "billing_address": scene.side.address,
        "currency": scene.side.currency,
    }
    scene.put("invoices", scene.invoice("inv_1", "cus_new"))
    scene.put("customers", customer)

    scene.until(lambda: scene.view("invoices", "inv_1")["state"] == "in_sync")
    there = scene.only("customers", "Nadia Fisk Ltd")
    assert [one.customer for one in scene.book("invoices")] == [there.id]


def _neighbours_are_not_held(scene: Scene, change: Json, reason: str) -> None:
    bad = {**scene.invoice("inv_bad"), **change}
    answer = scene.platform.post(
        f"{scene.path}/invoices",
        {"items": [scene.invoice("inv_1"), bad, scene.invoice("inv_2", scene.customers[1])]},
    )
    assert [item["accepted"] for item in answer["items"]] == [True, True, True]
    states = {id_: scene.settled("invoices", id_) for id_ in ("inv_1", "inv_bad", "inv_2")}

    assert {id_: view["state"] for id_, view in states.items()} == {
        "inv_1": "in_sync",
        "inv_bad": "blocked",
        "inv_2": "in_sync",
    }
    problems = states["inv_bad"]["problems"]
    assert reason in [problem["reason"] for problem in problems]
    assert all(problem["fix"] for problem in problems)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"tax_codes": [{"id": TAXED, "rate": "9.9"}, {"id": UNTAXED, "kind": "outside_scope", "rate": "0"}]},
            "tax_rate_differs",
        ),
        ({"customer_id": "nobody"}, "customer_unknown"),
        ({"totals": {"net": "100.00", "tax": "8.50", "total": "108.50"}}, "totals_differ"),
        ({"totals": {"net": "100.00", "tax": "8.00", "total": "109.00"}}, "totals_inconsistent"),
    ],
)
def test_a_document_that_cannot_go_says_why_and_never_holds_its_neighbours(
    scene: Scene, change: Json, reason: str
) -> None:
    """Each reason is one a bookkeeper can act on."""
    _neighbours_are_not_held(scene, change, reason)


@pytest.mark.parametrize(
    ("side", "change", "reason"),
    [
        ("quickbooks", {"currency": "EUR"}, "currency_mismatch"),
        ("quickbooks", {"number": "X" * 22}, "number_too_long"),
        ("xero", {"currency": "EUR"}, "currency_not_enabled"),
        ("xero", {"due_date": "2020-01-01"}, "due_date_before_issue"),
    ],
    indirect=["side"],
)
def test_what_one_ledger_does_not_take_is_said_in_its_own_words(scene: Scene, change: Json, reason: str) -> None:
    """Limits that are one ledger's own."""
    _neighbours_are_not_held(scene, change, reason)
