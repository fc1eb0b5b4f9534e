"""`config.example.toml` is what the fields say, and says the defaults."""

import tomllib
from pathlib import Path

from mailer.config.example import EXAMPLE_ATTRIBUTES, example
from mailer.config.fields import Settings
from mailer.config.reading import read_settings
from mailer.config.section import Section

ROOT = Path(__file__).parent.parent.parent


def test_the_example_file_is_what_the_fields_say():
    written = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    assert written == example(), "run: mailer config example > config.example.toml"


def test_the_example_is_the_defaults_with_its_attributes_and_rehearses():
    got = read_settings(tomllib.loads(example()), {})
    assert got == Settings(mode="rehearsal", attributes=EXAMPLE_ATTRIBUTES)


def test_what_does_not_say_whether_letters_go_to_people_is_neither():
    assert read_settings({}, {}).mode is None
    assert read_settings({}, {"MAILER_MODE": "live"}).mode == "live"


def fields(section: type[Section], above: str = "") -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            found += fields(kind, f"{name}.")
        else:
            found.append((above + name, field.description))
    return found


def test_every_setting_is_described():
    wanting = [
        name
        for name, description in fields(Settings)
        if not (description or "").endswith((".", ".)"))
    ]
    assert wanting == []


def test_every_setting_is_in_the_example():
    written = tomllib.loads(example())
    for name, _ in fields(Settings):
        here: object = written
        for part in name.split("."):
            assert isinstance(here, dict)
            assert part in here, name
            here = here[part]


def test_numbers_carry_their_unit():
    for name, description in fields(Settings):
        for end, unit in (("_s", "seconds"), ("_h", "hours"), ("days", "days")):
            if name.endswith(end):
                assert description is not None
                assert f"({unit})" in description, name
