"""What strangers, scanners and robots try at every page: nothing happens, calmly.

One table of pages (`doors.py`) and one test for each thing that is tried at all of them.
What is tried at one page only stands beside that page's tests: sessions of another page in
test_own_hostile.py, changed bits of a token in test_unsubscribe.py.
"""

import logging
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from customers import NOW
from doors import (
    ALL,
    ASKED,
    KARI,
    NEW_HERE,
    OTHERS,
    POSTED,
    SECRETS,
    SIGNED,
    Door,
    House,
    house_of,
    routes_of,
)
from starlette.testclient import TestClient

from mailer.model.key import Key, KeyRing
from mailer.model.signup import SignUpRules
from mailer.model.token import Link, Reader, TokenBox, TokenKind
from mailer.store.clicks import followed
from mailer.store.tables import IncomingRow, SignUpRow

_WISHES = "?leave=all&List-Unsubscribe=One-Click&do=erase-now&helped=yes&pause=30&sure=yes"
_SCANNERS = (
    "",
    "Mozilla/5.0 (compatible; Barracuda Sentinel)",
    "curl/8.5.0",
    "python-requests/2.32",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 SafeLinks",
)
_LOOKS = 1_000
_LARGE = 10_000_000


@pytest.fixture
def house(world, folder) -> House:
    return house_of(world, folder)


def calm(answer) -> bool:
    """Say whether an answer is a page of ours that says no more than it must."""
    return answer.status_code < 500 and "Traceback" not in answer.text


def test_every_page_is_in_the_table(house):
    found = routes_of(house.app)
    assert {one.route for one in house.doors.values()} == found.keys()
    assert set(house.doors) == set(ALL)
    posted = {f"/{name}" for name in POSTED}
    assert posted == {path for path, methods in found.items() if "POST" in methods}
    assert {one.token != "" for one in house.doors.values()} == {True, False}
    assert {name for name, one in house.doors.items() if one.token} == set(SIGNED)


@pytest.mark.parametrize("name", ALL)
def test_each_door_works_for_whom_it_is_made(house, name):
    door = house.doors[name]
    with house.opened() as page:
        if name != "hooks/{provider}":
            assert page.get(door.path).status_code in {200, 302}
        if name in POSTED:
            before = house.everything()
            assert page.post(door.path, **door.posted).status_code == 200
            assert house.everything() != before


def _scanned(door: Door, times: int) -> Iterator[tuple[str, str, str]]:
    """Return what scanners ask of a page: half of it GET, half HEAD."""
    wishes = door.path + ("" if "?" in door.path else _WISHES)
    for number in range(times):
        yield (
            "HEAD" if number % 2 else "GET",
            wishes if number % 4 > 1 else door.path,
            _SCANNERS[number % len(_SCANNERS)],
        )


def _followed(house: House) -> int:
    """Return how often a person is said to have followed a link."""
    house.app.state.clicks.write(NOW, everything=True)
    with house.world.database.read() as connection:
        return sum(one.people for one in followed(connection, 1))


@pytest.mark.parametrize("name", SIGNED)
def test_a_thousand_looks_by_scanners_change_nobody_s_state(house, name):
    before = house.everything()
    assert house.looks(_scanned(house.doors[name], _LOOKS)) <= {200, 302}
    assert house.everything() == before
    assert _followed(house) == 0


def test_looks_at_what_is_for_everybody_change_nobody_s_state(house):
    before = house.everything()
    for name in OTHERS:
        assert house.looks(_scanned(house.doors[name], 40)) <= {200, 405}, name
    assert house.everything() == before
    assert _followed(house) == 0


def _foreign(house: House) -> TokenBox:
    """Return what makes tokens with somebody else's keys."""
    keys = tuple(Key(one.id, one.purpose, b"x" * 32) for one in house.world.ring.keys)
    return TokenBox(KeyRing(keys))


_GONE = (TokenKind.UNSUBSCRIBE, TokenKind.PREFERENCES, TokenKind.CONFIRM)
"""Good links that outlive what they are for: who is gone has left, a sign-up is too old."""


_ANY_CASE = {"/b/{token:path}"}
"""Its tokens are a delivery's, which mail systems may have written in other letters."""


def hostile(house: House, door: Door) -> list[str]:
    """Return forged, truncated, swapped and foreign tokens in place of a good one."""
    good, tokens, kari = door.token, house.world.tokens, house.kari.reader
    half = len(good) // 2
    others = [one.token for one in house.doors.values() if one.token not in {"", good}]
    strangers = _foreign(house)
    absent = Reader(kari.contact_id, 60_000, 1)
    found = [
        good[:-1], good[1:], good[:half], good + "A", "A" + good, good[::-1],
        good.swapcase(), good[half:] + good[:half], good[:-1] + "\u00e9",
        good[:half] + ("A" if good[half] != "A" else "B") + good[half + 1 :],
        *(good[:half] + one[half:] for one in others),
        *others,
        *(tokens.for_number(kind, 999_999) for kind in TokenKind if kind not in _GONE),
        *(strangers.for_number(kind, 1) for kind in TokenKind),
        *(strangers.for_reader(kind, kari) for kind in TokenKind),
        strangers.for_link(Link(1, 0)),
        tokens.for_reader(TokenKind.UNDO, absent),
        "x", "%00", "..%2f" + good, "A" * 4_000, "1", "'%20OR%201=1--", "%ff%fe",
    ]  # fmt: skip
    if door.route in _ANY_CASE:
        return [one for one in found if one.lower() != good.lower()]
    return found


def test_forged_truncated_swapped_and_foreign_tokens_open_nothing(house):
    before = house.everything()
    with house.opened() as page:
        calm_page = page.get("/nothing").text
        for name in SIGNED:
            door = house.doors[name]
            for token in hostile(house, door):
                path = door.with_token(token)
                answers = [page.get(path)]
                if name in POSTED:
                    answers.append(page.post(path, **door.posted))
                for answer in answers:
                    assert (answer.status_code, answer.text) == (404, calm_page), path
                    assert "location" not in answer.headers
    assert house.everything() == before


def test_a_token_of_another_list_leaves_that_list_alone(house):
    world, kari = house.world, house.kari
    other = kari.reader._replace(list_number=kari.reader.list_number + 1)
    token = world.tokens.for_reader(TokenKind.UNSUBSCRIBE, other)
    mixed = house.doors["u/{token:path}"].token[:20] + token[20:]
    with house.opened() as page:
        assert page.post(f"/u/{mixed}", data={"leave": "list"}).status_code == 404
        assert world.lists_of(kari) == {"news", "courses"}
        assert page.post(f"/u/{token}", data={"leave": "list"}).status_code == 200
        assert world.lists_of(kari) == {"news"}
        gone = kari.reader._replace(list_number=60_000)
        token = world.tokens.for_reader(TokenKind.UNSUBSCRIBE, gone)
        assert calm(page.post(f"/u/{token}", data={"leave": "list"}))


def test_ten_megabytes_are_not_read(house):
    before = house.everything()
    with house.opened() as page:
        for name in POSTED:
            door = house.doors[name]
            pieces = (b"email=" + b"a" * 99_994 for _ in range(_LARGE // 100_000))
            answer = page.post(door.path, content=pieces, headers=door.headers)
            assert answer.status_code == 413, name
            assert calm(answer)
    assert house.everything() == before


_FORM = "application/x-www-form-urlencoded"
_UNREADABLE = [
    (_FORM, b"email=\xff\xfe\x00&text=\xff&leave=\xff"),
    (f"{_FORM}; charset=utf-16", "email=a@b.test".encode("utf-16")),
    (_FORM, b"email=a@b.test%00&name=%ed%a0%80&text=%00"),
    (_FORM, b"\x00" * 1_000),
    (_FORM, b"&&&&==;;%%%zz" * 500),
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name=\xff",
    ),
    ("multipart/form-data", b"--x--"),
    ("application/json", b'{"email": ['),
    ("", b"\x80" * 100),
]
_ACTING = ("c/{token:path}", "m/{token:path}", "t/{token:path}")
"""Two act on being posted to, whatever is in the form, and one takes any text."""


def test_wrong_encodings_are_answered_calmly_and_send_no_letter(house):
    before = house.everything()
    with house.opened() as page:
        for name in POSTED:
            for kind, body in _UNREADABLE:
                path, headers = house.doors[name].path, {"Content-Type": kind}
                assert calm(page.post(path, content=body, headers=headers)), (name, body)
            if name not in _ACTING:
                assert house.everything() == before, name
            before = house.everything()
    assert house.everything()["delivery"] == before["delivery"]


_EVIL = "x\r\nSet-Cookie: evil=1\r\n\r\n<script>alert(1)</script>"
_IN_PATH = "%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a%3cscript%3ealert(1)%3c/script%3e"
_FIELDS = ("email", "name", "text", "once", "lang", "session")
_HEADERS = ("User-Agent", "Referer", "Origin", "Accept-Language", "X-Forwarded-For")


def test_no_line_is_smuggled_into_a_header_or_the_log(house, caplog):
    caplog.set_level(logging.DEBUG)
    headers = dict.fromkeys(_HEADERS, _IN_PATH)
    elsewhere = {"Host": "evil.test", "X-Forwarded-Host": "evil.test"}
    with house.opened() as page:
        for name, door in house.doors.items():
            typed = dict.fromkeys((*(door.form or {}), *_FIELDS), _EVIL)
            path = door.path.partition("?")[0]
            for answer in (
                page.get(f"{path}?lang={_IN_PATH}&q={_IN_PATH}", headers=headers),
                page.get(f"{path}/{_IN_PATH}", headers=headers),
                page.get(path, headers=elsewhere),
                page.post(path, data=typed, headers=headers),
            ):
                assert calm(answer), name
                assert "set-cookie" not in answer.headers
                assert "evil" not in str(dict(answer.headers)), name
                assert "<script>alert" not in answer.text, name
                assert "evil.test" not in answer.text, name
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("mailer")]
    tokens = [one.token for one in house.doors.values() if one.token]
    assert [one for one in ours if "\n" in one or any(has in one for has in tokens)] == []


def test_a_form_of_another_site_can_do_no_more_than_a_stranger(house):
    """Who does not hold the link, or the session of a page that is open, does nothing."""
    before, evil = house.everything(), {"Origin": "https://evil.test"}
    wishes = {"leave": "all", "do": "erase-now", "session": "guess", "pause": "30"}
    asks = evil | {"Access-Control-Request-Method": "POST"}
    with house.opened() as page:
        for name in POSTED:
            door = house.doors[name]
            path = door.with_token("guess") if door.token else door.path
            for answer in (
                page.post(
                    path, data=wishes, headers=evil | {"Sec-Fetch-Site": "cross-site"}
                ),
                page.options(door.path, headers=asks),
            ):
                assert calm(answer), name
                assert "access-control-allow-origin" not in answer.headers
    assert house.everything() == before


def _filled_in(page: TestClient, door: Door) -> dict[str, Any]:
    """Return what the page's own form sends, with the mark that the page gave it."""
    mark = re.search(r'name="once" value="([^"]+)"', page.get(door.path).text)
    if mark is None:
        return door.posted
    return {"data": {**(door.form or {}), "once": mark[1]}}


def _standing(house: House) -> dict[str, list[object]]:
    """Return what people agreed to and what is known of them."""
    found = house.everything()
    return {
        name: found[name]
        for name in ("ledger", "subscription", "suppression", "contact", "incoming")
    }


@pytest.mark.parametrize("name", POSTED)
def test_a_form_that_is_sent_again_and_again_does_it_once(house, name):
    door = house.doors[name]
    with house.opened() as page:
        posted = _filled_in(page, door)
        assert page.post(door.path, **posted).status_code == 200
        before = _standing(house)
        for _ in range(3):
            assert calm(page.post(door.path, **posted))
    assert _standing(house) == before


@pytest.mark.parametrize("name", POSTED)
def test_a_form_that_many_send_at_the_same_moment_does_it_once(house, name):
    door, before = house.doors[name], len(house.world.entries())
    messages, sign_ups = house.world.count(IncomingRow), house.world.count(SignUpRow)
    answers: list[int] = []
    with house.opened() as page:
        posted = _filled_in(page, door)

        def send() -> None:
            answers.append(page.post(door.path, **posted).status_code)

        threads = [threading.Thread(target=send) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert 200 in answers
    assert set(answers) <= {200, 404, 422}
    assert len(house.world.entries()) - before == door.entries
    assert house.world.count(IncomingRow) - messages <= 1
    assert house.world.count(SignUpRow) - sign_ups <= 1


@pytest.mark.parametrize("name", ["join/{name}", "contact/{name}"])
def test_a_proxy_that_is_not_ours_is_not_believed(world, folder, name):
    house = house_of(world, folder, SignUpRules(from_network_an_hour=4, an_hour=1_000))
    path = house.doors[name].path

    def posted(page: TestClient, number: int) -> int:
        """Let somebody else write, who says to be from a network of her own."""
        says = {"email": f"p{number}@example.org", "text": f"{number}", "sure": "yes"}
        hop = {"X-Forwarded-For": f"198.51.{number}.7"}
        answer = page.post(path, data=says, headers=hop)
        assert calm(answer)
        return answer.status_code

    with house.opened("203.0.113.9") as page:
        assert {posted(page, number) for number in range(8)} == {200, 429}
    with house.opened("127.0.0.1") as page:
        # Our own proxy is believed: these are eight networks.
        assert {posted(page, number) for number in range(8, 16)} == {200}


def _hers(house: House) -> list[object]:
    found = house.world.entries()
    return [one for one in found if one.contact_id == house.kari.contact_id]


@pytest.mark.parametrize("name", ["join/{name}", "contact/{name}", "me"])
@pytest.mark.parametrize(
    "address",
    ["k\u0430ri@example.com", "kari@ex\u0430mple.com", "kari@example.com.evil.test"],
)
def test_an_address_that_looks_like_hers_is_somebody_else_s(house, name, address):
    door = house.doors[name]
    before = _hers(house)
    letters = house.everything()["delivery"]
    with house.opened() as page:
        assert calm(page.post(door.path, data={**(door.form or {}), "email": address}))
    assert _hers(house) == before
    added = [one for one in house.everything()["delivery"] if one not in letters]
    assert not [one for one in added if f"'{KARI}'" in one]


def test_a_letter_that_is_forwarded_reveals_no_attribute_order_or_ticket(house):
    hers = (*map(str, SECRETS.values()), KARI, "kari@", "90210", ASKED)
    with house.opened() as page:
        for name, door in house.doors.items():
            if not door.in_letter:
                continue
            answers = [page.get(door.path), page.get(door.path + _WISHES)]
            if name in POSTED and name != "me":
                wishes = (
                    door.form or {},
                    {"page": "yes"},
                    {"do": "json"},
                    {"language": "nb"},
                )
                answers += [page.post(door.path, data=one) for one in wishes]
            for answer in answers:
                assert calm(answer)
                assert [one for one in hers if one in answer.text] == [], name
        # What it leads on to is mailed to her own address, and opens nothing by itself.
        assert page.post("/me", data={"email": NEW_HERE}).text.count(NEW_HERE) >= 1
