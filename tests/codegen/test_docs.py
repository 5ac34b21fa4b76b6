"""Documentation pages: whole, linked, escaped, and the same each time."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from xpcrpc.codegen.compile import compile_text
from xpcrpc.codegen.docs import dictionary, documentation
from xpcrpc.codegen.docs.prose import line
from xpcrpc.codegen.docs.sample import sample_fields
from xpcrpc.codegen.model import Contract

from tests.codegen.commands import run
from tests.codegen.test_mutations import mutated
from xpcrpc.protocol import keys

ROOT = Path(__file__).parents[2]
SCHEMAS = sorted((ROOT / "schemas").rglob("*.toml"))
VOID = {"meta", "br", "hr", "link", "img"}
EVIL = '</code></pre><script>alert(1)</script> "quoted" & | ` * _x_ [a](javascript:b) <!-- `a|b<c>`'


class Page(HTMLParser):
    """What a browser would find; raises on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert name not in ("src", "onclick", "onload")
            if name == "id":
                self.ids.append(value or "")
            elif name == "href":
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def contract(text: str | bytes, path: Path | None = None) -> Contract:
    """A contract that compiles; with ``path``, what it imports is beside that."""
    compiled = compile_text(text, path=path)
    assert not compiled.complaints, compiled.complaints
    return compiled.contracts[0]


def pages(text: str | bytes, path: Path | None = None) -> tuple[str, str]:
    """The Markdown and the HTML of a contract."""
    files = documentation(contract(text, path))
    assert [path.suffix for path in files] == [".md", ".html"]
    markdown, html = files.values()
    return markdown, html


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_every_link_leads_to_one_place_of_the_page(path: Path) -> None:
    markdown, html = pages(path.read_bytes(), path)
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    # A type of an imported contract is on that contract's page.
    here = {link for link in page.links if not re.match(r"[\w.]+\.html(#|$)", link)}
    assert {link.removeprefix("#") for link in here} <= set(page.ids)
    assert all(link.startswith("#") for link in here)
    anchors = re.findall(r'<a id="([^"]+)">', markdown)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r"\]\(#([^)]+)\)", markdown)) <= set(anchors)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_page_names_everything_and_needs_nothing_else(path: Path) -> None:
    one = contract(path.read_bytes(), path)
    _, html = pages(path.read_bytes(), path)
    page = Page(html)
    words = "".join(page.words)
    for name in (*one.types, *one.errors, *one.protocols):
        assert name in words
    for protocol in one.protocols.values():
        for method in protocol.methods:
            assert method.selector in words
    assert not page.tags & {"script", "img", "link", "iframe"}
    assert "http" not in html.replace("http-equiv", "")


def evil() -> str:
    """A contract whose every text tries to be markup."""
    text = EVIL.replace("\\", "\\\\").replace('"', '\\"')
    return f"""
schema = 1
package = "org.example.evil"
version = "1.0"
doc = "{text}"
[struct.S]
doc = "{text}\\n\\n{text}"
deprecated = "{text}"
fields.x = {{ type = "string", doc = "{text}", default = "{text}", wire = "{text}" }}
[enum.E]
cases.a = {{ wire = "{text}", doc = "{text}" }}
[const.C]
type = "string"
value = "{text}"
[protocol.P.methods.go]
selector = "{text}"
doc = "{text}"
in = "S"
out = "E"
[service.s1]
protocol = "P"
name = "x"
peer.macos = {{ requirement = "{text}" }}
"""


def test_texts_of_a_contract_are_never_markup() -> None:
    markdown, html = pages(evil())
    page = Page(html)
    assert "script" not in page.tags
    assert all(link.startswith("#") for link in page.links)
    assert '</code></pre><script>alert(1)</script> "quoted" & |' in "".join(page.words)
    outside = re.sub(r"(?ms)^(`{3,})$.*?^\1$", "", markdown)
    outside = re.sub(r"<!-- Written by .*?-->", "", outside)
    assert "<script" not in re.sub(r"\\<", "", outside)
    assert "](javascript" not in re.sub(r"\\\]", "", outside)
    assert set(re.findall(r"(?<!\\)<(/?[a-z]+)", outside)) <= {"a", "/a", "code", "/code"}


def test_a_table_has_as_many_cells_in_every_row() -> None:
    gallery = ROOT / "schemas" / "gallery.toml"
    for text in (evil(), gallery.read_text(encoding="utf-8")):
        markdown, _ = pages(text, gallery)
        width = 0
        for row in markdown.split("\n"):
            cells = len(re.findall(r"(?<!\\)\|", row)) if row.startswith("|") else 0
            assert not cells or not width or cells == width, row
            width = cells


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("1. not a list", "1\\. not a list"),
        ("- nor this", "\\- nor this"),
        ("# nor a heading", "\\# nor a heading"),
        ("a - b # c 1. d", "a - b # c 1. d"),
        ("see `a|b` and a|b", "see <code>a&#124;b</code> and a\\|b"),
        ("https://example.org", "https:&#47;&#47;example.org"),
        ("", ""),
    ],
)
def test_markdown_is_escaped_where_it_would_mean_something(text: str, markdown: str) -> None:
    assert line(text).markdown() == markdown


def test_the_envelope_is_the_runtimes() -> None:
    for name in (
        "SELECTOR",
        "ARGUMENTS",
        "RESULT",
        "ERROR",
        "CODE",
        "MESSAGE",
        "DETAILS",
        "CALL",
        "WINDOW",
        "ITEMS",
        "END",
    ):
        assert getattr(dictionary, name) == getattr(keys, name)


def sample(text: str, struct: str) -> str:
    """The example of a struct."""
    one = contract(f'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n{text}')
    fields = one.types[struct].fields
    shown: str = dictionary.text(dictionary.lines(sample_fields(one, fields)))
    return shown


def test_examples_keep_to_constraints_and_use_what_the_contract_gives() -> None:
    text = """
[alias.Port]
type = "u16"
min = 1024
[enum.Mode]
cases.a = { wire = "AAA" }
cases.b = { wire = "BBB" }
[flags.Caps]
bits.r = { value = 1 }
bits.w = { value = 4 }
[struct.S]
fields.port = { type = "Port", max = 2000 }
fields.neg = { type = "i8", max = -5 }
fields.name = { type = "string", min_len = 6 }
fields.tiny = { type = "string", max_bytes = 2 }
fields.like = { type = "string", pattern = "[a-z]+", example = "abc" }
fields.mode = { type = "Mode", default = "b" }
fields.caps = { type = "Caps", example = ["r", "w"] }
fields.two = { type = "list<u8>", min_items = 2 }
fields.none = { type = "list<u8>", max_items = 0 }
fields.wait = { type = "duration", default = "2s" }
fields.data = { type = "bytes", default = "cafe" }
"""
    assert (
        sample(text, "S")
        == """\
{
  "port": 1024,        // uint64
  "neg": -5,           // int64
  "name": "textte",    // string
  "tiny": "te",        // string
  "like": "abc",       // string
  "mode": "BBB",       // string; may be left out
  "caps": 5,           // uint64
  "two": [
    1,                 // uint64
    1                  // uint64
  ],
  "none": [],          // empty array
  "wait": 2000000000,  // int64, nanoseconds; may be left out
  "data": data(ca fe)  // data; may be left out
}"""
    )


def test_streams_and_events_show_what_travels_besides() -> None:
    text = (Path(__file__).parent / "show" / "input.toml").read_text(encoding="utf-8")
    markdown, html = pages(text)
    words = "".join(Page(html).words)
    for said in (
        "event changed(Config)",
        "watch(least: u64 = 0) -> stream Event",
        "256 items in flight",
        "the oldest item is dropped",
        "uid 0 or group admin",
        "endpoint to serve Host at",
        "daemon org.example.tproxy",
    ):
        assert said in words
    assert markdown.count('"$items": [') == 4
    assert '"$window": 256,' in markdown
    assert markdown.count('"$end": 1') == 2
    assert "(#protocol-Control-events-changed)" not in markdown  # named in no list of links
    assert '<a id="protocol-Control-events-changed"></a>' in markdown


def test_a_signature_leads_to_what_it_names_and_reads_as_before() -> None:
    text = """
schema = 1
package = "org.example.gate"
version = "1.0"
struct.Key.fields.x = "u8"
enum.Mode.cases.a = "A"
[error.Shut]
code = 100
[protocol.P.methods.open]
in = { keys = "map<string, Key?>", mode = { type = "Mode", default = "a" }, back = "client_end<P>" }
out = { key = "Key" }
errors = ["Shut"]
[protocol.P.methods.watch]
in = "Key"
stream = { in = "u8", out = "list<Mode>" }
[protocol.P.events.shut]
in = "Key"
"""
    markdown, html = pages(text)
    key, mode = '<a href="#struct-Key">Key</a>', '<a href="#enum-Mode">Mode</a>'
    back, shut = '<a href="#protocol-P">P</a>', '<a href="#error-Shut">Shut</a>'
    taken = (
        f"keys: map&lt;string, {key}?&gt;, mode: {mode} = &quot;a&quot;, back: client_end&lt;{back}"
    )
    for signature in (
        f"open({taken}&gt;) -&gt; {{ key: {key} }} ! {shut}",
        f"watch({key}, stream u8) -&gt; stream list&lt;{mode}&gt;",
        f"event shut({key})",
    ):
        assert f'<pre class="signature" tabindex="0"><code>{signature}</code></pre>' in html
    # A block of code in Markdown has no links.
    taken = 'keys: map<string, Key?>, mode: Mode = "a", back: client_end<P>'
    assert f"```\nopen({taken}) -> {{ key: Key }} ! Shut\n```" in markdown


def test_a_type_of_another_contract_leads_to_its_page(tmp_path: Path) -> None:
    header = 'schema = 1\nversion = "1.0"\npackage = "org.example.'
    (tmp_path / "net.toml").write_text(
        header + 'net"\n[struct.Address]\nfields.host = "string"\n', encoding="utf-8"
    )
    (tmp_path / "app.toml").write_text(
        header + 'app"\nimports.net = "net.toml"\n'
        '[protocol.P.methods.go]\nin = "net.Address"\nout = "list<net.Address>"\n',
        encoding="utf-8",
    )
    out = tmp_path / "out"
    assert run("docs", str(tmp_path), "--out", str(out)) == 0
    page = Page((out / "app.html").read_text(encoding="utf-8"))
    away = {link for link in page.links if not link.startswith("#")}
    assert away == {"net.html#struct-Address"}
    assert "struct-Address" in Page((out / "net.html").read_text(encoding="utf-8")).ids
    assert "(net.md#struct-Address)" in (out / "app.md").read_text(encoding="utf-8")


def test_a_struct_that_holds_itself_is_shown_once_and_named_inside() -> None:
    text = """
[struct.T]
fields.next = "T?"
fields.all = "list<T>"
fields.by = "map<string, T>"
[struct.U]
fields.t = "T"
[union.V]
cases.one = { v = "V" }
cases.two = {}
"""
    assert (
        sample(text, "U")
        == """\
{
  "t": {
    "next": {…},  // dictionary: T; may be left out
    "all": [
      {…}         // dictionary: T
    ],
    "by": {
      "key": {…}  // dictionary: T
    }
  }
}"""
    )
    _, html = pages(f'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n{text}')
    assert (
        '&#34;v&#34;: {…}  <span class="remark">// dictionary: <a href="#union-V">V</a></span>'
        in html
    )


def test_what_lies_deep_in_a_message_is_named_and_linked() -> None:
    text = "".join(f'[struct.S{at}]\nfields.a = "S{at + 1}"\n' for at in range(4))
    whole = f'{text}[struct.S4]\nfields.x = "u8"\n[protocol.P.methods.go]\nin = "S0"\nout = "S1"\n'
    shown = sample(whole, "S0")
    assert shown.endswith("""    "a": {
      "a": {…}  // dictionary: S3
    }
  }
}""")
    _, html = pages(f'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n{whole}')
    assert html.count('// dictionary: <a href="#struct-S4">S4</a>') == 2
    assert html.count('// dictionary: <a href="#struct-S3">S3</a>') == 2


def test_structs_that_hold_each_other_twice_have_short_examples() -> None:
    text = "".join(
        f'[struct.S{index}]\nfields.a = "S{index + 1}"\nfields.b = "S{index + 1}"\n'
        for index in range(40)
    )
    whole = text + '[struct.S40]\nfields.x = "u8"\n'
    assert sample(whole, "S0").count("\n") < 40
    _, html = pages(f'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n{whole}')
    assert len(html) < 41 * 4000


def test_a_wide_struct_shows_its_first_fields_and_how_many_more() -> None:
    wide = "[struct.Wide]\n" + "".join(f'fields.f{at} = "u8"\n' for at in range(500))
    text = f'{wide}[struct.Holder]\nfields.first = "Wide"\nfields.second = "Wide"\n'
    shown = sample(text, "Wide")
    assert shown.count("\n") < 65
    assert '"f59": 1,  // uint64\n  "…": …     // and 440 more\n}' in shown
    assert (
        sample(text, "Holder")
        == """\
{
  "first": {…},  // dictionary: Wide
  "second": {…}  // dictionary: Wide
}"""
    )


def test_a_page_grows_with_its_contract_and_no_faster() -> None:
    def size(structs: int) -> int:
        header = 'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n'
        text = "".join(
            f'[struct.S{at}]\nfields.x = "list<u8>"\nfields.before = "S{max(at - 1, 0)}?"\n'
            f'fields.other = "S{at // 2}?"\n'
            for at in range(structs)
        )
        return sum(map(len, pages(header + text)))

    assert size(160) < 2.2 * size(80)


@settings(max_examples=60, deadline=None)
@given(mutated())
def test_whatever_compiles_can_be_documented(data: bytes) -> None:
    for one in compile_text(data).contracts:
        files = documentation(one)
        Page(files[next(path for path in files if path.suffix == ".html")])


def test_pages_are_written_once_and_do_not_say_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema, out = str(ROOT / "schemas" / "echo.toml"), tmp_path / "deep" / "pages"
    assert run("docs", schema, "--out", str(out), "--check") == 1
    assert not out.exists()
    assert run("docs", schema, "--out", str(out)) == 0
    assert sorted(path.name for path in out.iterdir()) == ["echo.html", "echo.md"]
    text = (out / "echo.html").read_text(encoding="utf-8")
    assert str(ROOT) not in text
    capsys.readouterr()
    assert run("docs", schema, "--out", str(out), "--check") == 0
    assert run("docs", schema, "--out", str(out)) == 0
    assert capsys.readouterr().out == ""


def test_a_bad_contract_or_a_bad_folder_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("schema = 2\n", encoding="utf-8")
    assert run("docs", str(bad), "--out", str(tmp_path / "out")) == 1
    assert not (tmp_path / "out").exists()
    assert run("docs", str(ROOT / "schemas" / "echo.toml"), "--out", str(bad)) == 2
    assert "cannot be" in capsys.readouterr().err
    assert PurePosixPath(bad).name == "bad.toml"


def test_a_stream_has_a_deadline_only_if_the_contract_says_so() -> None:
    header = 'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n'
    stream = f'{header}[protocol.P.methods.go]\nstream = {{ out = "u8" }}\n'
    assert "Deadline" not in pages(stream)[0]
    assert "- Deadline: 30s" in pages(f'{stream}timeout = "30s"\n')[0]
    assert "- Deadline: 30s" in pages(f'{header}[protocol.P.methods.go]\nout = "u8"\n')[0]
