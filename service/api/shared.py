"""What every controller needs: who asks, of which connection, and how lists are paged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.params import PathParameter, QueryParameter

from contracts.problems import Reason
from service.api.errors import not_found
from service.store.database import Session
from service.store.tables import Connection, Platform
from service.views.connections import find_connection
from service.views.paging import DEFAULT_PAGE, LARGEST_PAGE

if TYPE_CHECKING:
    from service.runtime import Service

ApiRequest: TypeAlias = Request[Platform, Any, State]

PathId: TypeAlias = Annotated[str, PathParameter(min_length=1, max_length=200)]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE, description="Items to a page.")]
Cursor: TypeAlias = Annotated[
    str, QueryParameter(max_length=1000, description="next_cursor of the page before; empty: the first page.")
]
Search: TypeAlias = Annotated[str, QueryParameter(max_length=200, description="Part of a name, number or id.")]
WithReason: TypeAlias = Annotated[Reason | None, QueryParameter(description="Only those with a problem of this kind.")]

PAGE = DEFAULT_PAGE


def service_of(request: ASGIConnection[Any, Any, Any, Any]) -> Service:
    """The running service, put into the application's state by create_app."""
    return cast("Service", request.app.state.service)


async def own_connection(session: Session, platform: Platform, connection_id: str) -> Connection:
    """The caller's connection. Raises Trouble 404, also for another platform's."""
    found = await find_connection(session, platform.id, connection_id)
    if found is None:
        raise not_found("connection")
    return found
