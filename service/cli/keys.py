"""`ledgerlane migrate`, `platforms` and `keys`: the database, who may call, and the key that seals secrets."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

import rich_click as click
from rich.console import Console
from rich.table import Table
from sqlmodel import col, select

from service.cli.settings import load_settings
from service.platforms import add_key, add_platform, revoke_key
from service.store.database import Database, Session
from service.store.migrate import upgrade
from service.store.tables import ApiKey, Platform

Answer = TypeVar("Answer")


@click.command()
def migrate() -> None:
    """Bring the database to the newest version of the tables. `serve` does this by itself."""
    upgrade(load_settings().database_url)
    click.echo("The database is up to date.")


@click.group()
def platforms() -> None:
    """The billing platforms that may call."""


@platforms.command("add")
@click.argument("name")
@click.option("--quiet", is_flag=True, help="Print the key and nothing else.")
def add(name: str, quiet: bool) -> None:
    """Add a platform and print its first API key, once."""

    async def work(session: Session) -> tuple[str, str]:
        if await _find_platform(session, name) is not None:
            raise click.ClickException(f"There is a platform called {name!r} already.")
        platform, key = await add_platform(session, name)
        return platform.id, key

    platform_id, key = _write(work)
    _show_key(key, f"Platform {name!r} ({platform_id}).", quiet=quiet)


@platforms.command("list")
def list_platforms() -> None:
    """Every platform."""

    async def work(session: Session) -> list[Platform]:
        return list((await session.exec(select(Platform).order_by(col(Platform.name)))).all())

    table = Table("id", "name", "added")
    for row in _write(work):
        table.add_row(row.id, row.name, f"{row.created_at:%Y-%m-%d %H:%M}")
    Console().print(table)


@click.group()
def keys() -> None:
    """API keys of platforms, and the key that seals secrets at rest."""


@keys.command("add")
@click.argument("platform")
@click.option("--name", default="another key", show_default=True, help="A label, to tell keys apart.")
@click.option("--quiet", is_flag=True, help="Print the key and nothing else.")
def add_a_key(platform: str, name: str, quiet: bool) -> None:
    """Print another API key of a platform (its name or id), once."""

    async def work(session: Session) -> str:
        found = await _find_platform(session, platform)
        if found is None:
            raise click.ClickException(f"There is no platform {platform!r}. `ledgerlane platforms list` shows them.")
        return await add_key(session, found, name)

    _show_key(_write(work), f"A key of {platform!r}.", quiet=quiet)


@keys.command("list")
def list_keys() -> None:
    """Every API key, by its hint: keys themselves are not kept."""

    async def work(session: Session) -> list[tuple[ApiKey, Platform]]:
        query = select(ApiKey, Platform).join(Platform, col(Platform.id) == col(ApiKey.platform_id))
        return list((await session.exec(query.order_by(col(Platform.name), col(ApiKey.id)))).all())

    table = Table("id", "platform", "name", "key", "added", "revoked")
    for key, platform in _write(work):
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        table.add_row(key.id, platform.name, key.name, key.hint, f"{key.created_at:%Y-%m-%d %H:%M}", revoked)
    Console().print(table)


@keys.command("revoke")
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Stop accepting a key from now on. KEY_ID is what `keys list` shows, as key_..."""

    async def work(session: Session) -> bool:
        return await revoke_key(session, key_id)

    if not _write(work):
        raise click.ClickException(f"There is no key {key_id!r}. `ledgerlane keys list` shows them.")
    click.echo("Revoked.")


@keys.command("secret")
def secret() -> None:
    """Print a new LEDGERLANE_SECRET_KEY: 32 random bytes in base64."""
    click.echo(base64.b64encode(secrets.token_bytes(32)).decode())


def _write(work: Callable[[Session], Awaitable[Answer]]) -> Answer:
    """Run one transaction on the installation's database, brought up to date first."""
    url = load_settings().database_url
    upgrade(url)

    async def run() -> Answer:
        database = Database(url)
        try:
            async with database.write() as session:
                return await work(session)
        finally:
            await database.close()

    return asyncio.run(run())


async def _find_platform(session: Session, name_or_id: str) -> Platform | None:
    query = select(Platform).where((col(Platform.name) == name_or_id) | (col(Platform.id) == name_or_id))
    return (await session.exec(query)).first()


def _show_key(key: str, what: str, *, quiet: bool) -> None:
    if quiet:
        click.echo(key)
        return
    click.echo(f"{what} Its API key is shown this once; keep it where secrets are kept:\n\n  {key}\n")
