"""The search itself: trial by trial, fold by fold, kept as it goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from msssm_ts.cli.evaluate.scores import SCORE_NAMES
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.tune.choices import Candidates, Choices
from msssm_ts.errors import InputError, TrainingError
from msssm_ts.members import MEMBERS
from msssm_ts.text import counted
from msssm_ts.training import Kept

if TYPE_CHECKING:
    from msssm_ts.cli.crossval.folds import Fold
    from msssm_ts.cli.crossval.run import Run

FINISHED, GIVEN_UP, CUT_SHORT, FAILED = "finished", "given up", "cut short", "failed"
# Folds after which a trial may be given up, and how unlikely its folds then are to be as good.
_FEWEST_FOLDS, _UNLIKELY = 3, 0.05
# How often other settings are asked for where those proposed were tried already.
_ASKED = 50


@dataclass
class Trial:
    """Settings, and what their models came to on the folds so far.

    Parameters
    ----------
    number : int
        From 0, which has the settings that were asked for.
    choices : mapping
        Those of the space, by option.
    folds : list of dict
        By fold ``scores``, ``seconds``, ``notes`` and the ``kinds`` of members that
        vote, and ``epochs`` of training.
    state : str
        What became of it.
    reason : str
        Why it failed.
    """

    number: int
    choices: Choices
    folds: list[dict[str, Any]] = field(default_factory=list)
    state: str = CUT_SHORT
    reason: str = ""

    def scores(self, name: str) -> list[float]:
        """Return its folds' scores."""
        return [fold["scores"][name] for fold in self.folds]

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return float(sum(fold["seconds"] for fold in self.folds))


@dataclass
class Search:
    """A search on its way.

    Parameters
    ----------
    run : Run
        The folds, with the settings that were asked for.
    candidates : Candidates
        What can be chosen.
    score : str
        Which is to be best, of :data:`SCORE_NAMES`.
    n_trials : int or None
        How many at most.
    seconds : float or None
        How long at most.
    trials : list of Trial
        Those so far.
    stopped : str
        Why there are no more.
    more : str
        The option that asks for more; empty where there is no more to try.
    absent : dict of str to set of str
        See :meth:`msssm_ts.cli.tune.choices.Candidates.acts`.
    """

    run: Run
    candidates: Candidates
    score: str
    n_trials: int | None
    seconds: float | None
    trials: list[Trial] = field(default_factory=list)
    stopped: str = ""
    more: str = ""
    absent: dict[str, set[str]] = field(default_factory=dict)
    _began: float = field(default_factory=time.perf_counter)
    _earlier: float = 0.0

    @property
    def sign(self) -> float:
        """−1 where less is better."""
        return -1.0 if self.score == "log_loss" else 1.0

    @property
    def best(self) -> Trial | None:
        """The best trial that is finished; of equal ones the first."""
        finished = [trial for trial in self.trials if trial.state == FINISHED]
        return max(finished, key=self._value, default=None)

    def _value(self, trial: Trial) -> float:
        return self.sign * float(np.mean(trial.scores(self.score)))

    def go(self, quiet: bool) -> None:
        """Try settings until there is no time, or no other settings.

        Raises
        ------
        InputError
            If the settings that were asked for cannot be used.
        """
        while self.n_trials is None or len(self.trials) < self.n_trials:
            choices = self._next()
            if choices is None:
                self.stopped = f"all {len(self.trials)} settings of the space have been tried"
                return
            trial = Trial(len(self.trials), choices)
            self.trials.append(trial)
            self._try(trial, quiet)
            if trial.state == CUT_SHORT:
                if not trial.folds:
                    self.trials.pop()
                self.stopped, self.more = "the time is up", "--time-budget TIME"
                return
            self._tell(trial, quiet)
        asked = counted(self.n_trials, "trial was", "trials were")
        self.stopped, self.more = f"{asked} asked for", "--trials N"

    def _next(self) -> Choices | None:
        """Return other settings than those of all trials; None: there are none."""
        number = len(self.trials)
        kept = self.run.checkpoint.kept_work(_stage(number, self.run.folds[0]))
        if kept is not None:
            return dict(kept.facts["choices"])
        if number == 0:
            asked = self.candidates.asked
            return {k: v for k, v in asked.items() if self._acts(k, asked)}
        known = {self.candidates.identity(trial.choices) for trial in self.trials}
        for choices in self._singles():
            if self._is_new(choices, known):
                return choices
        for attempt in range(_ASKED):
            choices = self._proposed(number, attempt)
            if self._is_new(choices, known):
                return choices
        everything = self.candidates.all_settings(self.absent, number)
        return next((each for each in everything if self._is_new(each, known)), None)

    def _singles(self) -> Iterator[Choices]:
        """Yield the settings asked for with another value of one option, of each in turn.

        What was asked for, the defaults as a rule, is seldom bad: steps from there say more than
        settings that are all drawn.
        """
        asked = self.candidates.asked
        for key, values in self.candidates.values.items():
            if self._acts(key, asked):
                changed = {**asked, key: values[1]}
                yield {k: v for k, v in changed.items() if self._acts(k, changed)}

    def _is_new(self, choices: Choices, known: set[str]) -> bool:
        try:
            return self.candidates.identity(choices) not in known
        except InputError:
            # Each can be used, but not these together.
            return False

    def _acts(self, key: str, chosen: Choices) -> bool:
        return self.candidates.acts(key, chosen, self.absent)

    def _proposed(self, number: int, attempt: int) -> Choices:
        """Ask for settings, by the trials so far and a seed of this trial's own.

        So a search that goes on proposes what it would have without the cut.
        """
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        entropy = (self.run.settings["random_state"], number, attempt)
        seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=len(self.candidates.values)
            ),
            direction="maximize",
        )
        kinds = {
            key: optuna.distributions.CategoricalDistribution(values)
            for key, values in self.candidates.values.items()
        }
        for trial in self.trials:
            if not trial.folds:
                continue
            given_up = trial.state != FINISHED
            value = self._value(trial)
            study.add_trial(
                optuna.trial.create_trial(
                    params=dict(trial.choices),
                    distributions={key: kinds[key] for key in trial.choices},
                    value=None if given_up else value,
                    intermediate_values={len(trial.folds): value} if given_up else {},
                    state=getattr(optuna.trial.TrialState, "PRUNED" if given_up else "COMPLETE"),
                )
            )
        asked = study.ask()
        chosen: dict[str, Any] = {}
        for key, values in self.candidates.values.items():
            if self._acts(key, chosen):
                chosen[key] = asked.suggest_categorical(key, values)
        return chosen

    def _try(self, trial: Trial, quiet: bool) -> None:
        """Fit and score a trial on its folds, as far as there is time and hope."""
        run = replace(self.run, settings=self.candidates.settings(trial.choices))
        for fold in run.folds:
            stage = _stage(trial.number, fold)
            kept = run.checkpoint.kept_work(stage)
            if kept is not None:
                found = dict(kept.facts)
                self._earlier += found["seconds"]
            elif self._is_over(trial):
                return
            else:
                name = f"trial {trial.number}, {fold.name}"
                try:
                    found = self._found(run, replace(fold, name=name), trial, quiet)
                except (InputError, TrainingError) as error:
                    if trial.number == 0:
                        raise
                    trial.state, trial.reason = FAILED, str(error)
                    return
                arrays = {"score": np.array([found["scores"][self.score]])}
                run.checkpoint.keep_work(stage, Kept(arrays, found))
            trial.folds.append(found)
            self._see_absent(trial, found)
            if self._is_hopeless(trial):
                trial.state = GIVEN_UP
                return
        trial.state = FINISHED

    def _found(self, run: Run, fold: Fold, trial: Trial, quiet: bool) -> dict[str, Any]:
        """Fit a fold's model, and return what there is to keep of it."""
        from msssm_ts.cli.crossval.scores import scores_of

        answers = run.answer(fold, quiet)
        scores = scores_of(run.targets, run.names, fold.test, answers)
        if scores.get(self.score) is None:
            raise InputError(
                f"--score {self.score}: {fold.name} has none of it; ask for another score, or for "
                "fewer folds"
            )
        return {
            "choices": dict(trial.choices),
            "scores": {name: scores[name] for name in SCORE_NAMES if name in scores},
            **{name: answers.facts[name] for name in ("seconds", "notes", "kinds", "epochs")},
        }

    def _see_absent(self, trial: Trial, found: dict[str, Any]) -> None:
        """Remember which members did not come to vote on these series."""
        voters = self.candidates.voters(trial.choices)
        missing = set(voters.split(",")) - set(found["kinds"])
        if found["epochs"]:
            # With other settings what was trained in vain may not be.
            missing = {kind for kind in missing if not MEMBERS.get(kind).learns_by_steps}
        before = self.absent.get(voters)
        self.absent[voters] = missing if before is None else before & missing

    def _is_hopeless(self, trial: Trial) -> bool:
        """Whether it is clearly worse than the best, by the folds that both have."""
        done, best = len(trial.folds), self.best
        if best is None or not _FEWEST_FOLDS <= done < len(self.run.folds):
            return False
        behind = self.sign * np.subtract(trial.scores(self.score), best.scores(self.score)[:done])
        if np.allclose(behind, behind[0]):
            return bool(behind[0] < 0)
        from scipy.stats import ttest_1samp

        return bool(ttest_1samp(behind, 0, alternative="less").pvalue < _UNLIKELY)

    @property
    def elapsed(self) -> float:
        """Seconds of this search, in all processes."""
        return self._earlier + time.perf_counter() - self._began

    def _is_over(self, trial: Trial) -> bool:
        """Whether there is no time for another fold; the settings asked for get theirs."""
        if self.seconds is None or trial.number == 0:
            return False
        # By its own folds, if there are any: trials take seconds, or minutes.
        tried = [trial] if trial.folds else self.trials
        folds = [fold["seconds"] for each in tried for fold in each.folds]
        return self.elapsed + float(np.mean(folds)) > self.seconds

    def _tell(self, trial: Trial, quiet: bool) -> None:
        """Say what came of a trial, and how long the rest may take."""
        name, settings = f"trial {trial.number}", told(trial, self.candidates.asked)
        most = self._most()
        if most is not None:
            name += f" of {most - 1}"
        if trial.state == FAILED:
            say(
                f"{name} ({settings}): failed: {trial.reason}",
                quiet=quiet,
            )
            return
        best = self.best
        assert best is not None
        scores = trial.scores(self.score)
        shown = f"{SCORE_NAMES[self.score]} {np.mean(scores):.4f} ± {standard_error(scores):.4f}"
        if trial.state == GIVEN_UP:
            shown += f", given up after {counted(len(scores), 'fold')}"
        top = f"best {np.mean(best.scores(self.score)):.4f} (trial {best.number})"
        say(
            f"{name} ({settings}): {shown}; {top}; {trial.seconds:.1f} s{self._left()}", quiet=quiet
        )

    def _most(self) -> int | None:
        """Return how many trials there can be; None: as many as there is time for."""
        bounds = (self.n_trials, self.candidates.count(self.absent))
        return min((n for n in bounds if n is not None), default=None)

    def _left(self) -> str:
        """Say how long the rest may take: by the trials so far, and the time that there is."""
        left: list[float] = []
        most = self._most()
        if most is not None:
            mean = sum(trial.seconds for trial in self.trials) / len(self.trials)
            left.append(mean * (most - len(self.trials)))
        if self.seconds is not None:
            left.append(max(0.0, self.seconds - self.elapsed))
        least = min(left, default=0.0)
        return f", about {least:.0f} s left" if least else ""


def told(trial: Trial, asked: Choices) -> str:
    """Say which settings a trial has that are not those that were asked for."""
    other = [
        f"{key} {'unset' if value is None else value}"
        for key, value in trial.choices.items()
        if value != asked[key]
    ]
    return ", ".join(other) or "as asked"


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of a mean over folds; NaN of a single one."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _stage(number: int, fold: Fold) -> str:
    return f"trial{number}-{fold.stage}"
