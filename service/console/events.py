"""Events billing was told, and how their deliveries go."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response
from sqlmodel import col, select

from contracts.api import DeliveryState
from service.console.connections import first_of, label_of
from service.console.rendering import Ask, field, go, page
from service.console.sessions import Missing, operator_of, service_of
from service.console.words import plural
from service.events.endpoints import redeliver
from service.store.tables import Connection, Delivery
from service.views.events import find_endpoint, latest_events, list_deliveries, list_endpoints, view_endpoints
from service.views.paging import CursorInvalid

HOME = "/console/events"
SHOWN = 100
AT_ONCE = 1000
"""Failed deliveries sent again by one press of the button."""


@get("/events")
async def events_page(request: Ask) -> Response[str]:
    """The endpoints with how they do, and the newest events."""
    platform_id = operator_of(request).platform_id
    async with service_of(request).database.read() as session:
        endpoints = await list_endpoints(session, platform_id)
        events = await latest_events(session, platform_id, limit=SHOWN)
        ours = await session.exec(select(Connection).where(col(Connection.platform_id) == platform_id))
        names = {row.id: label_of(row) for row in ours.all()}
    return page(request, "events.html", endpoints=endpoints, events=events.items, more=events.has_more, names=names)


@get("/events/endpoints/{endpoint_id:str}")
async def endpoint_page(request: Ask, endpoint_id: FromPath[str]) -> Response[str]:
    """One endpoint and its deliveries."""
    state = request.query_params.get("state", "")
    chosen = DeliveryState(state) if state in set(DeliveryState) else None
    async with service_of(request).database.read() as session:
        row = await find_endpoint(session, operator_of(request).platform_id, endpoint_id)
        if row is None:
            raise Missing("endpoint")
        endpoint = (await view_endpoints(session, [row]))[0]
        try:
            found = await list_deliveries(session, row, state=chosen, cursor=request.query_params.get("cursor", ""))
        except CursorInvalid:
            found = await list_deliveries(session, row, state=chosen)
    return page(
        request,
        "endpoint.html",
        endpoint=endpoint,
        deliveries=found.items,
        more=found.next_cursor or "",
        first=first_of(request),
        filters={"state": chosen or ""},
    )


@post("/events/endpoints/{endpoint_id:str}/redeliver")
async def redeliver_now(request: Ask, endpoint_id: FromPath[str]) -> Redirect:
    """Send one delivery again, or every failed one."""
    form = await request.form()
    async with service_of(request).database.write() as session:
        row = await find_endpoint(session, operator_of(request).platform_id, endpoint_id)
        if row is None:
            raise Missing("endpoint")
        chosen = select(Delivery).where(col(Delivery.endpoint_id) == row.id)
        if delivery_id := field(form, "delivery"):
            chosen = chosen.where(col(Delivery.id) == delivery_id)
        else:
            chosen = chosen.where(col(Delivery.state) == DeliveryState.FAILED).limit(AT_ONCE)
        deliveries = (await session.exec(chosen.order_by(col(Delivery.event_seq)))).all()
        if delivery_id and not deliveries:
            raise Missing("delivery")
        for delivery in deliveries:
            await redeliver(session, delivery)
    if not deliveries:
        return go(f"{HOME}/endpoints/{row.id}", "Nothing had failed.", tone="info")
    count = len(deliveries)
    return go(
        f"{HOME}/endpoints/{row.id}", f"{plural(count, 'event')} {'is' if count == 1 else 'are'} being delivered again."
    )


HANDLERS = [events_page, endpoint_page, redeliver_now]
