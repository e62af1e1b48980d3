"""Diagonal state-space recurrence over two axes at once, time and variates (2-D SSM)."""

from msssm_ts.kernels.coupled_scan.op import coupled_scan
from msssm_ts.kernels.coupled_scan.reference import coupled_scan_reference

__all__ = ["coupled_scan", "coupled_scan_reference"]
