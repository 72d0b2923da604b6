"""Connections and their tokens: codes, access tokens, refresh rotation, revocation. Source: reference 1.3, 1.4, 1.5."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from connectors.sandbox.common.clock import VirtualClock
from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.settings import OAuthClient, Switches

ACCESS_SECONDS = 3600
REFRESH_SECONDS = 8726400  # 101 days, the value real answers carry
HARD_LIMIT = timedelta(days=5 * 365)
CODE_LIFE = timedelta(minutes=5)
_ROTATION = timedelta(hours=24)


class TokenRefused(Exception):
    """The token endpoint says no: an OAuth error code and the HTTP status.

    No error_description: the recorded body is exactly {"error":"invalid_grant"}. Source: reference 1.4 (LOG).
    """

    def __init__(self, error: str, *, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


@dataclass
class Connection:
    """One consent of one company to one client."""

    client_id: str
    realm_id: str
    scopes: str
    consented_at: datetime
    refresh_token: str = ""
    refresh_value_since: datetime | None = None
    refresh_expires_at: datetime | None = None
    superseded: dict[str, datetime] = field(default_factory=dict)  # old refresh token -> when it was replaced
    ended: Literal["", "revoked", "disconnected", "replaced"] = ""


@dataclass(frozen=True)
class Code:
    connection: Connection
    redirect_uri: str
    issued_at: datetime


@dataclass
class AccessToken:
    connection: Connection
    expires_at: datetime


class TokenStore:
    """All connections of one simulator."""

    def __init__(self, clock: VirtualClock, switches: Switches) -> None:
        self._clock = clock
        self.switches = switches
        self.connections: list[Connection] = []
        self._codes: dict[str, Code] = {}
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, Connection] = {}

    def reset(self) -> None:
        self.connections.clear()
        self._codes.clear()
        self._access.clear()
        self._refresh.clear()

    def consent(self, client: OAuthClient, realm_id: str, scopes: str, redirect_uri: str) -> str:
        """A person chose Connect: the authorisation code for the callback."""
        now = self._clock.now()
        connection = Connection(client.client_id, realm_id, scopes, consented_at=now)
        code = "XAB1" + secrets.token_urlsafe(36)
        self._codes[code] = Code(connection, redirect_uri, now)
        return code

    def exchange(self, client: OAuthClient, code: str, redirect_uri: str) -> Connection:
        """The first token pair. A code works once, for its client and redirect URI, for some minutes."""
        known = self._codes.pop(code, None)
        if (
            known is None
            or known.connection.client_id != client.client_id
            or known.redirect_uri != redirect_uri
            or self._clock.now() - known.issued_at > CODE_LIFE
        ):
            raise TokenRefused("invalid_grant")
        connection = known.connection
        if self.switches.reconsent_revokes_earlier:
            for earlier in self.connections:
                same_pair = (earlier.client_id, earlier.realm_id) == (connection.client_id, connection.realm_id)
                if same_pair and not earlier.ended:
                    earlier.ended = "replaced"
        self.connections.append(connection)
        self._new_refresh_value(connection)
        return connection

    def refresh(self, client: OAuthClient, token: str) -> Connection:
        """Rotation by the switch refresh_rotation. Source: QuickBooks reference 1.3, 17.5."""
        connection = self._refresh.get(token)
        now = self._clock.now()
        if connection is None or connection.client_id != client.client_id or connection.ended:
            raise TokenRefused("invalid_grant")
        if connection.refresh_expires_at is not None and now >= connection.refresh_expires_at:
            raise TokenRefused("invalid_grant")
        replaced_at = connection.superseded.get(token)
        rotation = self.switches.refresh_rotation
        if replaced_at is not None and not (rotation == "old_valid_24h" and now - replaced_at <= _ROTATION):
            raise TokenRefused("invalid_grant")
        value_age = now - (connection.refresh_value_since or now)
        if replaced_at is None and (rotation != "same_for_24h" or value_age >= _ROTATION):
            self._new_refresh_value(connection)
        else:
            self._extend(connection)
        return connection

    def new_access_token(self, connection: Connection) -> str:
        token = "eyJlbmMiOi" + secrets.token_urlsafe(240)
        self._access[token] = AccessToken(connection, self._clock.now() + timedelta(seconds=ACCESS_SECONDS))
        return token

    def answer(self, connection: Connection, *, with_hard_limit: bool) -> JsonObject:
        """The JSON of the token endpoint. Source: QuickBooks reference 1.3."""
        now = self._clock.now()
        assert connection.refresh_expires_at is not None
        body: JsonObject = {
            "token_type": "bearer",
            "access_token": self.new_access_token(connection),
            "refresh_token": connection.refresh_token,
            "expires_in": ACCESS_SECONDS,
            "x_refresh_token_expires_in": int((connection.refresh_expires_at - now).total_seconds() + 0.5),
        }
        if with_hard_limit:
            left = connection.consented_at + HARD_LIMIT - now
            body["x_refresh_token_hard_expires_in"] = int(left.total_seconds())
        return body

    def revoke(self, client: OAuthClient, token: str) -> None:
        """Either token ends the whole connection."""
        connection = self._refresh.get(token)
        access = self._access.get(token)
        connection = connection or (access.connection if access is not None else None)
        if connection is None or connection.client_id != client.client_id:
            raise TokenRefused("invalid_request")
        connection.ended = "revoked"

    def look_up(self, access_token: str) -> AccessToken | None:
        return self._access.get(access_token)

    def expire_access_tokens(self, realm_id: str | None) -> int:
        """Make every live access token of a realm (or of all) expire now."""
        now = self._clock.now()
        live = [
            token
            for token in self._access.values()
            if token.expires_at > now and realm_id in (None, token.connection.realm_id)
        ]
        for token in live:
            token.expires_at = now
        return len(live)

    def disconnect(self, realm_id: str | None, client_id: str | None) -> int:
        """As if the user had disconnected the app inside QuickBooks."""
        ended = [
            each
            for each in self.connections
            if not each.ended and realm_id in (None, each.realm_id) and client_id in (None, each.client_id)
        ]
        for connection in ended:
            connection.ended = "disconnected"
        return len(ended)

    def _new_refresh_value(self, connection: Connection) -> None:
        now = self._clock.now()
        if connection.refresh_token:
            connection.superseded[connection.refresh_token] = now
        connection.refresh_token = "RT1-" + secrets.token_urlsafe(36)
        connection.refresh_value_since = now
        self._refresh[connection.refresh_token] = connection
        self._extend(connection)

    def _extend(self, connection: Connection) -> None:
        rolling = self._clock.now() + timedelta(seconds=REFRESH_SECONDS)
        connection.refresh_expires_at = min(rolling, connection.consented_at + HARD_LIMIT)
