"""What a model has not seen, and what it does with it all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.text import counted, plural

# Of fewer series of a class, a single one is more than a twentieth of what is known of it.
_FEW = 20
_FEW_GROUPS = 10


def limits(header: Mapping[str, Any], data: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each limit that a model file tells of.

    Parameters
    ----------
    header : mapping
        From :func:`msssm_ts.fitted.artifact.read_header`.
    data : mapping
        The facts of its training data, see :func:`msssm_ts.analysis.card.facts.card_facts`.
    """
    said = [_lengths(data), _rate(header, data), *_classes(data), _groups(data)]
    known = "label" if data["multilabel"] else "class"
    said.append(
        f"Whatever a series is, the answer is made of the {len(data['classes'])} "
        f"{'labels' if data['multilabel'] else 'classes'} that it was trained on: a series of "
        f"another {known} gets one of these"
        + ("" if header.get("coverage") is None else ", unless sets or --reject are asked for")
        + "."
    )
    said.append(_channels(data))
    said.append(
        {
            "error": "Missing values are refused.",
            "mask": "Missing values are taken, and have no part in the answer as far as a member "
            "can leave them out; others fill them in.",
            "interpolate": "Missing values are filled in on a straight line.",
        }[header["missing"]]
    )
    kept = header.get("exemplars")
    if kept is not None:
        said.append(
            f"Its file holds excerpts of training series, up to {kept['per_class']} of a "
            f"{known}: whoever has the file can look at them."
        )
    if data["beside"]:
        said.append(f"It wants {enumerate_names(data['beside'])} beside every series.")
    return said


def _lengths(data: Mapping[str, Any]) -> str:
    if data["lengths"] is None:
        return "Which lengths it was trained on is not recorded."
    low, high = data["lengths"]
    rate = data["sampling_rate"]
    steps = f"{low}" if low == high else f"{low} to {high}"
    time = f" ({low / rate:.3g} to {high / rate:.3g} s)" if rate and low != high else ""
    time = f" ({high / rate:.3g} s)" if rate and low == high else time
    seen = f"It has seen series of {steps} {plural(high, 'step')}{time}"
    return f"{seen}; others are answered, without evidence."


def _rate(header: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    rate = data["sampling_rate"]
    if not rate:
        return (
            "The sampling rate is not recorded: series that were taken at another rate cannot be "
            "told from those that it knows."
        )
    to = header["preparation"].get("sampling_rate")
    done = f"others are resampled to {to:g} Hz" if to else "others are not resampled"
    return f"It has seen a sampling rate of {rate:g} Hz; {done}."


def _classes(data: Mapping[str, Any]) -> list[str]:
    few = [f"{name} ({n})" for name, n in data["classes"].items() if n is not None and n < _FEW]
    if not few:
        return []
    kind = "Labels" if data["multilabel"] else "Classes"
    return [f"{kind} with fewer than {_FEW} training series: {enumerate_names(few, 12)}."]


def _groups(data: Mapping[str, Any]) -> str:
    n, name = data["n_groups"], data["groups"] or "group"
    if n is None:
        return "Whether its training series belong together (patients, speakers) is not recorded."
    if n == 0:
        return (
            "Its training series have no groups: where several are of one patient, machine or "
            "speaker, the scores on series left out are too good for new ones."
        )
    few = ", which is few" if n < _FEW_GROUPS else ""
    return (
        f"Its training series are of {counted(n, 'group')} ({name}){few}; others may differ more."
    )


def _channels(data: Mapping[str, Any]) -> str:
    names = data["channels"]
    if names is None:
        which = counted(data["n_channels"], "channel")
        return f"It takes {which}, without names and in the order of the training series."
    return f"Series that lack one of the channels {enumerate_names(names, 12)} are refused" + (
        "; values in another unit are converted." if data["units"] else ", in any unit."
    )
