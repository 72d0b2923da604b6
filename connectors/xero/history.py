"""Notes in a document's history, which only people in Xero see: where a private note goes that has no field."""

from __future__ import annotations

import json
from collections.abc import Sequence

import structlog

from connectors.protocol import ConnectorError, Member, Outcome, Result
from connectors.xero.client import XeroClient

log = structlog.get_logger("ledgerlane.xero")

HISTORY = "history"


async def write_histories(client: XeroClient, members: Sequence[Member], outcomes: Sequence[Outcome]) -> None:
    """Write the notes of what was done. A note costs a call of its own and is never worth failing a document for: the
    first that does not get through, for want of calls or whatever else, is the last that is tried."""
    done = {one.key: one for one in outcomes if one.result is Result.DONE and one.observed is not None}
    for member in members:
        note, outcome = member.options.get(HISTORY, ""), done.get(member.key)
        if not note or outcome is None or outcome.observed is None or not client.limiter.spares_calls:
            continue
        body = json.dumps({"HistoryRecords": [{"Details": note}]}).encode()
        path = member.options["path"] + "/{id}/History"
        values = {"id": outcome.observed.ref.id}
        try:
            await client.write("PUT", path, body, key=f"{member.key}-history", values=values)
        except ConnectorError as error:
            log.warning("history_not_written", outcome=type(error).__name__, trace_id=error.trace_id)
            return
