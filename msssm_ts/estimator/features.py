"""What a fitted classifier sees in series beside their class: vectors, and what they are like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from msssm_ts.estimator.asking import answers, asked_series, warn_of_features
from msssm_ts.fitted import FittedModel
from msssm_ts.parameter_checks import Whole


# scikit-learn wraps ``transform``, for ``set_output``, in the class that defines it alone.
class FeaturesMixin(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
):
    """Features of series, and series that are like others."""

    model_: FittedModel

    def transform(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
    ) -> NDArray[np.float64]:
        """Return features of each series, for other estimators to build on.

        They are what the network's head sees; without a network, those of the first ridge
        classifier.

        Parameters
        ----------
        X, sampling_rate, channel_names, times : as in :meth:`predict_proba`
            Series.

        Returns
        -------
        array of shape (n_samples, n_features)
            d_model features, or 2 · d_model for "mean_max" pooling; thousands without a network.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        InputError
            If no member of the vote has features.
        """
        known = (sampling_rate, channel_names, times, None)
        return answers(self, lambda model: partial(model.by_series, model.features), X, *known)

    def fit_transform(
        self, X: Any, y: Any = None, *, times: Any = None, **known: Any
    ) -> NDArray[np.float64]:
        """Train, and return the features of the training series.

        Parameters
        ----------
        X, y, times : as in :meth:`fit`
            Series, their labels, and a time stamp a step.
        **known
            The other parameters of :meth:`fit`.

        Returns
        -------
        array of shape (n_samples, n_features)
            As :meth:`transform`.
        """
        fitted: FeaturesMixin = self.fit(X, y, times=times, **known)
        return fitted.transform(X, times=times)

    @property
    def _n_features_out(self) -> int:
        """How many features :meth:`transform` gives; scikit-learn asks."""
        member = self.model_.vote.featured
        return 0 if member is None else member.n_features or 0

    def unknown_score(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.float64]:
        """Return how unlike the training series others are.

        Parameters
        ----------
        X, sampling_rate, channel_names, times, features : as in :meth:`predict_proba`
            Series, and what is known of them.

        Returns
        -------
        array of shape (n_samples,)
            Between 0 and 1: the share of training series that, when they were left out, looked no
            stranger (see :class:`msssm_ts.fitted.familiarity.Familiarity`).

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        InputError
            If the model does not know: its file is of an earlier version, no member of its vote
            has features, or too few series were left out.
        """
        known = (sampling_rate, channel_names, times, features)
        return answers(self, lambda model: model.series_unknown, X, *known)

    def kneighbors(
        self,
        X: Any,
        n_neighbors: int = 5,
        return_distance: bool = True,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.int64] | tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return which training series, of those kept, others are most like.

        Parameters
        ----------
        X, sampling_rate, channel_names, times, features : as in :meth:`predict_proba`
            Series, and what is known of them.
        n_neighbors : int
            How many for each.
        return_distance : bool
            Whether to return distances, too.

        Returns
        -------
        distances : array of shape (n_samples, n_neighbors)
            Between fingerprints (see :class:`msssm_ts.fitted.exemplars.Exemplars`), the nearest
            first; 1 is usual between a training series and the one that is nearest to it.
        indices : array of shape (n_samples, n_neighbors)
            Of the series that were passed to :meth:`fit`.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        InputError
            If the model was fitted without ``exemplars``, or keeps not so many.

        Examples
        --------
        >>> from msssm_ts import MSSSMClassifier
        >>> X, y = np.eye(12), np.arange(12) % 2
        >>> clf = MSSSMClassifier("fast", exemplars=6, random_state=0).fit(X, y)
        >>> clf.kneighbors(X, 3, return_distance=False).shape
        (12, 3)
        """
        from msssm_ts.fitted.similar import kept_by, similar_to

        check_is_fitted(self)
        Whole()("n_neighbors", n_neighbors)
        own = kept_by(self.model_)
        series, stamps = asked_series(self, X, channel_names, times)
        warn_of_features(self.model_, features, len(series))
        known = (sampling_rate, channel_names, stamps, features)
        distances, places = similar_to(self.model_, series, n_neighbors, known)
        indices = own.numbers[places]
        return (distances, indices) if return_distance else indices
