"""The identity endpoints: discovery, token, revocation, and the scopes an app may ask for. Source: reference 1."""

from __future__ import annotations

import base64
import binascii
from hmac import compare_digest
from urllib.parse import parse_qsl, urlsplit

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.common.http import Answer, Exchange
from connectors.sandbox.xero.settings import XeroApp
from connectors.sandbox.xero.simulator import Simulator
from connectors.sandbox.xero.tokens import TokenRefused

# Source: Xero reference 1.7.
_READ_WRITE = ["accounting.settings", "accounting.contacts", "accounting.attachments"]
_GRANULAR_PAIRS = [
    "accounting.invoices",
    "accounting.payments",
    "accounting.banktransactions",
    "accounting.manualjournals",
]
_REPORTS = [
    "aged",
    "balancesheet",
    "banksummary",
    "budgetsummary",
    "executivesummary",
    "profitandloss",
    "trialbalance",
    "taxreports",
]
_PLAIN = [
    "openid",
    "profile",
    "email",
    "offline_access",
    "accounting.budgets.read",
    "accounting.journals.read",
    "accounting.reports.tenninetynine.read",
    "paymentservices",
]
GRANULAR = frozenset(
    [*_PLAIN, *(f"accounting.reports.{name}.read" for name in _REPORTS)]
    + [f"{scope}{suffix}" for scope in (*_READ_WRITE, *_GRANULAR_PAIRS) for suffix in ("", ".read")]
)
BROAD = frozenset({"accounting.transactions", "accounting.transactions.read", "accounting.reports.read"})
_PERSONAL = frozenset({"openid", "profile", "email", "offline_access"})
_NON_TENANTED = frozenset({"app.connections", "marketplace.billing"})


def discovery_document(base_url: str) -> JsonObject:
    return {
        "issuer": base_url,
        "jwks_uri": f"{base_url}/.well-known/openid-configuration/jwks",
        "authorization_endpoint": f"{base_url}/identity/connect/authorize",
        "token_endpoint": f"{base_url}/connect/token",
        "revocation_endpoint": f"{base_url}/connect/revocation",
        "scopes_supported": sorted(GRANULAR | BROAD),
        "claims_supported": ["sub", "name", "given_name", "family_name", "preferred_username", "email", "xero_userid"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "response_types_supported": ["code"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
    }


def scopes_allowed(app: XeroApp, scopes: tuple[str, ...]) -> bool:
    """Broad scopes only for apps created before 2 March 2026. Source: Xero reference 1.3, 1.7."""
    known = GRANULAR | BROAD if app.broad_scopes else GRANULAR
    return bool(scopes) and set(scopes) <= known


def redirect_allowed(app: XeroApp, uri: str, *, loopback_ip: bool) -> bool:
    """Exactly a registered one; https except http://localhost; never http://127.0.0.1. Source: reference 1.3."""
    parts = urlsplit(uri)
    if parts.scheme == "http" and parts.hostname != "localhost" and not (loopback_ip and parts.hostname == "127.0.0.1"):
        return False
    if parts.scheme not in {"http", "https"}:
        return False
    if app.redirect_uris:
        return uri in app.redirect_uris
    return parts.hostname in {"localhost", "127.0.0.1"}


def token_endpoint(simulator: Simulator, exchange: Exchange, issuer: str) -> Answer:
    """Source: Xero reference 1.4."""
    form = dict(parse_qsl(exchange.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        grant_type = form.get("grant_type", "")
        app = _client(simulator, exchange, form)
        if grant_type == "authorization_code":
            _require(form, "code", "redirect_uri")
            grant = simulator.tokens.redeem(app, form["code"], form["redirect_uri"], form.get("code_verifier", ""))
        elif grant_type == "refresh_token":
            _require(form, "refresh_token")
            grant = simulator.tokens.refresh(app, form["refresh_token"])
        elif grant_type == "client_credentials":
            grant = simulator.tokens.client_credentials(app, _credential_scopes(app, form.get("scope", "")))
        else:
            raise TokenRefused("unsupported_grant_type" if grant_type else "invalid_request")
    except TokenRefused as refused:
        return _json({"error": refused.error}, refused.status)
    return _json(simulator.tokens.answer(grant, issuer, with_refresh=grant_type != "client_credentials"), 200)


def revocation_endpoint(simulator: Simulator, exchange: Exchange) -> Answer:
    """200 with an empty body. Source: Xero reference 1.4."""
    form = dict(parse_qsl(exchange.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        app = _client(simulator, exchange, form)
        _require(form, "token")
        simulator.tokens.revoke(app, form["token"])
    except TokenRefused as refused:
        return _json({"error": refused.error}, refused.status)
    return Answer(200)


def _client(simulator: Simulator, exchange: Exchange, form: dict[str, str]) -> XeroApp:
    """Basic authentication or form fields; a PKCE app has no secret and names itself in the form."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = exchange.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client_id = ""
    if not client_id:
        raise TokenRefused("unauthorized_client")
    app = simulator.apps.get(client_id)
    if app is None or (app.kind != "pkce" and not compare_digest(app.client_secret.encode(), secret.encode())):
        raise TokenRefused("invalid_client", status=simulator.switches.invalid_client_status)
    if app.kind == "pkce" and form.get("grant_type") == "client_credentials":
        raise TokenRefused("unauthorized_client")
    if app.kind == "custom" and form.get("grant_type") in {"authorization_code", "refresh_token"}:
        raise TokenRefused("unauthorized_client")
    return app


def _credential_scopes(app: XeroApp, text: str) -> tuple[str, ...]:
    """A custom connection gets what it asks for; a web app only the non-tenanted scopes. Source: reference 1.2."""
    asked = tuple(dict.fromkeys(text.split()))
    if app.kind == "custom":
        known = (GRANULAR | BROAD if app.broad_scopes else GRANULAR) - _PERSONAL
        asked = asked or tuple(sorted(known))
    else:
        known = _NON_TENANTED
    if not asked or not set(asked) <= known:
        raise TokenRefused("invalid_scope")
    return asked


def _require(form: dict[str, str], *names: str) -> None:
    if not all(form.get(name) for name in names):
        raise TokenRefused("invalid_request")


def _json(body: JsonObject, status: int) -> Answer:
    answer = Answer.json(body, status)
    answer.headers.update({"Cache-Control": "no-store, no-cache, max-age=0", "Pragma": "no-cache"})
    return answer
