"""What an encoder learns from series without labels."""

from msssm_ts.model import MSSSMConfig
from msssm_ts.pretraining.objectives.contrast import Contrast
from msssm_ts.pretraining.objectives.diffusion import Diffusion
from msssm_ts.pretraining.objectives.following import Following
from msssm_ts.pretraining.objectives.objective import Objective
from msssm_ts.pretraining.objectives.spans import Spans

OBJECTIVES: dict[str, type[Objective]] = {
    "spans": Spans,
    "next": Following,
    "contrast": Contrast,
    "diffusion": Diffusion,
}


def objective_for(asked: str, config: MSSSMConfig) -> str:
    """Return the name of an objective; of "auto" the first that a network of a shape can learn.

    Examples
    --------
    >>> objective_for("auto", MSSSMConfig(1, 1))
    'spans'
    >>> objective_for("auto", MSSSMConfig(1, 1, pyramid=True))
    'contrast'
    """
    if asked != "auto":
        return asked
    return next(name for name, own in OBJECTIVES.items() if not own.refusal(config))


__all__ = [
    "OBJECTIVES",
    "Contrast",
    "Diffusion",
    "Following",
    "Objective",
    "Spans",
    "objective_for",
]
