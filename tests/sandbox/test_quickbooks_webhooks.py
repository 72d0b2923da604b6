"""Notifications: signature, both payloads, retries and misdelivery. Source: QuickBooks reference 8."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.sandbox.quickbooks.notifications import retry_wait, signature
from tests.sandbox.conftest import Books

VERIFIER = "sandbox-verifier-token"


def test_the_signature_of_the_reference_vector() -> None:
    """Source: QuickBooks reference 8.4."""
    body = (
        b'{"eventNotifications":[{"realmId":"4620816365000000001","dataChangeEvent":{"entities":[{"name":"Invoice",'
        b'"id":"145","operation":"Update","lastUpdated":"2026-01-05T10:00:00.000Z"}]}}]}'
    )

    assert len(body) == 183
    assert signature(body, "sim-verifier-token-0001") == "WN8buruevsb7TQcS//0u4EySWbJwb+kctMDLAkc84VU="


@dataclass
class Receiver:
    """A listener that answers with the planned statuses, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    calls: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    def wait_for(self, count: int) -> list[tuple[bytes, dict[str, str]]]:
        deadline = time.monotonic() + 15
        while len(self.calls) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.calls) >= count, f"{len(self.calls)} of {count} calls came"
        return self.calls

    def wait_for_entities(self, count: int) -> None:
        deadline = time.monotonic() + 15
        while len(self.entities()) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.entities()) >= count

    def entities(self) -> list[tuple[str, str, str]]:
        """(name, id, operation) of everything received in the classic form."""
        return [
            (entity["name"], entity["id"], entity["operation"])
            for body, _ in self.calls
            for notification in json.loads(body)["eventNotifications"]
            for entity in notification["dataChangeEvent"]["entities"]
        ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.calls.append((body, {key.lower(): value for key, value in self.headers.items()}))
            self.send_response(received.statuses.pop(0) if received.statuses else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    received.url = f"http://127.0.0.1:{server.server_address[1]}/hooks"
    yield received
    server.shutdown()
    server.server_close()


@pytest.fixture
def listening(us: Books, receiver: Receiver) -> Books:
    us.control("POST", "webhooks", {"url": receiver.url})
    return us


def test_a_write_is_reported_signed_and_without_data(listening: Books, receiver: Receiver) -> None:
    customer = listening.customer("C")

    body, headers = receiver.wait_for(1)[0]

    assert headers["intuit-signature"] == signature(body, VERIFIER)
    notification = json.loads(body)["eventNotifications"][0]
    assert notification["realmId"] == listening.realm
    entity = notification["dataChangeEvent"]["entities"][0]
    assert (entity["name"], entity["id"], entity["operation"]) == ("Customer", customer["Id"], "Create")
    assert entity["lastUpdated"].endswith("Z")


def test_cloud_events_are_an_array(listening: Books, receiver: Receiver) -> None:
    listening.switch(webhook_format="cloudevents")
    customer = listening.customer("C")

    event = json.loads(receiver.wait_for(1)[0][0])[0]

    assert event["specversion"] == "1.0"
    assert event["type"] == "qbo.customer.created.v1"
    assert (event["intuitentityid"], event["intuitaccountid"], event["data"]) == (customer["Id"], listening.realm, {})


def test_a_person_in_the_web_app_is_reported_too(listening: Books, receiver: Receiver) -> None:
    """Own writes may be silenced; the bookkeeper's are not."""
    listening.switch(webhook_own_writes=False)
    loser, survivor = listening.customer("Loser"), listening.customer("Survivor")
    invoice = listening.invoice(loser)
    desk = f"bookkeeper/{listening.realm}"

    listening.control("POST", f"{desk}/payment", {"invoice_id": invoice["Id"], "amount": "40", "ref": "CHK 9"})
    listening.control("POST", f"{desk}/merge-customers", {"survivor": survivor["Id"], "loser": loser["Id"]})
    listening.control("POST", f"{desk}/void-invoice", {"invoice_id": invoice["Id"]})

    receiver.wait_for_entities(3)
    kinds = [(name, operation) for name, _, operation in receiver.entities()]
    assert kinds == [("Payment", "Create"), ("Customer", "Merge"), ("Invoice", "Void")]
    merges = [call for call, _ in receiver.calls if b'"Merge"' in call]
    assert f'"deletedId":"{loser["Id"]}"'.encode() in merges[0]
    assert listening.call("GET", f"customer/{loser['Id']}").codes == ["610"]
    assert listening.read(f"invoice/{invoice['Id']}")["CustomerRef"]["name"] == "Survivor"


@pytest.mark.parametrize(("indirect", "expected"), [(False, ["Payment"]), (True, ["Invoice", "Payment"])])
def test_whether_a_paid_invoice_is_reported_is_a_switch(
    listening: Books, receiver: Receiver, indirect: bool, expected: list[str]
) -> None:
    """Source: QuickBooks reference 8.5, 17.7."""
    customer = listening.customer("C")
    invoice = listening.invoice(customer)
    receiver.wait_for_entities(2)
    listening.switch(webhook_indirect_invoice=indirect)
    listening.control("POST", "webhooks", {"paused": True})
    listening.pay(customer, 100, ("Invoice", invoice, 100))
    listening.control("POST", "webhooks/deliver-now")

    assert sorted(name for name, _, _ in receiver.entities()[2:]) == expected


def test_a_refused_call_is_retried_on_the_ladder(listening: Books, receiver: Receiver) -> None:
    """500, then 500, then accepted: 10 s and 20 s later by the simulated clock."""
    receiver.statuses = [500, 500]
    listening.customer("C")
    receiver.wait_for(1)
    time.sleep(0.1)
    assert len(receiver.calls) == 1

    for attempts in (1, 2):
        _delivery_after(listening, attempts=attempts)
        listening.control("POST", "clock/advance", {"seconds": 21})

    delivery = _delivery_after(listening, attempts=3)
    assert (delivery["state"], delivery["attempts"]) == ("delivered", ["500", "500", "200"])
    assert len({body for body, _ in receiver.calls}) == 1


def _delivery_after(books: Books, *, attempts: int) -> Any:
    """The first delivery, once the simulator has noted this many attempts."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        deliveries = books.control("GET", "webhooks")["deliveries"]
        if deliveries and len(deliveries[0]["attempts"]) >= attempts:
            return deliveries[0]
        time.sleep(0.05)
    raise AssertionError(f"fewer than {attempts} attempts in 15 s")


def test_the_ladders_of_the_reference() -> None:
    current = [retry_wait("current", attempts, "500") for attempts in range(1, 11)]
    assert [wait.total_seconds() for wait in current if wait] == [
        10,
        20,
        30,
        300,
        1200,
        7200,
        14400,
        21600,
        21600,
        21600,
    ]

    old = [retry_wait("old", attempts, "503") for attempts in range(1, 5)]
    assert [wait.total_seconds() if wait else None for wait in old] == [1200, 1800, 3000, None]
    assert retry_wait("old", 1, "404") is None


def test_calls_can_be_lost_doubled_and_turned_round(listening: Books, receiver: Receiver) -> None:
    listening.control("POST", "webhooks", {"drop_next": 1})
    listening.customer("Lost")
    listening.control("POST", "webhooks/deliver-now")
    listening.control("POST", "webhooks", {"duplicate_next": 1})
    listening.customer("Twice")
    bodies = [body for body, _ in receiver.wait_for(2)]
    assert bodies[0] == bodies[1]

    listening.control("POST", "webhooks", {"reorder": True, "paused": True})
    first, second = listening.customer("First"), listening.customer("Second")
    listening.control("POST", "webhooks/deliver-now")
    assert [entity_id for _, entity_id, _ in receiver.entities()[2:]] == [second["Id"], first["Id"]]


def test_changes_within_the_window_share_one_call(listening: Books, receiver: Receiver) -> None:
    listening.control("POST", "webhooks", {"aggregation_seconds": 60})
    listening.customer("A")
    listening.customer("B")
    time.sleep(0.1)
    assert receiver.calls == []

    listening.control("POST", "clock/advance", {"seconds": 61})
    receiver.wait_for(1)
    assert len(receiver.entities()) == 2


def test_newer_calls_may_be_held_back_until_an_older_one_is_accepted(listening: Books, receiver: Receiver) -> None:
    """Source: QuickBooks reference 8.5."""
    listening.control("POST", "webhooks", {"hold_back": True})
    receiver.statuses = [503]
    first = listening.customer("First")
    _delivery_after(listening, attempts=1)
    second = listening.customer("Second")
    time.sleep(0.1)
    assert len(receiver.calls) == 1

    listening.control("POST", "clock/advance", {"seconds": 11})
    receiver.wait_for(3)
    assert [entity_id for _, entity_id, _ in receiver.entities()] == [first["Id"], first["Id"], second["Id"]]


def test_tax_codes_have_no_events(listening: Books, receiver: Receiver) -> None:
    assert listening.control("GET", "webhooks")["undelivered_events"] == 0
    listening.post("customer", {"DisplayName": "C"})
    receiver.wait_for(1)

    assert [name for name, _, _ in receiver.entities()] == ["Customer"]


def test_a_slow_receiver_is_given_up_after_three_seconds_and_retried(us: Books, receiver: Receiver) -> None:
    """A port that accepts and never answers."""
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        us.control("POST", "webhooks", {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/"})
        us.customer("C")
        delivery = _delivery_after(us, attempts=1)

    assert (delivery["state"], delivery["attempts"]) == ("waiting", ["ReadTimeout"])
