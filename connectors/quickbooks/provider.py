"""QuickBooks as a provider: its app, its consent, its notices, and a ledger for each connected company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from connectors.http import LedgerHttp
from connectors.limits import QUICKBOOKS_WINDOWS, Limiter, Window
from connectors.oauth.grants import Grant, GrantStore
from connectors.oauth.intuit import Endpoints, IntuitOAuth
from connectors.oauth.tokens import TokenSource
from connectors.protocol import Refused
from connectors.quickbooks import webhooks
from connectors.quickbooks.connector import QuickBooksLedger
from contracts.books import Catalog, ChangeHint, LedgerName, RemoteRef
from contracts.connections import ConnectionSettings
from contracts.problems import Problem
from mappings import quickbooks as mapping

API_URLS: Mapping[str, str] = {
    "production": "https://quickbooks.api.intuit.com",
    "sandbox": "https://sandbox-quickbooks.api.intuit.com",
}
APP_URLS: Mapping[str, str] = {
    "production": "https://qbo.intuit.com",
    "sandbox": "https://sandbox.qbo.intuit.com",
}


@dataclass(frozen=True)
class QuickBooksApp:
    """An app at Intuit. Empty URLs mean Intuit's own; they are set to talk to a simulator.

    unlimited: no limits of ours, for a simulator that has none.
    """

    client_id: str
    client_secret: str
    redirect_url: str
    environment: str = "sandbox"
    verifier_token: str = ""
    api_url: str = ""
    discovery_url: str = ""
    app_url: str = ""
    unlimited: bool = False


class QuickBooksProvider:
    """Implements connectors.protocol.Provider for QuickBooks Online."""

    name: ClassVar[LedgerName] = LedgerName.QUICKBOOKS
    signature_header: ClassVar[str] = "intuit-signature"

    def __init__(self, app: QuickBooksApp) -> None:
        self._app = app
        self._http = LedgerHttp(app.api_url or API_URLS[app.environment])
        self._app_url = app.app_url or APP_URLS[app.environment]
        self.oauth = self._oauth(None)

    def _oauth(self, endpoints: Endpoints | None) -> IntuitOAuth:
        app = self._app
        return IntuitOAuth(app.client_id, app.client_secret, app.redirect_url, endpoints=endpoints)

    async def start(self) -> None:
        """Read the discovery document where one is named; Intuit's published addresses hold otherwise."""
        if self._app.discovery_url:
            self.oauth = self._oauth(await Endpoints.discover(self._http, self._app.discovery_url))

    async def stop(self) -> None:
        """Close the pool."""
        await self._http.aclose()

    def open(self, *, connection: str, company_id: str, store: GrantStore) -> QuickBooksLedger:
        """The books of one company, with its own limits and tokens."""
        windows = (Window(100_000, 1),) if self._app.unlimited else QUICKBOOKS_WINDOWS
        return QuickBooksLedger(
            self._http,
            TokenSource(store, self.oauth, connection=connection),
            company_id=company_id,
            connection=connection,
            limiter=Limiter(windows),
            app_url=self._app_url,
        )

    async def connect(self, query: Mapping[str, str], *, company_id: str = "") -> Grant:
        """The grant of a consent. The company is named on the callback only (QuickBooks reference 1.2)."""
        code, realm = query.get("code", ""), query.get("realmId", "")
        if not code or not realm.isdigit():
            raise Refused("the callback has no code or no realmId")
        return await self.oauth.exchange(code, realm)

    async def disconnect(self, grant: Grant) -> None:
        """End the grant: at Intuit one grant is for one company."""
        await self.oauth.revoke(grant.refresh_token)

    def deep_link(self, company: str, ref: RemoteRef) -> str:
        """Where a person opens an object."""
        return mapping.deep_link(ref, company_id=company, base=self._app_url)

    def readiness(self, catalog: Catalog, settings: ConnectionSettings) -> list[Problem]:
        """What is missing before documents can go there."""
        return mapping.readiness(catalog, settings)

    def verify_notice(self, raw: bytes, signature: str) -> bool:
        """HMAC-SHA256 over the raw body with the verifier token (QuickBooks reference 8.4). No token: nothing holds."""
        return bool(self._app.verifier_token) and webhooks.verify(raw, signature, self._app.verifier_token)

    def parse_notice(self, raw: bytes) -> list[ChangeHint]:
        """Both payload shapes of section 8."""
        return webhooks.parse(raw)
