"""The HTTP edge of a simulator: one place that reads a call, applies planned faults, logs it and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from connectors.sandbox.common.exact_json import dump_bytes
from connectors.sandbox.common.faults import PlannedFault

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

JSON = "application/json;charset=UTF-8"
HTML = "text/html; charset=utf-8"
XML = "application/xml;charset=UTF-8"


@dataclass
class Exchange:
    """One incoming call, read to the end."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]  # lower-case names
    body: bytes
    params: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.params = dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query_string}" if self.query_string else self.path


@dataclass
class Answer:
    """What goes back. `note` carries facts for the call log only."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    note: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200, **note: str) -> Answer:
        return cls(status=status, body=dump_bytes(value), note=note)

    @classmethod
    def html(cls, text: str, status: int = 200) -> Answer:
        return cls(status=status, body=text.encode(), media_type=HTML)


Handler = Callable[[Exchange], Awaitable[Answer]]


async def read_exchange(scope: Scope, receive: Receive, *, path: str | None = None) -> Exchange:
    """Collect the whole request. Simulated bodies are small; nothing is streamed."""
    body = b""
    while True:
        message: Any = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    raw: Any = scope
    return Exchange(
        method=raw["method"],
        path=path if path is not None else raw["path"],
        query_string=raw["query_string"].decode("latin-1"),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw["headers"]},
        body=body,
    )


async def send_answer(send: Send, answer: Answer) -> None:
    headers = [
        (b"content-length", str(len(answer.body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in answer.headers.items()),
    ]
    if answer.body:
        headers.append((b"content-type", answer.media_type.encode()))
    start: Any = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    body: Any = {"type": "http.response.body", "body": answer.body, "more_body": False}
    await send(body)


RAW_SEND = "sandbox.raw_send"  # scope key: the server's own `send`, before any framework wrapped it


async def drop_connection(scope: Scope) -> None:
    """Close the socket without a byte of answer, as a broken proxy would.

    ASGI has no message for this, so the server's transport is closed directly (uvicorn keeps it on the object
    that owns `send`).
    """
    raw: Any = scope
    owner = getattr(raw.get(RAW_SEND), "__self__", None)
    transport = getattr(owner, "transport", None)
    if transport is None:
        raise RuntimeError("dropping connections needs uvicorn: no transport behind send()")
    transport.abort()
    while not getattr(owner, "disconnected", True):  # noqa: ASYNC110 - uvicorn offers no event to wait for
        await asyncio.sleep(0)


def asgi_edge(
    handler: Handler,
    *,
    plan: Callable[[Exchange], PlannedFault | None],
    replacement: Callable[[PlannedFault, Exchange], Answer | None],
    log: Callable[[Exchange, Answer | None, str], None],
    path_of: Callable[[Scope], str],
) -> ASGIApp:
    """An ASGI app around `handler` in which planned faults strike before or after the work.

    replacement: the body of a fault answer; None for kinds that need the true answer (hang, truncated) or none (drop).
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await read_exchange(scope, receive, path=path_of(scope))
        fault = plan(exchange)
        if fault is None:
            answer = await handler(exchange)
            log(exchange, answer, "")
            await send_answer(send, answer)
            return
        await _suffer(fault, exchange, scope, send)

    async def _suffer(fault: PlannedFault, exchange: Exchange, scope: Scope, send: Send) -> None:
        substitute = replacement(fault, exchange)
        needs_work = fault.when == "after" or fault.kind in {"hang", "truncated"}
        if fault.kind == "hang" and fault.when == "before":
            await asyncio.sleep(fault.seconds)
        answer = await handler(exchange) if needs_work else None
        if fault.kind == "hang" and fault.when == "after":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "drop":
            log(exchange, None, f"{fault.kind}:{fault.when}")
            await drop_connection(scope)
            return
        if fault.kind == "truncated" and answer is not None:
            answer = Answer(answer.status, answer.body[: len(answer.body) // 2], answer.media_type, answer.headers)
        final = substitute or answer
        assert final is not None, f"fault kind {fault.kind!r} has no answer"
        log(exchange, final, f"{fault.kind}:{fault.when}")
        await send_answer(send, final)

    return app
