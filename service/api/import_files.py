"""The import report as a file: CSV and XLSX, both written while rows are read.

A customer's name is a stranger's text: a cell beginning with = + - @ would run as a formula when somebody opens the
CSV, so it is given a leading quote (OWASP, "CSV Injection"). XLSX has cell types: there every cell is written as text.
"""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from typing import IO

import xlsxwriter
from litestar.response import Stream

from contracts.imports import ImportRow

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK_BYTES = 64 * 1024
ROWS_AT_ONCE = 500
LONGEST_CELL = 32_767
"""Characters Excel keeps in a cell."""
MOST_ROWS = 1_048_575
"""Rows of an Excel sheet, less the heading."""
RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

COLUMNS: list[tuple[str, Callable[[ImportRow], str]]] = [
    ("Ledger id", lambda row: row.row_id),
    ("State", lambda row: row.state.value),
    ("Name", lambda row: row.name),
    ("Company", lambda row: row.customer.company_name),
    ("E-mails", lambda row: ", ".join(row.emails)),
    ("Address", lambda row: _address(row)),
    ("City", lambda row: row.customer.billing_address.city),
    ("Region", lambda row: row.customer.billing_address.region),
    ("Postal code", lambda row: row.customer.billing_address.postal_code),
    ("Country", lambda row: row.customer.billing_address.country),
    ("Country as typed", lambda row: row.country_text),
    ("Currency", lambda row: row.customer.currency),
    ("Billing id", lambda row: row.customer_id),
    ("Reasons", lambda row: ", ".join(problem.reason.value for problem in row.problems)),
    ("What is wrong", lambda row: " ".join(problem.message for problem in row.problems)),
    ("What to do", lambda row: " ".join(problem.fix for problem in row.problems)),
    ("Link", lambda row: row.url),
]


def defused(cell: str) -> str:
    """The cell as a spreadsheet shows it without running it: "=1+1" becomes "'=1+1"."""
    return f"'{cell}" if cell.startswith(RUNS_AS_FORMULA) else cell


def csv_download(rows: AsyncIterator[ImportRow], run_id: str) -> Stream:
    """Row by row. A byte order mark leads, without which Excel reads UTF-8 as something else."""
    return Stream(csv_chunks(rows), media_type=f"{CSV}; charset=utf-8", headers=_as_file(run_id, "csv"))


async def csv_chunks(rows: AsyncIterator[ImportRow]) -> AsyncIterator[bytes]:
    """The file in pieces of some kilobytes."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([title for title, _ in COLUMNS])
    async for row in rows:
        writer.writerow([defused(read(row).replace("\x00", "")) for _, read in COLUMNS])
        if buffer.tell() >= CHUNK_BYTES:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


async def xlsx_download(rows: AsyncIterator[ImportRow], run_id: str) -> Stream:
    """Written to a temporary file first: a spreadsheet is an archive, and has no beginning before its end."""
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the stream ends
    try:
        await _write_xlsx(file, rows)
    except BaseException:
        file.close()
        raise
    return Stream(_chunks_of(file), media_type=XLSX, headers=_as_file(run_id, "xlsx"))


async def _write_xlsx(file: IO[bytes], rows: AsyncIterator[ImportRow]) -> None:
    book = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    sheet = book.add_worksheet("Customers")
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(COLUMNS) - 1, 18)
    for column, (title, _) in enumerate(COLUMNS):
        sheet.write_string(0, column, title, bold)

    def write(first: int, block: Sequence[ImportRow]) -> None:
        for offset, row in enumerate(block):
            for column, (_, read) in enumerate(COLUMNS):
                sheet.write_string(first + offset, column, read(row)[:LONGEST_CELL])

    written = 0
    block: list[ImportRow] = []
    async for row in rows:
        if written + len(block) >= MOST_ROWS:
            break
        block.append(row)
        if len(block) == ROWS_AT_ONCE:
            await asyncio.to_thread(write, written + 1, block)
            written += len(block)
            block = []
    await asyncio.to_thread(write, written + 1, block)
    await asyncio.to_thread(book.close)
    file.seek(0)


async def _chunks_of(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk


def _as_file(run_id: str, extension: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="customers-{run_id}.{extension}"'}


def _address(row: ImportRow) -> str:
    address = row.customer.billing_address
    return ", ".join(line for line in (address.line1, address.line2, address.line3) if line)
