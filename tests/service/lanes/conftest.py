"""One connected connection on a real SQLite file, and a ledger in memory behind it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import col, select

from contracts.books import RecordKind
from contracts.connections import ConnectionSettings, ConnectionStatus
from contracts.customers import Customer
from contracts.documents import DocumentLine, Section, Totals
from contracts.invoices import DocumentStatus, Invoice
from mappings.plan import CoreRecord
from service import records
from service.clock import new_id
from service.lanes import connection_lane
from service.lanes.lane import HeldLane, take
from service.records import Accepted
from service.store.database import Database
from service.store.migrate import upgrade
from service.store.tables import Connection, Event, Lane, LaneKind, Platform, Record, StoredCatalog
from tests.fakes.ledger import FakeLedger


@dataclass
class World:
    """What a test needs to act on both sides."""

    database: Database
    connection: Connection
    ledger: FakeLedger = field(default_factory=FakeLedger)

    async def accept(self, *cores: CoreRecord) -> list[Accepted]:
        """Billing sends records."""
        async with self.database.write() as session:
            connection = await session.get_one(Connection, self.connection.id)
            return await records.accept(session, connection, list(cores))

    async def take(self) -> HeldLane:
        """Hold the connection's lane, as a worker does."""
        async with self.database.read() as session:
            statement = select(Lane).where(col(Lane.kind) == LaneKind.CONNECTION)
            lane = (await session.exec(statement)).one()
        held = await take(self.database, lane.id, lane.epoch)
        assert held is not None
        return held

    async def work(self, held: HeldLane | None = None, *, rounds: int = 30) -> None:
        """Work rounds until there is nothing to do now."""
        held = held or await self.take()
        for _ in range(rounds):
            if not await connection_lane._round(held, self.ledger, self.connection.id):
                return

    async def make_due(self) -> None:
        """Let every waiting time pass: back-off is a time in a row."""
        from sqlalchemy import update

        from service.store.tables import StoredCall

        past = datetime(2020, 1, 1, tzinfo=UTC)
        async with self.database.write() as session:
            await session.exec(update(StoredCall).where(col(StoredCall.state) != "done").values(next_at=past))
            await session.exec(update(Record).where(col(Record.due_at).is_not(None)).values(due_at=past))

    async def record(self, external_id: str) -> Record:
        """The row of one record."""
        async with self.database.read() as session:
            return (await session.exec(select(Record).where(col(Record.external_id) == external_id))).one()

    async def events(self, type_: str = "") -> list[Event]:
        """Events in order."""
        async with self.database.read() as session:
            found = (await session.exec(select(Event).order_by(col(Event.seq)))).all()
        return [event for event in found if event.type.endswith(type_)]

    def invoices(self) -> list[str]:
        """Numbers of the invoices in the ledger."""
        return sorted(
            getattr(one, "number", "") for (kind, _), one in self.ledger.holds.items() if kind == RecordKind.INVOICE
        )


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables, made once: each test takes a copy."""
    path = tmp_path_factory.mktemp("empty") / "lanes.sqlite3"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
async def world(tmp_path: Path, empty_database: Path) -> AsyncIterator[World]:
    database = Database(f"sqlite+aiosqlite:///{shutil.copy(empty_database, tmp_path)}")
    ledger = FakeLedger()
    catalog = await ledger.catalog()
    async with database.write() as session:
        platform = Platform(id=new_id("plt"), name="a platform")
        session.add(platform)
        await session.flush()
        connection = Connection(
            id=new_id("con"),
            platform_id=platform.id,
            ledger="quickbooks",
            status=ConnectionStatus.CONNECTED,
            company_id="9",
            settings=ConnectionSettings().model_dump(mode="json"),
            catalog_read_at=catalog.read_at,
        )
        session.add(connection)
        await session.flush()
        session.add(
            StoredCatalog(connection_id=connection.id, body=catalog.model_dump(mode="json"), read_at=catalog.read_at)
        )
    yield World(database, connection, ledger)
    await database.close()


def a_customer(id_: str = "cus_1", *, emails: tuple[str, ...] = ("a@example.com",)) -> Customer:
    """A customer that can be pushed."""
    return Customer(id=id_, name=f"Customer {id_}", emails=list(emails))


def an_invoice(
    id_: str = "inv_1",
    *,
    customer: str = "cus_1",
    total: str = "10.00",
    status: DocumentStatus = DocumentStatus.FINAL,
    memo: str = "",
) -> Invoice:
    """A final invoice over one line."""
    amount = Decimal(total)
    line = DocumentLine(description="Work", quantity=Decimal(1), unit_price=amount, amount=amount)
    return Invoice(
        id=id_,
        number=id_.upper(),
        customer_id=customer,
        status=status,
        currency="USD",
        issue_date=date(2026, 1, 5),
        sections=[Section(lines=[line])],
        totals=Totals(net=amount, tax=Decimal(0), total=amount),
        memo=memo,
    )
