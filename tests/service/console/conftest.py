"""The console over a real database, without lanes, and a ledger that only makes addresses."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from connectors.http import EventSender
from connectors.oauth.grants import Grant
from connectors.protocol import Provider, Refused
from contracts.books import ChangeHint, LedgerName, RemoteRef
from contracts.problems import Problem, Reason
from service.app import create_app
from service.console import console_handlers
from service.lanes.runner import LocalRunner
from service.platforms import add_platform
from service.runtime import Ledgers, Service
from service.security.secrets import SecretBox
from service.settings import Settings
from service.store.database import Database
from service.store.migrate import upgrade
from tests.service.console.filling import fill


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


class PaperProvider:
    """A ledger nobody can call: a page that reads the ledger while it is shown fails its test."""

    name = LedgerName.QUICKBOOKS
    signature_header = "intuit-signature"
    oauth = ConsentPage()

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    def open(self, **_: Any) -> Any:
        raise AssertionError("the console must not call a ledger")

    async def connect(self, query: Mapping[str, str], *, company_id: str = "") -> Grant:
        raise Refused("no")

    async def disconnect(self, grant: Grant) -> None:
        return None

    def deep_link(self, company: str, ref: RemoteRef) -> str:
        return f"https://ledger.example/app/{ref.kind}?id={ref.id}&company={company}"

    def readiness(self, *_: Any) -> list[Problem]:
        return [
            Problem(
                reason=Reason.MERCHANT_EMAIL_MISSING,
                where="the connection",
                message="There is no merchant address for QuickBooks' own e-mails.",
                fix="Enter a merchant e-mail in the settings, or an e-mail address in the company's profile.",
            )
        ]

    def verify_notice(self, raw: bytes, signature: str) -> bool:
        return False

    def parse_notice(self, raw: bytes) -> list[ChangeHint]:
        return []


def a_service(folder: Path, **more: Any) -> Service:
    """The real parts on a database of their own."""
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder}/console.sqlite3",
        secret_key=cast("Any", base64.b64encode(b"k" * 32).decode()),
        lanes=False,
        _env_file=None,
        **more,
    )
    database = Database(settings.database_url)
    secrets = SecretBox(settings.encryption_keys())
    ledgers = Ledgers({LedgerName.QUICKBOOKS: cast("Provider", PaperProvider())}, database, secrets)
    return Service(
        settings=settings, database=database, secrets=secrets, ledgers=ledgers, sender=EventSender(), lanes=LocalRunner
    )


class Browser:
    """A browser without JavaScript: it follows redirects, keeps cookies, and sends the hidden fields of a form."""

    def __init__(self, client: AsyncTestClient[Litestar]) -> None:
        self.client = client
        self.page = ""
        self.status = 0
        self.path = ""
        self.headers: Mapping[str, str] = {}

    async def get(self, path: str) -> str:
        """Open a page."""
        return self._seen(await self.client.get(path, follow_redirects=True))

    async def send(self, path: str, fields: Mapping[str, Any] | None = None, *, token: bool = True) -> str:
        """Press a button of the page that is open."""
        data = dict(fields or {})
        if token:
            found = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', self.page)
            assert found, "the open page has no form"
            data["_csrf_token"] = found[1]
        return self._seen(await self.client.post(path, data=data, follow_redirects=True))

    async def sign_in(self, key: str) -> str:
        """Through the form, as a person does."""
        await self.get("/console/sign-in")
        return await self.send("/console/sign-in", {"key": key, "next": ""})

    def _seen(self, response: Any) -> str:
        self.page, self.status, self.path = response.text, response.status_code, response.url.path
        self.headers = response.headers
        return self.page


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without rows, made once: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("blank") / "console.sqlite3"
    upgrade(f"sqlite+aiosqlite:///{file}")
    return file


@pytest.fixture
async def service(tmp_path: Path, blank: Path) -> Service:
    shutil.copy(blank, tmp_path / "console.sqlite3")
    return a_service(tmp_path, public_url="http://testserver.local")


@pytest.fixture
async def browser(service: Service) -> AsyncIterator[Browser]:
    """A browser that has not signed in."""
    app = create_app(service, console_handlers=console_handlers())
    async with AsyncTestClient(app, raise_server_exceptions=False) as client:
        yield Browser(client)


@pytest.fixture
async def key(service: Service, browser: Browser) -> str:
    """The API key of a platform without any connection."""
    async with service.database.write() as session:
        return (await add_platform(session, "Acme Billing"))[1]


@pytest.fixture
async def home(service: Service, browser: Browser) -> str:
    """A signed-in browser of a platform with a busy week behind it; the path of its main connection."""
    async with service.database.write() as session:
        platform, key = await add_platform(session, "Busy Billing")
        row = await fill(session, platform.id)
    await browser.sign_in(key)
    return f"/console/connections/{row.id}"
