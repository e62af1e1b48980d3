"""A model's answers about many series, block by block, by whoever computes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.beside import as_side_features
from msssm_ts.fitted.model import FittedModel
from msssm_ts.series import Prepared, Series
from msssm_ts.series.side_features import SideFeatures
from msssm_ts.training.progress import Reporter
from msssm_ts.workers import Work, asked_workers

# Series that are answered for at once by one worker.
_ROWS = 2048


def shared_proba(
    model: FittedModel,
    series: Sequence[Series],
    sampling_rate: float | None = None,
    channel_names: Sequence[str] | None = None,
    times: Any = None,
    features: Any = None,
    *,
    cluster: Any = None,
    reporter: Reporter | None = None,
) -> NDArray[np.float64]:
    """Return class probabilities (n_series, n_classes) of checked series.

    Parameters
    ----------
    model : FittedModel
        What answers.
    series, sampling_rate, channel_names, times, features
        As for :meth:`FittedModel.series_proba`.
    cluster : str, distributed.Client or None
        Who computes, see :class:`msssm_ts.MSSSMClassifier`.
    reporter : Reporter, optional
        Told what is sent to a cluster, who is lost, and how many series are answered for.
    """
    known, reporter = (sampling_rate, channel_names), reporter or Reporter()
    if cluster is None:
        return model.series_proba(series, *known, times, features)
    beside = None if features is None else as_side_features(features, len(series))
    values = Prepared.of(series)

    def of(rows: NDArray[np.int64]) -> Work:
        stamps = None if times is None else [times[i] for i in rows]
        own = None if beside is None else beside.take(rows)
        return Work((kept, workers.part(values, rows), *known, stamps, own), len(rows))

    with asked_workers(cluster, reporter.say) as workers:
        kept = workers.keep(model.to("cpu"))
        blocks = np.split(np.arange(len(series)), range(_ROWS, len(series), _ROWS))
        told = reporter.named("probabilities")
        with closing(workers.map(_proba, map(of, blocks), told, len(series))) as answers:
            return np.concatenate(list(answers))


def _proba(
    model: FittedModel,
    values: Prepared,
    sampling_rate: float | None,
    channel_names: Sequence[str] | None,
    times: Any,
    features: SideFeatures | None,
    reporter: Reporter | None,
) -> NDArray[np.float64]:
    return model.series_proba(values.series, sampling_rate, channel_names, times, features)
