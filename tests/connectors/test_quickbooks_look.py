"""Looking after a lost answer: what is ours, and what only looks like it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectors.protocol import Member, TryLater
from connectors.quickbooks.client import ENTITIES, QuickBooksClient
from connectors.quickbooks.look import look
from connectors.quickbooks.paging import observe_or_skip
from contracts.books import Gone, RecordKind, RemoteRef
from mappings.plan import Verb
from tests.connectors.fakes import a_client, answer, entity_fault, plain_observe
from tests.connectors.test_quickbooks_writing import Item, a_member


class TestLooking:
    @staticmethod
    def holding(entity: str, *rows: Item) -> Callable[[httpx.Request], httpx.Response]:
        def handler(request: httpx.Request) -> httpx.Response:
            if f"FROM {entity} " in request.content.decode():
                return answer({"QueryResponse": {entity: list(rows)}})
            return entity_fault("610") if request.method == "GET" else answer({"QueryResponse": {}})

        return handler

    @staticmethod
    async def look(handler: Callable[[httpx.Request], httpx.Response], *members: Member) -> list[Any]:
        client, _ = a_client(handler)
        ledger_reads = reader(client)
        return list((await look(client, plain_observe, ledger_reads, members)).values())

    async def test_a_document_with_our_number_and_another_marker_is_not_ours(self) -> None:
        """A bookkeeper may have typed their own INV-1."""
        row = {"Id": "7", "DocNumber": "INV-1", "PrivateNote": "typed by hand"}

        assert await self.look(self.holding("Invoice", row), a_member(1)) == [None]

    async def test_a_renumbered_document_is_found_by_customer_and_date(self) -> None:
        """Its number was changed there before we looked."""
        row = {"Id": "7", "DocNumber": "changed", "PrivateNote": "ledgerlane:rec_1"}

        def handler(request: httpx.Request) -> httpx.Response:
            statement = request.content.decode()
            assert "PrivateNote" not in statement  # not queryable: fault 4001
            found = [row] if "CustomerRef IN ('60') AND TxnDate >= '2026-03-01'" in statement else []
            return answer({"QueryResponse": {"Invoice": found}})

        body = {"CustomerRef": {"value": "60"}, "TxnDate": "2026-03-01", "PrivateNote": "ledgerlane:rec_1"}
        (seen,) = await self.look(handler, a_member(1, body=json.dumps(body)))

        assert seen.ref.id == "7"

    async def test_of_two_objects_with_one_marker_the_older_counts(self) -> None:
        """A copy made in QuickBooks takes the note along."""
        rows = [{"Id": identifier, "PrivateNote": "ledgerlane:rec_1"} for identifier in ("10", "9")]

        (seen,) = await self.look(self.holding("Invoice", *rows), a_member(1))

        assert seen.ref.id == "9"

    @pytest.mark.parametrize("member", [a_member(1), a_member(1, verb=Verb.UPDATE, target="7")])
    async def test_ours_that_cannot_be_read_is_not_nothing(self, member: Member) -> None:
        """ "Not there" would make a second one."""
        row = {"Id": "7", "PrivateNote": "ledgerlane:rec_1", "Odd": True}

        with pytest.raises(TryLater):
            await self.look(self.holding("Invoice", row), member)

    async def test_somebody_else_s_odd_record_is_no_obstacle(self) -> None:
        """Only what may be ours has to be read."""
        row = {"Id": "7", "PrivateNote": "other", "Odd": True}

        assert await self.look(self.holding("Invoice", row), a_member(1)) == [None]

    async def test_a_target_that_was_deleted_is_nothing(self) -> None:
        """610 to a read."""
        assert await self.look(self.holding("Payment"), a_member(1, verb=Verb.VOID, target="7")) == [None]


def reader(client: QuickBooksClient) -> Any:
    """QuickBooksLedger.read with the plain reading of these tests."""

    async def read(kind: RecordKind, ids: list[str]) -> list[Any]:
        rows = (await client.rows(ENTITIES[kind], f"SELECT * FROM {ENTITIES[kind]} WHERE")).rows
        found: list[Any] = []
        for identifier in ids:
            row = next((row for row in rows if row["Id"] == identifier), None)
            row = row or await client.read(ENTITIES[kind], identifier)
            if row is None:
                found.append(Gone(ref=RemoteRef(kind=kind, id=identifier)))
            elif (seen := observe_or_skip(plain_observe, ENTITIES[kind], row)) is not None:
                found.append(seen)
        return found

    return read
