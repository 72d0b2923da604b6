"""Asking the mapping about one invoice, as the service does."""

from __future__ import annotations

from typing import Any

from contracts.books import ObservedDocument, RecordKind
from contracts.invoices import Invoice
from contracts.problems import Reason
from mappings.plan import Books, Held, Step
from mappings.quickbooks import check, decode, next_step
from tests.builders import (
    a_ref,
    books,
)

MARK = "ledgerlane:rec_1"


def reasons_of(invoice: Invoice, around: Books | None = None, held: Held | None = None) -> list[Reason]:
    return [problem.reason for problem in check(invoice, around or books(), held)]


def body(invoice: Invoice, around: Books | None = None) -> dict[str, Any]:
    around = around or books()
    assert check(invoice, around) == []
    step = next_step(invoice, around, None, marker=MARK)
    assert step is not None
    return dict(decode(step.body))


def held_after(invoice: Invoice, around: Books | None = None, **observed: Any) -> Held:
    """What is known of an invoice after it was created as wished."""
    created = next_step(invoice, around or books(), None, marker=MARK)
    seen = ObservedDocument(
        ref=a_ref(RecordKind.INVOICE), **{"marker": MARK, "total": invoice.totals.total, **observed}
    )
    return Held(seen.ref, seen, created.fingerprint if created else "")


def step(invoice: Invoice, held: Held | None, around: Books | None = None) -> Step | None:
    return next_step(invoice, around or books(), held, marker=MARK)
