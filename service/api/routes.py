"""Every route, and what guards it."""

from __future__ import annotations

from litestar import Router
from litestar.middleware import DefineMiddleware
from litestar.types import ControllerRouterHandler

from service.api.connections import ConnectionBooksController, ConnectionController
from service.api.console_links import create_console_link
from service.api.credit_memos import CreditMemoController
from service.api.customers import CustomerController
from service.api.events import EventController
from service.api.health import explain_problem, live, ready
from service.api.imports import CustomerImportController
from service.api.invoices import InvoiceController
from service.api.oauth import finish_consent
from service.api.payments import PaymentController
from service.api.security import PlatformAuthentication
from service.api.webhook_endpoints import WebhookEndpointController
from service.api.webhooks import receive_webhook


def route_handlers() -> list[ControllerRouterHandler]:
    """/v1 behind an API key; health, consent and the ledger's webhooks open."""
    v1 = Router(
        path="/v1",
        route_handlers=[
            ConnectionController,
            ConnectionBooksController,
            CustomerController,
            InvoiceController,
            CreditMemoController,
            PaymentController,
            CustomerImportController,
            EventController,
            WebhookEndpointController,
            create_console_link,
        ],
        middleware=[DefineMiddleware(PlatformAuthentication)],
    )
    return [v1, receive_webhook, finish_consent, live, ready, explain_problem]
