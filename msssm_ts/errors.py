"""The exceptions that msssm-ts raises for what a user can put right."""

from __future__ import annotations

import errno
import os
from typing import Any

_OUT_OF_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class InputError(ValueError):
    """Data or options that cannot be used: one sentence with what, where and the remedy."""


class OptionError(InputError):
    """An option that a source has nothing for: a column it lacks, or no effect on its kind.

    Parameters
    ----------
    message : str
        The sentence.
    option : str
        The field of ``ReadOptions``.
    name : str
        What the source lacks, where the field holds several names.
    """

    def __init__(self, message: str, option: str = "", name: str = ""):
        super().__init__(message)
        self.option, self.name = option, name


class TrainingError(RuntimeError):
    """Training that could not go on: one sentence with what happened and the remedy.

    Parameters
    ----------
    message : str
        The sentence.
    partial : object, optional
        What can be used of it so far: a member, or a fitted model.
    """

    def __init__(self, message: str, partial: Any = None):
        super().__init__(message)
        self.partial = partial


class ProcessLostError(TrainingError):
    """Another of the processes that train a network is gone, or cannot be reached."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, and what can be used so far: a member, or a fitted model.

    Parameters
    ----------
    partial : object, optional
        None where there is nothing yet.
    """

    def __init__(self, partial: Any = None):
        super().__init__()
        self.partial = partial


class FetchError(RuntimeError):
    """A file of a store that could not be fetched: one sentence with its name and the reason."""


class ExportError(RuntimeError):
    """An exported file that does not do what its model does, or cannot be made: one sentence."""


class WritingError(OSError):
    """A file that could not be written: one sentence with its name and the reason.

    Parameters
    ----------
    file : path
        Which.
    error : OSError
        Why.
    remedy : str
        What is lost, or what to do.
    """

    def __init__(
        self,
        file: str | os.PathLike[str],
        error: OSError,
        remedy: str = "what was there is as it was",
    ):
        # Libraries put words of their own around the system's.
        known = os.strerror(error.errno) if error.errno is not None else error.strerror
        reason: str = (known or str(error) or type(error).__name__).lower()
        super().__init__(error.errno, reason)
        self.file, self.reason, self.remedy = os.fspath(file), reason, remedy

    @property
    def out_of_room(self) -> bool:
        """Whether the disk is to blame, not the name that was given."""
        return self.errno in _OUT_OF_ROOM

    def __str__(self) -> str:
        return f"{self.file}: cannot be written ({self.reason}); {self.remedy}"
