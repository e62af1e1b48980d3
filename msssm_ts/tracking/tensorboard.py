"""TensorBoard: event files in the run folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msssm_ts.tracking.log import End, Value

FOLDER = "tensorboard"


class TensorBoardLog:
    """One fit as event files, in a folder of its own by the time when it began.

    Parameters
    ----------
    module : module
        ``torch.utils.tensorboard``, or tensorboardX, which has the same writer.
    folder : Path
        Of the run.
    """

    def __init__(self, module: Any, folder: Path):
        began = time.strftime("%Y%m%d-%H%M%S")
        self.where = str(folder / FOLDER / began)
        self._writer = module.SummaryWriter(self.where)

    def parameters(self, values: Mapping[str, Value]) -> None:
        """Write them as a table in Markdown."""
        rows = [f"| {name} | {_cell(value)} |" for name, value in values.items()]
        self._writer.add_text("parameters", "\n".join(["| name | value |", "|---|---|", *rows]))

    def scalars(self, values: Mapping[str, float], epoch: int) -> None:
        """Add points, and let them be seen at once."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def scores(self, values: Mapping[str, float]) -> None:
        """Add a point each."""
        self.scalars(values, 0)

    def close(self, end: End) -> None:
        """Say how it ended, and close the files."""
        self._writer.add_text("end", end)
        self._writer.close()


def _cell(value: Value) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
