"""What a QuickBooks simulator can be told at start, and the named switches for what nobody has verified."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from connectors.sandbox.common.webhooks import WebhookConfig

Environment = Literal["development", "production"]
TaxMode = Literal["us_old", "us_ast", "global"]

US_REALM = "9341450000000001"
UK_REALM = "9341450000000002"


class OAuthClient(BaseModel, extra="forbid"):
    """One key pair. Source: QuickBooks reference 1.1 (development keys open sandbox companies only)."""

    client_id: str
    client_secret: str
    environment: Environment = "development"
    redirect_uris: list[str] = Field(default_factory=list)  # empty = any URI on a loopback host


class Switches(BaseModel, extra="forbid", validate_assignment=True):
    """Uncertain or switchable behaviour, each with the value the reference thinks most likely.

    Source: QuickBooks reference 17 and the [recalled] facts elsewhere.
    """

    # OAuth (1.3, 1.4)
    refresh_rotation: Literal["same_for_24h", "strict", "old_valid_24h"] = "same_for_24h"
    reconsent_revokes_earlier: bool = True
    invalid_client_status: Literal[401, 400] = 401
    disconnected_answer: Literal["403_3100", "401_3200"] = "403_3100"
    # limits (6)
    limits: bool = True
    requests_per_minute: int = Field(default=500, ge=1)
    requests_per_second: int = Field(default=10, ge=1)
    batches_per_minute: int = Field(default=40, ge=1)
    throttle_format: Literal["json", "json_upper", "xml"] = "json"
    emails_per_day: int = Field(default=40, ge=0)
    # requestid (2.7)
    requestid_replays_failures: bool = False
    requestid_remembered_hours: int = Field(default=720, ge=0)
    requestid_other_payload: Literal["first_answer", "fault_600"] = "first_answer"
    # query (3.1)
    maxresults_over_1000: Literal["fault", "cap"] = "fault"
    query_unquoted_numbers: bool = False
    query_not_equal: bool = False
    query_lag_seconds: int = Field(default=0, ge=0)
    # change data capture (4)
    cdc_older_than_30_days: Literal["fault", "cut"] = "fault"
    cdc_boundary_inclusive: bool = True
    # batch (5)
    batch_shuffles_answers: bool = False
    # names and numbers (2.9, 2.10)
    duplicate_name_text: Literal["random", "sentence", "id"] = "random"
    forbidden_character_code: Literal["2040", "6000"] = "2040"
    trim_names: bool = True
    names_one_at_a_time_ms: int = Field(default=0, ge=0)
    doc_number_free_after_delete: bool = True
    several_emails_accepted: bool = True
    inactive_customer_code: Literal["610", "6000"] = "610"
    # money (9, 10, 11)
    overapplied_payment_code: Literal["6000", "620"] = "6000"
    currency_mismatch: Literal["6000_ar", "6000_foreign"] = "6000_ar"
    customer_currency_change: Literal["fault_6000", "ignored"] = "fault_6000"
    tax_rounding: Literal["by_country", "per_line", "per_total"] = "by_country"
    us_tax_without_code: Literal["none", "customer_default"] = "none"
    tax_lines_sent: Literal["honoured", "recomputed"] = "honoured"
    auto_apply_credits: bool = False
    numbers_as_strings: bool = True
    unsupported_void: Literal["fault_500", "ok_nothing"] = "fault_500"
    # webhooks (8)
    webhook_format: Literal["classic", "cloudevents"] = "classic"
    webhook_own_writes: bool = True
    webhook_indirect_invoice: bool = False


class CompanyOptions(BaseModel, extra="forbid"):
    """A company to create, at start or through the control endpoint."""

    realm_id: str = Field(default="", pattern=r"^(\d{16,19})?$")  # "" = the next free one
    name: str = "Generated Company"
    template: Literal["us_sample", "uk_sample", "generated"] = "generated"
    country: str = Field(default="US", pattern=r"^[A-Z]{2}$")
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")  # "" = the country's own
    multicurrency: bool = False
    tax_mode: TaxMode | None = None  # None = by country
    environment: Environment = "development"
    language: Literal["en", "fr"] = "en"
    customers: int = Field(default=0, ge=0)
    invoices: int = Field(default=0, ge=0)
    warn_duplicate_numbers: bool = True
    custom_txn_numbers: bool = False
    exchange_rates: dict[str, Decimal] = Field(default_factory=dict)  # foreign code -> home units for one


class SandboxSettings(BaseModel, extra="forbid"):
    """Everything `create_app` needs."""

    clients: list[OAuthClient] = Field(
        default_factory=lambda: [
            OAuthClient(client_id="sandbox-client", client_secret="sandbox-secret"),  # noqa: S106
            OAuthClient(client_id="production-client", client_secret="production-secret", environment="production"),  # noqa: S106
        ]
    )
    companies: list[CompanyOptions] = Field(
        default_factory=lambda: [
            CompanyOptions(template="us_sample", realm_id=US_REALM, name="Harbour & Pine Studio"),
            CompanyOptions(
                template="uk_sample",
                realm_id=UK_REALM,
                name="Fenwick & Lowe Joinery Ltd",
                country="GB",
                currency="GBP",
                multicurrency=True,
            ),
        ]
    )
    webhooks: WebhookConfig = Field(default_factory=WebhookConfig)
    switches: Switches = Field(default_factory=Switches)
    control_token: str = ""
    public_url: str = ""  # "" = taken from each request's Host header
    seed: int = 1  # for choices QuickBooks makes at random
