"""Xero behind the Ledger protocol. Start here: each method is a line or two into its own module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from connectors.http import LedgerHttp
from connectors.oauth.tokens import TokenSource
from connectors.protocol import Call, Changes, CustomerPage, Member, Outcome
from connectors.xero import batch, deltas, look, paging, reading
from connectors.xero.client import Raw, XeroClient
from connectors.xero.limits import XeroLimiter
from connectors.xero.lists import read_books
from contracts.books import Catalog, Gone, LedgerName, Observed, RecordKind, RemoteRef
from contracts.problems import Problem
from mappings import xero as mapping
from mappings.plan import Books, CoreRecord, Held, Step


class XeroLedger:
    """One Xero organisation. Implements connectors.protocol.Ledger.

    http is shared by all organisations; tokens and limiter are this one's own, and live as long as its lane does.
    app_url: where deep links open. short_code: the organisation's, where it is known; reading the catalogue learns it.
    """

    name: ClassVar[LedgerName] = LedgerName.XERO
    batch_size: ClassVar[int] = batch.BATCH_SIZE
    key_trusted_seconds: ClassVar[float] = 330.0
    """Xero remembers an Idempotency-Key for six minutes (reference 2.8)."""

    def __init__(
        self,
        http: LedgerHttp,
        tokens: TokenSource,
        *,
        tenant_id: str,
        connection: str = "",
        limiter: XeroLimiter | None = None,
        app_url: str = "https://go.xero.com",
        page: int = reading.MOST_ROWS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = XeroClient(http, tokens, limiter or XeroLimiter(), tenant_id=tenant_id, connection=connection)
        self._tenant_id, self._app_url = tenant_id, app_url
        self._page, self._now = page, now
        self._short_code = ""

    async def catalog(self) -> Catalog:
        """Organisation and lists: seven calls."""
        books = await read_books(self._client)
        catalog = mapping.build_catalog(
            books.organisation,
            tenant_id=self._tenant_id,
            read_at=self._now(),
            actions=books.actions,
            currencies=books.currencies,
            accounts=books.accounts,
            tax_rates=books.tax_rates,
            items=books.items,
            branding_themes=books.branding_themes,
        )
        self._short_code = catalog.company.short_code
        return catalog

    def customers(self, *, cursor: str = "") -> AsyncIterator[CustomerPage]:
        """Every contact by its id, then what is missing or was changed meanwhile (see paging)."""
        return paging.customer_pages(self._client, _observe, cursor=cursor, now=self._now(), page=self._page)

    async def read(self, kind: RecordKind, ids: Sequence[str]) -> list[Observed | Gone]:
        """One call for forty ids. What a list does not show is read alone, and Gone only on 404 or DELETED."""
        return await reading.read(self._client, _observe, kind, ids)

    async def payments_of(self, invoices: Sequence[str]) -> list[Observed | Gone]:
        """Xero has no notice of a payment: they are asked for when their invoice is noticed."""
        return await reading.payments_of(self._client, _observe, invoices)

    async def changes(self, since: datetime) -> Changes:
        """Four lists by If-Modified-Since (see deltas)."""
        return await deltas.read_changes(self._client, _observe, since=since, now=self._now(), size=self._page)

    def check(self, record: CoreRecord, books: Books, held: Held | None) -> list[Problem]:
        """Asks the mapping, the only judge."""
        return mapping.check(record, books, held)

    def next_step(self, record: CoreRecord, books: Books, held: Held | None, *, marker: str) -> Step | None:
        """Asks the mapping."""
        return mapping.next_step(record, books, held, marker=marker)

    def deep_link(self, ref: RemoteRef) -> str:
        """The form that opens in the right organisation, once its short code is known."""
        return mapping.deep_link(ref, short_code=self._short_code, base=self._app_url)

    def compose(self, members: Sequence[Member]) -> list[Call]:
        """See batch.compose: what may travel together."""
        return batch.compose(members)

    async def send(self, call: Call) -> list[Outcome]:
        """See batch.send."""
        return await batch.send(self._client, _observe, call)

    async def look(self, members: Sequence[Member]) -> dict[str, Observed | None]:
        """See look.look."""
        return await look.look(self._client, _observe, members)


def _observe(entity: str, row: Raw) -> Observed:
    return mapping.observe(entity, row)
