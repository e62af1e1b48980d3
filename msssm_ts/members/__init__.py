"""All that can vote: a folder a kind, and what is outside the package and registers itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.registry import Registry

if TYPE_CHECKING:
    from msssm_ts.members.member import Member

# Light: the command line reads the names from it.
MEMBERS: Registry[type[Member]] = Registry("member", "msssm_ts.members")
