"""Features beside the series: what they say of the classes, and how that joins the vote."""

from msssm_ts.beside.beside import Beside
from msssm_ts.beside.given import as_side_features
from msssm_ts.beside.member import SideMember

__all__ = ["Beside", "SideMember", "as_side_features"]
