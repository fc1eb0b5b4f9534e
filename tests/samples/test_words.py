"""Mail systems without a sample are understood by the same rules."""

import pytest
from samples.samples import knowledge, line_ends
from samples.words import WORDS

from mailer.model.notice import Bounce, Report
from mailer.triage.sort import sort


@pytest.mark.parametrize("name", sorted(WORDS))
def test_a_report_in_words_names_its_recipient(name: str):
    text, want = WORDS[name]
    for raw in line_ends(text.encode()):
        notice = sort(raw, knowledge())
        assert isinstance(notice, Bounce | Report)
        assert want in [(one.address, one.hard) for one in notice.recipients], notice
