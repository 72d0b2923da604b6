"""What kind of tax a name speaks of, in the languages ledgers are kept in. For codes that say it nowhere else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from contracts.taxes import TaxKind

_HINTS: Sequence[tuple[TaxKind, re.Pattern[str]]] = (
    (
        TaxKind.REVERSE_CHARGE,
        re.compile(
            r"reverse[ -]?charge|\brc\b|autoliquid|umkehr|steuerschuldnerschaft|verlegd|inversione|inversion del sujeto"
            r"|intra[ -]?communaut|\becg\b|\becs\b|\beu (goods|services|sales)\b"
        ),
    ),
    (
        TaxKind.OUTSIDE_SCOPE,
        re.compile(
            r"out(side)?[ -]?(of )?(the )?scope|\boos\b|\bno (vat|gst|tax|hst)\b|bas excluded|not reportable"
            r"|hors champ|nicht steuerbar|fuori campo|no sujeto|buiten (de )?reikwijdte"
        ),
    ),
    (
        TaxKind.EXEMPT,
        re.compile(
            r"exempt|exempl|exonere|exoner|steuerfrei|befreit|vrijgesteld|esente|exento|isento|input[ -]?taxed|fritagen"
            r"|momsfri"
        ),
    ),
    (TaxKind.ZERO, re.compile(r"zero|\b0([.,]0+)? ?%|gst[ -]?free|free|\bz\b|detaxe|nul|export")),
)
_REDUCED = re.compile(r"reduc|reduit|ermassigt|verlaagd|ridott|super-?reduc|\br\b|intermediate|intermediaire|low rate")


def kind_without_tax(name: str) -> TaxKind:
    """The kind of a code that adds nothing, by its name: "Exempt Income" is exempt. Without a hint: zero-rated."""
    said = _folded(name)
    return next((kind for kind, hint in _HINTS if hint.search(said)), TaxKind.ZERO)


def kind_with_tax(name: str) -> TaxKind:
    """Reduced or standard, by its name."""
    return TaxKind.REDUCED if _REDUCED.search(_folded(name)) else TaxKind.STANDARD


def _folded(text: str) -> str:
    marks = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in marks if not unicodedata.combining(character)).replace("ß", "ss")
