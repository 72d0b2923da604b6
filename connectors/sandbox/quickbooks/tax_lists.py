"""The company's tax codes, rates and agencies, and the TaxService that makes new ones. Source: reference 9.4."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject, plain_number
from connectors.sandbox.quickbooks.accept import check_length, to_decimal
from connectors.sandbox.quickbooks.company import Company
from connectors.sandbox.quickbooks.faults import FaultError, QboFault, bad_reference, business, fault, missing
from connectors.sandbox.quickbooks.tax import Rate


def add_agency(company: Company, name: str) -> str:
    record = company.add(
        "TaxAgency",
        "TaxAgency",
        {
            "DisplayName": name,
            "TaxTrackedOnSales": True,
            "TaxTrackedOnPurchases": False,
            "TaxAgencyConfig": "USER_DEFINED",
        },
    )
    return record.id


def add_rate(
    company: Company, name: str, percent: Decimal, agency: str, *, special: str = "NONE", sign: int = 1
) -> str:
    value = percent * sign
    record = company.add(
        "TaxRate",
        "TaxRate",
        {
            "Name": name,
            "Description": "Sales Tax",
            "Active": True,
            "RateValue": value,
            "AgencyRef": {"value": agency},
            "SpecialTaxType": special,
            "DisplayType": "ReadOnly",
            "EffectiveTaxRate": [{"RateValue": value, "EffectiveDate": "2000-01-01T00:00:00-08:00"}],
        },
    )
    return record.id


def add_code(company: Company, name: str, rate_ids: list[str], *, taxable: bool = True, hidden: bool = False) -> str:
    details = [
        {"TaxRateRef": {"value": rate_id}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0} for rate_id in rate_ids
    ]
    data: JsonObject = {
        "Name": name,
        "Description": name,
        "Active": True,
        "Taxable": taxable,
        "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": details},
        "PurchaseTaxRateList": {"TaxRateDetail": []},
    }
    if hidden:
        data["Hidden"] = True
    return company.add("TaxCode", "TaxCode", data).id


def add_pseudo_codes(company: Company) -> None:
    """The rows TAX and NON of a US company. Source: QuickBooks reference 9.2."""
    for pseudo, taxable in (("TAX", True), ("NON", False)):
        company.add(
            "TaxCode",
            "TaxCode",
            {"Name": pseudo, "Description": pseudo, "Active": True, "Taxable": taxable, "TaxGroup": False},
            object_id=pseudo,
        )


def rates_of(company: Company, code_id: str, day: str) -> list[Rate]:
    """The sales rates of a code as they stand on `day`; [] for codes without rates. Raises 2500 for no such code."""
    code = company.referenced("TaxCode", {"value": code_id}, "TaxCodeRef")
    rates = []
    for detail in code.data.get("SalesTaxRateList", {}).get("TaxRateDetail", []):
        rate = company.referenced("TaxRate", detail["TaxRateRef"])
        rates.append(
            Rate(
                id=rate.id,
                percent=percent_on(rate.data, day),
                applies=detail.get("TaxTypeApplicable", "TaxOnAmount"),
                order=int(detail.get("TaxOrder", 0)),
                on_order=int(detail.get("TaxOnTaxOrder", 0)),
            )
        )
    return rates


def percent_on(rate: JsonObject, day: str) -> Decimal:
    """The EffectiveTaxRate entry that covers the day, else RateValue. Source: QuickBooks reference 9.4."""
    for entry in rate.get("EffectiveTaxRate", []):
        end = str(entry.get("EndDate", "9999"))[:10]
        if str(entry["EffectiveDate"])[:10] <= day <= end:
            return Decimal(entry["RateValue"])
    return Decimal(rate["RateValue"])


def create_through_tax_service(company: Company, body: JsonObject) -> JsonObject:
    """POST taxservice/taxcode: a code from new or existing rates, answered without envelope."""
    unknown = set(body) - {"TaxCode", "TaxCodeId", "TaxRateDetails", "Id"}
    if unknown:
        raise fault("2010", f"Property Name:{sorted(unknown)[0]} specified is unsupported or invalid")
    if company.tax_mode != "global":
        raise business("US companies use system tax agencies only.")
    name = str(body.get("TaxCode") or "")
    details: list[Any] = body.get("TaxRateDetails") or []
    absent = [key for key, value in (("TaxCode", name), ("TaxRateDetails", details)) if not value]
    if absent:
        raise missing(*absent)
    errors: list[FaultError] = []
    check_length(name, 100, "TaxCode", errors)
    if errors:
        raise QboFault(*errors)
    holder = next((row.id for row in company.rows("TaxCode") if row.data["Name"].lower() == name.lower()), None)
    if holder is not None:
        raise fault("6240", f"The name supplied already exists. : Id={holder}", "TaxCode")
    plans = [_rate_plan(company, detail) for detail in details]
    ids = [plan["TaxRateId"] for plan in plans if "TaxRateId" in plan]
    if len(set(ids)) != len(ids):
        raise business("The same tax rate can be used only once in a tax code.")
    answers = [_carry_out(company, plan) for plan in plans]
    code_id = add_code(company, name, [answer["TaxRateId"] for answer in answers])
    return {"TaxCode": name, "TaxCodeId": code_id, "TaxRateDetails": answers}


def _rate_plan(company: Company, detail: JsonObject) -> JsonObject:
    if detail.get("TaxRateId"):
        rate_id = str(detail["TaxRateId"])
        if company.find("TaxRate", rate_id) is None:
            raise bad_reference("TaxRates", rate_id, "TaxRateId")
        return {"TaxRateId": rate_id}
    absent = [key for key in ("TaxRateName", "RateValue", "TaxAgencyId") if detail.get(key) in (None, "")]
    if absent:
        raise missing(*absent)
    percent = to_decimal(detail["RateValue"], company.switches)
    if percent is None or not 0 <= percent <= 100:
        raise fault("2150", f"Rate must be between 0 and 100. Supplied value:{detail['RateValue']}", "RateValue")
    agency = str(detail["TaxAgencyId"])
    if company.find("TaxAgency", agency) is None:
        raise bad_reference("TaxAgencies", agency, "TaxAgencyId")
    name = str(detail["TaxRateName"])
    holder = next((row.id for row in company.rows("TaxRate") if row.data["Name"].lower() == name.lower()), None)
    if holder is not None:
        raise fault("6240", f"The name supplied already exists. : Id={holder}", "TaxRateName")
    applicable = str(detail.get("TaxApplicableOn") or "Sales")
    return {"TaxRateName": name, "RateValue": percent, "TaxAgencyId": agency, "TaxApplicableOn": applicable}


def _carry_out(company: Company, plan: JsonObject) -> JsonObject:
    if "TaxRateId" in plan:
        rate = company.referenced("TaxRate", {"value": plan["TaxRateId"]}).data
        name, percent, agency = rate["Name"], rate["RateValue"], rate["AgencyRef"]["value"]
        rate_id, applicable = plan["TaxRateId"], "Sales"
    else:
        name, percent, agency = plan["TaxRateName"], plan["RateValue"], plan["TaxAgencyId"]
        rate_id, applicable = add_rate(company, name, percent, agency), plan["TaxApplicableOn"]
    return {
        "TaxRateName": name,
        "TaxRateId": rate_id,
        "RateValue": f"{plain_number(Decimal(percent))}%",
        "TaxAgencyId": agency,
        "TaxApplicableOn": applicable,
    }
