"""Intuit's OAuth through its own library, made safe to use from a service.

The library is a blocking `requests` session without time-outs that fetches a document in its constructor, copies every
key of an answer onto itself, and shares state between threads. So: one object per operation, in a thread, with hard
time-outs, the endpoints given to it, and only the values we want read before it is thrown away.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from connectors.http import LedgerHttp, Request
from connectors.oauth.grants import Grant
from connectors.protocol import ConnectorError, OutcomeUnknown, Refused, SignInNeeded, TryLater
from connectors.redaction import redact

T = TypeVar("T")

_NO_DISCOVERY = "static:"
_FIVE_YEARS = 5 * 366 * 86_400


@dataclass(frozen=True)
class Endpoints:
    """Where Intuit's OAuth lives; the defaults are the published ones, the same for sandbox and production keys."""

    authorization: str = "https://appcenter.intuit.com/connect/oauth2"
    token: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
    revocation: str = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
    issuer: str = "https://oauth.platform.intuit.com/op/v1"
    jwks: str = "https://oauth.platform.intuit.com/op/v1/jwks"
    userinfo: str = "https://accounts.platform.intuit.com/v1/openid_connect/userinfo"

    @classmethod
    async def discover(cls, http: LedgerHttp, url: str) -> Endpoints:
        """Read the discovery document, once, when the service starts. Raises ConnectorError."""
        answer = await http.send(Request("GET", url, headers={"Accept": "application/json"}))
        document = answer.data if isinstance(answer.data, dict) else {}
        try:
            return cls(
                authorization=str(document["authorization_endpoint"]),
                token=str(document["token_endpoint"]),
                revocation=str(document["revocation_endpoint"]),
                issuer=str(document.get("issuer", "")),
                jwks=str(document.get("jwks_uri", "")),
                userinfo=str(document.get("userinfo_endpoint", "")),
            )
        except KeyError as error:
            raise Refused(f"the discovery document has no {error}", **answer.evidence) from None

    def as_document(self) -> dict[str, str]:
        """The discovery document the library expects."""
        return {
            "authorization_endpoint": self.authorization,
            "token_endpoint": self.token,
            "revocation_endpoint": self.revocation,
            "issuer": self.issuer,
            "jwks_uri": self.jwks,
            "userinfo_endpoint": self.userinfo,
        }


class _SafeAuthClient(AuthClient):  # type: ignore[misc]  # the library has no types
    """The library's client without a network call in its constructor, and with time-outs everywhere."""

    def __init__(self, *args: Any, endpoints: Mapping[str, str], time_out: tuple[float, float], **more: Any) -> None:
        self._document, self._time_out = endpoints, time_out
        super().__init__(*args, environment=_NO_DISCOVERY, **more)

    def request(self, method: str, url: str, **more: Any) -> requests.Response:
        if url == _NO_DISCOVERY:
            prepared = requests.Response()
            prepared.status_code = 200
            prepared._content = json.dumps(self._document).encode()
            return prepared
        # Before 1.2.7 the library does not ask when the grant ends for good.
        more["headers"] = {**(more.get("headers") or {}), "x-include-refresh-token-hard-expires-in": "true"}
        # A .netrc entry for the host would replace our Authorization header unless an auth is given.
        more["auth"] = _leave_as_it_is
        more.setdefault("timeout", self._time_out)
        more["allow_redirects"] = False
        answer: requests.Response = super().request(method, url, **more)
        if answer.status_code == 200 and answer.content:
            _only_a_json_object(answer)
        return answer


def _leave_as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _only_a_json_object(answer: requests.Response) -> None:
    """The library copies every key of the answer onto itself: leave it only the ones that are tokens or times."""
    wanted = {
        "access_token",
        "refresh_token",
        "expires_in",
        "x_refresh_token_expires_in",
        "x_refresh_token_hard_expires_in",
    }
    document = answer.json()
    if not isinstance(document, dict):
        raise ValueError("the token answer is not an object")
    answer._content = json.dumps({key: value for key, value in document.items() if key in wanted}).encode()


class IntuitOAuth:
    """Implements OAuthProvider for QuickBooks. Asks for the accounting scope alone, never for openid."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        redirect_url: str,
        *,
        endpoints: Endpoints | None = None,
        connect_seconds: float = 5.0,
        read_seconds: float = 20.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client_id, self._client_secret, self._redirect_url = client_id, client_secret, redirect_url
        self._endpoints = (endpoints or Endpoints()).as_document()
        self._time_out = (connect_seconds, read_seconds)
        self._now = now

    def _client(self) -> _SafeAuthClient:
        return _SafeAuthClient(
            self._client_id,
            self._client_secret,
            self._redirect_url,
            endpoints=self._endpoints,
            time_out=self._time_out,
        )

    def authorize_url(self, state: str) -> str:
        """Where a person is sent to choose a company and grant access."""
        with self._client() as client:
            return str(client.get_authorization_url([Scopes.ACCOUNTING], state_token=state))

    async def exchange(self, code: str, company_id: str) -> Grant:
        """The grant for a code. SignInNeeded: the code was used or has expired, so the person has to start again."""

        def ask() -> Grant:
            with self._client() as client:
                client.get_bearer_token(code, realm_id=company_id)
                return self._grant(client, company_id)

        return await self._in_a_thread(ask)

    async def refresh(self, refresh_token: str) -> Grant:
        """A new pair for a refresh token."""

        def ask() -> Grant:
            with self._client() as client:
                client.refresh(refresh_token)
                return self._grant(client, "")

        return await self._in_a_thread(ask)

    async def revoke(self, token: str) -> None:
        """End the grant. A token Intuit no longer knows has ended already."""

        def ask() -> None:
            with self._client() as client:
                client.revoke(token)

        try:
            await self._in_a_thread(ask)
        except SignInNeeded:
            return

    def _grant(self, client: _SafeAuthClient, company_id: str) -> Grant:
        access, refresh = client.access_token, client.refresh_token
        if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
            raise OutcomeUnknown("the token answer has no tokens")
        lives = [_seconds(client.x_refresh_token_expires_in), _seconds(vars(client).get(_HARD_END))]
        ends = [life for life in lives if life is not None]
        now = self._now()
        return Grant(
            access_token=access,
            refresh_token=refresh,
            access_expires_at=now + timedelta(seconds=_seconds(client.expires_in) or 3600),
            refresh_expires_at=now + timedelta(seconds=min(ends)) if ends else None,
            company_id=company_id,
        )

    async def _in_a_thread(self, ask: Callable[[], T]) -> T:
        try:
            # requests bounds the connect and each read, not the whole; a trickling answer is cut off here.
            async with asyncio.timeout(sum(self._time_out) * 2):
                return await asyncio.to_thread(ask)
        except AuthClientError as error:
            raise _sorted(error) from None
        except requests.exceptions.ConnectTimeout as error:
            raise TryLater("Intuit's sign-in service cannot be reached", wait_seconds=15) from error
        except requests.exceptions.ConnectionError as error:
            # requests uses one class for "no connection" and "reset while reading"; only the first is certain.
            if _never_left(error):
                raise TryLater("Intuit's sign-in service cannot be reached", wait_seconds=15) from error
            raise OutcomeUnknown("Intuit's sign-in service closed the connection") from error
        except (requests.exceptions.RequestException, TimeoutError, ValueError) as error:
            raise OutcomeUnknown(f"no clear answer from Intuit's sign-in service ({type(error).__name__})") from error


_HARD_END = "x_refresh_token_hard_expires_in"


def _seconds(value: object) -> int | None:
    try:
        seconds = int(str(value))
    except ValueError:
        return None
    return min(seconds, _FIVE_YEARS) if seconds > 0 else None


def _never_left(error: requests.exceptions.ConnectionError) -> bool:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}


def _sorted(error: AuthClientError) -> ConnectorError:
    """An answer of the token endpoint that is not 200, by its RFC 6749 error code."""
    raw = error.content if isinstance(error.content, bytes) else b""
    evidence: dict[str, Any] = {
        "trace_id": str(error.intuit_tid or ""),
        "status": error.status_code,
        "body": redact(raw),
    }
    try:
        document = json.loads(raw)
        code = str(document.get("error", "")) if isinstance(document, dict) else ""
    except ValueError:
        code = ""
    if error.status_code == 429:
        return TryLater("Intuit's sign-in service asks to slow down", wait_seconds=60, limited=True, **evidence)
    if error.status_code == 503:
        return TryLater("Intuit's sign-in service is not available", wait_seconds=30, **evidence)
    if error.status_code >= 500:
        return OutcomeUnknown(f"Intuit's sign-in service answered {error.status_code}", **evidence)
    if code == "invalid_grant":
        return SignInNeeded("Intuit no longer accepts this sign-in", **evidence)
    if code == "invalid_client" or (error.status_code == 401 and not code):
        return Refused(
            "Intuit does not accept this app's client id and secret; check that they belong together and to the "
            "right environment (development keys work with sandbox companies only)",
            code="invalid_client",
            **evidence,
        )
    return Refused(f"Intuit's sign-in service refused: {code or error.status_code}", code=code, **evidence)
