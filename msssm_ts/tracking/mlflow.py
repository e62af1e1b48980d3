"""MLflow: a run where its tracking address says, which MLFLOW_TRACKING_URI sets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msssm_ts.tracking.log import End, Value

_STATUS = {"finished": "FINISHED", "interrupted": "KILLED", "failed": "FAILED"}


class MLflowLog:
    """One fit as a run.

    Parameters
    ----------
    module : module
        ``mlflow``.
    folder : Path
        Of the run; it becomes a tag.
    name : str
        Of the run.
    """

    def __init__(self, module: Any, folder: Path, name: str):
        self._mlflow = module
        run = module.start_run(run_name=name)
        self.where = f"run {run.info.run_id} at {module.get_tracking_uri()}"
        module.set_tag("run_folder", str(folder.absolute()))

    def parameters(self, values: Mapping[str, Value]) -> None:
        """Write them down."""
        self._mlflow.log_params(dict(values))

    def scalars(self, values: Mapping[str, float], epoch: int) -> None:
        """Add points."""
        self._mlflow.log_metrics(dict(values), step=epoch)

    def scores(self, values: Mapping[str, float]) -> None:
        """Write them down."""
        self._mlflow.log_metrics(dict(values))

    def close(self, end: End) -> None:
        """End the run."""
        self._mlflow.end_run(_STATUS[end])
