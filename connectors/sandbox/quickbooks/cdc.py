"""Change data capture. Source: QuickBooks reference 4."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.catalogue import ENTITIES
from connectors.sandbox.quickbooks.company import Company, Deletion, Record, stamp
from connectors.sandbox.quickbooks.faults import fault, missing
from connectors.sandbox.quickbooks.fields import Entity
from connectors.sandbox.quickbooks.query_run import parse_moment
from connectors.sandbox.quickbooks.show import show

_LOOK_BACK = timedelta(days=30)
_MAX_OBJECTS = 1000


def changes(company: Company, entities: str, changed_since: str) -> JsonObject:
    """One group per entity in request order; 1000 objects in all, the rest silently cut."""
    names = [name.strip() for name in entities.split(",") if name.strip()]
    absent = [key for key, value in (("entities", names), ("changedSince", changed_since)) if not value]
    if absent:
        raise missing(*absent)
    since = _checked_since(company, parse_moment(changed_since))
    groups: list[JsonObject] = []
    left = _MAX_OBJECTS
    for name in names:
        group, used = _group(company, _supported(name), since, left)
        left -= used
        groups.append(group)
    if not any(groups):
        groups = [{}]
    return {"CDCResponse": [{"QueryResponse": groups}]}


def _checked_since(company: Company, since: datetime) -> datetime:
    oldest = company.now() - _LOOK_BACK
    if since >= oldest:
        return since
    if company.switches.cdc_older_than_30_days == "fault":
        raise fault("2070", "changedSince must be within the last 30 days.", "changedSince")
    return oldest


def _supported(name: str) -> Entity:
    entity = ENTITIES.get(name.lower())
    if entity is None or not entity.in_cdc:
        raise fault("2000", f"Invalid or unsupported object name : {name}", "entities")
    return entity


def _group(company: Company, entity: Entity, since: datetime, left: int) -> tuple[JsonObject, int]:
    """Live rows by last update, then the stubs of deleted ones."""
    live = sorted((row for row in company.rows(entity.name) if _is_after(company, row.changed_at, since)), key=_age)
    gone = [d for d in company.deletions if d.entity == entity.name and _is_after(company, d.at, since)]
    rows = live[:left]
    stubs = gone[: max(0, left - len(rows))]
    count = len(rows) + len(stubs)
    if not count:
        return {}, 0
    group: JsonObject = {entity.name: [*(show(company, row) for row in rows), *(_stub(each) for each in stubs)]}
    if rows:
        group.update(startPosition=1, maxResults=count)
        if entity.name == "Invoice":
            group["totalCount"] = count
    return group, count


def _age(row: Record) -> tuple[datetime, int]:
    return row.changed_at, row.order


def _is_after(company: Company, moment: datetime, since: datetime) -> bool:
    whole = moment.replace(microsecond=0)
    return whole >= since if company.switches.cdc_boundary_inclusive else whole > since


def _stub(deletion: Deletion) -> JsonObject:
    return {
        "status": "Deleted",
        "domain": "QBO",
        "Id": deletion.id,
        "MetaData": {"LastUpdatedTime": stamp(deletion.at)},
    }
