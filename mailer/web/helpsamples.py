"""What the pages where people help themselves and write to us are tried with."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

_ARTICLE = {"title": "Returns & more", "url": "https://e.test/answers/r", "language": "nb"}
_LISTS: tuple[list[Mapping[str, object]], ...] = ([], [_ARTICLE])

HELP_SAMPLES: dict[str, Sequence[Mapping[str, object]]] = {
    "answers": tuple(
        {"query": query, "articles": articles, "contact_url": url}
        for query in ("", "tents & more")
        for url in ("", "https://e.test/contact/support")
        for articles in _LISTS
    ),
    "answer": (
        {
            "title": "Returns & more",
            "text": Markup("<p>You have 30 days.</p><ol><li>Pack it.</li></ol>"),
            "article_language": "en",
            "others": "https://e.test/answers",
            "contact_url": "https://e.test/contact/support",
        },
    ),
    "contact": tuple(
        {
            "email": "j",
            "email_problem": problem,
            "name": "",
            "subject": "Tents & more",
            "text": "Hello",
            "text_problem": "long" if problem else "",
            "answers": answers,
            "once": "1700000000.0011223344556677",
        }
        for problem in ("", "missing", "text", "ours")
        for answers in _LISTS
    ),
    "contacted": ({"address": "j@example.com"},),
    "ticket": tuple(
        {
            "number": 7,
            "subject": subject,
            "stands": stands,
            "answer_by": answer_by,
            "entries": [
                {"ours": ours, "text": "Hi", "at": "Friday", "iso": "2026-11-27"}
                for ours in (True, False)
            ],
            "open": bool(subject),
            "helped": helped,
            "note": note,
            "problem": problem,
            "once": "1700000000.0011223344556677",
        }
        for subject in ("Tents & more", "")
        for stands in ("open", "answered", "closed")
        for answer_by in ("Friday", "")
        for helped, note, problem in (
            ("", "", ""),
            ("yes", "helped", "missing"),
            ("no", "sent", ""),
        )
    ),
}
