"""What ``msssm-ts predict`` answers of series: rows, and the columns that they have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msssm_ts.cli.answering.answers import Answering, ids_of, rows_about
from msssm_ts.cli.answering.covering import too_few
from msssm_ts.cli.answering.similar import add_similar, check_similar, similar_columns
from msssm_ts.cli.shown.console import say
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.cli.answering.unknown import Strangeness
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier

Row = dict[str, Any]
Kind = Literal["text", "integer", "number", "boolean"]
# As many letters tell models apart.
_LETTERS = 12


@dataclass(frozen=True)
class Asked:
    """What is asked of each series.

    Parameters
    ----------
    windows : bool
        A row for each window.
    early : float, optional
        Stop reading at this probability.
    unknown : bool
        How unlike the training it is.
    similar : int, optional
        How many training series are named that it is most like.
    how : Answering
        How to answer.
    """

    windows: bool = False
    early: float | None = None
    unknown: bool = False
    similar: int | None = None
    how: Answering = field(default_factory=Answering)

    def check(self) -> None:
        """Refuse what does not go together.

        Raises
        ------
        InputError
            If something does not.
        """
        if self.windows and self.early is not None:
            raise InputError("--windows and --early: give one of them")
        whole = {"--coverage": self.how.covering is not None, "--unknown": self.unknown}
        whole["--similar"] = self.similar is not None
        for name in (name for name, asked in whole.items() if asked):
            if self.windows or self.early is not None:
                other = "--windows" if self.windows else "--early"
                raise InputError(f"{name} is of whole series; leave it or {other} out")

    def fingerprint(self, model: Path) -> str:
        """Return what tells answers of one model, asked one thing, from those of others."""
        with model.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
        if self != Asked():
            asked = asdict(self)
            if self.similar is None:
                # As it was before that could be asked.
                del asked["similar"]
            digest.update(json.dumps(asked).encode())
        return digest.hexdigest()[:_LETTERS]


def columns_of(classifier: MSSSMClassifier, asked: Asked) -> dict[str, Kind]:
    """Return names and kinds of what :func:`answers` gives after ``id``."""
    labels = classifier.model_.labels
    kinds: dict[str, Kind] = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}
    kind = "text" if labels.multilabel else kinds.get(labels.classes.dtype.kind, "text")
    columns: dict[str, Kind] = {"start": "number", "stop": "number"} if asked.windows else {}
    columns["prediction"] = kind
    if asked.how.covering is not None:
        columns["set"] = "text"
    if asked.unknown:
        columns["unknown"] = "number"
    columns |= {f"p_{name}": "number" for name in classifier.label_names}
    if asked.similar is not None:
        columns |= similar_columns(asked.similar, kind)
    if asked.early is not None:
        columns |= {"n_read": "integer", "part_read": "number"}
    return columns


def answers(
    classifier: MSSSMClassifier,
    asked: Asked,
    strangeness: Strangeness,
    digits: int | None,
    quiet: bool,
) -> Callable[[LabelledSeries], list[Row]]:
    """Return what gives rows of series: id, and those columns.

    Parameters
    ----------
    classifier, asked
        Which model, and what is asked of it.
    strangeness : Strangeness
        Is shown whole series, and what is answered of them.
    digits : int, optional
        Of probabilities; all where it is None.
    quiet : bool
        Say nothing.
    """
    check_similar(classifier.model_, asked.similar)
    if asked.windows:
        from msssm_ts.cli.answering.by_window import check_windows, window_rows

        check_windows(classifier)
        return lambda series: window_rows(classifier, series, digits)
    if asked.early is not None:
        confidence = asked.early
        return lambda series: _early(classifier, series, confidence, digits, quiet)
    if asked.how.covering is not None:
        few = too_few(classifier.model_.labels, asked.how.covering)
        if few is not None:
            say(few, quiet=quiet)

    def rows(series: LabelledSeries) -> list[Row]:
        from msssm_ts.cli.given.inputs import predict_proba

        proba = predict_proba(classifier, series)
        unknown = strangeness.of(series, proba)
        found = rows_about(classifier, series, proba, asked.how, unknown, digits)[0]
        if asked.similar is None:
            return found
        return add_similar(found, classifier, series, asked.similar, proba)

    return rows


def _early(
    classifier: MSSSMClassifier,
    series: LabelledSeries,
    confidence: float,
    digits: int | None,
    quiet: bool,
) -> list[Row]:
    from msssm_ts.cli.answering.early import predict_early
    from msssm_ts.cli.answering.predictions import prediction_rows

    early = predict_early(classifier, series, confidence, quiet)
    rows = prediction_rows(classifier, early.proba, digits)
    parts = zip(ids_of(series), rows, early.n_read.tolist(), early.part_read.tolist(), strict=True)
    return [
        {"id": name, **row, "n_read": n_read, "part_read": round(part, 6)}
        for name, row, n_read, part in parts
    ]
