"""Who owes what: payments applied to invoices and credits, and every balance that follows.

Source: QuickBooks reference 11.2, 11.3, 11.4. The company keeps `applied`: for each invoice or credit memo the
amount each payment puts on it, in the order the payments were made.
"""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.quickbooks.company import Company, Record
from connectors.sandbox.quickbooks.currencies import rate_on
from connectors.sandbox.quickbooks.tax import cents

Target = tuple[str, str]  # (entity, id)


def line_target(line: JsonObject) -> Target:
    linked = line["LinkedTxn"][0]
    return str(linked["TxnType"]), str(linked["TxnId"])


def put_on_targets(company: Company, payment: Record) -> list[Target]:
    """Register what the payment's lines apply. Returns the targets touched."""
    touched: list[Target] = []
    for line in payment.data["Line"]:
        target = line_target(line)
        earlier = company.applied[target].get(payment.id, Decimal(0))
        company.applied[target][payment.id] = earlier + Decimal(line["Amount"])
        touched.append(target)
    return touched


def take_off_targets(company: Company, payment: Record) -> list[Target]:
    """Remove everything the payment applies. Returns the targets touched."""
    touched = list(dict.fromkeys(line_target(line) for line in payment.data["Line"]))
    for target in touched:
        company.applied[target].pop(payment.id, None)
    return touched


def refresh_sale(company: Company, record: Record, *, bump: bool = False) -> None:
    """Balance, RemainingCredit, LinkedTxn and the home amounts of one invoice or credit memo.

    bump: a payment moved the balance, so SyncToken and LastUpdatedTime rise too.
    """
    applied = company.applied.get((record.entity, record.id), {})
    total = Decimal(record.data["TotalAmt"])
    balance = total - Decimal(record.data.get("Deposit") or 0) - sum(applied.values(), Decimal(0))
    record.data["Balance"] = balance
    if record.entity == "CreditMemo":
        record.data["RemainingCredit"] = balance
    elif record.entity == "Invoice":
        newest_first = list(applied)[::-1]
        record.data["LinkedTxn"] = [{"TxnId": payment_id, "TxnType": "Payment"} for payment_id in newest_first]
    if company.multicurrency:
        rate = Decimal(record.data["ExchangeRate"])
        record.data["HomeTotalAmt"] = cents(total * rate)
        record.data["HomeBalance"] = cents(balance * rate)
    if bump:
        company.touch(record)


def refresh_targets(company: Company, targets: list[Target]) -> None:
    """After a payment changed: every touched invoice and credit memo gets its new balance, once each.

    Whether an invoice event follows is the switch webhook_indirect_invoice. Source: reference 8.5, 17.7.
    """
    for entity, object_id in dict.fromkeys(targets):
        record = company.find(entity, object_id)
        if record is None:
            continue
        refresh_sale(company, record, bump=True)
        if company.switches.webhook_indirect_invoice:
            company.emit(entity, object_id, "Update")


def refresh_customer(company: Company, customer_id: str) -> None:
    """Balance = open invoices - open credits - unapplied money. Its time moves, its SyncToken does not."""
    customer = company.find("Customer", customer_id)
    if customer is None:
        return
    balance = own_balance(company, customer_id)
    change = balance - Decimal(customer.data["Balance"])
    customer.data["Balance"] = balance
    add_to_chain(company, customer, change)


def add_to_chain(company: Company, customer: Record, change: Decimal) -> None:
    """Move BalanceWithJobs of a customer and of everyone above it."""
    current: Record | None = customer
    while current is not None:
        current.data["BalanceWithJobs"] = Decimal(current.data["BalanceWithJobs"]) + change
        company.touch(current, bump=False)
        parent = current.data.get("ParentRef")
        current = company.find("Customer", parent["value"]) if parent else None


def own_balance(company: Company, customer_id: str) -> Decimal:
    balance = Decimal(0)
    for entity, object_id in company.transactions_of.get(customer_id, {}):
        record = company.tables[entity][object_id]
        if entity == "Invoice":
            balance += Decimal(record.data["Balance"])
        elif entity == "CreditMemo":
            balance -= Decimal(record.data["Balance"])
        elif entity == "Payment":
            balance -= Decimal(record.data["UnappliedAmt"])
    return balance


def unapplied(total: Decimal, lines: list[JsonObject]) -> Decimal:
    """TotalAmt - invoice lines + credit lines."""
    rest = total
    for line in lines:
        rest += Decimal(line["Amount"]) if line_target(line)[0] == "CreditMemo" else -Decimal(line["Amount"])
    return rest


def drop_application(company: Company, payment: Record, target: Target) -> None:
    """A voided or deleted document lets go of the payment: its lines go, the money becomes unapplied.

    A payment of 0 that only linked the two sides has nothing left to link, so it loses all its lines.
    """
    lines = [line for line in payment.data["Line"] if line_target(line) != target]
    if Decimal(payment.data["TotalAmt"]) == 0:
        lines = []
    touched = take_off_targets(company, payment)
    payment.data["Line"] = lines
    payment.data["UnappliedAmt"] = unapplied(Decimal(payment.data["TotalAmt"]), lines)
    touched += put_on_targets(company, payment)
    company.touch(payment)
    refresh_targets(company, [each for each in touched if each != target])
    refresh_customer(company, payment.data["CustomerRef"]["value"])


def line_artefact(company: Company, target: Target, amount: Decimal) -> JsonObject:
    """The serialisation artefact on applied lines. Source: QuickBooks reference 11.1 (REC)."""
    record = company.tables[target[0]][target[1]]
    values = {
        "txnId": target[1],
        "txnOpenBalance": f"{cents(Decimal(record.data['Balance']) + amount):.2f}",
        "txnReferenceNumber": str(record.data.get("DocNumber", "")),
    }
    return {
        "any": [
            {
                "name": "{http://schema.intuit.com/finance/v3}NameValue",
                "declaredType": "com.intuit.schema.finance.v3.NameValue",
                "scope": "javax.xml.bind.JAXBElement$GlobalScope",
                "value": {"Name": name, "Value": value},
                "nil": False,
                "globalScope": True,
                "typeSubstituted": False,
            }
            for name, value in values.items()
        ]
    }


def complete_currency(company: Company, data: JsonObject) -> None:
    """CurrencyRef always; ExchangeRate only in a multi-currency company. Source: QuickBooks reference 10."""
    data.setdefault("CurrencyRef", {"value": company.currency})
    if not company.multicurrency:
        data.pop("ExchangeRate", None)
        return
    code = data["CurrencyRef"]["value"]
    if code == company.currency:
        data["ExchangeRate"] = Decimal(1)
    elif not data.get("ExchangeRate"):
        data["ExchangeRate"] = rate_on(company, code, data["TxnDate"])
