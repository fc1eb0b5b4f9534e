"""What a person's own page is tried with before the first customer sees it."""

from collections.abc import Mapping, Sequence

Values = Mapping[str, object]

_CONSENTS: list[Values] = [
    {
        "title": title,
        "act": act,
        "at": "21 Nov 2026, 10:00:00",
        "how": how,
        "source": source,
        "words": words,
        "network": network,
        "agent": network and "Mozilla",
        "reason": network and "too_often",
        "said": network and "Every day!",
    }
    for title, source, words, network in (
        ("News", "sign-up page", "Yes, write to me.", "192.0.2.1"),
        ("", "", "", ""),
    )
    for act, how in (
        ("granted", "form"), ("granted", "import"), ("confirmed", "page"),
        ("withdrawn", "one_click"), ("objected", "support"), ("undone", "command"),
        ("lifted", "api"), ("moved", "page"), ("erased", "report"),
    )
]  # fmt: skip
_VALUES: list[Values] = [
    {
        "name": name,
        "label": "Name",
        "field": f"a.{name}",
        "type": kind,
        "choices": [{"value": "en", "words": "English"}],
        "value": "en",
        "problem": problem,
        "known": known,
        "by": by,
        "source": "trade fair",
        "since": "21 Nov 2026",
    }
    for name, kind in (
        ("language", "choice"), ("time_zone", "choice"), ("name", "text"),
        ("points", "number"), ("birthday", "date"), ("member", "boolean"),
        ("interests", "texts"), ("old", "other"),
    )
    for problem, known, by in (
        ("", True, "you"), ("number", True, "import"), ("date", True, "form"),
        ("choice", True, "staff"), ("text", False, "you"),
    )
]  # fmt: skip
_LETTERS: list[Values] = [
    {
        "subject": subject,
        "kind": kind,
        "title": "News",
        "state": state,
        "at": "21 Nov 2026, 10:00:00",
        "agreed": agreed,
        "segment": segment,
        "rule": rule,
        "events": [
            {"at": "21 Nov 2026", "what": what, "said": said}
            for what in ("bounce", "complaint", "report")
        ],
    }
    for subject, kind, agreed in (
        ("Hello", "marketing", _CONSENTS[0]), ("", "marketing", None),
        ("", "confirmation", None), ("", "journey", _CONSENTS[0]), ("", "reply", None),
    )
    for state, segment, rule, said in (
        ("accepted", "tents", "'tents' in interests", "no"), ("refused", "", "x", ""),
        ("expired", "", "", ""), ("withheld", "", "", ""), ("in_doubt", "", "", ""),
        ("queued", "", "", ""),
    )
]  # fmt: skip
_STOPS: list[Values] = [
    {
        "title": "News",
        "scope": scope,
        "reason": "unsubscribed",
        "since": "21 Nov 2026",
        "until": until,
    }
    for scope in ("list", "marketing", "everything")
    for until in ("", "21 Dec 2026")
]
_CONVERSATIONS: list[Values] = [
    {
        "subject": subject,
        "number": 12,
        "since": "21 Nov 2026, 10:00:00",
        "said": [
            {"what": what, "at": "21 Nov 2026, 10:00:00", "text": "Do you ship tents?"}
            for what in ("came", "acknowledgement", "reply", "note")
        ],
    }
    for subject in ("Tents", "")
]
_DID: list[Values] = [
    {"what": what, "about": about, "at": "21 Nov 2026, 10:00:00"}
    for what, about in (
        ("replied", "ticket 12"), ("answered", "tour"), ("visited", ""), ("ordered", ""),
        ("clicked", "https://shop.example.com/"),
    )
]  # fmt: skip
_FULL: Values = {
    "address": "kari@example.com",
    "since": "21 Nov 2026",
    "made_at": "21 Nov 2026, 10:00:00",
    "values": _VALUES,
    "on_lists": ["News"],
    "frequency": "weekly",
    "given": [{"title": "Acme", "at": "21 Nov 2026, 10:00:00"}],
    "partners": [
        {
            "id": "partner:acme",
            "title": "Acme",
            "purpose": "Tours.",
            "words": "Yes, tell Acme.",
            "agreed": agreed,
            "since": "21 Nov 2026",
        }
        for agreed in (True, False)
    ],
    "follows": [
        {
            "id": "clicks:news",
            "title": "What you follow",
            "purpose": "To write about what you read.",
            "words": "Yes, remember it.",
            "agreed": agreed,
            "since": "21 Nov 2026",
        }
        for agreed in (True, False)
    ],
    "plain": True,
    "topics": [{"title": "News", "chosen": "tents, tours"}],
    "consents": _CONSENTS,
    "stops": _STOPS,
    "letters": _LETTERS,
    "conversations": _CONVERSATIONS,
    "did": _DID,
}
_BARE: Values = {
    **_FULL,
    "frequency": "",
    "plain": False,
    "given": [],
    "partners": [],
    "follows": [],
    "topics": [],
    "on_lists": [],
    "consents": [],
    "stops": [],
    "letters": [],
    "conversations": [],
    "did": [],
}

OWN_SAMPLES: dict[str, Sequence[Values]] = {
    "me": tuple(
        {"email": "kari", "problem": problem} for problem in ("", "missing", "text")
    ),
    "asked": ({"address": "kari@example.com"},),
    "door": tuple(
        {"open": is_open, "new_address": address, "ask_url": "../me"}
        for is_open in (True, False)
        for address in ("", "kari@example.com")
    ),
    "own": tuple(
        {**known, "session": "x", "note": note, "email": "", "wrong_address": wrong}
        for known, note, wrong in (
            (_FULL, "", True),
            (_BARE, "saved", False),
            (_BARE, "same", False),
            (_BARE, "shared", False),
            (_BARE, "unshared", False),
            (_BARE, "unfollowed", False),
            (_BARE, "letter", False),
            (_BARE, "no-letter", False),
        )
    ),
    "own-erase": ({"address": "kari@example.com", "session": "x"},),
    "own-done": tuple(
        {"address": "kari@example.com", "note": note}
        for note in ("erased", "moved", "taken")
    ),
    "own-data": (_FULL, _BARE),
}  # fmt: skip
