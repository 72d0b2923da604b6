"""Connections: the list, one connection at a glance, connecting, disconnecting, and the ledger's lists."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response
from pydantic import ValidationError
from sqlmodel import col, select

from contracts.api import LaneStatus
from contracts.books import LedgerName
from contracts.connections import ConnectionRequest
from contracts.problems import Reason
from service.connections import begin_authorization, catalog_of, create, disconnect, readiness, refresh_catalog
from service.console.causes import causes_of
from service.console.rendering import Ask, field, go, page
from service.console.sessions import connection_of, operator_of, service_of
from service.console.words import reason_title
from service.runtime import Service, not_set_up
from service.store.database import Session
from service.store.tables import Connection, Record, RecordState
from service.views.connections import connection_view, lane_status, list_connections, view_connection
from service.views.imports import list_runs
from service.views.paging import CursorInvalid

HOME = "/console/connections"


@get("/connections")
async def connections_page(request: Ask) -> Response[str]:
    """Every connection of the platform."""
    platform_id = operator_of(request).platform_id
    async with service_of(request).database.read() as session:
        try:
            found = await list_connections(session, platform_id, cursor=request.query_params.get("cursor", ""))
        except CursorInvalid:
            found = await list_connections(session, platform_id)
        counts = await _counts(session, [item.id for item in found.items])
    rows = [{"connection": item, "label": label_of(item), **_in_three(counts.get(item.id, {}))} for item in found.items]
    return page(
        request,
        "connections.html",
        rows=rows,
        more=found.next_cursor or "",
        first=first_of(request),
        # Without any, the first button leads to what has to be set.
        ledgers=service_of(request).ledgers.names or [LedgerName.QUICKBOOKS],
    )


@post("/connections")
async def new_connection(request: Ask) -> Response[str] | Redirect:
    """Ask for a connection and show the link that grants it."""
    form = await request.form()
    service = service_of(request)
    try:
        wanted = ConnectionRequest.model_validate({"ledger": field(form, "ledger"), "name": field(form, "name")})
    except ValidationError:
        return go(HOME, "Nothing was connected: the name may have at most 200 characters.", tone="bad")
    if service.ledgers.provider(wanted.ledger) is None:
        return _not_set_up(wanted.ledger)
    async with service.database.write() as session:
        row = await create(session, operator_of(request).platform_id, wanted)
        url = await _consent(service, session, row)
    return page(request, "connect.html", **frame(row), url=url)


@post("/connections/{connection_id:str}/connect")
async def connect_again(request: Ask, connection_id: FromPath[str]) -> Response[str] | Redirect:
    """A fresh link for a connection that needs a person's consent."""
    service = service_of(request)
    async with service.database.write() as session:
        row = await connection_of(request, session, connection_id)
        if service.ledgers.provider(row.ledger) is None:
            return _not_set_up(row.ledger)
        url = await _consent(service, session, row)
    return page(request, "connect.html", **frame(row), url=url)


@get("/connections/{connection_id:str}")
async def connection_page(request: Ask, connection_id: FromPath[str]) -> Response[str]:
    """One connection at a glance: is it ready, how does its queue do, what holds documents up."""
    service = service_of(request)
    async with service.database.read() as session:
        row = await connection_of(request, session, connection_id)
        view = await view_connection(session, row)
        lane = await lane_status(session, row)
        ready = await readiness(service, session, row)
        causes = await causes_of(session, row)
        runs = await list_runs(session, row.id, limit=1)
    return page(
        request,
        "connection.html",
        **frame(row),
        view=view,
        lane=lane,
        queue=_queue(lane),
        readiness=ready,
        causes=causes,
        run=runs.items[0] if runs.items else None,
        outcome=_outcome(request.query_params.get("result", "")),
    )


@get("/connections/{connection_id:str}/disconnect")
async def disconnect_page(request: Ask, connection_id: FromPath[str]) -> Response[str]:
    """What disconnecting means, before it is done."""
    async with service_of(request).database.read() as session:
        row = await connection_of(request, session, connection_id)
        lane = await lane_status(session, row)
    return page(request, "disconnect.html", **frame(row), waiting=_in_three(lane.states)["on_the_way"])


@post("/connections/{connection_id:str}/disconnect")
async def disconnect_now(request: Ask, connection_id: FromPath[str]) -> Redirect:
    """Give the access back."""
    service = service_of(request)
    async with service.database.read() as session:
        row = await connection_of(request, session, connection_id)
    await disconnect(service, row.id)
    return go(HOME, f"{label_of(row)} is disconnected. Its records stay readable here.")


@get("/connections/{connection_id:str}/lists")
async def lists_page(request: Ask, connection_id: FromPath[str]) -> Response[str]:
    """The company and its lists as last read."""
    async with service_of(request).database.read() as session:
        row = await connection_of(request, session, connection_id)
        catalog = await catalog_of(session, row.id)
    return page(request, "lists.html", **frame(row), catalog=catalog)


@post("/connections/{connection_id:str}/lists")
async def refresh_lists(request: Ask, connection_id: FromPath[str]) -> Redirect:
    """Ask for the lists to be read again."""
    async with service_of(request).database.write() as session:
        row = await connection_of(request, session, connection_id)
        await refresh_catalog(session, row)
    return go(f"{address(row.id)}/lists", "The lists are being read again. Reload this page in a moment.", tone="info")


def address(connection_id: str) -> str:
    """The page of a connection."""
    return f"{HOME}/{connection_id}"


def frame(row: Connection) -> dict[str, Any]:
    """What the frame around every page of a connection shows."""
    return {"connection": connection_view(row), "label": label_of(row)}


def label_of(connection: Any) -> str:
    """What a person calls a connection: its label, else the company's name, else its id."""
    return str(connection.name or connection.company_name or connection.id)


def first_of(request: Ask) -> int:
    """The position in the list of the first row of a page, for people; the cursor decides what is shown."""
    text = request.query_params.get("first", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else 1


async def _consent(service: Service, session: Session, row: Connection) -> str:
    """A fresh consent whose end is the connection's own page here."""
    row.return_url = f"{service.settings.base_url}{address(row.id)}"
    session.add(row)
    return await begin_authorization(service, session, row)


def _not_set_up(ledger: str) -> Redirect:
    problem = not_set_up(ledger)
    return go(HOME, f"{problem.message} {problem.fix}", tone="bad")


def _outcome(result: str) -> tuple[str, str] | None:
    """What a consent came to, as (tone, sentence), from the parameter the browser came back with."""
    if result == "connected":
        return "good", "The company is connected. Its lists are being read; that takes a moment."
    return ("bad", f"The company was not connected: {reason_title(result)}.") if result in set(Reason) else None


def _in_three(states: dict[str, int]) -> dict[str, int]:
    blocked = states.get(RecordState.BLOCKED, 0)
    in_sync = states.get(RecordState.IN_SYNC, 0)
    return {"in_sync": in_sync, "blocked": blocked, "on_the_way": sum(states.values()) - in_sync - blocked}


def _queue(lane: LaneStatus) -> list[tuple[str, int]]:
    """States in the order a record passes through them, each with its count."""
    return [(str(state), lane.states.get(state, 0)) for state in RecordState]


async def _counts(session: Session, connection_ids: list[str]) -> dict[str, dict[str, int]]:
    statement = (
        select(col(Record.connection_id), col(Record.state), sa.func.count())
        .where(col(Record.connection_id).in_(connection_ids))
        .group_by(col(Record.connection_id), col(Record.state))
    )
    found: dict[str, dict[str, int]] = {}
    for connection_id, state, count in (await session.exec(statement)).all():
        found.setdefault(connection_id, {})[state] = count
    return found


HANDLERS = [
    connections_page,
    new_connection,
    connect_again,
    connection_page,
    disconnect_page,
    disconnect_now,
    lists_page,
    refresh_lists,
]
