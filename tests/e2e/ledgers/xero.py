"""Xero: a British organisation with VAT of 20 %."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import requests

from tests.e2e.ledgers.side import Hint, Json, Noun, Shown, control

CLIENT = "5A0DB0C5E0B74C1E8F0000000000WEB1"
_TABLES = {"customers": "contacts", "invoices": "documents", "credit_memos": "documents", "payments": "payments"}
_KINDS = {"customers": "Contact", "invoices": "Invoice", "credit_memos": "CreditNote", "payments": "Payment"}
_GRACE_IS_OVER = {"minutes": 31}
_MARK = re.compile(r"ledgerlane:\S+\s*")


class Xero:
    """See LedgerSide."""

    name: ClassVar[str] = "xero"
    currency: ClassVar[str] = "GBP"
    percent: ClassVar[str] = "20"
    address: ClassVar[Json] = {
        "line1": "1 Quay Street",
        "city": "Whitby",
        "postal_code": "YO21 1AA",
        "country": "GB",
    }
    mails_when_sent: ClassVar[Sequence[str]] = ()
    payment_notices: ClassVar[bool] = False
    signature_header: ClassVar[str] = "x-xero-signature"
    renewal_route: ClassVar[str] = "POST /connect/token"
    last_before_renewal: ClassVar[str] = "before POST token"

    def __init__(self) -> None:
        self._strict = False

    def variables(self, url: str, port: int, key: str) -> dict[str, str]:
        """Xero redirects to http only on the name localhost. Its minute of 60 calls is a test of its own."""
        return {
            "LEDGERLANE_PUBLIC_URL": f"http://localhost:{port}",
            "LEDGERLANE_XERO_CLIENT_ID": CLIENT,
            "LEDGERLANE_XERO_CLIENT_SECRET": "sandbox-secret",
            "LEDGERLANE_XERO_WEBHOOK_KEY": key,
            "LEDGERLANE_XERO_SIMULATOR_URL": url,
            "LEDGERLANE_XERO_LIMITS": "none",
        }

    def application(self, settings: Mapping[str, Any]) -> Any:
        from connectors.sandbox.xero import XeroSettings, create_app

        return create_app(XeroSettings.model_validate(settings))

    def new_company(self, url: str, name: str) -> str:
        return str(control(url, "organisations", {"name": name, "contacts": 3})["tenant"])

    def choices(self, company: str) -> dict[str, str]:
        return {"tenant": company, "decision": "allow"}

    def settings(self, catalog: Json, taxed: str) -> Json:
        """By code or id: accounts by what they are for, the rate by what it is."""
        sales = next(each for each in catalog["accounts"] if each["name"] == "Sales")
        bank = next(each for each in catalog["accounts"] if each["takes_payments"])
        code = next(each for each in catalog["tax_codes"] if each["name"] == "20% (VAT on Income)")
        return {
            "default_account": sales["id"],
            "deposit_account": bank["id"],
            "tax_codes": {taxed: code["id"]},
        }

    def listen(self, url: str, address: str, key: str, config: Json) -> None:
        """Nothing is delivered until the receiver has told three forged signatures from a good one (9.3)."""
        now = control(url, "webhooks", method="GET")
        known = now["config"]
        if (known["url"], known["verifier_token"], now["subscription"]) != (address, key, "ok"):
            control(url, "webhooks", {"url": address, "verifier_token": key})
            proven = control(url, "webhooks/intent-to-receive")
            assert proven["passed"], proven
        control(url, "webhooks", config)

    def book(self, url: str, company: str, noun: Noun) -> list[Shown]:
        table, kind = _TABLES[noun], _KINDS[noun]
        rows = control(url, f"organisations/{company}/{table}", method="GET")[table]
        return [_shown(noun, kind, row) for row in rows if f"{kind}ID" in row and row.get("Status") != "DRAFT"]

    def mails(self, url: str, company: str) -> list[str]:
        return [str(mail) for mail in control(url, "emails", method="GET")["emails"] if mail["tenant"] == company]

    def opens(self, link: str, company: str, there: Shown) -> bool:
        """The simulator's page takes the short code of the right organisation only."""
        page = requests.get(link, timeout=10)
        return page.ok and there.number in page.text

    def pay(self, url: str, company: str, invoice: str, amount: str) -> None:
        control(url, f"bookkeeper/{company}/payment", {"invoice_id": invoice, "amount": amount})

    def delete_payment(self, url: str, company: str, payment: str) -> None:
        control(url, f"bookkeeper/{company}/delete-payment", {"payment_id": payment})

    def void_invoice(self, url: str, company: str, invoice: str) -> None:
        control(url, f"bookkeeper/{company}/void", {"invoice_id": invoice})

    def notice(self, company: str, *hints: Hint) -> bytes:
        categories = {"customers": "CONTACT", "invoices": "INVOICE", "credit_memos": "CREDITNOTE"}
        paths = {"customers": "Contacts", "invoices": "Invoices", "credit_memos": "CreditNotes"}
        events = [
            {
                "resourceUrl": f"https://api.xero.com/api.xro/2.0/{paths[hint.noun]}/{hint.id}",
                "resourceId": hint.id,
                "eventDateUtc": f"{hint.at}.000",
                "eventType": hint.operation.upper(),
                "eventCategory": categories[hint.noun],
                "tenantId": company,
                "tenantType": "ORGANISATION",
            }
            for hint in hints
        ]
        return json.dumps(
            {"events": events, "firstEventSequence": 1, "lastEventSequence": len(events), "entropy": "S0M3ENTR0PY"}
        ).encode()

    def strict_rotation(self, url: str, *, on: bool) -> None:
        """A used refresh token works for half an hour more. Strict: every renewal finds that half hour gone."""
        self._strict = on
        if not on:
            control(url, "clock/set", {"now": datetime.now(UTC).isoformat()})

    def expire_access(self, url: str, company: str) -> None:
        if self._strict:
            control(url, "clock/advance", _GRACE_IS_OVER)
        control(url, "tokens/expire-access", {})

    def disconnect(self, url: str, company: str) -> None:
        control(url, "tokens/disconnect", {"tenant": company, "client_id": CLIENT})


def _shown(noun: Noun, kind: str, row: Json) -> Shown:
    if noun == "customers":
        return Shown(row["ContactID"], row["Name"])
    if noun == "payments":
        return Shown(
            id=row["PaymentID"],
            number=_MARK.sub("", row.get("Reference", "")),
            total=Decimal(str(row["Amount"])),
            date=_day(row),
            voided=row["Status"] == "DELETED",
        )
    left = row.get("RemainingCredit", row.get("AmountDue", 0))
    return Shown(
        id=row[f"{kind}ID"],
        number=row[f"{kind}Number"],
        total=Decimal(str(row["Total"])),
        balance=Decimal(str(left)),
        date=_day(row),
        customer=row["Contact"]["ContactID"],
        voided=row["Status"] == "VOIDED",
        sent=bool(row.get("SentToContact")),
    )


def _day(row: Json) -> str:
    """Dates are milliseconds since 1970: /Date(1769817600000+0000)/ (3)."""
    milliseconds = int(row["Date"].removeprefix("/Date(").partition("+")[0].partition(")")[0])
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()
