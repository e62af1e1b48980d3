"""How unlike the training series others are: each, for ``--unknown``, and all together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted.drift import Drift

Unknown = Annotated[
    bool,
    typer.Option(
        "--unknown",
        help="Add how unlike the training each series is: the part of training series left out "
        "that are no stranger.",
    ),
]
# Series that tell of a whole file, where not each is asked about.
_ENOUGH = 200


def unknown_of(
    classifier: MSSSMClassifier, series: LabelledSeries, proba: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Return how unlike the training series each is, (n_series,).

    Parameters
    ----------
    classifier : MSSSMClassifier
        Fitted.
    series : LabelledSeries
        To ask about.
    proba : array of shape (n_series, n_classes)
        What was answered of them.

    Raises
    ------
    InputError
        If the model does not know.
    """
    model = classifier.model_
    try:
        checked = model.checked(series.as_estimator_input(), series.channel_names)
        known = (series.sampling_rate, series.channel_names, series.times, series.features)
        return model.series_unknown(checked, *known, proba=proba)
    except ValueError as error:
        raise (
            error if isinstance(error, InputError) else InputError(f"{series.source}: {error}")
        ) from error


@dataclass
class Strangeness:
    """Hears what is asked and answered, and tells how unlike the training all together are.

    Parameters
    ----------
    classifier : MSSSMClassifier
        Fitted.
    of_each : bool
        Whether each series is asked about; else so many that they tell of all.
    """

    classifier: MSSSMClassifier
    of_each: bool
    _found: list[NDArray[np.float64]] = field(default_factory=list)
    # Too few yet to tell of all: the question may not have to be asked.
    _waiting: list[tuple[LabelledSeries, NDArray[np.floating[Any]]]] = field(default_factory=list)

    def of(
        self, series: LabelledSeries, proba: NDArray[np.floating[Any]]
    ) -> NDArray[np.float64] | None:
        """Return how unlike the training each is, where that is wanted; see :func:`unknown_of`."""
        import numpy as np

        from msssm_ts.fitted.drift import FEWEST

        if self.of_each:
            unknown = unknown_of(self.classifier, series, proba)
            self._found.append(unknown)
            return unknown
        n, left = series.n_series, _ENOUGH - sum(map(len, self._found))
        if self.classifier.model_.familiarity is not None and n and left > 0:
            # Spread from first to last.
            some = np.linspace(0, n - 1, min(n, left)).astype(int)
            self._waiting.append((series.take(some), proba[some]))
            if self._found or sum(len(p) for _, p in self._waiting) >= FEWEST:
                self._found += [unknown_of(self.classifier, *each) for each in self._waiting]
                self._waiting.clear()
        return None

    def drift(self) -> Drift | None:
        """Return whether they are unlike the training; None where that cannot be told."""
        import numpy as np

        from msssm_ts.fitted.drift import drift_of

        own = self.classifier.model_.familiarity
        if own is None or not self._found:
            return None
        return drift_of(np.concatenate(self._found), own.held.count)
