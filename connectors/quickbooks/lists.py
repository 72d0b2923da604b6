"""A company's lists, in as few calls as they allow: one batch of queries, more pages only for a list that is long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from connectors.protocol import Refused
from connectors.quickbooks import faults
from connectors.quickbooks.client import QuickBooksClient, Raw, objects
from connectors.quickbooks.query import ANY_ACTIVITY, MOST_ROWS, select

log = structlog.get_logger("ledgerlane.quickbooks")

LISTS = ("TaxCode", "TaxRate", "Item", "Account", "Term", "PaymentMethod", "CompanyCurrency")
OPTIONAL = frozenset({"CompanyCurrency", "TaxCode", "TaxRate"})
"""Lists a company without several currencies, or without sales tax, may refuse to be asked for."""

_EACH = MOST_ROWS // len(LISTS)
"""All queries of one batch give at most 1000 objects together."""


@dataclass(frozen=True)
class CompanyBooks:
    """The raw objects a catalogue is built from."""

    company_info: Raw
    preferences: Raw
    lists: Mapping[str, list[Raw]]


async def read_books(client: QuickBooksClient) -> CompanyBooks:
    """The company, its preferences and its lists, inactive entries included."""
    company_info = await client.single("companyinfo/{realm}", "CompanyInfo")
    preferences = await client.single("preferences", "Preferences")
    first = await _first_pages(client)
    lists = {}
    for entity in LISTS:
        rows = first.get(entity)
        if rows is None or len(rows) >= _EACH:
            rows = await _whole_list(client, entity)
        lists[entity] = rows
    return CompanyBooks(company_info, preferences, lists)


async def _first_pages(client: QuickBooksClient) -> dict[str, list[Raw]]:
    """The beginning of each list; a list whose query was refused, or not answered, is not in it."""
    items = [{"bId": entity[:10], "Query": select(entity, ANY_ACTIVITY, most=_EACH)} for entity in LISTS]
    answer = await client.ask_batch(json.dumps({"BatchItemRequest": items}).encode())
    if found := faults.faults_in(answer.data):
        raise faults.refused(found, "reading the company's lists", answer)
    responses = objects(answer.data.get("BatchItemResponse")) if isinstance(answer.data, dict) else []
    by_label = {str(item.get("bId")): item for item in responses}
    first: dict[str, list[Raw]] = {}
    for entity in LISTS:
        response = by_label.get(entity[:10], {}).get("QueryResponse")
        if isinstance(response, dict):
            first[entity] = objects(response.get(entity))
    return first


async def _whole_list(client: QuickBooksClient, entity: str) -> list[Raw]:
    for where in ((ANY_ACTIVITY,), ()):
        try:
            by_id: dict[str, Raw] = {}
            start = 1
            while True:
                statement = select(entity, *where, order_by=("Id",), start=start, most=MOST_ROWS)
                rows = (await client.rows(entity, statement)).rows
                by_id |= {str(row.get("Id")): row for row in rows}
                if len(rows) < MOST_ROWS:
                    return list(by_id.values())
                start += len(rows)
        except Refused as error:
            # Not every list knows Active in a condition; then the active entries have to do.
            refusal = error
            log.info("list_refused", connection=client.connection, entity=entity, code=error.code)
    if entity in OPTIONAL:
        return []
    raise refusal
