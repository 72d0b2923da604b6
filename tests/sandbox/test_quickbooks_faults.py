"""Codes, texts and shapes of refusals. Source: QuickBooks reference 2.10, 7."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.sandbox.conftest import Books, line

CUSTOMER = "1"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"DisplayName": "ok"}, ""),
        ({"DisplayName": "ok", "Colour": "red"}, "2010"),
        ({"DisplayName": "ok", "Balance": 5, "FullyQualifiedName": "ignored"}, ""),
        ({}, "6080"),
        ({"GivenName": "Only", "FamilyName": "Parts"}, ""),
        ({"DisplayName": "with:colon"}, "2040"),
        ({"DisplayName": "with\ttab"}, "2040"),
        ({"DisplayName": "x" * 500}, ""),
        ({"DisplayName": "x" * 501}, "2050"),
        ({"DisplayName": "ok", "Title": "x" * 17}, "2050"),
        ({"DisplayName": "ok", "PrimaryEmailAddr": {"Address": "not-an-address"}}, "2210"),
        ({"DisplayName": "ok", "PrimaryEmailAddr": {"Address": "a@b.example, c@d.example"}}, ""),
        ({"DisplayName": "ok", "WebAddr": {"URI": "no scheme"}}, "2200"),
        ({"DisplayName": "ok", "CurrencyRef": {"value": "XXX"}}, "2220"),
        ({"DisplayName": "ok", "PreferredDeliveryMethod": "Email"}, "6420"),
        ({"DisplayName": "ok", "PreferredDeliveryMethod": "Pigeon"}, "2170"),
        ({"DisplayName": "ok", "Job": True}, "6150"),
        ({"DisplayName": "ok", "SalesTermRef": {"value": "99"}}, "2500"),
        ({"DisplayName": "ok", "BillAddr": {"City": "x" * 256}}, "2050"),
    ],
)
def test_customers(us: Books, body: Any, code: str) -> None:
    answered = us.call("POST", "customer", body)

    assert code == (answered.codes[0] if "Fault" in answered.body else "")
    assert answered.status == (400 if code else 200)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ""),
        ({"Line": None}, "2020"),
        ({"CustomerRef": None}, "2020"),
        ({"CustomerRef": {"value": "9999"}}, "2500"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"TxnDate": "05/05/2026"}, "2060"),
        ({"TxnDate": "2026-02-30"}, "2070"),
        ({"ExchangeRate": "1.0x"}, "2100"),
        ({"Line": [line(10, ItemRef={"value": "9999"})]}, "2500"),
        ({"Line": [{"DetailType": "SalesItemLineDetail", "Amount": 5}]}, "6440"),
        ({"Line": [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}]}, "2020"),
        ({"Line": [{**line(10), "Weight": 3}]}, "2010"),
        ({"Line": [line(10), line(-11)]}, "6000"),
        ({"Line": [line(10), line(-10)]}, ""),
        ({"EmailStatus": "NeedToSend"}, "6420"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000"),
    ],
)
def test_invoices(us: Books, changes: Any, code: str) -> None:
    body = {"CustomerRef": {"value": CUSTOMER}, "Line": [line(10)], **changes}

    answered = us.call("POST", "invoice", body)

    assert code == (answered.codes[0] if "Fault" in answered.body else "")


def test_the_shape_of_an_entity_fault(us: Books) -> None:
    answered = us.refused("invoice", {"CustomerRef": {"value": CUSTOMER}})

    assert answered.body["Fault"] == {
        "Error": [
            {
                "Message": "Required param missing, need to supply the required value for the API",
                "Detail": "Required parameter Line is missing in the request",
                "code": "2020",
                "element": "Line",
            }
        ],
        "type": "ValidationFault",
    }
    assert "time" in answered.body


def test_lengths_are_written_with_thousands_separators(us: Books) -> None:
    memo = {"CustomerMemo": {"value": "x" * 1001}}

    refused = us.refused("invoice", {"CustomerRef": {"value": CUSTOMER}, "Line": [line(1)], **memo})

    assert refused.detail.endswith("Min:0 Max:1,000 supported. Supplied length:1,001")


@pytest.mark.parametrize(
    ("wording", "text"),
    [
        ("id", "The name supplied already exists. : Id=1"),
        ("sentence", "Another customer, vendor or employee is already"),
    ],
)
def test_names_are_shared_over_customers_vendors_and_employees(us: Books, wording: str, text: str) -> None:
    us.switch(duplicate_name_text=wording)
    for entity in ("customer", "vendor", "employee"):
        refused = us.refused(entity, {"DisplayName": " ALMA reyes"})
        assert refused.codes == ["6240"]
        assert text in refused.detail


def test_a_duplicate_number_names_its_holder(us: Books) -> None:
    body = {"CustomerRef": {"value": CUSTOMER}, "Line": [line(1)], "DocNumber": "INV-1"}
    holder = us.post("invoice", body)["Id"]

    assert us.refused("invoice", body).detail == (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
        f"DocNumber=INV-1 is assigned to TxnType=Invoice with TxnId={holder}"
    )
    assert us.post("invoice", body, include="allowduplicatedocnum")["DocNumber"] == "INV-1"


def test_numbers_come_from_one_counter_unless_the_company_numbers_itself(us: Books) -> None:
    customer = us.customer("C")
    invoice, memo = us.invoice(customer), us.credit_memo(customer)
    assert int(memo["DocNumber"]) == int(invoice["DocNumber"]) + 1

    changes = {"SalesFormsPrefs": {"CustomTxnNumbers": True}}
    us.control("POST", f"bookkeeper/{us.realm}/edit", {"entity": "Preferences", "changes": changes})
    assert "DocNumber" not in us.invoice(customer)


def test_a_sixth_level_of_customers_is_refused(us: Books) -> None:
    parent = us.customer("L0")
    for level in range(1, 5):
        parent = us.customer(f"L{level}", Job=True, ParentRef={"value": parent["Id"]})

    assert us.refused("customer", {"DisplayName": "L5", "ParentRef": {"value": parent["Id"]}}).codes == ["6180"]


def test_closed_books_refuse_old_dates(us: Books) -> None:
    us.control("POST", f"bookkeeper/{us.realm}/close-books", {"until": "2026-06-30"})
    body = {"CustomerRef": {"value": CUSTOMER}, "Line": [line(1)]}

    assert us.refused("invoice", {**body, "TxnDate": "2026-06-30"}).codes == ["6210"]
    assert us.post("invoice", {**body, "TxnDate": "2026-07-01"})["TxnDate"] == "2026-07-01"
    assert us.read("preferences")["AccountingInfoPrefs"]["BookCloseDate"] == "2026-06-30"


def test_a_lapsed_subscription_still_reads(us: Books) -> None:
    us.control("POST", "companies/status", {"realm": us.realm, "subscription_lapsed": True})

    assert us.refused("customer", {"DisplayName": "x"}).codes == ["6190"]
    assert us.read("customer/1")["Id"] == "1"


def test_the_connecting_user_lost_access(us: Books) -> None:
    us.control("POST", "companies/status", {"realm": us.realm, "connecting_user_removed": True})

    answered = us.call("GET", "customer/1")

    assert (answered.status, answered.codes) == (401, ["120"])


def test_a_french_company_answers_in_french(us: Books) -> None:
    us.control("POST", "companies/status", {"realm": us.realm, "language": "fr"})
    us.switch(duplicate_name_text="id")
    body = {"CustomerRef": {"value": CUSTOMER}, "Line": [line(1)], "DocNumber": "F-1"}
    us.post("invoice", body)

    assert us.refused("invoice", body).body["Fault"]["Error"][0]["Message"] == "Numéro de document en double"
    assert us.refused("customer", {"DisplayName": "Alma Reyes"}).detail == "Ce nom existe déjà. : Id=1"


def test_an_item_needs_an_income_account_of_the_right_type(us: Books) -> None:
    body = {"Name": "New", "Type": "Service"}

    assert us.refused("item", body).codes == ["2020"]
    assert us.refused("item", {**body, "IncomeAccountRef": {"value": "5"}}).codes == ["6430"]
    assert us.refused("item", {**body, "Name": "services", "IncomeAccountRef": {"value": "1"}}).codes == ["6240"]


def test_an_open_balance_stops_inactivation(us: Books) -> None:
    customer = us.customer("Owing")
    us.invoice(customer)

    change = {"Id": customer["Id"], "SyncToken": "0", "sparse": True, "Active": False}

    assert us.refused("customer", change).codes == ["6220"]


def test_unknown_paths_are_500_and_unmodelled_objects_are_501(us: Books) -> None:
    assert us.call("GET", "nonsense/1").codes == ["500"]
    assert us.call("POST", "customer", {"Id": "1", "SyncToken": "0"}, operation="delete").codes == ["500"]
    unmodelled = us.call("GET", "bill/1")
    assert (unmodelled.status, unmodelled.body["error"]) == (501, "not_modelled")


def test_answers_in_xml_are_not_modelled(us: Books) -> None:
    answer = us.http.get(
        f"{us.base}/v3/company/{us.realm}/customer/1", headers={"Authorization": f"Bearer {us.access}", "Accept": "*/*"}
    )

    assert answer.status_code == 501


def test_a_body_that_is_not_utf8_is_500(us: Books) -> None:
    assert us.call("POST", "customer", b'{"DisplayName":"Caf\xe9"}').codes == ["500"]


def test_parallel_name_writes_collide_with_the_switch(us: Books) -> None:
    """Source: QuickBooks reference 2.9."""
    us.switch(names_one_at_a_time_ms=300)
    outcomes: list[list[str]] = []

    def write(name: str) -> None:
        answered = us.call("POST", "customer", {"DisplayName": name})
        outcomes.append(answered.codes if "Fault" in answered.body else [])

    threads = [threading.Thread(target=write, args=(f"Parallel {number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [[], ["6000"]]
