"""Reading a request's body: JSON said to be JSON, numbers and text that can be stored, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from contracts.problems import Problem, Reason
from service.api.errors import Trouble, malformed, malformed_field


class StrictRequest(Request[Any, Any, State]):
    """A request whose body is decoded once, strictly."""

    async def json(self) -> Any:
        """The decoded body. Raises Trouble (400 or 415) naming what is wrong."""
        state = self.scope["state"]
        if "decoded_body" not in state:
            _require_json(self)
            state["decoded_body"] = decode_body(await self.body())
        return state["decoded_body"]


def decode_body(raw: bytes) -> Any:
    """JSON as Python values. NaN, a broken encoding, absurd depth and NUL characters are refused."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise malformed_field("the body", "", f"This is not JSON: {error}.", "Send valid JSON in UTF-8.") from None
    except RecursionError:
        raise malformed_field("the body", "", "The JSON is nested too deeply.", "Send the documented shape.") from None
    if b"\\u0000" in raw and (problems := [_nul(path) for path in _nul_paths(value)]):
        raise malformed(problems)
    return value


def _require_json(request: Request[Any, Any, Any]) -> None:
    media = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise Trouble(415, Reason.MALFORMED, "Send JSON, with the header Content-Type: application/json.")


def _nul_paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if "\x00" in value:
            yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            where = f"{path}.{key}" if path else key
            if "\x00" in key:
                yield where.replace("\x00", "\\u0000")
            yield from _nul_paths(inner, where)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _nul_paths(inner, f"{path}.{position}" if path else str(position))


def _nul(path: str) -> Problem:
    return Problem(
        reason=Reason.MALFORMED,
        where="the body",
        field=path,
        message="The text holds the character U+0000, which no ledger or database stores.",
        fix="Remove the character.",
    )
