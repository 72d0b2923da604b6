"""The composition root: the one place that wires real parts together."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from service.api.application import Application
from service.api.errors import EXCEPTION_HANDLERS, on_http
from service.api.openapi_file import read_document
from service.api.requests import StrictRequest
from service.api.routes import route_handlers
from service.console import console_failure
from service.runtime import Service

LARGEST_REQUEST = 32 * 1024 * 1024
"""A batch of 1000 documents with some hundred lines each."""


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi_file() -> Response[bytes]:
    """The API's description."""
    return Response(read_document(), media_type="application/json")


@get("/", include_in_schema=False, sync_to_thread=False)
def front_door() -> Redirect:
    """A person who types the bare address means the console."""
    return Redirect("/console")


def create_app(service: Service, console_handlers: Sequence[ControllerRouterHandler] = ()) -> Litestar:
    """The web application of a service: the API, the console if given, and one frame of errors around both."""
    pages = [front_door, *console_handlers] if console_handlers else []
    return Application(
        route_handlers=[*route_handlers(), openapi_file, *pages],
        state=State({"service": service}),
        on_startup=[service.start],
        on_shutdown=[service.stop],
        exception_handlers={**EXCEPTION_HANDLERS, HTTPException: _on_http},
        request_class=StrictRequest,
        request_max_body_size=LARGEST_REQUEST,
        csrf_config=_csrf(service),
        openapi_config=None,
        logging_config=None,
    )


def _on_http(request: Request[Any, Any, State], error: HTTPException) -> Response[Any]:
    """An error without a route: a page for a person at the console, problem details for everybody else."""
    return console_failure(request, error) or on_http(request, error)


def _csrf(service: Service) -> CSRFConfig:
    """For the console's forms alone: everything else is called by machines that hold a key or a signature."""
    key = service.settings.secret_key.get_secret_value().encode()
    secret = hmac.new(key, b"ledgerlane console csrf", hashlib.sha256).hexdigest()
    return CSRFConfig(
        secret=secret,
        cookie_name="ledgerlane_csrf",
        cookie_path="/console",
        cookie_secure=service.settings.base_url.startswith("https://"),
        cookie_httponly=True,
        exclude=["^/v1/", "^/webhooks/", "^/oauth/", "^/health/", "^/problems/", "^/openapi.json$"],
    )
