"""Events over HTTP: the feed, the endpoints, the deliveries."""

from __future__ import annotations

import pytest

from contracts.events import EventType
from service.events.feed import emit
from service.runtime import Service
from service.store.tables import Connection
from tests.service.api.conftest import Caller


async def tell(service: Service, platform: Caller, *types: EventType) -> None:
    async with service.database.write() as session:
        connection = await session.get_one(Connection, platform.connection_id)
        for number, kind in enumerate(types):
            await emit(session, connection, kind, f"invoice/inv_{number}", {"id": f"inv_{number}"})


async def test_the_feed_is_read_to_its_end_and_asked_again(
    platform: Caller, stranger: Caller, service: Service
) -> None:
    """next_cursor always moves forward, so that polling costs one comparison."""
    await tell(service, platform, *[EventType.RECORD_SYNCED] * 5)
    await tell(service, stranger, EventType.RECORD_SYNCED)
    first = (await platform.get("/v1/events", params={"limit": 3})).json()
    second = (await platform.get("/v1/events", params={"limit": 3, "after": first["next_cursor"]})).json()
    third = (await platform.get("/v1/events", params={"after": second["next_cursor"]})).json()
    by_sequence = (await platform.get("/v1/events", params={"after": first["items"][-1]["sequence"]})).json()
    await tell(service, platform, EventType.INVOICE_VOIDED)
    fourth = (await platform.get("/v1/events", params={"after": third["next_cursor"]})).json()

    assert [event["subject"] for event in first["items"] + second["items"]] == [f"invoice/inv_{n}" for n in range(5)]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert (third["items"], third["next_cursor"]) == ([], second["next_cursor"])
    assert by_sequence == second
    assert [event["type"] for event in fourth["items"]] == ["ledgerlane.invoice.voided_in_ledger"]
    assert fourth["items"][0]["specversion"] == "1.0"


async def test_the_feed_is_filtered_by_type(platform: Caller, service: Service) -> None:
    await tell(service, platform, EventType.RECORD_SYNCED, EventType.INVOICE_VOIDED, EventType.RECORD_BLOCKED)
    params = [("types", EventType.INVOICE_VOIDED.value), ("types", EventType.RECORD_BLOCKED.value)]
    page = (await platform.get("/v1/events", params=params)).json()

    assert [event["type"] for event in page["items"]] == [value for _, value in params]


async def test_an_endpoint_is_added_with_a_secret_shown_once(platform: Caller) -> None:
    made = await platform.post("/v1/webhook-endpoints", {"url": "https://billing.example/h", "types": []})
    read = await platform.get(f"/v1/webhook-endpoints/{made.json()['id']}")

    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in read.json()


@pytest.mark.parametrize(
    "url", ["", "billing.example", "ftp://x.example", "https://", "https://u:p@x.example", "https://x y", "http:///x"]
)
async def test_an_endpoint_is_a_web_address(platform: Caller, url: str) -> None:
    answer = await platform.post("/v1/webhook-endpoints", {"url": url})

    assert answer.status_code == 400, answer.text
    assert answer.json()["problems"][0]["field"] == "url"


async def test_deliveries_are_listed_and_sent_again(platform: Caller, service: Service) -> None:
    endpoint = (await platform.post("/v1/webhook-endpoints", {"url": "https://billing.example/h"})).json()
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    await tell(service, platform, EventType.RECORD_SYNCED, EventType.RECORD_SYNCED, EventType.RECORD_SYNCED)
    page = (await platform.get(f"{path}/deliveries", params={"limit": 2})).json()
    rest = (await platform.get(f"{path}/deliveries", params={"cursor": page["next_cursor"]})).json()
    again = await platform.post(f"{path}/deliveries/{page['items'][0]['id']}/redeliver")
    seen = (await platform.get(path)).json()
    removed = await platform.call("DELETE", path)

    assert [one["subject"] for one in page["items"] + rest["items"]] == [f"invoice/inv_{n}" for n in (2, 1, 0)]
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    assert (seen["pending"], seen["delivered"], seen["failed"]) == (3, 0, 0)
    assert seen["oldest_pending_at"] is not None
    assert removed.status_code == 204
    assert (await platform.get(path)).status_code == 404
