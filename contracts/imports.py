"""Customer imports: the report over the ledger's customers, and what was taken from it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.base import Contract, Id
from contracts.customers import Customer
from contracts.problems import Problem


class ImportState(StrEnum):
    """A run reads page by page, then stays for people to work with."""

    READING = "reading"
    READY = "ready"
    FAILED = "failed"


class RowState(StrEnum):
    """Where one customer of the ledger stands."""

    VALID = "valid"
    INVALID = "invalid"
    LINKED = "linked"
    IMPORTED = "imported"


class ImportRow(Contract):
    """One customer of the ledger: can it be imported, and if not, why and what to do."""

    row_id: str = Field(description="The ledger's id of the customer.")
    state: RowState
    selected: bool = False
    name: str
    emails: list[str] = []
    country_text: str = ""
    url: str = Field(default="", description="Opens the customer in the ledger.")
    customer_id: str = Field(default="", description="Billing's id, once linked or imported.")
    customer: Customer
    problems: list[Problem] = []
    read_at: datetime


class CustomerImport(Contract):
    """One run. Counts are of rows; `total` is the ledger's own count where known, for progress."""

    id: str
    connection_id: str
    state: ImportState
    total: int | None = None
    read: int = 0
    valid: int = 0
    invalid: int = 0
    linked: int = 0
    imported: int = 0
    reasons: dict[str, int] = Field(default={}, description="Rows by reason code.")
    error: str = ""
    started_at: datetime
    finished_at: datetime | None = None


class SelectedRow(Contract):
    """A row to import, and the id billing wants for the customer (made by us when empty)."""

    row_id: Annotated[str, Field(min_length=1, max_length=100)]
    customer_id: Id | None = None


class ImportSelection(Contract):
    """Import these rows, or all valid ones."""

    rows: Annotated[list[SelectedRow], Field(max_length=10_000)] = []
    all_valid: bool = False


class ReloadSelection(Contract):
    """Read these rows again from the ledger, or all that are invalid."""

    rows: Annotated[list[str], Field(max_length=10_000)] = []
    all_invalid: bool = False
