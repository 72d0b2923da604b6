"""What is written down of a request: enough to find it, nothing of what it held."""

from __future__ import annotations

from structlog.testing import capture_logs

from tests.service.api.conftest import Caller, a_customer


async def test_a_request_leaves_one_line_without_names_queries_or_keys(platform: Caller) -> None:
    with capture_logs() as lines:
        await platform.put("~/customers/cus_1", a_customer(emails=["ada@secret.example"], name="Ada Secret"))
        answer = await platform.get("~/customers", params={"search": "ada@secret.example"})
    requests = [line for line in lines if line["event"] == "request"]
    text = str(lines)

    assert [line["route"] for line in requests] == [
        "/v1/connections/{connection_id}/customers/{id}",
        "/v1/connections/{connection_id}/customers",
    ]
    assert requests[1]["request_id"] == answer.headers["x-request-id"]
    assert {"method", "status", "milliseconds"} <= requests[1].keys()
    assert not any(word in text for word in ("ada", "Ada", "secret", platform.key))
