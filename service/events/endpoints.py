"""Webhook endpoints of a platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlmodel import col, delete

from service.clock import new_id, utc_now
from service.lanes.waking import wake
from service.security.keys import new_webhook_secret
from service.store.database import Session
from service.store.tables import Delivery, DeliveryState, LaneKind, WebhookEndpoint

if TYPE_CHECKING:
    from service.runtime import Service


async def add_endpoint(
    service: Service, session: Session, platform_id: str, url: str, types: Sequence[str]
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its signing secret, which is shown once. types: [] means every event."""
    endpoint_id = new_id("whe")
    secret = new_webhook_secret()
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        platform_id=platform_id,
        url=url,
        sealed_secret=service.secrets.seal(secret.encode(), place=f"endpoint:{endpoint_id}:secret"),
        types=list(types),
    )
    session.add(endpoint)
    await session.flush()
    return endpoint, secret


async def remove_endpoint(session: Session, endpoint: WebhookEndpoint) -> None:
    """Forget an endpoint and what was still on its way to it."""
    await session.exec(delete(Delivery).where(col(Delivery.endpoint_id) == endpoint.id))
    await session.delete(endpoint)


async def redeliver(session: Session, delivery: Delivery) -> None:
    """Send an event to its endpoint again, now."""
    delivery.state = DeliveryState.PENDING
    delivery.tries = 0
    delivery.next_at = utc_now()
    session.add(delivery)
    await wake(session, LaneKind.ENDPOINT, delivery.endpoint_id)
