"""Xero as a provider: its app, its consent, its notices, and a ledger for each connected organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from connectors.http import LedgerHttp
from connectors.limits import Limiter, Window
from connectors.oauth.grants import Grant, GrantStore
from connectors.oauth.tokens import TokenSource
from connectors.oauth.xero import SCOPES, XeroEndpoints, XeroOAuth
from connectors.protocol import Refused
from connectors.xero import webhooks
from connectors.xero.connector import XeroLedger
from connectors.xero.limits import XERO_WINDOWS, XeroLimiter, app_limiter
from connectors.xero.where import is_guid
from contracts.books import Catalog, ChangeHint, LedgerName, RemoteRef
from contracts.connections import ConnectionSettings
from contracts.problems import Problem
from mappings import xero as mapping

API_URL = "https://api.xero.com"
APP_URL = "https://go.xero.com"


@dataclass(frozen=True)
class XeroApp:
    """An app of Xero's developer portal. Empty URLs mean Xero's own; they are set to talk to a simulator.

    client_secret: "" for an app of the PKCE kind. webhook_key: as the portal shows it, "" without notices.
    pkce_key: a secret of this installation, the same in every process.
    simulator_url: everything on one host. unlimited: no limits of ours, for a simulator that has none.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_url: str
    pkce_key: bytes = field(repr=False)
    webhook_key: str = field(default="", repr=False)
    scopes: tuple[str, ...] = SCOPES
    simulator_url: str = ""
    app_url: str = ""
    unlimited: bool = False


class XeroProvider:
    """Implements connectors.protocol.Provider for Xero."""

    name: ClassVar[LedgerName] = LedgerName.XERO
    signature_header: ClassVar[str] = webhooks.SIGNATURE_HEADER

    def __init__(self, app: XeroApp) -> None:
        self._app = app
        self._http = LedgerHttp(app.simulator_url or API_URL, provider="xero", trace_header="xero-correlation-id")
        self._app_url = app.app_url or app.simulator_url or APP_URL
        self._limiter: Limiter = app_limiter()
        self.oauth = XeroOAuth(
            self._http,
            app.client_id,
            app.client_secret,
            app.redirect_url,
            pkce_key=app.pkce_key,
            endpoints=XeroEndpoints.at(app.simulator_url) if app.simulator_url else None,
            scopes=app.scopes,
        )

    async def start(self) -> None:
        """Nothing to fetch: Xero's addresses are published and fixed."""

    async def stop(self) -> None:
        """Close the pool."""
        await self._http.aclose()

    def open(self, *, connection: str, company_id: str, store: GrantStore) -> XeroLedger:
        """The books of one organisation, with its own limits and tokens; the app's limit is shared."""
        windows = (Window(100_000, 1),) if self._app.unlimited else XERO_WINDOWS
        return XeroLedger(
            self._http,
            TokenSource(store, self.oauth, connection=connection),
            tenant_id=company_id,
            connection=connection,
            limiter=XeroLimiter(windows, app=None if self._app.unlimited else self._limiter),
            app_url=self._app_url,
        )

    async def connect(self, query: Mapping[str, str], *, company_id: str = "") -> Grant:
        """The grant of a consent. The callback does not name the organisation: the list of connections does (1.5)."""
        code = query.get("code", "")
        if not code:
            raise Refused("the callback has no code")
        return await self.oauth.exchange(code, company_id, state=query.get("state", ""))

    async def disconnect(self, grant: Grant) -> None:
        """End this organisation's connection alone: one person may have connected several."""
        await self.oauth.leave(grant)

    def deep_link(self, company: str, ref: RemoteRef) -> str:
        """Where a person opens an object. Until the lists are read the short code is unknown, and the id is none."""
        return mapping.deep_link(ref, short_code="" if is_guid(company) else company, base=self._app_url)

    def readiness(self, catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
        """What is missing before documents can go there."""
        return mapping.readiness(catalog, settings)

    def verify_notice(self, raw: bytes, signature: str) -> bool:
        """HMAC-SHA256 over the raw body with the webhook key (Xero reference 9.2). No key: nothing holds."""
        return webhooks.verify(raw, signature, self._app.webhook_key)

    def parse_notice(self, raw: bytes) -> list[ChangeHint]:
        """The events of a notice; none for the handshake."""
        return webhooks.parse(raw)
