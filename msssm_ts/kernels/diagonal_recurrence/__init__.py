"""Gated recurrences whose units see only themselves: GRU and LSTM."""

from msssm_ts.kernels.diagonal_recurrence.op import diagonal_recurrence
from msssm_ts.kernels.diagonal_recurrence.reference import CELLS

__all__ = ["CELLS", "diagonal_recurrence"]
