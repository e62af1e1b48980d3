"""From every older schema of the model file to the present one, a function a step.

Each takes the header and the tensors of one version, and returns those of the next. What a
version took from the code of its time is written down here as it was then: whatever becomes of
the defaults, an old file goes on saying the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msssm_ts.file_checks import (
    FileCheck,
    ListOf,
    Mapped,
    Maybe,
    Number,
    OneOf,
    Record,
    Whole,
    anything,
)

Header = dict[str, Any]
# Arrays, or what a file says of them: names change, and small arrays of schema 3 are read.
Tensors = dict[str, Any]

SCHEMA_VERSION = 10
# Settings of networks that schema 9 had not, as its networks were.
_NEW_IN_10: dict[str, Any] = {
    "variates": "mix",
    "n_variates": 1,
    "directions": "halves",
    "pyramid": False,
    "time_unit": 0.0,
    "motifs": 0,
    "experts": 0,
    "workspace": 0,
}
# From here on a file has a checksum.
FIRST_WITH_CHECKSUM = 6

# Shares of the kinds, quantiles' layout and streams' span while schema 3 was written.
_SHARES_3 = {"scan_ridge": 0.6, "quantile_trees": 0.4}
_SPAN_3 = 1 / 16
_DEPTH_3, _STEPS_PER_QUANTILE_3, _MOST_FEATURES_3 = 6, 4, 50_000


def upgraded(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """Bring a file's contents up to the present schema.

    ``schema_version`` goes on saying what the file was written with.

    Raises
    ------
    ValueError
        If what a step reads is not there, or is nothing that its version wrote.
    """
    written = header["schema_version"]
    # The present schema has grown: a file of it may lack what came to it later.
    for version in range(min(written, SCHEMA_VERSION - 1), SCHEMA_VERSION):
        if version in _READ:
            _READ[version]("header", header)
        header, tensors = _STEPS[version](header, tensors)
    return header | {"schema_version": written}, tensors


def _from_1(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """2 has a preparation, labels' names and channels of its own; networks a stem's stride."""
    names = header["channel_names"]
    return {
        "preparation": {"channels": names},
        "n_channels": header["network"]["n_channels"],
        **header,
        "network": {"stem_stride": 1, **header["network"]},
    }, tensors


def _from_2(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """3 has several networks, numbered, and voters beside them."""
    renamed = {f"networks.0.{name}": tensor for name, tensor in tensors.items()}
    # The network was all there was; today's default would be a vote.
    parameters = {"preset": "network", "core": "s6", **header["parameters"]}
    more = {"n_networks": 1, "voters": [], "network_share": 1.0, "parameters": parameters}
    return header | more, renamed


def _from_3(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """4 has members of one kind of list, each with its weight and the constants it rests on."""
    header = dict(header)
    config, kinds = header.pop("network"), header.pop("voters", [])
    n_networks = header.pop("n_networks")
    share = header.pop("network_share", 1.0)
    if not kinds or not n_networks:
        share = 1.0 if n_networks else 0.0
    training = header["training"]
    # Shares of the kinds that there are.
    total = sum(_SHARES_3[kind] for kind in set(kinds))
    members: list[Header] = []
    renamed: Tensors = {}
    for i, kind in enumerate(kinds):
        own = _part(tensors, f"voters.{i}.")
        facts = _facts_3(kind, own, len(header["standardizer"]["mean"]))
        weight = (1 - share) * _SHARES_3[kind] / total / kinds.count(kind)
        renamed |= {f"members.{i}.{name}": t for name, t in own.items()}
        members.append({"kind": kind, "weight": weight, "facts": facts})
    for k in range(n_networks):
        i = len(kinds) + k
        renamed |= {
            f"members.{i}.{name}": t for name, t in _part(tensors, f"networks.{k}.").items()
        }
        # Only the first one's training was written down.
        history = training["history"] if not k else {}
        facts = {"config": config, "history": history, "best_epoch": training["best_iter"]}
        members.append({"kind": "network", "weight": share / n_networks, "facts": facts})
    parameters = header["parameters"]
    more = {
        "members": [m for m in members if m["weight"] > 0],
        "missing": parameters["missing"],
        "dtype": parameters["dtype"],
    }
    if len(more["members"]) < len(members):
        # What had no part of the vote is not a member: the others move up.
        kept = [i for i, member in enumerate(members) if member["weight"] > 0]
        renamed = {
            f"members.{new}.{name}": t
            for new, old in enumerate(kept)
            for name, t in _part(renamed, f"members.{old}.").items()
        }
    return header | more, renamed


def _from_4(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """5 says what a reader understood of the training data, and by what its series are known."""
    return {"origin": None, **header}, tensors


def _from_5(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """6 has a checksum, which is the file's affair."""
    return header, tensors


def _from_6(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """7 may give a direction half of the channels, and take in spectra by convolutions."""
    return _networks_with({"split_directions": False, "stem_bands": 0}, header), tensors


def _from_7(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """8 may say what to expect of the vote, what its members told, and what features say."""
    return header, tensors


def _from_8(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """9 may have a member that reads an encoder."""
    return header, tensors


def _from_9(header: Header, tensors: Tensors) -> tuple[Header, Tensors]:
    """10 has more to choose from in a network; what there was not acts on nothing."""
    return _networks_with(_NEW_IN_10, header), tensors


def _networks_with(new: dict[str, Any], header: Header) -> Header:
    """Return a header whose networks have settings that there were not before."""
    members = []
    for member in header["members"]:
        # An encoder of one's own series is a network, too; the one that was shipped has sizes only.
        facts = member.get("facts")
        own = member["kind"] == "encoder_ridge" and isinstance(facts, dict) and "config" in facts
        if own or member["kind"] == "network":
            _NETWORK_6("header.members", member)
            config = {**new, **member["facts"]["config"]}
            member = member | {"facts": member["facts"] | {"config": config}}
        members.append(member)
    return header | {"members": members}


def _facts_3(kind: str, tensors: Tensors, n_channels: int) -> Header:
    """Return what schema 3 kept in small arrays, taken out of them, and in the code."""
    small = tensors.pop("fit" if kind == "scan_ridge" else "sizes", None)
    if small is None:
        raise ValueError(f"a voter {kind} lacks its small array")
    if kind == "scan_ridge":
        temperature, left_out = small.tolist()
        facts = {"temperature": temperature, "left_out_accuracy": left_out}
        return facts | {"span": _SPAN_3}
    n_timepoints, n_outputs = small.tolist()
    depth, per_quantile = _DEPTH_3, _STEPS_PER_QUANTILE_3
    while depth > 1 and n_channels * 8 * depth * n_timepoints / per_quantile > _MOST_FEATURES_3:
        depth -= 1
    sizes = {"n_timepoints": n_timepoints, "n_outputs": n_outputs}
    return sizes | {"depth": depth, "steps_per_quantile": per_quantile}


def _part(tensors: Tensors, prefix: str) -> Tensors:
    return {k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)}


_STEPS: dict[int, Callable[[Header, Tensors], tuple[Header, Tensors]]] = {
    1: _from_1,
    2: _from_2,
    3: _from_3,
    4: _from_4,
    5: _from_5,
    6: _from_6,
    7: _from_7,
    8: _from_8,
    9: _from_9,
}
_MEMBERS_6 = Record({"members": ListOf(Record({"kind": anything}, others=True))}, others=True)
# What the steps read; all else is checked of the present schema.
_READ: dict[int, FileCheck] = {
    1: Record(
        {"channel_names": anything, "network": Record({"n_channels": anything}, others=True)},
        others=True,
    ),
    2: Record({"parameters": Mapped(anything)}, others=True),
    3: Record(
        {
            "network": Maybe(Mapped(anything)),
            "n_networks": Whole(0, 100),
            "training": Record({"history": anything, "best_iter": anything}, others=True),
            "parameters": Record({"missing": anything, "dtype": anything}, others=True),
            "standardizer": Record({"mean": ListOf(anything)}, others=True),
        },
        {"voters": ListOf(OneOf(*_SHARES_3), 0, 100), "network_share": Number(0, 1)},
        others=True,
    ),
    6: _MEMBERS_6,
    9: _MEMBERS_6,
}
_NETWORK_6 = Record({"facts": Record({"config": Mapped(anything)}, others=True)}, others=True)


def is_small(version: int, name: str) -> bool:
    """Whether a step reads an array's two numbers; up to schema 3 facts were kept in arrays."""
    return version <= 3 and name.startswith("voters.") and name.endswith((".fit", ".sizes"))
