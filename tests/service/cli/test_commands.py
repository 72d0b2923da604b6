"""The commands as an operator runs them."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.contracts import REPOSITORY
from service.cli.main import main
from service.settings import QuickBooksSettings, Settings, XeroSettings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty installation."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGERLANE_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/cli.sqlite3")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_platform_is_added_once_and_its_keys_come_and_go(here: Path) -> None:
    added = run("platforms", "add", "Acme")
    twice = run("platforms", "add", "Acme")
    second = run("keys", "add", "Acme", "--quiet")
    nobody = run("keys", "add", "Nobody")
    listed = run("platforms", "list")

    assert re.search(r"ll_\S{43}", added.output)
    assert (twice.exit_code, nobody.exit_code) == (1, 1)
    assert re.fullmatch(r"ll_\S{43}\n", second.output)
    assert "Acme" in listed.output


def test_revoking_a_key_that_does_not_exist_says_so(here: Path) -> None:
    answer = run("keys", "revoke", "key_none")

    assert answer.exit_code == 1
    assert "keys list" in answer.output


def test_a_secret_key_is_one_the_settings_accept() -> None:
    text = run("keys", "secret").output.strip()

    assert len(base64.b64decode(text)) == 32


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LEDGERLANE_PORT", "eighty", "LEDGERLANE_PORT"),
        ("LEDGERLANE_SECRET_KEY", "c2hvcnQ=", "32 bytes"),
        ("LEDGERLANE_SECRET_KEY", "", "is not set"),
        ("LEDGERLANE_QUICKBOOKS_ENVIRONMENT", "moon", "LEDGERLANE_QUICKBOOKS_ENVIRONMENT"),
    ],
)
def test_a_wrong_setting_is_a_sentence_and_exit_code_2(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    answer = run("serve", "--port", "0")

    assert answer.exit_code == 2
    assert said in answer.output
    assert "Traceback" not in answer.output


def test_every_command_explains_itself() -> None:
    names = ["serve", "migrate", "platforms", "keys", "contracts", "sandbox", "demo"]
    overview = run("--help")

    assert all(name in overview.output for name in names)
    assert [run(name, "--help").exit_code for name in names] == [0] * len(names)


def test_the_example_environment_explains_every_setting() -> None:
    """And no other: a setting that went away would mislead."""
    text = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^(LEDGERLANE_\w+)=", text, flags=re.MULTILINE))
    ledgers = {"quickbooks": QuickBooksSettings, "xero": XeroSettings}
    settings = {f"LEDGERLANE_{name.upper()}" for name in Settings.model_fields if name not in ledgers}
    settings |= {
        f"LEDGERLANE_{ledger.upper()}_{name.upper()}" for ledger, of in ledgers.items() for name in of.model_fields
    }

    assert explained == settings
