"""`ledgerlane serve`: API, console and lanes in one process."""

from __future__ import annotations

import sys
from typing import Any

import rich_click as click
import uvicorn

from service.cli.settings import load_settings, stop_for_configuration
from service.logging import configure_logging

SECONDS_TO_FINISH = 20


@click.command()
@click.option("--host", default=None, help="Address to listen on; default: LEDGERLANE_HOST.")
@click.option("--port", default=None, type=click.IntRange(0, 65535), help="Port; default: LEDGERLANE_PORT.")
@click.option("--no-lanes", is_flag=True, help="Answer requests only; lanes run in another process.")
def serve(host: str | None, port: int | None, no_lanes: bool) -> None:
    """Run the service until it is told to stop; requests and lanes under way are finished first."""
    from service.app import create_app
    from service.console import console_handlers
    from service.wiring import build_service

    chosen: dict[str, Any] = {"host": host, "port": port, "lanes": False if no_lanes else None}
    settings = load_settings().model_copy(update={key: value for key, value in chosen.items() if value is not None})
    configure_logging(settings.log_level, readable=sys.stderr.isatty())
    try:
        service = build_service(settings)
    except ValueError as error:
        stop_for_configuration(f"{error}.")
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(service, console_handlers()),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
        )
    )
    server.run()
    if not server.started:
        click.echo("The service did not start; the lines above say why.", err=True)
        sys.exit(1)
