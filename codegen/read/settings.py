"""Settings that are handed on to launchd or systemd: one reader for each shape of value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from ..complaint import nearest
from ..launch import ACCOUNT, CALENDAR, LIMITS, URL, Key
from ..mistakes import Mistake
from ..mistakes.services import (
    ABSOLUTE_PATH,
    ACCOUNT_NAME,
    BUNDLE_PATH,
    DOCUMENTATION_URL,
    ENVIRONMENT_NAME,
    MODE_FORM,
    PLAIN_PATH,
    SETTING_EMPTY,
    SETTING_RANGE,
    SYSTEM_KEY,
    UNIT_REFERENCE,
)
from ..mistakes.shape import ONE_LINE, UNKNOWN_WORD, WRONG_KIND
from .table import Table, kind_of

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNIT: Final = re.compile(
    r"[A-Za-z0-9:_.@\\-]{1,200}\.(service|socket|target|mount|path|timer|device|slice|scope)"
)
_UNSAFE: Final = re.compile(r"""[\x00-\x1f\x7f\\"']""")
_OCTAL: Final = re.compile(r"0?[0-7]{3}")
_SECONDS_MAX: Final = 10**9


def read_settings(table: Table, keys: dict[str, Key], *, system: bool, what: str) -> dict[str, Any]:
    """The values of these keys, in the system's own form; ``what`` is who may have them all."""
    found: dict[str, Any] = {}
    for name, key in keys.items():
        if name not in table.values:
            continue
        if key.system_only and not system:
            table.complaints.at_key(
                SYSTEM_KEY,
                table.at(name),
                f"{name} needs the rights of the system; it is for {what} only",
            )
        value = _READERS[key.shape](table, name, key)
        if value is not None:
            found[name] = value
    return found


def _flag(table: Table, name: str, key: Key) -> Any:
    return table.flag(name)


def _text(table: Table, name: str, key: Key) -> Any:
    text = table.text(name)
    if text is None:
        return None
    if "\n" in text:
        table.complain(ONE_LINE, name, "one line is needed here; drop the line break")
        return None
    if not key.choices:
        return text
    return _word(table, table.at(name), text, key)


def _word(table: Table, path: Any, text: str, key: Key) -> str | None:
    words = dict(key.choices)
    if text in words:
        return words[text]
    hint = nearest(text, words) or "; write one of " + ", ".join(words)
    table.complaints.at_value(UNKNOWN_WORD, path, f"{text!r} is not known here{hint}")
    return None


def _texts(table: Table, name: str, key: Key) -> Any:
    texts = list(table.texts(name))
    for index, text in enumerate(texts):
        if not text or any(character in text for character in "\0\n\r"):
            table.complaints.at_value(
                ONE_LINE,
                (*table.at(name), index),
                "one line of text is needed here; it may not be empty",
            )
    if not texts:
        table.complain(SETTING_EMPTY, name, f"{name} = [] says nothing; drop it")
    return texts or None


def _words(table: Table, name: str, key: Key) -> Any:
    words = [
        _word(table, (*table.at(name), index), text, key)
        for index, text in enumerate(_texts(table, name, key) or ())
    ]
    return [word for word in words if word is not None] or None


def _path(table: Table, name: str, key: Key) -> Any:
    text = _text(table, name, key)
    if text is not None and not text.startswith("/"):
        table.complain(ABSOLUTE_PATH, name, f"{text!r} is no absolute path; it starts with '/'")
    elif text is not None and ".." in text.split("/"):
        table.complain(PLAIN_PATH, name, f"{text!r} goes up again; write the path without '..'")
    return text


def _paths(table: Table, name: str, key: Key) -> Any:
    texts = _texts(table, name, key) or ()
    for index, text in enumerate(texts):
        if not text.startswith("/"):
            table.complaints.at_value(
                ABSOLUTE_PATH,
                (*table.at(name), index),
                f"{text!r} is no absolute path; it starts with '/'",
            )
    return list(texts) or None


def _inside(table: Table, name: str, key: Key) -> Any:
    text = _text(table, name, key)
    if text is not None and (text.startswith("/") or ".." in text.split("/")):
        table.complain(
            BUNDLE_PATH, name, f"{text!r} is not inside the bundle, such as Contents/MacOS/agent"
        )
    return text


def _count(table: Table, name: str, key: Key) -> Any:
    number = table.integer(name)
    if number is not None and not 0 <= number <= _SECONDS_MAX:
        table.complain(SETTING_RANGE, name, f"{number} is no number from 0 to {_SECONDS_MAX}")
        return None
    return number


def _signed(table: Table, name: str, key: Key) -> Any:
    number = table.integer(name)
    if number is not None and not -20 <= number <= 19:
        table.complain(SETTING_RANGE, name, f"{number} is no number from -20 to 19")
        return None
    return number


def _octal(table: Table, name: str, key: Key) -> Any:
    text = table.text(name)
    if text is not None and _OCTAL.fullmatch(text) is None:
        table.complain(
            MODE_FORM, name, f'{text!r} is no mode; write it in octal digits, such as "0600"'
        )
        return None
    return text


def _environment(table: Table, name: str, key: Key) -> Any:
    inner = table.table(name)
    found = {}
    for variable in inner.values if inner else ():
        assert inner is not None
        if _VARIABLE.fullmatch(variable) is None:
            inner.complaints.at_key(
                ENVIRONMENT_NAME,
                inner.at(variable),
                f"{variable!r} names no variable; write letters, digits and '_', as in LOG_LEVEL",
            )
        text = inner.text(variable, empty=True)
        if text is not None and "\n" in text:
            inner.complain(ONE_LINE, variable, "one line is needed here; drop the line break")
        elif text is not None:
            found[variable] = text
    return found or None


def _limits(table: Table, name: str, key: Key) -> Any:
    inner = table.table(name)
    if inner is None:
        return None
    found = {
        LIMITS[limit]: number
        for limit in LIMITS
        if limit in inner.values and (number := _count(inner, limit, key)) is not None
    }
    inner.finish(also=LIMITS)
    return found or None


def _keep_alive(table: Table, name: str, key: Key) -> Any:
    value = table.take(name)
    if type(value) is bool:
        return value
    if not isinstance(value, dict):
        table.complain(WRONG_KIND, name, f"true or a table is needed here, not {kind_of(value)}")
        return None
    inner = Table(value, table.at(name), table.complaints)
    found: dict[str, Any] = {
        plist: inner.flag(word)
        for word, plist in (("successful_exit", "SuccessfulExit"), ("crashed", "Crashed"))
        if word in inner.values
    }
    for word, plist in (("path_state", "PathState"), ("other_job_enabled", "OtherJobEnabled")):
        if (states := inner.table(word)) is not None:
            found[plist] = {state: states.flag(state) for state in states.values}
    if not value:
        table.complain(
            SETTING_EMPTY, name, "keep_alive = {} says nothing; write true, or a condition"
        )
    inner.finish(also=("successful_exit", "crashed", "path_state", "other_job_enabled"))
    return found or None


def _calendar(table: Table, name: str, key: Key) -> Any:
    value = table.take(name)
    items = value if isinstance(value, list) else [value]
    found = []
    for index, item in enumerate(items):
        path = (*table.at(name), index) if isinstance(value, list) else table.at(name)
        if not isinstance(item, dict) or not item:
            table.complaints.at_value(
                WRONG_KIND, path, f"write a table such as {{ hour = 3 }}, not {item!r}"
            )
            continue
        inner = Table(item, path, table.complaints)
        moment = {}
        for word, (plist, low, high) in CALENDAR.items():
            number = inner.integer(word)
            if number is not None and not low <= number <= high:
                inner.complain(
                    SETTING_RANGE, word, f"{number} is no {word}; it goes from {low} to {high}"
                )
            elif number is not None:
                moment[plist] = number
        inner.finish(also=CALENDAR)
        found.append(moment)
    return found if isinstance(value, list) else (found[0] if found else None)


def _unit(table: Table, name: str, key: Key) -> Any:
    text = _text(table, name, key)
    if text is not None and _UNIT.fullmatch(text) is None:
        table.complain(
            UNIT_REFERENCE, name, f"{text!r} is no unit; write one such as sockets.target"
        )
    return text


def _units(table: Table, name: str, key: Key) -> Any:
    return _texts_like(
        table, name, key, _UNIT, UNIT_REFERENCE, "is no unit; write one such as network.target"
    )


def _account(table: Table, name: str, key: Key) -> Any:
    text = _text(table, name, key)
    if text is not None and ACCOUNT.fullmatch(text) is None:
        table.complain(
            ACCOUNT_NAME,
            name,
            f"{text!r} is no user or group; write a name of letters, digits, '_' and '-', or a "
            "number",
        )
    elif text == "nobody":
        table.complain(
            ACCOUNT_NAME, name, "nobody owns what others must not touch; use dynamic_user = true"
        )
    return text


def _urls(table: Table, name: str, key: Key) -> Any:
    return _texts_like(
        table, name, key, URL, DOCUMENTATION_URL,
        "is no address; write https://…, file:/…, man:… or info:…",
    )  # fmt: skip


def _texts_like(
    table: Table, name: str, key: Key, form: re.Pattern[str], mistake: Mistake, otherwise: str
) -> Any:
    texts = _texts(table, name, key) or ()
    for index, text in enumerate(texts):
        if form.fullmatch(text) is None:
            table.complaints.at_value(mistake, (*table.at(name), index), f"{text!r} {otherwise}")
    return list(texts) or None


def _command(table: Table, name: str, key: Key) -> Any:
    texts = _texts(table, name, key)
    if texts and not texts[0].startswith("/"):
        table.complaints.at_value(
            ABSOLUTE_PATH,
            (*table.at(name), 0),
            f"{texts[0]!r} is no absolute path; it starts with '/'",
        )
    elif texts and (_UNSAFE.search(texts[0]) or {"", "..", "."} & {*texts[0].split("/")[1:]}):
        table.complaints.at_value(
            PLAIN_PATH,
            (*table.at(name), 0),
            f"{texts[0]!r} names no program; write its path without '..', quotes and backslashes, "
            "and no '/' at the end",
        )
    return texts


_READERS: Final[dict[str, Callable[[Table, str, Key], Any]]] = {
    "flag": _flag,
    "text": _text,
    "texts": _texts,
    "path": _path,
    "paths": _paths,
    "inside": _inside,
    "count": _count,
    "signed": _signed,
    "octal": _octal,
    "environment": _environment,
    "limits": _limits,
    "keep_alive": _keep_alive,
    "calendar": _calendar,
    "words": _words,
    "unit": _unit,
    "units": _units,
    "command": _command,
    "account": _account,
    "urls": _urls,
}
