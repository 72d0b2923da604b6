"""Xero's notices: whether one is genuine, and what it hints at."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.xero.webhooks import MalformedNotice, parse, verify
from contracts.books import RecordKind

KEY = "whsim-key-0001"
TENANT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
INVOICE = "11111111-2222-4333-8444-555555555555"
HANDSHAKE = b'{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "ABCDEFGHIJKLMNOPQRST"}'
NOTICE = (
    '{"events":[{"resourceUrl":"https://api.xero.com/api.xro/2.0/Invoices/' + INVOICE + '","resourceId":"' + INVOICE
    + '","eventDateUtc":"2026-10-01T02:03:04.567","eventType":"UPDATE","eventCategory":"INVOICE","tenantId":"'
    + TENANT + '","tenantType":"ORGANISATION"}],"lastEventSequence":7,"firstEventSequence":7,'
    '"entropy":"ABCDEFGHIJKLMNOPQRST"}'
).encode()  # fmt: skip


def signed(raw: bytes, key: str = KEY) -> str:
    return base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest()).decode()


def a_notice(**changes: Any) -> bytes:
    event = {**json.loads(NOTICE)["events"][0], **changes}
    return json.dumps({"events": [event]}).encode()


@pytest.mark.parametrize(
    ("raw", "signature", "genuine"),
    [
        (HANDSHAKE, "rhvDGRgCNWJFh7PitCtZZCBGOLIo2cwZbzfchIJieDw=", True),
        (NOTICE, "Jwp/hQZp+uO/CWbV/RoIPf3gcwCd/aicw36DpEhS+RY=", True),
        (HANDSHAKE, "rhvDGRgCNWJFh7PitCtZZCBGOLIo2cwZbzfchIJieDW=", False),
        (HANDSHAKE + b"\n", "rhvDGRgCNWJFh7PitCtZZCBGOLIo2cwZbzfchIJieDw=", False),
        (HANDSHAKE, "not base64", False),
        (HANDSHAKE, "", False),
    ],
    ids=["handshake", "notice", "one character", "another byte", "garbage", "none"],
)
def test_only_xeros_own_signature_over_these_bytes_holds(raw: bytes, signature: str, genuine: bool) -> None:
    """The vectors are the reference's. The key is text, whatever it looks like."""
    assert verify(raw, signature, KEY) is genuine


def test_without_a_key_nothing_holds() -> None:
    assert not verify(HANDSHAKE, signed(HANDSHAKE, ""), "")


def test_the_handshake_hints_at_nothing() -> None:
    assert parse(HANDSHAKE) == []


def test_an_event_is_a_hint_for_its_organisation() -> None:
    (hint,) = parse(NOTICE)

    assert (hint.kind, hint.remote_id, hint.company, hint.operation) == (
        RecordKind.INVOICE,
        INVOICE,
        TENANT,
        "updated",
    )
    assert hint.at == datetime(2026, 10, 1, 2, 3, 4, 567_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"eventCategory": "CONTACT"}, (RecordKind.CUSTOMER, INVOICE)),
        ({"eventCategory": "CREDITNOTE", "data": {"Type": "ACCRECCREDIT"}}, (RecordKind.CREDIT_MEMO, INVOICE)),
        ({"eventCategory": "OVERPAYMENT"}, (RecordKind.PAYMENT, f"Overpayments/{INVOICE}")),
        ({"eventCategory": "CREDITNOTE", "data": {"Type": "ACCPAYCREDIT"}}, None),
        ({"eventCategory": "SUBSCRIPTION"}, None),
        ({"eventType": "SOMETHING"}, None),
    ],
)
def test_which_events_are_followed(changes: dict[str, Any], expected: tuple[RecordKind, str] | None) -> None:
    """Purchases and what we do not know are left alone."""
    assert [(hint.kind, hint.remote_id) for hint in parse(a_notice(**changes))] == ([expected] if expected else [])


def test_the_same_event_again_has_the_same_key_and_a_later_one_another() -> None:
    """Delivery is at least once, and after an outage everything comes again."""
    first, again = parse(NOTICE), parse(NOTICE)
    later = parse(a_notice(eventDateUtc="2026-10-01T02:03:05.000"))

    assert first[0].dedupe_key == again[0].dedupe_key != later[0].dedupe_key
    assert len(parse(json.dumps({"events": json.loads(NOTICE)["events"] * 3}).encode())) == 1


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"events": 3}', b'{"events": [7]}', a_notice(tenantId=None)])
def test_a_body_that_is_no_notice_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(MalformedNotice):
        parse(raw)
