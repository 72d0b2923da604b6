"""What may be kept of a raw answer."""

from __future__ import annotations

import pytest

from connectors.redaction import redact


@pytest.mark.parametrize(
    ("raw", "hidden", "kept"),
    [
        ('{"DisplayName":"Jo \\"J\\" Doe","Id":"5"}', "Doe", '"Id":"5"'),
        ('{"access_token":"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0","expires_in":3600}', "eyJ", "3600"),
        ('{"detail":"Token expired: AB01234567890abcdef","code":"3200"}', "AB0123", '"code":"3200"'),
        ('{"detail":"Supplied value: jo.doe@shop.example is wrong"}', "jo.doe", "is wrong"),
        ('{"Mobile":{"FreeFormNumber":"(555) 555-5555"}}', "555", "Mobile"),
        ("call +49 30 901820 now", "901820", "now"),
        (
            '{"Detail":"You and Jo Doe were working on this at the same time. Jo Doe finished before you did"}',
            "Doe",
            "finished before you did",
        ),
        ("<Customer><DisplayName>Jo Doe</DisplayName><Id>5</Id></Customer>", "Doe", "<Id>5</Id>"),
        ('{"DisplayName":"Jo Do', "Jo Do", "DisplayName"),
        ('{"Detail":"DocNumber=INV-1 is assigned to TxnType=Invoice with TxnId=17984"}', "\x00", "TxnId=17984"),
        ('{"time":"2026-05-05T02:08:54.543-07:00","TotalAmt":1000.25}', "\x00", "2026-05-05T02:08:54.543-07:00"),
    ],
)
def test_people_and_secrets_are_cut_and_shapes_stay(raw: str, hidden: str, kept: str) -> None:
    """Ops needs codes, ids and the form of an answer, and nothing else."""
    text = redact(raw)

    assert hidden not in text
    assert kept in text


def test_at_most_four_kilobytes_are_kept() -> None:
    """A page of a thousand invoices is not evidence."""
    assert len(redact("ü" * 100_000).encode()) <= 4096


def test_bytes_that_are_not_text_are_no_trouble() -> None:
    """The answers worth keeping are the broken ones."""
    assert redact(b"\xff\xfe{") == "��{"
