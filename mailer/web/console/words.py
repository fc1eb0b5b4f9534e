"""What the console says, and what its lists offer."""

from datetime import timedelta

from mailer.model.news import News

SAID = {
    "reply": "Your answer leaves in ten seconds.",
    "forward": "It goes on in ten seconds. What they write back comes here.",
    "undo": "Taken back. An answer is your draft again, without its files.",
    "split": "This message has a ticket of its own now.",
    "unsubscribe": "No marketing goes there any more.",
    "erase": "Erased, with all conversations.",
    "note": "Noted. It goes to nobody.",
    "take": "It is yours.",
    "assign": "Changed.",
    "close": "Closed.",
    "reopen": "Open again.",
    "snooze": "It rests until then, or until the person writes.",
    "merge": "Merged. Both numbers lead here.",
    "spam": "Called spam. What comes to it is never answered.",
    "block": "Blocked, and this is closed. What comes from there is kept and not answered.",
    "unblock": "Heard again, from now on.",
    "draft": "Your draft is kept.",
    "new": "Made. Nobody was written to.",
    "settle": "Decided.",
}
"""What a page says after a form was heeded, by the word in its address."""

SNOOZES = {
    "4h": ("4 hours", timedelta(hours=4)),
    "1d": ("a day", timedelta(days=1)),
    "3d": ("3 days", timedelta(days=3)),
    "7d": ("a week", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
}

NEWS = {
    News.NEW: "Somebody has written, and nobody has it yet.",
    News.ASSIGNED: "This was given to you.",
    News.ANSWER: "The person has answered.",
    News.DUE: "An answer is due within the hour.",
}
"""What a browser tells who asked for it; never what a person wrote."""
