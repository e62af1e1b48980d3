"""Small requests that come at once are predicted together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets import LabelledSeries
from msssm_ts.series import LazySeries
from msssm_ts.series.side_features import SideFeatures

# Values that are predicted together, and that a request may have and still share.
_MOST, _SMALL = 1 << 21, 1 << 18

Proba = NDArray[np.floating[Any]]
Asked = tuple[LabelledSeries, "asyncio.Future[Proba]"]


class Batcher:
    """Collects requests for a short while; one thread predicts, a batch after the other.

    Parameters
    ----------
    predict : callable
        From series to probabilities (n_series, n_classes).
    thread : Executor
        Where that is done.
    window : float
        Seconds that the first request waits for others; 0: each is predicted by itself.
    """

    def __init__(self, predict: Callable[[LabelledSeries], Proba], thread: Executor, window: float):
        self._predict, self._thread, self._window = predict, thread, window
        self._waiting: list[Asked] = []
        self._work: asyncio.Task[None] | None = None

    async def proba(self, series: LabelledSeries) -> Proba:
        """Return probabilities (n_series, n_classes).

        Raises
        ------
        InputError
            If these series cannot be used, whatever they were predicted with.
        """
        future: asyncio.Future[Proba] = asyncio.get_running_loop().create_future()
        self._waiting.append((series, future))
        if self._work is None:
            self._work = asyncio.create_task(self._predict_waiting())
        return await future

    async def _predict_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                if self._window and _size(self._waiting[0][0]) <= _SMALL:
                    await asyncio.sleep(self._window)
                batch = self._next()
                series = [one for one, _ in batch]
                answers: list[Proba | BaseException]
                try:
                    answers = await loop.run_in_executor(self._thread, self._answers, series)
                except Exception as error:
                    answers = [error] * len(batch)
                for (_, future), answer in zip(batch, answers, strict=True):
                    if future.done():
                        # The client has gone.
                        continue
                    if isinstance(answer, BaseException):
                        future.set_exception(answer)
                    else:
                        future.set_result(answer)
        finally:
            self._work = None
            for _, future in self._waiting:
                future.cancel()

    def _next(self) -> list[Asked]:
        """Take the first request, and those after it that can be predicted with it."""
        self._waiting = [asked for asked in self._waiting if not asked[1].done()]
        if not self._waiting:
            return []
        first, *others = self._waiting
        batch, left, size = [first], [], _size(first[0])
        for asked in others:
            more = _size(asked[0])
            if (
                self._window
                and size + more <= _MOST
                and max(_size(first[0]), more) <= _SMALL
                and _terms(asked[0]) == _terms(first[0])
            ):
                batch.append(asked)
                size += more
            else:
                left.append(asked)
        self._waiting = left
        return batch

    def _answers(self, series: list[LabelledSeries]) -> list[Proba | BaseException]:
        """Return each request's probabilities, or what is wrong with it."""
        if not series:
            return []
        if len(series) > 1:
            try:
                proba = self._predict(together(series))
            except Exception:
                # One of them cannot be used; which, is seen of each by itself.
                return [self._alone(one) for one in series]
            ends = np.cumsum([one.n_series for one in series])
            return list(np.split(proba, ends[:-1]))
        return [self._alone(series[0])]

    def _alone(self, series: LabelledSeries) -> Proba | BaseException:
        try:
            return self._predict(series)
        except Exception as error:
            return error


def _size(series: LabelledSeries) -> int:
    """Values of series; those that are read later are never small."""
    if isinstance(series.values, LazySeries):
        return _MOST + 1
    return sum(one.size for one in series.values)


def _terms(series: LabelledSeries) -> tuple[Any, ...]:
    """Return what series must share to be predicted together."""
    features = series.features
    kinds = None if features is None else tuple(c.dtype.kind for c in features.columns)
    return (
        series.sampling_rate,
        series.channel_names,
        series.n_channels,
        series.times is None,
        None if features is None else features.names,
        kinds,
    )


def together(series: list[LabelledSeries]) -> LabelledSeries:
    """Return the series of several requests as those of one.

    Examples
    --------
    >>> two = [LabelledSeries([np.zeros((1, 5))]), LabelledSeries([np.ones((1, 7))])]
    >>> together(two).lengths.tolist()
    [5, 7]
    """
    first = series[0]
    features = first.features
    if features is not None:
        columns = zip(*(one.features.columns for one in series if one.features), strict=True)
        features = SideFeatures(features.names, tuple(np.concatenate(c) for c in columns))
    return replace(
        first,
        values=[values for one in series for values in one.values],
        times=None if first.times is None else [t for one in series for t in one.times or ()],
        features=features,
        ids=None,
        labels=None,
        groups=None,
        folds=None,
        validation=None,
    )
