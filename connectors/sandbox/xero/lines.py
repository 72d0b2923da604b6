"""Line items: merging, checking accounts and taxes, computing amounts. Source: Xero reference 4.3, 4.4."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from connectors.sandbox.xero import errors
from connectors.sandbox.xero.body import Fields
from connectors.sandbox.xero.books import ZERO, Books, Document, Entry, Line
from connectors.sandbox.xero.wire import cents, four_places

_HUNDRED = Decimal(100)
_LARGEST_LINE = Decimal("9999999999.99")
_LONGEST_DESCRIPTION = 4000
# System accounts a sales line may still use. Source: Xero reference 4.4 (the rounding line), 7.4 (avoid the others).
_USABLE_SYSTEM = frozenset({"ROUNDING"})
_APPLIES = {
    "ASSET": "CanApplyToAssets",
    "EQUITY": "CanApplyToEquity",
    "EXPENSE": "CanApplyToExpenses",
    "LIABILITY": "CanApplyToLiabilities",
    "REVENUE": "CanApplyToRevenue",
}


@dataclass
class Findings:
    """What a write found wrong, and what it only warns about."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def merge_lines(books: Books, document: Document, fields: Fields, unitdp: int, found: Findings) -> None:
    """Replace-by-id: listed lines with ids are updated, those without created, unlisted ones deleted."""
    sent = fields.objects("LineItems")
    if sent is None:
        if books.switches.unitdp_rerounds == "always":
            document.lines = tuple(
                replace(line, unit_amount=unit_price(line.unit_amount, unitdp)) for line in document.lines
            )
        return
    stored = {line.id: line for line in document.lines}
    merged = []
    for row in sent:
        line_id = row.guid("LineItemID") or ""
        base = stored.pop(line_id, None)
        merged.append(_merge_line(books, document, base, row, unitdp, found))
    document.lines = tuple(merged)


def unit_price(value: Decimal | None, unitdp: int) -> Decimal | None:
    """Two places, four with unitdp=4. Source: Xero reference 2.6, 4.4 step 1."""
    if value is None:
        return None
    return four_places(value) if unitdp == 4 else cents(value)


def _merge_line(books: Books, document: Document, base: Line | None, row: Fields, unitdp: int, found: Findings) -> Line:
    line = replace(base) if base is not None else Line(id=books.new_id())
    _texts(books, line, row, found)
    _item_defaults(books, document, line, row)
    quantity, price, sent_amount = row.number("Quantity"), row.number("UnitAmount"), row.number("LineAmount")
    if quantity is not None:
        line.quantity = four_places(quantity)
    if price is not None:
        line.unit_amount = unit_price(price, unitdp)
    else:
        line.unit_amount = unit_price(line.unit_amount, unitdp)
    _discounts(books, document, line, row, found)
    _account(books, document, line, row, found)
    _tax_type(books, document, line, row)
    is_derived = _derive(line, sent_amount, unitdp)
    line.line_amount = computed_amount(line) if not line.is_comment else Decimal("0.00")
    if line.discount_amount is not None and line.unit_amount is not None and line.discount_amount > gross(line) >= 0:
        rate = cents(line.discount_amount * _HUNDRED / gross(line)) if gross(line) else _HUNDRED
        found.problems.append(
            f"The discount rate '{rate}' is invalid. Discount must not be greater than the line total."
        )
    if sent_amount is not None and cents(sent_amount) != line.line_amount:
        if is_derived:
            line.line_amount = cents(sent_amount)
        else:
            found.problems.append(
                f"The line total {sent_amount:f} does not match the expected line total {line.line_amount:f}"
            )
    if abs(line.line_amount) > _LARGEST_LINE:
        found.problems.append(f"The line total {line.line_amount:f} must not exceed {_LARGEST_LINE}")
    sent_tax = row.number("TaxAmount")
    line.tax_is_sent = sent_tax is not None and books.switches.tax_amount_sent == "honoured"
    line.tax_amount = cents(sent_tax) if sent_tax is not None and line.tax_is_sent else ZERO
    untouched = base is not None and (base.line_amount, base.tax_type) == (line.line_amount, line.tax_type)
    if base is not None and sent_tax is None and base.tax_is_sent and untouched:
        line.tax_is_sent, line.tax_amount = True, base.tax_amount
    return line


def _texts(books: Books, line: Line, row: Fields, found: Findings) -> None:
    description = row.text("Description")
    if description is not None:
        if len(description) > _LONGEST_DESCRIPTION:
            found.problems.append(errors.too_long("Description", _LONGEST_DESCRIPTION))
        line.description = description
    tracking = row.objects("Tracking")
    if tracking is not None:
        line.tracking = tuple(each.data for each in tracking)


def _item_defaults(books: Books, document: Document, line: Line, row: Fields) -> None:
    """An item fills what was left out; explicit values win. Source: Xero reference 4.3."""
    code = row.text("ItemCode")
    if code is None:
        return
    item = books.item_by_code(code) if code else None
    if code and item is None:
        raise errors.Refused(f"Item code '{code}' is not valid")
    line.item_code = str(item.data["Code"]) if item is not None else ""
    if item is None:
        return
    details = item.data.get("SalesDetails" if document.is_sales else "PurchaseDetails") or {}
    key = "Description" if document.is_sales else "PurchaseDescription"
    if "Description" not in row and item.data.get(key):
        line.description = str(item.data[key])
    if "UnitAmount" not in row and "UnitPrice" in details:
        line.unit_amount = details["UnitPrice"]
    if "Quantity" not in row and line.quantity is None:
        line.quantity = Decimal(1)
    if "AccountCode" not in row and "AccountID" not in row and details.get("AccountCode"):
        _use_account(line, books.account_by_code(str(details["AccountCode"])))
    if "TaxType" not in row and details.get("TaxType"):
        line.tax_type = str(details["TaxType"])


def _discounts(books: Books, document: Document, line: Line, row: Fields, found: Findings) -> None:
    """Sales invoices only. Source: Xero reference 4.3, 5.1 (no line discounts on credit notes)."""
    rate, amount = row.number("DiscountRate"), row.number("DiscountAmount")
    if rate is None and amount is None:
        return
    if document.type != "ACCREC":
        if document.kind == "CreditNote" and books.switches.credit_note_discounts == "refused":
            found.problems.append("Discounts are not supported on credit notes.")
        return
    if amount is not None:
        line.discount_amount, line.discount_rate = cents(amount), None
    elif rate is not None:
        line.discount_rate, line.discount_amount = four_places(rate), None
        if rate > _HUNDRED:
            found.problems.append(
                f"The discount rate '{rate:f}' is invalid. Discount must not be greater than the line total."
            )


def _account(books: Books, document: Document, line: Line, row: Fields, found: Findings) -> None:
    code, account_id = row.text("AccountCode"), row.guid("AccountID")
    if code is None and account_id is None:
        return
    account = books.accounts.get(account_id or "") if account_id else books.account_by_code(code or "")
    if account is None and not code:
        _use_account(line, None)
        return
    if account is None:
        if document.status == "DRAFT":
            found.warnings.append(f"Account code '{code}' has been removed as it does not match a recognised account.")
            _use_account(line, None)
        else:
            found.problems.append(f"Account code '{code}' is not a valid code for this document")
        return
    _use_account(line, account)


def _use_account(line: Line, account: Entry | None) -> None:
    line.account_code = str(account.data.get("Code", "")) if account is not None else ""
    line.account_id = account.id if account is not None else ""


def _tax_type(books: Books, document: Document, line: Line, row: Fields) -> None:
    """Sent, else the item's, the contact's, the account's. Source: Xero reference 4.3."""
    sent = row.text("TaxType")
    if sent is not None:
        line.tax_type = sent
    if line.tax_type or line.is_comment:
        return
    contact = books.contacts.get(document.contact_id)
    key = "AccountsReceivableTaxType" if document.is_sales else "AccountsPayableTaxType"
    if contact is not None and contact.data.get(key):
        line.tax_type = str(contact.data[key])
        return
    account = books.accounts.get(line.account_id)
    if account is not None:
        line.tax_type = str(account.data.get("TaxType", ""))


def _derive(line: Line, sent_amount: Decimal | None, unitdp: int) -> bool:
    """Quantity or UnitAmount left out follow from LineAmount; True when one did. Source: Xero reference 4.3."""
    if line.unit_amount is None and sent_amount is not None:
        line.quantity = line.quantity if line.quantity is not None else Decimal("1.0000")
        line.unit_amount = unit_price(sent_amount / line.quantity, unitdp) if line.quantity else Decimal("0.00")
        return True
    if line.quantity is None and line.unit_amount and sent_amount is not None:
        line.quantity = four_places(sent_amount / line.unit_amount)
        return True
    if line.quantity is None and line.unit_amount is not None:
        line.quantity = Decimal("1.0000")
    elif line.unit_amount is None and line.quantity is not None:
        line.unit_amount = Decimal("0.00")
    return False


def gross(line: Line) -> Decimal:
    return (line.quantity or ZERO) * (line.unit_amount or ZERO)


def computed_amount(line: Line) -> Decimal:
    """round2(Quantity x UnitAmount x (1 - DiscountRate/100)) or minus DiscountAmount. Source: 4.4 step 2."""
    if line.discount_amount is not None:
        return cents(gross(line) - line.discount_amount)
    return cents(gross(line) * (_HUNDRED - (line.discount_rate or ZERO)) / _HUNDRED)


def tax_rate(books: Books, tax_type: str) -> Decimal:
    """The EffectiveRate as a fraction; it is applied once per line. Source: Xero reference 4.4."""
    entry = books.tax_rates.get(tax_type)
    return Decimal(entry.data["EffectiveRate"]) / _HUNDRED if entry is not None else ZERO


def line_tax(amount: Decimal, rate: Decimal, line_amount_types: str) -> Decimal:
    """Two places, half away from zero, per line. Source: Xero reference 4.4 step 3."""
    if line_amount_types == "NoTax":
        return Decimal("0.00")
    tax = amount * rate if line_amount_types == "Exclusive" else amount * rate / (1 + rate)
    return tax.quantize(Decimal("0.01"), ROUND_HALF_UP)


def compute(books: Books, document: Document) -> None:
    """Taxes of the lines and the document's totals. Source: Xero reference 4.4."""
    lines = []
    for line in document.lines:
        tax = line.tax_amount
        if document.line_amount_types == "NoTax" or line.is_comment:
            tax = Decimal("0.00")
        elif not line.tax_is_sent:
            tax = line_tax(line.line_amount, tax_rate(books, line.tax_type), document.line_amount_types)
        lines.append(
            replace(
                line,
                tax_amount=tax,
                tax_type="NONE" if document.line_amount_types == "NoTax" and not line.is_comment else line.tax_type,
            )
        )
    document.lines = tuple(lines)
    amounts = sum((line.line_amount for line in lines), ZERO)
    document.total_tax = cents(sum((line.tax_amount for line in lines), ZERO))
    document.sub_total = cents(amounts - document.total_tax if document.line_amount_types == "Inclusive" else amounts)
    document.total = document.sub_total + document.total_tax
    document.total_discount = cents(
        sum((gross(line) - line.line_amount for line in lines if _is_discounted(line)), ZERO)
    )


def _is_discounted(line: Line) -> bool:
    return bool(line.discount_rate or line.discount_amount)


def check_complete(books: Books, document: Document, found: Findings) -> None:
    """What a document needs beyond a draft: lines, each with a usable account and tax. Source: 4.1, 4.3, 8.3."""
    if not document.lines:
        found.problems.append(errors.NO_LINES)
    for line in document.lines:
        if line.is_comment:
            continue
        account = books.accounts.get(line.account_id)
        if account is None:
            found.problems.append(errors.ACCOUNT_INVALID)
            continue
        check_account(books, account, found)
        if document.line_amount_types != "NoTax":
            check_tax(books, account, line.tax_type, found)


def check_account(books: Books, account: Entry, found: Findings) -> None:
    code = account.data.get("Code", "")
    if account.data["Status"] != "ACTIVE":
        found.problems.append(f"Account code '{code}' has been archived, or deleted.")
    elif account.data["Type"] == "BANK" or account.data.get("SystemAccount", "") not in {"", *_USABLE_SYSTEM}:
        found.problems.append(f"Account code '{code}' is not a valid code for this document")


def check_tax(books: Books, account: Entry, tax_type: str, found: Findings) -> None:
    """Unknown or unusable code, or one that does not fit the account's class. Source: Xero reference 7.1, 8.3."""
    if not tax_type:
        found.problems.append(errors.TAX_INVALID)
        return
    rate = books.tax_rates.get(tax_type)
    unusable = (
        rate is None or rate.data["Status"] != "ACTIVE" or rate.data.get("ReportTaxType") in {"AVALARA", "USSALESTAX"}
    )
    if rate is None or unusable:
        found.problems.append(
            f"The TaxType code {tax_type} does not exist or cannot be used for this type of transaction."
        )
    elif not rate.data[_APPLIES[str(account.data["Class"])]]:
        found.problems.append(
            f"The TaxType code '{tax_type}' cannot be used with account code '{account.data.get('Code', '')}'."
        )
