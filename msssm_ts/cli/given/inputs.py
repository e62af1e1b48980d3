"""Model and data, loaded and found to fit together."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.given.options import check_device
from msssm_ts.cli.shown.console import say
from msssm_ts.errors import InputError, OptionError
from msssm_ts.model_path import find_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries, ReadOptions
    from msssm_ts.estimator import MSSSMClassifier

# As many features beside the series are named one by one.
_FEW = 6


def given(data: str | None) -> str:
    """Return DATA, if it is there: what is not is refused before anything heavy is imported.

    Raises
    ------
    InputError
        If nothing is named, or nothing has the name.
    """
    from msssm_ts.datasets.load import check_there

    if data is None:
        raise InputError("DATA is missing: give a file, a folder or a data set's name")
    check_there(data)
    return data


def load_model_and_series(
    model: str,
    data: str,
    reading: ReadOptions,
    *,
    device: str,
    needs_labels: bool,
    quiet: bool,
) -> tuple[MSSSMClassifier, LabelledSeries]:
    """Load both and say what was understood; refuse data that is not as the model's.

    Raises
    ------
    InputError
        If either cannot be used, or they do not fit together.
    """
    find_model(model, data)
    check_device(device)

    from msssm_ts.fitted.artifact import read_header

    # A header costs nothing: a wrong model is refused before a large file is read.
    header = read_header(model)
    series = load_series(data, reading, header, needs_labels=needs_labels, quiet=quiet)
    return load_classifier(model, series, device=device, quiet=quiet)


def load_series(
    data: str,
    reading: ReadOptions,
    header: Mapping[str, Any],
    *,
    needs_labels: bool,
    quiet: bool,
) -> LabelledSeries:
    """Load the test part of the data, as the model's was read, and say what was understood.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    series, said = read_as_before(data, reading, header, needs_labels=needs_labels)
    for line in said:
        say(f"{data}: {line}", quiet=quiet)
    return series


def read_as_before(
    data: str, reading: ReadOptions, header: Mapping[str, Any], *, needs_labels: bool
) -> tuple[LabelledSeries, list[str]]:
    """Return the test part of the data, read as the model's was, and what was understood.

    Options that were given to ``fit`` act here too, where the user says nothing else and the data
    has what they name; columns that the model wants beside the series are taken unasked.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    from msssm_ts.datasets import ReadOptions
    from msssm_ts.datasets.messages import enumerate_names

    series, kept = read_like_model(data, reading, header, needs_labels=needs_labels)
    said = []
    if kept:
        names = kept.get("beside", ())
        # A beat has dozens of features, which nobody types.
        shown = kept if len(names) <= _FEW else {**kept, "beside": ()}
        words = shlex.join(ReadOptions().or_else(shown).as_command_line())
        if shown is not kept:
            words = f"{words} --with {enumerate_names(names, _FEW)}".strip()
        said.append(f"read with {words}, as the model's data was")
    return series, [*said, series.summary()]


def read_like_model(
    data: str, reading: ReadOptions, header: Mapping[str, Any], *, needs_labels: bool
) -> tuple[LabelledSeries, dict[str, Any]]:
    """Load the test part of the data; return it, and which options of the model's data acted.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    from msssm_ts.datasets import load

    own = reading.given()
    kept = dict((header.get("origin") or {}).get("options", {}))
    beside = header.get("beside")
    kept["beside"] = list(beside["names"]) if beside is not None and beside["facts"] else []
    kept = {name: value for name, value in kept.items() if value and name not in own}
    reading = replace(reading, split="test", wanted=_channels(header))
    lost: OptionError | None = None
    while True:
        try:
            return load(data, reading.or_else(kept), needs_labels=needs_labels), kept
        except OptionError as error:
            if error.option not in kept:
                raise
            if error.option == "beside":
                raise InputError(f"{error}; the model was trained with them") from error
            value = kept.pop(error.option)
            lost = error if error.option == "label" and needs_labels else lost
            if isinstance(value, list) and error.name in value:
                # Of several columns to be left out the others still are.
                rest = [name for name in value if name != error.name]
                kept |= {error.option: rest} if rest else {}
        except InputError as error:
            # Without the column that the model's labels came from there may be none at all.
            raise lost or error from error


def _channels(header: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of a model's channels, empty ones where it knows none."""
    names = header.get("preparation", {}).get("channels") or header.get("channel_names")
    return tuple(names or [""] * header.get("n_channels", 0))


def load_classifier(
    model: str, series: LabelledSeries, *, device: str, quiet: bool
) -> tuple[MSSSMClassifier, LabelledSeries]:
    """Load a model, and bring the series to its terms.

    Raises
    ------
    InputError
        If the model cannot be used, or not with these series.
    """
    from msssm_ts.cli.given.matching import matched
    from msssm_ts.estimator import MSSSMClassifier

    classifier = MSSSMClassifier.load(model, device=device)
    series, said = matched(series, classifier.model_)
    for line in said:
        say(line, quiet=quiet)
    return classifier, series


def predict_proba(classifier: MSSSMClassifier, series: LabelledSeries) -> NDArray[np.floating[Any]]:
    """Class probabilities (n_series, n_classes); the estimator's complaints as InputError."""
    # To a model that knows no rate, or no names, they make no difference, which has been said.
    known = classifier.model_.preparation
    try:
        return classifier.predict_proba(
            series.as_estimator_input(),
            sampling_rate=None if known.sampling_rate is None else series.sampling_rate,
            channel_names=None if known.channels is None else series.channel_names,
            times=series.stamps if classifier.model_.needs_times else series.times,
            features=series.features,
        )
    except ValueError as error:
        raise (
            error if isinstance(error, InputError) else InputError(f"{series.source}: {error}")
        ) from error


def score(
    classifier: MSSSMClassifier, series: LabelledSeries, quiet: bool
) -> tuple[LabelledSeries, NDArray[np.floating[Any]], dict[str, Any]]:
    """Return the series that can be scored, class probabilities, and the scores that they get.

    Raises
    ------
    InputError
        If the series' labels are not of the model's kind, or it has never seen any of them.
    """
    from msssm_ts.analysis.results.evaluation import evaluate_multilabel, evaluate_predictions
    from msssm_ts.cli.given.matching import known_labels, training_series

    series, said = known_labels(series, classifier)
    proba = predict_proba(classifier, series)
    for line in [*said, *training_series(series, classifier.model_)]:
        say(line, quiet=quiet)
    names = classifier.label_names
    assert series.labels is not None
    if classifier.multilabel_:
        scores = evaluate_multilabel(series.labels, proba, names, classifier.thresholds_)
    else:
        columns = classifier.model_.labels.chosen_columns(proba)
        scores = evaluate_predictions(series.labels, proba, names, columns)
    return series, proba, scores
