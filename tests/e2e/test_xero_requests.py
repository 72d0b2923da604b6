"""Every request that leaves for Xero fits Xero's own OpenAPI document: path, parameters, headers and body."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from service.cli.demo.actors import Json
from tests.e2e.children import Child
from tests.e2e.ledgers import LedgerSide, on
from tests.e2e.ledgers.side import Hint, Noun
from tests.e2e.recording import recorded
from tests.e2e.scene import Scene, a_scene
from tests.sandbox.xero import openapi

API = "/api.xro/2.0"

WRITES = {
    "PUT /Contacts",
    "POST /Contacts",
    "PUT /Invoices",
    "POST /Invoices",
    "PUT /Invoices/{InvoiceID}/History",
    "PUT /CreditNotes",
    "POST /CreditNotes",
    "PUT /CreditNotes/{CreditNoteID}/Allocations",
    "DELETE /CreditNotes/{CreditNoteID}/Allocations/{AllocationID}",
    "PUT /Payments",
    "POST /Payments/{PaymentID}",
    "PUT /BankTransactions",
    "PUT /Overpayments/{OverpaymentID}/Allocations",
    "DELETE /Overpayments/{OverpaymentID}/Allocations/{AllocationID}",
}
READS = {
    "GET /Organisation",
    "GET /Accounts",
    "GET /TaxRates",
    "GET /Contacts",
    "GET /Invoices",
    "GET /CreditNotes",
    "GET /Payments",
    "GET /Overpayments",
    "GET /Prepayments",
}


@pytest.fixture
def noted(quiet_simulator: Child, side: LedgerSide, tmp_path: Path) -> Iterator[Scene]:
    """A scene whose service writes down what it sends."""
    scene = a_scene(quiet_simulator, tmp_path, side)
    scene.environment.recording = tmp_path / "requests"
    scene.start()
    scene.connect()
    scene.import_customers()
    yield scene
    scene.stop()


@on("xero")
def test_every_request_fits_the_official_document(noted: Scene) -> None:
    """All there is to ask of Xero, answers lost on the way included; and nothing of it was left unasked."""
    _play(noted)
    operations, misfits = set(), []
    for call in recorded(noted.environment.folder / "requests"):
        url = urlsplit(call["url"])
        if url.path.startswith(API):
            path, params = url.path.removeprefix(API), parse_qsl(url.query, keep_blank_values=True)
            operation, problems = openapi.check_request(call["method"], path, params, call["headers"], call["body"])
            operations.add(operation)
            misfits += [f"{operation}: {problem}" for problem in problems]

    assert sorted(set(misfits)) == []
    assert not (WRITES | READS) - operations


def _play(scene: Scene) -> None:
    settings = scene.platform.get(f"{scene.path}/settings")
    scene.platform.put(f"{scene.path}/settings", {**settings, "on_void_with_payments": "void"})
    customer: Json = {
        "id": "cus_new",
        "name": "Nadia Fisk Ltd",
        "emails": ["nadia@fisk.example", "accounts@fisk.example"],
        "phone": "+44 20 7946 0000",
        "billing_address": scene.side.address,
        "currency": scene.side.currency,
    }
    _lose_answer(scene, "Contacts")
    _bring(scene, "customers", customer)
    _bring(scene, "customers", {**customer, "emails": ["new@fisk.example"]})
    _invoices(scene)
    _credit(scene)
    _money(scene)
    _notices(scene)


def _invoices(scene: Scene) -> None:
    _lose_answer(scene, "Invoices")
    invoice = scene.invoice("inv_1", lines=(("3", "33.3333", True), ("1", "5.00", False)))
    _bring(scene, "invoices", invoice)
    _bring(scene, "invoices", {**invoice, "reference": "PO 7"})
    _bring(scene, "invoices", {**invoice, "reference": "PO 7", "status": "sent"})
    _bring(scene, "invoices", {**invoice, "reference": "PO 7", "status": "voided"})
    for id_ in ("inv_2", "inv_3", "inv_4", "inv_5"):
        _bring(scene, "invoices", scene.invoice(id_, private_note="A note of its own"))


def _credit(scene: Scene) -> None:
    memo = scene.document("cm_1", lines=(("1", "40.00", False),))
    applied = {**memo, "allocations": [{"invoice_id": "inv_2", "amount": "30.00"}]}
    _lose_answer(scene, "CreditNotes")
    _bring(scene, "credit-memos", applied)
    _lose_answer(scene, "CreditNotes")
    _bring(scene, "credit-memos", {**memo, "allocations": [{"invoice_id": "inv_3", "amount": "40.00"}]})
    _bring(scene, "credit-memos", memo)
    _bring(scene, "credit-memos", {**memo, "status": "voided"})


def _money(scene: Scene) -> None:
    payment = scene.payment("pay_1", "inv_2", reference="Wire")
    _lose_answer(scene, "Payments")
    _bring(scene, "payments", payment)
    _bring(scene, "payments", {**payment, "status": "voided"})
    _bring(scene, "payments", scene.payment("pay_2", "inv_3"))
    _bring(scene, "invoices", {**scene.invoice("inv_3"), "status": "voided"})
    _lose_answer(scene, "BankTransactions")
    _lose_answer(scene, "Overpayments")
    over = scene.payment("pay_3", "inv_4", amount="150.00")
    _bring(scene, "payments", over)
    _bring(scene, "payments", {**over, "allocations": [{"invoice_id": "inv_5", "amount": "60.00"}]})


def _notices(scene: Scene) -> None:
    followed: tuple[Noun, ...] = ("customers", "invoices", "credit_memos")
    hints = [Hint(noun, one.id, "Update", "2026-01-05T10:00:00") for noun in followed for one in scene.book(noun)]
    assert scene.send_notice(scene.notice(*hints)) == 200
    scene.until(lambda: scene.platform.get(f"{scene.path}/status")["open_changes"] == 0)


def _lose_answer(scene: Scene, collection: str) -> None:
    scene.fault("drop", when="after", method="PUT", path=f"/{collection}")


def _bring(scene: Scene, noun: str, record: Json) -> None:
    scene.put(noun, record)
    view = scene.settled(noun, record["id"], seconds=60)
    assert view["state"] == "in_sync", view["problems"]
