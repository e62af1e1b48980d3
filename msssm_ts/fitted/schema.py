"""What the header of a model file may say: its keys, types, ranges, and what has to agree."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.file_checks import (
    FLAG,
    Either,
    ListOf,
    Mapped,
    Maybe,
    Number,
    OneOf,
    Record,
    Text,
    Whole,
    anything,
    checked_by,
    same_length,
    shown,
)
from msssm_ts.preparation.settings import Preparation

_MOST_MEMBERS, _MOST_CHANNELS, _MOST_CLASSES = 1000, 100_000, 100_000
_MOST_FEATURES, _MOST_QUANTILES = 100_000, 10_000
# Of an array of labels: a type such as "<U1000000000" asks for gigabytes.
_MOST_BYTES = 16_000_000
_TOLERANCE = 1e-6

_RATE = Number(1e-9, 1e12)
_SCALAR = Either(FLAG, Number(), Text())
_PREPARATION = checked_by(Preparation.from_dict)
# What the reading options of the data may say; those that name files are no business of a model.
READ_OPTIONS: Mapping[str, Any] = {
    **dict.fromkeys(
        ("label", "id", "group", "time", "channel", "fold", "label_from", "axes"), Text(10_000)
    ),
    "annotator": Text(100),
    "drop": ListOf(Text(10_000)),
    "beside": ListOf(Text(10_000)),
    "window": ListOf(Number(), 2, 2),
    "beat_classes": OneOf("aami", "symbols"),
    "sampling_rate": _RATE,
    "episodes": _RATE,
    "mono": FLAG,
}
_ACCOUNT = Record(
    {},
    {
        "taken": Mapped(Text()),
        "left_out": ListOf(
            Record({"count": Whole(), "what": Text()}, {"why": Text(), "names": ListOf(Text())})
        ),
        "remarks": ListOf(Text()),
    },
)
_ORIGIN = Record(
    {},
    {
        "summary": Text(),
        "units": Maybe(ListOf(Text())),
        "options": Record({}, READ_OPTIONS),
        "account": _ACCOUNT,
    },
)
_PART = Number(-1e-6, 1 + 1e-6)
_ESTIMATE = Record({"accuracy": _PART, "low": _PART, "high": _PART, "n_series": Whole(1)})
_RATE_FOUND = Record({"value": _PART, "low": _PART, "high": _PART, "n_series": Whole(1)})
_OPERATING_POINT = Record(
    {
        "kind": OneOf("operating_point"),
        "positive": Whole(0, _MOST_CLASSES),
        "threshold": Number(0, 1),
        "asked": Maybe(OneOf("sensitivity", "specificity")),
        "target": Maybe(Number(0, 1)),
        "estimate": Maybe(
            Record({"sensitivity": Maybe(_RATE_FOUND), "specificity": Maybe(_RATE_FOUND)})
        ),
    }
)
_LOG_PRIORS = Record(
    {
        "kind": OneOf("log_priors"),
        "aim": OneOf("balanced_accuracy", "macro_f1", "accuracy"),
        "strength": Number(0, 100),
        "values": ListOf(Number(-1e6, 1e6), 1, _MOST_CLASSES),
        "estimate": Maybe(Record({"before": _PART, "after": _PART})),
    }
)
_SCORES = Record({"count": Whole(0), "quantiles": ListOf(Number(0, 1), 0, _MOST_QUANTILES)})
_COVERAGE = Record({"every": _SCORES, "classes": ListOf(_SCORES, 1, _MOST_CLASSES)})
_SCALE = Record({"mean": Number(-1e6, 1e6), "sd": Number(1e-9, 1e6)})
_FAMILIARITY = Record(
    {
        "member": Whole(0, _MOST_MEMBERS),
        "unit": Number(least=5e-324),
        "distance": _SCALE,
        "entropy": _SCALE,
        "held": Record({"count": Whole(1), "quantiles": ListOf(Number(0, 1), 1, _MOST_QUANTILES)}),
    }
)
_EXEMPLARS = Record(
    {
        "member": Maybe(Whole(0, _MOST_MEMBERS)),
        "units": ListOf(Number(least=5e-324), 2, 2),
        "per_class": Whole(1),
        "count": Whole(1),
        "names": Maybe(ListOf(Text(), 1)),
    }
)
_TOLD = Record(
    {
        "seconds": Maybe(Number(0)),
        "accuracy": Maybe(_PART),
        "alike": ListOf(Maybe(Number(-1, 1)), 1, _MOST_MEMBERS),
    }
)


def _decision(place: str, value: Any) -> None:
    """Check how a class is chosen, by the kind that it says to be."""
    Record({"kind": OneOf("operating_point", "log_priors")}, others=True)(place, value)
    (_OPERATING_POINT if value["kind"] == "operating_point" else _LOG_PRIORS)(place, value)


HEADER = Record(
    {
        "schema_version": Whole(1),
        "estimator": Text(100),
        "parameters": Record(
            {},
            {
                "class_weight": Maybe(Either(ListOf(ListOf(_SCALAR, 2, 2)), OneOf("balanced"))),
                "preparation": Maybe(_PREPARATION),
            },
            others=True,
        ),
        "members": ListOf(
            Record({"kind": Text(100), "weight": Number(0, 1), "facts": Mapped(anything)}),
            1,
            _MOST_MEMBERS,
        ),
        "classes": Record(
            {
                "dtype": Text(20),
                "values": ListOf(_SCALAR, 1, _MOST_CLASSES),
                "multilabel": FLAG,
                "thresholds": ListOf(Number(0, 1)),
            },
            {"names": Maybe(ListOf(Text()))},
        ),
        "standardizer": Record(
            {
                "mean": ListOf(Number(), 1, _MOST_CHANNELS),
                "std": ListOf(Number(least=5e-324), 1, _MOST_CHANNELS),
            }
        ),
        "missing": OneOf("error", "mask", "interpolate"),
        "dtype": OneOf("float32", "float64"),
        "preparation": _PREPARATION,
        "channel_names": Maybe(ListOf(_SCALAR)),
        "n_channels": Whole(1, _MOST_CHANNELS),
        "sampling_rate": Maybe(_RATE),
        "n_features": Maybe(Whole(1)),
        "feature_names": Maybe(ListOf(Text())),
        "origin": anything,
        "training": Record(
            {
                "history": Mapped(ListOf(Maybe(Number()))),
                "n_iter": Whole(),
                "best_iter": Whole(),
                "n_parameters": Whole(),
                "seconds": Number(0),
                "seed": Whole(0, 10**100),
                "device": Text(100),
                "threads": Whole(),
            },
            {
                "notes": ListOf(Text()),
                "estimate": Maybe(_ESTIMATE),
                "members": ListOf(_TOLD, 0, _MOST_MEMBERS),
                "processes": Whole(1),
            },
        ),
        "versions": Mapped(Text(1000)),
    },
    {
        "beside": Maybe(
            Record(
                {
                    "names": ListOf(Text(), 1, _MOST_FEATURES),
                    "exponents": Record({"series": Number(0, 100), "features": Number(0, 100)}),
                    # What the features say; null where they do not vote.
                    "facts": Maybe(Mapped(anything)),
                }
            )
        ),
        # How a class is chosen; null: the most probable one.
        "decision": Maybe(_decision),
        # What prediction sets are made from.
        "coverage": Maybe(_COVERAGE),
        # What tells how unlike the training series others are.
        "familiarity": Maybe(_FAMILIARITY),
        # Training series that others are compared with.
        "exemplars": Maybe(_EXEMPLARS),
        "training_data": Maybe(
            Record(
                {
                    "n_series": Whole(1),
                    "shortest": Whole(1),
                    "longest": Whole(1),
                    "counts": ListOf(Whole()),
                },
                {"n_groups": Whole()},
            )
        ),
    },
)
# Columns that the pictures of a training are drawn from; accuracies of a validation may be null.
_HISTORY = ("epoch", "train_loss", "train_accuracy", "learning_rate", "seconds")
_HISTORY_OF_VALIDATION = ("val_loss", "val_accuracy")


def check_header(header: Mapping[str, Any]) -> None:
    """Refuse a header of the present schema that no fitted model can have written.

    Raises
    ------
    ValueError
        With what is wrong and where.
    """
    HEADER("header", header)
    classes, n_channels = header["classes"], header["n_channels"]
    n_classes = len(classes_of(classes))
    same_length("thresholds", classes["thresholds"], n_classes, "classes")
    same_length("names of labels", classes.get("names"), n_classes, "labels")
    same_length("channel names", header["channel_names"], n_channels, "channels")
    if header["feature_names"] is not None:
        same_length("feature names", header["feature_names"], header["n_features"] or 0, "columns")
    facts = header.get("training_data")
    if facts is not None:
        same_length("counts", facts["counts"], n_classes, "classes")
    _check_decision(header.get("decision"), classes)
    _check_coverage(header.get("coverage"), classes)
    _check_familiarity(header)
    if header.get("exemplars") is not None:
        _check_member("exemplars known", header["exemplars"], header)
    _check_preparation(header)
    _check_history(header)
    n_members = len(header["members"])
    told = header["training"].get("members") or []
    if told:
        same_length("what is told of members", told, n_members, "members")
    for one in told:
        same_length("correlations of errors", one["alike"], n_members, "members")
    total = sum(member["weight"] for member in header["members"])
    if abs(total - 1) > _TOLERANCE:
        raise ValueError(f"the members' weights add up to {total:.6g}, not to 1")
    check_origin(header["origin"], n_channels)


def check_origin(origin: Any, n_channels: int) -> None:
    """Refuse what no reader can have said of its source; None is nothing said.

    Raises
    ------
    ValueError
        With what is wrong.
    """
    if origin is None:
        return
    _ORIGIN("origin", origin)
    same_length("units", origin.get("units"), n_channels, "channels")
    annotator = origin.get("options", {}).get("annotator", "")
    if any(sign in annotator for sign in "/\\\0"):
        raise ValueError(f"origin.options.annotator is no suffix: {shown(annotator)}")


def _check_decision(said: Mapping[str, Any] | None, classes: Mapping[str, Any]) -> None:
    if said is None:
        return
    n_classes = len(classes["values"])
    if classes["multilabel"]:
        raise ValueError("a decision between classes, where a series can have several labels")
    same_length("log-priors", said.get("values"), n_classes, "classes")
    if said.get("positive", 0) >= n_classes:
        raise ValueError(f"positive class {said['positive']} of {n_classes}")


def _check_coverage(said: Mapping[str, Any] | None, classes: Mapping[str, Any]) -> None:
    if said is None:
        return
    if classes["multilabel"]:
        raise ValueError("prediction sets, where a series can have several labels")
    same_length("scores of classes", said["classes"], len(classes["values"]), "classes")
    for scores in (said["every"], *said["classes"]):
        if scores["quantiles"] != sorted(scores["quantiles"]):
            raise ValueError("quantiles of left-out series do not grow")


def _check_member(what: str, said: Mapping[str, Any], header: Mapping[str, Any]) -> None:
    """Refuse features of a member that is not there; None is of none."""
    place, n = said["member"], len(header["members"])
    if place is not None and place >= n:
        raise ValueError(f"{what} by member {place} of {n}")


def _check_familiarity(header: Mapping[str, Any]) -> None:
    said = header.get("familiarity")
    if said is None:
        return
    _check_member("familiar", said, header)
    if said["held"]["quantiles"] != sorted(said["held"]["quantiles"]):
        raise ValueError("quantiles of left-out series do not grow")


def _check_preparation(header: Mapping[str, Any]) -> None:
    preparation = Preparation.from_dict(header["preparation"])
    wanted, names = preparation.channels, header["channel_names"]
    kept = header["n_channels"] if wanted is None else len(wanted)
    if wanted is not None:
        if names is None:
            same_length("channels of the preparation", wanted, header["n_channels"], "channels")
        elif missing := [name for name in wanted if name not in names]:
            raise ValueError(f"channel {shown(missing[0])} of the preparation is not there")
    if preparation.limits:
        same_length("limits", preparation.limits, kept, "channels")
    scale = header["standardizer"]
    n_prepared = kept * preparation.rows_per_channel
    for name in ("mean", "std"):
        same_length(f"numbers of standardizer.{name}", scale[name], n_prepared, "channels")
    preparation.check_at(header["sampling_rate"])


def _check_history(header: Mapping[str, Any]) -> None:
    history = header["training"]["history"]
    lengths = {len(values) for values in history.values()}
    if len(lengths) > 1:
        raise ValueError("the columns of training.history are not of one length")
    # A member from outside the package writes down what it likes.
    if not history.get("epoch") or all(m["kind"] != "network" for m in header["members"]):
        return
    for name in (*_HISTORY, *_HISTORY_OF_VALIDATION):
        if name not in history or (name in _HISTORY and None in history[name]):
            raise ValueError(f"training.history has no {name}, or not of every epoch")


def classes_of(said: Mapping[str, Any]) -> NDArray[Any]:
    """Return the labels that a header's ``classes`` say, as the array that they were.

    Raises
    ------
    ValueError
        If there is no such array, or one of labels that are not sorted, or twice there.

    Examples
    --------
    >>> classes_of({"dtype": "<U5", "values": ["no", "yes"], "multilabel": False})
    array(['no', 'yes'], dtype='<U5')
    """
    values, text = said["values"], said["dtype"]
    dtype = _dtype_of_labels(text, values)
    try:
        classes = np.array(values, dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"the classes are no {text}: {error}") from error
    if classes.tolist() != values:
        raise ValueError(f"the classes cannot be kept as {text}")
    if said["multilabel"] and values != list(range(len(values))):
        raise ValueError("several labels at once are numbered from 0")
    if any(not a < b for a, b in itertools.pairwise(values)):
        raise ValueError("the classes are not sorted, or one is there twice")
    return classes


def _dtype_of_labels(text: str, values: list[Any]) -> np.dtype[Any]:
    wanted: tuple[type, ...]
    kind, size = text[1:2], text[2:]
    if (
        text[:1] not in ("<", ">", "|")
        or kind not in "biufUO"
        or not (size.isdecimal() or text == "|O")
    ):
        raise ValueError(f"labels of type {shown(text)} are not read")
    # Objects are texts here, and nothing else.
    wanted = {"b": (bool,), "f": (float, int), "U": (str,), "O": (str,)}.get(kind, (int,))
    if not all(type(value) in wanted for value in values):
        raise ValueError(f"not all classes are of type {text}")
    if kind == "U" and 4 * int(size) * len(values) > _MOST_BYTES:
        raise ValueError(f"labels of {size} characters are too long")
    try:
        return np.dtype(text)
    except TypeError as error:
        raise ValueError(f"labels of type {shown(text)} are not read") from error
