"""Customer imports over HTTP: the report, its files, and what is chosen from it."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest

from contracts.books import ObservedCustomer, RecordKind, RemoteRef
from contracts.customers import Customer
from contracts.problems import Problem, Reason
from service.api.import_files import defused
from service.clock import new_id
from service.runtime import Service
from service.store.tables import ImportRun, StoredImportRow
from tests.service.api.conftest import Caller

HOSTILE = ["=1+1", "+44 20 7946 0000", "-2", "@SUM(A1)", '=HYPERLINK("http://x")']
HARMLESS = ["plain", 'Zoë, "Ltd"', "1=1"]
NAMES = HOSTILE + HARMLESS


async def a_run(service: Service, platform: Caller, names: list[str], *, state: str = "invalid") -> str:
    """A finished run with a row for each name."""
    async with service.database.write() as session:
        run = ImportRun(id=new_id("imp"), connection_id=platform.connection_id, state="ready", read=len(names))
        session.add(run)
        await session.flush()
        for number, name in enumerate(names):
            session.add(_row(run.id, f"{number:04d}", name, state))
    return run.id


def _row(run_id: str, remote_id: str, name: str, state: str) -> StoredImportRow:
    problem = Problem(reason=Reason.EMAIL_MISSING, where=name, message="There is no e-mail address.", fix="Add one.")
    seen = ObservedCustomer(
        ref=RemoteRef(kind=RecordKind.CUSTOMER, id=remote_id),
        customer=Customer(id=remote_id, name=name.strip() or "x"),
        fingerprint="f",
        problems=[problem] if state == "invalid" else [],
    )
    return StoredImportRow(
        run_id=run_id,
        remote_id=remote_id,
        state=state,
        name=name,
        country_text="Deutschland",
        search=f"{name} {remote_id}".casefold(),
        reasons=[problem.reason] if state == "invalid" else [],
        body=seen.model_dump(mode="json"),
    )


async def test_a_run_is_started_listed_and_counted(platform: Caller, service: Service) -> None:
    started = await platform.post("~/customer-imports")
    run_id = await a_run(service, platform, ["Ada", "Bob"])
    listed = (await platform.get("~/customer-imports")).json()
    one = (await platform.get(f"~/customer-imports/{run_id}")).json()

    assert (started.status_code, started.json()["state"]) == (202, "reading")
    assert [run["id"] for run in listed["items"]] == [run_id, started.json()["id"]]
    assert (one["invalid"], one["valid"], one["reasons"]) == (2, 0, {"email_missing": 2})


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["ada", "Bob", "Cleo", "Dora"]),
        ({"state": "valid"}, []),
        ({"state": "invalid", "search": "BO"}, ["Bob"]),
        ({"search": "0003"}, ["Dora"]),
        ({"search": "deutsch"}, ["ada", "Bob", "Cleo", "Dora"]),
        ({"reason": "email_missing"}, ["ada", "Bob", "Cleo", "Dora"]),
        ({"reason": "name_taken"}, []),
    ],
)
async def test_rows_are_found(platform: Caller, service: Service, query: dict[str, str], names: list[str]) -> None:
    run_id = await a_run(service, platform, ["ada", "Bob", "Cleo", "Dora"])
    page = (await platform.get(f"~/customer-imports/{run_id}/rows", params=query)).json()

    assert [row["name"] for row in page["items"]] == names
    for row in page["items"]:
        assert row["url"].startswith("https://ledger.example/realm-acme/customer/")
        assert row["problems"][0]["fix"] == "Add one."


async def test_rows_are_paged_by_name_without_gaps(platform: Caller, service: Service) -> None:
    """Two customers of one name are two rows, also where a page ends between them."""
    names = ["Same", "Same", "same", "Älpha", "beta", "Zed"]
    run_id = await a_run(service, platform, names)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2", "cursor": cursor}
        page = (await platform.get(f"~/customer-imports/{run_id}/rows", params=params)).json()
        seen += [row["row_id"] for row in page["items"]]
        cursor = page["next_cursor"]

    assert sorted(seen) == [f"{number:04d}" for number in range(6)]
    assert len(seen) == 6


async def test_a_csv_never_holds_a_formula(platform: Caller, service: Service) -> None:
    """A customer's name is a stranger's text, and a spreadsheet runs what begins with one of these."""
    run_id = await a_run(service, platform, NAMES)
    answer = await platform.get(f"~/customer-imports/{run_id}/rows.csv")
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert [cells[2] for cells in table[1:]] == [f"'{name}" for name in HOSTILE] + HARMLESS
    for cells in table[1:]:
        assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_every_beginning_a_spreadsheet_runs_is_defused(first: str) -> None:
    assert defused(f"{first}1") == f"'{first}1"


async def test_a_spreadsheet_holds_text_only(platform: Caller, service: Service) -> None:
    run_id = await a_run(service, platform, NAMES)
    answer = await platform.get(f"~/customer-imports/{run_id}/rows.xlsx")
    sheet: Any = openpyxl.load_workbook(io.BytesIO(answer.content)).active

    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    cells = [sheet.cell(row=row, column=3) for row in range(2, len(NAMES) + 2)]
    assert [cell.data_type for cell in cells] == ["s"] * len(NAMES)
    assert cells[0].value == "=1+1"


async def test_a_download_is_filtered_and_longer_than_one_chunk(platform: Caller, service: Service) -> None:
    run_id = await a_run(service, platform, [f"Customer {number}" for number in range(1203)])
    everything = await platform.get(f"~/customer-imports/{run_id}/rows.csv")
    some = await platform.get(f"~/customer-imports/{run_id}/rows.csv", params={"search": "customer 120"})

    assert len(everything.text.splitlines()) == 1204
    assert len(some.text.splitlines()) == 5


async def test_rows_are_chosen_and_read_again(platform: Caller, service: Service) -> None:
    run_id = await a_run(service, platform, ["Ada", "Bob"], state="valid")
    chosen = await platform.post(
        f"~/customer-imports/{run_id}/import", {"rows": [{"row_id": "0000", "customer_id": "cus_ada"}]}
    )
    everyone = await platform.post(f"~/customer-imports/{run_id}/import", {"all_valid": True})
    again = await platform.post(f"~/customer-imports/{run_id}/reload", {"rows": ["0001", "none"]})
    rows = (await platform.get(f"~/customer-imports/{run_id}/rows")).json()["items"]

    assert (chosen.status_code, chosen.json()) == (202, {"rows": 1})
    assert (everyone.json(), again.json()) == ({"rows": 2}, {"rows": 1})
    assert [(row["selected"], row["customer_id"]) for row in rows] == [(True, "cus_ada"), (True, "")]


@pytest.mark.parametrize("action", ["import", "reload"])
async def test_choosing_nothing_is_a_mistake(platform: Caller, service: Service, action: str) -> None:
    run_id = await a_run(service, platform, ["Ada"])
    answer = await platform.post(f"~/customer-imports/{run_id}/{action}", {})

    assert answer.status_code == 400
    assert answer.json()["problems"][0]["field"] == "rows"
