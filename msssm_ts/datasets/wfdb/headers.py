"""Headers of WFDB records.

The format is that of header(5) in the WFDB Applications Guide
(https://physionet.org/physiotools/wag/header-5.htm).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.errors import InputError

# Bytes a sample takes in the formats that do not compress.
_SAMPLE_BYTES = {
    "8": 1.0,
    "16": 2.0,
    "24": 3.0,
    "32": 4.0,
    "61": 2.0,
    "80": 1.0,
    "160": 2.0,
    "212": 1.5,
    "310": 4 / 3,
    "311": 4 / 3,
}
_DEFAULT_RATE = 250.0
_DEFAULT_GAIN = 200.0
_FORMAT = re.compile(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$")
_GAIN = re.compile(r"(-?[\d.]+(?:e[+-]?\d+)?)?(?:\((-?\d+)\))?(?:/(\S+))?$", re.IGNORECASE)
_SEGMENTS = re.compile(r"(.*)/(\d+)$")


# Of files; no system takes longer ones.
_LONGEST_NAME = 240


@dataclass(frozen=True)
class SignalLine:
    """What a header says of a signal.

    Parameters
    ----------
    file : str
        Where its samples are, as written.
    form : str
        Format of the samples.
    per_frame : int
        Samples a frame.
    offset : int
        Bytes before the first.
    unit : str
        Of its values.
    gain, baseline : float
        Steps of the converter a unit, and the step at zero; 200 where there is no gain.
    calibrated : bool
        Whether there is a gain.
    skewed : bool
        Whether its samples are shifted against those of others.
    checksum : int
        The sum of its samples, or 16 bits of it; 0 where it is not said.
    name : str
        Its description.
    """

    file: str
    form: str
    per_frame: int
    offset: int
    unit: str
    gain: float
    baseline: int
    calibrated: bool
    skewed: bool
    checksum: int
    name: str


@dataclass(frozen=True)
class RecordHeader:
    """What the header of a record says.

    Parameters
    ----------
    stem : Path
        The record's path without suffix.
    frame_rate : float
        Frames a second; annotations count in them, where they do not say otherwise.
    n_frames : int
        Frames.
    signals : tuple of SignalLine
        The signals.
    segments : tuple of (str, int)
        Names and frames of the records that it joins, if it does; ``~`` is a gap.
    comments : tuple of str
        Lines of comment, without the mark.
    rate_said : bool
        Whether the header says the rate.
    """

    stem: Path
    frame_rate: float
    n_frames: int
    signals: tuple[SignalLine, ...]
    segments: tuple[tuple[str, int], ...]
    comments: tuple[str, ...]
    rate_said: bool = True

    @property
    def file(self) -> Path:
        """The header file."""
        return as_spelt(self.stem.with_name(f"{self.stem.name}.hea"))

    @property
    def leads(self) -> tuple[str, ...]:
        """Names of the signals."""
        return tuple(s.name for s in self.signals)

    @property
    def per_frame(self) -> int:
        """Samples a frame of the fastest signal."""
        return max(s.per_frame for s in self.signals)

    @property
    def sampling_rate(self) -> float:
        """Samples a second of the fastest signal."""
        return self.frame_rate * self.per_frame

    @property
    def n_samples(self) -> int:
        """Samples of the fastest signal."""
        return self.n_frames * self.per_frame


def read_record_header(stem: Path) -> RecordHeader:
    """Read a record's header and see that its signals are there.

    Raises
    ------
    InputError
        If the header cannot be understood, or a signal file is missing or too short.
    """
    header = parse_header(stem)
    signals, comments = header.signals, list(header.comments)
    segments = [(name, n) for name, n in header.segments if name != "~"]
    for k, (name, n) in enumerate(segments):
        part = parse_header(stem.with_name(name))
        # The first of no length lays out the signals; others have some of them.
        signals = signals or part.signals
        comments += part.comments
        if n:
            _check_signal_files(part, n)
            _check_segment(header, part, signals, laid_out=not segments[0][1])
        elif k:
            raise InputError(f"{header.file}: segment {name} is empty; take its line out")
    if not signals:
        raise InputError(f"{header.file}: the record has no signals; remove it")
    n_frames = header.n_frames
    if not header.segments:
        n_frames = n_frames if n_frames >= 0 else _frames_there(header)
        _check_signal_files(header, n_frames)
    elif sum(n for _, n in header.segments) != n_frames:
        raise InputError(
            f"{header.file}: its segments have {sum(n for _, n in header.segments)} samples, not "
            f"the {n_frames} that it says; mend the header"
        )
    if not n_frames:
        raise InputError(f"{header.file}: the record is empty (0 samples); remove it")
    return RecordHeader(
        stem,
        header.frame_rate,
        n_frames,
        signals,
        header.segments,
        tuple(comments),
        header.rate_said,
    )


def _check_segment(
    record: RecordHeader, part: RecordHeader, signals: Sequence[SignalLine], *, laid_out: bool
) -> None:
    """Refuse a segment with another rate than its record, or other leads or units."""
    for what, own, its in (
        ("rate", f"{part.frame_rate:g} Hz", f"{record.frame_rate:g} Hz"),
        # Where a segment lays them out, others have some of the signals, by name.
        ("leads", _in_words(part.leads), _in_words([s.name for s in signals])),
        ("units", _in_words([s.unit for s in part.signals]), _in_words([s.unit for s in signals])),
    ):
        if own and its and own != its and (what == "rate" or not laid_out):
            raise InputError(
                f"{record.file}: segment {part.stem.name} has other {what} ({own}) than the record "
                f"({its}); mend the header, or read its segments as records of their own"
            )


def _in_words(names: Sequence[str]) -> str:
    """Return names in a line; nothing where some are not known."""
    return ", ".join(names) if all(names) else ""


def segment_names(header_file: Path) -> list[str]:
    """Names of the records that a multi-segment header joins; none for other headers."""
    lines = content(header_file)
    if not lines or _SEGMENTS.match(lines[0].split()[0]) is None:
        return []
    return [line.split()[0] for line in lines[1:] if line.split()[0] != "~"]


def content(header_file: Path) -> list[str]:
    """Lines of a header that are neither empty nor comments."""
    return [line for line in _lines(header_file) if not line.startswith("#")]


def signal_file(stem: Path, name: str) -> Path:
    """Return where a signal file lies that a header names, perhaps with a folder of its own.

    Headers that were moved out of their folder still name it. What is outside the record's folder
    is not looked at.
    """
    parts = [p for p in name.replace("\\", "/").split("/") if p]
    inside = stem.parent.joinpath(*parts)
    if ".." not in parts and not name.startswith("/") and inside.exists():
        return inside
    return as_spelt(stem.with_name(parts[-1]))


def signal_bytes(line: SignalLine) -> float:
    """Return how many bytes a sample takes; 0 where its format compresses."""
    return _SAMPLE_BYTES.get(line.form, 0.0)


def as_spelt(file: Path) -> Path:
    """Return the file that is there for a name: R1.HEA for r1.hea, as CDs and old systems have it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "R1.HEA").touch()
    >>> as_spelt(folder / "r1.hea").name, as_spelt(folder / "r2.hea").name
    ('R1.HEA', 'r2.hea')
    """
    if file.exists() or not file.parent.is_dir():
        return file
    found = [f for f in file.parent.iterdir() if f.name.casefold() == file.name.casefold()]
    return found[0] if found else file


def header_of(stem: Path) -> Path | None:
    """Return the header of the record that a path without suffix names; None where none is there.

    Examples
    --------
    >>> header_of(Path("nowhere", "r1")) is None
    True
    """
    if stem.name in ("", ".", ".."):
        return None
    header = as_spelt(stem.with_name(f"{stem.name}.hea"))
    return header if header.is_file() else None


def _lines(header_file: Path) -> list[str]:
    try:
        text = as_spelt(header_file).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(
            f"{header_file}: cannot be read ({error.strerror}); replace the file"
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def parse_header(stem: Path) -> RecordHeader:
    """Read a record's header as it stands.

    Raises
    ------
    InputError
        If it cannot be understood.
    """
    file = as_spelt(stem.with_name(f"{stem.name}.hea"))
    lines = _lines(file)
    comments = tuple(line.lstrip("# ").strip() for line in lines if line.startswith("#"))
    lines = [line for line in lines if not line.startswith("#")]
    try:
        words = lines[0].split()
        joins = _SEGMENTS.match(words[0])
        n_signals = int(words[1])
        rate = float(re.split(r"[/(]", words[2])[0]) if len(words) > 2 else _DEFAULT_RATE
        # Where it is not said, the files' size says it; 0 says no more.
        n_frames = int(words[3]) if len(words) > 3 else -1
        n_frames = n_frames or (-1 if joins is None else 0)
        rest = [line.split() for line in lines[1:]]
        signals: list[SignalLine] = []
        segments: list[tuple[str, int]] = []
        if joins is not None:
            segments = [(w[0], int(w[1])) for w in rest[: int(joins[2])]]
            complete = len(segments) == int(joins[2])
        else:
            signals = [_signal(words, line) for words, line in zip(rest, lines[1:], strict=True)][
                :n_signals
            ]
            complete = len(signals) == n_signals
        for name in {*(s.file for s in signals), *(name for name, _ in segments)}:
            if name != "~" and not _is_name(name, joins is None):
                raise ValueError(f"{name[:40]!r} is no name of a file")
        if not complete or n_frames < -1 or any(n < 0 for _, n in segments):
            raise ValueError("lines are missing, or numbers negative")
    except (ValueError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{file}: not a readable WFDB header ({reason}); replace the file"
        ) from error
    if not 0 < rate < float("inf"):
        raise InputError(f"{file}: no sampling rate; put it into the first line")
    return RecordHeader(
        stem, rate, n_frames, tuple(signals), tuple(segments), comments, len(words) > 2
    )


def _is_name(name: str, in_folder: bool) -> bool:
    """Whether something can be a file's name, perhaps with its folder before it."""
    parts = re.split(r"[/\\]", name)
    is_one = parts[-1] not in ("", ".", "..") and len(parts[-1]) < _LONGEST_NAME
    return is_one and "\0" not in name and (in_folder or len(parts) == 1)


def _signal(words: Sequence[str], line: str) -> SignalLine:
    form = _FORMAT.match(words[1])
    if form is None:
        raise ValueError(f"{words[1]!r} is no format of samples")
    gain = _GAIN.match(words[2]) if len(words) > 2 else None
    if len(words) > 2 and gain is None:
        raise ValueError(f"{words[2]!r} is no gain")
    number = float(gain[1]) if gain is not None and gain[1] else 0.0
    unit = gain[3] if gain is not None and gain[3] else "mV"
    # The description comes after eight fields, of which each may be missing with those behind it.
    name = line.split(maxsplit=8)[8] if len(words) > 8 else ""
    zero = int(words[4]) if len(words) > 4 else 0
    return SignalLine(
        file=words[0],
        form=form[1],
        per_frame=int(form[2] or 1) or 1,
        offset=int(form[4] or 0),
        unit=unit,
        gain=number or _DEFAULT_GAIN,
        baseline=int(gain[2]) if gain is not None and gain[2] else zero,
        calibrated=number != 0,
        skewed=bool(int(form[3] or 0)),
        checksum=int(words[6]) if len(words) > 6 else 0,
        name=name,
    )


def _check_signal_files(header: RecordHeader, n_frames: int) -> None:
    """Refuse a record whose signal files are missing or shorter than its header says."""
    promised: dict[str, float] = {}
    for line in header.signals:
        if line.file != "~":
            size = n_frames * line.per_frame * signal_bytes(line)
            promised[line.file] = promised.get(line.file, line.offset) + size
    for name, size in promised.items():
        file = signal_file(header.stem, name)
        if not file.exists():
            raise InputError(
                f"{header.file}: its signal file {file.name} is missing; put it into the same "
                "folder"
            )
        if file.stat().st_size < int(size):
            raise InputError(
                f"{file}: breaks off after {file.stat().st_size} of {int(size)} bytes that "
                f"{header.stem.name}.hea promises; replace the file"
            )


def frames_beyond(header: RecordHeader) -> int:
    """Count the frames in the first signal file behind those that the header speaks of."""
    if header.segments or header.signals[0].file == "~" or not signal_bytes(header.signals[0]):
        return 0
    return max(0, _frames_there(header) - header.n_frames)


def _frames_there(header: RecordHeader) -> int:
    """Count the frames in the first signal file."""
    name = header.signals[0].file
    own = [s for s in header.signals if s.file == name]
    file = signal_file(header.stem, name)
    size = sum(s.per_frame * signal_bytes(s) for s in own)
    if not size:
        raise InputError(
            f"{header.file}: does not say how many samples there are, and format {own[0].form} "
            "does not tell; put it into the first line"
        )
    return int((file.stat().st_size - own[0].offset) / size) if file.exists() else 0
