"""A command that can be gone on with: its options are kept, and taken again."""

from __future__ import annotations

import functools
import inspect
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from msssm_ts.cli.given.config import Key, config_text, keys_of
from msssm_ts.cli.given.injected import option
from msssm_ts.errors import InputError

# In a run folder.
MODEL, SCORES, CHECKPOINT = "model.safetensors", "scores.json", "checkpoint"
SEARCH = "search.json"
ENCODER = "encoder.safetensors"
# What makes a folder a finished run, and what it is then called.
RESULTS = {
    MODEL: "a model",
    SCORES: "a cross-validation",
    SEARCH: "a search",
    ENCODER: "an encoder",
}
# How much there is to do: as in the first call, unless more is said.
_MORE = ("trials", "within")
# What may differ from the first call: where it goes, how it is shown, what it may take.
_FREE = ("resume", "out", "checkpoint_every", "safe_csv", "quiet", "json", "debug")


@dataclass(frozen=True)
class Call:
    """What a command was asked, as JSON holds it.

    Parameters
    ----------
    options : dict
        Value of each argument and option by its name.
    folder : str
        The working folder, which paths are relative to.
    is_resumed : bool
        Whether an earlier call is gone on with.
    command : str
        Its name.
    config : str
        A file of options that asks the same, see :mod:`msssm_ts.cli.given.config`.
    keys : mapping of str to Key
        What such a file may hold of them.
    """

    options: Mapping[str, Any]
    folder: str
    is_resumed: bool
    command: str = "fit"
    config: str = ""
    keys: Mapping[str, Key] = field(default_factory=dict)


def resumable(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--resume RUN``, and what it was asked as its argument ``call``.

    The command has the parameters ``out`` (a run folder) and ``call``.
    """
    signature = inspect.signature(command)
    shown = [
        inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *(p for p in signature.parameters.values() if p.name != "call"),
    ]
    place = next(i for i, p in enumerate(shown) if p.name == "out") + 1
    shown.insert(
        place,
        option(
            "resume",
            Annotated[
                Path | None,
                typer.Option(
                    "--resume",
                    metavar="RUN",
                    help="Go on with what was cut short, with its data and its settings.",
                    show_default=False,
                ),
            ],
        ),
    )

    name = command.__name__
    # A file that replaced what is there would do so unasked.
    kept = {k: v for k, v in keys_of(shown).items() if v.parameter not in (*_FREE, "force")}

    @functools.wraps(command)
    def run(ctx: typer.Context, resume: Path | None, **given: Any) -> Any:
        if resume is not None:
            given = _taken_again(ctx, resume, given, name)
        options = {name: plain(v) for name, v in given.items() if name not in _FREE}
        config = config_text(name, kept, options)
        call = Call(options, str(Path.cwd()), resume is not None, name, config, kept)
        return command(call=call, **given)

    run.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in shown}
    return run


def kept_call(folder: Path) -> Call:
    """Return what the fit in a folder was asked that was cut short.

    Raises
    ------
    InputError
        If there is none.
    """
    from msssm_ts.fitting.checkpoint import Checkpoint

    kept = Checkpoint(folder / CHECKPOINT).call
    if kept is None:
        finished = any((folder / name).exists() for name in RESULTS)
        raise InputError(
            f"{folder}: its fit is finished: there is nothing to go on with"
            if finished
            else f"{folder}: no fit to go on with; give the folder of one that was cut short"
        )
    try:
        command = str(kept.get("command", "fit"))
        return Call(dict(kept["options"]), str(kept["folder"]), True, command)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder}: {CHECKPOINT} is damaged; begin anew with --force") from error


def resume_command(folder: Path, command: str = "fit") -> str:
    """Return the command that goes on with what was cut short in a folder."""
    return f"msssm-ts {command} --resume {shlex.quote(str(folder))}"


def _taken_again(
    ctx: typer.Context, folder: Path, given: dict[str, Any], command: str
) -> dict[str, Any]:
    """Return a call's arguments with those of the call that it goes on with.

    Raises
    ------
    InputError
        If there is none in the folder, it is another command's, or something else is asked for
        than by that one.
    """
    kept = kept_call(folder)
    if kept.command != command:
        raise InputError(
            f"{folder}: was left by another command; go on with it: "
            f"{resume_command(folder, kept.command)}"
        )
    taken = dict(given)
    for name, value in given.items():
        said = getattr(ctx.get_parameter_source(name), "name", "") == "COMMANDLINE"
        if name == "out":
            if said and Path(value).absolute() != folder.absolute():
                raise InputError(f"--out {value} with --resume {folder}: leave --out out")
            taken[name] = folder.absolute()
        elif name in _MORE and said:
            continue
        elif name not in _FREE:
            if said and not _is_same(name, plain(value), kept):
                spelt = next(p.opts[0] for p in ctx.command.params if p.name == name)
                asked = "DATA" if name == "data" else spelt
                raise InputError(
                    f"{asked} {value}: the fit in {folder} has {kept.options.get(name)}; a fit "
                    "that goes on keeps its data and settings: leave it out"
                )
            taken[name] = kept.options.get(name)
    if Path(kept.folder).is_dir():
        # What its paths are relative to.
        os.chdir(kept.folder)
    return taken


def _is_same(name: str, value: Any, kept: Call) -> bool:
    """Whether an option says what it said in an earlier call, which may have been elsewhere."""
    before = kept.options.get(name)
    if name == "data" and isinstance(before, str) and Path(value).exists():
        there = Path(kept.folder) / before
        return bool(value == before or (there.exists() and there.samefile(value)))
    return bool(value == before)


def plain(value: Any) -> Any:
    """Return an option's value as JSON holds it."""
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value if isinstance(value, (int, float, bool, type(None))) else str(value)
