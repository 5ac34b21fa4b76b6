"""Random contracts that are valid by the way they are made."""

from __future__ import annotations

from attrs import define, field
from hypothesis import strategies as st

_WORDS = [
    "flow",
    "class",
    "list",
    "items",
    "self",
    "state",
    "wire",
    "timeout_s",
    "id",
    "a1",
    "no_op",
]
_SCALARS = [
    *("bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "string"),
    *("bytes", "uuid", "date", "duration", "any"),
]
_DEFAULTS = {
    "bool": "true", "i8": "-3", "u8": "7", "i64": "-1", "u64": "9", "f64": "1.5", "string": '"x"',
    "bytes": '"00ff"', "date": "1", "duration": '"5s"', "any": '"anything"',
}  # fmt: skip
_LISTS = [
    'type = "list<string>", unique = true, min_items = 1, default = ["a", "b"]',
    'type = "map<string, u8>", max_items = 3, example = { a = 1 }',
    """type = "string", pattern = '[a-z]{1,3}(x|y)?', example = "aby" """,
    'type = "u32", deprecated = "Too small: see the other."',
]
_LIMITS = {
    "u8": "min = 1, max = 200", "i64": "min = -5", "f64": "max = 10.5", "bytes": "max_len = 8",
    "string": "min_len = 1, max_len = 9, max_bytes = 40",
}  # fmt: skip


@define
class _Maker:
    """Draws one contract, part by part; each part names only what there is by then."""

    draw: st.DrawFn
    lines: list[str] = field(factory=list)
    plain: list[str] = field(factory=list)
    """Types that hold no resource."""
    structs: list[str] = field(factory=list)
    errors: list[str] = field(factory=list)
    wired: int = 0
    """Fields that have a name of their own on the wire."""

    def some(self, least: int, most: int) -> range:
        return range(self.draw(st.integers(least, most)))

    def names(self, most: int) -> list[str]:
        return self.draw(st.lists(st.sampled_from(_WORDS), max_size=most, unique=True))

    def maybe(self, text: str) -> str:
        return text if self.draw(st.booleans()) else ""

    def type(self) -> str:
        chosen = self.draw(st.sampled_from([*_SCALARS, *self.plain]))
        form = self.draw(st.sampled_from(["{}", "{}", "{}", "{}?", "list<{}>", "map<string, {}>"]))
        return chosen if chosen == "any" else form.format(chosen)

    def field(self) -> str:
        if self.draw(st.integers(0, 7)) == 0:
            return f"{{ {self.draw(st.sampled_from(_LISTS))} }}"
        kind = self.type()
        settings = [f'type = "{kind}"']
        if kind in _LIMITS and self.draw(st.booleans()):
            settings.append(_LIMITS[kind])
        elif kind in _DEFAULTS and self.draw(st.booleans()):
            settings.append(f"default = {_DEFAULTS[kind]}")
        settings.append(self.draw(st.sampled_from(['doc = "What it is."', 'since = "1.0"'])))
        if self.draw(st.integers(0, 5)) == 0:
            self.wired += 1
            settings.append(f'wire = "on-the-wire-{self.wired}"')
        return f"{{ {', '.join(settings)} }}" if self.draw(st.booleans()) else f'"{kind}"'

    def fields(self) -> str:
        return "{ " + ", ".join(f"{name} = {self.field()}" for name in self.names(4)) + " }"

    def declarations(self) -> None:
        for number in self.some(0, 2):
            cases = ", ".join(f'{name} = "A case."' for name in self.names(3)) or 'only = ""'
            self.lines.append(f"[enum.Enum{number}]\n{self.maybe('open = false')}")
            self.lines.append(f"cases = {{ {cases} }}")
            self.plain.append(f"Enum{number}")
        if self.draw(st.booleans()):
            self.lines.append('[enum.Level]\ntype = "u8"\ncases = { low = { value = 1 } }')
            self.lines.append("[flags.Bits]\nbits = { one = { value = 1 }, two = { value = 2 } }")
            self.lines.append('[const.LOWEST]\ntype = "Level"\nvalue = "low"')
            self.lines.append('[const.BOTH]\ntype = "Bits"\nvalue = ["one", "two"]')
            self.plain += ["Level", "Bits"]
        if self.draw(st.booleans()):
            self.lines.append(
                '[struct.Tree]\nfields = { leaf = "i64", branches = { type = "list<Tree>", '
                'default = [] }, beside = "map<string, Tree>?" }'
            )
            self.plain.append("Tree")
        for number in self.some(0, 2):
            self.lines.append(f'[alias.Alias{number}]\ntype = "string"\nmax_len = {9 - number}')
            self.plain.append(f"Alias{number}")
        for number in self.some(1, 4):
            unknown = self.draw(st.sampled_from(["ignore", "keep", "reject"]))
            self.lines.append(f'[struct.Struct{number}]\nunknown = "{unknown}"')
            self.lines.append(f"fields = {self.fields()}")
            self.plain.append(f"Struct{number}")
            self.structs.append(f"Struct{number}")
        for number in self.some(0, 2):
            cases = ", ".join(f"case_{at} = {self.fields()}" for at in self.some(1, 3))
            self.lines.append(f"[union.Union{number}]\n{self.maybe('open = false')}")
            self.lines.append(f"cases = {{ {cases} }}")
            self.plain.append(f"Union{number}")
        for number in self.some(0, 2):
            self.lines.append(f"[error.Error{number}]\ncode = {100 + number}")
            self.lines.append(f"fields = {self.fields()}")
            self.errors.append(f"Error{number}")

    def argument(self) -> str:
        """``in``, or nothing."""
        form = self.draw(st.sampled_from(["none", "struct", "table"]))
        if form == "none":
            return ""
        made = self.fields() if form == "table" else f'"{self.draw(st.sampled_from(self.structs))}"'
        return f"in = {made}\n"

    def method(self, name: str) -> None:
        self.lines.append(f'methods.{name}.doc = "What it does."')
        put = f"methods.{name}."
        parts = [self.argument()]
        kind = self.draw(st.sampled_from(["call", "call", "oneway", "in", "out", "both"]))
        if kind == "oneway":
            parts.append("oneway = true\n")
        else:
            if kind in ("call", "in") and self.draw(st.booleans()):
                parts.append(self.draw(st.sampled_from([f'out = "{self.type()}"\n', "out = {}\n"])))
            if kind == "call":
                parts.append(self.maybe("idempotent = true\n"))
            else:
                ways = ["in", "out"] if kind == "both" else [kind]
                items = ", ".join(f'{way} = "{self.type()}"' for way in ways)
                more = "" if kind == "in" else self.maybe(', overflow = "drop_oldest"')
                parts.append(f"stream = {{ {items}{more}{self.maybe(', window = 3')} }}\n")
            if self.errors:
                parts.append(self.maybe(f'errors = ["{self.errors[0]}"]\n'))
            parts.append(self.maybe('timeout = "2s"\n'))
            parts.append(self.maybe('requires = { any = [{ uid = "self" }, { gid = 0 }] }\n'))
            parts.append(self.maybe('concurrency = "serial"\n'))
        for line in "".join(parts).splitlines():
            self.lines.append(put + line)

    def resources(self) -> None:
        """A struct that holds handles, and a protocol that hands them over."""
        self.lines.append(
            '[struct.Handles]\nresource = true\nfields = { log = "fd<write>?", '
            'files = "list<fd>", memory = "shmem?", more = "map<string, client_end<Hand>>" }'
        )
        self.lines.append(
            "[protocol.Hand]\nmethods.over = "
            '{ in = "Handles", out = "client_end<Hand>" }\nmethods.back = '
            '{ in = { end = "server_end<Hand>", kept = "Handles?" }, out = "Handles" }'
        )

    def protocols(self) -> None:
        for number in self.some(0, 2):
            self.lines.append(f"[protocol.Part{number}]")
            if number:
                self.lines.append('callbacks = "Part0"')
            for at in self.some(1, 4):
                self.method(f"do_{number}_{at}")
            # Only what calls back nobody may have events: Part0 is called back.
            for at in self.some(0, 2) if number else ():
                self.lines.append(f'events.told_{number}_{at}.doc = "It happened."')
                for line in self.argument().splitlines():
                    self.lines.append(f"events.told_{number}_{at}.{line}")
            self.lines.append(
                f'[service.service{number}]\nprotocol = "Part{number}"\nname = "org.x.s{number}"\n'
                f'[service.service{number}.peer]\nlinux = {{ uid = "self" }}\nmacos = "anyone"'
            )


@st.composite
def contracts(draw: st.DrawFn) -> str:
    """The text of a contract that has no complaint."""
    maker = _Maker(draw)
    selector = draw(st.sampled_from(["{name}", "{camel}:withReply:", "{protocol}.{pascal}"]))
    none = draw(st.sampled_from(["omit", "null"]))
    maker.lines.append('schema = 1\npackage = "org.example.drawn"\nversion = "1.0"')
    maker.lines.append(f'[wire]\nselector = "{selector}"\nnone = "{none}"')
    maker.declarations()
    maker.protocols()
    if draw(st.booleans()):
        maker.resources()
    if draw(st.booleans()):
        maker.lines.append('[reserved]\nfields = { Struct0 = ["gone"] }\ncodes = [99]')
    return "\n".join(maker.lines) + "\n"
