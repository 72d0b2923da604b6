"""`ledgerlane`: run it, look after its keys, play with it. Each command imports what it needs when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import rich_click as click

_COMMANDS = {
    "serve": "service.cli.serve:serve",
    "migrate": "service.cli.keys:migrate",
    "platforms": "service.cli.keys:platforms",
    "keys": "service.cli.keys:keys",
    "contracts": "service.cli.contracts:contracts_group",
    "sandbox": "service.cli.sandbox:sandbox",
    "demo": "service.cli.demo.command:demo",
}


class LazyGroup(click.RichGroup):
    """Knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, or None for an unknown name."""
        where = _COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, _, attribute = where.partition(":")
        return getattr(import_module(module), attribute)


@click.group(cls=LazyGroup)
@click.version_option(package_name="ledgerlane", prog_name="ledgerlane")
def main() -> None:
    """Keeps a billing platform and its merchants' books in agreement, to the cent, and proves it."""
