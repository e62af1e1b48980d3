"""PhysioNet/CinC Challenge 2017: atrial fibrillation in short single-lead recordings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.named.dataset import DataSet, RemoteFile, folder_with
from msssm_ts.datasets.options import OF_RECORDS, ReadOptions
from msssm_ts.datasets.wfdb.records import read_wfdb

_URL = "https://physionet.org/files/challenge-2017/1.0.0/"
# Of a later version of the labels first.
_TABLES = ("REFERENCE-v3.csv", "REFERENCE.csv")
_TRAINING = "training2017"


def read_cinc2017(folder: Path, task: str, options: ReadOptions) -> LabelledSeries:
    """Read the public records: N normal, A atrial fibrillation, O other rhythm, ~ noise.

    Parameters
    ----------
    folder : Path
        With ``REFERENCE-v3.csv`` or ``REFERENCE.csv``, and the records in it or below. Where there
        is a folder ``training2017``, its records are read: those of ``validation`` and
        ``sample2017`` are copies of some of them.
    task : str
        There is one only.
    options : ReadOptions
        As for :func:`msssm_ts.datasets.wfdb.records.read_wfdb`.

    Raises
    ------
    InputError
        If a record cannot be read or has no label.
    """
    records = folder / _TRAINING
    if not _names(records):
        return read_wfdb(folder, options)
    tables = [p for name in _TABLES for p in (folder / name, records / name) if p.exists()]
    data = read_wfdb(records, replace(options, tables=tuple(tables[:1])))
    copies = [p for p in folder.rglob("A0*.hea") if p.parent != records]
    account = (
        Account()
        .without(
            len(tables[1:]),
            "tables",
            f"{tables[0].name} is used" if tables else "",
            [str(p.relative_to(folder)) for p in tables[1:]],
        )
        .without(
            len(copies),
            "records",
            f"copies of some in {_TRAINING}",
            [str(p.relative_to(folder)) for p in copies],
        )
    )
    return replace(data, source=str(folder), account=data.account + account)


def _find_root(folder: Path) -> Path | None:
    for table in _TABLES:
        root = folder_with(folder, table)
        records = root is not None and any(
            p.suffix == ".hea" for place in (root, root / _TRAINING) for p in _names(place)
        )
        if records:
            return root
    return None


def _names(folder: Path) -> list[Path]:
    """Files of the challenge in a folder, A00001 and on."""
    return list(folder.glob("A0*.hea")) if folder.is_dir() else []


DATA_SETS = (
    DataSet(
        name="CinC2017",
        title="PhysioNet/CinC Challenge 2017, atrial fibrillation in recordings of 9 to 61 s",
        size="8 528 records, 1 channel × 2 714 to 18 286 steps at 300 Hz, 4 classes: N A O ~",
        licence="Open Data Commons Attribution 1.0",
        citation=(
            "Clifford et al., AF classification from a short single lead ECG recording: the "
            "PhysioNet/Computing in Cardiology Challenge 2017, Computing in Cardiology 44, 2017"
        ),
        homepage="https://physionet.org/content/challenge-2017/1.0.0/",
        files=(
            RemoteFile(_URL + "training2017.zip", "training2017.zip"),
            RemoteFile(_URL + "REFERENCE-v3.csv", "REFERENCE-v3.csv"),
        ),
        read=read_cinc2017,
        acts_on=OF_RECORDS,
        find_root=_find_root,
        has_test_part=False,
    ),
)
