"""Which core the streams have."""

from core_experiments.experiment import Arm, Experiment

EXPERIMENT = Experiment(
    name="cores",
    question="Which core?",
    baseline="lti",
    sets=("ERing", "RacketSports", "BasicMotions", "Libras", "JapaneseVowels", "Trace"),
    parameters={"max_epochs": 40},
    arms=(Arm("lti"), Arm("s4d", {"core": "s4d"}), Arm("s6", {"core": "s6"})),
)
