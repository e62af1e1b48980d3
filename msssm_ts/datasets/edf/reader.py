"""EDF, EDF+ and BDF recordings: whole, with a table of labels, or in pieces that are annotated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.edf.annotations import EdfAnnotation, read_edf_annotations
from msssm_ts.datasets.edf.form import EDF, SUFFIXES
from msssm_ts.datasets.edf.header import read_edf_header
from msssm_ts.datasets.edf.states import epoch_of, has_stages, pair_files, states_of
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.signals.build import labelled_pieces
from msssm_ts.datasets.signals.pieces import Rest
from msssm_ts.datasets.signals.reader import Found, describe_recordings, find, whole_of
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.errors import InputError

# Data records of a file in which its first stage of sleep is looked for.
_GLANCE = 64


def read_edf(source: Path, options: ReadOptions) -> LabelledSeries:
    """Read EDF and BDF files; signals are decoded when they are asked for.

    Files are series as a whole where a table in the folder gives them labels (columns ``file``
    and ``label``), or the folders they lie in do. Otherwise, where stages of sleep are annotated
    (in the file, or in one of annotations alone that is called alike), and always with
    ``options.episodes``, pieces that carry a state each are series: ``file:sample`` is their id,
    the file their group. Channels are those that all files have, by name, in one unit and at one
    rate; where signals of a file have several, slower ones are resampled to the fastest. Long gaps
    (EDF+D) divide a file, short ones are missing values.

    Parameters
    ----------
    source : Path
        A folder or a file.
    options : ReadOptions
        ``episodes`` for what is annotated; ``drop`` for channels; ``split`` where the table has a
        column with train and test.

    Raises
    ------
    InputError
        If no file can be read, they do not fit together, or an option has nothing to act on.

    Examples
    --------
    >>> import edfio, numpy as np, tempfile
    >>> file = Path(tempfile.mkdtemp(), "night.edf")
    >>> signal = edfio.EdfSignal(np.arange(500.0), sampling_frequency=100, label="EEG Cz")
    >>> edfio.Edf([signal]).write(file)
    >>> read_edf(file, ReadOptions()).summary()
    '1 series, 1 channel × 500 steps at 100 Hz, no labels'
    """
    files = [source] if source.is_file() else with_suffix(files_below(source), SUFFIXES)
    if not files:
        raise InputError(
            f"{source}: no .edf or .bdf file; found are {describe_files(files_below(source))}"
        )
    beside = files
    if source.is_file():
        beside = with_suffix(options.recordings or sorted(source.parent.iterdir()), SUFFIXES)
    recordings, notes = _apart(beside)
    if not source.is_file():
        if not recordings:
            raise InputError(
                f"{files[0]}: there are no signals in it, only annotations; put the recordings "
                "beside it"
            )
        files = recordings
    paired, left = pair_files(recordings, list(notes))
    outside = {f: [a for n in paired.get(f, ()) for a in _since(f, n, notes[n])] for f in files}
    stages = any(has_stages(own) for own in outside.values()) or _score_sleep(files)
    described = describe_recordings(source, options, EDF, files=files, by_folders=not stages)
    found = find(source, options, EDF, recordings=described)
    annotated = {
        f: [*found.joined.records[f].detail.annotations, *outside.get(f, ())]
        for f in found.recordings.files
    }
    account = found.recordings.account
    if source.is_dir():
        account = account.without(
            len(left), "files", "annotations alone, of no recording here", [f.name for f in left]
        )
    found = replace(found, recordings=replace(found.recordings, account=account))
    stages = any(has_stages(own) for own in annotated.values())
    if options.episodes is not None or (stages and found.recordings.labels is None):
        return _pieces(found, annotated, options)
    return whole_of(_naming(found, annotated), options)


def _apart(files: Sequence[Path]) -> tuple[list[Path], dict[Path, list[EdfAnnotation]]]:
    """Tell recordings from files of annotations alone."""
    recordings: list[Path] = []
    notes: dict[Path, list[EdfAnnotation]] = {}
    for file in files:
        try:
            header = read_edf_header(file)
        except InputError:
            # It is left out, and said, when it is read for good.
            recordings.append(file)
            continue
        if header.signals:
            recordings.append(file)
        else:
            notes[file] = read_edf_annotations(header)[0]
    return recordings, notes


def _score_sleep(files: Sequence[Path]) -> bool:
    """Whether recordings hold stages of sleep themselves, by their beginnings."""
    for file in files:
        try:
            if has_stages(read_edf_annotations(read_edf_header(file), _GLANCE)[0]):
                return True
        except InputError:
            continue
    return False


def _since(
    recording: Path, file: Path, annotations: Sequence[EdfAnnotation]
) -> list[EdfAnnotation]:
    """Return annotations of a file alone in seconds from the start of the recording.

    Where both files say when they begin, on one day or night, that counts.
    """
    try:
        header, here = read_edf_header(recording), read_edf_header(file).begin
    except InputError:
        return list(annotations)
    there, lasts = header.begin, header.n_records * header.duration
    if here is None or there is None:
        return list(annotations)
    later = (here - there).total_seconds()
    if not 0 < abs(later) < lasts:
        # The clock of one of them was removed.
        later = 0.0
    return [a._replace(onset=a.onset + later) for a in annotations]


def _naming(found: Found, annotated: Mapping[Path, Sequence[EdfAnnotation]]) -> Found:
    """Say which annotations are not used."""
    texts = Counter(a.text for own in annotated.values() for a in own)
    account = found.recordings.account.without(
        texts.total(),
        "annotations",
        "--episodes SECONDS takes those that last for labels",
        [text[:30] for text, _ in texts.most_common()],
    )
    return replace(found, recordings=replace(found.recordings, account=account))


def _pieces(
    found: Found, annotated: Mapping[Path, Sequence[EdfAnnotation]], options: ReadOptions
) -> LabelledSeries:
    seconds = options.episodes or epoch_of(a for own in annotated.values() for a in own)
    rest = Rest()
    joined = found.joined
    states = {
        f: states_of(own, joined.length_of(f) / joined.rate_of(f), rest.skipped)
        for f, own in annotated.items()
    }
    if not any(states.values()):
        raise InputError(
            f"{found.source}: --episodes takes what is annotated for labels, but no annotation "
            "lasts; leave it out to read whole files"
        )
    without = [f.name for f, own in states.items() if not own]
    stages = any(has_stages(own) for own in annotated.values())
    what = "stages of sleep" if stages else "annotations"
    kept = [i for i, f in enumerate(found.recordings.files) if states[f]]
    account = found.recordings.account.without(
        len(without), "files", f"no {what} in or beside them", without
    )
    account += Account().took("label", f"annotated {what}")
    if options.episodes is None:
        account = account.remarking(
            f"took the annotated {what} for labels of pieces of {seconds:g} s; --episodes says "
            "otherwise"
        )
    recordings = replace(found.recordings, account=account).take(kept)
    names = [found.names[i] for i in kept]
    return labelled_pieces(joined, recordings, names, states, rest, seconds, options, found.source)
