"""The options of ``fit`` that are the classifier's parameters, made from their table."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from msssm_ts.cli.given import options
from msssm_ts.cli.given.injected import injected, option
from msssm_ts.cli.given.time import seconds_of
from msssm_ts.cli.panels import ADVANCED, MODEL, NETWORK
from msssm_ts.errors import InputError
from msssm_ts.parameter_checks import (
    Number,
    OneOf,
    SeveralOf,
    Whole,
    check_decision,
    check_updatable,
)
from msssm_ts.parameter_rows import Spec
from msssm_ts.parameters import specs

# Where the terminal's default is another than Python's: files have gaps, and a command that is
# repeated should give the same model.
_DEFAULTS: dict[str, Any] = {"preset": None, "missing": "mask", "random_state": 0}
_METAVARS = {
    "time_budget": "TIME",
    "members": "A,B",
    "cluster": "ADDRESS|local[:N]",
    "init": "auto|random|pretrained|ENCODER",
}
# What few need to say.
_ADVANCED = ("early_stopping", "validation_fraction", "n_iter_no_change", "dtype", "cluster")
# What has no option of its own, and why not: a row of the table is here, or has one.
WITHOUT_OPTION = {
    "preparation": "has options of its own, see msssm_ts.cli.fit.preparing",
    "warm_start": "is of an estimator that is fitted twice; fit --resume goes on with a fit",
    "verbose": "is --quiet",
    "callbacks": "are Python's functions",
}
_YES_NO = {"yes": True, "no": False}


def _parameters() -> Iterator[inspect.Parameter]:
    for name, default, spec in specs():
        if spec.option is not None:
            yield _parameter(name, _DEFAULTS.get(name, default), spec)


def _parameter(name: str, default: Any, spec: Spec) -> inspect.Parameter:
    check = spec.check
    about: dict[str, Any] = {"help": spec.brief, "metavar": _METAVARS.get(name)}
    if "network" in spec.concerns:
        about["rich_help_panel"] = NETWORK
    if name in _ADVANCED:
        about["rich_help_panel"] = ADVANCED
    kind: Any = str
    if isinstance(check, SeveralOf):
        about["help"] += f" There are: {', '.join(check.choices())}."
    if name in ("bidirectional", "pyramid"):
        kind, default = bool, False
    elif name == "updatable":
        kind = bool
    elif name == "class_weight":
        kind, default = _words(name, ("none", "balanced")), "none"
    elif name == "random_state":
        kind, about["min"] = int, 0
    elif name == "time_budget":
        kind = str
    elif isinstance(check, OneOf):
        spelt = {value: word for word, value in _YES_NO.items()}
        kind = _words(name, (spelt.get(word, word) for word in check.choices()))
    elif isinstance(check, (Whole, Number)) and not check.auto:
        kind = int if isinstance(check, Whole) else float
        about["min"] = check.least if isinstance(check, Whole) else 0
        about["max"] = check.most if isinstance(check, Whole) else None
    if default is None:
        kind = kind | None
        about["show_default"] = False
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        default = kind(default)
    assert spec.option is not None
    return option(name, Annotated[kind, typer.Option(spec.option, **about)], default)


def _words(name: str, choices: Any) -> type[StrEnum]:
    return StrEnum(name, {word: word for word in choices})  # type: ignore[return-value]


def _chosen(values: dict[str, Any]) -> dict[str, Any]:
    """Return the classifier's arguments that the options' values stand for.

    Raises
    ------
    InputError
        If a value cannot be used, or two of them not together.
    """
    found = {name: str(v) if isinstance(v, StrEnum) else v for name, v in values.items()}
    causal = found["bidirectional"]
    found["bidirectional"] = not causal
    if "time_budget" in found:
        found["time_budget"] = seconds_of(found["time_budget"])
    found["class_weight"] = None if found["class_weight"] == "none" else found["class_weight"]
    checks = {name: spec for name, _, spec in specs()}
    for name, value in found.items():
        spec = checks[name]
        if isinstance(spec.check, OneOf) and True in spec.check.choices():
            value = found[name] = _YES_NO.get(value, value)
        if isinstance(spec.check, SeveralOf) and value is not None:
            found[name] = [part.strip() for part in value.split(",")]
        elif getattr(spec.check, "auto", False) and value != "auto":
            found[name] = _number(value, spec)
        if name == "preset" and value is None:
            found[name] = "network" if causal and values["members"] is None else "default"
        try:
            spec.check(name, found[name])
        except (ValueError, TypeError) as error:
            message = str(error).replace(name, str(spec.option), 1)
            raise InputError(message) from error
    check_decision(found)
    check_updatable(found)
    options.check_device(found["device"])
    if found["members"] is not None and values["preset"] is not None:
        raise InputError(
            f"--members with --preset {values['preset']}: both say what votes; leave one of them "
            "out"
        )
    alone = found["members"] == ["network"] or (
        found["members"] is None and found["preset"] == "network"
    )
    if causal and not alone:
        other = "--members" if found["members"] is not None else f"--preset {found['preset']}"
        raise InputError(
            f"--causal with {other}: only a network alone reads forward in time; leave one of "
            "them out"
        )
    return found


def _number(text: str, spec: Spec) -> int | float:
    kind = int if isinstance(spec.check, Whole) else float
    try:
        return kind(text)
    except ValueError as error:
        raise InputError(f"{spec.option} {text}: must be a number, or auto") from error


def model_arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the classifier's arguments from all options of a command, by parameter.

    Raises
    ------
    InputError
        If a value cannot be used, or two of them not together.
    """
    return _chosen({p.name: given[p.name] for p in _PARAMETERS if p.name in given})


_PARAMETERS = list(_parameters())
# They stand where the parameter ``modelling`` is, which gets the classifier's arguments.
chooses_model = injected("modelling", _PARAMETERS, _chosen, MODEL)
# The same for a command that keeps no model, and has a time for all fits.
_OF_ONE_MODEL = ("exemplars", "time_budget")
chooses_timeless = injected(
    "modelling", [p for p in _PARAMETERS if p.name not in _OF_ONE_MODEL], _chosen, MODEL
)


def encoder_options() -> list[inspect.Parameter]:
    """Return the options that are an encoder's parameters, too, as ``fit`` has them."""
    from msssm_ts.encoder_parameters import EncoderParameters

    own = {field.name for field in dataclasses.fields(EncoderParameters)}
    return [p for p in _PARAMETERS if p.name in own]


def _chosen_of_encoder(values: dict[str, Any]) -> dict[str, Any]:
    """Return an encoder's arguments that the options' values stand for."""
    whole = _chosen({p.name: p.default for p in _PARAMETERS} | values)
    return {name: whole[name] for name in values}


# The same for a command that learns without labels.
chooses_encoder = injected("modelling", encoder_options(), _chosen_of_encoder, MODEL)
