"""Whether one mixer for both directions does as well as half of the channels for each."""

from core_experiments.experiment import Arm, Experiment

EXPERIMENT = Experiment(
    name="quasiseparable",
    question="One mixer for both directions?",
    baseline="halves",
    sets=(
        "RacketSports", "Libras", "ERing", "Trace", "Plane", "JapaneseVowels", "ArrowHead",
        "MedicalImages",
    ),
    parameters={"max_epochs": 30},
    arms=(Arm("halves"), Arm("quasiseparable", {"directions": "quasiseparable"})),
)  # fmt: skip
