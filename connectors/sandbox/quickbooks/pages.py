"""Pages for people: consent, the read-only document a deep link opens, and the bookkeeper's desk.

Plain HTML forms, no scripts. Source: QuickBooks reference 1.2, 12.5.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, select_autoescape

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.common.http import Answer, Exchange
from connectors.sandbox.quickbooks import bookkeeper, oauth_http
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.faults import NotModelled, QboFault
from connectors.sandbox.quickbooks.settings import OAuthClient
from connectors.sandbox.quickbooks.show import show
from connectors.sandbox.quickbooks.simulator import Simulator

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["money"] = lambda value: f"{Decimal(value or 0):,.2f}"

# Source: QuickBooks reference 12.5.
_LINKED_DOCUMENTS = {
    "invoice": ("Invoice", "txnId"),
    "creditmemo": ("CreditMemo", "txnId"),
    "recvpayment": ("Payment", "txnId"),
    "refundreceipt": ("RefundReceipt", "txnId"),
    "customerdetail": ("Customer", "nameId"),
}


def render(template: str, *, status: int = 200, **values: Any) -> Answer:
    return Answer.html(_templates.get_template(template).render(**values), status)


class Pages:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    # consent ---------------------------------------------------------------------------------------------------

    def consent(self, exchange: Exchange) -> Answer:
        """GET shows the page, POST is a button on it. Problems that must not be redirected are shown here."""
        request = exchange.params
        if exchange.method == "POST":
            request = dict(parse_qsl(exchange.body.decode("utf-8", "replace"), keep_blank_values=True))
        client = self._simulator.clients.get(request.get("client_id", ""))
        redirect_uri = request.get("redirect_uri", "")
        if client is None:
            return _problem("The client_id is not known.", "Check the client id of the app's key pair.")
        if not oauth_http.redirect_is_registered(client, redirect_uri):
            return _problem("The redirect_uri is not registered for this app.", f"The app sent {redirect_uri!r}.")
        state = request.get("state", "")
        if request.get("response_type", "code") != "code" or not state:
            return _problem("The request is incomplete.", "response_type=code and a state are needed.")
        scopes = request.get("scope", "").split()
        if not scopes or not set(scopes) <= oauth_http.KNOWN_SCOPES:
            return _redirect(redirect_uri, error="invalid_scope", state=state)
        if set(scopes) & oauth_http.OPENID_SCOPES:
            return _problem("OpenID scopes are not modelled.", "Ask for the accounting scope only.", status=501)
        if exchange.method == "POST":
            return self._decide(client, request, redirect_uri, state)
        return self._consent_page(client, request)

    def _decide(self, client: OAuthClient, request: dict[str, str], redirect_uri: str, state: str) -> Answer:
        if request.get("decision") != "connect":
            return _redirect(redirect_uri, error="access_denied", state=state)
        realm_id = request.get("realm", "")
        company = self._simulator.companies.get(realm_id)
        if company is None or company.environment != client.environment:
            return self._consent_page(client, request, problem="Choose the company to connect.")
        code = self._simulator.tokens.consent(client, realm_id, request["scope"], redirect_uri)
        return _redirect(redirect_uri, code=code, state=state, realmId=realm_id)

    def _consent_page(self, client: OAuthClient, request: dict[str, str], problem: str = "") -> Answer:
        """Development keys see sandbox companies only, production keys live ones only. Source: reference 1.1."""
        companies = [c for c in self._simulator.companies.values() if c.environment == client.environment]
        kept = {key: request.get(key, "") for key in ("client_id", "redirect_uri", "state", "scope")}
        return render(
            "consent.html",
            status=400 if problem else 200,
            client=client,
            companies=companies,
            kept=kept,
            problem=problem,
            host=urlsplit(kept["redirect_uri"]).netloc,
        )

    # deep links ------------------------------------------------------------------------------------------------

    def document(self, exchange: Exchange) -> Answer:
        """/app/invoice?txnId=.. and the company-safe /app/login?pagereq=..&deeplinkcompanyid=.."""
        page, params = exchange.path.removeprefix("/app/").strip("/"), exchange.params
        realm_id = params.get("companyId") or params.get("deeplinkcompanyid") or ""
        if page == "login":
            target = urlsplit(params.get("pagereq", ""))
            page, params = target.path.strip("/").removeprefix("app/"), dict(parse_qsl(target.query))
        if page not in _LINKED_DOCUMENTS:
            return _problem("This page of QuickBooks is not modelled.", f"/app/{page}", status=501)
        entity, key = _LINKED_DOCUMENTS[page]
        record, company = self._document_of(realm_id, entity, params.get(key, ""))
        if record is None or company is None:
            return _problem("We can't find that here.", f"{entity} {params.get(key, '')}", status=404)
        return render("document.html", company=company, entity=entity, shown=show(company, record), record=record)

    def _document_of(self, realm_id: str, entity: str, object_id: str) -> tuple[Record | None, Company | None]:
        """Without a company the first one that has the document opens, as in a browser signed in somewhere."""
        companies = self._simulator.companies
        chosen = [companies[realm_id]] if realm_id in companies else [] if realm_id else list(companies.values())
        for company in chosen:
            record = company.find(entity, object_id)
            if record is not None:
                return record, company
        return None, None

    # bookkeeper ------------------------------------------------------------------------------------------------

    def bookkeeper(self, exchange: Exchange) -> Answer:
        """/bookkeeper lists companies; /bookkeeper/{realm} is the desk; POST there carries out one form."""
        parts = exchange.path.strip("/").split("/")
        realm_id = parts[1] if parts[0] == "bookkeeper" and len(parts) > 1 else ""
        company = self._simulator.companies.get(realm_id)
        if company is None:
            return render("companies.html", companies=list(self._simulator.companies.values()))
        if exchange.method == "POST":
            return self._carry_out(company, exchange)
        return _desk(company, exchange.params)

    def _carry_out(self, company: Company, exchange: Exchange) -> Answer:
        form = dict(parse_qsl(exchange.body.decode("utf-8", "replace"), keep_blank_values=True))
        action = form.pop("action", "")
        try:
            if action not in bookkeeper.ACTIONS:
                return _problem("This button does nothing.", f"Unknown action {action!r}.")
            bookkeeper.act(company, action, _order(action, form))
        except QboFault as refused:
            return _desk(company, {"problem": "; ".join(error.detail for error in refused.errors)}, status=409)
        except NotModelled as absent:
            return _problem("This is not modelled.", str(absent), status=501)
        done = urlencode({"done": action, "customer": form.get("customer", "")})
        return Answer(303, headers={"Location": f"/bookkeeper/{company.realm_id}?{done}"})


def _order(action: str, form: dict[str, str]) -> JsonObject:
    """The form fields as a bookkeeper order. The customer form edits name, e-mail and address in one step."""
    if action != "edit":
        return dict(form)
    address = {key: form.get(key, "") for key in ("Line1", "City", "CountrySubDivisionCode", "PostalCode", "Country")}
    changes: JsonObject = {
        "DisplayName": form.get("DisplayName", ""),
        "PrimaryEmailAddr": {"Address": form.get("Email", "")},
        "BillAddr": address,
    }
    return {"entity": "Customer", "id": form.get("id", ""), "changes": changes}


def _desk(company: Company, params: dict[str, str], *, status: int = 200) -> Answer:
    customers = sorted(company.rows("Customer"), key=lambda row: str(row.data["FullyQualifiedName"]).casefold())
    chosen = company.find("Customer", params.get("customer", "")) if params.get("customer") else None
    invoices = [
        row for row in company.rows("Invoice") if chosen is None or row.data["CustomerRef"]["value"] == chosen.id
    ]
    return render(
        "desk.html",
        status=status,
        company=company,
        customers=[show(company, row) for row in customers],
        chosen=show(company, chosen) if chosen is not None else None,
        invoices=[show(company, row) for row in sorted(invoices, key=lambda row: -row.order)[:200]],
        payments=[show(company, row) for row in sorted(company.rows("Payment"), key=lambda row: -row.order)[:50]],
        problem=params.get("problem", ""),
        done=params.get("done", ""),
        today=company.today().isoformat(),
    )


def _redirect(uri: str, **values: str) -> Answer:
    separator = "&" if urlsplit(uri).query else "?"
    return Answer(302, headers={"Location": f"{uri}{separator}{urlencode(values)}"})


def _problem(title: str, text: str, *, status: int = 400) -> Answer:
    return render("problem.html", status=status, title=title, text=text)
