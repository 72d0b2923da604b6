"""Delivering events to billing: one lane for each endpoint, signed, repeated until taken.

A delivery is marked after the endpoint answered, so a kill in between delivers twice with the same webhook-id: that is
what the id is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func
from sqlmodel import col, select
from standardwebhooks import Webhook

from service.clock import utc_now
from service.events.feed import to_cloud_event
from service.lanes.lane import HeldLane, close
from service.store.database import Session
from service.store.tables import Delivery, DeliveryState, Event, WebhookEndpoint

if TYPE_CHECKING:
    from service.runtime import Service

AT_ONCE = 20
BACKOFF_SECONDS = (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""Ten repeats over two days; after that the delivery is failed and may be sent again by hand."""


async def drain_endpoint(service: Service, held: HeldLane) -> None:
    """Send what is due, oldest first, until nothing is."""
    while not service.stopping.is_set():
        async with held.database.read() as session:
            endpoint = await session.get(WebhookEndpoint, held.subject_id)
            due = await _due(session, held.subject_id) if endpoint is not None and endpoint.active else []
        if endpoint is None or not due:
            if await _close_if_dry(held):
                return
            continue
        secret = service.secrets.open(endpoint.sealed_secret, place=f"endpoint:{endpoint.id}:secret").decode()
        sent = await asyncio.gather(*(_send(service, endpoint.url, secret, event) for _, event in due))
        async with held.write() as (session, _):
            for (delivery, _event), (status, error) in zip(due, sent, strict=True):
                row = await session.get_one(Delivery, delivery.id)
                _came_to(row, status, error)
                session.add(row)


async def _due(session: Session, endpoint_id: str) -> Sequence[tuple[Delivery, Event]]:
    statement = (
        select(Delivery, Event)
        .join(Event, col(Event.seq) == col(Delivery.event_seq))
        .where(
            col(Delivery.endpoint_id) == endpoint_id,
            col(Delivery.state) == DeliveryState.PENDING,
            col(Delivery.next_at) <= utc_now(),
        )
        .order_by(col(Delivery.event_seq))
        .limit(AT_ONCE)
    )
    return (await session.exec(statement)).all()


async def _send(service: Service, url: str, secret: str, event: Event) -> tuple[int | None, str]:
    """Sign as Standard Webhooks says (webhook-id, webhook-timestamp, webhook-signature) and post."""
    body = to_cloud_event(event).model_dump_json()
    now = utc_now()
    headers = {
        "webhook-id": event.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(event.id, now, body),
        "Content-Type": "application/cloudevents+json",
    }
    answer = await service.sender.post_json(url, body.encode(), headers)
    return answer.status, answer.error


def _came_to(delivery: Delivery, status: int | None, error: str) -> None:
    delivery.tries += 1
    delivery.last_status = status
    delivery.last_error = error[:200]
    if status is not None and 200 <= status < 300:
        delivery.state = DeliveryState.DELIVERED
        delivery.delivered_at = utc_now()
    elif delivery.tries > len(BACKOFF_SECONDS):
        delivery.state = DeliveryState.FAILED
    else:
        delivery.next_at = utc_now() + timedelta(seconds=BACKOFF_SECONDS[delivery.tries - 1])


async def _close_if_dry(held: HeldLane) -> bool:
    async with held.write() as (session, lane):
        endpoint = await session.get(WebhookEndpoint, held.subject_id)
        earliest: datetime | None = None
        if endpoint is not None and endpoint.active:
            statement = select(func.min(Delivery.next_at)).where(
                col(Delivery.endpoint_id) == held.subject_id, col(Delivery.state) == DeliveryState.PENDING
            )
            earliest = (await session.exec(statement)).one()
        return close(lane, earliest)
