"""The main job over real HTTP, one rule a test."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest

from tests.e2e.scene import Scene, a_document, an_invoice


def test_a_final_invoice_is_pushed_at_once_and_opens_in_the_ledger(scene: Scene) -> None:
    """The platform need not wait for a sweep, poll or retry. (How fast: the demo measures it.)"""
    scene.put("invoices", an_invoice("inv_1", scene.customers[0]))
    view = scene.settled("invoices", "inv_1")

    (there,) = [one for one in scene.book("Invoice") if one["DocNumber"] == "INV-1"]
    assert (view["state"], str(there["TotalAmt"]), view["ledger"]["id"]) == ("in_sync", "108", there["Id"])
    assert view["ledger"]["url"].endswith(f"txnId%3D{there['Id']}&deeplinkcompanyid={scene.realm}")


def test_sending_moves_the_date_and_writes_to_the_merchant_alone(scene: Scene) -> None:
    """The ledger insists on a mail to mark a document as sent; the customer has had billing's."""
    invoice = an_invoice("inv_1", scene.customers[0], bill_to_emails=["customer@example.com"])
    scene.put("invoices", invoice)
    scene.settled("invoices", "inv_1")
    later = (date.today() + timedelta(days=3)).isoformat()
    scene.put("invoices", {**invoice, "status": "sent", "issue_date": later})
    view = scene.settled("invoices", "inv_1")

    (there,) = [one for one in scene.book("Invoice") if one["DocNumber"] == "INV-1"]
    mails = [mail for mail in scene.control("emails", None, method="GET")["emails"] if mail["realm"] == scene.realm]
    assert (view["ledger"]["sent"], there["TxnDate"], there["EmailStatus"]) == (True, later, "EmailSent")
    assert there["BillEmail"]["Address"] == "customer@example.com"
    assert [mail["to"] for mail in mails] == ["books@example.com"]


def test_a_void_in_billing_is_a_void_in_the_ledger(scene: Scene) -> None:
    """The number stays, the amount goes."""
    invoice = an_invoice("inv_1", scene.customers[0])
    scene.put("invoices", invoice)
    scene.settled("invoices", "inv_1")
    scene.put("invoices", {**invoice, "status": "voided"})
    scene.settled("invoices", "inv_1")

    (there,) = [one for one in scene.book("Invoice") if one["DocNumber"] == "INV-1"]
    assert str(there["TotalAmt"]) == "0"
    assert there["PrivateNote"].startswith("Voided")


def test_a_credit_note_arrives_and_settles_its_invoice(scene: Scene) -> None:
    """A credit memo and the payment of nothing that applies it."""
    scene.put("invoices", an_invoice("inv_1", scene.customers[0]))
    memo = a_document("cm_1", scene.customers[0], lines=(("1", "50.00", False),))
    scene.put("credit-memos", {**memo, "allocations": [{"invoice_id": "inv_1", "amount": "50.00"}]})
    view = scene.settled("credit-memos", "cm_1")
    scene.until(lambda: scene.view("invoices", "inv_1")["payment_status"] == "partially_paid")

    (there,) = [one for one in scene.book("CreditMemo") if one["DocNumber"] == "CM-1"]
    assert (view["state"], str(there["RemainingCredit"])) == ("in_sync", "0")
    assert [str(p["TotalAmt"]) for p in scene.book("Payment") if p["CustomerRef"] == there["CustomerRef"]] == ["0"]


def test_money_recorded_in_the_ledger_pays_the_invoice_in_billing(scene: Scene) -> None:
    """Partially, then in full, each told once."""
    scene.put("invoices", an_invoice("inv_1", scene.customers[0]))
    remote = scene.settled("invoices", "inv_1")["ledger"]["id"]
    for amount, status in (("8.00", "partially_paid"), ("100.00", "paid")):
        scene.bookkeeper.act(scene.realm, "payment", invoice_id=remote, amount=amount)
        scene.until_paid("inv_1", status)

    told = [event["data"]["payment_status"] for event in scene.events("payment_status_changed")]
    payments = [event["data"]["payment"] for event in scene.events("payment.recorded_in_ledger")]
    assert told == ["partially_paid", "paid"]
    assert [p["allocations"] for p in payments] == [
        [{"invoice_id": "inv_1", "amount": "8"}],
        [{"invoice_id": "inv_1", "amount": "100"}],
    ]


def test_a_payment_deleted_in_the_ledger_opens_the_invoice_again(scene: Scene) -> None:
    """Recomputed from what exists, never subtracted."""
    scene.put("invoices", an_invoice("inv_1", scene.customers[0]))
    remote = scene.settled("invoices", "inv_1")["ledger"]["id"]
    scene.bookkeeper.act(scene.realm, "payment", invoice_id=remote, amount="108.00")
    scene.until(lambda: scene.view("invoices", "inv_1")["payment_status"] == "paid")
    (payment,) = [one for one in scene.book("Payment") if str(one["TotalAmt"]) == "108"]
    scene.bookkeeper.act(scene.realm, "delete", entity="Payment", id=payment["Id"])

    scene.until(lambda: scene.view("invoices", "inv_1")["payment_status"] == "unpaid")
    assert len(scene.events("payment.deleted_in_ledger")) == 1


def test_an_invoice_voided_or_deleted_in_the_ledger_is_known_in_billing(scene: Scene) -> None:
    """A void is taken over; a deletion is a question for a person."""
    for id_ in ("inv_1", "inv_2"):
        scene.put("invoices", an_invoice(id_, scene.customers[0]))
    one, two = (scene.settled("invoices", id_)["ledger"]["id"] for id_ in ("inv_1", "inv_2"))
    scene.bookkeeper.act(scene.realm, "void-invoice", invoice_id=one)
    scene.bookkeeper.act(scene.realm, "delete", entity="Invoice", id=two)

    scene.until(lambda: scene.view("invoices", "inv_1")["status"] == "voided")
    scene.until(lambda: scene.view("invoices", "inv_2")["state"] == "blocked")
    assert [p["reason"] for p in scene.view("invoices", "inv_2")["problems"]] == ["deleted_in_ledger"]
    assert [e["data"]["id"] for e in scene.events("invoice.voided_in_ledger")] == ["inv_1"]

    scene.platform.post(f"{scene.path}/invoices/inv_2/retry")
    view = scene.until(lambda: (v := scene.view("invoices", "inv_2"))["state"] == "in_sync" and v)
    assert view["ledger"]["id"] != two


def test_a_payment_made_in_billing_is_recorded_once_in_the_ledger(scene: Scene) -> None:
    """It comes back in the feed and is recognised as ours."""
    scene.put("invoices", an_invoice("inv_1", scene.customers[0]))
    payment = {
        "id": "pay_1",
        "customer_id": scene.customers[0],
        "currency": "USD",
        "amount": "108.00",
        "paid_on": date.today().isoformat(),
        "allocations": [{"invoice_id": "inv_1", "amount": "108.00"}],
    }
    scene.put("payments", payment)
    scene.settled("payments", "pay_1")
    scene.until(lambda: scene.view("invoices", "inv_1")["payment_status"] == "paid")
    time.sleep(0.5)

    assert [str(one["TotalAmt"]) for one in scene.book("Payment")] == ["108"]
    assert scene.events("payment.recorded_in_ledger") == []


def test_a_customer_of_billing_is_made_in_the_ledger_before_its_invoice(scene: Scene) -> None:
    """New customers need no import."""
    customer = {
        "id": "cus_new",
        "name": "Nadia Fisk Ltd",
        "emails": ["nadia@fisk.example"],
        "billing_address": {
            "line1": "1 Quay Street",
            "city": "Monterey",
            "region": "CA",
            "postal_code": "93940",
            "country": "US",
        },
        "currency": "USD",
    }
    scene.put("invoices", an_invoice("inv_1", "cus_new"))
    scene.put("customers", customer)

    scene.until(lambda: scene.view("invoices", "inv_1")["state"] == "in_sync")
    (there,) = [one for one in scene.book("Customer") if one["DisplayName"] == "Nadia Fisk Ltd"]
    assert [one["CustomerRef"]["value"] for one in scene.book("Invoice")] == [there["Id"]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tax_codes": [{"id": "ca-sales-tax", "rate": "9.9"}]}, "tax_rate_differs"),
        ({"customer_id": "nobody"}, "customer_unknown"),
        ({"currency": "EUR"}, "currency_mismatch"),
        ({"number": "X" * 22}, "number_too_long"),
        ({"totals": {"net": "100.00", "tax": "8.50", "total": "108.50"}}, "totals_differ"),
        ({"totals": {"net": "100.00", "tax": "8.00", "total": "109.00"}}, "totals_inconsistent"),
    ],
)
def test_a_document_that_cannot_go_says_why_and_never_holds_its_neighbours(
    scene: Scene, change: dict[str, object], reason: str
) -> None:
    """Each reason is one a bookkeeper can act on."""
    bad = {**an_invoice("inv_bad", scene.customers[0]), **change}
    if "tax_codes" in change:
        bad["tax_codes"] = [*change["tax_codes"], {"id": "no-tax", "kind": "outside_scope", "rate": "0"}]  # type: ignore[misc]
    answer = scene.platform.post(
        f"{scene.path}/invoices",
        {"items": [an_invoice("inv_1", scene.customers[0]), bad, an_invoice("inv_2", scene.customers[1])]},
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
