"""Workspace tokens and experts where a network is as large, and trained as long, as by default."""

from __future__ import annotations

from core_experiments.experiment import Arm, Experiment
from core_experiments.workspace import frozen

EXPERIMENT = Experiment(
    name="behind_blocks",
    question="What is left of it at the default's size and training?",
    baseline="none",
    sets=("OSULeaf", "Adiac", "ACSF1"),
    arms=(
        Arm("none"),
        Arm("workspace", {"workspace": 8}),
        Arm("tokens frozen", {"workspace": 8}, network=frozen),
        Arm("experts", {"experts": 8}),
    ),
)
