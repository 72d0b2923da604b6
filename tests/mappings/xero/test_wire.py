"""Reading and writing Xero's JSON without its traps (Xero reference 3; dependency reference 3, T15)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xero_python.accounting import models
from xero_python.api_client.serializer import serialize

from mappings.xero.wire import (
    Fields,
    UnreadableRecord,
    body_of,
    decode,
    encode,
    from_xero_moment,
    identity,
    make,
    marker_in,
    version,
    with_marker,
    without_marker,
)

EXACT = Decimal("1234567890123.4567")


def test_numbers_go_out_digit_by_digit() -> None:
    """xero-python's own serialiser turns the same amount into a float that ends in another digit."""
    line = make("LineItem", quantity=Decimal("2.0000"), unit_amount=EXACT, description="x")
    theirs = json.dumps(serialize(models.LineItem(unit_amount=EXACT)))

    assert encode(body_of(line)) == '{"Description":"x","Quantity":2,"UnitAmount":1234567890123.4567}'
    assert "1234567890123.4567" not in theirs


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=6))
def test_any_amount_survives_the_way_out_and_back(amount: Decimal) -> None:
    assert Decimal(str(decode(encode({"a": amount}))["a"])) == amount


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        encode({"Amount": 0.1})


def test_only_what_was_set_is_sent_under_xeros_names() -> None:
    thing = make(
        "Invoice", type="ACCREC", contact=make("Contact", contact_id="c"), due_date=None, date=date(2026, 3, 1)
    )

    assert body_of(thing) == {"Type": "ACCREC", "Contact": {"ContactID": "c"}, "Date": date(2026, 3, 1)}
    assert encode(body_of(thing)) == '{"Contact":{"ContactID":"c"},"Date":"2026-03-01","Type":"ACCREC"}'


@pytest.mark.parametrize(
    ("kind", "fields", "error"),
    [
        ("Invoice", {"invoice_no": "1"}, AttributeError),
        ("Invoice", {"invoice_number": "x" * 256}, ValueError),
        ("Invoice", {"type": "ACCRUED"}, ValueError),
        ("Contact", {"contact_number": "x" * 51}, ValueError),
    ],
)
def test_a_slip_of_the_pen_raises_here_and_not_in_xero(
    kind: str, fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        make(kind, **fields)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("/Date(1439434356790)/", datetime(2015, 8, 13, 2, 52, 36, 790000, tzinfo=UTC)),
        ("/Date(1419937200000+0000)/", datetime(2014, 12, 30, 11, 0, tzinfo=UTC)),
        (r"\/Date(1419937200000+1300)\/", datetime(2014, 12, 30, 11, 0, tzinfo=UTC)),
        ("/Date(-86400000)/", datetime(1969, 12, 31, tzinfo=UTC)),
        ("2026-09-14T09:29:59Z", datetime(2026, 9, 14, 9, 29, 59, tzinfo=UTC)),
        ("2025-12-02T00:44:09.923", datetime(2025, 12, 2, 0, 44, 9, 923000, tzinfo=UTC)),
        ("/Date(0+0000)/", None),
        ("/Date(99999999999999999999)/", None),
        ("", None),
        ("soon", None),
    ],
)
def test_times_come_in_milliseconds_of_utc(text: str, moment: datetime | None) -> None:
    """The offset says nothing: the milliseconds are UTC already. Zero means that there is no time."""
    assert from_xero_moment(text) == moment


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ({"Date": "/Date(1789344000000+0000)/"}, date(2026, 9, 14)),
        ({"Date": "/Date(1789344000000+0000)/", "DateString": "2026-09-13T00:00:00"}, date(2026, 9, 13)),
        ({"Date": "2026-09-14"}, date(2026, 9, 14)),
        ({"Date": None}, None),
        ({}, None),
    ],
)
def test_a_calendar_date_is_the_utc_day_whatever_the_machines_time_zone(raw: dict[str, Any], day: date | None) -> None:
    """Parsed in local time, invoices are a day off west of Greenwich (11, number 4)."""
    assert Fields(raw).day("Date") == day


def test_an_element_marked_error_is_never_read() -> None:
    """Under summarizeErrors=false it echoes what was asked for, Status DELETED and all, and nothing of it is stored."""
    with pytest.raises(UnreadableRecord, match="not stored"):
        identity(Fields({"InvoiceID": "i", "StatusAttributeString": "ERROR"}), "InvoiceID")
    with pytest.raises(UnreadableRecord):
        identity(Fields({"InvoiceID": "00000000-0000-0000-0000-000000000000"}), "InvoiceID")


def test_the_version_tells_two_readings_apart() -> None:
    """Xero has no concurrency token; the time of the last change stands for one, so that a change is noticed."""
    assert version(Fields({"UpdatedDateUTC": "/Date(1789378199100+0000)/"})) == "1789378199100"
    assert version(Fields({})) == ""


def test_the_marker_stands_first_and_comes_out_again() -> None:
    text = with_marker("pi_3Nx", "ledgerlane:rec_1/inv_2")

    assert text == "ledgerlane:rec_1/inv_2 pi_3Nx"
    assert marker_in("", text) == "ledgerlane:rec_1/inv_2"
    assert without_marker(text) == "pi_3Nx"
    assert without_marker("no  mark") == "no  mark"


@pytest.mark.parametrize("odd", [{"Total": "twelve"}, {"Total": True}, {"Total": []}, {"Total": Decimal("NaN")}])
def test_a_wrong_type_is_said_with_its_path(odd: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord, match="Total"):
        Fields(odd).amount("Total")
