"""Running a simulator on a port: uvicorn with one worker, because the state is in memory."""

from __future__ import annotations

import sys

import uvicorn

from connectors.sandbox.quickbooks import SandboxSettings, create_app
from connectors.sandbox.xero import XeroSettings
from connectors.sandbox.xero import create_app as create_xero_app


def run_quickbooks(settings: SandboxSettings, host: str = "127.0.0.1", port: int = 8090) -> None:
    """Serve until interrupted. Prints one line with the address once the port is open; port 0 picks a free one."""
    app = create_app(settings)
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, lifespan="on")
    _AnnouncingServer(config, "QuickBooks Online simulator on {address} (bookkeeper page: /bookkeeper)").run()


def run_xero(settings: XeroSettings, host: str = "127.0.0.1", port: int = 8091) -> None:
    """Serve until interrupted; announces itself like the other one."""
    app = create_xero_app(settings)
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, lifespan="on")
    _AnnouncingServer(config, "Xero simulator on {address} (control routes: /_control/help)").run()


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets=sockets)  # type: ignore[arg-type]
        if not self.started:
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        sys.stdout.write(self._line.format(address=f"http://{host}:{port}") + "\n")
        sys.stdout.flush()
