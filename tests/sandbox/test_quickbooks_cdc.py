"""Change data capture. Source: QuickBooks reference 4."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.conftest import Books, connect


def _now(us: Books) -> datetime:
    return datetime.fromisoformat(us.control("GET", "clock")["now"])


def _since(us: Books, entities: str, moment: datetime) -> Any:
    answered = us.call("GET", "cdc", entities=entities, changedSince=moment.isoformat(timespec="seconds"))
    return answered.body["CDCResponse"][0]["QueryResponse"]


def test_groups_come_in_request_order_and_unchanged_ones_are_empty(us: Books) -> None:
    us.control("POST", "clock/advance", {"minutes": 10})
    start = _now(us)
    customer = us.customer("C")
    invoice = us.invoice(customer)

    groups = _since(us, "Invoice,Payment,Customer", start)

    assert [row["Id"] for row in groups[0]["Invoice"]] == [invoice["Id"]]
    assert (groups[0]["maxResults"], groups[0]["totalCount"]) == (1, 1)
    assert groups[1] == {}
    assert [row["Id"] for row in groups[2]["Customer"]] == [customer["Id"]]


def test_nothing_at_all_is_one_empty_group(us: Books) -> None:
    us.control("POST", "clock/advance", {"minutes": 10})

    assert _since(us, "Invoice,Payment", _now(us)) == [{}]


def test_deleted_objects_are_stubs_after_the_live_ones(us: Books) -> None:
    us.control("POST", "clock/advance", {"minutes": 10})
    start = _now(us)
    customer = us.customer("C")
    gone, stays = us.invoice(customer), us.invoice(customer)
    us.post("invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")

    rows = _since(us, "Invoice", start)[0]["Invoice"]

    assert [row["Id"] for row in rows] == [stays["Id"], gone["Id"]]
    assert set(rows[1]) == {"status", "domain", "Id", "MetaData"}
    assert rows[1]["status"] == "Deleted"


def test_an_only_deleted_group_has_no_start_position(us: Books) -> None:
    invoice = us.invoice(us.customer("C"))
    us.control("POST", "clock/advance", {"minutes": 10})
    start = _now(us)
    us.post("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="delete")

    assert "startPosition" not in _since(us, "Invoice", start)[0]


def test_balances_make_the_customer_feed_noisy(us: Books) -> None:
    customer = us.customer("C")
    us.control("POST", "clock/advance", {"minutes": 10})
    start = _now(us)
    us.invoice(customer)

    row = _since(us, "Customer", start)[0]["Customer"][0]

    assert (row["Id"], row["SyncToken"]) == (customer["Id"], "0")


@pytest.mark.parametrize("entity", ["TaxCode", "TaxRate", "TaxAgency", "Nonsense"])
def test_some_objects_are_not_captured(us: Books, entity: str) -> None:
    answered = us.call("GET", "cdc", entities=entity, changedSince="2026-11-20")

    assert answered.codes == ["2000"]


@pytest.mark.parametrize(("switch", "status"), [("fault", 400), ("cut", 200)])
def test_older_than_thirty_days_is_a_switch(us: Books, switch: str, status: int) -> None:
    """Source: QuickBooks reference 17.2."""
    us.switch(cdc_older_than_30_days=switch)
    old = datetime.now(UTC) - timedelta(days=31)

    answered = us.call("GET", "cdc", entities="Invoice", changedSince=old.isoformat(timespec="seconds"))

    assert answered.status == status


@pytest.mark.parametrize(("inclusive", "count"), [(True, 1), (False, 0)])
def test_the_boundary_is_a_switch(us: Books, inclusive: bool, count: int) -> None:
    us.switch(cdc_boundary_inclusive=inclusive)
    us.control("POST", "clock/advance", {"minutes": 10})
    made = us.invoice(us.customer("C"))["MetaData"]["LastUpdatedTime"]

    rows = _since(us, "Invoice", datetime.fromisoformat(made))[0].get("Invoice", [])

    assert len(rows) == count


def test_a_thousand_objects_are_the_silent_limit(us: Books) -> None:
    realm = us.control("POST", "companies", {"name": "Many", "customers": 900, "invoices": 200})["realm"]
    many = connect(us.base, realm)

    groups = _since(many, "Customer,Invoice", datetime.now(UTC) - timedelta(days=1))

    assert [group["maxResults"] for group in groups] == [900, 100]
