"""What there is to say of features beside series that a model is asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.series.side_features import SideFeatures

if TYPE_CHECKING:
    from msssm_ts.fitted.model import FittedModel


def feature_lines(model: FittedModel, features: SideFeatures | None) -> list[str]:
    """Return which features a model does not use, and which categories it has not seen.

    Parameters
    ----------
    model : FittedModel
        Of which they are no less than it needs.
    features : SideFeatures, optional
        Of the series.

    Examples
    --------
    >>> import numpy as np
    >>> from msssm_ts import MSSSMClassifier
    >>> model = MSSSMClassifier("fast", random_state=0).fit(np.eye(8), np.arange(8) % 2).model_
    >>> feature_lines(model, SideFeatures(("age",), (np.ones(8),)))
    ['features that the model does not use are left out: age']
    """
    if features is None:
        return []
    member = None if model.beside is None else model.beside.member
    columns = () if member is None else member.columns
    others = [name for name in features.names if name not in {c.name for c in columns}]
    said = []
    if others:
        said.append(f"features that the model does not use are left out: {enumerate_names(others)}")
    for column in columns:
        unknown = column.unknown(features.only([column.name]).columns[0])
        if unknown:
            which = enumerate_names(list(dict.fromkeys(unknown)), 4)
            said.append(
                f"{column.name}: {len(unknown)} of {len(features)} series have a category that the "
                f"model has not seen, {which}, and count as missing"
            )
    return said
