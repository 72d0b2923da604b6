"""A Xero organisation from consent to payment, through the whole service and over real HTTP to the simulator."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn

from connectors.sandbox.xero import XeroSettings as Simulated
from connectors.sandbox.xero.settings import UK_TENANT, Switches
from service.app import create_app
from service.platforms import add_platform
from service.settings import Settings, XeroSettings
from service.store.database import Database
from service.store.migrate import upgrade
from service.wiring import build_service
from tests.connectors.xero.scene import HTTP, SECRET, WEB, consent
from tests.sandbox.xero.conftest import running
from tests.service.api.conftest import a_customer as a_customer_body

KEY = base64.b64encode(b"k" * 32).decode()
WEBHOOK_KEY = "webhook-key"
TAX = [{"id": "vat", "rate": "20"}]


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with running(Simulated(switches=Switches(limits=False))) as url:
        yield url


@dataclass
class Company:
    """A platform with a connection in progress, seen through the API alone."""

    url: str
    key: str
    base: str = ""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request. "~" stands for the connection's path."""
        headers = {"authorization": f"Bearer {self.key}"}
        answer = HTTP.request(method, self.url + path.replace("~", self.base), json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def until(self, path: str, test: Callable[[Any], bool]) -> Any:
        """The answer at a path once it is as wanted; ten seconds at most."""
        answer: Any = None
        for _ in range(200):
            answer = self.call("GET", path)
            if test(answer):
                return answer
            time.sleep(0.05)
        raise AssertionError(answer)

    def settled(self, noun: str, body: dict[str, Any]) -> Any:
        """Send a record and wait until it is in both books, or blocked."""
        self.call("PUT", f"~/{noun}/{body['id']}", body)
        return self.until(f"~/{noun}/{body['id']}", lambda view: view["state"] in ("in_sync", "blocked"))


@pytest.fixture
def ledgerlane(tmp_path: Path, simulator: str) -> Iterator[Company]:
    """The service on a port of its own, set up for the simulator, with one platform."""
    assert HTTP.post(f"{simulator}/_control/reset").status_code == 200
    xero = XeroSettings(
        client_id=WEB,
        client_secret=cast("Any", SECRET),
        webhook_key=cast("Any", WEBHOOK_KEY),
        simulator_url=simulator,
        limits="none",
        _env_file=None,
    )
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/test.sqlite3",
        secret_key=cast("Any", KEY),
        public_url="http://localhost:9",
        xero=xero,
        _env_file=None,
    )
    upgrade(settings.database_url)
    config = uvicorn.Config(create_app(build_service(settings)), port=0, log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Company(f"http://127.0.0.1:{port}", asyncio.run(a_key(settings)))
    server.should_exit = True
    thread.join(timeout=10)


async def a_key(settings: Settings) -> str:
    database = Database(settings.database_url)
    async with database.write() as session:
        _, key = await add_platform(session, "acme")
    await database.close()
    return key


@pytest.fixture
def company(ledgerlane: Company) -> Company:
    """A merchant who has just said yes in Xero, with accounts and tax rate chosen."""
    wanted = {"ledger": "xero", "return_url": "http://billing.example/back"}
    made = ledgerlane.call("POST", "/v1/connections", wanted)
    back = HTTP.get(f"{ledgerlane.url}/oauth/xero/callback", params=consent(made["authorize_url"]))
    assert parse_qs(urlsplit(back.headers["location"]).query)["result"] == ["connected"]
    ledgerlane.base = f"/v1/connections/{made['id']}"
    ledgerlane.until("~", lambda view: bool(view["catalog_read_at"]))
    accounts = {account["code"]: account["id"] for account in ledgerlane.call("GET", "~/catalog")["accounts"]}
    settings = {"default_account": accounts["200"], "deposit_account": accounts["090"], "tax_codes": {"vat": "OUTPUT2"}}
    ledgerlane.call("PUT", "~/settings", settings)
    return ledgerlane


def a_document(id: str, **more: Any) -> dict[str, Any]:
    line = {"quantity": "2", "unit_price": "10.00", "amount": "20.00", "tax_code": "vat", "description": "Seats"}
    return {
        "id": id,
        "number": f"N-{id}",
        "customer_id": "cus_1",
        "status": "final",
        "currency": "GBP",
        "issue_date": "2026-09-01",
        "tax_codes": TAX,
        "sections": [{"lines": [line]}],
        "totals": {"net": "20.00", "tax": "4.00", "total": "24.00"},
        **more,
    }


def a_payment(id: str, amount: str, *allocations: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": id,
        "customer_id": "cus_1",
        "currency": "GBP",
        "amount": amount,
        "paid_on": "2026-09-10",
        "allocations": [{"invoice_id": invoice, "amount": part} for invoice, part in allocations],
    }


def test_customers_documents_and_money_reach_xero_once(company: Company, simulator: str) -> None:
    """Every kind of record, an over-payment and a payment on two invoices among them."""
    views = [
        company.settled("customers", a_customer_body("cus_1", currency="GBP")),
        company.settled("invoices", a_document("inv_1", due_date="2026-09-30", private_note="by phone")),
        company.settled("invoices", a_document("inv_2", due_date="2026-09-30")),
        company.settled("credit-memos", a_document("cm_1", allocations=[{"invoice_id": "inv_1", "amount": "4"}])),
        company.settled("payments", a_payment("pay_1", "30.00", ("inv_1", "20.00"), ("inv_2", "10.00"))),
        company.settled("payments", a_payment("pay_2", "50.00", ("inv_2", "14.00"))),
    ]

    assert [(view["state"], view["problems"]) for view in views] == [("in_sync", [])] * 6
    held = HTTP.get(f"{simulator}/_control/organisations/{UK_TENANT}/documents").json()["documents"]
    ours = {one.get("InvoiceNumber"): one for one in held if str(one.get("InvoiceNumber")).startswith("N-")}
    assert {number: (one["Status"], one["AmountDue"]) for number, one in ours.items()} == {
        "N-inv_1": ("PAID", 0),
        "N-inv_2": ("PAID", 0),
    }
    assert "/app/!tQ7sd/invoicing/view/" in views[1]["ledger"]["url"]


def test_an_invoice_paid_there_is_voided_and_edited_only_as_xero_allows(company: Company) -> None:
    company.settled("customers", a_customer_body("cus_1", currency="GBP"))
    company.settled("invoices", a_document("inv_1", due_date="2026-09-30"))
    company.settled("invoices", a_document("inv_1", due_date="2026-10-30", reference="PO 7"))

    voided = company.settled("invoices", a_document("inv_1", due_date="2026-10-30", status="voided"))

    assert voided["state"] == "in_sync", voided


def test_a_payment_recorded_in_xero_is_told_to_billing_on_the_invoices_notice(company: Company, simulator: str) -> None:
    """Xero sends no notice of a payment: the invoice's makes us ask for its payments."""
    company.settled("customers", a_customer_body("cus_1", currency="GBP"))
    invoice = company.settled("invoices", a_document("inv_1", due_date="2026-09-30"))
    remote_id = invoice["ledger"]["id"]
    HTTP.post(
        f"{simulator}/_control/bookkeeper/{UK_TENANT}/payment", json={"invoice_id": remote_id, "amount": 24}
    ).raise_for_status()

    event = {
        "resourceId": remote_id,
        "eventDateUtc": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
        "eventType": "UPDATE",
        "eventCategory": "INVOICE",
        "tenantId": UK_TENANT,
        "tenantType": "ORGANISATION",
    }
    assert notify(company.url, {"events": [event]}) == 200
    events = company.until(
        "/v1/events", lambda page: "ledgerlane.payment.recorded_in_ledger" in {one["type"] for one in page["items"]}
    )

    (recorded,) = [one for one in events["items"] if one["type"] == "ledgerlane.payment.recorded_in_ledger"]
    assert recorded["data"]["payment"]["customer_id"] == "cus_1"
    assert [one["invoice_id"] for one in recorded["data"]["payment"]["allocations"]] == ["inv_1"]
    types = [one["type"] for one in company.call("GET", "/v1/events")["items"]]
    assert "ledgerlane.payment.changed_in_ledger" not in types


def test_the_handshake_is_answered_as_xero_demands(ledgerlane: Company) -> None:
    """200 for a right signature and 401 for a wrong one, or the subscription is never switched on."""
    handshake = {"events": [], "firstEventSequence": 0, "lastEventSequence": 0, "entropy": "LUWDSUDGSWNZVALZXBEV"}

    assert notify(ledgerlane.url, handshake) == 200
    assert notify(ledgerlane.url, handshake, key="another") == 401
    assert HTTP.post(f"{ledgerlane.url}/webhooks/xero", json=handshake).status_code == 401
    assert HTTP.post(f"{ledgerlane.url}/webhooks/unknown", json=handshake).status_code == 401


def notify(url: str, notice: dict[str, Any], key: str = WEBHOOK_KEY) -> int:
    raw = json.dumps(notice).encode()
    signature = base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest()).decode()
    headers = {"x-xero-signature": signature, "content-type": "application/json"}
    return HTTP.post(f"{url}/webhooks/xero", content=raw, headers=headers).status_code


def test_disconnecting_ends_the_connection_at_xero(company: Company, simulator: str) -> None:
    """By its own DELETE: Xero counts connections until they are removed."""
    company.call("DELETE", "~")
    company.until("~", lambda view: view["status"] == "disconnected")

    routes = HTTP.get(f"{simulator}/_control/calls").json()["by_route"]
    assert [count for route, count in routes.items() if route.startswith("DELETE /connections")] == [1], routes
