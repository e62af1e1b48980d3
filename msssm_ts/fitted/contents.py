"""Which arrays a model file has to have, by its header: compared before any of them is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msssm_ts.members import MEMBERS
from msssm_ts.members.tensors import Shaped, TensorSpec, check_shapes
from msssm_ts.series.fingerprints import MOST

# Beside the arrays of the members.
FINGERPRINTS = "fingerprints"
_OF_MEMBER = re.compile(r"members\.(0|[1-9]\d{0,3})\.(.+)", re.DOTALL)


def check_tensors(header: Mapping[str, Any], found: Mapping[str, Shaped]) -> None:
    """Refuse arrays that are missing, surplus, or of other shapes than a header implies.

    Parameters
    ----------
    header : mapping
        Of the present schema, checked.
    found : mapping of str to array or TensorEntry
        What the file has.

    Raises
    ------
    ValueError
        Naming the first; InputError where a kind of member is not known.
    """
    parts: list[dict[str, Shaped]] = [{} for _ in header["members"]]
    for name, entry in found.items():
        if name == FINGERPRINTS:
            check_shapes(
                {name: TensorSpec((min((*entry.shape[:1], MOST)),), "int64")}, {name: entry}
            )
            continue
        match = _OF_MEMBER.fullmatch(name)
        if match is None or int(match[1]) >= len(parts):
            raise ValueError(f"{name[:80]!r} is surplus")
        parts[int(match[1])][match[2]] = entry
    classes, n_channels = header["classes"], len(header["standardizer"]["mean"])
    for i, (member, part) in enumerate(zip(header["members"], parts, strict=True)):
        kind = MEMBERS.get(member["kind"])
        try:
            specs = kind.expected(
                member["facts"], n_channels, len(classes["values"]), classes["multilabel"]
            )
            if specs is not None:
                check_shapes(specs, part)
        except ValueError as error:
            raise type(error)(f"member {i}, {member['kind']}: {error}") from error
