"""The routes under /v3/company/{realm}: from a call to an entity-layer answer. Source: QuickBooks reference 2.1."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject, loads
from connectors.sandbox.common.http import Exchange
from connectors.sandbox.quickbooks import books, cdc, currencies
from connectors.sandbox.quickbooks.accept import to_decimal
from connectors.sandbox.quickbooks.catalogue import ENTITIES
from connectors.sandbox.quickbooks.company import Company
from connectors.sandbox.quickbooks.faults import NotModelled, fault, missing, unsupported
from connectors.sandbox.quickbooks.fields import Entity
from connectors.sandbox.quickbooks.pdf import invoice_pdf
from connectors.sandbox.quickbooks.query_run import run_query
from connectors.sandbox.quickbooks.show import show
from connectors.sandbox.quickbooks.tax_lists import create_through_tax_service

_SINGLETONS = frozenset({"companyinfo", "preferences"})
# Real routes of the service that this simulator does not have. Everything else is an unknown path (code 500).
_REAL_BUT_ABSENT = frozenset(
    [
        "attachable",
        "bill",
        "billpayment",
        "budget",
        "class",
        "creditcardpayment",
        "customertype",
        "department",
        "deposit",
        "estimate",
        "inventoryadjustment",
        "journalcode",
        "journalentry",
        "purchase",
        "purchaseorder",
        "recurringtransaction",
        "reimbursecharge",
        "reports",
        "salesreceipt",
        "taxclassification",
        "taxpayment",
        "timeactivity",
        "transfer",
        "upload",
        "vendorcredit",
        "download",
        "entitlements",
    ]
)


@dataclass(frozen=True)
class Reply:
    """An answer of the entity layer before the envelope. `is_bare`: sent as it is, without `time`."""

    body: JsonObject | bytes
    status: int = 200
    is_bare: bool = False


def is_write(exchange: Exchange, parts: list[str]) -> bool:
    """Whether a call counts as Core (writes) and takes part in requestid replay. Source: reference 2.7, 6."""
    return exchange.method == "POST" and parts[:1] not in (["query"], ["batch"])


def answer(company: Company, exchange: Exchange, parts: list[str]) -> Reply:
    """Dispatch one call; `parts` is the path below the realm, lower case. Raises QboFault or NotModelled."""
    head = parts[0] if parts else ""
    if head == "query":
        return _query(company, exchange)
    if head == "cdc" and exchange.method == "GET":
        params = exchange.params
        return Reply(cdc.changes(company, params.get("entities", ""), params.get("changedSince", "")))
    if head == "exchangerate":
        return _exchange_rate(company, exchange)
    if parts[:2] == ["taxservice", "taxcode"] and exchange.method == "POST":
        return Reply(create_through_tax_service(company, json_body(exchange)), is_bare=True)
    if head in _REAL_BUT_ABSENT:
        raise NotModelled(f"{exchange.method} {exchange.path}")
    entity = ENTITIES.get(head)
    if entity is None:
        raise fault("500", f"Could not find resource for relative : {exchange.path}")
    return _entity_call(company, entity, exchange, parts[1:])


def json_body(exchange: Exchange) -> JsonObject:
    """The request object. A body that is not UTF-8 or not JSON is refused. Source: QuickBooks reference 7.2 (500)."""
    try:
        text = exchange.body.decode("utf-8")
    except UnicodeDecodeError:
        raise fault("500", "The request body is not valid UTF-8.") from None
    try:
        body = loads(text)
    except ValueError as problem:
        raise fault("2010", f"Property Name:The request body is not valid JSON: {problem}") from None
    if not isinstance(body, dict):
        raise fault("2010", "Property Name:The request body must be a JSON object")
    return body


def write(company: Company, entity: Entity, body: JsonObject, params: dict[str, str]) -> JsonObject:
    """Create, update, delete or void one object; the value under the entity's key."""
    operation = params.get("operation", "").lower()
    include = {part.strip().lower() for part in params.get("include", "").split(",")}
    if operation == "delete":
        return books.delete(company, entity, body)
    if operation == "void" or "void" in include:
        return _void(company, entity, body, operation)
    if operation not in {"", "update"}:
        raise unsupported(operation)
    allow = "allowduplicatedocnum" in include
    is_update = bool(body.get("Id")) or operation == "update" or entity.path in _SINGLETONS
    act = books.update if is_update else books.create
    record = act(company, entity, body, allow_duplicate_number=allow)
    return show(company, record)


class NothingHappened(Exception):
    """A void that is answered 200 and does nothing. Source: QuickBooks reference 7.4."""


def _void(company: Company, entity: Entity, body: JsonObject, operation: str) -> JsonObject:
    """Invoices take operation=void, payments operation=update&include=void. Source: QuickBooks reference 2.1."""
    expected = "void" if entity.name == "Invoice" else "update"
    if "void" in entity.operations and operation != expected:
        raise unsupported("void")
    record = books.void(company, entity, body)
    if record is None:
        raise NothingHappened
    return show(company, record)


def _entity_call(company: Company, entity: Entity, exchange: Exchange, rest: list[str]) -> Reply:
    if exchange.method == "GET" and entity.path == "preferences" and not rest:
        return Reply({"Preferences": show(company, books.read(company, entity, "1"))})
    if exchange.method == "GET" and len(rest) == 1:
        object_id = "1" if entity.path == "companyinfo" and rest[0] in {company.realm_id, "1"} else rest[0]
        record = books.read(company, entity, object_id.upper() if entity.path == "taxcode" else object_id)
        shown = show(company, record)
        if entity.name == "Invoice" and "invoicelink" in exchange.params.get("include", "").lower():
            _add_invoice_link(company, shown)
        return Reply({entity.name: shown})
    if exchange.method == "GET" and len(rest) == 2 and rest[1] == "pdf":
        if "pdf" not in entity.operations:
            raise unsupported("pdf")
        return Reply(invoice_pdf(company, books.read(company, entity, rest[0])), is_bare=True)
    if exchange.method == "POST" and len(rest) == 2 and rest[1] == "send":
        record = books.send(company, entity, rest[0], exchange.params.get("sendTo"))
        return Reply({entity.name: show(company, record)})
    if exchange.method == "POST" and not rest:
        try:
            return Reply({entity.name: write(company, entity, json_body(exchange), exchange.params)})
        except NothingHappened:
            return Reply({"BatchItemResponse": []})
    raise unsupported(f"{exchange.method} {exchange.path}")


def _add_invoice_link(company: Company, shown: JsonObject) -> None:
    """Needs online payments and a bill email. Source: QuickBooks reference 12.1."""
    online = shown.get("AllowOnlineCreditCardPayment") or shown.get("AllowOnlineACHPayment")
    if online and shown.get("BillEmail"):
        shown["InvoiceLink"] = f"https://connect.intuit.com/t/scs-v1-{company.realm_id}-{shown['Id']}"


def _query(company: Company, exchange: Exchange) -> Reply:
    if exchange.method == "POST":
        try:
            text = exchange.body.decode("utf-8")
        except UnicodeDecodeError:
            raise fault("500", "The request body is not valid UTF-8.") from None
        text = text or exchange.params.get("query", "")
    elif exchange.method == "GET":
        text = exchange.params.get("query", "")
    else:
        raise unsupported(f"{exchange.method} query")
    return Reply({"QueryResponse": run_query(company, text)})


def _exchange_rate(company: Company, exchange: Exchange) -> Reply:
    if not company.multicurrency:
        raise fault("6000", "Business Validation Error: Multicurrency is not turned on in this company.")
    if exchange.method == "GET":
        code = exchange.params.get("sourcecurrencycode", "").upper()
        day = exchange.params.get("asofdate") or company.today().isoformat()
        return Reply({"ExchangeRate": currencies.read_rate(company, code, day)})
    body = json_body(exchange)
    known = {
        "SyncToken",
        "SourceCurrencyCode",
        "AsOfDate",
        "Rate",
        "TargetCurrencyCode",
        "sparse",
        "domain",
        "MetaData",
        "CustomField",
        "Id",
    }
    unknown: Any = set(body) - known
    if unknown:
        raise fault("2010", f"Property Name:{min(unknown)} specified is unsupported or invalid")
    absent = [key for key in ("SourceCurrencyCode", "Rate") if body.get(key) in (None, "")]
    if absent:
        raise missing(*absent)
    rate = to_decimal(body["Rate"], company.switches)
    if rate is None:
        raise fault("2100", f"Property Name:Rate is not a valid decimal. Supplied value:{body['Rate']}", "Rate")
    day = str(body.get("AsOfDate") or company.today().isoformat())
    code, target = str(body["SourceCurrencyCode"]).upper(), str(body.get("TargetCurrencyCode") or "")
    return Reply({"ExchangeRate": currencies.write_rate(company, code, day, Decimal(rate), target)})
