"""Names people type for a country that no list of country names holds, and names that must not be guessed.

Keys are as `mappings.rules.countries.folded` leaves them: lower case, no accents, no punctuation, no leading "the".
An entry belongs here only when it can mean one country and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

ALIASES: Mapping[str, str] = {
    # United States
    "u s": "US", "u s a": "US", "us of a": "US", "united states usa": "US", "united states us": "US",
    "estados unidos de america": "US", "etats unis d amerique": "US", "vereinigte staaten von amerika": "US",
    "eeuu": "US", "ee uu": "US",
    # United Kingdom and what lies next to it
    "uk": "GB", "u k": "GB", "united kingdom uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "great britain": "GB", "gt britain": "GB", "g b": "GB", "britain": "GB",
    "united kingdom gb": "GB", "england uk": "GB", "scotland uk": "GB", "wales uk": "GB",
    "england united kingdom": "GB",
    "northern ireland uk": "GB", "ecosse": "GB", "angleterre": "GB", "grande bretagne": "GB", "inglaterra": "GB",
    "grossbritannien": "GB", "schottland": "GB", "royaume uni": "GB", "vereinigtes konigreich": "GB",
    "isle of man": "IM", "iom": "IM", "jersey": "JE", "jersey channel islands": "JE", "guernsey": "GG",
    "guernsey channel islands": "GG",
    # Europe
    "ger": "DE", "brd": "DE", "bundesrepublik deutschland": "DE", "federal republic of germany": "DE",
    "holland": "NL", "nederlands": "NL", "oesterreich": "AT", "schweiz suisse svizzera": "CH",
    "confederation suisse": "CH", "espana": "ES", "cesko": "CZ", "ceska republika": "CZ", "czech republic": "CZ",
    "czech rep": "CZ", "slovak republic": "SK", "slovak rep": "SK", "republic of ireland": "IE", "eire": "IE",
    "irish republic": "IE", "roi": "IE", "turkey": "TR", "turkiye": "TR", "russia": "RU", "macedonia": "MK",
    "fyrom": "MK", "bosnia": "BA", "bosnia herzegovina": "BA", "republic of kosovo": "XK", "kosovo": "XK",
    "vatican": "VA", "vatican city": "VA", "moldova": "MD", "grand duchy of luxembourg": "LU", "hellas": "GR",
    "faroe islands": "FO", "faeroe islands": "FO", "republic of cyprus": "CY",
    "griekenland": "GR",
    # Asia and the Middle East
    "chine": "CN",
    "prc": "CN", "p r c": "CN", "p r china": "CN", "pr china": "CN", "mainland china": "CN",
    "china mainland": "CN", "china people s republic of": "CN", "people s republic of china": "CN",
    "south korea": "KR", "s korea": "KR", "sth korea": "KR", "korea south": "KR",
    "rok": "KR", "republic of korea": "KR",
    "north korea": "KP", "n korea": "KP", "korea north": "KP", "dprk": "KP", "viet nam": "VN", "vietnam": "VN",
    "hong kong sar": "HK", "hong kong": "HK", "hong kong china": "HK", "hong kong sar china": "HK", "hongkong": "HK",
    "macau": "MO", "macao": "MO", "macau sar": "MO", "macao sar": "MO", "taiwan": "TW", "taiwan roc": "TW",
    "taiwan r o c": "TW", "uae": "AE", "u a e": "AE", "ksa": "SA", "kingdom of saudi arabia": "SA",
    "palestine": "PS", "state of palestine": "PS", "burma": "MM", "laos": "LA", "syria": "SY", "iran": "IR",
    "brunei": "BN", "east timor": "TL", "republic of singapore": "SG",
    # Africa
    "sambia": "ZM",
    "ivory coast": "CI", "cote d ivoire": "CI", "drc": "CD", "d r c": "CD", "dr congo": "CD", "d r congo": "CD",
    "democratic republic of congo": "CD", "democratic republic of the congo": "CD", "congo kinshasa": "CD",
    "congo brazzaville": "CG", "republic of the congo": "CG", "swaziland": "SZ", "cape verde": "CV", "tanzania": "TZ",
    "rsa": "ZA", "republic of south africa": "ZA",
    # The Americas and the Pacific
    "brasil": "BR", "mexico": "MX", "st kitts and nevis": "KN", "saint kitts": "KN", "st kitts": "KN",
    "st lucia": "LC", "st vincent": "VC", "st vincent and the grenadines": "VC", "trinidad": "TT",
    "trinidad tobago": "TT", "antigua": "AG", "bolivia": "BO", "venezuela": "VE",
    "usvi": "VI", "us virgin islands": "VI",
    "u s virgin islands": "VI", "bvi": "VG", "british virgin islands": "VG", "aus": "AU", "aust": "AU",
    "aotearoa": "NZ", "aotearoa new zealand": "NZ", "new zealand aotearoa": "NZ", "n z": "NZ", "nz": "NZ",
    "png": "PG",
}  # fmt: skip

REFUSED = frozenset({
    "congo", "korea", "virgin islands", "america", "guiana", "saint martin", "st martin", "samoa islands",
    "channel islands", "micronesia islands", "yugoslavia", "serbia and montenegro", "czechoslovakia", "ussr",
    "netherlands antilles", "west indies", "caribbean", "europe", "eu", "european union", "africa", "asia",
    "scandinavia",
    "n a", "na", "none", "unknown", "other", "test", "various", "international", "worldwide", "tbd", "tbc", "null",
})  # fmt: skip
"""Either not a country or more than one. "na" is Namibia's code, and far more often "not applicable"."""
