"""Blocked records by cause: fixing one tax code releases every invoice that waits for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlmodel import col, select

from contracts.problems import Problem, Reason
from service.console.words import KINDS, plural
from service.store.database import Session
from service.store.tables import Connection, Record, RecordState

LOOKED_AT = 5000
"""Blocked records grouped at most: enough to see the causes, bounded whatever the backlog."""

_TAX, _ITEMS = "settings#tax-codes", "settings#items"
WHERE_TO_FIX: dict[Reason, tuple[str, str]] = {
    Reason.TAX_CODE_UNMAPPED: (_TAX, "Map it in the settings"),
    Reason.TAX_CODE_AMBIGUOUS: (_TAX, "Choose one in the settings"),
    Reason.TAX_RATE_DIFFERS: (_TAX, "Check the mapping in the settings"),
    Reason.LINE_UNMAPPED: (_ITEMS, "Map it in the settings"),
    Reason.ITEM_MISSING: (_ITEMS, "Choose an item in the settings"),
    Reason.TOTALS_DIFFER: ("settings#policies", "See the policy in the settings"),
    Reason.HAS_PAYMENTS: ("settings#policies", "See the policy in the settings"),
    Reason.CUSTOMER_BLOCKED: ("documents?kind=customer&state=blocked", "Show the blocked customers"),
    Reason.CUSTOMER_UNKNOWN: ("imports", "Import the customer"),
    Reason.DOCUMENT_BLOCKED: ("documents?state=blocked", "Show what is blocked"),
    Reason.CATALOG_MISSING: ("lists", "Read the lists"),
    Reason.REFERENCE_INACTIVE: ("lists", "Look at the ledger's lists"),
}
"""Where in the console a reason is put right: the address below the connection, and what to say."""

ONE_CAUSE_EACH = {Reason.TAX_CODE_UNMAPPED, Reason.TAX_CODE_AMBIGUOUS, Reason.TAX_RATE_DIFFERS, Reason.LINE_UNMAPPED}
"""Reasons where the offending value is the cause: other reasons group whatever their values are."""


@dataclass(frozen=True)
class Cause:
    """One thing to put right, and how many records wait for it. value: "" when they differ in it."""

    reason: Reason
    value: str
    records: int
    what: str
    message: str
    fix: str
    link: str
    link_text: str


async def causes_of(session: Session, connection: Connection) -> list[Cause]:
    """The causes of everything blocked, the one holding up most first."""
    statement = (
        select(Record.kind, Record.problems)
        .where(col(Record.connection_id) == connection.id, col(Record.state) == RecordState.BLOCKED)
        .order_by(col(Record.id).desc())
        .limit(LOOKED_AT)
    )
    kinds: dict[tuple[Reason, str], Counter[str]] = defaultdict(Counter)
    example: dict[tuple[Reason, str], Problem] = {}
    for kind, stored in (await session.exec(statement)).all():
        problems = [Problem.model_validate(problem) for problem in stored]
        found = {cause_key(problem): problem for problem in problems if problem.blocks}
        for key, problem in found.items():
            kinds[key][kind] += 1
            example.setdefault(key, problem)
    causes = [_cause(key, kinds[key], example[key]) for key in kinds]
    return sorted(causes, key=lambda cause: (-cause.records, cause.reason, cause.value))


def cause_key(problem: Problem) -> tuple[Reason, str]:
    """Two problems with the same key are put right by the same act."""
    return problem.reason, problem.value if problem.reason in ONE_CAUSE_EACH else ""


def _cause(key: tuple[Reason, str], kinds: Counter[str], example: Problem) -> Cause:
    count = kinds.total()
    one, several = KINDS.get(next(iter(kinds)), ("Record", "Records")) if len(kinds) == 1 else ("Record", "Records")
    link, link_text = WHERE_TO_FIX.get(key[0], ("", ""))
    shared = key[0] in ONE_CAUSE_EACH or count == 1
    return Cause(
        reason=key[0],
        value=key[1],
        records=count,
        what=plural(count, one.lower(), several.lower()),
        message=example.message if shared else "",
        fix=example.fix if shared else "",
        link=link,
        link_text=link_text,
    )
