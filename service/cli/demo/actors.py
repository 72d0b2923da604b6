"""Who plays: a billing platform, a browser that consents, a bookkeeper in the ledger."""

from __future__ import annotations

import html.parser
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from standardwebhooks import Webhook, WebhookVerificationError

Json = dict[str, Any]
TIME_OUT = 30


class Unexpected(AssertionError):
    """A step did not hold. The message says what was seen."""


class Platform:
    """A billing platform: calls the API with its key, and listens for events."""

    def __init__(self, base_url: str, key: str) -> None:
        self.base_url = base_url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str, **params: Any) -> Any:
        """GET an API path; the JSON of a 2xx, else Unexpected with the problem details."""
        return self._answer(self._session.get(self.base_url + path, params=params, timeout=TIME_OUT))

    def post(self, path: str, body: Any | None = None) -> Any:
        """POST JSON."""
        return self._answer(self._session.post(self.base_url + path, json=body, timeout=TIME_OUT))

    def put(self, path: str, body: Any) -> Any:
        """PUT JSON."""
        return self._answer(self._session.put(self.base_url + path, json=body, timeout=TIME_OUT))

    def wait(self, what: str, ask: Callable[[], Any], *, seconds: float = 20.0) -> Any:
        """Ask until the answer is truthy."""
        deadline = time.monotonic() + seconds
        pause = 0.02
        while time.monotonic() < deadline:
            if answer := ask():
                return answer
            time.sleep(pause)
            pause = min(0.2, pause * 1.5)
        raise Unexpected(f"waited {seconds:.0f} seconds for {what}, in vain")

    @staticmethod
    def _answer(response: requests.Response) -> Any:
        if not response.ok:
            raise Unexpected(f"{response.request.method} {urlsplit(response.url).path}: {response.text[:500]}")
        return response.json() if response.content else None


class EventListener:
    """The platform's own webhook endpoint, on a real port. Keeps only events whose signature holds."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.forged = 0
        self.secret = ""
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self.send_response(listener.take(body, dict(self.headers.items())))
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """The demo speaks for itself."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/ledgerlane"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Verify the signature as the Standard Webhooks specification says, then keep the event."""
        try:
            Webhook(self.secret).verify(body, {name.lower(): value for name, value in headers.items()})
        except (WebhookVerificationError, ValueError):
            self.forged += 1
            return 401
        self.events.append(json.loads(body))
        return 204

    def find(self, type_: str, subject: str) -> list[Json]:
        """Events of a type about a subject, in the order they arrived."""
        return [event for event in list(self.events) if event["type"] == type_ and event["subject"] == subject]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Form(html.parser.HTMLParser):
    """The first form of a page, as a browser would fill it in: defaults, and the first choice of each group."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._button_taken = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        name = values.get("name", "")
        if tag == "form" and self.action is None:
            self.action = values.get("action", "")
        elif tag == "input" and name and values.get("type") not in ("submit", "button"):
            chosen = values.get("type") not in ("radio", "checkbox") or "checked" in values or name not in self.fields
            if chosen:
                self.fields[name] = values.get("value", "")
        elif tag in ("button", "input") and name and not self._button_taken:
            self._button_taken = True
            self.fields[name] = values.get("value", "")


class Browser:
    """A person's browser on the consent page: reads the form, presses Connect, follows the redirects."""

    def consent(self, authorize_url: str, **choices: str) -> Json:
        """Grant access, with other choices than the form's own if given; the query of the page it ends on."""
        session = requests.Session()
        page = session.get(authorize_url, timeout=TIME_OUT)
        form = _Form()
        form.feed(page.text)
        if form.action is None:
            raise Unexpected(f"the consent page has no form: {page.status_code} {page.text[:200]}")
        fields = {**form.fields, **choices}
        answer = session.post(urljoin(page.url, form.action), data=fields, timeout=TIME_OUT, allow_redirects=False)
        hops = 0
        while answer.is_redirect and hops < 10:
            target = urljoin(answer.url, answer.headers["Location"])
            if parse_qs(urlsplit(target).query).get("result"):
                return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
            answer = session.get(target, timeout=TIME_OUT, allow_redirects=False)
            hops += 1
        raise Unexpected(f"the consent ended at {answer.url} with {answer.status_code}: {answer.text[:300]}")


class Bookkeeper:
    """A person in the ledger, through the simulator's own control endpoint: never the imitated API."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def act(self, realm: str, action: str, **body: Any) -> Json:
        """Do something as a person would in the ledger's own pages."""
        answer: Json = self._json("POST", f"/_control/bookkeeper/{realm}/{action}", body)
        return answer

    def order(self, path: str, body: Json) -> Any:
        """Tell the simulator something."""
        return self._json("POST", path, body)

    def look(self, path: str) -> Any:
        """Read what the simulator holds, counts or has sent."""
        return self._json("GET", path, None)

    def _json(self, method: str, path: str, body: Json | None) -> Any:
        response = requests.request(method, self.base_url + path, json=body, timeout=TIME_OUT)
        if not response.ok:
            raise Unexpected(f"{method} {path}: {response.status_code} {response.text[:300]}")
        return response.json() if response.content else None
