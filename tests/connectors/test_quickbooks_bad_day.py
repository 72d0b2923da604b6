"""Lost answers, limits, sign-ins and notices: the connector against the simulator, over real HTTP."""

from __future__ import annotations

import asyncio
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from connectors.limits import QUICKBOOKS_WINDOWS
from connectors.oauth.tokens import TokenSource
from connectors.protocol import ConnectorError, Member, OutcomeUnknown, Refused, Result, SignInNeeded, TryLater
from connectors.quickbooks import webhooks
from connectors.sandbox.quickbooks.settings import UK_REALM
from contracts.books import ObservedDocument, RecordKind, RemoteRef
from contracts.invoices import DocumentStatus
from contracts.problems import Reason
from mappings.plan import Verb
from tests.builders import a_credit_memo, a_customer, a_payment, an_invoice
from tests.connectors.simulated import Company, connected, consent, invoices

LOST: list[tuple[str, dict[str, Any], type[ConnectorError]]] = [
    ("dropped", {"kind": "drop"}, OutcomeUnknown),
    ("cut in the middle", {"kind": "truncated"}, OutcomeUnknown),
    ("502", {"kind": "bad_gateway"}, OutcomeUnknown),
    ("504 in XML", {"kind": "gateway_timeout"}, OutcomeUnknown),
    ("500", {"kind": "server_error"}, OutcomeUnknown),
    ("a page with 200", {"kind": "html_in_200"}, OutcomeUnknown),
    ("empty XML", {"kind": "empty_xml"}, OutcomeUnknown),
    ("a fault in a 200", {"kind": "fault_in_200"}, OutcomeUnknown),
]
NOT_DONE: list[tuple[str, dict[str, Any], type[ConnectorError]]] = [
    ("503 of the edge", {"kind": "unavailable_html"}, TryLater),
    ("429 in JSON", {"kind": "throttle"}, TryLater),
    ("429 in XML", {"kind": "throttle", "format": "xml"}, TryLater),
]


class TestABadDay:
    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("many", [1, 3])
    @pytest.mark.parametrize(("what", "fault", "error"), LOST, ids=[row[0] for row in LOST])
    async def test_a_lost_answer_never_makes_a_second_document(
        self, shop: Company, what: str, fault: dict[str, Any], error: type[ConnectorError], when: str, many: int
    ) -> None:
        """Whether it was carried out or not: looking tells which, and the same call again makes no second one."""
        records = invoices(many)
        call = await shop.call_for(*records)
        shop.fault(when=when, **fault)

        with pytest.raises(ConnectorError) as raised:
            await shop.ledger.send(call)
        found = await shop.ledger.look(call.members)
        again = await shop.ledger.send(call)

        assert type(raised.value) is error
        assert [seen is not None for seen in found.values()] == [when == "after" or what == "cut in the middle"] * many
        assert {outcome.result for outcome in again} == {Result.DONE}
        numbers = [row.get("DocNumber") for row in shop.there("Invoice")]
        assert [numbers.count(record.number) for record in records] == [1] * many

    @pytest.mark.parametrize(("what", "fault", "error"), NOT_DONE, ids=[row[0] for row in NOT_DONE])
    async def test_what_was_not_done_says_so(
        self, shop: Company, what: str, fault: dict[str, Any], error: type[ConnectorError]
    ) -> None:
        """No looking needed; a throttle pauses the connection for about a minute."""
        call = await shop.call_for(an_invoice())
        shop.fault(**fault)

        with pytest.raises(TryLater) as raised:
            await shop.ledger.send(call)

        assert raised.value.limited is ("429" in what)
        if raised.value.limited:
            assert 59 <= raised.value.wait_seconds <= 76
            with pytest.raises(TryLater):
                await shop.ledger.read(RecordKind.INVOICE, ["1"])

    async def test_an_answer_that_takes_too_long_is_unknown(self, base: str) -> None:
        """It may come after we stopped waiting."""
        async with connected(base, UK_REALM, total=0.7) as shop:
            await shop.push(a_customer())
            call = await shop.call_for(an_invoice())
            shop.fault("hang", when="after", seconds=2)

            with pytest.raises(OutcomeUnknown):
                await shop.ledger.send(call)
            found = await shop.ledger.look(call.members)

            assert found[call.members[0].key] is not None

    async def test_a_payment_and_an_allocation_are_found_by_their_marker(self, shop: Company) -> None:
        """They have no number: by customer and date, then by marker."""
        await shop.push(an_invoice())
        await shop.push(an_invoice(id="inv_2", number="INV-2"))
        memo = a_credit_memo(allocations=[{"invoice_id": "inv_1", "amount": "10.00"}])
        planned = await shop.plan(memo)
        assert planned is not None
        (created,) = await shop.ledger.send(await shop.call_for(memo))
        shop.keep(memo, planned[0], created)
        for record in (memo, a_payment(allocations=[{"invoice_id": "inv_2", "amount": "120.00"}])):
            call = await shop.call_for(record)
            shop.fault("drop", when="after")
            with pytest.raises(OutcomeUnknown):
                await shop.ledger.send(call)

            (seen,) = (await shop.ledger.look(call.members)).values()

            assert seen is not None
            assert (seen.marker, seen.ref.kind) == (call.members[0].marker, call.members[0].kind)

    async def test_a_customer_is_found_by_name_and_marker(self, uk: Company) -> None:
        """The same name without our marker is somebody else's."""
        uk.control("DELETE", "calls")
        call = await uk.call_for(a_customer(name="O'Brien \\ Söhne"))
        uk.fault("drop", when="after")
        with pytest.raises(OutcomeUnknown):
            await uk.ledger.send(call)

        (seen,) = (await uk.ledger.look(call.members)).values()

        assert seen is not None
        assert seen.marker == call.members[0].marker

    async def test_reads_ride_out_a_bad_minute(self, shop: Company) -> None:
        """A read is repeated in here."""
        for kind in ("bad_gateway", "html_in_200"):
            shop.fault(kind, method="*", path="/query", count=1)

        (person,) = await shop.ledger.read(RecordKind.CUSTOMER, [shop.held["cus_1"].ref.id])

        assert person.ref.id == shop.held["cus_1"].ref.id

    async def test_a_void_after_a_lost_answer_is_seen_on_its_target(self, shop: Company) -> None:
        """Updates, voids and sends are looked up on the object itself."""
        await shop.push(an_invoice())
        call = await shop.call_for(an_invoice(status=DocumentStatus.VOIDED))
        shop.fault("drop", when="after")
        with pytest.raises(OutcomeUnknown):
            await shop.ledger.send(call)

        (seen,) = (await shop.ledger.look(call.members)).values()

        assert isinstance(seen, ObservedDocument)
        assert seen.voided


class TestSigningIn:
    async def test_an_expired_token_is_renewed_and_the_write_done_once(self, shop: Company) -> None:
        """The lane notices nothing."""
        call = await shop.call_for(an_invoice())
        shop.control("POST", "tokens/expire-access", {})

        (outcome,) = await shop.ledger.send(call)

        assert outcome.result is Result.DONE
        assert shop.store.stored is not None
        assert shop.store.stored.generation == 2

    async def test_strict_rotation_survives_two_processes(self, shop: Company) -> None:
        """Ten tasks in two of them, one refresh token that works once."""
        shop.control("POST", "switches", {"refresh_rotation": "strict"})
        shop.control("POST", "tokens/expire-access", {})
        stored = shop.store.stored
        assert stored is not None
        old = stored.grant.access_token
        sources = [TokenSource(shop.store, shop.oauth) for _ in range(2)]

        tokens = await asyncio.gather(*(sources[n % 2].access_token(not_this=old) for n in range(10)))

        assert len(set(tokens)) == 1
        assert shop.store.stored is not None
        assert shop.store.stored.generation == 2

    async def test_a_person_who_disconnects_is_asked_to_sign_in(self, shop: Company) -> None:
        """In QuickBooks, Apps, Disconnect. No webhook tells us."""
        call = await shop.call_for(an_invoice())
        shop.control("POST", "tokens/disconnect", {"realm": UK_REALM})

        with pytest.raises(SignInNeeded):
            await shop.ledger.send(call)

    async def test_the_same_shown_as_an_expired_token_ends_at_the_renewal(self, shop: Company) -> None:
        """invalid_grant is final."""
        shop.control("POST", "switches", {"disconnected_answer": "401_3200"})
        call = await shop.call_for(an_invoice())
        shop.control("POST", "tokens/disconnect", {"realm": UK_REALM})

        with pytest.raises(SignInNeeded):
            await shop.ledger.send(call)

    async def test_a_removed_user_is_asked_to_sign_in(self, shop: Company) -> None:
        """Code 120."""
        call = await shop.call_for(an_invoice())
        shop.control("POST", "companies/status", {"realm": UK_REALM, "connecting_user_removed": True})

        with pytest.raises(SignInNeeded):
            await shop.ledger.send(call)

    async def test_a_lapsed_subscription_is_not_a_sign_in(self, shop: Company) -> None:
        """The merchant pays QuickBooks, then everything goes on."""
        call = await shop.call_for(an_invoice())
        shop.control("POST", "companies/status", {"realm": UK_REALM, "subscription_lapsed": True})

        (outcome,) = await shop.ledger.send(call)

        assert [problem.reason for problem in outcome.problems] == [Reason.SUBSCRIPTION_INACTIVE]

    async def test_a_code_works_once_and_a_revoked_grant_is_over(self, uk: Company) -> None:
        """Disconnecting from our side."""
        code = consent(uk.oauth, UK_REALM)
        grant = await uk.oauth.exchange(code, UK_REALM)

        with pytest.raises((SignInNeeded, Refused)):
            await uk.oauth.exchange(code, UK_REALM)
        await uk.oauth.revoke(grant.refresh_token)
        with pytest.raises(SignInNeeded):
            await uk.oauth.refresh(grant.refresh_token)


async def test_our_pace_stays_under_the_limit(base: str) -> None:
    """Thirty reads as fast as the limiter lets them, and no 429."""
    async with connected(base, UK_REALM, windows=QUICKBOOKS_WINDOWS) as company:
        await company.ledger.catalog()
        company.control("POST", "switches", {"limits": True})
        company.control("DELETE", "calls")

        await asyncio.gather(*(company.ledger.read(RecordKind.INVOICE, ["1"]) for _ in range(15)))
        calls = company.control("GET", "calls")
        company.control("POST", "switches", {"limits": False})

    assert "429" not in calls["by_status"], calls


async def test_a_deep_link_opens_the_right_company(shop: Company) -> None:
    """An accountant's browser may be in another one."""
    link = shop.ledger.deep_link(RemoteRef(kind=RecordKind.INVOICE, id="145"))

    assert UK_REALM in link
    assert link.startswith("https://qbo.intuit.com/app/login")


class Receiver(HTTPServer):
    """Billing's side of a webhook: keeps what arrives."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.got: list[tuple[bytes, str]] = []


class _Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((body, self.headers[webhooks.SIGNATURE_HEADER]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("shape", ["classic", "cloudevents"])
async def test_a_notice_is_genuine_and_names_what_changed(shop: Company, shape: str) -> None:
    """Both shapes, signed by the simulator, which shares no code with us."""
    await shop.push(an_invoice())
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    shop.control("POST", "switches", {"webhook_format": shape})
    url = f"http://127.0.0.1:{receiver.server_address[1]}/"
    shop.control("POST", "webhooks", {"url": url, "verifier_token": "tok"})
    shop.control("POST", "webhooks/clear")

    shop.bookkeeper("void-invoice", invoice_id=shop.held["inv_1"].ref.id)
    deadline = time.monotonic() + 10
    while not receiver.got and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    receiver.shutdown()
    receiver.server_close()

    hints = [hint for body, _ in receiver.got for hint in webhooks.parse(body)]
    assert all(webhooks.verify(body, signature, "tok") for body, signature in receiver.got)
    assert not any(webhooks.verify(body, signature, "other") for body, signature in receiver.got)
    voided = RecordKind.INVOICE, shop.held["inv_1"].ref.id, UK_REALM
    assert voided in {(hint.kind, hint.remote_id, hint.company) for hint in hints}


UNCERTAIN: list[dict[str, Any]] = [
    {"query_lag_seconds": 30},
    {"requestid_other_payload": "fault_600"},
    {"batch_shuffles_answers": True, "cdc_boundary_inclusive": False},
    {"refresh_rotation": "strict", "disconnected_answer": "401_3200"},
    {"refresh_rotation": "old_valid_24h", "maxresults_over_1000": "cap"},
    {"inactive_customer_code": "6000", "forbidden_character_code": "6000", "tax_lines_sent": "recomputed"},
    {"unsupported_void": "ok_nothing", "doc_number_free_after_delete": False},
]


@pytest.mark.parametrize("switches", UNCERTAIN, ids=lambda switches: ",".join(switches))
async def test_what_nobody_has_verified_may_be_either_way(uk: Company, switches: dict[str, Any]) -> None:
    """Section 17 of the reference: each uncertain behaviour has a switch, and the connector lives with both values."""
    uk.catalog = await uk.ledger.catalog()
    uk.control("POST", "switches", switches)
    await uk.push(a_customer())
    await uk.push(an_invoice())
    uk.control("POST", "tokens/expire-access", {})
    call = await uk.call_for(*invoices(3))
    uk.fault("drop", when="after")
    with pytest.raises(OutcomeUnknown):
        await uk.ledger.send(call)
    await uk.ledger.look(call.members)

    outcomes = await uk.ledger.send(call)

    assert {outcome.result for outcome in outcomes} == {Result.DONE}
    assert sorted(str(row.get("DocNumber")) for row in uk.there("Invoice")).count("INV-2") == 1
    (seen,) = await uk.ledger.read(RecordKind.INVOICE, [uk.held["inv_1"].ref.id])
    assert isinstance(seen, ObservedDocument)


async def test_a_void_that_is_answered_200_and_does_nothing_is_not_believed(shop: Company) -> None:
    """Section 7.4; such a void is not even asked for where it is known not to exist."""
    shop.control("POST", "switches", {"unsupported_void": "ok_nothing"})
    await shop.push(a_credit_memo())
    shop.control("DELETE", "calls")
    member = Member(
        key="k",
        kind=RecordKind.CREDIT_MEMO,
        verb=Verb.VOID,
        marker="m",
        target=shop.held["cm_1"].ref,
        body="",
    )

    (outcome,) = await shop.ledger.send(shop.ledger.compose([member])[0])

    assert (outcome.result, shop.writes()) == (Result.REFUSED, 0)


async def test_writes_of_one_company_never_overlap(uk: Company) -> None:
    """QuickBooks edits one name at a time, and refuses the second with a text in the company's language."""
    calls = [await uk.call_for(a_customer(id=f"cus_{n}", name=f"Customer number {n}")) for n in range(4)]
    uk.control("POST", "switches", {"names_one_at_a_time_ms": 1})

    answers = await asyncio.gather(*(uk.ledger.send(call) for call in calls))

    assert {outcome.result for outcomes in answers for outcome in outcomes} == {Result.DONE}
