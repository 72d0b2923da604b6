"""The feed: everything billing must learn, in order, for as long as it asks."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.params import QueryParameter

from contracts.api import EventPage
from contracts.events import EventType
from service.api.shared import PAGE, ApiRequest, Limit, service_of
from service.views import events as views

After = Annotated[
    str, QueryParameter(max_length=100, description="next_cursor or the sequence of the last event seen; empty: all.")
]
Types = Annotated[list[EventType] | None, QueryParameter(description="Only these; repeat the parameter for several.")]
OfConnection = Annotated[str, QueryParameter(max_length=200, description="Only events of this connection.")]


class EventController(Controller):
    """Events as a feed, for a platform that would rather ask than be called."""

    path = "/events"
    tags = ("Events",)

    @get("/")
    async def list_many(
        self,
        request: ApiRequest,
        after: After = "",
        limit: Limit = PAGE,
        types: Types = None,
        connection_id: OfConnection = "",
    ) -> EventPage:
        """Oldest first. Each item is a CloudEvent, the same as webhooks deliver; ask again with next_cursor."""
        async with service_of(request).database.read() as session:
            return await views.list_events(
                session, request.user.id, after=after, limit=limit, types=types or (), connection_id=connection_id
            )
