"""Series that are written into one cell of a text table each."""

from __future__ import annotations

from pathlib import Path

import pytest
from table_files import a_file, refused

from msssm_ts.datasets import load


@pytest.mark.parametrize(
    ("cells", "summary"),
    [
        (("[1.5, 2, 3]", "[2, nan, 4, 5]"), "2 series, 1 channel × 3–4 steps, 2 classes: a b"),
        (("1.5 2 3 4", "2 3 4 5"), "2 series, 1 channel × 4 steps, 2 classes: a b"),
        (("1;2;3;4;5", "2;3;4;5;6"), "2 series, 1 channel × 5 steps, 2 classes: a b"),
        (("1,5 2,5 3 4", "2 3 4 5"), "2 series, 1 channel × 4 steps, 2 classes: a b"),
        (("[[1, 2], [3, 4]]", "[[1 2] [3 4]]"), "2 series, 2 channels × 2 steps, 2 classes: a b"),
        (("[np.float64(1.0), np.float64(2)]", "[3, 1]"), "2 series, 1 channel × 2 steps, "),
    ],
)
def test_lists_in_cells_of_text(tmp_path: Path, cells: tuple[str, str], summary: str) -> None:
    text = "age,value,label\n" + "".join(f'{40},"{c}",{"ab"[i]}\n' for i, c in enumerate(cells))
    data = load(a_file(tmp_path, "a.csv", text))
    assert data.summary().startswith(summary)
    assert "left out: 1 column (age)" in data.account.line()


def test_lists_that_are_cut_short_or_none(tmp_path: Path) -> None:
    text = 'x,label\n"[1 2 ... 8 9]",a\n"[3 4 ... 5 6]",b\n'
    refused(a_file(tmp_path, "a.csv", text), "line 2, column x: '...' stands for values .*parquet")
    text = 'x,label\n"[1, 2, 3]",a\n"[1, oops, 3]",b\n'
    refused(a_file(tmp_path, "b.csv", text), "line 3, column x: '.1, oops, 3.' is no list")
    # Beside numbered steps they are something else.
    text = 't0,t1,box,label\n1,2,"[1, 2, 3, 4]",a\n3,4,"[1, 2, 3, 4]",b\n'
    assert load(a_file(tmp_path, "c.csv", text)).summary().startswith("2 series, 1 channel × 2 st")
