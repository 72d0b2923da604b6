"""Planned faults of the Xero simulator. Source: Xero reference 8.1, 8.2, 12 (P1 18)."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from connectors.sandbox.common.faults import PlannedFault

_NOT_XERO = frozenset({"fault_in_200", "html_in_200", "empty_xml", "stale"})


class XeroFault(PlannedFault, extra="forbid"):
    """limit: which limit a `throttle` says was broken; "concurrent" carries no Retry-After."""

    limit: Literal["minute", "day", "appminute", "concurrent"] = "minute"

    @field_validator("kind")
    @classmethod
    def _xero_has_it(cls, kind: str) -> str:
        if kind in _NOT_XERO:
            raise ValueError(f"{kind} is not something Xero does")
        return kind
