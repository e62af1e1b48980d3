"""A fit on its way: members, weights, members again, and the model that comes of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.beside import Beside
from msssm_ts.errors import Interrupted, ProcessLostError, TrainingError
from msssm_ts.fitted.decision import LogPriors
from msssm_ts.fitted.encoder import FittedEncoder
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.parts import FitRecord, Labels
from msssm_ts.fitted.vote import Vote
from msssm_ts.fitting.beside import FeatureSide
from msssm_ts.fitting.by_steps import fit_by_steps
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.closed import Closed, FitOne, fit_again, fit_closed
from msssm_ts.fitting.coverage import calibrated
from msssm_ts.fitting.decision import chosen_decision
from msssm_ts.fitting.estimate import (
    expected_accuracy,
    members_told,
    told_by_series,
    told_of_validation,
)
from msssm_ts.fitting.exemplars import with_exemplars
from msssm_ts.fitting.familiarity import with_familiarity
from msssm_ts.fitting.frequencies import told_by_unlabelled
from msssm_ts.fitting.known import said_of_rate, said_of_scale
from msssm_ts.fitting.notes import notes
from msssm_ts.fitting.own_answers import OF_ONE_CLASS, answered, learned_again
from msssm_ts.fitting.plan import Plan, plan_of
from msssm_ts.fitting.problems import Problems
from msssm_ts.fitting.record import json_parameters, versions
from msssm_ts.fitting.several import leading, remarks
from msssm_ts.fitting.share import (
    SHARE_OF_SOUND,
    in_vain,
    measured_priors,
    measured_share,
    unmeasured,
    vote_of,
)
from msssm_ts.fitting.split import Split
from msssm_ts.fitting.stage import StageKeeper
from msssm_ts.fitting.targets import best_thresholds
from msssm_ts.fitting.unlabelled import learned_first, unlabelled_of, wants_encoder
from msssm_ts.members import MEMBERS
from msssm_ts.members.member import Member
from msssm_ts.members.network.settings import learns_sound
from msssm_ts.members.presets import Seat, taken
from msssm_ts.members.problem import Problem
from msssm_ts.model.device import resolve_device
from msssm_ts.training import History, Reporter
from msssm_ts.training.memory import give_back_freed_memory
from msssm_ts.training.processes import current

# Of a time budget, what members may take that are fitted again once the shares are known.
_FIRST_OF_TWO = 0.25
# A member that took no more seconds than that has little memory to give back.
_LONG = 1.0


@dataclass
class Course:
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
    # How frequent classes are among series without labels.
    told: LogPriors | None = None

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
        share = None
        named = self.parameters["members"] is not None
        is_sound = learns_sound(self.parameters, training)
        self.wanted, self.closed, self.by_steps = (
            taken(seats, is_sound) for seats in (self.wanted, self.closed, self.by_steps)
        )
        if validation is None and self.closed and self.by_steps and not named:
            if is_sound:
                share, self.left_out = SHARE_OF_SOUND, None
                self.noticed += (unmeasured(split),)
                self.split = replace(split, reason="")
            elif self.left_out is not None:
                self.by_steps = ()
        if self.encoder is not None:
            about = (self.encoder, self.problems.source, self.problems.preparation)
            self.noticed += (*said_of_scale(self.encoder, standardizer), *said_of_rate(*about))
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
        began = time.perf_counter()
        side = FeatureSide.of(self.problems, self.seed, self.reporter)
        beside_took = time.perf_counter() - began
        priors = {seat.kind: seat.prior for seat in self.wanted if seat.prior is not None}
        targets, groups = self.problems.data.targets.encoded, self.problems.data.groups

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
            decision = decision or self.told
            said = (note, *said) if note else said
            useless = [kind for kind, prior in priors.items() if not prior]
            record = self._record(vote, learned, share, left_out, beside, said, useless)
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

        try:
            budget = self.parameters["time_budget"]
            left = None if budget is None else max(0.0, budget - beside_took)
            part = None if left is None else left * (_FIRST_OF_TWO if twice else 1.0)
            # What is fitted again on all series tells of them then.
            asking = replace(training, asks_left_out=not twice)
            first_fit = self._closed_fit("first")
            n_series = len(self.problems.data)
            try:
                fit_closed(self.fitted, self.closed, asking, part, first_fit, named=named)
            finally:
                closed[:] = told_by_series(closed, asking, split.keep, n_series)
            theirs = None
            if not twice:
                priors |= measured_priors(closed, priors, targets, groups)
            elif self.by_steps and closed and validation is not None:
                told = told_of_validation(closed, validation)
                priors |= measured_priors(told, priors, validation.targets, validation.groups)
                theirs = vote_of(told, [], priors=priors).left_out
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
                priors |= measured_priors(closed, priors, targets, groups)
            else:
                everything = training
            if others is not None and multilabel:
                self.noticed += (OF_ONE_CLASS,)
            elif others is not None:
                vote = vote_of(closed, learned, share, priors)
                answers, again_too = answered(vote, others, self.seed), None
                if closed:
                    rest = None if budget is None else max(0.0, budget - self._elapsed())
                    taught = (self.fitted, self.closed, answers, everything)
                    again_too, line = learned_again(*taught, rest, self._closed_fit("own"))
                    self.noticed += (line,)
                if again_too is not None:
                    closed[:] = again_too
                elif side is None:
                    self.told, lines = told_by_unlabelled(
                        *(self.parameters, self.problems.data.targets, vote.left_out),
                        *(self.problems.data.weights, answers.proba),
                    )
                    self.noticed += lines
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
        if took > _LONG:
            give_back_freed_memory()
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
        useless: Collection[str],
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
                useless=useless,
            )
            # Of a kind that does not vote it is said why.
            + tuple(line for kind, line in self.few.items() if vote.of_kind(kind))
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
