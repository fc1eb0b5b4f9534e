"""What each page is tried with before the first customer sees it."""

from collections.abc import Mapping, Sequence

from mailer.model.attributes import AttributeType
from mailer.model.privacy import Kept, Purpose
from mailer.model.reason import WhyLeft
from mailer.model.survey import SurveyKind
from mailer.web.helpsamples import HELP_SAMPLES
from mailer.web.ownsamples import OWN_SAMPLES

Values = Mapping[str, object]

_PERSON: tuple[Values, ...] = tuple(
    {"title": title, "address": address, "on_list": on_list, "stopped": stopped}
    for title in ("News & more", "")
    for address in ("j•••@example.com", "")
    for on_list in (True, False)
    for stopped in (True, False)
)
_INVITED: tuple[Values, ...] = tuple(
    {
        "title": title,
        "address": address,
        "open": is_open,
        "confirmed": confirmed,
        "also": [{"title": "Acme", "words": "Yes, tell Acme."}] if title else [],
        "join_url": join_url,
    }
    for title in ("News & more", "")
    for address in ("j•••@example.com", "")
    for is_open in (True, False)
    for confirmed in (True, False)
    for join_url in ("../join/news", "")
)


def _questions(problem: str) -> list[Values]:
    """Return a question of each type, with and without choices."""
    return [
        {
            "field": "a.name",
            "label": "Your name",
            "type": kind,
            "required": required,
            "value": "",
            "problem": problem,
            "choices": choices,
        }
        for kind in AttributeType
        for required in (True, False)
        for choices in ([], [{"field": "a.name.0", "words": "tents", "chosen": True}])
    ]


_PLACES: list[Values] = [
    {
        "id": "news",
        "name": name,
        "title": "News",
        "purpose": purpose,
        "on": on,
        "waits": waits,
        "topics": [
            {"field": f"topic.{words.lower()}", "words": words, "chosen": waits}
            for words in ("Tents", "Tours")
            if name
        ],
    }
    for name in ("news", "")
    for purpose in ("About once a week.", "")
    for on in (True, False)
    for waits in (True, False)
]

SAMPLES: dict[str, Sequence[Values]] = {
    **OWN_SAMPLES,
    **HELP_SAMPLES,
    "unsubscribe": _PERSON,
    "preferences": tuple(
        {
            "address": address,
            "note": note,
            "places": _PLACES,
            "stopped": stopped,
            "paused_until": until,
            "pauses": (14, 30),
            "frequency": "weekly",
            "frequencies": ["every", "weekly", "monthly"],
            "channels": ("mail", "phone", "post") if until else (),
            "channel": "post",
            "looks": "plain" if until else "full",
            "time_zone": "Europe/Oslo" if stopped else "",
            "time_zones": ["Europe/Oslo", "UTC"],
            "surveys": [{"title": "Taste", "language": "en", "url": "t/taste"}],
            "languages": [{"tag": "en", "name": "English"}],
        }
        for address in ("j•••@example.com", "")
        for note in (
            "",
            "joined",
            "letter",
            "paused",
            "resumed",
            "frequency",
            "topics",
            "looks",
            "page",
            "time_zone",
            "channel",
            "language",
        )
        for stopped in (True, False)
        for until in ("2 December 2026", "")
    ),
    "privacy": tuple(
        {
            "sender": sender,
            "contact": contact,
            "statement_url": contact and "https://example.com/privacy",
            "addresses": ["Storgata 1\nBergen"] if yes else [],
            "lists": [
                {
                    "title": "News & more",
                    "purpose": "About once a week.",
                    "language": "en",
                    "confirmed": confirmed,
                    "join_url": join_url,
                }
                for confirmed in (True, False)
                for join_url in ("https://mail.example.com/join/news", "")
            ],
            "known": ["Your name"] if yes else [],
            "counts_clicks": yes,
            "records": [
                {"title": "What you follow", "purpose": "To know.", "language": "en"}
            ]
            if yes
            else [],
            "mailboxes": ["help@example.com"] if yes else [],
            "reads_mail": yes,
            "receivers": [
                {"name": "relay.example.com", "why": why.value, "words": "Offers."}
                for why in (Purpose if yes else ())
            ],
            "encrypted": yes,
            "kept": Kept(30, 30, 400, 400, 90 if yes else 0),
            "own_url": "https://mail.example.com/me",
        }
        for sender in ("hello@example.com", "")
        for contact in ("privacy@example.com", "")
        for yes in (True, False)
    ),
    "survey": tuple(
        {
            "title": "Your next tour",
            "intro": "Three questions.",
            "survey_language": "en",
            "done": done,
            "questions": [
                {
                    "field": f"a.{kind.value}",
                    "label": f"A question of the kind {kind.value}?",
                    "kind": kind.value,
                    "required": bool(problem),
                    "value": "tents",
                    "low": "not at all",
                    "high": "very much",
                    "problem": problem,
                    "choices": [
                        {
                            "field": f"a.{kind.value}.{place}",
                            "words": words,
                            "ticked": True,
                            "ranked": "",
                        }
                        for place, words in enumerate(("tents", "boots", "stoves"))
                    ],
                }
                for kind in SurveyKind
            ],
        }
        for done in (False, True)
        for problem in ("", "missing", "choice", "text")
    ),
    "left": tuple(
        {
            "title": title,
            "address": address,
            "everything": everything,
            "thanks": everything,
            "undo": undo,
            "about": undo,
            "reasons": [one.value for one in WhyLeft],
        }
        for title in ("News & more", "")
        for address in ("j•••@example.com", "")
        for everything in (False, True)
        for undo in ("token", "")
    ),
    "undone": tuple(
        {"address": address, "done": done}
        for address in ("j•••@example.com", "")
        for done in (True, False)
    ),
    "archive": tuple(
        {
            "title": "News & more",
            "purpose": "About once a week.",
            "feed_url": "https://mail.example.com/archive/news/feed.xml",
            "letters": letters,
        }
        for letters in (
            [],
            [
                {
                    "subject": "Hello",
                    "url": "https://e.test/1",
                    "date": "2026-11-21",
                    "day": "21 November 2026",
                }
            ],
        )
    ),
    "join": tuple(
        {
            "title": "News & more",
            "purpose": "About once a week.",
            "words": "Yes, write to me.",
            "list_language": "en",
            "postal_address": postal_address,
            "email": "j",
            "email_problem": problem,
            "boxes": [
                {
                    "field": "also.clicks:news",
                    "title": "What you follow",
                    "purpose": "To write about what you read.",
                    "words": "Yes, remember it.",
                    "ticked": ticked,
                }
                for ticked in (True, False)
            ],
            "questions": _questions(problem),
        }
        for postal_address in ("Storgata 1\nBergen", "")
        for problem in ("", "missing", "number", "date", "choice", "text")
    ),
    "joined": tuple(
        {"title": "News & more", "address": "j@example.com", "by_letter": by_letter}
        for by_letter in (True, False)
    ),
    "confirm": _INVITED,
    "confirmed": _INVITED,
    "not-found": ({},),
    "problem": tuple(
        {"status": status, "retry": retry}
        for status in (400, 405, 408, 413, 415, 429, 500, 503)
        for retry in ("", "list", "all")
    ),
}
"""What each page is tried with before the first customer sees it."""
