"""One function from data and parameters to a fitted model: split, members, weights, refit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.beside import Beside
from msssm_ts.display import TrainingDisplay
from msssm_ts.errors import Interrupted, ProcessLostError, TrainingError
from msssm_ts.fitted.encoder import FittedEncoder
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.parts import FitRecord, Labels, Source
from msssm_ts.fitted.vote import Vote
from msssm_ts.fitting.begin import begun
from msssm_ts.fitting.beside import FeatureSide
from msssm_ts.fitting.by_steps import fit_by_steps
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.chosen import at_most
from msssm_ts.fitting.closed import Closed, FitOne, fit_again, fit_closed
from msssm_ts.fitting.coverage import calibrated
from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.decision import asked_point, chosen_decision
from msssm_ts.fitting.estimate import (
    expected_accuracy,
    members_told,
    told_by_series,
    told_of_validation,
)
from msssm_ts.fitting.exemplars import noted_in_parts, with_exemplars
from msssm_ts.fitting.familiarity import with_familiarity
from msssm_ts.fitting.known import check_alike, said_of_scale, with_encoder
from msssm_ts.fitting.limits import with_limits
from msssm_ts.fitting.notes import notes
from msssm_ts.fitting.own_answers import learned_again
from msssm_ts.fitting.plan import Plan, plan_of
from msssm_ts.fitting.problems import Problems
from msssm_ts.fitting.record import json_parameters, versions
from msssm_ts.fitting.several import follow, leading, remarks
from msssm_ts.fitting.share import in_vain, measured_share, vote_of
from msssm_ts.fitting.split import Split, choose_split
from msssm_ts.fitting.stage import StageKeeper
from msssm_ts.fitting.stamps import with_grid
from msssm_ts.fitting.targets import best_thresholds, loss_weights
from msssm_ts.fitting.unlabelled import check_readers, learned_first, unlabelled_of, wants_encoder
from msssm_ts.fitting.updatable import updatable_seats
from msssm_ts.kernels.parallel import at_work
from msssm_ts.members import MEMBERS
from msssm_ts.members.member import Member
from msssm_ts.members.presets import Seat, seats
from msssm_ts.members.problem import Problem
from msssm_ts.model.device import resolve_device
from msssm_ts.preparation import Preparation
from msssm_ts.training import History, Reporter
from msssm_ts.training.processes import current
from msssm_ts.workers import Workers, asked_workers

# Of a time budget, what members may take that are fitted again once the shares are known.
_FIRST_OF_TWO = 0.25


def fit_model(
    data: TrainingData,
    parameters: Mapping[str, Any],
    source: Source,
    label_names: Sequence[str] | None = None,
    previous: FittedModel | None = None,
    in_parts: bool = False,
    checkpoint: Checkpoint | None = None,
) -> FittedModel:
    """Fit a vote to labelled series.

    Parameters
    ----------
    data : TrainingData
        What there is to learn from.
    parameters : mapping
        The estimator's, checked.
    source : Source
        Where the series come from.
    label_names : sequence of str, optional
        Of several labels.
    previous : FittedModel, optional
        To go on from: its classes, standardisation and, of members that learn by steps, weights.
    in_parts : bool
        Whether these are a part of the series, once through: only members that learn by steps
        can do that.
    checkpoint : Checkpoint, optional
        Where the work is kept while it goes on, or is gone on with.

    Returns
    -------
    FittedModel

    Raises
    ------
    ValueError
        If the data cannot be used.
    Interrupted, TrainingError
        Where it was cut short; their ``partial`` is the model so far, None if there is none.
    """
    at_work()
    with TrainingDisplay(quiet=not parameters["verbose"]) as shown:
        callbacks = (*(parameters["callbacks"] or ()), shown)
        seed = begun(data, parameters, source, label_names, previous, checkpoint)
        data = at_most(data, parameters["at_most"], seed)
        reporter = Reporter(callbacks)
        with asked_workers(parameters["cluster"], reporter.say) as workers:
            fit = _prepared_fit(
                *(data, parameters, source, previous, in_parts, seed, reporter, checkpoint),
                workers,
            )
            if not current().is_first:
                follow(fit.problem(), fit.parameters, seed)
            return fit.run(label_names)


def _prepared_fit(
    data: TrainingData,
    parameters: Mapping[str, Any],
    source: Source,
    previous: FittedModel | None,
    in_parts: bool,
    seed: int,
    reporter: Reporter,
    checkpoint: Checkpoint | None,
    workers: Workers,
) -> _Fit:
    """Decide what is fitted, and on which series."""
    began = time.perf_counter()
    # Whatever cannot be decided so is said before hours have gone by.
    asked_point(parameters, data.targets)
    asked, (parameters, encoder) = parameters, with_encoder(parameters)
    preset, named = parameters["preset"], parameters["members"]
    wanted = seats(preset, named, causal=not parameters["bidirectional"])
    # Who names the members, or the preset that is a network's, wants them.
    undecided = named is None and preset != "network"
    if encoder is not None:
        check_readers(wanted, undecided)
    data, wanted = updatable_seats(parameters, data, wanted)
    if in_parts:
        wanted = (Seat("network", options={"max_epochs": 1}),)
        data = noted_in_parts(data, parameters["exemplars"])
    closed = [seat for seat in wanted if not MEMBERS.get(seat.kind).learns_by_steps]
    by_steps = [seat for seat in wanted if MEMBERS.get(seat.kind).learns_by_steps]
    split = Split(np.arange(len(data)))
    # Members that learn by steps and their share of the vote need validation; so do thresholds.
    if not in_parts and (by_steps or data.targets.multilabel):
        split = choose_split(
            data,
            parameters["early_stopping"],
            parameters["validation_fraction"],
            seed,
            beside_others=bool(closed) and undecided,
        )
    left_out = None
    measured = parameters["early_stopping"] == "auto" and undecided
    if closed and by_steps and not len(split.held_out) and measured:
        # Beside the others a network trained on so few series has not been worth its time, and
        # its share of the vote could not be measured (docs/recipe.md).
        by_steps, left_out = [], split.reason
    chosen = parameters["preparation"] or Preparation()
    weights, positive = loss_weights(data.targets, data.weights, parameters["class_weight"])
    preparation = replace(
        chosen,
        channels=chosen.channels or source.channel_names,
        sampling_rate=chosen.sampling_rate or source.sampling_rate,
    )
    if encoder is not None:
        check_alike(encoder, source, preparation)
    preparation, data = with_limits(preparation, data, source, previous)
    preparation, data = with_grid(preparation, data, parameters["stamps"], previous)
    problems = Problems(data, source, preparation, weights, positive, parameters["dtype"], workers)
    return _Fit(
        *(problems, parameters, wanted, closed, by_steps, split, seed, reporter, previous, began),
        *(left_out, checkpoint, 0 if in_parts else parameters["exemplars"], asked, encoder),
    )


@dataclass
class _Fit:
    """A fit on its way: what was decided, then what has been made."""

    problems: Problems
    parameters: Mapping[str, Any]
    wanted: Sequence[Seat]
    closed: Sequence[Seat]
    by_steps: Sequence[Seat]
    split: Split
    seed: int
    reporter: Reporter
    previous: FittedModel | None
    began: float
    left_out: str | None
    checkpoint: Checkpoint | None
    exemplars: int
    # As the user has them; an encoder's shape may have been taken over since.
    asked: Mapping[str, Any]
    encoder: FittedEncoder | None
    fitted: Closed = field(default_factory=Closed)
    plan: Plan | None = None
    few: dict[str, str] = field(default_factory=dict)
    noticed: tuple[str, ...] = ()

    def problem(self) -> Problem:
        """Return what members that learn by steps learn."""
        training, validation, _ = self.problems.divided(self.split, self.previous)
        return replace(training, validation=validation)

    def run(self, label_names: Sequence[str] | None) -> FittedModel:
        """Fit, and return the model; where it is cut short, hand on what there is."""
        split = self.split
        training, validation, standardizer = self.problems.divided(split, self.previous)
        multilabel = training.multilabel
        twice = validation is not None and not multilabel
        if self.encoder is not None:
            self.noticed += said_of_scale(self.encoder, standardizer)
        others = unlabelled_of(self.problems, standardizer)
        every = (*self.by_steps, *self.closed)
        if others is not None and self.encoder is None and wants_encoder(self.parameters, every):
            learning = (training, others, self.parameters, self.seed)
            known, line = learned_first(*learning, self.reporter, self.checkpoint)
            self.parameters = {**self.parameters, "init": known}
            self.noticed += (line,)
        for seat in (*self.by_steps, *self.closed):
            MEMBERS.get(seat.kind).check(training, {**self.parameters, **seat.options})
        self.plan = plan_of(self.closed, self.by_steps, training, self.parameters, twice)
        if self.plan is not None:
            self.reporter.plan(self.plan.lines())
        closed = self.fitted.members
        learned: list[Member] = []
        side = FeatureSide.of(self.problems, self.seed)
        priors = {seat.kind: seat.prior for seat in self.wanted if seat.prior is not None}

        def model() -> FittedModel | None:
            if not closed and not learned:
                return None
            vote = vote_of(closed, learned, share, priors)
            left_out, beside, note = vote.left_out, None, ""
            if side is not None:
                beside, note = side.joined(left_out)
                if left_out is not None:
                    left_out = side.answers(beside, left_out, np.arange(len(left_out)))
            data = self.problems.data
            decision, said = chosen_decision(
                *(self.parameters, data.targets, left_out, data.weights, data.groups)
            )
            said = (note, *said) if note else said
            record = self._record(vote, learned, share, left_out, beside, said)
            # What only the fit knows stays with it.
            vote = replace(vote, members=tuple(member.telling() for member in vote.members))
            fitted = FittedModel(
                self.problems.source,
                self.parameters["missing"],
                self.parameters["dtype"],
                self.problems.preparation,
                standardizer,
                Labels(
                    data.targets.classes,
                    multilabel,
                    names=None if label_names is None else tuple(map(str, label_names)),
                    decision=decision,
                    coverage=calibrated(data.targets, left_out, data.groups),
                ),
                vote,
                record,
                beside,
            )
            fitted = with_familiarity(fitted, self.problems, left_out, split.held_out)
            return with_exemplars(fitted, self.problems, left_out, self.exemplars)

        share: float | None = None
        try:
            budget = self.parameters["time_budget"]
            part = None if budget is None else budget * (_FIRST_OF_TWO if twice else 1.0)
            # What is fitted again on all series tells of them then.
            asking = replace(training, asks_left_out=not twice)
            named = self.parameters["members"] is not None
            first_fit = self._closed_fit("first")
            fit_closed(self.fitted, self.closed, asking, part, first_fit, named=named)
            n_series = len(self.problems.data)
            closed[:] = told_by_series(closed, asking, split.keep, n_series)
            theirs = None
            if self.by_steps and closed and validation is not None:
                theirs = vote_of(closed, [], priors=priors).predict_proba(validation.values)
            # The closed members are fitted again: their time is not the others'.
            reserved = self._elapsed() if closed and twice else 0.0
            problem = replace(training, validation=validation)
            if theirs is not None and validation is not None:
                problem = replace(problem, is_in_vain=in_vain(validation, theirs))
            try:
                self._train(learned, problem, reserved)
            finally:
                if validation is not None:
                    learned[:] = told_of_validation(learned, validation)
                    if closed and learned:
                        share = measured_share(learned, validation, theirs)
                    learned[:] = told_by_series(learned, validation, split.held_out, n_series)
            if closed and twice:
                # They need no validation: once the shares are known they learn from all series.
                whole = np.arange(n_series)
                everything = self.problems.standardized(self.problems.prepared(whole), standardizer)
                everything = replace(everything, asks_left_out=True)
                rest = None if budget is None else max(0.0, budget - self._elapsed())
                again, fit_one = Closed(), self._closed_fit("all")
                fit_again(again, self.fitted, self.closed, everything, rest, fit_one)
                closed[:] = told_by_series(again.members, everything, whole, n_series)
            else:
                everything = training
            if others is not None and closed:
                rest = None if budget is None else max(0.0, budget - self._elapsed())
                vote = vote_of(closed, learned, share, priors)
                taught = (self.fitted, self.closed, vote, everything, others, self.seed)
                closed[:], line = learned_again(*taught, rest, self._closed_fit("own"))
                self.noticed += (line,)
        except KeyboardInterrupt as error:
            if self.checkpoint is not None:
                self.checkpoint.flush()
            raise Interrupted(model()) from error
        except TrainingError as error:
            if self.checkpoint is not None and isinstance(error, ProcessLostError):
                self.checkpoint.flush()
            error.partial = model()
            raise
        if self.checkpoint is not None:
            self.checkpoint.end()
        fitted = model()
        assert fitted is not None
        if multilabel and validation is not None:
            proba = fitted.vote.predict_proba(validation.values)
            if side is not None and fitted.beside is not None:
                own = split.held_out[validation.values.owner]
                proba = side.answers(fitted.beside, proba, own)
            thresholds = best_thresholds(proba, validation.targets)
            fitted = replace(fitted, labels=replace(fitted.labels, thresholds=thresholds))
        return fitted

    def _closed_fit(self, stage: str) -> FitOne:
        """Return what fits one member in closed form."""

        def fit_one(
            seat: Seat, i: int, n: int, problem: Problem, seconds: float | None
        ) -> tuple[Member, float]:
            reporter = self._reporter(seat, i, n)
            return self._fit_one(f"{stage}-{seat.kind}-{i}", seat, i, problem, reporter, seconds)

        return fit_one

    def _train(self, into: list[Member], problem: Problem, reserved: float) -> None:
        """Train members that learn by steps; what is reserved of the time is not theirs."""
        budget = self.parameters["time_budget"]

        def train_one(
            seat: Seat, i: int, n: int, seconds: float | None, start: Member | None
        ) -> Member:
            stage, reporter = f"steps-{len(into)}", self._reporter(seat, i, n)
            return self._fit_one(stage, seat, i, problem, reporter, seconds, start)[0]

        left = None if budget is None else lambda: max(0.0, budget - self._elapsed() - reserved)
        known = () if self.previous is None else self.previous.vote.members
        self.few = fit_by_steps(
            into, self.by_steps, problem, self.parameters, left, train_one, known
        )

    def _reporter(self, seat: Seat, i: int, n: int) -> Reporter:
        """Return what a seat's member i of n tells how far it is."""
        title = MEMBERS.get(seat.kind).title
        return self.reporter.named(f"{title} {i + 1}/{n}" if n > 1 else title)

    def _fit_one(
        self,
        stage: str,
        seat: Seat,
        i: int,
        problem: Problem,
        reporter: Reporter,
        seconds: float | None,
        start: Member | None = None,
    ) -> tuple[Member, float]:
        """Return a seat's member i, new or kept, and the seconds that it took."""
        kind, checkpoint = MEMBERS.get(seat.kind), self.checkpoint
        if checkpoint is not None:
            device = resolve_device(self.parameters["device"])
            found = checkpoint.member(stage, seat.kind, problem, device)
            if found is not None:
                return found
        began = time.perf_counter()
        parameters = {**self.parameters, **seat.options}
        keeper = None if checkpoint is None else StageKeeper(checkpoint, stage)
        with leading(kind, seat, i, seconds):
            member = kind.fit(problem, self.seed + i, parameters, reporter, seconds, start, keeper)
        took = time.perf_counter() - began
        member = member.telling(member.left_out, took, member.said)
        if checkpoint is not None:
            checkpoint.finished(stage, member, took)
        return member, took

    def _elapsed(self) -> float:
        """Return the seconds that the fit has taken, in all processes."""
        earlier = 0.0 if self.checkpoint is None else self.checkpoint.earlier_seconds
        return earlier + time.perf_counter() - self.began

    def _record(
        self,
        vote: Vote,
        learned: Sequence[Member],
        share: float | None,
        left_out: NDArray[np.float64] | None,
        beside: Beside | None,
        said: tuple[str, ...],
    ) -> FitRecord:
        """Write down how the model came about; of training by steps, the first member's."""
        first = next((member for member in learned if member.history), None)
        history = vars(History()) if first is None else dict(first.history)
        data = self.problems.data
        targets = data.targets.encoded
        return FitRecord(
            parameters=json_parameters(self.asked),
            history=history,
            n_iter=len(history["epoch"]),
            best_iter=0 if first is None else first.best_epoch,
            n_parameters=vote.n_parameters + (0 if beside is None else beside.n_parameters),
            seconds=self._elapsed(),
            seed=self.seed,
            device=resolve_device(self.parameters["device"]),
            threads=torch.get_num_threads(),
            processes=current().count,
            training_data=data.facts(),
            notes=notes(
                *(self.asked, self.wanted, vote, data, self.left_out, share),
                *(self._ungrouped(), self.fitted.not_worth, self.fitted.short),
                n_aside=len(self.split.held_out),
            )
            + tuple(self.few.values())
            + self.noticed
            + said
            + remarks(len(self.by_steps)),
            versions=versions(),
            estimate=expected_accuracy(left_out, targets, data.weights, data.groups),
            members=members_told(vote, targets, data.weights),
            plan=None if self.plan is None else self.plan.to_dict(),
        )

    def _ungrouped(self) -> str:
        """Why groups that the user gave leave nothing to validate by; empty where they do not."""
        asked = self.problems.data.groups is not None and self.parameters["early_stopping"]
        return self.split.reason if asked and self.by_steps else ""
