"""PTB-XL: 12-lead ECGs with several statements each, as the benchmark of Strodthoff et al. uses it.

The six tasks are those of "Deep Learning for ECG Analysis: Benchmarks and Insights from PTB-XL"
(IEEE J. Biomed. Health Inform. 25(5), 2021, https://github.com/helme/ecg_ptbxl_benchmarking):
every statement counts whatever its likelihood, records without any label of the task are left
out, folds 1 to 8 are for training, 9 for validation, 10 for the test.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.beside import features_of_texts
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import no_column
from msssm_ts.datasets.named.dataset import DataSet, RemoteFile, folder_with
from msssm_ts.datasets.options import ReadOptions, meant_column
from msssm_ts.datasets.tables.account import columns_in_words
from msssm_ts.datasets.wfdb.headers import RecordHeader, parse_header
from msssm_ts.datasets.wfdb.signals import RecordExcerpt, read_record_excerpt, read_record_header
from msssm_ts.errors import InputError, OptionError
from msssm_ts.series import LazySeries

if TYPE_CHECKING:
    import pandas as pd

# Task: its column in scp_statements.csv that selects statements, and the one that names labels
# (none: the statement itself).
_TASKS: dict[str, tuple[str | None, str | None]] = {
    "superdiag": ("diagnostic", "diagnostic_class"),
    "subdiag": ("diagnostic", "diagnostic_subclass"),
    "diag": ("diagnostic", None),
    "form": ("form", None),
    "rhythm": ("rhythm", None),
    "all": (None, None),
}
_DATABASE, _STATEMENTS = "ptbxl_database.csv", "scp_statements.csv"
_VALIDATION_FOLD, _TEST_FOLD = 9, 10
_FOLDS = range(1, 11)
_URL = (
    "https://physionet.org/static/published-projects/ptb-xl/"
    "ptb-xl-a-large-publicly-available-electrocardiography-dataset-1.0.3.zip"
)


def read_ptbxl(
    folder: Path, task: str, options: ReadOptions, *, sampling_rate: int | None = None
) -> LabelledSeries:
    """Read a task of PTB-XL; signals are decoded when they are asked for.

    Parameters
    ----------
    folder : Path
        With ``ptbxl_database.csv``, ``scp_statements.csv`` and ``records100`` or ``records500``.
    task : {"superdiag", "subdiag", "diag", "form", "rhythm", "all"}
        Which labels.
    options : ReadOptions
        ``split`` "train" is folds 1 to 9, of which 9 is set aside for validation; "test" is 10.
    sampling_rate : {100, 500}, optional
        By default 100, or 500 where only those records are there.

    Returns
    -------
    LabelledSeries
        With a matrix of labels, patients as groups, and ``strat_fold`` as folds.

    Raises
    ------
    InputError
        If the tables or records are not as PhysioNet publishes them.
    """
    if sampling_rate is None:
        only_500 = not (folder / "records100").is_dir() and (folder / "records500").is_dir()
        sampling_rate = 500 if only_500 else 100
    database = _read_table(
        folder / _DATABASE,
        ("ecg_id", "patient_id", "scp_codes", "strat_fold", "filename_lr", "filename_hr"),
    )
    found, unlisted = _labels(folder, database, task)
    # The columns of the matrix are the labels that occur anywhere, so that both parts agree.
    names = sorted({label for labels in found for label in labels})
    folds = _numbers(folder / _DATABASE, database["strat_fold"], "strat_fold", _FOLDS)
    ids = _numbers(folder / _DATABASE, database["ecg_id"], "ecg_id")
    _check_once(folder / _DATABASE, ids)
    part = folds == _TEST_FOLD if options.split == "test" else folds != _TEST_FOLD
    labelled = np.array([bool(labels) for labels in found])
    chosen = np.flatnonzero(part & labelled)
    if len(chosen) == 0:
        meant = "10" if options.split == "test" else "1 to 9"
        raise InputError(
            f"{folder / _DATABASE}: no record of the {options.split} part (strat_fold {meant}) "
            f"has a label of {task}; choose another task or part"
        )
    column = database["filename_lr" if sampling_rate == 100 else "filename_hr"]
    listed, chosen = chosen, _there(folder, column, chosen)
    matrix = np.array([[int(n in found[i]) for n in names] for i in chosen], dtype=np.int64)
    rows = database.iloc[chosen]
    stems = [folder / str(n) for n in column.iloc[chosen]]
    header = read_record_header(stems[0])
    items, lengths = _excerpts(stems, header)
    beside = options.beside_columns(database.columns)
    for name in options.beside_missing(database.columns):
        columns = database.columns.tolist()
        raise OptionError(
            f"{folder / _DATABASE}: {no_column(meant_column(name), columns)}", "beside"
        )
    without = ids[part & ~labelled].tolist()
    account = Account().without(len(without), "records", f"no label of {task}", without)
    gone = ids[np.setdiff1d(listed, chosen)].tolist()
    account = account.without(
        len(gone), "records", f"not there, though {_DATABASE} lists them", gone
    )
    account = account.without(
        sum(unlisted.values()), "statements", f"not in {_STATEMENTS}", list(unlisted)
    )
    if beside:
        account = account.took("beside the series", f"{columns_in_words(beside)} of {_DATABASE}")
    in_validation = folds[chosen] == _VALIDATION_FOLD
    return LabelledSeries(
        LazySeries(items, read_record_excerpt, lengths),
        matrix,
        label_names=tuple(names),
        channel_names=header.leads,
        sampling_rate=header.sampling_rate,
        groups=_numbers(folder / _DATABASE, database["patient_id"], "patient_id")[chosen],
        group_name="patient",
        units=tuple(_units(header)),
        ids=ids[chosen],
        folds=folds[chosen],
        has_test_part=options.split != "test" and bool(labelled[folds == _TEST_FOLD].any()),
        validation=in_validation if in_validation.any() else None,
        source=str(folder),
        account=account.remarking(f"PTB-XL {task}"),
        features=features_of_texts(
            beside, (rows[c].astype(str).tolist() for c in beside), str(folder / _DATABASE)
        ),
    )


def _read_table(file: Path, columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read ({error}); replace the file") from error
    for column in columns:
        if column not in table.columns:
            raise InputError(f"{file}: no column {column!r}, which PTB-XL has; replace the file")
    if table.empty:
        raise InputError(f"{file}: there are no rows below the header; replace the file")
    return table


def _numbers(
    file: Path, column: pd.Series[Any], name: str, allowed: Sequence[int] = ()
) -> NDArray[np.int64]:
    """Return whole numbers, as which PTB-XL writes ids and folds."""
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(values) & (values == np.round(values)))
    if allowed:
        wrong |= ~np.isin(values, allowed)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        text = column.iloc[row]
        said = "is missing" if pd.isna(text) else f"is {str(text)[:40]!r}"
        meant = f"{allowed[0]} to {allowed[-1]}" if allowed else "a whole number"
        raise InputError(
            f"{file}, line {row + 2}: {name} {said}, where PTB-XL has {meant} ({int(wrong.sum())} "
            f"of {len(values)} rows so); mend it, or take the row out"
        )
    numbers: NDArray[np.int64] = values.astype(np.int64)
    return numbers


def _check_once(file: Path, ids: NDArray[np.int64]) -> None:
    found, first, counts = np.unique(ids, return_index=True, return_counts=True)
    if (counts > 1).any():
        place = int(np.argmax(counts > 1))
        again = int(np.flatnonzero(ids == found[place])[1])
        raise InputError(
            f"{file}, line {again + 2}: ecg_id {found[place]} stands in line {first[place] + 2} "
            "already; take one of them out"
        )


def _labels(
    folder: Path, database: pd.DataFrame, task: str
) -> tuple[list[set[str]], dict[str, int]]:
    """Return the labels of each record in a task, and statements that are not listed."""
    selecting, naming = _TASKS[task]
    columns = tuple(c for c in (selecting, naming) if c is not None)
    table = _read_table(folder / _STATEMENTS, columns)
    table = table.set_index(table.columns[0])
    listed = set(map(str, table.index))
    unlisted: Counter[str] = Counter()
    label_of: dict[str, str] | None = None
    if selecting is not None:
        table = table[table[selecting] == 1]
        names = table.index.to_series() if naming is None else table[naming].dropna()
        label_of = {str(k): str(v) for k, v in names.items()}
    found = []
    for row, text in enumerate(database["scp_codes"]):
        try:
            statements = ast.literal_eval(text)
            if not isinstance(statements, dict):
                raise ValueError
        except (ValueError, SyntaxError) as error:
            raise InputError(
                f"{folder / _DATABASE}, line {row + 2}: scp_codes {str(text)[:40]!r} is no "
                "dictionary; replace the file"
            ) from error
        for name, likelihood in statements.items():
            # 0 stands for one that is not known.
            if not isinstance(likelihood, int | float) or not 0 <= likelihood <= 100:
                raise InputError(
                    f"{folder / _DATABASE}, line {row + 2}: scp_codes has the likelihood "
                    f"{likelihood!r} for {name}, which is none from 0 (not known) to 100; mend it, "
                    "or take the statement out"
                )
        unlisted.update(str(name) for name in statements if name not in listed)
        labels = statements if label_of is None else {label_of.get(s, "") for s in statements}
        found.append(set(labels) - {""})
    return found, {} if label_of is None else unlisted


def _there(folder: Path, names: pd.Series, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of records whose headers are there; some people have a part of the set."""
    stems = [str(n) for n in names.iloc[chosen]]
    there = [(folder / f"{stem}.hea").exists() for stem in stems]
    if not any(there):
        raise InputError(
            f"{folder / stems[0]}.hea: the record is missing, as are all of this part that "
            f"{_DATABASE} lists; get the set again with: msssm-ts data get PTB-XL"
        )
    return chosen[there]


def _excerpts(stems: Sequence[Path], first: RecordHeader) -> tuple[list[RecordExcerpt], list[int]]:
    """Return items and lengths; all records have the leads, units and rate of the first."""
    usual = stems[0].with_name(f"{stems[0].name}.dat").stat().st_size
    items, lengths = [], []
    for stem in stems:
        signal = stem.with_name(f"{stem.name}.dat")
        same = signal.exists() and signal.stat().st_size == usual
        header = parse_header(stem) if same else read_record_header(stem)
        for what, own, its in (
            ("leads", ", ".join(header.leads), ", ".join(first.leads)),
            ("units", ", ".join(_units(header)), ", ".join(_units(first))),
            ("rate", f"{header.sampling_rate:g} Hz", f"{first.sampling_rate:g} Hz"),
        ):
            if own != its:
                raise InputError(
                    f"{header.file}: other {what} ({own}) than those of {first.file.name} ({its}), "
                    "which all of PTB-XL have; take its row out, or read the records without "
                    f"{_DATABASE}"
                )
        items.append(RecordExcerpt(str(stem), 0, header.n_samples, None))
        lengths.append(header.n_samples)
    return items, lengths


def _units(header: RecordHeader) -> list[str]:
    return [s.unit for s in header.signals]


def _find_root(records: str, folder: Path) -> Path | None:
    """Find the root, which may also be named by its folder of records."""
    if folder.name == records:
        folder = folder.parent
    return folder_with(folder, _DATABASE, _STATEMENTS)


def _make(name: str, sampling_rate: int) -> DataSet:
    return DataSet(
        name=name,
        title=f"PTB-XL 1.0.3, 12-lead clinical ECGs of 10 s at {sampling_rate} Hz",
        size=f"21 799 records, 12 channels × {10 * sampling_rate} steps, 5 to 71 labels",
        licence="CC BY 4.0",
        citation=(
            "Wagner et al., PTB-XL, a large publicly available electrocardiography dataset, "
            "Scientific Data 7:154, 2020"
        ),
        homepage="https://physionet.org/content/ptb-xl/1.0.3/",
        files=(RemoteFile(_URL, "ptb-xl-1.0.3.zip"),),
        read=partial(read_ptbxl, sampling_rate=None if sampling_rate == 100 else sampling_rate),
        find_root=partial(_find_root, f"records{sampling_rate}"),
        tasks=tuple(_TASKS),
        acts_on=frozenset({"beside"}),
        folder="PTB-XL",
    )


DATA_SETS = (_make("PTB-XL", 100), _make("PTB-XL500", 500))
