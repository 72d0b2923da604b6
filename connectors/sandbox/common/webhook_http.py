"""The only module of the simulators that makes outgoing HTTP calls: one webhook, one POST."""

from __future__ import annotations

import functools
import ssl

import httpx

_tls_context = functools.cache(ssl.create_default_context)


async def post_webhook(url: str, body: bytes, headers: dict[str, str], *, timeout_seconds: float) -> str:
    """POST and return the outcome as text: the status ("200") or the name of the transport error ("ReadTimeout")."""
    try:
        async with httpx.AsyncClient(timeout=timeout_seconds, trust_env=False, verify=_tls_context()) as client:
            response = await client.post(url, content=body, headers=headers)
    except httpx.HTTPError as problem:
        return type(problem).__name__
    return str(response.status_code)
