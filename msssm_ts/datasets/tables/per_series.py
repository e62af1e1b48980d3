"""What a table says of each series beside its values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.beside import features_of_texts
from msssm_ts.datasets.parts import parts_in_column
from msssm_ts.datasets.several import several_in_cells
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.written import state_of


def per_series(table: Table, roles: Roles, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return labels, groups, folds, ids and features of the series, as fields of the container.

    Parameters
    ----------
    table : Table
        The whole table.
    roles : Roles
        Its columns.
    rows : array of shape (n_series,)
        A row of each series.

    Raises
    ------
    InputError
        If one is missing, an id stands twice, or one of several labels is neither 0 nor 1.
    """
    fields: dict[str, Any] = {}
    if len(roles.labels) == 1:
        texts = table.texts(roles.labels[0])
        # A column that is still to be filled in.
        if (texts.codes[rows] >= 0).any():
            fields["labels"] = texts.labels(rows)
            several = several_in_cells(texts.different.tolist())
            if several is not None:
                known = np.array([several.flags(t) for t in texts.different.tolist()])
                fields |= {"labels": known[texts.codes[rows]], "label_names": several.labels}
    elif roles.labels:
        fields["labels"] = np.stack([_zeros_and_ones(table, c, rows) for c in roles.labels], axis=1)
        fields["label_names"] = roles.labels
    for field, column in (("groups", roles.group), ("folds", roles.fold), ("ids", roles.id)):
        if column is not None:
            fields[field] = table.texts(column).names(rows)
    if roles.part is not None:
        texts = table.texts(roles.part)
        parts = parts_in_column(roles.part, texts.different.tolist())
        held_out = np.array([*(part == "validation" for part in parts), False])
        mask = held_out[texts.codes[rows]]
        if mask.any() and not mask.all():
            fields["validation"] = mask
    if roles.group is not None:
        fields["group_name"] = roles.group
    if roles.id is not None:
        _refuse_repeated(table, roles.id, fields["ids"], rows)
    cells = (_cells(table, column, rows) for column in roles.beside)
    if roles.has_test_part is not None:
        fields["has_test_part"] = roles.has_test_part
    fields["features"] = features_of_texts(roles.beside, cells, table.source)
    return fields


def _cells(table: Table, column: str, rows: NDArray[np.int64]) -> list[str]:
    texts = table.texts(column)
    cells: list[str] = np.append(texts.different, "")[texts.codes[rows]].tolist()
    return cells


def _zeros_and_ones(table: Table, column: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    texts = table.texts(column)
    texts.check_complete("no label in")
    values = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}
    found = (values.get(t, state_of(t)) for t in texts.different.tolist())
    known = np.array([-1 if v is None else v for v in found], dtype=np.int64)
    labels = known[texts.codes[rows]]
    wrong = np.flatnonzero(labels < 0)
    if len(wrong):
        row = rows[wrong[0]]
        raise table.error(
            row,
            f"{str(texts.different[texts.codes[row]])[:40]!r} is neither 0 nor 1; of several "
            "label columns each says whether the series has that label",
            column,
        )
    return np.asarray(labels)


def _refuse_repeated(table: Table, column: str, ids: NDArray[Any], rows: NDArray[np.int64]) -> None:
    _, first = np.unique(ids, return_index=True)
    if len(first) == len(ids):
        return
    repeated = int(np.setdiff1d(np.arange(len(ids)), first)[0])
    before = int(np.flatnonzero(ids == ids[repeated])[0])
    raise table.error(
        rows[repeated],
        f"id {str(ids[repeated])!r} stands in {table.place(int(rows[before]))} already (column "
        f"{column!r}); give each series its own, or name the time column with --time if each row "
        "is a step",
    )
