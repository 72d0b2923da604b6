"""Only what we set goes out, exactly; whatever comes in is read or refused as one record."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import quickbooks.objects as qb
from hypothesis import given
from hypothesis import strategies as st

from mappings.quickbooks.wire import (
    Fields,
    UnreadableRecord,
    body_of,
    decode,
    encode,
    fingerprint,
    make,
    marker_in,
    number,
    ref,
    says_voided,
    with_marker,
    without_marker,
)

D = Decimal


def test_a_new_object_sends_none_of_the_librarys_defaults() -> None:
    """python-quickbooks alone would send ExchangeRate 1 and TaxExcluded for a EUR invoice (trap T3)."""
    assert body_of(make("Invoice", DocNumber="1")) == {"DocNumber": "1"}


def test_a_value_equal_to_a_default_is_still_sent() -> None:
    """Comparing with a blank instance would lose them: the wish, not the difference, decides."""
    wished = make("Invoice", GlobalTaxCalculation="TaxExcluded", PrivateNote="")

    assert body_of(wished) == {"GlobalTaxCalculation": "TaxExcluded", "PrivateNote": ""}


def test_a_field_quickbooks_does_not_know_is_our_mistake() -> None:
    with pytest.raises(AttributeError, match="DocNumer"):
        make("Invoice", DocNumer="1")


def test_an_empty_reference_is_left_out() -> None:
    assert body_of(make("Invoice", CustomerRef=ref(""), CurrencyRef=ref("EUR"))) == {"CurrencyRef": {"value": "EUR"}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("100.00", "100"),
        ("10.10", "10.1"),
        ("0.0000001", "0.0000001"),
        ("1E+2", "100"),
        ("-0.00", "0"),
        ("-12.50", "-12.5"),
        ("12345678901234567.89", "12345678901234567.89"),
    ],
)
def test_numbers_are_written_digit_by_digit(value: str, text: str) -> None:
    assert number(D(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_every_amount_survives_the_wire(value: Decimal) -> None:
    assert decode(encode({"Amount": value}))["Amount"] == value


def test_a_float_never_goes_out() -> None:
    with pytest.raises(TypeError, match="lost digits"):
        encode({"Amount": 0.1})


def test_the_text_is_the_same_however_the_body_was_put_together() -> None:
    one = {"b": D("1.0"), "a": [date(2026, 3, 1), "ü", True, None]}
    other = {"a": [date(2026, 3, 1), "ü", True, None], "b": D("1.00")}

    assert encode(one) == encode(other) == '{"a":["2026-03-01","ü",true,null],"b":1}'
    assert fingerprint(one) == fingerprint(other)


def test_the_library_reads_what_we_write() -> None:
    """An independent reader: python-quickbooks finds every field where we put it."""
    line = make("SalesItemLine", DetailType="SalesItemLineDetail", Amount=D("1.10"))
    sent = json.loads(encode(body_of(make("Invoice", DocNumber="INV-1", Line=[line]))))

    assert qb.Invoice.from_json(sent).Line[0].Amount == 1.1


@pytest.mark.parametrize(
    ("note", "marker", "rest"),
    [
        ("Thanks\nledgerlane:rec_1", "ledgerlane:rec_1", "Thanks"),
        ("ledgerlane:rec_1", "ledgerlane:rec_1", ""),
        ("Voided - ledgerlane:rec_1", "ledgerlane:rec_1", "Voided -"),
        ("Voided\nThanks\nledgerlane:rec_1  \n", "ledgerlane:rec_1", "Voided\nThanks"),
        ("ledgerlane:rec_1/inv_2", "ledgerlane:rec_1/inv_2", ""),
        ("see ledgerlane:rec_1 for more", "", "see ledgerlane:rec_1 for more"),
        ("", "", ""),
    ],
)
def test_our_mark_stands_at_the_end_and_survives_a_void(note: str, marker: str, rest: str) -> None:
    assert (marker_in(note), without_marker(note)) == (marker, rest)


@given(st.text(max_size=200))
def test_a_mark_put_on_a_note_is_found_again(note: str) -> None:
    assert marker_in(with_marker(note, "ledgerlane:rec_1")) == "ledgerlane:rec_1"


@pytest.mark.parametrize(
    ("note", "voided"), [("Voided", True), ("VOIDED - x", True), ("Not voided", False), ("", False)]
)
def test_a_void_is_told_by_the_beginning_of_the_note(note: str, voided: bool) -> None:
    assert says_voided(note) is voided


RAW: dict[str, Any] = {
    "Text": "  abc ",
    "Null": None,
    "Flag": True,
    "Amount": D("1.25"),
    "Whole": 7,
    "AsText": "1.50",
    "Long": D("1.23456789"),
    "Day": "2011-01-04T00:00:00-08:00",
    "Moment": "2026-05-05T02:08:55-07:00",
    "OldMoment": "2026-05-05T02:08:55-0700",
    "NoOffset": "2026-05-05T02:08:55",
    "Ref": {"value": "3", "name": "Net 30"},
    "List": [{"a": 1}, None],
    "Enum": "NEED_TO_PRINT",
    "Usual": "EmailSent",
}


def test_absent_and_null_read_as_empty() -> None:
    fields = Fields(RAW)

    assert (fields.text("Nothing"), fields.text("Null"), fields.ref("Null"), list(fields.parts("Null"))) == (
        "",
        "",
        "",
        [],
    )
    assert (fields.amount("Null"), fields.maybe_amount("Nothing"), fields.day("Null")) == (D(0), None, None)
    assert fields.flag("Null", True) is True
    assert "Null" not in fields


def test_values_are_read_exactly() -> None:
    fields = Fields(RAW)

    assert (fields.text("Text"), fields.ref("Ref"), fields.flag("Flag")) == ("abc", "3", True)
    assert (fields.amount("Amount"), fields.amount("Whole"), fields.amount("AsText")) == (D("1.25"), D(7), D("1.50"))
    assert fields.amount("Long") == D("1.234568")
    assert fields.day("Day") == date(2011, 1, 4)
    assert fields.moment("Moment") == fields.moment("OldMoment") == datetime(2026, 5, 5, 9, 8, 55, tzinfo=UTC)
    assert fields.moment("NoOffset") is None
    assert (fields.word("Enum"), fields.word("Usual")) == ("NeedToPrint", "EmailSent")
    assert len(list(fields.parts("List"))) == 1


@pytest.mark.parametrize(
    "read",
    [
        lambda fields: fields.text("Ref"),
        lambda fields: fields.text("Flag"),
        lambda fields: fields.flag("Text"),
        lambda fields: fields.amount("Text"),
        lambda fields: fields.amount("Flag"),
        lambda fields: fields.day("Text"),
        lambda fields: fields.part("Text"),
        lambda fields: list(fields.parts("Ref")),
        lambda fields: Fields([]),
        lambda fields: Fields({"Amount": D("1E+999999999")}).amount("Amount"),
        lambda fields: Fields({"Amount": "NaN"}).amount("Amount"),
        lambda fields: decode("<html>"),
    ],
)
def test_a_wrong_type_is_one_kind_of_error(read: Any) -> None:
    with pytest.raises(UnreadableRecord):
        read(Fields(RAW))
