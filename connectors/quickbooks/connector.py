"""QuickBooks Online behind the Ledger protocol. Start here: each method is a line or two into its own module."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from connectors.http import LedgerHttp
from connectors.limits import Limiter
from connectors.oauth.tokens import TokenSource
from connectors.protocol import Call, Changes, CustomerPage, Member, Outcome
from connectors.quickbooks import batch, cdc, look, paging
from connectors.quickbooks.client import ENTITIES, QuickBooksClient, Raw
from connectors.quickbooks.lists import read_books
from connectors.quickbooks.query import ANY_ACTIVITY, MOST_ROWS, one_of, select
from contracts.books import Catalog, Gone, LedgerName, Observed, RecordKind, RemoteRef
from contracts.problems import Problem
from mappings import quickbooks as mapping
from mappings.plan import Books, CoreRecord, Held, Step

_IDS_AT_ONCE = 100


class QuickBooksLedger:
    """One QuickBooks company. Implements connectors.protocol.Ledger.

    http is shared by all companies; tokens and limiter are this company's own, and live as long as its lane does.
    app_url: where deep links open, "https://sandbox.qbo.intuit.com" for a sandbox company.
    """

    name: ClassVar[LedgerName] = LedgerName.QUICKBOOKS
    batch_size: ClassVar[int] = batch.BATCH_SIZE
    key_trusted_seconds: ClassVar[float] = 900.0
    """Not documented by Intuit (QuickBooks reference 2.7)."""

    def __init__(
        self,
        http: LedgerHttp,
        tokens: TokenSource,
        *,
        company_id: str,
        connection: str = "",
        limiter: Limiter | None = None,
        app_url: str = "https://qbo.intuit.com",
        page: int = MOST_ROWS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = QuickBooksClient(
            http, tokens, limiter or Limiter(), company_id=company_id, connection=connection
        )
        self._company_id, self._app_url = company_id, app_url
        self._page, self._now = page, now
        self._writing = asyncio.Lock()

    async def catalog(self) -> Catalog:
        """Company, preferences and lists: three calls for most companies."""
        books = await read_books(self._client)
        return mapping.build_catalog(
            books.company_info,
            books.preferences,
            realm_id=self._company_id,
            read_at=self._now(),
            currencies=books.lists["CompanyCurrency"],
            accounts=books.lists["Account"],
            tax_codes=books.lists["TaxCode"],
            tax_rates=books.lists["TaxRate"],
            terms=books.lists["Term"],
            items=books.lists["Item"],
            payment_methods=books.lists["PaymentMethod"],
        )

    def customers(self, *, cursor: str = "") -> AsyncIterator[CustomerPage]:
        """Every customer by creation time, then what is missing or was changed meanwhile (see paging)."""
        return paging.customer_pages(self._client, _observe, cursor=cursor, now=self._now(), page=self._page)

    async def read(self, kind: RecordKind, ids: Sequence[str]) -> list[Observed | Gone]:
        """One query for a hundred ids. What a query does not show is read alone, and Gone only on 610."""
        entity = ENTITIES[kind]
        wanted = list(dict.fromkeys(ids))
        rows: dict[str, Raw] = {}
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            some = wanted[start : start + _IDS_AT_ONCE]
            where = [one_of("Id", some)] + ([ANY_ACTIVITY] if kind is RecordKind.CUSTOMER else [])
            found = await self._client.rows(entity, select(entity, *where, most=MOST_ROWS))
            rows |= {str(row.get("Id")): row for row in found.rows}
        answers: list[Observed | Gone] = []
        for identifier in wanted:
            row = rows.get(identifier) or await self._client.read(entity, identifier)
            if row is None:
                answers.append(Gone(ref=RemoteRef(kind=kind, id=identifier)))
            elif (observed := paging.observe_or_skip(_observe, entity, row)) is not None:
                answers.append(batch.of_kind(observed, kind))
        return answers

    async def payments_of(self, invoices: Sequence[str]) -> list[Observed | Gone]:
        """None: QuickBooks notices payments by themselves."""
        return []

    async def changes(self, since: datetime) -> Changes:
        """The change feed, or queries where it does not reach. A deletion is confirmed by a read."""
        return await cdc.read_changes(self._client, _observe, self.read, since=since, now=self._now())

    def check(self, record: CoreRecord, books: Books, held: Held | None) -> list[Problem]:
        """Asks the mapping, the only judge."""
        return mapping.check(record, books, held)

    def next_step(self, record: CoreRecord, books: Books, held: Held | None, *, marker: str) -> Step | None:
        """Asks the mapping."""
        return mapping.next_step(record, books, held, marker=marker)

    def deep_link(self, ref: RemoteRef) -> str:
        """The form that opens in the right company, whichever company the browser was in."""
        return mapping.deep_link(ref, company_id=self._company_id, base=self._app_url)

    def compose(self, members: Sequence[Member]) -> list[Call]:
        """See batch.compose: what may travel together."""
        return batch.compose(members)

    async def send(self, call: Call) -> list[Outcome]:
        """See batch.send. One at a time, whoever asks: QuickBooks edits one name at a time."""
        async with self._writing:
            return await batch.send(self._client, _observe, call)

    async def look(self, members: Sequence[Member]) -> dict[str, Observed | None]:
        """See look.look."""
        return await look.look(self._client, _observe, self.read, members)


def _observe(entity: str, row: Raw) -> Observed:
    return mapping.observe(entity, row)
