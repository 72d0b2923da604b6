"""Customer imports: read the ledger's customers page by page, judge each, take what people choose.

Every slice commits its page together with the cursor, so a kill repeats at most one page and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update
from sqlmodel import col, func, select

from connectors.protocol import CustomerPage, Ledger, Refused, SignInNeeded, TryLater
from contracts.books import Gone, ObservedCustomer, RecordKind
from contracts.events import EventType
from contracts.imports import ImportSelection, ImportState, ReloadSelection, RowState
from contracts.problems import Problem, Reason, blocking
from service.clock import new_id, utc_now
from service.events.feed import emit
from service.lanes.holdings import store_observed
from service.lanes.lane import HeldLane
from service.lanes.pull import read_shown
from service.lanes.settle import subject_of
from service.lanes.waking import wake
from service.records import add_version, new_record, release_dependents
from service.store.database import Session
from service.store.tables import (
    Connection,
    ImportRun,
    LaneKind,
    Link,
    LinkOrigin,
    Origin,
    Record,
    RecordState,
    StoredImportRow,
)

IMPORTED_AT_ONCE = 200
RELOADED_AT_ONCE = 100


async def start(session: Session, connection: Connection) -> ImportRun:
    """Begin a run; one that is still reading is joined rather than doubled."""
    reading = select(ImportRun).where(
        col(ImportRun.connection_id) == connection.id, col(ImportRun.state) == ImportState.READING
    )
    run = (await session.exec(reading)).first()
    if run is None:
        run = ImportRun(id=new_id("imp"), connection_id=connection.id, state=ImportState.READING)
        session.add(run)
        await session.flush()
    await wake(session, LaneKind.CONNECTION, connection.id)
    return run


async def select_rows(session: Session, run: ImportRun, selection: ImportSelection) -> int:
    """Choose rows to import; returns how many were chosen. Only valid rows can be: the others keep their reasons."""
    mine = (col(StoredImportRow.run_id) == run.id) & (col(StoredImportRow.state) == RowState.VALID)
    chosen = 0
    if selection.all_valid:
        result = await session.exec(update(StoredImportRow).where(mine).values(selected=True))
        chosen = result.rowcount
    for wanted in selection.rows:
        values: dict[str, Any] = {"selected": True}
        if wanted.customer_id:
            values["wanted_customer_id"] = wanted.customer_id
        result = await session.exec(
            update(StoredImportRow).where(mine, col(StoredImportRow.remote_id) == wanted.row_id).values(**values)
        )
        chosen += 0 if selection.all_valid else result.rowcount
    await wake(session, LaneKind.CONNECTION, run.connection_id)
    return chosen


async def reload_rows(session: Session, run: ImportRun, selection: ReloadSelection) -> int:
    """Read rows again from the ledger; returns how many. Imported and linked rows have nothing left to judge."""
    open_rows = (col(StoredImportRow.run_id) == run.id) & col(StoredImportRow.state).in_(
        (RowState.VALID, RowState.INVALID)
    )
    count = 0
    if selection.all_invalid:
        invalid = open_rows & (col(StoredImportRow.state) == RowState.INVALID)
        count += (await session.exec(update(StoredImportRow).where(invalid).values(reload=True))).rowcount
    for begin in range(0, len(selection.rows), 500):
        named = open_rows & col(StoredImportRow.remote_id).in_(selection.rows[begin : begin + 500])
        count += (await session.exec(update(StoredImportRow).where(named).values(reload=True))).rowcount
    await wake(session, LaneKind.CONNECTION, run.connection_id)
    return count


# --- the lane's slices


async def advance(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    """One slice of import work: import what was chosen, read again what was asked for, else read on."""
    return (
        await _import_chosen(held, connection_id)
        or await _reload(held, ledger, connection_id)
        or await _read_on(held, ledger, connection_id)
    )


async def has_work(session: Session, connection_id: str) -> bool:
    """Whether a run of this connection has anything left to do."""
    reading = select(ImportRun.id).where(
        col(ImportRun.connection_id) == connection_id, col(ImportRun.state) == ImportState.READING
    )
    if (await session.exec(reading.limit(1))).first() is not None:
        return True
    return (await session.exec(_waiting_rows(connection_id).limit(1))).first() is not None


def _waiting_rows(connection_id: str) -> Any:
    return (
        select(StoredImportRow.remote_id)
        .join(ImportRun, col(ImportRun.id) == col(StoredImportRow.run_id))
        .where(
            col(ImportRun.connection_id) == connection_id,
            col(StoredImportRow.selected).is_(True) | col(StoredImportRow.reload).is_(True),
        )
    )


async def _read_on(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    async with held.database.read() as session:
        statement = select(ImportRun).where(
            col(ImportRun.connection_id) == connection_id, col(ImportRun.state) == ImportState.READING
        )
        run = (await session.exec(statement.order_by(col(ImportRun.started_at)).limit(1))).first()
    if run is None:
        return False
    try:
        page = await _next_page(ledger, run.cursor)
    except (TryLater, SignInNeeded):
        raise
    except Refused as error:
        await _fail(held, run.id, str(error))
        return True
    async with held.write() as (session, lane):
        lane.calls += 1
        run = await session.get_one(ImportRun, run.id)
        await _store_page(session, run, page, ledger)
        if not page.cursor:
            run.state, run.finished_at = ImportState.READY, utc_now()
            connection = await session.get_one(Connection, connection_id)
            data = {"id": run.id, "counts": await counts(session, run.id)}
            await emit(session, connection, EventType.IMPORT_FINISHED, f"customer_import/{run.id}", data)
        session.add(run)
    return True


async def _next_page(ledger: Ledger, cursor: str) -> CustomerPage:
    async for page in ledger.customers(cursor=cursor):
        return page
    return CustomerPage(customers=[], cursor="")


async def _fail(held: HeldLane, run_id: str, error: str) -> None:
    async with held.write() as (session, _):
        run = await session.get_one(ImportRun, run_id)
        run.state, run.error, run.finished_at = ImportState.FAILED, error[:500], utc_now()
        session.add(run)


async def _store_page(session: Session, run: ImportRun, page: CustomerPage, ledger: Ledger) -> None:
    run.cursor = page.cursor
    run.total = page.total if page.total is not None else run.total
    await store_rows(session, run, page.customers)
    statement = select(func.count()).select_from(StoredImportRow).where(col(StoredImportRow.run_id) == run.id)
    run.read = (await session.exec(statement)).one()
    if run.total is not None:
        run.total = max(run.total, run.read)


async def store_rows(session: Session, run: ImportRun, customers: Sequence[ObservedCustomer]) -> None:
    """Write a page's customers into the run, each with its verdict. A row that is there already is judged again."""
    ids = [seen.ref.id for seen in customers]
    linked = await _linked(session, run.connection_id, ids)
    statement = select(StoredImportRow).where(
        col(StoredImportRow.run_id) == run.id, col(StoredImportRow.remote_id).in_(ids)
    )
    known = {row.remote_id: row for row in (await session.exec(statement)).all()}
    for seen in customers:
        row = known.get(seen.ref.id) or StoredImportRow(run_id=run.id, remote_id=seen.ref.id, state=RowState.INVALID)
        _judge(row, seen, linked.get(seen.ref.id, ""))
        session.add(row)
    await session.flush()


def _judge(row: StoredImportRow, seen: ObservedCustomer, customer_id: str) -> None:
    row.body = seen.model_dump(mode="json")
    row.name = seen.customer.name
    row.email = ", ".join(seen.customer.emails)[:500]
    row.country_text = seen.country_text
    row.search = f"{seen.customer.name} {row.email} {seen.ref.id}".casefold()[:1000]
    row.reasons = [problem.reason for problem in seen.problems]
    row.read_at = utc_now()
    row.reload = False
    if row.state == RowState.IMPORTED:
        return
    row.customer_id = customer_id
    if customer_id:
        row.state = RowState.LINKED
    else:
        row.state = RowState.INVALID if blocking(seen.problems) else RowState.VALID
    row.selected = row.selected and row.state == RowState.VALID


async def _linked(session: Session, connection_id: str, remote_ids: Sequence[str]) -> dict[str, str]:
    """Billing's ids of these customers. A link whose object was seen gone is one too: there is only one for each."""
    statement = (
        select(Link.remote_id, Record.external_id)
        .join(Record, col(Record.id) == col(Link.record_id))
        .where(
            col(Link.connection_id) == connection_id,
            col(Link.kind) == RecordKind.CUSTOMER,
            col(Link.remote_id).in_(remote_ids),
        )
    )
    return dict((await session.exec(statement)).all())


async def _reload(held: HeldLane, ledger: Ledger, connection_id: str) -> bool:
    async with held.database.read() as session:
        statement = (
            select(StoredImportRow)
            .join(ImportRun, col(ImportRun.id) == col(StoredImportRow.run_id))
            .where(col(ImportRun.connection_id) == connection_id, col(StoredImportRow.reload).is_(True))
            .order_by(col(StoredImportRow.run_id), col(StoredImportRow.remote_id))
            .limit(RELOADED_AT_ONCE)
        )
        rows = list((await session.exec(statement)).all())
    if not rows:
        return False
    run_id = rows[0].run_id
    ids = [row.remote_id for row in rows if row.run_id == run_id]
    read = await read_shown(ledger, RecordKind.CUSTOMER, ids)
    async with held.write() as (session, lane):
        lane.calls += 1
        run = await session.get_one(ImportRun, run_id)
        await store_rows(session, run, [one for one in read if isinstance(one, ObservedCustomer)])
        gone = [one.ref.id for one in read if isinstance(one, Gone)]
        for row in await _rows(session, run_id, ids):
            if row.remote_id in gone:
                await session.delete(row)
            elif row.reload:
                # Neither there nor gone: keep the verdict it had, or this row would be read for ever.
                row.reload = False
                session.add(row)
    return True


async def _rows(session: Session, run_id: str, ids: Sequence[str]) -> Sequence[StoredImportRow]:
    statement = select(StoredImportRow).where(
        col(StoredImportRow.run_id) == run_id, col(StoredImportRow.remote_id).in_(ids)
    )
    return (await session.exec(statement)).all()


async def _import_chosen(held: HeldLane, connection_id: str) -> bool:
    async with held.write() as (session, _):
        statement = (
            select(StoredImportRow)
            .join(ImportRun, col(ImportRun.id) == col(StoredImportRow.run_id))
            .where(col(ImportRun.connection_id) == connection_id, col(StoredImportRow.selected).is_(True))
            .order_by(col(StoredImportRow.run_id), col(StoredImportRow.remote_id))
            .limit(IMPORTED_AT_ONCE)
        )
        rows = list((await session.exec(statement)).all())
        if not rows:
            return False
        connection = await session.get_one(Connection, connection_id)
        linked = await _linked(session, connection_id, [row.remote_id for row in rows])
        for row in rows:
            row.selected = False
            if row.state == RowState.VALID:
                await _import_one(session, connection, row, linked.get(row.remote_id, ""))
            session.add(row)
    return True


async def _import_one(session: Session, connection: Connection, row: StoredImportRow, linked_id: str) -> None:
    """Link one customer under billing's id. A customer that is linked meanwhile is left as it is."""
    if linked_id:
        row.state, row.customer_id = RowState.LINKED, linked_id
        return
    seen = ObservedCustomer.model_validate(row.body)
    customer_id = row.wanted_customer_id or f"{connection.ledger}:customer:{row.remote_id}"
    customer = seen.customer.model_copy(update={"id": customer_id})
    statement = select(Record).where(
        col(Record.connection_id) == connection.id,
        col(Record.kind) == RecordKind.CUSTOMER,
        col(Record.external_id) == customer_id,
    )
    record = (await session.exec(statement)).first()
    if record is not None:
        # Billing has this customer already. Only one that was never sent may take the ledger's; else it has a link, or
        # is about to get one.
        other = select(Link).where(col(Link.record_id) == record.id, col(Link.part) == "")
        being_sent = record.state in (RecordState.SENDING, RecordState.UNCERTAIN)
        if being_sent or (await session.exec(other)).first() is not None:
            _refuse(row, seen, customer_id)
            return
    else:
        record = new_record(connection, customer, origin=Origin.LEDGER)
    add_version(session, record, customer, origin=Origin.LEDGER)
    record.ledger_version, record.state, record.due_at = record.wanted_version, RecordState.IN_SYNC, None
    record.problems = []
    link = Link(
        id=new_id("lnk"),
        connection_id=connection.id,
        record_id=record.id,
        kind=RecordKind.CUSTOMER,
        remote_id=row.remote_id,
        origin=LinkOrigin.IMPORTED,
    )
    store_observed(link, seen)
    session.add(record)
    session.add(link)
    row.state, row.customer_id = RowState.IMPORTED, customer_id
    await session.flush()
    await release_dependents(session, record)
    data = {"id": customer_id, "ledger_id": row.remote_id, "customer": customer.model_dump(mode="json")}
    await emit(session, connection, EventType.CUSTOMER_IMPORTED, subject_of(record), data)


def _refuse(row: StoredImportRow, seen: ObservedCustomer, customer_id: str) -> None:
    problem = Problem(
        reason=Reason.CUSTOMER_ALREADY_LINKED,
        where=f"customer {row.name}",
        field="customer_id",
        message=f"Billing's customer {customer_id!r} is linked to another customer of the ledger already.",
        fix="Choose another billing customer for this row, or merge the two customers in the ledger.",
        value=customer_id,
    )
    row.body = seen.model_copy(update={"problems": [*seen.problems, problem]}).model_dump(mode="json")
    row.reasons = [*row.reasons, problem.reason]
    row.state = RowState.INVALID


async def counts(session: Session, run_id: str) -> dict[str, int]:
    """Rows of a run by state."""
    statement = (
        select(StoredImportRow.state, func.count())
        .where(col(StoredImportRow.run_id) == run_id)
        .group_by(col(StoredImportRow.state))
    )
    return {str(state): int(number) for state, number in (await session.exec(statement)).all()}
