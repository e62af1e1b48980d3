"""The estimator's fit, called with all that a reader found of the series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msssm_ts.cli.shown.console import say
from msssm_ts.errors import InputError
from msssm_ts.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitting import Checkpoint


def say_where(device: str, quiet: bool) -> str:
    """Say on what is trained, and return the device."""
    import torch

    from msssm_ts.kernels import backend_report
    from msssm_ts.model.device import resolve_device
    from msssm_ts.training.processes import current

    where = resolve_device(device)
    report = backend_report(where)
    name = torch.cuda.get_device_name(where) if where.startswith("cuda") else "CPU"
    several = "" if current().is_alone else f"{current().count} processes, each on "
    say(
        f"training on {several}{name} ({counted(int(report['threads']), 'thread')}, "
        f"{report['backend']} kernels)",
        quiet=quiet,
    )
    return where


def counting_rare_beats(
    modelling: dict[str, Any], series: LabelledSeries, quiet: bool
) -> dict[str, Any]:
    """Let classes of heart beats count alike where nothing else was asked for."""
    from msssm_ts.datasets.wfdb.beats import BEATS_IN

    asked = modelling["sensitivity"] is not None or modelling["specificity"] is not None
    label = dict(series.account.taken).get("label", "")
    if modelling["decide"] != "auto" or asked or not label.startswith(BEATS_IN):
        return modelling
    say(
        "classes of heart beats count alike in what is predicted, however rare: --decide macro_f1; "
        "--decide accuracy says otherwise",
        quiet=quiet,
    )
    return {**modelling, "decide": "macro_f1"}


def fit_to(
    model: MSSSMClassifier,
    series: LabelledSeries,
    groups: NDArray[Any] | None,
    origin: dict[str, Any],
    checkpoint: Checkpoint | None = None,
    unlabelled: Any = None,
) -> None:
    """Fit a model to series.

    Parameters
    ----------
    model : MSSSMClassifier
        To be fitted.
    series : LabelledSeries
        With labels.
    groups : array of shape (n_series,), optional
        None where they are not to be looked at.
    origin : dict
        Of the series, see :meth:`msssm_ts.datasets.LabelledSeries.origin`.
    checkpoint : Checkpoint, optional
        Where the work is kept.
    unlabelled : sequence of arrays of shape (n_channels, length), optional
        Series without labels.

    Raises
    ------
    InputError
        If the estimator cannot use them.
    """
    try:
        model.fit(
            series.as_estimator_input(),
            series.labels,
            groups=groups,
            validation=series.validation,
            label_names=series.label_names,
            channel_names=series.channel_names,
            sampling_rate=series.sampling_rate,
            times=series.times if model.stamps == "ignore" else series.stamps,
            features=series.features,
            unlabelled=unlabelled,
            origin=origin,
            ids=series.ids.tolist() if model.exemplars and series.ids is not None else None,
            checkpoint=checkpoint,
        )
    except ValueError as error:
        raise InputError(f"{series.source}: {error}") from error
