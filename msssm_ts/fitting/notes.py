"""What had nothing to act on, in a sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from msssm_ts.fitted.vote import Vote
from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.stamps import said_of_stamps
from msssm_ts.members import MEMBERS
from msssm_ts.members.presets import Seat
from msssm_ts.parameter_checks import BEGINNINGS
from msssm_ts.parameters import specs
from msssm_ts.series import Series
from msssm_ts.series.glance import of_one_value
from msssm_ts.series.standardizer import is_constant, moments
from msssm_ts.text import plural

# Steps of a float type that a channel's deviation should be.
_FEWEST_STEPS = 50
# Whole numbers are held to the last digit up to here.
_LARGEST_WHOLE = 2.0**53
# What learning without labels goes by, whoever votes.
OF_ENCODER = (
    *("objective", "n_scales", "core", "d_model", "n_layers", "d_state", "kernel_size", "dropout"),
    *("bidirectional", "directions", "pyramid", "stem_stride", "variates", "adjacency"),
    *("max_epochs", "batch_size", "learning_rate", "weight_decay"),
)
_OF_SET_ASIDE = ("early_stopping", "validation_fraction", "n_iter_no_change")


def notes(
    parameters: Mapping[str, Any],
    wanted: Sequence[Seat],
    vote: Vote,
    data: TrainingData,
    left_out: str | None,
    share: float | None,
    unvalidated: str = "",
    not_worth: Collection[str] = (),
    short: Mapping[str, int] = MappingProxyType({}),
    n_aside: int = 0,
    useless: Collection[str] = (),
) -> tuple[str, ...]:
    """Say which wanted members do not vote, and which settings therefore do nothing.

    Parameters
    ----------
    parameters : mapping
        The estimator's.
    wanted : sequence of Seat
        What was to vote.
    vote : Vote
        What came of them.
    data : TrainingData
        What it has learned from.
    left_out : str or None
        Why no member that learns by steps was trained, where that was decided before.
    share : float or None
        The part of the vote that such members were measured to be worth.
    unvalidated : str
        Why members that learn by steps were trained without validation, though it was asked for.
    not_worth : collection of str
        The kinds of members that are not worth their time on these series.
    short : mapping from str to int
        Kinds of which there was time for some only, and how many were wanted.
    n_aside : int
        How many series were set aside.
    useless : collection of str
        The kinds of members that were measured to add nothing.
    """
    said = list(data.remarks)
    present = frozenset(member.kind for member in vote.members)
    for seat in wanted:
        # What a preset has tried is no news; who has named it wants to know.
        if seat.kind in useless and parameters["members"] is None:
            continue
        if seat.kind not in present:
            by_steps = MEMBERS.get(seat.kind).learns_by_steps
            if by_steps and left_out:
                reason = left_out
            elif by_steps and share == 0:
                reason = "on the series set aside it did not help the others"
            elif seat.kind in useless:
                reason = "of the series left out it knew nothing that the others did not"
            elif seat.kind in not_worth:
                reason = "the series are too many or too long for it"
            elif parameters["time_budget"] is not None:
                reason = "there was no time for it"
            else:
                reason = "the fit was cut short"
            said.append(f"no {seat.kind} votes: {reason}")
    said += _of_members(vote, short)
    encoded = data.unlabelled is not None and bool(present & {"network", "encoder_ridge"})
    idle: dict[str, list[str]] = {}
    for name, default, spec in specs():
        value = parameters[name]
        if encoded and name in OF_ENCODER:
            continue
        # What reads an encoder reads a file's; the others are what networks begin with.
        acting = present - {"encoder_ridge"} if name == "init" and value in BEGINNINGS else present
        if spec.concerns and not acting.intersection(spec.concerns) and value != default:
            idle.setdefault(spec.concerns[0], []).append(f"{name}={value!r}")
    for kind, settings in idle.items():
        said.append(f"without a {kind}, {', '.join(settings)} had nothing to act on")
    if not encoded and parameters["objective"] != "auto":
        what = "without unlabelled series" if data.unlabelled is None else "without an encoder"
        said.append(f"objective={parameters['objective']!r} had nothing to act on {what}")
    said += _unweighted(parameters, vote, data)
    if parameters["members"] is not None and parameters["preset"] != "default":
        said.append(f"preset={parameters['preset']!r} had nothing to act on beside members")
    if unvalidated:
        said.append(f"trained without validation: {unvalidated}")
    stops = any(MEMBERS.get(seat.kind).learns_by_steps for seat in wanted)
    is_of_use = stops or data.targets.multilabel
    own = data.validation is not None
    said += _not_set_aside(parameters, present, is_of_use, own, n_aside)
    if parameters["cluster"] is not None and any(m.learns_by_steps for m in vote.members):
        said.append("the cluster had no part in the network, which was trained on one machine")
    if data.validation is not None and not stops and not data.targets.multilabel:
        said.append("validation had nothing to act on: no member stops by it")
    said += said_of_stamps(parameters, vote, data)
    return tuple(said)


def _not_set_aside(
    parameters: Mapping[str, Any], present: frozenset[str], is_of_use: bool, own: bool, n_aside: int
) -> list[str]:
    """Say which settings of the part that is set aside do nothing, and why."""
    asked = {
        name: f"{name}={parameters[name]!r}"
        for name, default, spec in specs()
        # Without the kinds that it concerns more is said of it.
        if name in _OF_SET_ASIDE and (not spec.concerns or present.intersection(spec.concerns))
        if parameters[name] != default
    }
    if not is_of_use:
        why = "no member stops by series set aside"
    elif own:
        asked.pop("n_iter_no_change", None)
        why = "the validation part was given"
    elif not n_aside:
        if asked.get("early_stopping") == "early_stopping=False":
            # It is what was asked for.
            del asked["early_stopping"]
        why = "no series were set aside"
    else:
        return []
    return [f"{', '.join(asked.values())} had nothing to act on: {why}"] if asked else []


def _unweighted(parameters: Mapping[str, Any], vote: Vote, data: TrainingData) -> list[str]:
    """Say on which members weights of classes do not act, and which are of no class."""
    given = parameters["class_weight"]
    if given is None:
        return []
    several, classes = data.targets.multilabel, data.targets.classes.tolist()
    of_none = [repr(k) for k in (given if isinstance(given, Mapping) else ()) if k not in classes]
    said = []
    if of_none:
        said.append(
            f"class_weight of {', '.join(of_none)} had nothing to act on: there "
            f"{plural(len(classes), 'is', 'are')} {', '.join(map(repr, classes))}"
        )
    without = {
        members[0].kind: sum(weights)
        for members, weights in vote.by_kind()
        if not (members[0].weighs_labels if several else members[0].weighs_classes)
    }
    if not without:
        return said
    kinds, share = ", ".join(without), sum(without.values())
    why = "which weigh no labels" if several else "whose leaves are of one class each"
    rare = "rare labels" if several else "rare classes"
    other = "" if several else "; decide='balanced_accuracy' acts on the whole vote"
    return [
        *said,
        f"class_weight does not favour {rare} in the part of {kinds} in the vote ({share:.0%}), "
        f"{why}{other}",
    ]


def _of_members(vote: Vote, short: Mapping[str, int]) -> list[str]:
    """Say what members could not do as they were asked to, those of a kind alike only once."""
    said: list[str] = []
    for members, _ in vote.by_kind():
        kind = members[0].kind
        told = Counter(member.said for member in members if member.said)
        said += [f"{kind}{f' ({n} members)' if n > 1 else ''} {line}" for line, n in told.items()]
        if kind in short:
            n, line = len(members), "vote: there was no time for more"
            said.append(f"{n} of {short[kind]} {kind} {line}")
    return said


def rounding_remarks(series: Sequence[Series], dtype: str) -> tuple[str, ...]:
    """Say which channels vary by hardly more than their type resolves.

    Parameters
    ----------
    series : sequence of float64 arrays of shape (n_channels, length)
        As they were given.
    dtype : str
        To which they are rounded.

    Examples
    --------
    >>> rounding_remarks([1e9 + np.array([[0.0, 1.0, 2.0]])], "float64")
    ()
    >>> len(rounding_remarks([1e9 + np.array([[0.0, 1.0, 2.0]])], "float32"))
    1
    >>> rounding_remarks([2.0**54 + np.array([[0.0, 4.0, 8.0]])], "float32")[0][-28:]
    'resolves: subtract an offset'
    """
    mean, deviation = moments(series)
    resolved = np.finfo(dtype)
    # Numbers next to 0 are coarser than in proportion.
    step = np.maximum(resolved.eps * np.abs(mean), float(resolved.smallest_subnormal))
    # What is written in more digits than a number holds may seem constant.
    beyond = np.abs(mean) >= _LARGEST_WHOLE
    if beyond.any():
        beyond &= ~of_one_value(series)
    varies = ~is_constant(mean, deviation) | beyond
    lines = []
    for channel in np.flatnonzero((deviation < _FEWEST_STEPS * step) & varies):
        other = "" if beyond[channel] else ", or take dtype='float64'"
        lines.append(
            f"channel {channel + 1} varies by {deviation[channel]:.3g} around {mean[channel]:.6g}, "
            f"hardly more than {'any number' if beyond[channel] else dtype} resolves: subtract an "
            f"offset{other}"
        )
    return tuple(lines)
