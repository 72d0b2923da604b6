"""E-mail addresses: what can receive mail as written, several in one field, and slips in well-known domains.

A suggestion is for a person; nothing here changes an address.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email
from rapidfuzz.distance import OSA

from contracts.problems import Problem, Reason

_WELL_KNOWN = (
    "gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "live.com", "yahoo.com", "icloud.com",
    "aol.com", "proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "yahoo.co.uk",
    "hotmail.co.uk", "btinternet.com", "yahoo.fr", "orange.fr", "free.fr", "hotmail.fr", "libero.it",
    "comcast.net", "verizon.net", "bigpond.com", "me.com", "msn.com", "ymail.com",
)  # fmt: skip
_KNOWN_GOOD = frozenset([*_WELL_KNOWN, "mail.com", "gmx.com", "gmx.at", "gmx.ch", "live.de", "mac.com", "email.com"])


class EmailVerdict(NamedTuple):
    """why: "" when the address can receive mail as written. suggestion: what was probably meant, or ""."""

    address: str
    why: str
    suggestion: str

    @property
    def valid(self) -> bool:
        return not self.why


def split_emails(text: str) -> list[str]:
    """The addresses in one field, however people separate them: "a@x.com; b@x.com" is two. Order kept, no doubles."""
    parts = [part.strip("<>") for part in re.split(r"[,;\s]+", text) if part.strip("<>")]
    return list(dict.fromkeys(parts))


def judge_email(address: str) -> EmailVerdict:
    """Strict syntax, international addresses included; nothing is looked up in DNS."""
    try:
        validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        return EmailVerdict(address, str(error), _repaired(address))
    return EmailVerdict(address, "", _likelier_domain(address))


def ascii_form(address: str) -> str:
    """The address in ASCII: an international domain in its xn-- form; "" when the part before the @ has none."""
    try:
        return validate_email(address, check_deliverability=False, strict=True).ascii_email or ""
    except EmailNotValidError:
        return ""


def check_emails(emails: list[str], *, where: str, system: str, field: str = "emails") -> list[Problem]:
    """One problem for each address that cannot receive mail, and a warning for each that looks mistyped."""
    problems = []
    for position, address in enumerate(emails):
        verdict = judge_email(address)
        if verdict.valid and not verdict.suggestion:
            continue
        meant = f" Was {verdict.suggestion} meant?" if verdict.suggestion else ""
        problems.append(
            Problem(
                reason=Reason.EMAIL_LOOKS_MISTYPED if verdict.valid else Reason.EMAIL_INVALID,
                where=where,
                field=f"{field}.{position}",
                message=f"{address!r} looks mistyped.{meant}"
                if verdict.valid
                else f"{address!r}: {verdict.why}{meant}",
                fix=f"Correct the e-mail address in {system}.",
                value=address,
                suggestion=verdict.suggestion,
            )
        )
    return problems


def email_missing(*, where: str, system: str) -> Problem:
    """There is no address at all."""
    return Problem(
        reason=Reason.EMAIL_MISSING,
        where=where,
        field="emails",
        message="There is no e-mail address.",
        fix=f"Add an e-mail address to the customer in {system}.",
    )


def email_several(text: str, *, where: str, system: str) -> Problem:
    """Several addresses share one field; the first one is used for invoices."""
    return Problem(
        reason=Reason.EMAIL_SEVERAL,
        where=where,
        field="emails",
        message=f"{text!r} holds several addresses; they are kept apart and the first one receives invoices.",
        fix=f"Nothing is required. To change which one is first, reorder them in {system}.",
        value=text,
    )


def _repaired(address: str) -> str:
    """What a broken address clearly meant: mailto:, a trailing dot, a comma for the last dot. "" when unclear."""
    bare = address.removeprefix("mailto:").strip("<>.,;: ")
    if bare == address:
        return ""
    try:
        validate_email(bare, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return ""
    return bare


def _likelier_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    domain = domain.casefold()
    if domain in _KNOWN_GOOD:
        return ""
    near = [known for known in _WELL_KNOWN if OSA.distance(domain, known, score_cutoff=1) == 1]
    return f"{local}@{near[0]}" if len(near) == 1 else ""
