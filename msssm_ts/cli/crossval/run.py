"""A cross-validation from its data to what was found, fold by fold."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.fit.preparing import notes, preparation_for
from msssm_ts.cli.given.unlabelled import like
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.files import make_folder
from msssm_ts.errors import InputError, TrainingError

if TYPE_CHECKING:
    from msssm_ts.cli.crossval.folds import Answers, Fold
    from msssm_ts.datasets import LabelledSeries, ReadOptions
    from msssm_ts.fitting import Checkpoint
    from msssm_ts.fitting.targets import Targets

# Of a run folder: where the folds' models go.
MODELS = "models"


@dataclass(frozen=True)
class Asked:
    """What the user asks for: the command's options, by their names."""

    data: str
    reading: ReadOptions
    preparing: dict[str, Any]
    modelling: dict[str, Any]
    folds: int
    repeats: int
    ungrouped: bool
    models: bool = False
    learning_curve: bool = False
    unlabelled: tuple[str, ...] = ()
    validation: str | None = None


@dataclass(frozen=True)
class Run:
    """What there is to do, and where it is kept.

    Parameters
    ----------
    asked : Asked
        For.
    out : Path
        The run folder.
    series : LabelledSeries
        All of them.
    targets : Targets
        Their labels.
    settings : dict
        The classifier's arguments.
    folds : list of Fold
        In the order of their fits.
    checkpoint : Checkpoint
        Where the answers of finished folds are kept.
    parts : list of Fold
        Those of the learning curve, of which only a part of the series train.
    unlabelled : sequence of arrays of shape (n_channels, length), optional
        Series without labels, which every fold's model learns from, too.
    positive : int, optional
        The class whose sensitivity and specificity are asked for, by its column.
    """

    asked: Asked
    out: Path
    series: LabelledSeries
    targets: Targets
    settings: dict[str, Any]
    folds: list[Fold]
    checkpoint: Checkpoint
    parts: list[Fold] = field(default_factory=list)
    unlabelled: Any = None
    positive: int | None = None

    @property
    def names(self) -> Any:
        """Of the classes, or labels."""
        return self.series.classes if self.targets.multilabel else self.targets.classes

    @property
    def groups(self) -> Any:
        """None where they are not to be looked at."""
        return None if self.asked.ungrouped else self.series.groups

    @property
    def fits(self) -> list[Fold]:
        """All that is fitted, in that order."""
        return [*self.folds, *self.parts]

    @property
    def n_kept(self) -> int:
        """How many fits are finished and kept."""
        return len(list(self.checkpoint.folder.glob("repeat*-fold*")))

    def answers(self, quiet: bool) -> list[Answers]:
        """Return what each fit's model says; keep it as soon as it is said."""
        from msssm_ts.cli.crossval.folds import Answers
        from msssm_ts.cli.crossval.scores import scores_of

        found: list[Answers] = []
        for done, fold in enumerate(self.fits, 1):
            answers = Answers.kept(self.checkpoint, fold, len(self.names))
            had = "kept, "
            if answers is None:
                answers, had = self.answer(fold, quiet), ""
                answers.keep(self.checkpoint, fold)
            found.append(answers)
            right = scores_of(self.targets, self.names, fold.test, answers)["accuracy"]
            seconds = [a.facts["seconds"] for a in found]
            # What takes a part of the series takes a part of the time.
            each = sum(seconds) / sum(len(fold.train) for fold in self.fits[:done])
            left = each * sum(len(fold.train) for fold in self.fits[done:])
            then = f"; about {left:.0f} s left" if left else ""
            line = f"{fold.name}: {had}accuracy {right:.4f}, {seconds[-1]:.1f} s{then}"
            say(line, quiet=quiet)
        return found

    def answer(self, fold: Fold, quiet: bool) -> Answers:
        """Fit a fold's model, and return what it says."""
        import numpy as np

        from msssm_ts.cli.crossval.folds import Answers
        from msssm_ts.cli.fit.training import fit_to
        from msssm_ts.cli.given.inputs import predict_proba
        from msssm_ts.display import TrainingDisplay
        from msssm_ts.estimator import MSSSMClassifier
        from msssm_ts.fitted.told import named_decision

        began = time.perf_counter()
        train, test = self.series.take(fold.train), self.series.take(fold.test)
        groups = None if self.groups is None else train.groups
        with TrainingDisplay(quiet, interval=10.0, name=fold.name) as display:
            model = MSSSMClassifier(**self.settings, callbacks=[display])
            try:
                origin = self.series.origin(self.asked.reading)
                fit_to(model, train, groups, origin, None, self.unlabelled)
            except TrainingError as error:
                raise TrainingError(f"{fold.name}: {error}") from error
        own = predict_proba(model, test)
        labels = model.model_.labels
        # A class may be missing among those that trained.
        columns = np.searchsorted(self.targets.classes, labels.classes)
        proba = np.zeros((len(own), len(self.names)))
        proba[:, columns] = own
        predicted = np.zeros(proba.shape, dtype=bool)
        if labels.multilabel:
            predicted[:] = labels.chosen(own) > 0
        else:
            predicted[np.arange(len(own)), columns[labels.chosen_columns(own)]] = True
        if self.asked.models and fold.part == 1:
            model.save(self.out / MODELS / f"{fold.stage}.safetensors")
        decision = None if labels.decision is None else labels.decision.to_dict()
        facts = {
            "seconds": time.perf_counter() - began,
            "notes": list(model.model_.record.notes),
            "decision": named_decision(decision, labels.classes.tolist()),
            "kinds": sorted({member.kind for member in model.model_.vote.members}),
            "epochs": model.model_.record.n_iter,
        }
        return Answers(proba, predicted, facts)

    def results(self, answers: list[Answers], n_resamples: int) -> dict[str, Any]:
        """Return all that was found, as JSON holds it."""
        from msssm_ts.cli.crossval.curve import curve_of
        from msssm_ts.cli.crossval.scores import fold_row, heard, pooled, scores_of, spread
        from msssm_ts.fitting.record import json_parameters

        per_fold = []
        everything, answers = answers, answers[: len(self.folds)]
        for fold, own in zip(self.folds, answers, strict=True):
            scores = scores_of(self.targets, self.names, fold.test, own)
            per_fold.append(fold_row(fold, own, scores))
        rows, together = self.joined(answers)
        source = {"source": self.asked.data, "summary": self.series.summary()}
        return {
            "data": source,
            "settings": json_parameters(self.settings),
            "folds": self.asked.folds,
            "repeats": self.asked.repeats,
            "grouped_by": None if self.groups is None else self.series.group_name,
            "scores": pooled(
                self.series, self.targets, self.names, rows, together, n_resamples, self.positive
            ),
            "per_fold": per_fold,
            "over_folds": spread(per_fold),
            **({"learning_curve": curve_of(self, everything)} if self.parts else {}),
            "seconds": round(sum(own.facts["seconds"] for own in everything), 2),
            "notes": heard([own.facts["notes"] for own in answers], "folds"),
        }

    def joined(self, answers: list[Answers]) -> tuple[Any, Answers]:
        """Return series and answers of all folds in one: repeat by repeat, as DATA has them."""
        import numpy as np

        from msssm_ts.cli.crossval.folds import Answers

        test = np.concatenate([fold.test for fold in self.folds])
        repeat = np.concatenate([np.full(len(fold.test), fold.repeat) for fold in self.folds])
        order = np.lexsort((test, repeat))
        proba = np.concatenate([own.proba for own in answers])[order]
        predicted = np.concatenate([own.predicted for own in answers])[order]
        return test[order], Answers(proba, predicted, {})


def prepared(asked: Asked, out: Path, checkpoint: Checkpoint, quiet: bool) -> Run:
    """Read the data, divide it, and say what was understood."""
    from msssm_ts.cli.crossval.folds import folds_of, rare_classes
    from msssm_ts.cli.crossval.parts import parts_of
    from msssm_ts.cli.crossval.scores import positive_class
    from msssm_ts.cli.fit.training import counting_rare_beats, say_where
    from msssm_ts.datasets import load
    from msssm_ts.fitting.targets import encode_targets

    series = load(asked.data, asked.reading, validation=asked.validation)
    say(f"{asked.data}: {series.summary()}", quiet=quiet)
    more = like(series, asked.unlabelled, asked.reading, partial(say, quiet=quiet))
    if series.validation is not None and asked.validation is None:
        n = int(series.validation.sum())
        say(f"the validation part ({n} series) is tested like the rest", quiet=quiet)
        series = replace(series, validation=None)
    preparation = preparation_for(asked.preparing, series)
    for line in notes(preparation, series, asked.modelling["missing"], ungrouped=asked.ungrouped):
        say(line, quiet=quiet)
    try:
        targets = encode_targets(series.labels)
    except ValueError as error:
        raise InputError(f"{series.source}: {error}") from error
    groups = None if asked.ungrouped else series.groups
    seed = asked.modelling["random_state"]
    folds = list(folds_of(targets, groups, asked.folds, asked.repeats, seed))
    unit = "series" if groups is None else f"of the groups ({series.group_name})"
    names = series.classes if targets.multilabel else targets.classes
    assert names is not None
    for column, n in rare_classes(targets, groups, asked.folds).items():
        told = "the model that is tested on it has never seen it"
        told = told if n == 1 else "not every fold tests it"
        say(f"{names[column]}: {n} {unit} only, {told}", quiet=quiet)
    modelling = counting_rare_beats(asked.modelling, series, quiet)
    bounded = {"max_memory": asked.reading.max_memory}
    settings = {**modelling, "preparation": preparation, **bounded}
    if settings.get("exemplars") and not asked.models:
        line = "has nothing to act on: models of the folds are kept with --models"
        say(f"--exemplars {settings['exemplars']} {line}", quiet=quiet)
        settings["exemplars"] = 0
    positive = positive_class(settings, targets)
    parts: list[Fold] = []
    if asked.learning_curve:
        parts, line = parts_of(folds, targets, groups, seed)
        say(line, quiet=quiet or not line)
    _check_validation(series, [*folds, *parts], asked.validation)
    run = Run(asked, out, series, targets, settings, folds, checkpoint, parts, more, positive)
    _begin(run, seed)
    if asked.models:
        make_folder(out / MODELS)
    say_where(asked.modelling["device"], quiet)
    return run


def _check_validation(series: LabelledSeries, fits: list[Fold], asked: str | None) -> None:
    """Refuse a part to choose the weights by that leaves a fold none of it, or nothing else."""
    if series.validation is None:
        return
    for fold in fits:
        aside = series.validation[fold.train]
        if aside.all() or not aside.any():
            what = "nothing else" if aside.all() else "no series of it"
            raise InputError(
                f"{series.source}: --validation {asked} leaves {fold.name} {what} to train with; "
                "leave it out, or ask for other folds"
            )


def _begin(run: Run, seed: int) -> None:
    """Begin, or see that what is kept is of these data and settings."""
    import numpy as np

    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted.parts import Source
    from msssm_ts.fitting.data import TrainingData
    from msssm_ts.fitting.identity import identity
    from msssm_ts.series.fingerprints import fingerprints

    series = run.series
    parameters = MSSSMClassifier(**run.settings).get_params(deep=False)
    divided = {"folds": run.asked.folds, "repeats": run.asked.repeats}
    names, rate = series.channel_names, series.sampling_rate
    prints = fingerprints(series.values)
    source = Source(series.n_channels, names, rate, fingerprints=prints)
    data = TrainingData(
        series.values,
        run.targets,
        np.ones(series.n_series),
        run.groups,
        validation=series.validation,
        unlabelled=run.unlabelled,
        times=series.times,
        features=series.features,
    )
    known = identity(data, {**parameters, **divided}, source, series.label_names, None, seed)
    run.checkpoint.begin(known)
