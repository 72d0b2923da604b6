"""The composition root: the one place that wires real parts together."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any

from litestar import Litestar, Response, get
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.types import ControllerRouterHandler

from service.api.application import Application
from service.api.errors import EXCEPTION_HANDLERS
from service.api.openapi_file import read_document
from service.api.requests import StrictRequest
from service.api.routes import route_handlers
from service.runtime import Service

ConsoleFailure = Callable[[Any, Exception], Response[Any] | None]

LARGEST_REQUEST = 32 * 1024 * 1024
"""A batch of 1000 documents with some hundred lines each."""


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi_file() -> Response[bytes]:
    """The API's description."""
    return Response(read_document(), media_type="application/json")


def create_app(
    service: Service,
    console_handlers: Sequence[ControllerRouterHandler] = (),
    console_failure: ConsoleFailure | None = None,
) -> Litestar:
    """The web application of a service: the API, the console if given, and one frame of errors around both.

    console_failure: makes a page of an error under /console that no page of it handled; None for every other address.
    """
    return Application(
        route_handlers=[*route_handlers(), openapi_file, *console_handlers],
        state=State({"service": service}),
        on_startup=[service.start],
        on_shutdown=[service.stop],
        exception_handlers=_exception_handlers(console_failure),
        request_class=StrictRequest,
        request_max_body_size=LARGEST_REQUEST,
        csrf_config=_csrf(service),
        openapi_config=None,
        logging_config=None,
    )


def _exception_handlers(console_failure: ConsoleFailure | None) -> dict[int | type[Exception], Any]:
    if console_failure is None:
        return EXCEPTION_HANDLERS

    def with_page(otherwise: Callable[[Any, Any], Response[Any]]) -> Callable[[Any, Any], Response[Any]]:
        return lambda request, error: console_failure(request, error) or otherwise(request, error)

    return {kind: with_page(handler) for kind, handler in EXCEPTION_HANDLERS.items()}


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
