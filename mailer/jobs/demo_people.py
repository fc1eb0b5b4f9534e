"""Made-up people for the demonstration, and how the mail servers of their domains behave.

The same seed makes the same people. All domains are reserved for examples (RFC 2606 §3), so
that nothing of this could reach anybody, whatever is done with it.
"""

import random
import unicodedata
from collections.abc import Generator, Mapping
from enum import StrEnum
from typing import TypeVar

HEADER = (
    "email", "name", "country", "city", "interests", "points", "birthday", "member",
    "language", "time_zone",
)  # fmt: skip

Row = tuple[str, ...]
"""Cells as `HEADER` names them."""

_SEED = 1997


class Manner(StrEnum):
    """How the server behind an address takes a letter."""

    ACCEPTS = "accepts"
    GREYLISTS = "greylists"
    FULL_FOR_A_WHILE = "full for a while"
    FULL_FOR_EVER = "full for ever"
    NO_SUCH_USER = "no such user"
    REFUSES_CONTENT = "refuses the content"
    TAKES_AND_HANGS_UP = "takes it and hangs up"
    LOSES_AND_HANGS_UP = "loses it and hangs up"


_ODD = {
    "moved.": Manner.NO_SUCH_USER,
    "full.": Manner.FULL_FOR_A_WHILE,
    "brimful.": Manner.FULL_FOR_EVER,
    "strict.": Manner.REFUSES_CONTENT,
    "wobbly.": Manner.TAKES_AND_HANGS_UP,
    "flaky.": Manner.LOSES_AND_HANGS_UP,
}
"""How a local part begins whose mailbox is not like the others of its domain."""

_SHARES = {"moved.": 20, "full.": 12, "strict.": 4, "brimful.": 2}
"""How many of a thousand."""

_GREYLISTING = "grayling.example.org"
_DOMAINS = {
    "fjordpost.example.com": 52,
    "nordlys.example.net": 20,
    _GREYLISTING: 14,
    "post.example.org": 10,
    "blåbær.example.com": 4,
}
_PLACES = {
    ("NO", "nb", "Europe/Oslo", "Bergen Tromsø Ålesund Oslo"): 60,
    ("SE", "sv", "Europe/Stockholm", "Göteborg Östersund Kiruna"): 12,
    ("DK", "da", "Europe/Copenhagen", "København Århus"): 6,
    ("DE", "de", "Europe/Berlin", "München Köln"): 6,
    ("FI", "fi", "Europe/Helsinki", "Jyväskylä Helsinki"): 5,
    ("GB", "en-GB", "Europe/London", "Keswick Inverness"): 5,
    ("IS", "is", "Atlantic/Reykjavik", "Reykjavík Akureyri"): 3,
    ("PL", "pl", "Europe/Warsaw", "Łódź Gdańsk"): 3,
}
"""Country, language, time zone and cities, and how many of a hundred live there."""

_FIRST = [
    "Ingrid",
    "Kari",
    "Ola",
    "Bjørn",
    "Åse",
    "Sølvi",
    "Håkon",
    "Nils",
    "Máret",
    "Ragnhild",
    "Gréta",
    "Þorsteinn",
    "Guðrún",
    "Aino",
    "Väinö",
    "Göran",
    "Åke",
    "Zoë",
    "Renée",
    "Jürgen",
    "Käthe",
    "Łukasz",
    "Małgorzata",
    "Siobhán",
    "Nguyễn",
    "Ольга",
    "美咲",
    "Amina",
]
_LAST = [
    "Hansen",
    "Sæther",
    "Ødegård",
    "Blåfjell",
    "Jørgensen",
    "Lindström",
    "Åkesson",
    "Korhonen",
    "Mäkinen",
    "Jónsdóttir",
    "Groß",
    "Müller",
    "Woźniak",
    "O'Brien",
    "Trần",
    "Pérez",
    "Utsi",
    "Nordmann",
]
_INTERESTS = ("tents", "stoves", "skis", "maps", "boots", "ropes", "canoes")
_PLAIN = str.maketrans({"ø": "o", "æ": "ae", "ð": "d", "þ": "th", "ß": "ss", "ł": "l"})

_SLIPS = (
    {"email": "", "name": "No Address"},
    {"email": "kari.hansen.fjordpost.example.com"},
    {"email": "ola@@fjordpost.example.com"},
    {"email": "ola@fjordpost.example.com and kari@fjordpost.example.com"},
    {"email": "somebody@fjordpost.test"},
    {"email": "noreply@fjordpost.example.com"},
    {"email": "postmaster@nordlys.example.net"},
    {"email": "abuse@post.example.org"},
    {"email": "points@fjordpost.example.com", "points": "many"},
    {"email": "birthday@fjordpost.example.com", "birthday": "31/12/1980"},
    {"email": "member@fjordpost.example.com", "member": "perhaps"},
    {"email": "zone@fjordpost.example.com", "time_zone": "Europe/Olso"},
)
"""Rows that cannot be imported, each with one thing wrong."""

_TWINS = 8
"""So many people stand in the file twice."""


def manner(address: str) -> Manner:
    """Say how the server behind a made-up address behaves."""
    local, _, domain = address.rpartition("@")
    for beginning, odd in _ODD.items():
        if local.startswith(beginning):
            return odd
    return Manner.GREYLISTS if domain == _GREYLISTING else Manner.ACCEPTS


def file_rows(count: int) -> tuple[list[Row], int]:
    """Make up a file as it comes out of life.

    Args:
        count: How many different people of it can be written to; at least 20.

    Returns:
        Its rows, and how many of them cannot be imported.
    """
    made = list(_people(count))
    twins = [_twin(one) for one in made[: 2 * _TWINS : 2]]
    extra = [*map(_row, _SLIPS), *twins]
    # Spread over the file, so that the report of the import has line numbers to show.
    every = count // len(extra)
    rows: list[Row] = []
    for place, person in enumerate(made):
        rows.append(person)
        if place % every == 0 and place // every < len(extra):
            rows.append(extra[place // every])
    return rows, len(_SLIPS)


def _row(cells: dict[str, str]) -> Row:
    return tuple(cells.get(name, "") for name in HEADER)


def _twin(person: Row) -> Row:
    """Return a row of the same person as others type it; its empty cells erase nothing."""
    local, _, domain = person[0].rpartition("@")
    return _row({"email": f" {local.upper()}@{domain} "})


def _people(count: int) -> Generator[Row, None, None]:
    chance = random.Random(_SEED)  # noqa: S311 - made-up people guard nothing
    # Two lines break in the middle, whatever chance says.
    broken = {count // 3: "wobbly.", count // 2: "flaky."}
    for number in range(1, count + 1):
        beginning = broken.get(number) or _beginning(chance.randrange(1000))
        yield _person(number, beginning, chance)


def _beginning(among: int) -> str:
    for beginning, share in _SHARES.items():
        if among < share:
            return beginning
        among -= share
    return ""


def _person(number: int, beginning: str, chance: random.Random) -> Row:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    place = _weighed(_PLACES, chance)
    # What the report is about happens to people whom the segment picks.
    country, language, zone, cities = next(iter(_PLACES)) if beginning else place
    city = chance.choice([*cities.split(), ""])
    member = not beginning and chance.random() < 0.3  # noqa: PLR2004 - three of ten
    cells = {
        "email": f"{beginning}{_local(first, last)}{number}@{_weighed(_DOMAINS, chance)}",
        "name": chance.choice([f"{first} {last}"] * 30 + [""]),
        "country": country,
        "city": city,
        "interests": ";".join(chance.sample(_INTERESTS, chance.randrange(4))),
        "points": str(chance.randrange(560)) if member else "",
        "birthday": f"{chance.randrange(1945, 2007)}-{chance.randrange(1, 13):02}-01",
        "member": "yes" if member else "no",
        "language": language,
        "time_zone": zone,
    }
    return _row(cells)


_Thing = TypeVar("_Thing")


def _weighed(things: Mapping[_Thing, int], chance: random.Random) -> _Thing:
    return chance.choices(list(things), list(things.values()))[0]


def _local(first: str, last: str) -> str:
    """Spell a name as most addresses do; one without Latin letters stays as it is."""
    letters = unicodedata.normalize("NFKD", f"{first}.{last}".lower()).translate(_PLAIN)
    kept = "".join(
        one for one in letters if one == "." or (one.isascii() and one.isalnum())
    )
    return first.lower() if kept.startswith(".") else kept
