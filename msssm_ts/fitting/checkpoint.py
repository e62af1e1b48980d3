"""The folder that a fit keeps its work in, so that another process can go on with it."""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msssm_ts.atomic import remove_left_over, replacing
from msssm_ts.errors import InputError, WritingError
from msssm_ts.fitted.strict_json import parse_json
from msssm_ts.fitted.tensor_file import read_tensor_file, write_tensor_file
from msssm_ts.fitting.identity import check_same
from msssm_ts.fitting.kept_member import as_kept, from_kept
from msssm_ts.members.member import Member
from msssm_ts.members.problem import Problem
from msssm_ts.training import Kept

_KEY = "msssm_ts_checkpoint"
_IDENTITY, _CALL, _LOCK = "fit.json", "call.json", "lock"
_MEMBER, _WORK = ".member.safetensors", ".work.safetensors"
# Writing may take so much of the time that lies between two writes.
_SHARE = 1 / 60


class Checkpoint:
    """A folder with the members that are finished, and with what is known of the one that is not.

    Files are written all or nothing, at most one a member; what is due is written after a step,
    an epoch or a member, so that a fit that is killed loses ``every`` seconds, or one member that
    is not trained by steps.

    Parameters
    ----------
    folder : path
        Made where it does not exist; only one process at a time can have it.
    every : float
        Seconds between two writes, at least; more where writing takes long, so that it never
        takes more than a sixtieth of the time.
    resume : bool
        Whether to go on with what is in the folder, instead of beginning anew.
    warn : callable, optional
        Told in a sentence what does not stop a fit: that the disk is full.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every: float = 60.0,
        resume: bool = False,
        warn: Callable[[str], object] = warnings.warn,
    ):
        self.folder, self.every, self.resume, self.warn = Path(folder), every, resume, warn
        self._lock: Any = None
        self._pending: dict[str, tuple[Member, float]] = {}
        self._began = self._written = time.perf_counter()
        self._costs = [0.0]
        self._warned = False
        self._earlier = 0.0

    @classmethod
    def of(
        cls,
        checkpoint: str | os.PathLike[str] | Checkpoint | None,
        resume: str | os.PathLike[str] | None,
    ) -> Checkpoint | None:
        """Return what ``fit(checkpoint=…, resume=…)`` asks for.

        Parameters
        ----------
        checkpoint : path or Checkpoint, optional
            Where a fit that begins is kept.
        resume : path, optional
            Where one is that is gone on with.

        Returns
        -------
        Checkpoint or None

        Raises
        ------
        InputError
            If both are given, or there is no fit to go on with.
        """
        if resume is None:
            made = checkpoint is None or isinstance(checkpoint, Checkpoint)
            return checkpoint if made else cls(checkpoint)  # type: ignore[arg-type, return-value]
        if checkpoint is not None:
            raise InputError("checkpoint and resume: give the folder once")
        found = cls(resume, resume=True)
        if not found.has_fit:
            raise InputError(f"{found.folder}: no fit to go on with; give its checkpoint folder")
        return found

    def claim(self) -> None:
        """Make the folder and keep other processes out of it, until :meth:`release`.

        Raises
        ------
        InputError
            If another process has it, or it cannot be written.
        """
        from filelock import FileLock, Timeout

        if self._lock is not None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / _LOCK, timeout=0, thread_local=False)
            lock.acquire()
        except Timeout as error:
            raise InputError(
                f"{self.folder.parent}: another fit is writing to it; wait for it, or give another "
                "folder"
            ) from error
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written ({error.strerror})") from error
        self._lock = lock
        remove_left_over(self.folder)

    @property
    def has_work(self) -> bool:
        """Whether anything is in the folder that a fit could go on from."""
        return any(self.folder.glob(f"*{_MEMBER}")) or any(self.folder.glob(f"*{_WORK}"))

    @property
    def has_fit(self) -> bool:
        """Whether a fit has begun here, or a command that was to fit."""
        return any((self.folder / name).exists() for name in (_IDENTITY, _CALL))

    @property
    def seed(self) -> int | None:
        """Of the fit to go on with; None: there is none."""
        kept = self._read_json(_IDENTITY) if self.resume else None
        return None if kept is None else int(kept["seed"])

    @property
    def earlier_seconds(self) -> float:
        """How long earlier processes have worked, as far as it is kept."""
        return self._earlier

    def keep_call(self, call: Mapping[str, Any]) -> None:
        """Keep what a command was asked, before it begins, for the one that goes on with it.

        Parameters
        ----------
        call : mapping
            What JSON can hold.

        Raises
        ------
        WritingError
            If it cannot be written: better at once than after the night.
        """
        self._write_json(_CALL, call)

    @property
    def call(self) -> dict[str, Any] | None:
        """What :meth:`keep_call` kept."""
        return self._read_json(_CALL)

    @property
    def seconds_writing(self) -> float:
        """What keeping the work has taken so far, in this process."""
        return sum(self._costs)

    def begin(self, identity: Mapping[str, Any]) -> None:
        """Begin, or go on with the fit of this identity.

        Parameters
        ----------
        identity : mapping
            From :func:`msssm_ts.fitting.identity.identity`.

        Raises
        ------
        InputError
            If the fit in the folder had other data or settings, or there is none to go on with.
        """
        self.claim()
        kept = self._read_json(_IDENTITY) if self.resume else None
        if kept is not None:
            for line in check_same(identity, kept, str(self.folder)):
                self.warn(line)
        else:
            for file in (*self.folder.glob(f"*{_MEMBER}"), *self.folder.glob(f"*{_WORK}")):
                file.unlink()
            with self._failures_told():
                self._write_json(_IDENTITY, identity)
        self._began = self._written = time.perf_counter()

    def member(
        self, stage: str, kind: str, problem: Problem, device: str
    ) -> tuple[Member, float] | None:
        """Return a finished member and the seconds that it took; None: it was not finished.

        Parameters
        ----------
        stage : str
            Its place in the fit.
        kind : str
            What it has to be.
        problem : Problem
            What it learned.
        device : str
            Where it is to be.

        Returns
        -------
        (Member, float) or None

        Raises
        ------
        InputError
            If its file is damaged, or another kind's.
        """
        found = self._read(stage + _MEMBER)
        if found is None:
            return None
        try:
            return from_kept(*found, kind, problem, device)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise self._damaged(stage + _MEMBER, error) from error

    def finished(self, stage: str, member: Member, seconds: float) -> None:
        """Keep a member that is finished, at the next write.

        Parameters
        ----------
        stage : str
            Its place in the fit.
        member : Member
            As it will vote.
        seconds : float
            It took.
        """
        self._pending[stage] = (member, seconds)
        if self.is_due():
            self.flush()

    def is_due(self) -> bool:
        """Whether it is time to write."""
        # Not the last one alone: a disk that was busy once is no slow disk.
        wait = max(self.every, min(self._costs[-3:]) / _SHARE)
        return time.perf_counter() - self._written >= wait

    def flush(self) -> None:
        """Write the members that are finished."""
        if self._pending:
            with self._writing():
                self._write_members()

    def _write_members(self) -> None:
        for stage, (member, seconds) in list(self._pending.items()):
            self._write(stage + _MEMBER, *as_kept(member, seconds))
            (self.folder / (stage + _WORK)).unlink(missing_ok=True)
            del self._pending[stage]

    def kept_work(self, stage: str) -> Kept | None:
        """Return what a member kept of its work.

        Parameters
        ----------
        stage : str
            Its place in the fit.

        Returns
        -------
        Kept or None
        """
        found = self._read(stage + _WORK)
        return None if found is None else Kept(*found)

    def keep_work(self, stage: str, work: Kept) -> None:
        """Write a member's work, and the members that are finished.

        Parameters
        ----------
        stage : str
            Its place in the fit.
        work : Kept
            What it needs to go on.
        """
        with self._writing():
            self._write(stage + _WORK, work.arrays, work.facts)
            self._write_members()

    def end(self) -> None:
        """Say that a fit is over: what took long is kept until the model is."""
        if time.perf_counter() - self._began >= self.every:
            self.flush()

    def release(self) -> None:
        """Let other processes have the folder."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Checkpoint:
        self.claim()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        """Leave the folder to others; where a failure came before any work, nothing stays."""
        if kind is not None and issubclass(kind, Exception) and not self.has_work:
            self.remove()
        self.release()

    def remove(self) -> None:
        """Remove the folder with all that :class:`Checkpoint` has put there."""
        for pattern in (f"*{_MEMBER}", f"*{_WORK}", _IDENTITY, _CALL):
            for file in self.folder.glob(pattern):
                file.unlink(missing_ok=True)
        (self.folder / _LOCK).unlink(missing_ok=True)
        self.release()
        try:
            self.folder.rmdir()
        except OSError:
            # Somebody else's files are in it.
            return

    def _write(self, name: str, arrays: Mapping[str, Any], header: Mapping[str, Any]) -> None:
        elapsed = self._earlier + time.perf_counter() - self._began
        whole = {"work": dict(header), "elapsed": elapsed}
        write_tensor_file(self.folder / name, arrays, whole, _KEY)

    def _read(self, name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        file = self.folder / name
        if not self.resume or not file.exists():
            return None
        arrays, header = read_tensor_file(file, _KEY)
        try:
            self._earlier = max(self._earlier, float(header["elapsed"]))
            return arrays, dict(header["work"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged(name, error) from error

    def _damaged(self, name: str, error: Exception) -> InputError:
        return InputError(
            f"{self.folder / name}: damaged ({error}); remove it to do that part again"
        )

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        with replacing(self.folder / name) as temporary:
            temporary.write_text(json.dumps(dict(value), indent=1), encoding="utf-8")

    def _read_json(self, name: str) -> dict[str, Any] | None:
        file = self.folder / name
        if not file.exists():
            return None
        try:
            return dict(parse_json(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"{file}: damaged ({error}); begin anew with --force, or in another folder"
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Take the time of writing, whether there was room or not."""
        began = time.perf_counter()
        with self._failures_told():
            yield
        self._written = time.perf_counter()
        self._costs.append(self._written - began)

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        """Go on where the disk is full: a fit must not end by what should keep it."""
        try:
            yield
        except WritingError as error:
            if not self._warned:
                self._warned = True
                self.warn(f"{error}; the fit goes on, but what it has done is not kept")
