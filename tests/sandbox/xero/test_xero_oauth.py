"""Consent, tokens and connections. Source: Xero reference 1, 8.4."""

from __future__ import annotations

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.sandbox.xero.settings import UK_TENANT, US_TENANT
from tests.sandbox.xero.conftest import (
    CUSTOM,
    HTTP,
    PKCE,
    REDIRECT,
    SCOPES,
    SECRET,
    WEB,
    Books,
    authorise,
    connect,
    token,
)

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def claims_of(jwt: str) -> dict[str, object]:
    body = jwt.split(".")[1]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def test_the_token_answer_and_its_signature(uk: Books) -> None:
    """An independent check of RS256 against the published key set."""
    answer = token(uk.base, grant_type="refresh_token", refresh_token=uk.refresh).json()
    assert set(answer) == {"id_token", "access_token", "expires_in", "token_type", "refresh_token", "scope"}
    assert (answer["expires_in"], answer["token_type"]) == (1800, "Bearer")

    document = HTTP.get(f"{uk.base}/.well-known/openid-configuration").json()
    key = HTTP.get(document["jwks_uri"]).json()["keys"][0]
    n, e = (int.from_bytes(base64.urlsafe_b64decode(key[name] + "=="), "big") for name in ("n", "e"))
    signed, _, signature = answer["access_token"].rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    rsa.RSAPublicNumbers(e, n).public_key().verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    claims = claims_of(answer["access_token"])
    assert claims["iss"] == document["issuer"]
    assert claims["scope"] == SCOPES.split()
    connections = HTTP.get(f"{uk.base}/connections", headers={"Authorization": f"Bearer {uk.access}"}).json()
    assert claims["authentication_event_id"] == connections[0]["authEventId"]


def test_a_code_works_once_for_five_minutes_and_its_redirect(uk: Books) -> None:
    def redeem(code: str, redirect: str = REDIRECT) -> tuple[int, str]:
        answer = token(uk.base, grant_type="authorization_code", code=code, redirect_uri=redirect)
        return answer.status_code, answer.json().get("error", "")

    code = authorise(uk.base, UK_TENANT)
    assert redeem(code) == (200, "")
    assert redeem(code) == (400, "invalid_grant")
    assert redeem(authorise(uk.base, UK_TENANT), "http://localhost:9/other") == (400, "invalid_grant")
    late = authorise(uk.base, UK_TENANT)
    uk.control("POST", "clock/advance", {"minutes": 5, "seconds": 1})
    assert redeem(late) == (400, "invalid_grant")


def test_pkce_replaces_the_secret(uk: Books) -> None:
    def exchange(verifier: str) -> int:
        more = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        code = authorise(uk.base, UK_TENANT, client=PKCE, **more)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "client_id": PKCE}
        return HTTP.post(f"{uk.base}/connect/token", data={**form, "code_verifier": verifier}).status_code

    assert exchange(VERIFIER) == 200
    assert exchange("w" * 64) == 400
    without = {"response_type": "code", "client_id": PKCE, "redirect_uri": REDIRECT, "scope": SCOPES}
    assert HTTP.get(f"{uk.base}/identity/connect/authorize", params=without).status_code == 400


def test_refresh_tokens_rotate_with_thirty_minutes_of_grace(uk: Books) -> None:
    """The previous token works again for a lost answer, and then never. Source: Xero reference 1.4."""

    def refresh(value: str) -> tuple[int, str]:
        answer = token(uk.base, grant_type="refresh_token", refresh_token=value)
        return answer.status_code, answer.json().get("refresh_token", "")

    _, second = refresh(uk.refresh)
    assert second != uk.refresh
    uk.control("POST", "clock/advance", {"minutes": 29})
    status, third = refresh(uk.refresh)
    assert (status, third not in {uk.refresh, second}) == (200, True)
    uk.control("POST", "clock/advance", {"minutes": 2})
    assert refresh(uk.refresh)[0] == 400
    assert refresh(second)[0] == 200
    uk.control("POST", "clock/advance", {"days": 60})
    assert refresh(third)[0] == 400


@pytest.mark.parametrize(
    ("form", "client", "secret", "status", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, WEB, SECRET, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, WEB, "wrong", 400, "invalid_client"),
        ({"grant_type": "refresh_token"}, WEB, SECRET, 400, "invalid_request"),
        ({"grant_type": "password"}, WEB, SECRET, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "", "", 400, "unauthorized_client"),
        ({"grant_type": "client_credentials", "scope": "accounting.contacts"}, WEB, SECRET, 400, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "nonsense"}, CUSTOM, SECRET, 400, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "app.connections"}, WEB, SECRET, 200, ""),
        ({"grant_type": "client_credentials", "scope": "accounting.contacts"}, CUSTOM, SECRET, 200, ""),
    ],
)
def test_the_token_endpoint_refuses(
    uk: Books, form: dict[str, str], client: str, secret: str, status: int, error: str
) -> None:
    answer = token(uk.base, client=client, secret=secret, **form)

    assert (answer.status_code, answer.json().get("error", "")) == (status, error)
    if status == 200:
        assert "refresh_token" not in answer.json()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"client_id": "nobody"}, "Unknown client or client not enabled"),
        ({"redirect_uri": "https://evil.example/"}, "Invalid redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1:9/callback"}, "Invalid redirect_uri"),
        ({"scope": "accounting.everything"}, "invalid_scope"),
        ({"scope": "accounting.transactions"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_some_errors_never_come_back_to_the_app(uk: Books, change: dict[str, str], text: str) -> None:
    """Broad scopes too: apps made since March 2026 must not ask for them. Source: Xero reference 1.3."""
    form = {
        "response_type": "code",
        "client_id": WEB,
        "redirect_uri": REDIRECT,
        "scope": SCOPES,
        "state": "s",
        **change,
    }
    page = HTTP.get(f"{uk.base}/identity/connect/authorize", params=form)

    assert (page.status_code, text in page.text) == (400, True)


def test_an_old_app_may_ask_for_broad_scopes(uk: Books) -> None:
    HTTP.post(f"{uk.base}/_control/reset")
    uk.control("POST", "apps", {"client_id": WEB, "client_secret": SECRET, "broad_scopes": True})
    books = connect(uk.base, UK_TENANT, scope="accounting.transactions.read")

    assert books.call("GET", "Invoices").status == 200
    assert books.call("PUT", "Invoices", {}).status == 401


def test_the_person_may_cancel_and_a_switch_decides_alone(uk: Books) -> None:
    form = {"response_type": "code", "client_id": WEB, "redirect_uri": REDIRECT, "scope": SCOPES, "state": "s2"}
    url = f"{uk.base}/identity/connect/authorize"

    def back(answer: object) -> dict[str, list[str]]:
        return parse_qs(urlsplit(answer.headers["location"]).query)  # type: ignore[attr-defined]

    assert back(HTTP.post(url, data={**form, "decision": "deny"})) == {"error": ["access_denied"], "state": ["s2"]}
    uk.switch(consent="allow", consent_tenant=US_TENANT)
    assert set(back(HTTP.get(url, params=form))) == {"code", "scope", "session_state", "state"}
    uk.switch(consent="deny")
    assert back(HTTP.get(url, params=form))["error"] == ["access_denied"]
    uk.switch(consent="error_page")
    assert HTTP.get(url, params=form).status_code == 500


def test_connections_are_per_app_and_filtered_by_event(uk: Books) -> None:
    us = connect(uk.base, US_TENANT)
    headers = {"Authorization": f"Bearer {us.access}"}
    everything = HTTP.get(f"{uk.base}/connections", headers=headers).json()
    event = str(claims_of(us.access)["authentication_event_id"])
    mine = HTTP.get(f"{uk.base}/connections", headers=headers, params={"authEventId": event}).json()

    assert {row["tenantId"] for row in everything} == {UK_TENANT, US_TENANT}
    assert [row["tenantId"] for row in mine] == [US_TENANT]
    assert len(mine[0]["createdDateUtc"]) == len("2026-04-20T11:47:10.3365440")
    assert us.call("GET", "Organisation").row["OrganisationID"] == US_TENANT


def test_disconnecting_one_organisation(uk: Books) -> None:
    headers = {"Authorization": f"Bearer {uk.access}"}
    connection = HTTP.get(f"{uk.base}/connections", headers=headers).json()[0]

    assert HTTP.delete(f"{uk.base}/connections/{connection['id']}", headers=headers).status_code == 204
    assert HTTP.delete(f"{uk.base}/connections/{connection['id']}", headers=headers).status_code == 404
    refused = uk.call("GET", "Organisation")
    assert (refused.status, refused.body["Detail"]) == (403, "AuthenticationUnsuccessful")


def test_revocation_ends_everything_of_the_user(uk: Books) -> None:
    us = connect(uk.base, US_TENANT)
    answer = HTTP.post(f"{uk.base}/connect/revocation", data={"token": us.refresh}, auth=(WEB, SECRET))

    assert (answer.status_code, answer.content) == (200, b"")
    assert token(uk.base, grant_type="refresh_token", refresh_token=us.refresh).json() == {"error": "invalid_grant"}
    assert us.call("GET", "Organisation").status == 401
    assert uk.call("GET", "Organisation").status == 403


def test_reconnecting_keeps_the_connection_and_moves_its_date(uk: Books) -> None:
    uk.control("POST", "tokens/disconnect", {"tenant": UK_TENANT})
    assert token(uk.base, grant_type="refresh_token", refresh_token=uk.refresh).status_code == 200
    assert uk.call("GET", "Organisation").status == 403
    uk.control("POST", "clock/advance", {"minutes": 1})
    again = connect(uk.base, UK_TENANT)
    row = HTTP.get(f"{uk.base}/connections", headers={"Authorization": f"Bearer {again.access}"}).json()[0]

    assert row["createdDateUtc"] != row["updatedDateUtc"]


@pytest.mark.parametrize(
    ("spoil", "status", "detail"),
    [
        ("expired", 401, "TokenExpired: token expired at"),
        ("unknown token", 401, "AuthenticationUnsuccessful"),
        ("unknown tenant", 403, "AuthenticationUnsuccessful"),
        ("no tenant", 403, "AuthenticationUnsuccessful"),
        ("scope", 401, "AuthorizationUnsuccessful"),
    ],
)
def test_the_bodies_of_401_and_403(uk: Books, spoil: str, status: int, detail: str) -> None:
    """Source: Xero reference 8.4, to the letter."""
    books = Books(uk.base, uk.tenant, uk.access)
    if spoil == "expired":
        uk.control("POST", "clock/advance", {"minutes": 31})
    elif spoil == "unknown token":
        books.access = "eyJ.nonsense.x"
    elif spoil in {"unknown tenant", "no tenant"}:
        books.tenant = US_TENANT if spoil == "unknown tenant" else ""
    else:
        HTTP.post(f"{uk.base}/_control/reset")
        books = connect(uk.base, UK_TENANT, scope="accounting.contacts.read")
    answered = books.call("GET", "Invoices")

    assert answered.status == status
    assert list(answered.body) == ["Type", "Title", "Status", "Detail", "Instance", "Extensions"]
    assert answered.body["Detail"].startswith(detail)
    assert answered.headers["content-type"] == "application/json; charset=utf-8"


def test_a_read_scope_reads_and_does_not_write(uk: Books) -> None:
    HTTP.post(f"{uk.base}/_control/reset")
    books = connect(uk.base, UK_TENANT, scope="accounting.contacts.read accounting.settings.read")

    assert books.call("GET", "Contacts").status == 200
    assert books.call("PUT", "Contacts", {"Name": "X"}).status == 401
    assert books.call("GET", "Items").status == 200


def test_scopes_add_up_over_consents(uk: Books) -> None:
    """Source: Xero reference 1.3."""
    HTTP.post(f"{uk.base}/_control/reset")
    connect(uk.base, UK_TENANT, scope="accounting.contacts")
    later = connect(uk.base, UK_TENANT, scope="accounting.invoices offline_access")

    assert later.call("GET", "Contacts").status == 200
