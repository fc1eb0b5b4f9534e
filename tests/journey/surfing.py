"""A browser without scripts: it fills in the forms of pages as they stand."""

import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar

_BOUNDARY = "----of-a-form-6f1c"


@dataclass
class Form:
    """A form of a page, with what its fields hold before anybody types.

    Args:
        files: The fields for files, which are sent without any.
    """

    action: str
    method: str
    encoding: str
    fields: dict[str, str] = field(default_factory=dict[str, str])
    files: list[str] = field(default_factory=list[str])
    buttons: dict[str, str] = field(default_factory=dict[str, str])


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._text_of = ""
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = True
            self.forms.append(
                Form(facts.get("action", ""), facts.get("method", "get").lower(),
                     facts.get("enctype", ""))
            )  # fmt: skip
        elif self._open and facts.get("name"):
            self._field(tag, facts)

    def _field(self, tag: str, facts: dict[str, str]) -> None:
        form, name = self.forms[-1], facts["name"]
        if tag == "button":
            form.buttons.setdefault(name, facts.get("value", ""))
        elif facts.get("type") == "file":
            form.files.append(name)
        elif facts.get("type") not in {"checkbox", "radio"}:
            form.fields[name] = facts.get("value", "")
            self._text_of = name if tag == "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self._text_of:
            self.forms[-1].fields[self._text_of] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text_of = ""
        elif tag == "form":
            self._open = False


class Browser:
    """Keeps cookies, says where its forms come from, and follows where it is led."""

    def __init__(self) -> None:
        self.cookies = CookieJar()
        jar = urllib.request.HTTPCookieProcessor(self.cookies)
        self._opener = urllib.request.build_opener(jar)
        self.address = ""
        self.page = ""
        self.status = 0

    def open(self, address: str) -> str:
        """Open a page and return it."""
        return self._ask(
            urllib.request.Request(urllib.parse.urljoin(self.address, address))
        )

    def form(self, action_ends: str = "") -> Form:
        """Return the one form of this page that is sent by POST to such an address."""
        reader = _Forms()
        reader.feed(self.page)
        found = [
            one for one in reader.forms
            if one.method == "post" and one.action.endswith(action_ends)
        ]  # fmt: skip
        assert len(found) == 1, f"{len(found)} forms for {action_ends!r}: {self.page}"
        return found[0]

    def send(self, form: Form, **typed: str) -> str:
        """Send a form with what was typed, and return the page that it leads to."""
        assert set(typed) <= {*form.fields, *form.buttons}, (typed, form)
        fields = {**form.fields, **form.buttons, **typed}
        if form.encoding == "multipart/form-data":
            body, kind = _multipart(fields, form.files), _MULTIPART
        else:
            kind = "application/x-www-form-urlencoded"
            body = urllib.parse.urlencode(fields).encode()
        here = urllib.parse.urlsplit(self.address)
        headers = {
            "Content-Type": kind, "Origin": f"{here.scheme}://{here.netloc}",
            "Referer": self.address, "Sec-Fetch-Site": "same-origin",
        }  # fmt: skip
        to = urllib.parse.urljoin(self.address, form.action or self.address)
        return self._ask(urllib.request.Request(to, body, headers))

    def _ask(self, request: urllib.request.Request) -> str:
        try:
            answer = self._opener.open(request, timeout=120)
        except urllib.error.HTTPError as problem:
            answer = problem
        with answer:
            self.address, self.page = answer.url, answer.read().decode()
            self.status = answer.status
        return self.page


_MULTIPART = f"multipart/form-data; boundary={_BOUNDARY}"


def _multipart(fields: dict[str, str], files: list[str]) -> bytes:
    """Write a form as browsers do (RFC 7578 §4): a file that is none has no name."""
    begin = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="'
    parts = [f'{begin}{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    parts += [
        f'{begin}{name}"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n'
        for name in files
    ]
    return "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode()
