"""`templates/web/words/<language>.po`: the pages' words in other languages than English."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

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


def _translate(source: str, where: str) -> Translate:
    try:
        catalogue = read_po(BytesIO(source.encode()), abort_invalid=True)
    except (PoFileError, ValueError) as problem:
        raise TemplateError(f"{where}: {problem}") from problem
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations: Any = Translations(compiled)

    def translate(text: str) -> str:
        return str(translations.gettext(text))

    return translate
