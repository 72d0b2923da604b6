"""Planned faults of the Xero simulator. Source: Xero reference 8.1, 8.2, 12 (P1 18)."""

from __future__ import annotations

from typing import Literal

from connectors.sandbox.common.faults import PlannedFault

XeroFaultKind = Literal[
    "throttle",  # 429 without a body; `limit` names the limit, `retry_after` the wait
    "offline",  # 503 with one line of plain text: this organisation is unavailable
    "unavailable_html",  # 503 with an HTML page from the edge
    "bad_gateway",  # 502 with an HTML page
    "gateway_timeout",  # 504 with an HTML page
    "server_error",  # 500 with text
    "not_found",  # 404 with an HTML page although the address is right
    "unauthorised",  # 401 TokenExpired although the token is good
    "forbidden",  # 403 although the organisation is connected
    "truncated",  # the true answer, cut in the middle
    "drop",  # the connection closes without an answer
    "hang",  # nothing for `seconds`, then the true answer
]


class XeroFault(PlannedFault, extra="forbid"):
    """A planned fault of a kind Xero shows. limit: for `throttle`; "concurrent" carries no Retry-After."""

    kind: XeroFaultKind  # type: ignore[assignment]  # other kinds than the shared ones, used as plain text there
    limit: Literal["minute", "day", "appminute", "concurrent"] = "minute"
