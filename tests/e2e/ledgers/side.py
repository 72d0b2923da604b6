"""The shape both ledgers are seen in by an end-to-end test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, Protocol

import requests

Json = dict[str, Any]
Noun = Literal["customers", "invoices", "credit_memos", "payments"]


@dataclass(frozen=True)
class Shown:
    """One object of the books, in words that hold for every ledger.

    number: a customer's name, a payment's reference. total and balance: of a credit memo what it is worth and what is
    left of it. A payment that was taken back is voided; what was deleted without a trace is not shown at all.
    """

    id: str
    number: str
    total: Decimal = Decimal(0)
    balance: Decimal = Decimal(0)
    date: str = ""
    customer: str = ""
    voided: bool = False
    sent: bool = False


@dataclass(frozen=True)
class Hint:
    """One line of a notice."""

    noun: Noun
    id: str
    operation: Literal["Create", "Update"]
    at: str
    """An ISO time without zone, to the second."""


class LedgerSide(Protocol):
    """One ledger and its simulator."""

    name: ClassVar[str]
    currency: ClassVar[str]
    percent: ClassVar[str]
    """Of the tax that the company's `TAXED` lines carry."""
    address: ClassVar[Json]
    """Somewhere its customers live."""
    mails_when_sent: ClassVar[Sequence[str]]
    """Whom the ledger itself writes to when an invoice is marked as sent."""
    payment_notices: ClassVar[bool]
    """False where a payment is found through its invoice."""
    signature_header: ClassVar[str]
    renewal_route: ClassVar[str]
    """Where tokens are renewed, as the simulator's log of calls has it."""
    last_before_renewal: ClassVar[str]
    """The boundary at which a renewal leaves (see tests/chaos/boundaries.py)."""

    def variables(self, url: str, port: int, key: str) -> dict[str, str]:
        """What the service is told of the simulator at this URL; key signs the notices."""
        ...

    def application(self, settings: Mapping[str, Any]) -> Any:
        """The simulator, as an ASGI application."""
        ...

    def new_company(self, url: str, name: str) -> str:
        """A company with three customers; its id."""
        ...

    def choices(self, company: str) -> dict[str, str]:
        """What a person ticks on the consent page."""
        ...

    def settings(self, catalog: Json, taxed: str) -> Json:
        """What a person chooses from the lists: where lines post to, the tax code of `taxed`, where money lands."""
        ...

    def listen(self, url: str, address: str, key: str, config: Json) -> None:
        """Tell the simulator where its notices go and how they travel."""
        ...

    def book(self, url: str, company: str, noun: Noun) -> list[Shown]:
        """All of one kind, as the ledger holds it."""
        ...

    def mails(self, url: str, company: str) -> list[str]:
        """Whom the ledger has written to."""
        ...

    def opens(self, link: str, company: str, there: Shown) -> bool:
        """Whether a link leads to the object, in the right company."""
        ...

    def pay(self, url: str, company: str, invoice: str, amount: str) -> None:
        """The bookkeeper records a payment."""
        ...

    def delete_payment(self, url: str, company: str, payment: str) -> None:
        """The bookkeeper takes a payment back."""
        ...

    def void_invoice(self, url: str, company: str, invoice: str) -> None:
        """The bookkeeper voids an invoice."""
        ...

    def notice(self, company: str, *hints: Hint) -> bytes:
        """The body of a notice."""
        ...

    def strict_rotation(self, url: str, *, on: bool) -> None:
        """Refresh tokens that are dead once a new one was given; or off again."""
        ...

    def expire_access(self, url: str, company: str) -> None:
        """The access token is refused from now on."""
        ...

    def disconnect(self, url: str, company: str) -> None:
        """A person ends our access in the ledger itself."""
        ...


def control(url: str, path: str, body: Json | None = None, *, method: str = "POST") -> Any:
    """The simulator's control endpoint."""
    answer = requests.request(method, f"{url}/_control/{path}", json=body, timeout=60)
    assert answer.ok, answer.text
    return answer.json()
