"""The Payments, Allocations and BankTransactions endpoints. Source: Xero reference 2.1, 5.2-5.4."""

from __future__ import annotations

from functools import partial

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import credits, payments
from connectors.sandbox.xero.api_documents import find
from connectors.sandbox.xero.body import Fields, guid, is_guid
from connectors.sandbox.xero.books import Books, DocumentKind, Entry, Payment
from connectors.sandbox.xero.errors import NotFound, Refused
from connectors.sandbox.xero.reading import Call, changed_only, select
from connectors.sandbox.xero.writing import Reply, Written, write_all


def list_payments(call: Call) -> Reply:
    """DELETED ones included. Source: Xero reference 2.7."""
    books = call.books
    rows = changed_only(call, list(books.payments.values()), lambda p: p.updated)
    page = select(call, rows, "Payment", partial(payments.show, books), capped=True)
    return Reply("Payments", [payments.show(books, row, is_listed=True) for row in page.rows], page.pagination)


def get_payment(call: Call) -> Reply:
    return Reply("Payments", [payments.show(call.books, _find(call))])


def _find(call: Call) -> Payment:
    key = call.args["id"]
    payment = call.books.payments.get(guid(key)) if is_guid(key) else None
    if payment is None:
        raise NotFound
    return payment


def put_payments(call: Call) -> Reply:
    verdicts = call.books.switches.payments_per_element_verdicts
    return write_all(call, "Payments", "Payment", partial(_create, call.books), has_summarize=verdicts)


def _create(books: Books, fields: Fields) -> Written:
    paid = payments.create(books, fields)
    return Written(partial(payments.show, books, paid.payment), paid.warnings)


def post_payments(call: Call) -> Reply:
    """With a PaymentID it deletes; without one the specification says it creates (switch). Source: 2.1, 2.3."""

    def act(fields: Fields) -> Written:
        payment_id = fields.guid("PaymentID")
        if payment_id is not None:
            payment = call.books.payments.get(payment_id)
            if payment is None:
                raise NotFound
            return _delete(call.books, payment, fields)
        if not call.books.switches.post_payments_creates:
            raise Refused("A PaymentID must be specified.")
        return _create(call.books, fields)

    return write_all(call, "Payments", "Payment", act)


def post_payment(call: Call) -> Reply:
    payment = _find(call)
    return write_all(call, "Payments", "Payment", lambda fields: _delete(call.books, payment, fields), at_most=1)


def _delete(books: Books, payment: Payment, fields: Fields) -> Written:
    """Payments cannot be edited: only Status DELETED is understood. Source: Xero reference 5.3."""
    if fields.text("Status") != "DELETED":
        raise Refused(
            "Payments cannot be edited; only the Status DELETED can be set.", echo=payments.show(books, payment)
        )
    return Written(partial(payments.show, books, payments.delete(books, payment)))


# allocations ---------------------------------------------------------------------------------------------------


def put_allocations(call: Call, kind: DocumentKind) -> Reply:
    credit = find(call, kind)

    def allocate(fields: Fields) -> Written:
        allocation = credits.allocate(call.books, credit, fields)
        return Written(partial(credits.show_allocation, call.books, allocation))

    return write_all(call, "Allocations", "Allocation", allocate)


def delete_allocation(call: Call, kind: DocumentKind) -> Reply:
    """200 with a bare object. Source: Xero reference 5.2."""
    credit, key = find(call, kind), call.args["allocation"]
    allocation = call.books.allocations.get(guid(key)) if is_guid(key) else None
    if allocation is None or allocation.credit_id != credit.id or allocation.is_deleted:
        raise NotFound
    with call.books.transaction():
        credits.remove_allocation(call.books, allocation)
    return Reply(bare=credits.show_allocation(call.books, allocation))


# bank transactions ---------------------------------------------------------------------------------------------


def list_bank_transactions(call: Call) -> Reply:
    rows = changed_only(call, list(call.books.bank_transactions.values()), lambda e: e.updated)
    page = select(call, rows, "BankTransaction", lambda e: e.data)
    return Reply("BankTransactions", [dict(row.data) for row in page.rows], page.pagination)


def get_bank_transaction(call: Call) -> Reply:
    key = call.args["id"]
    entry = call.books.bank_transactions.get(guid(key)) if is_guid(key) else None
    if entry is None:
        raise NotFound
    return Reply("BankTransactions", [dict(entry.data)])


def write_bank_transactions(call: Call) -> Reply:
    def save(fields: Fields) -> Written:
        entry = credits.create_bank_transaction(call.books, fields, unitdp=call.unitdp)
        return Written(partial(_bank_shown, entry))

    return write_all(call, "BankTransactions", "BankTransaction", save)


def _bank_shown(entry: Entry) -> JsonObject:
    return dict(entry.data)
