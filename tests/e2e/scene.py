"""One installation, one company in the simulator, and the people around them: on any ledger.

What differs between ledgers is the scene's `side` (tests/e2e/ledgers), and only tests of such a difference ask it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from service.cli.demo.actors import Browser, Json, Platform
from service.platforms import add_platform
from service.store.database import Database
from service.store.migrate import upgrade_async
from tests.e2e.children import Child, Environment, KillPlan, start_service
from tests.e2e.ledgers import LedgerSide, Shown
from tests.e2e.ledgers.side import Hint, Noun, control

_NAMES = itertools.count(1)
TAXED, UNTAXED = "sales-tax", "no-tax"
NET = Decimal("100.00")
_CENT = Decimal("0.01")


@dataclass
class Scene:
    """What an end-to-end test plays on."""

    environment: Environment
    simulator: Child
    company: str
    key: str = ""
    connection_id: str = ""
    service: Child | None = None
    customers: list[str] = field(default_factory=list)
    pulled_at: str = ""
    """When the service had last read the change feed, as far as the scene has looked."""

    @property
    def platform(self) -> Platform:
        """Billing, with its key."""
        return Platform(f"http://127.0.0.1:{self.environment.port}", self.key)

    @property
    def side(self) -> LedgerSide:
        """The ledger it plays on."""
        return self.environment.side

    @property
    def gross(self) -> str:
        """What an invoice over 100.00 comes to with the company's tax."""
        return str((NET * (100 + Decimal(self.side.percent)) / 100).quantize(_CENT))

    @property
    def path(self) -> str:
        """The connection's API path."""
        return f"/v1/connections/{self.connection_id}"

    def start(self, plan: KillPlan | None = None) -> None:
        """Start Ledgerlane and wait until it answers."""
        self.service = start_service(self.environment, plan)
        self.service.wait_until_up("/health/ready")

    def until_pulled(self) -> None:
        """Until the change feed was read once more: every start of the service begins with that."""

        def later() -> str:
            now = str(self.platform.get(self.path)["last_pulled_at"] or "")
            return now if now != self.pulled_at else ""

        self.pulled_at = self.until(later)

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
        """Consent in the simulator's page, lists read, the settings chosen that documents need."""
        wanted = {"ledger": self.side.name, "return_url": "http://127.0.0.1/back"}
        made = self.platform.post("/v1/connections", wanted)
        self.connection_id = made["id"]
        result = self.consent(made["authorize_url"])
        assert result["result"] == "connected", result
        self.until(lambda: self.platform.get(self.path)["catalog_read_at"])
        settings = self.side.settings(self.platform.get(f"{self.path}/catalog"), TAXED)
        self.platform.put(f"{self.path}/settings", {**settings, "pull_every_seconds": 3600})

    def consent(self, url: str) -> Json:
        """A person grants access to the scene's company."""
        return Browser().consent(url, **self.side.choices(self.company))

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
        self.side.listen(self.simulator.url, self._notices, self.environment.notice_key, config)

    @property
    def _notices(self) -> str:
        return f"http://127.0.0.1:{self.environment.port}/webhooks/{self.side.name}"

    def notice(self, *hints: Hint, company: str = "") -> bytes:
        """The body of a notice about the company."""
        return self.side.notice(company or self.company, *hints)

    def send_notice(self, body: bytes, *, signature: str | None = None) -> int:
        """Post a notice, signed rightly unless told otherwise; the status of the answer."""
        signed = self.sign(body) if signature is None else signature
        headers = {self.side.signature_header: signed, "Content-Type": "application/json"}
        return requests.post(self._notices, data=body, headers=headers, timeout=10).status_code

    def sign(self, body: bytes, key: str = "") -> str:
        """As both ledgers do: HMAC-SHA256 over the raw body."""
        digest = hmac.new((key or self.environment.notice_key).encode(), body, hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    def control(self, path: str, body: Json | None = None, *, method: str = "POST") -> Any:
        """The simulator's control endpoint."""
        return control(self.simulator.url, path, body, method=method)

    def fault(self, kind: str, **matcher: Any) -> None:
        """Break the next matching call."""
        self.control("faults", {"kind": kind, **matcher})

    def book(self, noun: Noun) -> list[Shown]:
        """All of one kind, as the ledger holds it."""
        return self.side.book(self.simulator.url, self.company, noun)

    def only(self, noun: Noun, number: str) -> Shown:
        """The one object of this number in the ledger."""
        found = [one for one in self.book(noun) if one.number == number]
        assert len(found) == 1, f"{len(found)} copies of {number}"
        return found[0]

    def mails(self) -> list[str]:
        """Whom the ledger has written to."""
        return self.side.mails(self.simulator.url, self.company)

    def pay(self, invoice: str, amount: str) -> None:
        """The bookkeeper records a payment, by the ledger's id of the invoice."""
        self.side.pay(self.simulator.url, self.company, invoice, amount)

    def delete_payment(self, payment: str) -> None:
        """The bookkeeper takes a payment back."""
        self.side.delete_payment(self.simulator.url, self.company, payment)

    def void_invoice(self, invoice: str) -> None:
        """The bookkeeper voids an invoice."""
        self.side.void_invoice(self.simulator.url, self.company, invoice)

    def strict_rotation(self, *, on: bool) -> None:
        """Refresh tokens that are dead once a new one was given."""
        self.side.strict_rotation(self.simulator.url, on=on)

    def expire_access(self) -> None:
        """The access token is refused from now on."""
        self.side.expire_access(self.simulator.url, self.company)

    def disconnect(self) -> None:
        """A person ends our access in the ledger itself."""
        self.side.disconnect(self.simulator.url, self.company)

    def forget_calls(self) -> None:
        """Count from here."""
        self.control("calls", None, method="DELETE")

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

    def until_quiet(self) -> None:
        """Until what is under way has come to an end and no more calls are made."""
        seen = -1

        def quiet() -> bool:
            nonlocal seen
            status, calls = self.platform.get(f"{self.path}/status"), self.calls()["total"]
            seen, before = calls, seen
            time.sleep(0.5)
            return before == calls and not (status["due"] or status["open_changes"] or status["open_calls"])

        self.until(quiet)

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

    def document(
        self,
        id_: str,
        customer: str = "",
        *,
        number: str = "",
        lines: tuple[tuple[str, str, bool], ...] = (("1", "100.00", True),),
        status: str = "final",
        **more: Any,
    ) -> Json:
        """An invoice or credit memo for the first customer, at the company's tax rate.

        lines: (quantity, unit price, taxed).
        """
        amounts = [(Decimal(quantity) * Decimal(price)).quantize(_CENT) for quantity, price, _ in lines]
        taxable = sum((amount for amount, line in zip(amounts, lines, strict=True) if line[2]), Decimal(0))
        net, tax = sum(amounts, Decimal(0)), (taxable * Decimal(self.side.percent) / 100).quantize(_CENT)
        return {
            "id": id_,
            "number": number or id_.upper().replace("_", "-"),
            "customer_id": customer or self.customers[0],
            "status": status,
            "currency": self.side.currency,
            "issue_date": date.today().isoformat(),
            "tax_codes": [
                {"id": TAXED, "rate": self.side.percent},
                {"id": UNTAXED, "kind": "outside_scope", "rate": "0"},
            ],
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

    def invoice(self, id_: str, customer: str = "", **more: Any) -> Json:
        """A final invoice over 100.00 and tax, due in thirty days."""
        due = (date.today() + timedelta(days=30)).isoformat()
        return self.document(id_, customer, **{"due_date": due, **more})

    def payment(self, id_: str, invoice: str, **more: Any) -> Json:
        """The first customer pays an invoice in full."""
        return {
            "id": id_,
            "customer_id": self.customers[0],
            "currency": self.side.currency,
            "amount": self.gross,
            "paid_on": date.today().isoformat(),
            "allocations": [{"invoice_id": invoice, "amount": self.gross}],
            **more,
        }

    def payments_taken_back(self) -> list[Json]:
        """Events of payments that were deleted in the ledger, or voided: what one ledger calls the other's."""
        ended = ("payment.deleted_in_ledger", "payment.voided_in_ledger")
        return [event for event in self.events() if event["type"].endswith(ended)]

    @staticmethod
    def until(ask: Callable[[], Any], *, seconds: float = 30.0) -> Any:
        """Ask until the answer is truthy."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if answer := ask():
                return answer
            time.sleep(0.03)
        raise AssertionError(f"it did not happen within {seconds} seconds")


def a_scene(simulator: Child, folder: Path, side: LedgerSide, **more: str) -> Scene:
    """An installation with an empty database and a company of its own. more: settings, as environment variables."""
    company = side.new_company(simulator.url, f"Test Company {next(_NAMES)}")
    scene = Scene(Environment(folder, side, simulator.url, more=more), simulator, company)
    scene.make_platform()
    return scene


async def _platform(url: str) -> str:
    await upgrade_async(url)
    database = Database(url)
    async with database.write() as session:
        _, key = await add_platform(session, f"platform {next(_NAMES)}")
    await database.close()
    return key
