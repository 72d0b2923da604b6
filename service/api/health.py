"""Is the process alive, and can it do its work."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response, get
from sqlmodel import select

from contracts.api import Health
from contracts.problems import REASONS, Reason
from service.api.errors import not_found
from service.api.shared import PathId, service_of

log = structlog.get_logger("ledgerlane.health")


@get("/health/live", tags=["Health"])
async def live() -> Health:
    """The process answers."""
    return Health(status="ok")


@get("/health/ready", tags=["Health"])
async def ready(request: Request[Any, Any, Any]) -> Response[Health]:
    """The database answers too. 503 while it does not."""
    try:
        async with service_of(request).database.read() as session:
            await session.exec(select(1))
    except Exception:
        log.exception("database does not answer")
        return Response(Health(status="failing", detail="The database does not answer."), status_code=503)
    return Response(Health(status="ok"))


@get("/problems/{reason:str}", tags=["Health"])
async def explain_problem(reason: PathId) -> dict[str, str]:
    """What a problem's `type` refers to: the reason in a sentence."""
    if reason not in REASONS:
        raise not_found("kind of problem")
    found = Reason(reason)
    return {"type": f"/problems/{found}", "reason": found.value, "title": REASONS[found].title}
