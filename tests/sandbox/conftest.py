"""A simulator on a real port, and a small client that speaks plain HTTP to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from connectors.sandbox.common.exact_json import dumps, loads
from connectors.sandbox.quickbooks import SandboxSettings, create_app
from connectors.sandbox.quickbooks.settings import UK_REALM, US_REALM, Switches

HTTP = httpx.Client(timeout=20, trust_env=False, verify=False)  # one for all: each client builds a TLS context
REDIRECT = "http://127.0.0.1:9/callback"
ACCOUNTING = "com.intuit.quickbooks.accounting"


@contextmanager
def running(settings: SandboxSettings) -> Iterator[str]:
    """Serve on a free loopback port; yields the base URL."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)


@dataclass
class Answered:
    status: int
    body: Any
    headers: httpx.Headers

    @property
    def codes(self) -> list[str]:
        return [error["code"] for error in self.body["Fault"]["Error"]]

    @property
    def detail(self) -> str:
        return str(self.body["Fault"]["Error"][0]["Detail"])


@dataclass
class Books:
    """One connected company, seen through the API."""

    base: str
    realm: str
    access: str
    refresh: str
    http: httpx.Client = field(default=HTTP)

    def call(self, method: str, path: str, body: Any = None, **params: str) -> Answered:
        content = body if isinstance(body, bytes | str) or body is None else dumps(body)
        response = self.http.request(
            method,
            f"{self.base}/v3/company/{self.realm}/{path}",
            params=params or None,
            content=content,
            headers={"Authorization": f"Bearer {self.access}", "Accept": "application/json, application/pdf"},
        )
        is_json = response.headers.get("content-type", "").startswith("application/json")
        return Answered(
            response.status_code, loads(response.content) if is_json else response.content, response.headers
        )

    def post(self, path: str, body: Any, **params: str) -> Any:
        """POST that must succeed; returns the object under its entity key."""
        answered = self.call("POST", path, body, **params)
        assert answered.status == 200, answered.body
        return next(value for key, value in answered.body.items() if key != "time")

    def refused(self, path: str, body: Any, **params: str) -> Answered:
        answered = self.call("POST", path, body, **params)
        assert "Fault" in answered.body, answered.body
        return answered

    def read(self, path: str, **params: str) -> Any:
        answered = self.call("GET", path, **params)
        assert answered.status == 200, answered.body
        return next(value for key, value in answered.body.items() if key != "time")

    def query(self, text: str) -> Any:
        answered = self.call("GET", "query", query=text)
        assert answered.status == 200, answered.body
        return answered.body["QueryResponse"]

    def rows(self, text: str) -> list[Any]:
        response = self.query(text)
        return next((value for value in response.values() if isinstance(value, list)), [])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"{self.base}/_control/{path}", content=dumps(body) if body else None)
        assert response.status_code == 200, response.text
        return loads(response.content)

    def switch(self, **values: Any) -> None:
        self.control("POST", "switches", values)

    # builders --------------------------------------------------------------------------------------------------

    def customer(self, name: str, **more: Any) -> Any:
        return self.post("customer", {"DisplayName": name, **more})

    def invoice(self, customer: Any, amount: int | Decimal = 100, **more: Any) -> Any:
        return self.post("invoice", {"CustomerRef": {"value": customer["Id"]}, "Line": [line(amount)], **more})

    def credit_memo(self, customer: Any, amount: int | Decimal = 100, **more: Any) -> Any:
        return self.post("creditmemo", {"CustomerRef": {"value": customer["Id"]}, "Line": [line(amount)], **more})

    def pay(self, customer: Any, total: int | Decimal, *applied: tuple[str, Any, int | Decimal], **more: Any) -> Any:
        """applied: ("Invoice", invoice, amount) ..."""
        return self.post("payment", payment(customer, total, *applied, **more))


def line(amount: int | Decimal, **detail: Any) -> Any:
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": amount,
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, **detail},
    }


def payment(customer: Any, total: int | Decimal, *applied: tuple[str, Any, int | Decimal], **more: Any) -> Any:
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": txn["Id"], "TxnType": kind}]} for kind, txn, amount in applied]
    return {"CustomerRef": {"value": customer["Id"]}, "TotalAmt": total, "Line": lines, **more}


def authorise(base: str, realm: str, *, client: str = "sandbox-client", redirect: str = REDIRECT) -> str:
    """Press Connect on the real consent page; returns the code."""
    form = {"client_id": client, "redirect_uri": redirect, "state": "s1", "scope": ACCOUNTING}
    page = HTTP.get(f"{base}/connect/oauth2", params={**form, "response_type": "code"})
    assert page.status_code == 200, page.text
    assert realm in page.text
    answer = HTTP.post(f"{base}/connect/oauth2", data={**form, "realm": realm, "decision": "connect"})
    assert answer.status_code == 302
    callback = parse_qs(urlsplit(answer.headers["location"]).query)
    assert callback["state"] == ["s1"]
    assert callback["realmId"] == [realm]
    return callback["code"][0]


def token(base: str, *, client: str = "sandbox-client", secret: str = "sandbox-secret", **form: str) -> httpx.Response:
    return HTTP.post(f"{base}/oauth2/v1/tokens/bearer", data=form, auth=(client, secret))


def connect(base: str, realm: str) -> Books:
    answer = token(base, grant_type="authorization_code", code=authorise(base, realm), redirect_uri=REDIRECT).json()
    return Books(base, realm, answer["access_token"], answer["refresh_token"])


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    """One server for the whole folder; the fixtures below reset it."""
    with running(SandboxSettings(switches=Switches(limits=False))) as url:
        yield url


@pytest.fixture
def us(base: str) -> Books:
    HTTP.post(f"{base}/_control/reset")
    return connect(base, US_REALM)


@pytest.fixture
def uk(base: str) -> Books:
    HTTP.post(f"{base}/_control/reset")
    return connect(base, UK_REALM)
