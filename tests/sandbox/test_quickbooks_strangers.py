"""The official clients as strangers: python-quickbooks with intuit-oauth, pointed here, must notice nothing.

Source: dependencies.md section 2, recipe B.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException, ValidationException
from quickbooks.objects import (
    Account,
    CompanyInfo,
    CreditMemo,
    Customer,
    EmailAddress,
    Invoice,
    Item,
    Payment,
    PaymentLine,
    PaymentMethod,
    Preferences,
    RefundReceipt,
    SalesItemLine,
    SalesItemLineDetail,
    TaxAgency,
    TaxCode,
    TaxRate,
    TaxService,
    Term,
    Vendor,
)
from quickbooks.objects.base import Ref
from quickbooks.objects.companycurrency import CompanyCurrency
from quickbooks.objects.exchangerate import ExchangeRate
from quickbooks.objects.taxservice import TaxRateDetails

from connectors.sandbox.quickbooks.settings import UK_REALM, US_REALM

REDIRECT = "http://127.0.0.1:9/callback"


def _signed_in(base: str, realm: str) -> Any:
    """The flow of a web app: authorisation URL, the consent form, the code, the tokens."""
    auth = AuthClient("sandbox-client", "sandbox-secret", REDIRECT, f"{base}/.well-known/openid_sandbox_configuration/")
    page = requests.get(auth.get_authorization_url([Scopes.ACCOUNTING], state_token="s-42"), timeout=5)
    assert "Harbour &amp; Pine Studio" in page.text
    sent = {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}
    form = {**sent, "realm": realm, "decision": "connect"}
    answer = requests.post(auth.auth_endpoint, data=form, allow_redirects=False, timeout=5)
    callback = parse_qs(urlsplit(answer.headers["location"]).query)
    assert callback["state"] == ["s-42"]
    auth.get_bearer_token(callback["code"][0], realm_id=callback["realmId"][0])
    return auth


@pytest.fixture
def auth(base: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{base}/v3")
    monkeypatch.setattr(QuickBooks, "sandbox_api_url_v3", f"{base}/v3")
    requests.post(f"{base}/_control/reset", timeout=5)
    return _signed_in(base, US_REALM)


@pytest.fixture
def client(auth: Any) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield QuickBooks(auth_client=auth, refresh_token=auth.refresh_token, company_id=US_REALM, minorversion=75)


@pytest.fixture
def uk_client(base: str, auth: Any) -> Any:
    signed_in = _signed_in(base, UK_REALM)
    return QuickBooks(
        auth_client=signed_in, refresh_token=signed_in.refresh_token, company_id=UK_REALM, minorversion=75
    )


def _ref(value: str) -> Any:
    reference = Ref()
    reference.value = value
    return reference


def _customer(client: Any, name: str = "Stranger Ltd") -> Any:
    customer = Customer()
    customer.DisplayName = name
    customer.PrimaryEmailAddr = EmailAddress()
    customer.PrimaryEmailAddr.Address = "stranger@example.com"
    return customer.save(qb=client)


def _line(amount: int = 100, tax_code: str = "") -> Any:
    line = SalesItemLine()
    line.Amount = amount
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = _ref("1")
    line.SalesItemLineDetail.Qty = 1
    line.SalesItemLineDetail.UnitPrice = amount
    if tax_code:
        line.SalesItemLineDetail.TaxCodeRef = _ref(tax_code)
    return line


def _invoice(client: Any, customer: Any, amount: int = 100) -> Any:
    invoice = Invoice()
    invoice.CustomerRef = customer.to_ref()
    invoice.Line = [_line(amount)]
    return invoice.save(qb=client)


def test_tokens_are_exchanged_refreshed_and_revoked(auth: Any) -> None:
    first = auth.access_token

    auth.refresh()
    assert auth.access_token != first
    assert (auth.expires_in, auth.x_refresh_token_expires_in) == (3600, 8726400)

    assert auth.revoke() is True
    with pytest.raises(AuthClientError):
        auth.refresh()


def test_company_info_and_preferences_are_read(client: Any) -> None:
    assert CompanyInfo.get(US_REALM, qb=client).CompanyName == "Harbour & Pine Studio"
    assert Preferences.get(qb=client).TaxPrefs.UsingSalesTax is True


def test_a_customer_lives_through_create_read_update_query(client: Any) -> None:
    customer = _customer(client)
    customer.CompanyName = "Stranger Holdings"
    customer.save(qb=client)

    assert Customer.get(customer.Id, qb=client).CompanyName == "Stranger Holdings"
    assert [found.Id for found in Customer.filter(DisplayName="stranger ltd", qb=client)] == [customer.Id]
    assert Customer.count("DisplayName LIKE 'Stranger%'", qb=client) == 1


@pytest.mark.parametrize("kind", [Account, Customer, Item, Term, PaymentMethod, Vendor, TaxCode, TaxRate, TaxAgency])
def test_lists_are_paged_and_read_back(client: Any, kind: Any) -> None:
    pages, start = [], 1
    while page := kind.all(order_by="Id", start_position=start, max_results=2, qb=client):
        pages += [found.Id for found in page]
        start += 2

    assert len(pages) == len(set(pages)) == kind.count(qb=client)
    assert kind.get(pages[0], qb=client).Id == pages[0]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Item, {"Name": "Stranger item", "Type": "Service", "IncomeAccountRef": "1"}),
        (Account, {"Name": "Stranger account", "AccountType": "Income", "AccountSubType": "ServiceFeeIncome"}),
        (Term, {"Name": "Stranger term", "DueDays": 7}),
        (PaymentMethod, {"Name": "Stranger pay", "Type": "CREDIT_CARD"}),
        (Vendor, {"DisplayName": "Stranger vendor"}),
    ],
)
def test_list_objects_are_created_and_updated(client: Any, kind: Any, values: dict[str, Any]) -> None:
    made = kind()
    for key, value in values.items():
        setattr(made, key, _ref(value) if key.endswith("Ref") else value)
    made = made.save(qb=client)
    made.Active = False
    made.save(qb=client)

    assert kind.get(made.Id, qb=client).Active is False


def test_an_invoice_is_created_changed_sent_printed_voided_and_deleted(client: Any) -> None:
    customer = _customer(client)
    invoice = _invoice(client, customer)
    assert (invoice.TotalAmt, invoice.Balance) == (100, 100)

    invoice.PrivateNote = "seen by a stranger"
    invoice = invoice.save(qb=client)
    assert invoice.SyncToken == "1"
    invoice.send(qb=client, send_to="someone@example.com")
    assert invoice.download_pdf(qb=client).startswith(b"%PDF")

    invoice = Invoice.get(invoice.Id, qb=client)
    assert invoice.EmailStatus == "EmailSent"
    invoice.void(qb=client)
    assert Invoice.get(invoice.Id, qb=client).PrivateNote == "Voided - seen by a stranger"

    other = _invoice(client, customer)
    other.delete(qb=client)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(other.Id, qb=client)


def test_payments_and_credit_memos_settle_invoices(client: Any) -> None:
    customer = _customer(client)
    invoice = _invoice(client, customer, 100)
    credit = CreditMemo()
    credit.CustomerRef = customer.to_ref()
    credit.Line = [_line(40)]
    credit = credit.save(qb=client)

    link, cash = Payment(), Payment()
    for payment, total, targets in ((link, 0, [(invoice, 40), (credit, 40)]), (cash, 60, [(invoice, 60)])):
        payment.CustomerRef = customer.to_ref()
        payment.TotalAmt = total
        for target, amount in targets:
            line = PaymentLine()
            line.Amount = amount
            line.LinkedTxn = [target.to_linked_txn()]
            payment.Line.append(line)
    link = link.save(qb=client)
    cash = cash.save(qb=client)
    assert Invoice.get(invoice.Id, qb=client).Balance == 0
    assert CreditMemo.get(credit.Id, qb=client).RemainingCredit == 0

    cash.void(qb=client)
    assert Invoice.get(invoice.Id, qb=client).Balance == 60
    link.delete(qb=client)
    assert Invoice.get(invoice.Id, qb=client).Balance == 100
    CreditMemo.get(credit.Id, qb=client).delete(qb=client)


def test_a_refund_receipt_names_the_account_the_money_leaves(client: Any) -> None:
    refund = RefundReceipt()
    refund.CustomerRef = _customer(client).to_ref()
    refund.DepositToAccountRef = _ref("5")
    refund.PaymentType = "Cash"
    refund.Line = [_line(25)]

    assert refund.save(qb=client).TotalAmt == 25


def test_batches_create_update_and_delete(client: Any) -> None:
    customer = _customer(client)
    drafts = []
    for amount in (10, 20, 30):
        invoice = Invoice()
        invoice.CustomerRef = customer.to_ref()
        invoice.Line = [_line(amount)]
        drafts.append(invoice)
    drafts[1].CustomerRef = _ref("99999")

    made = batch_create(drafts, qb=client)
    assert (len(made.successes), len(made.faults)) == (2, 1)
    assert made.faults[0].Error[0].code == "2500"

    for invoice in made.successes:
        invoice.PrivateNote = "batched"
    updated = batch_update(made.successes, qb=client)
    assert {invoice.SyncToken for invoice in updated.successes} == {"1"}
    gone = batch_delete(updated.successes, qb=client)
    assert len(gone.successes) == 2


def test_changes_are_captured(client: Any) -> None:
    invoice = _invoice(client, _customer(client))

    captured = change_data_capture([Invoice, Customer], "2026-11-01T00:00:00-08:00", qb=client)

    assert invoice.Id in [each.Id for each in captured.Invoice]


def test_tax_codes_rates_and_currencies_of_the_uk_company(uk_client: Any) -> None:
    detail = TaxRateDetails()
    detail.TaxRateName, detail.RateValue, detail.TaxAgencyId = "Stranger", "8", "1"
    service = TaxService()
    service.TaxCode = "Stranger code"
    service.TaxRateDetails = [detail]
    service.save(qb=uk_client)
    assert "Stranger code" in [code.Name for code in TaxCode.all(qb=uk_client)]

    currency = CompanyCurrency()
    currency.Code = "CHF"
    assert currency.save(qb=uk_client).Name == "Swiss Franc"
    rates = ExchangeRate.where("SourceCurrencyCode IN ('EUR') AND AsOfDate='2026-10-01'", qb=uk_client)
    assert str(rates[0].Rate) == "0.86"


def test_faults_arrive_as_the_client_library_expects(client: Any) -> None:
    customer = _customer(client)
    with pytest.raises(QuickbooksException) as twice:
        _customer(client)
    assert twice.value.error_code == 6240

    stale = Customer.get(customer.Id, qb=client)
    customer.Notes = "first"
    customer.save(qb=client)
    with pytest.raises(QuickbooksException) as outdated:
        stale.save(qb=client)
    assert outdated.value.error_code == 5010

    with pytest.raises(ValidationException):
        Customer.query("SELECT * FROM Customer WHERE Nonsense = 'x'", qb=client)
