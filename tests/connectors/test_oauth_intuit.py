"""Intuit's OAuth over real sockets: what each answer of the token endpoint means."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.http import LedgerHttp
from connectors.oauth.intuit import Endpoints, IntuitOAuth
from connectors.protocol import ConnectorError, OutcomeUnknown, Refused, SignInNeeded, TryLater
from tests.connectors.fakes import NOW, REALM, a_http, answer

PAIR = {"token_type": "bearer", "access_token": "A2", "refresh_token": "R2", "expires_in": 3600}


class TokenServer(ThreadingHTTPServer):
    """Answers every POST with what the test says, and keeps what it got."""

    status, body = 200, json.dumps(PAIR | {"x_refresh_token_expires_in": 8726400})
    drop = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str], str]] = []

    @property
    def oauth(self) -> IntuitOAuth:
        base = f"http://127.0.0.1:{self.server_address[1]}"
        endpoints = Endpoints(token=f"{base}/token", revocation=f"{base}/revoke")
        return IntuitOAuth("id", "secret", "https://us.test/cb", endpoints=endpoints, read_seconds=0.5, now=lambda: NOW)


class Handler(BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        if self.server.drop:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        raw = self.server.body.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_a_code_becomes_a_grant(server: TokenServer) -> None:
    """The realm comes from the callback: the token answer does not name it."""
    grant = await server.oauth.exchange("the-code", REALM)

    path, headers, body = server.got[0]
    assert (grant.access_token, grant.refresh_token, grant.company_id) == ("A2", "R2", REALM)
    assert grant.access_expires_at == NOW + timedelta(seconds=3600)
    assert grant.refresh_expires_at == NOW + timedelta(seconds=8726400)
    assert (path, headers["authorization"][:6]) == ("/token", "Basic ")
    assert parse_qs(body)["code"] == ["the-code"]
    assert headers["x-include-refresh-token-hard-expires-in"] == "true"


async def test_the_hard_end_of_a_grant_counts_when_it_is_nearer(server: TokenServer) -> None:
    """Five years after consent no use keeps it alive: the merchant must be asked in time."""
    server.body = json.dumps(PAIR | {"x_refresh_token_expires_in": 8726400, "x_refresh_token_hard_expires_in": 86400})

    grant = await server.oauth.refresh("R1")

    assert grant.refresh_expires_at == NOW + timedelta(days=1)


async def test_an_answer_cannot_overwrite_the_library_s_own_state(server: TokenServer) -> None:
    """The library copies every key of an answer onto itself, the client secret included."""
    server.body = json.dumps(PAIR | {"client_secret": "evil", "token_endpoint": "http://evil.test", "headers": 1})

    assert (await server.oauth.refresh("R1")).access_token == "A2"


TROUBLE: list[tuple[int, str, type[ConnectorError]]] = [
    (400, '{"error":"invalid_grant"}', SignInNeeded),
    (400, '{"error":"invalid_grant","error_description":"Incorrect or invalid refresh token"}', SignInNeeded),
    (401, '{"error":"invalid_client"}', Refused),
    (400, '{"error":"invalid_client"}', Refused),
    (400, '{"error":"unsupported_grant_type"}', Refused),
    (500, "oops", OutcomeUnknown),
    (502, "", OutcomeUnknown),
    (503, "<html>", TryLater),
    (429, "", TryLater),
    (200, "{", OutcomeUnknown),
    (200, "[]", OutcomeUnknown),
    (200, "", OutcomeUnknown),
    (200, '{"token_type":"bearer"}', OutcomeUnknown),
    (200, '{"access_token":"","refresh_token":""}', OutcomeUnknown),
    (302, "", Refused),
]


@pytest.mark.parametrize(("status", "body", "error"), TROUBLE)
async def test_each_answer_says_what_to_do_next(
    server: TokenServer, status: int, body: str, error: type[ConnectorError]
) -> None:
    """Only invalid_grant is final; only what never got there is certain to have changed nothing."""
    server.status, server.body = status, body

    with pytest.raises(ConnectorError) as raised:
        await server.oauth.refresh("R1")

    assert type(raised.value) is error


async def test_a_reset_after_sending_may_have_rotated_the_token(server: TokenServer) -> None:
    """requests has one class for this and for "no connection"; they are told apart."""
    server.drop = True

    with pytest.raises(OutcomeUnknown):
        await server.oauth.refresh("R1")


async def test_nobody_there_is_try_later() -> None:
    """Nothing left, nothing was rotated."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    oauth = IntuitOAuth("id", "secret", "https://us.test", endpoints=Endpoints(token=f"http://127.0.0.1:{port}/t"))

    with pytest.raises(TryLater):
        await oauth.refresh("R1")


async def test_a_silent_server_does_not_hang_the_lane() -> None:
    """The library has no time-out anywhere."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/t"
        oauth = IntuitOAuth("id", "s", "https://us.test", endpoints=Endpoints(token=url), read_seconds=0.2)

        with pytest.raises(OutcomeUnknown):
            await oauth.refresh("R1")


@pytest.mark.parametrize(("status", "body"), [(200, ""), (400, '{"error":"invalid_grant"}')])
async def test_revoking_a_dead_token_is_no_error(server: TokenServer, status: int, body: str) -> None:
    """Disconnecting twice, or after the merchant did it in QuickBooks."""
    server.status, server.body = status, body

    await server.oauth.revoke("R1")

    path, _, sent = server.got[0]
    assert (path, json.loads(sent)) == ("/revoke", {"token": "R1"})


def test_consent_asks_for_the_books_and_nothing_else() -> None:
    """No openid: its answers break the library, and we do not need to know who the person is."""
    url = IntuitOAuth("the-id", "secret", "https://us.test/cb").authorize_url("st4te")

    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked == {
        "client_id": "the-id",
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": "https://us.test/cb",
        "state": "st4te",
    }


async def test_endpoints_can_come_from_the_discovery_document() -> None:
    """Read once, when the service starts, over our own HTTP."""
    document = Endpoints(token="https://t.test/t").as_document()
    http: LedgerHttp
    http, _ = a_http(lambda request: answer(document))

    assert (await Endpoints.discover(http, "https://qbo.test/.well-known/x")).token == "https://t.test/t"


async def test_a_discovery_document_without_a_token_endpoint_is_refused() -> None:
    """Clear at start, not at the first renewal."""
    http, _ = a_http(lambda request: answer({"issuer": "x"}))

    with pytest.raises(Refused):
        await Endpoints.discover(http, "/x")
