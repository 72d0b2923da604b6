"""A database as it looks after a busy week: every state, several problems, and names that try to break a page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from contracts.books import (
    Account,
    Catalog,
    Company,
    Item,
    LedgerCurrency,
    LedgerTaxCode,
    ObservedCustomer,
    ObservedDocument,
    PaymentMethod,
    RateComponent,
    RecordKind,
    RemoteRef,
    Term,
)
from contracts.customers import Customer
from contracts.events import EventType
from contracts.imports import ImportState, RowState
from contracts.invoices import Invoice
from contracts.payments import Payment
from contracts.problems import Problem, Reason
from contracts.taxes import TaxKind
from service.clock import new_id, utc_now
from service.events.feed import emit
from service.lanes.holdings import store_observed
from service.records import accept
from service.store.database import Session
from service.store.tables import (
    Attempt,
    Connection,
    Delivery,
    DeliveryState,
    ImportRun,
    Lane,
    LaneKind,
    Link,
    Record,
    StoredCall,
    StoredCatalog,
    StoredImportRow,
    WebhookEndpoint,
)

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script> & "Söhne"'


def a_connection(platform_id: str, **more: Any) -> Connection:
    """A connected company."""
    values: dict[str, Any] = {
        "id": new_id("con"),
        "platform_id": platform_id,
        "ledger": "quickbooks",
        "status": "connected",
        "company_id": new_id("9130"),
        "company_name": "Harbour Lights Ltd",
        "country": "GB",
        "home_currency": "GBP",
        "settings": {"default_item": "7", "tax_codes": {"vat-20": "20"}},
        "last_pulled_at": NOW,
        "pulled_until": NOW - timedelta(minutes=1),
        "catalog_read_at": NOW - timedelta(hours=2),
        "created_at": NOW - timedelta(days=9),
    }
    return Connection(**{**values, **more})


def a_catalog() -> Catalog:
    """The lists of a small British company."""

    def code(id_: str, name: str, percent: str, kind: TaxKind) -> LedgerTaxCode:
        component = RateComponent(rate_id=f"r{id_}", name=f"{name} (sales)", percent=Decimal(percent))
        return LedgerTaxCode(id=id_, name=name, kind=kind, components=[component])

    return Catalog(
        company=Company(
            id="9130", name="Harbour Lights Ltd", country="GB", home_currency="GBP", multi_currency=True,
            email="books@harbour.example", subscription="Plus", tax_model="per line",
            books_closed_until=date(2025, 12, 31), discounts_allowed=True,
        ),
        currencies=[LedgerCurrency(code="GBP", name="Pound sterling"), LedgerCurrency(code="EUR", name="Euro")],
        accounts=[
            Account(id="35", name="Current account", type="Bank", currency="GBP"),
            Account(id="4", name="Undeposited Funds", type="Other Current Asset"),
            Account(id="79", name="Sales of product income", type="Income"),
        ],
        tax_codes=[
            code("20", "20.0% S", "20", TaxKind.STANDARD),
            code("0", "0.0% Z", "0", TaxKind.ZERO),
            code("5", "5.0% R", "5", TaxKind.REDUCED).model_copy(update={"active": False}),
        ],
        terms=[Term(id="3", name="Net 30", due_days=30), Term(id="4", name="End of month")],
        items=[
            Item(id="7", name="Services", type="Service", income_account="79"),
            Item(id="8", name=f"Licences {HOSTILE}", type="Service", income_account="79"),
            Item(id="9", name="Old bundle", type="Group", active=False, usable=False),
        ],
        payment_methods=[PaymentMethod(id="1", name="Cash"), PaymentMethod(id="2", name="Bank transfer")],
        read_at=NOW - timedelta(hours=2),
    )  # fmt: skip


def a_customer(id_: str, name: str = "") -> Customer:
    """A customer as billing sends it."""
    return Customer.model_validate(
        {"id": id_, "name": name or f"Customer {id_}", "emails": [f"{id_}@example.com"], "currency": "GBP"}
    )


def an_invoice(id_: str, customer_id: str, net: str = "1250.00", tax: str = "250.00", **more: Any) -> Invoice:
    """A final invoice with one line."""
    line = {"quantity": "1", "unit_price": net, "amount": net, "tax_code": "vat-20", "description": "Hosting, November"}
    body: dict[str, Any] = {
        "id": id_,
        "number": f"INV-{id_.upper()}",
        "customer_id": customer_id,
        "status": "final",
        "currency": "GBP",
        "issue_date": "2026-11-03",
        "due_date": "2026-12-03",
        "tax_codes": [{"id": "vat-20", "rate": "20"}],
        "sections": [{"lines": [line]}],
        "totals": {"net": net, "tax": tax, "total": str(Decimal(net) + Decimal(tax))},
    }
    return Invoice.model_validate({**body, **more})


def unmapped(number: str, code: str = "vat-5") -> Problem:
    """The commonest thing to put right."""
    return Problem(
        reason=Reason.TAX_CODE_UNMAPPED,
        where=f"invoice {number}, line 1",
        field="lines.1.tax_code",
        message=f"No tax code in QuickBooks fits {code!r} (5 %).",
        fix=f"Choose a tax code for {code!r} in the connection's settings.",
        value=code,
    )


async def fill(session: Session, platform_id: str) -> Connection:
    """Everything a page can show. Returns the connection it hangs on."""
    row = a_connection(platform_id, name=f"Harbour {HOSTILE}")
    session.add(row)
    session.add(a_connection(platform_id, status="sign_in_needed", company_name="Vega Bikes Inc", country="US",
                             home_currency="USD", last_error="invalid_grant: the token was refused"))  # fmt: skip
    await session.flush()
    session.add(StoredCatalog(connection_id=row.id, body=a_catalog().model_dump(mode="json"), read_at=NOW))
    await _records(session, row)
    await _import(session, row)
    await _events(session, row)
    return row


async def _records(session: Session, row: Connection) -> None:
    people = {"acme": HOSTILE, "birch": "Birch & Sons", "cafe": "Café Zoë"}
    await accept(session, row, [a_customer(id_, name) for id_, name in people.items()])
    invoices = [an_invoice(f"a{number}", list(people)[number % 3]) for number in range(8)]
    payment = Payment.model_validate(
        {"id": "pay_1", "customer_id": "acme", "currency": "GBP", "amount": "600.00", "paid_on": "2026-11-15",
         "reference": "BACS 8841", "allocations": [{"invoice_id": "a0", "amount": "600.00"}]}
    )  # fmt: skip
    draft = an_invoice("draft", "cafe", status="draft", number="")
    found = await accept(session, row, [*invoices, draft, payment])
    records = {answer.external_id: answer.record for answer in found if answer.record is not None}
    for external_id in ("a4", "a5", "a6"):
        await _block(session, records[external_id], unmapped(records[external_id].number))
    for external_id in ("a0", "a1"):
        await _link(session, row, records[external_id], total="1500.00" if external_id == "a0" else "1500.01")
    records["a2"].state, records["a2"].failures = "retrying", 2
    records["a3"].state = "uncertain"
    wanted = select(Lane).where(col(Lane.kind) == LaneKind.CONNECTION, col(Lane.subject_id) == row.id)
    lane = (await session.exec(wanted)).one()
    lane.calls, lane.paused_until = 1840, utc_now() + timedelta(minutes=1)
    session.add(lane)


async def _block(session: Session, record: Record, problem: Problem) -> None:
    record.state, record.due_at, record.problems = "blocked", None, [problem.model_dump(mode="json")]
    session.add(record)


async def _link(session: Session, row: Connection, record: Record, *, total: str) -> None:
    record.state, record.due_at, record.ledger_version = "in_sync", None, 1
    record.payment_status, record.amount_paid = "partially_paid", Decimal("600.00")
    seen = ObservedDocument(
        ref=RemoteRef(kind=RecordKind.INVOICE, id=f"14{record.external_id[1:]}", version="2"),
        number=record.number, customer_ref="58", currency="GBP", issue_date=date(2026, 11, 3),
        due_date=date(2026, 12, 3), net=Decimal("1250.00"), tax=Decimal(total) - 1250, total=Decimal(total),
        balance=Decimal(total) - 600,
    )  # fmt: skip
    link = Link(id=new_id("lnk"), connection_id=row.id, record_id=record.id, kind=RecordKind.INVOICE,
                remote_id=seen.ref.id, origin="pushed")  # fmt: skip
    store_observed(link, seen)
    session.add_all([record, link])
    call = StoredCall(id=new_id("call"), connection_id=row.id, request_id=f"01c9-{record.external_id}", state="done")
    session.add(call)
    await session.flush()
    tries = [("unknown", "", "The answer was lost after 30 seconds.", ""), ("done", "", "", "1-674f9a2b-0d3e")]
    for position, (state, code, detail, trace) in enumerate(tries):
        session.add(
            Attempt(id=new_id("att"), connection_id=row.id, record_id=record.id, call_id=call.id, key="k", version=1,
                    generation=0, verb="create", kind=RecordKind.INVOICE, fingerprint="f", state=state, code=code,
                    detail=detail, trace_id=trace, opened_at=NOW + timedelta(minutes=position))
        )  # fmt: skip


async def _import(session: Session, row: Connection) -> None:
    run = ImportRun(id=new_id("imp"), connection_id=row.id, state=ImportState.READY, total=64, read=64,
                    started_at=NOW - timedelta(hours=1), finished_at=NOW)  # fmt: skip
    session.add(run)
    await session.flush()
    broken = [
        Problem(
            reason=Reason.COUNTRY_UNKNOWN,
            where="customer 12",
            message="The country “Inglaterra del Sur” cannot be recognised.",
            fix="Write the country's name in English in the customer's billing address in QuickBooks.",
            value="Inglaterra del Sur",
        ),
        Problem(
            reason=Reason.EMAIL_INVALID,
            where="customer 12",
            message="The e-mail address “billing@@zoe” cannot receive mail.",
            fix="Correct the e-mail address in QuickBooks.",
            value="billing@@zoe",
        ),
    ]
    warned = [
        Problem(reason=Reason.EMAIL_SEVERAL, where="customer 3", message="Several e-mail addresses stand in one field.",
                fix="Nothing to do: the first one receives invoices.")
    ]  # fmt: skip
    kinds: list[tuple[RowState, list[Problem]]] = [
        (RowState.VALID, []),
        (RowState.INVALID, broken),
        (RowState.LINKED, []),
        (RowState.VALID, warned),
        (RowState.IMPORTED, []),
    ]
    for number in range(64):
        state, problems = kinds[number % 5]
        name = HOSTILE if number == 0 else f"Customer {number:02} of Brighton"
        _add_row(session, run, number, state, problems, name)


def _add_row(
    session: Session, run: ImportRun, number: int, state: RowState, problems: list[Problem], name: str
) -> None:
    known = state != RowState.INVALID
    customer = Customer.model_validate(
        {"id": str(100 + number), "name": name, "emails": ["accounts@brighton.example"] if known else ["billing@@zoe"],
         "billing_address": {"line1": f"{number + 1} Marine Parade", "city": "Brighton", "postal_code": "BN2 1TL",
                             "country": "GB" if known else ""}}
    )  # fmt: skip
    country = "England" if known else "Inglaterra del Sur"
    seen = ObservedCustomer(
        ref=RemoteRef(kind=RecordKind.CUSTOMER, id=customer.id, version="0"), customer=customer,
        country_text=country, fingerprint="f", problems=problems,
    )  # fmt: skip
    session.add(
        StoredImportRow(
            run_id=run.id, remote_id=customer.id, state=state, name=name, email=", ".join(customer.emails),
            country_text=country, search=f"{name} {customer.id}".casefold(), reasons=[one.reason for one in problems],
            body=seen.model_dump(mode="json"), customer_id=f"cus_{number}" if state in ("linked", "imported") else "",
        )
    )  # fmt: skip


async def _events(session: Session, row: Connection) -> None:
    endpoint = WebhookEndpoint(id=new_id("whe"), platform_id=row.platform_id,
                               url="https://billing.example/hooks/ledger", sealed_secret=b"sealed")  # fmt: skip
    session.add(endpoint)
    await session.flush()
    told = [(EventType.RECORD_SYNCED, "invoice/a0"), (EventType.INVOICE_PAYMENT_STATUS, "invoice/a0"),
            (EventType.RECORD_BLOCKED, "invoice/a4"), (EventType.PAYMENT_RECORDED, "payment/pay_1")]  # fmt: skip
    for type_, subject in told:
        await emit(session, row, type_, subject, {})
    await session.flush()
    for position, delivery in enumerate((await session.exec(select(Delivery))).all()):
        delivery.state = DeliveryState.FAILED if position % 2 else DeliveryState.DELIVERED
        delivery.tries, delivery.last_status = (8, 503) if position % 2 else (1, 200)
        delivery.last_error = "503 Service Unavailable" if position % 2 else ""
        delivery.delivered_at = None if position % 2 else NOW
        session.add(delivery)
