"""One call of ``msssm-ts predict``: what there is to do, what is done already, and doing it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msssm_ts.cli.answering.answering import Asked, Row, answers, columns_of
from msssm_ts.cli.answering.answers import SHOWN_DIGITS, answering_as
from msssm_ts.cli.answering.deciding import decided
from msssm_ts.cli.answering.unknown import Strangeness
from msssm_ts.cli.predict.inputs import find_inputs, key_of
from msssm_ts.cli.predict.output import Output, opened
from msssm_ts.cli.predict.predicting import OnError, Predicting
from msssm_ts.cli.predict.row_files import earlier
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.steps import Steps
from msssm_ts.model_path import find_model

if TYPE_CHECKING:
    from msssm_ts.datasets import ReadOptions
    from msssm_ts.fitted.drift import Drift


@dataclass(frozen=True)
class Predicted:
    """What came of it.

    Parameters
    ----------
    rows : list of dict, optional
        Where JSON wants them.
    n_failed : int
        Files that cannot be read.
    drift : Drift, optional
        How unlike the training all together are, where that can be told.
    """

    rows: list[Row] | None
    n_failed: int
    drift: Drift | None


def predict_all(
    model: str,
    data: Sequence[str],
    asked: Asked,
    output: Output,
    reading: ReadOptions,
    *,
    on_error: OnError,
    device: str,
    quiet: bool,
) -> Predicted:
    """Predict everything that was named.

    Raises
    ------
    InputError
        If a request, the model or the data cannot be used.
    """
    model_file = find_model(model, *data)

    from msssm_ts.fitted.artifact import read_header

    # A header costs nothing: a wrong model is refused before anything is read.
    header = read_header(model)
    output.claim(model, *data)
    inputs = find_inputs(data, reading, header, asked, quiet)
    of_folder = any(one.one_of_many or Path(one.place).is_dir() for one in inputs)
    if output.goes_on:
        inputs = [one for one in inputs if one.key != key_of(str(output.file))]
    else:
        output.claim(*(one.name for one in inputs))

    from msssm_ts.estimator import MSSSMClassifier

    classifier = answering_as(MSSSMClassifier.load(model, device=device), asked.how)
    decided(classifier, None, None, quiet)
    strangeness = Strangeness(classifier, of_each=asked.unknown)
    columns: dict[str, str] = {"id": "text", **columns_of(classifier, asked)}
    is_one = len(data) == 1 and not of_folder and not output.append
    fingerprint = None if is_one else asked.fingerprint(model_file)
    if fingerprint is not None:
        columns = {"file": "text", **columns, "model": "text"}
    done: frozenset[str] = frozenset()
    if output.goes_on:
        assert output.file is not None
        assert fingerprint is not None
        done = frozenset(map(key_of, earlier(output.file, [*columns], fingerprint)))
        new = [one for one in inputs if one.key not in done]
        n_there = len(inputs) - len(new)
        inputs = new
        if n_there:
            said = f"{n_there} of {n_there + len(new)} files are in {output.file} already"
            say(said, quiet=quiet)
    digits = None if output.file is not None else SHOWN_DIGITS
    work = Predicting(
        classifier,
        header,
        reading,
        answers(classifier, asked, strangeness, digits, quiet),
        on_error,
        done,
        fingerprint,
        at_once=asked.early is not None,
        quiet=quiet,
    )
    with opened(output, columns, quiet) as sink, Steps(quiet) as steps:
        progress = steps.step("predicting", "series" if len(inputs) == 1 else "files")
        for rows in work.rows(inputs, progress):
            sink.add(rows)
    if asked.how.reject:
        say(
            f"{sink.n_rejected} of {sink.n_rows} series are not answered: their set has not one "
            "class",
            quiet=quiet,
        )
    drift = strangeness.drift()
    if drift is not None and drift.is_there:
        say(f"{shlex.join(data)}: {drift.line()}", quiet=quiet)
    return Predicted(sink.kept, len(work.failed), drift)
