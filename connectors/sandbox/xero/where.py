"""The `where` language: parsing and evaluating filters over shown objects. Source: Xero reference 2.7.

Text compares without regard to case and accents. A double quote inside a string cannot be escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero.body import guid, is_guid
from connectors.sandbox.xero.errors import bad_query

Evaluator = Callable[[JsonObject], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<string>\"[^\"]*\")"
    r"|(?P<op>==|!=|<>|>=|<=|&&|\|\||[=<>().,!]))"
)

# Which fields a filter may name, and the type behind a dotted one. Source: the OpenAPI document's schemas.
FIELDS: dict[str, dict[str, str]] = {
    name: {field.lower(): field for field in text.split()}
    for name, text in {
        "Contact": "ContactID ContactNumber AccountNumber ContactStatus Name FirstName LastName CompanyNumber "
        "EmailAddress BankAccountDetails TaxNumber AccountsReceivableTaxType AccountsPayableTaxType IsSupplier "
        "IsCustomer DefaultCurrency UpdatedDateUTC MergedToContactID SalesDefaultAccountCode",
        "Invoice": "Type Contact Date DueDate LineAmountTypes InvoiceNumber Reference BrandingThemeID Url CurrencyCode "
        "CurrencyRate Status SentToContact ExpectedPaymentDate PlannedPaymentDate SubTotal TotalTax Total InvoiceID "
        "HasAttachments IsDiscounted AmountDue AmountPaid AmountCredited FullyPaidOnDate UpdatedDateUTC TotalDiscount",
        "CreditNote": "Type Contact Date Status LineAmountTypes SubTotal TotalTax Total UpdatedDateUTC CurrencyCode "
        "FullyPaidOnDate CreditNoteID CreditNoteNumber Reference SentToContact CurrencyRate RemainingCredit DueDate "
        "BrandingThemeID HasAttachments",
        "Overpayment": "Type Contact Date Status LineAmountTypes SubTotal TotalTax Total UpdatedDateUTC CurrencyCode "
        "OverpaymentID CurrencyRate RemainingCredit Reference HasAttachments",
        "Prepayment": "Type Contact Date Status LineAmountTypes SubTotal TotalTax Total UpdatedDateUTC CurrencyCode "
        "PrepaymentID CurrencyRate RemainingCredit Reference InvoiceNumber HasAttachments",
        "Payment": "Invoice CreditNote Account Date CurrencyRate Amount BankAmount Reference IsReconciled Status "
        "PaymentType UpdatedDateUTC PaymentID",
        "Account": "Code Name AccountID Type BankAccountNumber Status Description BankAccountType CurrencyCode TaxType "
        "EnablePaymentsToAccount ShowInExpenseClaims Class SystemAccount ReportingCode UpdatedDateUTC",
        "TaxRate": "Name TaxType Status ReportTaxType CanApplyToAssets CanApplyToEquity CanApplyToExpenses "
        "CanApplyToLiabilities CanApplyToRevenue DisplayTaxRate EffectiveRate",
        "Currency": "Code Description",
        "Item": "ItemID Code Name IsSold IsPurchased Description PurchaseDescription IsTrackedAsInventory "
        "UpdatedDateUTC",
        "BankTransaction": "Type Contact Date Reference Status Total BankTransactionID UpdatedDateUTC CurrencyCode",
        "BrandingTheme": "BrandingThemeID Name SortOrder CreatedDateUTC Type",
    }.items()
}
_METHODS: dict[str, int] = {"contains": 1, "startswith": 1, "endswith": 1, "tolower": 0, "toupper": 0, "tostring": 0}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def compile_where(text: str, type_name: str) -> Callable[[JsonObject], bool]:
    """A predicate over shown objects. Raises ErrorNumber 16."""
    parser = _Parser(_tokens(text), type_name)
    evaluate = parser.disjunction()
    parser.expect_end()
    return lambda shown: evaluate(shown) is True


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            raise bad_query("Unterminated string literal" if rest.startswith('"') else "Syntax error")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token], type_name: str) -> None:
        self._tokens = tokens
        self._type = type_name
        self._at = 0

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise bad_query("Syntax error")

    def disjunction(self) -> Evaluator:
        parts = [self._conjunction()]
        while self._take("||", "or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else lambda shown: any(part(shown) is True for part in parts)

    def _conjunction(self) -> Evaluator:
        parts = [self._comparison()]
        while self._take("&&", "and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else lambda shown: all(part(shown) is True for part in parts)

    def _comparison(self) -> Evaluator:
        left = self._operand()
        for sign in ("==", "=", "!=", "<>", ">=", "<=", ">", "<"):
            if self._take(sign):
                return _compare(sign, left, self._operand())
        return left

    def _operand(self) -> Evaluator:
        if self._take("("):
            inner = self.disjunction()
            self._need(")")
            return inner
        if self._take("!"):
            negated = self._operand()
            return lambda shown: negated(shown) is not True
        token = self._next()
        if token.kind == "string":
            text = token.text[1:-1]
            return self._methods(lambda shown: text)
        if token.kind == "number":
            number = Decimal(token.text)
            return lambda shown: number
        if token.kind != "name":
            raise bad_query("Syntax error")
        return self._named(token.text)

    def _named(self, name: str) -> Evaluator:
        lower = name.lower()
        if lower in {"true", "false"}:
            return lambda shown: lower == "true"
        if lower == "null":
            return lambda shown: None
        if lower == "guid" and self._take("("):
            return self._guid()
        if lower == "datetime" and self._peek("("):
            self._take("(")
            return self._datetime()
        return self._path(name)

    def _guid(self) -> Evaluator:
        token = self._next()
        self._need(")")
        if token.kind != "string" or not is_guid(token.text[1:-1]):
            raise bad_query("Guid should contain 32 digits with 4 dashes")
        value = guid(token.text[1:-1])
        return lambda shown: value

    def _datetime(self) -> Evaluator:
        numbers = [int(self._need_number())]
        while self._take(","):
            numbers.append(int(self._need_number()))
        self._need(")")
        try:
            moment = datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]
        except (TypeError, ValueError):
            raise bad_query("Syntax error") from None
        return lambda shown: moment

    def _path(self, name: str) -> Evaluator:
        names = [self._field(self._type, name)]
        while self._peek(".") and not self._peek_method():
            self._take(".")
            names.append(self._field(names[-1], self._next().text))
        keys = tuple(names)

        def read(shown: JsonObject) -> Any:
            value: Any = shown
            for key in keys:
                value = value.get(key) if isinstance(value, dict) else None
            return value

        return self._methods(read)

    def _field(self, type_name: str, name: str) -> str:
        found = FIELDS.get(type_name, {}).get(name.lower())
        if found is None:
            raise bad_query(f"No property or field '{name}' exists in type '{type_name}'")
        return found

    def _methods(self, read: Evaluator) -> Evaluator:
        while self._peek(".") and self._peek_method():
            self._take(".")
            method = self._next().text.lower()
            self._need("(")
            argument = self._operand() if _METHODS[method] else None
            self._need(")")
            read = _call(method, read, argument)
        return read

    # tokens ----------------------------------------------------------------------------------------------------

    def _peek(self, text: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].text == text

    def _peek_method(self) -> bool:
        following = self._tokens[self._at + 1 : self._at + 3]
        return len(following) == 2 and following[1].text == "(" and following[0].text.lower() in _METHODS

    def _take(self, *texts: str) -> bool:
        if self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind != "string" and token.text.lower() in texts:
                self._at += 1
                return True
        return False

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise bad_query("Syntax error" if self._at < len(self._tokens) else f"'{text}' expected")

    def _need_number(self) -> str:
        token = self._next()
        if token.kind != "number":
            raise bad_query("Syntax error")
        return token.text

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            raise bad_query("Expression expected")
        self._at += 1
        return self._tokens[self._at - 1]


def _call(method: str, read: Evaluator, argument: Evaluator | None) -> Evaluator:
    def run(shown: JsonObject) -> Any:
        value = read(shown)
        if value is None:
            # "guard nullable fields with Field!=null AND ..": the exact text is not verified.
            raise bad_query("Object reference not set to an instance of an object.")
        text = str(value)
        if method in {"tolower", "toupper", "tostring"}:
            return text
        wanted = folded(str(argument(shown))) if argument is not None else ""
        own = folded(text)
        return {"contains": wanted in own, "startswith": own.startswith(wanted), "endswith": own.endswith(wanted)}[
            method
        ]

    return run


def _compare(sign: str, left: Evaluator, right: Evaluator) -> Evaluator:
    def run(shown: JsonObject) -> bool:
        one, two = _comparable(left(shown)), _comparable(right(shown))
        if sign in {"==", "="}:
            return bool(one == two)
        if sign in {"!=", "<>"}:
            return bool(one != two)
        if one is None or two is None:
            return False
        if type(one) is not type(two):
            raise bad_query(f"Operator '{sign}' incompatible with operand types")
        return bool({">": one > two, ">=": one >= two, "<": one < two, "<=": one <= two}[sign])

    return run


def _comparable(value: Any) -> Any:
    if isinstance(value, str):
        return folded(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def folded(text: str) -> str:
    """Case and accents removed."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()
