"""Customers, vendors and employees: one set of names, hierarchies, defaults. Source: reference 2.9, 2.10, 13.1."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.currencies import check_currency, ensure_company_currency
from connectors.sandbox.quickbooks.faults import QboFault, bad_reference, business, fault

_NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_DELETED = " (deleted)"
_DEEPEST_LEVEL = 4  # below the top, which is level 0


def prepare_name(company: Company, entity: str, old: Record | None, data: JsonObject) -> JsonObject:
    """Check and complete the merged data of a customer, vendor or employee."""
    if not data.get("DisplayName"):
        built = " ".join(str(data[part]) for part in _NAME_PARTS if data.get(part))
        if not built:
            raise fault(
                "6080", "At least one of Title, GivenName, MiddleName, FamilyName, DisplayName, Suffix is required."
            )
        data["DisplayName"] = built
    data.setdefault("Active", True)
    _follow_activation(company, old, data)
    check_name_free(company, str(data["DisplayName"]), old)
    if not data.get("PrintOnCheckName"):
        people = " ".join(str(data[part]) for part in ("GivenName", "MiddleName", "FamilyName") if data.get(part))
        data["PrintOnCheckName"] = people or data.get("CompanyName") or data["DisplayName"]
    _number_addresses(company, old, data)
    if entity == "Customer":
        _complete_customer(company, old, data)
    elif entity == "Vendor":
        data.setdefault("Balance", Decimal(0))
        data.setdefault("Vendor1099", False)
        data.setdefault("CurrencyRef", {"value": company.currency})
    return data


def check_name_free(company: Company, name: str, old: Record | None) -> None:
    """6240 in one of its two texts. Case does not matter. Source: QuickBooks reference 2.10, 7.2."""
    holder = company.names_taken.get(folded(company, name))
    if holder is None or (old is not None and holder == (old.entity, old.id)):
        return
    raise duplicate_name(company, holder[1])


def duplicate_name(company: Company, holder_id: str) -> QboFault:
    wording = company.switches.duplicate_name_text
    if wording == "random":
        wording = company.world.rng.choice(["sentence", "id"])
    if wording == "id":
        start = "Ce nom existe déjà." if company.language == "fr" else "The name supplied already exists."
        return fault("6240", f"{start} : Id={holder_id}")
    return fault(
        "6240",
        "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
        "Please use a different name.",
    )


def folded(company: Company, name: str) -> str:
    return name.strip(" ").casefold() if company.switches.trim_names else name.casefold()


def register_name(company: Company, record: Record, earlier_name: str | None) -> None:
    """Keep the shared name index true after a write, and the full names of everything below a renamed parent."""
    if earlier_name is not None:
        company.names_taken.pop(folded(company, earlier_name), None)
    company.names_taken[folded(company, str(record.data["DisplayName"]))] = (record.entity, record.id)
    if record.entity == "Customer" and earlier_name not in (None, record.data["DisplayName"]):
        _rename_children(company, record)


def ancestors(company: Company, customer: Record) -> list[Record]:
    """Parent first, top last."""
    chain: list[Record] = []
    reference = customer.data.get("ParentRef")
    while reference:
        parent = company.referenced("Customer", reference, "ParentRef")
        chain.append(parent)
        reference = parent.data.get("ParentRef")
    return chain


def _follow_activation(company: Company, old: Record | None, data: JsonObject) -> None:
    """Inactivating appends " (deleted)", which frees the name; activating takes it off when the name is free."""
    was_active = old is None or bool(old.data.get("Active", True))
    name = str(data["DisplayName"])
    if was_active and not data["Active"]:
        if old is not None and Decimal(old.data.get("Balance") or 0) != 0:
            raise fault("6220", "The name you are trying to make inactive has an open balance.")
        if not name.endswith(_DELETED):
            suffix, number = _DELETED, 1
            while folded(company, name + suffix) in company.names_taken:
                number += 1
                suffix = f" (deleted {number})"
            data["DisplayName"] = name + suffix
    elif not was_active and data["Active"] and name.endswith(_DELETED):
        shorter = name.removesuffix(_DELETED)
        if folded(company, shorter) not in company.names_taken:
            data["DisplayName"] = shorter


def _complete_customer(company: Company, old: Record | None, data: JsonObject) -> None:
    data.setdefault("Taxable", True)
    for key in ("Job", "BillWithParent", "IsProject"):
        data.setdefault(key, False)
    if old is None:
        data["Balance"] = data["BalanceWithJobs"] = Decimal(0)
    _check_parent(company, old, data)
    _check_customer_currency(company, old, data)
    _check_customer_references(company, data)
    data.setdefault("PreferredDeliveryMethod", "Print")
    if data["PreferredDeliveryMethod"] == "Email" and not data.get("PrimaryEmailAddr"):
        raise fault("6420", "The delivery method is Email and the customer has no email address.")
    changes_payer = old is not None and bool(old.data.get("BillWithParent")) != bool(data["BillWithParent"])
    if old is not None and changes_payer and company.transactions_of.get(old.id):
        raise fault("6130", "You cannot change who this customer bills with once it has transactions.")
    if company.tax_mode != "global" and old is None and "DefaultTaxCodeRef" not in data:
        group = company.preference("TaxPrefs", "TaxGroupCodeRef")
        if group:
            data["DefaultTaxCodeRef"] = dict(group)


def _check_parent(company: Company, old: Record | None, data: JsonObject) -> None:
    if not data.get("ParentRef"):
        if data["Job"]:
            raise fault("6150", "ParentRef is required when Job is true.", "ParentRef")
        data.pop("ParentRef", None)
        data.pop("Level", None)
        data["FullyQualifiedName"] = data["DisplayName"]
        return
    parent = company.find("Customer", data["ParentRef"]["value"])
    if parent is None:
        raise fault("700", f"Invalid parent reference : {data['ParentRef']['value']}", "ParentRef")
    chain = [parent, *ancestors(company, parent)]
    if old is not None and any(each.id == old.id for each in chain):
        raise fault("700", "A customer cannot be its own parent.", "ParentRef")
    if len(chain) > _DEEPEST_LEVEL:
        raise fault("6180", "Sub-customers can be nested up to 5 levels, the top one included.", "ParentRef")
    data["Job"] = True
    data["Level"] = len(chain)
    data["FullyQualifiedName"] = f"{parent.data['FullyQualifiedName']}:{data['DisplayName']}"


def _check_customer_currency(company: Company, old: Record | None, data: JsonObject) -> None:
    """A customer's currency is set when it is created and never changes. Source: QuickBooks reference 10."""
    if old is not None:
        data["CurrencyRef"] = old.data["CurrencyRef"]
        return
    code = data.get("CurrencyRef", {}).get("value", company.currency)
    check_currency(code)
    if code != company.currency and not company.multicurrency:
        raise business("Multicurrency must be turned on before a foreign currency can be used.")
    ensure_company_currency(company, code)
    data["CurrencyRef"] = {"value": code}


def check_currency_unchanged(company: Company, old: Record, sent: JsonObject) -> None:
    """An update that names another currency. Source: QuickBooks reference 17.1 (switch customer_currency_change)."""
    code = (sent.get("CurrencyRef") or {}).get("value")
    if code and code != old.data["CurrencyRef"]["value"] and company.switches.customer_currency_change == "fault_6000":
        raise business("The currency of a customer cannot be changed once it was created.")


def _check_customer_references(company: Company, data: JsonObject) -> None:
    for key, entity in (
        ("SalesTermRef", "Term"),
        ("PaymentMethodRef", "PaymentMethod"),
        ("DefaultTaxCodeRef", "TaxCode"),
    ):
        if data.get(key):
            company.referenced(entity, data[key], key)
    reason = data.get("TaxExemptionReasonId")
    if reason is not None and str(reason) not in {str(number) for number in range(1, 16)}:
        raise bad_reference("TaxExemptionReasons", str(reason), "TaxExemptionReasonId")


def _number_addresses(company: Company, old: Record | None, data: JsonObject) -> None:
    """Every stored address has an Id of its own sequence; an unchanged one keeps it. Source: reference 2.4."""
    for key in ("BillAddr", "ShipAddr", "PrimaryAddr"):
        if data.get(key):
            data[key] = numbered_address(company, data[key], old.data.get(key) if old is not None else None)


def numbered_address(company: Company, address: JsonObject, earlier: Any) -> JsonObject:
    content = {key: text for key, text in address.items() if key != "Id"}
    if isinstance(earlier, dict):
        return {"Id": earlier["Id"], **content}
    return {"Id": company.next_id("Address"), **content}


def _rename_children(company: Company, parent: Record) -> None:
    for child in list(company.rows("Customer")):
        if child.data.get("ParentRef", {}).get("value") == parent.id:
            child.data["FullyQualifiedName"] = f"{parent.data['FullyQualifiedName']}:{child.data['DisplayName']}"
            _rename_children(company, child)
