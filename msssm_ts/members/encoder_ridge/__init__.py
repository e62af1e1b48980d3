"""A pretrained encoder with a classifier in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.members import MEMBERS

if TYPE_CHECKING:
    from msssm_ts.members.member import Member


def _load() -> type[Member]:
    from msssm_ts.members.encoder_ridge.encoder_ridge import EncoderRidge

    return EncoderRidge


MEMBERS.register(
    "encoder_ridge", "an MS-SSM encoder that was pretrained on made-up series, into ridge", _load
)
