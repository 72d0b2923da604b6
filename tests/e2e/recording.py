"""What a service process sends to its ledger, written down call by call: for tests of the requests themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx


def record_requests(target: Path) -> None:
    """From now on every HTTP call of this process is a line of JSON: method, url, headers and body. No tokens."""
    original = httpx.AsyncHTTPTransport.handle_async_request

    async def handle(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        body = request.content.decode() if "/connect/" not in request.url.path else ""
        line = {"method": request.method, "url": str(request.url), "headers": headers, "body": body}
        with target.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return await original(self, request)

    httpx.AsyncHTTPTransport.handle_async_request = handle  # type: ignore[method-assign]


def recorded(target: Path) -> list[dict[str, Any]]:
    """The calls so far."""
    return [json.loads(line) for line in target.read_text().splitlines()]
