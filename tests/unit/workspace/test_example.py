"""The example workspace: whole, and each of its files is one that the program reads."""

from pathlib import Path

from mailer.config.example import EXAMPLE_ATTRIBUTES
from mailer.model.expression import parse
from mailer.workspace.example import example_files, example_texts
from mailer.workspace.lists import read_lists
from mailer.workspace.schedules import read_schedules

ROOT = Path(__file__).parent.parent.parent.parent


def test_the_example_has_lists_schedules_and_templates():
    kinds = {path.split("/")[0] for path in example_files()}
    assert kinds == {".gitignore", "lists", "schedules", "templates"}


def test_the_keys_and_the_state_stay_out_of_git():
    ignored = example_files()[".gitignore"].decode().splitlines()
    assert "/keys.toml" in ignored
    assert "/mailer.db*" in ignored


def test_every_list_of_the_example_reads():
    assert [one.name for one in read_lists(str(ROOT))] == ["course-dates", "newsletter"]


def test_every_schedule_of_the_example_reads_and_names_what_is_there():
    lists = {one.name: one for one in read_lists(str(ROOT))}
    for file in read_schedules(str(ROOT)):
        assert file.problem == ""
        schedule = file.schedule
        assert schedule is not None
        assert schedule.segment in {"", *lists[schedule.list_name].segments}
        assert (ROOT / "templates" / "mail" / schedule.template / "letter.toml").exists()


def test_every_segment_of_the_example_parses_and_names_lists_that_are_there():
    specs = {name: one.spec(name) for name, one in EXAMPLE_ATTRIBUTES.items()}
    for one in read_lists(str(ROOT)):
        assert one.segments
        for segment, rule in one.segments.items():
            parse(rule, specs, f"lists/{one.name}.toml, segment {segment}")


def test_one_folder_s_files_are_those_of_the_whole_example():
    every = example_files()
    for folder, ending in (("templates/web", ".html"), ("templates/web/words", ".po")):
        wanted = {
            path.removeprefix(f"{folder}/"): content.decode()
            for path, content in every.items()
            if path.rpartition("/")[0] == folder and path.endswith(ending)
        }
        assert wanted
        assert example_texts(folder, ending) == wanted
        assert list(example_texts(folder, ending)) == sorted(wanted)
    assert example_texts("templates/nowhere", ".html") == {}
