"""One company in a simulator behind a connector, and what a billing service keeps of it: links, and nothing else.

A rule (rules.py) plays on a World and knows no ledger. The two worlds below differ in how a company is connected and in
what a bookkeeper presses; everything else goes through connectors.protocol.
"""

from __future__ import annotations

import hashlib
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from connectors.protocol import Ledger, Member, Outcome, Provider, Result
from connectors.quickbooks.connector import QuickBooksLedger
from connectors.quickbooks.provider import QuickBooksApp, QuickBooksProvider
from connectors.sandbox.quickbooks.settings import UK_REALM
from connectors.sandbox.xero.settings import UK_TENANT
from connectors.xero.connector import XeroLedger
from contracts.books import Catalog, Observed, ObservedDocument, RecordKind
from contracts.connections import ConnectionSettings
from contracts.taxes import TaxKind
from mappings.plan import KIND_OF, Books, CoreRecord, Held, LinkedCustomer, LinkedDocument, Step, marker_of
from tests.builders import a_customer
from tests.connectors.fakes import MemoryStore
from tests.connectors.xero.scene import a_provider, consent

HTTP = httpx.Client(timeout=20, trust_env=False, verify=False)
NOBODY = {"quickbooks": "999999", "xero": "11111111-2222-4333-8444-555555555555"}

Wrap = Callable[[Ledger], Ledger]


class World(ABC):
    """Everything a rule may touch."""

    name: str
    company_id: str

    def __init__(self, base: str, wrap: Wrap | None = None) -> None:
        self.base = base
        self._wrap: Wrap = wrap or (lambda ledger: ledger)
        self._held: dict[str, Held] = {}
        self._turns = itertools.count(1)

    async def begin(self) -> None:
        """A fresh company, connected, its lists read, one customer in it."""
        assert HTTP.post(f"{self.base}/_control/reset").status_code == 200
        self.provider = self.a_provider()
        await self.provider.start()
        grant = await self.provider.connect(self.consent())
        self.store = MemoryStore(grant)
        self.ledger = self._wrap(self.open())
        catalog = await self.ledger.catalog()
        self.books = Books(catalog=catalog, settings=self.settings(catalog))
        await self.bring(a_customer())

    async def end(self) -> None:
        """Give the connections back."""
        await self.provider.stop()

    # --- what billing does

    async def bring(self, record: CoreRecord) -> Observed:
        """Take every step a record needs, one call each, as the service does."""
        for _ in range(10):
            step = self.plan(record)
            if step is None:
                break
            (call,) = self.ledger.compose([self.member(record, step)])
            (outcome,) = await self.ledger.send(call)
            assert outcome.result is Result.DONE, outcome
            self.keep(record, step, outcome)
        held = self._held[record.id]
        assert held.observed is not None
        return held.observed

    def plan(self, record: CoreRecord) -> Step | None:
        """The next step for a record, which must be free of blocking problems."""
        held = self._held.get(record.id)
        problems = [problem for problem in self.ledger.check(record, self.books, held) if problem.blocks]
        assert not problems, problems
        return self.ledger.next_step(record, self.books, held, marker=marker_of(f"rec_{record.id}"))

    def members(self, *records: CoreRecord) -> list[Member]:
        """The next step of each, ready to send."""
        return [self.member(record, step) for record in records if (step := self.plan(record)) is not None]

    def member(self, record: CoreRecord, step: Step) -> Member:
        """A step under a key that names this turn."""
        key = hashlib.sha256(f"{self.name}:{record.id}:{next(self._turns)}".encode()).hexdigest()[:32]
        return Member(
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
        """Remember what the ledger answered, so that other records can name it."""
        observed = outcome.observed
        assert observed is not None
        self._held[record.id] = Held(observed.ref, observed, step.fingerprint)
        if KIND_OF[type(record)] is RecordKind.CUSTOMER:
            linked = LinkedCustomer(remote_id=observed.ref.id, currency=self.books.catalog.company.home_currency)
            self.books = replace(self.books, customers={**self.books.customers, record.id: linked})
        elif isinstance(observed, ObservedDocument) and KIND_OF[type(record)] is RecordKind.INVOICE:
            document = LinkedDocument(
                remote_id=observed.ref.id,
                customer_id=getattr(record, "customer_id", ""),
                currency=observed.currency,
                open_balance=str(observed.balance),
            )
            self.books = replace(self.books, invoices={**self.books.invoices, record.id: document})

    def pretend_customer(self, customer_id: str) -> None:
        """A link to a customer the ledger does not have."""
        linked = LinkedCustomer(NOBODY[self.name], self.books.catalog.company.home_currency)
        self.books = replace(self.books, customers={**self.books.customers, customer_id: linked})

    # --- what the ledger does

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The simulator's own endpoint."""
        answer = HTTP.request(method, f"{self.base}/_control/{path}", json=body)
        if answer.status_code != 200:
            # No assertion: a rule that cannot be played is not a rule that was broken.
            raise RuntimeError(f"{method} {path}: {answer.text}")
        return answer.json()

    def act(self, action: str, **order: Any) -> Any:
        """Something a bookkeeper does."""
        return self.control("POST", f"bookkeeper/{self.company_id}/{action}", order)

    def pass_time(self, seconds: int) -> None:
        """The ledger's clock goes on."""
        self.control("POST", "clock/advance", {"seconds": seconds})

    def now(self) -> datetime:
        """The ledger's clock."""
        return datetime.fromisoformat(self.control("GET", "clock")["now"])

    def slow_down(self) -> None:
        """The next write is asked to wait."""
        self.control("POST", "faults", {"kind": "throttle", **self.writes})

    def lose_next_answer(self) -> None:
        """The next write is carried out and its answer never arrives."""
        self.control("POST", "faults", {"kind": "drop", "when": "after", **self.writes})

    # --- what differs

    writes: dict[str, str]

    @abstractmethod
    def a_provider(self) -> Provider: ...

    @abstractmethod
    def consent(self) -> dict[str, str]: ...

    @abstractmethod
    def open(self, page: int = 0) -> Ledger: ...

    @abstractmethod
    def settings(self, catalog: Catalog) -> ConnectionSettings: ...

    @abstractmethod
    async def numbered(self, number: str) -> int:
        """How many invoices have this number."""

    @abstractmethod
    def pay(self, invoice_id: str, amount: int) -> None: ...

    @abstractmethod
    def redate(self, invoice_id: str, due: str) -> None: ...

    @abstractmethod
    def type_invoice(self, customer_id: str, number: str) -> None:
        """A bookkeeper types an invoice of their own."""

    @abstractmethod
    def delete_invoice(self, invoice_id: str) -> str:
        """One that is deleted in the ledger: this one where that is possible, else a draft; its id."""

    @abstractmethod
    def retire(self, customer_id: str) -> None: ...

    @abstractmethod
    async def revoke(self) -> None:
        """The merchant ends our access."""


def standard_rate(catalog: Catalog, *names: str) -> str:
    """The code for 20 % the merchant would choose."""
    return next(
        code.id
        for code in catalog.tax_codes
        if code.active and code.kind is TaxKind.STANDARD and (code.id in names or code.name in names)
    )


class QuickBooksWorld(World):
    """A British company in the QuickBooks simulator."""

    name = "quickbooks"
    company_id = UK_REALM
    writes = {"method": "POST", "path": r"/(batch|invoice|customer|payment)\?"}

    def a_provider(self) -> Provider:
        return QuickBooksProvider(
            QuickBooksApp(
                client_id="sandbox-client",
                client_secret="sandbox-secret",
                redirect_url="http://127.0.0.1:9/callback",
                api_url=self.base,
                discovery_url=f"{self.base}/.well-known/openid_sandbox_configuration",
                app_url=self.base,
                unlimited=True,
            )
        )

    def consent(self) -> dict[str, str]:
        url = self.provider.oauth.authorize_url("state-1")
        form = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        answer = HTTP.post(url.partition("?")[0], data={**form, "realm": self.company_id, "decision": "connect"})
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def open(self, page: int = 0) -> Ledger:
        ledger = self.provider.open(connection="con_1", company_id=self.company_id, store=self.store)
        assert isinstance(ledger, QuickBooksLedger)
        ledger._page = page or ledger._page
        return ledger

    def settings(self, catalog: Catalog) -> ConnectionSettings:
        item = next(item for item in catalog.items if item.usable and item.active and item.income_account)
        code = standard_rate(catalog, "20.0% S", "20% S")
        return ConnectionSettings(default_item=item.id, tax_codes={"vat-20": code})

    async def numbered(self, number: str) -> int:
        held = self.control("GET", f"companies/{self.company_id}/Invoice")["Invoice"]
        return sum(one.get("DocNumber") == number for one in held)

    def pay(self, invoice_id: str, amount: int) -> None:
        self.act("payment", invoice_id=invoice_id, amount=amount)

    def redate(self, invoice_id: str, due: str) -> None:
        self.act("edit", entity="Invoice", id=invoice_id, changes={"DueDate": due})

    def type_invoice(self, customer_id: str, number: str) -> None:
        tax = {"value": self.books.settings.tax_codes["vat-20"]}
        detail = {"ItemRef": {"value": self.books.settings.default_item}, "TaxCodeRef": tax}
        line = {"DetailType": "SalesItemLineDetail", "Amount": 5, "SalesItemLineDetail": detail}
        typed = {"CustomerRef": {"value": customer_id}, "DocNumber": number, "Line": [line]}
        self.act("create", entity="Invoice", object=typed)

    def delete_invoice(self, invoice_id: str) -> str:
        self.act("delete", entity="Invoice", id=invoice_id)
        return invoice_id

    def retire(self, customer_id: str) -> None:
        self.act("inactivate", entity="Customer", id=customer_id)

    async def revoke(self) -> None:
        assert self.store.stored is not None
        await self.provider.oauth.revoke(self.store.stored.grant.refresh_token)
        self.control("POST", "tokens/expire-access", {})


class XeroWorld(World):
    """A British organisation in the Xero simulator."""

    name = "xero"
    company_id = UK_TENANT
    writes = {"method": "PUT", "path": "/(Invoices|Contacts|Payments)"}

    def a_provider(self) -> Provider:
        return a_provider(self.base)

    def consent(self) -> dict[str, str]:
        return consent(self.provider.oauth.authorize_url("state-1"), self.company_id)

    def open(self, page: int = 0) -> Ledger:
        ledger = self.provider.open(connection="con_1", company_id=self.company_id, store=self.store)
        assert isinstance(ledger, XeroLedger)
        ledger._page = page or ledger._page
        return ledger

    def settings(self, catalog: Catalog) -> ConnectionSettings:
        sales = next(account for account in catalog.accounts if account.code == "200")
        bank = next(account for account in catalog.accounts if account.type == "BANK")
        code = standard_rate(catalog, "OUTPUT2")
        return ConnectionSettings(default_account=sales.id, deposit_account=bank.id, tax_codes={"vat-20": code})

    async def numbered(self, number: str) -> int:
        held = self.control("GET", f"organisations/{self.company_id}/documents")["documents"]
        return sum(one.get("InvoiceNumber") == number for one in held)

    def pay(self, invoice_id: str, amount: int) -> None:
        self.act("payment", invoice_id=invoice_id, amount=amount)

    def redate(self, invoice_id: str, due: str) -> None:
        self.act("edit", invoice_id=invoice_id, changes={"DueDate": due})

    def type_invoice(self, customer_id: str, number: str) -> None:
        self._typed(customer_id, number, "AUTHORISED")

    def _typed(self, customer_id: str, number: str, status: str) -> str:
        line = {"Description": "By hand", "Quantity": 1, "UnitAmount": 5, "AccountCode": "200"}
        typed = {
            "Type": "ACCREC",
            "Status": status,
            "Contact": {"ContactID": customer_id},
            "InvoiceNumber": number,
            "Date": "2026-09-01",
            "DueDate": "2026-09-30",
            "LineItems": [line],
        }
        return str(self.act("create", entity="Invoice", object=typed)["InvoiceID"])

    def delete_invoice(self, invoice_id: str) -> str:
        draft = self._typed(self.books.customers["cus_1"].remote_id, "DRAFT-1", "DRAFT")
        self.act("void", invoice_id=draft)
        return draft

    def retire(self, customer_id: str) -> None:
        self.act("archive-contact", contact_id=customer_id)

    async def revoke(self) -> None:
        assert self.store.stored is not None
        await self.provider.oauth.revoke(self.store.stored.grant.refresh_token)
        self.control("POST", "tokens/expire-access", {})


class Wrapped:
    """A ledger that passes everything on. The broken ones in broken.py change one thing each."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def outcomes_by_key(outcomes: Sequence[Outcome]) -> dict[str, Outcome]:
    """Outcomes come in any order."""
    return {outcome.key: outcome for outcome in outcomes}
