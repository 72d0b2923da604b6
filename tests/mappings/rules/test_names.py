"""Names a ledger can hold."""

from __future__ import annotations

import pytest

from contracts.problems import Reason
from mappings.rules.names import check_name, same_name, storable_name


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("Acme Ltd", []),
        ("Société Générale 株式会社", []),
        ("x" * 500, []),
        ("", [Reason.NAME_MISSING]),
        ("  ", [Reason.NAME_MISSING]),
        ("Acme: Operations", [Reason.NAME_INVALID]),
        ("Acme\tLtd", [Reason.NAME_INVALID]),
        ("Acme\nLtd", [Reason.NAME_INVALID]),
        ("x" * 501, [Reason.NAME_INVALID]),
    ],
)
def test_a_name_is_refused_before_the_ledger_refuses_it(name: str, reasons: list[Reason]) -> None:
    problems = check_name(name, where="customer", system="billing", max_length=500)

    assert [problem.reason for problem in problems] == reasons


@pytest.mark.parametrize(
    ("name", "storable"),
    [("Acme: Ops", "Acme - Ops"), ("Acme:Ops", "Acme - Ops"), ("Acme\t Ltd \n", "Acme Ltd"), ("Acme", "Acme")],
)
def test_a_storable_name_is_suggested(name: str, storable: str) -> None:
    assert storable_name(name) == storable


def test_names_compare_as_the_ledger_compares_them() -> None:
    assert same_name("ACME  Ltd", "Acme ltd ")
    assert not same_name("Acme", "Acme Ltd")
