"""Documents and code agree."""

import ast
import io
import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from docs.commands import document
from docs.rfc_index import ROOT, index

MODULES = sorted((ROOT / "mailer").rglob("*.py"))
LONG = {
    "mailer/store/tables.py": "every table, as one thing to read from top to bottom",
    "mailer/wire/sink.py": "one whole server, its commands and its mischief side by side",
}
"""Modules over 300 lines, each with its reason."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_index_of_standards_is_current() -> None:
    assert (ROOT / "docs/rfc.md").read_text(encoding="utf-8") == index()


def test_the_list_of_commands_is_current() -> None:
    assert (ROOT / "docs/commands.md").read_text(encoding="utf-8") == document()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_opens_with_what_it_knows(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), name(path)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_small_or_has_a_reason(path: Path) -> None:
    if "migrations/versions" in name(path):
        return
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= (675 if name(path) in LONG else 320), f"{name(path)}: {lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_public_functions_and_classes_say_what_they_do(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_") or "migrations/versions" in name(path):
                continue
            assert ast.get_docstring(node), f"{name(path)}: {node.name}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_nothing_is_imported_for_type_checkers_only(path: Path) -> None:
    assert "TYPE_CHECKING" not in path.read_text(encoding="utf-8")


def test_only_the_workspace_opens_files() -> None:
    """What the import contracts can't see: the built-in `open`."""
    opened = re.compile(r"(?<![\w.])(?<!def )open\(")
    for path in MODULES:
        if not name(path).startswith("mailer/workspace/"):
            assert not opened.search(path.read_text(encoding="utf-8")), name(path)


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*.md")), ids=name)
def test_links_and_files_named_in_the_documents_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    # What stands in code is an example.
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", prose):
        assert (document.parent / target).exists(), f"{name(document)}: {target}"
    for target in re.findall(r"`((?:mailer|tests|docs)/[\w./-]+\.(?:py|md))`", text):
        assert (ROOT / target).exists(), f"{name(document)}: {target}"


def test_a_new_place_is_filled_from_this_folder_and_not_by_a_name_of_an_index() -> None:
    """Nobody has published the package: by its name a stranger's would be installed."""
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    filled = re.findall(r"-m venv (\S+) && \1/bin/pip install '(.+?)'", text)
    assert filled == [("/opt/mailer", ".[fast]")]


def test_every_word_of_the_values_is_in_the_glossary() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    for word in (
        "contact", "list", "consent", "subscription", "segment", "suppression", "schedule",
        "campaign", "delivery", "cause", "kind", "letter", "relay", "courier", "outcome",
        "notice", "verdict", "event", "ticket", "acknowledgement", "journey",
    ):  # fmt: skip
        assert f"| **{word}** |" in glossary, word


def test_minimum_versions_that_matter_are_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needs = project["project"]["dependencies"]
    assert "aiosmtplib>=5.1.3,<6" in needs
    assert "apscheduler>=3.11.3,<4" in needs


def test_no_asynchronous_sqlalchemy_is_used() -> None:
    """It needs greenlet, which SQLAlchemy 2.1 no longer installs."""
    for path in MODULES:
        assert "sqlalchemy.ext.asyncio" not in path.read_text(encoding="utf-8"), name(path)


def words_of_the_pages() -> set[str]:
    """Return every text that the pages of the example say."""
    said: set[str] = set()
    for page in (ROOT / "templates/web").glob("*.html"):
        with page.open("rb") as file:
            found = extract("jinja2", file, {"_": None}, options={"silent": "false"})
            said |= {str(message) for _, message, _, _ in found}
    for module in (ROOT / "mailer/web").glob("*.py"):
        with module.open("rb") as file:
            said |= {str(one) for _, one, _, _ in extract("python", file, {"say": None})}
    return said


@pytest.mark.parametrize("language", ["nb", "de"])
def test_every_word_of_the_pages_is_there_in_each_language(language: str) -> None:
    file = ROOT / f"templates/web/words/{language}.po"
    catalogue = read_po(io.BytesIO(file.read_bytes()), abort_invalid=True)
    translated = {str(one.id) for one in catalogue if one.id and one.string}
    assert words_of_the_pages() == translated
    assert not list(catalogue.check())
