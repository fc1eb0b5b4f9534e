"""Which article answers a question: one BM25 for the search, the form and the letters.

It is reckoned here and not in a database, so that the same words find the same articles on
each. A search shows whatever has one of its words; a suggestion is only made where enough
of what is asked stands in an article's title or in the words that it is asked for with.

Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, §3.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailer.model.article import Article
from mailer.triage.stopwords import STOPWORDS

SUGGESTED_AT_MOST = 2
FOUND_AT_MOST = 20

_WORDS_AT_MOST = 60
"""So many of a question: what is asked stands at its beginning."""

_READ_AT_MOST = 4000
_TITLE, _ASKED, _TEXT = 3, 2, 1
_K1, _B = 1.2, 0.5
_HINTS_AT_LEAST = 2
_SHARE_AT_LEAST = 0.3
_AHEAD = 1.25
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+")
# Signs without spaces between words: each two of them are one.
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_ENDINGS = (
    "ungen", "ingen", "ings", "ungs", "enes", "ies", "ing", "ung", "ene", "ens", "ers",
    "ern", "ed", "en", "er", "et", "es", "em", "e", "s", "n", "y",
)  # fmt: skip
_ENDINGS_AT_MOST = 2
_STEM_AT_LEAST = 4


@dataclass(frozen=True, slots=True)
class Found:
    """An article that has words of a question.

    Args:
        hints: How many of its words stand in the title, or in those it is asked with.
        share: How much of the question stands there, from 0 to 1, by weight.
    """

    article: Article
    score: float
    hints: int
    share: float


@dataclass(frozen=True, slots=True)
class _Indexed:
    article: Article
    weights: Mapping[str, float]
    hints: frozenset[str]
    length: float


class Articles(Protocol):
    """What articles are asked of; `Shelf` says what each question means."""

    @property
    def articles(self) -> tuple[Article, ...]: ...

    def languages_of(self, name: str) -> tuple[str, ...]: ...

    def get(self, name: str, language: str) -> Article | None: ...

    def all_in(self, language: str) -> list[Article]: ...

    def search(self, words: str, language: str) -> list[Found]: ...

    def suggest(self, words: str, language: str) -> list[Article]: ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """All articles, ready to be searched; made once, because it takes a moment."""

    articles: tuple[Article, ...] = ()
    _indexed: Mapping[str, Sequence[_Indexed]] = field(
        default_factory=dict[str, Sequence[_Indexed]], repr=False, compare=False
    )
    _rarity: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict[str, Mapping[str, float]], repr=False, compare=False
    )

    def languages_of(self, name: str) -> tuple[str, ...]:
        """Return in which languages an article is there."""
        return tuple(one.language for one in self.articles if one.name == name)

    def get(self, name: str, language: str) -> Article | None:
        """Return an article, in the language or else in the first that it is there in."""
        same = [one for one in self.articles if one.name == name]
        spoken = [one for one in same if one.language == language]
        return next(iter((*spoken, *same)), None)

    def all_in(self, language: str) -> list[Article]:
        """Return each article once, in the language where it is there, by title."""
        names = dict.fromkeys(one.name for one in self.articles)
        found = [self.get(name, language) for name in names]
        return sorted(
            (one for one in found if one is not None), key=lambda one: one.title.casefold()
        )

    def search(self, words: str, language: str) -> list[Found]:
        """Return the articles of a language that have one of some words, best first."""
        asked = list(dict.fromkeys(stems(words)))[:_WORDS_AT_MOST]
        rarity = self._rarity.get(language, {})
        # What no article has weighs as much as the rarest word that one of them has.
        unknown = max(rarity.values(), default=0.0)
        whole = sum(rarity.get(one, unknown) for one in asked)
        found = [
            Found(one.article, score, len(hints), _share(hints, rarity, whole))
            for one in self._indexed.get(language, ())
            if (score := sum(one.weights.get(word, 0.0) for word in asked)) > 0
            for hints in [[word for word in asked if word in one.hints]]
        ]
        found.sort(key=lambda one: (-one.score, one.article.name))
        return found[:FOUND_AT_MOST]

    def suggest(self, words: str, language: str) -> list[Article]:
        """Return the articles that answer a question, best first; none without a good one.

        A wrong one costs a person time when they have a question anyway, so in doubt there
        is none.
        """
        found = self.search(words, language)
        good = [one for one in found if _is_good(one)]
        if not good or good[0] is not found[0]:
            return []
        best = good[0]
        return [
            one.article
            for one in good[:SUGGESTED_AT_MOST]
            if one is best or one.score * _AHEAD >= best.score
        ]


def _is_good(one: Found) -> bool:
    return one.hints >= _HINTS_AT_LEAST and one.share >= _SHARE_AT_LEAST


def _share(hints: Sequence[str], rarity: Mapping[str, float], whole: float) -> float:
    return sum(rarity[one] for one in hints) / whole if whole else 0.0


def shelf_of(articles: Iterable[Article]) -> Shelf:
    """Make articles ready to be searched."""
    kept = tuple(articles)
    indexed: dict[str, Sequence[_Indexed]] = {}
    rarity: dict[str, Mapping[str, float]] = {}
    for language in sorted({one.language for one in kept}):
        counted = [(one, _counted(one)) for one in kept if one.language == language]
        rarity[language] = _rarity([words for _, words in counted])
        mean = sum(sum(words.values()) for _, words in counted) / len(counted)
        indexed[language] = [
            _index(one, words, rarity[language], mean) for one, words in counted
        ]
    return Shelf(kept, indexed, rarity)


def stems(text: str) -> list[str]:
    """Return a text's words as they are compared: folded and cut, stopwords left out."""
    folded = unicodedata.normalize("NFKC", text[:_READ_AT_MOST]).casefold()
    found: list[str] = []
    for word in _WORD.findall(folded):
        if _WITHOUT_SPACES.search(word):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        elif len(word) > 1 and word not in STOPWORDS and not _NUMBER.fullmatch(word):
            found.append(_stem(word))
    return found


def _stem(word: str) -> str:
    """Cut off what a word of English, Norwegian or German ends with; for all the same."""
    for _ in range(_ENDINGS_AT_MOST):
        ending = next((one for one in _ENDINGS if word.endswith(one)), "")
        if not ending or len(word) - len(ending) < _STEM_AT_LEAST:
            break
        word = word[: -len(ending)]
    # stopped, stop.
    return word[:-1] if len(word) > _STEM_AT_LEAST and word[-1] == word[-2] else word


def _counted(article: Article) -> Counter[str]:
    counted: Counter[str] = Counter()
    for text, weight in (
        (article.title, _TITLE),
        (article.asked, _ASKED),
        (article.text, _TEXT),
    ):
        for word in stems(text):
            counted[word] += weight
    return counted


def _rarity(counted: Sequence[Mapping[str, int]]) -> dict[str, float]:
    many = len(counted)
    having = Counter(word for one in counted for word in one)
    return {
        word: math.log(1 + (many - count + 0.5) / (count + 0.5))
        for word, count in having.items()
    }


def _index(
    article: Article, counted: Mapping[str, int], rarity: Mapping[str, float], mean: float
) -> _Indexed:
    length = sum(counted.values())
    norm = _K1 * (1 - _B + _B * length / mean) if mean else _K1
    weights = {
        word: rarity[word] * count * (_K1 + 1) / (count + norm)
        for word, count in counted.items()
    }
    hints = frozenset((*stems(article.title), *stems(article.asked)))
    return _Indexed(article, weights, hints, length)
