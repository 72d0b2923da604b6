"""From rows to what a mapping looks at, in a handful of queries for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import col, select

from contracts.base import plain
from contracts.books import (
    Catalog,
    Observed,
    ObservedCustomer,
    ObservedDocument,
    ObservedPayment,
    RecordKind,
    RemoteRef,
)
from contracts.connections import ConnectionSettings
from contracts.credit_memos import CreditMemo
from contracts.payments import Payment
from mappings.plan import Books, CoreRecord, Held, LinkedCustomer, LinkedDocument
from service.store.database import Session
from service.store.tables import Connection, Link, Record, RecordState, StoredCatalog

_OBSERVED: dict[str, type[ObservedCustomer | ObservedDocument | ObservedPayment]] = {
    RecordKind.CUSTOMER: ObservedCustomer,
    RecordKind.INVOICE: ObservedDocument,
    RecordKind.CREDIT_MEMO: ObservedDocument,
    RecordKind.PAYMENT: ObservedPayment,
    RecordKind.ALLOCATION: ObservedPayment,
}


def observed_of(link: Link) -> Observed | None:
    """What the ledger last answered for a link; None when it was never read."""
    return _OBSERVED[link.kind].model_validate(link.observed) if link.observed else None


def store_observed(link: Link, observed: Observed) -> None:
    """Keep what the ledger answered, with its version."""
    link.observed = observed.model_dump(mode="json")
    link.remote_version = observed.ref.version


def held_of(links: Iterable[Link]) -> Held | None:
    """What the ledger is known to hold for one record; None when nothing of ours is there."""
    own: Link | None = None
    parts: dict[str, Held] = {}
    for link in links:
        if link.gone_at is not None:
            continue
        if link.part:
            parts[link.part] = _held(link, {})
        else:
            own = link
    return None if own is None else _held(own, parts)


def _held(link: Link, parts: dict[str, Held]) -> Held:
    ref = RemoteRef(kind=RecordKind(link.kind), id=link.remote_id, version=link.remote_version)
    return Held(ref=ref, observed=observed_of(link), sent_fingerprint=link.sent_fingerprint, allocations=parts)


async def links_of(session: Session, record_ids: Sequence[str]) -> dict[str, list[Link]]:
    """The links of many records, by record."""
    found: dict[str, list[Link]] = defaultdict(list)
    if record_ids:
        for link in (await session.exec(select(Link).where(col(Link.record_id).in_(record_ids)))).all():
            found[link.record_id].append(link)
    return found


class Surroundings:
    """What a batch of records refers to: their customers and documents, gathered once."""

    def __init__(
        self, catalog: Catalog, settings: ConnectionSettings, rows: dict[tuple[str, str], tuple[Record, Link | None]]
    ) -> None:
        self._rows = rows
        self.books = Books(
            catalog=catalog,
            settings=settings,
            customers={
                external_id: _linked_customer(record, link)
                for (kind, external_id), (record, link) in rows.items()
                if kind == RecordKind.CUSTOMER and (link is not None or record.state == RecordState.BLOCKED)
            },
            invoices=self._documents(RecordKind.INVOICE),
            credit_memos=self._documents(RecordKind.CREDIT_MEMO),
        )

    def unmet(self, core: CoreRecord) -> str:
        """The first record this one has to wait for ("customer/cus_1"), or "" when it can be judged now.

        A dependency that is unknown or blocked is not waited for: the check says so as a problem.
        """
        for kind, external_id in references(core):
            row = self._rows.get((kind, external_id))
            if row is None:
                continue
            record, link = row
            linked = link is not None and link.gone_at is None
            if not linked and record.state not in (RecordState.BLOCKED, RecordState.IN_SYNC):
                return f"{kind}/{external_id}"
        return ""

    def _documents(self, wanted: RecordKind) -> dict[str, LinkedDocument]:
        return {
            external_id: _linked_document(record, link)
            for (kind, external_id), (record, link) in self._rows.items()
            if kind == wanted
        }


async def surroundings(
    session: Session, connection: Connection, stored: StoredCatalog, cores: Sequence[CoreRecord]
) -> Surroundings:
    """Gather what these records refer to: one query for the records, one for their links."""
    wanted = sorted({reference for core in cores for reference in references(core)})
    rows: dict[tuple[str, str], tuple[Record, Link | None]] = {}
    for kind in {kind for kind, _ in wanted}:
        ids = [external_id for other, external_id in wanted if other == kind]
        for start in range(0, len(ids), 500):
            statement = (
                select(Record, Link)
                .outerjoin(Link, (col(Link.record_id) == col(Record.id)) & (col(Link.part) == ""))
                .where(
                    col(Record.connection_id) == connection.id,
                    col(Record.kind) == kind,
                    col(Record.external_id).in_(ids[start : start + 500]),
                )
            )
            for record, link in (await session.exec(statement)).all():
                rows[(kind, record.external_id)] = (record, link)
    settings = ConnectionSettings.model_validate(connection.settings)
    return Surroundings(Catalog.model_validate(stored.body), settings, rows)


def references(core: CoreRecord) -> list[tuple[str, str]]:
    """The records another one needs in the ledger first, as (kind, billing id)."""
    if isinstance(core, CreditMemo | Payment):
        found: list[tuple[str, str]] = [(RecordKind.CUSTOMER, core.customer_id)]
        found += [(RecordKind.INVOICE, allocation.invoice_id) for allocation in core.allocations]
        if isinstance(core, Payment):
            found += [(RecordKind.CREDIT_MEMO, credit.credit_memo_id) for credit in core.credits]
        return found
    customer_id: Any = getattr(core, "customer_id", None)
    return [(RecordKind.CUSTOMER, customer_id)] if customer_id else []


def _linked_customer(record: Record, link: Link | None) -> LinkedCustomer:
    if link is None or link.gone_at is not None:
        return LinkedCustomer(remote_id="", blocked=True)
    observed = observed_of(link)
    if not isinstance(observed, ObservedCustomer):
        return LinkedCustomer(remote_id=link.remote_id, currency=record.currency)
    return LinkedCustomer(
        remote_id=link.remote_id,
        currency=observed.currency,
        active=observed.active,
        default_tax_code=observed.default_tax_code,
        emails=tuple(observed.customer.emails),
    )


def _linked_document(record: Record, link: Link | None) -> LinkedDocument:
    observed = observed_of(link) if link is not None else None
    document = observed if isinstance(observed, ObservedDocument) else None
    return LinkedDocument(
        remote_id=link.remote_id if link is not None and link.gone_at is None else "",
        customer_id=record.customer_id,
        currency=record.currency,
        open_balance=plain(document.balance) if document else "",
        voided=document.voided if document else False,
        blocked=record.state == RecordState.BLOCKED,
    )
