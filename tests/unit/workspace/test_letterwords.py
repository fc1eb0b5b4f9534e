"""Words of letters in catalogues: each language has a whole letter, or none."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from letters import DATE as NOW
from letters import NEWS, person, ready
from templatefolders import Folder

from mailer.compose.template import Edition, TemplateSource
from mailer.workspace.acknowledgements import read_acknowledgements
from mailer.workspace.templates import words_lacking

SETTINGS = """
language = "en"
kind = "transactional"
subject = "{% trans %}News for {{ name }}{% endtrans %}"
preview = "{% trans %}And more{% endtrans %}"
"""
BODY = "<p>{% trans %}Hello\n  {{ name }},{% endtrans %}</p>\n<p>{{ city }}</p>"
GERMAN = {
    "News for {{ name }}": "Neues für {{ name }}",
    "And more": "Und mehr",
    "Hello {{ name }},": "Guten Tag, {{ name }}!",
}


def catalogue(said: Mapping[str, str], more: str = "") -> str:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    entries = (f'msgid "{words}"\nmsgstr "{other}"\n' for words, other in said.items())
    return head + "\n".join(entries) + more


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write("sale/letter.toml", SETTINGS)
    made.write("sale/body.html", BODY)
    return made


def lacking(folder: Folder) -> dict[str, list[str]]:
    return words_lacking(str(folder.path), "sale")


def test_a_language_with_all_words_has_the_letter_as_if_written_by_hand(
    folder: Folder,
) -> None:
    folder.write("words/de.po", catalogue(GERMAN))
    read = folder.read()
    assert read.subject == "News for {{ name }}"
    assert read.html == "<p>Hello\n  {{ name }},</p>\n<p>{{ city }}</p>"
    assert read.editions == {
        "de": Edition(
            subject="Neues für {{ name }}",
            preview="Und mehr",
            html="<p>Guten Tag, {{ name }}!</p>\n<p>{{ city }}</p>",
            file="body.html",
        )
    }
    assert lacking(folder) == {}
    prepared = ready(read, mailing_list=NEWS)
    who = person(name="Ida", city="Bergen")._replace(language="de-AT")
    letter = prepared.compose(who, 1, 1, NOW)
    assert "Guten Tag, Ida!" in letter.content.decode().replace("=\r\n", "")


def test_a_language_that_lacks_a_word_has_no_letter_and_is_told_of(folder: Folder) -> None:
    said = {words: other for words, other in GERMAN.items() if words != "And more"}
    folder.write("words/de.po", catalogue(said))
    assert folder.read().editions == {}
    assert lacking(folder) == {"de": ["And more"]}


def test_what_nobody_is_sure_of_is_missing(folder: Folder) -> None:
    said = {words: other for words, other in GERMAN.items() if words != "And more"}
    unsure = '\n#, fuzzy\nmsgid "And more"\nmsgstr "Und Meer"\n'
    folder.write("words/de.po", catalogue(said, unsure))
    assert lacking(folder) == {"de": ["And more"]}


def test_a_catalogue_that_has_nothing_of_a_letter_is_no_gap(folder: Folder) -> None:
    folder.write("words/de.po", catalogue({"Good-bye": "Auf Wiedersehen"}))
    assert folder.read().editions == {}
    assert lacking(folder) == {}


def test_what_is_written_by_hand_goes_before_the_catalogue(folder: Folder) -> None:
    folder.write("words/de.po", catalogue(GERMAN))
    folder.write("sale/body.de.html", "<p>Von Hand</p>")
    folder.write(
        "sale/letter.toml",
        SETTINGS.partition("subject")[0]
        + 'subject.en = "News"\nsubject.de = "Eigener Betreff"\n',
    )
    german = folder.read().editions["de"]
    assert (german.html, german.subject) == ("<p>Von Hand</p>", "Eigener Betreff")


def test_a_subject_by_hand_stands_above_a_body_by_catalogue(folder: Folder) -> None:
    folder.write("words/de.po", catalogue(GERMAN))
    lines = 'subject.en = "News"\nsubject.de = "Eigener Betreff"\n'
    folder.write("sale/letter.toml", SETTINGS.partition("subject")[0] + lines)
    german = folder.read().editions["de"]
    assert german.subject == "Eigener Betreff"
    assert german.html is not None
    assert "Guten Tag" in german.html


def test_a_language_without_its_subject_by_hand_is_not_sent(folder: Folder) -> None:
    folder.write("words/de.po", catalogue(GERMAN))
    lines = 'subject.en = "News"\nsubject.nb = "Nytt"\n'
    folder.write("sale/letter.toml", SETTINGS.partition("subject")[0] + lines)
    assert "de" not in {tag for tag, one in folder.read().editions.items() if one.html}
    assert lacking(folder) == {"de": ["subject"]}


def test_the_plain_text_is_translated_too(folder: Folder) -> None:
    folder.write("sale/body.txt", "{% trans %}Hello {{ name }},{% endtrans %}\n")
    folder.write("words/de.po", catalogue(GERMAN))
    read = folder.read()
    assert read.text == "Hello {{ name }},\n"
    assert read.editions["de"].text == "Guten Tag, {{ name }}!\n"


def test_a_layout_says_each_letter_its_own_words(folder: Folder) -> None:
    folder.write(
        "_layouts/small.html",
        "{% block body %}{% endblock %}<i>{% trans %}Leave{% endtrans %}</i>",
    )
    folder.write(
        "sale/body.html",
        '{% extends "_layouts/small.html" %}{% block body %}' + BODY + "{% endblock %}",
    )
    folder.write("words/de.po", catalogue(GERMAN | {"Leave": "Abmelden"}))
    folder.write("words/pt.po", catalogue({"Leave": "Sair"}))
    folder.write("words/pt-BR.po", catalogue({"Leave": "Cancelar"}))
    read = folder.read()

    def shown(language: str, of_the_list: str = "en") -> str:
        whole = folder.read() if of_the_list == "en" else read_in(folder, of_the_list)
        who = person(name="Ida", city="Bergen")._replace(language=language)
        letter = ready(whole, mailing_list=NEWS).compose(who, 1, 1, NOW).content.decode()
        return letter.partition("<i>")[2].partition("</i>")[0].replace("=\r\n", "")

    assert set(read.editions) == {"de"}
    assert shown("de") == "Abmelden"
    assert shown("fr") == "Leave"
    assert shown("en", "pt-BR") == "Cancelar"
    assert shown("en", "pt-PT") == "Sair"


def read_in(folder: Folder, language: str) -> TemplateSource:
    folder.write(
        "sale/letter.toml",
        f'language = "{language}"\nkind = "transactional"\nsubject = "x"',
    )
    return folder.read()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("Guten Tag!", "prints nothing, and the words that it translates"),
        ("Guten Tag, {{ name }} aus {{ city }}", "prints {{city}}, {{name}}"),
        ("Guten {{ Tag,", "{{ or }} without the other"),
        ("Guten Tag, {{ name }} }}", "{{ or }} without the other"),
        ("{% if 1 %}Guten Tag, {{ name }}{% endif %}", "can only print what it translates"),
    ],
)
def test_a_translation_prints_what_it_translates(
    folder: Folder, other: str, words: str
) -> None:
    folder.write("words/de.po", catalogue(GERMAN | {"Hello {{ name }},": other}))
    said = folder.refusal()
    assert said.startswith("templates/mail/words/de.po: ")
    assert words in said


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("msgid \n", "de.po"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"\n', "plural forms"),
        ('msgctxt "x"\nmsgid "a"\nmsgstr "c"\n', "plural forms and contexts"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_named(
    folder: Folder, source: str, words: str
) -> None:
    folder.write("words/de.po", source)
    assert words in folder.refusal()
    assert "templates/mail/words/de.po" in folder.refusal()


def test_a_catalogue_of_no_language_is_named(folder: Folder) -> None:
    folder.write("words/klingon.po", catalogue(GERMAN))
    said = folder.refusal()
    assert "templates/mail/words/klingon.po" in said
    assert "no language that is known" in said


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>a</p>\n{% trans %}Hello", "line 2: {% trans %}: write words"),
        ("Hello{% endtrans %}", "line 1: {% endtrans %}: write words"),
        ("{%- trans -%}Hello{% endtrans %}", "{%- trans -%}: write words"),
        ("{% trans count=3 %}a{% endtrans %}", "{% trans count=3 %}: write words"),
        ("\n\n{% trans %}a{% if x %}b{% endif %}{% endtrans %}", "line 3: between"),
        ("{% trans %} {% endtrans %}", "line 1: between"),
    ],
)
def test_marks_that_are_none_are_named_by_their_line(
    folder: Folder, body: str, words: str
) -> None:
    folder.write("sale/body.html", body)
    said = folder.refusal()
    assert "templates/mail/sale/body.html" in said
    assert words in said


def test_marked_words_need_to_say_in_which_language_they_are(folder: Folder) -> None:
    folder.write("sale/letter.toml", SETTINGS.replace('language = "en"', ""))
    assert 'such as language = "en"' in folder.refusal()


def test_an_acknowledgement_is_there_in_each_language_that_has_its_words(
    tmp_path: Path,
) -> None:
    folder = Folder(tmp_path)
    folder.write(
        "../acknowledgements/received.txt",
        "{% trans %}Thanks{% endtrans %}\n{{ ticket }}\n",
    )
    folder.write("words/nb.po", catalogue({"Thanks": "Takk"}))
    folder.write("words/fr.po", catalogue({"Thanks": "Merci"}))
    folder.write("words/de.po", catalogue({"Good-bye": "Auf Wiedersehen"}))
    folder.write("../acknowledgements/received.fr.txt", "À la main\n")
    texts = read_acknowledgements(str(tmp_path))
    received = {name: text for name, text in texts.items() if name.startswith("received")}
    assert received == {
        "received.txt": "Thanks\n{{ ticket }}\n",
        "received.nb.txt": "Takk\n{{ ticket }}\n",
        "received.fr.txt": "À la main\n",
    }
