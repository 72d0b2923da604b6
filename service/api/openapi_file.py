"""The committed description, as the service hands it out: nothing is generated while it runs."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def read_document() -> bytes:
    """contracts/openapi.json."""
    return (files("contracts") / "openapi.json").read_bytes()
