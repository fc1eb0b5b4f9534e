"""The console in a browser: by keyboard, on a telephone, and nothing of a stranger runs."""

import asyncio
import threading
from collections.abc import Generator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from chromium import Tab, browser
from consoles import PASSWORD, a_console, code_of, invited, take_in, write
from ports import free_port

from mailer.jobs import staff
from mailer.model.news import News
from mailer.model.staff import Role
from mailer.web.app import build_app
from mailer.web.server import serve_web
from mailer.wiring import Workspace, utc_now

AXE = Path(__file__).parent.parent.joinpath("axe/axe.min.js").read_text(encoding="utf-8")
_FOUND = "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[tuple[str, str, Workspace], None, None]:
    """The address of a console that is served, the secret of Kari's codes, and its shop."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    ready, ended = threading.Event(), asyncio.Event()
    folder = tmp_path_factory.mktemp("console")
    with a_console(folder, site={"public_url": here}) as shop:
        write(shop)
        take_in(shop, hostile())
        secret = invited(shop, "Kari", Role.ADMIN)
        staff.change(shop.database, "Kari", "test", utc_now(), notify=[*News])
        app, loop = build_app(shop), asyncio.new_event_loop()
        serving = serve_web(app, "127.0.0.1", port, ended, lambda _: ready.set())
        thread = threading.Thread(target=loop.run_until_complete, args=(serving,))
        thread.start()
        assert ready.wait(60)
        yield f"{here}/console", secret, shop
        loop.call_soon_threadsafe(ended.set)
        thread.join(60)
        loop.close()


def hostile() -> bytes:
    message = EmailMessage()
    message["From"] = "Eve <eve@example.com>"
    message["To"] = "support@shop.example"
    message["Subject"] = "<img src=x onerror='top.pwned=1'>"
    message["Message-ID"] = "<evil@example.com>"
    message.set_content("</pre><script>top.pwned=2</script>")
    message.add_alternative(
        "<script>top.pwned=3</script><b onclick='top.pwned=4'>Hello</b>"
        "<style>*{position:fixed}</style><svg onload='top.pwned=5'></svg>",
        subtype="html",
    )
    return bytes(message)


_FITS = (
    "[...document.querySelectorAll('.scroll')].every(b => b.scrollWidth <= b.clientWidth)"
)
_LISTEN = """
    const Real = Notification;
    const shown = () => JSON.parse(sessionStorage.getItem('shown') || '[]');
    window.Notification = class extends Real {
        constructor(title, more) {
            super(title, more);
            const all = [...shown(), [title, more.body]];
            sessionStorage.setItem('shown', JSON.stringify(all));
        }
    };
"""
"""Notes each notice as the browser makes it, also when the page is loaded again."""


def press(tab: Tab, key: str, **more: int) -> None:
    text = {} if more else {"text": key}
    for kind in ("keyDown", "keyUp"):
        tab.ask(
            "Input.dispatchKeyEvent", type=kind, key=key, **more,
            **(text if kind == "keyDown" else {}),
        )  # fmt: skip


def write_in(tab: Tab, text: str) -> None:
    tab.ask("Input.insertText", text=text)


def is_good(tab: Tab) -> None:
    """Hold a page to the rules at two widths, light and dark."""
    tab.run(f"{AXE};0")
    for width in (1280, 360):
        tab.size(width, 800)
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            tab.ask("Emulation.setEmulatedMedia", features=[feature])
            assert tab.run(_FOUND) == []
            assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    # Nor is a table scrolled sideways on a telephone.
    assert tab.run(_FITS)


def sign_in(tab: Tab, secret: str, off: int = 0) -> None:
    """Sign in as Kari; a code does once, so who comes after another takes the next."""
    write_in(tab, "Kari")
    tab.key("Tab")
    write_in(tab, PASSWORD)
    tab.key("Tab")
    write_in(tab, code_of(secret, off))
    tab.key("Enter")
    tab.until("document.querySelector('#queue')")


def goes_to_a_letter_and_back(tab: Tab) -> None:
    tab.run("""document.querySelector('a[href*="/letters/"]').click()""")
    tab.until("document.querySelector('iframe.tall')")
    is_good(tab)
    tab.run("document.querySelector('main a').click()")
    tab.until("document.querySelector('#answer')")


def test_a_ticket_is_answered_by_keyboard_and_nothing_of_a_stranger_runs(desk) -> None:
    address, secret, _ = desk
    with browser() as tab:
        tab.go(f"{address}/")
        is_good(tab)
        sign_in(tab, secret)
        assert tab.run("document.cookie") == ""
        is_good(tab)
        press(tab, "/")
        tab.until("document.activeElement.id === 'q'")
        tab.run("document.activeElement.blur()")
        press(tab, "j")
        tab.key("Enter")
        tab.until("document.querySelector('#answer')")
        is_good(tab)
        press(tab, "r")
        tab.until("document.activeElement.id === 'text'")
        write_in(tab, "Yes, we do.")
        tab.until("document.getElementById('kept').textContent === 'Kept as a draft.'")
        press(tab, "Enter", modifiers=2, windowsVirtualKeyCode=13)
        tab.until("document.querySelector('.done')")
        assert "ten seconds" in tab.run("document.querySelector('.done').textContent")
        goes_to_a_letter_and_back(tab)
        for place in ("h1", "pre.words"):
            assert tab.reads_from_the_right(place), place
        tab.go(f"{address}/tickets/2")
        tab.run("document.querySelectorAll('details').forEach(one => one.open = true)")
        is_good(tab)
        assert tab.run("document.querySelector('iframe').contentDocument") is None
        assert tab.run("typeof window.pwned") == "undefined"
        for page in ("stats", "audit", "new", "blocks", "search?q=tents"):
            tab.go(f"{address}/{page}")
            is_good(tab)


def test_a_browser_tells_each_notice_once_and_none_in_quiet_hours(desk) -> None:
    address, secret, shop = desk
    there = utc_now().astimezone(ZoneInfo(shop.world().zone))
    around = [f"{(there + timedelta(hours=off)):%H:%M}" for off in (-2, 2)]
    with browser() as tab:
        tab.ask("Page.addScriptToEvaluateOnNewDocument", source=_LISTEN)
        tab.ask("Browser.grantPermissions", permissions=["notifications"])
        tab.go(f"{address}/")
        sign_in(tab, secret, 1)
        assert tab.run("document.getElementById('notices').checked") is False
        tab.run("document.querySelector('.keys summary').click()")
        tab.run("document.getElementById('notices').click()")
        tab.until("localStorage.getItem('notices') === 'on'")
        staff.change(shop.database, "Kari", "test", utc_now(), quiet="-".join(around))
        write(shop, "Shh.", number=3, sender="quiet@example.com", subject="Shh")
        asked = f"fetch('{address}/changes?view=due').then(r => r.json()).then(r => r.news)"
        assert tab.run(asked) == []
        staff.change(shop.database, "Kari", "test", utc_now(), quiet="")
        tab.until("shown().length")
        write(shop, "Once more?", number=4, sender="eva@example.com", subject="Twice")
        tab.until("shown().length > 1")
        told = tab.run("shown()")
        assert [title for title, _ in told] == ["#3", "#4"]
        assert not any("Twice" in words or "Shh" in words for _, words in told)
