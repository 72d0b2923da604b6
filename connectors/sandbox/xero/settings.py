"""What a Xero simulator can be told at start, and the named switches for what nobody has verified."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from connectors.sandbox.common.webhooks import WebhookConfig

UK_TENANT = "5c0f1b1e-6a3d-4c57-9a55-0d7c3f5b2a01"
US_TENANT = "8d2e7a90-13b4-4f0c-8b1f-64a9c1d7e502"

Category = Literal["CONTACT", "INVOICE", "CREDITNOTE", "PREPAYMENT", "OVERPAYMENT"]


class XeroApp(BaseModel, extra="forbid"):
    """One app of the developer portal. Source: Xero reference 1.2, 1.7, 1.8."""

    client_id: str
    client_secret: str = ""  # a PKCE app has none
    name: str = "Sandbox App"
    kind: Literal["web", "pkce", "custom"] = "web"
    redirect_uris: list[str] = Field(default_factory=list)  # empty = any URI on localhost
    tier: Literal["starter", "core", "plus", "advanced", "enterprise"] = "core"
    broad_scopes: bool = False  # created before 2 March 2026: old and granular scopes may be mixed
    custom_tenant: str = ""  # the one organisation of a custom connection


def _every_category() -> list[Category]:
    return ["CONTACT", "INVOICE", "CREDITNOTE", "PREPAYMENT", "OVERPAYMENT"]


class Switches(BaseModel, extra="forbid", validate_assignment=True):
    """Uncertain or switchable behaviour, each with the value the reference thinks most likely.

    Source: Xero reference 13.7 and the [recalled] facts elsewhere.
    """

    # identity (1.3, 1.4)
    consent: Literal["ask", "allow", "deny", "error_page"] = "ask"
    consent_tenant: str = ""  # which organisation `allow` connects; "" = the first one
    invalid_client_status: Literal[400, 401] = 400
    loopback_ip_redirects: bool = False  # Xero refuses http://127.0.0.1
    # limits (8.1)
    limits: bool = True
    calls_per_minute: int = Field(default=60, ge=1)
    calls_per_day: int = Field(default=0, ge=0)  # 0 = by the app's tier
    calls_at_once: int = Field(default=5, ge=1)
    app_calls_per_minute: int = Field(default=10_000, ge=1)
    latency_ms: int = Field(default=0, ge=0)  # how long every API call takes, so that calls can overlap
    # reading (2.7)
    modified_since_inclusive: bool = True
    empty_delta: Literal["200", "304"] = "200"
    unknown_parameters: Literal["ignored", "refused"] = "ignored"
    row_cap: int = Field(default=100_000, ge=1)
    # writing (2.3, 2.6, 4, 5, 6)
    unitdp_rerounds: Literal["sent_lines", "always"] = "sent_lines"
    contact_name_whitespace: Literal["refused", "normalised", "kept"] = "refused"
    contact_country_letters_only: bool = False  # documented "letters only", yet Xero's own samples have blanks
    nested_contact_updates: bool = True
    voided_number_stays_taken: bool = True
    credit_notes_share_invoice_numbers: bool = True
    credit_note_discounts: Literal["ignored", "refused"] = "ignored"
    tax_amount_sent: Literal["honoured", "recomputed"] = "honoured"
    sent_totals: Literal["ignored", "compared"] = "ignored"
    negative_totals: Literal["refused", "accepted"] = "refused"
    zero_total_is_paid: bool = True
    post_payments_creates: bool = True
    delete_reconciled_payment: Literal["refused", "allowed"] = "refused"
    payments_per_element_verdicts: bool = True
    strict_elements: Literal["failed_only", "all"] = "failed_only"
    emails_per_day: int = Field(default=1000, ge=0)
    # idempotency (2.8)
    idempotency_scope: Literal["app", "app_and_tenant"] = "app"
    idempotency_store_down: bool = False
    # webhooks (9)
    webhook_own_writes: bool = True
    webhook_payment_updates_invoice: bool = True
    webhook_require_intent: bool = True


class OrganisationOptions(BaseModel, extra="forbid"):
    """An organisation to create, at start or through the control endpoint."""

    tenant_id: str = Field(default="", pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")  # "" = a fresh one
    name: str = "Generated Organisation"
    template: Literal["uk_sample", "us_sample", "empty"] = "empty"
    country: Literal["GB", "US", "NZ", "AU"] = "GB"
    currencies: list[str] = Field(default_factory=list)  # beside the base currency; [] = single currency
    exchange_rates: dict[str, Decimal] = Field(default_factory=dict)  # foreign units for one base unit
    contacts: int = Field(default=0, ge=0)  # generated ones, for volume
    invoices: int = Field(default=0, ge=0)
    period_lock_date: date | None = None
    end_of_year_lock_date: date | None = None
    short_code: str = ""


class XeroWebhookConfig(WebhookConfig, extra="forbid"):
    """The app's webhook settings. `verifier_token` is the signing key. Source: Xero reference 9.1."""

    verifier_token: str = "sandbox-webhook-key"  # noqa: S105 - a simulator's own, known to all
    hold_back: bool = True  # replayed in order
    categories: list[Category] = Field(default_factory=_every_category)


_SECRET = "sandbox-secret"  # noqa: S105 - a simulator's own, known to all


class XeroSettings(BaseModel, extra="forbid"):
    """Everything `create_app` needs."""

    apps: list[XeroApp] = Field(
        default_factory=lambda: [
            XeroApp(client_id="5A0DB0C5E0B74C1E8F0000000000WEB1", client_secret=_SECRET, name="Sandbox Web App"),
            XeroApp(client_id="5A0DB0C5E0B74C1E8F000000000PKCE1", name="Sandbox PKCE App", kind="pkce"),
            XeroApp(
                client_id="5A0DB0C5E0B74C1E8F00000000CUSTOM",
                client_secret=_SECRET,
                name="Sandbox Custom Connection",
                kind="custom",
                custom_tenant=UK_TENANT,
            ),
        ]
    )
    organisations: list[OrganisationOptions] = Field(
        default_factory=lambda: [
            OrganisationOptions(
                tenant_id=UK_TENANT,
                template="uk_sample",
                name="Thistle & Quay Studio Ltd",
                country="GB",
                currencies=["EUR", "USD"],
                exchange_rates={"EUR": Decimal("1.15"), "USD": Decimal("1.25")},
                short_code="!tQ7sd",
            ),
            OrganisationOptions(
                tenant_id=US_TENANT,
                template="us_sample",
                name="Cedar Ridge Supply Co",
                country="US",
                short_code="!cR4us",
            ),
        ]
    )
    webhooks: XeroWebhookConfig = Field(default_factory=XeroWebhookConfig)
    switches: Switches = Field(default_factory=Switches)
    control_token: str = ""
    public_url: str = ""  # "" = taken from each request's Host header
    api_host: str = "https://api.xero.com"  # the host named in webhook events
    online_invoice_host: str = "https://in.xero.com"
    seed: int = 1
