"""Webhooks: intent to receive, signature, retries, replay. Source: Xero reference 9."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.sandbox.xero.notifications import retry_wait, signature
from connectors.sandbox.xero.settings import US_TENANT
from tests.sandbox.xero.conftest import Books

KEY = "sandbox-webhook-key"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            '{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "ABCDEFGHIJKLMNOPQRST"}',
            "rhvDGRgCNWJFh7PitCtZZCBGOLIo2cwZbzfchIJieDw=",
        ),
        (
            '{"events":[{"resourceUrl":"https://api.xero.com/api.xro/2.0/Invoices/11111111-2222-4333-8444-555555555555",'
            '"resourceId":"11111111-2222-4333-8444-555555555555","eventDateUtc":"2026-10-01T02:03:04.567",'
            '"eventType":"UPDATE","eventCategory":"INVOICE","tenantId":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",'
            '"tenantType":"ORGANISATION"}],"lastEventSequence":7,"firstEventSequence":7,"entropy":"ABCDEFGHIJKLMNOPQRST"}',
            "Jwp/hQZp+uO/CWbV/RoIPf3gcwCd/aicw36DpEhS+RY=",
        ),
    ],
)
def test_the_signatures_of_the_reference_vectors(body: str, expected: str) -> None:
    """The key is its literal text. Source: Xero reference 9.3."""
    assert signature(body.encode(), "whsim-key-0001") == expected


def test_the_retry_ladder() -> None:
    """At once, then every 15 minutes for 24 hours. Source: Xero reference 9.2."""
    waits = [retry_wait("current", attempts, "500") for attempts in range(1, 100)]

    assert waits[0] == timedelta(0)
    assert set(waits[1:97]) == {timedelta(minutes=15)}
    assert waits[97] is None


@dataclass
class Receiver:
    """A listener that checks signatures as Xero demands, or answers with the planned statuses."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    checks_signature: bool = True
    bodies: list[Any] = field(default_factory=list)

    def status_for(self, body: bytes, given: str) -> int:
        if self.checks_signature and given != signature(body, KEY):
            return 401
        return self.statuses.pop(0) if self.statuses else 200

    def events(self) -> list[Any]:
        return [event for body in self.bodies for event in body["events"]]

    def wait_for(self, count: int) -> list[Any]:
        deadline = time.monotonic() + 15
        while len(self.events()) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.events()) >= count, f"{len(self.events())} of {count} events came"
        return self.events()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = received.status_for(body, str(self.headers["x-xero-signature"]))
            if status == 200:
                received.bodies.append(json.loads(body))
            self.send_response(status)
            self.send_header("content-length", "0")
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
def subscribed(uk: Books, receiver: Receiver) -> Books:
    uk.control("POST", "webhooks", {"url": receiver.url, "verifier_token": KEY})
    assert uk.control("POST", "webhooks/intent-to-receive")["passed"]
    receiver.bodies.clear()
    return uk


def test_intent_to_receive_wants_401_for_three_bad_and_200_for_a_good_signature(uk: Books, receiver: Receiver) -> None:
    uk.control("POST", "webhooks", {"url": receiver.url, "verifier_token": KEY})
    uk.contact("Before intent")
    proof = uk.control("POST", "webhooks/intent-to-receive")

    assert [(call["signed"], call["answer"]) for call in proof["calls"]] == [("incorrectly", "401")] * 3 + [
        ("correctly", "200")
    ]
    assert receiver.bodies[0]["events"] == []
    assert uk.control("GET", "webhooks")["subscription"] == "ok"


def test_a_careless_receiver_gets_no_events(uk: Books, receiver: Receiver) -> None:
    receiver.checks_signature = False
    uk.control("POST", "webhooks", {"url": receiver.url})
    proof = uk.control("POST", "webhooks/intent-to-receive")
    receiver.bodies.clear()
    uk.contact("Silent Ltd")
    uk.control("POST", "webhooks/deliver-now")

    assert proof["problem"] == "Response to incorrectly signed payload not 401"
    assert receiver.events() == []


def test_the_events_of_documents_and_contacts(subscribed: Books, receiver: Receiver) -> None:
    """Credit notes carry data; there is no payment event, the invoice's speaks for it. Source: 9.1, 9.2."""
    contact = subscribed.contact("Event Ltd")
    made = subscribed.invoice(contact)
    note = subscribed.credit_note(contact, Status="DRAFT")
    subscribed.pay(made, 5)
    events = receiver.wait_for(4)

    assert [(e["eventCategory"], e["eventType"], e["resourceId"]) for e in events[:4]] == [
        ("CONTACT", "CREATE", contact["ContactID"]),
        ("INVOICE", "CREATE", made["InvoiceID"]),
        ("CREDITNOTE", "CREATE", note["CreditNoteID"]),
        ("INVOICE", "UPDATE", made["InvoiceID"]),
    ]
    assert events[2]["data"] == {"Type": "ACCRECCREDIT", "Status": "DRAFT"}
    assert set(events[1]) == {
        "resourceUrl", "resourceId", "eventDateUtc", "eventType", "eventCategory", "tenantId", "tenantType",
    }  # fmt: skip
    assert events[1]["resourceUrl"] == f"https://api.xero.com/api.xro/2.0/Invoices/{made['InvoiceID']}"
    sequences = [
        number for b in receiver.bodies for number in range(b["firstEventSequence"], b["lastEventSequence"] + 1)
    ]
    assert sequences == list(range(1, len(events) + 1))


def test_nothing_is_told_of_a_refused_write(subscribed: Books, receiver: Receiver) -> None:
    subscribed.call("PUT", "Contacts", {"Name": "A < B"})
    made = subscribed.contact("Told Ltd")

    assert [event["resourceId"] for event in receiver.wait_for(1)] == [made["ContactID"]]


def test_categories_and_own_writes_can_be_silenced(subscribed: Books, receiver: Receiver) -> None:
    subscribed.control("POST", "webhooks", {"categories": ["INVOICE"]})
    contact = subscribed.contact("Quiet Ltd")
    subscribed.switch(webhook_own_writes=False)
    made = subscribed.invoice(contact)
    subscribed.act("void", invoice_id=made["InvoiceID"])

    assert [(e["eventCategory"], e["eventType"]) for e in receiver.wait_for(1)] == [("INVOICE", "UPDATE")]


def test_a_failing_receiver_is_tried_at_once_and_every_quarter_of_an_hour(
    subscribed: Books, receiver: Receiver
) -> None:
    receiver.statuses = [500, 500, 500]
    made = subscribed.contact("Retry Ltd")

    def attempts() -> list[str]:
        found: list[str] = subscribed.control("GET", "webhooks")["deliveries"][-1]["attempts"]
        return found

    deadline = time.monotonic() + 15
    while len(attempts()) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert attempts() == ["500", "500"]
    for _ in range(2):
        count = len(attempts())
        subscribed.control("POST", "clock/advance", {"minutes": 15})
        while len(attempts()) == count and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [event["resourceId"] for event in receiver.wait_for(1)] == [made["ContactID"]]


def test_after_a_day_it_is_disabled_and_everything_waits_for_a_new_proof(subscribed: Books, receiver: Receiver) -> None:
    """Events raised while disabled are replayed in order. Source: Xero reference 9.2."""
    receiver.statuses = [500] * 99
    first = subscribed.contact("First Ltd")
    deadline = time.monotonic() + 30
    while subscribed.control("GET", "webhooks")["subscription"] != "disabled" and time.monotonic() < deadline:
        subscribed.control("POST", "webhooks/deliver-now")
    assert subscribed.control("GET", "webhooks")["subscription"] == "disabled"
    second = subscribed.contact("Second Ltd")
    receiver.statuses.clear()
    assert receiver.events() == []

    assert subscribed.control("POST", "webhooks/intent-to-receive")["passed"]
    assert [event["resourceId"] for event in receiver.wait_for(2)] == [first["ContactID"], second["ContactID"]]


def test_duplicates_on_demand(subscribed: Books, receiver: Receiver) -> None:
    subscribed.control("POST", "webhooks", {"duplicate_next": 1})
    subscribed.contact("Twice Ltd")

    events = receiver.wait_for(2)
    assert events[0] == events[1]


# the bookkeeper ------------------------------------------------------------------------------------------------


def test_what_a_bookkeeper_does_arrives_as_events(subscribed: Books, receiver: Receiver) -> None:
    contact = subscribed.contact("Desk Ltd")
    made, note = subscribed.invoice(contact), subscribed.credit_note(contact, 10)
    receiver.wait_for(3)
    receiver.bodies.clear()
    subscribed.act("payment", invoice_id=made["InvoiceID"], amount=20, reference="Cheque 9")
    subscribed.act("allocate-credit", credit_note_id=note["CreditNoteID"], invoice_id=made["InvoiceID"], amount=12)
    subscribed.act("edit", invoice_id=made["InvoiceID"], changes={"Reference": "By hand"})
    subscribed.act("archive-contact", contact_id=contact["ContactID"])

    seen = {(e["eventCategory"], e["resourceId"]) for e in receiver.wait_for(5)}
    assert seen == {
        ("INVOICE", made["InvoiceID"]), ("CREDITNOTE", note["CreditNoteID"]), ("CONTACT", contact["ContactID"]),
    }  # fmt: skip
    after = subscribed.get(f"Invoices/{made['InvoiceID']}").row
    assert (after["AmountDue"], after["Reference"]) == (88, "By hand")


def test_the_books_refuse_a_bookkeeper_too(uk: Books) -> None:
    made = uk.invoice(uk.contact("Refuse Ltd"))
    uk.act("payment", invoice_id=made["InvoiceID"], amount=20)
    refused = uk.control("POST", f"bookkeeper/{uk.tenant}/void", {"invoice_id": made["InvoiceID"]}, status=409)

    assert "because it has payments" in refused["messages"][0]
    uk.control("POST", f"bookkeeper/{uk.tenant}/nonsense", status=404)
    uk.control("POST", "bookkeeper/nobody/void", status=404)


def test_an_archived_contact_is_edited_and_a_payment_removed_by_hand(uk: Books) -> None:
    contact = uk.contact("Hand Ltd")
    made = uk.invoice(contact)
    paid = uk.act("payment", invoice_id=made["InvoiceID"], amount=20, reconciled=True)
    uk.act("archive-contact", contact_id=contact["ContactID"])

    assert uk.act("edit", contact_id=contact["ContactID"], changes={"FirstName": "Jo"})["FirstName"] == "Jo"
    assert uk.act("delete-payment", payment_id=paid["PaymentID"])["Status"] == "DELETED"
    assert uk.act("void", invoice_id=made["InvoiceID"])["Status"] == "VOIDED"


def test_a_new_organisation_of_any_size(uk: Books) -> None:
    made = uk.control("POST", "organisations", {"name": "Big Ltd", "country": "NZ", "contacts": 120, "invoices": 30})

    assert (made["counts"]["contacts"], made["counts"]["documents"]) == (120, 30)
    taken = uk.control("POST", "organisations", {"tenant_id": US_TENANT}, status=409)
    assert "exists already" in taken["error"]
