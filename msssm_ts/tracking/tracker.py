"""A fit, told to logs: curves while a network trains, scores of every member at its end."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeGuard

from msssm_ts.errors import InputError
from msssm_ts.text import counted
from msssm_ts.tracking.kinds import LOGS, module_of
from msssm_ts.tracking.log import End, Log, Value

if TYPE_CHECKING:
    from msssm_ts.fitted import FittedModel
    from msssm_ts.training import Progress

_CURVES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate")


class Tracker:
    """A training callback that writes to logs; a context manager that closes them.

    A log that fails on the way is left with a warning: the fit goes on.

    Parameters
    ----------
    names : sequence of str
        Of :data:`LOGS`.
    folder : path
        Of the run.
    warn : callable
        Given what is to be said.

    Raises
    ------
    InputError
        If there is no such log, or it is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from msssm_ts import MSSSMClassifier
    >>> with Tracker([], "run") as tracker:
    ...     clf = MSSSMClassifier("fast", random_state=0, callbacks=[tracker])
    ...     tracker.begin({"preset": "fast"})
    ...     tracker.end("finished", clf.fit(np.eye(8), np.arange(8) % 2).model_)
    """

    def __init__(
        self,
        names: Sequence[str],
        folder: str | os.PathLike[str],
        warn: Callable[[str], object] = print,
    ):
        self._modules = {name: module_of(name) for name in dict.fromkeys(names)}
        self._folder, self._warn = Path(folder), warn
        self._logs: dict[str, Log] = {}
        self._network, self._step, self._n_points = 1, 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")

    def begin(self, parameters: Mapping[str, Any]) -> None:
        """Begin every log.

        Parameters
        ----------
        parameters : mapping
            What was asked for; what is no number or text is written as JSON.

        Raises
        ------
        InputError
            If a log does not begin.
        """
        for name, module in self._modules.items():
            try:
                log = LOGS[name].begin(module, self._folder, self._folder.absolute().name)
            # Packages of others: a server that is away, a key that is missing.
            except Exception as error:
                raise InputError(f"--log {name}: cannot begin ({_line(error)})") from error
            self._logs[name] = log
            self._warn(f"logged by {name}: {log.where}")
        plain = {name: _plain(value) for name, value in parameters.items()}
        self._each(lambda log: log.parameters(plain))

    def __call__(self, progress: Progress) -> None:
        """Write the end of an epoch; curves of a second network get names of their own."""
        if progress.step < self._step:
            self._network += 1
        self._step = progress.step
        if not progress.is_epoch_end:
            return
        front = "network" if self._network == 1 else f"network_{self._network}"
        points = {f"{front}/{name}": getattr(progress, name) for name in _CURVES}
        finite = {name: value for name, value in points.items() if _is_finite(value)}
        self._n_points += 1
        self._each(lambda log: log.scalars(finite, progress.epoch))

    def end(self, end: End, model: FittedModel | None = None) -> None:
        """Write what came of it, and close the logs; those that are closed stay so.

        Parameters
        ----------
        end : {"finished", "interrupted", "failed"}
            How.
        model : FittedModel, optional
            None where there is none.
        """
        scores = {} if model is None else scores_of(model)
        if scores:
            self._each(lambda log: log.scores(scores))
        if self._logs and model is not None and not self._n_points:
            n = len(model.vote.members)
            self._warn(
                f"logged are the scores of {counted(n, 'member')}: no network was trained, which "
                "alone has curves"
            )
        self._each(lambda log: log.close(end))
        self._logs.clear()

    def _each(self, act: Callable[[Log], None]) -> None:
        for name, log in [*self._logs.items()]:
            try:
                act(log)
            except Exception as error:
                del self._logs[name]
                self._warn(f"{name}: logging has stopped ({_line(error)}); the fit goes on")


def scores_of(model: FittedModel) -> dict[str, float]:
    """Return what is known of a fit, and of each member of its vote.

    Examples
    --------
    >>> import numpy as np
    >>> from msssm_ts import MSSSMClassifier
    >>> model = MSSSMClassifier("fast", random_state=0).fit(np.eye(8), np.arange(8) % 2).model_
    >>> [name for name in scores_of(model) if name.startswith("members/1")]
    ['members/1_scan_ridge/share', 'members/1_scan_ridge/accuracy', 'members/1_scan_ridge/seconds']
    """
    return dict(_scores(model))


def _scores(model: FittedModel) -> Iterator[tuple[str, float]]:
    from msssm_ts.fitted.told import rows_of

    record = model.record
    for name in ("accuracy", "low", "high"):
        value = (record.estimate or {}).get(name, math.nan)
        if _is_finite(value):
            yield f"expected/{name}", value
    best = record.best_iter
    for name in ("val_loss", "val_accuracy"):
        column = record.history.get(name) or []
        if 0 < best <= len(column) and _is_finite(column[best - 1]):
            yield f"best/{name}", column[best - 1]
    if best:
        yield "best/epoch", best
    yield "fit/seconds", record.seconds
    yield "fit/parameters", record.n_parameters
    for i, row in enumerate(rows_of(model), 1):
        for name, key in (("share", "weight"), ("accuracy", "accuracy"), ("seconds", "seconds")):
            if _is_finite(row[key]):
                yield f"members/{i}_{row['kind']}/{name}", row[key]


def _is_finite(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _plain(value: Any) -> Value:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return json.dumps(value, default=str)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
