"""The ops console: server-rendered pages that work without JavaScript and without the internet."""

from __future__ import annotations

from pathlib import Path

from litestar import Response, Router
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler, ExceptionHandlersMap

from service.console import connections, documents, entrance, errors, events, imports, preferences
from service.console.rendering import Ask
from service.console.sessions import Missing, SignInNeeded, require_operator

STATIC = Path(__file__).parent / "static"


def console_handlers() -> list[ControllerRouterHandler]:
    """Everything under /console: pages, guard, error pages, static files.

    Of the application it needs the running Service as `app.state.service`, a CSRF configuration for /console, and
    console_failure where errors without a route are handled. Templates are its own affair.
    """
    failures: ExceptionHandlersMap = {
        SignInNeeded: errors.sign_in_needed,
        Missing: errors.missing,
        HTTPException: errors.http_error,
        Exception: errors.broken,
    }
    inside = Router(
        "/",
        guards=[require_operator],
        route_handlers=[
            *connections.HANDLERS,
            *preferences.HANDLERS,
            *imports.HANDLERS,
            *documents.HANDLERS,
            *events.HANDLERS,
        ],
    )
    pages = Router(
        "/console",
        route_handlers=[*entrance.HANDLERS, inside],
        exception_handlers=failures,
        include_in_schema=False,
    )
    static = create_static_files_router(
        "/console/static",
        [STATIC],
        name="console-static",
        cache_control=CacheControlHeader(max_age=31_536_000, public=True, immutable=True),
        exception_handlers=failures,
        # A file that is cached for everybody must not carry one browser's cookie.
        opt={"exclude_from_csrf": True},
    )
    return [pages, static]


def console_failure(request: Ask, error: Exception) -> Response[str] | None:
    """A page for an error the routes never saw, such as an unknown address; None outside the console."""
    if not (request.url.path == "/console" or request.url.path.startswith("/console/")):
        return None
    return errors.http_error(request, error) if isinstance(error, HTTPException) else errors.broken(request, error)


__all__ = ["console_failure", "console_handlers"]
