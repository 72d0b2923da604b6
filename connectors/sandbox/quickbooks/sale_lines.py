"""Lines of invoices, credit memos and refund receipts. Source: QuickBooks reference 2.6, 9.2, 9.3, 9.6."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.faults import NotModelled, business, fault, missing
from connectors.sandbox.quickbooks.lists import DISCOUNT_TYPES, account_by_subtype, check_account_type
from connectors.sandbox.quickbooks.tax import cents

_SPECIAL_ITEMS = frozenset({"SHIPPING_ITEM_ID", "GRATUITY_ITEM_ID"})
_TAX_WORD = {"GB": "VAT rate", "CA": "GST/HST rate", "AU": "GST rate", "NZ": "GST rate", "IN": "GST rate"}


@dataclass
class SettledLines:
    """Checked lines, in the order they are stored, and the sums tax needs."""

    sales: list[JsonObject]
    discount: JsonObject | None
    subtotal: Decimal
    discount_amount: Decimal


def settle_lines(company: Company, data: JsonObject, old: Record | None, customer: Record | None) -> SettledLines:
    """Check the sent lines, number them and fill what the server fills. A sent SubTotal line is ignored."""
    sent = [line for line in data.get("Line") or [] if line["DetailType"] != "SubTotalLineDetail"]
    if not sent:
        raise missing("Line")
    if any(line["DetailType"] == "GroupLineDetail" for line in sent):
        raise NotModelled("bundle lines (GroupLineDetail)")
    known_ids = {line["Id"] for line in old.data["Line"] if "Id" in line} if old is not None else set()
    fresh = _FreshIds(known_ids)
    sales: list[JsonObject] = []
    discount: JsonObject | None = None
    subtotal = section = Decimal(0)
    for line in sent:
        if line["DetailType"] == "DiscountLineDetail":
            discount = line
            continue
        is_kept = str(line.get("Id", "")) in known_ids
        line_id = str(line["Id"]) if is_kept else fresh.next()
        if line["DetailType"] == "DescriptionOnly":
            settled = _description_line(line, section)
            section = Decimal(0) if str(line.get("Description", "")).startswith("Subtotal:") else section
        else:
            settled = _item_line(company, line, data, old, customer)
            subtotal += settled["Amount"]
            section += settled["Amount"]
        sales.append({"Id": line_id, "LineNum": len(sales) + 1, **settled})
    settled_discount, amount = _discount_line(company, discount, subtotal)
    return SettledLines(sales, settled_discount, subtotal, amount)


def stored_lines(settled: SettledLines) -> list[JsonObject]:
    """Sales lines, then the server's SubTotal line, then the discount without an Id. Source: reference 9.6 (REC)."""
    subtotal: JsonObject = {"Amount": settled.subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return [*settled.sales, subtotal, *([settled.discount] if settled.discount else [])]


class _FreshIds:
    def __init__(self, known: set[str]) -> None:
        self._last = max((int(each) for each in known), default=0)

    def next(self) -> str:
        self._last += 1
        return str(self._last)


def _description_line(line: JsonObject, section: Decimal) -> JsonObject:
    settled: JsonObject = {
        "DetailType": "DescriptionOnly",
        "DescriptionLineDetail": line.get("DescriptionLineDetail", {}),
    }
    if "Description" in line:
        text = str(line["Description"])
        settled["Description"] = f"Subtotal: {cents(section):.2f}" if text.startswith("Subtotal:") else text
    settled["CustomExtensions"] = []
    return settled


def _item_line(
    company: Company, line: JsonObject, data: JsonObject, old: Record | None, customer: Record | None
) -> JsonObject:
    if line.get("Amount") is None:
        raise missing("Line.Amount")
    detail = dict(line.get("SalesItemLineDetail") or {})
    if not detail.get("ItemRef"):
        raise fault("6440", "Each line with an amount needs an item or an account.", "Line.SalesItemLineDetail.ItemRef")
    amount = _checked_amount(line["Amount"], detail)
    detail.pop("ItemAccountRef", None)
    detail.pop("TaxClassificationRef", None)
    item = _usable_item(company, detail["ItemRef"]["value"], old)
    if item is not None and item.data.get("IncomeAccountRef"):
        detail["ItemAccountRef"] = dict(item.data["IncomeAccountRef"])
    _settle_code(company, detail, data, item, customer)
    if company.tax_mode == "global" and data.get("GlobalTaxCalculation") != "TaxInclusive":
        detail.pop("TaxInclusiveAmt", None)
    settled: JsonObject = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    if "Description" in line:
        settled["Description"] = str(line["Description"])
    settled["CustomExtensions"] = []
    return settled


def _checked_amount(sent: Decimal, detail: JsonObject) -> Decimal:
    """6070 unless Amount = UnitPrice * Qty, half up to cents: 128.350 * 14.50 is 1861.08. Source: reference 9.5."""
    amount = cents(sent)
    is_priced = "Qty" in detail and "UnitPrice" in detail
    if is_priced and cents(detail["Qty"] * detail["UnitPrice"]) != amount:
        raise fault("6070", f"Amount is not equal to UnitPrice * Qty. Supplied value:{amount:,.2f}", "Line.Amount")
    return amount


def _usable_item(company: Company, item_id: str, old: Record | None) -> Record | None:
    if item_id in _SPECIAL_ITEMS:
        return None
    item = company.referenced("Item", {"value": item_id}, "ItemRef")
    used_before = old is not None and any(
        line.get("SalesItemLineDetail", {}).get("ItemRef", {}).get("value") == item_id for line in old.data["Line"]
    )
    if not item.data["Active"] and not used_before:
        raise business(f"you need to activate this item {item.data['Name']}")
    if item.data["Type"] == "Category":
        raise fault("6440", "A category cannot be sold; use an item.", "ItemRef")
    return item


def _settle_code(
    company: Company, detail: JsonObject, data: JsonObject, item: Record | None, customer: Record | None
) -> None:
    if company.tax_mode != "global":
        _settle_us_code(detail, item, customer)
        return
    if data.get("GlobalTaxCalculation") == "NotApplicable":
        detail.pop("TaxCodeRef", None)
        return
    if not detail.get("TaxCodeRef"):
        word = _TAX_WORD.get(company.country, "sales tax rate")
        raise business(f"Make sure all your transactions have a {word} before you save")
    company.referenced("TaxCode", detail["TaxCodeRef"], "TaxCodeRef")


def _settle_us_code(detail: JsonObject, item: Record | None, customer: Record | None) -> None:
    code = (detail.get("TaxCodeRef") or {}).get("value")
    if code is None:
        taxable_item = item is not None and bool(item.data.get("Taxable"))
        code = "TAX" if taxable_item and not is_exempt(customer) else "NON"
    if code not in {"TAX", "NON"}:
        raise fault("6100", f"Invalid Line Tax Code : {code}. Use TAX or NON.", "TaxCodeRef")
    detail["TaxCodeRef"] = {"value": code}


def is_exempt(customer: Record | None) -> bool:
    """Taxable false or an exemption reason. Source: QuickBooks reference 9.2."""
    if customer is None:
        return False
    return not customer.data.get("Taxable", True) or bool(customer.data.get("TaxExemptionReasonId"))


def _discount_line(company: Company, line: JsonObject | None, subtotal: Decimal) -> tuple[JsonObject | None, Decimal]:
    """5 % on 1005 is 50.25. The amount is positive. Source: QuickBooks reference 9.6 (REC)."""
    if line is None:
        return None, Decimal(0)
    detail = dict(line.get("DiscountLineDetail") or {})
    percent = detail.get("DiscountPercent")
    if detail.get("PercentBased") is True and percent is not None:
        if not 0 <= percent <= 100:
            raise fault("2150", f"Invalid percent. Supplied value:{percent}", "DiscountPercent")
        amount = cents(subtotal * percent / 100)
    elif line.get("Amount") is not None:
        amount = cents(line["Amount"])
        detail["PercentBased"] = False
    else:
        raise fault("6090", "A discount line needs an amount or a percent.", "DiscountLineDetail")
    if detail.get("DiscountAccountRef"):
        check_account_type(company, detail["DiscountAccountRef"], DISCOUNT_TYPES, "DiscountAccountRef")
    else:
        default = account_by_subtype(company, "DiscountsRefundsGiven")
        if default is not None:
            detail["DiscountAccountRef"] = {"value": default.id}
    return {"Amount": amount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}, amount
