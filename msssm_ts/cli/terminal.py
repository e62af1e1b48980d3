"""What the commands do with a model, handed to the server, so that both answer alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.answering.answers import answering_as, asked_answering, rows_about
from msssm_ts.cli.answering.predictions import prediction_rows
from msssm_ts.cli.given.inputs import predict_proba, read_as_before
from msssm_ts.cli.given.matching import matched
from msssm_ts.cli.given.reading import reading_options
from msssm_ts.cli.info import model_facts
from msssm_ts.cli.inspect.viewed import find_series
from msssm_ts.serving.fields import SHOW

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.serving.terminal import Answer, Terminal, Understood


def terminal_of(model: str, device: str, max_memory: str | None) -> Terminal:
    """Load a model, and return what is done with it.

    Parameters
    ----------
    model : str
        Run folder or model file.
    device : str
        Where to run it.
    max_memory : str, optional
        What the series of a request may take.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted.artifact import read_header
    from msssm_ts.serving.terminal import Terminal

    header, facts = read_header(model), model_facts(model)
    classifier = MSSSMClassifier.load(model, device=device)
    # Refused now, if it is no size.
    reading_options(max_memory=max_memory)

    def read(path: str, given: Mapping[str, Any]) -> Understood:
        reading = reading_options(**given, max_memory=max_memory)
        return read_as_before(path, reading, header, needs_labels=False)

    def answering(given: Mapping[str, Any]) -> Answer:
        nothing = {"coverage": None, "per_class": False, "reject": False}
        how = asked_answering(**{**nothing, "threshold": None, "positive": None, **given})
        answers = answering_as(classifier, how)
        return lambda series, proba: rows_about(answers, series, proba, how)

    def on_its_terms(series: LabelledSeries) -> Understood:
        return matched(series, classifier.model_)

    return Terminal(
        model=classifier.model_,
        info=facts,
        read=read,
        matched=on_its_terms,
        proba=lambda series: predict_proba(classifier, series),
        answering=answering,
        find=partial(find_series, option=SHOW.name),
        stream_row=lambda proba: prediction_rows(classifier, proba[None])[0],
    )
