"""What a search can choose: the lines of its space that act, and the settings they make."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.fit.model_options import model_arguments
from msssm_ts.cli.fit.preparing import preparation_for, preparing_options
from msssm_ts.cli.fit.resuming import plain
from msssm_ts.cli.given.config import Key
from msssm_ts.cli.tune.spaces import SPACES
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries

# An option's value, by its key.
Choices = Mapping[str, Any]
# Settings of a space that are counted; of a larger one so many are drawn.
_COUNTED = 500
_NOBODY = "no member votes that it could act on; with --preset network one does"


@dataclass(frozen=True)
class Candidates:
    """The options that are searched, and their values.

    Parameters
    ----------
    options : mapping
        All that the command was asked, by parameter, as JSON holds it.
    keys : mapping of str to Key
        Its options, as files spell them.
    values : mapping of str to list
        What is tried, by key: first what was asked, which the first trial has.
    series : LabelledSeries
        That will be fitted.
    fixed : mapping
        The classifier's arguments that no trial changes.
    """

    options: Mapping[str, Any]
    keys: Mapping[str, Key]
    values: Mapping[str, Sequence[Any]]
    series: LabelledSeries
    fixed: Mapping[str, Any]

    @property
    def asked(self) -> Choices:
        """The settings that the command was asked for."""
        return {key: values[0] for key, values in self.values.items()}

    def with_choices(self, choices: Choices) -> dict[str, Any]:
        """Return the command's options with others chosen."""
        return {**self.options, **{self.keys[key].parameter: v for key, v in choices.items()}}

    def settings(self, choices: Choices) -> dict[str, Any]:
        """Return the classifier's arguments.

        Raises
        ------
        InputError
            If they cannot be used together.
        """
        options = self.with_choices(choices)
        preparation = preparation_for(preparing_options(options), self.series)
        return {**model_arguments(options), **self.fixed, "preparation": preparation}

    def identity(self, choices: Choices) -> str:
        """Return by what settings are known again, however they are said."""
        from msssm_ts.fitting.record import json_parameters

        return json.dumps(json_parameters(self.settings(choices)), sort_keys=True)

    def acts(self, key: str, choices: Choices, absent: Mapping[str, set[str]]) -> bool:
        """Whether an option has something to act on beside those that are chosen already.

        Parameters
        ----------
        key : str
            The option.
        choices : mapping
            What is chosen already.
        absent : mapping of str to set of str
            By who was to vote, from :meth:`voters`, the kinds of members that did not come to.
        """
        from msssm_ts.parameters import specs

        concerns = {name: spec.concerns for name, _, spec in specs()}
        wanted = concerns.get(self.keys[key].parameter, ())
        voters = self.voters(choices)
        return not wanted or bool(set(wanted) & set(voters.split(",")) - absent.get(voters, set()))

    def voters(self, choices: Choices) -> str:
        """Return who is to vote, the kinds between commas."""
        from msssm_ts.members.presets import seats

        found = model_arguments(self.with_choices(choices))
        wanted = seats(found["preset"], found["members"], not found["bidirectional"])
        return ",".join(seat.kind for seat in wanted)

    def count(self, absent: Mapping[str, set[str]]) -> int | None:
        """Return how many settings there are; None: more than anybody would try."""
        n = prod(map(len, self.values.values()))
        return None if n > _COUNTED else len(list(self.all_settings(absent, 0)))

    def all_settings(self, absent: Mapping[str, set[str]], seed: int) -> Iterator[Choices]:
        """Yield all settings, none twice by what acts; of a large space some, at random.

        Parameters
        ----------
        absent : mapping
            See :meth:`acts`.
        seed : int
            Which ones.
        """
        lists = list(self.values.values())
        every: Iterable[Sequence[Any]] = product(*lists)
        if prod(map(len, lists)) > _COUNTED:
            rng = random.Random(seed)
            every = ([rng.choice(values) for values in lists] for _ in range(_COUNTED))
        seen: set[str] = set()
        for each in every:
            chosen: dict[str, Any] = {}
            for key, value in zip(self.values, each, strict=True):
                if self.acts(key, chosen, absent):
                    chosen[key] = value
            name = json.dumps(chosen)
            if name not in seen:
                seen.add(name)
                yield chosen


def candidates(
    space: str,
    options: Mapping[str, Any],
    keys: Mapping[str, Key],
    series: LabelledSeries,
    fixed: Mapping[str, Any],
) -> tuple[Candidates, list[str]]:
    """Return what a space has for these series and options, and what is left out of it, and why.

    Raises
    ------
    InputError
        If nothing is left of it.
    """
    found = Candidates(options, keys, {}, series, fixed)
    as_asked, preset = found.identity({}), model_arguments(options)["preset"]
    values: dict[str, list[Any]] = {}
    without: dict[str, list[str]] = {}
    for line in SPACES[space].lines:
        key = keys[line.key]
        asked = preset if line.key == "preset" else options[key.parameter]
        if line.key == "preset" and options["members"] is not None:
            without["--members says who votes"] = [line.key]
            continue
        others, refused = [], 0
        for value in line.values_for(series):
            chosen = plain(key.value(value))
            try:
                other = found.identity({line.key: chosen}) != as_asked
            except InputError as error:
                without.setdefault(str(error), []).append(f"{line.key} {value}")
                refused += 1
                continue
            if other:
                others.append(chosen)
        if others and (line.key == "preset" or _ever_acts(found, line.key, values)):
            values[line.key] = [asked, *others]
        elif others:
            without.setdefault(_NOBODY, []).append(line.key)
        elif not refused:
            without.setdefault("there is nothing else to try", []).append(line.key)
    left_out = [f"{', '.join(names)} ({why})" for why, names in without.items()]
    if not values:
        raise InputError(
            f"--space {space}: nothing in it can be tried here: not {'; not '.join(left_out)}"
        )
    lines = [f"--space {space} without {each}" for each in left_out]
    return Candidates(options, keys, values, series, fixed), lines


def _ever_acts(found: Candidates, key: str, values: Mapping[str, Sequence[Any]]) -> bool:
    presets = values.get("preset")
    if presets is None:
        return found.acts(key, {}, {})
    return any(found.acts(key, {"preset": preset}, {}) for preset in presets)
