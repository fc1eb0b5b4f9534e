"""`templates/mail/<name>/`: a mail template with all files that it names, read once.

A campaign freezes what is returned here, so nothing is read again while it runs. A file
that is named must lie in `templates/mail/`, wherever `..` or a link would lead.
"""

import re
from pathlib import Path
from urllib.parse import unquote

from mailer.compose.languages import in_small
from mailer.compose.markdown import MACROS_FILE, extends_itself, layout_file
from mailer.compose.syntax import named_files
from mailer.compose.template import (
    BODY,
    DEFAULT_LAYOUT,
    ENDINGS,
    FOLDER,
    HTML_FILE,
    MARKDOWN,
    SETTINGS_FILE,
    Edition,
    TemplateSource,
)
from mailer.compose.written import included_files
from mailer.errors import NotFoundError, TemplateError, WorkspaceError, did_you_mean
from mailer.model.enclosure import Enclosure
from mailer.model.kind import Kind
from mailer.workspace.enclosures import (
    ATTACHED_BYTES_MAX,
    ATTACHMENTS_MAX,
    IMAGE_ENDINGS,
    read_attachment,
    read_image,
)
from mailer.workspace.files import cannot_be_read, closed, folders_with, inside, read_text
from mailer.workspace.lettertable import (
    NAME,
    TO_ONE,
    data_of,
    embed_of,
    kind_of,
    layout_of,
)
from mailer.workspace.letterwords import (
    as_written,
    check_marks,
    in_all_languages,
    read_letter_words,
)
from mailer.workspace.sampletable import read_sample
from mailer.workspace.tomlfiles import Table, parse_toml, read_priority
from mailer.workspace.topictable import named_topics

_FILE_MAX = 1_000_000
_TEXT = ".txt"
_ENDING = rf"\.(?:{'|'.join(IMAGE_ENDINGS)})"
_IMAGE_NAMES = (
    re.compile(rf"(?i)[\"']([^\"'<>:{{}}\n]{{1,200}}{_ENDING})[\"']"),
    re.compile(rf"(?i)\(\s*<?([^\"'<>:{{}}()\n]{{1,200}}{_ENDING})[\s>)]"),
)
"""Where texts may name an image: between quotes, and as Markdown and CSS do."""


def template_names(folder: str) -> list[str]:
    """Return the names of all mail templates, sorted."""
    return folders_with(inside(folder, FOLDER), SETTINGS_FILE)


def read_template(folder: str, name: str) -> TemplateSource:
    """Read a mail template with the layouts and parts that it uses.

    Raises:
        NotFoundError: when there is no template by that name.
        TemplateError: when one of its files is missing, unreadable or does not parse.
    """
    return _read(folder, name)[0]


def words_lacking(folder: str, name: str) -> dict[str, list[str]]:
    """Return what catalogues lack of a letter of which they have most, by language.

    Nobody gets it in these languages.

    Raises:
        NotFoundError: as `read_template`.
        TemplateError: as `read_template`.
    """
    return _read(folder, name)[1]


def _read(folder: str, name: str) -> tuple[TemplateSource, dict[str, list[str]]]:
    known = template_names(folder)
    if not known and (why := closed(folder, FOLDER)):
        raise TemplateError(why)
    if name not in known or not NAME.fullmatch(name):
        raise NotFoundError(
            f"there is no template {name!r} (no file {FOLDER}/{name}/{SETTINGS_FILE})"
            f"{did_you_mean(name, known)}"
        )
    try:
        source = _Reading(folder, name).template()
        return in_all_languages(source, read_letter_words(folder))
    except TemplateError:
        raise
    except WorkspaceError as problem:
        raise TemplateError(str(problem)) from problem
    except PermissionError as problem:
        raise TemplateError(cannot_be_read(f"{FOLDER}/{name}/", problem)) from problem


class _Reading:
    """One template while it is read."""

    def __init__(self, folder: str, name: str) -> None:
        self._name = name
        self._base = Path(inside(folder, FOLDER)).resolve()
        self._files: dict[str, str] = {}
        self._own: dict[str, str] = {}
        self._contents: dict[str, bytes] = {}

    def template(self) -> TemplateSource:
        """Read all of it."""
        settings = parse_toml(self._read(SETTINGS_FILE), self._shown(SETTINGS_FILE))
        table = Table(settings, self._shown(SETTINGS_FILE))
        subject, subjects = _by_language(table, "subject", None)
        preview, previews = _by_language(table, "preview", "")
        kind = kind_of(table)
        sample = read_sample(table)
        data = data_of(table, kind)
        language = table.text("language", "")
        layout = layout_of(table, self._layout_for(kind))
        embed = embed_of(table)
        attached = table.texts("attachments")
        priority, topics = read_priority(table), named_topics(table)
        table.end()
        bodies, texts = self._by_language(ENDINGS), self._by_language((_TEXT,))
        for file in sorted({*bodies.values(), *texts.values()}):
            self._files_of(file, layout)
        editions = {
            tag: Edition(
                subject=subjects.get(tag),
                preview=previews.get(tag),
                html=self._said(bodies.get(tag)),
                file=bodies.get(tag, ""),
                text=self._said(texts.get(tag)),
            )
            for tag in {*subjects, *previews, *bodies, *texts} - {""}
        }
        if "" not in bodies and not editions:
            names = " and no ".join(f"{BODY}{ending}" for ending in ENDINGS)
            raise TemplateError(f"{FOLDER}/{self._name}: there is no {names}")
        return TemplateSource(
            name=self._name,
            subject=subject,
            preview=preview,
            kind=kind,
            sample=sample,
            html=self._said(bodies.get("")) or "",
            text=self._said(texts.get("")),
            files=dict(sorted(self._files.items())),
            file=bodies.get("", HTML_FILE),
            language=language,
            layout=layout,
            editions=editions,
            images=self._images(embed),
            embed=embed,
            attachments=self._attachments(attached),
            priority=priority,
            topics=topics,
            data=data,
            contents=self._contents,
        )

    def _images(self, embed: tuple[str, ...] | None) -> dict[str, Enclosure]:
        """Read the images that the texts name, and that are there."""
        names = {
            unquote(found)
            for text in (*self._own.values(), *self._files.values())
            for pattern in _IMAGE_NAMES
            for found in pattern.findall(text)
        }
        found: dict[str, Enclosure] = {}
        for name in sorted({*names, *(embed or ())}):
            if self._path(name).is_file():
                image, content = read_image(self._path(name), self._shown(name))
                found[name] = image
                self._contents[image.hash] = content
            elif embed and name in embed:
                raise TemplateError(
                    f"{self._shown(SETTINGS_FILE)}: embed names {name!r}, and there is no"
                    f" file {self._shown(name)}"
                )
        return found

    def _attachments(self, names: list[str]) -> dict[str, Enclosure]:
        if len(names) > ATTACHMENTS_MAX:
            raise TemplateError(
                f"{self._shown(SETTINGS_FILE)}: {len(names)} files are attached, and more"
                f" than {ATTACHMENTS_MAX} nobody opens: put them on your site, and write a"
                " link"
            )
        found: dict[str, Enclosure] = {}
        for name in names:
            file, content = read_attachment(self._path(name), self._shown(name))
            own_name = name.rpartition("/")[2]
            if own_name in found:
                raise TemplateError(
                    f"{self._shown(SETTINGS_FILE)}: two attached files are called"
                    f" {own_name}: readers could not tell them apart, so rename one"
                )
            found[own_name] = file
            self._contents[file.hash] = content
        size = sum(one.size_bytes for one in found.values())
        if size > ATTACHED_BYTES_MAX:
            raise TemplateError(
                f"{self._shown(SETTINGS_FILE)}: what is attached has"
                f" {size / 1_000_000:.1f} MB together, and may have"
                f" {ATTACHED_BYTES_MAX // 1_000_000} at most: put it on your site, and"
                " write a link"
            )
        return found

    def _by_language(self, endings: tuple[str, ...]) -> dict[str, str]:
        """Return the files of bodies by language in small letters, "" for that of none."""
        found: dict[str, str] = {}
        for path in sorted(Path(self._base, self._name).glob(f"{BODY}.*")):
            if path.suffix not in endings:
                continue
            tag = in_small(path.stem.removeprefix(BODY).removeprefix("."))
            if tag in found:
                raise TemplateError(
                    f"{FOLDER}/{self._name}: both {found[tag]} and {path.name} are the"
                    " letter: remove one"
                )
            found[tag] = path.name
        return found

    def _said(self, file: str | None) -> str | None:
        return None if file is None else self._own[file]

    def _layout_for(self, kind: Kind) -> str:
        """Return in which layout a body in Markdown stands that names none."""
        if kind is Kind.TRANSACTIONAL and self._path(layout_file(TO_ONE)).is_file():
            return TO_ONE
        return DEFAULT_LAYOUT

    def _files_of(self, file: str, layout: str) -> None:
        """Read a body with all that it names."""
        self._own[file] = self._read(file)
        text = self._take_named(self._own[file], file)
        if file.endswith(MARKDOWN):
            self._take(MACROS_FILE)
            if not extends_itself(text):
                self._take(layout_file(layout))

    def _shown(self, file: str) -> str:
        return f"{FOLDER}/{file}" if "/" in file else f"{FOLDER}/{self._name}/{file}"

    def _path(self, file: str) -> Path:
        """Return where a file is: one without a `/`, in the template's own folder."""
        path = self._base / (file if "/" in file else f"{self._name}/{file}")
        if "\0" in file or not path.resolve().is_relative_to(self._base):
            raise TemplateError(
                f"{self._shown(HTML_FILE)}: the file {file!r} would lie outside of"
                f" {FOLDER}/: copy it there"
            )
        return path

    def _read(self, file: str) -> str:
        path, shown = self._path(file), self._shown(file)
        if path.is_file() and path.stat().st_size > _FILE_MAX:
            raise TemplateError(
                f"{shown}: more than {_FILE_MAX} bytes are too much for a letter"
            )
        text = read_text(str(path), shown)
        if "\0" in text:
            line = text[: text.index("\0")].count("\n") + 1
            raise TemplateError(
                f"{shown}, line {line}: a NUL character: the file is damaged, or was saved"
                " as something else than UTF-8"
            )
        if not text.strip():
            raise TemplateError(f"{shown}: the file is empty: was it saved?")
        return text

    def _take_named(self, marked: str, file: str) -> str:
        """Read the files that a text names, and those that they name.

        One that is missing is left out: who puts the template together names the line.

        Returns:
            The text without marks for its words.
        """
        check_marks(marked, self._shown(file))
        text = as_written(marked)
        included = included_files(text, file)
        for name in (*named_files(text, self._shown(file)), *included):
            self._take(name)
        return text

    def _take(self, name: str) -> None:
        if name not in self._files and self._path(name).is_file():
            self._files[name] = self._read(name)
            self._take_named(self._files[name], name)


def _by_language(table: Table, key: str, default: str | None) -> tuple[str, dict[str, str]]:
    """Read a text that may be one for each language: `subject.nb = "…"`."""
    if not table.is_table(key):
        return table.text(key, default), {}
    texts = Table(table.table(key), f"{table.where}, {key}")
    tags = list(texts.keys())
    found = {in_small(tag): texts.text(tag, default) for tag in tags}
    if len(found) < len(tags):
        raise TemplateError(f"{texts.where}: a language is there twice")
    return "", found
