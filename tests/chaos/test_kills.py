"""Kill -9 at every database commit and every HTTP boundary: afterwards the ledger holds exactly one copy.

Each run kills the process one boundary later than the run before, until a run gets through without being killed. The
answer that is lost after the ledger committed is the boundary "after POST".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
import requests

from service.cli.demo.actors import Json, Unexpected
from tests.chaos.conftest import Copies
from tests.e2e.children import KillPlan
from tests.e2e.scene import Scene


@dataclass(frozen=True)
class Flow:
    """Something billing asks for, and what must be true once it is done."""

    prepare: Callable[[Scene, str], list[tuple[str, Json]]]
    """Records sent, and settled, before the process is armed."""
    act: Callable[[Scene, str], list[tuple[str, Json]]]
    """Records sent while the process may die."""
    holds: Callable[[Scene, str], bool]


def _invoice(scene: Scene, tag: str) -> list[tuple[str, Json]]:
    return [("invoices", scene.invoice(f"inv-{tag}", number=f"I{tag}"))]


def _nothing(scene: Scene, tag: str) -> list[tuple[str, Json]]:
    return []


def _sent(scene: Scene, tag: str) -> list[tuple[str, Json]]:
    return [("invoices", {**_invoice(scene, tag)[0][1], "status": "sent", "issue_date": "2026-01-31"})]


def _voided(scene: Scene, tag: str) -> list[tuple[str, Json]]:
    return [("invoices", {**_invoice(scene, tag)[0][1], "status": "voided"})]


def _three(scene: Scene, tag: str) -> list[tuple[str, Json]]:
    return [("invoices", scene.invoice(f"inv-{tag}{n}", number=f"I{tag}{n}")) for n in "abc"]


def _credit(scene: Scene, tag: str) -> list[tuple[str, Json]]:
    memo = scene.document(f"cm-{tag}", number=f"C{tag}", lines=(("1", "40.00", False),))
    return [("credit-memos", {**memo, "allocations": [{"invoice_id": f"inv-{tag}", "amount": "40.00"}]})]


def _payment(scene: Scene, tag: str) -> list[tuple[str, Json]]:
    return [("payments", scene.payment(f"pay-{tag}", f"inv-{tag}", paid_on="2026-01-31", reference=f"P{tag}"))]


def _customer(scene: Scene, tag: str) -> list[tuple[str, Json]]:
    customer: Json = {
        "id": f"cus-{tag}",
        "name": f"Killed {tag}",
        "emails": ["a@example.com"],
        "currency": scene.side.currency,
        "billing_address": scene.side.address,
    }
    return [("customers", customer), ("invoices", scene.invoice(f"inv-{tag}", f"cus-{tag}", number=f"I{tag}"))]


def _created(scene: Scene, tag: str) -> bool:
    return scene.only("invoices", f"I{tag}").total == Decimal(scene.gross)


def _all_created(scene: Scene, tag: str) -> bool:
    return all(_created(scene, tag + n) for n in "abc")


def _sent_once(scene: Scene, tag: str) -> bool:
    there = scene.only("invoices", f"I{tag}")
    return (there.date, there.sent) == ("2026-01-31", True)


def _is_void(scene: Scene, tag: str) -> bool:
    there = scene.only("invoices", f"I{tag}")
    return there.voided and there.balance == 0


def _applied_once(scene: Scene, tag: str) -> bool:
    left = Decimal(scene.gross) - 40
    return scene.only("credit_memos", f"C{tag}").balance == 0 and scene.only("invoices", f"I{tag}").balance == left


def _paid_once(scene: Scene, tag: str) -> bool:
    paid = scene.only("payments", f"P{tag}").total == Decimal(scene.gross)
    return paid and scene.only("invoices", f"I{tag}").balance == 0


def _made_once(scene: Scene, tag: str) -> bool:
    return scene.only("invoices", f"I{tag}").customer == scene.only("customers", f"Killed {tag}").id


FLOWS = {
    "create": Flow(_nothing, _invoice, _created),
    "batch": Flow(_nothing, _three, _all_created),
    "send": Flow(_invoice, _sent, _sent_once),
    "void": Flow(_invoice, _voided, _is_void),
    "credit": Flow(_invoice, _credit, _applied_once),
    "payment": Flow(_invoice, _payment, _paid_once),
    "customer": Flow(_nothing, _customer, _made_once),
}


def run_killed(copies: Copies, flow: Flow, at: int, tag: str) -> bool:
    """One run that dies at a boundary, and what must be true after a restart. False: it got through alive."""
    scene = copies()
    plan = KillPlan(at, scene.environment.folder / "armed", scene.environment.folder / "boundaries")
    scene.start(plan)
    # The kills are spent on the push: reading the change feed writes nothing to the ledger.
    scene.until_pulled()
    for noun, record in flow.prepare(scene, tag):
        scene.put(noun, record)
        assert scene.settled(noun, record["id"])["state"] == "in_sync"
    plan.armed.touch()
    survived = _act(scene, flow, tag)
    scene.kill()
    scene.start()
    for noun, record in flow.act(scene, tag):
        # The platform had no 2xx for all of them, so it sends them again; those it had are unchanged.
        scene.put(noun, record)
    for noun, record in flow.act(scene, tag):
        view = scene.settled(noun, record["id"])
        assert view["state"] == "in_sync", (_where(plan), view["problems"])
    assert flow.holds(scene, tag), f"after a kill at {_where(plan)}"
    scene.stop()
    return not survived


def _act(scene: Scene, flow: Flow, tag: str) -> bool:
    """Send the records and watch them; True when everything settled before the process died."""
    assert scene.service is not None
    try:
        for noun, record in flow.act(scene, tag):
            scene.put(noun, record)
        waiting = [(noun, record["id"]) for noun, record in flow.act(scene, tag)]
        deadline = time.monotonic() + 30
        while waiting and time.monotonic() < deadline:
            waiting = [(noun, id_) for noun, id_ in waiting if scene.view(noun, id_)["state"] != "in_sync"]
            time.sleep(0.02)
    except (requests.RequestException, Unexpected):
        return False
    return scene.service.process.is_alive()


def _where(plan: KillPlan) -> str:
    lines = plan.report.read_text().splitlines() if plan.report.exists() else []
    return f"boundary {plan.at}: {lines[-1] if lines else 'none'}"


@pytest.mark.parametrize("name", ["create"])
@pytest.mark.timeout(900)
def test_a_kill_at_any_line_of_a_push_leaves_exactly_one_copy(copies: Copies, name: str) -> None:
    """The short proof: an invoice, killed at every boundary of its way into the ledger."""
    at = 1
    while run_killed(copies, FLOWS[name], at, f"{name}{at}"):
        at += 1

    assert at > 5, "hardly a boundary was passed: the kills were not armed"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["batch", "send", "void", "credit", "payment", "customer"])
@pytest.mark.timeout(1800)
def test_a_kill_at_any_line_of_every_other_push_leaves_exactly_one_copy(copies: Copies, name: str) -> None:
    """The long proof: every other thing billing may ask for."""
    at = 1
    while run_killed(copies, FLOWS[name], at, f"{name}{at}"):
        at += 1

    assert at > 5, "hardly a boundary was passed: the kills were not armed"
