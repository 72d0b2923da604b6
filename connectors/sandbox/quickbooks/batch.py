"""POST /batch: up to 30 independent items. Source: QuickBooks reference 5, 2.7."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks import api, replay
from connectors.sandbox.quickbooks.catalogue import BY_NAME
from connectors.sandbox.quickbooks.company import Company
from connectors.sandbox.quickbooks.faults import NotModelled, QboFault, fault, missing
from connectors.sandbox.quickbooks.query_run import run_query

MAX_ITEMS = 30
_MAX_QUERY_OBJECTS = 1000
_MAX_BATCH_KEY = 10  # with a requestid


def run_batch(company: Company, body: JsonObject, request_id: str) -> list[JsonObject]:
    """BatchItemResponse. Each item succeeds or fails alone; NotModelled items stop the whole call with 501."""
    items = body.get("BatchItemRequest")
    if not isinstance(items, list) or not items:
        raise missing("BatchItemRequest")
    if len(items) > MAX_ITEMS:
        raise fault("1040", f"The maximum number of batch items is {MAX_ITEMS}. Supplied:{len(items)}")
    if request_id and any(len(str(item.get("bId", ""))) > _MAX_BATCH_KEY for item in items):
        raise fault("2130", f"With a requestid each bId has at most {_MAX_BATCH_KEY} characters.", "bId")
    answers: list[JsonObject] = []
    left = _MAX_QUERY_OBJECTS
    for item in items:
        result = _remembered_item(company, item, request_id, left)
        left -= result.get("QueryResponse", {}).get("maxResults", 0)
        answers.append({"bId": str(item.get("bId", "")), **result})
    if company.switches.batch_shuffles_answers:
        company.world.rng.shuffle(answers)
    return answers


def counts(items: Any) -> tuple[int, int]:
    """(writes, queries) in a batch body, for metering."""
    entries = items if isinstance(items, list) else []
    queries = sum(1 for item in entries if isinstance(item, dict) and "Query" in item)
    return len(entries) - queries, queries


def _remembered_item(company: Company, item: JsonObject, request_id: str, left: int) -> JsonObject:
    key = f"{request_id}\x00{item.get('bId', '')}" if request_id else ""
    remembered = replay.recall(company, key, replay.fingerprint(item))
    if remembered is not None:
        return dict(remembered.value)
    try:
        result = _item(company, item, left)
    except QboFault as refused:
        result = {"Fault": refused.as_json(company.language)}
    replay.remember(company, key, replay.fingerprint(item), result, failed="Fault" in result)
    return result


def _item(company: Company, item: JsonObject, left: int) -> JsonObject:
    if "Query" in item:
        return {"QueryResponse": run_query(company, str(item["Query"]), at_most=left)}
    names = [key for key in item if key in BY_NAME]
    if not names:
        others = [key for key in item if key not in {"bId", "operation", "optionsData"}]
        raise NotModelled(f"batch item {others[0] if others else '(empty)'}")
    entity, payload = BY_NAME[names[0]], item[names[0]]
    operation, options = str(item.get("operation", "")).lower(), str(item.get("optionsData", ""))
    if operation not in {"create", "update", "delete"}:
        raise fault("500", f"Operation {operation} is not supported.")
    params = {"operation": "" if operation == "create" else operation, "include": options}
    if options.lower() == "void" and entity.name == "Invoice":
        params = {"operation": "void"}
    if operation == "create" and payload.get("Id"):
        payload = {key: value for key, value in payload.items() if key != "Id"}
    try:
        return {entity.name: api.write(company, entity, payload, params)}
    except api.NothingHappened:
        return {}
