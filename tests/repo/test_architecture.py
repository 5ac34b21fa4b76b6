"""The architecture's table of who may import whom, held against the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FACTS = {"errors", "values", "kinds", "constraints", "rules", "contract", "definition", "facts"}
"""The modules of plain facts at the top of the package; anybody may read them."""

MAY_IMPORT = {
    "errors": set[str](),
    "values": set[str](),
    "facts": {"definition"},
    "kinds": {"facts", "values"},
    "constraints": {"errors", "facts"},
    "rules": {"facts", "values"},
    "contract": FACTS,
    "definition": set(),
    "codec": FACTS | {"codec"},
    "protocol": FACTS | {"protocol"},
    "transport": FACTS | {"transport", "codec", "native"},
    "native": {"native"},
    "runtime": FACTS | {"runtime", "protocol", "codec", "transport.base", "standard"},
    "standard": {"", "standard"},  # generated: like all of it, attrs and public names only
    "raw": FACTS | {"transport", "codec"},
    "telemetry": FACTS | {"runtime"},
    "testing": FACTS | {"testing", "runtime", "codec", "protocol", "transport", "raw"},
    "codegen": {"codegen", "errors"},
}

LATE = {
    # Loaded only when a program asks for libxpc, so that the pure layers and
    # their tests need no native code.
    ("runtime/client.py", "transport.xpc"),
}


def modules() -> list[Path]:
    found = [path for path in (ROOT / "xpcrpc").rglob("*.py") if "__pycache__" not in path.parts]
    return sorted([*found, *(ROOT / "codegen").rglob("*.py")])


def place(path: Path) -> str:
    """A file's dotted name below `xpcrpc`."""
    relative = path.relative_to(ROOT)
    parts = relative.with_suffix("").parts
    if parts[0] == "xpcrpc":
        parts = parts[1:]
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> Iterator[str]:
    """What a file imports from `xpcrpc`, as dotted names below it."""
    here = place(path).split(".")
    package = here if path.name == "__init__.py" else here[:-1]
    if package == [""]:
        package = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            target = [*base, *(node.module.split(".") if node.module else [])]
            if node.module and target:
                yield ".".join(target)
            for alias in node.names:
                # `from ..codec import frame` names a module
                if (
                    not node.module
                    or (ROOT / "xpcrpc" / Path(*target) / f"{alias.name}.py").exists()
                ):
                    yield ".".join([*target, alias.name])
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "xpcrpc":
            yield (node.module or "").removeprefix("xpcrpc").removeprefix(".")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "xpcrpc":
                    yield alias.name.removeprefix("xpcrpc").removeprefix(".")


def allowed(importer: str, imported: str) -> bool:
    rules = MAY_IMPORT[importer.split(".")[0]]
    return any(imported == rule or imported.startswith(f"{rule}.") for rule in rules) or (
        # A parent package's own namespace says nothing: `transport` beside `transport.base`.
        any(rule.startswith(f"{imported}.") for rule in rules)
    )


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_table(path: Path) -> None:
    importer = place(path)
    if not importer:
        pytest.skip("xpcrpc/__init__.py re-exports; see test_public_names")
    for imported in imports(path):
        short = str(path.relative_to(ROOT)).removeprefix("xpcrpc/")
        if (short, imported) in LATE:
            continue
        assert allowed(importer, imported), f"{importer} may not import {imported}"


def test_the_table_refuses_a_wrong_arrow() -> None:
    assert not allowed("protocol.envelope", "runtime.client")
    assert not allowed("codegen.view", "runtime.client")
    assert not allowed("runtime.host", "transport.xpc")
    assert allowed("runtime.host", "transport.base")


def test_only_the_xpc_transport_imports_the_extension() -> None:
    for path in modules():
        source = path.read_text(encoding="utf-8")
        if "native" in {name.split(".")[0] for name in imports(path)} or "_xr" in source:
            assert place(path).startswith(("transport.xpc", "native")), path


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ("codec._plan", {"codec.passes", "codec.plans", "codec.template"}),
        ("runtime._waiter", {"runtime.waiter"}),
        ("transport._events", {"transport.xpc", "transport.xpc_message"}),
    ],
)
def test_each_layer_imports_its_own_extension(extension: str, expected: set[str]) -> None:
    assert {place(path) for path in modules() if extension in imports(path)} == expected


def test_generated_code_imports_attrs_and_public_names_only() -> None:
    import xpcrpc

    allowed_roots = {
        "attrs",
        "xpcrpc",
        "abc",
        "collections",
        "enum",
        "importlib",
        "typing",
        "uuid",
        "__future__",
    }
    for path in (ROOT / "generated").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert node.module is not None
                assert node.module.split(".")[0] in allowed_roots, (path, node.module)
                if node.module == "xpcrpc":
                    for alias in node.names:
                        assert alias.name in xpcrpc.__all__, (path, alias.name)
                else:
                    assert not node.module.startswith("xpcrpc."), (path, node.module)


def test_public_names_are_exported_once() -> None:
    import xpcrpc

    assert len(xpcrpc.__all__) == len(set(xpcrpc.__all__))
    for name in xpcrpc.__all__:
        assert hasattr(xpcrpc, name), name
