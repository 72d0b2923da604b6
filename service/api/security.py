"""Who is calling: `Authorization: Bearer ll_...` names a platform, or the answer is 401."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from contracts.problems import Reason
from service.api.errors import Trouble
from service.api.shared import service_of
from service.platforms import platform_of_key


class PlatformAuthentication(AbstractAuthenticationMiddleware):
    """Puts the platform into the request as its user."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Raises Trouble 401 for a missing, malformed, unknown or revoked key: the same answer for all."""
        scheme, _, key = connection.headers.get("authorization", "").partition(" ")
        service = service_of(connection)
        if scheme.lower() == "bearer" and key.startswith("ll_"):
            async with service.database.read() as session:
                platform = await platform_of_key(session, key.strip())
            if platform is not None:
                return AuthenticationResult(user=platform, auth=None)
        refusal = Trouble(401, Reason.UNAUTHENTICATED, "Send a valid API key: Authorization: Bearer ll_...")
        refusal.headers["www-authenticate"] = 'Bearer realm="ledgerlane"'
        raise refusal
