"""Events: decided in the transaction that made them true, read as a feed, delivered by the endpoint lanes."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

from contracts.events import CloudEvent, EventType
from service.clock import new_id
from service.lanes.waking import wake
from service.store.database import Session
from service.store.tables import Connection, Delivery, Event, LaneKind, WebhookEndpoint


async def emit(session: Session, connection: Connection, type_: EventType, subject: str, data: dict[str, Any]) -> Event:
    """Record an event and one delivery for each endpoint that wants it.

    subject: "{kind}/{billing id}". data: JSON values only, amounts as strings.
    """
    event = Event(
        id=new_id("evt"),
        platform_id=connection.platform_id,
        connection_id=connection.id,
        type=type_,
        subject=subject,
        data=data,
    )
    session.add(event)
    wanting = [
        endpoint
        for endpoint in await _endpoints(session, connection.platform_id)
        if not endpoint.types or type_ in endpoint.types
    ]
    if wanting:
        await session.flush()
    for endpoint in wanting:
        session.add(Delivery(id=new_id("dlv"), endpoint_id=endpoint.id, event_seq=event.seq or 0))
        await wake(session, LaneKind.ENDPOINT, endpoint.id)
    return event


def to_cloud_event(row: Event) -> CloudEvent:
    """The event as CloudEvents 1.0 says it."""
    return CloudEvent(
        id=row.id,
        source=f"/connections/{row.connection_id}",
        type=EventType(row.type),
        subject=row.subject,
        time=row.time,
        sequence=f"{row.seq:020d}",
        data=row.data,
    )


async def _endpoints(session: Session, platform_id: str) -> list[WebhookEndpoint]:
    """Asked once a transaction: a batch tells hundreds of events."""
    key = f"endpoints of {platform_id}"
    if key not in session.info:
        statement = select(WebhookEndpoint).where(
            col(WebhookEndpoint.platform_id) == platform_id, col(WebhookEndpoint.active).is_(True)
        )
        session.info[key] = list((await session.exec(statement)).all())
    found: list[WebhookEndpoint] = session.info[key]
    return found
