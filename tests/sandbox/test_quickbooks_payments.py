"""The payment ledger. Source: QuickBooks reference 11."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.conftest import Books, line, payment


def _balance(us: Books, entity: str, record: Any) -> Decimal:
    return Decimal(us.read(f"{entity}/{record['Id']}")["Balance"])


def test_a_payment_lowers_the_invoice_and_bumps_its_version(us: Books) -> None:
    """A connector that cached the SyncToken before the payment gets 5010 afterwards."""
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)

    paid = us.pay(customer, 60, ("Invoice", invoice, 60))

    after = us.read(f"invoice/{invoice['Id']}")
    assert (after["Balance"], after["SyncToken"]) == (40, "1")
    assert after["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert _balance(us, "customer", customer) == 40
    assert us.read(f"customer/{customer['Id']}")["SyncToken"] == "0"


def test_linked_payments_come_newest_first(us: Books) -> None:
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)
    first = us.pay(customer, 10, ("Invoice", invoice, 10))
    second = us.pay(customer, 20, ("Invoice", invoice, 20))

    linked = us.read(f"invoice/{invoice['Id']}")["LinkedTxn"]

    assert [each["TxnId"] for each in linked] == [second["Id"], first["Id"]]


def test_money_beyond_the_lines_is_unapplied_and_makes_the_customer_balance_negative(us: Books) -> None:
    customer = us.customer("Payer")

    paid = us.pay(customer, 261)

    assert (paid["UnappliedAmt"], paid["Line"]) == (261, [])
    assert paid["DepositToAccountRef"] == {"value": "4"}
    assert _balance(us, "customer", customer) == -261


def test_an_applied_line_carries_the_serialisation_artefact(us: Books) -> None:
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)

    paid = us.pay(customer, 100, ("Invoice", invoice, 100))

    values = {each["value"]["Name"]: each["value"]["Value"] for each in paid["Line"][0]["LineEx"]["any"]}
    assert values == {
        "txnId": invoice["Id"],
        "txnOpenBalance": "100.00",
        "txnReferenceNumber": invoice["DocNumber"],
    }


def test_a_payment_of_zero_links_a_credit_memo_to_an_invoice(us: Books) -> None:
    """Source: QuickBooks reference 11.3."""
    customer = us.customer("Payer")
    invoice, credit = us.invoice(customer, 100), us.credit_memo(customer, 80)
    assert credit["RemainingCredit"] == 80

    link = us.pay(customer, 0, ("Invoice", invoice, 80), ("CreditMemo", credit, 80))

    assert _balance(us, "invoice", invoice) == 20
    after = us.read(f"creditmemo/{credit['Id']}")
    assert (after["RemainingCredit"], after["Balance"]) == (0, 0)
    assert "LinkedTxn" not in after
    assert "DepositToAccountRef" not in link
    assert _balance(us, "customer", customer) == 20


def test_lines_are_all_or_nothing_in_an_update(us: Books) -> None:
    """Sending only the new line opens the other invoice again."""
    customer = us.customer("Payer")
    first, second = us.invoice(customer, 100), us.invoice(customer, 50)
    paid = us.pay(customer, 150, ("Invoice", first, 100))

    us.post(
        "payment",
        {**payment(customer, 150, ("Invoice", second, 50)), "Id": paid["Id"], "SyncToken": "0", "sparse": True},
    )

    assert [_balance(us, "invoice", each) for each in (first, second)] == [100, 0]


def test_a_sparse_update_without_lines_keeps_the_applications(us: Books) -> None:
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)
    paid = us.pay(customer, 100, ("Invoice", invoice, 100))

    us.post("payment", {"Id": paid["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "checked"})

    assert _balance(us, "invoice", invoice) == 0


def test_money_can_be_applied_later(us: Books) -> None:
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 500)
    paid = us.pay(customer, 500)

    body = {**payment(customer, 500, ("Invoice", invoice, 500)), "Id": paid["Id"], "SyncToken": "0", "sparse": True}
    updated = us.post("payment", body)

    assert updated["UnappliedAmt"] == 0
    assert _balance(us, "invoice", invoice) == 0


def test_voiding_a_payment_opens_its_invoices_again(us: Books) -> None:
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)
    paid = us.pay(customer, 100, ("Invoice", invoice, 100), PrivateNote="May run")

    void = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
    voided = us.post("payment", void, operation="update", include="void")

    assert (voided["TotalAmt"], voided["UnappliedAmt"], voided["Line"]) == (0, 0, [])
    assert voided["PrivateNote"].startswith("Voided")
    assert _balance(us, "invoice", invoice) == 100


def test_deleting_a_payment_opens_its_invoices_again(us: Books) -> None:
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)
    paid = us.pay(customer, 100, ("Invoice", invoice, 100))

    answer = us.post("payment", {"Id": paid["Id"], "SyncToken": "0"}, operation="delete")

    assert answer == {"status": "Deleted", "domain": "QBO", "Id": paid["Id"]}
    assert _balance(us, "invoice", invoice) == 100
    assert us.read(f"invoice/{invoice['Id']}")["LinkedTxn"] == []


def test_voiding_an_invoice_leaves_the_money_with_the_payment(us: Books) -> None:
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)
    paid = us.pay(customer, 100, ("Invoice", invoice, 100))

    voided = us.post("invoice", {"Id": invoice["Id"], "SyncToken": "1"}, operation="void")

    assert (voided["TotalAmt"], voided["Balance"], voided["LinkedTxn"]) == (0, 0, [])
    assert (voided["DocNumber"], voided["PrivateNote"]) == (invoice["DocNumber"], "Voided")
    assert [each["Amount"] for each in voided["Line"]] == [0, 0]
    assert us.read(f"payment/{paid['Id']}")["UnappliedAmt"] == 100


@pytest.mark.parametrize(
    ("applied", "total", "codes"),
    [
        (100, 100, []),
        (101, 200, ["6000"]),  # more than the open balance
        (100, 99, ["6000"]),  # more than the money received
    ],
)
def test_a_payment_cannot_apply_more_than_there_is(us: Books, applied: int, total: int, codes: list[str]) -> None:
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)

    answered = us.call("POST", "payment", payment(customer, total, ("Invoice", invoice, applied)))

    assert codes == (answered.codes if "Fault" in answered.body else [])


def test_over_application_has_a_switch_because_its_code_is_unverified(us: Books) -> None:
    """Source: QuickBooks reference 17.1."""
    us.switch(overapplied_payment_code="620")
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)

    assert us.refused("payment", payment(customer, 200, ("Invoice", invoice, 101))).codes == ["620"]


def test_linking_across_customers_or_to_settled_or_missing_documents_is_620(us: Books) -> None:
    payer, stranger = us.customer("Payer"), us.customer("Stranger")
    theirs, own = us.invoice(stranger, 100), us.invoice(payer, 100)
    us.pay(payer, 100, ("Invoice", own, 100))

    for target in (theirs, own, {"Id": "999999"}):
        assert us.refused("payment", payment(payer, 100, ("Invoice", target, 50))).codes == ["620"]


def test_a_parent_pays_for_a_sub_customer_only_with_bill_with_parent(us: Books) -> None:
    parent = us.customer("Parent")
    bills = us.customer("Child A", Job=True, ParentRef={"value": parent["Id"]}, BillWithParent=True)
    apart = us.customer("Child B", Job=True, ParentRef={"value": parent["Id"]})

    us.pay(parent, 100, ("Invoice", us.invoice(bills, 100), 100))

    assert us.refused("payment", payment(parent, 100, ("Invoice", us.invoice(apart, 100), 100))).codes == ["620"]


def test_a_deposited_payment_is_locked(us: Books) -> None:
    customer = us.customer("Payer")
    paid = us.pay(customer, 100)
    us.control("POST", f"bookkeeper/{us.realm}/deposit", {"payment_id": paid["Id"]})

    change = {"Id": paid["Id"], "SyncToken": "1", "sparse": True}

    assert us.refused("payment", {**change, "PrivateNote": "x"}).codes == ["6540"]
    assert us.refused("payment", change, operation="update", include="void").codes == ["6540"]
    assert us.refused("payment", change, operation="delete").codes == ["6540"]


def test_open_credits_are_linked_automatically_only_with_the_switch(us: Books) -> None:
    """Source: QuickBooks reference 11.3, 17.6."""
    customer = us.customer("Payer")
    us.credit_memo(customer, 30)
    assert us.invoice(customer, 100)["Balance"] == 100

    us.switch(auto_apply_credits=True)
    invoice = us.invoice(customer, 100)

    assert invoice["Balance"] == 70
    link = us.read(f"payment/{invoice['LinkedTxn'][0]['TxnId']}")
    assert (link["TotalAmt"], link["PrivateNote"]) == (0, "Created by QB Online to link credits to charges.")


def test_lowering_an_invoice_below_what_was_paid_gives_the_rest_back(us: Books) -> None:
    customer = us.customer("Payer")
    invoice = us.invoice(customer, 100)
    paid = us.pay(customer, 100, ("Invoice", invoice, 100))

    us.post("invoice", {"Id": invoice["Id"], "SyncToken": "1", "sparse": True, "Line": [line(70)]})

    assert us.read(f"payment/{paid['Id']}")["UnappliedAmt"] == 30
    assert _balance(us, "invoice", invoice) == 0
    assert _balance(us, "customer", customer) == -30
