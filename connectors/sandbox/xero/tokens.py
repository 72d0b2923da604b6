"""Consents, connections and tokens. Source: Xero reference 1.2-1.5, 1.7.

One person uses this simulator. A consent starts a grant (one chain of refresh tokens of that person and one app) and
connects one organisation; the grant reaches every organisation the person has connected to the app.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.sandbox.common.clock import VirtualClock
from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero.keys import base64url, sign
from connectors.sandbox.xero.settings import XeroApp

ACCESS_SECONDS = 1800
CODE_LIFE = timedelta(minutes=5)
ID_LIFE = timedelta(minutes=5)
REFRESH_LIFE = timedelta(days=60)
GRACE = timedelta(minutes=30)

USER_ID = "b4d0c1de-5a3e-4a0f-9a67-2f6f3f0c7a11"
USER = {"email": "robin.hale@ledgerlane.example", "given_name": "Robin", "family_name": "Hale"}


class TokenRefused(Exception):
    """The token endpoint says no: an OAuth error code and the HTTP status. Source: Xero reference 1.4."""

    def __init__(self, error: str, *, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


@dataclass
class Connection:
    """One organisation connected to one app by the person."""

    id: str
    client_id: str
    tenant_id: str
    auth_event_id: str
    created: datetime
    updated: datetime
    is_live: bool = True


@dataclass
class Grant:
    """One chain of tokens. tenant_id is set for custom connections only."""

    client_id: str
    scopes: tuple[str, ...]
    auth_event_id: str
    session_id: str
    consented_at: datetime
    tenant_id: str = ""
    is_tenanted: bool = True
    is_revoked: bool = False


@dataclass(frozen=True)
class Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    issued_at: datetime


@dataclass
class RefreshToken:
    grant: Grant
    issued_at: datetime
    first_used_at: datetime | None = None


@dataclass
class AccessToken:
    grant: Grant
    expires_at: datetime
    scopes: tuple[str, ...]


class TokenStore:
    """Everything the identity server remembers."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.connections: list[Connection] = []
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._access: dict[str, AccessToken] = {}
        self._consented_scopes: dict[str, tuple[str, ...]] = {}

    def reset(self) -> None:
        self.connections.clear()
        self._codes.clear()
        self._refresh.clear()
        self._access.clear()
        self._consented_scopes.clear()

    # consent ---------------------------------------------------------------------------------------------------

    def consent(
        self, app: XeroApp, tenant_id: str, scopes: tuple[str, ...], redirect_uri: str, challenge: str
    ) -> tuple[str, str]:
        """The person pressed Allow: the code and the session state. Scopes add to earlier ones. Source: 1.3."""
        now = self._clock.now()
        earlier = self._consented_scopes.get(app.client_id, ())
        scopes = tuple(dict.fromkeys((*scopes, *earlier)))
        self._consented_scopes[app.client_id] = scopes
        grant = Grant(app.client_id, scopes, str(uuid.uuid4()), secrets.token_hex(16), now)
        self._connect(app.client_id, tenant_id, grant.auth_event_id, now)
        code = secrets.token_urlsafe(32)
        self._codes[code] = Code(grant, redirect_uri, challenge, now)
        return code, f"{base64url(secrets.token_bytes(32))}.{secrets.token_hex(16)}"

    def _connect(self, client_id: str, tenant_id: str, event_id: str, now: datetime) -> Connection:
        """A reconnected organisation keeps its row: created differs from updated. Source: Xero reference 1.5."""
        for known in self.connections:
            if (known.client_id, known.tenant_id) == (client_id, tenant_id):
                known.is_live, known.updated, known.auth_event_id = True, now, event_id
                return known
        connection = Connection(str(uuid.uuid4()), client_id, tenant_id, event_id, now, now)
        self.connections.append(connection)
        return connection

    # the token endpoint ----------------------------------------------------------------------------------------

    def redeem(self, app: XeroApp, code: str, redirect_uri: str, verifier: str) -> Grant:
        """A code works once, for its app and redirect URI, for five minutes; PKCE by S256."""
        known = self._codes.pop(code, None)
        if (
            known is None
            or known.grant.client_id != app.client_id
            or known.redirect_uri != redirect_uri
            or self._clock.now() - known.issued_at > CODE_LIFE
        ):
            raise TokenRefused("invalid_grant")
        if known.challenge or app.kind == "pkce":
            digest = base64url(hashlib.sha256(verifier.encode()).digest())
            if not 43 <= len(verifier) <= 128 or digest != known.challenge:
                raise TokenRefused("invalid_grant")
        return known.grant

    def refresh(self, app: XeroApp, token: str) -> Grant:
        """Single use with 30 minutes of grace for a lost answer. Source: Xero reference 1.4."""
        known = self._refresh.get(token)
        now = self._clock.now()
        if known is None or known.grant.client_id != app.client_id or known.grant.is_revoked:
            raise TokenRefused("invalid_grant")
        if now - known.issued_at >= REFRESH_LIFE:
            raise TokenRefused("invalid_grant")
        if known.first_used_at is None:
            known.first_used_at = now
        elif now - known.first_used_at > GRACE:
            raise TokenRefused("invalid_grant")
        return known.grant

    def client_credentials(self, app: XeroApp, scopes: tuple[str, ...]) -> Grant:
        """A custom connection reaches its one organisation; other apps reach no organisation at all."""
        now = self._clock.now()
        grant = Grant(
            app.client_id,
            scopes,
            str(uuid.uuid4()),
            "",
            now,
            tenant_id=app.custom_tenant,
            is_tenanted=bool(app.custom_tenant),
        )
        if app.custom_tenant:
            self._connect(app.client_id, app.custom_tenant, grant.auth_event_id, now)
        return grant

    def answer(self, grant: Grant, issuer: str, *, with_refresh: bool) -> JsonObject:
        """The JSON of the token endpoint."""
        now = self._clock.now()
        access = self._access_token(grant, issuer, now)
        body: JsonObject = {}
        if with_refresh and "openid" in grant.scopes:
            body["id_token"] = _id_token(grant, issuer, access, now)
        body.update(access_token=access, expires_in=ACCESS_SECONDS, token_type="Bearer")  # noqa: S106 - the OAuth word
        if with_refresh and "offline_access" in grant.scopes:
            body["refresh_token"] = self._refresh_token(grant, now)
        body["scope"] = " ".join(grant.scopes)
        return body

    def _access_token(self, grant: Grant, issuer: str, now: datetime) -> str:
        seconds = int(now.timestamp())
        claims: JsonObject = {
            "nbf": seconds,
            "exp": seconds + ACCESS_SECONDS,
            "iss": issuer,
            "aud": f"{issuer}/resources",
            "client_id": grant.client_id,
            "jti": secrets.token_hex(16).upper(),
            "authentication_event_id": grant.auth_event_id,
            "scope": list(grant.scopes),
        }
        if grant.session_id:
            claims.update(_person(grant))
        token = sign(claims)
        self._access[token] = AccessToken(grant, now + timedelta(seconds=ACCESS_SECONDS), grant.scopes)
        return token

    def _refresh_token(self, grant: Grant, now: datetime) -> str:
        token = secrets.token_urlsafe(32)
        self._refresh[token] = RefreshToken(grant, now)
        return token

    def revoke(self, app: XeroApp, token: str) -> None:
        """Kills the refresh token and removes all of the person's connections to the app. Source: 1.4."""
        known = self._refresh.get(token)
        if known is None or known.grant.client_id != app.client_id:
            return  # RFC 7009: an unknown token is answered 200 as well
        known.grant.is_revoked = True
        self._consented_scopes.pop(app.client_id, None)
        for connection in self.connections:
            if connection.client_id == app.client_id:
                connection.is_live = False

    # use -------------------------------------------------------------------------------------------------------

    def look_up(self, access_token: str) -> AccessToken | None:
        return self._access.get(access_token)

    def connections_of(self, client_id: str) -> list[Connection]:
        return [each for each in self.connections if each.client_id == client_id and each.is_live]

    def is_connected(self, client_id: str, tenant_id: str) -> bool:
        return any(each.tenant_id == tenant_id for each in self.connections_of(client_id))

    def expire_access_tokens(self) -> int:
        """Make every live access token expire now."""
        now = self._clock.now()
        live = [token for token in self._access.values() if token.expires_at > now]
        for token in live:
            token.expires_at = now
        return len(live)

    def disconnect(self, tenant_id: str | None, client_id: str | None) -> int:
        """As if the person had disconnected the app inside Xero: the token still refreshes. Source: 1.5."""
        ended = [
            each
            for each in self.connections
            if each.is_live and tenant_id in (None, each.tenant_id) and client_id in (None, each.client_id)
        ]
        for connection in ended:
            connection.is_live = False
            connection.updated = self._clock.now()
        return len(ended)


def _person(grant: Grant) -> JsonObject:
    return {
        "sub": hashlib.md5(USER_ID.encode(), usedforsecurity=False).hexdigest(),
        "auth_time": int(grant.consented_at.timestamp()),
        "idp": "local",
        "xero_userid": USER_ID,
        "global_session_id": grant.session_id,
        "sid": grant.session_id,
        "amr": ["pwd"],
    }


def _id_token(grant: Grant, issuer: str, access: str, now: datetime) -> str:
    seconds = int(now.timestamp())
    claims: JsonObject = {
        "nbf": seconds,
        "exp": seconds + int(ID_LIFE.total_seconds()),
        "iss": issuer,
        "aud": grant.client_id,
        "iat": seconds,
        "at_hash": base64url(hashlib.sha256(access.encode()).digest()[:16]),
        **_person(grant),
    }
    if "profile" in grant.scopes:
        claims.update(given_name=USER["given_name"], family_name=USER["family_name"], preferred_username=USER["email"])
    if "email" in grant.scopes:
        claims["email"] = USER["email"]
    return sign(claims)
