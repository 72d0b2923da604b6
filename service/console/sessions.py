"""Who is looking: a browser that signed in with an API key or a one-time link, for one platform, for eight hours.

The cookie holds a random token; the database holds its digest. Nothing about the platform is in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from sqlalchemy import delete
from sqlmodel import col, select

from service.clock import utc_now
from service.console.rendering import OPERATOR
from service.console.words import as_utc
from service.security.keys import digest, new_one_time_code
from service.store.database import Session
from service.store.tables import Connection, ConsoleSession, Platform
from service.views.connections import find_connection

if TYPE_CHECKING:
    from service.runtime import Service

Connected = ASGIConnection[Any, Any, Any, Any]

SESSION_COOKIE = "ledgerlane_console"
SESSION_LASTS = timedelta(hours=8)


class SignInNeeded(Exception):
    """No session, or one that has ended."""

    def __init__(self, *, ended: bool) -> None:
        self.ended = ended
        super().__init__("sign in to the console")


class Missing(Exception):
    """Not there, or another platform's: the same answer for both."""

    def __init__(self, what: str = "page") -> None:
        self.what = what
        super().__init__(what)


@dataclass(frozen=True)
class Operator:
    """A signed-in browser."""

    platform_id: str
    platform_name: str


async def sign_in(session: Session, platform_id: str) -> str:
    """Open a session. Returns the token for the cookie; sessions that have ended are swept."""
    await session.exec(delete(ConsoleSession).where(col(ConsoleSession.expires_at) < utc_now()))
    token = new_one_time_code()
    session.add(ConsoleSession(digest=digest(token), platform_id=platform_id, expires_at=utc_now() + SESSION_LASTS))
    return token


async def use_entry_code(session: Session, code: str) -> str | None:
    """Turn a one-time code into a session token; None when it is unknown, used or too old.

    The delete decides, so of two browsers at the same moment one gets in.
    """
    found = await session.get(ConsoleSession, digest(code))
    if found is None or not found.one_time or as_utc(found.expires_at) < utc_now():
        return None
    spent = await session.exec(
        delete(ConsoleSession).where(col(ConsoleSession.digest) == digest(code), col(ConsoleSession.one_time).is_(True))
    )
    return await sign_in(session, found.platform_id) if spent.rowcount == 1 else None


async def sign_out(session: Session, token: str) -> None:
    """End a session."""
    await session.exec(delete(ConsoleSession).where(col(ConsoleSession.digest) == digest(token)))


def session_cookie(token: str, *, secure: bool) -> Cookie:
    """The cookie for a token. Lax, so that coming back from the ledger's consent page finds the session."""
    return Cookie(
        key=SESSION_COOKIE,
        value=token,
        path="/console",
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="lax",
    )


async def require_operator(request: Connected, _: BaseRouteHandler) -> None:
    """Guard of every page but sign-in: who looks is found once and kept for the request. Raises SignInNeeded."""
    token = request.cookies.get(SESSION_COOKIE, "")
    if not token:
        raise SignInNeeded(ended=False)
    async with service_of(request).database.read() as session:
        statement = (
            select(ConsoleSession, Platform)
            .join(Platform, col(Platform.id) == col(ConsoleSession.platform_id))
            .where(col(ConsoleSession.digest) == digest(token), col(ConsoleSession.one_time).is_(False))
        )
        found = (await session.exec(statement)).first()
    if found is None or as_utc(found[0].expires_at) < utc_now():
        raise SignInNeeded(ended=True)
    request.scope["state"][OPERATOR] = Operator(platform_id=found[1].id, platform_name=found[1].name)


def operator_of(request: Connected) -> Operator:
    """Who looks. Only behind the guard."""
    operator = request.scope["state"][OPERATOR]
    assert isinstance(operator, Operator)
    return operator


def service_of(request: Connected) -> Service:
    """The running service, as create_app put it into the application's state."""
    return cast("Service", request.app.state.service)


async def connection_of(request: Connected, session: Session, connection_id: str) -> Connection:
    """A connection of the operator's platform. Raises Missing."""
    found = await find_connection(session, operator_of(request).platform_id, connection_id)
    if found is None:
        raise Missing("connection")
    return found
