"""A fit by several processes: the first decides and writes, the others train networks with it.

Members in closed form are fitted by the first alone: they take less time than a network, and some
of them have a time of their own to keep to.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from msssm_ts.errors import InputError, Interrupted, ProcessLostError, TrainingError
from msssm_ts.members import MEMBERS
from msssm_ts.members.member import Member
from msssm_ts.members.presets import Seat
from msssm_ts.members.problem import Problem
from msssm_ts.training.processes import current

# What must be alike of the identity of a fit.
_ALIKE = {"settings": "settings", "data": "training data", "versions": "versions"}


class ShareDone(Exception):
    """A process that is not the first has done its share: the model is the first one's."""


def check_alike(identity: Mapping[str, Any]) -> None:
    """Refuse processes that would not train the same network.

    Parameters
    ----------
    identity : mapping
        From :func:`msssm_ts.fitting.identity.identity`.

    Raises
    ------
    InputError
        In all of them, naming what differs.
    """
    first, *others = current().together([dict(identity)])
    for rank, other in enumerate(others, 1):
        for part, name in _ALIKE.items():
            differ = [what for what, value in first[part].items() if other[part].get(what) != value]
            if differ:
                raise InputError(
                    f"process {rank} has other {name} than the first ({', '.join(differ)}): give "
                    "all of them the same files, options and versions"
                )


@contextmanager
def leading(kind: type[Member], seat: Seat, i: int, seconds: float | None) -> Iterator[None]:
    """Let the other processes fit a member that is trained, as the first does inside."""
    if kind.learns_by_steps:
        current().give(
            {"kind": seat.kind, "options": dict(seat.options), "i": i, "seconds": seconds}
        )
    try:
        yield
    except ProcessLostError:
        # By this signal torchrun ends all when one has failed: what there is is kept first.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise


def follow(problem: Problem, parameters: Mapping[str, Any], seed: int) -> NoReturn:
    """Train what the first process trains, until it has no more.

    Parameters
    ----------
    problem : Problem
        What members that learn by steps learn.
    parameters : mapping
        The estimator's, checked.
    seed : int
        Of the fit.

    Raises
    ------
    ShareDone
        At the end.
    ProcessLostError
        If another process is gone.
    """
    for task in current().tasks():
        try:
            MEMBERS.get(task["kind"]).fit(
                problem, seed + task["i"], {**parameters, **task["options"]}, None, task["seconds"]
            )
        except ProcessLostError:
            raise
        except Interrupted:
            # Else the first would wait for it in the next step.
            if not current().has_stopped:
                raise
        except TrainingError:
            # All have come to it together, and the first one says what follows.
            continue
    raise ShareDone


def remarks(n_trained: int) -> tuple[str, ...]:
    """Say where several processes had nothing to share."""
    count = current().count
    if count == 1 or n_trained:
        return ()
    return (f"no network was trained: of {count} processes the first did all of the work",)
