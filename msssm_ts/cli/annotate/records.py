"""What ``msssm-ts annotate`` does to its records, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.annotation.annotated import AnnotatedBeats
from msssm_ts.annotation.files import (
    beat_rows,
    check_notes,
    check_symbols,
    wfdb_symbols,
    write_edf,
    write_wfdb,
)
from msssm_ts.annotation.pieces import (
    AnnotatedPieces,
    piece_rows,
    rhythm_changes,
    summary_of_pieces,
)
from msssm_ts.annotation.recording import Recording, find_recordings, open_recording
from msssm_ts.annotation.rhythm import summary_of
from msssm_ts.atomic import replacing
from msssm_ts.cli.annotate.annotating import beat_window, find_beats, for_model, label_beats
from msssm_ts.cli.annotate.pieces import label_pieces, seconds_of_pieces
from msssm_ts.cli.annotate.request import Request
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.csv_text import CsvText
from msssm_ts.cli.shown.files import write_text
from msssm_ts.cli.shown.pictures import save
from msssm_ts.cli.shown.steps import Steps
from msssm_ts.errors import InputError
from msssm_ts.model_path import find_model
from msssm_ts.text import counted

if TYPE_CHECKING:
    from msssm_ts.estimator import MSSSMClassifier

Tell = Callable[[str], None]
# Annotates a recording, writes files, and returns what there is to say.
Act = Callable[[Recording, dict[str, Path], Steps, Tell], dict[str, Any]]


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
    request.check()
    find_model(model, *map(str, sources))

    from msssm_ts.estimator import MSSSMClassifier

    every = [file for source in sources for file in find_recordings(source)]
    records = list(dict.fromkeys(every))
    if len(records) < len(every):
        twice = counted(len(every) - len(records), "record")
        say(f"{twice} named twice, or in a folder that is named, too: annotated once", quiet=quiet)
    classifier = MSSSMClassifier.load(model, device=device)
    act = _act(model, classifier, request, quiet)
    request.claim(records)
    rows: list[dict[str, Any]] = []
    left: list[dict[str, str]] = []
    with Steps(quiet) as steps:
        for record in records:
            try:
                rows.append(_annotate(record, act, request, steps, quiet))
            except InputError as error:
                if len(records) == 1:
                    raise
                left.append({"file": str(record), "why": str(error)})
    if not rows:
        raise InputError(f"none of {len(records)} records can be annotated: {left[0]['why']}")
    return {"model": model, "records": rows, "left_out": left}


def _act(model: str, classifier: MSSSMClassifier, request: Request, quiet: bool) -> Act:
    """Choose between beats and pieces."""
    if classifier.multilabel_:
        raise InputError(f"{model}: gives several labels a series; annotate wants one")
    classes = [str(c) for c in classifier.label_names]
    own = beat_window(classifier.model_)
    window = own or request.window
    if window is None:
        request.refuse_beats(model)
        if request.form == "wfdb":
            check_notes(classes)
        seconds = seconds_of_pieces(model, classifier.model_, request.every, quiet)
        return partial(_pieces, seconds, classifier, request)
    if request.every is not None:
        raise InputError(f"--every: {model} was fitted on beats; leave it out")
    if own is not None and request.window not in (None, own):
        raise InputError(
            f"--window: the model was fitted on {own[0]:g},{own[1]:g} s around beats; leave it out"
        )
    if request.form == "wfdb":
        check_symbols(classes)
    return partial(_beats, window, classifier, request)


def _annotate(
    record: Path, act: Act, request: Request, steps: Steps, quiet: bool
) -> dict[str, Any]:
    said: set[str] = set()

    def tell(line: str) -> None:
        if line not in said:
            said.add(line)
            say(f"{record.stem}: {line}", quiet=quiet)

    recording = open_recording(record)
    for line in recording.odd:
        tell(line)
    files = request.files_of(record)
    found = act(recording, files, steps, tell)
    written = {what: str(file) for what, file in files.items()}
    return {"record": record.stem, "file": str(record), **found, "written": written}


def _beats(
    window: tuple[float, float],
    classifier: MSSSMClassifier,
    request: Request,
    recording: Recording,
    files: dict[str, Path],
    steps: Steps,
    tell: Tell,
) -> dict[str, Any]:
    own = for_model(recording, classifier.model_, tell)
    lead = own.only(own.channels[:1]) if request.lead is None else recording.only([request.lead])
    detector = request.detector or "xqrs"
    seconds = find_beats(recording, lead, request.annotator, detector, steps)
    beats = label_beats(own, seconds, window, classifier, steps, tell)
    _write_beats(files["annotations"], request.form, beats)
    if request.picture:
        from msssm_ts.annotation.timeline import timeline_figure

        save(timeline_figure(lead, beats), files["picture"])
    return {
        "beats_from": detector if request.annotator is None else f".{request.annotator}",
        "lead": lead.channels[0] if request.annotator is None else None,
        **summary_of(beats),
    }


def _pieces(
    seconds: float,
    classifier: MSSSMClassifier,
    request: Request,
    recording: Recording,
    files: dict[str, Path],
    steps: Steps,
    tell: Tell,
) -> dict[str, Any]:
    own = for_model(recording, classifier.model_, tell)
    pieces = label_pieces(own, seconds, classifier, steps, tell)
    _write_pieces(files["annotations"], request.form, pieces)
    if request.picture:
        from msssm_ts.annotation.pieces_figure import pieces_figure

        save(pieces_figure(pieces), files["picture"])
    return summary_of_pieces(pieces)


def _write_beats(file: Path, form: str, beats: AnnotatedBeats) -> None:
    if form == "csv":
        write_text(file, CsvText().table(beat_rows(beats)))
        return
    with replacing(file) as temporary:
        if form == "wfdb":
            notes = [""] * len(beats)
            write_wfdb(temporary, beats.places.tolist(), wfdb_symbols(beats), notes, beats.rate)
        else:
            texts = [label or "beat" for label in beats.labels.tolist()]
            write_edf(temporary, beats.seconds.tolist(), [None] * len(beats), texts)


def _write_pieces(file: Path, form: str, pieces: AnnotatedPieces) -> None:
    if form == "csv":
        write_text(file, CsvText().table(piece_rows(pieces)))
        return
    with replacing(file) as temporary:
        if form == "wfdb":
            places, notes = rhythm_changes(pieces)
            write_wfdb(temporary, places, ["+"] * len(places), notes, pieces.rate)
        else:
            spans = [span for span in pieces.spans if span.label]
            durations = [span.stop - span.start for span in spans]
            write_edf(temporary, [s.start for s in spans], durations, [s.label for s in spans])
