"""How a template, its layouts, its includes and its macros become one list of statements.

After this there is no `extends`, `include`, `import`, `block` or `macro` left: each stands
where it is printed. So CSS reaches all of it, and what is common to everybody can be told
from what is personal. What Jinja decides while it runs (an `include` of a changing name) is
refused.
"""

from dataclasses import replace

from jinja2 import nodes

from mailer.compose.limits import Limits
from mailer.compose.macros import (
    Expansion,
    Macro,
    Macros,
    Module,
    Page,
    Spot,
    called_name,
    find,
    is_function,
    refuse_calls,
    scoped,
)
from mailer.compose.markdown import layout_file
from mailer.compose.names import targets
from mailer.compose.places import Places, check_depth
from mailer.compose.syntax import parse
from mailer.compose.template import SETTINGS_FILE, TemplateSource
from mailer.compose.tree import (
    DEFINITIONS,
    Nodes,
    everything,
    literal_text,
    rebuilt,
    single_outputs,
)
from mailer.compose.written import written
from mailer.errors import TemplateError, did_you_mean

_PARTS_MAX = 1_000
_SILENT = (nodes.Block, nodes.Extends, nodes.FromImport, nodes.Import, nodes.Macro)
_FROM_FILES = (nodes.Block, nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)


class Assembler:
    """Puts the parts of one template together."""

    def __init__(self, source: TemplateSource, places: Places, limits: Limits) -> None:
        self._source = source
        self._places = places
        self._max_size = limits.max_output_bytes
        self._size = 0
        self._parts = 0

    def line(self, text: str, key: str) -> Nodes:
        """Read a text of one line: nothing can be included into it.

        Args:
            key: What it is called in `letter.toml`, such as "subject".
        """
        shown = f"{self._source.shown(SETTINGS_FILE)}, {key}"
        body = parse(text, self._places, self._places.add(shown, has_lines=False))
        for node in everything(body):
            if isinstance(node, _FROM_FILES):
                raise self._places.error(node, "nothing can be included here")
        return self._put(body, Spot(Page((), {})))

    def file(self, name: str, text: str) -> Nodes:
        """Read a file of the template with all that it extends and includes."""
        layout = layout_file(self._source.layout)
        body = self._file(name, text, Spot(Page((), {})), layout)
        check_depth(body, self._places)
        return body

    def _file(self, name: str, text: str, spot: Spot, layout_of_all: str = "") -> Nodes:
        page = Page((*spot.page.files, name), dict(spot.page.macros))
        head: Nodes = []
        body = self._read(name, text, page, layout_of_all)
        while (layout := self._layout(body)) is not None:
            head += self._outside_blocks(body)
            name, text = self._named(layout, layout.template)
            if name in page.files:
                raise self._places.error(layout, f"{name} extends itself")
            page = replace(page, files=(*page.files, name))
            body = self._read(name, text, page)
        whole = replace(spot, page=page, block=None, caller=None)
        return self._put([*head, *body], whole)

    def _read(self, name: str, text: str, page: Page, layout: str = "") -> Nodes:
        """Parse a file and take in its blocks and macros.

        Args:
            layout: What a body in Markdown is put into; "" for none.
        """
        self._grow(len(text), name)
        shown = self._source.shown(name)
        body = parse(text, self._places, self._places.add(shown))
        if (made := written(text, name, shown, layout, self._source.files)) is not None:
            text, lines = made
            body = parse(text, self._places, self._places.add(shown, lines=lines.of))
        own: set[str] = set()
        for node in everything(body):
            if isinstance(node, nodes.Block):
                if node.name in own:
                    words = f"the block {node.name!r} is there twice"
                    raise self._places.error(node, words)
                own.add(node.name)
                page.blocks.setdefault(node.name, []).append(node)
        for node in body:
            self._take_macros(node, page)
        return body

    def _grow(self, size: int, name: str) -> None:
        self._size += size
        self._parts += 1
        if self._size > self._max_size or self._parts > _PARTS_MAX:
            raise TemplateError(
                f"{self._source.shown(name)}: with all that it includes the template has"
                f" more than {self._max_size} characters or {_PARTS_MAX} parts"
            )

    def _layout(self, body: Nodes) -> nodes.Extends | None:
        found = [node for node in everything(body) if isinstance(node, nodes.Extends)]
        at_top = [node for node in body if isinstance(node, nodes.Extends)]
        if len(found) > 1 or len(found) != len(at_top):
            raise self._places.error(
                found[-1], "{% extends %} may stand there once, outside of everything"
            )
        return at_top[0] if at_top else None

    def _outside_blocks(self, body: Nodes) -> Nodes:
        """Return what a template that extends another still does by itself."""
        kept: Nodes = []
        for node in single_outputs(body):
            text = literal_text(node)
            if isinstance(node, DEFINITIONS):
                kept.append(node)
            elif isinstance(node, _SILENT) or (text is not None and not text.strip()):
                continue
            else:
                raise self._places.error(
                    node,
                    "this stands outside of every {% block %}, so nobody would see it: put"
                    " it into a block of the layout",
                )
        return kept

    def _named(self, node: nodes.Stmt, name: nodes.Node) -> tuple[str, str]:
        """Return the name and text of a file that a statement names."""
        if not isinstance(name, nodes.Const) or not isinstance(name.value, str):
            words = 'the file must be named as it is: "_layouts/…"'
            raise self._places.error(node, words)
        text = self._source.files.get(name.value)
        if text is None:
            shown = self._source.shown(name.value)
            near = did_you_mean(name.value, self._source.files)
            raise self._places.error(node, f"there is no file {shown}{near}")
        return name.value, text

    def _take_macros(self, node: nodes.Node, page: Page) -> None:
        match node:
            case nodes.Macro():
                page.macros[node.name] = Macro(node, page)
            case nodes.Import():
                page.macros[node.target] = Module(self._module(node, page))
            case nodes.FromImport():
                self._take_some(node, page)
            case _:
                pass

    def _take_some(self, node: nodes.FromImport, page: Page) -> None:
        module = self._module(node, page)
        for one in node.names:
            name, alias = one if isinstance(one, tuple) else (one, one)
            if name not in module:
                words = f"there is no macro {name!r} in it{did_you_mean(name, module)}"
                raise self._places.error(node, words)
            page.macros[alias] = module[name]

    def _module(self, node: nodes.Import | nodes.FromImport, page: Page) -> Macros:
        name, text = self._named(node, node.template)
        if name in page.files:
            raise self._places.error(node, f"{name} imports itself")
        module = Page((*page.files, name), {})
        self._read(name, text, module)
        return module.macros

    def _put(self, body: Nodes, spot: Spot) -> Nodes:
        found: Nodes = []
        for node in single_outputs(body):
            refuse_calls(node, spot.page.macros, self._places)
            found += self._put_one(node, spot)
        return found

    def _put_one(self, node: nodes.Node, spot: Spot) -> Nodes:
        match node:
            case nodes.Output(nodes=[nodes.Call() as call]) if not is_function(call):
                return self._called(call, spot)
            case nodes.Output():
                return [node]
            case nodes.Macro() | nodes.Import() | nodes.FromImport():
                self._defined(node, spot)
                return []
            case nodes.Block() | nodes.Include() | nodes.CallBlock():
                return self._brought(node, spot)
            case _:
                return [self._inner(node, spot)]

    def _brought(
        self, node: nodes.Block | nodes.Include | nodes.CallBlock, spot: Spot
    ) -> Nodes:
        """Return what stands elsewhere and is printed here."""
        if isinstance(node, nodes.Include):
            return self._included(node, spot)
        if isinstance(node, nodes.CallBlock):
            return self._call_block(node, spot)
        if spot.local and not node.scoped:
            raise self._places.error(
                node, f"inside a loop it must say {{% block {node.name} scoped %}}"
            )
        return self._block(node.name, 0, spot)

    def _inner(self, node: nodes.Node, spot: Spot) -> nodes.Node:
        """Put a statement with all that stands inside it."""
        local = spot.local
        if isinstance(node, nodes.For):
            local |= {"loop", *targets(node.target)}
        elif isinstance(node, nodes.With):
            local |= {name for one in node.targets for name in targets(one)}
        elif isinstance(node, nodes.If):
            for elif_ in node.elif_:
                refuse_calls(elif_, spot.page.macros, self._places)
        inner = replace(spot, nested=True, local=local)
        return rebuilt(node, lambda body: self._put(body, inner))

    def _defined(self, node: nodes.Node, spot: Spot) -> None:
        if spot.nested:
            raise self._places.error(
                node, "a macro or import stands at the top of a file or block"
            )
        self._take_macros(node, spot.page)

    def _block(self, name: str, depth: int, spot: Spot) -> Nodes:
        found = spot.page.blocks[name]
        block = found[depth]
        if block.required and len(found) == 1:
            raise self._places.error(block, f"the block {name!r} must be filled")
        inner = replace(spot, block=(name, depth), nested=False)
        return scoped(self._put(block.body, inner))

    def _included(self, node: nodes.Include, spot: Spot) -> Nodes:
        if not node.with_context:
            words = "an include always sees the names around it"
            raise self._places.error(node, words)
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if node.ignore_missing and name not in self._source.files:
            return []
        name, text = self._named(node, node.template)
        if name in spot.page.files:
            raise self._places.error(node, f"{name} includes itself")
        return scoped(self._file(name, text, replace(spot, nested=False)))

    def _called(self, call: nodes.Call, spot: Spot) -> Nodes:
        name = called_name(call)
        if name == "super":
            return self._super(call, spot)
        if name != "caller":
            return self._expanded(call, None, spot)
        if spot.caller is None:
            words = "caller() is only known in a macro that {% call %} calls"
            raise self._places.error(call, words)
        return spot.caller

    def _super(self, call: nodes.Call, spot: Spot) -> Nodes:
        name, depth = spot.block or ("", 0)
        if len(spot.page.blocks.get(name, [])) <= depth + 1:
            raise self._places.error(call, "super() needs a block that fills another")
        return self._block(name, depth + 1, spot)

    def _call_block(self, node: nodes.CallBlock, spot: Spot) -> Nodes:
        if node.args:
            raise self._places.error(node, "a {% call %} cannot take values")
        refuse_calls(node.call, spot.page.macros, self._places)
        return self._expanded(node.call, self._put(node.body, spot), spot)

    def _expanded(self, call: nodes.Call, caller: Nodes | None, spot: Spot) -> Nodes:
        """Put a macro's statements where it is called."""
        macro = find(call, spot.page.macros, self._places)
        if any(one is macro.node for one in spot.within):
            words = f"the macro {macro.node.name!r} calls itself"
            raise self._places.error(call, words)
        size = sum(len(one.data) for one in macro.node.find_all(nodes.TemplateData))
        self._grow(size, macro.page.files[-1])
        expansion = Expansion(call, macro.node, self._parts, self._places)
        for name in expansion.taken(spot.local):
            raise self._places.error(
                call,
                f"the macro uses a {name!r} that is not its own, and here it would get the"
                " loop's: give it the value in brackets",
            )
        inner = Spot(
            macro.page,
            caller=caller,
            local=spot.local | expansion.local,
            within=(*spot.within, macro.node),
            nested=True,
        )
        return expansion.bound(self._put(expansion.body, inner))
