"""What differs between the ledgers on stage: how the simulator is started and what a bookkeeper does in it.

Everything billing does is the same for both; this file is why the play needs no "if".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from service.cli.demo.actors import Bookkeeper, Json


@dataclass(frozen=True)
class Held:
    """One document as the ledger's own pages show it."""

    total: Decimal
    date: str
    sent: bool
    unused: Decimal = Decimal(0)


class LedgerOnStage(ABC):
    """One ledger's side of the play. company: the ledger's id of the company that was connected."""

    name: ClassVar[str]
    title: ClassVar[str]
    currency: ClassVar[str]
    tax: ClassVar[Json]
    percent: ClassVar[Decimal]
    desk: ClassVar[str]
    """Path of the page where a person acts as the bookkeeper."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bookkeeper = Bookkeeper(url)
        self.company = ""

    @staticmethod
    @abstractmethod
    def simulator(port: int, ledgerlane: str, secret: str) -> list[str]:
        """The arguments of `ledgerlane` that start the simulator."""

    @staticmethod
    @abstractmethod
    def environment(url: str, secret: str) -> Mapping[str, str]:
        """The settings by which Ledgerlane finds the simulator."""

    def listen(self, ledgerlane: str) -> None:  # noqa: B027 - most ledgers need nothing more than an address
        """Let the ledger send its notices, where that takes more than an address."""

    @abstractmethod
    def settings(self, catalog: Json) -> Json:
        """What a person chooses after connecting."""

    @abstractmethod
    def correct_email(self, customer: str, email: str) -> None:
        """Give a customer an e-mail address, in the ledger's own pages."""

    @abstractmethod
    def pay(self, invoice: str, amount: str) -> None:
        """Record money received for an invoice."""

    @abstractmethod
    def void(self, invoice: str) -> None:
        """Void an invoice."""

    @abstractmethod
    def documents(self) -> dict[str, Held]:
        """Invoices and credit memos, by the ledger's id."""

    def mails(self) -> list[str]:
        """Addresses the ledger has written to."""
        return [str(mail["to"]) for mail in self.bookkeeper.look("/_control/emails")["emails"]]

    def calls(self) -> int:
        """Calls to the ledger so far."""
        return int(self.bookkeeper.look("/_control/calls")["total"])

    def _tax_code(self, catalog: Json) -> str:
        """The active sales code that has just this rate."""
        return next(
            str(code["id"])
            for code in catalog["tax_codes"]
            if code["active"]
            and code["for_sales"]
            and code["kind"] in ("standard", "reduced")
            and [Decimal(part["percent"]) for part in code["components"]] == [self.percent]
        )


class QuickBooksOnStage(LedgerOnStage):
    """A US company with the classic sales tax."""

    name = "quickbooks"
    title = "QuickBooks"
    currency = "USD"
    percent = Decimal(8)
    tax: ClassVar[Json] = {"id": "sales-tax", "name": "California sales tax", "kind": "standard", "rate": "8"}
    desk = "/bookkeeper"

    @staticmethod
    def simulator(port: int, ledgerlane: str, secret: str) -> list[str]:
        return [
            *("sandbox", "quickbooks", "--port", str(port), "--verifier-token", secret),
            *("--webhook-url", f"{ledgerlane}/webhooks/quickbooks"),
        ]

    @staticmethod
    def environment(url: str, secret: str) -> Mapping[str, str]:
        return {
            "LEDGERLANE_QUICKBOOKS_CLIENT_ID": "sandbox-client",
            "LEDGERLANE_QUICKBOOKS_CLIENT_SECRET": "sandbox-secret",
            "LEDGERLANE_QUICKBOOKS_ENVIRONMENT": "sandbox",
            "LEDGERLANE_QUICKBOOKS_VERIFIER_TOKEN": secret,
            "LEDGERLANE_QUICKBOOKS_API_URL": url,
            "LEDGERLANE_QUICKBOOKS_DISCOVERY_URL": f"{url}/.well-known/openid_sandbox_configuration",
            "LEDGERLANE_QUICKBOOKS_APP_URL": url,
        }

    def settings(self, catalog: Json) -> Json:
        item = next(each for each in catalog["items"] if each["usable"] and each["type"] == "Service")
        return {"default_item": item["id"], "tax_codes": {self.tax["id"]: self._tax_code(catalog)}}

    def correct_email(self, customer: str, email: str) -> None:
        changes = {"PrimaryEmailAddr": {"Address": email}}
        self.bookkeeper.act(self.company, "edit", entity="Customer", id=customer, changes=changes)

    def pay(self, invoice: str, amount: str) -> None:
        self.bookkeeper.act(self.company, "payment", invoice_id=invoice, amount=amount)

    def void(self, invoice: str) -> None:
        self.bookkeeper.act(self.company, "void-invoice", invoice_id=invoice)

    def documents(self) -> dict[str, Held]:
        found: dict[str, Held] = {}
        for entity in ("Invoice", "CreditMemo"):
            for one in self.bookkeeper.look(f"/_control/companies/{self.company}/{entity}")[entity]:
                found[str(one["Id"])] = Held(
                    total=Decimal(str(one["TotalAmt"])),
                    date=str(one["TxnDate"]),
                    sent=one.get("EmailStatus") == "EmailSent",
                    unused=Decimal(str(one.get("RemainingCredit", 0))),
                )
        return found


class XeroOnStage(LedgerOnStage):
    """A UK organisation with VAT."""

    name = "xero"
    title = "Xero"
    currency = "GBP"
    percent = Decimal(20)
    tax: ClassVar[Json] = {"id": "vat-20", "name": "VAT 20 %", "kind": "standard", "rate": "20"}
    desk = "/_control/"

    @staticmethod
    def simulator(port: int, ledgerlane: str, secret: str) -> list[str]:
        return [
            *("sandbox", "xero", "--port", str(port), "--app", "DEMOAPP:demo-secret", "--webhook-key", secret),
            *("--redirect-uri", f"{ledgerlane}/oauth/xero/callback", "--switch", "loopback_ip_redirects=true"),
        ]

    @staticmethod
    def environment(url: str, secret: str) -> Mapping[str, str]:
        return {
            "LEDGERLANE_XERO_CLIENT_ID": "DEMOAPP",
            "LEDGERLANE_XERO_CLIENT_SECRET": "demo-secret",
            "LEDGERLANE_XERO_WEBHOOK_KEY": secret,
            "LEDGERLANE_XERO_SIMULATOR_URL": url,
            "LEDGERLANE_XERO_APP_URL": url,
        }

    def listen(self, ledgerlane: str) -> None:
        """Xero sends nothing before the receiver has proved that it checks signatures."""
        self.bookkeeper.order("/_control/webhooks", {"url": f"{ledgerlane}/webhooks/xero"})
        self.bookkeeper.order("/_control/webhooks/intent-to-receive", {})

    def settings(self, catalog: Json) -> Json:
        sales = next(each for each in catalog["accounts"] if each["active"] and each["name"] == "Sales")
        bank = next(
            each
            for each in catalog["accounts"]
            if each["active"] and each["type"] == "BANK" and each["currency"] in ("", self.currency)
        )
        return {
            "default_account": sales["code"],
            "deposit_account": bank["id"],
            "tax_codes": {self.tax["id"]: self._tax_code(catalog)},
        }

    def correct_email(self, customer: str, email: str) -> None:
        self.bookkeeper.act(self.company, "edit", contact_id=customer, changes={"EmailAddress": email})

    def pay(self, invoice: str, amount: str) -> None:
        self.bookkeeper.act(self.company, "payment", invoice_id=invoice, amount=amount)

    def void(self, invoice: str) -> None:
        self.bookkeeper.act(self.company, "void", invoice_id=invoice)

    def documents(self) -> dict[str, Held]:
        listed = self.bookkeeper.look(f"/_control/organisations/{self.company}/documents")
        rows = listed["documents"] if isinstance(listed, dict) else listed
        found: dict[str, Held] = {}
        for one in rows:
            void = one["Status"] in ("VOIDED", "DELETED")
            found[str(one.get("InvoiceID") or one.get("CreditNoteID") or one.get("OverpaymentID"))] = Held(
                total=Decimal(0) if void else Decimal(str(one["Total"])),
                date=str(one["DateString"])[:10],
                sent=bool(one.get("SentToContact")),
                unused=Decimal(str(one.get("RemainingCredit", 0))),
            )
        return found


STAGES: Mapping[str, type[LedgerOnStage]] = {stage.name: stage for stage in (QuickBooksOnStage, XeroOnStage)}
