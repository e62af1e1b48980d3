"""Where the rows of ``msssm-ts predict`` go: a file by its ending, or stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.atomic import replacing
from msssm_ts.cli.answering.answering import Row
from msssm_ts.cli.predict.row_files import form_of
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.csv_text import CsvText
from msssm_ts.cli.shown.files import claim, refuse_second_writer
from msssm_ts.errors import InputError
from msssm_ts.text import counted


@dataclass(frozen=True)
class Output:
    """Where rows go.

    Parameters
    ----------
    file : Path, optional
        Else stdout.
    append, force : bool
        Add to it, or replace it, where it is there.
    safe_csv : bool
        Let no spreadsheet run a name.
    json : bool
        JSON on stdout.
    """

    file: Path | None
    append: bool = False
    force: bool = False
    safe_csv: bool = False
    json: bool = False

    def check(self) -> None:
        """Refuse what does not go together.

        Raises
        ------
        InputError
            If something does not.
        """
        if self.append and self.file is None:
            raise InputError("--append adds to a file; name it with --out")
        if self.force and self.file is None:
            raise InputError("--force replaces a file; name it with --out")
        if self.append and self.force:
            raise InputError("--append keeps what is in the file and --force does not; give one")
        if self.file is not None:
            form_of(self.file)
            if self.safe_csv and self.file.suffix.lower() != ".csv":
                raise InputError(f"--safe-csv is about CSV, not {self.file}; leave it out")

    def claim(self, *inputs: str) -> None:
        """Refuse a file that cannot be written, or must not be.

        Raises
        ------
        InputError
            If it is one of the inputs, is there without leave, or cannot be written.
        """
        if self.file is not None:
            claim(self.file, force=self.force or self.append, inputs=inputs)

    @property
    def goes_on(self) -> bool:
        """Whether there are rows to be kept."""
        return self.append and self.file is not None and self.file.exists()


@dataclass
class Sink:
    """Takes rows, and counts them.

    Parameters
    ----------
    write : callable
        Puts rows where they go.
    kept : list, optional
        All of them, where they are shown as JSON.
    """

    write: Callable[[list[Row]], None]
    kept: list[Row] | None = None
    n_rows: int = 0
    n_rejected: int = 0

    def add(self, rows: list[Row]) -> None:
        """Take rows."""
        self.write(rows)
        if self.kept is not None:
            self.kept += rows
        self.n_rows += len(rows)
        self.n_rejected += sum(row["prediction"] is None for row in rows)


@contextmanager
def opened(output: Output, columns: Mapping[str, str], quiet: bool) -> Iterator[Sink]:
    """Give what takes rows of these columns, name and kind; a file has them when it is left.

    Where something stops the work, a file keeps what there is so far, if the rows say of which
    files they are.
    """
    shown = output.file is None and sys.stdout.isatty()
    table = CsvText(safe=output.safe_csv, shown=shown)
    kept: list[Row] | None = [] if output.json else None
    if output.file is not None:
        with _file(output.file, output.goes_on, columns, table, quiet) as sink:
            sink.kept = kept
            yield sink
    elif output.json:
        yield Sink(lambda rows: None, kept)
    else:
        begun = False

        def write(rows: list[Row]) -> None:
            nonlocal begun
            head = "" if begun else table.line(columns)
            begun = True
            sys.stdout.write(head + "".join(table.line(row.values()) for row in rows))

        yield Sink(write)
        if not begun:
            write([])
    table.say_risky(quiet)


@contextmanager
def _file(
    file: Path, goes_on: bool, columns: Mapping[str, str], table: CsvText, quiet: bool
) -> Iterator[Sink]:
    stopped: BaseException | None = None
    with replacing(file) as temporary:
        rows = form_of(file).write(temporary, columns, file if goes_on else None, table)
        sink = Sink(rows.add)
        try:
            # Both may have claimed it at the same time.
            refuse_second_writer(file)
            yield sink
        except BaseException as error:
            stopped = error
            # A full disk, or nothing to keep: what was there stays.
            if isinstance(error, OSError) or not sink.n_rows or "file" not in columns:
                raise
        finally:
            rows.close()
    added = " added" if goes_on else ""
    said = f"{counted(sink.n_rows, 'prediction')}{added} in {file}"
    if stopped is None:
        say(said, quiet=quiet)
        return
    say(f"{said}; with --append the same command goes on behind them", quiet=quiet)
    raise stopped
