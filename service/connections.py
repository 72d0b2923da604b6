"""Connections: consent, settings, catalogue, readiness, the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog
from sqlmodel import col, select

from connectors.oauth.grants import Grant
from connectors.protocol import ConnectorError, Refused
from contracts.books import Catalog
from contracts.connections import ConnectionRequest, ConnectionSettings, ConnectionStatus, Readiness
from contracts.events import EventType
from contracts.problems import Problem, Reason
from service.clock import new_id, utc_now
from service.events.feed import emit
from service.lanes.waking import wake
from service.records import release_blocked
from service.security.keys import digest, new_one_time_code
from service.store.database import Session
from service.store.tables import Connection, LaneKind, OAuthState, StoredCatalog, TokenGrant

if TYPE_CHECKING:
    from service.runtime import Service

log = structlog.get_logger(__name__)

CONSENT_MINUTES = 30


@dataclass(frozen=True)
class Consent:
    """What came of a browser's return from the ledger. redirect_url is "" when no connection could be told."""

    redirect_url: str = ""
    connection_id: str = ""
    problems: list[Problem] = field(default_factory=list)


async def create(session: Session, platform_id: str, request: ConnectionRequest) -> Connection:
    """A connection that waits for a person's consent."""
    connection = Connection(
        id=new_id("con"),
        platform_id=platform_id,
        ledger=request.ledger,
        name=request.name,
        return_url=request.return_url,
        status=ConnectionStatus.PENDING,
        settings=ConnectionSettings().model_dump(mode="json"),
    )
    session.add(connection)
    await session.flush()
    return connection


async def begin_authorization(service: Service, session: Session, connection: Connection) -> str:
    """A fresh address where a person grants access. Good for half an hour and one use."""
    provider = service.ledgers.provider(connection.ledger)
    if provider is None:
        raise LookupError(connection.ledger)
    state = new_one_time_code()
    session.add(
        OAuthState(
            digest=digest(state),
            connection_id=connection.id,
            expires_at=utc_now() + timedelta(minutes=CONSENT_MINUTES),
        )
    )
    return provider.oauth.authorize_url(state)


async def finish_authorization(service: Service, ledger: str, query: Mapping[str, str]) -> Consent:
    """A browser came back from the ledger. The state is used up whatever happens, the tokens are kept before use."""
    connection = await _use_state(service, ledger, query.get("state", ""))
    if connection is None:
        return Consent(problems=[_state_unknown()])
    provider = service.ledgers.provider(ledger)
    if provider is None or query.get("error"):
        return _returned(connection, [_consent_refused(query.get("error", ""))])
    try:
        grant = await provider.connect(query, company_id=connection.company_id)
    except ConnectorError as error:
        log.warning("consent_failed", connection=connection.id, outcome=type(error).__name__, trace_id=error.trace_id)
        told = error.problems if isinstance(error, Refused) else []
        return _returned(connection, told or [_exchange_failed()])
    if problem := await _claim(service, connection, grant):
        return _returned(connection, [problem])
    await service.ledgers.grants(connection.id).put(grant)
    service.ledgers.forget(connection.id)
    async with service.database.write() as session:
        connection = await session.get_one(Connection, connection.id)
        connection.status = ConnectionStatus.CONNECTED
        connection.catalog_wanted = True
        connection.last_error = ""
        session.add(connection)
        data = {"id": connection.id, "company_id": connection.company_id, "ledger": connection.ledger}
        await emit(session, connection, EventType.CONNECTION_CONNECTED, f"connection/{connection.id}", data)
        await session.flush()
        lane = await wake(session, LaneKind.CONNECTION, connection.id)
        lane.paused_until = None
        lane.due_at = utc_now()
    return _returned(connection, [])


async def disconnect(service: Service, connection_id: str) -> None:
    """End a connection: end our access, forget the tokens, keep the records and links as history."""
    async with service.database.write() as session:
        connection = await session.get_one(Connection, connection_id)
        connection.status = ConnectionStatus.DISCONNECTED
        session.add(connection)
        data = {"id": connection.id, "company_id": connection.company_id}
        await emit(session, connection, EventType.CONNECTION_DISCONNECTED, f"connection/{connection.id}", data)
    stored = await service.ledgers.grants(connection_id).load()
    provider = service.ledgers.provider(connection.ledger)
    if stored is not None and provider is not None:
        try:
            await provider.disconnect(stored.grant)
        except ConnectorError as error:
            # Ours is over either way; the merchant can also end it in the ledger.
            log.warning("disconnect_failed", connection=connection_id, outcome=type(error).__name__)
    async with service.database.write() as session:
        row = await session.get(TokenGrant, connection_id)
        if row is not None:
            await session.delete(row)
    service.ledgers.forget(connection_id)


async def update_settings(session: Session, connection: Connection, settings: ConnectionSettings) -> None:
    """Keep settings and look again at every record that may have waited for them."""
    connection.settings = settings.model_dump(mode="json")
    session.add(connection)
    await session.flush()
    await release_blocked(session, connection.id)


async def refresh_catalog(session: Session, connection: Connection) -> None:
    """Ask for the company's lists to be read again; the lane does it."""
    connection.catalog_wanted = True
    session.add(connection)
    await wake(session, LaneKind.CONNECTION, connection.id)


async def catalog_of(session: Session, connection_id: str) -> Catalog | None:
    """The last catalogue read, or None."""
    stored = await session.get(StoredCatalog, connection_id)
    return None if stored is None else Catalog.model_validate(stored.body)


async def readiness(service: Service, session: Session, connection: Connection) -> Readiness:
    """What is missing before documents can be pushed, each with its fix."""
    if connection.status != ConnectionStatus.CONNECTED:
        return Readiness(ready=False, state="pending", problems=[_not_connected(connection)])
    catalog = await catalog_of(session, connection.id)
    if catalog is None:
        return Readiness(ready=False, state="reading", problems=[_catalog_missing(connection)])
    provider = service.ledgers.provider(connection.ledger)
    settings = ConnectionSettings.model_validate(connection.settings)
    problems = provider.readiness(catalog, settings) if provider else []
    ready = not any(problem.blocks for problem in problems)
    return Readiness(ready=ready, state="ready" if ready else "blocked", problems=problems)


async def _use_state(service: Service, ledger: str, state: str) -> Connection | None:
    """The connection a consent belongs to. One use, in its own transaction: a second return finds nothing."""
    async with service.database.write() as session:
        row = await session.get(OAuthState, digest(state)) if state else None
        if row is None or row.used_at is not None or row.expires_at < utc_now():
            return None
        row.used_at = utc_now()
        session.add(row)
        connection = await session.get_one(Connection, row.connection_id)
        return connection if connection.ledger == ledger else None


async def _claim(service: Service, connection: Connection, grant: Grant) -> Problem | None:
    """Bind the connection to its company. One company, one live connection; a connection never changes company."""
    async with service.database.write() as session:
        row = await session.get_one(Connection, connection.id)
        if row.company_id and row.company_id != grant.company_id:
            return _other_company(row)
        others = select(Connection.id).where(
            col(Connection.ledger) == row.ledger,
            col(Connection.company_id) == grant.company_id,
            col(Connection.status) != ConnectionStatus.DISCONNECTED,
            col(Connection.id) != row.id,
        )
        if (await session.exec(others)).first() is not None:
            return _already_connected()
        row.company_id = grant.company_id
        session.add(row)
        return None


def _returned(connection: Connection, problems: list[Problem]) -> Consent:
    if not connection.return_url:
        return Consent(connection_id=connection.id, problems=problems)
    parts = urlsplit(connection.return_url)
    result = {"connection": connection.id, "result": problems[0].reason.value if problems else "connected"}
    query = "&".join(part for part in (parts.query, urlencode(result)) if part)
    return Consent(urlunsplit(parts._replace(query=query)), connection.id, problems)


def _problem(reason: Reason, message: str, fix: str) -> Problem:
    return Problem(reason=reason, where="the connection", message=message, fix=fix)


def _state_unknown() -> Problem:
    return _problem(
        Reason.NOT_FOUND,
        "This consent was not asked for here, was used already, or took longer than half an hour.",
        "Start again from the billing platform.",
    )


def _consent_refused(error: str) -> Problem:
    return _problem(
        Reason.NOT_CONNECTED,
        f"Access was not granted ({error or 'no reason given'}).",
        "Start again and choose Connect; a company administrator has to do it.",
    )


def _exchange_failed() -> Problem:
    return _problem(
        Reason.NOT_CONNECTED,
        "The ledger did not exchange the consent for access.",
        "Start again from the billing platform; if it happens twice, check the client id, secret and redirect URL.",
    )


def _already_connected() -> Problem:
    return _problem(
        Reason.COMPANY_ALREADY_CONNECTED,
        "This company is connected already.",
        "Use the existing connection, or disconnect it first.",
    )


def _other_company(connection: Connection) -> Problem:
    return _problem(
        Reason.COMPANY_ALREADY_CONNECTED,
        f"This connection belongs to the company {connection.company_name or connection.company_id}.",
        "Choose that company when you connect again, or make a new connection for the other one.",
    )


def _not_connected(connection: Connection) -> Problem:
    if connection.status == ConnectionStatus.SIGN_IN_NEEDED:
        return _problem(
            Reason.SIGN_IN_NEEDED,
            "The ledger no longer accepts our access.",
            "Connect the company again; nothing is lost, everything waits.",
        )
    return _problem(Reason.NOT_CONNECTED, "Nobody has granted access yet.", "Open the authorise address and connect.")


def _catalog_missing(connection: Connection) -> Problem:
    return _problem(
        Reason.CATALOG_MISSING,
        connection.last_error or "The company's lists are being read.",
        "Wait a moment; if it stays like this, read the connection's last error.",
    )
