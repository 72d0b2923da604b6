"""The query language, its order, paging and answers. Source: QuickBooks reference 3."""

from __future__ import annotations

import pytest

from connectors.sandbox.quickbooks.faults import QboFault
from connectors.sandbox.quickbooks.query import parse
from tests.sandbox.conftest import Books, connect


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "select * from Invoice where x TxnDate",
            'QueryParserError: Encountered " <IDENTIFIER> "TxnDate "" at line 1, column 31.',
        ),
        (
            "select * from Customer where Balance > 0",
            'QueryParserError: Encountered " <NUMBER> "0 "" at line 1, column 40.',
        ),
        ("select * from Customer where Id != '1'", 'QueryParserError: Encountered " "!=" "!= "" at line 1, column 33.'),
        (
            "select * from Customer where A = '1' or B = '2'",
            'QueryParserError: Encountered " <IDENTIFIER> "or "" at line 1, column 38.',
        ),
        ("select * from", 'QueryParserError: Encountered "<EOF>" at line 1, column 14.'),
        (
            "select * from Customer where A = 'open",
            'QueryParserError: Lexical error at line 1, column 34.  Encountered: "\'"',
        ),
    ],
)
def test_syntax_errors_are_4000_with_the_position(text: str, detail: str) -> None:
    with pytest.raises(QboFault) as refused:
        parse(text)

    assert refused.value.errors[0].code == "4000"
    assert refused.value.errors[0].detail == detail


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "select * from Invoice where NoSuchField = 'x'",
            "QueryValidationError: Property NoSuchField not found for Entity Invoice",
        ),
        (
            "select * from Invoice where PrivateNote = 'x'",
            "QueryValidationError: property 'PrivateNote' is not queryable",
        ),
        ("select * from Invoice startposition 0", "QueryValidationError: value 0 is too small. Min allowed value is 1"),
        (
            "select * from Invoice maxresults 1001",
            "QueryValidationError: value 1001 is too large. Max allowed value is 1000",
        ),
        ("select * from Invoice where Id > '1'", "QueryValidationError: operator > is not allowed on property 'Id'"),
        ("select * from Nothing", "QueryValidationError: Entity Nothing not found"),
    ],
)
def test_invalid_queries_are_4001(us: Books, text: str, detail: str) -> None:
    answered = us.call("GET", "query", query=text)

    assert (answered.status, answered.codes, answered.detail) == (400, ["4001"], detail)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("DisplayName = 'ALMA reyes'", ["Alma Reyes"]),
        ("displayname like 'bluefin%'", ["Bluefin Coffee Roasters"]),
        ("Id in ('1', '4')", ["Alma Reyes", "Daniel Okafor"]),
        ("PrimaryEmailAddr = 'daniel@okafor.example'", ["Daniel Okafor"]),
        ("Balance > '1000.0'", ["Kestrel Analytics"]),
        ("Active = false", ["Closed Door Gallery (deleted)"]),
        ("GivenName = ' ' and FamilyName = ' ' and Balance > '800'", ["Bluefin Coffee Roasters", "Kestrel Analytics"]),
        ("MetaData.LastUpdatedTime < '2020-01-01T00:00:00-08:00'", []),
        ("DisplayName = 'Nobody'", []),
    ],
)
def test_conditions(us: Books, condition: str, names: list[str]) -> None:
    rows = us.rows(f"SELECT * FROM Customer WHERE {condition} ORDERBY DisplayName")

    assert [row["DisplayName"] for row in rows] == names


def test_quotes_and_backslashes_are_escaped_with_a_backslash(us: Books) -> None:
    us.customer("O'Brien \\ Sons")

    assert len(us.rows(r"select * from Customer where DisplayName = 'O\'Brien \\ Sons'")) == 1


def test_the_post_form_takes_the_statement_as_body(us: Books) -> None:
    answered = us.call("POST", "query", "SELECT COUNT(*) FROM Customer WHERE Active IN (true, false)")

    assert answered.body["QueryResponse"] == {"totalCount": 39}


def test_queries_return_active_rows_unless_told_otherwise(us: Books) -> None:
    assert us.query("select count(*) from Customer")["totalCount"] == 38
    assert us.query("select count(*) from Item where Active in (true,false)")["totalCount"] == 7


def test_the_envelope_counts_returned_rows_and_totals_only_for_invoices(us: Books) -> None:
    invoices = us.query("select * from Invoice maxresults 2")
    customers = us.query("select * from Customer maxresults 2 startposition 3")

    assert (invoices["startPosition"], invoices["maxResults"], invoices["totalCount"]) == (1, 2, 4)
    assert (customers["startPosition"], customers["maxResults"]) == (3, 2)
    assert "totalCount" not in customers
    assert us.query("select * from Invoice where DocNumber = 'none'") == {}


def test_default_orders(us: Books) -> None:
    """Transactions newest first, items by name, customers by full name with children after their parent."""
    customer = us.customer("C")
    newest = us.invoice(customer)
    names = [row["FullyQualifiedName"].casefold() for row in us.rows("select * from Customer")]

    assert us.rows("select * from Invoice")[0]["Id"] == newest["Id"]
    assert [row["Name"] for row in us.rows("select * from Item")][:2] == ["Brand workshop", "Hours"]
    assert names == sorted(names)


def test_one_hundred_rows_unless_asked_for_more(us: Books) -> None:
    realm = us.control("POST", "companies", {"name": "Many", "customers": 120})["realm"]
    many = connect(us.base, realm)

    assert len(many.rows("select * from Customer")) == 100
    assert len(many.rows("select * from Customer maxresults 1000")) == 120


def test_pages_are_offsets_over_live_rows(us: Books) -> None:
    """A row changed between two pages of a newest-first query is skipped or repeated."""
    first = [row["Id"] for row in us.rows("select * from Invoice startposition 1 maxresults 2")]
    oldest = us.rows("select * from Invoice orderby Id")[0]
    us.control("POST", "clock/advance", {"seconds": 5})
    us.post("invoice", {"Id": oldest["Id"], "SyncToken": oldest["SyncToken"], "sparse": True, "PrivateNote": "x"})
    second = [row["Id"] for row in us.rows("select * from Invoice startposition 3 maxresults 2")]

    assert len(set(first + second)) < 4


def test_query_rows_differ_from_reads(us: Books) -> None:
    row = us.rows("select * from Customer where Id = '1'")[0]

    assert row["ClientEntityId"] == "0"
    assert row["V4IDPseudonym"].startswith("0020")
    assert "V4IDPseudonym" not in us.read("customer/1")


def test_projection_and_star_with_column(us: Books) -> None:
    assert set(us.rows("select Id, DisplayName from Customer maxresults 1")[0]) == {
        "Id",
        "DisplayName",
        "domain",
        "sparse",
    }
    assert "Sku" in us.rows("SELECT *, Sku FROM Item WHERE Sku = 'WS-01'")[0]


def test_an_empty_statement_is_200_with_a_system_fault(us: Books) -> None:
    answered = us.call("GET", "query")

    assert (answered.status, answered.body["Fault"]["type"]) == (200, "SystemFault")


@pytest.mark.parametrize(
    ("switch", "text", "works"),
    [
        ({"maxresults_over_1000": "cap"}, "select * from Invoice maxresults 2000", True),
        ({"query_unquoted_numbers": True}, "select * from Invoice where TotalAmt > 5", True),
        ({"query_not_equal": True}, "select * from Invoice where DocNumber != '1001'", True),
    ],
)
def test_uncertain_grammar_is_switchable(us: Books, switch: dict[str, object], text: str, works: bool) -> None:
    """Source: QuickBooks reference 3.1, 17.3."""
    us.switch(**switch)

    assert (us.call("GET", "query", query=text).status == 200) is works


def test_a_fresh_write_may_be_invisible_for_a_while(us: Books) -> None:
    us.switch(query_lag_seconds=30)
    us.customer("Fresh")
    assert us.rows("select * from Customer where DisplayName = 'Fresh'") == []

    us.control("POST", "clock/advance", {"seconds": 31})
    assert len(us.rows("select * from Customer where DisplayName = 'Fresh'")) == 1
