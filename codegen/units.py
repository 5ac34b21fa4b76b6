"""Units for systemd: a socket that holds the service's name, and the service that it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from .launch import SYSTEMD, Systemd, filled
from .model import Service


@frozen
class Unit:
    """One file."""

    file: str
    text: str


def units(service: Service, variables: Mapping[str, str]) -> tuple[Unit, Unit]:
    """The socket unit and the service unit.

    The service has a ``systemd`` section; ``variables`` has a value for each in its name.
    """
    systemd = service.systemd
    assert systemd is not None
    name, called = filled(service.address, variables), filled(systemd.unit, variables)
    system = service.domain == "system"
    unit: dict[str, Any] = {"Description": _description(service, name)}
    unit.update(_settings(systemd, "Unit"))
    # Unit files of other sockets and of ordering are about the service alone.
    about: dict[str, Any] = {
        key: unit[key] for key in ("Description", "Documentation") if key in unit
    }
    socket: dict[str, Any] = {
        # %t is where the portable libxpc looks: /run, or the user's runtime directory.
        "ListenSequentialPacket": f"%t/xpcrpc/{name}",
        "FileDescriptorName": name,
        # A user's services are the user's own; for the system's the peer rule decides.
        "SocketMode": "0666" if system else "0600",
        "DirectoryMode": "0755" if system else "0700",
        "PassCredentials": "yes",
        "RemoveOnStop": "yes",
        **_settings(systemd, "Socket"),
    }
    started: dict[str, Any] = {
        **unit,
        "Requires": " ".join([f"{called}.socket", *_words(unit.get("Requires"))]),
        "After": " ".join([f"{called}.socket", *_words(unit.get("After"))]),
    }
    run = {"Type": "simple", "NonBlocking": "yes", **_settings(systemd, "Service")}
    install = {"WantedBy": "sockets.target", **_settings(systemd, "Install")}
    return (
        Unit(f"{called}.socket", _text(Unit=about, Socket=socket, Install=install)),
        Unit(
            f"{called}.service",
            _text(Unit=started, Service=run, Install={"Also": f"{called}.socket"}),
        ),
    )


def _description(service: Service, name: str) -> str:
    doc = (service.doc or "").strip().split("\n")[0].rstrip(".").rstrip("\\")
    return _plain(doc or f"{service.protocol} at {name}")


def _words(text: str | None) -> list[str]:
    return text.split() if text else []


def _settings(systemd: Systemd, section: str) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for key, value in systemd.settings.items():
        known = SYSTEMD[key]
        if known.section == section:
            found[known.name] = _value(known.shape, value)
    return found


def _value(shape: str, value: Any) -> str | list[str]:
    match shape:
        case "flag":
            return "yes" if value else "no"
        case "environment":
            return [_quoted(f"{name}={text}") for name, text in value.items()]
        case "command":
            # The program's own name is not expanded, only what follows.
            program, *arguments = value
            rest = (_quoted(text.replace("$", "$$")) for text in arguments)
            return " ".join([_quoted(program), *rest])
        case "units":
            return " ".join(value)
        case "urls":
            return " ".join(map(_plain, value))
        case "octal":
            return f"{value:0>4}"
    return _plain(str(value))


def _plain(text: str) -> str:
    """Text in which systemd sees no specifier, and no line that goes on."""
    return text.replace("%", "%%").rstrip("\\")


def _quoted(text: str) -> str:
    """One word of a command or an assignment, in quotes if it needs them."""
    safe = text.replace("%", "%%")
    if safe and all(character.isalnum() or character in "%$_-+=./:,@" for character in safe):
        return safe
    escaped = safe.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def _text(**sections: dict[str, Any]) -> str:
    return "\n".join(f"[{name}]\n{''.join(_lines(values))}" for name, values in sections.items())


def _lines(values: dict[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            yield f"{key}={one}\n"
