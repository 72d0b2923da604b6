"""A link opens the object in the right company (12.5)."""

from __future__ import annotations

import pytest

from contracts.books import RecordKind
from mappings.quickbooks import PRODUCTION, SANDBOX, deep_link
from tests.builders import a_ref


@pytest.mark.parametrize(
    ("kind", "base", "url"),
    [
        (RecordKind.INVOICE, PRODUCTION, "https://qbo.intuit.com/app/login?pagereq=invoice%3FtxnId%3D145"),
        (RecordKind.CREDIT_MEMO, SANDBOX, "https://sandbox.qbo.intuit.com/app/login?pagereq=creditmemo%3FtxnId%3D145"),
        (RecordKind.CUSTOMER, PRODUCTION, "https://qbo.intuit.com/app/login?pagereq=customerdetail%3FnameId%3D145"),
        (RecordKind.PAYMENT, PRODUCTION, "https://qbo.intuit.com/app/login?pagereq=recvpayment%3FtxnId%3D145"),
        (
            RecordKind.ALLOCATION,
            "http://127.0.0.1:9000/",
            "http://127.0.0.1:9000/app/login?pagereq=recvpayment%3FtxnId%3D145",
        ),
    ],
)
def test_every_kind_of_object_has_its_page(kind: RecordKind, base: str, url: str) -> None:
    assert deep_link(a_ref(kind), company_id="123", base=base) == f"{url}&deeplinkcompanyid=123"
