"""What ``msssm-ts update`` does to a model, and what it writes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.given.config import CONFIG
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.files import write_text
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.training import Reporter
    from msssm_ts.updating import Sums

_METRICS = "metrics.json"


@dataclass
class Update:
    """A model and its sums on the way from before to after.

    Parameters
    ----------
    classifier : MSSSMClassifier
        The model as it is.
    sums : Sums
        Its sums.
    known_as : str
        Checksum of the model's file.
    quiet : bool
        Say nothing.
    """

    classifier: MSSSMClassifier
    sums: Sums
    known_as: str
    quiet: bool
    _done: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = time.perf_counter()
        self._n_notes = len(self.classifier.model_.record.notes)

    def withdraw(self, series: LabelledSeries) -> None:
        """Take series away; where they have labels, these are compared.

        Raises
        ------
        InputError
            If they were never learned, or too few classes would be left.
        """
        from msssm_ts.series.checks import check_times
        from msssm_ts.updating import without_series

        checked = self._checked(series)
        targets = None if series.labels is None else self._targets(series).encoded
        before = self._counts()
        with self._reporter(series.source) as reporter:
            self.classifier.model_, self.sums = without_series(
                *(self.classifier.model_, self.sums, checked, targets),
                *(check_times(series.times, checked), series.sampling_rate),
                *(series.channel_names, reporter),
            )
        self._done["withdrawn"] = self._difference(before)

    def add(self, series: LabelledSeries) -> None:
        """Ask the model about series, then add them.

        Raises
        ------
        InputError
            If their labels are not the model's.
        """
        from msssm_ts.cli.given.inputs import score
        from msssm_ts.fitting.data import training_data
        from msssm_ts.series.checks import check_times
        from msssm_ts.updating import with_series

        checked, labels = self._checked(series), self.classifier.model_.labels
        targets = self._targets(series)
        series, _, scores = score(self.classifier, series, self.quiet)
        before = self._counts()
        several = labels.multilabel
        right = scores["exact_match" if several else "accuracy"]
        what = "every label right" if several else "accuracy"
        self._done["before_learning"] = {
            "n_series": series.n_series,
            **{k: scores[k] for k in ("accuracy", "exact_match", "macro_f1") if k in scores},
        }
        with self._reporter(series.source) as reporter:
            data = training_data(
                checked, targets.labels, times=check_times(series.times, checked), known=labels
            )
            self.classifier.model_, self.sums = with_series(
                *(self.classifier.model_, self.sums, data, series.sampling_rate),
                *(series.channel_names, reporter),
                f"{what} on them before learning them: {right:.4f}",
            )
        self._done["added"] = self._difference(before)

    def write(self, old: Path, target: Path) -> None:
        """Write the model and its sums, and in a run folder what is known of it.

        Raises
        ------
        InputError
            If the model is not what it was when this began.
        WritingError
            If they cannot be written.
        """
        from msssm_ts.cli.fit.run_folder import json_object, remove_stale
        from msssm_ts.fitted.artifact import checksum_of
        from msssm_ts.updating import save_updatable

        if old == target and checksum_of(old) != self.known_as:
            raise InputError(f"{old}: was replaced while this went on; run the command again")
        save_updatable(self.classifier.model_, self.sums, target)
        metrics = json_object(old.parent / _METRICS) if old.name == target.name else None
        if metrics is not None:
            date = datetime.now(UTC).isoformat(timespec="seconds")
            changes = [*metrics.get("updates", ()), {"date": date, **self.to_dict()}]
            notes = list(self.classifier.model_.record.notes)
            metrics |= {"notes": notes, "updates": changes}
            write_text(target.parent / _METRICS, json.dumps(metrics, indent=2) + "\n")
            if old != target and (old.parent / CONFIG).is_file():
                text = (old.parent / CONFIG).read_text(encoding="utf-8")
                write_text(target.parent / CONFIG, text)
            if stale := remove_stale(target.parent):
                say(f"removed, made of the model before: {', '.join(stale)}", quiet=self.quiet)

    @property
    def notes(self) -> list[str]:
        """What the model has written down of it."""
        return list(self.classifier.model_.record.notes[self._n_notes :])

    def to_dict(self) -> dict[str, Any]:
        """Return what was done, for JSON."""
        facts = self.classifier.model_.record.training_data or {}
        seconds = round(time.perf_counter() - self._began, 2)
        return {**self._done, "n_series": facts["n_series"], "seconds": seconds}

    def shown(self) -> dict[str, object]:
        """Return the same to be read."""
        from msssm_ts.fitted.told import estimate_line

        done = self.to_dict()
        shown: dict[str, object] = {}
        for what in ("withdrawn", "added"):
            if what in done:
                by_class = ", ".join(f"{name}: {n}" for name, n in done[what].items() if n)
                shown[what] = by_class or "series without a label"
        before = done.get("before_learning")
        if before is not None:
            name = "exact_match" if "exact_match" in before else "accuracy"
            words = "every label right" if name == "exact_match" else "accuracy"
            shown[f"{words} before learning"] = (
                f"{before[name]:.4f} ({before['n_series']} new series)"
            )
        expected = estimate_line(self.classifier.model_.record.estimate)
        if expected is not None:
            shown["expected at first"] = expected
        return {**shown, "series": done["n_series"], "seconds": done["seconds"]}

    def _checked(self, series: LabelledSeries) -> Any:
        return self.classifier.model_.checked(series.as_estimator_input(), series.channel_names)

    def _targets(self, series: LabelledSeries) -> Any:
        """Return labels as the model encodes them; none may be new to it."""
        from msssm_ts.analysis.results.evaluation import as_class_type
        from msssm_ts.cli.given.matching import known_labels
        from msssm_ts.fitting.targets import encode_targets

        known, said = known_labels(series, self.classifier)
        n_new = series.n_series - known.n_series
        if n_new:
            raise InputError(
                f"{series.source}: {n_new} of {series.n_series} series have labels that the model "
                "does not know, and an update brings no new ones: take them out, or fit anew with "
                "all series"
            )
        for line in said:
            say(line, quiet=self.quiet)
        assert known.labels is not None
        classes = self.classifier.model_.labels.classes
        return encode_targets(as_class_type(known.labels, classes), classes)

    @contextmanager
    def _reporter(self, source: str) -> Iterator[Reporter]:
        """Show how far it is; complaints name the source."""
        from msssm_ts.display import TrainingDisplay
        from msssm_ts.training import Reporter

        try:
            with TrainingDisplay(self.quiet, interval=10.0) as display:
                yield Reporter((display,))
        except ValueError as error:
            raise InputError(f"{source}: {error}") from error

    def _counts(self) -> list[int]:
        return self.sums.learned.counts(len(self.classifier.classes_))

    def _difference(self, before: list[int]) -> dict[str, int]:
        names = [str(name) for name in self.classifier.label_names]
        pairs = zip(before, self._counts(), strict=True)
        return {name: abs(b - a) for name, (a, b) in zip(names, pairs, strict=True)}
