"""`ledgerlane demo`: the main job on loopback ports, then a console to look around in."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import rich_click as click
from rich.console import Console

from service.cli.demo.actors import EventListener, Platform, Unexpected
from service.cli.demo.books import STAGES
from service.cli.demo.play import Play, closing_table
from service.cli.demo.servers import stage


@click.command()
@click.option("--once", is_flag=True, help="Exit when the play is over, with 0 only if every step held.")
@click.option(
    "--ledger",
    type=click.Choice([*STAGES, "both"]),
    default="both",
    show_default=True,
    help="Which ledger's simulator to play against.",
)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/demo"), help="Database and logs.")
def demo(once: bool, ledger: str, folder: Path) -> None:
    """Play the main job against the simulators, through the public API only."""
    console = Console()
    listener = EventListener()
    try:
        with stage(folder.resolve(), list(STAGES) if ledger == "both" else [ledger]) as where:
            console.print(f"Ledgerlane runs at {where.ledgerlane}.")
            platform = Platform(where.ledgerlane, where.key)
            listener.secret = platform.post("/v1/webhook-endpoints", {"url": listener.url})["secret"]
            plays = [Play(console, platform, played, listener) for played in where.ledgers]
            for play in plays:
                play.run()
            closing_table(console, [play.closing for play in plays])
            console.print("\n[bold green]Every step held.[/bold green]")
            if not once:
                link = platform.post("/v1/console-links")["url"]
                console.print(f"The console: {link}", soft_wrap=True)
                for played in where.ledgers:
                    console.print(f"The bookkeeper's page in {played.title}: {played.url}{played.desk}")
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
