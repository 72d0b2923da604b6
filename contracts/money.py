"""Money: an exact amount in one currency, and the one place that rounds."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Annotated

from iso4217 import Currency as Iso4217
from pydantic import AfterValidator

from contracts.base import Contract, Exact, bounded, plain


@lru_cache(maxsize=512)
def minor_units(currency: str) -> int:
    """Decimal places of a currency: 2 for EUR, 0 for JPY, 3 for KWD. Source: ISO 4217, through the iso4217 package.

    Raises ValueError for a code that is not in force.
    """
    places = Iso4217(currency).exponent
    return 2 if places is None else int(places)


def is_currency(code: str) -> bool:
    """True for an ISO 4217 code in force today."""
    try:
        minor_units(code)
    except ValueError:
        return False
    return True


def _known(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"{code!r} is not an ISO 4217 currency in force; use a code such as EUR")
    return code


CurrencyCode = Annotated[str, bounded(3, pattern=r"^[A-Z]{3}$"), AfterValidator(_known)]


def round_half_up(amount: Decimal, places: int) -> Decimal:
    """Half away from zero, as both ledgers do: 1861.075 is 1861.08 and -0.005 is -0.01 at two places."""
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def round_to_currency(amount: Decimal, currency: str) -> Decimal:
    """The amount at the currency's own places, half away from zero."""
    return round_half_up(amount, minor_units(currency))


class Money(Contract):
    """An exact amount in major units of one currency: 12.30 EUR, never 1230."""

    amount: Exact
    currency: CurrencyCode

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(amount=self.amount - other.amount, currency=self.currency)

    def rounded(self) -> Money:
        """Half away from zero, to the currency's own places."""
        return Money(amount=round_to_currency(self.amount, self.currency), currency=self.currency)

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.currency}"

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}; nothing here converts")
