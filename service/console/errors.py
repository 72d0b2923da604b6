"""What a person sees when something is not as it should be: a page that says what to do next, never a stack trace."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.response import Redirect, Response

from service.console.rendering import Ask, go, page
from service.console.sessions import SESSION_COOKIE, Missing, SignInNeeded

log = structlog.get_logger("console")


def sign_in_needed(request: Ask, error: SignInNeeded) -> Response[str] | Redirect:
    """To the sign-in page, and from there back to the page that was asked for."""
    if request.method != "GET":
        return go(
            "/console/sign-in", "Your session has ended and nothing was changed. Sign in and repeat it.", tone="warn"
        )
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    notice = "Your session has ended. Sign in to go on." if error.ended else ""
    response = go(f"/console/sign-in?next={quote(where)}", notice, tone="info")
    if error.ended:
        response.delete_cookie(SESSION_COOKIE, path="/console")
    return response


def missing(request: Ask, error: Missing) -> Response[str]:
    """Not there, or not this platform's."""
    return _error(
        request,
        404,
        f"There is no such {error.what}",
        "The address may be mistyped, or it belongs to another platform than the one you are signed in for.",
    )


def http_error(request: Ask, error: HTTPException) -> Response[str]:
    """Whatever the framework refused."""
    if error.status_code == 404:
        return missing(request, Missing())
    if isinstance(error, PermissionDeniedException):
        return _error(
            request,
            403,
            "This form can no longer be used",
            "It was open too long, or cookies are switched off. Nothing was changed. "
            "Go back, reload the page and try again.",
        )
    if error.status_code == 405:
        return _error(request, 405, "This address only takes forms", "Go back and use the button on the page.")
    return _error(
        request, error.status_code, "The request could not be understood", "Nothing was changed. Go back and try again."
    )


def broken(request: Ask, error: Exception) -> Response[str]:
    """A defect of ours: logged whole, shown as an apology."""
    log.error("console_page_failed", path=request.url.path, exc_info=error)
    return _error(
        request,
        500,
        "Something went wrong on our side",
        "The fault has been logged. What you did before it is kept; try again in a moment.",
    )


def _error(request: Ask, status: int, title: str, advice: str) -> Response[str]:
    return page(request, "error.html", status=status, title=title, advice=advice, code=status)
