"""Request limits and bad days. Source: Xero reference 8.1, 8.2, 12 (P0 11, P1 18)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.sandbox.xero import XeroSettings
from connectors.sandbox.xero.settings import US_TENANT
from tests.sandbox.xero.conftest import HTTP, SECRET, WEB, Answered, Books, connect, running


@pytest.fixture
def limited(uk: Books) -> Books:
    """The window boundaries depend on the clock, so it is put where the tenant's minute has just begun."""
    uk.switch(limits=True, calls_per_minute=3)
    while True:
        answered = uk.call("GET", "Organisation")
        if answered.headers["x-minlimit-remaining"] == "2":
            break
        uk.control("POST", "clock/advance", {"seconds": 10})
    uk.control("DELETE", "calls")
    return uk


def test_the_minute_limit(limited: Books) -> None:
    """429 has no body and no content type. Source: Xero reference 8.1, the recorded answer."""
    left = [limited.call("GET", "Organisation").headers["x-minlimit-remaining"] for _ in range(3)]
    refused = limited.call("GET", "Organisation")

    assert left == ["2", "1", "0"]
    assert (refused.status, refused.body) == (429, b"")
    assert "content-type" not in refused.headers
    assert (refused.headers["x-rate-limit-problem"], refused.headers["x-minlimit-remaining"]) == ("minute", "0")
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 60
    limited.control("POST", "clock/advance", {"seconds": wait})
    assert limited.call("GET", "Organisation").status == 200


def test_another_organisation_has_its_own_minute(limited: Books) -> None:
    for _ in range(4):
        limited.call("GET", "Organisation")
    other = connect(limited.base, US_TENANT)

    assert other.call("GET", "Organisation").status == 200


def test_without_limits_nothing_runs_low(uk: Books) -> None:
    """A client that heeds the counters would slow down for a limit that is not there."""
    left = {uk.call("GET", "Organisation").headers["x-minlimit-remaining"] for _ in range(3)}

    assert left == {"60"}


@pytest.mark.parametrize(("tier", "day"), [("starter", 1000), ("core", 5000)])
def test_the_day_limit_follows_the_tier(uk: Books, tier: str, day: int) -> None:
    uk.switch(limits=True)
    uk.control("POST", "apps", {"client_id": WEB, "client_secret": SECRET, "tier": tier})

    assert int(uk.call("GET", "Organisation").headers["x-daylimit-remaining"]) in {day - 1, day - 2}


def test_the_day_limit_names_itself_and_takes_hours(uk: Books) -> None:
    uk.switch(limits=True, calls_per_day=2)
    while uk.call("GET", "Organisation").status == 200:
        continue
    refused = uk.call("GET", "Organisation")

    assert (refused.headers["x-rate-limit-problem"], refused.headers["x-daylimit-remaining"]) == ("day", "0")
    assert int(refused.headers["retry-after"]) > 0


def test_five_calls_at_once(uk: Books) -> None:
    """A concurrency breach carries no Retry-After."""
    uk.switch(limits=True, latency_ms=300, calls_at_once=2)
    answers: list[Answered] = []
    threads = [threading.Thread(target=lambda: answers.append(uk.call("GET", "Currencies"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) == 2
    assert {answer.headers["x-rate-limit-problem"] for answer in refused} == {"concurrent"}
    assert all("retry-after" not in answer.headers for answer in refused)


def test_identity_and_connections_are_outside_the_limits(limited: Books) -> None:
    headers = {"Authorization": f"Bearer {limited.access}"}

    assert {HTTP.get(f"{limited.base}/connections", headers=headers).status_code for _ in range(6)} == {200}


# faults --------------------------------------------------------------------------------------------------------


def test_a_lost_answer_after_the_work_is_done(uk: Books) -> None:
    """The most valuable fault: the contact is there, the answer is not."""
    uk.control("POST", "faults", {"kind": "drop", "when": "after", "method": "PUT", "path": "/Contacts"})
    with pytest.raises(httpx.TransportError):
        uk.contact("Lost Ltd")

    assert len(uk.get("Contacts", where='Name=="Lost Ltd"').rows) == 1


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ({"kind": "throttle"}, 429, b""),
        ({"kind": "throttle", "limit": "day", "retry_after": 66975}, 429, b""),
        ({"kind": "offline"}, 503, b"The Organisation is offline"),
        ({"kind": "unavailable_html"}, 503, b"503 Service Temporarily Unavailable"),
        ({"kind": "bad_gateway"}, 502, b"Bad Gateway"),
        ({"kind": "gateway_timeout"}, 504, b"Gateway Time-out"),
        ({"kind": "server_error"}, 500, b"error occurred"),
        ({"kind": "not_found"}, 404, b"cannot be found"),
    ],
)
def test_planned_answers(uk: Books, fault: dict[str, Any], status: int, text: bytes) -> None:
    uk.control("POST", "faults", {**fault, "path": "/Contacts"})
    answered = uk.call("GET", "Contacts")

    assert answered.status == status
    assert text in answered.body
    assert uk.call("GET", "Contacts").status == 200
    if "limit" in fault:
        assert (answered.headers["x-rate-limit-problem"], answered.headers["retry-after"]) == ("day", "66975")


@pytest.mark.parametrize(("kind", "status"), [("unauthorised", 401), ("forbidden", 403)])
def test_planned_problem_documents(uk: Books, kind: str, status: int) -> None:
    uk.control("POST", "faults", {"kind": kind})

    assert uk.call("GET", "Contacts").body["Status"] == status


def test_truncated_and_slow_answers(uk: Books) -> None:
    headers = {"Authorization": f"Bearer {uk.access}", "Xero-tenant-id": uk.tenant, "Accept": "application/json"}
    url = f"{uk.base}/api.xro/2.0/Contacts"
    uk.control("POST", "faults", {"kind": "truncated"})
    assert not HTTP.get(url, headers=headers).text.endswith("}")
    uk.control("POST", "faults", {"kind": "hang", "seconds": 2})
    with pytest.raises(httpx.ReadTimeout):
        HTTP.get(url, headers=headers, timeout=0.2)


def test_what_xero_never_does_cannot_be_planned(uk: Books) -> None:
    refused = uk.control("POST", "faults", {"kind": "stale"}, status=400)

    assert refused["error"].startswith("kind: Input should be 'throttle'")


def test_an_organisation_can_go_offline_and_a_demo_company_be_reset(uk: Books) -> None:
    """A reset kills the connection silently: 403 and gone from the list. Source: Xero reference 1.1."""
    uk.control("POST", "organisations/status", {"tenant": uk.tenant, "offline": True})
    assert uk.call("GET", "Contacts").status == 503
    uk.control("POST", "organisations/status", {"tenant": uk.tenant, "offline": False, "demo_reset": True})
    assert uk.call("GET", "Contacts").status == 403
    assert HTTP.get(f"{uk.base}/connections", headers={"Authorization": f"Bearer {uk.access}"}).json() == []


def test_calls_are_counted_by_route(uk: Books) -> None:
    uk.control("DELETE", "calls")
    made = uk.contact("Counted Ltd")
    uk.get(f"Contacts/{made['ContactID']}")
    summary = uk.control("GET", "calls")

    assert summary["by_route"] == {"GET /api.xro/2.0/contacts/{id}": 1, "PUT /api.xro/2.0/contacts": 1}
    assert summary["recent"][0]["realm"] == uk.tenant


@pytest.fixture
def locked() -> Iterator[str]:
    with running(XeroSettings(control_token="let-me-in")) as url:
        yield url


def test_the_control_endpoint_can_be_locked(locked: str) -> None:
    assert HTTP.get(f"{locked}/_control/health").status_code == 401
    assert HTTP.get(f"{locked}/_control/health", headers={"x-control-token": "let-me-in"}).json() == {"ok": True}
