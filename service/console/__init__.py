"""The ops console: server-rendered pages that work without JavaScript and without the internet."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from litestar import Response, Router
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.middleware.csrf import CSRFMiddleware
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler, ExceptionHandlersMap

from service.console import connections, documents, entrance, errors, events, imports, preferences
from service.console.rendering import Ask
from service.console.sessions import Missing, SignInNeeded, require_operator
from service.settings import Settings

STATIC = Path(__file__).parent / "static"


def console_handlers(settings: Settings) -> list[ControllerRouterHandler]:
    """Everything under /console, complete: pages, guard, CSRF protection, error pages, static files.

    Expects the running Service as `app.state.service`; needs no template or CSRF configuration of the application.
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
        middleware=[DefineMiddleware(CSRFMiddleware, config=_csrf(settings))],
        exception_handlers=failures,
        include_in_schema=False,
    )
    static = create_static_files_router(
        "/console/static",
        [STATIC],
        name="console-static",
        cache_control=CacheControlHeader(max_age=31_536_000, public=True, immutable=True),
        exception_handlers=failures,
    )
    return [pages, static]


def console_failure(request: Ask, error: Exception) -> Response[str] | None:
    """A page for an error the routes never saw, such as an unknown address; None outside the console."""
    if not (request.url.path == "/console" or request.url.path.startswith("/console/")):
        return None
    return errors.http_error(request, error) if isinstance(error, HTTPException) else errors.broken(request, error)


def _csrf(settings: Settings) -> CSRFConfig:
    """Double submit. The secret follows from the installation's own: every process accepts the others' forms."""
    key = settings.secret_key.get_secret_value() or secrets.token_hex(32)
    return CSRFConfig(
        secret=hmac.new(key.encode(), b"ledgerlane console forms", hashlib.sha256).hexdigest(),
        cookie_name="ledgerlane_form",
        cookie_path="/console",
        cookie_httponly=True,
        cookie_secure=settings.base_url.startswith("https://"),
    )


__all__ = ["console_failure", "console_handlers"]
