from mailer.compose.stylesheet import for_dark_screens, pieces


def test_rules_and_declarations_are_told_apart_with_their_places():
    css = '/* a{} */ p { color: red; background: url("x;}") } @media (x) { b { top: 0 } }'
    found = [(one.text, one.is_prelude, one.in_media) for one in pieces(css)]
    assert found == [
        ("p", True, False),
        ("color: red", False, False),
        ('background: url("x;}")', False, False),
        ("@media (x)", True, False),
        ("b", True, True),
        ("top: 0", False, True),
    ]
    assert all(css[one.offset :].startswith(one.text) for one in pieces(css))


def test_a_sheet_that_does_not_end_is_taken_as_it_stands():
    assert [one.text for one in pieces("p { color: red")] == ["p", "color: red"]
    assert [one.text for one in pieces("} } p")] == ["p"]
    assert list(pieces("")) == []


def test_rules_for_dark_screens_come_behind_all_others():
    css = "p{color:red}@media (prefers-color-scheme: dark){p{color:blue}}b{top:0}"
    assert for_dark_screens(css) == "p{color:red}b{top:0}\np{color:blue}"
    assert for_dark_screens("p{color:red}") is None
    unended = for_dark_screens("@media (prefers-color-scheme: dark){p{color:blue}")
    assert unended is not None
