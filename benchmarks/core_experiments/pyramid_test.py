"""The same as pyramid, trained on whole training files and scored on the test files."""

from core_experiments.experiment import Arm, Experiment
from core_experiments.pyramid import SETS

EXPERIMENT = Experiment(
    name="pyramid_test",
    question="Half of the steps behind each block? On the test files.",
    baseline="all steps",
    sets=SETS,
    parameters={"max_epochs": 20, "stem_stride": 1},
    arms=(Arm("all steps"), Arm("pyramid", {"pyramid": True})),
)
