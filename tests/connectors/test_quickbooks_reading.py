"""Lists and the change feed, read while people work in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.protocol import CustomerPage, TryLater
from connectors.quickbooks.cdc import read_changes
from connectors.quickbooks.client import KINDS, QuickBooksClient
from connectors.quickbooks.paging import customer_pages
from contracts.books import Gone, Observed, RecordKind, RemoteRef
from tests.connectors.fakes import NOW, a_client, answer, entity_fault, html, plain_observe

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Books:
    """Rows of a company in memory, with the part of the query language that paging uses, and a hook between calls."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in KINDS}
        self.deleted: dict[str, dict[str, datetime]] = {name: {} for name in KINDS}
        self.next_id = 1
        self.statements: list[str] = []
        self.between: Callable[[int], None] = lambda call: None
        self.feed: Callable[[str, datetime], httpx.Response | None] = lambda entities, since: None

    def add(self, entity: str = "Customer", *, at: datetime = LONG_AGO, **fields: Any) -> str:
        identifier = str(self.next_id)
        self.next_id += 1
        meta = {"CreateTime": at.isoformat(), "LastUpdatedTime": at.isoformat()}
        row = {"Id": identifier, "DisplayName": f"Customer {identifier}", "MetaData": meta} | fields
        self.rows[entity][identifier] = row
        return identifier

    def touch(self, identifier: str, at: datetime, entity: str = "Customer", **fields: Any) -> None:
        row = self.rows[entity][identifier]
        row |= fields
        row["MetaData"] = row["MetaData"] | {"LastUpdatedTime": at.isoformat()}

    def delete(self, identifier: str, at: datetime, entity: str = "Invoice") -> None:
        del self.rows[entity][identifier]
        self.deleted[entity][identifier] = at

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.between(len(self.statements))
        if request.url.path.endswith("/cdc"):
            return self._cdc(request)
        if not request.url.path.endswith("/query"):
            entity, identifier = request.url.path.rsplit("/", 2)[1:]
            name = next(name for name in KINDS if name.lower() == entity)
            row = self.rows[name].get(identifier)
            return answer({name: row}) if row else entity_fault("610")
        statement = request.content.decode()
        self.statements.append(statement)
        entity = re.findall(r"FROM (\w+)", statement)[0]
        rows = list(self.rows[entity].values())
        for name, value in re.findall(r"MetaData\.(\w+) >= '([^']+)'", statement):
            bound = datetime.fromisoformat(value)
            rows = [
                row for row in rows if datetime.fromisoformat(row["MetaData"].get(name, "1970-01-01T00:00Z")) >= bound
            ]
        if "COUNT(*)" in statement:
            return answer({"QueryResponse": {"totalCount": len(rows)}})
        if order := re.search(r"ORDERBY MetaData\.(\w+)", statement):
            rows = [row for row in rows if order[1] in row["MetaData"]]
            rows.sort(key=lambda row: row["MetaData"][order[1]])
        elif "ORDERBY Id" in statement:
            rows.sort(key=lambda row: str(row["Id"]))
        start = int((re.search(r"STARTPOSITION (\d+)", statement) or ["", "1"])[1])
        most = int((re.search(r"MAXRESULTS (\d+)", statement) or ["", "100"])[1])
        page = rows[start - 1 : start - 1 + most]
        return answer({"QueryResponse": {entity: page} if page else {}, "time": NOW.isoformat()})

    def _cdc(self, request: httpx.Request) -> httpx.Response:
        entities = request.url.params["entities"]
        since = datetime.fromisoformat(request.url.params["changedSince"])
        if (prepared := self.feed(entities, since)) is not None:
            return prepared
        groups: list[dict[str, Any]] = []
        room = 1000
        for entity in entities.split(","):
            rows = [
                row
                for row in self.rows[entity].values()
                if datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]) >= since
            ]
            rows.sort(key=lambda row: row["MetaData"]["LastUpdatedTime"])
            rows += [
                {"Id": identifier, "status": "Deleted", "MetaData": {"LastUpdatedTime": at.isoformat()}}
                for identifier, at in self.deleted[entity].items()
                if at >= since
            ]
            rows, room = rows[:room], room - min(room, len(rows))
            groups.append({entity: rows} if rows else {})
        return answer({"CDCResponse": [{"QueryResponse": groups}], "time": NOW.isoformat()})


async def pages(books: Books, *, cursor: str = "", page: int = 5, most: int = 1000) -> list[CustomerPage]:
    client, _ = a_client(books.handle)
    found = []
    async for each in customer_pages(client, plain_observe, cursor=cursor, now=NOW, page=page):
        found.append(each)
        if len(found) == most:
            break
    return found


def names(found: list[CustomerPage]) -> list[str]:
    return [customer.ref.id for page in found for customer in page.customers]


class TestCustomers:
    async def test_everyone_comes_once(self) -> None:
        """Some created in the same second, more of them than a page holds."""
        books = Books()
        for number in range(33):
            books.add(at=LONG_AGO + timedelta(seconds=0 if 5 <= number < 20 else number))

        found = await pages(books)

        assert sorted(names(found), key=int) == [str(number) for number in range(1, 34)]
        assert (found[-1].cursor, found[0].total) == ("", 33)

    async def test_inactive_ones_are_asked_for(self) -> None:
        """A query answers with active rows only unless told otherwise."""
        books = Books()
        books.add()
        await pages(books)

        assert all("Active IN (true,false)" in statement for statement in books.statements)

    async def test_no_customer_at_all_is_an_empty_end(self) -> None:
        """A new company: the entity's key is missing in the answer."""
        found = await pages(Books())

        assert (names(found), found[-1].cursor) == ([], "")

    async def test_a_customer_removed_between_pages_does_not_make_another_one_skipped(self) -> None:
        """By offset everything behind it would move up by one, and the first of the next page would be lost."""
        books = Books()
        for number in range(12):
            books.add(at=LONG_AGO + timedelta(days=number))

        def remove(call: int) -> None:
            if call == 2:
                books.rows["Customer"].pop("1", None)

        books.between = remove

        assert set(names(await pages(books))) >= {str(number) for number in range(2, 13)}

    async def test_customers_added_and_renamed_meanwhile_come_with_the_closing_sweep(self) -> None:
        """The import is a picture of the moment it ended, not of the moment it began."""
        books = Books()
        for number in range(7):
            books.add(at=LONG_AGO + timedelta(days=number))

        def work(call: int) -> None:
            if call == 3:
                books.add(at=NOW, DisplayName="New")
                books.touch("1", NOW, DisplayName="Renamed")
                books.touch("2", NOW)

        books.between = work
        found = await pages(books)
        given = [(customer.ref.id, customer.customer.name) for page in found for customer in page.customers]

        assert ("1", "Renamed") in given
        assert [identifier for identifier, _ in given].count("2") == 1
        assert [identifier for identifier, _ in given].count("8") == 1

    async def test_a_row_no_walk_by_time_can_see_is_found_by_the_count(self) -> None:
        """A row without a creation time, for instance: COUNT(*) says that one is missing."""
        books = Books()
        for number in range(7):
            books.add(at=LONG_AGO + timedelta(days=number))
        del books.rows["Customer"]["4"]["MetaData"]["CreateTime"]

        assert sorted(names(await pages(books))) == ["1", "2", "3", "4", "5", "6", "7"]

    async def test_a_cursor_goes_on_in_another_process(self) -> None:
        """An import that was killed does not begin again, and gives nobody twice."""
        books = Books()
        for number in range(13):
            books.add(at=LONG_AGO + timedelta(days=number))

        begun = await pages(books, most=2)
        rest = await pages(books, cursor=begun[-1].cursor)

        assert sorted(names(begun) + names(rest), key=int) == [str(number) for number in range(1, 14)]

    async def test_read_one_page_at_a_time_it_ends_whatever_the_count_says(self) -> None:
        """As an import reads, which keeps the cursor after each page. What is missing lies on the last page by id."""
        books = Books()
        for number in range(13):
            books.add(at=LONG_AGO + timedelta(days=number))
        del books.rows["Customer"]["9"]["MetaData"]["CreateTime"]

        found = await pages(books, most=1)
        while found[-1].cursor and len(found) < 20:
            found += await pages(books, cursor=found[-1].cursor, most=1)

        assert found[-1].cursor == ""
        assert set(names(found)) == {str(number) for number in range(1, 14)}

    async def test_a_cursor_nobody_wrote_begins_anew(self) -> None:
        """Rather twice than not at all."""
        books = Books()
        books.add()

        assert names(await pages(books, cursor="{broken")) == ["1"]

    async def test_an_odd_record_does_not_stop_its_page(self) -> None:
        """It is logged by its id and left out."""
        books = Books()
        for odd in (False, True, False):
            books.add(Odd=odd)

        assert names(await pages(books)) == ["1", "3"]


def confirming(client: QuickBooksClient) -> Any:
    async def confirm(kind: RecordKind, ids: list[str]) -> list[Observed | Gone]:
        entity = next(name for name, each in KINDS.items() if each is kind)
        found: list[Observed | Gone] = []
        for identifier in ids:
            row = await client.read(entity, identifier)
            found.append(plain_observe(entity, row) if row else Gone(ref=RemoteRef(kind=kind, id=identifier)))
        return found

    return confirm


async def changes(books: Books, since: datetime) -> Any:
    client, server = a_client(books.handle)
    found = await read_changes(client, plain_observe, confirming(client), since=since, now=NOW)
    return found, server


class TestChanges:
    async def test_one_call_gives_what_changed(self) -> None:
        """All four entities at once, and a time with its offset."""
        books = Books()
        books.add(at=NOW - timedelta(hours=1))
        books.add("Invoice", at=NOW - timedelta(hours=1))
        books.add("Payment", at=NOW - timedelta(days=5))

        found, server = await changes(books, NOW - timedelta(hours=2))

        assert {(seen.ref.kind, seen.ref.id) for seen in found.observed} == {
            (RecordKind.CUSTOMER, "1"),
            (RecordKind.INVOICE, "2"),
        }
        assert server.requests[0].url.params["changedSince"] == "2026-11-20T10:00:00+00:00"
        assert (len(server.requests), found.complete) == (1, True)

    async def test_the_next_slice_overlaps_by_five_minutes_and_never_goes_back(self) -> None:
        """Whether the feed's border is inclusive is not documented."""
        found, _ = await changes(Books(), NOW - timedelta(hours=2))
        soon, _ = await changes(Books(), NOW - timedelta(minutes=1))

        assert found.until == NOW - timedelta(minutes=5)
        assert soon.until == NOW - timedelta(minutes=1)

    async def test_a_deletion_is_believed_after_a_read(self) -> None:
        """Live objects have been seen marked as deleted in the feed."""
        books = Books()
        books.add("Invoice", at=LONG_AGO)
        books.add("Invoice", at=LONG_AGO)
        books.delete("1", NOW - timedelta(minutes=30))
        books.deleted["Invoice"]["2"] = NOW - timedelta(minutes=30)

        found, _ = await changes(books, NOW - timedelta(hours=1))

        assert [gone.ref.id for gone in found.gone] == ["1"]
        assert [gone.at for gone in found.gone] == [NOW - timedelta(minutes=30)]
        assert [seen.ref.id for seen in found.observed] == ["2"]

    async def test_a_full_answer_is_asked_again_entity_by_entity(self) -> None:
        """At 1000 objects the feed cuts without saying so: the payments behind would be lost."""
        books = Books()
        for _ in range(990):
            books.add("Customer", at=NOW - timedelta(minutes=30))
        for _ in range(40):
            books.add("Payment", at=NOW - timedelta(minutes=30))

        found, _ = await changes(books, NOW - timedelta(hours=1))

        assert len(found.observed) == 1030
        assert found.complete

    async def test_an_entity_that_fills_an_answer_alone_is_read_by_queries(self) -> None:
        """With its deletions from the later part of the window."""
        books = Books()
        for number in range(2500):
            books.add("Invoice", at=NOW - timedelta(hours=20) + timedelta(seconds=number))
        books.delete("7", NOW - timedelta(minutes=10))

        found, _ = await changes(books, NOW - timedelta(days=1))

        assert len(found.observed) == 2499
        assert [gone.ref.id for gone in found.gone] == ["7"]

    async def test_a_very_long_sweep_stops_and_says_where(self) -> None:
        """A company with a hundred thousand invoices must not be one transaction."""
        books = Books()
        for number in range(10_500):
            books.add("Invoice", at=NOW - timedelta(days=200) + timedelta(seconds=number))

        first, _ = await changes(books, NOW - timedelta(days=300))
        second, _ = await changes(books, first.until)

        seen = {each.ref.id for each in (*first.observed, *second.observed)}
        assert (first.complete, second.complete, len(seen)) == (False, True, 10_500)
        assert NOW - timedelta(days=300) < first.until < NOW - timedelta(days=199)

    async def test_beyond_the_feed_s_thirty_days_queries_are_used(self) -> None:
        """After a long disconnection."""
        books = Books()
        books.add("Invoice", at=NOW - timedelta(days=40))

        found, server = await changes(books, NOW - timedelta(days=60))

        assert [seen.ref.id for seen in found.observed] == ["1"]
        assert not any("/cdc" in str(request.url) for request in server.requests)

    async def test_an_odd_object_does_not_stop_the_feed(self) -> None:
        """Else one record would hold the cursor for ever."""
        books = Books()
        books.add("Invoice", at=NOW, Odd=True)
        books.add("Invoice", at=NOW)

        found, _ = await changes(books, NOW - timedelta(hours=1))

        assert [seen.ref.id for seen in found.observed] == ["2"]

    @pytest.mark.parametrize(
        "body",
        [
            {"CDCResponse": [{"QueryResponse": [{}]}], "time": "x"},
            {"CDCResponse": [{"QueryResponse": [{"Invoice": [{"Id": "9", "status": "Deleted"}]}]}]},
        ],
    )
    async def test_nothing_changed_and_deletions_alone_have_shapes_of_their_own(self, body: dict[str, Any]) -> None:
        """An empty group is {}; a group of deletions has no startPosition."""
        books = Books()
        books.feed = lambda entities, since: answer(body)

        found, _ = await changes(books, NOW - timedelta(hours=1))

        assert found.observed == []

    async def test_a_feed_that_cannot_be_read_moves_nothing(self) -> None:
        """The cursor stays, and the lane asks again."""
        books = Books()
        books.feed = lambda entities, since: html(200)

        with pytest.raises(TryLater):
            await changes(books, NOW - timedelta(hours=1))
