"""Series of DATA as ``msssm-ts inspect`` looks at them: found, named, as the model sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msssm_ts.cli.shown.console import say
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.analysis.network.view import View
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier

# Series that are looked at for what is usual.
_MOST_SERIES = 200


def find_series(data: LabelledSeries, which: str | None, option: str = "--series") -> int:
    """Return the place of the series with an id, or else a number from 1.

    Parameters
    ----------
    data : LabelledSeries
        All of them.
    which : str, optional
        The id or number; else the first.
    option : str
        Where that was said, for the message.

    Raises
    ------
    InputError
        If there is no such series.
    """
    if which is None:
        return 0
    if data.ids is not None:
        names = [str(name) for name in data.ids]
        if which in names:
            return names.index(which)
    if which.isdecimal() and 1 <= int(which) <= data.n_series:
        return int(which) - 1
    ids = "" if data.ids is None else f", or an id such as {data.ids[0]}"
    raise InputError(
        f"{option} {which}: not in {data.source}; give a number from 1 to {data.n_series}{ids}"
    )


def say_first(data: LabelledSeries, which: str | None, quiet: bool) -> None:
    """Say that the first of several is looked at, where nothing else was said."""
    if which is None and data.n_series > 1:
        say(f"the first of {data.n_series} series (--series chooses another)", quiet=quiet)


def name_and_label(data: LabelledSeries, index: int) -> tuple[str, str | None]:
    """Return what a series is called, and its label where it has one."""
    name = str(index + 1 if data.ids is None else data.ids[index])
    return name, None if data.labels is None or data.multilabel else str(data.labels[index])


def title_of(data: LabelledSeries, index: int, view: View) -> str:
    """Return what stands above a picture: the series, and what was predicted."""
    name, label = name_and_label(data, index)
    title = f"series {name}{f' ({label})' if label else ''}: predicted {view.prediction}"
    return f"{title} with {view.probability:.0%}"


def view_of(classifier: MSSSMClassifier, data: LabelledSeries, index: int) -> View:
    """Prepare one series; the estimator's complaints as InputError."""
    import numpy as np

    from msssm_ts.analysis.network.view import view_series

    try:
        return view_series(
            classifier.model_,
            data.values[index],
            data.sampling_rate,
            data.channel_names,
            None if data.features is None else data.features.take(np.array([index])),
            None if data.times is None else data.times[index],
        )
    except ValueError as error:
        raise InputError(f"{data.source}: {error}") from error


def looked_at(
    classifier: MSSSMClassifier,
    data: LabelledSeries,
    index: int,
    view: View,
    what: str,
    quiet: bool,
) -> Iterator[tuple[str, View]]:
    """Yield labels and views of series, of very many for some; say of how many.

    Where there are no labels, or several for a series, they are all of one class, "all".
    """
    import numpy as np

    rows = np.unique(
        np.linspace(0, data.n_series - 1, min(data.n_series, _MOST_SERIES)).astype(int)
    )
    if len(rows) < data.n_series:
        say(f"{what} over {len(rows)} of {data.n_series} series", quiet=quiet)
    for row in rows:
        labels = None if data.multilabel else data.labels
        own = view if row == index else view_of(classifier, data, int(row))
        yield "all" if labels is None else str(labels[row]), own
