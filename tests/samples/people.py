"""Messages that people, shops and robots write, made up: none of them is a bounce."""

from email.message import EmailMessage

BOUNCE_QUOTED = """\
This is the mail system at host mx.example.com.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<anna@example.com>: host mx.example.com[192.0.2.1] said: 550 5.1.1
    <anna@example.com>: Recipient address rejected: User unknown in local
    recipient table (in reply to RCPT TO command)
"""


def message(
    body: str,
    subject: str = "Question",
    sender: str = "Kari Nordmann <kari@example.net>",
    *,
    charset: str = "utf-8",
    **fields: str,
) -> bytes:
    """Write a message; fields are given with _ for -."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = "post@shop.example"
    made["Subject"] = subject
    made["Date"] = "Wed, 25 Nov 2026 10:00:00 +0100"
    made["Message-ID"] = "<1@example.net>"
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    made.set_content(body, charset=charset)
    return made.as_bytes()


def forwarded(attached: bytes) -> bytes:
    """Write a person's message with another one attached."""
    made = EmailMessage()
    made["From"] = "Kari Nordmann <kari@example.net>"
    made["To"] = "post@shop.example"
    made["Subject"] = "Fwd: Undelivered Mail Returned to Sender"
    made.set_content("Look what I got when I wrote to you. What does it mean?\n")
    head, _, body = attached.partition(b"\n\n")
    inner = EmailMessage()
    inner["From"] = "MAILER-DAEMON@mx.example.com"
    inner["Subject"] = "Undelivered Mail Returned to Sender"
    inner.set_content((head + b"\n\n" + body).decode("utf-8", "replace"))
    made.add_attachment(inner)
    return made.as_bytes()


HUMAN: dict[str, bytes] = {
    "a question": message("Hi,\n\ndo you ship tents to Iceland?\n\nKari\n"),
    "a German complaint": message(
        "Guten Tag,\n\nmein Paket wurde nicht zugestellt. Der Fahrer sagte, die Adresse sei"
        " unbekannt.\nBitte rufen Sie mich an.\n\nMit freundlichen Grüßen\nJörg Müller\n",
        "Paket nicht zugestellt",
        "Jörg Müller <joerg@example.org>",
    ),
    "a French order": message(
        "Bonjour,\nje n'ai pas reçu ma commande n° 550 5.1.1, pouvez-vous vérifier ?\nMerci\n",
        "Commande non remise",
        "Élodie <elodie@example.org>",
        charset="iso-8859-1",
    ),
    "a Japanese greeting": message(
        "はじめまして。テントについて教えてください。\nよろしくお願いします。\n",
        "テントについて",
        "山田 <yamada@example.jp>",
        charset="iso-2022-jp",
    ),
    "a Russian question": message(
        "Здравствуйте! Мой заказ не доставлен. Когда он придёт?\n",
        "Заказ не доставлен",
        "Иван <ivan@example.org>",
        charset="koi8-r",
    ),
    "a bounce that a person forwards": message(
        f"Hello, I got this when I wrote to you:\n\n{BOUNCE_QUOTED}",
        "Fwd: Undelivered Mail Returned to Sender",
    ),
    "a bounce that a person quotes": message(
        "What does this mean?\n\n"
        + "\n".join(f"> {line}" for line in BOUNCE_QUOTED.splitlines()),
        "Re: Delivery failure",
    ),
    "a bounce that a person attaches": forwarded(BOUNCE_QUOTED.encode()),
    "a person whose subject is that of a bounce": message(
        "My mail to you came back. Is anna@example.com still right?\n",
        "Mail delivery failed: returning message to sender",
    ),
    "a person who names a full mailbox": message(
        "Hi, my mailbox is full again so your mails bounce: user unknown, it says. Please use"
        " anna@example.org from now on.\n",
        "New address",
    ),
    "an office that answers for a company": message(
        "Dear shop,\nwe no longer work with Mr Berg. Write to info@example.org instead.\n",
        "Berg",
        "Administrator <administrator@example.org>",
    ),
    "a postmaster who is a person": message(
        "Hello,\n\nI run the mail at example.org. Your letters come without a PTR record; could"
        " you have a look? I would hate to block them.\n\nRegards\nPetra\n",
        "Your mail server's reverse DNS",
        "Petra <postmaster@example.org>",
    ),
    "an empty message": message("", ""),
    "only a signature": message("-- \nKari Nordmann\nOslo\n", "(no subject)"),
    "a page of HTML": (
        b"From: Kari <kari@example.net>\nTo: post@shop.example\nSubject: Retur\n"
        b"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
        b"<html><body><p>Hei! Kan jeg <b>returnere</b> teltet?</p></body></html>\n"
    ),
    "Portuguese thanks": message("Obrigada pela ajuda! A barraca é ótima.\n", "Obrigada"),
    "Spanish on failure": message(
        "Hola, el pedido no se pudo entregar porque estaba fuera. ¿Pueden enviarlo de nuevo?\n",
        "Pedido no entregado",
        "Ana <ana@example.org>",
    ),
    "Polish": message("Czy namiot jest dostępny w kolorze zielonym?\n", "Pytanie o namiot"),
    "Chinese": message("你好，请问这个帐篷什么时候有货？\n", "关于帐篷"),
    "Korean": message("안녕하세요, 텐트 재고가 있나요?\n", "문의"),
    "Arabic": message("مرحبا، هل لديكم خيام صغيرة؟\n", "سؤال"),
    "Greek": message("Καλησπέρα, πότε θα έχετε πάλι σκηνές;\n", "Ερώτηση"),
    "Finnish": message("Hei, milloin teltta saapuu?\n", "Toimitus"),
    "a reply below": message(
        "Yes please, the green one.\n\nOn Tue, 24 Nov 2026 at 09:00, Shop wrote:\n"
        "> Which one would you like?\n> You can unsubscribe here.\n",
        "Re: Which tent?",
        In_Reply_To="<2@shop.example>",
    ),
    "a mailing list of the same trade": message(
        "Thread: who else sees 550 5.1.1 at example.org? Unsubscribe at the end.\n",
        "[mailop] user unknown at example.org",
        "mailop <mailop-bounces@lists.example>",
        List_Id="<mailop.lists.example>",
        Precedence="list",
    ),
    "a newsletter": message(
        "Our sale! If you no longer wish to receive this, unsubscribe.\n",
        "Autumn sale",
        "Shop <noreply@other.example>",
        List_Unsubscribe="<https://other.example/u>",
        Precedence="bulk",
    ),
    "a parcel service": message(
        "Your parcel could not be delivered. Recipient address: Storgata 1. We will try again"
        " tomorrow.\n",
        "Delivery failed",
        "Parcels <noreply@parcels.example>",
    ),
    "a parcel service called mail delivery": message(
        "We could not deliver your parcel to kari@example.net. Delivery attempt failed.\n",
        "Your delivery has failed",
        "Mail Delivery <delivery@parcels.example>",
    ),
    "a bank's robot": message(
        "Your payment to account 550 was rejected: insufficient funds.\n",
        "Payment rejected",
        "Bank <no-reply@bank.example>",
    ),
    "a phishing mail about a full mailbox": message(
        "Your mailbox is full. 12 messages could not be delivered. Click to keep your account:"
        " http://phish.example/\n",
        "Undelivered messages",
        "IT Help Desk <helpdesk@phish.example>",
    ),
}  # fmt: skip

AUTO_REPLIES: dict[str, bytes] = {
    "Outlook": message(
        "I am out of the office until 4 December 2026. In urgent cases call the office.\n",
        "Automatic reply: Autumn sale",
        Auto_Submitted="auto-generated",
        X_Auto_Response_Suppress="All",
    ),
    "a German absence": message(
        "Ich bin bis 04.12.2026 nicht im Büro.\n",
        "Abwesenheitsnotiz: Herbst",
        "Jörg <joerg@example.org>",
        Auto_Submitted="auto-replied",
    ),
    "vacation(1)": message(
        "I am on vacation and read no mail. This address does not exist any more after May.\n",
        "away from my mail",
        Precedence="bulk",
        Return_Path="<>",
        Auto_Submitted="auto-replied (vacation)",
    ),
    "a colleague has left": message(
        "Mr Berg has left the company. His mailbox is no longer read. Your message was not"
        " delivered to him. Write to info@example.org.\n",
        "Auto: Autumn sale",
        "Berg <berg@example.org>",
        Return_Path="<>",
        Auto_Submitted="auto-replied",
    ),
    "Japanese": message(
        "12月4日まで休暇をいただいております。\n", "自動返信: 秋のセール", Auto_Submitted="auto-replied"
    ),
    "a ticket system": message(
        "We have received your request. Your ticket number is 550-511.\n",
        "[Ticket 42] Autumn sale",
        "Helpdesk <support@example.org>",
        Auto_Submitted="auto-replied",
        X_Autoreply="yes",
    ),
}  # fmt: skip

UNSUBSCRIBERS: dict[str, bytes] = {
    "English": message("Please remove me from your list.\n", "Re: Autumn sale"),
    "a subject": message("\n", "Unsubscribe"),
    "German": message("Bitte streichen Sie mich aus Ihrem Verteiler.\n", "AW: Herbst"),
    "French": message("Je ne souhaite plus recevoir vos messages.\n", "Re: Soldes"),
    "Spanish": message("Por favor, quiero darme de baja.\n", "Re: Rebajas"),
    "Italian": message("Vi prego, cancellatemi dalla lista.\n", "Re: Saldi"),
    "Dutch": message("Graag uitschrijven, dank u.\n", "Re: Uitverkoop"),
    "Norwegian": message("Meld meg av, takk.\n", "Sv: Høstsalg"),
    "Swedish": message("Avregistrera mig, tack.\n", "Sv: Rea"),
    "Danish": message("Afmeld mig venligst.\n", "Sv: Udsalg"),
    "Polish": message("Proszę o usunięcie mojego adresu.\n", "Odp: Wyprzedaż"),
    "Russian": message("Пожалуйста, отпишите меня от рассылки.\n", "Re: Распродажа"),
    "Japanese": message("配信停止をお願いします。\n", "Re: セール", charset="iso-2022-jp"),
    "Chinese": message("请帮我退订，谢谢。\n", "回复: 促销"),
    "Korean": message("수신거부 해주세요.\n", "Re: 세일"),
    "Turkish": message("Lütfen beni listeden çıkarın.\n", "Re: İndirim"),
    "with our letter below": message(
        "STOP SENDING ME THIS!\n\nOn Tue, 24 Nov 2026, Shop wrote:\n> Our sale\n",
        "Re: Autumn sale",
    ),
}  # fmt: skip

CHALLENGES: dict[str, bytes] = {
    "a whitelist": message(
        "Kari only accepts messages from people whom she knows. To have your message delivered,"
        " please confirm your message by replying to this mail.\n",
        "Please confirm your message",
        Auto_Submitted="auto-replied",
    ),
}
