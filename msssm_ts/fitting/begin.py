"""How a fit begins: what it draws from, and whether it is the one that is gone on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.parts import Source
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.identity import identity
from msssm_ts.fitting.record import seed_from
from msssm_ts.fitting.several import check_alike
from msssm_ts.training.processes import current


def begun(
    data: TrainingData,
    parameters: Mapping[str, Any],
    source: Source,
    label_names: Sequence[str] | None,
    previous: FittedModel | None,
    checkpoint: Checkpoint | None,
) -> int:
    """Begin a fit, or go on with one; return its seed, in several processes the same one.

    Raises
    ------
    InputError
        If the checkpoint is of another fit, or another process has other data or settings.
    """
    seed = current().same(_seed(parameters["random_state"], checkpoint))
    if checkpoint is None and current().is_alone:
        return seed
    known = identity(data, parameters, source, label_names, previous, seed)
    if checkpoint is not None:
        checkpoint.begin(known)
    check_alike(known)
    return seed


def _seed(random_state: Any, checkpoint: Checkpoint | None) -> int:
    """Return the seed; where it is drawn, a fit that goes on has the one that was drawn first."""
    drawn = random_state is None or isinstance(random_state, np.random.RandomState)
    kept = checkpoint.seed if checkpoint is not None and drawn else None
    return seed_from(random_state) if kept is None else kept
