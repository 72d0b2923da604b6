"""Wires the running service from its settings: real providers, real database, the runner for it."""

from __future__ import annotations

from connectors.http import EventSender
from connectors.oauth.xero import SCOPES
from connectors.protocol import Provider
from connectors.quickbooks.provider import QuickBooksApp, QuickBooksProvider
from connectors.xero.provider import XeroApp, XeroProvider
from contracts.books import LedgerName
from service.lanes.runner import LocalRunner
from service.runtime import Ledgers, Service
from service.security.secrets import SecretBox
from service.settings import Settings
from service.store.database import Database


def build_service(settings: Settings) -> Service:
    """Everything a process needs. Raises ValueError when a setting is missing."""
    database = Database(settings.database_url)
    secrets = SecretBox(settings.encryption_keys())
    return Service(
        settings=settings,
        database=database,
        secrets=secrets,
        ledgers=Ledgers(_providers(settings), database, secrets),
        sender=EventSender(),
        lanes=LocalRunner,
    )


def _providers(settings: Settings) -> dict[LedgerName, Provider]:
    """The ledgers there are credentials for."""
    found: dict[LedgerName, Provider] = {}
    if settings.quickbooks.configured:
        found[LedgerName.QUICKBOOKS] = _quickbooks(settings)
    if settings.xero.configured:
        found[LedgerName.XERO] = _xero(settings)
    return found


def _quickbooks(settings: Settings) -> Provider:
    app = settings.quickbooks
    return QuickBooksProvider(
        QuickBooksApp(
            client_id=app.client_id,
            client_secret=app.client_secret.get_secret_value(),
            redirect_url=f"{settings.base_url}/oauth/{LedgerName.QUICKBOOKS}/callback",
            environment=app.environment,
            verifier_token=app.verifier_token.get_secret_value(),
            api_url=app.api_url,
            discovery_url=app.discovery_url,
            app_url=app.app_url,
            unlimited=app.limits == "none",
        )
    )


def _xero(settings: Settings) -> Provider:
    app = settings.xero
    return XeroProvider(
        XeroApp(
            client_id=app.client_id,
            client_secret=app.client_secret.get_secret_value(),
            redirect_url=f"{settings.base_url}/oauth/{LedgerName.XERO}/callback",
            # Any secret that all processes share will do: it only has to be the same when the browser comes back.
            pkce_key=settings.encryption_keys()[0],
            webhook_key=app.webhook_key.get_secret_value(),
            scopes=tuple(app.scopes.split()) or SCOPES,
            simulator_url=app.simulator_url,
            app_url=app.app_url,
            unlimited=app.limits == "none",
        )
    )
