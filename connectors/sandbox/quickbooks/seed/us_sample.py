"""Harbour & Pine Studio: a US design studio whose customer list has every gap a real one has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks import books
from connectors.sandbox.quickbooks.catalogue import BY_NAME
from connectors.sandbox.quickbooks.company import Company
from connectors.sandbox.quickbooks.names import register_name
from connectors.sandbox.quickbooks.seed.foundation import make


def fill_us_sample(company: Company) -> None:
    """Items, 40 customers, and a few documents in every state of payment."""
    items = _items(company)
    customers = {str(body["DisplayName"]): make(company, "Customer", body) for body in _complete_customers()}
    for body in _incomplete_customers():
        customers[str(body["DisplayName"])] = _unchecked_customer(company, body)
    _families(company, customers)
    _inactivate(company, make(company, "Customer", {"DisplayName": "Closed Door Gallery"}))
    make(company, "Vendor", {"DisplayName": "Coastal Paper Supply", "CompanyName": "Coastal Paper Supply Inc."})
    make(company, "Employee", {"GivenName": "Dana", "FamilyName": "Whitlock"})
    _documents(company, items, customers)


def _items(company: Company) -> dict[str, str]:
    services, products = {"value": "1"}, {"value": "2"}
    bodies: list[JsonObject] = [
        {"Name": "Services", "Type": "Service", "IncomeAccountRef": services},
        {"Name": "Hours", "Type": "Service", "IncomeAccountRef": services, "UnitPrice": 95},
        {"Name": "Brand workshop", "Type": "Service", "IncomeAccountRef": services, "UnitPrice": 1200, "Sku": "WS-01"},
        {"Name": "Monthly retainer", "Type": "Service", "IncomeAccountRef": services, "UnitPrice": 850, "Sku": "RET-M"},
        {
            "Name": "Printed poster",
            "Type": "NonInventory",
            "IncomeAccountRef": products,
            "UnitPrice": 35,
            "Taxable": True,
            "Sku": "POS-A2",
        },
        {
            "Name": "Walnut frame",
            "Type": "NonInventory",
            "IncomeAccountRef": products,
            "UnitPrice": Decimal("128.50"),
            "Taxable": True,
            "Sku": "FRM-W",
        },
    ]
    ids = {str(body["Name"]): make(company, "Item", body) for body in bodies}
    retired = make(company, "Item", {"Name": "Letterpress cards", "Type": "Service", "IncomeAccountRef": products})
    _inactivate(company, retired, "Item")
    return ids


def _address(line1: str, city: str, state: str, postcode: str, country: str = "") -> JsonObject:
    return {
        "Line1": line1,
        "City": city,
        "CountrySubDivisionCode": state,
        "PostalCode": postcode,
        **({"Country": country} if country else {}),
    }


def _person(name: str, email: str, address: JsonObject | None, **more: Any) -> JsonObject:
    given, _, family = name.partition(" ")
    body: JsonObject = {"DisplayName": name, "GivenName": given, "FamilyName": family, **more}
    if email:
        body["PrimaryEmailAddr"] = {"Address": email}
    if address:
        body["BillAddr"] = address
    return body


def _firm(name: str, email: str, address: JsonObject | None, **more: Any) -> JsonObject:
    body: JsonObject = {"DisplayName": name, "CompanyName": name, **more}
    if email:
        body["PrimaryEmailAddr"] = {"Address": email}
    if address:
        body["BillAddr"] = address
    return body


def _complete_customers() -> list[JsonObject]:
    """Thirteen with name, one e-mail address and a full address."""
    return [
        _person("Alma Reyes", "alma.reyes@example.com", _address("210 Cypress Ave", "Carmel", "CA", "93923", "USA")),
        _firm(
            "Bluefin Coffee Roasters",
            "accounts@bluefin.example",
            _address("14 Cannery Row", "Monterey", "CA", "93940", "USA"),
            SalesTermRef={"value": "4"},
        ),
        _firm(
            "Cedar & Stone Architects",
            "office@cedarstone.example",
            _address("900 Market St", "San Francisco", "CA", "94102", "US"),
        ),
        _person("Daniel Okafor", "daniel@okafor.example", _address("77 Elm Street", "Portland", "OR", "97205", "USA")),
        _firm(
            "Evergreen Dental Group",
            "billing@evergreendental.example",
            _address("1820 Pine St", "Seattle", "WA", "98101", "USA"),
            PrimaryPhone={"FreeFormNumber": "(206) 555-0188"},
        ),
        _person(
            "Fiona Marsh",
            "fiona.marsh@example.com",
            _address("3 Lakeview Dr", "Madison", "WI", "53703", "United States"),
        ),
        _firm(
            "Granite Peak Outfitters",
            "ap@granitepeak.example",
            _address("55 Summit Rd", "Boulder", "CO", "80302", "USA"),
            SalesTermRef={"value": "3"},
        ),
        _person("Hugo Lindqvist", "hugo@lindqvist.example", _address("412 Grant Ave", "Austin", "TX", "78701", "USA")),
        _firm(
            "Ironwood Theatre Company",
            "office@ironwood.example",
            _address("6 Stage Door Ln", "Chicago", "IL", "60601", "USA"),
            Taxable=False,
            TaxExemptionReasonId="5",
        ),
        _person(
            "Joy Nakamura", "joy.nakamura@example.com", _address("88 Kalakaua Ave", "Honolulu", "HI", "96815", "USA")
        ),
        _firm(
            "Kestrel Analytics",
            "finance@kestrel.example",
            _address("1 Innovation Way", "Boston", "MA", "02110", "USA"),
            WebAddr={"URI": "https://kestrel.example"},
        ),
        _firm(
            "Lantern House Books",
            "orders@lanternhouse.example",
            _address("29 Main Street", "Burlington", "VT", "05401", "USA"),
        ),
        _person(
            "Maya Castellanos", "maya@castellanos.example", _address("501 Olive St", "St. Louis", "MO", "63101", "USA")
        ),
    ]


def _incomplete_customers() -> list[JsonObject]:
    """One of each gap: the seed bypasses the API's checks where the web app or an old import did."""
    berlin = {"Line1": "Torstraße 49", "City": "Berlin", "PostalCode": "10119", "Country": "Deutschland"}
    return [
        _person("Nora Whitfield", "nora@whitfield.example", None),  # no address
        _firm("Orchard Lane Events", "hello@orchardlane.example", {"Line1": "12 Orchard Lane", "PostalCode": "95060"}),
        _person("Pascal Duran", "", _address("9 Hill Rd", "Reno", "NV", "89501", "USA")),  # no e-mail
        _firm("Quill & Co", "quill(at)example.com", _address("4 Ink St", "Oakland", "CA", "94607", "USA")),  # malformed
        _person("Rosa Abbott", "rosa.abbott@example", _address("8 Bay St", "Tampa", "FL", "33602", "USA")),  # no TLD
        _firm("Saltmarsh Kayaks", "info@saltmarsh.example", _address("2 Quay", "Bristol", "", "BS1 4QA", "U.K.")),
        _firm("Torstrasse Studio", "post@torstrasse.example", berlin),
        _firm(
            "Undersea Tours", "book@undersea.example", _address("1 Trident Sq", "Poseidonis", "", "00000", "Atlantis")
        ),
        _person("Vera Lind", "vera@lind.example", _address("31 State St", "Albany", "NY", "12207")),  # no country
        _firm(
            "Wren Textiles",
            "sales@wren.example, accounts@wren.example",
            _address("5 Loom Ct", "Fall River", "MA", "02720", "USA"),
        ),
        _firm(
            "Xylo Music School",
            "desk@xylo.example; head@xylo.example",
            _address("70 Drum Rd", "Nashville", "TN", "37201", "USA"),
        ),
        _person(
            "山田 花子",
            "hanako@yamada.example",
            {"Line1": "1-2-3 Ginza", "City": "Tokyo", "PostalCode": "104-0061", "Country": "Japan"},
        ),
        _firm(
            "ООО «Ладога»",
            "info@ladoga.example",
            {"Line1": "Невский пр. 10", "City": "Санкт-Петербург", "Country": "Россия"},
        ),
        _person(
            "Zoë Müller-Šimić",
            "zoe@muller.example",
            {"Line1": "Rue de Rive 5", "City": "Genève", "PostalCode": "1204", "Country": "Suisse"},
        ),
        _firm(
            "Aspen Ridge HOA", "board@aspenridge.example", _address("40 Ridge Rd", "Denver", "CO", "SW1A 1AA", "USA")
        ),
        _firm(
            "Birchwood Clinic", "ap@birchwood.example", _address("18 Oak St", "London", "", "9021", "United Kingdom")
        ),
        {
            "DisplayName": "Free lines only",
            "PrimaryEmailAddr": {"Address": "cole@larkspur.example"},
            "BillAddr": {
                "Line1": "Cole Hammond",
                "Line2": "Larkspur Ceramics",
                "Line3": "66 Kiln Road",
                "Line4": "Santa Cruz, CA  95060",
            },
        },
        {
            "DisplayName": "Dockside  Diner ",
            "GivenName": " Ben ",
            "FamilyName": " Ortiz",
            "PrimaryEmailAddr": {"Address": " ben@dockside.example "},
            "BillAddr": _address("  9 Pier  Rd ", " Sausalito ", "ca", "94965 ", " usa "),
        },
        _firm(
            "The Society for the Preservation and Continued Enjoyment of Lighthouses, Foghorns, Buoys and Related "
            "Maritime Signalling Apparatus of the Central California Coast and Adjacent Islands",
            "secretary@lighthouses.example",
            _address("1 Point Pinos", "Pacific Grove", "CA", "93950", "USA"),
        ),
        {"DisplayName": "Cash sales"},  # nothing but a name
        _person(
            "Ingrid Solberg",
            "ingrid@solberg.example",
            _address("12 Fjord St", "Minneapolis", "MN", "55401", "Unted States"),
        ),
        _firm("PO Box only", "box@mail.example", {"Line1": "P.O. Box 1180"}),
    ]


def _unchecked_customer(company: Company, body: JsonObject) -> str:
    """Stored as it is, like a record typed into the web app years ago."""
    stand_in = f"seed stand-in {company.sequences['Name']}"
    record_id = make(company, "Customer", {"DisplayName": stand_in})
    record = company.tables["Customer"][record_id]
    address = body.get("BillAddr")
    if address:
        body = {**body, "BillAddr": {"Id": company.next_id("Address"), **{k: v for k, v in address.items() if v}}}
    people = " ".join(str(body[part]) for part in ("GivenName", "FamilyName") if body.get(part))
    name = body["DisplayName"]
    record.data.update(body, FullyQualifiedName=name, PrintOnCheckName=people or body.get("CompanyName") or name)
    register_name(company, record, stand_in)
    return record_id


def _families(company: Company, customers: dict[str, str]) -> None:
    """Sub-customers, one of them billed with its parent, and a project."""
    cedar, granite = customers["Cedar & Stone Architects"], customers["Granite Peak Outfitters"]
    bodies: list[JsonObject] = [
        {
            "DisplayName": "Cedar & Stone - Mill Valley",
            "Job": True,
            "ParentRef": {"value": cedar},
            "BillWithParent": True,
            "PrimaryEmailAddr": {"Address": "mv@cedarstone.example"},
        },
        {"DisplayName": "Cedar & Stone - Sausalito", "Job": True, "ParentRef": {"value": cedar}},
        {
            "DisplayName": "Granite Peak - Catalogue 2026",
            "Job": True,
            "ParentRef": {"value": granite},
            "IsProject": True,
        },
    ]
    for body in bodies:
        customers[str(body["DisplayName"])] = make(company, "Customer", body)


def _inactivate(company: Company, object_id: str, entity: str = "Customer") -> None:
    token = company.tables[entity][object_id].data["SyncToken"]
    books.update(company, BY_NAME[entity], {"Id": object_id, "SyncToken": token, "sparse": True, "Active": False})


def _line(item: str, quantity: int, price: Decimal, description: str = "") -> JsonObject:
    line: JsonObject = {
        "DetailType": "SalesItemLineDetail",
        "Amount": quantity * price,
        "SalesItemLineDetail": {"ItemRef": {"value": item}, "Qty": quantity, "UnitPrice": price},
    }
    return {**line, "Description": description} if description else line


def _documents(company: Company, items: dict[str, str], customers: dict[str, str]) -> None:
    """One invoice unpaid, one part paid, one paid with a credit memo, one taxed, and money not yet applied."""
    bluefin, kestrel = customers["Bluefin Coffee Roasters"], customers["Kestrel Analytics"]
    alma, lantern = customers["Alma Reyes"], customers["Lantern House Books"]
    retainer = _line(items["Monthly retainer"], 1, Decimal(850), "Retainer")
    make(company, "Invoice", {"CustomerRef": {"value": bluefin}, "TxnDate": "2026-08-03", "Line": [retainer]})
    partly = make(
        company,
        "Invoice",
        {
            "CustomerRef": {"value": kestrel},
            "TxnDate": "2026-08-17",
            "Line": [_line(items["Brand workshop"], 2, Decimal(1200))],
        },
    )
    taxed = make(
        company,
        "Invoice",
        {
            "CustomerRef": {"value": lantern},
            "TxnDate": "2026-09-01",
            "Line": [
                _line(items["Printed poster"], 4, Decimal(35)),
                _line(items["Walnut frame"], 1, Decimal("128.50")),
            ],
            "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}},
        },
    )
    settled = make(
        company,
        "Invoice",
        {"CustomerRef": {"value": alma}, "TxnDate": "2026-09-09", "Line": [_line(items["Hours"], 3, Decimal(95))]},
    )
    credit = make(
        company,
        "CreditMemo",
        {"CustomerRef": {"value": alma}, "TxnDate": "2026-09-10", "Line": [_line(items["Hours"], 3, Decimal(95))]},
    )
    make(
        company,
        "Payment",
        {
            "CustomerRef": {"value": kestrel},
            "TotalAmt": 1000,
            "TxnDate": "2026-09-15",
            "PaymentRefNum": "CHK 2207",
            "PaymentMethodRef": {"value": "2"},
            "Line": [{"Amount": 1000, "LinkedTxn": [{"TxnId": partly, "TxnType": "Invoice"}]}],
        },
    )
    make(
        company,
        "Payment",
        {
            "CustomerRef": {"value": alma},
            "TotalAmt": 0,
            "TxnDate": "2026-09-11",
            "Line": [
                {"Amount": 285, "LinkedTxn": [{"TxnId": settled, "TxnType": "Invoice"}]},
                {"Amount": 285, "LinkedTxn": [{"TxnId": credit, "TxnType": "CreditMemo"}]},
            ],
        },
    )
    make(company, "Payment", {"CustomerRef": {"value": lantern}, "TotalAmt": 50, "TxnDate": "2026-09-20"})
    books.send(company, BY_NAME["Invoice"], taxed, "orders@lanternhouse.example")
