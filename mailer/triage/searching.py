"""The words by which a message is found: those in it, and those that are asked for.

Letters lose their accents and their size, so that whoever looks for "Asbjorn" finds
Asbjørn. Scripts without spaces between words are found by their signs, two by two.
"""

import re
import unicodedata
from collections.abc import Sequence

READ_AT_MOST = 20_000
"""So many letters of a message can be found."""

_WORD_AT_MOST = 60
_ASKED_AT_MOST = 20
_ADDRESS = re.compile(r'[^\s<>()\[\]",;:@]{1,64}@[^\s<>()\[\]",;:@]{1,255}')
# Thai, Lao, Burmese and Khmer, kana, Han.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUNS = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_VOICED = 8
"""The combining class of the marks that make another kana of one (が of か)."""

_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "\u0131": "i"}
)


class _Separated(dict[int, int | str]):
    """What stands between words, as spaces; filled as it is asked."""

    def __missing__(self, code: int) -> int | str:
        between = unicodedata.category(chr(code))[0] in "PSZC"
        self[code] = " " if between else code
        return self[code]


_SEPARATED = _Separated()


def words_of(text: str) -> list[str]:
    """Return the words by which a text can be found, each once, in order."""
    plain = _plain(text[:READ_AT_MOST])
    found = {_address(one) for one in _ADDRESS.findall(plain)}
    for run in _runs(plain):
        if _IS_UNSPACED.match(run):
            # The last sign alone too: every sign begins one of these.
            found.update(run[place : place + 2] for place in range(len(run)))
        else:
            found.add(run[:_WORD_AT_MOST])
    return sorted(found - {""})


def indexed(author: str, name: str, subject: str, said: str) -> str:
    """Return by which words a message is found, with a space between each two."""
    return " ".join(words_of(f"{author}\n{name}\n{subject}\n{said}"))


def asked_for(words: Sequence[str]) -> list[str]:
    """Return how words must begin that are looked for; all of them must be there."""
    asked: set[str] = set()
    for word in words:
        plain = _plain(word[:READ_AT_MOST]).strip()
        if _ADDRESS.fullmatch(plain):
            asked.add(_address(plain))
            continue
        for run in _runs(plain):
            if _IS_UNSPACED.match(run) and len(run) > 1:
                asked.update(run[place : place + 2] for place in range(len(run) - 1))
            else:
                asked.add(run[:_WORD_AT_MOST])
    return sorted(asked - {""})[:_ASKED_AT_MOST]


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(one for one in apart if unicodedata.combining(one) in {0, _VOICED})
    return unicodedata.normalize("NFC", kept.casefold()).translate(_LETTERS)


def _runs(plain: str) -> list[str]:
    spaced = plain.translate(_SEPARATED).split()
    return [run for word in spaced for run in _RUNS.findall(word)]


def _address(plain: str) -> str:
    """Return an address as one word, of letters, digits and what joins them alone."""
    kept = (one for one in plain if one in "@._+-" or _SEPARATED[ord(one)] != " ")
    return "".join(kept)[:_WORD_AT_MOST]
