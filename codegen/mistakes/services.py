"""Services: their names, who may connect, and how the system starts them."""

from __future__ import annotations

from typing import Final

from .mistake import Mistake

SERVICE_VARIABLE: Final = Mistake(
    "service-variable",
    "A variable is `${NAME}`, and `${TEAM_ID}` stands once, at the start of a name",
    "Only there does the system know names that belong to a signing team.",
)
SERVICE_NAME: Final = Mistake(
    "service-name",
    "A service's name is letters, digits, '.', '_', '-' and variables, at most 127 characters",
    "It names a launchd endpoint on macOS, and a file on Linux.",
)
RULE_EMPTY: Final = Mistake(
    "rule-empty",
    "A peer rule says who may connect",
    "An empty one could mean everyone, or nobody.",
)
RULE_UNKNOWN: Final = Mistake(
    "rule-unknown",
    "A peer rule is a fact that its system knows",
    "A rule that cannot be checked must not look as if it were.",
)
RULE_ONE_FACT: Final = Mistake(
    "rule-one-fact",
    "A rule states one fact",
    "Two side by side could mean both, or either; `all` and `any` say which.",
)
RULE_NUMBER: Final = Mistake(
    "rule-number",
    "A user or group is a number of 32 bits, or 'self'",
    "The kernel tells numbers; the last one means nobody in particular.",
)
RULE_TRUE: Final = Mistake(
    "rule-true",
    "A rule that is only there, or not, is written as true",
    "`platform = false` would read like a promise to keep platform binaries out.",
)
RULE_TABLE: Final = Mistake(
    "rule-table",
    "An lwcr rule is a table of text, integers, booleans, lists and tables",
    "It is handed to the system as a property list.",
)
ENTITLEMENT_VALUE: Final = Mistake(
    "entitlement-value",
    "The value of an entitlement is text, an integer or a boolean",
    "These are what a peer requirement can be compared with.",
)
ABSOLUTE_PATH: Final = Mistake(
    "absolute-path",
    "A path is absolute",
    "The system starts services in a folder of its own, and searches no PATH.",
)
BUNDLE_PATH: Final = Mistake(
    "bundle-path",
    "The path of a bundle's program is inside the bundle",
    "The system would refuse to start it.",
)
LAUNCH_DOMAIN: Final = Mistake(
    "launch-domain",
    "A daemon is a service of the system, an agent of a user",
    "launchd would look for the name in the other domain.",
)
LAUNCH_REFUSED: Final = Mistake(
    "launch-refused",
    "Keys that would break an XPC service are not used",
    "Some keys of launchd.plist suit other kinds of jobs only.",
)
LAUNCH_KIND_KEY: Final = Mistake(
    "launch-kind-key",
    "A key of one kind of job stands at that kind",
    "The system would ignore it.",
)
SYSTEM_KEY: Final = Mistake(
    "system-key",
    "What needs the rights of the system stands at a service of the system",
    "A user's service manager ignores it, or refuses the whole job.",
)
JOB_PROGRAM: Final = Mistake(
    "job-program",
    "A job says what it runs, once",
    "launchd refuses a job without a program, and one that names two.",
)
LABEL_FORM: Final = Mistake(
    "label-form",
    "A label is letters, digits, '.', '_', '-', at most 127 of them",
    "It names the job, and the file of its property list.",
)
APP_GROUP_NAME: Final = Mistake(
    "app-group-name",
    "A network extension's name is below an app group",
    "The sandbox refuses the lookup of any other name.",
)
UNIT_NAME: Final = Mistake(
    "unit-name",
    "The name of a unit is letters, digits, '.', '_', '-'",
    "It names two files, and other units refer to it.",
)
UNIT_REFERENCE: Final = Mistake(
    "unit-reference",
    "Another unit is named with its kind, as in network.target",
    "systemd ignores a reference that it cannot read.",
)
SOCKET_PATH: Final = Mistake(
    "socket-path",
    "A socket's path has at most 107 bytes",
    "The kernel's address of a socket has no more room.",
)
SETTING_EMPTY: Final = Mistake(
    "setting-empty",
    "A list or a table of settings says something",
    "Empty, it means all to one reader, and nothing to another.",
)
SETTING_RANGE: Final = Mistake(
    "setting-range",
    "A number lies where the system takes it",
    "The system would refuse the job, or cut the number off.",
)
MODE_FORM: Final = Mistake(
    "mode-form",
    "A file mode is text of octal digits",
    "As a number, 600 would be read in tens.",
)
ENVIRONMENT_NAME: Final = Mistake(
    "environment-name",
    "A variable of the environment has letters, digits and underscores",
    "A shell, or systemd, could not name it.",
)
ACCOUNT_NAME: Final = Mistake(
    "account-name",
    "A user or group of a unit is a plain name or a number",
    "systemd refuses other names, or grumbles at each start; nobody's files are everybody's.",
)
DOCUMENTATION_URL: Final = Mistake(
    "documentation-url",
    "Documentation is an address that systemd knows",
    "It ignores any other, with a warning at each start.",
)
PLAIN_PATH: Final = Mistake(
    "plain-path",
    "A path leads straight to a file, and a program's is of plain characters",
    "systemd refuses a whole unit for it.",
)
