"""Consent, tokens, rotation, revocation, realm and environment checks. Source: QuickBooks reference 1, 7.1."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.sandbox.quickbooks import SandboxSettings
from connectors.sandbox.quickbooks.settings import UK_REALM, US_REALM, OAuthClient
from tests.sandbox.conftest import ACCOUNTING, HTTP, REDIRECT, Books, authorise, connect, running, token


def _ask(base: str, **changes: str) -> httpx.Response:
    params = {
        "client_id": "sandbox-client",
        "redirect_uri": REDIRECT,
        "state": "s1",
        "scope": ACCOUNTING,
        "response_type": "code",
        **changes,
    }
    return HTTP.get(f"{base}/connect/oauth2", params=params)


def _refresh(books: Books, value: str) -> httpx.Response:
    return token(books.base, grant_type="refresh_token", refresh_token=value)


@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
def test_both_discovery_documents_name_this_server(base: str, name: str) -> None:
    document = HTTP.get(f"{base}/.well-known/{name}").json()

    assert document["token_endpoint"] == f"{base}/oauth2/v1/tokens/bearer"
    assert document["token_endpoint_auth_methods_supported"] == ["client_secret_post", "client_secret_basic"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"client_id": "nobody"}, 400),
        ({"redirect_uri": "https://elsewhere.example/callback"}, 400),
        ({"state": ""}, 400),
        ({"scope": "something.else"}, 302),
        ({"scope": f"{ACCOUNTING} openid"}, 501),
    ],
)
def test_consent_shows_problems_unless_the_redirect_is_safe(base: str, changes: dict[str, str], status: int) -> None:
    answer = _ask(base, **changes)

    assert answer.status_code == status
    if status == 302:
        assert parse_qs(urlsplit(answer.headers["location"]).query) == {"error": ["invalid_scope"], "state": ["s1"]}


def test_saying_no_sends_access_denied(base: str) -> None:
    form = {"client_id": "sandbox-client", "redirect_uri": REDIRECT, "state": "s1", "scope": ACCOUNTING}

    answer = HTTP.post(f"{base}/connect/oauth2", data={**form, "realm": US_REALM, "decision": "refuse"})

    assert answer.headers["location"] == f"{REDIRECT}?error=access_denied&state=s1"


def test_a_registered_redirect_uri_must_match_exactly() -> None:
    client = OAuthClient(client_id="c", client_secret="s", redirect_uris=["http://localhost:8000/back"])
    with running(SandboxSettings(clients=[client])) as base:
        assert _ask(base, client_id="c", redirect_uri="http://localhost:8000/back").status_code == 200
        assert _ask(base, client_id="c", redirect_uri="http://localhost:8000/back/").status_code == 400


def test_the_first_exchange_has_the_exact_shape(us: Books) -> None:
    code = authorise(us.base, US_REALM)

    answer = token(us.base, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)

    body = answer.json()
    assert set(body) == {"token_type", "access_token", "refresh_token", "expires_in", "x_refresh_token_expires_in"}
    assert (body["token_type"], body["expires_in"], body["x_refresh_token_expires_in"]) == ("bearer", 3600, 8726400)
    assert "intuit_tid" in answer.headers


def test_a_code_works_once_and_only_with_its_redirect_uri(us: Books) -> None:
    code = authorise(us.base, US_REALM)
    wrong = token(us.base, grant_type="authorization_code", code=code, redirect_uri=f"{REDIRECT}2")
    again = token(us.base, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)

    assert [each.content for each in (wrong, again)] == [b'{"error":"invalid_grant"}'] * 2


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "RT1-nonsense"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "secret": "wrong"}, 401, "invalid_client"),
    ],
)
def test_token_errors(us: Books, form: dict[str, str], status: int, error: str) -> None:
    answer = token(us.base, **form)

    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_the_client_secret_may_travel_in_the_form(us: Books) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": us.refresh}

    answer = HTTP.post(
        f"{us.base}/oauth2/v1/tokens/bearer",
        data={**form, "client_id": "sandbox-client", "client_secret": "sandbox-secret"},
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("rotation", "is_new_within_a_day", "old_works_after_rotation"),
    [("same_for_24h", False, False), ("strict", True, False), ("old_valid_24h", True, True)],
)
def test_refresh_rotation(us: Books, rotation: str, is_new_within_a_day: bool, old_works_after_rotation: bool) -> None:
    """Source: QuickBooks reference 1.3, 17.5."""
    us.switch(refresh_rotation=rotation)
    first = _refresh(us, us.refresh).json()["refresh_token"]
    assert (first != us.refresh) is is_new_within_a_day

    us.control("POST", "clock/advance", {"hours": 25})
    second = _refresh(us, first).json()["refresh_token"]
    assert second != first

    assert (_refresh(us, first).status_code == 200) is old_works_after_rotation


def test_a_refresh_token_dies_after_101_days_without_use(us: Books) -> None:
    us.control("POST", "clock/advance", {"days": 102})

    assert _refresh(us, us.refresh).json() == {"error": "invalid_grant"}


def test_the_hard_limit_shows_only_when_asked_for(us: Books) -> None:
    answer = HTTP.post(
        f"{us.base}/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": us.refresh},
        auth=("sandbox-client", "sandbox-secret"),
        headers={"x-include-refresh-token-hard-expires-in": "true"},
    )

    assert 157_000_000 < answer.json()["x_refresh_token_hard_expires_in"] <= 5 * 365 * 86400


def test_consenting_again_ends_the_earlier_tokens(us: Books) -> None:
    connect(us.base, US_REALM)

    assert _refresh(us, us.refresh).json() == {"error": "invalid_grant"}


def test_revoking_either_token_ends_the_connection(us: Books) -> None:
    answer = HTTP.post(
        f"{us.base}/v2/oauth2/tokens/revoke", json={"token": us.access}, auth=("sandbox-client", "sandbox-secret")
    )

    assert (answer.status_code, answer.content) == (200, b"")
    assert _refresh(us, us.refresh).status_code == 400
    assert us.call("GET", "preferences").status == 401


def test_an_expired_token_gets_the_lower_case_401(us: Books) -> None:
    us.control("POST", "tokens/expire-access", {"realm": us.realm})

    answered = us.call("GET", "preferences")

    error = answered.body["fault"]["error"][0]
    assert answered.status == 401
    assert error["message"] == "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    assert error["detail"].startswith("Token expired: ")
    assert isinstance(answered.body["time"], int)


def test_a_token_lives_3600_seconds(us: Books) -> None:
    us.control("POST", "clock/advance", {"seconds": 3590})
    assert us.call("GET", "preferences").status == 200

    us.control("POST", "clock/advance", {"seconds": 20})
    assert us.call("GET", "preferences").status == 401


def test_a_token_opens_only_its_own_company(us: Books) -> None:
    us.realm = UK_REALM

    answered = us.call("GET", "preferences")

    assert answered.status == 403
    assert answered.body["fault"]["error"][0]["code"] == "3100"


@pytest.mark.parametrize(("switch", "status"), [("403_3100", 403), ("401_3200", 401)])
def test_disconnecting_inside_quickbooks_kills_the_tokens(us: Books, switch: str, status: int) -> None:
    us.switch(disconnected_answer=switch)
    us.control("POST", "tokens/disconnect", {"realm": us.realm})

    assert us.call("GET", "preferences").status == status
    assert _refresh(us, us.refresh).json() == {"error": "invalid_grant"}


def test_production_keys_do_not_open_sandbox_companies(us: Books) -> None:
    us.control("POST", "companies", {"realm_id": "9341450000000777", "name": "Live One", "environment": "production"})
    page = _ask(us.base, client_id="production-client").text
    assert "Live One" in page
    assert US_REALM not in page

    code = authorise(us.base, "9341450000000777", client="production-client")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    assert token(us.base, **form).json() == {"error": "invalid_grant"}
