"""Shell completion, made from what argparse knows about the commands."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from attrs import frozen

from .breaking import ADDITIONS
from .breaking import RULES as BREAKING
from .lint import RULES as LINT
from .mistakes import MISTAKES

PROGRAM: Final = "xpcrpc"


@frozen
class Argument:
    """An option, or a place for words without one."""

    flags: tuple[str, ...]
    """Empty for words without an option."""
    help: str
    takes: str
    """``none``, ``word``, ``toml``, ``file``, ``folder``, ``choice``; or ``names`` or
    ``services`` of the contract that is the command's first word."""
    choices: tuple[str, ...] = ()
    many: bool = False


@frozen
class Command:
    """One command and what it takes."""

    name: str
    help: str
    arguments: tuple[Argument, ...]

    def options(self) -> Iterator[Argument]:
        """The arguments that begin with a hyphen."""
        return (one for one in self.arguments if one.flags)

    def words(self) -> Iterator[Argument]:
        """The others."""
        return (one for one in self.arguments if not one.flags)


def describe(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> list[Command]:
    """What the parser was told, by name."""
    # argparse keeps the one-line help of a command in a list of its own.
    helps = {action.dest: action.help or "" for action in commands._choices_actions}
    return [
        Command(name, helps.get(name, ""), tuple(_argument(name, one) for one in parser._actions))
        for name, parser in sorted(commands.choices.items())
    ]


_RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "breaking": tuple(rule.id for rule in (*BREAKING, *ADDITIONS)),
    "check": tuple(mistake.id for mistake in MISTAKES),
    "lint": tuple(rule.id for rule in LINT),
}
"""What an option that takes a RULE or a KIND may be given, by command."""

_TAKES: Final = {
    "SCHEMA": "toml",
    "OLD NEW": "toml",
    "FILE": "file",
    "DIR": "folder",
    "PATH": "names",
}


def _argument(command: str, action: argparse.Action) -> Argument:
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    takes, choices = "word", tuple(map(str, action.choices or ()))
    if action.nargs == 0:
        takes = "none"
    elif choices:
        takes = "choice"
    elif metavar in ("RULE", "KIND"):
        takes, choices = "choice", _RULES[command]
    elif action.dest == "service":
        takes = "services"
    else:
        takes = _TAKES.get(metavar, "word")
    return Argument(
        flags=tuple(action.option_strings),
        help=(action.help or "").replace("%%", "%"),
        takes=takes,
        choices=choices,
        many=action.nargs in ("+", "*"),
    )


def script(shell: str, commands: list[Command]) -> str:
    """The script for one of `SHELLS`."""
    return SHELLS[shell](commands)


# -- bash -----------------------------------------------------------------------

_BASH_FILES: Final = {
    "toml": "_xpcrpc_files toml",
    "file": "_xpcrpc_files",
    "folder": "_xpcrpc_files /",
    "names": "_xpcrpc_asked names",
    "services": "_xpcrpc_asked services",
}


def _bash(commands: list[Command]) -> str:
    names = " ".join(command.name for command in commands)
    lines = [
        "# bash completion for xpcrpc; load it with: source <(xpcrpc completion bash)",
        "_xpcrpc_files() {",
        "  local IFS=$'\\n'",
        '  case "$1" in',
        '    "") COMPREPLY=($(compgen -f -- "$current")) ;;',
        '    /) COMPREPLY=($(compgen -d -- "$current")) ;;',
        '    *) COMPREPLY=($(compgen -f -X "!*.$1" -- "$current") $(compgen -d -- "$current")) ;;',
        "  esac",
        "  compopt -o filenames 2>/dev/null",
        "}",
        "_xpcrpc_asked() {",
        '  local words; words="$("${COMP_WORDS[0]}" completion "--$1" "${COMP_WORDS[2]}" 2>&-)"',
        '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
        "}",
        "_xpcrpc() {",
        '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"',
        "  COMPREPLY=()",
        "  # bash takes --format=json apart into three words.",
        '  [ "$current" = "=" ] && current=""',
        '  [ "$previous" = "=" ] && previous="${COMP_WORDS[COMP_CWORD-2]}"',
        '  if [ "$COMP_CWORD" -eq 1 ]; then',
        f'    COMPREPLY=($(compgen -W "{names} --help" -- "$current"))',
        "    return",
        "  fi",
        '  case "${COMP_WORDS[1]} $previous" in',
    ]
    for command in commands:
        for option in command.options():
            if option.takes != "none":
                patterns = " | ".join(f'"{command.name} {flag}"' for flag in option.flags)
                lines.append(f"    {patterns}) {_bash_values(option)}; return ;;")
    lines += ["  esac", '  case "${COMP_WORDS[1]}" in']
    for command in commands:
        flags = " ".join(flag for option in command.options() for flag in option.flags)
        lines.append(f"    {command.name})")
        lines.append('      if [[ "$current" == -* ]]; then')
        lines.append(f'        COMPREPLY=($(compgen -W "{flags}" -- "$current"))')
        words = [word for word in command.words() if word.takes != "word"]
        if len(words) > 1:
            lines.append('      elif [ "$COMP_CWORD" -gt 2 ]; then')
            lines.append(f"        {_bash_values(words[1])}")
        if words:
            lines += ["      else", f"        {_bash_values(words[0])}"]
        lines += ["      fi ;;"]
    lines += ["  esac", "}", f"complete -F _xpcrpc {PROGRAM}"]
    return "\n".join(lines) + "\n"


def _bash_values(argument: Argument) -> str:
    if argument.takes == "choice":
        return f'COMPREPLY=($(compgen -W "{" ".join(argument.choices)}" -- "$current"))'
    return _BASH_FILES.get(argument.takes, ":")


# -- zsh ------------------------------------------------------------------------

_ZSH_FILES: Final = {
    "toml": "contract:_files -g '*.toml(-.)'",
    "file": "file:_files",
    "folder": "folder:_files -/",
    "names": "name:{ _xpcrpc_asked names }",
    "services": "service:{ _xpcrpc_asked services }",
}


def _zsh(commands: list[Command]) -> str:
    lines = [
        "#compdef xpcrpc",
        "# zsh completion; put it as _xpcrpc into a folder of $fpath,",
        "# or load it with: source <(xpcrpc completion zsh)",
        "_xpcrpc_asked() {",
        "  local -a asked",
        '  asked=(${(f)"$($program completion --$1 ${(Q)words[2]} 2>&-)"})',
        "  compadd -a asked",
        "}",
        "_xpcrpc() {",
        "  local -a commands",
        '  local program="${(Q)words[1]}"',
        "  commands=(",
    ]
    lines += [
        f"    {shlex.quote(f'{command.name}:{_zsh_text(command.help)}')}" for command in commands
    ]
    lines += [
        "  )",
        "  if (( CURRENT == 2 )); then",
        "    _describe command commands",
        "    return",
        "  fi",
        '  local command="$words[2]"',
        "  (( CURRENT-- )); shift words",
        '  case "$command" in',
    ]
    for command in commands:
        lines.append(f"    {command.name})")
        specs = [shlex.quote(spec) for one in command.arguments for spec in _zsh_specs(one)]
        lines.append("      _arguments " + " \\\n        ".join(specs) + " ;;")
    lines += [
        "  esac",
        "}",
        'if [ "$funcstack[1]" = "_xpcrpc" ]; then _xpcrpc "$@"; else compdef _xpcrpc xpcrpc; fi',
    ]
    return "\n".join(lines) + "\n"


def _zsh_specs(argument: Argument) -> list[str]:
    if argument.takes == "choice":
        values = f"value:({' '.join(argument.choices)})"
    else:
        values = _ZSH_FILES.get(argument.takes, "word:")
    if not argument.flags:
        return [f"{'*' if argument.many else ''}:{values}"]
    text = _zsh_text(argument.help).replace("[", "\\[").replace("]", "\\]")
    end = "" if argument.takes == "none" else f":{values}"
    return [f"{flag}[{text}]{end}" for flag in argument.flags]


def _zsh_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")


# -- fish -----------------------------------------------------------------------

_FISH_FILES: Final = {
    "toml": "-r -k -a '(__fish_complete_suffix .toml)'",
    "file": "-r -F",
    "folder": "-x -a '(__fish_complete_directories)'",
    "names": "-x -a '(xpcrpc completion --names (commandline -opc)[3] 2>/dev/null)'",
    "services": "-x -a '(xpcrpc completion --services (commandline -opc)[3] 2>/dev/null)'",
}


def _fish(commands: list[Command]) -> str:
    lines = [
        "# fish completion for xpcrpc; save it as ~/.config/fish/completions/xpcrpc.fish,",
        "# or load it with: xpcrpc completion fish | source",
        f"complete -c {PROGRAM} -f",
    ]
    lines += [
        f"complete -c {PROGRAM} -n __fish_use_subcommand -a {command.name} "
        f"-d {_fish_text(command.help)}"
        for command in commands
    ]
    for command in commands:
        start = f"complete -c {PROGRAM} -n '__fish_seen_subcommand_from {command.name}'"
        for one in command.arguments:
            flags = (f"-l {flag[2:]}" if flag[1] == "-" else f"-s {flag[1:]}" for flag in one.flags)
            words = [start, *flags, _fish_values(one)]
            if one.flags:
                words.append(f"-d {_fish_text(one.help)}")
            elif one.takes == "word":
                continue  # nothing to offer
            lines.append(" ".join(word for word in words if word))
    return "\n".join(lines) + "\n"


def _fish_values(argument: Argument) -> str:
    match argument.takes:
        case "none":
            return ""
        case "word":
            return "-x"
        case "choice":
            return f"-x -a {_fish_text(' '.join(argument.choices))}"
    values = _FISH_FILES[argument.takes]
    # Words without an option must not claim that one more word has to follow.
    return values if argument.flags else values.replace("-r ", "").replace("-x ", "")


def _fish_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


SHELLS: Final[Mapping[str, Callable[[list[Command]], str]]] = {
    "bash": _bash,
    "fish": _fish,
    "zsh": _zsh,
}
