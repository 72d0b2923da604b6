"""What a connection lacks before documents can go to QuickBooks."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.books import Item
from contracts.problems import Reason
from mappings.quickbooks import readiness
from tests.builders import a_catalog, some_settings

TWO = [Item(id=str(i), name=f"Service {i}", type="Service", income_account="79") for i in (1, 2)]


@pytest.mark.parametrize(
    ("company", "settings", "reasons"),
    [
        ({}, {}, []),
        ({}, {"default_item": ""}, [Reason.ITEM_MISSING]),
        ({}, {"default_item": "9"}, [Reason.ITEM_MISSING]),
        ({"numbers_automatic": True}, {}, [Reason.NUMBERS_AUTOMATIC]),
        ({"email": ""}, {}, [Reason.MERCHANT_EMAIL_MISSING]),
        ({"email": ""}, {"merchant_email": "m@merchant.example"}, []),
        ({"email": ""}, {"mark_sent": False}, []),
        ({"discounts_allowed": False}, {}, [Reason.DISCOUNT_ACCOUNT_MISSING]),
        ({"sales_tax": False}, {}, []),
        ({"sales_tax": False}, {"tax_codes": {"vat-20": "3"}}, [Reason.TAX_IS_OFF]),
        ({}, {"tax_codes": {"vat-20": "99"}}, [Reason.REFERENCE_NOT_FOUND]),
        ({}, {"items": {"pro": "99"}}, [Reason.REFERENCE_NOT_FOUND]),
        ({}, {"deposit_account": "99"}, [Reason.REFERENCE_NOT_FOUND]),
        ({}, {"payment_methods": {"card": "99"}}, [Reason.REFERENCE_NOT_FOUND]),
    ],
)
def test_what_is_missing(company: dict[str, Any], settings: dict[str, Any], reasons: list[Reason]) -> None:
    problems = readiness(a_catalog(company=company), some_settings(**settings))

    assert [problem.reason for problem in problems] == reasons


@pytest.mark.parametrize(("items", "suggestion"), [(TWO[:1], "1"), (TWO, ""), ([], "")])
def test_an_item_is_suggested_only_where_there_is_no_choice(items: list[Item], suggestion: str) -> None:
    problems = readiness(a_catalog(items=items), some_settings(default_item=""))

    assert [problem.suggestion for problem in problems] == [suggestion]
