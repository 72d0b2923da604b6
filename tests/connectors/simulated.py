"""The simulator on a real port, a connector that talks to it, and the part of the service that drives it."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn

from connectors.http import LedgerHttp, ReadRetries, TimeOuts
from connectors.limits import Limiter, Window
from connectors.oauth.intuit import Endpoints, IntuitOAuth
from connectors.oauth.tokens import TokenSource
from connectors.protocol import Call, Member, Outcome, Result
from connectors.quickbooks.connector import QuickBooksLedger
from connectors.sandbox.quickbooks import SandboxSettings, create_app
from connectors.sandbox.quickbooks.settings import Switches
from contracts.books import Catalog, ObservedCustomer, ObservedDocument
from contracts.connections import ConnectionSettings
from contracts.invoices import Invoice
from mappings.plan import KIND_OF, Books, CoreRecord, Held, LinkedCustomer, LinkedDocument, Step, marker_of
from tests.builders import VAT, an_invoice
from tests.connectors.fakes import MemoryStore

CALLBACK = "http://127.0.0.1:9/callback"


@contextmanager
def simulator(**switches: Any) -> Iterator[str]:
    """Serve on a free loopback port; yields the base URL."""
    settings = SandboxSettings(switches=Switches(limits=False, **switches))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)


@dataclass
class Company:
    """One connected company: the connector under test, the control endpoint, and what the service would know."""

    base: str
    realm: str
    ledger: QuickBooksLedger
    oauth: IntuitOAuth
    store: MemoryStore
    http: LedgerHttp
    catalog: Catalog | None = None
    held: dict[str, Held] = field(default_factory=dict)
    records: dict[str, CoreRecord] = field(default_factory=dict)
    attempts: int = 0

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.base}/_control/{path}", json=body, timeout=20, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bookkeeper(self, action: str, **order: Any) -> Any:
        return self.control("POST", f"bookkeeper/{self.realm}/{action}", order)

    def fault(self, kind: str, **more: Any) -> None:
        self.control("POST", "faults", {"kind": kind, "method": "POST", "path": "requestid"} | more)

    def there(self, entity: str) -> list[dict[str, Any]]:
        return list(self.control("GET", f"companies/{self.realm}/{entity}")[entity])

    def writes(self) -> int:
        return sum(1 for call in self.control("GET", "calls?limit=5000")["recent"] if call["request_id"])

    async def books(self) -> Books:
        """What the service gathers for the mapping."""
        self.catalog = self.catalog or await self.ledger.catalog()
        customers: dict[str, LinkedCustomer] = {}
        documents: dict[str, dict[str, LinkedDocument]] = {"Invoice": {}, "CreditMemo": {}}
        for record_id, held in self.held.items():
            seen, record = held.observed, self.records[record_id]
            if isinstance(seen, ObservedCustomer):
                customers[record_id] = LinkedCustomer(seen.ref.id, currency=seen.currency, active=seen.active)
            elif isinstance(seen, ObservedDocument):
                documents[type(record).__name__][record_id] = LinkedDocument(
                    seen.ref.id, getattr(record, "customer_id", ""), seen.currency, open_balance=str(seen.balance)
                )
        twenty = next(
            code.id
            for code in self.catalog.tax_codes
            if code.for_sales and sum(part.percent for part in code.components) == Decimal(20)
        )
        item = next(item.id for item in self.catalog.items if item.usable and item.active)
        settings = ConnectionSettings(default_item=item, tax_codes={VAT.id: twenty})
        return Books(self.catalog, settings, customers, documents["Invoice"], documents["CreditMemo"])

    async def plan(self, record: CoreRecord) -> tuple[Step, Member] | None:
        """The next step for a record as a member, as the service stores it."""
        books, held = await self.books(), self.held.get(record.id)
        problems = [problem for problem in self.ledger.check(record, books, held) if problem.blocks]
        assert problems == []
        step = self.ledger.next_step(record, books, held, marker=marker_of(record.id))
        if step is None:
            return None
        self.records[record.id] = record
        self.attempts += 1
        key = hashlib.sha256(f"{record.id}:{step.verb}:{step.fingerprint}:{self.attempts}".encode()).hexdigest()
        return step, Member(
            key=key,
            kind=step.kind,
            verb=step.verb,
            marker=step.marker,
            number=step.number,
            target=step.target,
            body=step.body,
            options=dict(step.options),
        )

    def keep(self, record: CoreRecord, step: Step, outcome: Outcome) -> None:
        """Link what came back."""
        assert outcome.observed is not None, outcome
        held = Held(outcome.observed.ref, outcome.observed, step.fingerprint)
        if step.allocation_of:
            parent = self.held[record.id]
            parts: Mapping[str, Held] = {**parent.allocations, step.allocation_of: held}
            self.held[record.id] = replace(parent, allocations=parts)
        else:
            before = self.held.get(record.id)
            self.held[record.id] = replace(held, allocations=before.allocations if before else {})

    async def push(self, record: CoreRecord, *, most: int = 10) -> list[Outcome]:
        """Step after step until the ledger holds what is wanted."""
        outcomes: list[Outcome] = []
        for _ in range(most):
            planned = await self.plan(record)
            if planned is None:
                return outcomes
            step, member = planned
            (call,) = self.ledger.compose([member])
            (outcome,) = await self.ledger.send(call)
            assert outcome.result is Result.DONE, outcome
            outcomes.append(outcome)
            self.keep(record, step, outcome)
        raise AssertionError(f"{KIND_OF[type(record)]} never settles: {outcomes}")

    async def call_for(self, *records: CoreRecord) -> Call:
        """The one call that carries these records' next steps."""
        members = []
        for record in records:
            planned = await self.plan(record)
            assert planned is not None
            members.append(planned[1])
        (call,) = self.ledger.compose(members)
        return call


def invoices(count: int, start: int = 1) -> list[Invoice]:
    """INV-1, INV-2, ..."""
    return [an_invoice(id=f"inv_{n}", number=f"INV-{n}") for n in range(start, start + count)]


@asynccontextmanager
async def connected(
    base: str, realm: str, *, page: int = 1000, windows: tuple[Window, ...] = (), total: float = 5.0
) -> AsyncIterator[Company]:
    """Reset the simulator, press Connect on its consent page, and wire the connector as the service does."""
    httpx.post(f"{base}/_control/reset", trust_env=False).raise_for_status()
    http = LedgerHttp(
        base, time_outs=TimeOuts(read=total, total=total), retries=ReadRetries(first_wait=0.01, longest_wait=1)
    )
    oauth = IntuitOAuth(
        "sandbox-client",
        "sandbox-secret",
        CALLBACK,
        endpoints=await Endpoints.discover(http, f"{base}/.well-known/openid_sandbox_configuration"),
    )
    store = MemoryStore(await oauth.exchange(consent(oauth, realm), realm))
    ledger = QuickBooksLedger(
        http,
        TokenSource(store, oauth, connection="con_1"),
        company_id=realm,
        connection="con_1",
        limiter=Limiter(windows),
        page=page,
    )
    try:
        yield Company(base, realm, ledger, oauth, store, http)
    finally:
        await http.aclose()


def consent(oauth: IntuitOAuth, realm: str) -> str:
    """Press Connect on the consent page the connector sends a person to; returns the code."""
    url = oauth.authorize_url("st4te")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    answer = httpx.post(url.partition("?")[0], data=asked | {"realm": realm, "decision": "connect"}, trust_env=False)
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
