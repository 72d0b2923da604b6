"""One installation, one company in the simulator, and the people around them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from service.cli.demo.actors import Bookkeeper, Browser, Json, Platform
from service.platforms import add_platform
from service.store.database import Database
from service.store.migrate import upgrade_async
from tests.e2e.children import Child, Environment, KillPlan, start_service

_NAMES = itertools.count(1)
TAXED, UNTAXED = "ca-sales-tax", "no-tax"


@dataclass
class Scene:
    """What an end-to-end test plays on."""

    environment: Environment
    simulator: Child
    realm: str
    key: str = ""
    connection_id: str = ""
    service: Child | None = None
    customers: list[str] = field(default_factory=list)

    @property
    def platform(self) -> Platform:
        """Billing, with its key."""
        return Platform(f"http://127.0.0.1:{self.environment.port}", self.key)

    @property
    def bookkeeper(self) -> Bookkeeper:
        """A person in the ledger."""
        return Bookkeeper(self.simulator.url)

    @property
    def path(self) -> str:
        """The connection's API path."""
        return f"/v1/connections/{self.connection_id}"

    def start(self, plan: KillPlan | None = None) -> None:
        """Start Ledgerlane and wait until it answers."""
        self.service = start_service(self.environment, plan)
        self.service.wait_until_up("/health/ready")

    def kill(self) -> None:
        """Kill -9."""
        assert self.service is not None
        self.service.kill()

    def stop(self) -> None:
        """A polite stop."""
        if self.service is not None:
            self.service.stop()

    def make_platform(self) -> None:
        """A platform and its key, as an operator would with the command line."""
        self.key = asyncio.run(_platform(self.environment.variables()["LEDGERLANE_DATABASE_URL"]))

    def connect(self) -> None:
        """Consent in the simulator's page, lists read, item and tax code chosen."""
        wanted = {"ledger": "quickbooks", "return_url": "http://127.0.0.1/back"}
        made = self.platform.post("/v1/connections", wanted)
        self.connection_id = made["id"]
        result = Browser().consent(made["authorize_url"], realm=self.realm)
        assert result["result"] == "connected", result
        self.until(lambda: self.platform.get(self.path)["catalog_read_at"])
        catalog = self.platform.get(f"{self.path}/catalog")
        item = next(each for each in catalog["items"] if each["usable"] and each["type"] == "Service")
        codes = [code for code in catalog["tax_codes"] if [part["percent"] for part in code["components"]] == ["8"]]
        settings = {"default_item": item["id"], "tax_codes": {TAXED: codes[0]["id"]} if codes else {}}
        self.platform.put(f"{self.path}/settings", {**settings, "pull_every_seconds": 3600})

    def import_customers(self) -> None:
        """Everything valid in the ledger becomes a customer of billing."""
        run = self.platform.post(f"{self.path}/customer-imports")
        path = f"{self.path}/customer-imports/{run['id']}"
        self.until(lambda: self.platform.get(path)["state"] == "ready")
        chosen = self.platform.post(f"{path}/import", {"all_valid": True})["rows"]
        self.until(lambda: self.platform.get(path)["imported"] == chosen)
        rows = self.platform.get(f"{path}/rows", state="imported", limit=100)["items"]
        self.customers = [row["customer_id"] for row in rows]

    def webhooks(self, **config: Any) -> None:
        """Tell the simulator where its notices go and how they travel."""
        url = f"http://127.0.0.1:{self.environment.port}/webhooks/quickbooks"
        body = {"url": url, "verifier_token": self.environment.verifier, **config}
        self.control("webhooks", body)

    def control(self, path: str, body: Json | None = None, *, method: str = "POST") -> Any:
        """The simulator's control endpoint."""
        answer = requests.request(method, f"{self.simulator.url}/_control/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def fault(self, kind: str, **matcher: Any) -> None:
        """Break the next matching call."""
        self.control("faults", {"kind": kind, **matcher})

    def book(self, entity: str) -> list[Json]:
        """All of one kind, as the ledger holds it."""
        found: list[Json] = self.control(f"companies/{self.realm}/{entity}", None, method="GET")[entity]
        return found

    def calls(self) -> Json:
        """What was called since the last reset."""
        found: Json = self.control("calls?limit=5000", None, method="GET")
        return found

    def put(self, noun: str, document: Json) -> Json:
        """Billing sends a record."""
        answer: Json = self.platform.put(f"{self.path}/{noun}/{document['id']}", document)
        return answer

    def view(self, noun: str, id_: str) -> Json:
        """How a record stands."""
        answer: Json = self.platform.get(f"{self.path}/{noun}/{id_}")
        return answer

    def settled(self, noun: str, id_: str, *, seconds: float = 30.0) -> Json:
        """The record once it is in sync or blocked."""

        def there() -> Json | None:
            view = self.view(noun, id_)
            return view if view["state"] in ("in_sync", "blocked") else None

        found: Json = self.until(there, seconds=seconds)
        return found

    def until_paid(self, id_: str, status: str) -> None:
        """Until an invoice's payment status is what it should be."""
        self.until(lambda: self.view("invoices", id_)["payment_status"] == status)

    def events(self, type_: str = "") -> list[Json]:
        """The feed, from the beginning."""
        found: list[Json] = []
        cursor = ""
        while True:
            page = self.platform.get("/v1/events", limit=500, **({"after": cursor} if cursor else {}))
            found += page["items"]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return [event for event in found if event["type"].endswith(type_)]

    @staticmethod
    def until(ask: Callable[[], Any], *, seconds: float = 30.0) -> Any:
        """Ask until the answer is truthy."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if answer := ask():
                return answer
            time.sleep(0.03)
        raise AssertionError(f"it did not happen within {seconds} seconds")


def a_document(
    id_: str,
    customer: str,
    *,
    number: str = "",
    lines: tuple[tuple[str, str, bool], ...] = (("1", "100.00", True),),
    status: str = "final",
    **more: Any,
) -> Json:
    """An invoice or credit memo in USD at 8 %; lines are (quantity, unit price, taxed)."""
    amounts = [(Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01")) for quantity, price, _ in lines]
    taxable = sum((amount for amount, line in zip(amounts, lines, strict=True) if line[2]), Decimal(0))
    net, tax = sum(amounts, Decimal(0)), (taxable * Decimal("0.08")).quantize(Decimal("0.01"))
    return {
        "id": id_,
        "number": number or id_.upper().replace("_", "-"),
        "customer_id": customer,
        "status": status,
        "currency": "USD",
        "issue_date": date.today().isoformat(),
        "tax_codes": [{"id": TAXED, "rate": "8"}, {"id": UNTAXED, "kind": "outside_scope", "rate": "0"}],
        "sections": [
            {
                "lines": [
                    {
                        "description": "Work",
                        "quantity": quantity,
                        "unit_price": price,
                        "amount": str(amount),
                        "tax_code": TAXED if taxed else UNTAXED,
                    }
                    for (quantity, price, taxed), amount in zip(lines, amounts, strict=True)
                ]
            }
        ],
        "totals": {"net": str(net), "tax": str(tax), "total": str(net + tax)},
        **more,
    }


def an_invoice(id_: str, customer: str, **more: Any) -> Json:
    """A final invoice over 108.00, due in thirty days."""
    return a_document(id_, customer, due_date=(date.today() + timedelta(days=30)).isoformat(), **more)


def a_new_company(simulator: Child, **options: Any) -> str:
    """A company of its own for one test; returns its realm id."""
    wanted = {"name": f"Test Company {next(_NAMES)}", "customers": 3, **options}
    answer = requests.post(f"{simulator.url}/_control/companies", json=wanted, timeout=60)
    assert answer.ok, answer.text
    return str(answer.json()["realm"])


def a_scene(simulator: Child, folder: Path, **options: Any) -> Scene:
    """An installation with an empty database and a company of its own."""
    scene = Scene(Environment(folder, simulator.url), simulator, a_new_company(simulator, **options))
    scene.make_platform()
    return scene


async def _platform(url: str) -> str:
    await upgrade_async(url)
    database = Database(url)
    async with database.write() as session:
        _, key = await add_platform(session, f"platform {next(_NAMES)}")
    await database.close()
    return key
