"""The tax of one sales form, by the company's engine. Source: QuickBooks reference 9.2, 9.3, 9.5."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks import tax
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.faults import bad_reference, fault
from connectors.sandbox.quickbooks.sale_lines import SettledLines, is_exempt
from connectors.sandbox.quickbooks.tax import RateTotal, TaxedLine, cents
from connectors.sandbox.quickbooks.tax_lists import rates_of


def settle_tax(company: Company, data: JsonObject, lines: SettledLines, customer: Record | None) -> Decimal:
    """Write TxnTaxDetail into `data` and return TotalTax."""
    sent = data.pop("TxnTaxDetail", None) or {}
    if company.tax_mode == "global":
        detail = _global_tax(company, data, lines, sent)
    elif company.tax_mode == "us_ast":
        detail = _us_automated_tax(company, data, lines, sent, customer)
    else:
        detail = _us_old_tax(company, data, lines, sent, customer)
    data["TxnTaxDetail"] = detail
    return Decimal(detail["TotalTax"])


def _us_old_tax(
    company: Company, data: JsonObject, lines: SettledLines, sent: JsonObject, customer: Record | None
) -> JsonObject:
    """A group's rates, each once, on the sum of the TAX lines."""
    code = (sent.get("TxnTaxCodeRef") or {}).get("value")
    if code is None and company.switches.us_tax_without_code == "customer_default" and customer is not None:
        code = (customer.data.get("DefaultTaxCodeRef") or {}).get("value")
    if code is None or is_exempt(customer):
        return {"TotalTax": Decimal(0)}
    _check_group(company, str(code))
    return _by_group(company, data, lines, str(code))


def _us_automated_tax(
    company: Company, data: JsonObject, lines: SettledLines, sent: JsonObject, customer: Record | None
) -> JsonObject:
    """AST: an explicit amount is an override and kept; otherwise the ship-to state decides, not the code sent.

    The simulated nexus is the company's own state: shipments elsewhere carry no tax.
    """
    code = str(company.preference("TaxPrefs", "TaxGroupCodeRef", {}).get("value", ""))
    if sent.get("TotalTax") is not None and (sent["TotalTax"] != 0 or sent.get("TaxLine")):
        return _override(company, data, lines, cents(sent["TotalTax"]), code)
    ship_to = (data.get("ShipAddr") or data.get("BillAddr") or {}).get("CountrySubDivisionCode")
    home_state = company.tables["CompanyInfo"]["1"].data["CompanyAddr"].get("CountrySubDivisionCode")
    if is_exempt(customer) or not code or (ship_to is not None and ship_to != home_state):
        return {"TotalTax": Decimal(0)}
    return _by_group(company, data, lines, code)


def _override(company: Company, data: JsonObject, lines: SettledLines, total: Decimal, code: str) -> JsonObject:
    rates = rates_of(company, code, data["TxnDate"]) if code else []
    net = _taxable_net(data, lines)
    shares = tax.spread(total, [rate.percent for rate in rates])
    totals = [RateTotal(rate, net, share) for rate, share in zip(rates, shares, strict=True)]
    return {**({"TxnTaxCodeRef": {"value": code}} if code else {}), "TotalTax": total, "TaxLine": _tax_lines(totals)}


def _check_group(company: Company, code: str) -> None:
    record = company.find("TaxCode", code)
    if record is None:
        raise bad_reference("TaxCodes", code, "TxnTaxCodeRef")
    if not record.data["TaxGroup"]:
        raise fault("6100", f"Invalid tax code on the transaction : {code}. A tax group is needed.", "TxnTaxCodeRef")


def _by_group(company: Company, data: JsonObject, lines: SettledLines, code: str) -> JsonObject:
    rates = rates_of(company, code, data["TxnDate"])
    if company.switches.tax_rounding == "per_line":
        taxed = [
            TaxedLine(line["Amount"], code)
            for line in lines.sales
            if line.get("SalesItemLineDetail", {}).get("TaxCodeRef", {}).get("value") == "TAX"
        ]
        totals = tax.tax_per_line(taxed, {code: rates}, inclusive=False)
    else:
        totals = tax.tax_on_totals([TaxedLine(_taxable_net(data, lines), code)], rates)
    return {
        "TxnTaxCodeRef": {"value": code},
        "TotalTax": sum((each.tax for each in totals), Decimal(0)),
        "TaxLine": _tax_lines(totals),
    }


def _taxable_net(data: JsonObject, lines: SettledLines) -> Decimal:
    """The sum of the TAX lines, after its share of the discount when ApplyTaxAfterDiscount. Source: reference 9.6."""
    net = sum(
        (
            line["Amount"]
            for line in lines.sales
            if line.get("SalesItemLineDetail", {}).get("TaxCodeRef", {}).get("value") == "TAX"
        ),
        Decimal(0),
    )
    if data.get("ApplyTaxAfterDiscount") and lines.subtotal:
        net -= cents(lines.discount_amount * net / lines.subtotal)
    return net


def _global_tax(company: Company, data: JsonObject, lines: SettledLines, sent: JsonObject) -> JsonObject:
    mode = data["GlobalTaxCalculation"]
    if mode == "NotApplicable":
        if sent:
            raise fault(
                "6170", "TxnTaxDetail is not allowed when GlobalTaxCalculation is NotApplicable.", "TxnTaxDetail"
            )
        return {"TotalTax": Decimal(0)}
    inclusive = mode == "TaxInclusive"
    codes = {
        code: rates_of(company, code, data["TxnDate"])
        for code in {line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in _item_lines(lines)}
    }
    taxed = _after_discount(_item_lines(lines), lines)
    if inclusive:
        _fill_gross(_item_lines(lines), taxed, codes)
    if company.switches.tax_rounding == "per_total" and not inclusive:
        totals = tax.tax_on_whole(taxed, codes)
    else:
        totals = tax.tax_per_line(taxed, codes, inclusive=inclusive)
    if sent.get("TaxLine") and company.switches.tax_lines_sent == "honoured":
        totals = _as_sent(totals, sent["TaxLine"])
    return {"TotalTax": sum((each.tax for each in totals), Decimal(0)), "TaxLine": _tax_lines(totals)}


def _item_lines(lines: SettledLines) -> list[JsonObject]:
    return [line for line in lines.sales if line["DetailType"] == "SalesItemLineDetail"]


def _after_discount(item_lines: list[JsonObject], lines: SettledLines) -> list[TaxedLine]:
    shares = tax.spread(lines.discount_amount, [line["Amount"] for line in item_lines])
    return [
        TaxedLine(
            net=line["Amount"] - share,
            code=line["SalesItemLineDetail"]["TaxCodeRef"]["value"],
            gross=line["SalesItemLineDetail"].get("TaxInclusiveAmt"),
        )
        for line, share in zip(item_lines, shares, strict=True)
    ]


def _fill_gross(item_lines: list[JsonObject], taxed: list[TaxedLine], codes: dict[str, list[tax.Rate]]) -> None:
    """TaxInclusiveAmt is always answered in inclusive mode. Source: QuickBooks reference 9.3 (AU)."""
    for line, each in zip(item_lines, taxed, strict=True):
        if each.gross is None:
            taxes = tax.line_taxes(each, codes[each.code], inclusive=False)
            line["SalesItemLineDetail"]["TaxInclusiveAmt"] = each.net + sum((amount for _, amount in taxes), Decimal(0))


def _as_sent(totals: list[RateTotal], sent: list[Any]) -> list[RateTotal]:
    """An explicit tax amount per rate overrides the computed one. Source: reference 2.8 (versions 44, 70), 9.3."""
    amounts = {
        str(line.get("TaxLineDetail", {}).get("TaxRateRef", {}).get("value")): cents(Decimal(line["Amount"]))
        for line in sent
        if isinstance(line, dict) and line.get("Amount") is not None
    }
    return [RateTotal(each.rate, each.net, amounts.get(each.rate.id, each.tax)) for each in totals]


def _tax_lines(totals: list[RateTotal]) -> list[JsonObject]:
    return [
        {
            "Amount": each.tax,
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {
                "TaxRateRef": {"value": each.rate.id},
                "PercentBased": True,
                "TaxPercent": each.rate.percent,
                "NetAmountTaxable": each.net,
            },
        }
        for each in totals
    ]
