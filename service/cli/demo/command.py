"""`ledgerlane demo`: the main job on loopback ports, then a console to look around in."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import rich_click as click
from rich.console import Console

from service.cli.demo.actors import Bookkeeper, EventListener, Platform, Unexpected
from service.cli.demo.play import Play
from service.cli.demo.servers import stage


@click.command()
@click.option("--once", is_flag=True, help="Exit when the play is over, with 0 only if every step held.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/demo"), help="Database and logs.")
def demo(once: bool, folder: Path) -> None:
    """Play the main job against the QuickBooks simulator, through the public API only."""
    console = Console()
    listener = EventListener()
    try:
        with stage(folder.resolve()) as where:
            console.print(f"Ledgerlane runs at {where.ledgerlane}, the QuickBooks simulator at {where.ledger}.")
            platform = Platform(where.ledgerlane, where.key)
            Play(console, platform, Bookkeeper(where.ledger), listener).run()
            console.print("\n[bold green]Every step held.[/bold green]")
            if not once:
                link = platform.post("/v1/console-links")["url"]
                console.print(f"The console: {link}\nThe bookkeeper's page: {where.ledger}/_control/")
                console.print("Press Ctrl-C to stop.")
                _until_interrupted()
    except Unexpected as unexpected:
        console.print(f"\n[bold red]It did not hold:[/bold red] {unexpected}")
        console.print(f"The logs are in {folder}.")
        sys.exit(1)
    finally:
        listener.close()


def _until_interrupted() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
