"""What the pages where people help themselves and write to us are tried with."""

from collections.abc import Mapping, Sequence

_ARTICLE = {"title": "Returns & more", "url": "https://e.test/answers/r", "language": "nb"}
_LISTS: tuple[list[Mapping[str, object]], ...] = ([], [_ARTICLE])

HELP_SAMPLES: dict[str, Sequence[Mapping[str, object]]] = {
    "answers": tuple(
        {"query": query, "articles": articles}
        for query in ("", "tents & more")
        for articles in _LISTS
    ),
    "answer": (
        {
            "title": "Returns & more",
            "text": "<p>You have 30 days.</p>",
            "article_language": "en",
            "others": "https://e.test/answers",
        },
    ),
}
