"""What a parameter may be: each says it for the documentation, and checks a value."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msssm_ts.errors import InputError
from msssm_ts.text import meant

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ClassWeight = Mapping[Any, float] | Literal["balanced"] | None


class Check(Protocol):
    """What a parameter may be."""

    @property
    def described(self) -> str:
        """The type, as a docstring names it."""

    def __call__(self, name: str, value: Any) -> None:
        """Raise ValueError or TypeError, naming the parameter, for anything else."""


@dataclass(frozen=True)
class Whole:
    """An integer (NumPy's are registered as such with :mod:`numbers`).

    Parameters
    ----------
    least : int
        The smallest.
    optional : bool
        Whether None may be given.
    auto : bool
        Whether "auto" may be given.
    most : int, optional
        The largest: what is beyond could not be kept in a model file, which limits what it reads.

    Examples
    --------
    >>> Whole(0)("n_scales", -1)
    Traceback (most recent call last):
    ...
    ValueError: n_scales must be at least 0, not -1
    """

    least: int = 1
    optional: bool = False
    auto: bool = False
    most: int | None = None

    @property
    def described(self) -> str:
        """The type, as a docstring names it."""
        return 'int or "auto"' if self.auto else "int"

    def __call__(self, name: str, value: Any) -> None:
        """Check a value."""
        if (self.optional and value is None) or (self.auto and _is_auto(value)):
            return
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"{name} must be an integer, not {value!r}")
        if value < self.least:
            raise ValueError(f"{name} must be at least {self.least}, not {value}")
        if self.most is not None and int(value) > self.most:
            raise ValueError(f"{name} must be at most {self.most}, not {value}")


@dataclass(frozen=True)
class Number:
    """A finite number from 0 on.

    Parameters
    ----------
    positive : bool
        Whether 0 is too little.
    below : float, optional
        What it must be smaller than.
    optional, auto : bool
        As of :class:`Whole`.
    unit : str
        What it counts, for messages.

    Examples
    --------
    >>> Number(below=1)("dropout", 1.5)
    Traceback (most recent call last):
    ...
    ValueError: dropout must lie in [0, 1), not 1.5
    """

    positive: bool = False
    below: float = float("inf")
    optional: bool = False
    auto: bool = False
    unit: str = ""

    @property
    def described(self) -> str:
        """The type, as a docstring names it."""
        return 'float or "auto"' if self.auto else "float"

    def __call__(self, name: str, value: Any) -> None:
        """Check a value."""
        if (self.optional and value is None) or (self.auto and _is_auto(value)):
            return
        if isinstance(value, bool) or not isinstance(value, Real):
            of = f" of {self.unit}" if self.unit else ""
            raise TypeError(f"{name} must be a number{of}, not {value!r}")
        number = float(value)
        if self.below < float("inf") and not 0 <= number < self.below:
            raise ValueError(f"{name} must lie in [0, {self.below:g}), not {value}")
        if self.positive and not 0 < number < float("inf"):
            raise ValueError(f"{name} must be positive, not {value}")
        if not 0 <= number < float("inf"):
            raise ValueError(f"{name} must not be negative, not {value}")


@dataclass(frozen=True)
class OneOf:
    """One of a few words, or of True and False.

    Parameters
    ----------
    choices : callable
        Returns them; asked when a value is checked, since registries may have grown by then.
    described : str
        The type, as a docstring names it.
    """

    choices: Callable[[], Sequence[Any]]
    described: str

    def __call__(self, name: str, value: Any) -> None:
        """Check a value."""
        allowed = tuple(self.choices())
        # NumPy's scalars are as good as Python's; an array is equal to nothing in one word.
        plain = value.item() if getattr(value, "shape", None) == () else value
        if not isinstance(plain, (str, bool)) or plain not in allowed:
            near = meant(plain, allowed, 0.5) if isinstance(plain, str) else ""
            raise ValueError(f"{name} must be one of {allowed}, not {value!r}{near}")


def one_of(*choices: Any) -> OneOf:
    """Return the check for fixed choices.

    Examples
    --------
    >>> one_of("a", "b").described
    '{"a", "b"}'
    """
    words = ", ".join(f'"{c}"' if isinstance(c, str) else repr(c) for c in choices)
    return OneOf(lambda: choices, f"{{{words}}}")


@dataclass(frozen=True)
class SeveralOf:
    """None, or some of a registry's names, each as often as it is wanted."""

    choices: Callable[[], Sequence[str]]
    described: str = "sequence of str"

    def __call__(self, name: str, value: Any) -> None:
        """Check a value."""
        if value is None:
            return
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise TypeError(f"{name} must be a sequence of names, not {value!r}")
        allowed = tuple(self.choices())
        for item in value:
            if item not in allowed:
                near = meant(str(item), allowed, 0.5)
                raise ValueError(f"{name} must hold some of {allowed}, not {item!r}{near}")
        if not value:
            raise ValueError(f"{name} must name one at least, of {allowed}")


@dataclass(frozen=True)
class Anything:
    """Whatever a function of its own accepts."""

    described: str
    check: Callable[[str, Any], None] = lambda name, value: None

    def __call__(self, name: str, value: Any) -> None:
        """Check a value."""
        self.check(name, value)


def check_preparation(name: str, value: Any) -> None:
    """Accept None, or settings that can be used."""
    from msssm_ts.preparation import Preparation

    if value is None:
        return
    if not isinstance(value, Preparation):
        raise TypeError(f"{name} must be a Preparation, not {value!r}")
    value.check()


# What networks can begin with beside a file.
BEGINNINGS = ("auto", "random", "pretrained")


def check_init(name: str, value: Any) -> None:
    """Accept "auto", "random", "pretrained", or an encoder that is there.

    Examples
    --------
    >>> check_init("init", "random")
    >>> check_init("init", "pre-trained")
    Traceback (most recent call last):
    ...
    ValueError: init must be 'auto', 'random', 'pretrained' or an encoder's file, not ...
    """
    if isinstance(value, (str, os.PathLike)):
        if value in BEGINNINGS or os.path.exists(value):
            return
        near = meant(os.fspath(value), BEGINNINGS)
    else:
        near = ""
    raise ValueError(
        f"{name} must be 'auto', 'random', 'pretrained' or an encoder's file, not {value!r}{near}"
    )


def check_cluster(name: str, value: Any) -> None:
    """Accept None, an address, or a client.

    Examples
    --------
    >>> check_cluster("cluster", "local:2")
    >>> check_cluster("cluster", "local:none")
    Traceback (most recent call last):
    ...
    ValueError: cluster must be an address such as tcp://10.0.0.1:8786, or local:4, not 'local:none'
    """
    if value is None or all(hasattr(value, n) for n in ("submit", "scatter", "subscribe_topic")):
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} must be an address or a distributed.Client, not {value!r}")
    first, colon, last = value.rpartition(":")
    if value == "local" or (colon and first and last.isdecimal() and int(last)):
        return
    raise ValueError(
        f"{name} must be an address such as tcp://10.0.0.1:8786, or local:4, not {value!r}"
    )


def check_class_weight(name: str, value: Any) -> None:
    """Accept None, "balanced", or weights by class.

    Examples
    --------
    >>> check_class_weight("class_weight", {"a": 1, "b": -2})
    Traceback (most recent call last):
    ...
    ValueError: class_weight must be numbers above 0, but 'b' has -2
    """
    if not (value is None or isinstance(value, Mapping) or value == "balanced"):
        raise ValueError(f"{name} must be a dict, 'balanced' or None, not {value!r}")
    for label, weight in value.items() if isinstance(value, Mapping) else ():
        if not (isinstance(weight, Real) and 0 < float(weight) < math.inf):
            leave = "; leave out the series of a class that is not to count" if weight == 0 else ""
            raise ValueError(f"{name} must be numbers above 0, but {label!r} has {weight!r}{leave}")


def check_seed(name: str, value: Any) -> None:
    """Accept None, a whole number from 0 on, or a RandomState.

    Examples
    --------
    >>> check_seed("random_state", 0)
    >>> check_seed("random_state", 1.5)
    Traceback (most recent call last):
    ...
    TypeError: random_state must be a whole number from 0 on, a RandomState or None, not 1.5
    """
    import numpy as np

    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if value is None or isinstance(value, np.random.RandomState) or (whole and value >= 0):
        return
    kind = ValueError if whole else TypeError
    raise kind(f"{name} must be a whole number from 0 on, a RandomState or None, not {value!r}")


def check_device(name: str, value: Any) -> None:
    """Accept the name of a device; whether it is there is another matter."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, such as 'auto', 'cpu' or 'cuda:0', not {value!r}")


def check_callbacks(name: str, value: Any) -> None:
    """Accept None, or several callables.

    Examples
    --------
    >>> check_callbacks("callbacks", print)
    Traceback (most recent call last):
    ...
    TypeError: callbacks must be a list of callables, not <built-in function print>
    """
    several = isinstance(value, Sequence) and not isinstance(value, str)
    if value is not None and not (several and all(map(callable, value))):
        raise TypeError(f"{name} must be a list of callables, not {value!r}")


def check_verbose(name: str, value: Any) -> None:
    """Accept True, False, and whole numbers from 0 on."""
    if not isinstance(value, Integral) or value < 0:
        raise TypeError(f"{name} must be 0, 1 or more, not {value!r}")


def check_adjacency(name: str, value: Any) -> None:
    """Accept None, the name of a file, or a square matrix of weights.

    Examples
    --------
    >>> check_adjacency("adjacency", [[0, 1], [1, 0]])
    >>> check_adjacency("adjacency", [[0, 1], [2, 0]])
    Traceback (most recent call last):
    ...
    ValueError: adjacency must be the same in both directions: it is not between 1 and 2
    """
    if value is None or isinstance(value, (str, os.PathLike)):
        return
    try:
        import numpy as np

        weights = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be a matrix of numbers or a file, not {value!r}") from error
    check_weights(name, weights, None)


def check_weights(what: str, weights: NDArray[np.float64], names: Sequence[str] | None) -> None:
    """Refuse what is no symmetric matrix of weights from 0 on, with a ValueError."""
    import numpy as np

    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise ValueError(f"{what} must be a square matrix, not of shape {weights.shape}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"{what} must hold finite weights from 0 on")
    off = np.argwhere(~np.isclose(weights, weights.T))
    if len(off):
        one, other = (i + 1 if names is None else repr(names[i]) for i in off[0])
        raise ValueError(
            f"{what} must be the same in both directions: it is not between {one} and {other}"
        )


def check_decision(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that say in two ways how a class is chosen, or half of one."""
    given = [name for name in ("sensitivity", "specificity") if parameters[name] is not None]
    aim = parameters["decide"]
    if len(given) == 2:
        raise InputError("sensitivity and specificity: a threshold can be chosen for one of them")
    if not given and parameters["pos_label"] is not None:
        raise InputError(
            "pos_label (--positive) names the class of an operating point: ask for a "
            "sensitivity or a specificity as well"
        )
    if given and aim not in ("auto", "accuracy"):
        raise InputError(
            f"decide={aim!r} beside {given[0]}: both say how a class is chosen; leave one of them "
            "out"
        )


def check_updatable(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that would leave series out of an updatable model's sums."""
    for name in ("at_most", "time_budget"):
        if parameters["updatable"] and parameters.get(name) is not None:
            raise InputError(
                f"updatable with {name}={parameters[name]:g}: sums are over every series, however "
                "long they take; leave one of them out"
            )


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"
