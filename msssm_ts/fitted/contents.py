"""Which arrays a model file has to have, by its header: compared before any of them is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msssm_ts.beside import SideMember
from msssm_ts.fitted.exemplars import PREFIX, expected_arrays
from msssm_ts.fitted.familiarity import N_DIRECTIONS
from msssm_ts.members import MEMBERS
from msssm_ts.members.tensors import Shaped, TensorSpec, check_shapes
from msssm_ts.series.fingerprints import MOST

# Beside the arrays of the members.
FINGERPRINTS, FAMILIAR, BESIDE = "fingerprints", "familiar", "beside."
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
    beside: dict[str, Shaped] = {}
    familiar: dict[str, Shaped] = {}
    exemplars: dict[str, Shaped] = {}
    for name, entry in found.items():
        if name == FINGERPRINTS:
            check_shapes(
                {name: TensorSpec((min((*entry.shape[:1], MOST)),), "int64")}, {name: entry}
            )
            continue
        if name == FAMILIAR:
            familiar[name] = entry
            continue
        if name.startswith(PREFIX):
            exemplars[name] = entry
            continue
        if name.startswith(BESIDE):
            beside[name.removeprefix(BESIDE)] = entry
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
    known = {FAMILIAR: TensorSpec(("n_known", N_DIRECTIONS), "float16")}
    check_shapes(known if header.get("familiarity") else {}, familiar)
    kept = expected_arrays(header.get("exemplars"), len(classes["values"]), classes["multilabel"])
    check_shapes(kept, exemplars)
    _check_beside(header.get("beside"), beside, len(classes["values"]))


def _check_beside(
    said: Mapping[str, Any] | None, found: Mapping[str, Shaped], n_outputs: int
) -> None:
    """Refuse other arrays of features beside the series than their facts imply."""
    facts = None if said is None else said["facts"]
    try:
        specs = {} if facts is None else SideMember.expected(facts, n_outputs)
        check_shapes(specs, found)
        if said is not None and facts is not None and _names(facts) != said["names"]:
            raise ValueError("they are not called as the columns are")
    except ValueError as error:
        raise ValueError(f"features beside the series: {error}") from error


def _names(facts: Mapping[str, Any]) -> list[str]:
    return [column["name"] for column in facts["columns"]]
