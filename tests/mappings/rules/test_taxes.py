"""Explicit mapping, then the customer's own code, then the only one that fits; never a guess between two."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.books import LedgerTaxCode, RateComponent
from contracts.problems import Reason
from contracts.taxes import TaxCode, TaxKind
from mappings.rules.taxes import TaxChoice, TaxRefusal, choose_tax_code
from tests.builders import EXEMPT, ISSUED, REDUCED, UK_TAX_CODES, VAT, ZERO, a_ledger_tax_code

TWIN = a_ledger_tax_code("30", "20.0% on services", "20")
INACTIVE = a_ledger_tax_code("31", "Old 20%", "20").model_copy(update={"active": False})
PURCHASES = a_ledger_tax_code("32", "20% purchases", "20").model_copy(update={"for_sales": False})
REVERSE = TaxCode(id="rc", kind=TaxKind.REVERSE_CHARGE, rate=Decimal(0))


def choose(code: TaxCode, codes: list[LedgerTaxCode], **changes: Any) -> TaxChoice | TaxRefusal:
    return choose_tax_code(code, codes, **{"mapped": "", "customer_default": "", "on": ISSUED, **changes})


@pytest.mark.parametrize(
    ("code", "codes", "lookups", "expected"),
    [
        (VAT, UK_TAX_CODES, {}, "3"),
        (REDUCED, UK_TAX_CODES, {}, "4"),
        (ZERO, UK_TAX_CODES, {}, "5"),
        (EXEMPT, UK_TAX_CODES, {}, "6"),  # exempt and zero-rated both add nothing and are not the same
        (VAT, [INACTIVE, PURCHASES, *UK_TAX_CODES], {}, "3"),
        (VAT, [*UK_TAX_CODES, TWIN], {"mapped": "30"}, "30"),
        (VAT, [*UK_TAX_CODES, TWIN], {"customer_default": "30"}, "30"),
        (VAT, [*UK_TAX_CODES, TWIN], {"customer_default": "5"}, Reason.TAX_CODE_AMBIGUOUS),  # its rate does not fit
        (VAT, [*UK_TAX_CODES, TWIN], {}, Reason.TAX_CODE_AMBIGUOUS),
        (REVERSE, UK_TAX_CODES, {}, Reason.TAX_CODE_UNMAPPED),
        (VAT, [], {}, Reason.TAX_CODE_UNMAPPED),
        (VAT, UK_TAX_CODES, {"mapped": "4"}, Reason.TAX_RATE_DIFFERS),
        (VAT, UK_TAX_CODES, {"mapped": "4", "any_rate": True}, "4"),
        (VAT, UK_TAX_CODES, {"mapped": "99"}, Reason.REFERENCE_NOT_FOUND),
        (VAT, [INACTIVE], {"mapped": "31"}, Reason.REFERENCE_INACTIVE),
        (VAT, [PURCHASES], {"mapped": "32"}, Reason.REFERENCE_INACTIVE),
    ],
)
def test_the_order_of_choice(
    code: TaxCode, codes: list[LedgerTaxCode], lookups: dict[str, Any], expected: str | Reason
) -> None:
    answer = choose(code, codes, **lookups)

    assert (answer.code_id if isinstance(answer, TaxChoice) else answer.reason) == expected


def test_a_code_of_the_same_name_decides_between_two_that_fit() -> None:
    named = VAT.model_copy(update={"name": "20.0% S"})

    assert choose(named, [*UK_TAX_CODES, TWIN]) == TaxChoice(
        "3", "of the codes with that rate only '20.0% S' has the same name"
    )


def test_the_rate_is_the_one_in_force_on_the_day() -> None:
    """A rate that changed on 1 January: the document's date decides, not today."""
    old = RateComponent(rate_id="r", percent=Decimal("17.5"), ends=date(2025, 12, 31))
    new = RateComponent(rate_id="r", percent=Decimal(20), starts=date(2026, 1, 1))
    code = LedgerTaxCode(id="3", name="VAT", kind=TaxKind.STANDARD, components=[old, new])

    assert isinstance(choose(VAT, [code], on=date(2026, 1, 1)), TaxChoice)
    assert isinstance(choose(VAT, [code], on=date(2025, 12, 31)), TaxRefusal)


def test_an_ambiguous_code_names_its_candidates() -> None:
    answer = choose(VAT, [*UK_TAX_CODES, TWIN])

    assert isinstance(answer, TaxRefusal)
    assert answer.candidates == ("3", "30")
    assert "'20.0% S'" in answer.message
