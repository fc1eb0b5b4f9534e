"""Catalogues of words in other languages than English (GNU gettext's `.po`).

`templates/web/words/<language>.po` has those of the pages, `templates/mail/words/` those of
our own letters (`workspace/letterwords.py`).
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations

from mailer.errors import TemplateError
from mailer.workspace.webpages import WORDS_FOLDER, read_web_words

Translate = Callable[[str], str]
"""Gives a text in one language; what it does not know comes back as it is."""


def read_catalogues(folder: str) -> dict[str, Translate]:
    """Return the words of all languages that a workspace or the example has.

    Raises:
        WorkspaceError: when a file cannot be read, or is not UTF-8.
        TemplateError: when a file is no catalogue.
    """
    return {
        language: _translate(source, f"{WORDS_FOLDER}/{language}.po")
        for language, source in read_web_words(folder).items()
    }


def read_catalogue(source: str, where: str) -> dict[str, str]:
    """Return what a catalogue translates, without what is unsure ("fuzzy").

    Raises:
        TemplateError: when it is no catalogue, or has plural forms.
    """
    said: dict[str, str] = {}
    for one in _parsed(source, where):
        if one.pluralizable or one.context:
            raise TemplateError(
                f"{where}, line {one.lineno}: plural forms and contexts are not known here:"
                " write msgid and msgstr alone"
            )
        if one.id and one.string and not one.fuzzy:
            said[str(one.id)] = str(one.string)
    return said


def _parsed(source: str, where: str) -> Catalog:
    try:
        return read_po(BytesIO(source.encode()), abort_invalid=True)
    except (PoFileError, ValueError) as problem:
        raise TemplateError(f"{where}: {problem}") from problem


def _translate(source: str, where: str) -> Translate:
    catalogue = _parsed(source, where)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations: Any = Translations(compiled)

    def translate(text: str) -> str:
        return str(translations.gettext(text))

    return translate
