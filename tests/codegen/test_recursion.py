"""Which types are endless, and which hold a resource: against a plain search, on random graphs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from xpcrpc.codegen.compile import compile_text

HEADER = 'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n'
NAMES = ("A", "B", "C", "D", "E")
FORMS = ("{}", "{}", "{}", "{}?", "list<{}>", "map<string, {}>")

Fields = list[tuple[str, str]]
"""The form of each field, and what is in it."""


@st.composite
def graphs(draw: st.DrawFn, leaves: tuple[str, ...]) -> dict[str, tuple[str, list[Fields]]]:
    """Structs and unions by name: the kind, and the fields of each case."""
    held = st.tuples(st.sampled_from(FORMS), st.sampled_from([*NAMES, *leaves]))
    fields = st.lists(held, max_size=2)
    graph = {}
    for name in NAMES:
        kind = draw(st.sampled_from(["struct", "union"]))
        graph[name] = kind, draw(st.lists(fields, min_size=1, max_size=2 if kind == "union" else 1))
    return graph


def text_of(graph: dict[str, tuple[str, list[Fields]]]) -> str:
    parts = [HEADER]
    for name, (kind, cases) in graph.items():
        parts.append(f"[{kind}.{name}]\n")
        for number, fields in enumerate(cases):
            inside = ", ".join(
                f'f{at} = "{form.format(leaf)}"' for at, (form, leaf) in enumerate(fields)
            )
            key = "fields" if kind == "struct" else f"cases.c{number}"
            parts.append(f"{key} = {{ {inside} }}\n")
    return "".join(parts)


@settings(max_examples=150, deadline=None)
@given(graphs(("u8",)))
def test_a_type_is_endless_if_no_value_of_it_ends(
    graph: dict[str, tuple[str, list[Fields]]],
) -> None:
    ends: set[str] = {"u8"}
    for _ in NAMES:
        ends |= {
            name
            for name, (_, cases) in graph.items()
            if any(all(leaf in ends or form != "{}" for form, leaf in case) for case in cases)
        }
    endless = set(NAMES) - ends
    held = {
        name: {leaf for case in graph[name][1] for form, leaf in case if form == "{}"} & endless
        for name in endless
    }
    reach = {name: set(inside) for name, inside in held.items()}
    for _ in NAMES:
        reach = {name: far.union(*(held[one] for one in far)) for name, far in reach.items()}
    on_a_circle = {name for name in endless if name in reach[name]}
    said = compile_text(text_of(graph)).complaints
    assert {one.path.split(".")[1] for one in said if one.rule == "infinite-type"} == on_a_circle
    assert bool(on_a_circle) == bool(endless)


@settings(max_examples=100, deadline=None)
@given(graphs(("u8", "u8", "shmem")))
def test_a_type_is_a_resource_if_one_can_be_reached_from_it(
    graph: dict[str, tuple[str, list[Fields]]],
) -> None:
    resources = {"shmem"}
    for _ in NAMES:
        resources |= {
            name
            for name, (_, cases) in graph.items()
            if any(leaf in resources for case in cases for _, leaf in case)
        }
    said = compile_text(text_of(graph)).complaints
    marked = {one.path.split(".")[1] for one in said if one.rule == "resource-not-marked"}
    assert marked == resources - {"shmem"}
