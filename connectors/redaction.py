"""What may be kept of a raw answer for ops: shapes, codes and ids, never a token or a person.

Works on text, not on parsed values, because the answers worth keeping are the ones that could not be parsed.
"""

from __future__ import annotations

import re

MOST = 4096
CUT = "[cut]"

_PERSONAL_KEYS = (
    r"(?:\w*(?:DisplayName|GivenName|FamilyName|MiddleName|CompanyName|LegalName|FullyQualifiedName|PrintOnCheckName"
    r"|ContactName|FirstName|LastName|EmailAddress|FreeFormNumber|PhoneNumber|Address|Line[1-5]|AddressLine[1-5]"
    r"|AttentionTo|PostalCode|City|PrivateNote|Notes|TaxNumber|BankAccountDetails|AccountNumber|PrimaryTaxIdentifier"
    r"|ResaleNum)|Name|name|Title|Suffix)"
)
_HIDDEN_KEYS = r"(?:access_token|refresh_token|id_token|client_secret|client_id|authorization|code|token|state)"
_TEXT = r'"(?:[^"\\]|\\.)*(?:"|$)'

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf'("{_PERSONAL_KEYS}"\s*:\s*){_TEXT}', re.S), rf'\1"{CUT}"'),
    # A fault's "code" is four digits and worth keeping; an OAuth code or token is long.
    (re.compile(rf'("{_HIDDEN_KEYS}"\s*:\s*)"(?:[^"\\]|\\.){{12,}}(?:"|$)', re.S | re.I), rf'\1"{CUT}"'),
    (re.compile(r'("(?:CustomerMemo|Description)"\s*:\s*(?:\{\s*"value"\s*:\s*)?)' + _TEXT, re.S), rf'\1"{CUT}"'),
    (re.compile(rf"<({_PERSONAL_KEYS})>[^<]*", re.S), rf"<\1>{CUT}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.+/=~-]+"), rf"\1 {CUT}"),
    (re.compile(r"(?i)(token\s+(?:expired|invalid)\s*:\s*)[\w.-]+"), rf"\1{CUT}"),
    (re.compile(r"\b(?:eyJ[\w.-]{10,}|AB1[\w-]{20,}|RT1-[\w-]{8,})"), CUT),
    # "You and Jo Doe were working on this at the same time. Jo Doe finished before you did": a name in running text.
    (
        re.compile(r"(?i)(you and ).{1,200}?( were working on this at the same time\.?).{1,200}?( finished before)"),
        rf"\1{CUT}\2 {CUT}\3",
    ),
    (re.compile(r"[^\s\"'<>:,;()\[\]{}=@]{1,100}@[^\s\"'<>,;()\[\]{}@]{1,100}\.[A-Za-z]{2,}"), CUT),
    (re.compile(r"(?<![\w.:-])\+?\(?\d{2,4}\)?(?:[\s./-]\(?\d{2,4}\)?){2,}(?![\w:-])"), CUT),
    (re.compile(r"(?<![\w.:])\+\d[\d ().-]{5,18}\d\b"), CUT),
)


def redact(raw: bytes | str) -> str:
    """The answer less tokens, e-mail addresses, phone numbers, names and free text; at most 4 kB."""
    text = raw[: 4 * MOST].decode("utf-8", "replace") if isinstance(raw, bytes) else raw[: 4 * MOST]
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    kept = text.encode("utf-8")
    return text if len(kept) <= MOST else kept[: MOST - 3].decode("utf-8", "ignore") + "…"
