"""Series added to a fitted model, and taken away again, by sums: the others are not needed.

A ridge classifier follows from sums over series (:mod:`msssm_ts.members.normal_equations`). An
updatable model keeps them beside its file; what else a fit measures (standardisation, thresholds,
penalty, temperature, what is expected) stays that of the first fit.
"""

from msssm_ts.updating.files import load_sums, remove_sums, save_updatable, sums_beside
from msssm_ts.updating.learned import Learned
from msssm_ts.updating.sums import Sums, is_updatable
from msssm_ts.updating.update import summed, with_series, without_series

__all__ = [
    "Learned",
    "Sums",
    "is_updatable",
    "load_sums",
    "remove_sums",
    "save_updatable",
    "summed",
    "sums_beside",
    "with_series",
    "without_series",
]
