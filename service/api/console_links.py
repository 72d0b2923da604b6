"""Signing a person in to the console from inside a billing platform."""

from __future__ import annotations

from datetime import timedelta

from litestar import post

from contracts.api import ConsoleLink
from service.api.shared import ApiRequest, service_of
from service.clock import utc_now
from service.security.keys import digest, new_one_time_code
from service.store.tables import ConsoleSession

LINK_LASTS = timedelta(minutes=5)


@post("/console-links", tags=["Console"])
async def create_console_link(request: ApiRequest) -> ConsoleLink:
    """A link that signs one browser in to the console, once, within five minutes."""
    service = service_of(request)
    code, expires_at = new_one_time_code(), utc_now() + LINK_LASTS
    async with service.database.write() as session:
        session.add(
            ConsoleSession(digest=digest(code), platform_id=request.user.id, one_time=True, expires_at=expires_at)
        )
    return ConsoleLink(url=f"{service.settings.base_url}/console/enter?code={code}", expires_at=expires_at)
