"""What holds for every answer: headers, calm words, no redirect; whose templates count."""

import base64
import hashlib
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from customers import ROOT, app_of
from starlette.testclient import TestClient
from worlds import make_workspace

from mailer.compose.links import Site
from mailer.errors import TemplateError
from mailer.model.token import Reader, TokenBox, TokenKind
from mailer.web.app import build_app
from mailer.web.leaving import masked
from mailer.web.pages import Pages
from mailer.workspace.webpages import read_web_pages

ALWAYS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
EXAMPLE = read_web_pages(str(ROOT))


def every_answer(client, person):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return [
        client.request(method, path, content=body, headers=form)
        for path in (
            person.unsubscribe,
            person.preferences,
            "/u/wrong",
            "/",
            "/u",
            "/nothing",
            "//",
            "/robots.txt",
            "/health",
            "/health/",
            "/metrics",
        )
        for method, body in (
            ("GET", None),
            ("HEAD", None),
            ("OPTIONS", None),
            ("DELETE", None),
            ("POST", ""),
            ("POST", "x" * 70_000),
            ("POST", "leave=list"),
            ("POST", "List-Unsubscribe=One-Click"),
        )
    ]


def test_every_answer_is_private_calm_and_where_it_was_asked(client, world):
    for answer in every_answer(client, world.person()):
        headers = dict(answer.headers)
        assert {name: headers.get(name) for name in ALWAYS} == ALWAYS, answer
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert not {"set-cookie", "location", "refresh"} & headers.keys(), answer
        assert answer.status_code in {200, 400, 404, 405, 413}, answer


def test_another_method_is_told_calmly_which_there_are(client, world):
    answer = client.delete(world.person().unsubscribe)
    assert answer.status_code == 405
    assert {one.strip() for one in answer.headers["allow"].split(",")} == {
        "GET",
        "HEAD",
        "POST",
    }
    assert "This did not work" in answer.text


def test_an_unknown_path_gets_a_calm_page(client):
    for path in ("/", "/u", "/admin", "/u/x/../../etc/passwd"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "This page is not here" in answer.text


class Page(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]


def test_the_pages_load_nothing_run_nothing_and_are_made_for_everybody(client, world):
    person = world.person()
    pages = [
        client.get(person.unsubscribe),
        client.get(person.preferences),
        client.get("/nothing"),
        client.post(person.unsubscribe),
        client.post(person.unsubscribe, data={"leave": "list"}),
    ]
    for answer in pages:
        page = Page(answer.text)
        assert ("html", "lang", "en") in page.attributes
        assert any(name == "viewport" for _, _, name in page.attributes)
        assert not {"script", "img", "iframe", "object", "video"} & set(page.tags)
        assert page.tags.count("h1") == page.tags.count("main") == 1
        assert all(
            value in {"data:,", "/privacy"}
            for _, name, value in page.attributes
            if name in {"href", "src", "action", "style"}
        )
        assert "http" not in re.sub(r"<style>.*?</style>", "", answer.text, flags=re.DOTALL)


def test_the_policy_allows_the_styles_of_the_page_and_no_others(client):
    answer = client.get("/nothing")
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}';" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy


def test_the_path_of_the_public_address_may_reach_us_or_not(world):
    person = world.person()
    site = Site("https://www.example.com/post/box/")
    app = app_of(world, site=site)
    with TestClient(app, follow_redirects=False) as client:
        assert client.get(person.unsubscribe).status_code == 200
        assert client.get(f"/post/box{person.unsubscribe}").status_code == 200
        assert client.get("/post/box/health").status_code == 200
        assert client.get(f"/other{person.unsubscribe}").status_code == 404
        answer = client.post(
            f"/post/box{person.unsubscribe}", data={"List-Unsubscribe": "One-Click"}
        )
    assert answer.status_code == 200
    assert world.lists_of(person) == {"courses"}


SORRY = {
    "en": "The trouble is on our side",
    "nb": "Feilen ligger hos oss",
    "de": "Der Fehler liegt bei uns",
}


def test_a_bug_is_answered_calmly_and_its_traceback_kept_for_the_log(world):
    app = app_of(world, clock=lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    link = world.person().unsubscribe
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get(link)
        assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")
        for language, words in SORRY.items():
            answer = client.get(link, headers={"accept-language": language})
            assert (answer.status_code, words in answer.text) == (500, True)
            assert f'<html lang="{language}"' in answer.text
            assert answer.headers["content-language"] == language
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "ZeroDivisionError" not in answer.text
    with TestClient(app) as client, pytest.raises(ZeroDivisionError):
        client.get(link)


@pytest.mark.parametrize(
    ("address", "want"),
    [
        ("john.smith@example.com", "j•••@example.com"),
        ("j@example.com", "j•••@example.com"),
        ("øystein@example.com", "ø•••@example.com"),
        ("", ""),
    ],
)
def test_an_address_is_shown_so_that_only_its_owner_knows_it(address, want):
    assert masked(address) == want


def pages_with(**sources):
    return Pages(EXAMPLE | {f"{name}.html": text for name, text in sources.items()})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{% if on_list %}\n<p>", r"templates/web/unsubscribe.html, line 2: .*endif"),
        (
            "<p>\n{{ adress }}",
            r"line 2: 'adress' is undefined; .* has: address, language, on_list, ",
        ),
        ("{% if not on_list %}{{ x }}{% endif %}", r"line 1: 'x' is undefined"),
        ("\n{{ title.upper(1) }}", r"unsubscribe.html, line 2: "),
        ("{{ title.__class__ }}", r"line 1: .*unsafe"),
        ("{% extends 'layout.html' %}", r"no template 'layout.html' in templates/web"),
        ("{{ 1 // 0 }}", r"line 1: .*zero"),
        (
            "{% for i in range(10**9) %}{% endfor %}",
            r"unsubscribe.html, line 1: .*[Rr]ange",
        ),
    ],
)
def test_a_mistake_in_a_template_is_named_before_the_first_customer_sees_it(text, words):
    with pytest.raises(TemplateError, match=words):
        pages_with(unsubscribe=text)


def test_a_mistake_in_the_layout_is_placed_in_the_layout():
    layout = EXAMPLE["_layout.html"].replace("<main>", "<main>{{ brand }}")
    line = layout.split("{{ brand }}")[0].count("\n") + 1
    with pytest.raises(TemplateError, match=rf"templates/web/_layout.html, line {line}: "):
        Pages(EXAMPLE | {"_layout.html": layout})


def test_a_page_with_its_own_style_sheets_or_none_gets_its_own_policy():
    page = pages_with(**{"not-found": "<STYLE media=print>p{}</STYLE><style>b{}</style>"})
    policy = page.not_found().headers["content-security-policy"]
    assert policy.count("sha256-") == 2
    plain = pages_with(**{"not-found": "<p>"}).not_found()
    assert "style-src 'none'" in plain.headers["content-security-policy"]


def test_a_workspace_has_its_own_pages_and_the_example_s_where_it_has_none(tmp_path: Path):
    with make_workspace(
        tmp_path,
        site={"public_url": "https://post.example.com", "sender": "Shop <a@example.com>"},
    ) as workspace:
        own = tmp_path / "templates" / "web"
        shutil.rmtree(own)
        own.mkdir()
        (own / "not-found.html").write_text("<p>{{ site_name }} är inte här", "utf-8")
        reader = Reader(1, 1, 1)
        token = TokenBox(workspace.ring).for_reader(TokenKind.UNSUBSCRIBE, reader)
        with TestClient(build_app(workspace)) as client:
            assert client.get("/").text == "<p>Shop är inte här"
            page = client.get(f"/u/{token}")
            assert page.status_code == 200
            assert "<header>Shop</header>" in page.text
            assert client.get("/metrics").status_code == 200


def test_the_example_s_pages_are_all_there():
    assert {"unsubscribe", "preferences", "left", "not-found", "problem"} <= {
        name.removesuffix(".html") for name in EXAMPLE
    }


def test_every_page_says_that_it_is_a_rehearsal_and_none_otherwise(tmp_path: Path):
    for mode, said in (("rehearsal", True), ("live", False)):
        with make_workspace(tmp_path / mode, mode=mode) as workspace:
            app = build_app(workspace)
            token = TokenBox(workspace.ring).for_reader(
                TokenKind.UNSUBSCRIBE, Reader(1, 1, 0)
            )
            with TestClient(app) as client:
                for path in (f"/u/{token}", "/u/wrong", "/nothing"):
                    answer = client.get(path)
                    assert ("This is a rehearsal" in answer.text) is said, path
                    # Its styles are allowed by the page's own policy.
                    for style in re.findall(
                        r"<style>(.*?)</style>", answer.text, re.DOTALL
                    ):
                        digest = hashlib.sha256(style.encode()).digest()
                        allowed = f"'sha256-{base64.b64encode(digest).decode()}'"
                        assert allowed in answer.headers["content-security-policy"]
                    document = answer.text.index("<body")
                    assert "rehearsal" not in answer.text[:document]


def test_a_page_without_a_body_element_says_it_all_the_same():
    pages = {**EXAMPLE, "not-found.html": "<!doctype html><title>x</title><p>Nothing."}
    answer = Pages(pages, notice="A <rehearsal>").not_found()
    assert "A &lt;rehearsal&gt;" in bytes(answer.body).decode()
