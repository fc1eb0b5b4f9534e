# ruff: noqa: RUF001 - letters of many languages
"""A mailbox of what people send: each text in the shapes that mail programs give it.

A shape is written byte by byte, as the program that it is named after does it, because the
standard library would write all of them alike.
"""

import base64
import quopri
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from samples.awkward import AWKWARD
from samples.everyday import EVERYDAY
from samples.rows import Said

TO = "support@shop.example"
_OURS = "Our autumn letter: tents are cheaper until Sunday."
_QUOTE = {
    "de": "Am 25.11.2026 um 10:12 schrieb Fjell & Fjord:",
    "fr": "Le 25 nov. 2026 à 10:12, Fjell & Fjord a écrit :",
    "es": "El mié, 25 nov 2026 a las 10:12, Fjell & Fjord escribió:",
    "it": "Il giorno mer 25 nov 2026 alle ore 10:12 Fjell & Fjord ha scritto:",
    "nl": "Op wo 25 nov 2026 om 10:12 schreef Fjell & Fjord:",
    "nb": "ons. 25. nov. 2026 kl. 10:12 skrev Fjell & Fjord:",
    "sv": "Den ons 25 nov. 2026 kl 10:12 skrev Fjell & Fjord:",
    "ru": "ср, 25 нояб. 2026 г. в 10:12, Fjell & Fjord написал:",
}
_MOBILE = {
    "en": "Sent from my iPhone",
    "de": "Von meinem iPhone gesendet",
    "fr": "Envoyé de mon iPhone",
    "nb": "Sendt fra min iPhone",
    "ja": "iPhoneから送信",
}


@dataclass(frozen=True)
class Sent:
    """A message as it comes, and what somebody must be able to read of it."""

    name: str
    raw: bytes
    said: Said


def letterbox() -> list[Sent]:
    """Return all of them: everyday mail first, then the awkward."""
    made: list[Sent] = []
    for place, said in enumerate((*EVERYDAY, *AWKWARD)):
        for step in range(5):
            # A stride that has no divisor in common: all shapes come up alike.
            name = list(SHAPES)[(place * 5 + step) % len(SHAPES)]
            charset = said.charsets[step % len(said.charsets)]
            number = len(made) + 1
            shape = SHAPES[name](said, charset, number)
            made.append(Sent(f"{number} {said.language} {charset} {name}", shape, said))
    return made


def _word(text: str, charset: str, *, quoted: bool = False) -> str:
    """Write encoded words (RFC 2047 §2), each whole characters only."""
    if text.isascii():
        return text
    codec = _codec(charset)
    words = []
    for place in range(0, len(text), 8):
        data = text[place : place + 8].encode(codec)
        if quoted:
            coded = "".join(
                chr(one) if chr(one).isascii() and chr(one).isalnum() else f"={one:02X}"
                for one in data
            )
            words.append(f"=?{charset}?Q?{coded}?=")
        else:
            words.append(f"=?{charset}?B?{base64.b64encode(data).decode()}?=")
    return "\r\n ".join(words)


def _codec(charset: str) -> str:
    return {"ks_c_5601-1987": "cp949", "windows-874": "cp874", "gb2312": "gbk"}.get(
        charset, charset
    )


def _head(said: Said, charset: str, number: int, *more: str, quoted: bool = False) -> str:
    address = f"n{number}.{said.address}"
    return "".join(
        f"{line}\r\n"
        for line in (
            f"Return-Path: <{address}>",
            "Received: from mx.example.net (mx.example.net [192.0.2.7])",
            "\tby mail.shop.example with ESMTPS; Wed, 25 Nov 2026 11:00:00 +0100",
            f"From: {_word(said.name, charset, quoted=quoted)} <{address}>",
            f"To: Fjell & Fjord <{TO}>" if number % 2 else f"To: {TO}",
            "Date: Wed, 25 Nov 2026 11:00:00 +0100",
            f"Message-ID: <{number}.{said.language}@mail.example.net>",
            f"Subject: {_word(said.subject, charset, quoted=quoted)}",
            *more,
        )
    )


def _part(text: str, charset: str, kind: str = "plain", coding: str = "base64") -> bytes:
    data = text.replace("\n", "\r\n").encode(_codec(charset))
    if coding == "base64":
        body = base64.encodebytes(data).replace(b"\n", b"\r\n")
    elif coding == "quoted-printable":
        body = quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    else:
        body = data
    head = f"Content-Type: text/{kind}; charset={charset}\r\n"
    return f"{head}Content-Transfer-Encoding: {coding}\r\n\r\n".encode() + body + b"\r\n"


def _many(kind: str, parts: list[bytes], extra: str = "") -> bytes:
    mark = "=_mark_8c1d_"
    head = f'Content-Type: multipart/{kind}; boundary="{mark}"{extra}\r\n\r\n'
    inside = b"".join(f"--{mark}\r\n".encode() + part for part in parts)
    return head.encode() + inside + f"--{mark}--\r\n".encode()


def _gmail(said: Said, charset: str, number: int) -> bytes:
    head = _head(said, "utf-8", number, "MIME-Version: 1.0").encode()
    html = f'<div dir="ltr">{escape(said.text)}</div>\n'
    return head + _many(
        "alternative", [_part(said.text, "utf-8"), _part(html, "utf-8", "html")]
    )


def _plain(said: Said, charset: str, number: int) -> bytes:
    head = _head(said, charset, number, "MIME-Version: 1.0", quoted=True).encode()
    coding = "7bit" if charset == "iso-2022-jp" else "quoted-printable"
    return head + _part(said.text, charset, coding=coding)


def _eight_bits(said: Said, charset: str, number: int) -> bytes:
    head = _head(said, charset, number, "MIME-Version: 1.0", "X-Mailer: The Bat! (v4.2)")
    return head.encode() + _part(said.text, charset, coding="8bit")


def _outlook(said: Said, charset: str, number: int) -> bytes:
    head = _head(
        said, charset, number, "MIME-Version: 1.0", "X-Mailer: Microsoft Outlook 16.0",
        "Thread-Index: AdxQ8c1d", "Importance: normal", "Content-Language: de-DE",
    )  # fmt: skip
    html = (
        f'<html><head><meta charset="{charset}"><style>p.MsoNormal {{margin:0}}</style>'
        f'</head><body lang="DE"><p class="MsoNormal">{escape(said.text)}<o:p></o:p></p>'
        "</body></html>\n"
    )
    return head.encode() + _part(html, charset, "html", "quoted-printable")


def _apple(said: Said, charset: str, number: int) -> bytes:
    head = _head(
        said, "utf-8", number, "Mime-Version: 1.0 (Mac OS X Mail 16.0)",
        "X-Mailer: Apple Mail (2.3774)", quoted=True,
    )  # fmt: skip
    picture = base64.encodebytes(b"\xff\xd8\xff\xe0 no real picture").decode()
    image = (
        'Content-Type: image/jpeg; name="IMG_0001.jpeg"\r\nContent-Disposition: inline;'
        f" filename=IMG_0001.jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}\r\n"
    )
    text = _part(said.text, "utf-8", coding="quoted-printable")
    return head.encode() + _many("mixed", [text, image.encode()])


def _flowed(said: Said, charset: str, number: int) -> bytes:
    head = _head(
        said, "utf-8", number, "MIME-Version: 1.0", "User-Agent: Mozilla Thunderbird",
    )  # fmt: skip
    lines = " \n".join(textwrap.wrap(said.text, 60, drop_whitespace=True))
    whole = _part(f"{lines}\n\n-- \n{said.name}\n", "utf-8", coding="8bit")
    return head.encode() + whole.replace(
        b"charset=utf-8", b"charset=UTF-8; format=flowed; delsp=no", 1
    )


def _top_posted(said: Said, charset: str, number: int) -> bytes:
    head = _head(
        said, charset, number, "MIME-Version: 1.0",
        "In-Reply-To: <0d7f.autumn@elsewhere.example>",
        "References: <0d7f.autumn@elsewhere.example>",
    ).replace("Subject: ", "Subject: Re: ")  # fmt: skip
    # Not every charset has what every language writes above a quotation.
    intro = _QUOTE.get(said.language, "On Wed, 25 Nov 2026 at 10:12, Fjell & Fjord wrote:")
    text = f"{said.text}\n\n{intro}\n> {_OURS}\n>\n> Fjell & Fjord\n"
    coding = "7bit" if charset == "iso-2022-jp" else "base64"
    return head.encode() + _part(text, charset, coding=coding)


def _forwarded(said: Said, charset: str, number: int) -> bytes:
    head = _head(said, "utf-8", number, "MIME-Version: 1.0").replace(
        "Subject: ", "Subject: Fwd: "
    )
    inner = (
        "From: Fjell & Fjord <post@elsewhere.example>\r\nSubject: Autumn\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n{_OURS}\r\n"
    )
    attached = f"Content-Type: message/rfc822\r\n\r\n{inner}\r\n".encode()
    return head.encode() + _many("mixed", [_part(said.text, "utf-8"), attached])


def _smime(said: Said, charset: str, number: int) -> bytes:
    signature = base64.encodebytes(b"0\x82\x04\x00 no real signature").decode()
    sealed = (
        'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n'
        "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;"
        f' filename="smime.p7s"\r\n\r\n{signature}\r\n'
    )
    head = _head(said, charset, number, "MIME-Version: 1.0").encode()
    extra = '; protocol="application/pkcs7-signature"; micalg=sha-256'
    return head + _many("signed", [_part(said.text, charset), sealed.encode()], extra)


def _pgp(said: Said, charset: str, number: int) -> bytes:
    sealed = (
        'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\n'
        "-----BEGIN PGP SIGNATURE-----\r\n\r\niQEzBAEBCAAdFiEE\r\n"
        "-----END PGP SIGNATURE-----\r\n"
    )
    head = _head(said, "utf-8", number, "MIME-Version: 1.0", "User-Agent: Mutt/2.2")
    extra = '; protocol="application/pgp-signature"; micalg=pgp-sha256'
    text = _part(said.text, "utf-8", coding="quoted-printable")
    return head.encode() + _many("signed", [text, sealed.encode()], extra)


def _mobile(said: Said, charset: str, number: int) -> bytes:
    head = _head(
        said, "utf-8", number, "MIME-Version: 1.0 (1.0)", "X-Mailer: iPhone Mail (22A3354)",
    )  # fmt: skip
    end = _MOBILE.get(said.language, "Sent from my Galaxy")
    return head.encode() + _part(f"{said.text}\n\n{end}\n", "utf-8")


def _bare(said: Said, charset: str, number: int) -> bytes:
    """Write no word of MIME, and UTF-8 all the same."""
    head = _head(said, "utf-8", number)
    for field, value in (("From", said.name), ("Subject", said.subject)):
        head = head.replace(f"{field}: {_word(value, 'utf-8')}", f"{field}: {value}")
    return f"{head}\r\n{said.text}\r\n".encode()


def _asks_back(said: Said, charset: str, number: int) -> bytes:
    """Ask for a receipt, and say what only looks as if a machine had said it."""
    head = _head(
        said, charset, number, "MIME-Version: 1.0", "Auto-Submitted: no",
        f"Disposition-Notification-To: <{said.address}>", "X-Priority: 1 (Highest)",
        "X-Auto-Response-Suppress: None", "Precedence: first-class", "X-Spam-Flag: NO",
    )  # fmt: skip
    return head.encode() + _part(said.text, charset)


def _related(said: Said, charset: str, number: int) -> bytes:
    head = _head(said, charset, number, "MIME-Version: 1.0").encode()
    html = f'<p>{escape(said.text)}</p><img src="cid:logo@example"><br>{escape(said.name)}'
    logo = (
        "Content-Type: image/png\r\nContent-ID: <logo@example>\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
    )
    inner = _many("related", [_part(html, charset, "html"), logo.encode()]).replace(
        b"=_mark_8c1d_", b"=_inner_77_"
    )
    return head + _many("alternative", [_part(said.text, charset), inner])


SHAPES: dict[str, Callable[[Said, str, int], bytes]] = {
    "Gmail": _gmail,
    "plain": _plain,
    "eight bits": _eight_bits,
    "Outlook, HTML alone": _outlook,
    "Apple Mail with a picture": _apple,
    "Thunderbird, flowed": _flowed,
    "above a quotation": _top_posted,
    "forwarding": _forwarded,
    "signed by S/MIME": _smime,
    "signed by PGP": _pgp,
    "a telephone": _mobile,
    "without MIME": _bare,
    "asking for a receipt": _asks_back,
    "a logo inside": _related,
}
