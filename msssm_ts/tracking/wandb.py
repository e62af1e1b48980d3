"""Weights & Biases: a run in the project that WANDB_PROJECT names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msssm_ts.tracking.log import End, Value

_PROJECT = "msssm-ts"


class WandbLog:
    """One fit as a run.

    Parameters
    ----------
    module : module
        ``wandb``.
    folder : Path
        Of the run; what the package keeps goes there, too.
    name : str
        Of the run.
    """

    def __init__(self, module: Any, folder: Path, name: str):
        self._run = module.init(
            project=os.environ.get("WANDB_PROJECT", _PROJECT), name=name, dir=str(folder)
        )
        self._run.config.update({"run_folder": str(folder.absolute())})
        # A fit that goes on, and a second network, begin at an epoch of their own.
        self._run.define_metric("epoch")
        self._run.define_metric("*", step_metric="epoch")
        self.where = str(self._run.url or self._run.dir)

    def parameters(self, values: Mapping[str, Value]) -> None:
        """Write them down."""
        self._run.config.update(dict(values))

    def scalars(self, values: Mapping[str, float], epoch: int) -> None:
        """Add points."""
        self._run.log({**values, "epoch": epoch})

    def scores(self, values: Mapping[str, float]) -> None:
        """Write them into the summary."""
        self._run.summary.update(dict(values))

    def close(self, end: End) -> None:
        """End the run."""
        self._run.finish(exit_code=0 if end == "finished" else 1)
