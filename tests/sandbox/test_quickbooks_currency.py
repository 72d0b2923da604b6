"""Several currencies. Source: QuickBooks reference 10."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.conftest import Books, line, payment

VAT_20 = {"value": "1"}


def _customer(uk: Books, name: str) -> Any:
    return uk.rows(f"SELECT * FROM Customer WHERE DisplayName = '{name}'")[0]


def _invoice(uk: Books, customer: Any, currency: str, **more: Any) -> Any:
    return {
        "CustomerRef": {"value": customer["Id"]},
        "CurrencyRef": {"value": currency},
        "Line": [line(100, TaxCodeRef=VAT_20)],
        **more,
    }


def test_home_amounts_appear_only_where_several_currencies_are_on(uk: Books) -> None:
    euro = uk.post("invoice", _invoice(uk, _customer(uk, "Fischer Möbel GmbH"), "EUR", TxnDate="2026-10-01"))
    home = uk.post("invoice", _invoice(uk, _customer(uk, "Abbey Road Bakery"), "GBP"))

    assert (euro["ExchangeRate"], euro["HomeTotalAmt"], euro["HomeBalance"]) == (
        Decimal("0.86"),
        Decimal("103.2"),
        Decimal("103.2"),
    )
    assert home["ExchangeRate"] == 1


def test_a_rate_may_be_sent_or_comes_from_the_day(uk: Books) -> None:
    rate = {"SourceCurrencyCode": "EUR", "AsOfDate": "2026-09-01", "Rate": Decimal("0.9")}
    assert uk.post("exchangerate", rate)["TargetCurrencyCode"] == "GBP"
    fischer = _customer(uk, "Fischer Möbel GmbH")

    later = uk.post("invoice", _invoice(uk, fischer, "EUR", TxnDate="2026-09-20"))
    earlier = uk.post("invoice", _invoice(uk, fischer, "EUR", TxnDate="2026-08-20"))
    own = uk.post("invoice", _invoice(uk, fischer, "EUR", ExchangeRate=Decimal("0.85")))

    assert [each["ExchangeRate"] for each in (later, earlier, own)] == [
        Decimal("0.9"),
        Decimal("0.86"),
        Decimal("0.85"),
    ]
    assert uk.read("exchangerate", sourcecurrencycode="EUR", asofdate="2026-09-01")["Rate"] == Decimal("0.9")


@pytest.mark.parametrize(
    ("switch", "text"),
    [
        ("6000_ar", "The transaction needs to be in the same currency as the A/R and A/P accounts you use."),
        ("6000_foreign", "You can only use one foreign currency per transaction"),
    ],
)
def test_a_transaction_in_another_currency_than_the_customers_is_refused(uk: Books, switch: str, text: str) -> None:
    uk.switch(currency_mismatch=switch)
    fischer = _customer(uk, "Fischer Möbel GmbH")

    assert text in uk.refused("invoice", _invoice(uk, fischer, "GBP")).detail
    assert text in uk.refused("payment", payment(fischer, 10)).detail


def test_a_customers_currency_never_changes(uk: Books) -> None:
    fischer = _customer(uk, "Fischer Möbel GmbH")
    change = {"Id": fischer["Id"], "SyncToken": fischer["SyncToken"], "sparse": True, "CurrencyRef": {"value": "USD"}}

    assert uk.refused("customer", change).codes == ["6000"]
    uk.switch(customer_currency_change="ignored")
    assert uk.post("customer", change)["CurrencyRef"]["value"] == "EUR"


def test_a_new_customers_currency_joins_the_company_list(uk: Books) -> None:
    uk.customer("Tokyo Timber", CurrencyRef={"value": "JPY"})

    assert [row["Code"] for row in uk.rows("select * from CompanyCurrency where Code = 'JPY'")] == ["JPY"]


def test_the_home_currency_has_no_rate_to_set(uk: Books) -> None:
    assert uk.refused("exchangerate", {"SourceCurrencyCode": "GBP", "Rate": 2}).codes == ["6000"]
    assert uk.refused("exchangerate", {"SourceCurrencyCode": "QQQ", "Rate": 2}).codes == ["2220"]


def test_a_payment_in_a_foreign_currency_carries_its_own_rate(uk: Books) -> None:
    fischer = _customer(uk, "Fischer Möbel GmbH")
    invoice = uk.post("invoice", _invoice(uk, fischer, "EUR"))
    sent = payment(fischer, 120, ("Invoice", invoice, 120), CurrencyRef={"value": "EUR"}, ExchangeRate=Decimal("0.88"))

    paid = uk.post("payment", sent)

    assert paid["ExchangeRate"] == Decimal("0.88")
    assert uk.read(f"invoice/{invoice['Id']}")["HomeBalance"] == 0
