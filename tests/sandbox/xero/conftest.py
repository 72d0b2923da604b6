"""A Xero simulator on a real port, and a small client that speaks plain HTTP to it and checks every answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from connectors.sandbox.common.exact_json import dumps, loads
from connectors.sandbox.xero import XeroSettings, create_app
from connectors.sandbox.xero.settings import UK_TENANT, US_TENANT, Switches
from tests.sandbox.xero import openapi

HTTP = httpx.Client(timeout=20, trust_env=False, verify=False)  # one for all: each client builds a TLS context
REDIRECT = "http://localhost:9/callback"
WEB, PKCE, CUSTOM = (app.client_id for app in XeroSettings().apps)
SECRET = "sandbox-secret"
SCOPES = (
    "openid profile email offline_access accounting.invoices accounting.payments accounting.contacts "
    "accounting.settings accounting.banktransactions"
)


@contextmanager
def running(settings: XeroSettings) -> Iterator[str]:
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
    def messages(self) -> list[str]:
        """Every validation message, of strict refusals and of single elements."""
        rows = self.body.get("Elements") or next((v for v in self.body.values() if isinstance(v, list)), [])
        return [error["Message"] for row in rows for error in row.get("ValidationErrors", [])]

    @property
    def rows(self) -> list[Any]:
        return next(value for value in self.body.values() if isinstance(value, list))

    @property
    def row(self) -> Any:
        assert len(self.rows) == 1
        return self.rows[0]


@dataclass
class Books:
    """One connected organisation, seen through the API."""

    base: str
    tenant: str
    access: str
    refresh: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, *, headers: Any = None, **params: str) -> Answered:
        response = HTTP.request(
            method,
            f"{self.base}/api.xro/2.0/{path}",
            params=params or None,
            content=body if isinstance(body, bytes | str) or body is None else dumps(body),
            headers={
                "Authorization": f"Bearer {self.access}",
                "Xero-Tenant-Id": self.tenant,
                "Accept": "application/json",
                "Content-Type": "application/json",
                **self.headers,
                **(headers or {}),
            },
        )
        is_json = response.headers.get("content-type", "").startswith("application/json")
        parsed = loads(response.content) if is_json else response.content
        if is_json and response.status_code in {200, 400}:
            openapi.check(method, "/" + path, response.status_code, parsed)
        return Answered(response.status_code, parsed, response.headers)

    def get(self, path: str, **params: str) -> Answered:
        answered = self.call("GET", path, **params)
        assert answered.status == 200, answered.body
        return answered

    def put(self, path: str, body: Any, **params: str) -> Any:
        """PUT one element that must succeed; returns it."""
        answered = self.call("PUT", path, body, **params)
        assert answered.status == 200, answered.body
        return answered.row

    def post(self, path: str, body: Any, **params: str) -> Any:
        answered = self.call("POST", path, body, **params)
        assert answered.status == 200, answered.body
        return answered.row

    def refused(self, method: str, path: str, body: Any, **params: str) -> list[str]:
        """The messages of a 400 validation exception."""
        answered = self.call(method, path, body, **params)
        assert answered.status == 400, answered.body
        assert answered.body["ErrorNumber"] == 10, answered.body
        return answered.messages

    def control(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        response = HTTP.request(method, f"{self.base}/_control/{path}", content=dumps(body) if body else None)
        assert response.status_code == status, response.text
        return loads(response.content)

    def switch(self, **values: Any) -> None:
        self.control("POST", "switches", values)

    def act(self, action: str, **order: Any) -> Any:
        """Something a bookkeeper does."""
        return self.control("POST", f"bookkeeper/{self.tenant}/{action}", order)

    # builders --------------------------------------------------------------------------------------------------

    def contact(self, name: str, **more: Any) -> Any:
        return self.put("Contacts", {"Name": name, **more})

    def invoice(self, contact: Any, *lines: Any, **more: Any) -> Any:
        return self.put("Invoices", invoice(contact, *lines, **more))

    def credit_note(self, contact: Any, amount: Any = 100, **more: Any) -> Any:
        return self.put("CreditNotes", credit_note(contact, amount, **more))

    def pay(self, document: Any, amount: Any, **more: Any) -> Any:
        return self.put("Payments", payment(document, amount, **more))

    def number_of(self, name: str) -> Any:
        """The seeded invoice of a contact."""
        found = self.get("Invoices", where=f'Contact.Name=="{name}"').rows
        return self.get(f"Invoices/{found[0]['InvoiceID']}").row


def line(amount: Any = 100, **more: Any) -> Any:
    return {
        "Description": "Work",
        "Quantity": 1,
        "UnitAmount": amount,
        "AccountCode": "200",
        "TaxType": "OUTPUT2",
        **more,
    }


def invoice(contact: Any, *lines: Any, **more: Any) -> Any:
    """An approved sales invoice of 100.00 plus 20 % unless told otherwise."""
    return {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": contact["ContactID"]},
        "Date": "2026-09-01",
        "DueDate": "2026-09-30",
        "LineItems": list(lines) or [line()],
        **more,
    }


def credit_note(contact: Any, amount: Any = 100, **more: Any) -> Any:
    return {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": contact["ContactID"]},
        "Date": "2026-09-05",
        "LineItems": [line(amount)],
        **more,
    }


def payment(document: Any, amount: Any, **more: Any) -> Any:
    kind = "CreditNote" if "CreditNoteID" in document else "Overpayment" if "OverpaymentID" in document else "Invoice"
    return {
        kind: {f"{kind}ID": document[f"{kind}ID"]},
        "Account": {"Code": "090"},
        "Date": "2026-09-10",
        "Amount": amount,
        **more,
    }


def authorise(base: str, tenant: str, *, client: str = WEB, scope: str = SCOPES, **more: str) -> str:
    """Press Allow on the real consent page; returns the code."""
    form = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": REDIRECT,
        "state": "s1",
        "scope": scope,
        **more,
    }
    page = HTTP.get(f"{base}/identity/connect/authorize", params=form)
    assert page.status_code == 200, page.text
    assert tenant in page.text
    answer = HTTP.post(f"{base}/identity/connect/authorize", data={**form, "tenant": tenant, "decision": "allow"})
    assert answer.status_code == 302, answer.text
    callback = parse_qs(urlsplit(answer.headers["location"]).query)
    assert callback["state"] == ["s1"]
    return callback["code"][0]


def token(base: str, *, client: str = WEB, secret: str = SECRET, **form: str) -> httpx.Response:
    return HTTP.post(f"{base}/connect/token", data=form, auth=(client, secret))


def connect(base: str, tenant: str, *, scope: str = SCOPES) -> Books:
    code = authorise(base, tenant, scope=scope)
    answer = token(base, grant_type="authorization_code", code=code, redirect_uri=REDIRECT).json()
    return Books(base, tenant, answer["access_token"], answer.get("refresh_token", ""))


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    """One server for the whole folder; the fixtures below reset it."""
    with running(XeroSettings(switches=Switches(limits=False))) as url:
        yield url


@pytest.fixture
def uk(base: str) -> Books:
    HTTP.post(f"{base}/_control/reset")
    return connect(base, UK_TENANT)


@pytest.fixture
def us(base: str) -> Books:
    HTTP.post(f"{base}/_control/reset")
    return connect(base, US_TENANT)
