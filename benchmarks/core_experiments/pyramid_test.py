"""The same as pyramid, trained on whole training files and scored on the test files."""

from dataclasses import replace

from core_experiments import pyramid

EXPERIMENT = replace(
    pyramid.EXPERIMENT,
    name="pyramid_test",
    question="Half of the steps behind each block? On the test files.",
    arms=tuple(replace(arm, change=None) for arm in pyramid.EXPERIMENT.arms),
    in_turns=True,
)
