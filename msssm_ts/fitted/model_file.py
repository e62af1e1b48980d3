"""What a fitted model writes to its file, and how it comes back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from msssm_ts.beside import Beside, SideMember
from msssm_ts.beside.joint import Exponents
from msssm_ts.errors import InputError
from msssm_ts.fitted.artifact import Arrays, read_artifact, write_artifact
from msssm_ts.fitted.contents import BESIDE, FAMILIAR, FINGERPRINTS
from msssm_ts.fitted.coverage import coverage_from
from msssm_ts.fitted.decision import decision_from
from msssm_ts.fitted.exemplars import Exemplars, exemplars_from
from msssm_ts.fitted.familiarity import Familiarity, familiarity_from
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.parts import FitRecord, Labels, Source
from msssm_ts.fitted.schema import classes_of
from msssm_ts.fitted.vote import Vote
from msssm_ts.members import MEMBERS
from msssm_ts.members.member import Member, State
from msssm_ts.preparation import Preparation
from msssm_ts.series import Standardizer

# A member from outside the package may check little of what it takes.
_MISFITS = (
    ValueError, LookupError, TypeError, RuntimeError, AssertionError, ArithmeticError,
    AttributeError,
)  # fmt: skip
_RECORD = ("history", "n_iter", "best_iter", "n_parameters", "seconds", "seed", "device", "threads")


def save_model(model: FittedModel, path: str | os.PathLike[str]) -> None:
    """Write a fitted model's arrays, with everything else as JSON.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    source, labels, record = model.source, model.labels, model.record
    states = [member.state() for member in model.vote.members]
    # Of a model that somebody put together from others' members nothing is known.
    told = record.members if len(record.members) == len(states) else ()
    header = {
        "estimator": "MSSSMClassifier",
        "parameters": record.parameters,
        "members": [
            {"kind": member.kind, "weight": weight, "facts": state.facts}
            for member, weight, state in zip(
                model.vote.members, model.vote.weights, states, strict=True
            )
        ],
        "classes": {
            "dtype": labels.classes.dtype.str,
            "values": labels.classes.tolist(),
            "multilabel": labels.multilabel,
            "thresholds": labels.thresholds.tolist(),
            "names": labels.names,
        },
        "standardizer": {
            "mean": model.standardizer.mean.tolist(),
            "std": model.standardizer.std.tolist(),
        },
        "missing": model.missing,
        "dtype": model.dtype,
        "preparation": model.preparation.to_dict(),
        "channel_names": source.channel_names,
        "n_channels": source.n_channels,
        "sampling_rate": source.sampling_rate,
        "n_features": source.n_features,
        "feature_names": source.feature_names,
        "origin": source.origin,
        "training_data": record.training_data,
        "training": {name: getattr(record, name) for name in _RECORD}
        | {"notes": record.notes, "estimate": record.estimate, "members": told}
        | ({} if record.processes == 1 else {"processes": record.processes}),
        "beside": _beside_facts(model.beside),
        **({} if labels.decision is None else {"decision": labels.decision.to_dict()}),
        **({} if labels.coverage is None else {"coverage": labels.coverage.to_dict()}),
        **({} if model.familiarity is None else {"familiarity": model.familiarity.to_dict()}),
        **({} if model.exemplars is None else {"exemplars": model.exemplars.to_dict()}),
        "versions": record.versions,
    }
    beside = _seen(source) | _familiar(model.familiarity)
    if model.exemplars is not None:
        beside |= model.exemplars.arrays()
    write_artifact(path, model_tensors(model) | beside, header)


def model_tensors(model: FittedModel) -> Arrays:
    """Return all arrays of a fitted model by their names in the file."""
    tensors = _tensors([member.state() for member in model.vote.members])
    if model.beside is not None and model.beside.member is not None:
        arrays = model.beside.member.state().arrays
        tensors |= {f"{BESIDE}{name}": array for name, array in arrays.items()}
    return tensors


def _beside_facts(beside: Beside | None) -> dict[str, Any] | None:
    if beside is None:
        return None
    member = beside.member
    return {
        "names": list(beside.names),
        "exponents": beside.exponents._asdict(),
        "facts": None if member is None else member.state().facts,
    }


def _beside(said: dict[str, Any] | None, arrays: Arrays, multilabel: bool) -> Beside | None:
    if said is None:
        return None
    member = None
    if said["facts"] is not None:
        own = {k.removeprefix(BESIDE): v for k, v in arrays.items() if k.startswith(BESIDE)}
        member = SideMember.from_state(State(own, said["facts"]), multilabel)
    return Beside(tuple(said["names"]), Exponents(**said["exponents"]), member)


def _seen(source: Source) -> Arrays:
    known = source.fingerprints
    return {} if known is None else {FINGERPRINTS: known}


def _familiar(own: Familiarity | None) -> Arrays:
    return {} if own is None else {FAMILIAR: own.known}


def _tensors(states: Sequence[State]) -> Arrays:
    return {
        f"members.{i}.{name}": array
        for i, state in enumerate(states)
        for name, array in state.arrays.items()
    }


def load_model(path: str | os.PathLike[str], device: str = "auto") -> FittedModel:
    """Read a model that :func:`save_model` wrote, on any machine.

    Parameters
    ----------
    path : path
        Model file, or the run folder that holds it.
    device : str
        Where to run it.

    Raises
    ------
    InputError
        If the file is missing, damaged, or newer than this version can read, or the device does
        not exist.
    """
    arrays, header = read_artifact(path)
    try:
        model = _from_header(header, arrays)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except _MISFITS as error:
        raise InputError(
            f"{path}: its contents do not fit together ({error}); train again"
        ) from error
    return model.to(device)


def _from_header(header: dict[str, Any], arrays: Arrays) -> FittedModel:
    classes, scale, training = header["classes"], header["standardizer"], header["training"]
    multilabel = classes["multilabel"]
    members: list[Member] = []
    for i, entry in enumerate(header["members"]):
        prefix = f"members.{i}."
        own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        kind = MEMBERS.get(entry["kind"])
        member = kind.from_state(State(own, entry["facts"]), multilabel)
        member.check_channels(len(scale["mean"]))
        members.append(member)
    return FittedModel(
        source=Source(
            header["n_channels"],
            _names(header["channel_names"]),
            header["sampling_rate"],
            header["n_features"],
            _names(header["feature_names"]),
            header["origin"],
            arrays.get(FINGERPRINTS),
        ),
        missing=header["missing"],
        dtype=header["dtype"],
        preparation=Preparation.from_dict(header["preparation"]),
        standardizer=Standardizer(np.array(scale["mean"]), np.array(scale["std"])),
        labels=Labels(
            classes_of(classes),
            multilabel,
            np.array(classes["thresholds"]),
            _names(classes.get("names")),
            decision_from(header.get("decision")),
            coverage_from(header.get("coverage")),
        ),
        vote=Vote(tuple(members), tuple(float(m["weight"]) for m in header["members"])),
        record=FitRecord(
            parameters=header["parameters"],
            # Older files do not say.
            training_data=header.get("training_data"),
            notes=tuple(training.get("notes", ())),
            versions=header["versions"],
            estimate=training.get("estimate"),
            members=tuple(training.get("members", ())),
            processes=training.get("processes", 1),
            **{name: training[name] for name in _RECORD},
        ),
        beside=_beside(header.get("beside"), arrays, multilabel),
        familiarity=_familiarity(header.get("familiarity"), arrays, members),
        exemplars=_exemplars(header, arrays, members),
    )


def _familiarity(
    said: dict[str, Any] | None, arrays: Arrays, members: Sequence[Member]
) -> Familiarity | None:
    own = familiarity_from(said, arrays.get(FAMILIAR))
    if own is not None and members[own.member].n_features is None:
        raise ValueError(f"member {own.member} has no features to be near by")
    return own


def _exemplars(
    header: dict[str, Any], arrays: Arrays, members: Sequence[Member]
) -> Exemplars | None:
    own = exemplars_from(header.get("exemplars"), arrays, len(header["classes"]["values"]))
    if own is not None and own.member is not None and members[own.member].n_features is None:
        raise ValueError(f"member {own.member} has no features that exemplars are known by")
    return own


def _names(values: Any) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
