"""Pages for people: consent, Xero's own error page, and the read-only page a deep link opens.

Plain HTML forms, no scripts. Source: Xero reference 1.3, 4.8.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, select_autoescape

from connectors.sandbox.common.http import Answer, Exchange
from connectors.sandbox.xero import contacts, identity_http, payments
from connectors.sandbox.xero.body import guid, is_guid
from connectors.sandbox.xero.books import Books
from connectors.sandbox.xero.settings import XeroApp
from connectors.sandbox.xero.show_documents import show_document
from connectors.sandbox.xero.simulator import Simulator

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["money"] = lambda value: f"{Decimal(value or 0):,.2f}"
_CHALLENGE = re.compile(r"^[A-Za-z0-9_-]{43}$")
# The page of a legacy link and the parameter that carries the id; contacts have the id in the path.
_LEGACY = {
    "/accountsreceivable/view.aspx": "invoiceid",
    "/accountsreceivable/edit.aspx": "invoiceid",
    "/accountspayable/edit.aspx": "invoiceid",
    "/accountspayable/view.aspx": "invoiceid",
    "/accountsreceivable/viewcreditnote.aspx": "creditnoteid",
    "/accountspayable/viewcreditnote.aspx": "creditnoteid",
    "/bank/viewtransaction.aspx": "banktransactionid",
}
_NEW = re.compile(r"^/app/(?P<code>![^/]+)/(?:invoicing/view|contacts/contact)/(?P<id>[^/]+)$", re.IGNORECASE)


def render(template: str, *, status: int = 200, **values: Any) -> Answer:
    return Answer.html(_templates.get_template(template).render(**values), status)


class Pages:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    # consent ---------------------------------------------------------------------------------------------------

    def authorise(self, exchange: Exchange) -> Answer:
        """GET shows the page (or decides by the switch `consent`), POST is a button on it.

        A wrong client, redirect or scope ends on Xero's own page and never redirects back. Source: reference 1.3.
        """
        request = exchange.params
        if exchange.method == "POST":
            request = dict(parse_qsl(exchange.body.decode("utf-8", "replace"), keep_blank_values=True))
        switches = self._simulator.switches
        if switches.consent == "error_page":
            return _problem("server_error", "Something went wrong on our side.", status=500)
        app = self._simulator.apps.get(request.get("client_id", ""))
        if app is None or app.kind == "custom":
            return _problem("unauthorized_client", "Unknown client or client not enabled")
        uri = request.get("redirect_uri", "")
        if not identity_http.redirect_allowed(app, uri, loopback_ip=switches.loopback_ip_redirects):
            return _problem("invalid_request", "Invalid redirect_uri")
        if request.get("response_type") != "code":
            return _problem("unsupported_response_type", "Response type not supported")
        scopes = tuple(dict.fromkeys(request.get("scope", "").split()))
        if not identity_http.scopes_allowed(app, scopes):
            return _problem("invalid_scope", "Invalid scope")
        if not _pkce_is_sound(app, request):
            return _problem("invalid_request", "code challenge required")
        return self._decide(exchange, app, request, scopes)

    def _decide(self, exchange: Exchange, app: XeroApp, request: dict[str, str], scopes: tuple[str, ...]) -> Answer:
        consent = self._simulator.switches.consent
        decision, tenant_id = request.get("decision", ""), request.get("tenant", "")
        if exchange.method == "GET" and consent == "ask":
            return self._consent_page(app, request, scopes)
        if exchange.method == "GET":
            decision = consent
            tenant_id = self._simulator.switches.consent_tenant or next(iter(self._simulator.organisations), "")
        state = {"state": request["state"]} if request.get("state") else {}
        if decision != "allow":
            return _redirect(request["redirect_uri"], error="access_denied", **state)
        if tenant_id not in self._simulator.organisations:
            return self._consent_page(app, request, scopes, problem="Choose the organisation to connect.")
        code, session_state = self._simulator.tokens.consent(
            app, tenant_id, scopes, request["redirect_uri"], request.get("code_challenge", "")
        )
        return _redirect(
            request["redirect_uri"], code=code, scope=" ".join(scopes), session_state=session_state, **state
        )

    def _consent_page(
        self, app: XeroApp, request: dict[str, str], scopes: tuple[str, ...], problem: str = ""
    ) -> Answer:
        names = (
            "client_id",
            "redirect_uri",
            "response_type",
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
        )
        return render(
            "consent.html",
            status=400 if problem else 200,
            app=app,
            organisations=list(self._simulator.organisations.values()),
            kept={name: request[name] for name in names if request.get(name)},
            scopes=scopes,
            problem=problem,
            host=urlsplit(request["redirect_uri"]).netloc,
        )

    # deep links ------------------------------------------------------------------------------------------------

    def deep_link(self, exchange: Exchange) -> Answer:
        """The legacy /organisationlogin form and the new /app/{short code} form. Source: Xero reference 4.8."""
        new = _NEW.match(exchange.path.replace("%21", "!"))
        if new:
            return self._page(new["code"], new["id"])
        params = {key.lower(): value for key, value in exchange.params.items()}
        target = urlsplit(params.get("redirecturl", ""))
        query = {key.lower(): value for key, value in parse_qsl(target.query)}
        record_id = query.get(_LEGACY.get(target.path.lower(), ""), "")
        if target.path.lower().startswith("/contacts/view/"):
            record_id = target.path.rsplit("/", 1)[1]
        if not record_id:
            return _problem("This page is not modelled", exchange.target, status=501)
        return self._page(params.get("shortcode", ""), record_id)

    def _page(self, short_code: str, record_id: str) -> Answer:
        books = next((b for b in self._simulator.organisations.values() if b.info["ShortCode"] == short_code), None)
        if books is None or not is_guid(record_id):
            return _problem("We can't find that", f"{short_code} {record_id}", status=404)
        found = _shown(books, guid(record_id))
        if found is None:
            return _problem("We can't find that", record_id, status=404)
        kind, shown = found
        return render("document.html", organisation=books.info["Name"], kind=kind, shown=shown)


def _shown(books: Books, record_id: str) -> tuple[str, dict[str, Any]] | None:
    if record_id in books.documents:
        document = books.documents[record_id]
        return document.kind, show_document(books, document, context="single", unitdp=4)
    if record_id in books.contacts:
        return "Contact", contacts.show(books, books.contacts[record_id], balances_from=books.documents.values())
    if record_id in books.payments:
        return "Payment", payments.show(books, books.payments[record_id])
    return None


def _pkce_is_sound(app: XeroApp, request: dict[str, str]) -> bool:
    """S256 only; a PKCE app must send a challenge. Source: Xero reference 1.2."""
    challenge, method = request.get("code_challenge", ""), request.get("code_challenge_method", "")
    if not challenge:
        return app.kind != "pkce" and not method
    return method == "S256" and _CHALLENGE.match(challenge) is not None


def _redirect(uri: str, **values: str) -> Answer:
    separator = "&" if urlsplit(uri).query else "?"
    return Answer(302, headers={"Location": f"{uri}{separator}{urlencode(values)}"})


def _problem(title: str, text: str, *, status: int = 400) -> Answer:
    return render("problem.html", status=status, title=title, text=text)
