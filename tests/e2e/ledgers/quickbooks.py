"""QuickBooks Online: a US company with one rate of 8 %."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from tests.e2e.ledgers.side import Hint, Json, Noun, Shown, control

_ENTITIES = {"customers": "Customer", "invoices": "Invoice", "credit_memos": "CreditMemo", "payments": "Payment"}
_NUMBERS = {
    "customers": "DisplayName",
    "invoices": "DocNumber",
    "credit_memos": "DocNumber",
    "payments": "PaymentRefNum",
}


class QuickBooks:
    """See LedgerSide."""

    name: ClassVar[str] = "quickbooks"
    currency: ClassVar[str] = "USD"
    percent: ClassVar[str] = "8"
    address: ClassVar[Json] = {
        "line1": "1 Quay Street",
        "city": "Monterey",
        "region": "CA",
        "postal_code": "93940",
        "country": "US",
    }
    mails_when_sent: ClassVar[Sequence[str]] = ("books@example.com",)
    payment_notices: ClassVar[bool] = True
    signature_header: ClassVar[str] = "intuit-signature"
    renewal_route: ClassVar[str] = "POST /oauth2/v1/tokens/bearer"
    last_before_renewal: ClassVar[str] = "before token"

    def variables(self, url: str, port: int, key: str) -> dict[str, str]:
        return {
            "LEDGERLANE_QUICKBOOKS_CLIENT_ID": "sandbox-client",
            "LEDGERLANE_QUICKBOOKS_CLIENT_SECRET": "sandbox-secret",
            "LEDGERLANE_QUICKBOOKS_VERIFIER_TOKEN": key,
            "LEDGERLANE_QUICKBOOKS_API_URL": url,
            "LEDGERLANE_QUICKBOOKS_DISCOVERY_URL": f"{url}/.well-known/openid_sandbox_configuration",
            "LEDGERLANE_QUICKBOOKS_APP_URL": url,
        }

    def application(self, settings: Mapping[str, Any]) -> Any:
        from connectors.sandbox.quickbooks import SandboxSettings, create_app

        return create_app(SandboxSettings.model_validate(settings))

    def new_company(self, url: str, name: str) -> str:
        return str(control(url, "companies", {"name": name, "customers": 3})["realm"])

    def choices(self, company: str) -> dict[str, str]:
        return {"realm": company}

    def settings(self, catalog: Json, taxed: str) -> Json:
        item = next(each for each in catalog["items"] if each["usable"] and each["type"] == "Service")
        codes = [code for code in catalog["tax_codes"] if [part["percent"] for part in code["components"]] == ["8"]]
        return {"default_item": item["id"], "tax_codes": {taxed: codes[0]["id"]} if codes else {}}

    def listen(self, url: str, address: str, key: str, config: Json) -> None:
        control(url, "webhooks", {"url": address, "verifier_token": key, **config})

    def book(self, url: str, company: str, noun: Noun) -> list[Shown]:
        entity = _ENTITIES[noun]
        rows = control(url, f"companies/{company}/{entity}", method="GET")[entity]
        return [_shown(noun, row) for row in rows]

    def mails(self, url: str, company: str) -> list[str]:
        return [mail["to"] for mail in control(url, "emails", method="GET")["emails"] if mail["realm"] == company]

    def opens(self, link: str, company: str, there: Shown) -> bool:
        return link.endswith(f"txnId%3D{there.id}&deeplinkcompanyid={company}")

    def pay(self, url: str, company: str, invoice: str, amount: str) -> None:
        control(url, f"bookkeeper/{company}/payment", {"invoice_id": invoice, "amount": amount})

    def delete_payment(self, url: str, company: str, payment: str) -> None:
        control(url, f"bookkeeper/{company}/delete", {"entity": "Payment", "id": payment})

    def void_invoice(self, url: str, company: str, invoice: str) -> None:
        control(url, f"bookkeeper/{company}/void-invoice", {"invoice_id": invoice})

    def notice(self, company: str, *hints: Hint) -> bytes:
        rows = [
            {"name": _ENTITIES[hint.noun], "id": hint.id, "operation": hint.operation, "lastUpdated": f"{hint.at}.000Z"}
            for hint in hints
        ]
        return json.dumps(
            {"eventNotifications": [{"realmId": company, "dataChangeEvent": {"entities": rows}}]}
        ).encode()

    def strict_rotation(self, url: str, *, on: bool) -> None:
        control(url, "switches", {"refresh_rotation": "strict" if on else "same_for_24h"})

    def expire_access(self, url: str, company: str) -> None:
        control(url, "tokens/expire-access", {"realm": company})

    def disconnect(self, url: str, company: str) -> None:
        control(url, "tokens/disconnect", {"realm": company, "client_id": "sandbox-client"})


def _shown(noun: Noun, row: Json) -> Shown:
    number = str(row.get(_NUMBERS[noun]) or "")
    if noun == "customers":
        return Shown(row["Id"], number)
    left = row.get("RemainingCredit", row.get("Balance", 0))
    return Shown(
        id=row["Id"],
        number=number,
        total=Decimal(str(row["TotalAmt"])),
        balance=Decimal(str(left)),
        date=row["TxnDate"],
        customer=row["CustomerRef"]["value"],
        voided=str(row.get("PrivateNote") or "").startswith("Voided"),
        sent=row.get("EmailStatus") == "EmailSent",
    )
