"""`templates/acknowledgements/*.txt`: what people are told, a workspace's or ours."""

from mailer.compose.languages import FALLBACK, in_small, written
from mailer.workspace.letterwords import (
    as_written,
    check_marks,
    marked_words,
    read_letter_words,
)
from mailer.workspace.webpages import files_below

FOLDER = "templates/acknowledgements"
_ENDING = ".txt"


def read_acknowledgements(folder: str) -> dict[str, str]:
    """Return the texts by file name, the example's where one is missing.

    A text that marks its words is there in each language too whose catalogue has them all
    (`received.de.txt`), unless somebody wrote it by hand.

    Raises:
        WorkspaceError: when a file cannot be read, or is not UTF-8.
        TemplateError: when a mark stands wrong, or a catalogue does not hold.
    """
    files = files_below(folder, FOLDER, _ENDING)
    spoken = read_letter_words(folder)
    found: dict[str, str] = {}
    for file, text in files.items():
        check_marks(text, f"{FOLDER}/{file}")
        found[file] = as_written(text)
        name = file.removesuffix(_ENDING)
        if "." in name or not marked_words(text):
            continue
        by_hand = {in_small(one) for one in files}
        for words in spoken:
            other = f"{name}.{written(words.language)}{_ENDING}"
            known = in_small(other) in by_hand or words.language == FALLBACK
            if not known and not set(marked_words(text)) - words.said.keys():
                found[other] = words.translated(text)
    return found
