"""Notices from the ledger: late, twice, out of order, forged or lost, the final state is the same."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.e2e.ledgers import Shown, on
from tests.e2e.ledgers.side import Hint
from tests.e2e.scene import Scene

NOBODY = {"quickbooks": "9341450000999999", "xero": "99999999-9999-4999-8999-999999999999"}


def _two_payments(scene: Scene) -> tuple[str, list[Shown]]:
    scene.put("invoices", scene.invoice("inv_1"))
    remote = scene.settled("invoices", "inv_1")["ledger"]["id"]
    scene.webhooks(paused=True)
    for amount in ("8.00", str(Decimal(scene.gross) - 8)):
        scene.pay(remote, amount)
    return remote, scene.book("payments")


def _final(scene: Scene) -> tuple[str, str, int, int]:
    view = scene.view("invoices", "inv_1")
    payments = scene.platform.get(f"{scene.path}/payments")["items"]
    recorded = scene.events("payment.recorded_in_ledger")
    return view["payment_status"], view["amount_paid"], len(payments), len(recorded)


def _hints(scene: Scene, invoice: str, payments: list[Shown]) -> list[Hint]:
    """What the ledger tells of two payments: each payment where it can, else the invoice each time."""
    if scene.side.payment_notices:
        told = [Hint("payments", one.id, "Create", f"2026-01-05T10:00:0{n}") for n, one in enumerate(payments)]
    else:
        told = [Hint("invoices", invoice, "Update", f"2026-01-05T10:00:0{n}") for n, _ in enumerate(payments)]
    return [*told, Hint("invoices", invoice, "Update", "2026-01-05T10:00:09")]


@pytest.mark.parametrize("order", ["forwards", "backwards", "five times", "in one notice"])
def test_redelivered_and_reordered_notices_end_in_the_same_state(scene: Scene, order: str) -> None:
    """A notice says that something changed; what is true is read."""
    hints = _hints(scene, *_two_payments(scene))
    if order == "backwards":
        hints.reverse()
    notices = [scene.notice(*hints)] if order == "in one notice" else [scene.notice(hint) for hint in hints]
    for _ in range(5 if order == "five times" else 1):
        assert {scene.send_notice(body) for body in notices} == {200}
    scene.until_paid("inv_1", "paid")
    scene.until(lambda: _final(scene)[2:] == (2, 2))

    assert _final(scene) == ("paid", scene.gross, 2, 2)


def test_notices_that_arrive_twice_and_newest_first_are_delivered_by_the_ledger_itself(scene: Scene) -> None:
    """The ledger's own bodies and signatures, its own bad habits."""
    scene.webhooks(duplicate_next=20, reorder=True)
    scene.put("invoices", scene.invoice("inv_1"))
    remote = scene.settled("invoices", "inv_1")["ledger"]["id"]
    for amount in ("8.00", str(Decimal(scene.gross) - 8)):
        scene.pay(remote, amount)
    scene.until_paid("inv_1", "paid")
    (first, _) = scene.book("payments")
    scene.delete_payment(first.id)
    scene.until_paid("inv_1", "partially_paid")
    scene.webhooks(duplicate_next=0, reorder=False)

    assert _final(scene)[3] == 2
    assert len(scene.payments_taken_back()) == 1


def test_the_same_notice_two_hundred_times_is_read_once(scene: Scene) -> None:
    """A storm of repeats costs inserts that conflict, not calls.

    Where payments are found through their invoice, both are read once more: the payments might be newer than it.
    """
    remote, _ = _two_payments(scene)
    body = scene.notice(Hint("invoices", remote, "Update", "2026-01-05T10:00:00"))
    scene.forget_calls()
    assert {scene.send_notice(body) for _ in range(200)} == {200}
    scene.until_paid("inv_1", "paid")

    assert scene.calls()["total"] <= (3 if scene.side.payment_notices else 4)


@pytest.mark.parametrize("forgery", ["no signature", "wrong key", "changed body", "not base64"])
def test_a_forged_notice_gets_401_and_leaves_nothing(scene: Scene, forgery: str) -> None:
    """Nothing stored, nothing read."""
    remote, payments = _two_payments(scene)
    body = scene.notice(*_hints(scene, remote, payments))
    signature = {
        "no signature": "",
        "wrong key": scene.sign(body, "another key"),
        "changed body": scene.sign(body + b" "),
        "not base64": "%%%",
    }[forgery]
    scene.until_quiet()
    scene.forget_calls()

    assert scene.send_notice(body, signature=signature) == 401
    assert scene.platform.get(f"{scene.path}/status")["open_changes"] == 0
    assert scene.calls()["total"] == 0
    assert scene.view("invoices", "inv_1")["payment_status"] == "unpaid"


@on("quickbooks")
@pytest.mark.parametrize("shape", ["classic", "cloudevents"])
def test_both_shapes_of_notices_are_understood(scene: Scene, shape: str) -> None:
    """QuickBooks moves from one to the other company by company."""
    scene.control("switches", {"webhook_format": shape})
    try:
        scene.put("invoices", scene.invoice("inv_1"))
        scene.pay(scene.settled("invoices", "inv_1")["ledger"]["id"], scene.gross)
        scene.until_paid("inv_1", "paid")
    finally:
        scene.control("switches", {"webhook_format": "classic"})


@on("xero")
def test_the_handshake_is_passed_and_leaves_nothing(scene: Scene) -> None:
    """Three signatures with one wrong character among a right one: 401 and 2xx, or Xero delivers nothing at all."""
    scene.forget_calls()
    proven = scene.control("webhooks/intent-to-receive")

    assert proven["passed"], proven
    assert scene.platform.get(f"{scene.path}/status")["open_changes"] == 0
    assert scene.calls()["total"] == 0


def test_a_lost_notice_is_made_good_by_the_sweep(scene: Scene) -> None:
    """The change feed alone is enough."""
    _two_payments(scene)
    scene.platform.put(
        f"{scene.path}/settings",
        {**scene.platform.get(f"{scene.path}/settings"), "pull_every_seconds": 10},
    )
    scene.stop()
    scene.start()

    scene.until_paid("inv_1", "paid")
    scene.until(lambda: _final(scene) == ("paid", scene.gross, 2, 2))


def test_a_notice_for_a_company_nobody_connected_is_accepted_and_ignored(scene: Scene) -> None:
    """One endpoint serves every company of the app; refusing would only make it come again."""
    hint = Hint("invoices", "11111111-1111-4111-8111-111111111111", "Update", "2026-01-05T10:00:00")
    body = scene.notice(hint, company=NOBODY[scene.side.name])

    assert scene.send_notice(body) == 200
