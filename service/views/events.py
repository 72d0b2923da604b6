"""The feed of events, the endpoints they are delivered to, and how that goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from contracts.api import DeliveryPage, DeliveryState, DeliveryView, Endpoint, EventPage
from contracts.events import EventType
from service.events.feed import to_cloud_event
from service.store.database import Session
from service.store.tables import Delivery, Event, WebhookEndpoint
from service.views.paging import DEFAULT_PAGE, CursorInvalid, cut, decode_cursor, encode_cursor

LARGEST_SEQUENCE = 2**63 - 1


async def list_events(
    session: Session,
    platform_id: str,
    *,
    after: str = "",
    limit: int = DEFAULT_PAGE,
    types: Sequence[EventType] = (),
    connection_id: str = "",
    subject: str = "",
) -> EventPage:
    """In the order they were decided. `after` is the `sequence` of the last event seen, or a page's next_cursor."""
    query = select(Event).where(col(Event.platform_id) == platform_id, col(Event.seq) > read_sequence(after))
    if types:
        query = query.where(col(Event.type).in_([str(kind) for kind in types]))
    if connection_id:
        query = query.where(col(Event.connection_id) == connection_id)
    if subject:
        query = query.where(col(Event.subject) == subject)
    rows = (await session.exec(query.order_by(col(Event.seq)).limit(limit + 1))).all()
    page, more = cut(rows, limit)
    return EventPage(
        items=[to_cloud_event(row) for row in page],
        next_cursor=str(page[-1].seq if page else read_sequence(after)),
        has_more=more,
    )


async def latest_events(
    session: Session, platform_id: str, *, connection_id: str = "", limit: int = DEFAULT_PAGE
) -> EventPage:
    """The newest ones, newest first, for a person looking at what just happened."""
    query = select(Event).where(col(Event.platform_id) == platform_id)
    if connection_id:
        query = query.where(col(Event.connection_id) == connection_id)
    rows = (await session.exec(query.order_by(col(Event.seq).desc()).limit(limit + 1))).all()
    page, more = cut(rows, limit)
    return EventPage(
        items=[to_cloud_event(row) for row in page],
        next_cursor=str(page[0].seq) if page else "0",
        has_more=more,
    )


def read_sequence(after: str) -> int:
    """The place in the feed; "" is its beginning. Raises CursorInvalid for anything but a sequence."""
    if not after:
        return 0
    if not (after.isascii() and after.isdigit()) or len(after) > 20 or int(after) > LARGEST_SEQUENCE:
        raise CursorInvalid(after)
    return int(after)


async def find_endpoint(session: Session, platform_id: str, endpoint_id: str) -> WebhookEndpoint | None:
    """The platform's own endpoint. Another platform's does not exist."""
    row = await session.get(WebhookEndpoint, endpoint_id)
    return row if row is not None and row.platform_id == platform_id else None


async def list_endpoints(session: Session, platform_id: str) -> list[Endpoint]:
    """Every endpoint of a platform, with how its deliveries go."""
    query = (
        select(WebhookEndpoint)
        .where(col(WebhookEndpoint.platform_id) == platform_id)
        .order_by(col(WebhookEndpoint.id).desc())
    )
    return await view_endpoints(session, (await session.exec(query)).all())


async def view_endpoints(session: Session, rows: Sequence[WebhookEndpoint]) -> list[Endpoint]:
    """Endpoints with their deliveries counted, in three queries for any number of them."""
    ids = [row.id for row in rows]
    counts = await _delivery_counts(session, ids)
    oldest = await _oldest_pending(session, ids)
    last = await _last_tries(session, ids)
    return [
        Endpoint(
            id=row.id,
            url=row.url,
            types=[EventType(kind) for kind in row.types],
            active=row.active,
            pending=counts.get((row.id, DeliveryState.PENDING), (0, None))[0],
            delivered=counts.get((row.id, DeliveryState.DELIVERED), (0, None))[0],
            failed=counts.get((row.id, DeliveryState.FAILED), (0, None))[0],
            oldest_pending_at=oldest.get(row.id),
            last_delivered_at=counts.get((row.id, DeliveryState.DELIVERED), (0, None))[1],
            last_status=last[row.id].last_status if row.id in last else None,
            last_error=last[row.id].last_error if row.id in last else "",
            created_at=row.created_at,
        )
        for row in rows
    ]


async def list_deliveries(
    session: Session,
    endpoint: WebhookEndpoint,
    *,
    state: DeliveryState | None = None,
    limit: int = DEFAULT_PAGE,
    cursor: str = "",
) -> DeliveryPage:
    """Newest event first."""
    query = (
        select(Delivery, Event)
        .join(Event, col(Event.seq) == col(Delivery.event_seq))
        .where(col(Delivery.endpoint_id) == endpoint.id)
    )
    if state is not None:
        query = query.where(col(Delivery.state) == state)
    if cursor:
        query = query.where(col(Delivery.event_seq) < read_sequence(decode_cursor(cursor, 1)[0]))
    rows = (await session.exec(query.order_by(col(Delivery.event_seq).desc()).limit(limit + 1))).all()
    page, more = cut(rows, limit)
    return DeliveryPage(
        items=[delivery_view(delivery, event) for delivery, event in page],
        next_cursor=encode_cursor(str(page[-1][0].event_seq)) if more else None,
    )


def delivery_view(delivery: Delivery, event: Event) -> DeliveryView:
    """The contract's shape of a delivery and its event."""
    pending = delivery.state == DeliveryState.PENDING
    return DeliveryView(
        id=delivery.id,
        event_id=event.id,
        event_type=event.type,
        subject=event.subject,
        state=DeliveryState(delivery.state),
        tries=delivery.tries,
        next_at=delivery.next_at if pending else None,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
        delivered_at=delivery.delivered_at,
        event_time=event.time,
    )


async def _delivery_counts(
    session: Session, endpoint_ids: Sequence[str]
) -> dict[tuple[str, str], tuple[int, datetime | None]]:
    query = (
        select(col(Delivery.endpoint_id), col(Delivery.state), sa.func.count(), sa.func.max(Delivery.delivered_at))
        .where(col(Delivery.endpoint_id).in_(endpoint_ids))
        .group_by(col(Delivery.endpoint_id), col(Delivery.state))
    )
    return {(endpoint, state): (count, newest) for endpoint, state, count, newest in (await session.exec(query)).all()}


async def _oldest_pending(session: Session, endpoint_ids: Sequence[str]) -> dict[str, datetime]:
    query = (
        select(col(Delivery.endpoint_id), sa.func.min(Event.time))
        .join(Event, col(Event.seq) == col(Delivery.event_seq))
        .where(col(Delivery.endpoint_id).in_(endpoint_ids), col(Delivery.state) == DeliveryState.PENDING)
        .group_by(col(Delivery.endpoint_id))
    )
    return dict((await session.exec(query)).all())


async def _last_tries(session: Session, endpoint_ids: Sequence[str]) -> dict[str, Delivery]:
    newest = (
        select(col(Delivery.endpoint_id), sa.func.max(Delivery.event_seq).label("seq"))
        .where(col(Delivery.endpoint_id).in_(endpoint_ids), col(Delivery.tries) > 0)
        .group_by(col(Delivery.endpoint_id))
        .subquery()
    )
    query = select(Delivery).join(
        newest, sa.and_(newest.c.endpoint_id == col(Delivery.endpoint_id), newest.c.seq == col(Delivery.event_seq))
    )
    return {row.endpoint_id: row for row in (await session.exec(query)).all()}
