"""What the four nouns share: put one, put many, list, look, try again.

A noun's own file names its path and contracts; the framework reads them out of `signature_namespace`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from litestar import Controller, get, post, put
from litestar.params import JSONBody, QueryParameter
from pydantic import ValidationError

from contracts.api import (
    AttemptList,
    BatchAnswer,
    BatchItem,
    CreditMemoBatch,
    CustomerBatch,
    InvoiceBatch,
    PaymentBatch,
    RecordPage,
    RecordState,
    RecordView,
)
from contracts.books import RecordKind
from contracts.credit_memos import CreditMemo
from contracts.customers import Customer
from contracts.invoices import Invoice
from contracts.payments import Payment
from contracts.problems import Problem, Reason
from mappings.plan import CoreRecord
from service import records
from service.api.errors import field_problems, malformed_field, not_found, refused, value_text
from service.api.shared import PAGE, ApiRequest, Cursor, Limit, PathId, Search, WithReason, own_connection, service_of
from service.store.database import Session
from service.store.tables import Record
from service.views import records as views

Body = TypeVar("Body", Customer, Invoice, CreditMemo, Payment)
Batch = TypeVar("Batch", CustomerBatch, InvoiceBatch, CreditMemoBatch, PaymentBatch)
InState = Annotated[RecordState | None, QueryParameter(name="state", description="Only those in this state.")]
OfCustomer = Annotated[str, QueryParameter(max_length=100, description="Billing's id of the customer.")]


class RecordController(Controller, Generic[Body, Batch]):
    """One noun of billing under a connection."""

    kind: ClassVar[RecordKind]
    contract: ClassVar[type[CoreRecord]]

    @put("/{id:str}")
    async def put_one(self, request: ApiRequest, connection_id: PathId, id: PathId, data: JSONBody[Body]) -> RecordView:
        """Say what you want to be true. The same body again changes nothing; 200 means it is stored."""
        if data.id != id:
            raise malformed_field(
                "the body",
                "id",
                f"The body says {data.id!r}, the address {id!r}.",
                "Send the same id in both.",
                data.id,
            )
        service = service_of(request)
        async with service.database.write() as session:
            connection = await own_connection(session, request.user, connection_id)
            answer = (await records.accept(session, connection, [data]))[0]
            if answer.problems or answer.record is None:
                raise refused(answer.problems)
            return await views.view_record(session, service.ledgers, connection, answer.record)

    @post("/", status_code=200)
    async def put_many(self, request: ApiRequest, connection_id: PathId, data: JSONBody[Batch]) -> BatchAnswer:
        """Up to 1000 at once, each accepted or refused on its own."""
        good, answers = sort_batch(data.items, self.contract)
        async with service_of(request).database.write() as session:
            connection = await own_connection(session, request.user, connection_id)
            accepted = await records.accept(session, connection, list(good.values()))
        for position, answer in zip(good, accepted, strict=True):
            answers[position] = _batch_item(answer)
        return BatchAnswer(items=[answers[position] for position in range(len(data.items))])

    @get("/")
    async def list_many(
        self,
        request: ApiRequest,
        connection_id: PathId,
        in_state: InState = None,
        customer_id: OfCustomer = "",
        search: Search = "",
        reason: WithReason = None,
        limit: Limit = PAGE,
        cursor: Cursor = "",
    ) -> RecordPage:
        """Newest first, without bodies."""
        service = service_of(request)
        wanted = views.RecordFilter(
            kind=self.kind, state=in_state, customer_id=customer_id, search=search, reason=reason
        )
        async with service.database.read() as session:
            connection = await own_connection(session, request.user, connection_id)
            return await views.list_records(session, service.ledgers, connection, wanted, limit=limit, cursor=cursor)

    @get("/{id:str}")
    async def get_one(self, request: ApiRequest, connection_id: PathId, id: PathId) -> RecordView:
        """What is wanted, what the ledger holds, and what stands between them."""
        service = service_of(request)
        async with service.database.read() as session:
            connection = await own_connection(session, request.user, connection_id)
            row = await self._own_record(session, connection.id, id)
            return await views.view_record(session, service.ledgers, connection, row)

    @post("/{id:str}/retry", status_code=200)
    async def retry_one(self, request: ApiRequest, connection_id: PathId, id: PathId) -> RecordView:
        """Try it again at once. A document deleted in the ledger is made again."""
        service = service_of(request)
        async with service.database.write() as session:
            connection = await own_connection(session, request.user, connection_id)
            row = await self._own_record(session, connection.id, id)
            await records.retry(session, row)
            await session.flush()
            return await views.view_record(session, service.ledgers, connection, row)

    @get("/{id:str}/attempts")
    async def list_attempts(self, request: ApiRequest, connection_id: PathId, id: PathId) -> AttemptList:
        """Every try to change the ledger for it, newest first, with the ledger's own trace ids."""
        async with service_of(request).database.read() as session:
            connection = await own_connection(session, request.user, connection_id)
            row = await self._own_record(session, connection.id, id)
            return AttemptList(items=await views.list_attempts(session, row))

    async def _own_record(self, session: Session, connection_id: str, external_id: str) -> Record:
        row = await views.find_record(session, connection_id, self.kind, external_id)
        if row is None:
            raise not_found(self.kind.replace("_", " "))
        return row


def sort_batch(items: Sequence[Any], contract: type[CoreRecord]) -> tuple[dict[int, CoreRecord], dict[int, BatchItem]]:
    """The items that have the documented shape, and an answer for those that do not, by position.

    A second item with an id already seen is refused: which of the two should hold is not ours to guess.
    """
    good: dict[int, CoreRecord] = {}
    bad: dict[int, BatchItem] = {}
    seen: dict[str, int] = {}
    for position, item in enumerate(items):
        prefix = f"items.{position}"
        try:
            record = contract.model_validate(item)
        except ValidationError as error:
            problems = field_problems(error.errors(include_url=False), item, where=prefix, prefix=prefix)
            bad[position] = BatchItem(id=_readable_id(item), accepted=False, problems=problems)
            continue
        if record.id in seen:
            bad[position] = BatchItem(id=record.id, accepted=False, problems=[_doubled(prefix, record.id, seen)])
            continue
        seen[record.id] = position
        good[position] = record
    return good, bad


def _batch_item(answer: records.Accepted) -> BatchItem:
    return BatchItem(
        id=answer.external_id,
        accepted=not answer.problems,
        changed=answer.changed,
        state=RecordState(answer.record.state) if answer.record is not None else None,
        problems=answer.problems,
    )


def _readable_id(item: Any) -> str:
    return value_text(item.get("id", "")) if isinstance(item, dict) else ""


def _doubled(where: str, external_id: str, seen: dict[str, int]) -> Problem:
    return Problem(
        reason=Reason.MALFORMED,
        where=where,
        field=f"{where}.id",
        message=f"{external_id!r} already stands at items.{seen[external_id]}.",
        fix="Send each record once in a batch, in its newest version.",
        value=external_id,
    )
