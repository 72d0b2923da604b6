"""Strangers' requests, generated from the description, over real HTTP: no fault of ours, no unannounced answer."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from contracts.books import LedgerName
from service.app import create_app
from service.cli.contracts import REPOSITORY
from service.clock import new_id
from service.platforms import add_platform
from service.store.database import Database
from service.store.tables import Connection, ImportRun
from tests.service.api.conftest import make_service

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 5

schema = schemathesis.openapi.from_path(REPOSITORY / "contracts" / "openapi.json")
schema.config.phases.coverage.enabled = False


@dataclass(frozen=True)
class Live:
    """A running service and what a platform knows of it."""

    url: str
    key: str
    known: dict[str, str]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Live]:
    """uvicorn on a free port, in a thread."""
    folder = tmp_path_factory.mktemp("live")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = create_app(make_service(folder, migrated))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        key, known = asyncio.run(_a_platform(folder))
        yield Live(f"http://127.0.0.1:{listener.getsockname()[1]}", key, known)
        server.should_exit = True
        thread.join(timeout=20)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_any_request_gets_an_announced_answer(case: schemathesis.Case[Any], live: Live) -> None:
    """Most of them about things that exist, so that more than 404 is seen."""
    if crc32(repr((case.path_parameters, case.query)).encode()) % 3:
        case.path_parameters.update({name: live.known[name] for name in case.path_parameters if name in live.known})
    if isinstance(case.body, dict) and isinstance(case.body.get("id"), str) and "id" in case.path_parameters:
        case.path_parameters["id"] = case.body["id"] or "none"
    headers = {"authorization": f"Bearer {live.key}"} if case.path.startswith("/v1") else {}
    response = case.call(base_url=live.url, headers=headers, allow_redirects=False)

    case.validate_response(response, checks=CHECKS)


async def _a_platform(folder: Path) -> tuple[str, dict[str, str]]:
    database = Database(f"sqlite+aiosqlite:///{folder}/test.sqlite3")
    async with database.write() as session:
        platform, key = await add_platform(session, "fuzz")
        connection = Connection(
            id=new_id("con"),
            platform_id=platform.id,
            ledger=LedgerName.QUICKBOOKS,
            status="connected",
            company_id="realm",
            settings={},
        )
        session.add(connection)
        await session.flush()
        run = ImportRun(id=new_id("imp"), connection_id=connection.id, state="ready")
        session.add(run)
    await database.close()
    return key, {"connection_id": connection.id, "import_id": run.id, "reason": "malformed"}
