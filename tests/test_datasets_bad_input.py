"""Every broken file gets one sentence with the file, the place and what to do."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError

HEADER = "label,t0,t1,t2\n"
LONG = "id,time,channel,value,label\n"

TEXTS = {
    "empty.csv": ("", "the file is empty"),
    "blank.csv": ("\n\n\n", "empty|no rows"),
    "header_only.csv": (HEADER, "no rows below the header"),
    "ragged.csv": (HEADER + "a,1,2,3\nb,1,2,3,4\n", "differ in their number of columns.*line 3"),
    "text.csv": (HEADER + "a,1,2,3\nb,1,oops,3\n", r"line 3, column t1: 'oops' is not a number"),
    "text_ucr.tsv": ("1\t2\t3\n2\tx\t3\n", "line 2, column 2: 'x' is not a number"),
    "gap.csv": (HEADER + "a,1,,3\nb,1,2,3\n", "line 2: value 2 of the series is missing"),
    "gap_after_blank_line.csv": (HEADER + "b,1,2,3\n\na,,2,3\n", "line 4: value 1"),
    "all_missing.csv": (HEADER + "a,,,\nb,1,2,3\n", "line 2: the series has no value"),
    "infinite.csv": (HEADER + "a,1,inf,3\nb,1,2,3\n", "line 2, column t1: the value is infinite"),
    "no_label_value.csv": (HEADER + "a,1,2,3\n,1,2,3\n", "line 3: no label in column 'label'"),
    "no_label_column.csv": ("t0,t1\n1,2\n3,4\n", "no labels found.*--label"),
    "only_label.csv": ("label\na\nb\n", "no columns left"),
    "wrong_separator.csv": ("label;t0;t1\na;1;2\n", "no labels found|not a number"),
    "one_column.tsv": ("1\n2\n", "line 1: one column only"),
    "twice.csv": (LONG + "a,0,x,1,N\na,0,x,2,N\n", "line 3: a second value for the same id"),
    "two_labels.csv": (LONG + "a,0,x,1,N\na,1,x,2,V\n", "line 3: id 'a' has more than one label"),
    "no_channel.csv": (LONG + "a,0,x,1,N\na,0,y,1,N\nb,0,x,2,V\n", "'b' has no rows for chann"),
    "uneven.csv": (LONG + "a,0,x,1,N\na,1,x,1,N\na,0,y,2,N\n", "'a' differ in length"),
    "no_id.csv": (LONG + "a,0,x,1,N\n,1,x,2,V\n", "line 3: no value in column 'id'"),
    "long_gap.csv": (LONG + "a,0,x,1,N\na,1,x,,N\n", "line 3: the value is missing"),
    "long_text.csv": (LONG + "a,0,x,one,N\n", "line 2, column value: 'one' is not a number"),
    "no_data.ts": ("@problemName x\n@univariate true\n", "not a readable .ts file|no series"),
    "junk.ts": ("hello\n", "not a readable .ts file"),
    "gap.ts": (
        "@problemName x\n@timeStamps false\n@univariate true\n@classLabel true a b\n@data\n"
        "1,?,3:a\n1,2,3:b\n",
        "series 1: 1 values are missing",
    ),
    "table.xyz": ("label,t0\n", "unknown kind of file '.xyz'"),
    "noext": ("label,t0\n", "unknown kind of file ''"),
}


def _refused(source: Path | str, message: str, **options: object) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load(source, ReadOptions(**options))  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert str(source) in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("name", TEXTS)
def test_broken_text(name: str, tmp_path: Path) -> None:
    text, message = TEXTS[name]
    (tmp_path / name).write_text(text)
    _refused(tmp_path / name, message)


def test_broken_bytes(tmp_path: Path) -> None:
    junk = np.random.default_rng(0).bytes(4000)
    for name in ("junk.csv", "junk.tsv", "junk.npz", "junk.ts"):
        (tmp_path / name).write_bytes(junk)
        _refused(tmp_path / name, name)
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + "é,1,2,3\n".encode("latin-1"))
    _refused(tmp_path / "latin.csv", "not UTF-8")
    whole = gzip.compress((HEADER + "a,1,2,3\n" * 1000).encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    _refused(tmp_path / "cut.csv.gz", "cannot be read")


def test_broken_npz(tmp_path: Path) -> None:
    def saved(**arrays: object) -> Path:
        np.savez(tmp_path / "x.npz", **arrays)  # type: ignore[arg-type]
        return tmp_path / "x.npz"

    _refused(saved(signal=np.ones((2, 3))), "no array X; it holds signal")
    _refused(saved(X=np.ones(3)), "X must be numbers of shape")
    _refused(saved(X=np.ones((2, 3)), y=[1]), "2 series in X, but y has shape")
    _refused(saved(X=np.array([1, "a"], dtype=object)), "plain arrays")
    _refused(saved(X=np.full((2, 3), np.nan), y=[1, 2]), "6 values are missing or infinite")
    _refused(saved(X=np.ones((2, 3))), "no labels found")


def test_wrong_names(tmp_path: Path) -> None:
    _refused("no_such_file.csv", "no such file, and no data set of that name.*JapaneseVowels")
    _refused("JapaneseVowels:validation", "parts train and test")
    _refused(tmp_path, "a folder")
    file = tmp_path / "a.csv"
    file.write_text(HEADER + "a,1,2,3\n")
    _refused(file, r"no column 'beat' \(--label\); it has label, t0, t1, t2", label="beat")
    _refused(file, r"no column 'x' \(--drop\)", drop=("x",))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.lists(
            st.one_of(
                st.sampled_from(["", "label", "id", "value", "1", "-2.5", "nan", "inf", "x", '"']),
                st.text(max_size=4),
            ),
            max_size=5,
        ),
        max_size=6,
    )
)
def test_any_text_is_read_or_refused(rows: list[list[str]], tmp_path: Path) -> None:
    file = tmp_path / "fuzz.csv"
    with open(file, "w", encoding="utf-8", newline="", errors="surrogatepass") as stream:
        stream.write("\n".join(",".join(r) for r in rows))
    try:
        data = load(file)
    except InputError as error:
        sentence = str(error)
    else:
        assert data.n_series > 0
        assert all(np.isfinite(v).all() and v.size for v in data.values)
        return
    assert str(file) in sentence
    assert "\n" not in sentence
