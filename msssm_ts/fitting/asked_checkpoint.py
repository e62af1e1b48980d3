"""The checkpoint that the estimators' ``fit`` is asked to keep, or to go on with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from msssm_ts.fitting.checkpoint import Checkpoint


@contextmanager
def asked_checkpoint(
    checkpoint: str | os.PathLike[str] | Checkpoint | None,
    resume: str | os.PathLike[str] | None,
) -> Iterator[Checkpoint | None]:
    """Give what ``fit(checkpoint=…, resume=…)`` asks for, and leave its folder to others behind it.

    Parameters
    ----------
    checkpoint, resume : as for :meth:`Checkpoint.of`
        What is asked for. What the caller made is the caller's to release.

    Raises
    ------
    InputError
        As :meth:`Checkpoint.of`.
    """
    kept = Checkpoint.of(checkpoint, resume)
    try:
        yield kept
    finally:
        if kept is not None and kept is not checkpoint:
            kept.release()
