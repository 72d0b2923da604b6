"""The outermost layer: every answer has an id, every request a log line, and NUL never comes in."""

from __future__ import annotations

import time
from typing import Any

import structlog
from litestar import Litestar
from litestar.types import Message, Scope, Send

from contracts.api import ProblemDetails
from contracts.problems import REASONS, Problem, Reason
from service.api.errors import PROBLEM_JSON
from service.api.request_ids import HEADER, request_id_of

log = structlog.get_logger("ledgerlane.http")


class Application(Litestar):
    """Litestar with a frame around every request, those without a route included."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, or the server's own life cycle."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        # A test client shares one state between requests; an id must not be.
        scope["state"] = {**scope.get("state", {})}
        scope["state"].pop("request_id", None)
        request_id = request_id_of(scope)
        started, status = time.perf_counter(), 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_extra_headers(scope, message["headers"], request_id)]
            await send(message)

        try:
            if _has_nul(scope):
                await _refuse_nul(scope, send_marked, request_id)
            else:
                await super().__call__(scope, receive, send_marked)
        finally:
            log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                route=scope.get("path_template", ""),
                status=status,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
            )


def _extra_headers(scope: Scope, present: Any, request_id: str) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in present}
    extra = [(HEADER.encode(), request_id.encode())]
    if b"x-content-type-options" not in names:
        extra.append((b"x-content-type-options", b"nosniff"))
    if scope["path"].startswith("/v1") and b"cache-control" not in names:
        extra.append((b"cache-control", b"no-store"))
    return extra


def _has_nul(scope: Scope) -> bool:
    return "\x00" in scope["path"] or b"%00" in scope["query_string"]


async def _refuse_nul(scope: Scope, send: Send, request_id: str) -> None:
    problem = Problem(
        reason=Reason.MALFORMED,
        where="the address",
        message="The address holds the character U+0000, which nothing here is called.",
        fix="Remove %00 from the address.",
    )
    body = ProblemDetails(
        type=f"/problems/{Reason.MALFORMED}",
        title=REASONS[Reason.MALFORMED].title,
        status=400,
        detail=problem.message,
        instance=scope["path"].replace("\x00", "%00"),
        request_id=request_id,
        problems=[problem],
    )
    raw = body.model_dump_json().encode()
    headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(raw)).encode())]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": raw, "more_body": False})
