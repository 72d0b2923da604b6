"""What a ledger tells us: verified by its signature over the raw bytes, stored once, worked on later."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response, post
from litestar.exceptions import HTTPException

from contracts.problems import Reason
from service import webhooks
from service.api.errors import Trouble
from service.api.shared import PathId, service_of

LARGEST_WEBHOOK = 4 * 1024 * 1024

log = structlog.get_logger("ledgerlane.webhooks")


@post("/webhooks/{ledger:str}", status_code=200, request_max_body_size=LARGEST_WEBHOOK, tags=["From the ledger"])
async def receive_webhook(request: Request[Any, Any, Any], ledger: PathId) -> Response[None]:
    """200 when it is stored, 401 when the signature is not the ledger's. A fault of ours is 503: it is sent again."""
    try:
        raw = await request.body()
        service = service_of(request)
        provider = service.ledgers.provider(ledger)
        signature = request.headers.get(provider.signature_header, "") if provider else ""
        genuine = bool(signature) and await webhooks.receive(service, ledger, raw, signature)
    except HTTPException:
        raise
    except Exception:
        log.exception("webhook not stored")
        raise Trouble(503, Reason.INTERNAL, "The notice could not be stored; send it again.") from None
    if not genuine:
        raise Trouble(401, Reason.UNAUTHENTICATED, "The signature does not fit the body.")
    return Response(None, status_code=200, media_type="text/plain")
