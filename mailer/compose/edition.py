"""A template made ready in one language: what a letter of it is filled in from."""

from collections.abc import Mapping

from mailer.compose.enclosing import Enclosing
from mailer.compose.head import subject_field
from mailer.compose.making import LINK_NAMES, OPTIONAL_NAMES, Bodies
from mailer.compose.template import SETTINGS_FILE, TemplateSource
from mailer.errors import CannotComposeError, TemplateError
from mailer.model.attributes import AttributeSpec


class Edition:
    """A template made ready in one language."""

    def __init__(
        self, source: TemplateSource, bodies: Bodies, specs: Mapping[str, AttributeSpec]
    ) -> None:
        self.bodies = bodies
        self.enclosing = Enclosing(source, bodies.embedded)
        self.attributes = tuple(
            (name, specs[name].type) for name in sorted(bodies.used) if name in specs
        )
        self.optional = tuple(sorted(bodies.used & OPTIONAL_NAMES))
        self.links = bodies.used & LINK_NAMES
        self._subjects: tuple[str, ...] = ()
        if not isinstance(bodies.subject, str):
            return
        try:
            self._subjects = tuple(
                subject_field(bodies.subject, test=test) for test in (False, True)
            )
        except CannotComposeError as problem:
            raise TemplateError(f"{source.shown(SETTINGS_FILE)}: {problem}") from problem

    def line(self, names: dict[str, object]) -> str:
        """Return the subject as people read it."""
        subject = self.bodies.subject
        return subject if isinstance(subject, str) else "".join(subject.fill(names))

    def subject(self, names: dict[str, object], *, test: bool, mark: str) -> str:
        """Write the subject's field for one person.

        Args:
            mark: What it begins with, in a rehearsal.
        """
        if self._subjects and not mark:
            return self._subjects[test]
        return subject_field(f"{mark}{self.line(names)}", test=test)


def with_data(
    source: TemplateSource, specs: Mapping[str, AttributeSpec]
) -> Mapping[str, AttributeSpec]:
    """Return what a template may name: attributes, and what it is sent with.

    Raises:
        TemplateError: when it is sent with what people have already.
    """
    if taken := sorted(source.data.keys() & specs.keys()):
        raise TemplateError(
            f"{source.shown(SETTINGS_FILE)}, [data]: {taken[0]} is an attribute of people"
            " already: choose another name"
        )
    return {**specs, **source.data_specs()} if source.data else specs
