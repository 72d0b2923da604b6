"""Keyset cursors: opaque to the caller, exact under inserts, refused when they were not ours."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Protocol, TypeVar

from contracts.books import RemoteRef
from service.store.tables import Connection

DEFAULT_PAGE = 50
LARGEST_PAGE = 500

Row = TypeVar("Row")


class CursorInvalid(ValueError):
    """The cursor was not made by the list it was given to."""


class DeepLinks(Protocol):
    """Knows where a person opens an object in the ledger."""

    def deep_link(self, connection: Connection, ref: RemoteRef) -> str:
        """The address, or "" where there is none."""
        ...


def encode_cursor(*keys: str) -> str:
    """The keys of the last row shown, as one word."""
    return base64.urlsafe_b64encode(json.dumps(keys, ensure_ascii=False).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[str]:
    """The keys again. Raises CursorInvalid for anything encode_cursor did not make."""
    try:
        keys = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode())
    except (binascii.Error, ValueError):
        raise CursorInvalid(cursor) from None
    if not isinstance(keys, list) or len(keys) != parts or not all(_is_key(key) for key in keys):
        raise CursorInvalid(cursor)
    return keys


def _is_key(key: object) -> bool:
    return isinstance(key, str) and "\x00" not in key and key.isprintable()


def cut(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], bool]:
    """The page, and whether more follow, of rows read with one more than the limit."""
    return rows[:limit], len(rows) > limit
