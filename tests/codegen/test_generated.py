"""The generated packages: they import, say what the contract says, and need no formatter."""

from __future__ import annotations

import copy
import pickle
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xpcrpc.codegen import naming
from xpcrpc.codegen.compile import compile_text
from xpcrpc.codegen.emit import emit
from xpcrpc.codegen.view import package_view

import generated.echo as echo
import generated.gallery as gallery
import generated.gallery_nulls as gallery_nulls
import generated.tproxy as tproxy
from generated.gallery import types as gallery_types
from xpcrpc import Client, ConstraintError, Date, Duration, Empty, Server, UnknownCase, rules
from xpcrpc.codec.converter import shared
from xpcrpc.codec.passes import can_pass
from xpcrpc.codec.shape import shape_of
from xpcrpc.testing import equivalent, strategies

ROOT = Path(__file__).parents[2]
LONG = "a_very_long_name_for_such_a_small_thing_indeed"
AWKWARD = (
    r'''
schema  = 1
package = "org.example.awkward"
version = "1.0"
doc = """
Quotes \"\"\" and \\ backslashes, "here"

    indented\ttext, WORDS
"""

[enum.CLASS]
cases.LONG = { doc = "Ends with a quote\"" }

[struct.CLASSTwo]
doc = "WORDS"
fields.LONG = { type = "map<string, list<CLASS?>>?", doc = "https://example.org/LONG/LONG/LONG" }
fields.b    = { type = "list<string>", default = ["LONG", "LONG", "LONG"] }
fields.c    = { type = "string", pattern = "(LONG|LONG|LONG)", max_len = 3, max_bytes = 9 }

[protocol.CLASSStub.methods.LONG]
in  = { LONG = "CLASSTwo", b = { type = "list<string>", default = ["LONG", "LONG", "LONG"] } }
out = "CLASSTwo?"

[service.LONGs]
protocol = "CLASSStub"
name     = "org.example.awkward"
'''.replace("LONG", LONG)
    .replace("CLASS", naming.pascal(LONG))
    .replace("WORDS", "some words " * 20)
)


def run_ruff(folder: Path, *arguments: str) -> None:
    """Run the tool over a folder; its words are the failure's."""
    ruff = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
    done = subprocess.run(
        [ruff, *arguments, "--no-cache", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_our_generated_code_needs_no_formatter_and_no_linter() -> None:
    run_ruff(ROOT / "generated", "format", "--check")
    run_ruff(ROOT / "generated", "check")


def test_the_longest_names_and_oddest_docs_need_none_either(tmp_path: Path) -> None:
    compiled = compile_text(AWKWARD)
    assert compiled.complaints == ()
    for path, text in emit(package_view(compiled.contracts[0])).items():
        target = tmp_path / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (tmp_path / "ruff.toml").write_text(
        (ROOT / "generated" / "ruff.toml")
        .read_text(encoding="utf-8")
        .replace("../pyproject.toml", (ROOT / "pyproject.toml").as_posix()),
        encoding="utf-8",
    )
    run_ruff(tmp_path, "format", "--check")
    run_ruff(tmp_path, "check")


def test_every_name_of_a_package_is_exported() -> None:
    for package in (echo, gallery, gallery_nulls, tproxy):
        for name in package.__all__:
            assert hasattr(package, name)
        assert len(set(package.__all__)) == len(package.__all__)


def test_an_import_neither_loads_modules_nor_finishes_classes_that_nobody_uses() -> None:
    program = """
import sys
import generated.gallery as gallery
assert not [name for name in sys.modules if name.startswith("generated.gallery.")]
gallery.ListenerClient
assert "generated.gallery.gallery" not in sys.modules
from generated.gallery import types
classes = [one for one in vars(types).values() if isinstance(one, type)]
waiting = [one for one in classes if "__xpcrpc_fields__" in vars(one)]
assert len(waiting) > 30
types.Point(x=1.0, y=2.0)
assert [one for one in waiting if "__xpcrpc_fields__" not in vars(one)] == [types.Point]
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def test_annotations_are_resolved_in_the_package() -> None:
    names = {name: getattr(gallery, name) for name in gallery.__all__}
    for one in names.values():
        if isinstance(one, type) and hasattr(one, "__attrs_attrs__"):
            hints = get_type_hints(one, localns=names, include_extras=True)
            assert {field.name for field in one.__attrs_attrs__} <= hints.keys()


def test_a_method_says_what_the_contract_says() -> None:
    methods = {method.name: method for method in tproxy.CONTROL.methods}
    assert tproxy.CONTROL.name == "org.example.tproxy.Control"
    assert tproxy.CONTROL.version == "1.1"
    apply, stop = methods["apply"], methods["stop"]
    assert apply.selector == "updateSettings:withReply:"
    assert (apply.request, apply.reply) == (tproxy.Config, tproxy.Status)
    assert (apply.timeout_s, apply.idempotent, apply.oneway) == (5.0, True, False)
    assert (stop.selector, stop.request, stop.reply) == ("stop:withReply:", Empty, None)
    assert stop.oneway
    assert methods["start"].errors == (tproxy.StartRefused,)
    assert methods["tap"].reply == "ClientEnd[FlowTapClient]"
    serial = {method.name for method in gallery.GALLERY.methods if method.serial}
    assert serial == {"wait"}


def test_a_stream_has_the_deadline_that_the_contract_states_and_no_other() -> None:
    def stub(more: str) -> str:
        compiled = compile_text(
            'schema = 1\npackage = "org.example.small"\nversion = "1.0"\n'
            f"[protocol.Small.methods.go]\n{more}"
        )
        made: str = emit(package_view(compiled.contracts[0]))[PurePosixPath("small/small.py")]
        return made

    assert "timeout_s=30.0" in stub('timeout = "30s"\nstream = { out = "u8" }')
    assert "timeout_s=" not in stub('stream = { out = "u8" }').split("class ")[0]
    assert "timeout_s=30.0" in stub('out = "u8"')
    assert "timeout_s=5.0" in stub('timeout = "5s"')


def test_a_service_says_where_it_is_and_who_may_connect() -> None:
    assert tproxy.Tproxy.name == "${TEAM_ID}.org.example.tproxy.xpc"
    assert tproxy.TproxyClient.service is tproxy.Tproxy
    assert tproxy.Tproxy.peer_linux == rules.AnyOf((rules.Uid("self"), rules.Uid(0)))
    assert echo.EchoClient.service is echo.Echo
    assert echo.Echo.peer_macos == rules.Team("self")
    assert gallery.OpenGallery.peer_linux == rules.Anyone()
    assert gallery.OpenGallery.domain == "system"
    assert gallery.StrictGallery.peer_linux is None
    assert gallery.Gallery.peer_development == rules.Uid("self")


def test_defaults_are_each_objects_own() -> None:
    one, other = gallery.Defaults(), gallery.Defaults()
    one.primes.append(7)
    one.point.x = 9.0
    assert other.primes == [2, 3, 5]
    assert other.point == gallery.Point(x=1.5, y=-2.0)
    assert other.span == Duration(120_000_000_000)
    assert other.data == b"\xca\xfe"
    assert other.text == 'it\'s "quoted" \\ and\ttabbed'
    assert other.shape == gallery.ShapeCircle(radius=1.0)


def test_constraints_hold_when_an_object_is_made() -> None:
    with pytest.raises(ConstraintError):
        gallery.ShapeCircle(radius=-1.0)
    fine: dict[str, Any] = {
        "percent": 1, "celsius": 0.0, "port": 1024, "low_port": 2048, "name": "n", "code": "AB-1",
        "digest": b"1234", "tags": ["a"], "ports": {"x": [1024]},
    }  # fmt: skip
    gallery.Constrained(**fine)
    changes: tuple[dict[str, Any], ...] = (
        {"percent": 101}, {"celsius": -300.0}, {"port": 80}, {"low_port": 1023},
        {"low_port": 2049}, {"name": ""}, {"name": "é" * 17}, {"code": "AB-1x"}, {"digest": b"1"},
        {"tags": ["a", "a"]}, {"tags": ["-"]}, {"ports": {"x": [80]}}, {"labels": []},
    )  # fmt: skip
    for wrong in changes:
        with pytest.raises(ConstraintError):
            gallery.Constrained(**{**fine, **wrong})


def test_unions_are_open_unless_the_contract_closes_them() -> None:
    assert UnknownCase in gallery.Shape.__args__
    assert UnknownCase not in gallery.Answer.__args__


def test_names_that_python_needs_get_an_underscore_and_keep_their_wire_name() -> None:
    names = {field.name: field.metadata for field in gallery.Renamed.__attrs_attrs__}
    assert names["class_"] == {"xpcrpc.wire": "class"}
    assert names["list_"] == {"xpcrpc.wire": "list"}
    assert names["many_words"] == {"xpcrpc.wire": "manyWords"}
    connect = next(method for method in gallery.GALLERY.methods if method.name == "connect_")
    assert connect.selector == "Gallery.connect"


def test_every_public_name_of_the_stubs_bases_is_known_to_be_taken() -> None:
    for base in (Client, Server):
        public = {name for name in dir(base) if not name.startswith("_")}
        assert public <= naming.METHOD_NAMES


def test_docstrings_say_units_limits_and_errors() -> None:
    assert "At most 512 items." in (ROOT / "generated" / "tproxy" / "types.py").read_text(
        encoding="utf-8"
    )
    said = tproxy.FlowTapClient.read.__doc__ or ""
    assert "Args:\n            at_most: Bytes. At least 1." in said
    assert "StartRefused: The provider cannot start now." in (
        tproxy.ControlClient.start.__doc__ or ""
    )


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ('type = "u8", min = 1, max = 9', "1 to 9."),
        ('type = "u8", min = 4, max = 4', "Exactly 4."),
        ('type = "string", max_len = 1', "At most 1 character."),
        ('type = "bytes", min_len = 2', "At least 2 bytes."),
        ('type = "string", max_bytes = 8', "At most 8 bytes as UTF-8."),
        ('type = "string", pattern = "a+"', "Matches ``a+``."),
        ('type = "list<u8>", max_items = 3, unique = true', "At most 3 items. All different."),
        ('type = "u8", max = 9, doc = "Seconds"', "Seconds. At most 9."),
    ],
)
def test_limits_are_said_in_words(field: str, words: str) -> None:
    compiled = compile_text(
        'schema = 1\npackage = "org.example.small"\nversion = "1.0"\n'
        f"[struct.One]\nfields.x = {{ {field} }}\n"
    )
    text = emit(package_view(compiled.contracts[0]))[PurePosixPath("small/types.py")]
    assert f'    """{words}"""\n' in text


def plain_types() -> list[Any]:
    """The gallery's classes and enums whose objects hold no handle."""
    module = gallery_types.__name__
    found = [
        one for one in vars(gallery_types).values() if getattr(one, "__module__", "") == module
    ]
    return [
        one for one in found if isinstance(one, type) and can_pass(shape_of(one), shared.read_hook)
    ]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(plain_types()).flatmap(strategies))
def test_objects_are_copied_pickled_and_compared(one: Any) -> None:
    for other in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one), copy.copy(one)):
        assert type(other) is type(one)
        assert equivalent(other, one)
        assert str(other) == str(one)
        assert repr(other) == repr(one)


def refused() -> gallery.Refused:
    """Each time another one, with a field that has no hash."""
    return gallery.Refused(reason="no", culprit=gallery.ShapeCircle(radius=1.0))


def test_errors_are_told_apart_as_any_exception_is_and_compared_by_their_fields() -> None:
    one, other = refused(), refused()
    assert equivalent(one, other)
    assert not equivalent(one, gallery.Refused(reason="no"))
    both = {one, other}
    assert len(both) == 2
    assert [one, other].index(other) == 1
    one.reason = "changed"
    assert one in both


def test_copies_of_errors_keep_fields_and_notes() -> None:
    one = refused()
    one.add_note("while greeting")
    for other in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):
        assert other is not one
        assert equivalent(other, one)
        assert (other.__notes__, other.code, str(other)) == (one.__notes__, one.code, str(one))


def test_each_of_several_errors_with_equal_fields_is_handled() -> None:
    one, other = refused(), refused()

    @contextmanager
    def passing() -> Iterator[None]:
        try:
            yield
        except gallery.Refused as error:
            raise other from error

    with pytest.raises(gallery.Refused) as caught, passing():
        raise one
    assert caught.value is other
    assert other.__cause__ is one
    assert "".join(traceback.format_exception(other)).count("Refused: Refused(") == 2
    group = ExceptionGroup("both", [one, ValueError(), other])
    matched, rest = group.split(gallery.Refused)
    assert matched is not None
    assert [one, other] == [*matched.exceptions]
    assert rest is not None
    assert len(rest.exceptions) == 1


def test_reprs_are_what_a_reader_expects() -> None:
    assert repr(tproxy.FlowEvent(flow=UUID(int=1), at=Date(5), app="x", bytes_in=3)) == (
        "FlowEvent(flow=UUID('00000000-0000-0000-0000-000000000001'), at=Date(ns=5), app='x', "
        "bytes_in=3)"
    )
    assert repr(gallery.ShapeCircle(radius=1.0)) == "ShapeCircle(radius=1.0)"
    assert repr(tproxy.Mode.DIRECT) == "<Mode.DIRECT: 'direct'>"
    assert repr(tproxy.Mode("teleport")) == "Mode('teleport')"
    assert repr(tproxy.StartRefused(reason="no")) == "StartRefused(reason='no', retry_after=None)"
    assert repr(UnknownCase("new", {"x": 1})) == "UnknownCase(case='new', fields={'x': 1})"
