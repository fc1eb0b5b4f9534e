# ruff: noqa: E501, RUF001 - each row is one line, in its language's own letters
"""What machines send, a thousand of them: every mark that says so, in many tongues.

Each kind is written as the programs that it is named after write it, with its own mark and
as few others as they have. Our own writing, under the licence of this project.
"""

import base64
from dataclasses import dataclass

TO = "support@shop.example"

_AWAY = """
en | Out of office: | I am away until 7 December and will answer then.
de | Abwesenheitsnotiz: | Ich bin bis zum 7. Dezember nicht im Büro.
fr | Réponse automatique : | Je suis absent jusqu'au 7 décembre.
es | Respuesta automática: | Estoy fuera de la oficina hasta el 7 de diciembre.
it | Risposta automatica: | Sono fuori ufficio fino al 7 dicembre.
nl | Automatisch antwoord: | Ik ben afwezig tot 7 december.
pt | Resposta automática: | Estou fora do escritório até 7 de dezembro.
nb | Automatisk svar: | Jeg er ikke på kontoret før 7. desember.
sv | Autosvar: | Jag är inte på kontoret förrän den 7 december.
da | Autosvar: | Jeg er ikke på kontoret før den 7. december.
fi | Automaattinen vastaus: | Olen poissa 7. joulukuuta asti.
is | Auto: | Ég er ekki við fyrr en 7. desember.
pl | Odpowiedź automatyczna: | Jestem poza biurem do 7 grudnia.
cs | Automatická odpověď: | Do 7. prosince jsem mimo kancelář.
hu | Automatikus válasz: | December 7-ig házon kívül vagyok.
ro | Auto-reply: | Sunt plecat până pe 7 decembrie.
el | Αυτόματη απάντηση: | Θα λείπω μέχρι τις 7 Δεκεμβρίου.
ru | Автоответ: | Меня не будет на месте до 7 декабря.
uk | Автоматична відповідь: | Мене не буде до 7 грудня.
tr | Otomatik Yanıt: | 7 Aralık tarihine kadar ofis dışındayım.
ar | رد تلقائي: | أنا خارج المكتب حتى 7 ديسمبر.
he | הודעה אוטומטית: | אני מחוץ למשרד עד 7 בדצמבר.
zh | 自动回复: | 我12月7日前不在办公室。
ja | 自動返信: | 12月7日まで不在にしております。
ko | 자동 회신: | 12월 7일까지 부재중입니다.
"""

_ANSWERS = {
    "vacation, RFC 3834": "Auto-Submitted: auto-replied",
    "vacation of Sieve": "Auto-Submitted: auto-replied (vacation)",
    "Exchange": "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All",
    "Gmail": "Precedence: bulk\nX-Autoreply: yes\nAuto-Submitted: auto-replied",
    "cPanel": "X-Autorespond: Re\nPrecedence: auto_reply",
    "GroupWise": "X-Autoreply-From: gw@example.org",
    "Lotus": "X-Auto-Response: yes",
    "Plesk": "X-Mail-Autoreply: vacation",
    "old vacation(1)": "Precedence: junk",
    "Zendesk": "X-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated",
    "OTRS": "Precedence: bulk\nX-Powered-By: OTRS",
    "Request Tracker": "X-RT-Loop-Prevention: example.org\nPrecedence: bulk",
    "Zammad": "X-Loop: yes\nAuto-Submitted: auto-replied\nX-Zammad-Auto-Response: 1",
    "a loop's guard": "X-Loop: support@example.org",
    "FreshCaller": "X-FC-MachineGenerated: true",
    "an autoresponder": "Delivered-To: autoresponder@example.org",
    "a challenge": "Auto-Submitted: auto-replied\nX-Challenge: 1",
    "notified, RFC 5436": 'Auto-Submitted: auto-notified; owner-email="a@example.org"',
}
"""Programs that answer, with the marks that they set."""

_NOTES = {
    "Mailman": ("tents@lists.example.org", "List-Id: Tents <tents.lists.example.org>\nPrecedence: list"),
    "a newsletter": ("news@example.org", "List-Unsubscribe: <https://example.org/u/1>"),
    "Google Groups": ("group@example.org", "Mailing-list: list group@example.org; contact group+owners@example.org"),
    "GitHub": ("notifications@example.com", "List-ID: a/b <b.a.example.com>\nX-GitHub-Reason: mention"),
    "Jira": ("jira@example.org", "X-JIRA-FingerPrint: 1\nPrecedence: bulk\nAuto-Submitted: auto-generated"),
    "cron": ("root@host.example.org", "Auto-Submitted: auto-generated\nX-Cron-Env: <SHELL=/bin/sh>"),
    "Nagios": ("nagios@example.org", "Precedence: bulk"),
    "a calendar": ("calendar@example.com", "Auto-Submitted: auto-generated\nSender: calendar-notification@example.com"),
    "a shop's receipt": ("no-reply@example.com", "X-Mailer: shop"),
    "a shop that cannot be answered": ("donotreply@example.com", "X-Mailer: shop"),
    "ein Laden": ("keine-antwort@example.com", "X-Mailer: shop"),
    "une boutique": ("ne-pas-repondre@example.com", "X-Mailer: shop"),
    "un negozio": ("noresponder@example.com", "X-Mailer: shop"),
    "a marketplace": ("order@example.com", "X-Amazon-Mail-Relay-Type: notification"),
    "a DMARC report": ("noreply-dmarc-support@example.com", "X-Mailer: report"),
    "an owner": ("owner-tents@lists.example.org", "X-Mailer: list"),
    "an alert": ("alerts@example.org", "X-Mailer: watch"),
    "from nobody": ("", "Return-Path: <>"),
}  # fmt: skip
"""Programs that tell or sell something: as whom, and with the marks that they set."""

_REPORTS = ("delivery-status", "disposition-notification", "feedback-report", "tlsrpt")


@dataclass(frozen=True)
class Made:
    """What a machine sends, and of which kind it is."""

    name: str
    raw: bytes


def machines() -> list[Made]:
    """Return a thousand messages of machines."""
    made: list[Made] = []
    for row in _AWAY.strip().splitlines():
        language, begins, text = row.split(" | ")
        for kind, marks in _ANSWERS.items():
            number = len(made)
            sender = f"p{number}@example.org"
            raw = _message(number, sender, f"{begins} Autumn", text, marks)
            made.append(Made(f"{kind} {language}", raw))
        for kind, (address, marks) in _NOTES.items():
            number = len(made)
            sender = address or f"p{number}@example.org"
            raw = _message(number, sender, f"Nr {number}", text, marks)
            made.append(Made(f"{kind} {language}", raw))
        for kind in _REPORTS:
            number = len(made)
            made.append(Made(f"{kind} {language}", _report(number, kind, text)))
    return made


def unmarked() -> list[Made]:
    """Return those whose subject alone says that a machine wrote them.

    People begin with "Auto:" too, about their cars: it says so in an answer only, as which
    RFC 3834 §3.1.6 has each automatic one marked.
    """
    return [
        Made(
            language,
            _message(
                number,
                f"u{number}@example.org",
                f"{begins} Autumn",
                text,
                "In-Reply-To: <autumn@shop.example>" if begins == "Auto:" else "",
            ),
        )
        for number, (language, begins, text) in enumerate(
            row.split(" | ") for row in _AWAY.strip().splitlines()
        )
    ]


def _message(number: int, sender: str, subject: str, text: str, marks: str) -> bytes:
    word = base64.b64encode(subject.encode()).decode()
    path = "" if "Return-Path:" in marks else f"Return-Path: <{sender}>\n"
    head = (
        f"{path}From: <{sender}>\nTo: <{TO}>\nDate: Wed, 25 Nov 2026 11:00:00 +0100\n"
        f"Message-ID: <machine{number}@example.org>\nSubject: =?utf-8?B?{word}?=\n"
        f"{marks}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\n"
    ).replace("\n\nMIME", "\nMIME")
    return f"{head}{text}\n".replace("\n", "\r\n").encode()


_MACHINE_PARTS = {
    "delivery-status": (
        "message/delivery-status",
        "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\n",
    ),
    "disposition-notification": (
        "message/disposition-notification",
        "Final-Recipient: rfc822; a@example.org\nDisposition: manual-action/MDN-sent-manually; displayed\n",
    ),
    "feedback-report": (
        "message/feedback-report",
        "Feedback-Type: abuse\nUser-Agent: Feedback/1.0\nVersion: 1\n",
    ),
    "tlsrpt": ("application/tlsrpt+json", '{"organization-name": "Example"}\n'),
}


def _report(number: int, kind: str, text: str) -> bytes:
    part, said = _MACHINE_PARTS[kind]
    sender = f"report{number}@example.org"
    head = (
        f"Return-Path: <{sender}>\nFrom: <{sender}>\nTo: <{TO}>\n"
        f"Message-ID: <report{number}@example.org>\nSubject: Nr {number}\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="=_r_"\n\n'
    )
    whole = (
        f"{head}--=_r_\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--=_r_\nContent-Type: {part}\n\n{said}\n--=_r_--\n"
    )
    return whole.replace("\n", "\r\n").encode()
