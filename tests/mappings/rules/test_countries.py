"""A country is resolved only where it is certain: zero wrong matters more than finding many."""

from __future__ import annotations

import pycountry
import pytest

from mappings.rules.countries import Certainty, Resolution, certain_country, country_name, resolve_country

# The 90 inputs of the dependency reference, section 7; "-" must be refused.
NINETY = """
US=US U.S.A.=US usa=US United_States_of_America=US The_United_States=US Estados_Unidos=US États-Unis=US UK=GB U.K.=GB
England=GB Scotland=GB Wales=GB Northern_Ireland=GB Great_Britain=GB United_Kingdom_(UK)=GB Deutschland=DE Germany_=DE
GER=DE Allemagne=DE Suisse=CH Schweiz=CH Switzerland=CH The_Netherlands=NL Holland=NL Nederland=NL España=ES Espana=ES
Italia=IT Österreich=AT Oesterreich=AT Belgique=BE België=BE Sverige=SE Danmark=DK Norge=NO Suomi=FI Polska=PL Česko=CZ
Czech_Republic=CZ Türkiye=TR Turkey=TR Republic_of_Ireland=IE Eire=IE South_Korea=KR Korea,_Republic_of=KR
North_Korea=KP Russia=RU Viet_Nam=VN Vietnam=VN Ivory_Coast=CI Côte_d’Ivoire=CI UAE=AE Hong_Kong_SAR=HK Taiwan=TW
日本=JP Germny=DE Swtizerland=CH N/A=- Congo=- Atlantis=- Great-Britain=GB Gt_Britain=GB Royaume-Uni=GB
Vereinigtes_Königreich=GB Grossbritannien=GB PRC=CN China,_People's_Republic_of=CN Mainland_China=CN Korea=-
S._Korea=KR Sth_Korea=KR NZ=NZ Aotearoa=NZ Aus=AU AUST=AU Brasil=BR México=MX Mexcio=MX Untied_Kingdom=GB
United_Arab_Emirates_(the)=AE Republic_of_Kosovo=XK Palestine=PS Czechia=CZ Slovak_Republic=SK St._Kitts_&_Nevis=KN
Trinidad=TT Bosnia=BA DRC=CD Isle_of_Man=IM Jersey=JE
"""
EXAMPLES = [tuple(pair.replace("_", " ").split("=")) for pair in NINETY.split()]
TYPOS = {"Germny", "Swtizerland", "Mexcio", "Untied Kingdom"}


def test_the_table_is_the_whole_of_the_reference() -> None:
    assert len(EXAMPLES) == 90


@pytest.mark.parametrize(("text", "code"), EXAMPLES)
def test_a_country_is_recognised_or_refused_but_never_wrong(text: str, code: str) -> None:
    """A slip of the pen is only ever a suggestion: it never decides by itself."""
    found = resolve_country(text)

    assert (found.code if found else "-") == code
    assert found is None or (found.certainty is Certainty.TYPO) == (text in TYPOS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Deutschland", Resolution("DE", Certainty.EXACT)),
        ("DEU", Resolution("DE", Certainty.EXACT)),
        ("Holland", Resolution("NL", Certainty.ALIAS)),
        ("Germny", Resolution("DE", Certainty.TYPO)),
        ("Austrlia", None),  # one slip from Australia, two from Austria
        ("Nigera", None),  # Latvian for Niger, and Nigeria with a letter missing
        ("Mal", None),  # too short for a slip to be told from another country
        ("Chine", Resolution("CN", Certainty.ALIAS)),  # not Chile
        ("St Martin", None),  # two countries share the island
        ("", None),
        ("   ", None),
        ("---", None),
        ("12345", None),
    ],
)
def test_how_certain_a_country_is(text: str, expected: Resolution | None) -> None:
    assert resolve_country(text) == expected


def test_a_typo_is_never_certain() -> None:
    assert certain_country("Germny") == ""
    assert certain_country("Germany") == "DE"


@pytest.mark.parametrize("code", sorted({country.alpha_2 for country in pycountry.countries} | {"XK"}))
def test_every_country_reads_back_from_the_name_we_print(code: str) -> None:
    """We send the English name; what comes back in the feed must be the same country."""
    assert certain_country(country_name(code)) == code
