"""A Xero organisation in the simulator, connected through our own provider over real HTTP, and plain members for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from connectors.limits import Window
from connectors.oauth.tokens import TokenSource
from connectors.protocol import Member
from connectors.sandbox.xero.settings import UK_TENANT, XeroSettings
from connectors.xero.client import Raw, XeroClient
from connectors.xero.limits import XeroLimiter
from connectors.xero.provider import XeroApp, XeroProvider
from connectors.xero.times import updated_at
from contracts.books import Observed, ObservedCustomer, ObservedDocument, ObservedPayment, RecordKind, RemoteRef
from contracts.customers import Customer
from mappings.plan import Verb
from tests.connectors.fakes import MemoryStore

WEB, PKCE, _ = (app.client_id for app in XeroSettings().apps)
SECRET = "sandbox-secret"
REDIRECT = "http://localhost:9/callback"
WEBHOOK_KEY = "sandbox-webhook-key"

HTTP = httpx.Client(timeout=20, trust_env=False, verify=False)  # one for all: each builds a TLS context


def a_provider(base: str, **more: Any) -> XeroProvider:
    settings: dict[str, Any] = {
        "client_id": WEB,
        "client_secret": SECRET,
        "redirect_url": REDIRECT,
        "pkce_key": b"k" * 32,
        "webhook_key": WEBHOOK_KEY,
        "simulator_url": base,
        "unlimited": True,
        **more,
    }
    return XeroProvider(XeroApp(**settings))


def consent(url: str, tenant: str = UK_TENANT, decision: str = "allow") -> dict[str, str]:
    """Press the button on the consent page; the parameters the browser comes back with."""
    form = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    page = HTTP.get(url)
    assert page.status_code == 200, page.text
    answer = HTTP.post(url.partition("?")[0], data={**form, "tenant": tenant, "decision": decision})
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


@dataclass
class Scene:
    """One connected organisation. `control` is the simulator's own endpoint; nothing of ours is behind it."""

    base: str
    provider: XeroProvider
    store: MemoryStore
    tenant: str = UK_TENANT
    client: XeroClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.a_client()

    def a_client(self, limiter: XeroLimiter | None = None) -> XeroClient:
        return XeroClient(
            self.provider._http,
            TokenSource(self.store, self.provider.oauth),
            limiter or XeroLimiter((Window(100_000, 1),)),
            tenant_id=self.tenant,
            connection="con_1",
        )

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = HTTP.request(method, f"{self.base}/_control/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def fault(self, kind: str, **more: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **more})

    def act(self, action: str, **order: Any) -> Any:
        """Something a bookkeeper does."""
        return self.control("POST", f"bookkeeper/{self.tenant}/{action}", order)

    def peek(self, path: str) -> Any:
        """A reading past the connector, for what it does not read."""
        assert self.store.stored is not None
        headers = {
            "Authorization": f"Bearer {self.store.stored.grant.access_token}",
            "Xero-Tenant-Id": self.tenant,
            "Accept": "application/json",
        }
        return HTTP.get(f"{self.base}/api.xro/2.0/{path}", headers=headers).json()

    async def contact(self, name: str = "Buyer Ltd", **more: Any) -> str:
        answer = await self.client.write(
            "PUT", "Contacts", json.dumps({"Contacts": [{"Name": name, **more}]}).encode(), key=f"contact-{name}"
        )
        return str(answer.data["Contacts"][0]["ContactID"])

    async def held(self, collection: str, **params: str) -> list[Raw]:
        """What the organisation holds, as a stranger would see it."""
        return (await self.client.rows(collection, {"page": "1", "pageSize": "1000", **params})).rows


async def connected(base: str, *, tenant: str = UK_TENANT, reset: bool = True, **more: Any) -> Scene:
    """A fresh simulator with one consent given."""
    if reset:
        assert HTTP.post(f"{base}/_control/reset").status_code == 200
    provider = a_provider(base, **more)
    grant = await provider.connect(consent(provider.oauth.authorize_url("state-1"), tenant))
    return Scene(base, provider, MemoryStore(grant), grant.company_id)


def line(amount: str = "100", **more: Any) -> Raw:
    return {"Description": "Work", "Quantity": 1, "UnitAmount": float(amount), "AccountCode": "200"} | more


def an_invoice(number: int, contact: str, **more: Any) -> Member:
    body = {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": contact},
        "InvoiceNumber": f"LL-{number}",
        "Date": "2026-09-01",
        "DueDate": "2026-09-30",
        "Url": f"https://billing.example/{number}#ledgerlane:rec_{number}",
        "LineItems": [line()],
        **more,
    }
    return a_member(number, RecordKind.INVOICE, body)


def a_member(number: int, kind: RecordKind, body: Mapping[str, Any], *, path: str = "", **more: Any) -> Member:
    path = path or {"customer": "Contacts", "invoice": "Invoices", "credit_memo": "CreditNotes"}.get(kind, "Payments")
    options = {"method": "PUT", "path": path, "elements": path.rpartition("/")[2]}
    return Member(
        key=f"key-{number}-{kind}",
        kind=kind,
        verb=more.pop("verb", Verb.CREATE),
        marker=f"ledgerlane:rec_{number}",
        number=str(body.get("InvoiceNumber") or body.get("CreditNoteNumber") or ""),
        body=json.dumps(body),
        options=options | more.pop("options", {}),
        **more,
    )


def a_change(number: int, held: Observed, fields: Mapping[str, Any], *, verb: Verb = Verb.UPDATE) -> Member:
    collection, name = {
        RecordKind.CUSTOMER: ("Contacts", "ContactID"),
        RecordKind.INVOICE: ("Invoices", "InvoiceID"),
        RecordKind.CREDIT_MEMO: ("CreditNotes", "CreditNoteID"),
    }[held.ref.kind]
    return Member(
        key=f"change-{number}-{verb}",
        kind=held.ref.kind,
        verb=verb,
        marker=f"ledgerlane:rec_{number}",
        target=held.ref,
        body=json.dumps({name: held.ref.id, **fields}),
        options={"method": "POST", "path": collection, "elements": collection},
    )


def plain_observe(entity: str, row: Raw) -> Observed:
    """A reading good enough for tests of what carries the objects; the real one is the mapping's."""
    if row.get("Odd"):
        raise ValueError("odd record")
    changed = updated_at(row)
    version = "" if changed is None else str(int(changed.timestamp() * 1000))
    marker = next(
        (
            text[text.index("ledgerlane:") :].split()[0]
            for name in ("Url", "Reference", "ContactNumber")
            if "ledgerlane:" in (text := str(row.get(name) or ""))
        ),
        "",
    )
    if entity == "Contact":
        ref = RemoteRef(kind=RecordKind.CUSTOMER, id=row["ContactID"], version=version)
        name = str(row.get("Name", ""))
        active = row.get("ContactStatus", "ACTIVE") == "ACTIVE"
        return ObservedCustomer(
            ref=ref, customer=Customer(id=ref.id, name=name), active=active, fingerprint=name, marker=marker
        )
    if entity in ("Payment", "Allocation", "BankTransaction"):
        kind = RecordKind.ALLOCATION if entity == "Allocation" else RecordKind.PAYMENT
        identifier = row[f"{entity}ID"]
        if entity == "Allocation":
            identifier = f"CreditNotes/{row['CreditNote']['CreditNoteID']}/Allocations/{identifier}"
        ref = RemoteRef(kind=kind, id=identifier, version=version)
        return ObservedPayment(
            ref=ref,
            amount=Decimal(row.get("Amount", 0)),
            marker=marker,
            voided=row.get("Status") == "DELETED",
            applies_credit=entity == "Allocation",
        )
    kind = RecordKind.INVOICE if entity == "Invoice" else RecordKind.CREDIT_MEMO
    return ObservedDocument(
        ref=RemoteRef(kind=kind, id=row[f"{entity}ID"], version=version),
        number=str(row.get(f"{entity}Number", "")),
        total=Decimal(row.get("Total", 0)),
        balance=Decimal(row.get("AmountDue") or row.get("RemainingCredit") or 0),
        voided=row.get("Status") == "VOIDED",
        marker=marker,
        settled_by=[one["PaymentID"] for one in row.get("Payments") or []],
    )
