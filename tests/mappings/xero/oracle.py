"""Xero's arithmetic of 4.4, written a second time from the reference alone, over the body that would be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
RATES = {
    "OUTPUT2": 20,
    "RROUTPUT": 5,
    "ZERORATEDOUTPUT": 0,
    "EXEMPTOUTPUT": 0,
    "ECZROUTPUTSERVICES": 0,
    "NONE": 0,
}


def books_of(body: str, rates: Mapping[str, Any] = RATES) -> tuple[Decimal, Decimal, Decimal]:
    """SubTotal, TotalTax and Total of a document, as Xero would report them."""
    document = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    mode = document["LineAmountTypes"]
    amounts = taxes = Decimal(0)
    for line in document["LineItems"]:
        if "Quantity" not in line:
            continue
        price = line["UnitAmount"].quantize(Decimal("0.0001"), ROUND_HALF_UP)
        kept = (100 - line.get("DiscountRate", Decimal(0))) / 100
        amount = (line["Quantity"] * price * kept - line.get("DiscountAmount", Decimal(0))).quantize(
            CENT, ROUND_HALF_UP
        )
        rate = Decimal(rates.get(line.get("TaxType", "NONE"), 0))
        tax = {
            "Exclusive": amount * rate / 100,
            "Inclusive": amount * rate / (100 + rate),
            "NoTax": Decimal(0),
        }[mode]
        amounts += amount
        taxes += line.get("TaxAmount", tax.quantize(CENT, ROUND_HALF_UP))
    return (amounts - taxes, taxes, amounts) if mode == "Inclusive" else (amounts, taxes, amounts + taxes)
