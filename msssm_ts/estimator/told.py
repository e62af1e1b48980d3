"""What a fitted classifier tells of what it has learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted import FittedModel, LogPriors, OperatingPoint
from msssm_ts.members.network.network import NetworkMember
from msssm_ts.model import MSSSMNetwork
from msssm_ts.sklearn_state import fitted_value


class ToldMixin:
    """Attributes that are read from ``model_``."""

    @property
    def classes_(self) -> NDArray[Any]:
        """Labels, sorted; with several labels at once their column numbers."""
        return self._fitted("classes_").labels.classes

    @property
    def multilabel_(self) -> bool:
        """Whether a series can have several labels at once."""
        return self._fitted("multilabel_").labels.multilabel

    @property
    def thresholds_(self) -> NDArray[np.float64]:
        """With several labels: the probabilities from which on each is predicted."""
        return self._fitted("thresholds_").labels.thresholds

    @property
    def decision_(self) -> OperatingPoint | LogPriors | None:
        """How ``predict`` chooses a class; None: the most probable one."""
        return self._fitted("decision_").labels.decision

    @property
    def label_names(self) -> NDArray[Any]:
        """What the columns of probabilities are called: classes, or names of several labels."""
        return self._fitted("label_names").labels.shown

    @property
    def n_channels_in_(self) -> int:
        """Channels of the training series."""
        return self._fitted("n_channels_in_").source.n_channels

    @property
    def history_(self) -> dict[str, list[Any]]:
        """Losses, accuracies, learning rate and seconds, one entry per epoch."""
        return self._fitted("history_").record.history

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return self._fitted("n_iter_").record.n_iter

    @property
    def best_iter_(self) -> int:
        """The epoch whose weights were kept."""
        return self._fitted("best_iter_").record.best_iter

    @property
    def networks_(self) -> list[MSSSMNetwork]:
        """The trained networks."""
        members = self._fitted("networks_").vote.members
        return [member.network for member in members if isinstance(member, NetworkMember)]

    @property
    def network_(self) -> MSSSMNetwork:
        """The trained network, of several the first."""
        networks = self.networks_
        if not networks:
            raise AttributeError("there is no network_: none was fitted, or none has a vote")
        return networks[0]

    def _fitted(self, asked: str) -> FittedModel:
        model: FittedModel = fitted_value(self, "model_", asked)
        return model
