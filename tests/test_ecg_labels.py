"""Labels of ECGs: diagnoses in headers, tables, rhythms and beats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import wfdb
from recordings import change_header, write_record

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError


def test_diagnoses_in_headers(tmp_path: Path) -> None:
    for folder, name, code in (
        ("X", "a", "164889003,59118001"),
        ("X", "b", "426783006"),
        ("Y", "c", "164889003"),
        ("Y", "d", "Unknown"),
    ):
        write_record(tmp_path / folder / name)
        change_header(tmp_path / folder / name, ("MLII", "MLII"), f"#Age: 68\n#Dx: {code}\n")
    data = load(tmp_path)
    assert data.label_names == ("AF", "NSR", "RBBB")
    assert data.labels.tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert data.ids.tolist() == ["a", "b", "c"]
    assert "1 record (d.hea: no #Dx: in their headers)" in data.summary()
    assert "took #Dx: in the headers for labels; --label says otherwise" in data.summary()
    assert ("label", "comments #Dx: of the headers") in data.account.taken
    ages = load(tmp_path, ReadOptions(label="Age"))
    assert ages.labels.tolist() == [68] * 4
    with pytest.raises(InputError, match=r"no column 'Height' \(--label\): there is no table"):
        load(tmp_path, ReadOptions(label="Height"))
    # A table says it better.
    (tmp_path / "labels.csv").write_text("record,label\na,x\nb,y\nc,x\nd,y\n")
    assert load(tmp_path).labels.tolist() == ["x", "y", "x", "y"]


def test_diagnoses_in_headers_that_a_table_overrides_are_said(tmp_path: Path) -> None:
    for name, code in (("r1", "164889003"), ("r2", "59118001")):
        write_record(tmp_path / name)
        change_header(tmp_path / name, ("MLII", "MLII"), f"#Dx: {code}\n")
    (tmp_path / "labels.csv").write_text("record,label,kind\nr1,a,c\nr2,b,d\n")
    said = "took the table's labels, not #Dx: of the headers; --label says otherwise"
    assert said in load(tmp_path).account.remarks
    assert load(tmp_path, ReadOptions(label="Dx")).label_names == ("AF", "RBBB")
    assert "headers" not in load(tmp_path, ReadOptions(label="kind")).summary()


def test_several_label_columns(tmp_path: Path) -> None:
    for name in "abc":
        write_record(tmp_path / name)
    (tmp_path / "labels.csv").write_text("record,AF,PVC,SB\na,1,1,0\nb,0,0,0\nc,0,1,1\n")
    data = load(tmp_path, ReadOptions(label="AF,PVC"))
    assert data.label_names == ("AF", "PVC")
    assert data.labels.tolist() == [[1, 1], [0, 0], [0, 1]]
    with pytest.raises(InputError, match=r"it has AF, PVC, SB\); --label names one"):
        load(tmp_path)


def _rhythms(folder: Path, names: Sequence[str] = ("a", "b")) -> None:
    for name in names:
        write_record(folder / name, length=10000, rate=100)
        wfdb.wrann(
            name,
            "atr",
            np.array([30, 2500, 6100]),
            ["+"] * 3,
            aux_note=["(N", "(AFIB", "(N"],
            write_dir=str(folder),
        )


def test_rhythms_become_pieces(tmp_path: Path) -> None:
    _rhythms(tmp_path)
    for name in "ab":
        beats = np.arange(100, 9900, 80)
        wfdb.wrann(name, "qrs", beats, ["N"] * len(beats), write_dir=str(tmp_path))
    data = load(tmp_path)
    # From 0, 25 and 61 s on; 5, 6 and 9 s are left.
    assert data.ids.tolist()[:8] == [
        f"a:{s}" for s in (0, 1000, 2500, 3500, 4500, 6100, 7100, 8100)
    ]
    assert data.labels.tolist() == [*["N"] * 2, *["AFIB"] * 3, *["N"] * 3] * 2
    assert data.lengths.tolist() == [1000] * 16
    assert (sorted(set(data.groups.tolist())), data.group_name) == (["a", "b"], "record")
    summary = data.summary()
    assert "6 ends (what a state lasts beyond pieces of 10 s)" in summary
    assert "2 annotation files (.qrs: --annotator SUFFIX takes them for labels)" in summary
    assert "took the rhythms in .atr for labels of pieces of 10 s; --annotator" in summary
    longer = load(tmp_path, ReadOptions(episodes=24.0))
    assert longer.labels.tolist() == ["N", "AFIB", "N"] * 2
    beats_data = load(tmp_path, ReadOptions(annotator="qrs"))
    assert set(beats_data.labels.tolist()) == {"N"}
    assert beats_data.n_series == 2 * len(beats)
    assert load(tmp_path, ReadOptions(window=(0.1, 0.1))).lengths[0] == 20
    with pytest.raises(InputError, match="nothing annotated lasts 90 s"):
        load(tmp_path, ReadOptions(episodes=90.0))
    with pytest.raises(
        InputError, match=r"no record has annotations \.st .*there are \.atr, \.qrs"
    ):
        load(tmp_path, ReadOptions(annotator="st"))
    with pytest.raises(InputError, match="--window cuts out beats, --episodes longer pieces"):
        load(tmp_path, ReadOptions(window=(1, 1), episodes=5.0))


def test_beats_win_where_the_reference_has_both(tmp_path: Path) -> None:
    write_record(tmp_path / "a", length=4000, rate=100)
    samples = np.array([20, *range(100, 3900, 100)])
    symbols = ["+", *["N", "V"] * 19]
    notes = ["(N", *[""] * 38]
    wfdb.wrann("a", "atr", samples, symbols, aux_note=notes, write_dir=str(tmp_path))
    data = load(tmp_path)
    assert set(data.labels.tolist()) == {"N", "V"}
    assert "1 annotation (of rhythm, noise or waves, not of beats)" in data.summary()
    assert load(tmp_path, ReadOptions(episodes=10.0)).labels.tolist() == ["N"] * 4
    assert load(tmp_path, ReadOptions(beat_classes="symbols")).n_series == data.n_series


def test_detected_beats_do_not_hide_class_folders(tmp_path: Path) -> None:
    for label, name in (("AF", "a"), ("SR", "b")):
        write_record(tmp_path / label / name, beats={300: "N", 600: "N"}, annotator="qrs")
    data = load(tmp_path)
    assert data.labels.tolist() == ["AF", "SR"]
    assert "2 annotation files (.qrs" in data.summary()


def test_states_by_symbol_need_to_be_asked_for(tmp_path: Path) -> None:
    """A minute is A or N for apnoea in apnea-ecg, which would be beats elsewhere."""
    write_record(tmp_path / "a", length=24000, rate=100)
    wfdb.wrann("a", "apn", np.arange(0, 24000, 6000), ["N", "A", "A", "N"], write_dir=str(tmp_path))
    with pytest.raises(InputError, match=r"no labels found; 1 annotation file \(\.apn"):
        load(tmp_path)
    # No heart beats once a minute.
    assert load(tmp_path, ReadOptions(annotator="apn")).lengths.tolist() == [1000] * 24
    data = load(tmp_path, ReadOptions(annotator="apn", episodes=60.0))
    assert data.labels.tolist() == ["N", "A", "A", "N"]


def test_annotators_of_only_some_records(tmp_path: Path) -> None:
    write_record(tmp_path / "a", beats={300: "N"})
    write_record(tmp_path / "b", beats={300: "V"}, annotator="qrs")
    write_record(tmp_path / "c", beats={300: "V"})
    data = load(tmp_path)
    assert data.ids.tolist() == ["a:300", "c:300"]
    assert "1 record (b: without annotations .atr)" in data.summary()
    assert "1 annotation file (.qrs" in data.summary()


def _beats(until: int) -> dict[int, str]:
    return {s: "V" if s % 600 == 0 else "N" for s in range(150, until, 150)}


def test_annotations_behind_the_end_of_their_record(tmp_path: Path) -> None:
    for name, until in (("a", 2990), ("b", 2990), ("c", 9000)):
        write_record(tmp_path / name, length=3000, rate=300, beats=_beats(until))
    data = load(tmp_path)
    assert set(data.groups) == {"a", "b"}
    assert "1 record (c: annotations .atr go on behind the end of the record)" in data.summary()
    with pytest.raises(
        InputError, match=r"c\.atr: its annotations go on behind .* \(up to 29\.5 s of 10 s\).*; "
    ):
        load(tmp_path / "c.hea")


@pytest.mark.parametrize(("until", "said"), [(1500, True), (2990, False)])
def test_beats_of_the_first_part_of_all_records_are_said(
    tmp_path: Path, until: int, said: bool
) -> None:
    for name in "abc":
        write_record(tmp_path / name, length=3000, rate=300, beats=_beats(until))
    summary = load(tmp_path).summary()
    assert ("in the first 45% of each record alone" in summary) == said
    assert ("record alone" in summary) == said
    write_record(tmp_path / "d", length=3000, rate=300, beats=_beats(2200))
    assert "record alone" not in load(tmp_path).summary()


def test_annotations_of_no_record_are_counted(tmp_path: Path) -> None:
    write_record(tmp_path / "a", length=3000, rate=300, beats=_beats(2990))
    (tmp_path / "b.atr").write_bytes((tmp_path / "a.atr").read_bytes())
    said = "1 annotation file (b.atr: no header of a record is called so)"
    assert said in load(tmp_path).summary()


def test_tables_that_go_on_in_other_folders(tmp_path: Path) -> None:
    """A REFERENCE.csv in every folder, as in the PhysioNet Challenge of 2016."""
    for folder in "ab":
        for i in range(3):
            write_record(tmp_path / folder / f"{folder}{i}")
        rows = [f"{folder}{i},{i % 2}\n" for i in range(3)]
        (tmp_path / folder / "REFERENCE.csv").write_text("".join(rows))
    data = load(tmp_path)
    assert data.labels.tolist() == [0, 1, 0, 0, 1, 0]
    assert "not in" not in data.account.line()


def test_numbers_without_the_zeros_before_them(tmp_path: Path) -> None:
    for i in range(1, 5):
        write_record(tmp_path / f"{i:05d}")
    table = tmp_path / "labels.csv"
    table.write_text("id,label\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(1, 5)))
    data = load(tmp_path)
    assert data.labels.tolist() == ["b", "a", "b", "a"]
    assert "labels.csv says numbers without the zeros before them" in data.account.line()


def test_what_lies_beside_records_is_named(tmp_path: Path) -> None:
    for name in ("r1", "r2"):
        write_record(tmp_path / name, beats={300: "N", 500: "V"})
    for name in ("labels.xlsx", "r1.tsv", "other.csv", "README.md", "r3.atr"):
        (tmp_path / name).write_text("x,y\n1,2\n")
    said = load(tmp_path).account.line()
    assert "2 tables (other.csv, r1.tsv: without any of the records)" in said
    assert "1 spreadsheet (labels.xlsx: not read, save the sheet as CSV)" in said
    assert "README" not in said
    for file in tmp_path.glob("*.atr"):
        file.unlink()
    with pytest.raises(InputError, match=r"no labels found; 2 tables \(other.csv, r1.tsv: w"):
        load(tmp_path)


def test_each_record_that_cannot_be_read_has_its_reason(tmp_path: Path) -> None:
    for i in range(4):
        write_record(tmp_path / f"r{i}")
    (tmp_path / "r1.dat").unlink()
    (tmp_path / "r2.dat").write_bytes(b"")
    said = load(tmp_path, needs_labels=False).account.line()
    assert "1 record (r1.hea: cannot be read, its signal file r1.dat is missing)" in said
    assert "1 record (r2.hea: cannot be read, r2.dat: breaks off" in said


def test_labels_as_keys_and_records_by_other_suffixes(tmp_path: Path) -> None:
    """Tables as PTB-XL's: a dict of codes for each record, whose signals are named."""
    for i in range(4):
        write_record(tmp_path / f"r{i}")
    codes = ("{'SR': 0.0, 'AF': 100.0}", "{'SR': 0.0}")
    rows = "".join(f'r{i}.dat,"{codes[i % 2]}"\n' for i in range(4))
    (tmp_path / "labels.csv").write_text("record,scp_codes\n" + rows)
    data = load(tmp_path, ReadOptions(label="scp_codes"))
    assert (data.label_names, data.labels.tolist()) == (("AF", "SR"), [[1, 1], [0, 1]] * 2)
    assert "labels.csv says other suffixes for the records" in data.account.line()


def test_umlauts_of_a_table_beside_records(tmp_path: Path) -> None:
    for i in range(4):
        write_record(tmp_path / f"r{i}")
    rows = "".join(f"r{i},{('normal', 'unauffällig')[i % 2]}\n" for i in range(4))
    (tmp_path / "labels.csv").write_bytes(f"record,label\n{rows}".encode("latin-1"))
    data = load(tmp_path)
    assert data.classes.tolist() == ["normal", "unauffällig"]
    assert "took the text for Windows-1252" in data.account.line()
