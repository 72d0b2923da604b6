"""Dying at a chosen line: every database commit and every HTTP call has a moment before and a moment after it.

The product knows nothing of this: the boundaries are put around the database driver's commit and the HTTP clients' send
from outside, in a process that is about to be killed.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import httpx
import requests
from sqlalchemy.engine.default import DefaultDialect

if TYPE_CHECKING:
    from tests.e2e.children import KillPlan


def kill_at(plan: KillPlan) -> None:
    """Arm this process: the n-th boundary after the plan's file appears is its last moment."""
    passed = 0
    lock = threading.Lock()

    def boundary(name: str) -> None:
        nonlocal passed
        if not plan.armed.exists():
            return
        with lock:
            if not passed and plan.since not in name:
                return
            passed += 1
            with plan.report.open("a") as report:
                report.write(f"{passed} {name}\n")
            if passed == plan.at:
                os.kill(os.getpid(), signal.SIGKILL)

    _around_commits(boundary)
    _around_httpx(boundary)
    _around_requests(boundary)


def _around_commits(boundary: Any) -> None:
    from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

    original: Any = SQLiteDialect_aiosqlite.do_commit

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        # A reading session ends in a commit as well, of nothing: the kill is about what was written.
        writes = getattr(connection, "in_transaction", True)
        if writes:
            boundary("before commit")
        original(self, connection)
        if writes:
            boundary("after commit")

    SQLiteDialect_aiosqlite.do_commit = do_commit  # type: ignore[method-assign]


def _around_httpx(boundary: Any) -> None:
    original = httpx.AsyncHTTPTransport.handle_async_request

    async def handle(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        boundary(f"before {request.method} {request.url.path.rsplit('/', 1)[-1]}")
        response = await original(self, request)
        boundary(f"after {request.method} {request.url.path.rsplit('/', 1)[-1]}")
        return response

    httpx.AsyncHTTPTransport.handle_async_request = handle  # type: ignore[method-assign]


def _around_requests(boundary: Any) -> None:
    original = requests.Session.send

    def send(self: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        boundary("before token")
        response = original(self, request, **more)
        boundary("after token")
        return response

    requests.Session.send = send  # type: ignore[method-assign]
