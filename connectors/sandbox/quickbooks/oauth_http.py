"""The OAuth endpoints as Intuit shows them: discovery, token, revoke. Source: QuickBooks reference 1."""

from __future__ import annotations

import base64
import binascii
import secrets
from hmac import compare_digest
from urllib.parse import parse_qsl, urlsplit

from connectors.sandbox.common.exact_json import JsonObject, loads
from connectors.sandbox.common.http import Answer, Exchange
from connectors.sandbox.quickbooks.settings import OAuthClient
from connectors.sandbox.quickbooks.simulator import Simulator
from connectors.sandbox.quickbooks.tokens import TokenRefused

ACCOUNTING = "com.intuit.quickbooks.accounting"
# Source: QuickBooks reference 1.2.
KNOWN_SCOPES = frozenset(
    f"{ACCOUNTING} com.intuit.quickbooks.payment openid profile email phone address project-management.project "
    "app-foundations.custom-field-definitions app-foundations.custom-field-definitions.read "
    "indirect-tax.tax-calculation.quickbooks payroll.compensation.read app-foundations.custom-dimensions.read "
    "time-tracking.time-entry".split()
)
OPENID_SCOPES = frozenset(["openid", "profile", "email", "phone", "address"])
_LOOPBACK = frozenset(["localhost", "127.0.0.1", "::1"])


def discovery_document(base_url: str) -> JsonObject:
    return {
        "issuer": f"{base_url}/op/v1",
        "authorization_endpoint": f"{base_url}/connect/oauth2",
        "token_endpoint": f"{base_url}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{base_url}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{base_url}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{base_url}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def redirect_is_registered(client: OAuthClient, uri: str) -> bool:
    """Exactly a registered URI; a client without any accepts every loopback address."""
    if client.redirect_uris:
        return uri in client.redirect_uris
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def token_endpoint(simulator: Simulator, exchange: Exchange) -> Answer:
    form = dict(parse_qsl(exchange.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        client = _client(simulator, exchange, form)
        grant = form.get("grant_type", "")
        if grant == "authorization_code":
            _require(form, "code", "redirect_uri")
            connection = simulator.tokens.exchange(client, form["code"], form["redirect_uri"])
        elif grant == "refresh_token":
            _require(form, "refresh_token")
            connection = simulator.tokens.refresh(client, form["refresh_token"])
        else:
            raise TokenRefused("unsupported_grant_type" if grant else "invalid_request")
    except TokenRefused as refused:
        return _refusal(refused)
    hard = exchange.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
    answer = Answer.json(simulator.tokens.answer(connection, with_hard_limit=hard), realm=connection.realm_id)
    answer.headers.update(_headers())
    return answer


def revoke_endpoint(simulator: Simulator, exchange: Exchange) -> Answer:
    """JSON body {"token": ..}; 200 with an empty body. Source: QuickBooks reference 1.5."""
    try:
        client = _client(simulator, exchange, {})
        try:
            body = loads(exchange.body)
        except ValueError:
            raise TokenRefused("invalid_request") from None
        token = body.get("token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise TokenRefused("invalid_request")
        simulator.tokens.revoke(client, token)
    except TokenRefused as refused:
        return _refusal(refused)
    return Answer(200, headers=_headers())


def _client(simulator: Simulator, exchange: Exchange, form: dict[str, str]) -> OAuthClient:
    """Basic authentication, or client_id and client_secret in the form."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = exchange.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client_id = ""
    client = simulator.clients.get(client_id)
    if client is None or not compare_digest(client.client_secret.encode(), secret.encode()):
        raise TokenRefused("invalid_client", status=simulator.switches.invalid_client_status)
    return client


def _require(form: dict[str, str], *names: str) -> None:
    if not all(form.get(name) for name in names):
        raise TokenRefused("invalid_request")


def _refusal(refused: TokenRefused) -> Answer:
    answer = Answer.json({"error": refused.error}, refused.status)
    answer.headers.update(_headers())
    return answer


def _headers() -> dict[str, str]:
    return {
        "intuit_tid": f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}",
        "Cache-Control": "no-cache, no-store",
        "Pragma": "no-cache",
    }
