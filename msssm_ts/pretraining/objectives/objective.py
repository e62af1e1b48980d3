"""What an objective is: a loss of a network on series, with parameters of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from msssm_ts.method import Method
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.training.batches import Batch


class Objective(nn.Module, ABC):
    """A loss that needs no labels.

    Parameters
    ----------
    config : MSSSMConfig
        Of the network that is to learn.

    Attributes
    ----------
    summary : str
        What is asked of the network, in a few words.
    unit : str
        Of the loss.
    least_series : int
        Of a step, for it to ask anything.
    """

    summary: ClassVar[str]
    method: ClassVar[Method]
    unit: ClassVar[str] = "deviations"
    least_series: ClassVar[int] = 1

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        self.config = config

    @classmethod
    def refusal(cls, config: MSSSMConfig) -> str:
        """Say why a network cannot learn so, and what to do; empty where it can."""
        return ""

    @abstractmethod
    def forward(self, network: MSSSMNetwork, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return the loss, a number.

        Parameters
        ----------
        network : MSSSMNetwork
            In training.
        batch : Batch
            Series.
        generator : torch.Generator
            Of all that is drawn, on the CPU.
        """


def answers_each_step(config: MSSSMConfig, name: str) -> str:
    """Say why a network has no answer for each step of its series; empty where it has one."""
    for is_so, what in (
        (config.stem_stride > 1, "takes in many steps at a time (--stride)"),
        (config.pyramid, "halves the steps (--pyramid)"),
        (config.variates != "mix", f"keeps channels apart (--variates {config.variates})"),
    ):
        if is_so:
            return (
                f"objective={name!r} (--objective) is about single steps, and the network {what}: "
                "take --objective contrast"
            )
    return ""
