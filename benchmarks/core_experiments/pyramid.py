"""Whether halving the steps from block to block costs accuracy, and what time it saves.

A third of the training file is scored: what a default rests on is not decided on test files.
"""

from __future__ import annotations

import numpy as np
from core_experiments.experiment import Arm, Experiment, Sides
from sklearn.model_selection import train_test_split


def held_out(sides: Sides, seed: int) -> Sides:
    """Return two thirds of the training series to train on, and a third to score."""
    X, y = sides.X, sides.y
    train, held = train_test_split(
        np.arange(len(y)), test_size=1 / 3, stratify=y, random_state=seed
    )
    return Sides([X[i] for i in train], y[train], [X[i] for i in held], y[held])


# Without a filter bank in front, which would shorten the longest of them itself.
EXPERIMENT = Experiment(
    name="pyramid",
    question="Half of the steps behind each block? On a third of the training files.",
    baseline="all steps",
    sets=(
        *("ACSF1", "Rock", "EOGHorizontalSignal", "Worms", "LargeKitchenAppliances"),
        *("Computers", "PLAID"),
    ),
    parameters={"max_epochs": 20, "stem_stride": 1},
    in_turns=False,
    arms=(
        Arm("all steps", change=held_out),
        Arm("pyramid", {"pyramid": True}, change=held_out),
    ),
)
