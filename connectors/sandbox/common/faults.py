"""Planned misbehaviour: which calls go wrong, how, and whether before or after the work is done."""

from __future__ import annotations

import itertools
import re
from typing import Literal

from pydantic import BaseModel, Field, model_validator

FaultKind = Literal[
    "throttle",  # 429, `format` json or xml, `retry_after` adds the header
    "unavailable_html",  # 503 with an HTML page from the edge
    "bad_gateway",  # 502 with an empty body
    "gateway_timeout",  # 504 with an XML body
    "server_error",  # 500 with a system fault
    "fault_in_200",  # 200 whose body is a fault
    "html_in_200",  # 200 with a maintenance page
    "empty_xml",  # 200 with `<?xml version="1.0"?>` and nothing else
    "truncated",  # the true answer, cut in the middle
    "drop",  # the connection closes without an answer
    "hang",  # nothing for `seconds`, then the true answer
    "unauthorised",  # 401 although the token is good
    "stale",  # 5010 although the SyncToken is right
]


class PlannedFault(BaseModel, extra="forbid"):
    """One planned fault: the `nth` matching call and the `count - 1` after it go wrong.

    when="before": the work is not done. when="after": it is done and committed, then the answer is lost or replaced.
    """

    id: str = ""
    kind: FaultKind
    when: Literal["before", "after"] = "before"
    method: str = "*"
    path: str = ".*"  # regular expression, searched in "path?query"
    body: str = ""  # regular expression, searched in the request body; "" matches all
    nth: int = Field(default=1, ge=1)
    count: int = Field(default=1, ge=0)  # 0 = for ever
    format: Literal["json", "xml"] = "json"
    retry_after: int | None = None
    seconds: int = Field(default=5, ge=0)
    seen: int = 0
    fired: int = 0

    @model_validator(mode="after")
    def _patterns_compile(self) -> PlannedFault:
        re.compile(self.path)
        re.compile(self.body)
        return self

    def matches(self, method: str, target: str, body: str) -> bool:
        return (
            self.method in {"*", method}
            and re.search(self.path, target) is not None
            and (not self.body or re.search(self.body, body) is not None)
        )

    @property
    def is_spent(self) -> bool:
        return self.count > 0 and self.fired >= self.count


class FaultPlan:
    """The planned faults, asked once for every call."""

    def __init__(self) -> None:
        self._faults: list[PlannedFault] = []
        self._ids = itertools.count(1)

    def add(self, fault: PlannedFault) -> PlannedFault:
        fault.id = fault.id or f"fault-{next(self._ids)}"
        self._faults.append(fault)
        return fault

    def clear(self, fault_id: str | None = None) -> None:
        self._faults = [f for f in self._faults if fault_id is not None and f.id != fault_id]

    def listing(self) -> list[PlannedFault]:
        return list(self._faults)

    def next_for(self, method: str, target: str, body: str) -> PlannedFault | None:
        """The fault this call suffers, if any. Every matching plan counts the call; the first one due fires."""
        chosen: PlannedFault | None = None
        for fault in self._faults:
            if fault.is_spent or not fault.matches(method, target, body):
                continue
            fault.seen += 1
            if chosen is None and fault.seen >= fault.nth:
                fault.fired += 1
                chosen = fault
        return chosen
