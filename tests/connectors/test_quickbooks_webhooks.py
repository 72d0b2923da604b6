"""QuickBooks' notices: genuine or not, and what they hint at."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.quickbooks.webhooks import MalformedNotice, parse, verify
from contracts.books import RecordKind

TOKEN = "sim-verifier-token-0001"
BODY = (
    b'{"eventNotifications":[{"realmId":"4620816365000000001","dataChangeEvent":{"entities":[{"name":"Invoice",'
    b'"id":"145","operation":"Update","lastUpdated":"2026-01-05T10:00:00.000Z"}]}}]}'
)
SIGNATURE = "WN8buruevsb7TQcS//0u4EySWbJwb+kctMDLAkc84VU="


def classic(*entities: dict[str, Any], realm: str = "1") -> bytes:
    notice = {"realmId": realm, "dataChangeEvent": {"entities": list(entities)}}
    return json.dumps({"eventNotifications": [notice]}).encode()


def entity(**changed: Any) -> dict[str, Any]:
    return {"name": "Invoice", "id": "145", "operation": "Update", "lastUpdated": "2026-01-05T10:00:00Z"} | changed


def cloud(**changed: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "88cd52aa-33b6-4351-9aa4-47572edbd068",
        "type": "qbo.invoice.updated.v1",
        "time": "2026-01-05T10:00:00.179851517Z",
        "intuitentityid": "145",
        "intuitaccountid": "1",
        "data": {},
    } | changed


def test_the_test_vector_of_the_reference_is_genuine() -> None:
    """HMAC-SHA256 over the raw bytes, keyed with the verifier token, in base64."""
    assert verify(BODY, SIGNATURE, TOKEN)


@pytest.mark.parametrize(
    ("body", "signature", "token"),
    [
        (BODY + b" ", SIGNATURE, TOKEN),
        (BODY, SIGNATURE, "another token"),
        (BODY, "", TOKEN),
        (BODY, "not base64!", TOKEN),
        (BODY, "é", TOKEN),
        (BODY, SIGNATURE[:-4], TOKEN),
        (BODY, SIGNATURE, ""),
    ],
)
def test_anything_else_is_forged(body: bytes, signature: str, token: str) -> None:
    """One byte off, another key, a malformed header, no token configured."""
    assert not verify(body, signature, token)


@given(st.binary(max_size=50), st.text(max_size=80))
def test_checking_a_signature_never_raises(body: bytes, signature: str) -> None:
    """It is the first thing that touches what a stranger sent."""
    assert not verify(body, signature, TOKEN)


def test_a_classic_notice_hints_at_what_changed() -> None:
    """No data, only where to look."""
    (hint,) = parse(BODY)

    assert (hint.kind, hint.remote_id, hint.operation) == (RecordKind.INVOICE, "145", "updated")
    assert (hint.company, hint.at) == ("4620816365000000001", datetime(2026, 1, 5, 10, tzinfo=UTC))


def test_cloud_events_of_several_companies_come_in_one_array() -> None:
    """The shape since 2026."""
    hints = parse(json.dumps([cloud(), cloud(id="2", intuitaccountid="2", type="qbo.payment.voided.v1")]).encode())

    assert [(hint.company, hint.kind, hint.operation) for hint in hints] == [
        ("1", RecordKind.INVOICE, "updated"),
        ("2", RecordKind.PAYMENT, "voided"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        classic(entity(name="Customer", id="30", operation="Merge", deletedId="27")),
        classic(entity(name="Customer", id="30", operation="Merge", deletedID="27")),
        json.dumps([cloud(type="qbo.customer.merged.v1", intuitentityid="30", data={"deletedid": "27"})]).encode(),
    ],
)
def test_a_merge_hints_at_the_one_that_is_gone_and_at_the_one_that_grew(body: bytes) -> None:
    """Documents of the first now name the second."""
    gone, grown = parse(body)

    assert (gone.remote_id, gone.operation, gone.merged_into) == ("27", "merged", "30")
    assert (grown.remote_id, grown.operation) == ("30", "updated")
    assert gone.dedupe_key != grown.dedupe_key


def test_what_we_do_not_follow_is_left_out() -> None:
    """One endpoint gets the events of every entity the app is subscribed to."""
    body = classic(entity(name="Vendor"), entity(name="Invoice", operation="Explode"), entity())

    assert len(parse(body)) == 1
    assert parse(json.dumps([cloud(type="qbo.vendor.updated.v1"), cloud(type="other.thing")]).encode()) == []


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2015-10-05T14:42:19-0700", datetime(2015, 10, 5, 21, 42, 19, tzinfo=UTC)),
        ("2025-09-10T21:31:25.179851517Z", datetime(2025, 9, 10, 21, 31, 25, 179851, tzinfo=UTC)),
        ("2026-01-05T10:00:00.000Z", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05T10:00:00", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("2026-13-45T99:00:00Z", None),
    ],
)
def test_times_are_read_leniently(written: str, at: datetime | None) -> None:
    """A time is a hint too: one that cannot be read must not lose the change."""
    (hint,) = parse(classic(entity(lastUpdated=written)))

    assert hint.at == at


def test_a_notice_sent_twice_has_the_same_keys() -> None:
    """Retries are told apart from new changes by realm, entity, id, operation and time, or by the CloudEvents id."""
    once = [hint.dedupe_key for hint in parse(classic(entity(), entity()))]
    later = [hint.dedupe_key for hint in parse(classic(entity(lastUpdated="2026-01-05T10:00:01Z")))]

    assert len(once) == 1
    assert once != later
    assert [h.dedupe_key for h in parse(json.dumps([cloud(), cloud(time="")]).encode())] == [
        "qbo:1:88cd52aa-33b6-4351-9aa4-47572edbd068"
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"null",
        b"{}",
        b'{"eventNotifications":{}}',
        b'{"eventNotifications":["x"]}',
        b'{"eventNotifications":[{"dataChangeEvent":{"entities":[]}}]}',
        classic({"name": "Invoice"}),
        classic(entity(id={"a": 1})),
        b'{"eventNotifications":[{"realmId":"1","dataChangeEvent":{"entities":7}}]}',
        b'[{"type":"qbo.invoice.updated.v1"}]',
        b"[1]",
        b"[" * 100_000,
    ],
)
def test_a_body_of_another_shape_is_malformed(body: bytes) -> None:
    """Its signature was right, so Intuit changed something: it is kept for ops, not dropped."""
    with pytest.raises(MalformedNotice):
        parse(body)


def test_unknown_keys_and_empty_notices_are_fine() -> None:
    """A "deleted" key appeared once; other sections than dataChangeEvent were announced."""
    assert len(parse(classic(entity(deleted=True, more={"x": 1})))) == 1
    assert parse(b'{"eventNotifications":[{"realmId":"1"}]}') == []
    assert parse(b"[]") == []
