"""A Xero company's lists in core words. Source: Xero reference 7."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from contracts.books import Account, BrandingTheme, Catalog, Company, Item
from mappings.xero.currencies import from_xero_currency
from mappings.xero.tax_codes import from_xero_tax_rate
from mappings.xero.wire import Fields, UnreadableRecord

Raw = Mapping[str, Any]
Row = TypeVar("Row")

TAX_MODEL = "xero_per_line"
"""How a Xero company computes tax, whatever its country: one rounded tax for each line (4.4)."""


def build_catalog(
    organisation: Raw,
    *,
    read_at: datetime,
    tenant_id: str = "",
    actions: Iterable[Raw] = (),
    currencies: Iterable[Raw] = (),
    accounts: Iterable[Raw] = (),
    tax_rates: Iterable[Raw] = (),
    items: Iterable[Raw] = (),
    branding_themes: Iterable[Raw] = (),
) -> Catalog:
    """Everything a mapping looks up, from the raw objects (parsed with parse_float=Decimal).

    tenant_id: the id the connection is known by, else OrganisationID. actions: of GET /Organisation/Actions. A list
    entry that cannot be read is left out: nothing can refer to it. The organisation must be readable, else
    UnreadableRecord.
    """
    company = from_xero_organisation(organisation, tenant_id=tenant_id, actions=actions)
    return Catalog(
        company=company,
        currencies=_readable(currencies, from_xero_currency),
        accounts=_readable(accounts, from_xero_account),
        tax_codes=_readable(tax_rates, lambda raw: from_xero_tax_rate(raw, country=company.country)),
        items=_readable(items, from_xero_item),
        branding_themes=_readable(branding_themes, from_xero_branding_theme),
        read_at=read_at,
    )


def from_xero_organisation(organisation: Raw, *, tenant_id: str = "", actions: Iterable[Raw] = ()) -> Company:
    """The company. books_closed_until is the later of its two lock dates.

    An adviser may pass the period lock, an ordinary user may not, and which of them connected is not told (7.6): both
    locks hold, so that nothing is written into a period somebody closed.
    """
    fields = Fields(organisation)
    company_id = tenant_id or fields.text("OrganisationID", 100)
    home = fields.text("BaseCurrency", 10)
    if not company_id or not home:
        raise UnreadableRecord("the organisation has no OrganisationID or no BaseCurrency")
    allowed = {entry.text("Name"): entry.text("Status").upper() == "ALLOWED" for entry in map(Fields, actions)}
    try:
        return Company(
            id=company_id,
            name=fields.text("Name", 500),
            legal_name=fields.text("LegalName", 500),
            country=fields.text("CountryCode", 10).upper(),
            home_currency=home,
            multi_currency=allowed.get("UseMulticurrency", False),
            timezone=fields.text("Timezone", 100),
            subscription=fields.text("Class", 100),
            sales_tax=fields.flag("PaysTax", True),
            tax_model=TAX_MODEL,
            sales_tax_basis=fields.text("SalesTaxBasis", 100),
            books_closed_until=_closed_until(fields),
            discounts_allowed=True,
            short_code=fields.text("ShortCode", 100),
        )
    except ValidationError as error:
        raise UnreadableRecord(f"the organisation: {error.errors()[0]['msg']}") from None


def _closed_until(fields: Fields) -> date | None:
    days = (fields.day("PeriodLockDate"), fields.day("EndOfYearLockDate"))
    return max((day for day in days if day is not None), default=None)


def from_xero_account(raw: Raw) -> Account:
    """An account. Sales lines go to revenue accounts that Xero does not keep for itself; payments to a bank account
    or one that payments are enabled for (7.4). A bank account often has no code."""
    fields = Fields(raw)
    kind = fields.text("Type", 100).upper()
    revenue = fields.text("Class", 100).upper() == "REVENUE" or kind in ("REVENUE", "SALES", "OTHERINCOME")
    return Account(
        id=_id(fields, "AccountID"),
        name=fields.text("Name", 500),
        type=kind,
        code=fields.text("Code", 100),
        currency=fields.text("CurrencyCode", 10),
        active=fields.text("Status").upper() in ("", "ACTIVE"),
        takes_sales=revenue and not fields.text("SystemAccount") and bool(fields.text("Code")),
        takes_payments=kind == "BANK" or fields.flag("EnablePaymentsToAccount"),
    )


def from_xero_item(raw: Raw) -> Item:
    """An item; one that is only bought cannot stand on a sales line. Xero's items are never inactive."""
    fields = Fields(raw)
    code = fields.text("Code", 100)
    return Item(
        id=_id(fields, "ItemID"),
        name=fields.text("Name", 500) or code,
        type="inventory" if fields.flag("IsTrackedAsInventory") else "item",
        code=code,
        income_account=fields.part("SalesDetails").text("AccountCode", 100),
        usable=bool(code) and fields.flag("IsSold", True),
    )


def from_xero_branding_theme(raw: Raw) -> BrandingTheme:
    """A theme; the one sorted first is the company's own choice (7.7)."""
    fields = Fields(raw)
    first = "SortOrder" in fields and fields.amount("SortOrder") == 0
    return BrandingTheme(id=_id(fields, "BrandingThemeID"), name=fields.text("Name", 100), default=first)


def _readable(rows: Iterable[Raw], read: Callable[[Raw], Row]) -> list[Row]:
    found = []
    for raw in rows:
        try:
            found.append(read(raw))
        except (UnreadableRecord, ValidationError):
            continue
    return found


def _id(fields: Fields, name: str) -> str:
    found = fields.text(name, 100)
    if not found:
        raise UnreadableRecord(f"a list entry has no {name}")
    return found
