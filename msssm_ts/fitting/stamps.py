"""What becomes of time stamps: an even grid before anything else, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from msssm_ts.errors import InputError
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.vote import Vote
from msssm_ts.fitting.data import TrainingData
from msssm_ts.model.cores import CORES
from msssm_ts.parameters import specs
from msssm_ts.preparation import Preparation
from msssm_ts.preparation.grid import grid_length
from msssm_ts.series.stamps import typical_gap, uneven_step

_N_SCALES = next(default for name, default, _ in specs() if name == "n_scales")


def with_grid(
    preparation: Preparation,
    data: TrainingData,
    stamps: str,
    previous: FittedModel | None,
) -> tuple[Preparation, TrainingData]:
    """Complete a preparation by the step of a grid where ``stamps="grid"``, and say what it does.

    The grid of a model that is gone on from stays.

    Raises
    ------
    InputError
        If a grid is asked for and ``stamps="use"``, or a series has too long a time for one.
    """
    if previous is not None and preparation.grid is None:
        preparation = replace(preparation, grid=previous.preparation.grid)
    if stamps == "use" and preparation.grid is not None:
        raise InputError(
            "on an even grid there are no gaps to count: leave out one of grid and stamps='use'"
        )
    if data.times is None:
        return preparation, data
    if stamps == "grid" and preparation.grid is None:
        preparation = replace(preparation, grid=typical_gap(data.times) or None)
    step = preparation.grid
    if step is None:
        return preparation, data
    n_steps = np.mean([grid_length(t, step) for t in data.times])
    n_samples = np.mean([len(t) for t in data.times])
    remark = (
        f"series were put on an even grid by their time stamps, a step each {step:.6g}: "
        f"{n_samples:.0f} samples became {n_steps:.0f} steps on average"
    )
    return preparation, replace(data, remarks=(*data.remarks, remark))


def said_of_stamps(parameters: Mapping[str, Any], vote: Vote, data: TrainingData) -> list[str]:
    """Say what came of time stamps, and of asking for them."""
    asked = parameters["stamps"]
    if data.times is None:
        idle = f"stamps={asked!r} had nothing to act on: there are none"
        return [] if asked == "ignore" else [idle]
    grid = parameters["preparation"] is not None and parameters["preparation"].grid is not None
    if asked == "grid" or grid:
        same = f"stamps={asked!r} had nothing to act on: all samples are at one time"
        return [] if grid or typical_gap(data.times) else [same]
    members = zip(vote.members, vote.weights, strict=True)
    acting = [(m.time_unit, weight) for m, weight in members if m.time_unit]
    if acting:
        share = sum(weight for _, weight in acting)
        said = (
            f"time stamps act in the network, where a gap of {acting[0][0]:.6g} counts as one step "
            "and there is a single scale"
        )
        if share < 0.9995:
            said += (
                f", {share:.0%} of the vote; the other members take the samples for evenly spaced "
                "(stamps='grid' acts on all)"
            )
        lines = [said]
        if parameters["n_scales"] not in (0, _N_SCALES):
            lines.append(f"n_scales={parameters['n_scales']} had nothing to act on beside stamps")
        if parameters["core"] == "lti":
            lines.append(
                "core 'lti' only forgets over gaps: modes of 's4d' (--core s4d) turn over them, "
                "too, and tell frequencies"
            )
        return lines
    if any(member.uses_times for member in vote.members):
        return []
    if not uneven_step(data.times):
        return ["time stamps were left out: they are even, and say no more than the steps"]
    if asked == "use":
        cores = ", ".join(n for n in CORES.own_names() if CORES.get(n).counts_gaps)
        return [
            f"no member counts gaps, as a network of core {cores} that began with stamps would: "
            "they were left out (stamps='grid' acts on all)"
        ]
    return [
        "time stamps were left out, though they are uneven: --stamps grid (stamps='grid') puts "
        "series on an even grid, --stamps use lets a network count the gaps"
    ]
