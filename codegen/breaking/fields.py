"""Rules about fields: there or not, what absence means, and what else a struct takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..model import MISSING, Contract, Field
from ..signature import short_value
from .changes import Changes, FieldPair, Place, Record, Way
from .effective import Use, canonical, use_of
from .rule import Breaks, Change, Rule


def _pairs(changes: Changes) -> Iterator[tuple[Record, FieldPair]]:
    for record in changes.records:
        for pair in record.kept:
            yield record, pair


def _required(one: Field, use: Use) -> bool:
    return one.default is MISSING and not use.optional


def _writes_null(contract: Contract, use: Use) -> bool:
    """Whether null stands in messages for a value that is not there."""
    return use.nullable and (not use.optional or contract.wire.none == "null")


def _removed(changes: Changes) -> Iterator[Change]:
    for record in changes.records:
        for one in record.removed:
            use = _old_use(changes, one)
            needed = _required(one, use)
            breaks = Breaks.BOTH if needed or record.unknown == "reject" else Breaks.WRITERS
            lost = "refused" if record.unknown == "reject" else "lost"
            yield Change(
                (*record.fields_path, one.name),
                f"{record.old_name} lost its field {one.name}; "
                + (f"old readers need it, and what old writers say in it is {lost}"
                   if needed else f"what old writers say in it is {lost}"),
                breaks,
                one.path,
            )  # fmt: skip


def _old_use(changes: Changes, one: Field) -> Use:
    return use_of(changes.old, one.type, one.constraints)


def _added_required(changes: Changes) -> Iterator[Change]:
    for record in changes.records:
        for one in record.added:
            if _is_required(changes.new, one):
                yield Change(
                    one.path,
                    f"{record.name} needs a new field, {one.name}, which old writers do not "
                    "send; give it a default, or make it optional",
                    Breaks.WRITERS,
                )


def _is_required(contract: Contract, one: Field) -> bool:
    return _required(one, use_of(contract, one.type, one.constraints))


def _added_to_strict(changes: Changes) -> Iterator[Change]:
    for record in changes.records:
        if record.old_unknown != "reject":
            continue
        for one in record.added:
            yield Change(
                one.path,
                f"{record.name} has a new field, {one.name}, but old readers refuse fields that "
                'they do not know (unknown = "reject")',
                Breaks.READERS,
                record.old_path,
            )


def _added(changes: Changes) -> Iterator[Change]:
    for record in changes.records:
        if record.old_unknown == "reject":
            continue
        for one in record.added:
            if not _is_required(changes.new, one):
                yield Change(one.path, f"{record.name} has a new field, {one.name}", Breaks.NOBODY)


def _wire_changed(changes: Changes) -> Iterator[Change]:
    explained = changes.old.wire.fields != changes.new.wire.fields
    for record, pair in _pairs(changes):
        if pair.old.wire == pair.new.wire or (explained and _by_template(pair)):
            continue
        yield Change(
            pair.new.path,
            f"the field {pair.new.name} of {record.name} is called {pair.new.wire!r} on the wire, "
            f"and was {pair.old.wire!r}",
            Breaks.BOTH,
            pair.old.path,
        )


def _by_template(pair: FieldPair) -> bool:
    """Whether neither contract gives the field a wire name of its own."""
    letters = pair.old.name.replace("_", "").lower()
    return all(one.wire.replace("_", "").lower() == letters for one in (pair.old, pair.new))


def _made_required(changes: Changes) -> Iterator[Change]:
    for record, pair in _pairs(changes):
        if pair.old_use.optional and _required(pair.new, pair.new_use):
            yield Change(
                pair.new.path,
                f"the field {pair.new.name} of {record.name} must be there now; "
                "old writers may leave it out",
                Breaks.WRITERS,
                pair.old.path,
            )


def _made_optional(changes: Changes) -> Iterator[Change]:
    for record, pair in _pairs(changes):
        if Way.REPLY in pair.ways and _may_go_now(pair):
            yield Change(
                pair.new.path,
                f"the field {pair.new.name} of {record.name} may be left out now; "
                "old readers need it",
                Breaks.READERS,
                pair.old.path,
            )


def _made_optional_on_input(changes: Changes) -> Iterator[Change]:
    for record, pair in _pairs(changes):
        if Way.REPLY in pair.ways:
            continue
        if _may_go_now(pair):
            yield Change(
                pair.new.path,
                f"the field {pair.new.name} of {record.name} may be left out now",
                Breaks.NOBODY,
            )


def _may_go_now(pair: FieldPair) -> bool:
    return _required(pair.old, pair.old_use) and pair.new_use.optional


def _default_removed(changes: Changes) -> Iterator[Change]:
    for record, pair in _pairs(changes):
        had = pair.old.default is not MISSING and not pair.old_use.optional
        if had and _required(pair.new, pair.new_use):
            yield Change(
                pair.new.path,
                f"the field {pair.new.name} of {record.name} lost its default, "
                f"{short_value(pair.old.default)}; writers of earlier versions leave it out",
                Breaks.WRITERS,
                pair.old.path,
            )


def _default_changed(changes: Changes) -> Iterator[Change]:
    for record, pair in _pairs(changes):
        if _required(pair.old, pair.old_use) or _required(pair.new, pair.new_use):
            continue
        before, after = _absent(pair.old, pair.old_use), _absent(pair.new, pair.new_use)
        if canonical(before) != canonical(after):
            yield Change(
                pair.new.path,
                f"the field {pair.new.name} of {record.name} means {_shown(after)} when it is "
                f"absent, and meant {_shown(before)}",
                Breaks.BOTH,
                pair.old.path,
            )


def _absent(one: Field, use: Use) -> Any:
    """What a reader takes for a field that is not there."""
    return MISSING if use.optional else one.default


def _shown(value: Any) -> str:
    return "nothing" if value is MISSING else short_value(value)


def _null_forbidden(changes: Changes) -> Iterator[Change]:
    for record, pair in _pairs(changes):
        required_now = pair.old_use.optional and _required(pair.new, pair.new_use)
        if (
            pair.old_use.kind == pair.new_use.kind
            and _writes_null(changes.old, pair.old_use)
            and not pair.new_use.nullable
            and not required_now
        ):
            yield Change(
                pair.new.path,
                f"the field {pair.new.name} of {record.name} can no longer be null, "
                "as old writers write it",
                Breaks.WRITERS,
                pair.old.path,
            )
    for place in changes.places:
        if place.bare and place.old.nullable and not place.new.nullable and _same_kind(place):
            yield Change(
                place.path,
                f"null was allowed here ({place.old.spelled} became {place.new.spelled})",
                Breaks.WRITERS,
                place.old_path,
            )


def _null_allowed(changes: Changes) -> Iterator[Change]:
    yield from _nulls(changes, on_input=False)


def _null_allowed_on_input(changes: Changes) -> Iterator[Change]:
    yield from _nulls(changes, on_input=True)


def _nulls(changes: Changes, *, on_input: bool) -> Iterator[Change]:
    breaks = Breaks.NOBODY if on_input else Breaks.READERS
    refused = "" if on_input else ", which old readers refuse"
    for record, pair in _pairs(changes):
        if (
            on_input != (Way.REPLY in pair.ways)
            and pair.old_use.kind == pair.new_use.kind
            and _writes_null(changes.new, pair.new_use)
            and not pair.old_use.nullable
            and not _may_go_now(pair)
        ):
            yield Change(
                pair.new.path,
                f"the field {pair.new.name} of {record.name} may be null now{refused}",
                breaks,
                None if on_input else pair.old.path,
            )
    for place in changes.places:
        if (
            place.bare
            and on_input != (Way.REPLY in place.ways)
            and place.new.nullable
            and not place.old.nullable
            and _same_kind(place)
        ):
            yield Change(
                place.path,
                f"null is allowed here now ({place.old.spelled} became {place.new.spelled})"
                f"{refused}",
                breaks,
                None if on_input else place.old_path,
            )


def _same_kind(place: Place) -> bool:
    return bool(place.old.kind == place.new.kind)


def _now_rejected(changes: Changes) -> Iterator[Change]:
    for record in changes.records:
        if record.unknown == "reject" != record.old_unknown:
            yield Change(
                (*record.path, "unknown"),
                f"{record.name} refuses fields that it does not know, which were allowed",
                Breaks.WRITERS,
                record.old_path,
            )


def _not_kept(changes: Changes) -> Iterator[Change]:
    for record in changes.records:
        if record.old_unknown == "keep" and record.unknown == "ignore":
            yield Change(
                (*record.path, "unknown"),
                f"{record.name} drops fields that it does not know, and kept them",
                Breaks.WRITERS,
                (*record.old_path, "unknown"),
            )


def _now_kept(changes: Changes) -> Iterator[Change]:
    for record in changes.records:
        if record.old_unknown == "reject" and record.unknown == "keep":
            yield Change(
                (*record.path, "unknown"),
                f"{record.name} keeps and writes back fields that it does not know, "
                "which old readers refuse",
                Breaks.READERS,
                (*record.old_path, "unknown"),
            )


def _resource(changes: Changes) -> Iterator[Change]:
    for record in changes.records:
        if record.resource and not record.old_resource:
            yield Change(
                (*record.path, "resource"),
                f"{record.name} may hold descriptors, shared memory or ends now; old programs "
                "copy, log and compare it as plain data",
                Breaks.READERS,
                record.old_path,
            )


RULES: Final = (
    Rule(
        "FIELD_REMOVED",
        "A field was removed",
        "Old readers refuse a message without a field that they need, and what old writers "
        "still say in it is lost without a word. Deprecate it instead.",
        _removed,
    ),
    Rule(
        "FIELD_ADDED_REQUIRED",
        "A new field must be there",
        "Old writers have never heard of it, so every message of theirs is refused.",
        _added_required,
    ),
    Rule(
        "FIELD_ADDED_TO_STRICT",
        "A struct whose readers refuse unknown fields has a new one",
        'Under unknown = "reject" any new field makes old readers refuse the whole message.',
        _added_to_strict,
    ),
    Rule(
        "FIELD_WIRE_CHANGED",
        "A field has another name on the wire",
        "To the other side the old name is gone and the new one unknown: the field is missing.",
        _wire_changed,
    ),
    Rule(
        "FIELD_MADE_REQUIRED",
        "An optional field must be there now",
        "Old writers leave it out, and are refused.",
        _made_required,
    ),
    Rule(
        "FIELD_MADE_OPTIONAL",
        "A field that readers need may be left out now",
        "Old clients refuse a reply without it.",
        _made_optional,
    ),
    Rule(
        "DEFAULT_REMOVED",
        "A field lost its default",
        "Peers from before the field existed leave it out; the default is what let them in.",
        _default_removed,
    ),
    Rule(
        "DEFAULT_CHANGED",
        "An absent field means something else",
        "The same message is read as one value by old programs and as another by new ones.",
        _default_changed,
    ),
    Rule(
        "NULL_FORBIDDEN",
        "Null is no longer a value",
        "Old writers still write it, and are refused.",
        _null_forbidden,
    ),
    Rule(
        "NULL_ALLOWED",
        "Null is a value now",
        "Old clients refuse a reply that holds it.",
        _null_allowed,
    ),
    Rule(
        "UNKNOWN_NOW_REJECTED",
        "Unknown fields are refused now",
        "Peers that send more than this contract knows, which was allowed, are refused.",
        _now_rejected,
    ),
    Rule(
        "UNKNOWN_NOT_KEPT",
        "Unknown fields are no longer kept",
        "Whoever reads, changes and writes back a message loses what a newer peer had said in it.",
        _not_kept,
    ),
    Rule(
        "UNKNOWN_NOW_KEPT",
        "Unknown fields are written back to readers that refuse them",
        'Old readers of a struct with unknown = "reject" refuse what new writers pass on.',
        _now_kept,
    ),
    Rule(
        "RESOURCE_MARKED",
        "A type became a resource",
        "Messages with descriptors cannot be copied, stored or compared as plain data, which "
        "is what old programs do with this type.",
        _resource,
    ),
)

ADDITIONS: Final = (
    Rule("FIELD_ADDED", "A field was added", "Old readers ignore it.", _added),
    Rule(
        "FIELD_MADE_OPTIONAL_ON_INPUT",
        "A field of a request may be left out now",
        "Old clients keep sending it; only an old server would miss it.",
        _made_optional_on_input,
    ),
    Rule(
        "NULL_ALLOWED_ON_INPUT",
        "Null may be sent now",
        "Old clients never send it; only an old server would refuse it.",
        _null_allowed_on_input,
    ),
)
