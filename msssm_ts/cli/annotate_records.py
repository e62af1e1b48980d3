"""What ``msssm-ts annotate`` does to its records, one after another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.annotation.annotated import AnnotatedBeats
from msssm_ts.annotation.detection import DETECTORS
from msssm_ts.annotation.files import (
    beat_rows,
    check_edf,
    check_symbols,
    wfdb_symbols,
    write_edf,
    write_wfdb,
)
from msssm_ts.annotation.recording import find_recordings, open_recording
from msssm_ts.annotation.rhythm import summary_of
from msssm_ts.atomic import replacing
from msssm_ts.cli.annotating import beat_window, find_beats, for_model, label_beats
from msssm_ts.cli.console import say
from msssm_ts.cli.csv_text import CsvText
from msssm_ts.cli.files import claim, make_folder, write_text
from msssm_ts.cli.steps import Steps
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.estimator import MSSSMClassifier

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
    detector : str
        What finds them.
    lead : str or None
        Where.
    window : tuple of two floats or None
        Seconds before and after a beat, where the model does not say.
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
    detector: str
    lead: str | None
    window: tuple[float, float] | None
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
        if self.detector not in DETECTORS:
            raise InputError(f"--detector {self.detector}: must be {' or '.join(DETECTORS)}")
        if not _SUFFIX.fullmatch(self.suffix) or self.suffix.lower() in _TAKEN:
            raise InputError(
                f"--suffix {self.suffix}: must be letters and digits, and no suffix of a record"
            )
        if self.lead is not None and self.annotator is not None and not self.picture:
            raise InputError(
                "--lead: the beats are annotated, and nothing is drawn (--picture); leave it out"
            )
        window = self.window
        if window is not None and not (min(window) >= 0 and sum(window) > 0):
            raise InputError("--window: must be seconds before and after, not negative")

    def files_of(self, record: Path) -> dict[str, Path]:
        """Return the files to write for a record, by what they are."""
        stem = (self.out or record.parent) / f"{record.stem}.{self.suffix}"
        found = {"annotations": stem.with_name(stem.name + _ENDINGS[self.form])}
        if self.picture:
            found["picture"] = stem.with_name(f"{stem.name}.png")
        return found


def annotate_records(
    model: str, sources: Sequence[Path], request: Request, *, device: str, quiet: bool
) -> dict[str, Any]:
    """Annotate recordings; return what there is to say of each, as JSON holds it.

    Of several, those that cannot be used are left out.

    Raises
    ------
    InputError
        If a request or the model cannot be used, a file must not be replaced, or no recording can
        be annotated.
    """
    from msssm_ts.estimator import MSSSMClassifier

    request.check()
    records = [file for source in sources for file in find_recordings(source)]
    _claim(records, request)
    classifier = MSSSMClassifier.load(model, device=device)
    window = _window(model, classifier, request)
    if classifier.multilabel_:
        raise InputError(f"{model}: gives several labels a series; annotate wants one a beat")
    if request.form == "wfdb":
        check_symbols([str(c) for c in classifier.label_names])
    rows: list[dict[str, Any]] = []
    left: list[dict[str, str]] = []
    with Steps(quiet) as steps:
        for record in records:
            try:
                rows.append(_annotate(record, window, classifier, request, steps, quiet))
            except InputError as error:
                if len(records) == 1:
                    raise
                left.append({"file": str(record), "why": str(error)})
    if not rows:
        raise InputError(f"none of {len(records)} records can be annotated: {left[0]['why']}")
    return {"model": model, "records": rows, "left_out": left}


def _claim(records: Sequence[Path], request: Request) -> None:
    """See that every file can be written, before anything long begins."""
    if request.out is not None:
        make_folder(request.out)
    own: dict[Path, Path] = {}
    for record in records:
        for file in request.files_of(record).values():
            if file in own:
                raise InputError(
                    f"{file}: would be written for {own[file]} and for {record}; annotate them "
                    "apart, each with its own --out"
                )
            own[file] = record
            read = record.with_name(f"{record.stem}.{request.annotator}")
            claim(file, force=request.force, inputs=(record, read))


def _window(model: str, classifier: MSSSMClassifier, request: Request) -> tuple[float, float]:
    own = beat_window(classifier.model_)
    if own is not None and request.window not in (None, own):
        raise InputError(
            f"--window: the model was fitted on {own[0]:g},{own[1]:g} s around beats; leave it out"
        )
    window = own or request.window
    if window is None:
        raise InputError(
            f"{model}: does not say that it was fitted on beats; say with --window A,B how many "
            "seconds of its series are before and after a beat"
        )
    return window


def _annotate(
    record: Path,
    window: tuple[float, float],
    classifier: MSSSMClassifier,
    request: Request,
    steps: Steps,
    quiet: bool,
) -> dict[str, Any]:
    """Annotate a recording, write its files, and return what there is to say."""
    said: set[str] = set()

    def tell(line: str) -> None:
        if line not in said:
            said.add(line)
            say(f"{record.stem}: {line}", quiet=quiet)

    recording = open_recording(record)
    for line in recording.odd:
        tell(line)
    own = for_model(recording, classifier.model_, tell)
    lead = own.only(own.channels[:1]) if request.lead is None else recording.only([request.lead])
    seconds = find_beats(recording, lead, request.annotator, request.detector, steps)
    beats = label_beats(own, seconds, window, classifier, steps, tell)
    files = request.files_of(record)
    _write(files["annotations"], request.form, beats, quiet)
    if request.picture:
        from msssm_ts.annotation.timeline import timeline_figure
        from msssm_ts.cli.pictures import save

        save(timeline_figure(lead, beats), files["picture"])
    return {
        "record": record.stem,
        "file": str(record),
        "beats_from": request.detector if request.annotator is None else f".{request.annotator}",
        "lead": lead.channels[0] if request.annotator is None else None,
        **summary_of(beats),
        "written": {what: str(file) for what, file in files.items()},
    }


def _write(file: Path, form: str, beats: AnnotatedBeats, quiet: bool) -> None:
    if form == "csv":
        table = CsvText()
        write_text(file, table.table(beat_rows(beats)))
        table.say_risky(quiet)
        return
    with replacing(file) as temporary:
        if form == "wfdb":
            notes = [""] * len(beats)
            write_wfdb(temporary, beats.places.tolist(), wfdb_symbols(beats), notes, beats.rate)
        else:
            texts = [label or "beat" for label in beats.labels.tolist()]
            write_edf(temporary, beats.seconds.tolist(), [None] * len(beats), texts)
