"""Create, read, full and sparse update, void, delete, send: what comes back. Source: QuickBooks reference 2, 12, 13."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.conftest import Books, line


def _sparse(record: Any, **changes: Any) -> Any:
    return {"Id": record["Id"], "SyncToken": record["SyncToken"], "sparse": True, **changes}


def test_a_minimal_customer_is_completed_by_the_server(us: Books) -> None:
    """The recorded answer of 13.1."""
    made = us.post(
        "customer",
        {
            "DisplayName": "Test Customer May 2026",
            "GivenName": "Test",
            "FamilyName": "Customer",
            "PrimaryEmailAddr": {"Address": "testcustomer@example.com"},
            "BillAddr": {"Line1": "123 Test Street", "City": "Mountain View", "Country": "USA"},
        },
    )

    assert made["BillAddr"].pop("Id").isdigit()
    expected = {
        "Taxable": True,
        "BillAddr": {"Line1": "123 Test Street", "City": "Mountain View", "Country": "USA"},
        "Job": False,
        "BillWithParent": False,
        "Balance": 0,
        "BalanceWithJobs": 0,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "PreferredDeliveryMethod": "Print",
        "IsProject": False,
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
        "FullyQualifiedName": "Test Customer May 2026",
        "PrintOnCheckName": "Test Customer",
        "Active": True,
        "DefaultTaxCodeRef": {"value": "2"},
    }
    assert {key: made[key] for key in expected} == expected


def test_a_minimal_invoice_is_completed_by_the_server(us: Books) -> None:
    """The recorded answer of 12.1: subtotal line, account, code, addresses, number, due date in 30 days."""
    customer = us.customer("C", BillAddr={"Line1": "4581 Finch St.", "City": "Bayshore"})

    made = us.invoice(customer, 100, TxnDate="2024-01-15")

    assert made["Line"] == [
        {
            "Id": "1",
            "LineNum": 1,
            "Amount": 100,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": "1", "name": "Services"},
                "ItemAccountRef": {"value": "1", "name": "Services"},
                "TaxCodeRef": {"value": "NON"},
            },
            "CustomExtensions": [],
        },
        {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]
    assert (made["TxnDate"], made["DueDate"]) == ("2024-01-15", "2024-02-14")
    assert made["BillAddr"] == {**customer["BillAddr"], "Lat": "INVALID", "Long": "INVALID"}
    assert made["CustomerRef"] == {"value": customer["Id"], "name": "C"}
    assert (made["TotalAmt"], made["Balance"], made["TxnTaxDetail"]) == (100, 100, {"TotalTax": 0})
    assert (made["PrintStatus"], made["EmailStatus"], made["LinkedTxn"]) == ("NeedToPrint", "NotSet", [])
    assert made["ShipFromAddr"]["Line2"] == "Monterey, CA  93940"
    assert "LastModifiedByRef" in made["MetaData"]
    assert "ExchangeRate" not in made


def test_numbers_are_bare_and_times_are_pacific(us: Books) -> None:
    customer = us.customer("C")
    answer = us.http.get(
        f"{us.base}/v3/company/{us.realm}/invoice/{us.invoice(customer, Decimal('100.50'))['Id']}",
        headers={"Authorization": f"Bearer {us.access}", "Accept": "application/json"},
    )

    assert '"TotalAmt":100.5,' in answer.text
    assert answer.json()["time"][-6:] in {"-08:00", "-07:00"}
    assert answer.json()["Invoice"]["MetaData"]["CreateTime"][19:] in {"-08:00", "-07:00"}
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["intuit_tid"]


def test_transactions_share_one_id_sequence_and_names_another(us: Books) -> None:
    customer = us.customer("C")
    invoice = us.invoice(customer)
    paid = us.pay(customer, 5)
    vendor = us.post("vendor", {"DisplayName": "V"})

    assert int(paid["Id"]) == int(invoice["Id"]) + 1
    assert int(vendor["Id"]) == int(customer["Id"]) + 1


@pytest.mark.parametrize(("term", "days"), [("1", 0), ("2", 10), ("5", 60)])
def test_the_due_date_follows_the_term(us: Books, term: str, days: int) -> None:
    on_form = us.invoice(us.customer("A"), TxnDate="2026-01-10", SalesTermRef={"value": term})
    of_customer = us.invoice(us.customer("B", SalesTermRef={"value": term}), TxnDate="2026-01-10")

    expected = (date(2026, 1, 10) + timedelta(days=days)).isoformat()
    assert [each["DueDate"] for each in (on_form, of_customer)] == [expected, expected]


def test_a_sparse_update_merges_the_top_level_and_answers_the_whole(us: Books) -> None:
    customer = us.customer("C", Notes="old", BillAddr={"Line1": "1 A St", "City": "Carmel"})

    updated = us.post("customer", _sparse(customer, Notes="new", BillAddr={"Line1": "2 B St"}))

    assert (updated["Notes"], updated["SyncToken"], updated["sparse"]) == ("new", "1", False)
    assert updated["BillAddr"] == {"Id": customer["BillAddr"]["Id"], "Line1": "2 B St"}  # replaced, not merged
    assert updated["DisplayName"] == "C"


def test_an_empty_string_clears_a_field(us: Books) -> None:
    customer = us.customer("C", Notes="old")

    assert "Notes" not in us.post("customer", _sparse(customer, Notes=""))


@pytest.mark.parametrize("path", ["item/1", "account/1", "customer/1", "invoice/1", "payment/6"])
def test_a_sparse_update_that_changes_nothing_keeps_the_version(us: Books, path: str) -> None:
    entity = path.partition("/")[0]
    before = us.read(path)

    after = us.post(entity, _sparse(before))

    assert (after["SyncToken"], after["MetaData"]) == (before["SyncToken"], before["MetaData"])


def test_lines_are_replaced_as_a_whole(us: Books) -> None:
    invoice = us.post(
        "invoice",
        {"CustomerRef": {"value": us.customer("C")["Id"]}, "Line": [{**line(10), "Description": "ten"}, line(20)]},
    )

    updated = us.post("invoice", _sparse(invoice, Line=[{**line(11), "Id": "1"}, {**line(5), "Id": "77"}]))

    sold = [each for each in updated["Line"] if each["DetailType"] == "SalesItemLineDetail"]
    assert [(each["Id"], each["Amount"], each.get("Description")) for each in sold] == [("1", 11, None), ("3", 5, None)]


def test_no_line_key_leaves_the_lines_alone(us: Books) -> None:
    invoice = us.invoice(us.customer("C"))

    assert us.post("invoice", _sparse(invoice, PrivateNote="n"))["Line"] == invoice["Line"]


def test_a_full_update_nulls_what_is_left_out_but_keeps_the_number(us: Books) -> None:
    """Seen live on a credit memo: TxnDate moved to today, DocNumber stayed."""
    customer = us.customer("C")
    memo = us.credit_memo(customer, 100, TxnDate="2026-01-10", PrivateNote="gone soon")

    full = {"Id": memo["Id"], "SyncToken": "0", "CustomerRef": {"value": customer["Id"]}, "Line": [line(90)]}
    updated = us.post("creditmemo", full)

    assert updated["DocNumber"] == memo["DocNumber"]
    assert updated["TxnDate"] != "2026-01-10"
    assert "PrivateNote" not in updated
    assert updated["RemainingCredit"] == 90


def test_reference_names_are_current(us: Books) -> None:
    customer = us.customer("Before")
    invoice = us.invoice(customer)
    us.post("customer", _sparse(us.read(f"customer/{customer['Id']}"), DisplayName="After"))

    assert us.read(f"invoice/{invoice['Id']}")["CustomerRef"]["name"] == "After"


def test_a_stale_version_is_5010(us: Books) -> None:
    customer = us.customer("C")
    us.post("customer", _sparse(customer, Notes="a"))

    refused = us.refused("customer", _sparse(customer, Notes="b"))

    assert (refused.status, refused.codes) == (400, ["5010"])
    assert refused.detail.startswith("Stale Object Error : You and ")


def test_a_missing_object_is_400_with_610(us: Books) -> None:
    answered = us.call("GET", "invoice/999999")

    assert (answered.status, answered.codes) == (400, ["610"])


def test_voiding_keeps_the_number_and_deleting_frees_it(us: Books) -> None:
    customer = us.customer("C")
    invoice = us.invoice(customer, DocNumber="INV-7", PrivateNote="note")
    voided = us.post("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="void")
    assert (voided["DocNumber"], voided["PrivateNote"], voided["SyncToken"]) == ("INV-7", "Voided - note", "1")

    us.post("invoice", {"Id": invoice["Id"], "SyncToken": "1"}, operation="delete")
    assert us.invoice(customer, DocNumber="INV-7")["DocNumber"] == "INV-7"


def test_a_paid_invoice_must_be_unlinked_before_it_is_deleted(us: Books) -> None:
    customer = us.customer("C")
    invoice = us.invoice(customer)
    us.pay(customer, 100, ("Invoice", invoice, 100))

    assert us.refused("invoice", {"Id": invoice["Id"], "SyncToken": "1"}, operation="delete").codes == ["800"]


@pytest.mark.parametrize(("switch", "status"), [("fault_500", 400), ("ok_nothing", 200)])
def test_voiding_a_credit_memo_is_not_offered(us: Books, switch: str, status: int) -> None:
    """Source: QuickBooks reference 7.4, 17.10."""
    us.switch(unsupported_void=switch)
    memo = us.credit_memo(us.customer("C"))

    answered = us.call("POST", "creditmemo", {"Id": memo["Id"], "SyncToken": "0"}, operation="void")

    assert answered.status == status
    assert us.read(f"creditmemo/{memo['Id']}")["TotalAmt"] == 100


def test_sending_stores_the_address_and_puts_a_mail_in_the_outbox(us: Books) -> None:
    invoice = us.invoice(us.customer("C"))
    assert us.call("POST", f"invoice/{invoice['Id']}/send", b"").codes == ["6420"]

    sent = us.post(f"invoice/{invoice['Id']}/send", b"", sendTo="a@b.example")

    assert (sent["EmailStatus"], sent["BillEmail"], sent["SyncToken"]) == ("EmailSent", {"Address": "a@b.example"}, "1")
    assert sent["DeliveryInfo"]["DeliveryType"] == "Email"
    assert [mail["id"] for mail in us.control("GET", "emails")["emails"]] == [invoice["Id"]]


def test_a_sandbox_company_sends_forty_mails_a_day(us: Books) -> None:
    us.switch(emails_per_day=1)
    invoice = us.invoice(us.customer("C"), BillEmail={"Address": "a@b.example"})
    us.post(f"invoice/{invoice['Id']}/send", b"")

    assert us.call("POST", f"invoice/{invoice['Id']}/send", b"").codes == ["6000"]


def test_a_pdf_is_a_pdf(us: Books) -> None:
    answered = us.call("GET", "invoice/1/pdf")

    assert answered.headers["content-type"] == "application/pdf"
    assert answered.body.startswith(b"%PDF-")


def test_an_invoice_link_needs_online_payment_and_a_mail_address(us: Books) -> None:
    customer = us.customer("C")
    plain = us.invoice(customer)
    online = us.invoice(customer, AllowOnlineACHPayment=True, BillEmail={"Address": "a@b.example"})

    assert "InvoiceLink" not in us.read(f"invoice/{plain['Id']}", include="invoiceLink")
    assert us.read(f"invoice/{online['Id']}", include="invoiceLink")["InvoiceLink"].startswith("https://")


def test_a_refund_receipt_needs_the_account_the_money_leaves(us: Books) -> None:
    body = {"CustomerRef": {"value": "1"}, "Line": [line(10)]}

    assert us.refused("refundreceipt", body).codes == ["2020"]
    assert us.refused("refundreceipt", {**body, "DepositToAccountRef": {"value": "9"}}).codes == ["6430"]
    assert us.post("refundreceipt", {**body, "DepositToAccountRef": {"value": "5"}})["TotalAmt"] == 10


def test_inactivating_frees_the_name_and_hides_the_row(us: Books) -> None:
    customer = us.customer("Gone")
    inactive = us.post("customer", _sparse(customer, Active=False))
    assert inactive["DisplayName"] == "Gone (deleted)"

    again = us.customer("Gone")

    assert [row["Id"] for row in us.rows("SELECT * FROM Customer WHERE DisplayName LIKE 'Gone%'")] == [again["Id"]]
    assert us.refused("invoice", {"CustomerRef": {"value": customer["Id"]}, "Line": [line(1)]}).codes == ["610"]
    revived = us.post("customer", _sparse(inactive, Active=True, DisplayName="Gone 2"))
    assert revived["Active"] is True


def test_full_names_follow_the_parents(us: Books) -> None:
    parent = us.customer("P")
    child = us.customer("K", Job=True, ParentRef={"value": parent["Id"]})
    assert (child["FullyQualifiedName"], child["Level"]) == ("P:K", 1)

    us.post("customer", _sparse(parent, DisplayName="Q"))

    assert us.read(f"customer/{child['Id']}")["FullyQualifiedName"] == "Q:K"


def test_a_parents_balance_with_jobs_includes_its_children(us: Books) -> None:
    parent = us.customer("P")
    child = us.customer("K", Job=True, ParentRef={"value": parent["Id"]})
    us.invoice(parent, 10)
    us.invoice(child, 5)

    row = us.read(f"customer/{parent['Id']}")

    assert (row["Balance"], row["BalanceWithJobs"]) == (10, 15)


def test_changing_a_voided_invoice_is_not_modelled(us: Books) -> None:
    """Nobody has recorded what QuickBooks does, so the simulator says so instead of guessing."""
    invoice = us.invoice(us.customer("C"))
    voided = us.post("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="void")

    assert us.call("POST", "invoice", _sparse(voided, PrivateNote="x")).status == 501
