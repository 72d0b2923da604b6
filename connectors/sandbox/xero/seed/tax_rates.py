"""The tax rates Xero ships by region. Source: Xero reference 7.2 (names, rates, which apply to revenue)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TaxRow:
    """applies: A assets, E equity, L liabilities, X expenses, R revenue."""

    tax_type: str
    name: str
    rate: str
    applies: str
    report: str


_ALL, _SALES, _COSTS = "AELXR", "AELR", "AELX"

TAX_RATES: dict[str, list[TaxRow]] = {
    "UK": [
        TaxRow("OUTPUT2", "20% (VAT on Income)", "20", _SALES, "OUTPUT"),
        TaxRow("INPUT2", "20% (VAT on Expenses)", "20", _COSTS, "INPUT"),
        TaxRow("RROUTPUT", "5% (VAT on Income)", "5", _SALES, "OUTPUT"),
        TaxRow("RRINPUT", "5% (VAT on Expenses)", "5", _COSTS, "INPUT"),
        TaxRow("SROUTPUT", "15% (VAT on Income)", "15", _SALES, "OUTPUT"),
        TaxRow("SRINPUT", "15% (VAT on Expenses)", "15", _COSTS, "INPUT"),
        TaxRow("ZERORATEDOUTPUT", "Zero Rated Income", "0", _SALES, "OUTPUT"),
        TaxRow("ZERORATEDINPUT", "Zero Rated Expenses", "0", _COSTS, "INPUT"),
        TaxRow("EXEMPTOUTPUT", "Exempt Income", "0", _SALES, "EXEMPTOUTPUT"),
        TaxRow("EXEMPTINPUT", "Exempt Expenses", "0", _COSTS, "EXEMPTINPUT"),
        TaxRow("ECZROUTPUT", "Zero Rated EC Goods Income", "0", _SALES, "ECOUTPUT"),
        TaxRow("ECZROUTPUTSERVICES", "Zero Rated EC Services", "0", _SALES, "ECOUTPUTSERVICES"),
        TaxRow("ECACQUISITIONS", "EC Acquisitions (20%)", "20", _COSTS, "ECACQUISITIONS"),
        TaxRow("ECZRACQUISITIONS", "EC Acquisitions (Zero Rated)", "0", _COSTS, "ECACQUISITIONS"),
        TaxRow("REVERSECHARGES", "Reverse Charge Expenses (20%)", "20", _COSTS, "REVERSECHARGES"),
        TaxRow("DRCHARGE20", "Domestic Reverse Charge @ 20% (VAT on Income)", "20", _SALES, "DRCHARGE"),
        TaxRow("DRCHARGE5", "Domestic Reverse Charge @ 5% (VAT on Income)", "5", _SALES, "DRCHARGE"),
        TaxRow("DRCHARGESUPPLY20", "Domestic Reverse Charge @ 20% (VAT on Expenses)", "20", _COSTS, "DRCHARGESUPPLY"),
        TaxRow("DRCHARGESUPPLY5", "Domestic Reverse Charge @ 5% (VAT on Expenses)", "5", _COSTS, "DRCHARGESUPPLY"),
        TaxRow("CAPEXINPUT2", "20% (VAT on Capital Purchases)", "20", "A", "CAPITALEXPENSESINPUT"),
        TaxRow("CAPEXOUTPUT2", "20% (VAT on Capital Sales)", "20", "A", "CAPITALSALESOUTPUT"),
        TaxRow("GSTONIMPORTS", "VAT on Imports", "0", "L", "GSTONIMPORTS"),
        TaxRow("NONE", "No VAT", "0", _ALL, "NONE"),
    ],
    "US": [
        TaxRow("OUTPUT", "Tax on Sales", "8.25", _SALES, "OUTPUT"),
        TaxRow("INPUT", "Tax on Purchases", "8.25", _COSTS, "INPUT"),
        TaxRow("NONE", "Tax Exempt", "0", _ALL, "NONE"),
        TaxRow("GSTONIMPORTS", "Sales Tax on Imports", "0", "L", "GSTONIMPORTS"),
        TaxRow("AVALARA", "Auto Look Up", "0", _SALES, "AVALARA"),
    ],
    "NZ": [
        TaxRow("OUTPUT2", "15% GST on Income", "15", _SALES, "OUTPUT"),
        TaxRow("INPUT2", "15% GST on Expenses", "15", _COSTS, "INPUT"),
        TaxRow("ZERORATED", "Zero Rated", "0", _ALL, "OUTPUT"),
        TaxRow("NONE", "No GST", "0", _ALL, "NONE"),
        TaxRow("GSTONIMPORTS", "GST on Imports", "0", "L", "GSTONIMPORTS"),
    ],
    "AU": [
        TaxRow("OUTPUT", "GST on Income", "10", _SALES, "OUTPUT"),
        TaxRow("INPUT", "GST on Expenses", "10", _COSTS, "INPUT"),
        TaxRow("EXEMPTOUTPUT", "GST Free Income", "0", _SALES, "EXEMPTOUTPUT"),
        TaxRow("EXEMPTEXPENSES", "GST Free Expenses", "0", _COSTS, "EXEMPTEXPENSES"),
        TaxRow("EXEMPTEXPORT", "GST Free Exports", "0", _SALES, "EXEMPTEXPORT"),
        TaxRow("INPUTTAXED", "Input Taxed", "0", _ALL, "INPUTTAXED"),
        TaxRow("BASEXCLUDED", "BAS Excluded", "0", _ALL, "BASEXCLUDED"),
        TaxRow("CAPEXINPUT", "GST on Capital", "10", "AX", "CAPITALEXINPUT"),
        TaxRow("GSTONIMPORTS", "GST on Imports", "0", "L", "GSTONIMPORTS"),
        TaxRow("GSTONCAPIMPORTS", "GST on Capital Imports", "0", "L", "GSTONCAPIMPORTS"),
        TaxRow("NONE", "No Tax", "0", _ALL, "NONE"),
    ],
}
