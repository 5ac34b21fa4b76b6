"""How the system starts a service: the facts of ``launchd`` and ``systemd`` sections.

One table for each system maps the contract's keys to the system's own
(launchd.plist(5), systemd.service(5), systemd.socket(5)). A key that would not
work with a service of ours is in `REFUSED`, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

from .scanner import Path

LaunchdKind: TypeAlias = Literal["agent", "daemon", "network_extension", "xpc_service"]
LAUNCHD_KINDS: Final[tuple[LaunchdKind, ...]] = (
    "agent", "daemon", "network_extension", "xpc_service",
)  # fmt: skip

TEAM: Final = "${TEAM_ID}"
"""Stands for the signing team, at the start of a name."""

VARIABLE: Final = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
"""Stands in a service's name for what differs from build to build; see `xpcrpc.runtime.names`."""


def filled(text: str, variables: Mapping[str, str]) -> str:
    """The text with the value of each of its variables."""
    return VARIABLE.sub(lambda match: variables[match[1]], text)


def without_team(name: str) -> str:
    """A service's name as it is for every team, for labels and units."""
    return name.replace(f"{TEAM}.", "").replace(TEAM, "team")


APP_GROUP: Final = re.compile(
    r"(\$\{TEAM_ID\}|group|[A-Z0-9]{10})(\.([A-Za-z0-9_-]|\$\{[A-Z][A-Z0-9_]*\})+)+"
)


def app_group_of(address: str) -> str | None:
    """The app group that a service's name is below, as far as the name tells."""
    head = address.rpartition(".")[0]
    return head if APP_GROUP.fullmatch(head) else None


ACCOUNT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,30}|[0-9]{1,9}")
"""A user or group as systemd takes it without a word: by its name, or by its number."""

URL: Final = re.compile(r"(https?://|file:/|info:|man:)[A-Za-z0-9._~:/?#@!$&()*+,;=%\[\]-]+")
"""What systemd.unit(5) takes as documentation."""

JOBS: Final = frozenset({"agent", "daemon"})
"""The kinds that have a property list of launchd's own."""

Shape: TypeAlias = Literal[
    "flag", "text", "texts", "path", "paths", "inside", "count", "signed", "octal", "environment",
    "limits", "keep_alive", "calendar", "words", "unit", "units", "command", "account", "urls",
]  # fmt: skip
"""How a key's value is written in a contract; `read.launch` reads each."""


@frozen
class Key:
    """One key of a section."""

    name: str
    """What the system calls it."""
    shape: Shape
    choices: tuple[tuple[str, str], ...] = ()
    """The contract's words and the system's, where only some are possible."""
    section: str = ""
    """systemd: the section of the unit that it stands in."""
    system_only: bool = False
    """Whether only a daemon may have it: it needs root's rights."""


PROCESS_TYPES: Final = (
    ("adaptive", "Adaptive"),
    ("background", "Background"),
    ("interactive", "Interactive"),
    ("standard", "Standard"),
)
SESSION_TYPES: Final = (
    ("aqua", "Aqua"),
    ("background", "Background"),
    ("login_window", "LoginWindow"),
    ("standard_io", "StandardIO"),
    ("system", "System"),
)
LIMITS: Final = {
    "core": "Core",
    "cpu": "CPU",
    "data": "Data",
    "file_size": "FileSize",
    "memory_lock": "MemoryLock",
    "number_of_files": "NumberOfFiles",
    "number_of_processes": "NumberOfProcesses",
    "resident_set_size": "ResidentSetSize",
    "stack": "Stack",
}
CALENDAR: Final = {
    "minute": ("Minute", 0, 59),
    "hour": ("Hour", 0, 23),
    "day": ("Day", 1, 31),
    "weekday": ("Weekday", 0, 7),
    "month": ("Month", 1, 12),
}

LAUNCHD: Final[dict[str, Key]] = {
    "program": Key("Program", "path"),
    "bundle_program": Key("BundleProgram", "inside"),
    "arguments": Key("ProgramArguments", "texts"),
    "run_at_load": Key("RunAtLoad", "flag"),
    "keep_alive": Key("KeepAlive", "keep_alive"),
    "process_type": Key("ProcessType", "text", PROCESS_TYPES),
    "session_types": Key("LimitLoadToSessionType", "words", SESSION_TYPES),
    "environment": Key("EnvironmentVariables", "environment"),
    "working_directory": Key("WorkingDirectory", "path"),
    "standard_output": Key("StandardOutPath", "path"),
    "standard_error": Key("StandardErrorPath", "path"),
    "umask": Key("Umask", "octal"),
    "nice": Key("Nice", "signed"),
    "exit_timeout_s": Key("ExitTimeOut", "count"),
    "throttle_interval_s": Key("ThrottleInterval", "count"),
    "start_interval_s": Key("StartInterval", "count"),
    "start_calendar_interval": Key("StartCalendarInterval", "calendar"),
    "watch_paths": Key("WatchPaths", "paths"),
    "queue_directories": Key("QueueDirectories", "paths"),
    "start_on_mount": Key("StartOnMount", "flag"),
    "soft_resource_limits": Key("SoftResourceLimits", "limits"),
    "hard_resource_limits": Key("HardResourceLimits", "limits"),
    "low_priority_io": Key("LowPriorityIO", "flag"),
    "low_priority_background_io": Key("LowPriorityBackgroundIO", "flag"),
    "abandon_process_group": Key("AbandonProcessGroup", "flag"),
    "associated_bundle_identifiers": Key("AssociatedBundleIdentifiers", "texts"),
    "disabled": Key("Disabled", "flag"),
    "user": Key("UserName", "text", system_only=True),
    "group": Key("GroupName", "text", system_only=True),
    "init_groups": Key("InitGroups", "flag", system_only=True),
    "session_create": Key("SessionCreate", "flag", system_only=True),
    "root_directory": Key("RootDirectory", "path", system_only=True),
}

REFUSED: Final = {
    "hide_until_check_in": "it does not work with XPC, which waits for a port that is hidden",
    "enable_transactions": "xpcrpc holds no transactions, so launchd would kill it at work",
    "enable_pressured_exit": "xpcrpc holds no transactions, so launchd would kill it at work",
    "inetd_compatibility": "an XPC service is no inetd server",
    "sockets": "an XPC service is found by its name, not by a socket",
    "mach_services": "the service's name is put there by itself; see reset_at_close",
    "on_demand": "it is obsolete; use keep_alive",
    "wait_for_debugger": "it belongs to a developer's machine; use launchctl debug",
}
"""Keys of launchd.plist(5) that would break a service of ours, and why."""


@frozen(kw_only=True)
class Launchd:
    """``[service.x.launchd]``"""

    path: Path
    kind: LaunchdKind
    label: str
    """The job's label, which names its file too."""
    app_group: str | None = None
    """The app group that a sandboxed client needs for the look-up."""
    reset_at_close: bool = False
    """Whether clients lose their port when the job lets go of it."""
    service_type: str = "Application"
    """Of an ``xpc_service``: whom each of its processes belongs to."""
    provider_classes: dict[str, str] | None = None
    """Of a ``network_extension``: its classes by their extension point."""
    settings: dict[str, Any]
    """Values by the contract's keys, in the form that the system takes."""


RESTARTS: Final = (
    ("no", "no"),
    ("on_failure", "on-failure"),
    ("on_success", "on-success"),
    ("on_abnormal", "on-abnormal"),
    ("always", "always"),
)

SYSTEMD: Final[dict[str, Key]] = {
    "description": Key("Description", "text", section="Unit"),
    "documentation": Key("Documentation", "urls", section="Unit"),
    "after": Key("After", "units", section="Unit"),
    "wants": Key("Wants", "units", section="Unit"),
    "requires": Key("Requires", "units", section="Unit"),
    "socket_mode": Key("SocketMode", "octal", section="Socket"),
    "socket_user": Key("SocketUser", "account", section="Socket", system_only=True),
    "socket_group": Key("SocketGroup", "account", section="Socket", system_only=True),
    "backlog": Key("Backlog", "count", section="Socket"),
    "wanted_by": Key("WantedBy", "unit", section="Install"),
    "exec": Key("ExecStart", "command", section="Service"),
    "user": Key("User", "account", section="Service", system_only=True),
    "group": Key("Group", "account", section="Service", system_only=True),
    "dynamic_user": Key("DynamicUser", "flag", section="Service", system_only=True),
    "environment": Key("Environment", "environment", section="Service"),
    "working_directory": Key("WorkingDirectory", "path", section="Service"),
    "restart": Key("Restart", "text", RESTARTS, section="Service"),
    "restart_s": Key("RestartSec", "count", section="Service"),
    "stop_timeout_s": Key("TimeoutStopSec", "count", section="Service"),
    "umask": Key("UMask", "octal", section="Service"),
    "nice": Key("Nice", "signed", section="Service"),
    "tasks_max": Key("TasksMax", "count", section="Service"),
    "no_new_privileges": Key("NoNewPrivileges", "flag", section="Service"),
    "private_network": Key("PrivateNetwork", "flag", section="Service", system_only=True),
    "private_tmp": Key("PrivateTmp", "flag", section="Service"),
}


@frozen(kw_only=True)
class Systemd:
    """``[service.x.systemd]``"""

    path: Path
    unit: str
    """The name of both units, without ``.socket`` and ``.service``."""
    settings: dict[str, Any]
    """Values by the contract's keys, in the form that the system takes."""
