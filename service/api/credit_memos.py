"""Credit memos of billing."""

from __future__ import annotations

from contracts.api import CreditMemoBatch
from contracts.books import RecordKind
from contracts.credit_memos import CreditMemo
from service.api.records import RecordController


class CreditMemoController(RecordController[CreditMemo, CreditMemoBatch]):
    """What customers no longer owe."""

    path = "/connections/{connection_id:str}/credit-memos"
    tags = ("Credit memos",)
    kind = RecordKind.CREDIT_MEMO
    contract = CreditMemo
    signature_namespace = {"Body": CreditMemo, "Batch": CreditMemoBatch}
