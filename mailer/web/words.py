"""The pages' words: in English as the templates have them, and in other languages."""

from collections.abc import Callable, Collection, Mapping

from markupsafe import Markup, escape

ENGLISH = "en"

Say = Callable[..., Markup]
"""`_("Leave “%(title)s”?", title=title)`: the words in one language, safe in HTML."""


def in_english(text: str, /, **values: object) -> Markup:
    """Return the words as the templates have them."""
    return _filled(text, values)


def words_of(catalogues: Mapping[str, Callable[[str], str]]) -> dict[str, Say]:
    """Return what says the words in each language that there is a catalogue for."""
    return {language: _in(translate) for language, translate in catalogues.items()}


def _in(translate: Callable[[str], str]) -> Say:
    def say(text: str, /, **values: object) -> Markup:
        return _filled(translate(text), values)

    return say


def choose_language(wanted: Collection[str], accepted: str, there: Collection[str]) -> str:
    """Choose the language of a page.

    Args:
        wanted: What the person or the link asks for, the weightiest first; "" counts not.
        accepted: What the browser says it accepts (Accept-Language, RFC 9110 §12.5.4).
        there: The languages that there are words in.
    """
    for tag in [*wanted, *_by_weight(accepted)]:
        parts = tag.strip().lower().replace("_", "-").split("-")
        # Norwegian without saying which is Bokmål for most; RFC 4647 §3.4 cuts the rest.
        parts[0] = {"no": "nb", "nn": "nb"}.get(parts[0], parts[0])
        if parts[0] in there:
            return parts[0]
    return ENGLISH


def _by_weight(accepted: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for item in accepted[:_ACCEPTED_MAX].split(","):
        tag, _, weight = item.partition(";")
        try:
            weighed.append((float(weight.strip().removeprefix("q=") or 1), tag))
        except ValueError:
            continue
    weighed.sort(key=lambda one: -one[0])
    return [tag for weight, tag in weighed if weight > 0]


_ACCEPTED_MAX = 500


def _filled(text: str, values: Mapping[str, object]) -> Markup:
    words = escape(text)
    return words % values if values else words
