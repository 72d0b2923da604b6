"""The control endpoint, the bookkeeper's page, the deep links and the sample companies."""

from __future__ import annotations

import time

import pytest

from connectors.sandbox.common.exact_json import dumps, loads
from connectors.sandbox.quickbooks import SandboxSettings, create_app
from connectors.sandbox.quickbooks.settings import UK_REALM, US_REALM, OAuthClient
from tests.sandbox.conftest import HTTP, Books, running


def test_starting_is_fast() -> None:
    """In processor time, so that a busy machine does not fail the rule."""
    start = time.process_time()
    create_app(SandboxSettings())

    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("text", "again"),
    [("100.00", "100"), ("0.10", "0.1"), ("12345678901234567.89", "12345678901234567.89"), ("-0.0", "0")],
)
def test_numbers_keep_every_digit_and_no_trailing_zero(text: str, again: str) -> None:
    assert dumps(loads(text)) == again


def test_floats_are_refused() -> None:
    with pytest.raises(TypeError):
        dumps(0.1)


def test_the_us_book_has_every_gap_a_real_one_has(us: Books) -> None:
    customers = us.control("GET", f"companies/{US_REALM}/customer")["Customer"]

    complete = [
        each
        for each in customers
        if each["Active"]
        and not each["Job"]
        and {"City", "PostalCode", "Country"} <= set(each.get("BillAddr", {}))
        and "PrimaryEmailAddr" in each
    ]
    assert len(customers) >= 36
    assert len(complete) >= 12
    assert any("BillAddr" not in each for each in customers)
    assert any("PrimaryEmailAddr" not in each for each in customers)
    assert any("," in each.get("PrimaryEmailAddr", {}).get("Address", "") for each in customers)
    assert any(each.get("BillAddr", {}).get("Line4", "").endswith("95060") for each in customers)
    assert {"Atlantis", "Deutschland", "U.K.", "United States"} <= {
        e.get("BillAddr", {}).get("Country") for e in customers
    }
    assert any(each["IsProject"] for each in customers)
    assert any(not each["Active"] for each in customers)
    assert any(not each["DisplayName"].isascii() for each in customers)


def test_the_uk_company_has_vat_and_three_currencies(uk: Books) -> None:
    assert [row["RateValue"] for row in uk.rows("select * from TaxRate")] == [20, 5, 0, 20, -20]
    assert {row["CurrencyRef"]["value"] for row in uk.rows("select * from Customer")} == {"GBP", "EUR", "USD"}
    assert uk.read(f"companyinfo/{UK_REALM}")["Country"] == "GB"


def test_a_person_can_record_a_payment_on_the_page(us: Books) -> None:
    invoice = us.invoice(us.customer("Paper Payer"))
    page = HTTP.get(f"{us.base}/bookkeeper/{us.realm}")
    assert "Paper Payer" in page.text

    form = {"action": "payment", "invoice_id": invoice["Id"], "amount": "40.00", "date": "2026-11-02"}
    done = HTTP.post(f"{us.base}/bookkeeper/{us.realm}", data=form)

    assert done.status_code == 303
    assert us.read(f"invoice/{invoice['Id']}")["Balance"] == 60


def test_a_person_can_edit_a_customer_and_void_an_invoice_on_the_page(us: Books) -> None:
    customer = us.customer("Before")
    invoice = us.invoice(customer)
    desk = f"{us.base}/bookkeeper/{us.realm}"

    HTTP.post(
        desk, data={"action": "edit", "id": customer["Id"], "DisplayName": "After", "City": "Carmel", "Line1": "1"}
    )
    HTTP.post(desk, data={"action": "void-invoice", "invoice_id": invoice["Id"]})

    assert us.read(f"customer/{customer['Id']}")["BillAddr"]["City"] == "Carmel"
    assert us.read(f"invoice/{invoice['Id']}")["CustomerRef"]["name"] == "After"
    assert us.read(f"invoice/{invoice['Id']}")["TotalAmt"] == 0


def test_the_page_shows_what_the_books_refuse(us: Books) -> None:
    refused = HTTP.post(
        f"{us.base}/bookkeeper/{us.realm}", data={"action": "edit", "id": "2", "DisplayName": "Alma Reyes"}
    )

    assert refused.status_code == 409
    assert "QuickBooks refuses" in refused.text


def test_a_bookkeeper_deletes_a_paid_invoice_and_the_money_stays(us: Books) -> None:
    customer = us.customer("C")
    invoice = us.invoice(customer)
    paid = us.pay(customer, 100, ("Invoice", invoice, 100))

    us.control("POST", f"bookkeeper/{us.realm}/delete", {"entity": "Invoice", "id": invoice["Id"]})

    assert us.read(f"payment/{paid['Id']}")["UnappliedAmt"] == 100
    assert us.read(f"customer/{customer['Id']}")["Balance"] == -100


def test_inactivating_in_the_web_app_ignores_the_balance(us: Books) -> None:
    customer = us.customer("Owing")
    us.invoice(customer)

    us.control("POST", f"bookkeeper/{us.realm}/inactivate", {"entity": "Customer", "id": customer["Id"]})

    row = us.read(f"customer/{customer['Id']}")
    assert (row["Active"], row["Balance"]) == (False, 100)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/app/invoice?txnId=1", 200, "Invoice 1001"),
        ("/app/customerdetail?nameId=1", 200, "Alma Reyes"),
        (f"/app/login?pagereq=invoice%3FtxnId%3D1&deeplinkcompanyid={UK_REALM}", 200, "Fenwick"),
        ("/app/invoice?txnId=99999", 404, "find that here"),
        ("/app/homepage", 501, "not modelled"),
    ],
)
def test_deep_links_open_the_document(us: Books, path: str, status: int, text: str) -> None:
    answer = HTTP.get(f"{us.base}{path}")

    assert answer.status_code == status
    assert text in answer.text


def test_the_control_token_guards_control_but_not_the_imitated_api() -> None:
    with running(SandboxSettings(control_token="c-1")) as base:
        assert HTTP.get(f"{base}/_control/switches").status_code == 401
        assert HTTP.get(f"{base}/_control/switches", headers={"x-control-token": "c-1"}).status_code == 200
        assert HTTP.get(f"{base}/.well-known/openid_configuration").status_code == 200


def test_switches_are_checked_and_reset(us: Books) -> None:
    wrong = HTTP.post(f"{us.base}/_control/switches", content=b'{"refresh_rotation":"sometimes"}')
    unknown = HTTP.post(f"{us.base}/_control/switches", content=b'{"nonsense":1}')
    assert [wrong.status_code, unknown.status_code] == [400, 400]

    us.switch(cdc_boundary_inclusive=False)
    us.control("POST", "reset")
    assert us.control("GET", "switches")["cdc_boundary_inclusive"] is True


def test_the_clock_can_be_set_and_moved(us: Books) -> None:
    assert us.control("POST", "clock/set", {"now": "2027-01-01T00:00:00+00:00"})["now"].startswith("2027-01-01T00:00:0")
    assert us.control("POST", "clock/advance", {"days": 2})["now"].startswith("2027-01-03")


def test_clients_can_be_added_while_running(us: Books) -> None:
    client = OAuthClient(client_id="late", client_secret="s", redirect_uris=["http://localhost/x"])

    us.control("POST", "clients", client.model_dump())

    assert "late" in [each["client_id"] for each in us.control("GET", "clients")["clients"]]
