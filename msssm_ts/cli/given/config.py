"""Options from a file: ``--config FILE``, and the file that a run folder gets for it.

What a key may hold is read off the command's own options, of which there is no second list.
"""

from __future__ import annotations

import functools
import inspect
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import typer

from msssm_ts.cli.given.injected import option
from msssm_ts.cli.shown.console import say
from msssm_ts.errors import InputError
from msssm_ts.text import meant, nearest, visible

CONFIG = "config.toml"
# They say which file is meant, act before it is read, or are another thing in another command.
_NOT_IN_FILES = ("config", "resume", "debug", "ctx", "within")
# Keys of each command that takes such files: what only another has is no mistake.
_KEYS: dict[str, frozenset[str]] = {}


@dataclass(frozen=True)
class Key:
    """A key of such a file.

    Parameters
    ----------
    name : str
        As the option is spelt, without its dashes.
    parameter : str
        Of the command.
    kind : type
        Of one value.
    several : bool
        Whether the option may be repeated.
    about : typer.models.OptionInfo or typer.models.ArgumentInfo
        What the option's declaration says.
    """

    name: str
    parameter: str
    kind: Any
    several: bool
    about: Any

    def value(self, given: Any) -> Any:
        """Return what the option's parameter gets.

        Raises
        ------
        InputError
            If it is of another type, or out of range.
        """
        if self.several:
            # Several between commas, as the option takes them, or a list.
            values = given if isinstance(given, list) else [given]
            return [self._one(value) for value in values]
        if isinstance(given, list) and self.kind is str and "," in (self.about.metavar or ""):
            return ",".join(str(self._one(value)) for value in given)
        return self._one(given)

    def _one(self, given: Any) -> Any:
        number = isinstance(given, (int, float)) and not isinstance(given, bool)
        if issubclass(self.kind, StrEnum):
            words = [str(word) for word in self.kind]
            if isinstance(given, bool) and "yes" in words:
                # TOML has its own words for them.
                given = "yes" if given else "no"
            if given not in words:
                near = meant(str(given), words, 0.5)
                raise InputError(f"must be one of {', '.join(words)}{near}")
            return self.kind(given)
        if self.kind is bool:
            _demand(isinstance(given, bool), "must be true or false")
            return given
        if self.kind is int:
            _demand(number and isinstance(given, int), "must be a whole number")
        elif self.kind is float:
            _demand(number, "must be a number")
        elif self.kind is str:
            # "auto" or a number, and names that are numbers, are text on the command line.
            _demand(number or isinstance(given, str), "must be a text")
            return str(given)
        else:
            _demand(isinstance(given, str), "must be a text")
            return self.kind(given)
        low, high = self.about.min, self.about.max
        _demand(low is None or given >= low, f"must be at least {low}")
        _demand(high is None or given <= high, f"must be at most {high}")
        return self.kind(given)


def configurable(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--config FILE``; it has ``--resume`` from ``resumable`` already."""
    signature = inspect.signature(command)
    keys = keys_of(signature.parameters.values())
    _KEYS[command.__name__] = frozenset(keys)
    shown = list(signature.parameters.values())
    place = next(i for i, p in enumerate(shown) if p.name == "resume")
    about = typer.Option(
        "--config",
        metavar="FILE",
        help="Options from a TOML file (width = 128), as run folders have one; what stands on the "
        "command line goes before.",
        show_default=False,
    )
    shown.insert(place, option("config", Annotated[Path | None, about]))

    @functools.wraps(command)
    def run(ctx: typer.Context, config: Path | None, **given: Any) -> Any:
        if config is not None and given["resume"] is not None:
            raise InputError(
                f"--config {config} with --resume {given['resume']}: what goes on keeps its "
                "settings; leave one of them out"
            )
        if config is not None:
            found, others = read_config(config, keys)
            for name, value in found.items():
                source = getattr(ctx.get_parameter_source(name), "name", "")
                if source != "COMMANDLINE":
                    given[name] = value
            for line in others:
                say(line, quiet=given["quiet"])
        return command(ctx=ctx, **given)

    run.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in shown}
    return run


def keys_of(parameters: Iterable[inspect.Parameter]) -> dict[str, Key]:
    """Return what a file may set of a command with these parameters, by key."""
    found = [_key(p) for p in parameters if get_origin(p.annotation) is Annotated]
    return {key.name: key for key in found if key.parameter not in _NOT_IN_FILES}


def _key(parameter: inspect.Parameter) -> Key:
    kind, about = get_args(parameter.annotation)
    kinds = [k for k in get_args(kind) if k is not NoneType]
    if get_origin(kind) not in (None, list) and kinds:
        # X | None.
        kind = kinds[0]
    several = get_origin(kind) is list
    # In an annotation the first spelling stands where a default would.
    words = (about.default, *(about.param_decls or ()))
    spelt = [word for word in words if isinstance(word, str) and word.startswith("--")]
    name = spelt[0].removeprefix("--") if spelt else parameter.name
    return Key(name, parameter.name, get_args(kind)[0] if several else kind, several, about)


def known_to(command: str, keys: Mapping[str, Key]) -> dict[str, Key]:
    """Return the keys that a command takes, too."""
    return {name: key for name, key in keys.items() if name in _KEYS[command]}


def read_config(file: Path, keys: Mapping[str, Key]) -> tuple[dict[str, Any], list[str]]:
    """Read a file of options.

    Returns
    -------
    found : dict
        Values by the command's parameters.
    lines : list of str
        Which keys are another command's and have no effect, or that there is none.

    Raises
    ------
    InputError
        If it cannot be read, a key is unknown, or a value cannot be used.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: is no TOML ({error}); lines such as width = 128 are") from error
    found, others = {}, []
    for name, given in table.items():
        key = keys.get(name)
        if key is None:
            if not any(name in known for known in _KEYS.values()):
                raise InputError(f"{file}: {_unknown(name, keys)}")
            others.append(name)
            continue
        try:
            found[key.parameter] = key.value(given)
        except InputError as error:
            raise InputError(f"{file}: {name} = {_shown(given)}: {error}") from error
    if not table:
        return found, [f"{file}: sets nothing; lines such as width = 128 do"]
    if not others:
        return found, []
    commands = sorted(c for c, known in _KEYS.items() if known >= set(others))
    of = f" (but in msssm-ts {' and '.join(commands)})" if commands else ""
    return found, [f"{file}: {', '.join(others)}: without effect here{of}"]


def config_text(command: str, keys: Mapping[str, Key], values: Mapping[str, Any]) -> str:
    r"""Return a file of options.

    Parameters
    ----------
    command : str
        That takes it.
    keys : mapping of str to Key
        Those to write.
    values : mapping
        Of the command's parameters, as JSON holds them; where there is none a key is left out.

    Examples
    --------
    >>> about = typer.Option("--seed")
    >>> key = Key("seed", "random_state", int, False, about)
    >>> print(config_text("fit", {"seed": key}, {"random_state": 3}).splitlines()[-1])
    seed = 3
    """
    lines = [
        f"# For msssm-ts {command} --config; paths are relative to the folder that it is run in.",
    ]
    for name, key in keys.items():
        value = values.get(key.parameter)
        if value is None:
            continue
        try:
            text = f"{name} = {_toml(value)}"
            text.encode()
        except UnicodeEncodeError:
            text = f"# {name}: a name that TOML cannot hold"
        lines.append(text)
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    r"""Return a value as TOML has it.

    Examples
    --------
    >>> print(*map(_toml, (True, 3, 1e-5, "a \"b\"\x7f", ["x", "y"])))
    true 3 1e-05 "a \"b\"\u007f" ["x", "y"]
    """
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    value.encode()
    # What JSON escapes TOML does, and DEL.
    return visible(json.dumps(value, ensure_ascii=False), json=True)


def _unknown(name: str, keys: Mapping[str, Key]) -> str:
    """Say that there is no such key, and which may be meant."""
    by_parameter = {key.parameter: key.name for key in keys.values()}
    likely = by_parameter.get(name) or nearest(name.replace("_", "-"), keys)
    if name in _NOT_IN_FILES:
        return f"{name} can only be said on the command line; take it out"
    said = f"is {likely} meant?" if likely else "msssm-ts fit --help has them all"
    return f"there is no option {name!r}; {said}"


def _demand(right: bool, sentence: str) -> None:
    if not right:
        raise InputError(sentence)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:39]}…"
