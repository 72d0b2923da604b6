"""One id for each request: in every answer as X-Request-Id, in every log line, and in every fault a caller reports."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

HEADER = "x-request-id"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def request_id_of(scope: Mapping[str, Any]) -> str:
    """The id of the request, made on first use; a caller's own is kept when it is harmless in a log."""
    state = scope["state"]
    if "request_id" not in state:
        state["request_id"] = _callers_own(scope) or f"req_{secrets.token_hex(12)}"
    return str(state["request_id"])


def _callers_own(scope: Mapping[str, Any]) -> str:
    for name, value in scope["headers"]:
        if name == HEADER.encode():
            text = value.decode("latin-1")
            return text if _ACCEPTABLE.fullmatch(text) else ""
    return ""
