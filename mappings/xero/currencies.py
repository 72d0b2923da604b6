"""Which currencies a Xero company can use. Source: Xero reference 4.6, 7.3.

Unlike QuickBooks a contact has no currency of its own: DefaultCurrency is what the screen proposes, and a document in
any currency of the company may be for any contact. So only the company's list is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.books import Catalog, LedgerCurrency
from contracts.problems import Problem, Reason
from mappings.xero.wire import Fields, UnreadableRecord


def from_xero_currency(raw: Mapping[str, Any]) -> LedgerCurrency:
    """One row of the company's list, which holds enabled currencies only."""
    fields = Fields(raw)
    if not (code := fields.text("Code", 10)):
        raise UnreadableRecord("the currency has no Code")
    return LedgerCurrency(code=code, name=fields.text("Description", 100))


def usable_currencies(catalog: Catalog) -> frozenset[str]:
    """The base currency and those of the list."""
    return frozenset(
        {catalog.company.home_currency} | {currency.code for currency in catalog.currencies if currency.active}
    )


def check_currency(currency: str, catalog: Catalog, *, where: str) -> list[Problem]:
    """A currency the company has not switched on is refused: "Organisation is not subscribed to currency EUR"."""
    if currency in usable_currencies(catalog):
        return []
    return [
        Problem(
            reason=Reason.CURRENCY_NOT_ENABLED,
            where=where,
            field="currency",
            message=f"The currency is {currency}; the company has not added it: it uses "
            f"{', '.join(sorted(usable_currencies(catalog)))}.",
            fix=f"Add {currency} in Xero under Settings, Currencies, which needs a plan with several currencies; or "
            "issue the record in another currency.",
            value=currency,
        )
    ]
