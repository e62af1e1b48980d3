"""Files for the tests of tables, and what is said of them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError

BODY = "a,1,2,3\nb,4,5,6\na,7,8,9\nb,1,1,2\n"
HEADED = "label,t0,t1,t2\n" + BODY


def a_file(folder: Path, name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return file


def refused(source: object, message: str, **options: object) -> None:
    with pytest.raises(InputError) as caught:
        load(source, ReadOptions(**options))  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert re.search(message, sentence), sentence
    assert "\n" not in sentence
    assert "; " in sentence


def taken(data: LabelledSeries) -> dict[str, str]:
    return dict(data.account.taken)


def noise(n_rows: int, n_columns: int) -> list[str]:
    values = np.random.default_rng(0).normal(size=(n_rows, n_columns)) + 0.1
    return [",".join(f"{v:.3f}" for v in row) for row in values]
