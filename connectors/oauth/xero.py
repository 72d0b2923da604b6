"""Xero's OAuth 2.0 over our own HTTP: consent with PKCE, rotating tokens, and the list of connected organisations.

A refresh token works once; the one before it works for half an hour more, which is what makes a lost answer harmless
(Xero reference 1.4). So a renewal reads the new pair out of the answer before it looks at anything else.

The verifier of PKCE has to be known again when the browser comes back, maybe in another process: it is derived from
the state, which is secret and used once, under a key of ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from connectors.http import Answer, LedgerHttp, Request
from connectors.oauth.grants import Grant
from connectors.protocol import ConnectorError, OutcomeUnknown, Refused, SignInNeeded
from contracts.problems import Problem, Reason

SCOPES = (
    "offline_access",
    "accounting.invoices",
    "accounting.payments",
    "accounting.banktransactions",
    "accounting.contacts",
    "accounting.settings.read",
)
"""What the service does, and no more. Apps made since March 2026 can ask for these granular scopes only."""

REFRESH_LIVES = timedelta(days=60)
_A_YEAR = 366 * 86_400


@dataclass(frozen=True)
class XeroEndpoints:
    """Where Xero's OAuth lives. There is no sandbox: a demo company is reached at the same addresses."""

    authorization: str = "https://login.xero.com/identity/connect/authorize"
    token: str = "https://identity.xero.com/connect/token"  # noqa: S105 - an address
    revocation: str = "https://identity.xero.com/connect/revocation"
    connections: str = "https://api.xero.com/connections"

    @classmethod
    def at(cls, base_url: str) -> XeroEndpoints:
        """All of them on one host, as a simulator has them."""
        base = base_url.rstrip("/")
        return cls(
            f"{base}/identity/connect/authorize",
            f"{base}/connect/token",
            f"{base}/connect/revocation",
            f"{base}/connections",
        )


@dataclass(frozen=True)
class Tenant:
    """An organisation the app is connected to. `connection_id` is what ends it; its books are under `tenant_id`."""

    connection_id: str
    tenant_id: str
    name: str
    auth_event_id: str


class XeroOAuth:
    """Implements OAuthProvider for Xero.

    client_secret: "" for an app of the PKCE kind, which has none.
    pkce_key: secret of this installation, the same in every process.
    """

    def __init__(
        self,
        http: LedgerHttp,
        client_id: str,
        client_secret: str,
        redirect_url: str,
        *,
        pkce_key: bytes,
        endpoints: XeroEndpoints | None = None,
        scopes: Sequence[str] = SCOPES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._http, self._client_id, self._client_secret = http, client_id, client_secret
        self._redirect_url, self._pkce_key, self._scopes = redirect_url, pkce_key, tuple(scopes)
        self._endpoints = endpoints or XeroEndpoints()
        self._now = now

    def authorize_url(self, state: str) -> str:
        """Where a person is sent to choose one organisation and grant access."""
        challenge = hashlib.sha256(self._verifier(state).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_url,
            "scope": " ".join(self._scopes),
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "acr_values": "bulk_connect:false",
        }
        return f"{self._endpoints.authorization}?{urlencode(query, quote_via=quote)}"

    async def exchange(self, code: str, company_id: str = "", *, state: str = "") -> Grant:
        """The grant for a code, and the organisation it was given for.

        company_id: the organisation this connection has had so far, "" for a new one. state: of the same consent.
        SignInNeeded: the code was used or has expired. Refused: it is not certain which organisation is meant.
        """
        grant = await self._tokens(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_url,
                "code_verifier": self._verifier(state),
            },
            "",
        )
        tenants = await self.tenants(grant.access_token)
        tenant = choose(tenants, event=_event_of(grant.access_token), wanted=company_id)
        return Grant(
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            access_expires_at=grant.access_expires_at,
            refresh_expires_at=grant.refresh_expires_at,
            company_id=tenant.tenant_id,
        )

    async def refresh(self, refresh_token: str) -> Grant:
        """A new pair for a refresh token."""
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token}, "")

    async def revoke(self, token: str) -> None:
        """End everything this person granted the app, in all their organisations. See `leave` for one of them."""
        answer = await self._post(self._endpoints.revocation, {"token": token})
        if answer.status >= 400 and _code_in(answer) not in ("invalid_grant", "invalid_token"):
            raise _sorted(answer)

    async def tenants(self, access_token: str) -> list[Tenant]:
        """The organisations this grant reaches. Raises ConnectorError."""
        headers = {"Accept": "application/json", "Authorization": f"Bearer {access_token}"}
        answer = await self._http.send(Request("GET", self._endpoints.connections, headers=headers))
        if answer.status == 401:
            raise SignInNeeded("Xero does not accept this sign-in", **answer.evidence)
        if answer.status != 200 or not isinstance(answer.data, list):
            raise Refused("the list of connections cannot be read", code=str(answer.status), **answer.evidence)
        return [
            Tenant(
                connection_id=str(one.get("id") or ""),
                tenant_id=str(one.get("tenantId") or "").lower(),
                name=str(one.get("tenantName") or ""),
                auth_event_id=str(one.get("authEventId") or "").lower(),
            )
            for one in answer.data
            if isinstance(one, dict) and one.get("tenantType", "ORGANISATION") == "ORGANISATION" and one.get("tenantId")
        ]

    async def leave(self, grant: Grant) -> None:
        """End one organisation's connection, and the person's grant as well when it was the last.

        Revoking at once would end every organisation this person connected (reference 1.4). A grant that is dead
        already is no error.
        """
        try:
            if self._now() >= grant.access_expires_at:
                grant = await self.refresh(grant.refresh_token)
            wanted = grant.company_id
            tenants = await self.tenants(grant.access_token)
            for tenant in tenants:
                if tenant.tenant_id == wanted:
                    await self._disconnect(tenant, grant.access_token)
            if all(tenant.tenant_id == wanted for tenant in tenants):
                await self.revoke(grant.refresh_token)
        except SignInNeeded:
            return

    async def _disconnect(self, tenant: Tenant, access_token: str) -> None:
        request = Request(
            "DELETE",
            f"{self._endpoints.connections}/{{id}}",
            values={"id": tenant.connection_id},
            headers={"Accept": "application/json", "Authorization": f"Bearer {access_token}"},
            writes=True,
            may_be_empty=True,
        )
        try:
            answer = await self._http.send(request)
        except Refused as error:
            if error.status == 404:
                return
            raise
        if answer.status >= 400 and answer.status != 404:
            raise Refused("Xero did not end the connection", code=str(answer.status), **answer.evidence)

    def _verifier(self, state: str) -> str:
        """43 characters, as PKCE wants at least; the same for the same state in every process."""
        digest = hmac.new(self._pkce_key, b"xero pkce verifier:" + state.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    async def _tokens(self, form: Mapping[str, str], company_id: str) -> Grant:
        answer = await self._post(self._endpoints.token, form)
        if answer.status != 200:
            raise _sorted(answer)
        document = answer.data if isinstance(answer.data, dict) else {}
        access, refresh = document.get("access_token"), document.get("refresh_token")
        if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
            raise OutcomeUnknown("the token answer has no tokens", trace_id=answer.trace_id, status=answer.status)
        now = self._now()
        return Grant(
            access_token=access,
            refresh_token=refresh,
            access_expires_at=now + timedelta(seconds=_seconds(document.get("expires_in")) or 1800),
            refresh_expires_at=now + REFRESH_LIVES,
            company_id=company_id,
        )

    async def _post(self, url: str, form: Mapping[str, str]) -> Answer:
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        fields = dict(form)
        if self._client_secret:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            fields["client_id"] = self._client_id
        content = urlencode(fields).encode()
        return await self._http.send(
            Request("POST", url, headers=headers, content=content, writes=True, may_be_empty=True)
        )


def choose(tenants: Sequence[Tenant], *, event: str, wanted: str) -> Tenant:
    """The organisation a consent was given for. Raises Refused when that is not certain.

    event: of this consent; what it connected carries it. An organisation that was connected before may keep its old
    one, so where nothing carries it, the connection's own organisation counts, and then the only one there is.
    """
    fresh = [tenant for tenant in tenants if event and tenant.auth_event_id == event]
    among = fresh or list(tenants)
    same = [tenant for tenant in among if wanted and tenant.tenant_id == wanted.lower()]
    chosen = same or among
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(sorted(tenant.name or tenant.tenant_id for tenant in chosen))
    if not chosen:
        message, fix = "No organisation was chosen.", "Start again and choose the organisation to connect in Xero."
    else:
        message = f"The consent covers {len(chosen)} organisations: {names}."
        fix = "Start again and choose one organisation only; connect the others one by one."
    problem = Problem(reason=Reason.NOT_CONNECTED, where="the connection", message=message, fix=fix, value=names)
    raise Refused(message, problems=[problem], code="tenants")


def _event_of(access_token: str) -> str:
    """The consent's event in the token, which came from Xero over TLS a moment ago: nothing is decided on it alone."""
    try:
        payload = access_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims.get("authentication_event_id") or "").lower()
    except (ValueError, IndexError, AttributeError):
        return ""


def _seconds(value: Any) -> int | None:
    try:
        seconds = int(str(value))
    except ValueError:
        return None
    return min(seconds, _A_YEAR) if seconds > 0 else None


def _code_in(answer: Answer) -> str:
    return str(answer.data.get("error") or "") if isinstance(answer.data, dict) else ""


def _sorted(answer: Answer) -> ConnectorError:
    """An answer of the identity server that is not 200, by its RFC 6749 error code."""
    code = _code_in(answer)
    if code == "invalid_grant":
        return SignInNeeded("Xero no longer accepts this sign-in", **answer.evidence)
    if code in ("invalid_client", "unauthorized_client") or answer.status == 401:
        return Refused(
            "Xero does not accept this app's client id and secret, or the app is of another kind",
            code=code or "invalid_client",
            **answer.evidence,
        )
    return Refused(f"Xero's sign-in service refused: {code or answer.status}", code=code, **answer.evidence)
