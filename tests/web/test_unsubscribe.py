"""RFC 8058, as mail programs, scanners and people use it."""

import threading

import pytest

from mailer.model.consent import SuppressionReason
from mailer.model.suppression import Suppression
from mailer.model.token import Reader, TokenKind
from mailer.store.suppressions import suppress
from mailer.store.tables import LedgerRow

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"
BOTH = {"news", "courses"}


def post(client, link, body=ONE_CLICK, kind=FORM):
    return client.post(link, content=body, headers={"Content-Type": kind})


def multipart(boundary='"a b"', *, newline="\r\n", name='"List-Unsubscribe"'):
    plain = boundary.strip('"')
    lines = [
        "a preamble",
        f"--{plain}",
        f"Content-Disposition: form-data; name={name}",
        "",
        "One-Click",
        f"--{plain}--",
        "an epilogue",
    ]
    return newline.join(lines), f"multipart/form-data; boundary={boundary}"


def test_scanners_that_follow_links_a_thousand_times_leave_everyone_subscribed(
    client, world
):
    people = [world.person(f"p{number}@example.com") for number in range(5)]
    before = world.entries()
    for turn in range(100):
        person = people[turn % 5]
        for link in (person.unsubscribe, person.preferences):
            for query in ("", "?List-Unsubscribe=One-Click&leave=all"):
                assert client.get(link + query).status_code == 200
                assert client.head(link + query).status_code == 200
            for method in ("OPTIONS", "PUT"):
                assert client.request(method, link).status_code == 405
    assert all(world.lists_of(person) == BOTH for person in people)
    assert world.entries() == before


@pytest.mark.parametrize(
    ("language", "words"),
    [("nb", "Du er meldt av.\n"), ("de", "Sie sind abgemeldet.\n"),
     ("fr", "You are unsubscribed.\n")],
)  # fmt: skip
def test_one_click_is_answered_in_the_readers_language(client, world, language, words):
    person = world.person()
    sent = {"List-Unsubscribe": "One-Click"}
    answer = client.post(
        person.unsubscribe, data=sent, headers={"accept-language": language}
    )
    assert (answer.status_code, answer.text) == (200, words)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    answer = client.post(f"{person.unsubscribe}?lang={language}", data=sent)
    assert answer.text == words


def test_one_click_leaves_the_list_of_the_letter_at_once(client, world):
    person, other = world.person(), world.person("ola@example.com")
    answer = post(client, person.unsubscribe)
    assert (answer.status_code, answer.text) == (200, "You are unsubscribed.\n")
    assert world.lists_of(person) == {"courses"}
    assert world.lists_of(other) == BOTH
    last = world.entries()[-1]
    assert (last.contact_id, last.list_id) == (person.contact_id, "news")
    assert (last.act, last.how, last.at) == ("withdrawn", "one_click", world.now)
    assert (last.network_value, last.agent_value) == (None, None)


WAYS_TO_WRITE_IT = [
    multipart("a"),
    multipart(),
    multipart("----WebKitFormBoundaryABC", newline="\n"),
    multipart("a", name="list-unsubscribe"),
    multipart("a", name="List-Unsubscribe"),
    (f"a=1&{ONE_CLICK}&b=2", FORM),
    (ONE_CLICK + "\r\n", FORM + "; charset=UTF-8"),
    ("list%2Dunsubscribe=one%2Dclick", FORM.upper()),
    (ONE_CLICK, "text/plain"),
    (ONE_CLICK, ""),
]


def test_one_click_is_understood_however_it_is_written(client, world):
    for number, (body, kind) in enumerate(WAYS_TO_WRITE_IT):
        person = world.person(f"p{number}@example.com")
        answer = post(client, person.unsubscribe, body, kind)
        assert answer.status_code == 200, (body, kind)
        assert world.lists_of(person) == {"courses"}, (body, kind)


def test_one_click_needs_no_cookie_referrer_or_origin_and_sets_none(client, world):
    person = world.person()
    answer = client.post(
        person.unsubscribe,
        content=ONE_CLICK,
        headers={
            "Content-Type": FORM,
            "Cookie": "session=somebody-else",
            "Origin": "https://elsewhere.example.com",
            "Referer": "https://elsewhere.example.com/",
        },
    )
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert world.lists_of(person) == {"courses"}


def test_a_second_request_is_answered_alike_and_writes_nothing(client, world):
    person = world.person()
    first = post(client, person.unsubscribe)
    entries = world.entries()
    again = post(client, person.unsubscribe)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert client.post(person.unsubscribe, data={"leave": "list"}).status_code == 200
    assert world.entries() == entries


def test_two_requests_at_the_same_moment_make_one_entry(client, world):
    people = [world.person(f"p{number}@example.com") for number in range(4)]
    before = world.count(LedgerRow)
    start = threading.Barrier(8)
    answers = []

    def leave(person):
        start.wait()
        answers.append(post(client, person.unsubscribe).status_code)

    threads = [threading.Thread(target=leave, args=(one,)) for one in people * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert world.count(LedgerRow) == before + 4
    assert [world.lists_of(person) for person in people] == [{"courses"}] * 4


def test_the_button_of_the_page_leaves_the_list_and_shows_a_page(client, world):
    person = world.person()
    answer = client.post(person.unsubscribe, data={"leave": "list"})
    assert answer.status_code == 200
    assert "You have left “News from the &lt;mountains&gt;”" in answer.text
    assert "k•••@example.com" in answer.text
    assert "kari" not in answer.text
    assert world.lists_of(person) == {"courses"}
    assert world.entries()[-1].how == "page"


def test_the_other_button_leaves_all_lists(client, world):
    person = world.person()
    answer = client.post(person.unsubscribe, data={"leave": "all"})
    assert answer.status_code == 200
    assert "You have left all our lists" in answer.text
    assert world.lists_of(person) == set()


def test_who_has_left_all_lists_stays_away_whatever_is_pressed_next(client, world):
    person = world.person()
    for body in ({"leave": "all"}, {"leave": "all"}, {"leave": "list"}):
        assert client.post(person.unsubscribe, data=body).status_code == 200
        assert world.lists_of(person) == set()
    assert post(client, person.unsubscribe).status_code == 200
    assert world.lists_of(person) == set()
    for link in (person.unsubscribe, person.preferences):
        page = client.get(link).text
        assert "on none of" in page
        assert 'name="leave"' not in page


def test_a_link_that_names_no_list_is_for_all_of_them(client, world):
    person = world.person()
    reader = Reader(person.contact_id, 0, 1)
    link = f"/u/{world.tokens.for_reader(TokenKind.UNSUBSCRIBE, reader)}"
    assert "Leave all our lists?" in client.get(link).text
    assert post(client, link).status_code == 200
    assert world.lists_of(person) == set()
    assert "You are on none of our lists" in client.get(link).text


def test_somebody_whose_address_is_suppressed_is_not_told_to_be_on_a_list(client, world):
    person = world.person()
    with world.database.write() as connection:
        suppress(
            connection,
            world.ring.suppression_hash("kari@example.com"),
            Suppression("list:news", SuppressionReason.COMPLAINED, world.now, None, ""),
        )
    assert world.lists_of(person) == BOTH
    assert "You are not on this list" in client.get(person.unsubscribe).text


def test_the_page_says_what_will_happen_and_to_whom(client, world):
    person = world.person()
    page = client.get(person.unsubscribe)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Leave “News from the &lt;mountains&gt;”?" in page.text
    assert "k•••@example.com" in page.text
    assert "kari" not in page.text
    assert 'name="leave" value="list"' in page.text
    assert 'name="leave" value="all"' in page.text
    assert "Fjell &amp; Fjord" in page.text


def test_the_page_of_who_has_left_says_so(client, world):
    person = world.person()
    post(client, person.unsubscribe)
    page = client.get(person.unsubscribe)
    assert "You are not on this list" in page.text
    assert 'value="list"' not in page.text


def test_the_preferences_name_the_list_and_its_buttons_leave(client, world):
    person = world.person()
    page = client.get(person.preferences)
    assert page.status_code == 200
    assert "News from the &lt;mountains&gt;" in page.text
    assert "You are on this list" in page.text
    answer = client.post(person.preferences, data={"leave": "list"})
    assert answer.status_code == 200
    assert world.lists_of(person) == {"courses"}
    assert "You are not on this list" in client.get(person.preferences).text
    client.post(person.preferences, data={"leave": "all"})
    assert world.lists_of(person) == set()


def wrong_links(world, person):
    token = person.unsubscribe.removeprefix("/u/")
    flipped = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]
    other_key = token[:1].replace("A", "B") + token[1:]
    return [
        "/u/",
        "/u/x",
        f"/u/{token[:-1]}",
        f"/u/{token[1:]}",
        f"/u/{token}A",
        f"/u/{token}=",
        f"/u/{token}/more",
        f"/u/{token}%00",
        f"/u/{token.swapcase()}",
        f"/u/{flipped}",
        f"/u/{other_key}",
        f"/u/{'A' * 38}",
        f"/u/{'A' * 5000}",
        "/u/%F0%9F%92%8C",
        "/u/%FF%FE",
        f"/u/{person.preferences.removeprefix('/p/')}",
        f"/p/{token}",
        f"/u/{world.tokens.for_delivery(TokenKind.MESSAGE, 1)}",
    ]


def test_a_link_that_is_not_ours_gets_the_same_404_whatever_is_wrong_with_it(client, world):
    person = world.person()
    before = world.entries()
    nobody = client.get("/nothing/here")
    assert nobody.status_code == 404
    for link in wrong_links(world, person):
        answers = [
            client.get(link),
            post(client, link),
            client.post(link, data={"leave": "all"}),
        ]
        assert {answer.status_code for answer in answers} == {404}, link
        assert {answer.content for answer in answers} == {nobody.content}, link
        assert {tuple(answer.headers.items()) for answer in answers} == {
            tuple(nobody.headers.items())
        }, link
        assert client.head(link).status_code == 404, link
    assert world.entries() == before
    assert world.lists_of(person) == BOTH


def test_every_changed_bit_of_a_token_is_found_out(client, world):
    person = world.person()
    token = person.unsubscribe.removeprefix("/u/")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place, letter in enumerate(token):
        for bit in range(6):
            wrong = alphabet[alphabet.index(letter) ^ (1 << bit)]
            link = f"/u/{token[:place]}{wrong}{token[place + 1 :]}"
            assert post(client, link).status_code == 404, link
    assert world.lists_of(person) == BOTH


def test_what_mail_programs_put_behind_a_link_does_no_harm(client, world):
    for junk in (".", ">", "/", "%3E", ")", "%22", "%20", "%E2%80%9D", "?utm_source=x"):
        person = world.person(f"{junk.encode().hex()}@example.com")
        assert client.get(person.unsubscribe + junk).status_code == 200, junk
        assert post(client, person.unsubscribe + junk).status_code == 200, junk
        assert world.lists_of(person) == {"courses"}, junk


def test_somebody_who_is_no_longer_on_record_is_answered_as_if_they_had_left(client, world):
    reader = Reader(2**40 - 1, world.person().reader.list_number, 0)
    link = f"/u/{world.tokens.for_reader(TokenKind.UNSUBSCRIBE, reader)}"
    before = world.entries()
    assert client.get(link).status_code == 200
    assert "no longer on record" in client.get(link).text
    answer = post(client, link)
    assert (answer.status_code, answer.text) == (200, "You are unsubscribed.\n")
    for wish in ("list", "all"):
        assert client.post(link, data={"leave": wish}).status_code == 200
    assert world.entries() == before


NO_WISHES = [
    ("", FORM),
    ("leave=", FORM),
    ("leave=everything", FORM),
    ("List-Unsubscribe=", FORM),
    ("List-Unsubscribe=Yes", FORM),
    ('{"List-Unsubscribe": "One-Click"}', "application/json"),
    (ONE_CLICK.encode("utf-16"), FORM + "; charset=utf-16"),
    (b"\xff\xfe=\x00&\x80", FORM),
    ("&" * 5_000, FORM),
    ("a=b&" * 5_000, FORM),
    (multipart("a")[0], "multipart/form-data"),
    (multipart("a")[0], "multipart/form-data; boundary=b"),
    (multipart("a", name="other")[0], "multipart/form-data; boundary=a"),
    (multipart("a", name='"x"; name*=utf-8\'\'List%2DUnsubscribe2')[0],
     "multipart/form-data; boundary=a"),
    ("--a\r\n\r\nOne-Click\r\n--a--", "multipart/form-data; boundary=a"),
    ("--a" * 10_000, "multipart/form-data; boundary=a"),
    ("\n--a" * 10_000, "multipart/form-data; boundary=a"),
]  # fmt: skip


def test_what_is_no_wish_to_leave_changes_nothing_and_says_so(client, world):
    person = world.person()
    before = world.entries()
    for body, kind in NO_WISHES:
        answer = post(client, person.unsubscribe, body, kind)
        assert answer.status_code == 400, (body[:50], kind)
        assert "Nothing was changed" in answer.text
    assert world.entries() == before


def test_a_body_that_is_too_large_is_refused_and_changes_nothing(client, world):
    person = world.person()
    body = f"{ONE_CLICK}&padding={'x' * 70_000}".encode()
    for content in (body, iter([body[:1000], body[1000:]])):
        answer = client.post(
            person.unsubscribe, content=content, headers={"Content-Type": FORM}
        )
        assert answer.status_code == 413
        assert "Nothing was changed" in answer.text
    assert world.lists_of(person) == BOTH


def test_a_compressed_body_is_refused(client, world):
    person = world.person()
    headers = {"Content-Type": FORM, "Content-Encoding": "gzip"}
    answer = client.post(person.unsubscribe, content=b"\x1f\x8b", headers=headers)
    assert answer.status_code == 415
    assert world.lists_of(person) == BOTH


def test_nothing_is_claimed_as_done_while_the_database_cannot(client, world):
    person = world.person()
    before = world.entries()
    world.rename("ledger_head", "elsewhere")
    clicked = post(client, person.unsubscribe)
    assert (clicked.status_code, clicked.headers["retry-after"]) == (503, "60")
    assert "unsubscribed" not in clicked.text
    pressed = client.post(person.unsubscribe, data={"leave": "all"})
    assert (pressed.status_code, pressed.headers["retry-after"]) == (503, "60")
    assert "please press the button once more" in pressed.text
    assert 'name="leave" value="all"' in pressed.text
    assert world.lists_of(person) == BOTH
    world.rename("elsewhere", "ledger_head")
    assert world.entries() == before
    assert post(client, person.unsubscribe).status_code == 200
    assert world.lists_of(person) == {"courses"}


def test_a_page_that_cannot_be_read_says_that_it_is_our_trouble(client, world):
    person = world.person()
    world.rename("contact", "elsewhere")
    for link in (person.unsubscribe, person.preferences):
        answer = client.get(link)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "The trouble is on our side" in answer.text
    world.rename("elsewhere", "contact")
    assert client.get(person.unsubscribe).status_code == 200
