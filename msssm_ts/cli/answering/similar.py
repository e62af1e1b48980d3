"""Which training series each is most like, for ``--similar``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted import FittedModel

Similar = Annotated[
    int | None,
    typer.Option(
        "--similar",
        metavar="K",
        min=1,
        help="Add the K training series most like each, their classes and distances, of a model "
        "of fit --exemplars.",
        show_default=False,
    ),
]
_DIGITS = 4


def check_similar(model: FittedModel, k: int | None) -> None:
    """Refuse to name more training series than a model keeps.

    Raises
    ------
    InputError
        If it keeps none, or fewer.
    """
    from msssm_ts.fitted.similar import kept_by

    if k is not None and k > (n := len(kept_by(model))):
        raise InputError(f"--similar {k}: the model keeps {n} training series; ask for {n} at most")


def similar_columns(k: int, label: Any) -> dict[str, Any]:
    """Return names and kinds of what is added to a row, where labels are of a kind.

    Examples
    --------
    >>> similar_columns(1, "text")
    {'similar_1': 'text', 'similar_1_label': 'text', 'similar_1_distance': 'number'}
    """
    number: Literal["number"] = "number"
    return {
        name: kind
        for i in range(1, k + 1)
        for name, kind in (
            (f"similar_{i}", "text"), (f"similar_{i}_label", label),
            (f"similar_{i}_distance", number),
        )
    }  # fmt: skip


def similar_found(
    classifier: MSSSMClassifier,
    series: LabelledSeries,
    k: int,
    proba: NDArray[np.floating[Any]] | None = None,
) -> list[list[dict[str, Any]]]:
    """Return the k nearest exemplars of each series: name, number from 1, label, distance, place.

    Raises
    ------
    InputError
        If the model keeps none, or not so many.
    """
    from msssm_ts.fitted.similar import kept_by, similar_to

    model = classifier.model_
    own = kept_by(model)
    try:
        checked = model.checked(series.as_estimator_input(), series.channel_names)
        known = (series.sampling_rate, series.channel_names, series.times, series.features)
        distances, places = similar_to(model, checked, k, known, proba)
    except ValueError as error:
        raise (
            error if isinstance(error, InputError) else InputError(f"{series.source}: {error}")
        ) from error
    labels = _labels(classifier, own.labels)
    return [
        [
            {
                "name": own.name(place),
                "number": int(own.numbers[place]) + 1,
                "label": labels[place],
                "distance": round(distance, _DIGITS),
                "place": place,
            }
            for place, distance in zip(row, far, strict=True)
        ]
        for row, far in zip(places.tolist(), distances.tolist(), strict=True)
    ]


def _labels(classifier: MSSSMClassifier, kept: NDArray[np.int64]) -> list[Any]:
    """Return labels as predictions have them: several are joined by semicolons."""
    labels = classifier.model_.labels
    if not labels.multilabel:
        return list(labels.classes[kept].tolist())
    return [";".join(map(str, classifier.label_names[row > 0])) for row in kept]


def add_similar(
    rows: list[dict[str, Any]],
    classifier: MSSSMClassifier,
    series: LabelledSeries,
    k: int,
    proba: NDArray[np.floating[Any]],
) -> list[dict[str, Any]]:
    """Return rows with what :func:`similar_columns` says behind what they have."""
    added = [
        {
            name: value
            for i, one in enumerate(found, 1)
            for name, value in (
                (f"similar_{i}", one["name"]), (f"similar_{i}_label", one["label"]),
                (f"similar_{i}_distance", one["distance"]),
            )
        }
        for found in similar_found(classifier, series, k, proba)
    ]  # fmt: skip
    return [{**row, **more} for row, more in zip(rows, added, strict=True)]
