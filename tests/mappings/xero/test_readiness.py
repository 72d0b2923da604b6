"""What a set-up lacks, and where people open things."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.books import RecordKind, RemoteRef
from contracts.problems import REASONS, Reason
from mappings.xero import deep_link, readiness
from tests.builders import some_settings
from tests.mappings.xero.samples import ACCOUNTS, a_xero_catalog, an_organisation

READY = {"default_item": "", "default_account": "200", "deposit_account": "090"}


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"default_account": "", "default_item": "PRO"}, []),
        ({"default_account": ""}, [Reason.ITEM_MISSING]),
        ({"default_account": "400"}, [Reason.ITEM_MISSING]),
        ({"default_item": "BARE"}, []),
        ({"deposit_account": ""}, [Reason.DEPOSIT_ACCOUNT_MISSING]),
        ({"deposit_account": "200"}, [Reason.REFERENCE_NOT_FOUND]),
        ({"items": {"a": "PRO", "b": "260", "c": "gone"}}, [Reason.REFERENCE_NOT_FOUND]),
        ({"items": {"a": "BOUGHT"}}, [Reason.REFERENCE_INACTIVE]),
        ({"tax_codes": {"vat": "OUTPUT2"}}, []),
        ({"tax_codes": {"vat": "INPUT2"}}, [Reason.REFERENCE_INACTIVE]),
        ({"branding_theme": "theme-2"}, []),
        ({"branding_theme": "theme-9"}, [Reason.REFERENCE_NOT_FOUND]),
        ({"document_link": "https://billing.example/{id}"}, []),
        ({"document_link": "billing.example/{id}"}, [Reason.NOT_SUPPORTED_BY_LEDGER]),
    ],
)
def test_what_is_missing_before_documents_can_go(changes: dict[str, Any], reasons: list[Reason]) -> None:
    problems = readiness(a_xero_catalog(), some_settings(**{**READY, **changes}))

    assert [problem.reason for problem in problems] == reasons


def test_the_only_choice_is_suggested() -> None:
    catalog = a_xero_catalog(accounts=ACCOUNTS[:2])
    problems = readiness(catalog, some_settings(default_item=""))

    assert [(problem.reason, problem.suggestion) for problem in problems] == [
        (Reason.ITEM_MISSING, "200"),
        (Reason.DEPOSIT_ACCOUNT_MISSING, "acc-090"),
    ]


def test_a_company_without_tax_is_ready_unless_tax_is_mapped() -> None:
    catalog = a_xero_catalog(organisation=an_organisation(PaysTax=False))

    assert readiness(catalog, some_settings(**READY)) == []
    assert [problem.reason for problem in readiness(catalog, some_settings(**READY, tax_codes={"v": "OUTPUT2"}))] == [
        Reason.TAX_IS_OFF
    ]


def test_every_reason_is_explained() -> None:
    assert set(REASONS) == set(Reason)


SHORT = "!mBdtL"


@pytest.mark.parametrize(
    ("kind", "object_id", "page"),
    [
        (RecordKind.INVOICE, "i-1", f"/app/{SHORT}/invoicing/view/i-1"),
        (RecordKind.CUSTOMER, "c-1", f"/app/{SHORT}/contacts/contact/c-1"),
        (
            RecordKind.CREDIT_MEMO,
            "n-1",
            f"/organisationlogin/default.aspx?shortcode={SHORT}"
            "&redirecturl=/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=n-1",
        ),
        (
            RecordKind.PAYMENT,
            "p-1",
            f"/organisationlogin/default.aspx?shortcode={SHORT}"
            "&redirecturl=/Bank/ViewTransaction.aspx?bankTransactionID=p-1",
        ),
        (
            RecordKind.ALLOCATION,
            "CreditNotes/n-1/Allocations/a-1",
            f"/organisationlogin/default.aspx?shortcode={SHORT}"
            "&redirecturl=/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=n-1",
        ),
    ],
)
def test_a_link_opens_the_right_company(kind: RecordKind, object_id: str, page: str) -> None:
    """The short code's "!" stays as it is (4.8)."""
    assert deep_link(RemoteRef(kind=kind, id=object_id), short_code=SHORT) == f"https://go.xero.com{page}"


def test_without_a_short_code_the_company_last_used_opens() -> None:
    ref = RemoteRef(kind=RecordKind.INVOICE, id="i-1")
    link = deep_link(ref, short_code="", base="http://127.0.0.1:9000/")

    assert link == "http://127.0.0.1:9000/AccountsReceivable/View.aspx?InvoiceID=i-1"
