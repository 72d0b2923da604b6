"""What can receive mail as written; a guess is shown to a person and never applied."""

from __future__ import annotations

import pytest

from contracts.problems import Reason
from mappings.rules.emails import ascii_form, check_emails, judge_email, split_emails


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@acme.example", ["a@acme.example"]),
        ("a@acme.example, b@acme.example", ["a@acme.example", "b@acme.example"]),
        ("a@acme.example;b@acme.example;", ["a@acme.example", "b@acme.example"]),
        ("a@acme.example b@acme.example", ["a@acme.example", "b@acme.example"]),
        ("a@acme.example, a@acme.example", ["a@acme.example"]),
        ("<a@acme.example>", ["a@acme.example"]),
        (" , ; ", []),
        ("", []),
    ],
)
def test_several_addresses_in_one_field_are_kept_apart(text: str, addresses: list[str]) -> None:
    assert split_emails(text) == addresses


@pytest.mark.parametrize(
    ("address", "valid"),
    [
        ("billing@acme.com", True),
        ("first.last+tag@acme.co.uk", True),
        ("jörg@müller.de", True),
        ("info@日本.jp", True),
        ("a@b", False),
        ("no-at-sign", False),
        ("two@@acme.com", False),
        ("dot.@acme.com", False),
        ("mailto:a@acme.com", False),
        ("x" * 65 + "@acme.com", False),
        ("", False),
    ],
)
def test_only_an_address_that_can_receive_mail_is_valid(address: str, valid: bool) -> None:
    assert judge_email(address).valid is valid


@pytest.mark.parametrize(
    ("address", "suggestion"),
    [
        ("amy@gmial.com", "amy@gmail.com"),
        ("amy@gmail.con", "amy@gmail.com"),
        ("amy@hotmial.com", "amy@hotmail.com"),
        ("mailto:amy@acme.com", "amy@acme.com"),
        ("amy@acme.com.", "amy@acme.com"),
        ("amy@gmail.com", ""),
        ("amy@mail.com", ""),  # a domain of its own, one letter from gmail.com
        ("amy@gmx.net", ""),
        ("amy@acme.com", ""),
    ],
)
def test_an_obvious_slip_is_suggested(address: str, suggestion: str) -> None:
    assert judge_email(address).suggestion == suggestion


@pytest.mark.parametrize(
    ("address", "reasons"),
    [
        ("billing@acme.com", []),
        ("amy@gmial.com", [Reason.EMAIL_LOOKS_MISTYPED]),
        ("amy@", [Reason.EMAIL_INVALID]),
    ],
)
def test_a_slip_warns_and_only_a_broken_address_blocks(address: str, reasons: list[Reason]) -> None:
    """gmial.com exists: blocking it would be a guess."""
    problems = check_emails([address], where="customer Acme", system="QuickBooks")

    assert [problem.reason for problem in problems] == reasons
    assert [problem.blocks for problem in problems] == [reason is Reason.EMAIL_INVALID for reason in reasons]


def test_an_international_domain_has_an_ascii_form_and_an_international_local_part_has_none() -> None:
    assert ascii_form("info@müller.de") == "info@xn--mller-kva.de"
    assert ascii_form("jörg@acme.com") == ""
