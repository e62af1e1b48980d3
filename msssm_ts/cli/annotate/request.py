"""What the user asks ``msssm-ts annotate`` for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.annotation.detection import DETECTORS
from msssm_ts.annotation.files import check_edf
from msssm_ts.cli.shown.files import claim, make_folder
from msssm_ts.errors import InputError

# What follows the annotator's name, by format.
_ENDINGS = {"wfdb": "", "csv": ".csv", "edf+": ".edf"}
# Names of annotators, and those that would be another file of a record.
_SUFFIX = re.compile(r"[A-Za-z0-9_]+")
_TAKEN = ("hea", "dat", "mat", "edf", "bdf", "ecg", "csv", "png")


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Parameters
    ----------
    annotator : str or None
        Whose beats are labelled; None to find them.
    detector : str or None
        What finds them; None where the user does not say.
    lead : str or None
        Where.
    window : tuple of two floats or None
        Seconds before and after a beat, where the model does not say.
    every : float or None
        Seconds of a piece, where whole pieces are labelled.
    form, suffix : str
        Of the files.
    picture : bool
        Whether to draw.
    out : Path or None
        The folder of the files.
    force : bool
        Whether files are replaced.
    """

    annotator: str | None
    detector: str | None
    lead: str | None
    window: tuple[float, float] | None
    every: float | None
    form: str
    suffix: str
    picture: bool
    out: Path | None
    force: bool

    def check(self) -> None:
        """Refuse what cannot be done, or has nothing to act on.

        Raises
        ------
        InputError
            Naming the option.
        """
        if self.form not in _ENDINGS:
            raise InputError(f"--format {self.form}: must be wfdb, csv or edf+")
        if self.form == "edf+":
            check_edf()
        if self.detector is not None and self.detector not in DETECTORS:
            raise InputError(f"--detector {self.detector}: must be {' or '.join(DETECTORS)}")
        if not _SUFFIX.fullmatch(self.suffix) or self.suffix.lower() in _TAKEN:
            raise InputError(
                f"--suffix {self.suffix}: must be letters and digits, and no suffix of a record"
            )
        if self.annotator is not None and self.detector is not None:
            raise InputError("--annotator and --detector: give one of them")
        if self.lead is not None and self.annotator is not None and not self.picture:
            raise InputError(
                "--lead: the beats are annotated, and nothing is drawn (--picture); leave it out"
            )
        window, every = self.window, self.every
        if window is not None and every is not None:
            raise InputError("--window cuts out beats, --every whole pieces; leave one out")
        if window is not None and not (min(window) >= 0 and sum(window) > 0):
            raise InputError("--window: must be seconds before and after, not negative")
        if every is not None and not 0 < every < float("inf"):
            raise InputError(f"--every {every:g}: must be positive")

    def refuse_beats(self, model: str) -> None:
        """Refuse what acts on beats alone.

        Raises
        ------
        InputError
            Naming the option.
        """
        for option in ("annotator", "detector", "lead"):
            if getattr(self, option) is not None:
                raise InputError(
                    f"--{option} acts on beats, but {model} was not fitted on them: leave it out, "
                    "or say with --window A,B where a beat lies in its series"
                )

    def files_of(self, record: Path) -> dict[str, Path]:
        """Return the files to write for a record, by what they are."""
        stem = (self.out or record.parent) / f"{record.stem}.{self.suffix}"
        found = {"annotations": stem.with_name(stem.name + _ENDINGS[self.form])}
        if self.picture:
            found["picture"] = stem.with_name(f"{stem.name}.png")
        return found

    def claim(self, records: Sequence[Path]) -> None:
        """See that every file can be written, before anything long begins.

        Raises
        ------
        InputError
            If one is there and must stay, or would be written twice.
        """
        if self.out is not None:
            make_folder(self.out)
        own: dict[Path, Path] = {}
        for record in records:
            for file in self.files_of(record).values():
                if file in own:
                    raise InputError(
                        f"{file}: would be written for {own[file]} and for {record}; annotate "
                        "them apart, each with its own --out"
                    )
                own[file] = record
                read = record.with_name(f"{record.stem}.{self.annotator}")
                claim(file, force=self.force, inputs=(record, read))
