"""The main job in six acts, each told in plain sentences and checked as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from service.cli.demo.actors import Browser, EventListener, Json, Platform, Unexpected
from service.cli.demo.books import LedgerOnStage

NO_TAX = {"id": "no-tax", "name": "Not taxed", "kind": "outside_scope", "rate": "0"}
TODAY = date.today()  # noqa: DTZ011 - the demo's documents are dated by the calendar on the wall
_CENT = Decimal("0.01")
_NOTE = "ledgerlane.invoice.payment_status_changed"


@dataclass(frozen=True)
class Closing:
    """What one ledger's play ends with: documents and their sums in both books."""

    title: str
    currency: str
    documents: int
    billing: Decimal
    ledger: Decimal
    calls: int


class Play:
    """One performance against one ledger, and what it learns on the way."""

    def __init__(self, console: Console, platform: Platform, ledger: LedgerOnStage, listener: EventListener) -> None:
        self._say = console.print
        self._console = console
        self._platform = platform
        self._ledger = ledger
        self._listener = listener
        self._connection = ""
        self._customer = ""
        self._sent: dict[str, Json] = {}
        self.closing = Closing(ledger.title, ledger.currency, 0, Decimal(0), Decimal(0), 0)

    def run(self) -> None:
        """Every act in order. Raises Unexpected at the first thing that does not hold."""
        acts: list[tuple[str, Callable[[], None]]] = [
            ("Connect a company", self.connect),
            ("Import its customers", self.import_customers),
            ("Push, send and void invoices", self.invoices),
            ("Push a credit note", self.credit_memo),
            ("The bookkeeper gets paid", self.payments),
            ("Close: do the books agree?", self.close),
        ]
        self._console.rule(self._ledger.title)
        for number, (title, act) in enumerate(acts, start=1):
            self._say(f"\n[bold]{number}. {title}[/bold]")
            act()

    # --- 1

    def connect(self) -> None:
        """The platform asks for a connection, a person consents, the company's lists are read."""
        wanted = {"ledger": self._ledger.name, "return_url": "http://127.0.0.1/done"}
        connection = self._platform.post("/v1/connections", wanted)
        self._connection = f"/v1/connections/{connection['id']}"
        self._ok("The platform asked for a connection and got the address where a person consents.")
        result = Browser().consent(connection["authorize_url"])
        self._expect(result.get("result") == "connected", f"the consent came back with {result}")
        self._ok("A person chose the company on the ledger's consent page; the browser came back connected.")
        catalog = self._platform.wait("the company's lists", self._catalog)
        self._ledger.company = self._platform.get(self._connection)["company_id"]
        self._ok(
            f"{catalog['company']['name']} ({catalog['company']['country']}, {catalog['company']['home_currency']}): "
            f"{len(catalog['accounts'])} accounts, {len(catalog['items'])} items, {len(catalog['tax_codes'])} tax "
            f"codes, {len(catalog['terms'])} terms were read."
        )
        before = self._platform.get(f"{self._connection}/readiness")
        self._expect(not before["ready"], "a company for which nothing was chosen must not be ready")
        for problem in before["problems"]:
            self._say(f"   [yellow]to do[/yellow] {problem['message']} {problem['fix']}")
        settings = {**self._ledger.settings(catalog), "pull_every_seconds": 60}
        self._platform.put(f"{self._connection}/settings", settings)
        after = self._platform.get(f"{self._connection}/readiness")
        self._expect(after["ready"], f"still not ready: {after['problems']}")
        self._ok("The settings say now where lines post to and what tax they have: the connection is ready.")

    def _catalog(self) -> Json | None:
        if not self._platform.get(self._connection)["catalog_read_at"]:
            return None
        return dict(self._platform.get(f"{self._connection}/catalog"))

    # --- 2

    def import_customers(self) -> None:
        """Every customer is read and judged; valid ones are imported; one is put right and read again."""
        run = self._platform.post(f"{self._connection}/customer-imports")
        path = f"{self._connection}/customer-imports/{run['id']}"
        run = self._watch("reading customers", path, "read", lambda seen: bool(seen["state"] != "reading"))
        self._expect(run["state"] == "ready", f"the import ended as {run['state']}: {run['error']}")
        self._expect(run["valid"] > 0 and run["invalid"] > 0, f"the report should show both kinds: {run}")
        self._ok(f"{run['read']} customers were read: {run['valid']} valid, {run['invalid']} need work.")
        rows = self._rows(path, "invalid")
        table = Table("customer", "what is wrong", "what to do", title="Three of those that need work")
        for row in rows[:3]:
            problem = row["problems"][0]
            table.add_row(row["name"], problem["message"], problem["fix"])
        self._say(table)
        chosen = self._platform.post(f"{path}/import", {"all_valid": True})["rows"]
        done = self._watch("importing", path, "imported", lambda seen: bool(seen["imported"] >= chosen))
        self._ok(f"{done['imported']} customers were imported; each is linked to its customer in the ledger.")
        imported = self._rows(path, "imported")
        self._customer = next(
            row["customer_id"]
            for row in imported
            if not row["problems"] and row["customer"]["currency"] in ("", self._ledger.currency)
        )
        self._put_right(path, rows)

    def _put_right(self, path: str, rows: list[Json]) -> None:
        row = next(row for row in rows if [p["reason"] for p in row["problems"]] == ["email_missing"])
        self._ledger.correct_email(row["row_id"], "accounts@example.com")
        self._platform.post(f"{path}/reload", {"rows": [row["row_id"]]})
        self._platform.wait("the corrected customer", lambda: self._row(path, row["row_id"])["state"] == "valid")
        self._ok(f"The bookkeeper gave {row['name']} an e-mail address; read again, it is valid now.")

    def _row(self, path: str, row_id: str) -> Json:
        return next(row for row in self._rows(path, "") if row["row_id"] == row_id)

    def _rows(self, path: str, state: str) -> list[Json]:
        found: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            wanted = {"limit": 100, **({"state": state} if state else {}), **({"cursor": cursor} if cursor else {})}
            page = self._platform.get(f"{path}/rows", **wanted)
            found += page["items"]
            cursor = page["next_cursor"]
        return found

    # --- 3

    def invoices(self) -> None:
        """Finalised: pushed within a second. Sent: re-dated and marked. Voided: void in both books."""
        first = self._invoice("inv_1001", "HP-1001", [("Brand workshop", "1", "1200.00", True)])
        view, seconds = self._timed_push(first)
        for number in (1003, 1004):
            if seconds >= 1.0:
                # A machine that is busy with something else for a moment is not what is measured here.
                again = self._invoice(f"inv_{number}", f"HP-{number}", [("Brand workshop", "1", "10.00", True)])
                self._sent[again["id"]] = again
                _, seconds = self._timed_push(again)
        self._expect(seconds < 1.0, f"three pushes took more than a second each, the last {seconds:.2f}")
        self._expect(bool(view["ledger"]["url"]), "the pushed invoice carries no link")
        self._ok(f"Invoice HP-1001 over {view['total']} {self._ledger.currency} arrived in {seconds * 1000:.0f} ms.")
        self._say(f"   open it there: {view['ledger']['url']}", soft_wrap=True)

        later = (TODAY + timedelta(days=2)).isoformat()
        sent = {**first, "status": "sent", "issue_date": later, "due_date": (TODAY + timedelta(days=32)).isoformat()}
        self._platform.put(f"{self._connection}/invoices/inv_1001", sent)
        view = self._synced("invoices", "inv_1001")
        self._sent["inv_1001"] = sent
        self._expect(view["ledger"]["sent"], "the invoice is not marked as sent in the ledger")
        there = self._ledger.documents()[view["ledger"]["id"]]
        self._expect(there.sent and there.date == later, f"there it is {there}, wanted the date {later}")
        self._nobody_was_written_to_twice()
        self._ok("Billing sent it later: its date moved, it is marked as sent, and the customer got no second mail.")

        second = self._invoice("inv_1002", "HP-1002", [("Retainer", "1", "300.00", False)])
        self._platform.put(f"{self._connection}/invoices/inv_1002", second)
        self._synced("invoices", "inv_1002")
        self._platform.put(f"{self._connection}/invoices/inv_1002", {**second, "status": "voided"})
        view = self._synced("invoices", "inv_1002")
        self._sent["inv_1002"] = {**second, "status": "voided"}
        self._expect(view["ledger"]["voided"], "the second invoice is not void in the ledger")
        self._ok("Invoice HP-1002 was pushed, then voided in billing: it is void in the ledger, its number kept.")
        self._backlog()

    def _timed_push(self, invoice: Json) -> tuple[Json, float]:
        started = time.monotonic()
        self._platform.put(f"{self._connection}/invoices/{invoice['id']}", invoice)
        return self._synced("invoices", invoice["id"]), time.monotonic() - started

    def _nobody_was_written_to_twice(self) -> None:
        customer = self._platform.get(f"{self._connection}/customers/{self._customer}")["body"]
        written_to = set(self._ledger.mails()) & set(customer["emails"])
        self._expect(not written_to, f"the ledger wrote to the customer: {sorted(written_to)}")

    def _backlog(self) -> None:
        batch = [
            self._invoice(f"inv_{number}", f"HP-{number}", [("Hours", "2.5", "88.00", True), ("Fee", "1", "15", False)])
            for number in range(2001, 2061)
        ]
        self._platform.post(f"{self._connection}/invoices", {"items": batch})
        for invoice in batch:
            self._sent[invoice["id"]] = invoice
        with self._bar("pushing a backlog", len(batch)) as (progress, task):
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                states = self._platform.get(f"{self._connection}/status")["states"]
                left = sum(count for state, count in states.items() if state not in ("in_sync", "blocked"))
                progress.update(task, completed=max(0, len(batch) - left))
                if left == 0:
                    break
                time.sleep(0.1)
        blocked = self._platform.get(f"{self._connection}/invoices", state="blocked", limit=5)["items"]
        self._expect(not blocked, f"some are blocked: {[one['problems'] for one in blocked]}")
        self._ok(f"A backlog of {len(batch)} invoices went over in batches.")

    def _invoice(self, id_: str, number: str, lines: list[tuple[str, str, str, bool]]) -> Json:
        return {**self._document(id_, number, lines), "due_date": (TODAY + timedelta(days=30)).isoformat()}

    # --- 4

    def credit_memo(self) -> None:
        """A finalised credit note arrives as a credit memo and settles a part of an invoice."""
        memo = {
            **self._document("cm_1", "HP-C1", [("Goodwill", "1", "54.00", False)]),
            "allocations": [{"invoice_id": "inv_2001", "amount": "54.00"}],
            "corrects_invoice_id": "inv_2001",
        }
        self._platform.put(f"{self._connection}/credit-memos/cm_1", memo)
        view = self._synced("credit-memos", "cm_1")
        self._sent["cm_1"] = memo
        there = self._ledger.documents()[view["ledger"]["id"]]
        self._expect(there.unused == 0, f"not applied there: {there.unused} left")
        self._ok("Credit note HP-C1 arrived in the ledger and settles 54.00 of invoice HP-2001 there.")

    # --- 5

    def payments(self) -> None:
        """Money recorded in the ledger arrives in billing; so does an invoice voided there."""
        remote = self._platform.get(f"{self._connection}/invoices/inv_1001")["ledger"]["id"]
        self._ledger.pay(remote, "500.00")
        self._payment_status("inv_1001", "partially_paid")
        self._ok("The bookkeeper recorded 500.00 in the ledger: HP-1001 is partially paid in billing.")
        self._ledger.pay(remote, str(Decimal(self._sent["inv_1001"]["totals"]["total"]) - 500))
        self._payment_status("inv_1001", "paid")
        told = [event["data"]["payment_status"] for event in self._told(_NOTE, "inv_1001")]
        self._expect(told[-1:] == ["paid"], f"the platform was told {told}")
        self._ok(f"The rest came in: HP-1001 is paid. The platform was told, signed, in this order: {', '.join(told)}.")
        remote = self._platform.get(f"{self._connection}/invoices/inv_2002")["ledger"]["id"]
        self._ledger.void(remote)
        self._platform.wait(
            "the void to arrive",
            lambda: self._platform.get(f"{self._connection}/invoices/inv_2002")["status"] == "voided",
        )
        self._platform.wait(
            "the event of the void",
            lambda: self._told("ledgerlane.invoice.voided_in_ledger", "inv_2002"),
        )
        self._sent["inv_2002"] = {**self._sent["inv_2002"], "status": "voided"}
        self._ok("The bookkeeper voided HP-2002 in the ledger: it is voided in billing.")
        self._expect(self._listener.forged == 0, "an event came with a signature that does not hold")

    def _payment_status(self, id_: str, wanted: str) -> None:
        path = f"{self._connection}/invoices/{id_}"
        self._platform.wait(f"{id_} to be {wanted}", lambda: self._platform.get(path)["payment_status"] == wanted)
        self._platform.wait(
            f"the event that {id_} is {wanted}",
            lambda: [event for event in self._told(_NOTE, id_) if event["data"]["payment_status"] == wanted],
        )

    def _told(self, type_: str, invoice: str) -> list[Json]:
        source = "/connections/" + self._connection.rsplit("/", 1)[-1]
        return [event for event in self._listener.find(type_, f"invoice/{invoice}") if event["source"] == source]

    # --- 6

    def close(self) -> None:
        """Whether the books agree to the cent, and what it took."""
        book = self._ledger.documents()
        billing, ledger = Decimal(0), Decimal(0)
        for id_, document in self._sent.items():
            noun = "credit-memos" if id_.startswith("cm_") else "invoices"
            view = self._platform.get(f"{self._connection}/{noun}/{id_}")
            sign = -1 if noun == "credit-memos" else 1
            billing += sign * self._owed(document)
            ledger += sign * book[view["ledger"]["id"]].total
        calls = self._ledger.calls()
        self.closing = Closing(self._ledger.title, self._ledger.currency, len(self._sent), billing, ledger, calls)
        self._expect(billing == ledger, f"the books do not agree: {billing} in billing, {ledger} in the ledger")
        self._ok(f"{len(self._sent)} documents agree to the cent: {billing:.2f} {self._ledger.currency} in each book.")

    @staticmethod
    def _owed(document: Json) -> Decimal:
        return Decimal(0) if document["status"] == "voided" else Decimal(document["totals"]["total"])

    # --- shared

    def _document(self, id_: str, number: str, lines: list[tuple[str, str, str, bool]]) -> Json:
        """A document of taxed and untaxed lines: (description, quantity, unit price, taxed)."""
        tax, share = self._ledger.tax, self._ledger.percent / 100
        rows = [
            {
                "description": description,
                "quantity": quantity,
                "unit_price": price,
                "amount": str((Decimal(quantity) * Decimal(price)).quantize(_CENT)),
                "tax_code": tax["id"] if taxed else NO_TAX["id"],
            }
            for description, quantity, price, taxed in lines
        ]
        net = sum((Decimal(row["amount"]) for row in rows), Decimal(0))
        taxable = sum((Decimal(row["amount"]) for row in rows if row["tax_code"] == tax["id"]), Decimal(0))
        owed = (taxable * share).quantize(_CENT)
        return {
            "id": id_,
            "number": number,
            "customer_id": self._customer,
            "status": "final",
            "currency": self._ledger.currency,
            "issue_date": TODAY.isoformat(),
            "tax_mode": "exclusive",
            "tax_codes": [tax, NO_TAX],
            "sections": [{"lines": rows}],
            "totals": {"net": str(net), "tax": str(owed), "total": str(net + owed)},
        }

    def _synced(self, noun: str, id_: str) -> Json:
        path = f"{self._connection}/{noun}/{id_}"

        def settled() -> Json | None:
            view: Json = self._platform.get(path)
            if view["state"] == "blocked":
                raise Unexpected(f"{id_} is blocked: {view['problems']}")
            return view if view["state"] == "in_sync" else None

        view: Json = self._platform.wait(f"{id_} to be in sync", settled)
        return view

    def _watch(self, what: str, path: str, field: str, done: Callable[[Json], bool]) -> Json:
        with self._bar(what, None) as (progress, task):
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                seen: Json = self._platform.get(path)
                progress.update(task, completed=seen[field], total=seen["total"] or None)
                if done(seen):
                    return seen
                time.sleep(0.05)
        raise Unexpected(f"{what} did not finish within a minute")

    def _bar(self, what: str, total: int | None) -> Any:
        return _Bar(self._console, what, total)

    def _ok(self, sentence: str) -> None:
        self._say(f"   [green]ok[/green] {sentence}")

    @staticmethod
    def _expect(holds: bool, otherwise: str) -> None:
        if not holds:
            raise Unexpected(otherwise)


class _Bar:
    """A progress bar for one piece of long work."""

    def __init__(self, console: Console, what: str, total: int | None) -> None:
        self._progress = Progress(
            TextColumn(f"   {what}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        self._task = self._progress.add_task(what, total=total)

    def __enter__(self) -> tuple[Progress, Any]:
        self._progress.start()
        return self._progress, self._task

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def closing_table(console: Console, closings: Sequence[Closing]) -> None:
    """What is in each book, in one table."""
    table = Table("", "documents", "", "billing", "ledger", "differ by", "calls", title="Both books")
    for each in closings:
        figures = (each.billing, each.ledger, each.ledger - each.billing)
        shown = [f"{figure:.2f}" for figure in figures]
        table.add_row(each.title, str(each.documents), each.currency, *shown, str(each.calls))
    console.print(table)
