"""Notices from the ledger: late, twice, out of order, forged or lost, the final state is the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
import requests

from service.cli.demo.actors import Json
from tests.e2e.scene import Scene, an_invoice


def _signed(body: bytes, token: str) -> str:
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()


def _notice(realm: str, *entities: tuple[str, str, str, str]) -> bytes:
    rows = [{"name": name, "id": id_, "operation": verb, "lastUpdated": at} for name, id_, verb, at in entities]
    return json.dumps({"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": rows}}]}).encode()


def _post(scene: Scene, body: bytes, signature: str) -> int:
    url = f"http://127.0.0.1:{scene.environment.port}/webhooks/quickbooks"
    headers = {"intuit-signature": signature, "Content-Type": "application/json"}
    return requests.post(url, data=body, headers=headers, timeout=10).status_code


def _two_payments(scene: Scene) -> tuple[str, list[Json]]:
    scene.put("invoices", an_invoice("inv_1", scene.customers[0]))
    remote = scene.settled("invoices", "inv_1")["ledger"]["id"]
    scene.webhooks(paused=True)
    for amount in ("8.00", "100.00"):
        scene.bookkeeper.act(scene.realm, "payment", invoice_id=remote, amount=amount)
    return remote, scene.book("Payment")


def _final(scene: Scene) -> tuple[str, str, int, int]:
    view = scene.view("invoices", "inv_1")
    payments = scene.platform.get(f"{scene.path}/payments")["items"]
    recorded = scene.events("payment.recorded_in_ledger")
    return view["payment_status"], view["amount_paid"], len(payments), len(recorded)


@pytest.mark.parametrize("order", ["forwards", "backwards", "five times"])
def test_redelivered_and_reordered_notices_end_in_the_same_state(scene: Scene, order: str) -> None:
    """A notice says that something changed; what is true is read."""
    remote, payments = _two_payments(scene)
    entities = [("Payment", one["Id"], "Create", f"2026-01-05T10:00:0{n}.000Z") for n, one in enumerate(payments)]
    entities.append(("Invoice", remote, "Update", "2026-01-05T10:00:09.000Z"))
    if order == "backwards":
        entities.reverse()
    for _ in range(5 if order == "five times" else 1):
        for entity in entities:
            body = _notice(scene.realm, entity)
            assert _post(scene, body, _signed(body, scene.environment.verifier)) == 200
    scene.until_paid("inv_1", "paid")
    scene.until(lambda: _final(scene)[2:] == (2, 2))

    assert _final(scene) == ("paid", "108.00", 2, 2)


def test_the_same_notice_a_thousand_times_is_read_once(scene: Scene) -> None:
    """A storm of repeats costs inserts that conflict, not calls."""
    remote, _ = _two_payments(scene)
    body = _notice(scene.realm, ("Invoice", remote, "Update", "2026-01-05T10:00:00.000Z"))
    scene.control("calls", None, method="DELETE")
    signature = _signed(body, scene.environment.verifier)
    assert {_post(scene, body, signature) for _ in range(200)} == {200}
    scene.until_paid("inv_1", "paid")

    assert scene.calls()["total"] <= 3


@pytest.mark.parametrize("forgery", ["no signature", "wrong key", "changed body", "not base64"])
def test_a_forged_notice_gets_401_and_leaves_nothing(scene: Scene, forgery: str) -> None:
    """Nothing stored, nothing read."""
    _, payments = _two_payments(scene)
    body = _notice(scene.realm, ("Payment", payments[0]["Id"], "Create", "2026-01-05T10:00:00.000Z"))
    signature = {
        "no signature": "",
        "wrong key": _signed(body, "another token"),
        "changed body": _signed(body + b" ", scene.environment.verifier),
        "not base64": "%%%",
    }[forgery]
    scene.control("calls", None, method="DELETE")

    assert _post(scene, body, signature) == 401
    assert scene.platform.get(f"{scene.path}/status")["open_changes"] == 0
    assert scene.calls()["total"] == 0
    assert scene.view("invoices", "inv_1")["payment_status"] == "unpaid"


@pytest.mark.parametrize("shape", ["classic", "cloudevents"])
def test_both_shapes_of_notices_are_understood(scene: Scene, shape: str) -> None:
    """Intuit is moving from one to the other."""
    scene.control("switches", {"webhook_format": shape})
    try:
        scene.put("invoices", an_invoice("inv_1", scene.customers[0]))
        remote = scene.settled("invoices", "inv_1")["ledger"]["id"]
        scene.bookkeeper.act(scene.realm, "payment", invoice_id=remote, amount="108.00")
        scene.until_paid("inv_1", "paid")
    finally:
        scene.control("switches", {"webhook_format": "classic"})


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
    scene.until(lambda: _final(scene) == ("paid", "108.00", 2, 2))


def test_a_notice_for_a_company_nobody_connected_is_accepted_and_ignored(scene: Scene) -> None:
    """One endpoint serves every company of the app; refusing would only make it come again."""
    body = _notice("9341450000999999", ("Invoice", "1", "Update", "2026-01-05T10:00:00.000Z"))

    assert _post(scene, body, _signed(body, scene.environment.verifier)) == 200
