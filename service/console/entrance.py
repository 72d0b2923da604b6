"""The entrance: signing in with an API key or a one-time link, and signing out."""

from __future__ import annotations

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect, Response

from service.console.rendering import Ask, field, go, page
from service.console.sessions import (
    SESSION_COOKIE,
    service_of,
    session_cookie,
    sign_in,
    sign_out,
    use_entry_code,
)
from service.platforms import platform_of_key

HOME = "/console/connections"


@get("/")
async def home() -> Redirect:
    """The console begins with the connections."""
    return Redirect(HOME, status_code=303)


@get("/sign-in")
async def sign_in_page(request: Ask) -> Response[str]:
    """The form."""
    return page(request, "sign_in.html", next=_inside(request.query_params.get("next", "")), error="")


@post("/sign-in")
async def sign_in_with_key(request: Ask) -> Response[str] | Redirect:
    """Check the key and open a session."""
    form = await request.form()
    where = _inside(field(form, "next"))
    key = field(form, "key")
    async with service_of(request).database.write() as session:
        platform = await platform_of_key(session, key) if key else None
        token = await sign_in(session, platform.id) if platform else ""
    if not token:
        error = "This key is not known, or it was revoked." if key else "Enter an API key."
        return page(request, "sign_in.html", status=422, next=where, error=error)
    return _let_in(request, token, where)


@get("/enter")
async def entry_page(request: Ask) -> Response[str]:
    """Where a one-time link leads. Opening it uses nothing up, so that a mail program's preview cannot burn it."""
    return page(request, "enter.html", code=request.query_params.get("code", ""), spent=False)


@post("/enter")
async def enter(request: Ask) -> Response[str] | Redirect:
    """Use the link up."""
    form = await request.form()
    async with service_of(request).database.write() as session:
        token = await use_entry_code(session, field(form, "code"))
    if token is None:
        return page(request, "enter.html", status=410, code="", spent=True)
    return _let_in(request, token, HOME)


@post("/sign-out")
async def leave(request: Ask) -> Redirect:
    """End the session, here and in the database."""
    async with service_of(request).database.write() as session:
        await sign_out(session, request.cookies.get(SESSION_COOKIE, ""))
    response = go("/console/sign-in", "You are signed out.")
    response.delete_cookie(SESSION_COOKIE, path="/console")
    return response


def _let_in(request: Ask, token: str, where: str) -> Redirect:
    response = go(where)
    cookie: Cookie = session_cookie(token, secure=service_of(request).settings.base_url.startswith("https://"))
    response.set_cookie(cookie)
    return response


def _inside(path: str) -> str:
    """Only a page of the console: a link must not use our sign-in to send people elsewhere."""
    return path if path.startswith("/console/") and "\\" not in path and "//" not in path else HOME


HANDLERS = [home, sign_in_page, sign_in_with_key, entry_page, enter, leave]
