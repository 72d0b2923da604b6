"""The query language: a tokenizer and a parser that fail with QuickBooks' texts. Source: QuickBooks reference 3.1."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from connectors.sandbox.quickbooks.faults import QboFault, fault

_KEYWORDS = frozenset(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "ORDERBY",
        "ORDER",
        "BY",
        "ASC",
        "DESC",
        "STARTPOSITION",
        "MAXRESULTS",
        "LIKE",
        "IN",
        "COUNT",
        "TRUE",
        "FALSE",
        "NOT",
    ]
)
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:\\.|[^'\\])*')
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      | (?P<word>[A-Za-z_][\w.]*)
      | (?P<symbol><=|>=|!=|=|<|>|\(|\)|,|\*|;)
    )""",
    re.VERBOSE | re.DOTALL,
)
Operator = Literal["=", "<", ">", "<=", ">=", "!=", "LIKE", "IN", "NOT IN"]


@dataclass(frozen=True)
class Token:
    kind: str  # STRING, NUMBER, IDENTIFIER, a keyword, a symbol, EOF
    text: str
    position: int


@dataclass(frozen=True)
class Condition:
    """One comparison. Values are unescaped text, or booleans for `Active = true`."""

    property: str
    operator: Operator
    values: tuple[str | bool, ...]


@dataclass(frozen=True)
class Ordering:
    property: str
    descending: bool


@dataclass
class Statement:
    entity: str
    is_count: bool = False
    columns: list[str] = field(default_factory=list)  # empty or containing "*" = whole objects
    conditions: list[Condition] = field(default_factory=list)
    orderings: list[Ordering] = field(default_factory=list)
    start: int = 1
    limit: int | None = None


def parse(text: str, *, unquoted_numbers: bool = False, not_equal: bool = False, today: str = "") -> Statement:
    """Parse one statement. Raises 4000 with the position of the first token that does not fit."""
    return _Parser(text, unquoted_numbers=unquoted_numbers, not_equal=not_equal, today=today).statement()


def tokens_of(text: str) -> list[Token]:
    tokens = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            rest = stripped[position:].lstrip()
            at = len(stripped) - len(rest)
            raise _lexical(text, at)
        tokens.append(_token(match))
        position = match.end()
    tokens.append(Token("EOF", "", len(text)))
    return tokens


def _token(match: re.Match[str]) -> Token:
    group = match.lastgroup or ""
    text = match[group]
    if group == "string":
        kind = "STRING"
    elif group == "number":
        kind = "NUMBER"
    elif group == "word":
        kind = text.upper() if text.upper() in _KEYWORDS else "IDENTIFIER"
    else:
        kind = text
    return Token(kind, text, match.start(group))


def _column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _lexical(text: str, position: int) -> QboFault:
    line, column = _column(text, position)
    near = text[position : position + 1]
    return fault("4000", f'QueryParserError: Lexical error at line {line}, column {column}.  Encountered: "{near}"')


class _Parser:
    def __init__(self, text: str, *, unquoted_numbers: bool, not_equal: bool, today: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._at = 0
        self._unquoted_numbers = unquoted_numbers
        self._not_equal = not_equal
        self._today = today

    def statement(self) -> Statement:
        self._expect("SELECT")
        is_count, columns = self._projection()
        self._expect("FROM")
        statement = Statement(entity=self._expect("IDENTIFIER").text, is_count=is_count, columns=columns)
        if self._take("WHERE"):
            statement.conditions.append(self._condition())
            while self._take("AND"):
                statement.conditions.append(self._condition())
        while self._peek().kind not in {"EOF", ";"}:
            self._tail(statement)
        self._take(";")
        if self._peek().kind != "EOF":
            raise self._unexpected()
        return statement

    def _projection(self) -> tuple[bool, list[str]]:
        if self._take("COUNT"):
            self._expect("(")
            self._expect("*")
            self._expect(")")
            return True, []
        columns = [self._column_name()]
        while self._take(","):
            columns.append(self._column_name())
        return False, columns

    def _column_name(self) -> str:
        if self._take("*"):
            return "*"
        name = self._expect("IDENTIFIER").text
        return name + "*" if name.endswith(".") and self._take("*") else name

    def _condition(self) -> Condition:
        name = self._expect("IDENTIFIER").text
        token = self._next()
        if token.kind in {"=", "<", ">", "<=", ">="} or (token.kind == "!=" and self._not_equal):
            return Condition(name, token.kind, (self._value(),))  # type: ignore[arg-type]
        if token.kind == "LIKE":
            return Condition(name, "LIKE", (self._value(),))
        if token.kind == "IN":
            return Condition(name, "IN", self._value_list())
        if token.kind == "NOT" and self._not_equal:
            self._expect("IN")
            return Condition(name, "NOT IN", self._value_list())
        self._at -= 1
        raise self._unexpected()

    def _value_list(self) -> tuple[str | bool, ...]:
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> str | bool:
        token = self._next()
        if token.kind == "STRING":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if token.kind in {"TRUE", "FALSE"}:
            return token.kind == "TRUE"
        if token.kind == "NUMBER" and self._unquoted_numbers:
            return token.text
        if token.kind == "IDENTIFIER" and token.text.upper() == "CURRENT_DATE":
            return self._today
        self._at -= 1
        raise self._unexpected()

    def _tail(self, statement: Statement) -> None:
        if self._take("ORDERBY"):
            self._orderings(statement)
        elif self._take("ORDER"):
            self._expect("BY")
            self._orderings(statement)
        elif self._take("STARTPOSITION"):
            statement.start = int(self._expect("NUMBER").text)
        elif self._take("MAXRESULTS"):
            statement.limit = int(self._expect("NUMBER").text)
        else:
            raise self._unexpected()

    def _orderings(self, statement: Statement) -> None:
        while True:
            name = self._expect("IDENTIFIER").text
            descending = self._take("DESC")
            if not descending:
                self._take("ASC")
            statement.orderings.append(Ordering(name, descending))
            if not self._take(","):
                return

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1) if token.kind != "EOF" else self._at + 1
        return token

    def _take(self, kind: str) -> bool:
        if self._peek().kind != kind:
            return False
        self._at += 1
        return True

    def _expect(self, kind: str) -> Token:
        token = self._peek()
        if token.kind != kind:
            raise self._unexpected()
        self._at += 1
        return token

    def _unexpected(self) -> QboFault:
        """Source: QuickBooks reference 3.1 (LOG): Encountered " <IDENTIFIER> "TxnDate "" at line 1, column 29."""
        token = self._tokens[min(self._at, len(self._tokens) - 1)]
        line, column = _column(self._text, token.position)
        if token.kind == "EOF":
            return fault("4000", f'QueryParserError: Encountered "<EOF>" at line {line}, column {column}.')
        label = f"<{token.kind}>" if token.kind.isalpha() else f'"{token.kind}"'
        return fault(
            "4000", f'QueryParserError: Encountered " {label} "{token.text} "" at line {line}, column {column}.'
        )
