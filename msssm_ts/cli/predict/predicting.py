"""Many files predicted one after another: a few at a time, and what cannot be read is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from msssm_ts.cli.answering.answering import Row
from msssm_ts.cli.answering.answers import ids_of
from msssm_ts.cli.predict.inputs import Input, key_of
from msssm_ts.cli.shown.console import say
from msssm_ts.errors import InputError
from msssm_ts.text import counted

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries, ReadOptions
    from msssm_ts.estimator import MSSSMClassifier

OnError = Literal["stop", "skip"]
# Files that are predicted together, and values that they may have: a file with more is alone.
_FILES, _VALUES = 64, 1 << 22
# Seconds that files after one that cannot be used are looked at.
_PATIENCE = 10.0


@dataclass
class Told:
    """Says lines about files: the first of a kind, and in the end how many there were.

    Lines that differ in numbers alone are of a kind.
    """

    quiet: bool
    _first: dict[str, str] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)

    def tell(self, name: str, line: str) -> None:
        """Say a line about a file, unless one of its kind has been said."""
        kind = re.sub(r"\d+(?:[.,]\d+)*", "#", line)
        self._count[kind] = self._count.get(kind, 0) + 1
        if kind not in self._first:
            self._first[kind] = line
            say(f"{name}: {line}", quiet=self.quiet)

    def sum_up(self) -> None:
        """Say how many files the same was to be said of."""
        for kind, line in self._first.items():
            if self._count[kind] > 1:
                say(f"{self._count[kind]} files alike: {line}", quiet=self.quiet)


@dataclass
class Predicting:
    """Rows of inputs, in their order.

    Parameters
    ----------
    classifier : MSSSMClassifier
        The model.
    header : mapping
        Of its file.
    reading : ReadOptions
        How to read.
    answer : callable
        Gives rows of series.
    on_error : {"stop", "skip"}
        What to do with what cannot be read.
    done : set of str
        Keys of what needs no rows any more.
    named : str, optional
        The fingerprint that stands behind each row, whose file then stands before it; else rows
        are as ``answer`` gives them.
    at_once : bool
        Answer all of a data set together, for what is said of it is of all.
    quiet : bool
        Say nothing.
    """

    classifier: MSSSMClassifier
    header: Mapping[str, Any]
    reading: ReadOptions
    answer: Callable[[LabelledSeries], list[Row]]
    on_error: OnError = "stop"
    done: frozenset[str] = frozenset()
    named: str | None = None
    at_once: bool = False
    quiet: bool = False
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._told = Told(self.quiet)
        self._first = True
        self.several = False

    def rows(
        self, inputs: Sequence[Input], progress: Callable[[float, float], None]
    ) -> Iterator[list[Row]]:
        """Yield rows, those of a file together; tell how far it is.

        Raises
        ------
        InputError
            If something cannot be read, and it is to stop there; or if nothing can be.
        """
        from msssm_ts.datasets.stores.mirror import named_by_address

        self.several = len(inputs) > 1
        held: list[tuple[str, LabelledSeries]] = []
        for i, one in enumerate(inputs):
            try:
                with named_by_address(one.place, one.name):
                    series = self._open(one)
            except InputError as error:
                # What comes before it is kept.
                yield from self._together(held)
                held = []
                self._failed(one.name, error, inputs[i + 1 :])
                continue
            if not one.one_of_many:
                yield from self._together(held)
                held = []
                alone = len(inputs) == 1
                yield from self._whole(one, series, progress if alone else _nothing)
            else:
                if held and not _fits(held, series):
                    yield from self._together(held)
                    held = []
                held.append((one.name, series))
            progress(i + 1, len(inputs))
        yield from self._together(held)
        progress(len(inputs), len(inputs))
        self._told.sum_up()
        if inputs and len(self.failed) >= len(inputs):
            why = self.failed[0]
            raise InputError(
                why if len(inputs) == 1 else f"none of {len(inputs)} files can be read: {why}"
            )

    def _open(self, one: Input) -> LabelledSeries:
        from msssm_ts.cli.given.inputs import load_series, read_like_model
        from msssm_ts.cli.given.matching import matched

        if one.one_of_many:
            reading = self.reading
            if one.beside is not None:
                reading = replace(reading, recordings=(Path(one.place), *one.beside))
            series, _ = read_like_model(one.place, reading, self.header, needs_labels=False)
            if self._first:
                say(f"{one.name}: {series.summary()}", quiet=self.quiet)
                self._first = False
            elif series.account.line():
                self._told.tell(one.name, series.account.line())
        else:
            series = load_series(
                one.name, self.reading, self.header, needs_labels=False, quiet=self.quiet
            )
        series, said = matched(series, self.classifier.model_)
        for line in said:
            if one.one_of_many:
                self._told.tell(one.name, line)
            else:
                say(line, quiet=self.quiet)
        if one.one_of_many:
            # Decoded here, so that what fails is known by its name.
            values = [np.asarray(series.values[i]) for i in range(series.n_series)]
            series = replace(series, values=values)
        return series

    def _together(self, held: Sequence[tuple[str, LabelledSeries]]) -> Iterator[list[Row]]:
        """Yield the rows of files that are alike; where one spoils it, of each by itself."""
        if not held:
            return
        try:
            rows = self._rows_of(held)
        except InputError as error:
            if len(held) == 1:
                self._failed(held[0][0], error)
                return
            for one in held:
                yield from self._together([one])
            return
        yield rows

    def _rows_of(self, held: Sequence[tuple[str, LabelledSeries]]) -> list[Row]:
        owners = [(name, str(i)) for name, series in held for i in ids_of(series)]
        if len(held) == 1:
            joined = held[0][1]
        else:
            first = held[0][1]
            values = [v for _, series in held for v in series.values]
            joined = replace(first, values=values, labels=None, groups=None, folds=None)
        joined = replace(joined, ids=np.arange(len(owners)))
        rows = []
        for row in self.answer(joined):
            name, own = owners[row["id"]]
            rows.append(self._named(name, {**row, "id": own}))
        return rows

    def _named(self, name: str, row: Row) -> Row:
        return row if self.named is None else {"file": name, **row, "model": self.named}

    def _whole(
        self, one: Input, series: LabelledSeries, progress: Callable[[float, float], None]
    ) -> Iterator[list[Row]]:
        """Yield the rows of a data set, in pieces where its series are files each."""
        names = _files_of(one, series)
        places = np.arange(series.n_series)
        if names is None:
            names = [one.name] * series.n_series
            pieces = [places]
        else:
            places = np.array([i for i in places if key_of(names[i]) not in self.done], dtype=int)
            pieces = [places] if self.at_once else _pieces(places, series)
        n_done = 0
        for piece in pieces:
            chosen = series if len(piece) == series.n_series else series.take(piece)
            rows = self.answer(chosen)
            if self.named is not None:
                by_id = dict(zip(ids_of(chosen), (names[i] for i in piece), strict=True))
                rows = [self._named(by_id[r["id"]], {**r, "id": str(r["id"])}) for r in rows]
            yield rows
            n_done += len(piece)
            progress(n_done, len(places))

    def _failed(self, name: str, error: InputError, behind: Sequence[Input] = ()) -> None:
        """Tell what cannot be read, or stop at it and say what else cannot be."""
        if self.on_error == "stop" and self.several:
            remedy = "--on-error skip goes on with the others"
            raise InputError(f"{error}; {self._alike(name, behind)}{remedy}") from error
        if self.on_error == "stop":
            raise error
        line = str(error)
        line = line if name in line else f"{name}: {line}"
        self.failed.append(line)
        say(f"skipped {line}", quiet=self.quiet)

    def _alike(self, name: str, behind: Sequence[Input]) -> str:
        """Say how many files after one cannot be used either, as far as there is time to look."""
        looking = replace(self, quiet=True, failed=[])
        begin, n_seen, unusable = monotonic(), 0, [name]
        for one in behind:
            if monotonic() - begin > _PATIENCE:
                break
            n_seen += 1
            try:
                looking._open(one)
            except InputError:
                unusable.append(one.name)
        if not n_seen:
            return ""
        from msssm_ts.datasets.messages import enumerate_names

        which = enumerate_names([Path(n).name for n in unusable], 6)
        others = counted(n_seen, "file")
        return f"of this and {others} after it {len(unusable)} cannot be used ({which}); "


def _nothing(done: float, total: float) -> None:
    return


def _size(series: LabelledSeries) -> int:
    return sum(int(v.size) for v in series.values)


def _kind(series: LabelledSeries) -> tuple[Any, ...]:
    return series.n_channels, series.channel_names, series.sampling_rate, series.units


def _fits(held: Sequence[tuple[str, LabelledSeries]], series: LabelledSeries) -> bool:
    """Whether a file can be predicted together with others."""
    first = held[0][1]
    every = [*(s for _, s in held), series]
    return (
        len(held) < _FILES
        and _kind(series) == _kind(first)
        and all(s.times is None and s.features is None for s in (first, series))
        and sum(map(_size, every)) <= _VALUES
    )


def _files_of(one: Input, series: LabelledSeries) -> list[str] | None:
    """Return the file of each series of a folder; None where they are not a file each."""
    folder = Path(one.place)
    if series.ids is None or not folder.is_dir():
        return None
    files = [folder / str(i) for i in series.ids.tolist()]
    return [str(f) for f in files] if all(f.is_file() for f in files) else None


def _pieces(places: np.ndarray[Any, Any], series: LabelledSeries) -> list[Any]:
    """Divide the series of a data set into what is predicted together."""
    if not len(places):
        return []
    values = np.cumsum(series.lengths[places] * series.n_channels)
    return [p for p in np.split(places, np.flatnonzero(np.diff(values // _VALUES)) + 1) if len(p)]
