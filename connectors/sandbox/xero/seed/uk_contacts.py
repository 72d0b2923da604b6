"""The contacts of the UK sample: what a real book holds after some years of typing. All of it is invented.

Rows that are fit to invoice come first; every later row has one of the gaps an import or a check must notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One contact. pobox and street: (line 1, city, region, postal code, country)."""

    name: str
    email: str = ""
    pobox: tuple[str, str, str, str, str] | None = None
    street: tuple[str, str, str, str, str] | None = None
    number: str = ""
    account_number: str = ""
    vat: str = ""
    currency: str = ""
    phone: tuple[str, str, str] = ("", "", "")  # country, area, number
    persons: tuple[tuple[str, str, str, bool], ...] = field(default=())
    first: str = ""
    last: str = ""
    status: str = "ACTIVE"
    is_customer: bool = True
    is_supplier: bool = False
    terms_days: int = 0


VALID = (
    Row(
        "Alder & Finch Ltd",
        "accounts@alderfinch.example",
        ("12 Cowgate", "Edinburgh", "", "EH1 1JH", "United Kingdom"),
        number="CUST-1001",
        vat="GB365684514",
        phone=("44", "131", "4960101"),
        terms_days=30,
    ),
    Row(
        "Bellwether Interiors Ltd",
        "ap@bellwether.example",
        ("4 Park Row", "Leeds", "West Yorkshire", "LS1 5HD", "United Kingdom"),
        ("Unit 9, Whitehall Industrial Estate", "Leeds", "West Yorkshire", "LS12 5JB", "United Kingdom"),
        number="CUST-1002",
        vat="GB220430231",
    ),
    Row(
        "Caldbeck Outdoor",
        "hello@caldbeck.example",
        ("The Old Mill", "Keswick", "Cumbria", "CA12 5NJ", "United Kingdom"),
        persons=(("Maya", "Irving", "maya@caldbeck.example", True), ("Tom", "Reed", "tom@caldbeck.example", False)),
    ),
    Row(
        "Dovecote Veterinary Practice",
        "office@dovecotevets.example",
        ("31 High Street", "Thame", "Oxfordshire", "OX9 2AA", "United Kingdom"),
        first="Helen",
        last="Sharma",
    ),
    Row(
        "Evergreen Energy Advice CIC",
        "finance@evergreen.example",
        ("5 Castle Lane", "Norwich", "Norfolk", "NR1 3DY", "United Kingdom"),
    ),
    Row("Falkirk Ironworks", "ledger@falkirkiron.example", ("Canal Street", "Falkirk", "", "FK1 4LT", "Scotland")),
    Row(
        "Glanmor Holiday Homes",
        "bookings@glanmor.example",
        ("2 Marine Terrace", "Aberystwyth", "Ceredigion", "SY23 2DH", "Wales"),
    ),
    Row(
        "Hansen Möbel GmbH",
        "rechnung@hansen-moebel.example",
        ("Lindenallee 8", "Hamburg", "", "20095", "Germany"),
        vat="DE136695976",
        currency="EUR",
        phone=("49", "40", "5550134"),
    ),
    Row(
        "Ibérica de Diseño SL",
        "cuentas@iberica-diseno.example",
        ("Calle Mayor 21", "Madrid", "", "28013", "Spain"),
        currency="EUR",
    ),
    Row(
        "Juniper Lake Outfitters Inc",
        "ap@juniperlake.example",
        ("410 Main St", "Burlington", "VT", "05401", "United States"),
        currency="USD",
        phone=("1", "802", "5550170"),
    ),
    Row(
        "Kilburn Community Theatre",
        "treasurer@kilburntheatre.example",
        ("269 High Road", "London", "", "NW6 7JR", "United Kingdom"),
    ),
    Row(
        "Lomas Dental Care",
        "reception@lomasdental.example",
        ("18 Bridge Street", "Bakewell", "Derbyshire", "DE45 1DS", "United Kingdom"),
        number="CUST-1012",
    ),
    Row(
        "Maison Perrault SARL",
        "compta@perrault.example",
        ("14 rue du Lac", "Lyon", "", "69003", "France"),
        vat="FR40303265045",
        currency="EUR",
    ),
    Row(
        "Northgate Primary School",
        "bursar@northgate.example",
        ("Northgate", "Darlington", "County Durham", "DL1 1TU", "United Kingdom"),
        account_number="NPS-77",
    ),
)

WITH_GAPS = (
    # no address at all, none of it, or the wrong one of the two
    Row("Oakhurst Events", "events@oakhurst.example"),
    Row("Pemberton Estates", "", None, ("Home Farm", "Ludlow", "Shropshire", "SY8 1AA", "United Kingdom")),
    Row("Quayside Rowing Club", "", ("Boathouse 3", "Newcastle upon Tyne", "", "NE1 3DE", "United Kingdom")),
    Row(
        "Rosewarne Nurseries",
        "info@rosewarne.example",
        None,
        ("Rosewarne Lane", "Camborne", "Cornwall", "TR14 0AA", "UK"),
    ),
    Row("Sable Street Studio", "studio@sablestreet.example", ("", "Bristol", "", "", "")),
    Row("Trent Valley Cycles", "shop@trentvalley.example", ("88 Carlton Road", "", "", "NG3 2AA", "United Kingdom")),
    # malformed or several e-mail addresses
    Row(
        "Underhill Farm Shop",
        "farmshop(at)underhill.example",
        ("Underhill", "Frome", "Somerset", "BA11 1AB", "United Kingdom"),
    ),
    Row("Vantage Surveyors LLP", "billing@vantage", ("7 Temple Row", "Birmingham", "", "B2 5HG", "United Kingdom")),
    Row(
        "Whitcombe & Daughters",
        "orders@whitcombe.example; ann@whitcombe.example",
        ("1 The Square", "Sherborne", "Dorset", "DT9 3LN", "UK"),
    ),
    Row("Yarrow Textiles", " yarrow@textiles.example ", ("3 Mill Lane", "Kendal", "Cumbria", "LA9 6PA", "England")),
    Row("Zennor Pottery", "grüße@zennor.example", ("Churchtown", "St Ives", "Cornwall", "TR26 3BY", "Cornwall")),
    # countries as people type them
    Row(
        "Atelier Brouwer",
        "administratie@brouwer.example",
        ("Keizersgracht 40", "Amsterdam", "", "1015 CR", "Nederland"),
        currency="EUR",
    ),
    Row(
        "Bergmann Söhne KG",
        "buchhaltung@bergmann.example",
        ("Marktplatz 1", "Bremen", "", "28195", "BRD"),
        currency="EUR",
    ),
    Row(
        "Cork Street Bakery",
        "accounts@corkstreet.example",
        ("9 Patrick Street", "Cork", "", "T12 X8N6", "Éire"),
        currency="EUR",
    ),
    Row(
        "Dakota Freight", "payables@dakota.example", ("1200 2nd Ave", "Fargo", "ND", "58102", "U.S.A."), currency="USD"
    ),
    Row(
        "Eastside Pilates",
        "hello@eastsidepilates.example",
        ("44 Mare Street", "London", "Hackney", "E8 4RT", "Gr. Britain"),
    ),
    # postcodes that do not fit
    Row(
        "Ferndale Care Homes", "finance@ferndale.example", ("2 Ferndale Road", "Cardiff", "", "90210", "United Kingdom")
    ),
    Row(
        "Garrick Lane Records",
        "accounts@garricklane.example",
        ("16 Garrick Lane", "Manchester", "", "M1 O0A", "United Kingdom"),
    ),
    Row(
        "Harlow & Pike Architects",
        "office@harlowpike.example",
        ("21 Broad Street", "Wokingham", "Berkshire", "RG40IAB", "GB"),
    ),
    # other scripts
    Row(
        "株式会社さくら工房",
        "keiri@sakura.example",
        ("東京都千代田区丸の内1-1", "東京", "", "100-0005", "Japan"),
        currency="USD",
    ),
    Row(
        "Ελληνικά Κεραμικά ΑΕ",
        "logistirio@keramika.example",
        ("Ερμού 15", "Αθήνα", "", "105 63", "Ελλάδα"),
        currency="EUR",
    ),
    Row("ООО Берёзка", "buh@berezka.example", ("ул. Мира 3", "Рига", "", "LV-1010", "Латвия"), currency="EUR"),
    Row("مؤسسة النخيل", "accounts@nakheel.example", ("شارع الملك 7", "عمّان", "", "11118", "الأردن")),
    # names that break naive code
    Row(
        'The "Blue Door" Gallery',
        "gallery@bluedoor.example",
        ("6 Quay Street", "Whitby", "North Yorkshire", "YO21 1PU", "UK"),
    ),
    Row(
        "O'Neill + Sons, Joiners",
        "jobs@oneillsons.example",
        ("Main Street", "Omagh", "County Tyrone", "BT78 1AB", "Northern Ireland"),
    ),
    Row(
        "Fish &amp; Chips Express",
        "fry@fishexpress.example",
        ("11 Promenade", "Blackpool", "", "FY1 1AP", "United Kingdom"),
    ),
    Row("alder and finch limited", "accounts@alderfinch.example", ("12 Cowgate", "Edinburgh", "", "EH1 1JH", "UK")),
    # tax numbers that fail their check digit, and one in the wrong country
    Row(
        "Inverleith Gardens Ltd",
        "office@inverleith.example",
        ("1 Arboretum Row", "Edinburgh", "", "EH3 5NZ", "UK"),
        vat="GB123456789",
    ),
    # several contact persons
    Row(
        "Kestrel Aviation Services",
        "",
        ("Hangar 4, Airport Road", "Exeter", "Devon", "EX5 2BD", "United Kingdom"),
        persons=(
            ("Ada", "Pole", "ada.pole@kestrel.example", True),
            ("Ben", "Ng", "ben.ng@kestrel.example", True),
            ("Cy", "Rao", "", False),
            ("Di", "Lund", "di.lund@kestrel.example", False),
            ("Ed", "Moss", "", False),
        ),
    ),
    # suppliers only, and one that is both
    Row(
        "Paper Mill Supplies Ltd",
        "sales@papermill.example",
        ("Mill Road", "Maidstone", "Kent", "ME14 1AB", "United Kingdom"),
        is_customer=False,
        is_supplier=True,
    ),
    Row(
        "Stratus Hosting BV",
        "billing@stratus.example",
        ("Science Park 400", "Amsterdam", "", "1098 XH", "Netherlands"),
        is_customer=False,
        is_supplier=True,
        currency="EUR",
    ),
    Row(
        "Harbour Print Co",
        "print@harbour.example",
        ("5 Dock Road", "Lowestoft", "Suffolk", "NR32 2AA", "UK"),
        is_supplier=True,
    ),
    # neither yet: a prospect nobody has invoiced
    Row("Prospect: Ms Winter", first="Ida", last="Winter", is_customer=False),
    # archived
    Row(
        "Merrow Antiques (closed)",
        "old@merrow.example",
        ("8 West Street", "Dorking", "Surrey", "RH4 1BL", "UK"),
        status="ARCHIVED",
    ),
    Row("Brindle Consulting", "info@brindle.example", status="ARCHIVED"),
    # the most names allow
    Row(
        "Longest " + "Company " * 30 + "Ltd",
        "long@company.example",
        ("1 Long Road", "Llanfairpwllgwyngyll", "Ynys Môn", "LL61 5UJ", "Cymru"),
    ),
)
