"""Webhook endpoints: where a platform wants its events, and what became of each."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.params import JSONBody, QueryParameter
from sqlmodel import col, select

from contracts.api import (
    DeliveryPage,
    DeliveryState,
    DeliveryView,
    Endpoint,
    EndpointList,
    EndpointRequest,
    NewEndpoint,
)
from service.api.errors import not_found
from service.api.shared import PAGE, ApiRequest, Cursor, Limit, PathId, service_of
from service.events import endpoints
from service.store.database import Session
from service.store.tables import Delivery, Event, Platform, WebhookEndpoint
from service.views import events as views

InState = Annotated[DeliveryState | None, QueryParameter(name="state", description="Only those in this state.")]


class WebhookEndpointController(Controller):
    """Signed deliveries, as Standard Webhooks describes them."""

    path = "/webhook-endpoints"
    tags = ("Events",)

    @post("/")
    async def create(self, request: ApiRequest, data: JSONBody[EndpointRequest]) -> NewEndpoint:
        """Add an endpoint. Its secret is in this answer and in no other."""
        service = service_of(request)
        async with service.database.write() as session:
            row, secret = await endpoints.add_endpoint(
                service, session, request.user.id, data.url, [str(kind) for kind in data.types]
            )
            view = (await views.view_endpoints(session, [row]))[0]
        return NewEndpoint(**view.model_dump(), secret=secret)

    @get("/")
    async def list_many(self, request: ApiRequest) -> EndpointList:
        """Every endpoint, with how many deliveries wait and what the last one came to."""
        async with service_of(request).database.read() as session:
            return EndpointList(items=await views.list_endpoints(session, request.user.id))

    @get("/{endpoint_id:str}")
    async def get_one(self, request: ApiRequest, endpoint_id: PathId) -> Endpoint:
        """One endpoint."""
        async with service_of(request).database.read() as session:
            row = await _own_endpoint(session, request.user, endpoint_id)
            return (await views.view_endpoints(session, [row]))[0]

    @delete("/{endpoint_id:str}")
    async def remove(self, request: ApiRequest, endpoint_id: PathId) -> None:
        """Deliver nothing more there. The feed keeps every event."""
        async with service_of(request).database.write() as session:
            row = await _own_endpoint(session, request.user, endpoint_id)
            await endpoints.remove_endpoint(session, row)

    @get("/{endpoint_id:str}/deliveries")
    async def list_deliveries(
        self,
        request: ApiRequest,
        endpoint_id: PathId,
        in_state: InState = None,
        limit: Limit = PAGE,
        cursor: Cursor = "",
    ) -> DeliveryPage:
        """Newest event first."""
        async with service_of(request).database.read() as session:
            row = await _own_endpoint(session, request.user, endpoint_id)
            return await views.list_deliveries(session, row, state=in_state, limit=limit, cursor=cursor)

    @post("/{endpoint_id:str}/deliveries/{delivery_id:str}/redeliver", status_code=202)
    async def redeliver(self, request: ApiRequest, endpoint_id: PathId, delivery_id: PathId) -> DeliveryView:
        """Send it again, whatever became of it before. The event keeps its id, so a receiver can tell."""
        async with service_of(request).database.write() as session:
            endpoint = await _own_endpoint(session, request.user, endpoint_id)
            query = (
                select(Delivery, Event)
                .join(Event, col(Event.seq) == col(Delivery.event_seq))
                .where(col(Delivery.id) == delivery_id, col(Delivery.endpoint_id) == endpoint.id)
            )
            found = (await session.exec(query)).first()
            if found is None:
                raise not_found("delivery")
            delivery, event = found
            await endpoints.redeliver(session, delivery)
            return views.delivery_view(delivery, event)


async def _own_endpoint(session: Session, platform: Platform, endpoint_id: str) -> WebhookEndpoint:
    row = await views.find_endpoint(session, platform.id, endpoint_id)
    if row is None:
        raise not_found("webhook endpoint")
    return row
