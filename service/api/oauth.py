"""Where a browser returns from the ledger's consent page."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect

from contracts.problems import Reason
from service import connections
from service.api.errors import Trouble
from service.api.shared import PathId, service_of


@get("/oauth/{ledger:str}/callback", tags=["From the ledger"], media_type="text/plain", status_code=302)
async def finish_consent(request: Request[Any, Any, Any], ledger: PathId) -> Response[Any]:
    """Checks the state, exchanges the code, and sends the browser on to the connection's return_url."""
    query = {name: request.query_params[name] for name in request.query_params}
    consent = await connections.finish_authorization(service_of(request), ledger, query)
    if consent.redirect_url:
        return Redirect(consent.redirect_url, status_code=302)
    if consent.problems:
        raise Trouble(400, Reason(consent.problems[0].reason), consent.problems[0].message, consent.problems)
    return Response("The company is connected. You can close this window.", media_type="text/plain", status_code=200)
