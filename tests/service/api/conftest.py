"""A service on a database of its own, without lanes, and a ledger that is never called."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from connectors.http import EventSender
from connectors.oauth.grants import Grant
from connectors.protocol import Provider, Refused
from contracts.books import ChangeHint, LedgerName, RecordKind, RemoteRef
from contracts.problems import Problem
from service.app import create_app
from service.clock import new_id, utc_now
from service.lanes.runner import LocalRunner
from service.platforms import add_platform
from service.runtime import Ledgers, Service
from service.security.secrets import SecretBox
from service.settings import Settings
from service.store.database import Database
from service.store.migrate import upgrade
from service.store.tables import Connection

KEY = base64.b64encode(b"k" * 32).decode()
VERIFIER = b"verifier"


class ConsentPage:
    """Consent that only ever makes addresses."""

    def authorize_url(self, state: str) -> str:
        return f"https://ledger.example/consent?state={state}"

    async def exchange(self, code: str, company_id: str) -> Grant:
        raise Refused("no")

    async def refresh(self, refresh_token: str) -> Grant:
        raise Refused("no")

    async def revoke(self, refresh_token: str) -> None:
        return None


class FakeProvider:
    """What the API needs of a provider: links, consent addresses and signatures. Its books cannot be opened."""

    name = LedgerName.QUICKBOOKS
    signature_header = "intuit-signature"
    oauth = ConsentPage()

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    def open(self, **_: Any) -> Any:
        raise AssertionError("the API must not call a ledger")

    async def connect(self, query: Mapping[str, str], *, company_id: str = "") -> Grant:
        raise Refused("no")

    async def disconnect(self, grant: Grant) -> None:
        return None

    def deep_link(self, company: str, ref: RemoteRef) -> str:
        return f"https://ledger.example/{company}/{ref.kind}/{ref.id}"

    def readiness(self, *_: Any) -> list[Problem]:
        return []

    def verify_notice(self, raw: bytes, signature: str) -> bool:
        return hmac.compare_digest(sign(raw).encode(), signature.encode())

    def parse_notice(self, raw: bytes) -> list[ChangeHint]:
        return [ChangeHint.model_validate(hint) for hint in json.loads(raw)]


def sign(raw: bytes) -> str:
    """A signature the fake provider accepts."""
    return base64.b64encode(hmac.new(VERIFIER, raw, hashlib.sha256).digest()).decode()


@dataclass
class Caller:
    """A platform at its own client."""

    client: AsyncTestClient[Litestar]
    platform_id: str
    key: str
    connection_id: str = ""
    base: str = field(default="")

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """One request with the platform's key. "~" stands for its connection's path."""
        headers = {"authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        return await self.client.request(method, path.replace("~", self.base), headers=headers, **more)

    async def get(self, path: str, **more: Any) -> Any:
        return await self.call("GET", path, **more)

    async def put(self, path: str, body: Any, **more: Any) -> Any:
        return await self.call("PUT", path, json=body, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return await self.call("POST", path, **({} if body is None else {"json": body}), **more)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with every table: migrating once for all tests saves most of their time."""
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
async def service(tmp_path: Path, migrated: Path) -> Service:
    """The real parts, less lanes and ledgers."""
    return make_service(tmp_path, migrated)


def make_service(folder: Path, migrated: Path) -> Service:
    """A service on a copy of the migrated database in a folder."""
    shutil.copy(migrated, folder / "test.sqlite3")
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder}/test.sqlite3",
        secret_key=cast("Any", KEY),
        lanes=False,
        public_url="http://ledgerlane.test",
        _env_file=None,
    )
    database = Database(settings.database_url)
    secrets = SecretBox(settings.encryption_keys())
    ledgers = Ledgers({LedgerName.QUICKBOOKS: cast("Provider", FakeProvider())}, database, secrets)
    return Service(
        settings=settings, database=database, secrets=secrets, ledgers=ledgers, sender=EventSender(), lanes=LocalRunner
    )


@pytest.fixture
async def client(service: Service) -> AsyncIterator[AsyncTestClient[Litestar]]:
    async with AsyncTestClient(create_app(service), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
async def platform(service: Service, client: AsyncTestClient[Litestar]) -> Caller:
    """A platform with one connected company."""
    return await a_platform(service, client, "acme")


@pytest.fixture
async def stranger(service: Service, client: AsyncTestClient[Litestar]) -> Caller:
    """Another platform with a company of its own."""
    return await a_platform(service, client, "other")


async def a_platform(service: Service, client: AsyncTestClient[Litestar], name: str) -> Caller:
    """A platform, its key, and a connection."""
    async with service.database.write() as session:
        platform, key = await add_platform(session, name)
        connection = Connection(
            id=new_id("con"),
            platform_id=platform.id,
            ledger=LedgerName.QUICKBOOKS,
            status="connected",
            company_id=f"realm-{name}",
            company_name=name.title(),
            settings={},
            created_at=utc_now(),
        )
        session.add(connection)
    return Caller(client, platform.id, key, connection.id, f"/v1/connections/{connection.id}")


def a_customer(id: str = "cus_1", **more: Any) -> dict[str, Any]:
    """A customer as billing sends it."""
    return {"id": id, "name": f"Customer {id}", "emails": ["pay@example.com"], "currency": "EUR", **more}


def an_invoice(id: str = "inv_1", **more: Any) -> dict[str, Any]:
    """An invoice as billing sends it."""
    return {
        "id": id,
        "number": f"N-{id}",
        "customer_id": "cus_1",
        "status": "final",
        "currency": "EUR",
        "issue_date": date(2026, 11, 1).isoformat(),
        "tax_codes": [{"id": "vat", "rate": "20"}],
        "sections": [
            {"lines": [{"quantity": "2", "unit_price": "10.00", "amount": "20.00", "tax_code": "vat"}]},
        ],
        "totals": {"net": "20.00", "tax": "4.00", "total": "24.00"},
        **more,
    }


KIND_OF_PATH = {
    "customers": RecordKind.CUSTOMER,
    "invoices": RecordKind.INVOICE,
    "credit-memos": RecordKind.CREDIT_MEMO,
    "payments": RecordKind.PAYMENT,
}
